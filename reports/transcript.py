"""The certificates a server sent, and the whole conversation with it, line by line."""

from collections.abc import Iterator
from datetime import UTC, datetime

from diag import naming
from diag.evidence import Certificate, Dialogue, Evidence, NotAsked, Reply, Silence, Step, Tls
from diag.language import Translate
from diag.sentence import say
from reports.verdict import FLAWS
from reports.wording import shown, told

_NAMES_SHOWN = 5


def _moment(when: datetime) -> str:
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _certificate(number: int, certificate: Certificate, translate: Translate) -> Iterator[str]:
    names = ", ".join(certificate.names[:_NAMES_SHOWN])
    more = certificate.names_total - min(len(certificate.names), _NAMES_SHOWN)
    yield told(say("Certificate {number}: {subject}", number=number, subject=certificate.subject), translate)
    yield "  " + told(say("issued by {issuer}", issuer=certificate.issuer), translate)
    if names and more > 0:
        yield "  " + told(say("for {names} and {more} more", names=names, more=more), translate)
    elif names:
        yield "  " + told(say("for {names}", names=names), translate)
    yield "  " + told(
        say(
            "valid from {start} to {end}",
            start=_moment(certificate.not_before),
            end=_moment(certificate.not_after),
        ),
        translate,
    )
    yield "  " + shown(f"{certificate.key}, {certificate.signature}, SHA-256 {certificate.sha256}")


def _handshake(tls: Tls, translate: Translate) -> Iterator[str]:
    if tls.version:
        yield shown(" ".join(word for word in (tls.version, tls.cipher) if word))
    if tls.verified:
        yield told(say("The certificate was accepted ({trust}).", trust=tls.trust), translate)
    else:
        yield told(say("The certificate was not accepted ({trust}).", trust=tls.trust), translate)
    for found in tls.flaws:
        yield "  " + translate(FLAWS[found].text)
    if tls.product:
        yield "  " + shown(tls.product)
    if tls.error:
        yield "  " + shown(tls.error)
    for number, certificate in enumerate(tls.chain, 1):
        yield from _certificate(number, certificate, translate)


def certificates(evidence: Evidence, translate: Translate) -> tuple[str, ...]:
    """Return the TLS handshake and the chain in lines; none where it did not come to TLS."""
    if isinstance(evidence.dialogue, NotAsked) or evidence.dialogue.tls is None:
        return ()
    return tuple(_handshake(evidence.dialogue.tls, translate))


def _step(step: Step, translate: Translate) -> Iterator[str]:
    way = translate((say("over TLS") if step.secured else say("in clear")).text)
    answered = step.at_ms + step.duration_ms
    if step.sent is not None:
        for line in step.sent.splitlines() or [""]:
            yield f"{step.at_ms:7.0f} ms {way}  C: {shown(line)}"
    match step.answer:
        case Reply(code=code, lines=lines):
            last = len(lines) - 1
            for at, line in enumerate(lines or ("",)):
                yield f"{answered:7.0f} ms {way}  S: {code}{'-' if at < last else ' '}{shown(line)}".rstrip()
        case Silence(reason=reason, detail=detail):
            said = translate(naming.reason(reason).text)
            yield f"{answered:7.0f} ms {way}  S: ({said}) {shown(detail)}".rstrip()


def _lines(dialogue: Dialogue, translate: Translate) -> Iterator[str]:
    yield shown(f"{dialogue.host}, {dialogue.address}:{dialogue.port}")
    for step in dialogue.steps:
        yield from _step(step, translate)
    for violation in dialogue.violations:
        stage = naming.stage(violation.stage)
        yield told(say("out of turn, at {stage}: {bytes}", stage=stage, bytes=violation.shown), translate)


def transcript(evidence: Evidence, translate: Translate) -> tuple[str, ...]:
    """Return the conversation: milliseconds since its start, whether over TLS, and C: or S: with the line."""
    return () if isinstance(evidence.dialogue, NotAsked) else tuple(_lines(evidence.dialogue, translate))
