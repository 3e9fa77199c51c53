"""The setting and its changes for programs: `diag.smtp_auth/1`, described by setting.schema.json beside this file.

The classes below are the one place where its form is written; `schema()` makes the JSON Schema from them.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from diag.change import Changed, NotDone, Nothing, Overtaken, Refused, Result, Unsettled
from diag.language import Translate
from diag.obstacle import NotAnswered
from diag.setting import Change, Expectation, Setting, Switch
from reports.as_json import described
from reports.change_json import (
    ChangeKept,
    ExpectationKept,
    PropagationKept,
    SettingRead,
    change_kept,
    expectation_kept,
    propagation_kept,
    setting_read,
)
from reports.setting import Told, sentences
from reports.wording import worded

SCHEMA_ID: Literal["diag.smtp_auth/1"] = "diag.smtp_auth/1"


_Outcome = Literal[
    "read", "planned", "changed", "nothing", "not_done", "overtaken", "unsettled", "refused", "no_answer"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Report:
    form: Annotated[Literal["diag.smtp_auth/1"], Field(serialization_alias="schema")] = SCHEMA_ID
    mailbox: str
    outcome: _Outcome
    said: tuple[str, ...]
    setting: SettingRead | None = None
    planned: Switch | None = None
    change: ChangeKept | None = None
    propagation: PropagationKept | None = None
    changes: tuple[ChangeKept, ...] | None = None
    expectation: ExpectationKept | None = None


@cache
def _adapter() -> TypeAdapter[_Report]:
    return TypeAdapter(_Report)


def schema() -> str:
    """Return the JSON Schema of the report, as it stands in setting.schema.json."""
    return described(_adapter(), SCHEMA_ID)


def _outcome(found: Told) -> _Outcome:
    match found.result:
        case None if isinstance(found.setting, NotAnswered):
            return "no_answer"
        case None:
            return "read" if found.plan is None else "planned"
        case result:
            return _OUTCOMES[type(result)]


_OUTCOMES: dict[type[Result], _Outcome] = {
    Changed: "changed",
    Nothing: "nothing",
    NotDone: "not_done",
    Overtaken: "overtaken",
    Unsettled: "unsettled",
    Refused: "refused",
    NotAnswered: "no_answer",
}


def _change_of(result: Result | None) -> Change | None:
    match result:
        case Changed(change=change) | NotDone(change=change) | Overtaken(change=change) | Unsettled(change=change):
            return change
        case Refused(other=change):
            return change
        case _:
            return None


def render(found: Told, translate: Translate) -> str:
    """Return what was found, as JSON in ASCII; sentences in the reader's language, everything else always the same."""
    change = _change_of(found.result)
    seen = found.result.setting if isinstance(found.result, Changed | Nothing | Overtaken) else found.setting
    return _written(
        _Report(
            mailbox=found.mailbox,
            outcome=_outcome(found),
            said=tuple(worded(sentence, translate) for sentence in sentences(found)),
            setting=setting_read(seen) if isinstance(seen, Setting) else None,
            planned=found.plan.value if found.plan is not None and found.result is None else None,
            change=change_kept(change) if change is not None else None,
            propagation=propagation_kept(found.propagation),
        )
    )


def history(mailbox: str, changes: Sequence[Change], tenant: Expectation | None) -> str:
    """Return the changes of a mailbox, the newest first, and what changes in its tenant took."""
    return _written(
        _Report(
            mailbox=mailbox,
            outcome="read",
            said=(),
            changes=tuple(map(change_kept, changes)),
            expectation=expectation_kept(tenant),
        )
    )


def _written(report: _Report) -> str:
    return json.dumps(_adapter().dump_python(report, mode="json", by_alias=True), indent=2) + "\n"
