"""What helps where a text alone does not decide: what would tell causes apart, and what to do about the unknown."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from diag.catalogue import PanelCode
from diag.explanation import Explanation, Finding, Question
from diag.sentence import say
from reports.kinds import is_decided
from reports.reader import Reader
from reports.remedy import Step


def _examine(reader: Reader) -> str:
    """The command that examines the real thing, with the word for its argument."""
    return f"diag scan-to-email {reader.translate(say('MAILBOX').text)}"


@dataclass(frozen=True, slots=True)
class Ask:
    """A question whose answer tells the causes apart, and what to type for each answer."""

    text: str
    commands: tuple[str, ...] = ()


_ASKED = {
    Question.MECHANISM: (
        say("Does the device sign in with a password or with OAuth 2.0? Add what fits:"),
        ("--sign-in password", "--sign-in oauth"),
    ),
    Question.ACCOUNT: (
        say("Is it a mailbox of an organisation, or a personal one (outlook.com, hotmail, live)? Add what fits:"),
        ("--account organisation", "--account personal"),
    ),
}


def asks(group: Sequence[Finding], codes: Sequence[PanelCode], reader: Reader) -> Iterator[Ask]:
    """Yield what would tell the causes apart."""
    for question in dict.fromkeys(chain.from_iterable(finding.asks for finding in group)):
        text, commands = _ASKED[question]
        yield Ask(reader.own(text), commands)
    vendors = dict.fromkeys(code.vendor.split()[0] for code in codes)
    if len(vendors) > 1:
        make = reader.own(say("Which make is the device? Add what fits:"))
        yield Ask(make, tuple(f"--vendor {name}" for name in vendors))
    if codes:
        yield Ask(
            reader.own(
                say(
                    "What did the server itself reply? That is the better key: have the device print or save its log,"
                    " and explain the reply that stands in it."
                )
            )
        )
    if not is_decided(group[0]) and not any(finding.route for finding in group):
        examines = say("This goes the device's way with the real mailbox, and finds out which it is:")
        yield Ask(reader.own(examines), (_examine(reader),))


_LOG = say(
    "Have the device print or save its log, and explain the server's reply that stands in it: that is the better key."
)
_REPORT = say(
    "Report the wording to the diag project, without names and addresses, so that diag knows it the next time."
)


def for_nothing(explanation: Explanation, reader: Reader) -> Iterator[Step]:
    """Yield what to do where nothing in a text speaks of a fault."""
    if explanation.lines <= 1:
        code = say(
            "If this is a code of a device's panel, diag does not know it; it knows those of"
            " 'diag explain --list codes'."
        )
        yield Step(reader.translate(code.text))
        yield Step(reader.translate(_LOG.text))
    yield Step(reader.translate(say("To see whether the mailbox can send:").text), _examine(reader))


def for_unknown(group: Sequence[Finding], reader: Reader) -> Iterator[Step]:
    """Yield what to do about words or a number that nobody knows."""
    if group[0].numbers:
        yield Step(
            reader.translate(
                say(
                    "Microsoft Entra admin center (entra.microsoft.com) > Monitoring & health > Sign-in logs: open the"
                    " failed sign-in and read its failure reason."
                ).text
            )
        )
    elif any(finding.code or finding.enhanced for finding in group):
        yield Step(reader.translate(say("See how far the device gets, with the real mailbox:").text), _examine(reader))
        with_id = say("If it stays unclear, quote the whole reply to Microsoft's support, with the id at its end.")
        without = say("If it stays unclear, quote the whole reply to the support of whoever runs that server.")
        yield Step(reader.translate((with_id if any(finding.ids for finding in group) else without).text))
    else:
        yield Step(reader.translate(_LOG.text))
    yield Step(reader.translate(_REPORT.text))
