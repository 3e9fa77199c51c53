"""What a submission server does wrong when a scenario says so, and servers that are not Exchange Online."""

import base64
import contextlib
import socket
import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import jwt
import pytest

from diag.lab import Lab, load_scenario
from diag.lab.scenario import Network, Scenario, SignIn, Smtp
from diag.stage import Stage
from tests.lab.device import SCANNER, Device, blob, connected

HEALTHY = load_scenario("healthy")
BARE = "535 5.7.3 Authentication unsuccessful [AM0PR02CA0134.eurprd02.prod.outlook.com "
FEATURES = [
    "250-AM0PR02CA0134.outlook.office365.com Hello [127.0.0.1]",
    "250-SIZE 157286400",
    "250-PIPELINING",
    "250-DSN",
    "250-ENHANCEDSTATUSCODES",
    "250-8BITMIME",
    "250-BINARYMIME",
    "250-CHUNKING",
    "250 SMTPUTF8",
]
_STAGES = [
    Stage.BANNER,
    Stage.EHLO,
    Stage.STARTTLS,
    Stage.TLS,
    Stage.EHLO_TLS,
    Stage.AUTH,
    Stage.MAIL,
    Stage.RCPT,
    Stage.DATA,
    Stage.QUIT,
]
_LINES = {
    Stage.EHLO: "EHLO mfp",
    Stage.STARTTLS: "STARTTLS",
    Stage.EHLO_TLS: "EHLO mfp",
    Stage.MAIL: f"MAIL FROM:<{SCANNER}>",
    Stage.RCPT: "RCPT TO:<bob@contoso.com>",
    Stage.QUIT: "QUIT",
}


def with_smtp(smtp: Smtp) -> Scenario:
    return replace(HEALTHY, smtp=smtp)


def test_a_server_may_insist_on_one_form() -> None:
    with Lab(with_smtp(Smtp(auth_form="two-step"))) as lab, Device(lab) as device:
        assert device.sign_in(lab.token()).startswith("235 ")
        device.say("RSET")
    with Lab(with_smtp(Smtp(auth_form="two-step"))) as lab, Device(lab) as device:
        device.begin()
        assert device.say(f"AUTH XOAUTH2 {blob(SCANNER, lab.token())}") == "500 5.5.2 Line too long"
    with Lab(with_smtp(Smtp(auth_form="one-line"))) as lab, Device(lab) as device:
        device.begin()
        assert device.say("AUTH XOAUTH2").startswith("501 ")
        assert device.say(f"AUTH XOAUTH2 {blob(SCANNER, lab.token())}").startswith("235 ")


def test_a_challenge_comes_before_the_refusal_where_the_server_is_of_that_kind() -> None:
    scenario = replace(with_smtp(Smtp(challenge='{"status":"400"}')), sign_in=SignIn(lifetime_s=-9999))
    with Lab(scenario) as lab, Device(lab) as device:
        challenge = device.sign_in(lab.token())
        assert base64.b64decode(challenge.removeprefix("334 ")) == b'{"status":"400"}'
        assert device.say("").startswith(BARE)


def test_a_hostile_server_echoes_the_credentials() -> None:
    scenario = replace(with_smtp(Smtp(echo_auth=True)), sign_in=SignIn(lifetime_s=-9999))
    with Lab(scenario) as lab, Device(lab) as device:
        token = lab.token()
        assert blob(SCANNER, token) in device.sign_in(token)


@pytest.mark.parametrize("stage", [stage for stage in _STAGES if stage not in {Stage.TLS, Stage.QUIT}])
def test_any_stages_reply_can_be_another(stage: Stage) -> None:
    with Lab(with_smtp(Smtp(replies={stage: "452-first\n452 last {host}"}))) as lab:
        assert "452-first\n452 last AM0PR02CA0134.outlook.office365.com" in _all_replies(lab)
        assert lab.sessions[0].user is None or stage.order > Stage.AUTH.order
    assert not lab.messages
    assert not lab.bugs


