"""`diag smtp-auth get|enable|disable|inherit|undo|history MAILBOX`: the Authenticated SMTP setting of a mailbox."""

from collections.abc import Callable

from diag.cli.command import Argument, Call, Command, Group
from diag.cli.options import ADMIN, BY_ITSELF, REPORT, SIGNING_IN, options
from diag.sentence import Sentence, say
from diag.subject import InvalidInputError


def _get(call: Call) -> int:
    from diag.cli.administer import administer

    return administer(call, GET.options, lambda desk, mailbox: desk.look(mailbox), None)


def _history(call: Call) -> int:
    from diag.cli.administer import show_history

    return show_history(call, HISTORY.options)


def _changes(name: str | None) -> Callable[[Call], int]:
    """Return what runs a command that changes the setting to the value of this name, or (None) back."""

    def run(call: Call) -> int:
        from diag.cli.administer import administer
        from diag.cli.changing import Wish
        from diag.setting import Switch

        wish = Wish(
            value=None if name is None else Switch(name),
            yes="yes" in call.options,
            anyway="anyway" in call.options,
            ticket=call.options.get("ticket"),
        )
        if name is None and call.options.get("backend") == "manual":
            raise InvalidInputError(
                say(
                    "By hand there is no undo: see the value before the last change, and give that back. {command}",
                    command=f"diag smtp-auth history {call.arguments['mailbox']}",
                )
            )
        return administer(call, ENABLE.options, lambda desk, mailbox: desk.make(mailbox, wish), wish.value)

    return run


_SIGN_IN = (*SIGNING_IN, *BY_ITSELF, "backend", "exchange-url", "graph-url", "ledger", "timeout", "verbose")
_CONFIRM = ("ticket", "yes", "anyway")
_MAILBOX = (
    Argument(
        "mailbox",
        say("MAILBOX"),
        say("Address of the mailbox."),
        say("Give the address of the mailbox, like scanner@contoso.com."),
    ),
)
_CAREFUL = say(
    "Without --yes the change is shown first, and made only once somebody says yes. It is written down before it is"
    " sent, sent once, and read back. Only the mailbox's own value is ever changed, never the organisation's. Exit"
    " codes: 0 nothing to do, or not confirmed; 1 not made; 2 wrong usage; 3 nobody could be asked, or nobody knows"
    " what came of it; 5 changed, not yet effective."
)


def _command(name: str, help_text: Sentence, run: Callable[[Call], int], epilog: Sentence | None = None) -> Command:
    taken = (*_SIGN_IN, *REPORT, *(_CONFIRM if epilog else ()))
    return Command(
        name=name, help=help_text, run=run, arguments=_MAILBOX, options=options(taken, of=ADMIN), epilog=epilog
    )


GET = _command("get", say("Read the setting: the mailbox's own value, the organisation's, and what holds."), _get)
ENABLE = _command("enable", say("Switch Authenticated SMTP on for the mailbox."), _changes("on"), _CAREFUL)
DISABLE = _command("disable", say("Switch Authenticated SMTP off for the mailbox."), _changes("off"), _CAREFUL)
INHERIT = _command(
    "inherit", say("Take the mailbox's own value away, so that the organisation's holds."), _changes("unset"), _CAREFUL
)
UNDO = _command(
    "undo", say("Give the mailbox back exactly the value before its last change."), _changes(None), _CAREFUL
)
HISTORY = Command(
    name="history",
    help=say("Show the changes of the mailbox, who made them, and how long each took to be effective."),
    run=_history,
    arguments=_MAILBOX,
    options=options(("lab", "ledger", *REPORT), of=ADMIN),
)
GROUP = Group(
    "smtp-auth",
    say("The Authenticated SMTP setting of a mailbox: read it, change it, undo that."),
    (GET, ENABLE, DISABLE, INHERIT, UNDO, HISTORY),
)
