"""Sign an administrator in and out, and say what came of it."""

import sys
from collections.abc import Iterable, Iterator, Sequence

from diag import wiring
from diag.cli.command import Call
from diag.cli.exits import Exit
from diag.cli.loop import complete
from diag.cli.options import ADMIN, Option
from diag.cli.settings import settings
from diag.cli.terminal import Terminal
from diag.cli.wanted import log_level, options_of
from diag.evidence import Claims
from diag.language import translator
from diag.logs import configure
from diag.obstacle import NotAnswered
from diag.sentence import Sentence, say
from diag.subject import InvalidInputError
from reports.wording import told


def sign_in(call: Call, asked: Sequence[Option]) -> int:
    """Have an administrator sign in, and print who did and what the tokens allow."""
    said = settings(call.options, call.environment, asked, tables=(ADMIN,))
    level, wanted = log_level(call), options_of(None, said.text("lab"), said, call)
    if wanted.tenant is None and wanted.lab is None:
        raise InvalidInputError(say("Say which tenant to sign in to: --tenant contoso.com."))
    keep, language = said.is_set("keep"), said.language(call.language)
    if keep and wanted.lab is not None:
        raise InvalidInputError(say("The sign-in of a lab is not kept: the lab ends with the command."))
    person = Terminal(translator(language), administrator=True, simulated=wanted.lab is not None, verbose=said.verbose)
    with person, wiring.signing_in(wanted, person, keep=keep) as side:
        configure(level, side.redactor.clean)
        found = complete(wiring.sign_in(side))
    if isinstance(found, NotAnswered):
        person.say(found.because)
        return Exit.CAUSE_FOUND
    if keep:
        wiring.keep_sign_in(side, found.account)
    _print(_signed_in(found, keep=keep), language)
    return Exit.HEALTHY


def sign_out(call: Call, asked: Sequence[Option]) -> int:
    """Forget the sign-in that is kept."""
    said = settings(call.options, call.environment, asked, tables=(ADMIN,))
    kept = wiring.forget_sign_in()
    sentence = say("No sign-in was kept.")
    if kept is not None:
        sentence = say("The sign-in of {account} is forgotten on this computer.", account=kept.account)
    _print([sentence], said.language(call.language))
    return Exit.HEALTHY


def _signed_in(found: wiring.SignedIn, *, keep: bool) -> Iterator[Sentence]:
    yield say("Signed in as {account}, in the tenant {tenant}.", account=found.account, tenant=found.tenant)
    yield _allowed("Exchange Online", found.exchange)
    yield _allowed("Microsoft Graph", found.graph)
    if keep:
        yield say("The sign-in is kept, encrypted by the system; diag logout forgets it.")
    else:
        yield say("The sign-in is not kept: the next run asks again. --keep keeps it.")


def _allowed(service: str, found: Claims | NotAnswered | None) -> Sentence:
    match found:
        case Claims(scopes=scopes, roles=roles):
            granted = ", ".join((*scopes, *roles)) or "-"
            return say("{service}: {permissions}.", service=service, permissions=granted)
        case NotAnswered(because=because):
            return say("{service}: no token ({because}).", service=service, because=because)
        case None:
            return say("{service}: a token that cannot be read.", service=service)


def _print(sentences: Iterable[Sentence], language: str) -> None:
    translate = translator(language)
    sys.stdout.write("".join(f"{told(sentence, translate)}\n" for sentence in sentences))