# Not reset within the handshake: Python's wrap_socket then loses the socket, and warns of it.
@pytest.mark.parametrize(
    ("stage", "how"),
    [(stage, how) for stage in _STAGES for how in ("close", "reset") if (stage, how) != (Stage.TLS, "reset")],
)
def test_the_connection_can_be_dropped_at_any_stage(stage: Stage, how: str) -> None:
    with Lab(with_smtp(Smtp(drop_at=stage, drop="reset" if how == "reset" else "close"))) as lab:
        replies = _all_replies(lab)
        assert replies[-1] == ""
        assert len(replies) == 1 + _STAGES.index(stage)
    assert not lab.bugs


@pytest.mark.parametrize("stage", [Stage.BANNER, Stage.TLS, Stage.AUTH, Stage.QUIT])
def test_the_server_can_fall_silent_at_any_stage(stage: Stage) -> None:
    with Lab(with_smtp(Smtp(hang_at=stage))) as lab:
        replies = _all_replies(lab, silent_at=stage)
        assert replies[-1] == "silence"
        assert len(replies) == 1 + _STAGES.index(stage)
    assert not lab.bugs


def test_starttls_can_be_missing_or_refused() -> None:
    with Lab(load_scenario("starttls-stripped")) as lab, connected(lab) as device:
        assert "STARTTLS" not in device.say("EHLO mfp")
        assert device.say("STARTTLS").startswith("500 5.3.3 ")
    with Lab(with_smtp(Smtp(starttls="refused"))) as lab, connected(lab) as device:
        assert "STARTTLS" in device.say("EHLO mfp")
        assert device.say("STARTTLS").startswith("454 4.7.0 ")


def test_plain_text_can_be_injected_behind_the_220_in_the_same_packet() -> None:
    with Lab(with_smtp(Smtp(starttls="injected"))) as lab, connected(lab) as device:
        device.say("EHLO mfp")
        device.send("STARTTLS")
        packet = device._socket.recv(4096)
    assert packet == b"220 2.0.0 SMTP server ready\r\n250-mail.example\r\n250 AUTH PLAIN LOGIN\r\n"


def test_a_firewall_with_esmtp_inspection_stars_and_crosses_out() -> None:
    with Lab(load_scenario("esmtp-inspection")) as lab, Device(lab) as device:
        assert set(device.hear()[4:]) == {"*", "0"}
        features = device.say("EHLO mfp")
        assert "250-XXXXXXXA" in features
        assert "STARTTLS" not in features
        assert device.say("STARTTLS") == "500 #5.5.1 command not recognized"


def test_the_providers_postfix_answers_like_a_postfix() -> None:
    with Lab(load_scenario("other-mta")) as lab, Device(lab) as device:
        assert device.hear() == "220 smtp-out.provider.example ESMTP Postfix"
        assert "STARTTLS" in device.say("EHLO mfp")
        assert device.say("STARTTLS") == "220 2.0.0 Ready to start TLS"
        with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
            device.secure()


def test_exim_and_the_mx_have_words_of_their_own() -> None:
    with Lab(with_smtp(Smtp(persona="exim"))) as lab, Device(lab) as device:
        device.begin()
        assert device.say("AUTH XOAUTH2") == "504 XOAUTH2 authentication mechanism not supported"
        assert device.say("QUIT") == "221 mail.provider.example closing connection"
    with Lab(with_smtp(Smtp(persona="mx"))) as lab, Device(lab) as device:
        device.begin()
        assert "AUTH" not in device.say("EHLO mfp")
        assert device.say("AUTH XOAUTH2").startswith("504 5.7.4 Unrecognized authentication type [")
        device.say(f"MAIL FROM:<{SCANNER}>")
        assert device.say("RCPT TO:<a@elsewhere.example>").startswith("550 5.7.64 TenantAttribution; Relay Access")
        assert device.say("RCPT TO:<bob@contoso.com>") == "250 2.1.5 Recipient OK"


def test_old_tls_is_answered_with_421_and_the_end() -> None:
    with Lab(load_scenario("tls-too-old")) as lab, Device(lab) as device:
        assert device.sign_in(lab.token()).startswith("421 4.7.66 TLS 1.0 and 1.1 are not supported. ")
        assert device.hear() == ""


