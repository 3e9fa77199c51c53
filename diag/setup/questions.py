"""What is asked of the directory, in an administrator's words: what for, and with which calls to Microsoft Graph."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from diag.evidence import Claims
from diag.obstacle import NotAnswered
from diag.sentence import Sentence, say
from diag.setup.wanted import MANAGE, MANAGE_AS_APP


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question: the calls that it is made of, by their names, and what the answer is for."""

    title: Sentence
    use: Sentence
    calls: tuple[str, ...]

    def permissions(self, of_calls: Mapping[str, str]) -> tuple[str, ...]:
        """Return the permissions that its calls need, each once."""
        return tuple(dict.fromkeys(of_calls[call] for call in self.calls))


QUESTIONS = (
    Question(
        title=say("The account behind the mailbox"),
        use=say("whether it exists, may sign in, and has a plan with a mailbox"),
        calls=("account", "alias"),
    ),
    Question(
        title=say("The kind of mailbox"),
        use=say("whether it is shared, a room, or a person's; a person who signs in sees the own mailbox alone"),
        calls=("mailbox",),
    ),
    Question(
        title=say("Security defaults"),
        use=say("whether they ask for a second proof"),
        calls=("security_defaults",),
    ),
    Question(
        title=say("Conditional Access"),
        use=say("which policy keeps the device from signing in"),
        calls=("what_if", "policies"),
    ),
    Question(
        title=say("The device's application"),
        use=say("whether the tenant knows it, and lets people sign in with it"),
        calls=("app", "exchange", "roles"),
    ),
    Question(
        title=say("Consent"),
        use=say("whether the application may send"),
        calls=("grants",),
    ),
    Question(
        title=say("The application's registration"),
        use=say("whether device codes are allowed, and its secret or certificate is still good"),
        calls=("registration",),
    ),
    Question(
        title=say("Sign-ins"),
        use=say("what the sign-in log says of the device; needs a licence for Microsoft Entra ID P1 too"),
        calls=("sign_ins", "background_sign_ins", "sign_in_log", "last_sign_in", "idle_accounts"),
    ),
    Question(
        title=say("Mailboxes that send by SMTP"),
        use=say("which mailboxes an inventory lacks, by the e-mail app usage report"),
        calls=("email_app_usage",),
    ),
    Question(
        title=say("Service health"),
        use=say("whether Exchange Online has an incident"),
        calls=("health", "incidents"),
    ),
    Question(
        title=say("Message trace"),
        use=say("what became of the test message"),
        calls=("trace",),
    ),
)
SETTING = Question(
    title=say("Authenticated SMTP of a mailbox"),
    use=say("reading and changing the setting; needs a role in Exchange Online too"),
    calls=(),
)
# Wider permissions that include one, as Microsoft documents them for the same calls.
_DIRECTORY = frozenset({"Directory.Read.All", "Directory.ReadWrite.All"})
_WIDER: Mapping[str, frozenset[str]] = {
    "User.Read.All": _DIRECTORY | {"User.ReadWrite.All"},
    "MailboxSettings.Read": frozenset({"MailboxSettings.ReadWrite"}),
    "Application.Read.All": _DIRECTORY | {"Application.ReadWrite.All"},
    "Directory.Read.All": frozenset({"Directory.ReadWrite.All"}),
}

State: TypeAlias = Literal["there", "missing", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """Whether an administrator's token has the permission that a question needs."""

    question: Question
    permission: str
    state: State


def allowed(
    of_calls: Mapping[str, str], graph: Claims | NotAnswered | None, exchange: Claims | NotAnswered | None
) -> Iterator[Allowed]:
    """Compare what both tokens carry with what every question needs; None is a token that cannot be read."""
    if isinstance(graph, NotAnswered) and isinstance(exchange, NotAnswered):
        graph = exchange = None  # nobody signed in, which says nothing about permissions
    for question in QUESTIONS:
        for permission in question.permissions(of_calls):
            yield Allowed(question=question, permission=permission, state=_state(graph, permission))
    app_only = any(isinstance(claims, Claims) and claims.app_only for claims in (graph, exchange))
    permission = MANAGE_AS_APP if app_only else MANAGE
    yield Allowed(question=SETTING, permission=permission, state=_state(exchange, permission))


def _state(claims: Claims | NotAnswered | None, permission: str) -> State:
    match claims:
        case Claims(scopes=scopes, roles=roles):
            held = {*scopes, *roles}
            return "there" if held & {permission, *_WIDER.get(permission, ())} else "missing"
        case NotAnswered():
            return "missing"
        case None:
            return "unknown"
