"""What an inventory may say of a mailbox: its columns, as people spell their names, and what may stand in a cell."""

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from diag.health.scanner import Scanner
from diag.reference import reference
from diag.secret import scrub
from diag.sentence import Sentence, say
from diag.subject import InvalidInputError, address, host_name, printable, tenant_name

MAILBOX = "mailbox"
# Each name with its spellings, as `_plain` leaves them; the surest first, since a sheet may hold several of them
# ("adresse" may well be the one of a building).
_SPELLINGS = {
    MAILBOX: (
        *("mailbox", "boiteauxlettres", "boitemail", "boite", "bal", "emailaddress", "adresseemail", "adressemail"),
        *("email", "mail", "courriel", "adressedemessagerie", "mailaddress", "userprincipalname", "upn"),
        *("primarysmtpaddress", "address", "adresse"),
    ),
    "tenant": ("tenant", "tenantid", "locataire", "idlocataire"),
    "site": ("site", "location", "emplacement", "lieu", "agence"),
    "sender": ("sender", "from", "senderaddress", "expediteur", "adressedelexpediteur", "adresseexpediteur"),
    "device": ("device", "scanner", "printer", "mfp", "copier", "appareil", "imprimante", "copieur", "multifonction"),
    "owner": ("owner", "responsable", "proprietaire", "contact"),
    "client_id": ("clientid", "applicationid", "appid", "idapplication"),
    "credential": ("credential", "credentials", "credentialreference", "identifiants"),
    "smtp_host": ("smtphost", "smtpserver", "serveursmtp", "hotesmtp"),
    "tls": ("tls", "tlsversion", "versiontls"),
}
FIELDS = tuple(_SPELLINGS)
_KNOWN = {spelling: (name, rank) for name, all_ in _SPELLINGS.items() for rank, spelling in enumerate(all_)}
_SECRET_WORDS = frozenset(
    {
        *("password", "passwords", "passwd", "pwd", "pass", "passphrase", "pw", "mdp", "motdepasse"),
        *("secret", "secrets", "token", "tokens", "jeton", "jetons", "apikey", "privatekey"),
    }
)
_SECRET_PARTS = re.compile(r"password|motdepasse|clientsecret|accesstoken|refreshtoken")
_TLS = re.compile(r"(?:tls)?[\s_v]*1[.,_]([0-3])", re.IGNORECASE)
_JWT = "eyJ"
_LIKE_A_SECRET = say("The row is not used, and not shown, since something in it looks like a secret.")
_MOST_TEXT = 200  # characters of what is free text


def _plain(name: str) -> str:
    """Return a name without case, accents, blanks and signs."""
    return "".join(c for c in unicodedata.normalize("NFKD", name.casefold()) if c.isalnum())


def holds_secrets(name: str) -> bool:
    """Whether a column of this name is one of secrets."""
    words = {_plain(word) for word in re.split(r"[\W_]+|(?<=[a-z])(?=[A-Z])", name)}
    plain = _plain(name)
    return bool(words & _SECRET_WORDS) or plain in _SECRET_WORDS or bool(_SECRET_PARTS.search(plain))


def refuse_secrets(names: Iterable[str], file: str) -> None:
    """Raise `InvalidInputError` where a column or key is one of secrets; what stands in it is never quoted."""
    for name in names:
        if holds_secrets(name):
            raise InvalidInputError(
                say(
                    "{file} holds secrets ('{name}'), so nothing of it is used: an inventory is copied and mailed"
                    " around. Take them out, and name in 'credential' where each secret stands: env:NAME, file:PATH or"
                    " keyring:SERVICE/NAME.",
                    file=file,
                    name=printable(name, 40),
                )
            )


def chosen(header: Sequence[str]) -> list[str | None]:
    """Return for each column what it stands for; None for one that is not used."""
    best: dict[str, tuple[int, int]] = {}
    for index, cell in enumerate(header):
        name, rank = _KNOWN.get(_plain(cell), ("", 0))
        if name and (name not in best or rank < best[name][0]):
            best[name] = (rank, index)
    found: list[str | None] = [None] * len(header)
    for name, (_, index) in best.items():
        found[index] = name
    return found


def nearest(key: str, known: Sequence[str]) -> str:
    """Return which of the `known` keys was meant; empty where nobody can tell."""
    spellings = {spelling: name for spelling, (name, _) in _KNOWN.items() if name in known}
    spellings |= {_plain(name): name for name in known}
    near = difflib.get_close_matches(_plain(key), spellings, n=1)
    return spellings[near[0]] if near else ""


def scanner_of(cells: Mapping[str, str], line: int) -> Scanner:
    """Make a scanner of the cells of one row, by their names; raises `InvalidInputError` where one cannot be used.

    No cell is quoted there that may be a secret in the wrong place.
    """
    # A token can pass for the name of a host; what other secrets look like is only asked before a cell is quoted.
    if any(_JWT in cell and scrub(cell) != cell for cell in cells.values()):
        raise InvalidInputError(_LIKE_A_SECRET)
    try:
        return _scanner(cells, line)
    except InvalidInputError:
        if any(scrub(cell) != cell for name, cell in cells.items() if name != "credential"):
            raise InvalidInputError(_LIKE_A_SECRET) from None
        raise


def _scanner(cells: Mapping[str, str], line: int) -> Scanner:
    given = {name: text for name, cell in cells.items() if (text := cell.strip())}
    if MAILBOX not in given:
        raise InvalidInputError(say("The mailbox is missing."))
    return Scanner(
        mailbox=address(given[MAILBOX]),
        tenant=tenant_name(given["tenant"]) if "tenant" in given else "",
        site=_words(given.get("site", "")),
        sender=address(given["sender"]) if "sender" in given else "",
        device=_words(given.get("device", "")),
        owner=_words(given.get("owner", "")),
        client_id=client_id(given["client_id"]) if "client_id" in given else "",
        credential=_credential(given["credential"]) if "credential" in given else "",
        smtp_host=host_name(given["smtp_host"]) if "smtp_host" in given else "",
        tls=_tls(given["tls"]) if "tls" in given else "",
        line=line,
    )


def _words(text: str) -> str:
    bare = " ".join(text.split())
    return bare if bare.isprintable() and len(bare) <= _MOST_TEXT else printable(bare, _MOST_TEXT)


def client_id(text: str) -> str:
    """Return `text` if it can be the id of an application; raises `InvalidInputError` otherwise."""
    if not text.isprintable() or not text.strip() or len(text) > _MOST_TEXT:
        raise InvalidInputError(say("'{shown}' is not a client id.", shown=printable(text)))
    return text


def _credential(text: str) -> str:
    if reference(text) is None:
        raise InvalidInputError(no_reference("credential"))
    return text


def no_reference(name: str) -> Sentence:
    """Say that something should be a reference, and is not; it is not quoted, since it may be the secret."""
    return say(
        "'{name}' does not say where a secret stands: write env:NAME, file:PATH or keyring:SERVICE/NAME, never the"
        " secret itself. What stands there is not shown.",
        name=name,
    )


def _tls(text: str) -> str:
    match = _TLS.fullmatch(text)
    if match is None:
        raise InvalidInputError(say("'{shown}' is not a version of TLS like 1.2.", shown=printable(text, 40)))
    return f"1.{match[1]}"
