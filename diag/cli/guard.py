"""Refuse secrets on the command line, where other users and the shell's history see them."""

import re
from collections.abc import Sequence

from diag.sentence import say
from diag.subject import InvalidInputError

_SECRET_OPTIONS = {
    "--token": "--token-file",
    "--access-token": "--token-file",
    "--refresh-token": "--token-file",
    "--password": "--token-file",
    "--client-secret": "--client-secret-file",
    "--secret": "--client-secret-file",
    "--admin-client-secret": "--admin-client-secret-file",
}
# A JWT starts with {" in base64url; the header alone, or any two parts of one, give it away.
_JWT = re.compile(r"eyJ[\w-]{16,}|eyJ[\w-]+\.[\w-]+\.")


def refuse_secrets(arguments: Sequence[str]) -> None:
    """Raise `InvalidInputError` if any argument is a secret or announces one; the value is not repeated."""
    for argument in arguments:
        option = argument.partition("=")[0].lower().replace("_", "-")
        if instead := _SECRET_OPTIONS.get(option):
            raise InvalidInputError(
                say(
                    "Secrets do not belong on the command line, where others can read them: {option} is not taken;"
                    " use {instead}, and replace a secret that was typed here.",
                    option=option,
                    instead=instead,
                )
            )
        if _JWT.search(argument):
            raise InvalidInputError(
                say(
                    "A token does not belong on the command line, where others can read it: use --token-file FILE,"
                    " --token-file - or DIAG_TOKEN, and let this one expire."
                )
            )
