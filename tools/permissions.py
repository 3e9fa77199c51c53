"""The page of permissions: what diag asks whom, with which permission, made from the list of calls and of questions."""

from collections.abc import Iterable, Iterator, Sequence

from diag.adapters.graph_words import CALLS, PERMISSIONS
from diag.setup import NAMES, QUESTIONS, SETTING
from diag.setup.wanted import MANAGE, MANAGE_AS_APP, SEND, SEND_AS_APP
from reports.markdown import code
from tools.reader import Reader


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Lay out a table."""
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines]


def page(reader: Reader) -> Iterator[str]:
    """Return the body of the page."""
    yield reader.about("permissions")
    for name, body in (
        ("two_applications", _applications(reader)),
        ("setting_permissions", [reader.about("setting"), "", *_setting(reader)]),
        ("directory_permissions", [reader.about("directory"), "", *_questions(reader)]),
        ("setup_permissions", [reader.about("setup")]),
        ("every_call", [reader.about("every_call"), "", *_calls(reader)]),
    ):
        yield from ("", f"## {reader.word(name)}", "", *body)


def _applications(reader: Reader) -> Iterator[str]:
    yield from (reader.about("two_applications"), "")
    smtp, admin = NAMES.values()
    rows = [
        (code(smtp), f"{code(SEND)} ({reader.pair(reader.word('by_itself'), code(SEND_AS_APP))})", "--client-id"),
        (code(admin), f"{code(MANAGE)}, {reader.word('table_below')}", "--admin-client-id"),
    ]
    head = [reader.word(name) for name in ("application", "permission", "option")]
    yield from table(head, [(name, permission, code(option)) for name, permission, option in rows])


def _setting(reader: Reader) -> list[str]:
    rows = [
        (reader.word("with_a_person"), code(MANAGE), reader.word("role_of_the_person")),
        (reader.word("by_itself"), code(MANAGE_AS_APP), reader.word("role_of_the_application")),
    ]
    return table([reader.told(SETTING.title), *(reader.word(name) for name in ("permission", "and_a_role"))], rows)


def _questions(reader: Reader) -> list[str]:
    rows = [
        (reader.told(one.title), "<br>".join(map(code, one.permissions(PERMISSIONS))), reader.told(one.use))
        for one in QUESTIONS
    ]
    return table([reader.word(name) for name in ("question", "permission", "what_for")], rows)


def _calls(reader: Reader) -> list[str]:
    rows = sorted({(f"{call.method} /{call.version}{call.path}", call.permission) for call in CALLS})
    head = [reader.word(name) for name in ("call", "permission")]
    return table(head, [(code(call), code(permission)) for call, permission in rows])
