"""What the history keeps, as rows of its tables, and back."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from diag.health.past import Change, Past
from diag.health.result import Found, Result, Status
from diag.health.run import BadRow, Delivery, Entry, Notes, Run, Stopped, Unasked
from diag.health.scanner import Scanner
from diag.outcome import Certainty
from diag.sentence import Sentence, Value
from diag.store.fitting import fit, folded, utc
from diag.store.tables import ENTRY

# What is read of a row, in this order; taken by place, since by name it takes three times as long, and there are many.
_TEXTS = ("mailbox", "tenant", "site", "sender", "device", "owner", "client_id", "credential", "smtp_host", "tls")
_SCANNER = (*_TEXTS, "line")
SCANNER = tuple(ENTRY.c[name] for name in _SCANNER)
PAST = tuple(ENTRY.c[name] for name in ("past_status", "past_cause", "past_since", "past_last_good", "past_trail"))
_RESULT = tuple(ENTRY.c[name] for name in ("status", "found", "because", "checked_at", "duration_ms"))
WHOLE = (*SCANNER, *PAST, *_RESULT, ENTRY.c.change)


def entry_row(run: int, entry: Entry) -> dict[str, Any]:
    """Return the row of an entry."""
    result, scanner, past = entry.result, entry.result.scanner, entry.past
    first = result.found[0] if result.found else None
    return {
        "run": run,
        "key": folded(scanner.mailbox),
        **{name: fit(getattr(scanner, name)) for name in _TEXTS},
        "line": scanner.line,
        "status": result.status.value,
        "cause": fit(result.cause),
        "certainty": first.certainty.value if first else None,
        "found": _json([_found_parts(found) for found in result.found]),
        "because": _sentence_text(result.because),
        "checked_at": utc(result.checked_at),
        "duration_ms": result.duration_ms,
        "past_status": past.status.value,
        "past_cause": fit(past.cause),
        "past_since": utc(past.since),
        "past_last_good": None if past.last_good is None else utc(past.last_good),
        "past_trail": fit(past.trail),
        "change": entry.change.value,
    }


def entry_of(values: Sequence[Any]) -> Entry:
    """Return the entry whose row holds these values, which are those of WHOLE."""
    status, found, because, checked_at, duration_ms, change = values[len(SCANNER) + len(PAST) :]
    result = Result(
        scanner=scanner_of(values[: len(SCANNER)]),
        status=Status(status),
        found=tuple(_found(parts) for parts in json.loads(found)),
        checked_at=checked_at,
        duration_ms=duration_ms,
        because=_sentence_of(because),
    )
    past = past_of(values[len(SCANNER) : len(SCANNER) + len(PAST)])
    return Entry(result=result, past=past, change=Change(change))


def scanner_of(values: Sequence[Any]) -> Scanner:
    """Return the line of the inventory, from the values of SCANNER."""
    return Scanner(**dict(zip(_SCANNER, values, strict=True)))


def past_of(values: Sequence[Any]) -> Past:
    """Return what was known of a mailbox, from the values of PAST."""
    status, cause, since, last_good, trail = values
    return Past(status=Status(status), cause=cause, since=since, last_good=last_good, trail=trail)


def run_of(row: Row[Any]) -> Run:
    """Return the run that a row is of."""
    return Run(
        id=row.id,
        series=row.series,
        inventory=row.inventory,
        diag_version=row.diag_version,
        started_at=row.started_at,
        seen_at=row.seen_at,
        before=row.before,
        finished_at=row.finished_at,
        notes=_notes(json.loads(row.notes)),
    )


def delivery_row(run: int, delivery: Delivery) -> dict[str, Any]:
    """Return the row of a delivery."""
    return {
        "run": run,
        "recipient": fit(delivery.to),
        "at": utc(delivery.at),
        "because": _sentence_text(delivery.because),
    }


def delivery_of(row: Row[Any]) -> Delivery:
    """Return the delivery that a row is of."""
    return Delivery(to=row.recipient, at=row.at, because=_sentence_of(row.because))


def notes_text(notes: Notes) -> str:
    """Return notes as JSON."""
    return _json(
        {
            "bad_rows": [{"line": row.line, "because": _sentence_parts(row.because)} for row in notes.bad_rows],
            "bad_rows_total": notes.bad_rows_total,
            "duplicates": notes.duplicates,
            "stopped": [
                {"tenant": fit(one.tenant), "cause": fit(one.cause), "alike": one.alike, "left": one.left}
                for one in notes.stopped
            ],
            "unasked": [
                {"tenant": fit(o.tenant), "what": _sentence_parts(o.what), "because": _sentence_parts(o.because)}
                for o in notes.unasked
            ],
            "retried": notes.retried,
            "broke": notes.broke,
        }
    )


def _notes(parts: dict[str, Any]) -> Notes:
    return Notes(
        bad_rows=tuple(BadRow(line=one["line"], because=_sentence(one["because"])) for one in parts["bad_rows"]),
        bad_rows_total=parts["bad_rows_total"],
        duplicates=parts["duplicates"],
        stopped=tuple(Stopped(**one) for one in parts["stopped"]),
        unasked=tuple(
            Unasked(tenant=one["tenant"], what=_sentence(one["what"]), because=_sentence(one["because"]))
            for one in parts["unasked"]
        ),
        retried=parts["retried"],
        broke=parts["broke"],
    )


def _json(parts: object) -> str:
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":"))


def _sentence_text(sentence: Sentence | None) -> str | None:
    return None if sentence is None else _json(_sentence_parts(sentence))


def _sentence_of(text: str | None) -> Sentence | None:
    return None if text is None else _sentence(json.loads(text))


def _found_parts(found: Found) -> dict[str, Any]:
    return {
        "cause": fit(found.cause),
        "certainty": found.certainty.value,
        "status": found.status.value,
        "because": [_sentence_parts(one) for one in found.because],
    }


def _found(parts: dict[str, Any]) -> Found:
    return Found(
        cause=parts["cause"],
        certainty=Certainty(parts["certainty"]),
        status=Status(parts["status"]),
        because=tuple(_sentence(one) for one in parts["because"]),
    )


def _sentence_parts(sentence: Sentence) -> dict[str, Any]:
    return {"text": fit(sentence.text), "values": [[fit(name), _value_parts(v)] for name, v in sentence.values]}


def _value_parts(value: Value) -> str | float | dict[str, Any]:
    match value:
        case Sentence():
            return _sentence_parts(value)
        case str():
            return fit(value)
        case _:
            return value


def _sentence(parts: dict[str, Any]) -> Sentence:
    values = ((name, _sentence(value) if isinstance(value, dict) else value) for name, value in parts["values"])
    return Sentence(parts["text"], tuple(values))
