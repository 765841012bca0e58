"""The matrix of rights: what the identity lacks, and how far the set-up comes; ``permissions.md`` says the same."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connector.model import Connection
from connector.services import services
from local.environment import serving, settings
from local.tenant import Tenant
from local.tenant.catalogue import DIRECTORY_ROLES
from local.tenant.exchange_rights import CMDLETS, READS
from tests.flow.app import NAME, App, asking, running, states
from tests.flow.test_causes import codes, found

DOCUMENT = Path("docs/reference/permissions.md")
MARKS = {"done": "does it", "unchanged": "does it", "action-required": "a person", "pending": "–"}


@dataclass(frozen=True)
class Row:
    """What is missing, and who then does consent, Exchange's record, mailbox access and the login."""

    lacks: str
    arrange: Callable[[Tenant], object]
    consent: str = "done"
    exchange: str = "done"
    mailboxes: str = "done"
    state: str = "ready"


def revoke(*roles: str) -> Callable[[Tenant], object]:
    return lambda tenant: tenant.administrator.revoke(*roles)


def roles(*names: str) -> Callable[[Tenant], object]:
    return lambda tenant: tenant.administrator.set_directory_roles(*(DIRECTORY_ROLES[name] for name in names))


def group(cmdlets: set[str], scope: Callable[[Tenant], set[str]] | None = None) -> Callable[[Tenant], object]:
    def arrange(tenant: Tenant) -> None:
        tenant.administrator.set_directory_roles()
        tenant.administrator.put_in_role_group(cmdlets, scope(tenant) if scope is not None else None)

    return arrange


def least(tenant: Tenant) -> None:
    tenant.administrator.revoke(
        "AppRoleAssignment.ReadWrite.All", "Application.Read.All", "Policy.Read.All", "Exchange.ManageAsApp"
    )
    tenant.administrator.set_directory_roles()


def superset(tenant: Tenant) -> None:
    tenant.administrator.revoke("Application.ReadWrite.OwnedBy", "Application.Read.All")
    tenant.administrator.grant("Application.ReadWrite.All")


THREE = {"Get-Mailbox", "Get-MailboxPermission", "Add-MailboxPermission"}
A_PERSON = "action-required"
MATRIX = [
    Row("nothing", lambda _: None),
    Row("`Policy.Read.All`", revoke("Policy.Read.All")),
    Row("`Application.ReadWrite.OwnedBy`, but holds `Application.ReadWrite.All`", superset),
    Row("`Application.ReadWrite.OwnedBy`", revoke("Application.ReadWrite.OwnedBy"), "pending", "pending", "pending",
        A_PERSON),
    Row("`AppRoleAssignment.ReadWrite.All`", revoke("AppRoleAssignment.ReadWrite.All"), consent=A_PERSON,
        state=A_PERSON),
    Row("`Application.Read.All`", revoke("Application.Read.All"), consent=A_PERSON, state=A_PERSON),
    Row("the vault", lambda tenant: setattr(tenant.world.identity, "vault_access", False), state=A_PERSON),
    Row("`Exchange.ManageAsApp`", revoke("Exchange.ManageAsApp"), exchange=A_PERSON, mailboxes=A_PERSON,
        state=A_PERSON),
    Row("a role in Exchange (holds `Exchange.ManageAsApp`)", roles(), exchange=A_PERSON, mailboxes=A_PERSON,
        state=A_PERSON),
    Row("*Role Management* (holds Exchange Recipient Administrator)", roles("Exchange Recipient Administrator"),
        exchange=A_PERSON, mailboxes=A_PERSON, state=A_PERSON),
    Row("every write (holds Global Reader)", roles("Global Reader"), exchange=A_PERSON, mailboxes="pending",
        state=A_PERSON),
    Row("the cmdlets for the record (role group of three, scoped)", group(THREE, lambda one: set(one.addresses)),
        exchange=A_PERSON, mailboxes=A_PERSON, state=A_PERSON),
    Row("`Add-MailboxPermission`", group(set(CMDLETS) - {"Add-MailboxPermission"}), mailboxes=A_PERSON, state=A_PERSON),
    Row("the scope for one mailbox", group(set(CMDLETS), lambda one: {one.addresses[0]}), mailboxes=A_PERSON,
        state=A_PERSON),
    Row("all but `Application.ReadWrite.OwnedBy` and the vault", least, consent=A_PERSON, exchange=A_PERSON,
        mailboxes=A_PERSON, state=A_PERSON),
]  # fmt: skip


@pytest.mark.parametrize("row", MATRIX, ids=lambda row: row.lacks)
async def test_a_missing_right_stops_only_what_needs_it(tmp_path: Path, row: Row) -> None:
    async with running(tmp_path, clock=1) as app:
        row.arrange(app.tenant)
        connection = await app.set_up()
        seen = states(connection)
        assert connection["state"] == row.state
        assert (seen["consent"], seen["exchange"], seen["mailboxes"]) == (row.consent, row.exchange, row.mailboxes)


