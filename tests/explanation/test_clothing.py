"""A reply in whatever clothing, cut, folded, quoted, escaped, in a log, proves no more than it does without."""

import html
import json
import re
from collections.abc import Callable, Mapping
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diag.catalogue import load
from diag.explanation import Explanation, explain
from diag.outcome import Certainty
from tests.explanation.examination import Asked, questions

REPLIES = [
    asked
    for asked in questions()
    if asked.kind in {"sure", "guess"} and asked.paper.startswith(("known.toml", "field.toml", "known_entra.toml"))
]
CODE = re.compile(r"(?:^|\s)[2-5]\d\d$")
FOLDS = ("\n", "\r\n", "\n> ", "\n    # ", "\n\t")
PREFIXES = (
    "2026-11-23 10:00:01 ",
    "2026-11-23T10:00:01.123Z ",
    "[2026-11-23 10:00:01,123] ",
    "11/23/2026 10:00:01 AM - ",
    "Nov 23 10:00:01 mail postfix/smtp[1234]: ",
    "10:00:01.123 ",
    "ERROR ",
    "[WARN] ",
    "INFO: ",
    "2026-11-23 10:00:01 - mailer.smtp - ERROR - ",
    "2026-11-23 10:00:01 [smtp-thread-1] ERROR com.contoso.Mailer - ",
    "[2026-11-23 10:00:01] DEBUG [lHr1v5x3A] ",
    "S: ",
    "< ",
    "<- ",
    "<<< ",
    "SERVER -> CLIENT: ",
    "reply: ",
    "> ",
    "# ",
    "    ",
)
# What a client says shows how far it was, which may decide between causes.
TALK = (
    "C: EHLO scanner.contoso.com",
    "C: MAIL FROM:<scanner@contoso.com>",
    "> RCPT TO:<office@contoso.com>",
    "send: 'AUTH LOGIN\\r\\n'",
    "STARTTLS",
    "QUIT",
)
# Nothing of it is about a fault, a way to sign in or somebody's account.
NOISE = (
    "220 AM0PR02CA0134.outlook.office365.com Microsoft ESMTP MAIL Service ready at Mon, 23 Nov 2026 10:00:00 +0000",
    "S: 250-SIZE 157286400",
    "S: 250 SMTPUTF8",
    "250 2.1.0 Sender OK",
    "235 2.7.0 Authentication successful",
    "354 Start mail input; end with <CRLF>.<CRLF>",
    "S: 221 2.0.0 Service closing transmission channel",
    "2026-11-23 10:00:00 INFO scan-service: job 4711 finished, 550 pages, 421 kB",
    "2026-11-23 10:00:00,123 DEBUG [main] mail.queue - 2 messages left",
    "Nov 23 10:00:00 host-1 postfix/qmgr[812]: 4D489100508D: removed",
    "10:00:00 INFO Listening on port 587",
    '{"level": "info", "message": "scan saved", "ms": 535}',
    "",
)
DRESSES: Mapping[str, Callable[[str], str]] = {
    "html": html.escape,
    "html twice": lambda text: html.escape(html.escape(text)),
    "a paragraph": lambda text: f"<p>{html.escape(text)}</p>",
    "json": json.dumps,
    "json in ascii": lambda text: json.dumps(text, ensure_ascii=True),
    "json in json": lambda text: json.dumps({"error": json.dumps({"message": text})}),
    "python": repr,
    "python bytes": lambda text: repr(text.encode()) if text.isascii() else repr(text),
    "javascript": lambda text: "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'",
    "javascript, in pieces": lambda text: "'" + text.replace("'", "\\'").replace("\n", "\\n' +\n  '") + "',",
    "markdown": lambda text: f"```\n{text}\n```",
    "a list in markdown": lambda text: f"- **Error**: `{text}`",
    "quoted in a mail": lambda text: "\n".join(f"> {line}" for line in text.split("\n")),
    "commented out": lambda text: "\n".join(f"    # {line}" for line in text.split("\n")),
}
many = settings(deadline=None, database=None, derandomize=True, max_examples=400)


def told(explanation: Explanation) -> set[str]:
    return {suspected.cause.id for suspected in explanation.causes}


def proven(explanation: Explanation) -> set[str]:
    return {suspected.cause.id for suspected in explanation.causes if suspected.certainty is Certainty.PROVEN}


@cache
def allowed(asked: Asked) -> set[str]:
    """All that a reply may prove in other clothing: what it tells without."""
    return told(asked.read())


def overclaims(asked: Asked, text: str) -> bool:
    """Whether a text made of a reply proves what the reply does not tell."""
    # A word that is left over and is the id of a cause is asked for by that id.
    return text.strip() not in load().causes and not proven(asked.read(text)) <= allowed(asked)


