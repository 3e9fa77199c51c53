"""What somebody reads off a device's panel."""

import pytest

from diag.catalogue import load
from diag.explanation import explain, panel
from diag.subject import InvalidInputError


def codes(text: str, vendor: str | None = None) -> set[tuple[str, str]]:
    return {
        (code.vendor, code.code) for finding in explain(text, vendor=vendor).findings for code in finding.panel_codes
    }


@pytest.mark.parametrize(
    ("text", "vendor", "code"),
    [
        ("#839", "Canon", "#839"),
        ("839", "Canon", "#839"),
        ("Canon #839", "Canon", "#839"),
        ("canon mfp #839", "Canon", "#839"),
        ("error #839", "Canon", "#839"),
        ("Error code: #843", "Canon", "#843"),
        ("0x54", "Brother", "0x54"),
        ("0X54", "Brother", "0x54"),
        ("Brother 0x54", "Brother", "0x54"),
        ("Kyocera 1102", "Kyocera", "1102"),
        ("Send error 1102", "Kyocera", "1102"),
        ("send error: 1102\r\n", "Kyocera", "1102"),
        ("0x1102", "Kyocera", "1102"),
        ("Erreur n° 1102", "Kyocera", "1102"),
        ("E550", "Oki", "E550"),
        ("e 550", "Oki", "E550"),
        ("Token update failed", "Sharp", "Token update failed"),
        ("Authentication failure in SMTP server", "Brother", "0x54"),
        ("Token update failed. Please delete the token and obtain it again.", "Sharp", "Token update failed"),
    ],
)
def test_a_code_is_known_however_it_is_typed(text: str, vendor: str, code: str) -> None:
    assert (vendor, code) in codes(text)


@pytest.mark.parametrize("typed", ["Kyocera", "kyocera", "KYO", " kyocera "])
def test_the_vendor_may_be_told_beside_the_code(typed: str) -> None:
    assert codes("1102", typed) == {("Kyocera", "1102")}


def test_the_code_of_one_vendor_is_not_that_of_another() -> None:
    assert codes("#839", "Canon") == {("Canon", "#839")}
    assert codes("#839", "Brother") == set()
    assert codes("Kyocera #839") == set()


def test_a_vendor_that_nobody_knows_is_said_to_be_unknown() -> None:
    with pytest.raises(InvalidInputError) as refused:
        explain("#839", vendor="Zork")
    assert "Zork" in str(refused.value.sentence)
    assert "Canon" in str(refused.value.sentence)


def test_every_vendor_is_found_by_its_own_name_and_by_its_beginning() -> None:
    assert set(panel.vendors()) == {code.vendor for code in load().panel_codes}
    for vendor in panel.vendors():
        assert panel.vendor_of(vendor) == vendor
        assert panel.vendor_of(vendor.upper()) == vendor
    assert panel.vendor_of("kyo") == "Kyocera"
    assert panel.vendor_of("Exchange") == "Microsoft Exchange Online"


@pytest.mark.parametrize("name", ["", "  ", "Zork", "exchangeonline"])
def test_what_is_no_vendor_is_none(name: str) -> None:
    assert panel.vendor_of(name) is None


def test_every_code_of_the_catalogue_is_found_with_its_vendor() -> None:
    assert [code for code in load().panel_codes if code not in panel.by_code(code.code, code.vendor)] == []


def test_a_code_tells_its_causes_and_proves_none() -> None:
    (finding,) = explain("0x51").findings
    assert finding.causes[0].cause.id == "dns_failure"
    assert str(finding.causes[0].because) == "Brother 0x51 points to this cause."
    assert {str(suspected.certainty) for suspected in finding.causes} <= {"likely", "possible"}


def test_a_state_is_told_and_blames_nobody() -> None:
    explanation = explain("0x50", vendor="brother")
    (finding,) = explanation.findings
    assert [code.kind for code in finding.panel_codes] == ["state"]
    assert explanation.causes == ()
    assert explanation.unknown == ()


@pytest.mark.parametrize(
    "text", ["#999", "0x99", "Send error 9999", "Kyocera", "Brother MFP", "#", "0x", "error", "Stopped"]
)
def test_a_code_that_nobody_knows_is_not_guessed(text: str) -> None:
    assert codes(text) == set()
    assert explain(text).causes == ()


def test_a_number_within_a_text_is_no_code_of_a_panel() -> None:
    assert explain("Printed 839 pages, 1102 left, at 0x54").findings == ()
    assert codes("839\n1102") == set()


def test_the_words_of_a_server_are_read_as_such_whatever_the_device() -> None:
    reply = "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant."
    (finding,) = explain(reply, vendor="Canon").findings
    assert [suspected.cause.id for suspected in finding.causes] == ["smtp_auth_disabled_tenant"]
    assert finding.panel_codes == ()


def test_a_message_that_servers_use_too_is_the_device_s_where_its_vendor_is_told() -> None:
    assert codes("Transaction failed", "Oki") == {("Oki", "E554")}
    assert codes("Transaction failed") == set()
    assert codes("Requested action not taken: mailbox unavailable", "Oki") == {("Oki", "E550")}
