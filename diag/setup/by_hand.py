"""How the very first application comes about: diag needs one to sign in with before it can register any."""

from diag.sentence import Sentence, say

REGISTERS = "Application.ReadWrite.All"
READS = "Directory.Read.All"

WHY = say(
    "diag registers its applications through Microsoft Graph, and for that an administrator signs in with an "
    "application that may do so: one that your organisation has already and that holds the delegated permission "
    "{permission}, or one that is made by hand once, like this:",
    permission=REGISTERS,
)


def steps(tenant: str | None) -> tuple[Sentence, ...]:
    """Return the clicks, in order, and the command that comes after them."""
    command = f"diag setup --tenant {tenant or 'contoso.com'} --admin-client-id ID"
    return (
        say(
            "Open the Microsoft Entra admin center (entra.microsoft.com) as an Application Administrator, and there "
            "App registrations > New registration. Name it diag setup, choose accounts in this organizational "
            "directory only, leave the redirect URI empty, and choose Register."
        ),
        say("On its Overview page copy the Application (client) ID: that is the ID below."),
        say(
            "Under Authentication, in its advanced settings, set Allow public client flows to Yes (or Enabled), and "
            "save."
        ),
        say(
            "Under API permissions > Add a permission > Microsoft Graph > Delegated permissions tick {write}, and "
            "{read} so that diag sees what was consented, and choose Add permissions.",
            write=REGISTERS,
            read=READS,
        ),
        say("On the same page choose Grant admin consent, and confirm."),
        say("Run: {command}", command=command),
        say(
            "Once the two applications are made, delete the registration diag setup: whoever signs in with it as an "
            "administrator can change every application of the tenant."
        ),
    )
