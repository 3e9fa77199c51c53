"""What the catalogue holds, and how it is asked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from diag.catalogue.replies import Rule, comparable
from diag.outcome import Certainty
from diag.sentence import Sentence, say
from diag.stage import Stage

Severity: TypeAlias = Literal["blocker", "degraded", "notice"]
Actor: TypeAlias = Literal["helpdesk", "exchange_admin", "entra_admin", "network", "supplier", "microsoft"]


@dataclass(frozen=True, slots=True)
class Bilingual:
    """A text in both languages."""

    en: str
    fr: str

    def in_language(self, lang: str) -> str:
        """Return the text in `lang` ("fr", "fr-CA", "fr_FR.UTF-8"); English for every language but French."""
        return self.fr if lang.lower().startswith("fr") else self.en


@dataclass(frozen=True, slots=True)
class Steps:
    """What to do, in order, in both languages; both have the same number of steps."""

    en: tuple[str, ...]
    fr: tuple[str, ...]

    def in_language(self, lang: str) -> tuple[str, ...]:
        """Return the steps in `lang`, as `Bilingual.in_language` does."""
        return self.fr if lang.lower().startswith("fr") else self.en


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One reason why a scan is not sent.

    `actor` is who can cure it; `hides` are the causes it makes impossible to judge; `look_alikes` says what
    separates it from those that look the same.
    """

    id: str
    stage: Stage
    severity: Severity
    actor: Actor
    hides: tuple[str, ...]
    links: tuple[str, ...]
    title: Bilingual
    explanation: Bilingual
    fix: Steps
    look_alikes: Bilingual


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reply may mean: a cause, how sure, and which words say so."""

    cause: str
    certainty: Certainty
    because: Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class AadstsEntry:
    """What one AADSTS number of Microsoft Entra means for a scanner."""

    number: int
    cause: str
    certainty: Certainty
    meaning: Bilingual


def aadsts_link(number: int) -> str:
    """Return the page on which Microsoft explains an AADSTS number."""
    return f"https://login.microsoftonline.com/error?code={number}"


_BECAUSE = {
    Certainty.PROVEN: say('The reply names this cause itself: "{words}".', words=""),
    Certainty.LIKELY: say('The reply points to this cause: "{words}".', words=""),
    Certainty.POSSIBLE: say('The reply "{words}" fits this cause, but others as well.', words=""),
}


def _because(certainty: Certainty, words: str) -> Sentence:
    """Say which words of the catalogue were found; never words of the server, which may hold anything."""
    return Sentence(_BECAUSE[certainty].text, (("words", words),))


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything diag knows. `causes` are parsed one by one, as they are asked for."""

    causes: Mapping[str, Cause]
    _stage: Callable[[str], Stage]
    _rules: Callable[[], tuple[Rule, ...]]
    _aadsts: Callable[[int], AadstsEntry | None]

    def cause(self, cause_id: str) -> Cause:
        """Return a cause; a `KeyError` is a bug of the caller, causes are never made up."""
        return self.causes[cause_id]

    def of_stages(self, *stages: Stage) -> tuple[str, ...]:
        """Return the ids of all causes that show at one of `stages`, without parsing them."""
        return tuple(cause_id for cause_id in self.causes if self._stage(cause_id) in stages)

    def aadsts(self, number: int) -> AadstsEntry | None:
        """Return what an AADSTS number means; None for a number the catalogue does not know."""
        return self._aadsts(number)

    def classify(self, text: str, *, stage: Stage | None = None, mechanism: str | None = None) -> tuple[Reading, ...]:
        """Return the causes an SMTP reply may have, best first.

        `text` is the reply with or without its code, as it came or as a program shows it (quoted, folded, several
        lines). `mechanism` is the AUTH mechanism that was used, as in "xoauth2". Healthy replies accuse nobody;
        where no rule knows the words the result is empty.
        """
        words = comparable(text)
        used = mechanism.lower() if mechanism else None
        for rule in self._rules():
            if rule.applies(stage, used) and (found := rule.found_in(words)):
                return tuple(Reading(cause, sure, _because(sure, found)) for cause, sure in rule.causes)
        return ()
