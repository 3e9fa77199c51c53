"""Which Conditional Access policies hit the sign-in, and what they demand. Not a check: a check weighs it."""

from enum import Enum, auto

from diag.directory import Account, Policies, Policy, Scope
from diag.evidence import Auth, Evidence
from diag.subject import EXCHANGE_ONLINE_ID

_EXCHANGE = {"all", EXCHANGE_ONLINE_ID, "office365"}
_MODERN = {"all", "mobileappsanddesktopclients"}
_DEVICE_STATE = {"compliantdevice", "domainjoineddevice", "approvedapplication", "compliantapplication"}
_SECOND_PROOF = {"mfa", "authenticationstrength"}
_FLOW = "devicecodeflow"


class Hits(Enum):
    """Whether a policy covers the sign-in."""

    YES = auto()
    PERHAPS = auto()  # it depends on groups, roles, places or platforms that were not read
    NO = auto()


class Demand(Enum):
    """What a policy comes to for a scanner."""

    BLOCK_FLOW = auto()  # device codes are refused
    BLOCK = auto()  # the sign-in is refused, or asks what a scanner can never show: a managed device
    SECOND_PROOF = auto()
    OTHER = auto()


def _low(words: tuple[str, ...]) -> set[str]:
    return {word.lower() for word in words}


def _users(policy: Policy, account: Account | None) -> Hits:
    included, excluded = _low(policy.users.included), _low(policy.users.excluded)
    own = account.id.lower() if account else None
    if own in excluded:
        return Hits.NO
    sure = "all" in included or own in included
    away = any((policy.groups.excluded, policy.roles.excluded, excluded and account is None))
    if sure:
        return Hits.PERHAPS if away else Hits.YES
    listed = (included - {"none", "guestsorexternalusers"}) and account is None
    guest = "guestsorexternalusers" in included and (account is None or not account.member)
    return Hits.PERHAPS if any((policy.groups.included, policy.roles.included, listed, guest)) else Hits.NO


def _applications(policy: Policy) -> Hits:
    included, excluded = _low(policy.applications.included), _low(policy.applications.excluded)
    return Hits.YES if included & _EXCHANGE and not excluded & _EXCHANGE else Hits.NO


def _anywhere(scope: Scope) -> Hits:
    """A condition on place or platform: none, or one that nobody here can tell."""
    limits = _low(scope.included) - {"all"} or scope.excluded
    return Hits.PERHAPS if limits else Hits.YES


def _clients(policy: Policy) -> Hits:
    return Hits.YES if not policy.clients or _low(policy.clients) & _MODERN else Hits.NO


def _flows(policy: Policy, auth: Auth | None) -> Hits:
    if not policy.flows:
        return Hits.YES
    if _FLOW not in _low(policy.flows):
        return Hits.NO
    return Hits.YES if auth is Auth.DEVICE_CODE else Hits.PERHAPS


def hits(policy: Policy, policies: Policies, account: Account | None, evidence: Evidence) -> Hits:
    """Whether an enforced policy covers the sign-in: as Entra said, else by what can be read in it."""
    if policy.state.lower() != "enabled":
        return Hits.NO
    if policies.asked == "what_if" and policy.applies is not None:
        return Hits.YES if policy.applies else Hits.NO
    conditions = {
        _users(policy, account),
        _applications(policy),
        _anywhere(policy.locations),
        _anywhere(policy.platforms),
        _clients(policy),
        _flows(policy, evidence.sign_in.auth),
    }
    return max(conditions, key=lambda one: one.value)


def demand(policy: Policy) -> Demand:
    """What it demands; of several controls joined by OR, one that can be met is enough."""
    controls = _low(policy.controls)
    if "block" in controls:
        return Demand.BLOCK_FLOW if _FLOW in _low(policy.flows) else Demand.BLOCK
    beyond = controls & _DEVICE_STATE
    if beyond and (policy.operator.upper() == "AND" or beyond == controls):
        return Demand.BLOCK
    return Demand.SECOND_PROOF if controls & _SECOND_PROOF else Demand.OTHER
