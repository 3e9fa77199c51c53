from checks.starttls_offered import judge
from diag.evidence import Evidence, Reason
from diag.stage import Stage
from tests.checks.outcomes import LIKELY, POSSIBLE, PROVEN, because, passed, skipped, suspects
from tests.evidence_cases import answered, asking, ending_at, greeting, healthy, saying, silent, talk_of, unspoken


def stripped(evidence: Evidence) -> Evidence:
    features = tuple(line for line in talk_of(evidence).features_before if line != "STARTTLS")
    return saying(evidence, features_before=features)


def test_an_offer_that_is_kept_clears_both_ways_to_lose_it() -> None:
    assert passed(judge(healthy())) == {"starttls_stripped", "starttls_refused"}


def test_the_offer_counts_in_lower_case() -> None:
    evidence = answered(saying(stripped(healthy()), features_before=("starttls",)), Stage.STARTTLS, 454, "later")
    assert suspects(judge(evidence)) == {"starttls_refused": LIKELY}


def test_exchange_online_without_the_offer_makes_it_likely_that_somebody_took_it_out() -> None:
    evidence = stripped(answered(healthy(), Stage.STARTTLS, 502, "5.5.1 Command not implemented"))
    assert suspects(judge(evidence)) == {"starttls_stripped": LIKELY}


def test_another_server_without_the_offer_may_never_have_had_it() -> None:
    evidence = greeting(healthy(), "mail.example.net ESMTP Postfix", name="mail.example.net")
    evidence = asking(stripped(ending_at(evidence, Stage.STARTTLS)), smtp_host="mail.example.net")
    assert suspects(judge(evidence)) == {"starttls_stripped": LIKELY}


def test_a_begin_without_an_offer_is_still_a_begin() -> None:
    assert "starttls_stripped" in passed(judge(stripped(healthy())))


def test_an_offer_that_is_then_refused_is_proven_for_good_and_likely_for_now() -> None:
    outcome = judge(answered(healthy(), Stage.STARTTLS, 502, "5.5.1 not implemented"))
    assert suspects(outcome) == {"starttls_refused": PROVEN}
    assert "502 5.5.1 not implemented" in because(outcome)
    outcome = judge(answered(healthy(), Stage.STARTTLS, 454, "4.7.0 TLS not available"))
    assert suspects(outcome) == {"starttls_refused": LIKELY}
    outcome = judge(answered(healthy(), Stage.STARTTLS, 421, "4.3.2 Service not available"))
    assert suspects(outcome) == {"service_not_active": LIKELY}


def test_silence_after_starttls_leaves_two_causes() -> None:
    outcome = judge(silent(healthy(), Stage.STARTTLS, Reason.TIMEOUT))
    assert suspects(outcome) == {"connection_dropped": LIKELY, "starttls_refused": POSSIBLE}


def test_an_offer_nobody_took_up_is_not_judged() -> None:
    assert skipped(judge(ending_at(healthy(), Stage.STARTTLS))) == "an earlier step was refused"


def test_without_an_answer_to_ehlo_there_is_nothing_to_judge() -> None:
    assert skipped(judge(answered(healthy(), Stage.EHLO, 502, "no"))) == "an earlier step was refused"
    assert skipped(judge(silent(healthy(), Stage.EHLO))) == "the dialogue ended before, at the step EHLO"
    assert "could be reached" in skipped(judge(unspoken(healthy())))
