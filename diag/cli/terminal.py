"""The person in front of the terminal: what they are told while they wait, and what they are asked."""

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from diag.evidence import BrowserShowed, Page
from diag.language import Translate
from diag.secret import Secret
from diag.sentence import Sentence, say
from reports.wording import shown, told

if TYPE_CHECKING:
    from rich.status import Status

_BROWSER = (
    (Page.SECOND_PROOF, say("It asked for a second proof (text message, authenticator app, ...)")),
    (Page.NEEDS_APPROVAL, say("It said that an administrator must approve the app")),
    (Page.BLOCKED, say("It said that the organisation blocks this")),
    (Page.WRONG_CODE, say("It said that the code is wrong or expired")),
    (Page.NOT_OPENED, say("No page was opened")),
)
_YES = say("yes")
_NUMBERS = tuple(str(number) for number in range(1, len(_BROWSER) + 1))
_MAX_ANSWER = 500
_ATTEMPTS = 2


@dataclass(slots=True)
class _Line:
    """The moving line, of which a terminal has one, whoever is spoken to."""

    status: "Status | None" = None


@dataclass(slots=True)
class Terminal:
    """The `Person` port. Everything goes to stderr, so that stdout holds the report alone.

    `account` is the mailbox to sign in as, where it is known; as an `administrator` somebody else signs in.
    `simulated`: the lab signs in by itself; `verbose` tells every step even where no terminal shows it.
    """

    translate: Translate
    account: str | None = None
    administrator: bool = False
    simulated: bool = False
    verbose: bool = False
    _line: _Line = field(default_factory=_Line, repr=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._quiet()

    def _quiet(self) -> None:
        if self._line.status is not None:
            self._line.status.stop()
            self._line.status = None

    def _print(self, line: str = "") -> None:
        print(line, file=sys.stderr, flush=True)  # noqa: T201 - stderr is this port's other side

    def _told(self, sentence: Sentence) -> str:
        return told(sentence, self.translate)

    def progress(self, now: Sentence, *, fleeting: bool = False) -> None:
        """See the port: a moving line on a terminal; elsewhere nothing, or plain lines if verbose."""
        line = self._told(now)
        if not sys.stderr.isatty():
            if self.verbose and not fleeting:
                self._print(f"{line} ...")
            return
        if self._line.status is None:
            from rich.console import Console
            from rich.status import Status

            self._line.status = Status("", console=Console(stderr=True, highlight=False), spinner="line")
            self._line.status.start()
        from rich.text import Text

        self._line.status.update(Text(f"{line} ..."))

    def show_code(self, code: Secret, page: str, lifetime_s: int) -> None:
        """See the port."""
        self._quiet()
        minutes = max(1, lifetime_s // 60)
        self._print()
        asked = say("Someone must sign in now, as the device would:")
        if self.administrator:
            asked = say("An administrator must sign in now:")
        self._print(self._told(asked))
        self._print()
        self._print("    1. " + self._told(say("Open this page:    {page}", page=page)))
        self._print("    2. " + self._told(say("Type this code:    {code}", code=shown(code.reveal(), 80))))
        if self.administrator:
            self._print("    3. " + self._told(say("Sign in as an administrator, not as the scanner.")))
        elif self.account:
            self._print("    3. " + self._told(say("Sign in as:        {account}", account=self.account)))
        else:
            self._print("    3. " + self._told(say("Sign in with the scanner's own account, not with yours.")))
        self._print()
        if lifetime_s < 60:  # noqa: PLR2004 - less than one minute
            self._print(self._told(say("The code is valid for {seconds} seconds.", seconds=lifetime_s)))
        elif minutes == 1:
            self._print(self._told(say("The code is valid for 1 minute.")))
        else:
            self._print(self._told(say("The code is valid for {minutes} minutes.", minutes=minutes)))
        if self.simulated:
            self._print(self._told(say("Here, in the lab, that happens by itself.")))
        self._print()
        self.progress(say("Waiting for the sign-in"))

    def browser_showed(self) -> BrowserShowed | None:
        """See the port; asks only where both the question is seen and an answer can be typed."""
        self._quiet()
        if not self.can_be_asked:
            return None
        self._print(self._told(say("Nobody finished signing in. What did the browser show?")))
        for number, (_, choice) in enumerate(_BROWSER, 1):
            self._print(f"  {number}. {self._told(choice)}")
        self._print("  " + self._told(say("or type what it said; Enter alone if you do not know")))
        self._print()
        for _ in range(_ATTEMPTS):
            answer = self._answer()
            if not (answer.isascii() and answer.isdigit()):
                return BrowserShowed(page=Page.OTHER, words=answer) if answer else None
            if answer in _NUMBERS:
                return BrowserShowed(page=_BROWSER[_NUMBERS.index(answer)][0])
            self._print(
                self._told(say("There is no such number; there are {first} to {last}.", first=1, last=len(_BROWSER)))
            )
        return None

    @property
    def can_be_asked(self) -> bool:
        """Whether a question is seen, and an answer can be typed."""
        return bool(sys.stdin) and sys.stdin.isatty() and sys.stderr.isatty()

    def say(self, sentence: Sentence) -> None:
        """Say something that stays."""
        self._quiet()
        self._print(self._told(sentence))

    def confirms(self, question: Sentence) -> bool | None:
        """Ask a question of yes or no; None where nobody can be asked. Only a plain yes is one."""
        self._quiet()
        if not self.can_be_asked:
            return None
        self._print(
            self._told(say("{question} Type yes to go on; everything else changes nothing.", question=question))
        )
        return self._answer().casefold() in {"yes", self.translate(_YES.text).casefold()}

    def _answer(self) -> str:
        """Read one line from the person; empty where nothing can be read."""
        print("> ", end="", file=sys.stderr, flush=True)  # noqa: T201 - as in `_print`
        try:
            return sys.stdin.readline(_MAX_ANSWER).strip()
        except (OSError, UnicodeDecodeError):
            return ""
