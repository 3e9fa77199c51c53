"""`diag login` and `diag logout`: the administrator's sign-in."""

from diag.cli.command import Call, Command
from diag.cli.options import ADMIN, SIGNING_IN, options
from diag.sentence import say


def _login(call: Call) -> int:
    from diag.cli.signing_in import sign_in

    return sign_in(call, LOGIN.options)


def _logout(call: Call) -> int:
    from diag.cli.signing_in import sign_out

    return sign_out(call, LOGOUT.options)


LOGIN = Command(
    name="login",
    help=say("Sign in as an administrator, and see what that allows; kept for later runs only with --keep."),
    run=_login,
    options=options(
        (*SIGNING_IN, "keep", "timeout", "verbose", "lang", "config"),
        of=ADMIN,
    ),
    epilog=say(
        "The sign-in is for an application of its own ('diag setup' makes it), never for the device's. With --keep the"
        " system encrypts it; where the system has no place for secrets, nothing is kept. Exit codes: 0 signed in; 1"
        " refused; 2 wrong usage."
    ),
)
LOGOUT = Command(
    name="logout",
    help=say("Forget the administrator's sign-in that is kept."),
    run=_logout,
    options=options(("lang", "config"), of=ADMIN),
)
