"""Which server answers: its greeting, what it offers and its own words.

Exchange Online's words are quoted from real sessions; the other servers' are those of their default set-up.
`{host}` `{date}` `{id}` `{tail}` `{peer}` `{server}` `{user}` `{message_id}` are filled in; a reply of several lines
is written without codes on the lines after the first.
"""

from dataclasses import dataclass

_OFFERED = (
    "{host} Hello [{peer}]",
    "SIZE 157286400",
    "PIPELINING",
    "DSN",
    "ENHANCEDSTATUSCODES",
    "8BITMIME",
    "BINARYMIME",
    "CHUNKING",
    "SMTPUTF8",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """One kind of server; `features` come in the order they are said, STARTTLS and AUTH stand where `slot` says."""

    host: str
    banner: str
    features: tuple[str, ...]
    slot: int
    tls: bool = True
    mechanisms: tuple[str, ...] = ()
    starttls: str = "220 2.0.0 Ready to start TLS"
    tls_unknown: str = ""
    unknown: str = "500 5.5.2 Error: command not recognized"
    hello_first: str = "503 5.5.1 Error: send HELO/EHLO first"
    mechanism_unknown: str = "535 5.7.8 Error: authentication failed: Invalid authentication mechanism"
    refused: str = "535 5.7.8 Error: authentication failed: "
    tls_first: str = ""
    auth_first: str = ""
    sender: str = "250 2.1.0 Ok"
    recipient: str = "250 2.1.5 Ok"
    relay_denied: str = "554 5.7.1 <{recipient}>: Relay access denied"
    data: str = "354 End data with <CR><LF>.<CR><LF>"
    queued: str = "250 2.0.0 Ok: queued as {id}"
    reset: str = "250 2.0.0 Ok"
    quit: str = "221 2.0.0 Bye"


EXCHANGE = Persona(
    host="AM0PR02CA0134.outlook.office365.com",
    banner="220 {host} Microsoft ESMTP MAIL Service ready at {date} [{id}]",
    features=_OFFERED,
    slot=5,
    mechanisms=("LOGIN", "XOAUTH2"),
    starttls="220 2.0.0 SMTP server ready",
    unknown="500 5.3.3 Unrecognized command '{command}' {tail}",
    hello_first="503 5.5.2 Send hello first {tail}",
    mechanism_unknown="504 5.7.4 Unrecognized authentication type {tail}",
    refused="535 5.7.3 Authentication unsuccessful {tail}",
    tls_first="451 5.7.3 STARTTLS is required to send mail {tail}",
    auth_first="530 5.7.57 Client not authenticated to send mail. {tail}",
    sender="250 2.1.0 Sender OK",
    recipient="250 2.1.5 Recipient OK",
    data="354 Start mail input; end with <CRLF>.<CRLF>",
    queued="250 2.0.0 OK {message_id} [Hostname={server}]",
    reset="250 2.0.0 Resetting",
    quit="221 2.0.0 Service closing transmission channel",
)
MX = Persona(
    host="AM0EUR02FT012.mail.protection.outlook.com",
    banner="220 {host} Microsoft ESMTP MAIL Service ready at {date} [{id}]",
    features=_OFFERED,
    slot=5,
    starttls="220 2.0.0 SMTP server ready",
    unknown=EXCHANGE.unknown,
    hello_first=EXCHANGE.hello_first,
    mechanism_unknown=EXCHANGE.mechanism_unknown,
    sender=EXCHANGE.sender,
    recipient=EXCHANGE.recipient,
    relay_denied="550 5.7.64 TenantAttribution; Relay Access Denied {tail}",
    data=EXCHANGE.data,
    queued=EXCHANGE.queued,
    reset=EXCHANGE.reset,
    quit=EXCHANGE.quit,
)
POSTFIX = Persona(
    host="smtp-out.provider.example",
    banner="220 {host} ESMTP Postfix",
    features=(
        "{host}",
        "PIPELINING",
        "SIZE 10240000",
        "VRFY",
        "ETRN",
        "ENHANCEDSTATUSCODES",
        "8BITMIME",
        "DSN",
        "SMTPUTF8",
        "CHUNKING",
    ),
    slot=5,
    mechanisms=("PLAIN", "LOGIN"),
)
EXIM = Persona(
    host="mail.provider.example",
    banner="220 {host} ESMTP Exim 4.98 {date}",
    features=("{host} Hello {user} [{peer}]", "SIZE 52428800", "8BITMIME", "PIPELINING", "PIPECONNECT", "HELP"),
    slot=5,
    mechanisms=("PLAIN", "LOGIN"),
    starttls="220 TLS go ahead",
    unknown="500 unrecognized command",
    hello_first="503 HELO or EHLO required",
    mechanism_unknown="504 XOAUTH2 authentication mechanism not supported",
    refused="535 Incorrect authentication data",
    sender="250 OK",
    recipient="250 Accepted",
    relay_denied="550 relay not permitted",
    data='354 Enter message, ending with "." on a line by itself',
    queued="250 OK id={id}",
    reset="250 Reset OK",
    quit="221 {host} closing connection",
)
# A firewall with ESMTP inspection before Exchange stars out the greeting and overwrites what it does not know.
CISCO = Persona(
    host="AM0PR02CA0134.outlook.office365.com",
    banner="220 " + "*" * 62 + "0*00" + "*" * 18,
    features=("{host} Hello [{peer}]", "SIZE 157286400", "XXXXXXXA", "DSN", "XXXXXXXB", "8BITMIME", "XXXXXXXC"),
    slot=5,
    tls=False,
    unknown="500 #5.5.1 command not recognized",
    hello_first=EXCHANGE.hello_first,
    mechanism_unknown="500 #5.5.1 command not recognized",
    tls_first=EXCHANGE.tls_first,
    quit=EXCHANGE.quit,
)
PERSONAS = {"exchange": EXCHANGE, "mx": MX, "postfix": POSTFIX, "exim": EXIM, "cisco-inspection": CISCO}
