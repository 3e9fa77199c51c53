"""What a text shows beside the reply itself: how somebody signs in, whose account it is, how far the dialogue was."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from typing import Literal, TypeAlias

from diag.catalogue import Circumstances
from diag.catalogue.words import words
from diag.explanation.lines import Line
from diag.stage import Stage
from diag.subject import PERSONAL_DOMAIN, Account

Route: TypeAlias = Literal["smtp", "bounce"]

_PERSONAL = re.compile(rf"(?:@|\bsmtp-mail\.){PERSONAL_DOMAIN}(?![\w.-]*\w)", re.IGNORECASE)
# The recipient's address says nothing of the mailbox that sends.
_RECIPIENT = re.compile(
    r"(?:\b(?:to|orig_to|rcpt|recipients?|cc|bcc|contact|reply-to|destinataire)\b['\"]?\s{0,3}[=:]|\brcpt to:)"
    r"\s{0,3}[<'\"\[(\\]{0,6}[^\s,\"'\\]{1,254}",
    re.IGNORECASE,
)
_ORGANISATION = re.compile(r"@[\w.-]+\.onmicrosoft\.com\b", re.IGNORECASE)
_NAMES = r"(?:login|plain|ntlm|cram-md5|digest-md5|gssapi|xoauth2|oauthbearer)"
# A list of mechanisms, as EHLO gives it, is an offer and shows nothing; an AUTH command names one.
_OFFER = re.compile(rf"\bauth[ =:]{{1,3}}{_NAMES}(?:[ ,]{{1,3}}{_NAMES})+\b|mechanisms\b", re.IGNORECASE)
_AUTH = re.compile(rf"\bauth(?:enticate|entication)?(?: mechanism)?[ '\"=:]{{1,3}}({_NAMES})\b", re.IGNORECASE)
_SAID = re.compile(rf"\bAUTH (?:mechanism )?({_NAMES.upper()})\b")  # of a program that shows the command it sends
# What programs say of their own, as phrases; the first that occurs decides.
_MECHANISMS: Mapping[str, str] = {
    "XOAUTH2": "xoauth2",
    "OAUTHBEARER": "oauthbearer",
    "oauth2": "oauth",
    "oauth": "oauth",
    "SaslMechanismOAuth2": "oauth",
    "access token": "oauth",
    "access_token": "oauth",
    "bearer token": "oauth",
    "Password command failed": "password",
    "Password not accepted": "password",
    "Username command failed": "password",
    "Invalid Username/Password": "password",
}
_STAGES: Mapping[str, Stage] = {
    "SMTPDataError": Stage.DATA,
    "DATA command failed": Stage.DATA,
    "DATA END command failed": Stage.DATA,
    "end of DATA": Stage.DATA,
    "after DATA": Stage.DATA,
    "message body": Stage.DATA,
    "SMTPRecipientsRefused": Stage.RCPT,
    "RCPT TO": Stage.RCPT,
    "recipients were refused": Stage.RCPT,
    "SMTPSenderRefused": Stage.MAIL,
    "MAIL FROM command failed": Stage.MAIL,
    "in response to MAIL": Stage.MAIL,
    "command MAIL FROM": Stage.MAIL,
    "SMTPAuthenticationError": Stage.AUTH,
    "AuthenticationFailedException": Stage.AUTH,
    "AuthenticationException": Stage.AUTH,
    "EAUTH": Stage.AUTH,
    "Invalid login": Stage.AUTH,
    "in response to AUTH": Stage.AUTH,
    "AUTH command failed": Stage.AUTH,
    "SASL authentication failed": Stage.AUTH,
    "STARTTLS failed": Stage.STARTTLS,
    "STARTTLS command failed": Stage.STARTTLS,
    "in response to STARTTLS": Stage.STARTTLS,
    "SMTPHeloError": Stage.EHLO,
    "EHLO command failed": Stage.EHLO,
    "HELO command failed": Stage.EHLO,
    "EHLO failed": Stage.EHLO,
}
_TRADE = (
    r"e?smtps?\w*|mail\w*|e mail\w*|phpmailer|nodemailer|swaks|msmtp|postfix|exim|office365|outlook|hotmail|exchange"
    r"|xoauth2|starttls|sasl|aadsts\w*|microsoftonline\w*|devicelogin|device_code|scan|scanner|mfp|printer|courriel"
    r"|messagerie|storedrv|rcpt|oauth2?|\w+_token|[45]\d\d (?:, )?[45]\.\d\.\d{1,3}|25|465|587"
)
_MAIL = re.compile(rf" (?:{_TRADE}) ")
_MAIL_ANYWHERE = re.compile(
    r"smtp|mail|office365|outlook|hotmail|exchange|oauth|starttls|aadsts|microsoftonline|mfp|storedrv|courriel"
    r"|(?<!\d)[45]\d\d\W{1,5}b?\W{0,2}[45]\.\d\.\d",
    re.IGNORECASE,
)
_OTHER = re.compile(
    r" (?:port \d+|sshd?|ldaps?|redis|postgres\w*|psql|pgbouncer|mysql\w*|mongodb?|kafka|nginx|apache|httpd|git|npm|ftp"
    r"|vpn|kernel|django|docker|postfix smtpd) "
)
_BOUNCES = (
    "Remote Server returned",
    "Diagnostic code",
    "Diagnostic information for administrators",
    "Delivery has failed",
    "Delivery Status Notification",
    "undeliverable",
    "undelivered mail",
    "Non remis",
    "Mail delivery failed",
    "couldn't be delivered",
    "Mailer-Daemon",
    "Unzustellbar",
    "serveur distant a renvoyé",
    "Remoteserver hat",
)
_VERBS: Mapping[str, Stage] = {
    "EHLO": Stage.EHLO,
    "HELO": Stage.EHLO,
    "STARTTLS": Stage.STARTTLS,
    "AUTH": Stage.AUTH,
    "MAIL": Stage.MAIL,
    "RCPT": Stage.RCPT,
    "DATA": Stage.DATA,
    "QUIT": Stage.QUIT,
}
_VERB = re.compile(r"[\s'\"b]{0,4}([A-Za-z]+)")


@cache
def _phrase(text: str) -> str:
    return f" {words(text)} "


@dataclass(slots=True)
class Session:
    """What the lines up to here have shown of the dialogue they stand in."""

    known: Circumstances = field(default_factory=Circumstances)
    route: Route | None = None
    _talked: bool = False

    def follow(self, line: Line) -> None:
        """Take in a line of the client, or a healthy one of the server."""
        account = whose(line.raw) if line.side == "client" or "smtp-mail" in line.raw else None
        account = account or self.known.account
        seen = self.known
        stage, mechanism, encrypted, tried = seen.stage, seen.mechanism, seen.encrypted, seen.tried
        if line.code == "220" and stage is not Stage.STARTTLS:
            stage = mechanism = encrypted = account = self.route = None
            tried, self._talked = False, True
        verb = None if line.side == "server" or line.code else _VERB.match(line.body)
        match _VERBS.get(verb[1].upper()) if verb else None:
            case Stage.STARTTLS:
                stage, encrypted = Stage.STARTTLS, True
            case Stage.AUTH:
                in_clear = self._talked and stage is Stage.EHLO and not encrypted
                encrypted = False if in_clear else encrypted
                stage, tried, mechanism = Stage.AUTH, True, _mechanism(line.raw, "") or mechanism
            case Stage.QUIT:
                stage, mechanism = Stage.QUIT, None
            case Stage() as other:
                stage = other
            case None:
                pass
        self.known = Circumstances(stage=stage, mechanism=mechanism, account=account, encrypted=encrypted, tried=tried)

    def hear(self, text: str, said: str) -> None:
        """Take in what a program says beside the dialogue; `said` are the words of `text`, blanks around."""
        self.route = self.route or route(text, said)
        if " no auth info found " in said:
            self.known = replace(self.known, tried=False)
        if " auth " in said and not _OFFER.search(text) and (named := _SAID.search(text)):
            self.known = replace(self.known, mechanism=named[1].lower())


def whose(text: str) -> Account | None:
    """Whose mailbox a text speaks of, where the address of the sender or of the sign-in, or the host, shows it."""
    if "@" not in text and "smtp-mail" not in text.lower():
        return None
    own = _RECIPIENT.sub(" ", text)
    if _ORGANISATION.search(own):
        return "organisation"
    return "personal" if _PERSONAL.search(own) else None


def _mechanism(text: str, said: str) -> str | None:
    if _OFFER.search(text):
        return None
    if named := _AUTH.search(text):
        return named[1].lower()
    return next((way for phrase, way in _MECHANISMS.items() if _phrase(phrase) in said), None)


def route(text: str, said: str) -> Route | None:
    """Whether a text is a bounce, which comes after the server had taken the message; None where it does not show."""
    begins = text.lstrip(" \t'\"#*>")[:5].lower()
    return "bounce" if begins == "smtp;" or _is_bounce(said) else None


@lru_cache(maxsize=4096)  # logs repeat themselves
def _is_bounce(said: str) -> bool:
    return any(_phrase(phrase) in said for phrase in _BOUNCES)


def is_about_mail(text: str) -> bool:
    """Whether a whole text, a log for instance, speaks of mail anywhere."""
    return bool(_MAIL_ANYWHERE.search(text))


@lru_cache(maxsize=4096)  # logs repeat themselves
def _about(said: str) -> bool:
    """Whether words are about mail: a word of the trade, a port of mail servers, a code with its enhanced code."""
    return bool(_MAIL.search(said))


def circumstances(text: str, said: str, known: Circumstances, told: Circumstances) -> Circumstances:
    """Return what is known about a record: what the caller says, then its own words, then the dialogue around it.

    `said` are the words of `text`, blanks around.
    """
    about = _about(said)
    stage = next((stage for phrase, stage in _STAGES.items() if _phrase(phrase) in said), None)
    return Circumstances(
        stage=told.stage or stage or known.stage,
        mechanism=told.mechanism or _mechanism(text, said) or known.mechanism,
        account=told.account or whose(text) or known.account,
        encrypted=known.encrypted if told.encrypted is None else told.encrypted,
        tried=known.tried if told.tried is None else told.tried,
        mail=True if about or known.stage else False if _OTHER.search(said) else told.mail,
    )
