"""Does a Conditional Access policy keep the sign-in out?"""

from checks.asked import answer, found
from checks.policies import Demand, Hits, demand, hits
from checks.signing_in import Reached, codes, in_the_browser, is_alone, named_by_service, reached
from diag.directory import Account, Policies, Policy
from diag.evidence import Evidence, Granted, Page, Refusal
from diag.outcome import Certainty, Check, Failed, Outcome, Passed, Skipped, Suspicion, likely, possible, proven
from diag.sentence import Sentence, say
from diag.stage import Stage

_BY_POLICY = {"conditional_access_blocked", "device_code_blocked"}
_NOT_TRIED = {Page.NOT_OPENED, Page.WRONG_CODE}
_BLOCKS = {Demand.BLOCK_FLOW: "device_code_blocked", Demand.BLOCK: "conditional_access_blocked"}


def _is_named(policy: Policy, evidence: Evidence) -> bool:
    """Whether the sign-in service itself named the policy in its refusal."""
    refusal = evidence.sign_in.acquisition
    return isinstance(refusal, Refusal) and policy.id.lower() in {named.lower() for named in refusal.policies}


def _failed_that_way(evidence: Evidence) -> bool:
    """Whether the sign-in ended as one does that a policy blocks, or in a way that says nothing of why."""
    if reached(evidence) is not Reached.NO_TOKEN or in_the_browser(evidence) in _NOT_TRIED:
        return False
    return not codes(evidence) or bool(named_by_service(evidence) & _BY_POLICY)


def _blocks(policy: Policy, sure: Hits, policies: Policies, evidence: Evidence) -> Suspicion:
    cause, name = _BLOCKS[demand(policy)], policy.name
    if _is_named(policy, evidence):
        return proven(cause, say("The sign-in service names the policy '{name}' in its refusal.", name=name))
    if sure is Hits.PERHAPS:
        because = say(
            "The policy '{name}' may apply: that depends on groups, roles or places that were not read.", name=name
        )
        return possible(cause, because)
    if policies.asked == "read":
        return likely(cause, say("By its conditions the policy '{name}' applies to this sign-in.", name=name))
    because = say("Asked which policies apply, Microsoft Entra names '{name}'.", name=name)
    return proven(cause, because) if _failed_that_way(evidence) else likely(cause, because)


def _disproved(evidence: Evidence, policies: Policies) -> tuple[str, ...]:
    """A refusal by policies that are all known, and none of them about device codes, is no block of that flow."""
    refusal = evidence.sign_in.acquisition
    named = {one.lower() for one in refusal.policies} if isinstance(refusal, Refusal) else set()
    known = {policy.id.lower(): demand(policy) for policy in policies.policies}
    about_others = named and all(known.get(one, Demand.BLOCK_FLOW) is not Demand.BLOCK_FLOW for one in named)
    return ("device_code_blocked",) if about_others else ()


def _asks_proof(policy: Policy, sure: Hits, evidence: Evidence) -> Suspicion | None:
    """A second proof is accused only where the sign-in failed for want of one."""
    asked_for = in_the_browser(evidence) is Page.SECOND_PROOF or "mfa_required" in named_by_service(evidence)
    if demand(policy) is not Demand.SECOND_PROOF or not asked_for:
        return None
    because = say("The policy '{name}' asks for a second proof.", name=policy.name)
    return (likely if sure is Hits.YES else possible)("mfa_required", because)


def _names(policies: tuple[Policy, ...]) -> Sentence:
    if not policies:
        return say("no enforced policy applies")
    return say("these apply or may apply: {names}", names=", ".join(policy.name for policy in policies))


def judge(evidence: Evidence) -> Outcome:
    """As Entra itself says (What-If), else as far as the policies can be read. Report-only ones keep nobody out."""
    policies = found(evidence, lambda directory: directory.policies)
    if isinstance(policies, Skipped):
        return policies
    if is_alone(evidence):
        return Skipped(because=say("an application signs in by itself; the policies for people do not concern it"))
    known = answer(evidence, lambda directory: directory.account)
    account = known if isinstance(known, Account) else None
    weighed = [(policy, hits(policy, policies, account, evidence)) for policy in policies.policies]
    covering = [(policy, sure) for policy, sure in weighed if sure is not Hits.NO]
    shown = _names(tuple(policy for policy, _ in covering))
    acquisition = evidence.sign_in.acquisition
    if reached(evidence) is Reached.ACCEPTED or isinstance(acquisition, Granted):
        return Passed(shown=say("a token was issued; {policies}", policies=shown))
    blocking = [_blocks(policy, sure, policies, evidence) for policy, sure in covering if demand(policy) in _BLOCKS]
    asking = [suspect for policy, sure in covering if (suspect := _asks_proof(policy, sure, evidence))]
    if blocking or asking:
        # A block explains why nobody could finish; that the code ran out then explains nothing.
        sure = _failed_that_way(evidence) and any(one.certainty is not Certainty.POSSIBLE for one in blocking)
        clears = ("device_code_expired",) if sure else ()
        return Failed(shown=shown, suspects=(*blocking, *asking), clears=(*clears, *_disproved(evidence, policies)))
    return Passed(shown=shown)  # that depends on place and device as well: it rules no refusal out


CHECK = Check("conditional-access", say("No Conditional Access policy keeps the sign-in out"), Stage.DIRECTORY, judge)
