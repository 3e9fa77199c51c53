"""What does the sign-in log of Microsoft Entra say of this account and application?"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from checks.asked import answer, found
from checks.signing_in import Reached, application, is_over_smtp, named_by_service, reached
from diag.catalogue import aadsts_link, load
from diag.directory import Policies, SignInRecord, SignIns
from diag.evidence import Auth, Claims, Evidence, Granted
from diag.outcome import Certainty, Check, Failed, Outcome, Passed, Skipped, Suspicion, possible
from diag.sentence import Sentence, say
from diag.stage import Stage

# Steps on the way that are logged like failures: "keep me signed in", the question whether the app is meant, a session
# that is not there yet, and the waiting for a code to be typed.
_ON_THE_WAY = {50140, 50199, 50058, 70016}
_BY_POLICY = 53003
_RECENT = timedelta(days=1)
_COUNTS = timedelta(days=7)
_FLOW = "devicecodeflow"


def _is_ours(record: SignInRecord, evidence: Evidence) -> bool:
    """Whether it is a sign-in of the device's app or over SMTP; without a client id, any to Exchange Online counts."""
    if is_over_smtp(record):
        return True
    if client := application(evidence):
        return (record.app_id or "").lower() == client
    return "exchange" in record.resource.lower()


def _begins(evidence: Evidence) -> datetime:
    """When the token was issued, else a week ago: what failed before says nothing of now."""
    token = evidence.sign_in.token
    issued = token.issued_at if isinstance(token, Claims) else None
    if not isinstance(evidence.sign_in.acquisition, Granted) or issued is None:
        return evidence.started_at - _COUNTS
    return issued


def _failures(records: Sequence[SignInRecord], since: datetime) -> list[SignInRecord]:
    """The newest failure of each app that no success of the same app followed; the newest first."""
    settled: set[str | None] = set()
    left: list[SignInRecord] = []
    for record in sorted(records, key=lambda one: one.at, reverse=True):
        if record.code in _ON_THE_WAY or record.app_id in settled or record.at < since:
            continue
        settled.add(record.app_id)
        if record.code:
            left.append(record)
    return left


def _told(record: SignInRecord) -> Sentence:
    """One failure, with the policies that refused it."""
    refused = ", ".join(policy.name for policy in record.policies if policy.result.lower() == "failure")
    time, text = f"{record.at:%Y-%m-%d %H:%M} UTC", record.reason or "-"
    if refused:
        return say(
            "The sign-in log has AADSTS{code} at {time}, refused by the policy '{policy}': {reason}",
            code=record.code,
            time=time,
            policy=refused,
            reason=text,
        )
    return say("The sign-in log has AADSTS{code} at {time}: {reason}", code=record.code, time=time, reason=text)


def _by_policy(record: SignInRecord, evidence: Evidence) -> tuple[str, Certainty]:
    """The number of every block by Conditional Access; the policy itself says whether it is about device codes."""
    policies = answer(evidence, lambda directory: directory.policies)
    failed = {policy.id for policy in record.policies if policy.result.lower() == "failure"}
    if not isinstance(policies, Policies) or not failed:
        is_code = evidence.sign_in.auth is Auth.DEVICE_CODE  # there, the block of that flow is the usual one
        return ("device_code_blocked" if is_code else "conditional_access_blocked"), Certainty.LIKELY
    flows = {flow.lower() for policy in policies.policies if policy.id in failed for flow in policy.flows}
    return ("device_code_blocked" if _FLOW in flows else "conditional_access_blocked"), Certainty.PROVEN


def _suspect(record: SignInRecord, evidence: Evidence) -> Suspicion:
    because, entry = _told(record), load().aadsts(record.code)
    if entry is None:
        link = aadsts_link(record.code)
        return possible("sign_in_refused_unknown", say("{said} Look the number up: {links}", said=because, links=link))
    is_policy = record.code == _BY_POLICY
    cause, sure = _by_policy(record, evidence) if is_policy else (entry.cause, entry.certainty)
    if (named := named_by_service(evidence)) and not named & {cause, entry.cause}:
        return possible(cause, because)  # the service has just given another reason
    # What signs in over SMTP with a password may be another device; and much may have changed since yesterday.
    proves = not is_over_smtp(record) and evidence.started_at - record.at < _RECENT
    return Suspicion(cause, Certainty.LIKELY if sure is Certainty.PROVEN and not proves else sure, because)


def _nothing(log: SignIns, evidence: Evidence) -> Sentence:
    ours = [record for record in log.records if _is_ours(record, evidence) and record.code == 0]
    if ours:
        last = max(record.at for record in ours)
        return say("the last one logged, of {time}, succeeded", time=f"{last:%Y-%m-%d %H:%M} UTC")
    since = f"{log.since:%Y-%m-%d %H:%M} UTC"
    return say("no failure since {time}; the log is minutes behind", time=since)


def judge(evidence: Evidence) -> Outcome:
    """Failures count that no success of the same application followed. The log is minutes behind the sign-in.

    It comes before what the other checks read of the present state, so that they clear what has been mended since.
    """
    log = found(evidence, lambda directory: directory.sign_ins)
    if isinstance(log, Skipped):
        return log
    ours = [record for record in log.records if _is_ours(record, evidence)]
    failures = _failures(ours, _begins(evidence))
    if not failures:
        return Passed(shown=_nothing(log, evidence))
    newest = failures[0]
    shown = say(
        "AADSTS{code} at {time}; the log is minutes behind", code=newest.code, time=f"{newest.at:%Y-%m-%d %H:%M} UTC"
    )
    if reached(evidence) is Reached.ACCEPTED:
        return Passed(shown=say("{said}, and yet the sign-in was accepted now", said=shown))
    return Failed(shown=shown, suspects=tuple(_suspect(record, evidence) for record in failures))


CHECK = Check("sign-in-log", say("The sign-in log shows no refusal"), Stage.DIRECTORY, judge)
