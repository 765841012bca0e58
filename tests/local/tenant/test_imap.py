"""IMAP by imaplib: how far a sign-in gets, and why not further."""

from __future__ import annotations

import asyncio
import base64
import imaplib

import pytest

from local.tenant import Tenant
from tests.local.tenant.clients import Clients

MAILBOX = "invoices@contoso.example"
CONNECTED = "User is authenticated but not connected"


async def opened(clients: Clients, address: str, token: str, command: str = "EXAMINE") -> tuple[str, str]:
    return await asyncio.to_thread(clients.open_mailbox, address, token, command)


async def test_a_mailbox_with_access_opens(clients: Clients) -> None:
    registered = await clients.register()
    await clients.connect(registered, MAILBOX)
    assert await opened(clients, MAILBOX, await clients.exchange_token(registered)) == ("opened", "")


async def test_a_token_without_the_role_is_refused(clients: Clients) -> None:
    registered = await clients.register()
    await clients.connect(registered, MAILBOX)
    clients.tenant.administrator.withdraw_consent(registered.app_id)
    token = await clients.exchange_token(registered)
    assert await opened(clients, MAILBOX, token) == ("authenticate", "AUTHENTICATE failed.")


async def test_a_token_for_another_audience_is_refused(clients: Clients) -> None:
    registered = await clients.register()
    await clients.connect(registered, MAILBOX)
    async with clients.sign_in_as(registered.app_id, registered.secret) as credential:
        token = (await credential.get_token(f"{clients.tenant.endpoints['graph']}/.default")).token
    assert (await opened(clients, MAILBOX, token))[0] == "authenticate"


async def test_without_an_exchange_principal_the_sign_in_fails(clients: Clients) -> None:
    registered = await clients.register()
    token = await clients.exchange_token(registered)
    assert await opened(clients, MAILBOX, token) == ("authenticate", "AUTHENTICATE failed.")


async def test_a_wrong_object_id_shows_itself_only_at_sign_in(clients: Clients) -> None:
    registered = await clients.register()
    await clients.cmdlet("New-ServicePrincipal", AppId=registered.app_id, ObjectId=registered.id)
    clients.tenant.administrator.add_mailbox_permission(MAILBOX, registered.app_id)
    token = await clients.exchange_token(registered)
    assert await opened(clients, MAILBOX, token) == ("authenticate", "AUTHENTICATE failed.")


@pytest.mark.parametrize("cause", ["no access", "imap off", "alias", "primary address", "unknown"])
async def test_a_mailbox_that_cannot_be_opened_fails_after_the_sign_in(clients: Clients, cause: str) -> None:
    registered = await clients.register()
    mailbox = clients.tenant.administrator.add_mailbox(
        "erika@contoso.example", primary_address="e.muster@contoso.example", aliases=("info@contoso.example",)
    )
    await clients.connect(registered, mailbox.address)
    user = {
        "no access": "support@contoso.example",
        "imap off": mailbox.address,
        "alias": "info@contoso.example",
        "primary address": "e.muster@contoso.example",
        "unknown": "nobody@contoso.example",
    }[cause]
    if cause == "imap off":
        clients.tenant.administrator.set_imap(mailbox.address, enabled=False)
    stage, text = await opened(clients, user, await clients.exchange_token(registered))
    assert stage == "open"
    assert CONNECTED in text


async def test_a_shared_mailbox_opens(clients: Clients) -> None:
    clients.tenant.administrator.add_mailbox("post@contoso.example", kind="SharedMailbox")
    registered = await clients.register()
    await clients.connect(registered, "post@contoso.example")
    token = await clients.exchange_token(registered)
    assert await opened(clients, "post@contoso.example", token) == ("opened", "")


async def test_a_person_can_do_exchange_s_part(clients: Clients) -> None:
    registered = await clients.register()
    administrator = clients.tenant.administrator
    administrator.new_service_principal(registered.app_id, registered.principal_id)
    administrator.add_mailbox_permission(MAILBOX, registered.app_id)
    token = await clients.exchange_token(registered)
    assert await opened(clients, MAILBOX, token) == ("opened", "")
    administrator.remove_mailbox_permission(MAILBOX, registered.app_id)
    assert (await opened(clients, MAILBOX, token))[0] == "open"
    administrator.remove_service_principal(registered.app_id)
    assert (await opened(clients, MAILBOX, token))[0] == "authenticate"


