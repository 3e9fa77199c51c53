"""The explanation for programs: `diag.explanation/1`, described by explanation.schema.json beside this file.

The classes below are the one place where its form is written; `schema()` makes the JSON Schema from them. What a text
said is kept, in ASCII: control and direction characters stand as JSON escapes.
"""

import json
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from diag.catalogue import PanelCode, aadsts_link
from diag.catalogue.knowledge import Actor, Severity
from diag.explanation import Explanation, Finding, SuspectedCause
from diag.language import Translate, translator
from diag.outcome import Certainty
from diag.stage import Stage
from reports.as_json import described
from reports.kinds import Kind, kind
from reports.more import address
from reports.remedy import steps
from reports.wording import worded

SCHEMA_ID: Literal["diag.explanation/1"] = "diag.explanation/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Suspect:
    id: str
    certainty: Certainty
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Number:
    """An AADSTS number; `name` is Microsoft's own. One that is not `known` has a `link` and nothing else."""

    number: int
    name: str | None
    known: bool
    meaning: str | None
    step: str | None
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Panel:
    """A code of a device; of the kinds, "state" is no error."""

    vendor: str
    code: str
    shows: str | None
    kind: Literal["error", "state", "reply", "sign_in", "path"]
    meaning: str
    step: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Id:
    label: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Finding:
    """`line` is the first of `lines`; `asks` name what would tell causes apart; `ids` are for Microsoft's support."""

    line: int
    lines: tuple[int, ...]
    text: str
    code: str | None
    enhanced: str | None
    kind: Literal["cause", "sign_in", "panel", "reply"]
    causes: tuple[_Suspect, ...]
    aadsts: tuple[_Number, ...]
    panel: tuple[_Panel, ...]
    told: tuple[str, ...]
    asks: tuple[Literal["mechanism", "account"], ...]
    route: Literal["smtp", "bounce"] | None
    ids: tuple[_Id, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cause:
    """`certainty` is the highest of any finding; `docs` is where the documentation tells of it, as in the diagnosis."""

    id: str
    title: str
    certainty: Certainty
    severity: Severity
    actor: Actor
    stage: Stage
    explanation: str
    fix: tuple[str, ...]
    links: tuple[str, ...]
    look_alikes: str
    docs: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Report:
    form: Annotated[Literal["diag.explanation/1"], Field(serialization_alias="schema")] = SCHEMA_ID
    diag_version: str
    lines: int
    findings: tuple[_Finding, ...]
    causes: tuple[_Cause, ...]


@cache
def _adapter() -> TypeAdapter[_Report]:
    return TypeAdapter(_Report)


def schema() -> str:
    """Return the JSON Schema of the explanation, as it stands in explanation.schema.json."""
    return described(_adapter(), SCHEMA_ID)


def _kind(finding: Finding) -> Literal["cause", "sign_in", "panel", "reply"]:
    if kind(finding) is Kind.LOOKED_UP:
        return "cause"
    if finding.numbers:
        return "sign_in"
    return "reply" if finding.code or finding.enhanced or not finding.panel_codes else "panel"


def _panel(code: PanelCode, language: str) -> _Panel:
    return _Panel(
        vendor=code.vendor,
        code=code.code,
        shows=code.shows,
        kind=code.kind,
        meaning=code.meaning.in_language(language),
        step=code.step.in_language(language),
        source=code.source,
    )


def _finding(finding: Finding, language: str, translate: Translate) -> _Finding:
    return _Finding(
        line=finding.line,
        lines=finding.lines,
        text=finding.text,
        code=finding.code,
        enhanced=finding.enhanced,
        kind=_kind(finding),
        causes=tuple(
            _Suspect(id=one.cause.id, certainty=one.certainty, because=worded(one.because, translate))
            for one in finding.causes
        ),
        aadsts=tuple(
            _Number(
                number=one.number,
                name=one.entry.name if one.entry else None,
                known=one.entry is not None,
                meaning=one.entry.meaning.in_language(language) if one.entry else None,
                step=one.entry.step.in_language(language) if one.entry else None,
                link=aadsts_link(one.number),
            )
            for one in finding.numbers
        ),
        panel=tuple(_panel(code, language) for code in finding.panel_codes),
        told=tuple(worded(sentence, translate) for sentence in finding.told),
        asks=tuple(question.value for question in finding.asks),
        route=finding.route,
        ids=tuple(_Id(label=worded(one.label, translate), value=one.value) for one in finding.ids),
    )


def _cause(suspected: SuspectedCause, language: str, docs_url: str | None) -> _Cause:
    cause = suspected.cause
    return _Cause(
        id=cause.id,
        title=cause.title.in_language(language),
        certainty=suspected.certainty,
        severity=cause.severity,
        actor=cause.actor,
        stage=cause.stage,
        explanation=cause.explanation.in_language(language),
        fix=tuple(str(step) for step in steps(cause, None, language)),
        links=cause.links,
        look_alikes=cause.look_alikes.in_language(language),
        docs=address(cause.id, language, docs_url),
    )


def render(explanation: Explanation, *, version: str, language: str, docs_url: str | None = None) -> str:
    """Return the explanation as JSON in ASCII, sentences in `language`, keys and ids always the same."""
    translate = translator(language)
    report = _Report(
        diag_version=version,
        lines=explanation.lines,
        findings=tuple(_finding(finding, language, translate) for finding in explanation.findings),
        causes=tuple(_cause(suspected, language, docs_url) for suspected in explanation.causes),
    )
    return json.dumps(_adapter().dump_python(report, mode="json", by_alias=True), indent=2) + "\n"


def main() -> None:
    """Write explanation.schema.json anew: `python -m reports.explanation_json > reports/explanation.schema.json`."""
    print(schema(), end="")  # noqa: T201 - the schema is what this prints


if __name__ == "__main__":
    main()
