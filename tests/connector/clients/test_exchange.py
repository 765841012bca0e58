"""The Exchange client against the simulated tenant, and against answers that the tenant never gives."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.client import HTTPMessage, parse_headers
from pathlib import Path
from typing import Any, Self, get_args

import pytest
import trustme
from azure.core.credentials import AccessToken

from connector.clients.exchange import ExchangeAdmin, _granted
from connector.clients.identity import Identity
from connector.clouds import Cloud
from connector.errors import (
    ExistsError,
    ForbiddenError,
    NotFoundError,
    RefusedError,
    ReplicationError,
    ServiceError,
    ThrottledError,
    UnavailableError,
    UnexpectedAnswerError,
)
from connector.microsoft import Cmdlet, Protocol
from connector.observed import ExchangePrincipal, Mailbox
from local.tenant import Tenant
from local.tenant.misbehaviour import Fault, Preset

IMAP = (Protocol.IMAP,)
APPLICATION = "11111111-2222-3333-4444-555555555555"
OBJECT = "99999999-8888-7777-6666-555555555555"
STRANGER = ExchangePrincipal(APPLICATION, OBJECT, "Unknown")
CMDLETS = {
    "Get-ServicePrincipal",
    "New-ServicePrincipal",
    "Remove-ServicePrincipal",
    "Get-Mailbox",
    "Get-Recipient",
    "Get-MailboxPermission",
    "Add-MailboxPermission",
    "Remove-MailboxPermission",
    "Get-CASMailbox",
    "Set-CASMailbox",
    "Get-TransportConfig",
    "Get-RecipientPermission",
    "Add-RecipientPermission",
    "Remove-RecipientPermission",
    "Test-ServicePrincipalAuthorization",
}


def cloud_of(tenant: Tenant, exchange: str | None = None) -> Cloud:
    found = tenant.endpoints
    return Cloud(
        "custom",
        found["authority"],
        found["graph"],
        exchange or found["exchange"],
        "localhost",
        ca_bundle=found["caBundle"],
    )


@pytest.fixture
async def admin(tenant: Tenant) -> AsyncIterator[ExchangeAdmin]:
    identity = Identity(cloud_of(tenant), tenant.world.identity.client_id)
    made = ExchangeAdmin(cloud_of(tenant), identity.credential)
    yield made
    await made.close()
    await identity.close()


@pytest.fixture
async def principal(tenant: Tenant, admin: ExchangeAdmin) -> ExchangePrincipal:
    await admin.create_principal(
        tenant.world.tenant_id, application_id=APPLICATION, object_id=OBJECT, display_name="UTM"
    )
    found = await admin.principal(tenant.world.tenant_id, APPLICATION)
    assert found is not None
    return found


def named(*addresses: str) -> list[Mailbox]:
    return [Mailbox(address, address, "UserMailbox") for address in addresses]


def misbehave(tenant: Tenant, fault: Fault, **more: Any) -> None:
    tenant.misbehave(Preset(faults={"exchange": {fault: 1.0}}, in_a_row=1000, retry_after=(7, 7), **more))


async def test_the_permitted_cmdlets_are_those_of_the_identity(tenant: Tenant, admin: ExchangeAdmin) -> None:
    assert await admin.permitted_cmdlets(tenant.world.tenant_id) >= CMDLETS


def test_no_other_cmdlet_can_be_called() -> None:
    assert set(get_args(Cmdlet)) == CMDLETS


async def test_a_principal_is_made_found_and_removed(tenant: Tenant, admin: ExchangeAdmin) -> None:
    id_ = tenant.world.tenant_id
    tenant.administrator.register_application("another")
    assert await admin.principal(id_, APPLICATION) is None
    arguments = {"application_id": APPLICATION, "object_id": OBJECT, "display_name": "UTM"}
    await admin.create_principal(id_, **arguments)
    found = await admin.principal(id_, APPLICATION.upper())
    assert found is not None
    assert (found.application_id, found.object_id, found.display_name) == (APPLICATION, OBJECT, "UTM")
    assert tenant.world.exchange_principals[APPLICATION].sid in found.aliases
    with pytest.raises(ExistsError):
        await admin.create_principal(id_, **arguments)
    await admin.remove_principal(id_, OBJECT)
    await admin.remove_principal(id_, OBJECT)
    assert await admin.principal(id_, APPLICATION) is None


async def test_an_unknown_principal_is_not_another_ones(
    tenant: Tenant, admin: ExchangeAdmin, principal: ExchangePrincipal
) -> None:
    assert principal.object_id == OBJECT
    assert await admin.principal(tenant.world.tenant_id, "00000000-1111-2222-3333-444444444444") is None


async def test_a_list_that_is_cut_short_does_not_prove_that_a_principal_is_missing(
    tenant: Tenant, admin: ExchangeAdmin
) -> None:
    for number in range(1000):
        tenant.administrator.new_service_principal(f"00000000-0000-0000-0001-{number:012}", f"object-{number}")
    with pytest.raises(ForbiddenError, match="list-cut-short"):
        await admin.principal(tenant.world.tenant_id, APPLICATION)
    tenant.administrator.new_service_principal(APPLICATION, OBJECT)
    found = await admin.principal(tenant.world.tenant_id, APPLICATION)
    assert found is not None
    assert found.object_id == OBJECT


async def test_mailboxes_come_in_order_ten_to_a_request(tenant: Tenant, admin: ExchangeAdmin) -> None:
    wanted = [*tenant.addresses, *(f"nobody{number}@contoso.example" for number in range(20)), tenant.addresses[0]]
    tenant.forget_requests()
    found = await admin.mailboxes(tenant.world.tenant_id, wanted)
    assert tenant.calls["exchange"] == 3
    assert len(found) == len(wanted)
    for address, one in zip(wanted, found, strict=True):
        if address in tenant.addresses:
            assert isinstance(one, Mailbox)
            assert one.user_principal_name == address
        else:
            assert isinstance(one, NotFoundError)
            assert address in one.reason
            assert one.request_id


async def test_a_mailbox_is_found_by_its_guid_whatever_it_is_called(tenant: Tenant, admin: ExchangeAdmin) -> None:
    id_, address = tenant.world.tenant_id, tenant.addresses[0]
    (before,) = await admin.mailboxes(id_, [address])
    assert isinstance(before, Mailbox)
    tenant.administrator.rename_mailbox(address, "renamed@contoso.example", keep=False)
    assert isinstance((await admin.mailboxes(id_, [address]))[0], NotFoundError)
    (after,) = await admin.mailboxes(id_, [before.identity])
    assert isinstance(after, Mailbox)
    assert (after.guid, after.user_principal_name) == (before.guid, "renamed@contoso.example")
    tenant.administrator.license_again("renamed@contoso.example")
    (again,) = await admin.mailboxes(id_, [before.identity])
    assert isinstance(again, Mailbox)
    assert (again.exchange_guid == before.exchange_guid, again.guid) == (False, before.guid)


async def test_an_answer_with_all_objects_is_not_taken_for_the_one_that_was_asked_for(
    tenant: Tenant, admin: ExchangeAdmin, principal: ExchangePrincipal
) -> None:
    """Here there is one other mailbox, so that what comes looks like an answer."""
    id_, (first, *others) = tenant.world.tenant_id, tenant.addresses
    for address in others:
        tenant.administrator.delete_mailbox(address)
    tenant.administrator.add_mailbox_permission(first, APPLICATION)
    gone = Mailbox(others[0], others[0], "UserMailbox", guid="4" * 36, names=frozenset({others[0], "4" * 36}))
    tenant.misbehave(Preset(all_objects=1.0))
    assert isinstance((await admin.mailboxes(id_, [others[0]]))[0], NotFoundError)
    assert isinstance((await admin.recipients(id_, [others[0]]))[0], NotFoundError)
    for answer in (*await admin.switches(id_, [gone], IMAP), *await admin.access(id_, [gone], principal)):
        assert isinstance(answer, UnexpectedAnswerError)
        assert answer.code == "another-object"


async def test_nothing_is_asked_about_nothing(tenant: Tenant, admin: ExchangeAdmin) -> None:
    id_ = tenant.world.tenant_id
    for call in (admin.mailboxes, admin.recipients):
        assert await call(id_, []) == []
    assert await admin.switches(id_, [], IMAP) == await admin.enable(id_, [], Protocol.IMAP) == []
    for on in (admin.access, admin.grant, admin.revoke):
        assert await on(id_, [], STRANGER) == []
    assert tenant.calls["exchange"] == 0


async def test_recipients_say_what_an_address_is(tenant: Tenant, admin: ExchangeAdmin) -> None:
    other = tenant.administrator.add_recipient("vertrieb@contoso.example")
    found = await admin.recipients(tenant.world.tenant_id, [other.address, "nobody@contoso.example"])
    assert not isinstance(found[0], ServiceError)
    assert (found[0].primary_address, found[0].recipient_type) == (other.address, other.kind)
    assert isinstance(found[1], NotFoundError)


async def test_imap_is_switched_on(tenant: Tenant, admin: ExchangeAdmin) -> None:
    id_, address = tenant.world.tenant_id, tenant.addresses[0]
    tenant.world.mailboxes[address].imap_enabled = False
    others = [{Protocol.IMAP: True}] * (len(tenant.addresses) - 1)
    assert await admin.switches(id_, named(*tenant.addresses), IMAP) == [{Protocol.IMAP: False}, *others]
    answers = await admin.enable(id_, named(address, "nobody@contoso.example"), Protocol.IMAP)
    assert answers[0] is None
    assert isinstance(answers[1], NotFoundError)
    assert await admin.switches(id_, named(address), IMAP) == [{Protocol.IMAP: True}]


async def test_the_switch_of_sending_may_be_left_to_the_tenant(tenant: Tenant, admin: ExchangeAdmin) -> None:
    id_, (address, *_), every = tenant.world.tenant_id, tenant.addresses, [*Protocol]
    mailbox = tenant.world.mailboxes[address]
    assert (await admin.switches(id_, named(address), every))[0] == {"imap": True, "pop": True, "smtp": None}
    assert [await admin.tenant_switch(id_, protocol) for protocol in every] == [None, None, True]
    tenant.world.submission_disabled, mailbox.pop_enabled = True, False
    assert await admin.tenant_switch(id_, Protocol.SMTP) is False
    for protocol in (Protocol.POP, Protocol.SMTP):
        assert await admin.enable(id_, named(address), protocol) == [None]
    assert (await admin.switches(id_, named(address), every))[0] == {"imap": True, "pop": True, "smtp": True}
    assert (mailbox.submission_disabled, tenant.world.submission_disabled) == (False, True)


async def test_access_is_granted_seen_and_revoked(
    tenant: Tenant, admin: ExchangeAdmin, principal: ExchangePrincipal
) -> None:
    id_, wanted = tenant.world.tenant_id, named(*tenant.addresses, "nobody@contoso.example")
    none = [False] * len(tenant.addresses)
    assert (await admin.access(id_, wanted, principal))[:-1] == none
    for _ in range(2):  # the second time Exchange only warns that it is there
        answers = await admin.grant(id_, wanted, principal)
        assert answers[:-1] == [None] * len(tenant.addresses)
        assert type(answers[-1]) is NotFoundError
    seen = await admin.access(id_, wanted, principal)
    assert seen[:-1] == [True] * len(tenant.addresses)
    assert isinstance(seen[-1], NotFoundError)
    for _ in range(2):
        assert await admin.revoke(id_, wanted[:-1], principal) == [None] * len(tenant.addresses)
    assert await admin.access(id_, wanted[:-1], principal) == none


async def test_access_that_was_gone_already_is_taken_however_exchange_says_so(
    tenant: Tenant, admin: ExchangeAdmin, principal: ExchangePrincipal
) -> None:
    tenant.misbehave(Preset(odd_answers=0.5))
    id_, one = tenant.world.tenant_id, named(tenant.addresses[0])
    assert [await admin.revoke(id_, one, principal) for _ in range(12)] == [[None]] * 12


async def test_a_principal_that_exchange_does_not_resolve_yet_is_replication(
    tenant: Tenant, admin: ExchangeAdmin
) -> None:
    id_, address = tenant.world.tenant_id, named(*tenant.addresses[:1])
    assert await admin.access(id_, address, STRANGER) == [False]
    (answer,) = await admin.grant(id_, address, STRANGER)
    assert isinstance(answer, ReplicationError)
    assert answer.code == "replication"
    assert isinstance((await admin.revoke(id_, address, STRANGER))[0], ReplicationError)


async def test_a_mailbox_outside_the_scope_is_data(tenant: Tenant, principal: ExchangePrincipal) -> None:
    first, second = tenant.addresses[:2]
    tenant.administrator.set_directory_roles()
    tenant.administrator.put_in_role_group(CMDLETS, {first})
    tenant.forget_tokens()
    identity = Identity(cloud_of(tenant), tenant.world.identity.client_id)
    limited = ExchangeAdmin(cloud_of(tenant), identity.credential)
    answers = await limited.grant(tenant.world.tenant_id, named(first, second), principal)
    await limited.close()
    await identity.close()
    assert answers[0] is None
    assert isinstance(answers[1], RefusedError)
    assert answers[1].code == "outside-write-scope"


async def test_without_a_role_everything_is_forbidden(tenant: Tenant, admin: ExchangeAdmin) -> None:
    tenant.administrator.set_directory_roles()
    tenant.forget_tokens()
    id_ = tenant.world.tenant_id
    for call in (
        admin.permitted_cmdlets(id_),
        admin.principal(id_, APPLICATION),
        admin.mailboxes(id_, ["a@b.example"]),
    ):
        with pytest.raises(ForbiddenError):
            await call


async def test_without_the_app_role_the_reason_is_the_diagnostics(tenant: Tenant, admin: ExchangeAdmin) -> None:
    tenant.administrator.revoke("Exchange.ManageAsApp")
    tenant.forget_tokens()
    with pytest.raises(ForbiddenError, match="status-401") as caught:
        await admin.permitted_cmdlets(tenant.world.tenant_id)
    assert caught.value.reason == "The token has no permission to call this interface."
    assert caught.value.request_id


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault.THROTTLED, ThrottledError),
        (Fault.CONCURRENT, ThrottledError),
        (Fault.UNAVAILABLE, UnavailableError),
        (Fault.DROPPED, UnavailableError),
        (Fault.LOST, UnavailableError),
        (Fault.NUL_BODY, ForbiddenError),
    ],
)
async def test_a_fault_of_the_call_is_raised_and_nothing_is_repeated(
    tenant: Tenant, admin: ExchangeAdmin, fault: Fault, kind: type[ServiceError]
) -> None:
    misbehave(tenant, fault)
    with pytest.raises(kind) as caught:
        await admin.create_principal(
            tenant.world.tenant_id, application_id=APPLICATION, object_id=OBJECT, display_name="UTM"
        )
    assert type(caught.value) is kind
    assert caught.value.service == "exchange"
    assert tenant.calls["exchange"] == 1


async def test_a_lost_token_is_not_exchanges_fault(tenant: Tenant, admin: ExchangeAdmin) -> None:
    tenant.misbehave(Preset(faults={"identity": {Fault.UNAVAILABLE: 1.0}}, in_a_row=1000))
    with pytest.raises(UnavailableError) as caught:
        await admin.mailboxes(tenant.world.tenant_id, tenant.addresses)
    assert caught.value.service == "identity"
    assert tenant.calls["exchange"] == 0


async def test_nobody_listens(tenant: Tenant) -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    identity = Identity(cloud_of(tenant), tenant.world.identity.client_id)
    # The token is for the tenant's own address, the calls go to one where nobody speaks TLS.
    admin = ExchangeAdmin(cloud_of(tenant), identity.credential)
    admin._transport._base = f"https://127.0.0.1:{port}"
    with pytest.raises(UnavailableError) as caught:
        await admin.permitted_cmdlets(tenant.world.tenant_id)
    assert caught.value.service == "exchange"
    await admin.close()
    await identity.close()
    server.close()
    await server.wait_closed()


async def test_odd_answers_make_no_difference(tenant: Tenant, admin: ExchangeAdmin) -> None:
    tenant.misbehave(Preset(odd_answers=1.0, empty_answers=1.0))
    id_, wanted = tenant.world.tenant_id, [*tenant.addresses, "nobody@contoso.example"]
    arguments = {"application_id": APPLICATION, "object_id": OBJECT, "display_name": "UTM"}
    await admin.create_principal(id_, **arguments)
    for _ in range(10):
        with pytest.raises(ExistsError):
            await admin.create_principal(id_, **arguments)
        answers = await admin.mailboxes(id_, wanted)
        assert [isinstance(one, NotFoundError) for one in answers] == [*[False] * len(tenant.addresses), True]


def test_what_is_there_already_is_granted() -> None:
    assert _granted(ExistsError("exchange", "exists", ""), STRANGER) is None
    elsewhere = NotFoundError("exchange", "not-found", "a@b.example couldn't be found")
    assert _granted(elsewhere, STRANGER) is elsewhere


class Bearer:
    """A credential that gives a fixed token."""

    async def get_token(self, *_: str, **__: Any) -> AccessToken:
        return AccessToken("token", 2**31)

    async def close(self) -> None: ...

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None: ...


Asked = tuple[str, HTTPMessage, Any]
"""A request as it came: its first line, its headers, and its body out of JSON."""


@asynccontextmanager
async def answering(
    head: str, body: bytes, folder: Path, rest: float = 0, asked: list[Asked] | None = None
) -> AsyncIterator[ExchangeAdmin]:
    """Open a client of a server that sends these bytes, keeps quiet for a while and hangs up.

    Args:
        head: What it sends first: the lines up to the empty one.
        body: What it sends then.
        folder: Where its certificate is laid.
        rest: For how many seconds it keeps quiet.
        asked: Takes up every request.
    """
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line, _, lines = (await reader.readuntil(b"\r\n\r\n")).partition(b"\r\n")
        headers = parse_headers(io.BytesIO(lines))
        content = await reader.readexactly(int(headers.get("Content-Length", "0")))
        assert headers["Accept-Encoding"] == "identity"
        if asked is not None:
            asked.append((line.decode(), headers, json.loads(content)))
        writer.write(head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body)
        await writer.drain()
        await asyncio.sleep(rest)
        writer.close()

    server = await asyncio.start_server(serve, "localhost", 0, ssl=context)
    base = f"https://localhost:{server.sockets[0].getsockname()[1]}"
    admin = ExchangeAdmin(Cloud("custom", "", "", base, "", ca_bundle=str(folder / "ca.pem")), Bearer())
    yield admin
    await admin.close()
    server.close()
    await server.wait_closed()


async def test_a_grant_does_not_map_the_mailbox_into_outlook(tmp_path: Path) -> None:
    said = b'{"responses": []}'
    asked: list[Asked] = []
    async with answering(f"HTTP/1.1 200 OK\nContent-Length: {len(said)}", said, tmp_path, asked=asked) as admin:
        (answer,) = await admin.grant("tenant", named("eva@contoso.example"), STRANGER)
    assert isinstance(answer, UnavailableError)
    ((line, headers, body),) = asked
    (request,) = body["requests"]
    assert line == "POST /adminapi/beta/tenant/$batch HTTP/1.1"
    assert request["url"] == f"https://{headers['Host']}/adminapi/beta/tenant/InvokeCommand?"
    assert headers["Accept-Encoding"] == request["headers"]["Accept-Encoding"] == "identity"
    assert headers["client-request-id"] != request["headers"]["client-request-id"]
    assert headers["connection-id"] == request["headers"]["connection-id"]
    assert headers["X-AnchorMailbox"] == "APP:SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}@tenant"
    assert request["body"]["CmdletInput"] == {
        "CmdletName": "Add-MailboxPermission",
        "Parameters": {
            "Identity": "eva@contoso.example",
            "User": OBJECT,
            "AccessRights": ["FullAccess"],
            "InheritanceType": "All",
            "AutoMapping": False,
            "Confirm": False,
        },
    }


async def test_nul_bytes_that_call_themselves_gzip_are_a_refusal_with_its_reason(tmp_path: Path) -> None:
    head = (
        "HTTP/1.1 403 Forbidden\nContent-Encoding: gzip\nContent-Length: 512\nrequest-id: r-1\n"
        'x-ms-diagnostics: 2000003;reason="The cmdlet is not available.";error_category="invalid_grant"'
    )
    async with answering(head, b"\0" * 512, tmp_path) as admin:
        with pytest.raises(ForbiddenError) as caught:
            await admin.principal("tenant", APPLICATION)
    assert (caught.value.reason, caught.value.request_id) == ("The cmdlet is not available.", "r-1")


@pytest.mark.parametrize(("length", "rest"), [(900, 0.0), (900, 1.0)])
async def test_an_answer_that_breaks_off_or_stalls_is_unavailable(tmp_path: Path, length: int, rest: float) -> None:
    async with answering(f"HTTP/1.1 200 OK\nContent-Length: {length}", b'{"value": [', tmp_path, rest) as admin:
        admin._transport._client._pipeline._transport.connection_config.read_timeout = 0.3  # type: ignore[attr-defined]
        with pytest.raises(UnavailableError) as caught:
            await admin.principal("tenant", APPLICATION)
    assert caught.value.service == "exchange"
    assert caught.value.code == ("too-slow" if rest else "unavailable")


@pytest.mark.parametrize("body", [gzip.compress(b"{}", mtime=0), b"<html>Sign in</html>"])
async def test_a_success_that_cannot_be_read_is_for_a_person(tmp_path: Path, body: bytes) -> None:
    async with answering(f"HTTP/1.1 200 OK\nContent-Length: {len(body)}", body, tmp_path) as admin:
        with pytest.raises(ForbiddenError, match="status-200"):
            await admin.principal("tenant", APPLICATION)


async def test_a_module_of_unknown_shape_permits_nothing(tmp_path: Path) -> None:
    said = b'{"value": [{"fileName": "tmpEXO"}]}'
    async with answering(f"HTTP/1.1 200 OK\nContent-Length: {len(said)}", said, tmp_path) as admin:
        with pytest.raises(ForbiddenError, match="unknown-shape"):
            await admin.permitted_cmdlets("tenant")


async def test_a_module_may_come_as_one_object(tmp_path: Path) -> None:
    said = b'{"value": {"exportedCmdlets": [{"Name": "Get-Mailbox"}]}}'
    async with answering(f"HTTP/1.1 200 OK\nContent-Length: {len(said)}", said, tmp_path) as admin:
        assert await admin.permitted_cmdlets("tenant") == {"Get-Mailbox"}


async def test_a_principal_that_is_not_found_without_a_code_is_none(tmp_path: Path) -> None:
    said = b'{"error": {"message": "\'x\' couldn\'t be found"}}'
    async with answering(f"HTTP/1.1 404 Not Found\nContent-Length: {len(said)}", said, tmp_path) as admin:
        assert await admin.principal("tenant", APPLICATION) is None
