"""Refuse what no single key of a scenario shows: a run that could not start, names given twice, bad replies."""

from collections.abc import Collection, Mapping

from diag.health.result import Status
from diag.lab.fleet import MOST
from diag.lab.scenario import Fleet, Mailbox, Scenario, Shown, Truth
from diag.lab.ways import EXCHANGE_HOST, GRAPH_HOST
from diag.sentence import say
from diag.stage import Stage
from diag.subject import InvalidInputError, Subject, host_name, printable

_ONES_OWN = frozenset({Stage.AUTH, Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.QUIT})
_MOST_HOSTS = 200
_SERVICES = (EXCHANGE_HOST, GRAPH_HOST, "localhost")


def check_fleet(fleet: tuple[Fleet, ...]) -> None:
    """Refuse so many mailboxes that none or far too many come out; raises `InvalidInputError`."""
    for one in fleet:
        if one.count < 1 or one.first < 0 or one.first + one.count > MOST:
            raise InvalidInputError(
                say("'fleet.count' and 'fleet.first' must give numbers from 0 to {most}.", most=str(MOST))
            )
    if sum(one.count for one in fleet) > MOST:
        raise InvalidInputError(say("The fleet has more than {most} mailboxes.", most=str(MOST)))


def check(scenario: Scenario) -> None:
    """Check a scenario as it is run, its fleet turned into mailboxes; raises `InvalidInputError`."""
    run = scenario.run
    Subject(
        mailbox=run.mailbox,
        sender=run.sender or run.mailbox,
        recipient=run.recipient,
        tenant=run.tenant,
        smtp_host=scenario.network.host,
    )
    _check_hosts(scenario)
    hosts = {"", scenario.network.host, *(host.name for host in scenario.hosts)}
    _check_mailboxes(scenario.mailboxes, hosts)
    _check_replies("smtp.replies", scenario.smtp.replies)
    _check_certificate("certificate", scenario.certificate)
    if scenario.expect.cause and scenario.expect.certainty is None:
        raise InvalidInputError(say("'expect.cause' needs 'expect.certainty'."))


def _check_hosts(scenario: Scenario) -> None:
    taken = {scenario.network.host.rstrip(".").casefold(), *_SERVICES}
    for host in scenario.hosts:
        name = host_name(host.name).rstrip(".").casefold()
        if name in taken:
            raise InvalidInputError(say("the host {name} is there twice.", name=printable(name)))
        taken.add(name)
        _check_replies("hosts.smtp.replies", host.smtp.replies)
        _check_certificate("hosts.certificate", host.certificate)
    if len(scenario.hosts) > _MOST_HOSTS:
        raise InvalidInputError(say("there can be {most} hosts at most.", most=str(_MOST_HOSTS)))


def _check_mailboxes(mailboxes: tuple[Mailbox, ...], hosts: Collection[str]) -> None:
    taken: set[str] = set()
    for box in mailboxes:
        Subject(mailbox=box.address, sender=box.sender or box.address)
        shown = printable(box.address)
        if box.address.casefold() in taken:
            raise InvalidInputError(
                say("the mailbox {name} is there twice; '{pattern}' numbers them.", name=shown, pattern="{number:04}")
            )
        taken.add(box.address.casefold())
        if box.host not in hosts:
            raise InvalidInputError(
                say("there is no host '{host}', which {mailbox} names.", host=printable(box.host), mailbox=shown)
            )
        _check_own(box)
        if box.expect is not None and not _goes_together(box.expect):
            raise InvalidInputError(
                say("'expect' of {mailbox}: 'healthy' has no cause, and what is wrong has one.", mailbox=shown)
            )


def _goes_together(truth: Truth) -> bool:
    match truth.status:
        case Status.HEALTHY:
            return not truth.cause
        case Status.INCONCLUSIVE:
            return True
        case Status.BROKEN | Status.WILL_BREAK | Status.DEGRADED:
            return bool(truth.cause)


def _check_own(box: Mailbox) -> None:
    """Check the replies that one mailbox alone gets: before AUTH nobody knows which mailbox it is."""
    if early := sorted(box.replies.keys() - _ONES_OWN):
        raise InvalidInputError(
            say("'replies.{stage}' of a mailbox: it is known from AUTH on, and not before.", stage=early[0].value)
        )
    _check_replies("replies", box.replies)
    if box.throttled_reply and not _is_reply(box.throttled_reply):
        raise InvalidInputError(say("'{key}' must begin with a reply code.", key="throttled_reply"))


def _is_reply(text: str) -> bool:
    return text[:3].isascii() and text[:3].isdigit()


def _check_replies(key: str, replies: Mapping[Stage, str]) -> None:
    for stage, text in replies.items():
        if not _is_reply(text):
            raise InvalidInputError(say("'{key}' must begin with a reply code.", key=f"{key}.{stage.value}"))


def _check_certificate(key: str, certificate: Shown) -> None:
    if certificate.valid_from_days >= certificate.valid_to_days:
        raise InvalidInputError(say("the certificate must end after it begins."))
    if certificate.issuer not in ("trusted", "unknown", "self-signed"):
        from cryptography import x509

        try:
            x509.Name.from_rfc4514_string(certificate.issuer)
        except ValueError:
            raise InvalidInputError(
                say(
                    "'{key}' must be trusted, unknown, self-signed or a name like CN=CA,O=Fortinet.",
                    key=f"{key}.issuer",
                )
            ) from None