def loses(asked: Asked, text: str) -> bool:
    """Whether a text made of a reply no longer tells its cause, or proves what the reply does not tell."""
    after = asked.read(text)
    return not (set(asked.causes) & allowed(asked) <= told(after) and proven(after) <= allowed(asked))


def wrapped(text: str, width: int, fold: str) -> str:
    """Fold a text at blanks, but for the one behind a reply's code."""
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        if line and len(line) + len(word) >= width and not CODE.search(line):
            lines, line = [*lines, line], word
        else:
            line = f"{line} {word}" if line else word
    return fold.join([*lines, line])


def test_there_are_replies_enough_to_mean_something() -> None:
    assert len(REPLIES) >= 300


@pytest.mark.parametrize("asked", REPLIES, ids=lambda asked: asked.name)
def test_a_reply_cut_at_any_word_proves_no_other_cause(asked: Asked) -> None:
    blanks = list(re.finditer(r"\s+", asked.text))
    cut = [*(asked.text[: blank.start()] for blank in blanks), *(asked.text[blank.end() :] for blank in blanks)]
    assert [text for text in cut if overclaims(asked, text)] == []


@many
@given(st.sampled_from(REPLIES), st.data())
def test_a_reply_cut_anywhere_proves_no_other_cause(asked: Asked, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(asked.text)))
    end = data.draw(st.integers(start, len(asked.text)))
    assert not overclaims(asked, asked.text[start:end])


@pytest.mark.parametrize("width", [11, 17, 40, 64, 76])
def test_lines_cut_inside_words_prove_no_other_cause(width: int) -> None:
    for asked in REPLIES:
        cut = "\n> ".join(asked.text[at : at + width] for at in range(0, len(asked.text), width))
        assert not overclaims(asked, cut), cut


@pytest.mark.parametrize("width", [30, 60, 72])
@pytest.mark.parametrize("fold", FOLDS)
def test_a_reply_wrapped_at_a_width_keeps_its_cause(fold: str, width: int) -> None:
    texts = ((asked, wrapped(asked.text, width, fold)) for asked in REPLIES)
    assert [text for asked, text in texts if loses(asked, text)] == []


@many
@given(st.sampled_from(REPLIES), st.sampled_from(FOLDS), st.data())
def test_a_reply_folded_at_any_blanks_proves_no_other_cause(asked: Asked, fold: str, data: st.DataObject) -> None:
    first, *words = asked.text.split(" ")
    blanks = data.draw(st.lists(st.sampled_from([" ", fold]), min_size=len(words), max_size=len(words)))
    folded = first + "".join(blank + word for blank, word in zip(blanks, words, strict=True))
    assert not overclaims(asked, folded)


@pytest.mark.parametrize("prefix", PREFIXES)
def test_what_a_log_puts_before_a_reply_changes_nothing(prefix: str) -> None:
    assert [asked.text for asked in REPLIES if loses(asked, prefix + asked.text)] == []


@many
@given(st.sampled_from(REPLIES), st.lists(st.sampled_from(PREFIXES), min_size=2, max_size=4))
def test_nor_does_any_row_of_it(asked: Asked, prefixes: list[str]) -> None:
    assert not overclaims(asked, "".join(prefixes) + asked.text)


@pytest.mark.parametrize("dress", DRESSES.values(), ids=DRESSES)
def test_a_reply_quoted_or_escaped_keeps_its_cause(dress: Callable[[str], str]) -> None:
    assert [asked.text for asked in REPLIES if loses(asked, dress(asked.text))] == []


@many
@given(st.sampled_from(REPLIES), st.lists(st.sampled_from(list(DRESSES.values())), min_size=2, max_size=3))
def test_clothing_over_clothing_proves_no_other_cause(asked: Asked, dresses: list[Callable[[str], str]]) -> None:
    text = asked.text
    for dress in dresses:
        text = dress(text)
    assert not overclaims(asked, text)


@many
@given(
    st.sampled_from(REPLIES), st.lists(st.sampled_from(NOISE), max_size=6), st.lists(st.sampled_from(NOISE), max_size=6)
)
def test_harmless_lines_around_a_reply_keep_its_cause(asked: Asked, before: list[str], after: list[str]) -> None:
    assert not loses(asked, "\n".join([*before, asked.text, *after]))


@many
@given(st.sampled_from(REPLIES), st.lists(st.sampled_from(TALK), min_size=1, max_size=6))
def test_what_a_client_says_before_a_reply_proves_no_other_cause(asked: Asked, talk: list[str]) -> None:
    assert not overclaims(asked, "\n".join([*talk, asked.text]))


@pytest.mark.parametrize("noise", [*NOISE, *TALK])
def test_harmless_lines_alone_accuse_nobody(noise: str) -> None:
    assert explain(f"{noise}\n{noise}").findings == ()