@pytest.mark.parametrize("smtp", [Smtp(tls_maximum="1.1"), Smtp(tls_minimum="1.3")], ids=["only old", "only new"])
def test_a_server_may_not_speak_tls_1_2(smtp: Smtp) -> None:
    with Lab(with_smtp(smtp)) as lab, connected(lab) as device:
        device.say("EHLO mfp")
        device.say("STARTTLS")
        context = ssl.create_default_context(cafile=str(lab.ca_file))
        context.maximum_version = context.minimum_version = ssl.TLSVersion.TLSv1_2
        with pytest.raises(ssl.SSLError):
            device.secure(context)
    assert not lab.bugs


def test_the_servers_clock_can_be_off() -> None:
    with Lab(with_smtp(Smtp(clock_offset_s=172800))) as lab, Device(lab) as device:
        ahead = datetime.now(UTC) + timedelta(days=2)
        assert f"{ahead:%b %Y}" in device.hear()
        claims = jwt.decode(lab.token(), options={"verify_signature": False})
        assert claims["iat"] > datetime.now(UTC).timestamp() + 86400


def test_other_ports_can_lead_to_the_server_too() -> None:
    with Lab(replace(HEALTHY, network=Network(ports=(587, 25)))) as lab, Device(lab, port=25) as device:
        assert device.hear().startswith("220 ")


def _all_replies(lab: Lab, silent_at: Stage | None = None) -> list[str]:
    """Hold a whole dialogue, and return what came of each stage until the first that failed, that one included."""
    replies: list[str] = []
    with contextlib.ExitStack() as stack:
        try:
            device = stack.enter_context(Device(lab))
            for stage in _STAGES:
                device._socket.settimeout(0.2 if stage is silent_at else 10)
                match stage:
                    case Stage.BANNER:
                        replies.append(device.hear())
                    case Stage.TLS:
                        device.secure()
                        replies.append("250 encrypted")
                    case Stage.AUTH:
                        device.say("AUTH XOAUTH2")
                        replies.append(device.say(blob(SCANNER, lab.token())))
                    case Stage.DATA:
                        device.say("DATA")
                        replies.append(device.say("hello\r\n."))
                    case _:
                        replies.append(device.say(_LINES[stage]))
                if replies[-1][:1] not in {"2", "3"}:
                    return replies
        except TimeoutError:
            replies.append("silence")
        except (ssl.SSLError, ConnectionError):
            replies.append("")
    return replies


def test_what_is_larger_than_the_way_carries_never_arrives_nor_does_what_follows() -> None:
    with Lab(with_smtp(Smtp(largest_packet=1400))) as lab, Device(lab) as device:
        device.begin()
        assert device.say("AUTH XOAUTH2") == "334 "
        device.tls.settimeout(0.3)
        device.send(blob(SCANNER, lab.token()))
        with pytest.raises(TimeoutError):
            device.hear()
    assert lab.sessions[0].received[-1].line == b"AUTH XOAUTH2\r\n"


def test_what_is_small_passes_where_large_packets_are_lost() -> None:
    with Lab(with_smtp(Smtp(largest_packet=1400))) as lab, connected(lab) as device:
        assert device.say("EHLO mfp").startswith("250")
        assert device.say(f"EHLO {'m' * 900}").startswith("250")


def test_a_device_may_have_kept_a_part_of_its_token_alone() -> None:
    with Lab(replace(HEALTHY, sign_in=SignIn(kept=255))) as lab, Device(lab) as device:
        assert len(lab.token()) == 255
        assert device.sign_in(lab.token()).startswith("535 5.7.3 ")


def test_the_sign_in_service_may_be_out_of_reach_while_all_else_answers() -> None:
    with Lab(replace(HEALTHY, network=Network(sign_in="refused"))) as lab:
        host, _, rest = lab.authority.removeprefix("https://").partition(":")
        with pytest.raises(ConnectionError), socket.create_connection((host, int(rest.partition("/")[0])), timeout=5):
            pass
        with Device(lab) as device:
            assert device.sign_in(lab.token()).startswith("235 ")
