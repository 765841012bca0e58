"""What the API shows of this deployment."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from connector.document import Document
from triggers.findings import FindingView


class VaultWrite(Document):
    """What came of the last try to write into the vault; one is made when a client secret is about to be made."""

    outcome: str = Field(description="`ok`, `not-known-yet`, or the code of the finding.")
    on: datetime | None
    message: str


class Health(Document):
    """What this deployment is and may do."""

    status: str = Field(description="``ok``, or ``action-required`` where ``missing`` holds more than information.")
    version: str
    package: str
    label: str
    cloud: str
    tenant_id: str | None
    tenant_name: str | None = Field(
        default=None, description="What the tenant calls itself; null where the identity may not read that."
    )
    secret_lifetime_days: int = Field(description="How long a client secret lives where a request does not say it.")
    identity: dict[str, Any] = Field(
        description="What the app's identity holds; null for what could not be read just now."
    )
    vault_write: VaultWrite
    missing: list[FindingView]
