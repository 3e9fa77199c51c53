import pytest

from checks.who_answers import judge
from diag.evidence import Reason
from diag.stage import Stage
from tests.checks.outcomes import LIKELY, POSSIBLE, PROVEN, because, passed, shown, skipped, suspects
from tests.evidence_cases import answered, asking, greeting, healthy, saying, silent, step, talk_of, unspoken

POSTFIX = "mail.example.net ESMTP Postfix"


def test_exchange_online_is_known_by_its_greeting() -> None:
    outcome = judge(healthy())
    assert passed(outcome) == {"connection_intercepted_by_other_mta"}
    assert shown(outcome).startswith("Exchange Online: 220 ")


def test_exchange_online_is_known_by_its_name_in_ehlo_where_the_greeting_hides_it() -> None:
    evidence = greeting(healthy(), "SMTP ready", name="AM0PR02CA0134.outlook.office365.com Hello")
    assert "connection_intercepted_by_other_mta" in passed(judge(evidence))


def test_another_mail_server_in_place_of_exchange_online_is_proven() -> None:
    outcome = judge(saying(greeting(healthy(), POSTFIX, name="mail.example.net"), tls=None))
    assert suspects(outcome) == {"connection_intercepted_by_other_mta": PROVEN}
    assert POSTFIX in because(outcome)


def test_any_server_will_do_at_a_host_that_was_chosen_by_hand() -> None:
    evidence = asking(greeting(healthy(), POSTFIX, name="mail.example.net"), smtp_host="mail.example.net")
    assert shown(judge(evidence)).startswith("another mail server: ")
    assert "connection_intercepted_by_other_mta" in passed(judge(evidence))


def test_a_verified_certificate_outweighs_a_greeting() -> None:
    outcome = judge(greeting(healthy(), POSTFIX, name="mail.example.net"))
    assert "connection_intercepted_by_other_mta" in passed(outcome)


def test_the_greeting_of_an_inbound_host_makes_it_likely_to_be_one() -> None:
    text = "DB5EUR01FT034.mail.protection.outlook.com Microsoft ESMTP MAIL Service ready"
    assert suspects(judge(saying(greeting(healthy(), text), tls=None))) == {"mx_endpoint_used": LIKELY}


def test_a_masked_greeting_is_left_to_the_check_that_judges_masks() -> None:
    outcome = judge(greeting(healthy(), "************************"))
    assert "connection_intercepted_by_other_mta" in passed(outcome)
    assert shown(outcome).startswith("a firewall that inspects SMTP")


@pytest.mark.parametrize("reason", [Reason.TIMEOUT, Reason.DEADLINE])
def test_a_connection_that_is_taken_and_then_left_without_a_word_is_a_silent_server(reason: Reason) -> None:
    assert suspects(judge(silent(healthy(), Stage.BANNER, reason))) == {"server_silent": LIKELY}


def test_a_connection_that_is_closed_without_a_word_was_dropped() -> None:
    assert suspects(judge(silent(healthy(), Stage.BANNER, Reason.DROPPED))) == {"connection_dropped": LIKELY}


def test_what_is_no_smtp_is_shown() -> None:
    outcome = judge(silent(healthy(), Stage.BANNER, Reason.PROTOCOL, "HTTP/1.1 400 Bad Request"))
    assert suspects(outcome) == {"protocol_violation": PROVEN}
    assert "HTTP/1.1 400 Bad Request" in because(outcome)


def test_a_connection_that_fails_the_second_time_is_judged_as_well() -> None:
    lost = silent(healthy(), Stage.BANNER, Reason.REFUSED)
    answer = talk_of(lost).steps[0].answer
    outcome = judge(saying(lost, steps=(step(Stage.CONNECT, answer),)))
    assert suspects(outcome) == {"connection_dropped": LIKELY}


def test_an_unwilling_greeting_is_read_in_the_catalogue() -> None:
    evidence = answered(healthy(), Stage.BANNER, 554, "5.7.606 Access denied, banned sending IP [192.0.2.7]")
    assert suspects(judge(evidence)) == {"banned_sending_ip": LIKELY}


def test_an_unwilling_greeting_nobody_knows_is_a_service_that_is_possibly_off() -> None:
    outcome = judge(answered(healthy(), Stage.BANNER, 554, "go away"))
    assert suspects(outcome) == {"service_not_active": POSSIBLE}
    assert "554 go away" in because(outcome)


def test_without_a_dialogue_nobody_answered() -> None:
    assert "could be reached" in skipped(judge(unspoken(healthy())))
    assert skipped(judge(saying(healthy(), steps=())))
