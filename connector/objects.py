"""What the services gave a connection: ids and rights, and what was made of Entra's objects."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, Field
from pydantic.alias_generators import to_camel

from connector.document import Document
from connector.errors import MissingIdError
from connector.microsoft import ROLE_SPREAD
from connector.steps import StepName


class Ids(Document):
    """The ids that the services gave."""

    tenant_id: str | None = None
    application_id: str | None = None
    object_id: str | None = None
    enterprise_application_id: str | None = None
    identity_object_id: str | None = None
    """Our own identity's service principal: an application is ours when this is among its owners."""

    def known(self, name: Literal["tenant_id", "application_id", "object_id", "enterprise_application_id"]) -> str:
        """Return an id that an earlier step has settled.

        Raises:
            MissingIdError: it has not, or it was lost.
        """
        value: str | None = getattr(self, name)
        if not value:
            raise MissingIdError(to_camel(name))
        return value


class Rights(Document):
    """What the identity may do, as ``prerequisites`` found it."""

    graph_roles: list[str] = Field(default_factory=list)
    exchange_roles: list[str] = Field(default_factory=list)
    cmdlets: list[str] = Field(default_factory=list)
    secrets_allowed: bool = True
    longest_secret_days: int | None = None
    longest_certificate_days: int | None = None


class RoleSeen(Document):
    """Since when a role that an administrator has assigned in Exchange is seen as it is now: Exchange follows later."""

    since: AwareDatetime
    alone: bool
    """Whether no consent stands beside it; else it was seen to reach every mailbox of the list."""
    mailboxes: str = ""
    """A digest of that list."""

    def same(self, other: RoleSeen) -> bool:
        """Return whether both are of one state, whenever it was seen."""
        return (self.alone, self.mailboxes) == (other.alone, other.mailboxes)

    @property
    def spread(self) -> datetime:
        """Return from when on all of Exchange goes by it."""
        return self.since + ROLE_SPREAD


class Making(Document):
    """Written before an application or an enterprise application is created, so that a crash does not lose whose it is.

    What is created carries ``note`` where people may write notes. Where somebody else was faster our write changes his
    (Graph answers 204 and not 201), and then the making is forgotten at once.
    """

    id: str
    started: AwareDatetime
    step: StepName
    tries: int = 0
    """How often the write was begun: only of the first is it known that a 204 means somebody else's."""

    @property
    def note(self) -> str:
        """Return what the object carries."""
        return f"utm-mail-connect {self.id}"


class Made(Document):
    """An object that was created by us, in Graph's own words (201): it counts where Entra does not say who made it."""

    object_id: str
    on: AwareDatetime
