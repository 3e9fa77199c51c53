"""What there is to tell about the two applications; text and JSON only lay it out."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from diag.applications import Purpose
from diag.language import Translate
from diag.obstacle import NotAnswered
from diag.sentence import Sentence, say
from diag.setup import Made, NotMade, Plan, Planned, Refused, Result, Unsettled
from diag.setup.exchange import app_only_lines, consent_link, role_lines
from diag.setup.words import listed, step_in_words
from reports.page import INDENT, Page
from reports.wording import shown, told

Row: TypeAlias = tuple[Sentence, Sentence | str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetUp:
    """What `diag setup` found out and made, as far as it came.

    `sign_in_host` and `tenant` are where consent is given; `account` is who signed in; `mailboxes` are those that the
    device's application is to be let into by itself, `unattended` whether the administrators' asks by itself; `hint` is
    what to do next.
    """

    found: Plan | Refused | NotAnswered
    result: Result | None = None
    sign_in_host: str
    tenant: str
    account: str
    mailboxes: tuple[str, ...] = ()
    unattended: bool = False
    hint: Sentence | None = None

    @property
    def plan(self) -> Plan | None:
        """The plan as it stands now: after something was made, what is left."""
        match self.result:
            case Made(plan=plan) | NotMade(plan=plan):
                return plan
            case Unsettled():
                return None
            case None:
                return self.found if isinstance(self.found, Plan) else None


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of PowerShell to copy, and what to know before."""

    about: tuple[Sentence, ...]
    lines: tuple[str, ...]


ROLES = {
    Purpose.SMTP: say("the device signs in with it: --client-id"),
    Purpose.ADMIN: say("administrators sign in with it: --admin-client-id"),
}
_CONSENT = {"given": say("given"), "missing": say("missing"), "unknown": say("not readable with this account")}


def sentences(found: SetUp) -> Iterator[Sentence]:
    """Yield what is said beside the values, in order."""
    if isinstance(found.found, NotAnswered | Refused):
        yield found.found.because
        return
    plan = found.plan
    yield from plan.alerts if plan is not None else ()
    yield from found.found.remarks
    match found.result:
        case None if found.found.steps:
            for step in found.found.steps:
                yield from step_in_words(step)
        case None if not found.found.alerts:
            yield say("Both applications are as they should be, so there is nothing to do.")
        case Made(plan=left) if left.alerts:
            yield say("Everything else is as it should be, as read back.")
        case Made():
            yield say("Both applications are as they should be, as read back.")
        case NotMade(because=because) | Unsettled(because=because):
            yield because
        case None:
            pass
    yield from (found.hint,) if found.hint is not None else ()
    yield from _next(found)


def _next(found: SetUp) -> Iterator[Sentence]:
    """Yield what an administrator does once both applications are there."""
    plan = found.plan
    if plan is None or plan.steps or plan.alerts:
        return
    if lacking := [app.wanted.name for app in plan.apps if app.consent != "given"]:
        yield say(
            "Next an administrator who may consent opens each page under Consent here, once, and accepts. The same is "
            "done in the Microsoft Entra admin center, under App registrations > API permissions > Grant admin "
            "consent, for: {names}.",
            names=", ".join(lacking),
        )
        yield say(
            "The applications have no page of their own to go back to, so the browser may show AADSTS500113 after it "
            "was accepted. Run this again to see whether the consent is given."
        )
    admin = plan.app(Purpose.ADMIN).existing
    if admin is not None and found.unattended:
        yield say(
            "To ask with nobody signed in, {name} also needs, in the Microsoft Entra admin center: a certificate or a "
            "client secret (App registrations > {name} > Certificates & secrets), and to read settings in Exchange "
            "Online the role Global Reader (Roles & admins > Global Reader > Add assignments).",
            name=admin.name,
        )
    if admin is not None:
        yield say(
            "Then sign in with {name}, and see that nothing is missing: {command}",
            name=admin.name,
            command=f"diag setup --check --tenant {found.tenant} --admin-client-id {admin.client_id}",
        )


def link(found: SetUp, app: Planned) -> str | None:
    """Return the page on which an administrator consents to an application; None where it is not registered."""
    if app.existing is None or app.alert is not None:
        return None
    return consent_link(found.sign_in_host, found.tenant, app.existing.client_id)


def rows(found: SetUp, app: Planned) -> Iterator[Row]:
    """Yield what is known of one application."""
    existing = app.existing
    yield say("Client id"), existing.client_id if existing is not None else say("not registered yet")
    if existing is not None:
        enterprise = existing.enterprise
        yield say("Enterprise application"), say("none yet") if enterprise is None else enterprise
    yield say("Permissions"), listed(app.permissions)
    if existing is not None:
        yield say("Consent for everybody"), _CONSENT[app.consent]
    if (page := link(found, app)) is not None and app.consent != "given":
        yield say("Consent here"), page


def by_hand(found: SetUp) -> Iterator[Lines]:
    """Yield what is left to an Exchange administrator."""
    plan = found.plan
    if plan is None:
        return
    smtp = plan.app(Purpose.SMTP)
    yield Lines(
        (
            say(
                "Changing the setting also needs a role in Exchange Online. The least one may read the setting and "
                "change it, and no more; it is made in Exchange Online PowerShell, by an administrator of roles:"
            ),
            say(
                "Look first: sources differ on which roles hold Set-CASMailbox, and the second line names those of "
                "your tenant. Put one of them after $parent =. Exchange Online may take up to two hours to act on it."
            ),
        ),
        role_lines(found.account),
    )
    if not found.mailboxes:
        return
    about = say(
        "For a device that sends with nobody signed in, Exchange Online must know the application, and let it into the "
        "mailbox. The object id is that of the enterprise application; with the registration's the lines run too, and "
        "every sign-in is refused later:"
    )
    existing = smtp.existing
    if existing is None or existing.enterprise is None:
        later = say("The lines for a device that sends with nobody signed in are shown once the application is made.")
        yield Lines((later,), ())
    else:
        name = smtp.wanted.name
        yield Lines((about,), app_only_lines(name, existing.client_id, existing.enterprise, found.mailboxes))


def render(found: SetUp, translate: Translate, width: int) -> str:
    """Return it for a terminal."""
    page = Page(width, translate)
    plan = found.plan
    for app in plan.apps if plan is not None else ():
        page.paragraph(f"{app.wanted.name} ({page.word(ROLES[app.wanted.purpose])})", "")
        known = [
            (page.word(label), told(value, translate) if isinstance(value, Sentence) else shown(value))
            for label, value in rows(found, app)
        ]
        widest = max(len(label) for label, _ in known)
        for label, value in known:
            page.paragraph(value, f"{INDENT}{label:<{widest}}  ")
        page.lines.append("")
    for sentence in sentences(found):
        page.paragraph(told(sentence, translate), "- ", INDENT)
    for block in by_hand(found):
        page.lines.append("")
        for about in block.about:
            page.paragraph(told(about, translate), "")
        page.lines += [INDENT + shown(line) for line in block.lines]
    return "\n".join(page.lines) + "\n"
