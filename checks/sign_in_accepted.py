"""Does the mail server accept the sign-in?"""

from checks.asked import answer
from checks.not_reached import not_reached
from checks.reading import dialogue, expects_exchange, words
from checks.signing_in import is_alone, sure_readings
from checks.token_claims import fits
from diag import naming
from diag.catalogue import Reading, load
from diag.directory import Account, MailboxKind
from diag.evidence import Claims, Evidence, Opaque, Reason, Reply, Silence, Step, Unreadable
from diag.outcome import Check, Failed, Outcome, Passed, Suspicion, likely, possible
from diag.sentence import Sentence, say
from diag.stage import Stage

# The reply that names the mailbox's switch comes only after token and account have been found to fit together
# (seen with one token, two users and two hosts). The reply that names the tenant's switch does not show as much.
_REFUSED = 535
_WAITED = {Reason.TIMEOUT, Reason.DEADLINE}
_PATIENT_MS = 10_000  # a refusal takes Exchange Online about five seconds
_FILLS_A_PACKET = 1_100  # characters; with a third more as base64 they are longer than the 1460 octets of a packet
_IDENTITY = (
    "token_user_mismatch",
    "upn_differs_from_email",
    "shared_mailbox_as_smtp_identity",
    "token_wrong_audience",
    "token_missing_scope",
    "token_wrong_tenant",
    "app_only_not_set_up",
)


def _is_a_users(evidence: Evidence) -> bool:
    """Whether a person's account signs in for what the directory says is a user's mailbox."""
    mailbox = answer(evidence, lambda directory: directory.mailbox)
    return isinstance(mailbox, MailboxKind) and mailbox.purpose.lower() == "user" and not is_alone(evidence)


def _has_plan(evidence: Evidence) -> bool:
    """Whether the directory says that the account has a plan that comes with a mailbox of its own."""
    account = answer(evidence, lambda directory: directory.account)
    return isinstance(account, Account) and bool(account.exchange_plans)


def _all_fits(evidence: Evidence, found: Claims, because: Sentence) -> tuple[Suspicion, ...]:
    """What a bare refusal leaves where nothing in the token speaks against it."""
    all_fits = say("Everything in the token fits, and yet the server refuses it without saying why.")
    if _is_a_users(evidence):
        return (possible("oauth_rejected_unspecified", because),)
    if found.app_only:
        return (likely("app_only_not_set_up", all_fits),)
    if _has_plan(evidence):  # a shared mailbox seldom has one
        return (
            possible("oauth_rejected_unspecified", because),
            possible("shared_mailbox_as_smtp_identity", all_fits),
        )
    return (likely("shared_mailbox_as_smtp_identity", all_fits),)


def _unspecified(
    evidence: Evidence, reply: Reply, readings: tuple[Reading, ...], because: Sentence
) -> tuple[Suspicion, ...]:
    """A bare 535: what is left depends on what the token says of itself."""
    if reply.code != _REFUSED:
        return tuple(possible(r.cause, because) for r in readings) or (possible("oauth_rejected_unspecified", because),)
    match evidence.sign_in.token:
        case Claims() as found if fits(evidence, found):
            return (*_all_fits(evidence, found, because), possible("microsoft_side_outage_auth", because))
        case Claims():  # the checks of the token say what is wrong with it
            return (possible("oauth_rejected_unspecified", because),)
        case Unreadable():  # a token of which a part is missing is nobody's
            return (likely("token_unreadable", because),)
        case _:
            bare = load().classify("535 5.7.3 Authentication unsuccessful", stage=Stage.AUTH, mechanism="XOAUTH2")
            causes = dict.fromkeys((*(reading.cause for reading in bare), "oauth_rejected_unspecified"))
            return tuple(possible(cause, because) for cause in causes)


def _refused(evidence: Evidence, reply: Reply) -> Outcome:
    talk = dialogue(evidence)
    because = say("The server answers the sign-in with: {reply}", reply=words(reply))
    if talk and talk.challenge:
        because = say("{said} (before that: {challenge})", said=because, challenge=talk.challenge)
    shown = say("refused: {reply}", reply=words(reply))
    if not expects_exchange(evidence):  # the catalogue knows Exchange Online's words, and no other server's
        return Failed(shown=shown, suspects=(possible("oauth_rejected_unspecified", because),))
    account = evidence.subject.account
    readings = load().classify(str(reply), stage=Stage.AUTH, mechanism="XOAUTH2", account=account)
    sure = tuple(Suspicion(reading.cause, reading.certainty, because) for reading in sure_readings(evidence, reply))
    if not sure:
        return Failed(shown=shown, suspects=_unspecified(evidence, reply, readings, because))
    clears = _IDENTITY if sure[0].cause == "smtp_auth_disabled_mailbox" else ()
    return Failed(shown=shown, suspects=sure, clears=clears)


def _silent(evidence: Evidence, silence: Silence, step: Step, because: Sentence) -> tuple[Suspicion, ...]:
    """The way is suspected where all that was short was answered, and the first thing longer than a packet is not.

    Nobody on the way can tell this command from those before it, since it is encrypted like them: only by its length.
    """
    token = evidence.sign_in.token
    length = token.length if isinstance(token, Claims | Opaque) else 0
    if silence.reason not in _WAITED or step.duration_ms < _PATIENT_MS or length < _FILLS_A_PACKET:
        return (likely("server_silent", because),)
    too_long = say(
        "Every short command was answered, and the sign-in was not: with its token ({count} characters) it is the first"
        " thing that fills whole packets.",
        count=length,
    )
    return (likely("path_mtu", too_long), possible("server_silent", because))


def judge(evidence: Evidence) -> Outcome:
    """The sentence decides, not the number; a bare 535 is weighed together with the token's claims."""
    talk = dialogue(evidence)
    step = talk.step(Stage.AUTH) if talk else None
    if talk is None or step is None:
        return not_reached(evidence, Stage.AUTH)
    match step.answer:
        case Reply() if talk.authenticated:
            shown = say("{reply}", reply=words(step.answer))
            return Passed(shown=shown, clears=load().of_stages(Stage.SIGN_IN, Stage.TOKEN, Stage.AUTH))
        case Reply() as reply:
            return _refused(evidence, reply)
        case Silence(reason=reason, who=who) as silence:
            seconds = round(step.duration_ms / 1000)
            because = say(
                "{who} did not answer the sign-in ({reason}, after {seconds} s).",
                who=who,
                reason=naming.reason(reason),
                seconds=seconds,
            )
            return Failed(
                shown=say("no answer: {reason}", reason=naming.reason(reason)),
                suspects=(*_silent(evidence, silence, step, because), possible("microsoft_side_outage_auth", because)),
            )


CHECK = Check(
    "sign-in-accepted", say("The mail server accepts the sign-in"), Stage.AUTH, judge, essential=True, timed=True
)
