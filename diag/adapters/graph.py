"""The `Directory` port: what Microsoft Entra and Exchange Online tell an administrator through Microsoft Graph.

Nothing is changed here: of the calls (graph_words.py) that it makes, one is a POST, which asks What-If.
"""

from dataclasses import dataclass
from datetime import datetime

from diag.adapters import graph_questions
from diag.adapters.answers import is_bare_https, without_password
from diag.adapters.exchange import AskToken
from diag.adapters.graph_questions import Questions, not_asked_yet
from diag.adapters.graph_wire import Service, begin
from diag.adapters.network import Route, straight
from diag.adapters.trust import Trust
from diag.directory import Directory, Trace
from diag.evidence import Auth
from diag.obstacle import NotAnswered
from diag.secret import Redactor
from diag.sentence import say
from diag.subject import Cloud, InvalidInputError, Subject, address

GRAPH_URLS = {
    Cloud.GLOBAL: "https://graph.microsoft.com",
    Cloud.GCC_HIGH: "https://graph.microsoft.us",
    Cloud.DOD: "https://dod-graph.microsoft.us",
    Cloud.CHINA: "https://microsoftgraph.chinacloudapi.cn",
}


def graph_url(url: str) -> str:
    """Return `url` unchanged if a token may be sent there: https and a host, perhaps a port, and nothing else.

    Raises `InvalidInputError` otherwise.
    """
    if not is_bare_https(url):
        shown = without_password(url)
        raise InvalidInputError(say("'{url}' is not an address like https://graph.microsoft.com.", url=shown))
    return url


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """The `Directory` port.

    `timeout_s` holds for all questions together, from the first request on; `at_once` of them are under way at most.
    """

    token: AskToken
    trust: Trust
    redactor: Redactor
    base: str = GRAPH_URLS[Cloud.GLOBAL]
    timeout_s: float = 60
    at_once: int = 4
    route: Route = straight

    def __post_init__(self) -> None:
        """Refuse, with `InvalidInputError`, an address that no token may be sent to."""
        graph_url(self.base)

    async def ask(self, subject: Subject, *, client_id: str | None, auth: Auth | None) -> Directory:
        """Put every question, `at_once` at a time; see the port."""
        conversation = await begin(self._service)
        if isinstance(conversation, NotAnswered):
            return _nothing(conversation)
        try:
            questions = Questions(conversation=conversation, mailbox=subject.mailbox, client_id=client_id, auth=auth)
            return await questions.put()
        finally:
            await conversation.close()

    async def trace(self, sender: str, recipient: str, since: datetime) -> Trace | NotAnswered:
        """Ask what became of the messages; see the port. Raises `InvalidInputError` where one is no address."""
        address(sender), address(recipient)
        conversation = await begin(self._service)
        if isinstance(conversation, NotAnswered):
            return conversation
        try:
            return await graph_questions.trace(conversation, sender, recipient, since)
        finally:
            await conversation.close()

    @property
    def _service(self) -> Service:
        return Service(
            token=self.token,
            trust=self.trust,
            redactor=self.redactor,
            base=self.base,
            timeout_s=self.timeout_s,
            route=self.route,
            at_once=self.at_once,
        )


def _nothing(why: NotAnswered) -> Directory:
    return Directory(
        account=why,
        mailbox=why,
        security_defaults=why,
        policies=why,
        app=why,
        consent=why,
        registration=why,
        sign_ins=why,
        health=why,
        trace=not_asked_yet(),
    )
