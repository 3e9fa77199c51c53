"""A report to deliver, and a world to deliver it in: typed fakes of the ports, time that passes only in sleep."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from diag.evidence import BrowserShowed
from diag.health.delivery import Attachment, Begun, ByUrl, Delivered, Message, NotDelivered, Recipient
from diag.health.result import Status
from diag.secret import Secret
from diag.sentence import Sentence, say

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
REPORT = Message(
    subject="diag: 2 of 40 scanners cannot send",
    text="## Health of 40 scanners\n\n- **2 broken**, 1 new: `copier@contoso.com`\n- 38 healthy & *well*",
    status="critical",
    run=7,
    attachments=(
        Attachment(name="report.json", media_type="application/json", content=b'{"schema": "diag.health/1"}'),
        Attachment(name="findings.csv", media_type="text/csv", content=b"mailbox,status\r\n"),
    ),
    changed=True,
    statuses=frozenset({Status.BROKEN, Status.HEALTHY}),
)
TEAMS = ByUrl(kind="teams", url="env:TEAMS")
SLACK = ByUrl(kind="slack", url="env:SLACK")
WEBHOOK = ByUrl(kind="webhook", url="env:HOOK")
NO = NotDelivered(because=say("It is busy."), again=True)
NEVER = NotDelivered(because=say("It refuses."), again=False)


@dataclass
class Time:
    """A clock on which time passes where somebody sleeps, and nowhere else."""

    passed_s: float = 0
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.passed_s)

    def elapsed_ms(self) -> float:
        return self.passed_s * 1000

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.passed_s += seconds


@dataclass
class Listener:
    """The `Person` port: keeps what is said."""

    said: list[str] = field(default_factory=list)

    def progress(self, now: Sentence, *, fleeting: bool = False) -> None:
        self.said.append(str(now))

    def show_code(self, code: Secret, page: str, lifetime_s: int) -> None:
        raise AssertionError

    def browser_showed(self) -> BrowserShowed | None:
        raise AssertionError


@dataclass
class Carrier:
    """The `Post` port: answers each recipient as told, the last answer again and again."""

    answers: dict[str, list[Delivered | NotDelivered | Exception]]
    carried: list[tuple[str, Message | Begun]] = field(default_factory=list)
    before: Callable[[], None] = lambda: None

    async def deliver(self, recipient: Recipient, message: Message | Begun) -> Delivered | NotDelivered:
        self.before()
        self.carried.append((recipient.shown, message))
        left = self.answers.get(recipient.shown, [Delivered()])
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, Exception):
            raise answer
        return answer
