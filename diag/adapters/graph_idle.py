"""The accounts of a tenant to which nobody has signed in for long: Microsoft keeps the date when the log has lost it.

The list is of all accounts, and has no more than 500 on a page (learn.microsoft.com/graph/api/user-list).
"""

from datetime import datetime

from diag.adapters.graph_reading import Record, last_sign_in
from diag.adapters.graph_tenant_questions import stamp
from diag.adapters.graph_wire import GraphService, conversing, page_at, page_of
from diag.adapters.graph_words import IDLE_ACCOUNTS
from diag.directory import LastSignIn
from diag.obstacle import NotAnswered
from diag.overview import IdleAccounts
from diag.sentence import Sentence, say

MOST_PAGES = 40
_A_PAGE = 500


async def idle_accounts(service: GraphService, since: datetime) -> IdleAccounts | NotAnswered:
    """Read them, up to a number of pages; `NotAnswered` where not even the first came."""
    accounts: dict[str, LastSignIn] = {}
    gap: Sentence | None = say("it has more than {count} pages", count=MOST_PAGES)
    link = ""
    async with conversing(service) as conversation:
        if isinstance(conversation, NotAnswered):
            return conversation
        for number in range(MOST_PAGES):
            build = page_at(link, IDLE_ACCOUNTS) if link else lambda sdk: sdk.idle_accounts(stamp(since), _A_PAGE)
            page = await conversation.ask(IDLE_ACCOUNTS, build, page_of)
            if isinstance(page, NotAnswered):
                if number == 0:
                    return page
                gap = page.because
                break
            rows, link = page
            for row in rows:
                _sort_in(accounts, row, since)
            if not link:
                gap = None
                break
    return IdleAccounts(since=since, accounts=accounts, gap=gap)


def _sort_in(accounts: dict[str, LastSignIn], row: Record, since: datetime) -> None:
    """Add an account where nobody has tried to sign in since either: by its sign-in name, which no other one has."""
    last, name = last_sign_in(row), row.text("userPrincipalName").casefold()
    if name and last is not None and last.at is not None and last.at <= since:
        accounts[name] = last
