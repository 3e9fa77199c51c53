"""What lacks of the two applications, and what would be done about it."""

from dataclasses import replace

import pytest

from diag.applications import Amend, Consented, Enrol, Permission, Purpose, Register
from diag.obstacle import NotAnswered
from diag.setup import Plan, Refused, plan
from diag.setup.wanted import Asked, Wanted, wanted
from diag.setup.words import step_in_words
from diag.subject import EXCHANGE_ONLINE_ID
from tests.setup_cases import (
    ADMIN,
    ADMIN_APP,
    BOTH,
    MANAGE,
    READ,
    SEND,
    SEND_AS_APP,
    SERVICES,
    SMTP,
    SMTP_APP,
    UNANSWERED,
    USER_READ,
    consent,
    tenant,
)


def planned(*applications: object, app_only: bool = False) -> Plan:
    found = plan(tenant(*applications), wanted(("User.Read.All", "Policy.Read.All"), app_only=app_only))  # type: ignore[arg-type]
    assert isinstance(found, Plan), found
    return found


def test_in_an_empty_tenant_both_are_registered_and_enrolled() -> None:
    found = planned()
    assert found.steps == (
        Register(name=SMTP, requires=(SEND,)),
        Enrol(name=SMTP, client_id=None),
        Register(name=ADMIN, requires=(MANAGE, *reversed(READ))),
        Enrol(name=ADMIN, client_id=None),
    )
    assert [app.consent for app in found.apps] == ["missing", "missing"]


def test_where_all_is_right_nothing_is_planned() -> None:
    found = planned(SMTP_APP, ADMIN_APP)
    assert (found.steps, found.alerts, found.remarks) == ((), (), ())
    assert [app.consent for app in found.apps] == ["given", "given"]


def test_the_devices_application_gets_the_permission_to_send_and_nothing_else() -> None:
    (register, *_) = planned().steps
    assert isinstance(register, Register)
    assert [one.value for one in register.requires] == ["SMTP.Send"]
    (alone, *_) = planned(app_only=True).steps
    assert isinstance(alone, Register)
    assert alone.requires == (SEND, SEND_AS_APP)


@pytest.mark.parametrize("value", ["Exchange.Manage", "Exchange.ManageAsApp", "User.Read.All", "Mail.ReadWrite"])
def test_an_administrators_permission_cannot_even_be_wanted_for_the_device(value: str) -> None:
    with pytest.raises(ValueError, match="administrator"):
        Wanted(Purpose.SMTP, (Asked(EXCHANGE_ONLINE_ID, value),))


def test_what_lacks_is_added_and_what_is_there_stays() -> None:
    less = replace(
        ADMIN_APP, requires=(USER_READ, MANAGE), public=None, audience="AzureADMultipleOrgs", enterprise=None
    )
    (amend, enrol) = planned(SMTP_APP, less).steps
    assert amend == Amend(
        name=ADMIN,
        object_id="admin-object",
        single_tenant=True,
        public=True,
        requires=(USER_READ, MANAGE),
        adds=tuple(reversed(READ)),
    )
    assert enrol == Enrol(name=ADMIN, client_id="admin-client")
    told = [str(sentence) for step in (amend, enrol) for sentence in step_in_words(step)]
    assert len(told) == 4
    assert "Microsoft Graph (Policy.Read.All, User.Read.All). What it asks for already stays." in told[2]


def test_more_than_is_wanted_is_left_to_the_administrators_application() -> None:
    assert planned(SMTP_APP, replace(ADMIN_APP, requires=(*ADMIN_APP.requires, USER_READ))).steps == ()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"requires": (SEND, MANAGE)}, "Exchange.Manage"),
        ({"requires": (MANAGE,)}, "Exchange.Manage"),
        ({"requires": (SEND, READ[0])}, "User.Read.All"),
        ({"requires": (SEND, Permission(service="x", id="who-knows", kind="application"))}, "who-knows"),
        ({"consented": consent(SEND, MANAGE)}, "Exchange.Manage"),
        ({"consented": consent(MANAGE, everybody=False)}, "Exchange.Manage"),
        ({"consented": (Consented(service="x", value="r-1", kind="application"),)}, "r-1"),
    ],
)
def test_what_only_an_administrator_may_on_the_devices_application_is_said_loudly_and_not_touched(
    change: dict[str, object], named: str
) -> None:
    found = planned(replace(SMTP_APP, public=False, enterprise=None, **change))  # type: ignore[arg-type]
    (alert,) = found.alerts
    assert str(alert).startswith("DANGER: diag SMTP")
    assert f"may have: {named}. " in str(alert)
    assert {step.name for step in found.steps} == {ADMIN}


def test_what_microsoft_adds_unasked_is_no_danger() -> None:
    found = planned(replace(SMTP_APP, requires=(SEND, USER_READ), consented=consent(SEND, USER_READ)), ADMIN_APP)
    assert (found.steps, found.alerts) == ((), ())


@pytest.mark.parametrize(
    ("consented", "said"),
    [(consent(SEND), "given"), (consent(SEND, everybody=False), "missing"), ((), "missing"), (UNANSWERED, "unknown")],
)
def test_consent_counts_where_it_is_for_everybody(consented: tuple[Consented, ...] | NotAnswered, said: str) -> None:
    assert planned(replace(SMTP_APP, consented=consented), ADMIN_APP).app(Purpose.SMTP).consent == said


def test_two_of_one_name_are_refused() -> None:
    found = plan(tenant(SMTP_APP, replace(SMTP_APP, client_id="another")), BOTH)
    assert isinstance(found, Refused)
    assert "(smtp-client, another)" in str(found.because)


def test_nobody_sets_up_while_signed_in_with_the_devices_application() -> None:
    found = plan(tenant(SMTP_APP, ADMIN_APP), BOTH, signed_in_with="SMTP-Client")
    assert isinstance(found, Refused)
    assert isinstance(plan(tenant(SMTP_APP, ADMIN_APP), BOTH, signed_in_with="admin-client"), Plan)


def test_a_question_of_the_directory_that_a_cloud_does_not_have_is_left_out_and_said() -> None:
    exchange, graph = SERVICES
    less = replace(graph, permissions=(READ[0],))
    found = plan(tenant(services=(exchange, less)), BOTH)
    assert isinstance(found, Plan)
    (remark,) = found.remarks
    assert "no permission Policy.Read.All; diag administrator goes without it" in str(remark)
    assert isinstance(plan(tenant(services=(replace(exchange, permissions=(SEND,)), graph)), BOTH), Refused)