async def test_select_counts_as_a_write_and_examine_does_not(clients: Clients) -> None:
    registered = await clients.register()
    await clients.connect(registered, MAILBOX)
    token = await clients.exchange_token(registered)
    clients.tenant.forget_requests()
    await opened(clients, MAILBOX, token)
    assert clients.tenant.writes() == []
    await opened(clients, MAILBOX, token, "SELECT")
    assert [(request.method, request.path) for request in clients.tenant.writes()] == [("SELECT", "INBOX")]


async def test_the_sasl_string_is_among_what_must_not_leak(clients: Clients) -> None:
    registered = await clients.register()
    await clients.connect(registered, MAILBOX)
    token = await clients.exchange_token(registered)
    await opened(clients, MAILBOX, token)
    sasl = base64.b64encode(f"user={MAILBOX}\1auth=Bearer {token}\1\1".encode()).decode()
    assert sasl in clients.tenant.issued


def dialogue(tenant: Tenant, clients: Clients, *lines: str) -> list[str]:
    """Send lines as they are, and return what the server said to each; an empty one only listens."""
    host, _, port = tenant.endpoints["imap"].partition(":")
    client = imaplib.IMAP4_SSL(host, int(port), ssl_context=clients.tls)
    answers = []
    for line in lines:
        if line:
            client.send(f"{line}\r\n".encode())
        answers.append(client.readline().decode().strip())
    client.shutdown()
    return answers


async def test_the_initial_response_may_come_with_the_command(clients: Clients) -> None:
    registered = await clients.register()
    await clients.connect(registered, MAILBOX)
    token = await clients.exchange_token(registered)
    sasl = base64.b64encode(f"user={MAILBOX}\1auth=Bearer {token}\1\1".encode()).decode()
    said = await asyncio.to_thread(dialogue, clients.tenant, clients, f"a AUTHENTICATE XOAUTH2 {sasl}")
    assert said == ["a OK AUTHENTICATE completed."]


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("a EXAMINE INBOX", "a BAD Command received in Invalid state."),
        ("a AUTHENTICATE PLAIN", "a NO AUTHENTICATE failed."),
        ("a AUTHENTICATE XOAUTH2 !!!", "a NO AUTHENTICATE failed."),
        ("a AUTHENTICATE XOAUTH2 dXNlcj14", "a NO AUTHENTICATE failed."),
        ("a FETCH 1 BODY", "a BAD Command Error. 12"),
        ("a NOOP", "a OK NOOP completed."),
    ],
)
async def test_other_commands_are_answered(clients: Clients, line: str, answer: str) -> None:
    assert await asyncio.to_thread(dialogue, clients.tenant, clients, line) == [answer]


async def test_who_is_not_connected_is_sent_away(clients: Clients) -> None:
    registered = await clients.register()
    await clients.connect(registered)
    token = await clients.exchange_token(registered)
    sasl = base64.b64encode(f"user={MAILBOX}\1auth=Bearer {token}\1\1".encode()).decode()
    said = await asyncio.to_thread(
        dialogue, clients.tenant, clients, f"a AUTHENTICATE XOAUTH2 {sasl}", "b EXAMINE INBOX", ""
    )
    assert said == [
        "a OK AUTHENTICATE completed.",
        "b BAD User is authenticated but not connected.",
        "* BYE Connection closed. 14",
    ]


async def test_only_the_inbox_exists(clients: Clients) -> None:
    registered = await clients.register()
    await clients.connect(registered, MAILBOX)
    token = await clients.exchange_token(registered)
    sasl = base64.b64encode(f"user={MAILBOX}\1auth=Bearer {token}\1\1".encode()).decode()
    said = await asyncio.to_thread(
        dialogue, clients.tenant, clients, f"a AUTHENTICATE XOAUTH2 {sasl}", "b EXAMINE Archiv"
    )
    assert said[1] == "b NO Archiv doesn't exist."
