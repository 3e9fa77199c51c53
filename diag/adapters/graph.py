"""The `Directory` port: what Microsoft Entra and Exchange Online tell an administrator through Microsoft Graph.

Nothing is changed here: of the calls (graph_words.py) that it makes, one is a POST, which asks What-If.
"""

from dataclasses import dataclass
from datetime import datetime

from diag.adapters import graph_questions
from diag.adapters.graph_questions import Questions
from diag.adapters.graph_wire import GraphService, conversing
from diag.directory import NOT_TRACED, Directory, Trace
from diag.evidence import Auth
from diag.obstacle import NotAnswered
from diag.subject import Subject, address


@dataclass(frozen=True, slots=True)
class Graph:
    """The `Directory` port."""

    service: GraphService

    async def ask(self, subject: Subject, *, client_id: str | None, auth: Auth | None) -> Directory:
        """Put every question, so many at a time; see the port."""
        async with conversing(self.service) as conversation:
            if isinstance(conversation, NotAnswered):
                return _nothing(conversation)
            questions = Questions(conversation=conversation, mailbox=subject.mailbox, client_id=client_id, auth=auth)
            return await questions.put()

    async def trace(self, sender: str, recipient: str, since: datetime) -> Trace | NotAnswered:
        """Ask what became of the messages; see the port. Raises `InvalidInputError` where one is no address."""
        address(sender), address(recipient)
        async with conversing(self.service) as conversation:
            if isinstance(conversation, NotAnswered):
                return conversation
            return await graph_questions.trace(conversation, sender, recipient, since)


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
        last_sign_in=why,
        health=why,
        trace=NOT_TRACED,
    )
