"""Watch a change of the setting until it is effective: try the sign-in again, with growing pauses."""

from collections.abc import Sequence
from math import ceil

from diag.catalogue import Catalogue
from diag.diagnosis import Diagnosis, Verdict
from diag.evidence import Dialogue, Evidence, NotAsked
from diag.gather import again
from diag.outcome import Check
from diag.pipeline import follow, replay
from diag.ports import Ports
from diag.sentence import say
from diag.stage import Stage

FIRST_PAUSE_S, LONGEST_PAUSE_S, GROWTH = 5.0, 60.0, 1.5


async def watch(  # noqa: PLR0913 - what was found, the world, what judges it, and how long
    evidence: Evidence,
    diagnosis: Diagnosis,
    ports: Ports,
    checks: Sequence[Check],
    catalogue: Catalogue,
    *,
    wait_s: float,
) -> tuple[Evidence, Diagnosis]:
    """Try again while a change is on its way, for `wait_s` seconds at most; returns what the last try found.

    It ends at once where the sign-in is accepted, or refused for another reason. Where a try does not get as far as the
    sign-in, the next one may.
    """
    began, pause_s, tries = ports.clock.elapsed_ms(), FIRST_PAUSE_S, 0
    while diagnosis.verdict is Verdict.WAITING or (tries and _got_no_answer(evidence)):
        waited_s = (ports.clock.elapsed_ms() - began) / 1000
        if waited_s >= wait_s:
            break
        await _count_down(min(pause_s, wait_s - waited_s), ports, waited_s, wait_s)
        tries, pause_s = tries + 1, min(pause_s * GROWTH, LONGEST_PAUSE_S)
        evidence = await again(evidence, ports)
        if ports.ledger is not None:
            evidence = await follow(evidence, ports.ledger, ports.clock.now())
        diagnosis = replay(evidence, checks, catalogue)
    return evidence, diagnosis


def _got_no_answer(evidence: Evidence) -> bool:
    """Whether a try did not get as far as the sign-in, and the next one may: there is a token still."""
    talk = evidence.dialogue
    if isinstance(evidence.sign_in.acquisition, NotAsked):
        return False
    return not isinstance(talk, Dialogue) or talk.reply(Stage.AUTH) is None


async def _count_down(pause_s: float, ports: Ports, waited_s: float, wait_s: float) -> None:
    """Let a pause pass, second by second, and say so."""
    left = pause_s
    while left > 0:
        ports.person.progress(
            say(
                "Not effective yet; next try in {seconds} s ({waited} of {whole} s over)",
                seconds=ceil(left),
                waited=round(waited_s + pause_s - left),
                whole=round(wait_s),
            ),
            fleeting=left < pause_s,
        )
        await ports.clock.sleep(min(1.0, left))
        left -= 1.0
