"""What an inventory says of the tenants: how the device's and the administrators' applications sign in to each."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from diag.fleet.columns import client_id, no_reference
from diag.fleet.inventory import tables_of
from diag.reference import reference
from diag.sentence import Sentence, say
from diag.subject import Cloud, InvalidInputError, host_name, printable, tenant_name

Settings: TypeAlias = Literal["graph", "exchange", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenancy:
    """One tenant; empty where nothing is said.

    `name` is its id or a domain. The credentials say where the secret of the device's and of the administrators'
    application stands, never what it is; they hold for each scanner that has none of its own. `settings` is where
    Authenticated SMTP is read from: Graph's snapshot of the whole tenant, Exchange Online for each mailbox, or nowhere.
    """

    name: str
    client_id: str = ""
    credential: str = ""
    admin_client_id: str = ""
    admin_credential: str = ""
    authority: str = ""
    smtp_host: str = ""
    cloud: Cloud = Cloud.GLOBAL
    settings: Settings = "none"

    @property
    def realm(self) -> str:
        """What `Scanner.realm` is for its scanners."""
        return self.name.casefold()


def tenancies(path: Path) -> tuple[Tenancy, ...]:
    """Return the tenants of a TOML inventory, in its order; a CSV file has none.

    Raises `InvalidInputError` for a file that cannot be used.
    """
    found = tables_of(path)
    named: dict[str, Tenancy] = {}
    for number, table in enumerate(found.tenants if found else (), 1):
        try:
            tenancy = _tenancy(table, named)
        except InvalidInputError as problem:
            raise InvalidInputError(
                say(
                    "{file}, [[tenant]] number {number}: {because}",
                    file=printable(str(path), 200),
                    number=number,
                    because=problem.sentence,
                )
            ) from None
        named[tenancy.realm] = tenancy
    return tuple(named.values())


def _tenancy(table: Mapping[str, str], named: Container[str]) -> Tenancy:
    """Return the tenant of one table; `named` has the realms of those before."""
    if "name" not in table:
        raise InvalidInputError(say("It has no 'name': the id of the tenant, or its domain."))
    if table["name"].casefold() in named:
        raise InvalidInputError(say("'{name}' stands there twice.", name=printable(table["name"])))
    device_id, admin_id = (_client_id(table.get(key, "")) for key in ("client_id", "admin_client_id"))
    if device_id and device_id.casefold() == admin_id.casefold():
        raise InvalidInputError(
            say(
                "'admin_client_id' is 'client_id'. What an administrator may do must not stand in the token that goes"
                " to the mail server, so there are two applications."
            )
        )
    settings = _settings(table)
    if not admin_id and (settings != "none" or "admin_credential" in table):
        raise InvalidInputError(say("'settings' and 'admin_credential' need 'admin_client_id'."))
    return Tenancy(
        name=tenant_name(table["name"]),
        client_id=device_id,
        credential=_credential(table, "credential"),
        admin_client_id=admin_id,
        admin_credential=_credential(table, "admin_credential"),
        authority=_authority(table.get("authority", "")),
        smtp_host=host_name(table["smtp_host"]) if "smtp_host" in table else "",
        cloud=_cloud(table.get("cloud", Cloud.GLOBAL)),
        settings=settings,
    )


def _client_id(text: str) -> str:
    return client_id(text) if text else ""


def _credential(table: Mapping[str, str], key: str) -> str:
    if key in table and reference(table[key]) is None:
        raise InvalidInputError(no_reference(key))
    return table.get(key, "")


def _authority(text: str) -> str:
    """Refuse what can be no sign-in service; `diag.wiring.addresses` looks more closely before a token is asked for."""
    if text and not (text.startswith("https://") and text.isprintable() and not set(text) & set(" @?#")):
        raise InvalidInputError(say("'authority' is not an https:// address of a sign-in service."))
    return text


def _cloud(text: str) -> Cloud:
    try:
        return Cloud(text)
    except ValueError:
        raise InvalidInputError(_one_of("cloud", tuple(Cloud), text)) from None


def _settings(table: Mapping[str, str]) -> Settings:
    match table.get("settings", "none"):
        case "graph" | "exchange" | "none" as known:
            return known
        case other:
            raise InvalidInputError(_one_of("settings", get_args(Settings), other))


def _one_of(key: str, choices: Sequence[str], text: str) -> Sentence:
    return say(
        "'{key}' is one of {choices}, not '{shown}'.", key=key, choices=", ".join(choices), shown=printable(text, 40)
    )
