"""What others have changed in the tenant is found at the next look, each kind by its own name; and nothing else is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest
import pytest_asyncio

from connector.checks import Answer, Check
from connector.steps import StepName
from local.tenant.administrator import Administrator
from local.tenant.catalogue import EXCHANGE_APP_ID
from local.tenant.deletion import delete_principal
from local.tenant.world import ServicePrincipal
from tests.check.look import Looked, looked
from tests.outages.run import NAME

pytestmark = pytest.mark.asyncio(loop_scope="module")


def principal(app: Looked) -> ServicePrincipal:
    found = app.tenant.world.service_principal(app.application.app_id)
    assert found is not None
    return found


def administrator(app: Looked) -> Administrator:
    return app.tenant.administrator


def secret_name(app: Looked) -> str:
    return f"{NAME}-{app.application.app_id}"


def take_access(app: Looked, address: str) -> None:
    administrator(app).remove_mailbox_permission(address, app.application.app_id)


def move_away(app: Looked, address: str) -> None:
    administrator(app).delete_mailbox(address)
    administrator(app).add_recipient(address, "MailUser")


def move_name(app: Looked, address: str) -> None:
    administrator(app).rename_mailbox(address, f"old-{address}", keep=False)
    administrator(app).add_mailbox(address)


def rename(app: Looked, address: str) -> None:
    administrator(app).rename_mailbox(address, f"new-{address}")


def rename_for_good(app: Looked, address: str) -> None:
    administrator(app).rename_mailbox(address, f"new-{address}", keep=False)


def license_again(app: Looked, address: str) -> None:
    administrator(app).license_again(address)


def switch_imap_off(app: Looked, address: str) -> None:
    administrator(app).set_imap(address, enabled=False)


def delete_mailbox(app: Looked, address: str) -> None:
    administrator(app).delete_mailbox(address)


def exchange_forgets(app: Looked) -> None:
    administrator(app).remove_service_principal(app.application.app_id)


def wrong_object(app: Looked) -> None:
    exchange_forgets(app)
    administrator(app).new_service_principal(app.application.app_id, app.application.id)


def withdraw_consent(app: Looked) -> None:
    administrator(app).withdraw_consent(app.application.app_id)


def no_such_role(app: Looked) -> None:
    found = app.tenant.world.service_principal(EXCHANGE_APP_ID)
    assert found is not None
    found.roles = [one for one in found.roles if one.value != "IMAP.AccessAsApp"]


def switch_off(app: Looked) -> None:
    administrator(app).enable_enterprise_application(app.application.app_id, enabled=False)


def delete_enterprise_application(app: Looked) -> None:
    delete_principal(app.tenant.world, principal(app), app.current_utc_datetime)


def delete_application(app: Looked) -> None:
    administrator(app).delete_application(app.application.app_id)


def another_audience(app: Looked) -> None:
    app.application.sign_in_audience = "AzureADMultipleOrgs"


def other_permissions(app: Looked) -> None:
    app.application.required_resource_access = []


def take_lock_off(app: Looked) -> None:
    app.tenant.member.take_lock_off(app.application)


def own(app: Looked) -> None:
    app.tenant.member.add_owner(app.application)


def own_principal(app: Looked) -> None:
    app.tenant.member.add_owner(principal(app))


def disown(app: Looked) -> None:
    app.application.owners = [one for one in app.application.owners if one != app.tenant.world.identity.object_id]


def add_secret(app: Looked) -> None:
    app.tenant.member.add_credential(app.application)


def add_federated(app: Looked) -> None:
    app.tenant.member.add_credential(app.application, "federated")


def add_to_principal(app: Looked) -> None:
    take_lock_off(app)
    app.tenant.member.add_credential(principal(app))


def remove_credential(app: Looked) -> None:
    app.application.credentials.clear()


def disable_secret(app: Looked) -> None:
    administrator(app).disable_secret(secret_name(app))


def delete_secret(app: Looked) -> None:
    administrator(app).delete_secret(secret_name(app))


def forbid_secrets(app: Looked) -> None:
    administrator(app).limit_secrets(forbidden=True)


def lock_out(app: Looked) -> None:
    app.tenant.world.blocked_by_conditional_access.add(app.application.app_id)


def take_exchange(app: Looked) -> None:
    administrator(app).revoke("Exchange.ManageAsApp")


def take_role(app: Looked) -> None:
    administrator(app).set_directory_roles()


def take_entra(app: Looked) -> None:
    administrator(app).revoke("Application.ReadWrite.OwnedBy")


@dataclass(frozen=True)
class Kind:
    """One kind of change: who has done what, and where it is found."""

    act: Callable[..., None]
    step: StepName
    code: str
    together: str
    """What is changed at once and seen by one look, to save the others."""
    mailbox: int | None = None
    """Which mailbox, where it is about one."""


_MAILBOXES = (
    (take_access, "access-missing"),
    (switch_imap_off, "imap-disabled"),
    (delete_mailbox, "mailbox-not-found"),
    (move_away, "address-is-elsewhere"),
    (rename, "address-changed"),
    (rename_for_good, "address-changed"),
    (move_name, "address-moved"),
    (license_again, "access-missing"),
)
KINDS = [Kind(act, StepName.MAILBOXES, code, "mailboxes", n) for n, (act, code) in enumerate(_MAILBOXES)] + [
    Kind(own, StepName.APPLICATION, "foreign-owner", "others"),
    Kind(own_principal, StepName.APPLICATION, "foreign-enterprise-owner", "others"),
    Kind(disown, StepName.APPLICATION, "owner-missing", "others"),
    Kind(add_federated, StepName.APPLICATION, "foreign-credential", "others"),
    Kind(add_to_principal, StepName.APPLICATION, "foreign-enterprise-credential", "others"),
    Kind(add_secret, StepName.APPLICATION, "foreign-credential", "another secret"),
    Kind(another_audience, StepName.APPLICATION, "application-differs", "much"),
    Kind(withdraw_consent, StepName.CONSENT, "consent-missing", "much"),
    Kind(disable_secret, StepName.SECRET, "secret-disabled", "much"),
    Kind(exchange_forgets, StepName.EXCHANGE, "principal-missing", "much"),
    Kind(other_permissions, StepName.APPLICATION, "application-differs", "more"),
    Kind(no_such_role, StepName.CONSENT, "imap-role-unexpected", "more"),
    Kind(delete_secret, StepName.SECRET, "secret-deleted", "more"),
    Kind(wrong_object, StepName.EXCHANGE, "principal-stale", "more"),
    Kind(take_lock_off, StepName.APPLICATION, "application-differs", "rest"),
    Kind(remove_credential, StepName.SECRET, "secret-gone", "rest"),
    Kind(forbid_secrets, StepName.SECRET, "renewal-forbidden", "rest"),
    Kind(switch_off, StepName.ENTERPRISE_APPLICATION, "enterprise-application-disabled", "off"),
    Kind(delete_enterprise_application, StepName.ENTERPRISE_APPLICATION, "enterprise-application-missing", "gone"),
    Kind(delete_application, StepName.APPLICATION, "application-deleted", "deleted"),
    Kind(lock_out, StepName.SECRET, "conditional-access", "locked out"),
    Kind(take_exchange, StepName.PREREQUISITES, "role-missing", "rights"),
    Kind(take_role, StepName.PREREQUISITES, "exchange-role-missing", "role"),
    Kind(take_entra, StepName.PREREQUISITES, "role-missing", "entra"),
]
GROUPS = list(dict.fromkeys(kind.together for kind in KINDS))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def seen(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[dict[str, Check]]:
    """Let each group of changes be made and looked at, on one tenant with one connection."""
    found: dict[str, Check] = {}
    async with looked(tmp_path_factory.mktemp("drift"), mailboxes=len(_MAILBOXES)) as app:
        addresses, ready = app.tenant.addresses, app.keep()
        for group in GROUPS:
            app.bring_back(ready)
            app.tenant.forget_requests()
            for kind in (one for one in KINDS if one.together == group):
                kind.act(app, *([addresses[kind.mailbox]] if kind.mailbox is not None else []))
            app.pass_time(86_400)
            found[group] = await app.look()
            assert app.tenant.writes() == []
        app.bring_back(ready)
        app.pass_time(86_400)
        found["as before"] = await app.look()
        yield found


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.act.__name__)
async def test_what_others_have_changed_is_found_by_its_name(seen: dict[str, Check], kind: Kind) -> None:
    look = seen[kind.together].seen
    assert look is not None
    found = [one for one in look.drift if one.code == kind.code and one.step is kind.step]
    assert found
    if kind.mailbox is not None:
        assert len(found) == sum(code == kind.code for _, code in _MAILBOXES)
    answers = {one.step: one.answer for one in look.items}
    assert answers[kind.step] is Answer.DRIFTED or all(one.severity == "warning" for one in found)
    assert {one.id for one in found} <= seen[kind.together].told.keys()


async def test_each_mailbox_is_told_of_for_itself(seen: dict[str, Check]) -> None:
    look = seen["mailboxes"].seen
    assert look is not None
    assert look.mailboxes == {Answer.DRIFTED: len(_MAILBOXES)}
    assert len({one.subject for one in look.drift}) == len(_MAILBOXES)
    assert len(look.renamed) == sum(code == "address-changed" for _, code in _MAILBOXES)


async def test_what_is_as_before_is_said_to_be_and_was_told_to_have_recovered(seen: dict[str, Check]) -> None:
    last = seen["as before"]
    assert last.seen is not None
    assert (last.seen.drift, last.seen.unread, last.told) == ([], [], {})
    assert {one.answer for one in last.seen.items} == {Answer.GOOD}


async def test_what_needs_something_that_has_drifted_is_not_said_to_be_good(seen: dict[str, Check]) -> None:
    look = seen["deleted"].seen
    assert look is not None
    answers = {one.step: one.answer for one in look.items}
    assert answers[StepName.CONSENT] is Answer.NOT_READABLE
    assert answers[StepName.MAILBOXES] is Answer.NOT_READABLE
    assert [one.code for one in look.drift if one.step is StepName.CONSENT] == []
