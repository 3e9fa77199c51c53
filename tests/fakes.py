"""The world as a test wants it: every port answers as Exchange Online would, and what was asked is kept."""

import base64
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from diag.evidence import (
    Acquisition,
    Auth,
    BrowserShowed,
    ClockReading,
    Contact,
    Dialogue,
    Discovery,
    Evidence,
    Granted,
    Lookup,
)
from diag.ports import Acquired, Discovered, Ports
from diag.secret import Secret
from diag.sentence import Sentence
from diag.stage import Stage
from diag.subject import Subject
from tests.evidence_cases import AUDIENCE, CLAIMS, MAILBOX, NOW, TENANT, healthy, talk_of


def jwt(claims: dict[str, Any] | None = None, **changes: Any) -> str:
    """A JWT that nobody signed: a v1.0 token for the mailbox unless `claims` are given; None leaves a claim out."""
    usual = {
        "aud": AUDIENCE,
        "iss": f"https://sts.windows.net/{TENANT}/",
        "scp": "SMTP.Send",
        "upn": MAILBOX,
        "tid": TENANT,
        "appid": CLAIMS.app_id,
        "iat": int((NOW - timedelta(minutes=5)).timestamp()),
        "nbf": int((NOW - timedelta(minutes=5)).timestamp()),
        "exp": int((NOW + timedelta(minutes=70)).timestamp()),
    }
    body = {name: value for name, value in ((claims or usual) | changes).items() if value is not None}
    return f"{part({'typ': 'JWT', 'alg': 'RS256'})}.{part(body)}.{'c2lnbmF0dXJl' * 20}"


def part(value: object) -> str:
    """One part of a JWT: base64url JSON without padding."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@dataclass
class World:
    """All ports at once. `asked` is the order in which they were asked; the fields say what they answer."""

    auth: Auth | None = Auth.DEVICE_CODE
    token: str | None = field(default_factory=jwt)
    acquisition: Acquisition = field(default_factory=lambda: Granted(auth=Auth.DEVICE_CODE))
    evidence: Evidence = field(default_factory=healthy)
    discovery: Discovery | None = None
    asked: list[str] = field(default_factory=list)
    tokens_sent: list[str | None] = field(default_factory=list)
    addresses: list[tuple[str, ...]] = field(default_factory=list)
    said: list[Sentence] = field(default_factory=list)
    client_id: str | None = "5ca11ab1-e0de-4d1a-9f00-0123456789ab"
    scope: str = f"{AUDIENCE}/SMTP.Send"
    audiences: tuple[str, ...] = (AUDIENCE,)
    elapsed: float = 0

    @property
    def ports(self) -> Ports:
        return Ports(network=self, smtp=self, tokens=self, clock=self, person=self)

    async def look_up(self, host: str) -> tuple[Lookup, ...]:
        self.asked.append("look_up")
        return self.evidence.network.lookups

    async def reach(self, addresses: tuple[str, ...], port: int) -> tuple[Contact, ...]:
        self.asked.append("reach")
        self.addresses.append(addresses)
        return tuple(contact for contact in self.evidence.network.contacts if contact.address in addresses)

    async def dialogue(self, subject: Subject, address: str, token: Secret | None) -> Dialogue:
        self.asked.append("rehearsal" if token is None else "dialogue")
        self.tokens_sent.append(None if token is None else token.reveal())
        talk = talk_of(self.evidence)
        if token is not None:
            return talk
        kept = tuple(step for step in talk.steps if step.stage.order < Stage.AUTH.order)
        return Dialogue(
            host=talk.host,
            port=talk.port,
            address=address,
            started_at=talk.started_at,
            steps=kept,
            features_before=talk.features_before,
            features_after=talk.features_after,
            tls=talk.tls,
            violations=talk.violations,
        )

    async def discover(self) -> Discovered:
        self.asked.append("discover")
        discovery = self.evidence.sign_in.discovery if self.discovery is None else self.discovery
        return Discovered(discovery=discovery, clock=ClockReading(source="login", server=NOW, local=NOW))

    async def acquire(self) -> Acquired:
        self.asked.append("acquire")
        return Acquired(acquisition=self.acquisition, token=None if self.token is None else Secret(self.token))

    async def renew(self) -> Acquired:
        self.asked.append("renew")
        return Acquired(acquisition=self.acquisition, token=None if self.token is None else Secret(self.token))

    def now(self) -> datetime:
        return NOW

    def elapsed_ms(self) -> float:
        self.elapsed += 250
        return self.elapsed

    async def sleep(self, seconds: float) -> None:
        self.elapsed += 1000 * seconds

    def progress(self, now: Sentence, *, fleeting: bool = False) -> None:
        self.said.append(now)

    def show_code(self, code: Secret, page: str, lifetime_s: int) -> None:
        self.asked.append("show_code")

    def browser_showed(self) -> BrowserShowed | None:
        return None
