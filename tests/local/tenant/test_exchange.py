"""Exchange's admin interface: the cmdlets, their errors and warnings, and batches."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from local.tenant import Tenant
from local.tenant.exchange_answers import EXISTS, NOT_FOUND, OUT_OF_SCOPE, PARAMETERS
from tests.local.tenant.clients import Clients, OpenClients

APP = "6f1c0d2e-0000-4000-8000-000000000001"
OBJECT = "6f1c0d2e-0000-4000-8000-000000000002"
MAILBOX = "invoices@contoso.example"


def reason(answer: httpx.Response) -> tuple[str, str]:
    """Return type and text of an error, whatever its shape."""
    error = answer.json()["error"]
    if "innererror" in error:
        inner = error["innererror"]["internalexception"]
        return inner["type"], inner["message"]
    message = error["details"][0]["message"]
    if message.startswith("{"):
        value = json.loads(message)
        return value["TypeName"], value["Message"]
    _, type_, text = message.split("|", 2)
    return type_, text


async def principal(clients: Clients) -> None:
    assert (await clients.cmdlet("New-ServicePrincipal", AppId=APP, ObjectId=OBJECT, DisplayName="UTM")).is_success


async def test_an_answer_is_an_annotated_collection(clients: Clients) -> None:
    await principal(clients)
    answer = (await clients.cmdlet("Get-ServicePrincipal", Identity=APP)).json()
    assert answer["@odata.context"].endswith("$metadata#Collection(Exchange.GenericHashTable)")
    assert answer["@adminapi.warnings"] == []
    assert [(entry["AppId"], entry["ObjectId"]) for entry in answer["value"]] == [(APP, OBJECT)]


async def test_an_unknown_principal_returns_all_of_them(clients: Clients) -> None:
    answer = await clients.cmdlet("Get-ServicePrincipal", Identity=APP)
    assert [entry["DisplayName"] for entry in answer.json()["value"]] == ["Contoso Archiv", "Contoso CRM"]


async def test_a_wrong_object_id_is_believed(clients: Clients) -> None:
    await principal(clients)
    assert clients.tenant.world.exchange_principals[APP].object_id == OBJECT


async def test_a_second_principal_of_an_application_is_refused_in_shape_c(clients: Clients) -> None:
    await principal(clients)
    answer = await clients.cmdlet("New-ServicePrincipal", AppId=APP, ObjectId="other")
    assert answer.status_code == 400
    assert answer.json()["error"]["details"][0]["code"] == "Context"
    assert reason(answer)[0] == EXISTS
    assert "already exists" in reason(answer)[1]


async def test_an_unknown_mailbox_is_refused_in_shape_b(clients: Clients) -> None:
    answer = await clients.cmdlet("Get-Mailbox", Identity="nobody@contoso.example")
    assert answer.status_code == 404
    assert answer.json()["error"]["details"][0]["message"].startswith("Ex6F9304|")
    assert reason(answer)[0] == NOT_FOUND
    assert "couldn't be found on" in reason(answer)[1]


async def test_an_unknown_parameter_is_refused_in_shape_a(clients: Clients) -> None:
    answer = await clients.cmdlet("New-ServicePrincipal", AppId=APP, ServiceId=OBJECT)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == "Invalid Operation"
    assert reason(answer)[0] == PARAMETERS


async def test_access_given_twice_is_a_warning(clients: Clients) -> None:
    await principal(clients)
    first = await clients.cmdlet("Add-MailboxPermission", Identity=MAILBOX, User=OBJECT, AccessRights=["FullAccess"])
    second = await clients.cmdlet("Add-MailboxPermission", Identity=MAILBOX, User=OBJECT, AccessRights=["FullAccess"])
    assert first.json()["@adminapi.warnings"] == []
    assert second.status_code == 200
    assert "already present" in second.json()["@adminapi.warnings"][0]
    assert "already present" in second.headers["X-Warnings"]


async def test_access_is_read_back_under_one_of_the_principal_s_names(clients: Clients) -> None:
    await principal(clients)
    await clients.cmdlet("Add-MailboxPermission", Identity=MAILBOX, User=OBJECT, AccessRights=["FullAccess"])
    found = (await clients.cmdlet("Get-MailboxPermission", Identity=MAILBOX, User=OBJECT)).json()["value"]
    everybody = (await clients.cmdlet("Get-MailboxPermission", Identity=MAILBOX)).json()["value"]
    known = clients.tenant.world.exchange_principals[APP]
    assert found[0]["AccessRights"] == ["FullAccess"]
    assert found[0]["User"] in (known.object_id, known.display_name, known.sid)
    assert [entry["User"] for entry in everybody] == ["NT AUTHORITY\\SELF", found[0]["User"]]


async def test_an_unknown_right_is_accepted_and_gives_nothing(clients: Clients) -> None:
    await principal(clients)
    answer = await clients.cmdlet("Add-MailboxPermission", Identity=MAILBOX, User=OBJECT, AccessRights=["Full"])
    assert answer.status_code == 200
    assert answer.json()["value"] == []
    assert clients.tenant.world.with_access(MAILBOX) == set()


async def test_removed_access_is_gone_and_removing_it_again_a_warning(clients: Clients) -> None:
    await principal(clients)
    clients.tenant.administrator.add_mailbox_permission(MAILBOX, APP)
    parameters: dict[str, Any] = {"Identity": MAILBOX, "User": OBJECT, "AccessRights": ["FullAccess"], "Confirm": False}
    first = await clients.cmdlet("Remove-MailboxPermission", **parameters)
    second = await clients.cmdlet("Remove-MailboxPermission", **parameters)
    assert first.json()["value"] == []
    assert clients.tenant.world.with_access(MAILBOX) == set()
    assert second.json()["@adminapi.warnings"]


async def test_access_of_a_removed_principal_dangles(clients: Clients) -> None:
    await principal(clients)
    clients.tenant.administrator.add_mailbox_permission(MAILBOX, APP)
    sid = clients.tenant.world.exchange_principals[APP].sid
    await clients.cmdlet("Remove-ServicePrincipal", Identity=OBJECT, Confirm=False)
    await principal(clients)
    assert clients.tenant.world.with_access(MAILBOX) == {sid}
    assert clients.tenant.world.exchange_principals[APP].sid != sid


async def test_a_mailbox_answers_to_each_of_its_names(clients: Clients) -> None:
    clients.tenant.administrator.add_mailbox(
        "erika@contoso.example", primary_address="e.muster@contoso.example", aliases=("info@contoso.example",)
    )
    for name in ("ERIKA@contoso.example", "e.muster@contoso.example", "info@contoso.example"):
        found = (await clients.cmdlet("Get-Mailbox", Identity=name)).json()["value"][0]
        assert found["UserPrincipalName"] == "erika@contoso.example"
        assert found["PrimarySmtpAddress"] == "e.muster@contoso.example"


@pytest.mark.parametrize("kind", ["MailUniversalDistributionGroup", "MailUser"])
async def test_what_is_no_mailbox_is_a_recipient(clients: Clients, kind: str) -> None:
    clients.tenant.administrator.add_recipient("team@contoso.example", kind)
    mailbox = await clients.cmdlet("Get-Mailbox", Identity="team@contoso.example")
    recipient = await clients.cmdlet("Get-Recipient", Identity="Team@contoso.example")
    assert mailbox.status_code == 404
    assert recipient.json()["value"][0]["RecipientTypeDetails"] == kind
    assert (await clients.cmdlet("Get-Recipient", Identity="none@contoso.example")).status_code == 404


async def test_imap_is_switched_on(clients: Clients) -> None:
    clients.tenant.administrator.set_imap(MAILBOX, enabled=False)
    before = (await clients.cmdlet("Get-CASMailbox", Identity=MAILBOX)).json()["value"][0]
    answer = await clients.cmdlet("Set-CASMailbox", Identity=MAILBOX, ImapEnabled=True)
    assert before["ImapEnabled"] is False
    assert answer.json()["value"] == []
    assert clients.tenant.world.mailboxes[MAILBOX].imap_enabled


async def test_the_organization_says_whether_it_is_dehydrated(clients: Clients) -> None:
    clients.tenant.world.dehydrated = True
    assert (await clients.cmdlet("Get-OrganizationConfig")).json()["value"][0]["IsDehydrated"] is True
    assert len((await clients.cmdlet("Get-AcceptedDomain")).json()["value"]) == 2


async def test_properties_are_selected(clients: Clients) -> None:
    body = {"CmdletInput": {"CmdletName": "Get-Mailbox", "Parameters": {}}}
    answer = await clients.exchange(body, route="InvokeCommand?$select=UserPrincipalName")
    assert [entry["UserPrincipalName"] for entry in answer.json()["value"]] == clients.tenant.addresses
    assert len(answer.json()["value"][0]) == 1


async def test_a_list_is_cut_after_a_thousand_and_has_no_second_page(clients_of: OpenClients) -> None:
    async with Tenant(preset="calm", mailboxes=1001) as tenant, clients_of(tenant) as clients:
        first = (await clients.cmdlet("Get-Mailbox")).json()
        following = first["@odata.nextLink"].rpartition("/")[2]
        second = await clients.exchange(
            {"CmdletInput": {"CmdletName": "Get-Mailbox", "Parameters": {}}}, route=following
        )
    assert len(first["value"]) == 1000
    assert second.status_code == 400


def batch(*inputs: dict[str, Any]) -> dict[str, Any]:
    requests = [
        {"id": str(number), "method": "POST", "url": "InvokeCommand?", "body": {"CmdletInput": input_}}
        for number, input_ in enumerate(inputs)
    ]
    return {"requests": requests}


async def test_a_batch_answers_each_request_under_its_id(clients: Clients) -> None:
    mailbox = {"CmdletName": "Get-Mailbox", "Parameters": {"Identity": MAILBOX}}
    missing = {"CmdletName": "Get-Mailbox", "Parameters": {"Identity": "nobody@contoso.example"}}
    answer = await clients.exchange(batch(mailbox, missing), route="$batch")
    first, second = answer.json()["responses"]
    assert (first["id"], first["status"]) == ("0", 200)
    assert first["body"]["value"][0]["UserPrincipalName"] == MAILBOX
    assert (second["id"], second["status"]) == ("1", 404)
    last = clients.tenant.requests[-1]
    assert (last.names, last.is_write) == (("Get-Mailbox", "Get-Mailbox"), False)


async def test_a_batch_holds_ten_at_most(clients: Clients) -> None:
    mailbox = {"CmdletName": "Get-Mailbox", "Parameters": {"Identity": MAILBOX}}
    assert (await clients.exchange(batch(*[mailbox] * 10), route="$batch")).status_code == 200
    assert (await clients.exchange(batch(*[mailbox] * 11), route="$batch")).status_code == 400
    assert (await clients.exchange({"requests": []}, route="$batch")).status_code == 400


async def test_parameters_must_be_an_object(clients: Clients) -> None:
    answer = await clients.exchange({"CmdletInput": {"CmdletName": "Get-Mailbox", "Parameters": None}})
    assert answer.status_code == 400


async def test_only_beta_runs_cmdlets(clients: Clients) -> None:
    body = {"CmdletInput": {"CmdletName": "Get-Mailbox", "Parameters": {}}}
    assert (await clients.exchange(body, path="v1.0")).status_code == 405
    assert (await clients.exchange(body, path="v2.0")).status_code == 404


async def test_a_write_outside_the_scope_is_refused(tenant: Tenant, clients_of: OpenClients) -> None:
    tenant.administrator.set_directory_roles()
    tenant.administrator.put_in_role_group(
        {"Add-MailboxPermission", "Get-ServicePrincipal", "New-ServicePrincipal"}, {"support@contoso.example"}
    )
    async with clients_of(tenant) as clients:
        await principal(clients)
        outside, inside = [
            await clients.cmdlet("Add-MailboxPermission", Identity=address, User=OBJECT, AccessRights="FullAccess")
            for address in (MAILBOX, "support@contoso.example")
        ]
    assert inside.status_code == 200
    assert reason(outside)[0] == OUT_OF_SCOPE
    assert "isn't within your current write scopes" in reason(outside)[1]
