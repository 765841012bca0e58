"""The bodies of the requests about a finding: that it is accepted, that nobody wants to hear of it for a while."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import BeforeValidator, Field

from connector import dates
from connector.acceptances import GUID, MAX_FINDING_ID, is_guid
from connector.body import Body, Sent, few, nothing_hidden
from connector.checks import MAX_REASON
from connector.errors import ConflictError, FieldError
from connector.visible import PATTERN as SEEN

MAX_ID = 600
"""Characters of a finding's id that may name a mailbox."""
LONGEST_SNOOZE = timedelta(days=366)


class AcceptRequest(Body):
    """Which finding is accepted, and of which application: nobody accepts another one than he has seen."""

    refusals = ("acceptance-invalid",)

    id: Annotated[str, Field(min_length=1, max_length=MAX_FINDING_ID)] = Field(
        description="The finding's `id`, as a connection or the plan of its last dry run shows it now."
    )
    application_id: str = Field(
        description="The finding's `applicationId`.",
        json_schema_extra={"pattern": f"^{GUID.pattern}$"},
    )


class SnoozeRequest(Body):
    """Which finding nobody is told of, why, and until when."""

    refusals = ("snooze-invalid",)

    id: Annotated[str, Field(min_length=1, max_length=MAX_ID)] = Field(
        description="The finding's `id`, as the connection's `health` shows it now."
    )
    reason: Annotated[str, Field(min_length=1, max_length=MAX_REASON), BeforeValidator(nothing_hidden)] = Field(
        description="Why it is known: whoever reads it later was not there.",
        json_schema_extra={"pattern": SEEN},
    )
    until: Annotated[str, Field(min_length=1, max_length=40)] = Field(
        description="Until when, with its time zone (ISO 8601); a year ahead at most.",
        json_schema_extra={"format": "date-time"},
    )

    @property
    def ends(self) -> datetime:
        """Return when it ends, in UTC.

        Raises:
            ValueError: it is no time with a zone.
        """
        moment = datetime.fromisoformat(self.until)
        if moment.tzinfo is None:
            raise ValueError(self.until)
        return moment.astimezone(UTC)


def parse_acceptance(sent: Sent) -> AcceptRequest:
    """Read the body of an acceptance.

    Raises:
        BodyError: as ``body.as_json``.
        FieldError: a field is missing, unknown, or wrong; the first one is named.
    """
    request = few(sent, AcceptRequest, "acceptance-invalid")
    if not is_guid(request.application_id):
        raise FieldError("acceptance-invalid", field="applicationId")
    return request


def parse_snooze(sent: Sent, now: datetime) -> SnoozeRequest:
    """Read the body of a snooze.

    Raises:
        BodyError: as ``body.as_json``.
        FieldError: a field is missing, unknown, or wrong.
        ConflictError: the end is past, or more than a year ahead.
    """
    request = few(sent, SnoozeRequest, "snooze-invalid")
    try:
        ends = request.ends
    except (ValueError, OverflowError):
        raise FieldError("snooze-invalid", field="until") from None
    if not now < ends <= now + LONGEST_SNOOZE:
        raise ConflictError("snooze-end", until=dates.value(ends))
    return request
