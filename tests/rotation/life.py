"""One connection with its real steps against the simulated tenant, on one clock that goes on when it is waited for."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

from activities import registered
from connector import clock
from connector.admission import admit
from connector.caller import Caller
from connector.case import Kind, Refuse, Replace, Request, Settled, Start
from connector.certificate import read
from connector.credential import CertificateRecord
from connector.lost import Live
from connector.model import Connection
from connector.rotation import Mode, begins, retires
from connector.services import services
from connector.wanted import Wanted
from local.tenant import Tenant
from local.tenant.world import Application, SecretVersion
from tests.activity_code import codes
from tests.local.tenant.test_certificates import certificate
from tests.walks.durable import Durable

NAME = "hq"
WRITES = {
    "store": frozenset({"put", "delete"}),
    "vault": frozenset({"write", "label", "probe", "discard", "recover", "disable", "delete"}),
    "graph": frozenset(
        {"add_password", "remove_password", "ensure_application", "withdraw_role", "delete_application"}
        | {"restore_application", "add_certificate", "remove_certificate", "federate", "remove_federated"}
    ),
    "exchange": frozenset({"create_principal", "remove_principal", "grant", "revoke"}),
}
FUNCTIONS = {
    Kind.SET_UP: "create_connection",
    Kind.VERIFY: "verify_connection",
    Kind.ROTATE: "rotate_secret",
    Kind.CERTIFICATE: "give_certificate",
    Kind.ABANDON: "abandon_rotation",
    Kind.CONFIRM: "confirm_secret",
    Kind.CANCEL: "cancel_connection",
    Kind.REMOVE: "remove_connection",
}


def another() -> CertificateRecord:
    """Return a certificate that nobody has given yet."""
    given = read(base64.b64decode(certificate(days=2000)))
    return CertificateRecord(
        key_id=str(uuid4()),
        der=base64.b64encode(given.der).decode(),
        sha1=given.sha1,
        sha256=given.sha256,
        starts_on=given.starts,
        expires_on=given.ends,
    )


class KilledError(BaseException):
    """The host is gone at this moment."""


class Knife:
    """Counts the writes of all clients, and stops everything before or after one of them."""

    def __init__(self) -> None:
        self.count = 0
        self.at = 0
        self.before = False
        self.killed = False

    def arm(self, at: int, *, before: bool) -> None:
        self.count, self.at, self.before, self.killed = 0, at, before, False


class Guarded:
    """A client whose writes are counted."""

    def __init__(self, client: Any, writes: frozenset[str], knife: Knife) -> None:
        self._client, self._writes, self._knife = client, writes, knife

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        if name not in self._writes:
            return found

        return partial(self._write, found)

    async def _write(self, found: Any, *args: Any, **more: Any) -> Any:
        knife = self._knife
        knife.count += 1
        mine = knife.count == knife.at
        if mine and knife.before:
            knife.killed = True
            raise KilledError
        result = await found(*args, **more)
        if mine:
            knife.killed = True
            raise KilledError
        return result


class Silenced(Guarded):
    """A store to which a host that was killed writes nothing more, whatever it does while it comes down."""

    async def _write(self, found: Any, *args: Any, **more: Any) -> Any:
        if self._knife.killed:
            raise KilledError
        return await found(*args, **more)


class Life(Durable):
    """A connection, its tenant, and the clock."""

    def __init__(self, tenant: Tenant, *, twice: bool = False) -> None:
        super().__init__()
        self.tenant, self.world, self.twice = tenant, tenant.world, twice
        self.knife = Knife()
        self.waited_for: set[str] = set()
        """Services of which was said that they do not answer."""
        self.wish: dict[str, Any] = {}
        """What a set-up asks for besides."""
        clients = services()
        for name, writes in WRITES.items():
            clients.__dict__[name] = Guarded(getattr(clients, name), writes, self.knife)
        self.clients = clients
        self._forget_documents()
        clock.keep_time(lambda: self.current_utc_datetime)
        self._activities = codes(registered)

    def _forget_documents(self) -> None:
        for name in ("documents", "plans", "acceptances", "left_there", "probes", "histories"):
            self.clients.__dict__.pop(name, None)

    def counts_only(self, writes: Mapping[str, frozenset[str]]) -> None:
        """Count these writes alone, by their client: none of a document."""
        for name, all_of_it in WRITES.items():
            inner = getattr(self.clients, name)._client
            guarded = Guarded(inner, writes[name], self.knife) if name in writes else inner
            self.clients.__dict__[name] = Silenced(inner, all_of_it, self.knife) if name == "store" else guarded
        self._forget_documents()

    def pass_time(self, seconds: float) -> None:
        super().pass_time(seconds)
        self.tenant.advance(seconds)

    def pass_days(self, days: float) -> None:
        self.pass_time(timedelta(days=days).total_seconds())

    def set_custom_status(self, status: dict[str, Any]) -> None:
        self.waited_for |= {*filter(None, [status.get("service")])}

    async def connection(self) -> Connection | None:
        found = await self.clients.documents.load(NAME)
        return found.connection if found is not None else None

    async def ask(self, kind: Kind, key: str = "", **more: Any) -> str:
        """Ask for something, and let what works on it come to its end; return what was answered."""
        found = await self.clients.documents.load(NAME)
        present = found.connection if found is not None else None
        if kind is not Kind.SET_UP and present is None:
            return "unknown"
        caller = Caller(function=FUNCTIONS[kind]) if kind in FUNCTIONS else None
        wish = Wanted(revision=0, display_name="UTM", mailboxes=self.tenant.addresses, **self.wish)
        wanted = wish if kind is Kind.SET_UP else None
        request = Request(kind, NAME, str(uuid4()), wanted, key_id=key, **more)
        done = admit(request, caller, present, Live(), self.current_utc_datetime)
        if isinstance(done, Refuse):
            return done.error.code
        if not (isinstance(done, Settled) and done.stored):
            await self.clients.documents.save(done.connection, found.etag if found else None)
        if isinstance(done, Start | Replace):
            await self.rest()
        return "done"

    async def timer(self) -> None:
        """Do what the hourly timer does."""
        one = await self.connection()
        if one is None or one.operation.ended is None:
            return
        if retires(one, self.current_utc_datetime):
            await self.ask(Kind.RETIRE)
        elif begins(one, Mode.AUTOMATIC, range(7), self.current_utc_datetime):
            await self.ask(Kind.RENEW)

    async def rest(self) -> None:
        """Let the run come to its end; a set-up that waits for a person for hours is cancelled."""
        one = await self.connection()
        assert one is not None
        self.input = {"name": NAME, "revision": one.wanted.revision, "attempt": one.operation.attempt}
        for number in range(60):
            self.continued = None
            if number == 9:  # it waits for a person
                await self.clients.documents.update(NAME, lambda one: setattr(one.operation, "cancelled", True))
            await self.play("connection")
            if self.continued is None:
                return
            self.input = self.continued
        one = await self.connection()
        told = [(f.code, f.subject) for f in one.findings()] if one is not None else []
        msg = f"it does not come to rest: {told}"
        raise AssertionError(msg)

    async def killed(self, kind: Kind, at: int, *, before: bool, key: str = "", **more: Any) -> bool:
        """Ask for something, be killed before or after its write ``at``, and go on; return whether it had so many."""
        self.knife.arm(at, before=before)
        try:
            await self.ask(kind, key, **more)
        except KilledError:
            await self.recovered()
            return True
        self.knife.arm(0, before=False)
        return False

    async def recovered(self) -> None:
        """Go on after a kill, as the host does when it is back."""
        self.knife.arm(0, before=False)
        self.pass_time(400)
        one = await self.connection()
        if one is not None and one.operation.ended is None:
            await self.rest()

    async def activity(self, name: str, value: dict[str, Any]) -> dict[str, Any]:
        self.pass_time(1.0)
        if self.twice:
            await self._activities[name](order=value)
        return await self._activities[name](order=value)

    @property
    def application(self) -> Application | None:
        found = [one for one in self.world.applications.values() if one.unique_name]
        return found[0] if found else None

    def live(self) -> set[str]:
        """Return the keys with which the UTM can sign in now: our own trust is no key of its."""
        one, now = self.application, self.tenant_now
        every = one.credentials if one is not None else []
        return {each.key_id for each in every if each.kind != "federated" and each.end > now}

    def trusts(self) -> int:
        """Return how many federated credentials there are, with which what is ours signs in beside a certificate."""
        every = self.application.credentials if self.application is not None else []
        return [one.kind for one in every].count("federated")

    @property
    def tenant_now(self) -> Any:
        return self.tenant._simulation.clock.date()

    def versions(self) -> list[SecretVersion]:
        return [version for secret in self.world.secrets.values() for version in secret.versions]

    def left(self) -> list[str]:
        """Return what the tenant still holds of ours."""
        world = self.world
        ids = {one.app_id for one in (*world.applications.values(), *world.deleted_applications.values())}
        found = [f"application {one.app_id}" for one in world.applications.values() if one.unique_name]
        found += [f"exchange {one}" for one in ids & world.exchange_principals.keys()]
        found += [f"secret {name}" for name in world.secrets if name.startswith(NAME)]
        found += [f"credential {one.app_id}" for one in world.deleted_applications.values() if one.credentials]
        found += [f"access {address}" for address, mailbox in world.mailboxes.items() if mailbox.access]
        # One whose secret others have deleted in the vault cannot be disabled there: its credential is gone.
        kept = {one.key_id for entry in world.deleted_applications.values() for one in entry.credentials}
        values = [one for secret in world.deleted_secrets.values() for one in secret.versions if one.enabled]
        return found + [f"version {one.version}" for one in values if one.tags.get("keyId") in kept]

    def take_away(self, key: str | None) -> None:
        one = self.application
        if one is not None:
            one.credentials[:] = [each for each in one.credentials if each.key_id != key]
