"""What any member of a tenant may do, and one who means harm does: plant, co-own, add credentials.

By default every member may register applications, give them any unique name that is free, and add and remove owners of
what he owns, a service principal among them (learn.microsoft.com/entra/fundamentals/users-default-permissions). So
"our identity is among the owners" proves nothing; ``createdByAppId`` does, since nobody can set it.

All of it is true at once: no delay of Microsoft's helps the one who is attacked.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from local.tenant.simulation import Simulation
from local.tenant.world import Application, Credential, CredentialKind, ServicePrincipal

AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
"""The client id of the Azure CLI (Azure/azure-dev cli/azd/pkg/auth/manager.go), with which a person works."""
Thing = Application | ServicePrincipal


class LockedError(Exception):
    """The application locks the credentials of its service principal."""


class Member:
    """A person without any role in the directory."""

    def __init__(self, simulation: Simulation, name: str = "member") -> None:
        self._simulation = simulation
        self._world = simulation.world
        self.id = simulation.chance.guid(name)
        """The object id of this person, who appears as an owner of what is registered here."""

    def register_application(self, unique_name: str, display_name: str = "Eine andere App") -> Application:
        """Register an application that is not the managed identity's: this person owns it."""
        chance = self._simulation.chance
        nth = str(chance.nth("foreign application", unique_name))
        made = Application(
            id=chance.guid("foreign", "object", unique_name, nth),
            app_id=chance.guid("foreign", "app", unique_name, nth),
            display_name=display_name,
            created=self._simulation.clock.date(),
            unique_name=unique_name,
            owners=[self.id],
            created_by=AZURE_CLI,
        )
        self._world.applications[made.id] = made
        return made

    def create_enterprise_application(self, application: Application) -> ServicePrincipal:
        """Create an application's service principal."""
        made = ServicePrincipal(
            id=self._simulation.chance.guid("foreign", "service-principal", application.app_id),
            app_id=application.app_id,
            display_name=application.display_name,
            owners=[self.id],
            created_by=AZURE_CLI,
        )
        self._world.service_principals[made.id] = made
        return made

    def add_owner(self, thing: Thing, owner_id: str | None = None) -> None:
        """Make somebody an owner: this person, unless another object id is given."""
        thing.owners = [*thing.owners, owner_id or self.id]

    def leave(self, *things: Thing) -> None:
        """Give up what this person owns of it."""
        for thing in things:
            thing.owners = [owner for owner in thing.owners if owner != self.id]

    def add_credential(self, thing: Thing, kind: CredentialKind = "secret", days: int = 365) -> Credential:
        """Add a credential that the set-up did not make.

        Raises:
            LockedError: as Graph refuses it; who owns the application can take the lock off.
        """
        chance = self._simulation.chance
        nth = str(chance.nth("foreign credential", thing.id))
        value = f"H4n8Q~{chance.text(34, 'foreign secret', thing.id, nth)}" if kind == "secret" else ""
        return self._add(thing, kind, f"Von Hand {kind}", value, days)

    def add_certificate(self, thing: Thing) -> bytes:
        """Add a certificate, and return it with its key as PEM: with that one can sign in."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "member")])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(now)
            .not_valid_after(now + timedelta(days=365))
            .sign(key, hashes.SHA256())
        )
        encoding = serialization.Encoding.PEM
        public = key.public_key().public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo)
        self._add(thing, "certificate", "CN=member", public.decode(), 365)
        private = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return private + certificate.public_bytes(encoding)

    def take_lock_off(self, application: Application) -> None:
        """Let the credentials of an application's service principals be changed; its owners may."""
        application.lock = {"isEnabled": False, "allProperties": False}

    def plant(self, unique_name: str) -> tuple[Application, Credential]:
        """Register an application of this name, give it a password where few look, and make it seem the identity's.

        The member takes himself off it; what stays his is the password on the service principal.
        """
        application = self.register_application(unique_name, "UTM Mail Connect")
        principal = self.create_enterprise_application(application)
        password = self.add_credential(principal)
        for thing in (application, principal):
            self.add_owner(thing, self._world.identity.object_id)
        self.leave(application, principal)
        application.tags = ["utm-mail-connect"]
        return application, password

    def _add(self, thing: Thing, kind: CredentialKind, name: str, value: str, days: int) -> Credential:
        if isinstance(thing, ServicePrincipal) and self._world.locked(thing):
            raise LockedError(thing.id)
        chance, now = self._simulation.chance, self._simulation.clock.date()
        nth = str(chance.nth("foreign key", thing.id))
        key_id = chance.guid("foreign credential", thing.id, nth)
        made = Credential(key_id, kind, name, start=now, end=now + timedelta(days=days), value=value)
        thing.credentials = [*thing.credentials, made]
        return made
