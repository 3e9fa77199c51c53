"""Whom a report is told to, and what it says of a cause in their words."""

from dataclasses import dataclass

from diag.catalogue import Cause
from diag.language import Translate
from diag.outcome import Certainty
from diag.sentence import Sentence
from diag.subject import Subject
from reports.more import more
from reports.remedy import Step, steps
from reports.wording import ACTORS, CERTAINTIES, Quote, shown, told


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Whom the story is told to: a language, how a report quotes what others wrote, and how it sets our own words.

    `docs_url` is where the documentation is published, with a slash at its end.
    """

    language: str
    translate: Translate
    quote: Quote = shown
    prose: Quote = str
    docs_url: str | None = None

    def own(self, sentence: Sentence) -> str:
        """Return the text of a sentence of ours in the reader's language, its places unfilled."""
        return self.prose(self.translate(sentence.text))

    def say(self, sentence: Sentence) -> str:
        """Return a sentence in the reader's language, the values quoted."""
        return told(sentence, lambda text: self.prose(self.translate(text)), self.quote)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why diag says so: a sentence of ours, and the lines of others that it leads up to, harmless but not wrapped."""

    text: str
    quoted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseTold:
    """A cause in words; `verbatim` are the lines of the answer it rests on, where no reason quotes them already.

    `next_look` says what separates it from causes that look the same; `more` is where everything about it stands.
    """

    id: str
    title: str
    certainty: str
    explanation: str
    because: tuple[Reason, ...]
    verbatim: tuple[str, ...]
    steps: tuple[Step, ...]
    actor: str
    links: tuple[str, ...]
    next_look: str
    more: str

    @property
    def is_published(self) -> bool:
        """Whether `more` is a page on the web, and not a command."""
        return self.more.startswith("http")


def cause_told(  # noqa: PLR0913 - what a cause is told with
    cause: Cause,
    certainty: Certainty,
    reader: Reader,
    *,
    because: tuple[Reason, ...] = (),
    verbatim: tuple[str, ...] = (),
    subject: Subject | None = None,
) -> CauseTold:
    """Put a cause into the reader's words; its steps are for the mailbox that is examined, if one is."""
    language = reader.language
    return CauseTold(
        id=cause.id,
        title=reader.prose(cause.title.in_language(language)),
        certainty=reader.own(CERTAINTIES[certainty]),
        explanation=reader.prose(cause.explanation.in_language(language)),
        because=because,
        verbatim=verbatim,
        steps=steps(cause, subject, language),
        actor=reader.own(ACTORS[cause.actor]),
        links=cause.links,
        next_look=reader.prose(cause.look_alikes.in_language(language)),
        more=more(cause.id, language, reader.docs_url),
    )
