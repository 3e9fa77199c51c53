"""The two applications for programs: `diag.setup/1`, described by setup.schema.json beside this file.

The classes below are the one place where its form is written; `schema()` makes the JSON Schema from them.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from diag.applications import Purpose
from diag.language import Translate
from diag.obstacle import NotAnswered
from diag.sentence import Sentence
from diag.setup import Made, NotMade, Planned, Refused, Unsettled
from diag.setup.by_hand import WHY, steps
from diag.setup.plan import Consent
from diag.setup.questions import State
from diag.setup.words import step_in_words
from reports import allowed
from reports.allowed import Permissions
from reports.as_json import described
from reports.setup import SetUp, by_hand, link, sentences
from reports.wording import worded

SCHEMA_ID: Literal["diag.setup/1"] = "diag.setup/1"

_Outcome = Literal[
    "planned", "nothing", "danger", "made", "not_made", "unsettled", "refused", "no_answer", "checked", "by_hand"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class _App:
    """One application; `changes` are the steps that are left, `enterprise_object_id` is never the registration's.

    `application_permissions` are those of its permissions that hold with nobody signed in.
    """

    purpose: Purpose
    name: str
    client_id: str | None
    object_id: str | None
    enterprise_object_id: str | None
    permissions: tuple[str, ...]
    application_permissions: tuple[str, ...]
    consent: Consent
    consent_link: str | None
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Commands:
    """Lines of Exchange Online PowerShell to run by hand, and what they are for."""

    about: tuple[str, ...]
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Permission:
    """A permission that a question needs."""

    question: str
    use: str
    permission: str
    state: State


@dataclass(frozen=True, slots=True, kw_only=True)
class _Report:
    form: Annotated[Literal["diag.setup/1"], Field(serialization_alias="schema")] = SCHEMA_ID
    outcome: _Outcome
    account: str | None = None
    said: tuple[str, ...]
    apps: tuple[_App, ...] = ()
    commands: tuple[_Commands, ...] = ()
    permissions: tuple[_Permission, ...] | None = None


@cache
def _adapter() -> TypeAdapter[_Report]:
    return TypeAdapter(_Report)


def schema() -> str:
    """Return the JSON Schema of the report, as it stands in setup.schema.json."""
    return described(_adapter(), SCHEMA_ID)


def _outcome(found: SetUp) -> _Outcome:
    match found.found, found.result:
        case NotAnswered(), _:
            return "no_answer"
        case Refused(), _:
            return "refused"
        case _, Made(plan=left):
            return "danger" if left.alerts else "made"
        case _, NotMade():
            return "not_made"
        case _, Unsettled():
            return "unsettled"
        case plan, None:
            return "danger" if plan.alerts else "planned" if plan.steps else "nothing"


def _app(found: SetUp, app: Planned, translate: Translate) -> _App:
    existing = app.existing
    return _App(
        purpose=app.wanted.purpose,
        name=app.wanted.name,
        client_id=existing.client_id if existing else None,
        object_id=existing.object_id if existing else None,
        enterprise_object_id=existing.enterprise if existing else None,
        permissions=tuple(dict.fromkeys(one.value for one in app.permissions)),
        application_permissions=tuple(one.value for one in app.permissions if one.kind == "application"),
        consent=app.consent,
        consent_link=link(found, app),
        changes=_worded((sentence for step in app.steps for sentence in step_in_words(step)), translate),
    )


def render(found: SetUp, translate: Translate) -> str:
    """Return what was found and made, as JSON in ASCII; sentences in the reader's language."""
    plan = found.plan
    return _written(
        _Report(
            outcome=_outcome(found),
            account=found.account,
            said=_worded(sentences(found), translate),
            apps=tuple(_app(found, app, translate) for app in plan.apps) if plan is not None else (),
            commands=tuple(
                _Commands(about=_worded(block.about, translate), lines=block.lines) for block in by_hand(found)
            ),
        )
    )


def permissions(found: Permissions, translate: Translate) -> str:
    """Return which permissions are there."""
    rows = tuple(
        _Permission(
            question=worded(row.question.title, translate),
            use=worded(row.question.use, translate),
            permission=row.permission,
            state=row.state,
        )
        for row in found.rows
    )
    said = _worded(allowed.sentences(found), translate)
    return _written(_Report(outcome="checked", account=found.account, said=said, permissions=rows))


def first_application(tenant: str | None, translate: Translate) -> str:
    """Return how the first application is made by hand."""
    return _written(_Report(outcome="by_hand", said=_worded((WHY, *steps(tenant)), translate)))


def _worded(found: Iterable[Sentence], translate: Translate) -> tuple[str, ...]:
    return tuple(worded(sentence, translate) for sentence in found)


def _written(report: _Report) -> str:
    return json.dumps(_adapter().dump_python(report, mode="json", by_alias=True), indent=2) + "\n"