def test_the_document_shows_the_same_matrix() -> None:
    section = DOCUMENT.read_text("utf-8").partition("## Who does what")[2].partition("\n## ")[0]
    lines = section.splitlines()
    table = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")][1:]
    ready = {"ready": "by itself", A_PERSON: "after a person"}
    assert table == [
        [row.lacks, MARKS[row.consent], MARKS[row.exchange], MARKS[row.mailboxes], ready[row.state]] for row in MATRIX
    ]


async def test_with_the_least_rights_a_person_follows_the_lines_and_the_run_finishes(tmp_path: Path) -> None:
    """No new request: the waiting run notices the consent and the opened mailboxes by itself."""
    async with running(tmp_path) as app:
        least(app.tenant)
        connection = await app.set_up()
        assert found(connection, "consent-missing")["action"]["link"].endswith(connection["ids"]["applicationId"])
        assert found(connection, "consent-missing")["action"]["command"] == (
            f"infra/grant.sh --identity {app.tenant.world.identity.object_id} "
            f"--tenant {app.tenant.world.tenant_id} --consent {NAME}"
        )
        obey(app, found(connection, "exchange-by-hand")["action"]["command"])
        app.tenant.administrator.consent(connection["ids"]["applicationId"])
        connection = await app.until(lambda seen: seen["state"] == "ready")
        assert set(states(connection).values()) <= {"done", "unchanged"}
        assert (await app.parameters())["verified"] is True
        assert {code for code in codes(connection) if code.endswith("-by-hand")} == {"consent-by-hand"}
        assert found(connection, "proven-by-login")["severity"] == "info"


async def set_up_by_hand(app: App) -> dict[str, Any]:
    """Set up with the least rights, and do what a person is asked to do."""
    least(app.tenant)
    connection = await app.set_up()
    obey(app, found(connection, "exchange-by-hand")["action"]["command"])
    app.tenant.administrator.consent(connection["ids"]["applicationId"])
    return await app.until(lambda seen: seen["state"] == "ready")


def obey(app: App, lines: str) -> None:
    """Do what the PowerShell lines say."""
    administrator = app.tenant.administrator
    for line in lines.splitlines():
        values = dict(re.findall(r"-(\w+) '([^']*)'", line))
        if line.startswith("New-ServicePrincipal"):
            administrator.new_service_principal(values["AppId"], values["ObjectId"], values["DisplayName"])
        elif line.startswith("Add-MailboxPermission"):
            (app_id,) = [
                one.app_id for one in app.tenant.world.exchange_principals.values() if one.object_id == values["User"]
            ]
            administrator.add_mailbox_permission(values["Identity"], app_id)
        elif line.startswith("Remove-MailboxPermission"):
            (app_id,) = [
                one.app_id for one in app.tenant.world.exchange_principals.values() if one.object_id == values["User"]
            ]
            administrator.remove_mailbox_permission(values["Identity"], app_id)


async def set_up_and_lose(app: App, cmdlet: str) -> None:
    """Set everything up with the rights of a role group, which then loses one of them."""
    app.tenant.administrator.set_directory_roles()
    permitted = app.tenant.administrator.put_in_role_group(set(CMDLETS))
    await app.set_up()
    permitted.cmdlets.remove(cmdlet)


async def test_access_that_the_app_may_not_take_back_is_told_and_its_removal_noticed(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=4) as app:
        await set_up_and_lose(app, "Remove-MailboxPermission")
        first, second, *kept = app.tenant.addresses
        connection = await app.set_up(mailboxes=[second, *kept])
        assert (connection["state"], states(connection)["mailboxes"]) == ("action-required", "action-required")
        told = found(connection, "removal-by-hand")
        assert told["action"]["command"].splitlines()[1:] == [removal(connection, first)]
        # What has been taken off before is not taken off once more: one of three is less than half.
        connection = await app.set_up(mailboxes=kept)
        told = found(connection, "removal-by-hand")
        assert told["action"]["command"].splitlines()[1:] == [removal(connection, one) for one in (first, second)]
        obey(app, told["action"]["command"])
        connection = await app.until(lambda seen: seen["state"] == "ready")
        assert connection["findings"] == []


async def test_a_verification_notices_access_that_a_person_has_taken_back(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=3) as app:
        await set_up_and_lose(app, "Remove-MailboxPermission")
        connection = await app.set_up(mailboxes=app.tenant.addresses[1:])
        await app.client.post(f"/api/connections/{NAME}/cancel")
        await app.until(lambda seen: seen["state"] == "cancelled")
        connection = await app.verify(lambda seen: seen["state"] == "action-required")
        obey(app, found(connection, "removal-by-hand")["action"]["command"])
        await app.until(lambda seen: seen["state"] == "ready")


def removal(connection: dict[str, Any], address: str) -> str:
    return (
        f"Remove-MailboxPermission -Identity '{address}' -User '{connection['ids']['enterpriseApplicationId']}' "
        "-AccessRights FullAccess -Confirm:$false"
    )


