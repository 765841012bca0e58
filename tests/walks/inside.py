"""What stands in for a network and a disk: the store in memory, and Exchange's transport within the process."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from connector.clients.exchange_answers import RawAnswer
from connector.clients.exchange_transport import Transport
from connector.errors import StaleWriteError, UnavailableError
from connector.observed import Application, Claims, CredentialVersion, EnterpriseApplication, Owner
from local.tenant import Tenant
from local.tenant.calls import Call
from local.tenant.catalogue import EXCHANGE_APP_ID
from local.tenant.managed_identity import ManagedIdentityEndpoint
from local.tenant.record import Record
from local.tenant.server import Servers

APPLICATION, PRINCIPAL = "11111111-0000-0000-0000-000000000001", "22222222-0000-0000-0000-000000000002"
_OURSELVES = "33333333-0000-0000-0000-000000000003"
_BASE = "https://exchange.example"


class MemoryStore:
    """The store's documents, in memory."""

    def __init__(self) -> None:
        self.documents: dict[str, bytes] = {}

    async def get(self, path: str) -> tuple[bytes, str] | None:
        """See ``Store``."""
        found = self.documents.get(path)
        return (found, hashlib.sha256(found).hexdigest()) if found is not None else None

    async def put(self, path: str, document: bytes, etag: str | None) -> str:
        """See ``Store``."""
        present = await self.get(path)
        if (present[1] if present else None) != etag:
            raise StaleWriteError("store", "etag", "the document was changed meanwhile")
        self.documents[path] = document
        return hashlib.sha256(document).hexdigest()

    async def delete(self, path: str, etag: str | None = None) -> None:  # noqa: ARG002 - nobody else writes here
        """See ``Store``."""
        self.documents.pop(path, None)

    async def paths(self, prefix: str) -> list[str]:
        """See ``Store``."""
        return sorted(path for path in self.documents if path.startswith(prefix))

    async def tags(self, folder: str) -> dict[str, str]:  # noqa: ARG002 - of none in any
        """See ``Store``; none are known."""
        return {}

    async def versions(self, path: str) -> list[str]:  # noqa: ARG002 - none of any
        """See ``Store``; none are kept."""
        return []

    async def version(self, path: str, version: str) -> bytes | None:  # noqa: ARG002 - as above
        """See ``Store``."""
        return None

    async def close(self) -> None:
        """See ``Store``."""


class InProcess(Transport):
    """Exchange's transport, without the network: every fault of the tenant all the same."""

    def __init__(self, tenant: Tenant) -> None:
        simulation = tenant._simulation
        simulation.bases = {"exchange": _BASE, "graph": "https://graph.example"}
        identity = tenant.world.service_principals[tenant.world.identity.object_id]
        self._token = simulation.tokens.issue(identity, _BASE, EXCHANGE_APP_ID, 86_400)
        self._servers = Servers(simulation, Record(), ManagedIdentityEndpoint(simulation, ""), {})
        self._base, self._connection_id = _BASE, "c"
        self.calls = 0

    async def send(self, method: str, path: str, _: dict[str, str], body: Any = None) -> RawAnswer:
        """See ``Transport``."""
        self.calls += 1
        known = {"authorization": f"Bearer {self._token}"}
        call = Call("exchange", method, path, {}, known, json.dumps(body).encode(), _BASE)
        service = self._servers._services["exchange"]
        answer = self._servers._answer(service, call, service.subject(call))
        if answer is None:
            raise UnavailableError("exchange", "unavailable", "broken")
        return RawAnswer(answer.status, answer.headers, answer.body())

    async def close(self) -> None:
        """See ``Transport``."""


class Directory:
    """What is looked at to see whose the application is: Graph, our own token, the vault. It is ours."""

    async def registration(
        self, application_id: str, object_id: str, _: str | None = None
    ) -> tuple[Application, EnterpriseApplication]:
        """See ``GraphClient``."""
        owners = frozenset({Owner(_OURSELVES, "servicePrincipal")})
        application = Application(
            object_id, APPLICATION, "UTM", None, frozenset(), frozenset(), owners, maker=_OURSELVES
        )
        return application, EnterpriseApplication(PRINCIPAL, application_id, owners=owners, maker=_OURSELVES)

    async def claims(self, scope: str) -> Claims:
        """See ``Identity``."""
        return Claims(scope, "tenant", _OURSELVES, _OURSELVES, datetime.now(UTC))

    async def versions(self, _: str) -> list[CredentialVersion]:
        """See ``Vault``."""
        return []

    async def close(self) -> None:
        """Nothing is open."""
