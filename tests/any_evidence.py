"""Evidence of every shape its types allow, likely or not, for properties that must always hold."""

from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from diag.directory import (
    Account,
    AppCredential,
    AppliedPolicy,
    Consent,
    Directory,
    EnterpriseApp,
    Grant,
    Incident,
    LastSignIn,
    MailboxKind,
    Plan,
    Policies,
    Policy,
    Registration,
    Scope,
    SecurityDefaults,
    ServiceHealth,
    SignInRecord,
    SignIns,
    Trace,
    Traced,
)
from diag.evidence import (
    Auth,
    Breach,
    BrowserShowed,
    Certificate,
    Claims,
    ClockReading,
    CodeExpired,
    Contact,
    ContactStatus,
    Declined,
    Dialogue,
    Evidence,
    Flaw,
    Granted,
    Lookup,
    LookupStatus,
    Network,
    NotAsked,
    Opaque,
    Page,
    Reason,
    Refusal,
    Reply,
    SignIn,
    SignInService,
    Silence,
    Step,
    Tls,
    Unreadable,
    Violation,
)
from diag.obstacle import NotAnswered, Obstacle
from diag.sentence import say
from diag.setting import Backend, Change, Expectation, Intent, Progress, Propagation, Setting, Switch
from diag.setting import Step as ChangeStep
from diag.stage import Stage
from diag.subject import TLS_VERSIONS, Subject
from tests.evidence_cases import (
    ACCOUNT,
    ACCOUNT_ID,
    AUDIENCE,
    BARE,
    CLAIMS,
    CLIENT,
    EXCHANGE,
    GRAPH,
    HOST,
    IPV4,
    IPV6,
    MAILBOX,
    MAILBOX_OFF,
    OTHER_TENANT,
    TENANT,
    TENANT_OFF,
)

