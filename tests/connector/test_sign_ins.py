"""The record of sign-ins is asked only where it may tell something."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import cast

import pytest

from connector.clouds import CHINA, PUBLIC, Cloud
from connector.errors import ForbiddenError, ServiceError, ThrottledError
from connector.evidence import LastUses, Unknown
from connector.objects import Ids
from connector.observed import Claims
from connector.services import Services
from connector.sign_ins import last_uses
from tests.connector.test_standing import connection

NOW = datetime(2026, 5, 1, tzinfo=UTC)
APP = "6f1c0d2e-0000-4000-8000-000000000001"
RIGHT = frozenset({"AuditLog.Read.All"})


@dataclass
class Entra:
    """Our identity and Graph in one."""

    roles: frozenset[str] = RIGHT
    fails: ServiceError | None = None
    asked: list[str] = field(default_factory=list)

    async def claims(self, scope: str) -> Claims:
        return Claims(scope, "tenant", "app", "object", NOW, self.roles)

    async def last_uses(self, application_id: str) -> dict[str, datetime]:
        self.asked.append(application_id)
        if self.fails is not None:
            raise self.fails
        return {"key": NOW}


@pytest.mark.parametrize(
    ("cloud", "granted", "entra", "app", "expected", "asks"),
    [
        (PUBLIC, NOW, Entra(), APP, LastUses({"key": NOW}), True),
        (PUBLIC, NOW, Entra(roles=frozenset()), APP, LastUses(unknown=Unknown.NOT_GRANTED), False),
        (PUBLIC, None, Entra(), APP, LastUses(unknown=Unknown.NOT_GRANTED), False),
        (PUBLIC, NOW, Entra(), None, LastUses(unknown=Unknown.NOT_GRANTED), False),
        (CHINA, NOW, Entra(), APP, LastUses(unknown=Unknown.NOT_OFFERED), False),
        (PUBLIC, NOW, Entra(fails=ForbiddenError("graph", "x", "")), APP, LastUses(unknown=Unknown.REFUSED), True),
        (PUBLIC, NOW, Entra(fails=ThrottledError("graph", "x", "")), APP, LastUses(unknown=Unknown.UNREADABLE), True),
    ],
)
async def test_what_it_cannot_tell_is_not_known_and_not_asked_in_vain(
    cloud: Cloud, granted: datetime | None, entra: Entra, app: str | None, expected: LastUses, asks: bool
) -> None:
    one = connection(timedelta(days=40))
    one.ids = Ids(application_id=app)
    services = SimpleNamespace(cloud=cloud, settings=SimpleNamespace(granted=granted), identity=entra, graph=entra)
    assert await last_uses(cast("Services", services), one) == expected
    assert entra.asked == ([APP] if asks else [])
