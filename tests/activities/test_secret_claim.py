"""A new credential that nobody is to have any more by the time it is made is taken back at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from activities.run import Run
from activities.secret_making import _require_claim
from connector.clients.store import FolderStore
from connector.credential import Intent
from connector.documents import Documents
from connector.errors import ReplicationError
from connector.orders import Order
from connector.steps import OperationKind
from tests.activities.test_activities import NOW, connection

if TYPE_CHECKING:
    from connector.clients.graph import NewPassword


class Services:
    """The store, and Graph as far as it removes passwords."""

    def __init__(self, folder: Path) -> None:
        self.documents = Documents(FolderStore(folder))
        self.graph = self
        self.removed: list[str] = []

    async def remove_password(self, _: str, key_id: str) -> None:
        self.removed.append(key_id)


class Made:
    key_id, secret, ends = "new", SecretStr("-"), NOW


@pytest.mark.parametrize(
    ("kind", "begun", "kept"),
    [
        (OperationKind.SET_UP, 1, True),
        (OperationKind.VERIFY, 1, True),
        (OperationKind.REMOVE, 1, False),
        (OperationKind.SET_UP, 2, False),
    ],
)
async def test_it_is_kept_unless_a_removal_or_another_secret_was_begun(
    tmp_path: Path, kind: OperationKind, begun: int, *, kept: bool
) -> None:
    services: Any = Services(tmp_path)
    intent = Intent(id="intent", started=NOW)
    present = connection("a@x.de")
    present.ids.object_id, present.intents, present.secrets_begun = "object", [intent], begun
    run = Run(services, Order("hq", 1, now=NOW), present.model_copy(deep=True))
    present.operation.kind = kind
    await services.documents.save(present, None)
    made: NewPassword = Made()  # type: ignore[assignment] # what is looked at of it
    if kept:
        await _require_claim(run, intent, made, 1)
    else:
        with pytest.raises(ReplicationError):
            await _require_claim(run, intent, made, 1)
    assert services.removed == ([] if kept else ["new"])