T = TypeVar("T")
_DATES = st.datetimes(datetime(1971, 1, 1), datetime(2999, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - a bound
_OFTEN = st.integers(0, 5).map(lambda days: datetime(2026, 11, 20, tzinfo=UTC) + timedelta(days=days))
_WHEN = _OFTEN | _DATES
_MS = st.floats(0, 1e7)
_TEXT = st.sampled_from(
    (
        "",
        "{0} {x}",
        "*************",
        "AM0PR.outlook.office365.com Microsoft ESMTP MAIL Service ready",
        "x.mail.protection.outlook.com",
        "mail.example.net ESMTP Postfix",
        BARE,
        MAILBOX_OFF,
        TENANT_OFF,
        "5.7.57 Client not authenticated to send mail.",
        "4.3.2 Concurrent connections limit exceeded",
        "AUTH LOGIN XOAUTH2",
        "STARTTLS",
        "XXXXXXXA",
    )
) | st.text(max_size=30)
_LINES = st.lists(_TEXT, max_size=4).map(tuple)
_NOT_ASKED = st.builds(NotAsked, because=st.just(say("nobody asked")))
_SILENCE = st.builds(Silence, who=_TEXT, reason=st.sampled_from(Reason), detail=_TEXT)
_CODES = st.sampled_from((200, 220, 235, 250, 251, 334, 354, 421, 432, 454, 501, 530, 535, 550, 554))
_REPLY = st.builds(Reply, code=_CODES, lines=_LINES)
_TENANTS = st.sampled_from((None, TENANT, OTHER_TENANT, TENANT.upper()))
_ADDRESSES = st.sampled_from((MAILBOX, MAILBOX.upper(), "admin@contoso.com"))


def _some(strategy: SearchStrategy[T], most: int = 3) -> SearchStrategy[tuple[T, ...]]:
    return st.lists(strategy, max_size=most).map(tuple)


def _optional(strategy: SearchStrategy[T]) -> SearchStrategy[T | None]:
    return st.none() | strategy


_STEP = st.builds(
    Step,
    stage=st.sampled_from(Stage),
    sent=_optional(_TEXT),
    answer=_REPLY | _SILENCE,
    at_ms=_MS,
    duration_ms=_MS,
    secured=st.booleans(),
)
_CERTIFICATE = st.builds(
    Certificate,
    subject=_TEXT,
    issuer=_TEXT,
    names=_LINES,
    names_total=st.integers(0, 5000),
    not_before=_WHEN,
    not_after=_WHEN,
    key=_TEXT,
    signature=_TEXT,
    sha256=_TEXT,
)
_TLS = st.builds(
    Tls,
    verified=st.booleans(),
    version=_optional(_TEXT | st.sampled_from(("TLSv1.1", "TLSv1.3"))),
    cipher=_optional(_TEXT),
    chain=_some(_CERTIFICATE),
    flaws=_some(st.sampled_from(Flaw)),
    product=_optional(_TEXT),
    trust=_TEXT,
    error=_TEXT,
    duration_ms=_MS,
)
_DIALOGUE = st.builds(
    Dialogue,
    host=st.just(HOST),
    port=st.just(587),
    address=st.just(IPV4),
    started_at=_WHEN,
    steps=_some(_STEP, 12),
    features_before=_LINES,
    features_after=_LINES,
    tls=_optional(_TLS),
    violations=_some(
        st.builds(Violation, stage=st.sampled_from(Stage), breach=st.sampled_from(Breach), shown=_TEXT), 2
    ),
    challenge=_optional(_TEXT),
)
_REFUSAL = st.builds(
    Refusal,
    step=st.sampled_from(("discovery", "device_code", "token", "refresh")),
    http_status=st.sampled_from((None, 200, 400, 401, 503)),
    error=st.sampled_from(("", "invalid_grant", "invalid_client", "temporarily_unavailable")),
    codes=_some(st.sampled_from((65001, 53003, 50126, 90002, 70011, 999999, -1, 0))),
    suberror=_optional(_TEXT),
    description=_TEXT,
    policies=_LINES,
    trace_id=_optional(_TEXT),
    correlation_id=_optional(_TEXT),
    timestamp=_optional(_TEXT),
)
_CLAIMS: SearchStrategy[Claims] = st.builds(
    Claims,
    length=st.integers(0, 9999),
    fingerprint=_TEXT,
    audience=st.sampled_from((AUDIENCE, GRAPH, "")) | _TEXT,
    issuer=_TEXT,
    scopes=st.sampled_from((("SMTP.Send",), ())) | _LINES,
    roles=_LINES,
    users=st.sampled_from(((), CLAIMS.users, (("upn", "x@y.example"), ("email", MAILBOX)))),
    tenant=_TENANTS | _TEXT,
    app_id=_optional(_TEXT),
    app_only=st.booleans(),
    issued_at=_optional(_WHEN),
    not_before=_optional(_WHEN),
    expires_at=_optional(_WHEN),
)
_SHOWED = st.builds(BrowserShowed, page=st.sampled_from(Page), words=_TEXT | st.just("AADSTS50126 AADSTS9"))
_SIGN_IN: SearchStrategy[SignIn] = st.builds(
    SignIn,
    auth=_optional(st.sampled_from(Auth)),
    client_id=_optional(_TEXT),
    scope=_TEXT,
    expected_audiences=st.sampled_from(((), (AUDIENCE,))),
    discovery=st.builds(SignInService, authority=_TEXT, issuer=_TEXT, tenant=_TENANTS, device_code=st.booleans())
    | _REFUSAL
    | _SILENCE
    | _NOT_ASKED,
    acquisition=st.builds(
        Granted, auth=st.sampled_from(Auth), given=st.booleans(), polls=st.integers(0, 99), waited_ms=_MS
    )
    | _REFUSAL
    | st.builds(CodeExpired, polls=st.integers(0, 99), lifetime_s=st.integers(0, 900), browser=_optional(_SHOWED))
    | st.builds(Declined, polls=st.integers(0, 99))
    | _SILENCE
    | _NOT_ASKED,
    token=_CLAIMS
    | st.builds(Opaque, length=st.integers(0, 9999))
    | st.builds(Unreadable, length=st.integers(0, 9999), problem=st.just(say("damaged")))
    | _NOT_ASKED,
)
_RECORDS: Any = st.sampled_from(("A", "AAAA"))
_NETWORK = st.builds(
    Network,
    host=st.just(HOST),
    port=st.just(587),
    lookups=_some(
        st.builds(
            Lookup,
            name=_TEXT,
            record=_RECORDS,
            status=st.sampled_from(LookupStatus),
            addresses=_some(st.sampled_from((IPV4, IPV6))),
            duration_ms=_MS,
        )
    ),
    contacts=_some(
        st.builds(
            Contact,
            address=st.sampled_from((IPV4, IPV6)),
            port=st.just(587),
            status=st.sampled_from(ContactStatus),
            duration_ms=_MS,
        )
    ),
)
_SUBJECT = st.builds(
    Subject,
    mailbox=_ADDRESSES,
    sender=_ADDRESSES,
    recipient=_optional(_ADDRESSES),
    tenant=st.sampled_from((None, "contoso.com", TENANT)),
    smtp_host=st.sampled_from((HOST, "smtp-legacy.office365.com", "mail.example.net", "x.mail.protection.outlook.com")),
    smtp_port=st.sampled_from((25, 587)),
    device_tls=_optional(st.sampled_from(tuple(TLS_VERSIONS))),
)

_NOT_ANSWERED = st.builds(
    NotAnswered,
    obstacle=st.sampled_from(Obstacle),
    because=st.just(say("there was no answer")),
    missing=_optional(st.sampled_from(("User.Read.All", "no answer"))),
)
_SETTING = st.builds(
    Setting,
    identity=_ADDRESSES,
    mailbox=st.sampled_from(Switch),
    organisation=st.sampled_from((None, Switch.ON, Switch.OFF)),
    backend=st.builds(Backend, name=_TEXT, writes=st.booleans(), vendor_supported=st.booleans()),
    observed_at=_WHEN,
)
_IDS = st.sampled_from((ACCOUNT_ID, CLIENT, EXCHANGE, "")) | _TEXT
_WORDS = st.sampled_from(((), ("All",), ("None",), (ACCOUNT_ID,), ("GuestsOrExternalUsers",), ("Office365",))) | _LINES
_SCOPE = st.builds(Scope, included=_WORDS, excluded=_WORDS)
_ACCOUNT = st.just(ACCOUNT) | st.builds(
    Account,
    id=_IDS,
    sign_in_name=_ADDRESSES,
    display_name=_TEXT,
    mail=_optional(_ADDRESSES),
    aliases=_LINES,
    found_by=st.sampled_from(("sign_in_name", "alias")),
    enabled=_optional(st.booleans()),
    member=st.booleans(),
    synced=st.booleans(),
    plans=_some(st.sampled_from(ACCOUNT.plans) | st.builds(Plan, id=_IDS, service=_TEXT, status=_TEXT)),
    password_changed_at=_optional(_WHEN),
    sessions_valid_from=_optional(_WHEN),
)
_POLICY = st.builds(
    Policy,
    id=_IDS,
    name=_TEXT,
    state=st.sampled_from(("enabled", "disabled", "enabledForReportingButNotEnforced")),
    controls=_some(st.sampled_from(("block", "mfa", "compliantDevice", "passwordChange"))),
    operator=st.sampled_from(("OR", "AND")),
    users=_SCOPE,
    groups=_SCOPE,
    roles=_SCOPE,
    applications=_SCOPE,
    locations=_SCOPE,
    platforms=_SCOPE,
    clients=st.sampled_from(((), ("all",), ("other",))),
    flows=st.sampled_from(((), ("deviceCodeFlow",), ("authenticationTransfer",))),
    applies=_optional(st.booleans()),
)
_RECORD = st.builds(
    SignInRecord,
    at=_WHEN,
    app=_TEXT,
    app_id=_optional(_IDS),
    client=st.sampled_from(("SMTP", "Authenticated SMTP", "Browser", "")),
    resource=st.sampled_from(("Office 365 Exchange Online", "Microsoft Graph")),
    code=st.sampled_from((0, 50126, 53003, 65001, 50140, 999999, -1)),
    reason=_TEXT,
    ip=_optional(_TEXT),
    policies=_some(st.builds(AppliedPolicy, id=_IDS, name=_TEXT, result=st.sampled_from(("failure", "success")))),
)
_DIRECTORY: SearchStrategy[Directory] = st.builds(
    Directory,
    account=_ACCOUNT | _NOT_ANSWERED,
    mailbox=st.builds(MailboxKind, purpose=st.sampled_from(("user", "shared", "room", "Equipment", "others")) | _TEXT)
    | _NOT_ANSWERED,
    security_defaults=st.builds(SecurityDefaults, enabled=st.booleans()) | _NOT_ANSWERED,
    policies=st.builds(
        Policies,
        asked=st.sampled_from(("what_if", "read")),
        flow=st.sampled_from((None, "device_code")),
        policies=_some(_POLICY),
    )
    | _NOT_ANSWERED,
    app=st.builds(
        EnterpriseApp,
        object_id=_IDS,
        client_id=_IDS,
        name=_TEXT,
        enabled=_optional(st.booleans()),
        assignment_required=st.booleans(),
        blocked_by_microsoft=st.sampled_from((None, "NotDisabled", "DisabledDueToViolationOfServicesAgreement")),
    )
    | _NOT_ANSWERED,
    consent=st.builds(
        Consent,
        exchange=st.just(EXCHANGE),
        grants=_some(
            st.builds(
                Grant,
                everybody=st.booleans(),
                account_id=_optional(_IDS),
                resource=_IDS,
                scopes=st.sampled_from(((), ("SMTP.Send",))),
            )
        ),
        roles=st.sampled_from(((), ("SMTP.SendAsApp",))),
    )
    | _NOT_ANSWERED,
    registration=st.builds(
        Registration,
        object_id=_IDS,
        name=_TEXT,
        public_client=_optional(st.booleans()),
        credentials=_some(
            st.builds(
                AppCredential,
                form=st.sampled_from(("secret", "certificate")),
                name=_TEXT,
                begins_at=_optional(_WHEN),
                ends_at=_optional(_WHEN),
            )
        ),
    )
    | _NOT_ANSWERED,
    sign_ins=st.builds(SignIns, since=_WHEN, records=_some(_RECORD), background=st.booleans()) | _NOT_ANSWERED,
    last_sign_in=st.builds(LastSignIn, at=_optional(_WHEN)) | _NOT_ANSWERED,
    health=st.builds(
        ServiceHealth,
        status=_TEXT,
        incidents=_some(
            st.builds(
                Incident,
                id=_TEXT,
                title=_TEXT | st.just("SMTP sign-in fails"),
                feature=_TEXT,
                status=_TEXT,
                since=_optional(_WHEN),
            )
        ),
    )
    | _NOT_ANSWERED,
    trace=st.builds(
        Trace,
        since=_WHEN,
        messages=_some(
            st.builds(
                Traced,
                at=_WHEN,
                recipient=_ADDRESSES,
                status=st.sampled_from(("delivered", "failed", "pending", "quarantined")) | _TEXT,
                message_id=_TEXT,
            )
        ),
    )
    | _NOT_ANSWERED,
)
_CHANGE = st.builds(
    Change,
    id=st.integers(1, 99),
    intent=st.builds(
        Intent,
        tenant=_TEXT,
        mailbox=_ADDRESSES,
        before=st.sampled_from(Switch),
        after=st.sampled_from(Switch),
        organisation=st.sampled_from((None, Switch.ON, Switch.OFF)),
        backend=_TEXT,
        operator=_TEXT,
    ),
    steps=st.lists(
        st.builds(ChangeStep, progress=st.sampled_from(Progress), at=_WHEN, note=_TEXT), min_size=1, max_size=4
    ).map(tuple),
)
_PROPAGATION = st.builds(
    Propagation,
    change=_CHANGE,
    expectation=_optional(
        st.builds(Expectation, count=st.integers(1, 99), shortest_s=_MS, longest_s=_MS, median_s=_MS)
    ),
    window_s=_MS,
)

EVIDENCE: SearchStrategy[Evidence] = st.builds(
    Evidence,
    diag_version=st.just("0.1.0"),
    subject=_SUBJECT,
    started_at=_OFTEN,
    duration_ms=_MS,
    network=_NETWORK,
    dialogue=_DIALOGUE | _NOT_ASKED,
    sign_in=_SIGN_IN,
    clocks=_some(st.builds(ClockReading, source=_TEXT, server=_OFTEN, local=_OFTEN), 2),
    setting=_SETTING | _NOT_ANSWERED | _NOT_ASKED,
    directory=_DIRECTORY | _NOT_ASKED,
    propagation=_optional(_PROPAGATION | _NOT_ANSWERED),
)