async def test_access_that_a_person_gives_in_the_apps_place_goes_with_the_list(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        group(set(CMDLETS) - {"Add-MailboxPermission"})(app.tenant)
        connection = await app.set_up()
        assert [one["accessGiven"] for one in connection["mailboxes"]["items"]] == [False, False]
        for one in connection["mailboxes"]["items"]:
            obey(app, one["finding"]["action"]["command"])
        connection = await app.until(lambda seen: seen["state"] == "ready")
        assert [one["accessGiven"] for one in connection["mailboxes"]["items"]] == [True, True]
        kept, left = app.tenant.addresses
        assert (await app.set_up(mailboxes=[kept]))["state"] == "ready"
        assert app.tenant.world.with_access(left) == set()


async def test_who_may_only_give_access_does_so_once_a_person_has_made_the_record(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        roles("Exchange Recipient Administrator")(app.tenant)
        connection = await app.set_up()
        ids = connection["ids"]
        app.tenant.administrator.new_service_principal(ids["applicationId"], ids["enterpriseApplicationId"])
        connection = await app.until(lambda seen: seen["state"] == "ready")
        assert app.tenant.world.with_access(app.tenant.addresses[0]) == {ids["enterpriseApplicationId"]}


async def test_a_right_that_was_granted_later_than_the_token_is_stale_and_not_missing(tmp_path: Path) -> None:
    async with Tenant(preset="calm", clock=60, mailboxes=1) as tenant:
        tenant.administrator.revoke("AppRoleAssignment.ReadWrite.All")
        later = (datetime.now(UTC) + timedelta(minutes=10)).isoformat()
        environment = {**settings(tenant.endpoints, tmp_path), "CONNECTOR_GRANTED": later}
        async with serving(environment, clock=60) as host, asking(host, tenant) as client:
            connection = await client.set_up({"name": NAME, "mailboxes": tenant.addresses})
            assert "token-stale" in codes(connection)
            assert "role-missing" not in codes(connection)


def test_reading_alone_is_no_right_to_write() -> None:
    assert not any(cmdlet.startswith(("New-", "Add-", "Set-", "Remove-")) for cmdlet in READS)


@pytest.mark.parametrize("repairs", [False, True])
async def test_while_a_run_waits_for_a_person_another_look_is_at_everything(tmp_path: Path, repairs: bool) -> None:
    """One address is misspelt, so step 7 is not done; somebody takes access away from a mailbox that has opened."""
    async with running(tmp_path) as app:
        first = app.tenant.addresses[0]
        body = {"name": NAME, "mailboxes": [*app.tenant.addresses, "suport@contoso.example"]}
        connection = await app.client.set_up(body)
        assert (connection["state"], connection["mailboxes"]["counts"]["open"]) == ("action-required", 2)
        app.tenant.administrator.remove_mailbox_permission(first, connection["ids"]["applicationId"])
        before, shown = await stored(), connection
        for _ in range(2):
            if repairs:
                await app.client.post("/api/connections", json=body)
            else:
                await app.client.post(f"/api/connections/{NAME}/verify")
            shown = await app.until(lambda seen: seen["state"] == "action-required")
        assert shown["revision"] == 3
        assert bool(app.tenant.world.with_access(first)) is repairs
        assert shown["mailboxes"]["items"][0]["state"] == ("open" if repairs else "action-required")
        after = await stored()
        assert before.stuck_since is not None
        assert after.stuck_since == before.stuck_since  # whoever looks again and again is told in the end
        assert repairs or after.last_change == before.last_change


async def stored() -> Connection:
    """Return the connection's document."""
    found = await services().documents.load(NAME)
    assert found is not None
    return found.connection


async def test_one_login_does_not_keep_the_others_from_their_access(tmp_path: Path) -> None:
    """Who may not look at service principals has Exchange's record proven by a login, and goes on without seeing it."""
    async with running(tmp_path) as app:
        roles("Exchange Recipient Administrator")(app.tenant)
        late = "late@contoso.example"
        connection = await app.set_up(mailboxes=[*app.tenant.addresses, late])
        ids = connection["ids"]
        app.tenant.administrator.new_service_principal(ids["applicationId"], ids["enterpriseApplicationId"])
        connection = await app.until(lambda seen: seen["mailboxes"]["counts"].get("open") == 2)
        await app.until(lambda seen: states(seen)["exchange"] == "unchanged")
        app.tenant.administrator.add_mailbox(late)
        await app.until(lambda seen: seen["state"] == "ready")
        assert app.tenant.world.with_access(late) == {ids["enterpriseApplicationId"]}


async def test_where_imap_cannot_be_switched_on_nothing_is_given(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        group(set(CMDLETS) - {"Set-CASMailbox"})(app.tenant)
        (address,) = app.tenant.addresses
        app.tenant.administrator.set_imap(address, enabled=False)
        connection = await app.set_up(enableImap=True)
        assert connection["state"] == "action-required"
        assert not app.tenant.world.with_access(address)
        app.tenant.administrator.add_mailbox_permission(address, connection["ids"]["applicationId"])
        app.tenant.administrator.set_imap(address, enabled=True)
        connection = await app.until(lambda seen: seen["state"] == "ready")
        assert [one["accessGiven"] for one in connection["mailboxes"]["items"]] == [True]
