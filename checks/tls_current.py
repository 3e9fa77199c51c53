"""Is the TLS that the device speaks new enough for Exchange Online, and to stay so?"""

from checks.not_reached import not_reached
from checks.reading import dialogue
from diag.evidence import Evidence
from diag.outcome import Check, Failed, Outcome, Passed, Skipped, Suspicion, likely, proven
from diag.sentence import say
from diag.stage import Stage
from diag.subject import TLS_VERSIONS

_OLD = frozenset({"1.0", "1.1"})
_OLDER = frozenset({"ssl3"})  # which the host for old TLS does not take either
_AGREED_OLD = frozenset({"SSLv3", "TLSv1", "TLSv1.1"})  # as OpenSSL calls them


def _refused(evidence: Evidence, version: str) -> Outcome:
    """The inventory may be out of date, and diag's own success says nothing of the device."""
    host = evidence.subject.smtp_host
    because = say(
        "The inventory says that the device is set to {version}, which {host} refuses. diag speaks TLS 1.2 and newer,"
        " so that its own sign-in does not show this. If scans do arrive, the inventory is out of date.",
        version=version,
        host=host,
    )
    shown = say("the device: {version}", version=version)
    return Failed(shown=shown, suspects=(likely("device_tls_too_old", because),))


def _at_the_old_host(evidence: Evidence, version: str | None) -> Suspicion:
    host, device = evidence.subject.smtp_host, evidence.subject.device_tls
    if version is None:
        alone = say("The device sends to {host}, which is there for devices with TLS 1.0 or 1.1 alone.", host=host)
        return likely("tls_too_old_soon", alone)
    if device in _OLD:
        old = say(
            "The device sends to {host}, with {version}, which the ordinary host refuses.", host=host, version=version
        )
        return proven("tls_too_old_soon", old)
    new = say(
        "The device sends to {host}, which is there for devices with TLS 1.0 or 1.1 alone. The inventory says that"
        " it is set to {version}: then it can use the ordinary host today.",
        host=host,
        version=version,
    )
    return likely("tls_too_old_soon", new)


def judge(evidence: Evidence) -> Outcome:
    """What is known of the device itself goes before what the server agreed on with diag, which speaks newer TLS."""
    subject, talk = evidence.subject, dialogue(evidence)
    if not subject.is_exchange:
        return Skipped(because=say("{host} is not a host of Exchange Online", host=subject.smtp_host))
    device = subject.device_tls
    version = TLS_VERSIONS[device] if device else None
    if version and (device in _OLDER or (device in _OLD and not subject.takes_old_tls)):
        return _refused(evidence, version)
    if subject.takes_old_tls:
        shown = say("{host}, the host for old TLS", host=subject.smtp_host)
        return Failed(shown=shown, suspects=(_at_the_old_host(evidence, version),))
    agreed = talk.tls.version if talk and talk.tls else None
    if agreed in _AGREED_OLD:
        because = say("The server agreed on {version}, and on nothing newer.", version=agreed or "")
        return Failed(shown=say("{version}", version=agreed or ""), suspects=(likely("tls_too_old_soon", because),))
    if version:
        return Passed(shown=say("the device: {version}", version=version))
    return Passed(shown=say("{version}", version=agreed)) if agreed else not_reached(evidence, Stage.TLS)


CHECK = Check("tls-current", say("The version of TLS is one that Exchange Online will go on taking"), Stage.TLS, judge)
