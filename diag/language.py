"""The languages diag speaks: which one to use, and gettext's translations of its sentences."""

import gettext
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

Translate: TypeAlias = Callable[[str], str]

_DOMAIN = "diag"
_LOCALES = Path(__file__).parent / "locales"
_FRENCH_ON_WINDOWS = 0x0C  # LANG_FRENCH, the primary language in the low ten bits of a LANGID
_PRIMARY = 0x3FF


def supported() -> tuple[str, ...]:
    """Return the codes of the languages there are, the source language first."""
    return ("en", "fr")


def translator(language: str) -> Translate:
    """Return gettext's translation into `language`; English, the language of the source, comes back unchanged."""
    if language == "en":
        return str
    return gettext.translation(_DOMAIN, _LOCALES, languages=[language]).gettext


def spoken(locale: str) -> str | None:
    """Return the supported language of a POSIX locale or BCP 47 tag (`fr_CA.UTF-8`, `fr-FR`), None for any other."""
    language = locale.replace("-", "_").partition("_")[0].partition(".")[0].lower()
    return language if language in supported() else None


def _windows() -> str:
    """The language of the Windows user interface; environment variables seldom say it there."""
    if sys.platform != "win32":
        return "en"
    import ctypes

    identifier: int = ctypes.windll.kernel32.GetUserDefaultUILanguage()
    return "fr" if identifier & _PRIMARY == _FRENCH_ON_WINDOWS else "en"


def of_surroundings(environment: Mapping[str, str]) -> str:
    """Return the language of the session: the first of LC_ALL, LC_MESSAGES, LANG that is set, else the system's."""
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if locale := environment.get(variable):
            return spoken(locale) or "en"
    return _windows()


def wanted(arguments: Sequence[str], environment: Mapping[str, str]) -> str:
    """Return the language to speak: `--lang`, then DIAG_LANG, then the session's.

    It is needed before the arguments are parsed, since help and mistakes are told in it. A language that diag does not
    speak is passed over here and refused later, in words.
    """
    asked = [environment.get("DIAG_LANG", "")]
    for at, argument in enumerate(arguments):
        if argument == "--lang":
            asked.append(arguments[at + 1] if at + 1 < len(arguments) else "")
        elif argument.startswith("--lang="):
            asked.append(argument.partition("=")[2])
    return next((word for word in reversed(asked) if word in supported()), of_surroundings(environment))
