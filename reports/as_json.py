"""The report for programs: `diag.diagnosis/1`, described by diagnosis.schema.json beside this file.

The classes below are the one place where its form is written; `schema()` makes the JSON Schema from them. Text keeps
whatever a server said, in ASCII: control and direction characters stand as JSON escapes.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from diag.catalogue.knowledge import Severity
from diag.diagnosis import Diagnosis, Finding, Judged, Verdict
from diag.evidence import Evidence
from diag.language import Translate, translator
from diag.outcome import Broken, Certainty, Failed, Passed, Skipped, Suspicion
from diag.setting import Propagation, Setting
from diag.subject import Cloud
from reports.change_json import PropagationKept, SettingRead, propagation_kept, setting_read
from reports.more import address
from reports.probe import inferred
from reports.remedy import steps
from reports.wording import worded

SCHEMA_ID: Literal["diag.diagnosis/1"] = "diag.diagnosis/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Subject:
    mailbox: str
    tenant: str | None
    sender: Annotated[str, Field(serialization_alias="from")]
    smtp_host: str
    smtp_port: int
    cloud: Cloud


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cause:
    """`docs`: where the documentation tells of it, below docs/, or its address where that is published."""

    id: str
    title: str
    certainty: Certainty
    severity: Severity
    explanation: str
    fix: tuple[str, ...]
    links: tuple[str, ...]
    because: tuple[str, ...]
    docs: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Suspect:
    id: str
    certainty: Certainty


@dataclass(frozen=True, slots=True, kw_only=True)
class _Check:
    """`because`: why skipped, broken or failed; `evidence`: what was seen."""

    id: str
    title: str
    outcome: Literal["passed", "failed", "skipped", "broken"]
    because: str | None
    suspects: tuple[_Suspect, ...]
    clears: tuple[str, ...]
    evidence: str | None
    duration_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Report:
    form: Annotated[Literal["diag.diagnosis/1"], Field(serialization_alias="schema")] = SCHEMA_ID
    diag_version: str
    started_at: datetime
    duration_ms: float
    subject: _Subject
    verdict: Verdict
    causes: tuple[_Cause, ...]
    checks: tuple[_Check, ...]
    setting: SettingRead | None = None
    propagation: PropagationKept | None = None


@cache
def _adapter() -> TypeAdapter[_Report]:
    return TypeAdapter(_Report)


def schema() -> str:
    """Return the JSON Schema of the report, as it stands in diagnosis.schema.json."""
    return described(_adapter(), SCHEMA_ID)


def described(adapter: TypeAdapter[Any], form: str) -> str:
    """Return the JSON Schema of a report of this form."""
    made = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": form,
        **adapter.json_schema(mode="serialization", by_alias=True),
    }
    made["title"] = form
    return json.dumps(made, indent=2) + "\n"


def _suspects(suspects: Sequence[Suspicion]) -> tuple[_Suspect, ...]:
    return tuple(_Suspect(id=suspicion.cause, certainty=suspicion.certainty) for suspicion in suspects)


def _check(judged: Judged, translate: Translate) -> _Check:
    suspects: tuple[_Suspect, ...] = ()
    clears: tuple[str, ...] = ()
    because = seen = None
    match judged.outcome:
        case Passed(shown=shown, clears=clears):
            seen = worded(shown, translate)
        case Failed(shown=shown, suspects=suspected, clears=clears):
            seen = worded(shown, translate)
            suspects = _suspects(suspected)
            because = " ".join(dict.fromkeys(worded(suspicion.because, translate) for suspicion in suspected))
        case Skipped(because=why):
            because = worded(why, translate)
        case Broken(error=error):
            because = error
    return _Check(
        id=judged.check.id,
        title=worded(judged.check.title, translate),
        outcome=judged.outcome.kind,
        because=because,
        suspects=suspects,
        clears=clears,
        evidence=seen,
        duration_ms=round(judged.duration_ms, 3),
    )


def _cause(finding: Finding, diagnosis: Diagnosis, language: str, docs_url: str | None) -> _Cause:
    cause = finding.cause
    return _Cause(
        id=cause.id,
        title=cause.title.in_language(language),
        certainty=finding.certainty,
        severity=cause.severity,
        explanation=cause.explanation.in_language(language),
        fix=tuple(str(step) for step in steps(cause, diagnosis.subject, language)),
        links=cause.links,
        because=tuple(worded(sentence, translator(language)) for sentence in finding.because),
        docs=address(cause.id, language, docs_url),
    )


def _setting(diagnosis: Diagnosis, evidence: Evidence) -> SettingRead | None:
    if isinstance(evidence.setting, Setting):
        return setting_read(evidence.setting)
    if (seen := inferred(diagnosis, evidence)) is None:
        return None
    return SettingRead(
        mailbox=seen.mailbox,
        organisation=seen.organisation,
        effective=seen.effective,
        backend="probe",
        vendor_supported=False,  # what the server says in its refusal, and no contract
        observed_at=seen.observed_at,
    )


def render(diagnosis: Diagnosis, evidence: Evidence, *, language: str, docs_url: str | None = None) -> str:
    """Return the report as JSON in ASCII, sentences in `language`, keys and ids always the same."""
    translate = translator(language)
    subject = diagnosis.subject
    report = _Report(
        diag_version=diagnosis.diag_version,
        started_at=diagnosis.started_at,
        duration_ms=round(diagnosis.duration_ms, 3),
        subject=_Subject(
            mailbox=subject.mailbox,
            tenant=subject.tenant,
            sender=subject.sender,
            smtp_host=subject.smtp_host,
            smtp_port=subject.smtp_port,
            cloud=subject.cloud,
        ),
        verdict=diagnosis.verdict,
        causes=tuple(_cause(finding, diagnosis, language, docs_url) for finding in diagnosis.findings),
        checks=tuple(_check(judged, translate) for judged in diagnosis.judged),
        setting=_setting(diagnosis, evidence),
        propagation=propagation_kept(evidence.propagation) if isinstance(evidence.propagation, Propagation) else None,
    )
    return json.dumps(_adapter().dump_python(report, mode="json", by_alias=True), indent=2) + "\n"


def main() -> None:
    """Write diagnosis.schema.json anew: `python -m reports.as_json > reports/diagnosis.schema.json`."""
    print(schema(), end="")  # noqa: T201 - the schema is what this prints


if __name__ == "__main__":
    main()
