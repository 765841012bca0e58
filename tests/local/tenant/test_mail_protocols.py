"""POP and SMTP in the simulated tenant, with the product's own logins: what opens, and what is said where not."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import Callable, Iterator

import pytest
from pydantic import SecretStr

from connector.clients.imap import examine
from connector.clients.pop import look
from connector.clients.smtp import submit
from connector.clouds import Cloud
from connector.observed import LoginAnswer
from local.tenant import Tenant
from local.tenant.world import Mailbox

MAILBOX, OTHER = "invoices@contoso.example", "support@contoso.example"
ALL = ("IMAP.AccessAsApp", "POP.AccessAsApp", "SMTP.SendAsApp")


class Desk:
    """An application with some roles, and its logins."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant, found = tenant, tenant.endpoints
        places = {name: found[name].rpartition(":") for name in ("imap", "pop", "smtp")}
        (imap, _, imaps), (pop, _, pops), (smtp, _, smtps) = places.values()
        self.cloud = Cloud(
            *("custom", found["authority"], found["graph"], found["exchange"], imap, int(imaps)),
            *(pop, int(pops), smtp, int(smtps)),
            ca_bundle=found["caBundle"],
        )
        self.token, self.app_id = SecretStr(""), ""

    async def registered(self, *roles: str) -> SecretStr:
        """Return a token of an application that has these roles, Exchange's record, and access to one mailbox."""
        from connector.clients.identity import prove_secret  # noqa: PLC0415 - as the product does

        person = self.tenant.administrator
        application = person.register_application("utm")
        enterprise = person.create_enterprise_application(application)
        for role in roles:
            person.consent(application.app_id, role)
        secret = SecretStr(person.add_credential(application).value)
        person.new_service_principal(application.app_id, enterprise.id)
        person.add_mailbox_permission(MAILBOX, application.app_id)
        self.app_id = application.app_id
        proven = await prove_secret(self.cloud, self.tenant.endpoints["tenantId"], application.app_id, secret)
        return proven.token

    async def all(self, token: SecretStr, mailbox: str = MAILBOX) -> dict[str, LoginAnswer]:
        """Log in by each protocol."""
        return {
            "imap": await examine(self.cloud, mailbox, token),
            "pop": await look(self.cloud, mailbox, token),
            "smtp": await submit(self.cloud, mailbox, token),
        }


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    tenant = Tenant(preset="calm")  # in a thread and a loop of its own
    asyncio.run(tenant.start())
    yield Desk(tenant)
    asyncio.run(tenant.stop())


@pytest.mark.parametrize("role", ALL)
async def test_each_protocol_needs_its_own_role(desk: Desk, role: str) -> None:
    desk.tenant.forget_requests()
    answers = await desk.all(await desk.registered(role))
    assert {name for name, answer in answers.items() if answer.stage == "open"} == {role.partition(".")[0].lower()}
    assert {answer.stage for answer in answers.values()} == {"open", "authenticate"}
    assert (desk.tenant.violations(), desk.tenant.writes()) == ([], [])


def switch(name: str, value: object) -> Callable[[Desk, Mailbox], None]:
    return lambda _, mailbox: setattr(mailbox, name, value)


def for_all(value: bool | None) -> Callable[[Desk, Mailbox], None]:
    def done(desk: Desk, mailbox: Mailbox) -> None:
        desk.tenant.world.submission_disabled = True
        mailbox.submission_disabled = value

    return done


REFUSALS: dict[str, tuple[Callable[[Desk, Mailbox], None], str, str, str]] = {
    "all is well": (switch("licensed", True), "smtp", "open", ""),
    "off for the mailbox": (switch("submission_disabled", True), "smtp", "authenticate", "disabled for the Mailbox"),
    "off for the tenant": (for_all(None), "smtp", "authenticate", "disabled for the Tenant"),
    "off for the tenant, on for the mailbox": (for_all(False), "smtp", "open", ""),
    "not licensed": (switch("licensed", False), "smtp", "mailbox", "5.2.253"),
    "blocked for spam": (switch("blocked", True), "smtp", "mailbox", "5.1.8"),
    "POP is off": (switch("pop_enabled", False), "pop", "", ""),
    "IMAP is off": (switch("imap_enabled", False), "imap", "mailbox", "not connected"),
}


@pytest.mark.parametrize("kind", REFUSALS)
async def test_what_is_switched_off_is_said_by_the_one_that_it_concerns(desk: Desk, kind: str) -> None:
    change, protocol, stage, text = REFUSALS[kind]
    token, mailbox = await desk.registered(*ALL), desk.tenant.world.mailboxes[MAILBOX]
    try:
        change(desk, mailbox)
        answers = await desk.all(token)
    finally:
        desk.tenant.world.submission_disabled = False
        mailbox.submission_disabled, mailbox.licensed, mailbox.blocked = None, True, False
        mailbox.pop_enabled = mailbox.imap_enabled = True
    refused = {name for name, answer in answers.items() if answer.stage != "open"}
    assert refused == (set() if stage == "open" else {protocol})
    assert (answers[protocol].stage == stage or not stage, text in answers[protocol].text) == (True, True)


async def test_without_access_nothing_opens_by_any_protocol(desk: Desk) -> None:
    answers = await desk.all(await desk.registered(*ALL), OTHER)
    assert "open" not in {answer.stage for answer in answers.values()}
    assert answers["smtp"].text.startswith("535 5.7.3 Authentication unsuccessful")


async def test_a_sender_needs_send_as_for_the_mailbox_that_logs_in(desk: Desk) -> None:
    token, world = await desk.registered(*ALL), desk.tenant.world
    before = await submit(desk.cloud, MAILBOX, token, senders=(OTHER,))
    world.mailboxes[OTHER].send_as[world.mailboxes[MAILBOX].guid] = 0.0
    after = await submit(desk.cloud, MAILBOX, token, senders=(OTHER,))
    world.mailboxes[OTHER].send_as.clear()
    assert [(sender, text[:10]) for sender, text in before.refused] == [(OTHER, "550 5.7.60")]
    assert (before.stage, after) == ("open", LoginAnswer("open"))


async def test_role_based_access_sends_without_any_role_in_the_token_and_reads_nothing(desk: Desk) -> None:
    token, world = await desk.registered(), desk.tenant.world
    world.application_scopes[desk.app_id] = frozenset({world.mailboxes[MAILBOX].guid})
    answers = await desk.all(token)
    outside = await submit(desk.cloud, OTHER, token)
    assert {name: answer.stage == "open" for name, answer in answers.items()} == {
        "imap": False,
        "pop": False,
        "smtp": True,
    }
    assert outside.stage == "authenticate"


async def test_whoever_sends_fetches_or_deletes_is_found_out(desk: Desk) -> None:
    token, tenant = await desk.registered(*ALL), desk.tenant
    sasl = base64.b64encode(f"user={MAILBOX}\1auth=Bearer {token.get_secret_value()}\1\1".encode()).decode()
    assert sasl not in tenant.issued
    host, _, port = tenant.endpoints["pop"].rpartition(":")
    trusted = ssl.create_default_context(cafile=tenant.endpoints["caBundle"])
    reader, writer = await asyncio.open_connection(host, int(port), ssl=trusted)
    await reader.readline()
    for line in ("AUTH XOAUTH2", sasl, "RETR 1", "", "DELE 1"):  # a message has two lines here
        writer.write(f"{line}\r\n".encode() if line else b"")
        await reader.readline()
    writer.transport.abort()
    assert [request.method for request in tenant.violations()] == ["RETR", "DELE"]
    assert sasl in tenant.issued
    tenant.forget_requests()
