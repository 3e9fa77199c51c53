"""Set the two applications up: look, show, make what was confirmed; or check what an administrator may ask."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from diag import wiring
from diag.adapters.threads import abandonable
from diag.cli import answer
from diag.cli.command import Call
from diag.cli.exits import Exit, checked, set_up_to
from diag.cli.loop import complete
from diag.cli.options import ADMIN, ADMIN_FORMATS, Option
from diag.cli.settings import Settings, settings
from diag.cli.terminal import Terminal
from diag.cli.wanted import log_level, options_of
from diag.evidence import Claims
from diag.language import Translate, translator
from diag.logs import configure
from diag.obstacle import NotAnswered
from diag.sentence import Sentence, say
from diag.setup import Plan, look, make, overtaken
from diag.setup.words import step_in_words
from diag.subject import HOSTS, InvalidInputError, address
from reports.allowed import Permissions
from reports.setup import SetUp


def set_up(call: Call, asked: Sequence[Option]) -> int:
    """Set up or check, and report it; returns the exit code."""
    said = settings(call.options, call.environment, asked, tables=(ADMIN,))
    said.choice("format", ADMIN_FORMATS)
    answer.check(said, call.language)
    mailboxes = tuple(map(address, (said.text("app-only") or "").split(","))) if said.is_set("app-only") else ()
    level, options = log_level(call), options_of(None, said.text("lab"), said, call)
    translate = translator(said.language(call.language))
    if not wiring.has_administrator(options):
        return _hand_over(_by_hand(said, translate), said, Exit.USAGE)
    if options.tenant is None and options.lab is None:
        raise InvalidInputError(say("Say which tenant to set up: --tenant contoso.com."))
    person = Terminal(translate, administrator=True, simulated=options.lab is not None, verbose=said.verbose)
    with person, wiring.administration(options, person) as side:
        configure(level, side.redactor.clean)
        if said.is_set("check"):
            permissions = complete(_check(side))
            return _hand_over(_permissions(permissions, said, translate), said, checked(permissions))
        desk = _Desk(
            side,
            person,
            mailboxes,
            HOSTS[options.cloud].sign_in,
            unattended=said.is_set("unattended"),
            yes=said.is_set("yes"),
        )
        found = complete(desk.set_up())
    return _hand_over(_report(found, said, translate), said, set_up_to(found))


async def _check(side: wiring.Administration) -> Permissions:
    # The directory first: where the setting may not be asked for, its refusal would stand for both.
    graph = await side.reads(wiring.Resource.GRAPH)
    exchange = await side.reads(wiring.Resource.EXCHANGE)
    refused = dict.fromkeys(one for one in (graph, exchange) if isinstance(one, NotAnswered))
    known = next((one for one in (graph, exchange) if isinstance(one, Claims)), None)
    account, _ = wiring.who_and_where(known, side.realm)
    return Permissions(rows=wiring.allowed_to_ask(graph, exchange), account=account, refusals=tuple(refused))


@dataclass(frozen=True, slots=True)
class _Desk:
    """Where the applications are set up: the administrator's side, the person, and what was said."""

    side: wiring.Administration
    person: Terminal
    mailboxes: tuple[str, ...]
    sign_in_host: str
    unattended: bool
    yes: bool

    async def set_up(self) -> SetUp:
        """Look what lacks, and make it once it is confirmed."""
        read = await self.side.reads(wiring.Resource.GRAPH)
        claims = read if isinstance(read, Claims) else None
        account, _ = wiring.who_and_where(claims, self.side.realm)
        applications, signed_in_with = self.side.applications, claims.app_id if claims is not None else None
        wanted = wiring.applications(app_only=bool(self.mailboxes), unattended=self.unattended)
        told = SetUp(
            found=read
            if isinstance(read, NotAnswered)
            else await look(applications, wanted, signed_in_with=signed_in_with),
            sign_in_host=self.sign_in_host,
            tenant=self.side.realm,
            account=account,
            mailboxes=self.mailboxes,
            unattended=self.unattended,
        )
        if not isinstance(told.found, Plan) or not told.found.steps:
            return told
        if (hint := await abandonable(None, self._unconfirmed, told.found)) is not None:
            return replace(told, hint=hint)
        if not self.yes and (moved := await overtaken(applications, told.found, signed_in_with=signed_in_with)):
            return replace(told, result=moved)
        return replace(told, result=await make(applications, told.found))

    def _unconfirmed(self, plan: Plan) -> Sentence | None:
        """Ask whether to make it; return why nothing is made, None where somebody said yes."""
        if self.yes:
            return None
        if self.person.can_be_asked:
            for sentence in (sentence for step in plan.steps for sentence in step_in_words(step)):
                self.person.say(sentence)
        confirmed = self.person.confirms(say("Make all of this?"))
        if confirmed is None:
            return say("Nothing was made. To make it, run the same again with --yes.")
        return None if confirmed else say("Nothing was made.")


def _report(found: SetUp, said: Settings, translate: Translate) -> str:
    if said.choice("format", ADMIN_FORMATS) == "json":
        from reports import setup_json

        return setup_json.render(found, translate)
    from reports.setup import render

    return render(found, translate, answer.width(said))


def _permissions(found: Permissions, said: Settings, translate: Translate) -> str:
    if said.choice("format", ADMIN_FORMATS) == "json":
        from reports import setup_json

        return setup_json.permissions(found, translate)
    from reports.allowed import render

    return render(found, translate, answer.width(said))


def _by_hand(said: Settings, translate: Translate) -> str:
    if said.choice("format", ADMIN_FORMATS) == "json":
        from reports import setup_json

        return setup_json.first_application(said.text("tenant"), translate)
    from reports.first_application import render

    return render(said.text("tenant"), translate, answer.width(said))


def _hand_over(report: str, said: Settings, code: int) -> int:
    if (failure := answer.hand_over(report, said)) is not None:
        raise failure
    return code
