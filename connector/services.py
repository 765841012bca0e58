"""The one place that builds clients from settings, each on its first use: importing the app imports no SDK."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from connector.acceptances import Acceptances
from connector.checks import Checks
from connector.clients.recent import Recent
from connector.clock import now
from connector.deliveries import Deliveries, Targets
from connector.documents import Documents
from connector.dry_runs import LOOKS, Plans
from connector.errors import GrantMissingError
from connector.formats import Origin
from connector.history import Histories
from connector.left_there import LeftThere
from connector.probes import Probes

if TYPE_CHECKING:
    from connector.clients.entra_login import EntraLogin
    from connector.clients.exchange import ExchangeAdmin
    from connector.clients.graph import GraphClient
    from connector.clients.identity import Identity
    from connector.clients.limits import Limits
    from connector.clients.store import Store
    from connector.clients.vault import Vault
    from connector.clients.webhook import Webhooks
    from connector.clouds import Cloud
    from connector.settings import Settings


class Services:
    """The clients of this deployment. Graph and Exchange are out of reach until the rights have been granted."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def cloud(self) -> Cloud:
        """The endpoints."""
        return self.settings.endpoints()

    @cached_property
    def limits(self) -> Limits:
        """What an answer of each service may cost."""
        from connector.clients.limits import Limits  # noqa: PLC0415 - SDKs are imported on first use

        return Limits()

    @cached_property
    def identity(self) -> Identity:
        """The managed identity. Its tokens for the vault and the store may be asked for at any time."""
        from connector.clients.identity import Identity  # noqa: PLC0415 - SDKs are imported on first use

        return Identity(self.cloud, self.settings.client_id, self.limits.identity)

    @cached_property
    def sign_in(self) -> EntraLogin | None:
        """Entra's login; None where nobody signs in here."""
        from connector.clients.entra_login import EntraLogin  # noqa: PLC0415 - SDKs are imported on first use

        client_id = self.settings.sign_in
        return EntraLogin(self.cloud, client_id, self.identity, self.limits.sign_in) if client_id is not None else None

    @cached_property
    def graph(self) -> GraphClient:
        """Microsoft Graph."""
        from connector.clients.graph import GraphClient  # noqa: PLC0415 - SDKs are imported on first use

        self.require_grant()
        return GraphClient(self.cloud, self.identity.credential, bounds=self.limits.graph)

    @cached_property
    def exchange(self) -> ExchangeAdmin:
        """Exchange Online's admin interface."""
        from connector.clients.exchange import ExchangeAdmin  # noqa: PLC0415 - SDKs are imported on first use

        self.require_grant()
        return ExchangeAdmin(self.cloud, self.identity.credential, self.limits.exchange)

    @cached_property
    def vault(self) -> Vault:
        """Key Vault."""
        from connector.clients.vault import Vault  # noqa: PLC0415 - SDKs are imported on first use

        return Vault(self.cloud, self.settings.key_vault_uri, self.identity.credential, self.limits.vault)

    @cached_property
    def store(self) -> Store:
        """The documents' container or folder."""
        if (folder := self.settings.folder) is not None:
            from connector.clients.store import FolderStore  # noqa: PLC0415 - as above

            return FolderStore(folder)
        from connector.clients.blobs import BlobStore, container  # noqa: PLC0415 - as above
        from connector.clients.bounded_azure import BoundedTransport  # noqa: PLC0415 - as above

        transport = BoundedTransport(self.cloud, self.limits.store)
        return BlobStore(container(self.settings.store, self.identity.credential, transport), self.limits.store)

    @cached_property
    def recent(self) -> Recent:
        """What was read of the store, for lists."""
        return Recent(self.store)

    @cached_property
    def documents(self) -> Documents:
        """The connections."""
        return Documents(self.store, self.now)

    @cached_property
    def plans(self) -> Plans:
        """The dry runs."""
        return Plans(self.store)

    @cached_property
    def looks(self) -> Plans:
        """What the daily looks work with."""
        return Plans(self.store, LOOKS)

    @cached_property
    def checks(self) -> Checks:
        """What the daily looks have seen."""
        return Checks(self.store)

    @cached_property
    def acceptances(self) -> Acceptances:
        """What somebody has accepted."""
        return Acceptances(self.store)

    @cached_property
    def probes(self) -> Probes:
        """What came of the last try to write into the vault."""
        return Probes(self.store)

    @cached_property
    def left_there(self) -> LeftThere:
        """What connections have left at mailboxes that others need."""
        return LeftThere(self.store)

    @cached_property
    def histories(self) -> Histories:
        """Who has asked for what."""
        return Histories(self.store, self.settings.history_days)

    @cached_property
    def targets(self) -> Targets:
        """Who is told."""
        return Targets(self.store)

    @cached_property
    def deliveries(self) -> Deliveries:
        """What is on its way to them."""
        return Deliveries(self.store)

    @cached_property
    def webhooks(self) -> Webhooks:
        """Addresses outside that people have named."""
        import ssl  # noqa: PLC0415 - as above

        from connector.clients.webhook import Webhooks  # noqa: PLC0415 - as above

        return Webhooks(ssl.create_default_context(cafile=self.cloud.ca_bundle))

    @property
    def origin(self) -> Origin:
        """Whose events they are."""
        return Origin(self.settings.label, self.settings.hostname)

    def now(self) -> datetime:
        """Return the time by which triggers, timers and activities go; in an orchestration it is Durable's."""
        return now()

    def require_grant(self) -> None:
        """Raise ``GrantMissingError`` while no Graph or Exchange token may be asked for."""
        if self.settings.granted is None:
            raise GrantMissingError

    async def close(self) -> None:
        """Close what was opened."""
        for name in ("graph", "exchange", "vault", "store", "identity"):
            if name in self.__dict__:
                await self.__dict__.pop(name).close()
        for name in self.__dict__.keys() - {"settings", "cloud", "limits"}:  # what goes by what was closed
            self.__dict__.pop(name)


_services: Services | None = None


def services() -> Services:
    """Return the clients of this process, built from the settings on the first call.

    Raises:
        SettingsError: a setting is missing or wrong; the next call reads the settings again.
    """
    global _services  # noqa: PLW0603 - the worker gives a function nothing in which to keep them
    if _services is None:
        from connector.settings import load  # noqa: PLC0415 - read and imported on first use

        _services = Services(load())
    return _services


async def close_services() -> None:
    """Close the clients; the next call of ``services`` reads the settings again."""
    global _services
    if _services is not None:
        closing, _services = _services, None
        await closing.close()
