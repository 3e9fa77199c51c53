"""Who answers on the submission port: Exchange Online, or somebody else?"""

from checks.not_reached import not_reached
from checks.reading import Answerer, answerer, dialogue, expects_exchange
from diag.catalogue import load
from diag.evidence import Dialogue, Evidence, Reason, Reply, Silence, Step
from diag.outcome import Check, Failed, Outcome, Passed, likely, possible, proven
from diag.sentence import say
from diag.stage import Stage

_GREETING = 220
_NAMES = {
    Answerer.EXCHANGE: say("Exchange Online"),
    Answerer.MX: say("an inbound mail host (MX) of Microsoft 365"),
    Answerer.INSPECTION: say("a firewall that inspects SMTP"),
    Answerer.OTHER: say("another mail server"),
}


def _silent(silence: Silence, step: Step) -> Outcome:
    seconds = round(step.duration_ms / 1000)
    if silence.reason in {Reason.TIMEOUT, Reason.DEADLINE}:
        because = say(
            "{who} took the connection, and then said nothing for {seconds} s.", who=silence.who, seconds=seconds
        )
        return Failed(shown=say("no greeting"), suspects=(likely("server_silent", because),))
    if silence.reason is Reason.PROTOCOL:
        because = say("What came in place of a greeting is not SMTP: {shown}", shown=silence.detail)
        return Failed(shown=say("not SMTP"), suspects=(proven("protocol_violation", because),))
    because = say("{who} took the connection and closed it without a word.", who=silence.who)
    return Failed(shown=say("closed without a greeting"), suspects=(likely("connection_dropped", because),))


def _unwilling(reply: Reply) -> Outcome:
    readings = load().classify(str(reply), stage=Stage.BANNER)
    because = say("The server greets with: {reply}", reply=str(reply))
    early = load().of_stages(Stage.SIGN_IN, Stage.TOKEN, Stage.AUTH)
    suspects = tuple(likely(reading.cause, because) for reading in readings[:1] if reading.cause not in early) or (
        possible("service_not_active", because),
    )
    return Failed(shown=say("greeting {reply}", reply=str(reply)), suspects=suspects)


def _judge(evidence: Evidence, talk: Dialogue, banner: Reply) -> Outcome:
    who = answerer(talk) or Answerer.OTHER
    shown = say("{who}: {banner}", who=_NAMES[who], banner=str(banner))
    if talk.tls is not None and talk.tls.verified and not talk.tls.product:
        # The certificate says who answers; a greeting is only words, which a filter may have put there.
        return Passed(shown=shown, clears=("connection_intercepted_by_other_mta",))
    if who is Answerer.MX and expects_exchange(evidence):
        because = say("The greeting is that of an inbound mail host (MX): {banner}", banner=str(banner))
        return Failed(shown=shown, suspects=(likely("mx_endpoint_used", because),))
    if who is Answerer.OTHER and expects_exchange(evidence):
        because = say(
            "{host} was asked for, but the greeting is not Exchange Online's: {banner}",
            host=evidence.subject.smtp_host,
            banner=str(banner),
        )
        return Failed(shown=shown, suspects=(proven("connection_intercepted_by_other_mta", because),))
    return Passed(shown=shown, clears=("connection_intercepted_by_other_mta",))


def judge(evidence: Evidence) -> Outcome:
    """By the greeting, for Microsoft's hosts; any greeting will do for a host that was chosen by hand."""
    talk = dialogue(evidence)
    if talk is None:
        return not_reached(evidence, Stage.BANNER)
    step = talk.step(Stage.BANNER) or talk.step(Stage.CONNECT)
    if step is None:
        return not_reached(evidence, Stage.BANNER)
    match step.answer:
        case Silence() as silence:
            return _silent(silence, step)
        case Reply(code=code) as reply if code != _GREETING:
            return _unwilling(reply)
        case Reply() as reply:
            return _judge(evidence, talk, reply)


CHECK = Check("who-answers", say("Exchange Online itself answers"), Stage.BANNER, judge, timed=True)
