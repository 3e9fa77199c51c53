"""Read the text to explain: from the words on the line, a file, or standard input."""

import codecs
import re
import sys
from pathlib import Path

from diag.cli.command import Call
from diag.files import why
from diag.sentence import say
from diag.subject import InvalidInputError, printable

_MAX_BYTES = 64 * 1024 * 1024
_STDIN = "-"
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# What Python takes for the end of a line, and no editor that numbers them does.
_ODD_BREAKS = re.compile("[\v\f\x1c-\x1e\x85\u2028\u2029]")
# A word that can only be meant as the name of a file.
_FILE_NAME = re.compile(r"\S*[\\/]\S*|\S+\.(?:log|txt|json|eml|msg|csv|xml|html?)", re.IGNORECASE)


def characters(content: bytes) -> str:
    """Turn bytes from anywhere into text: UTF-8, UTF-16 as PowerShell writes it, else what Windows used before."""
    if content.startswith(_UTF16):
        text = content.decode("utf-16", "replace")
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            # The five bytes that cp1252 leaves undefined are letters of nobody's log.
            text = content.decode("cp1252", "replace")
    return _ODD_BREAKS.sub(" ", text.replace("\0", ""))


def _within_limit(content: bytes) -> str:
    if len(content) > _MAX_BYTES:
        raise InvalidInputError(say("The text is larger than 64 MiB: cut out the part that matters."))
    return characters(content)


def _stdin() -> str:
    return _within_limit(sys.stdin.buffer.read(_MAX_BYTES + 1))


def _file(path: str) -> str:
    if path == _STDIN:
        return _stdin()
    try:
        with Path(path).open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except (OSError, ValueError) as problem:
        reason = why(problem) if isinstance(problem, OSError) else type(problem).__name__
        raise InvalidInputError(
            say("{path} cannot be read: {reason}.", path=printable(path, 200), reason=reason)
        ) from None
    return _within_limit(content)


def _names_a_file(word: str) -> bool:
    """Whether a word is the name of a file, or of a pipe that a shell made; a folder's may be a code as well."""
    try:
        return Path(word).exists() and not Path(word).is_dir()
    except (OSError, ValueError):
        return False


def is_lost_file(call: Call) -> bool:
    """Whether the words on the line look like the name of a file that is not there."""
    return len(call.words) == 1 and bool(_FILE_NAME.fullmatch(call.words[0])) and not _names_a_file(call.words[0])


def text_of(call: Call, request: InvalidInputError) -> str:
    """Return the text to explain; `request` is raised where nothing was given, or nothing but blanks."""
    words, file = call.words, call.options.get("file")
    if file is not None and words:
        raise InvalidInputError(say("Give either a text or --file, not both."))
    if file is not None:
        return _file(file)
    if words == (_STDIN,) or (not words and not sys.stdin.isatty()):
        text = _stdin()
        if words or text.strip():
            return text
        raise request
    if len(words) == 1 and _names_a_file(words[0]):
        return _file(words[0])
    if not any(word.strip() for word in words):
        raise request
    return " ".join(words)
