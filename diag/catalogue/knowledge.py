"""What the catalogue holds, and how it is asked."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, Protocol, TypeAlias

from diag.catalogue.replies import Circumstances, Match, Rules, decide
from diag.catalogue.words import comparable
from diag.outcome import Certainty
from diag.sentence import Sentence, say
from diag.stage import Stage
from diag.subject import Account

Severity: TypeAlias = Literal["blocker", "impending", "degraded", "notice"]
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
    """What one AADSTS number of Microsoft Entra means for a scanner.

    `name` is Microsoft's own, where it has one; `seen` says where people meet the number: in the answer to the
    "device_code" or "token" request, in the "sign_in_log", in the "browser". `step` is what to do first.
    """

    number: int
    name: str | None
    cause: str
    certainty: Certainty
    seen: tuple[str, ...]
    meaning: Bilingual
    step: Bilingual


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelCode:
    """What a device's panel, or something on the way, shows.

    `shows` is the message beside the code, word for word. Of the kinds, "state" is no error and has no `causes`;
    "reply" and "sign_in" are words of Exchange Online and Entra that a device passes on; "path" is what something
    between device and server leaves. `source` is the page that tells of the code; `step` is what to do first.
    """

    vendor: str
    code: str
    shows: str | None
    kind: Literal["error", "state", "reply", "sign_in", "path"]
    causes: tuple[tuple[str, Certainty], ...]
    source: str
    meaning: Bilingual
    step: Bilingual


def aadsts_link(number: int) -> str:
    """Return the page on which Microsoft explains an AADSTS number."""
    return f"https://login.microsoftonline.com/error?code={number}"


_BECAUSE = {
    Certainty.PROVEN: say('The reply names this cause itself: "{words}".', words=""),
    Certainty.LIKELY: say('The reply points to this cause: "{words}".', words=""),
    Certainty.POSSIBLE: say('The reply "{words}" fits this cause, but others as well.', words=""),
}


def readings(match: Match | None) -> tuple[Reading, ...]:
    """Return what a rule concludes; the reasons quote the catalogue, never a server, which may say anything."""
    if match is None:
        return ()
    found = (("words", match.phrase.shown),)
    return tuple(Reading(cause, sure, Sentence(_BECAUSE[sure].text, found)) for cause, sure in match.rule.causes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Causes that share a page of the documentation: its title, and what it is about."""

    title: Bilingual
    about: Bilingual


class PanelCodes(Protocol):
    """All codes of devices, by vendor."""

    def __getitem__(self, place: int, /) -> PanelCode:
        """Return one code."""

    def __iter__(self) -> Iterator[PanelCode]:
        """Yield all codes."""

    def __len__(self) -> int:
        """Return how many there are."""

    def names(self) -> tuple[tuple[str, str], ...]:
        """Return the vendor and code of each, in the same order, which costs less than the codes themselves."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything diag knows. `causes` are parsed one by one, as they are asked for, and so is all the rest."""

    causes: Mapping[str, Cause]
    panel_codes: PanelCodes
    _of_stages: Callable[..., tuple[str, ...]]
    _group: Callable[[str], str]
    _groups: Callable[[], Mapping[str, Group]]
    _rules: Callable[[], Rules]
    _numbers: Callable[[], tuple[int, ...]]
    _aadsts: Callable[[int], AadstsEntry | None]

    def cause(self, cause_id: str) -> Cause:
        """Return a cause; a `KeyError` is a bug of the caller, causes are never made up."""
        return self.causes[cause_id]

    def of_stages(self, *stages: Stage) -> tuple[str, ...]:
        """Return the ids of all causes that show at one of `stages`, without parsing them."""
        return self._of_stages(*stages)

    def group(self, cause_id: str) -> str:
        """Return the group of a cause, which is also the name of its page in the documentation."""
        return self._group(cause_id)

    @property
    def groups(self) -> Mapping[str, Group]:
        """The groups of causes by name, in the order of the documentation."""
        return self._groups()

    @property
    def aadsts_numbers(self) -> tuple[int, ...]:
        """All AADSTS numbers that are known, in rising order."""
        return self._numbers()

    def aadsts(self, number: int) -> AadstsEntry | None:
        """Return what an AADSTS number means; None for a number the catalogue does not know."""
        return self._aadsts(number)

    def matches(self, words: str) -> tuple[Match, ...]:
        """Return the rules that fit `words` (from `diag.catalogue.words`, blanks around them), in their order."""
        return self._rules().matches(words)

    def classify(
        self,
        text: str,
        *,
        stage: Stage | None = None,
        mechanism: str | None = None,
        account: Account | None = None,
    ) -> tuple[Reading, ...]:
        """Return the causes an SMTP reply may have, best first.

        `text` is the reply with or without its code, as it came or as a program shows it (quoted, folded, several
        lines). `mechanism` is the AUTH mechanism that was used, as in "xoauth2"; `account` says whose the mailbox is.
        Healthy replies accuse nobody; where no rule knows the words the result is empty.
        """
        used = mechanism.lower() if mechanism else None
        seen = Circumstances(stage=stage, mechanism=used, account=account)
        return readings(decide(_fitting(self._rules(), text), seen))


@lru_cache(maxsize=64)
def _fitting(rules: Rules, text: str) -> tuple[Match, ...]:
    """The rules that fit a reply: many checks read the same one, each with what it knows beside."""
    return rules.matches(comparable(text))
