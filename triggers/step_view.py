"""What the API shows of a step, and why it waits."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from connector.dates import TIMES, Time
from connector.document import Document
from connector.messages import Language, text, times
from connector.model import Connection
from connector.operation import StepRecord
from connector.orders import Progress
from connector.steps import StepName, StepState
from triggers.answers import SERVICES


class StepView(Document):
    """One step of the set-up."""

    name: StepName
    state: StepState
    started: datetime | None
    ended: datetime | None
    changes: int = Field(description="How many writes the step made in this operation.")
    waits: int = Field(description="How often it had to wait for a service.")
    reason: str | None = Field(default=None, description="Why it is waiting now.")
    times: list[Time] = Field(default=[], description=TIMES)


def step_view(connection: Connection, step: StepName, live: Progress, lang: Language) -> StepView:
    """Return a step as it is stored; while it works, as its running orchestration says."""
    entry = connection.step(step)
    # A run that has just ended still shows its last status for a moment; what it has stored is newer.
    at_work = connection.operation.ended is None and not connection.operation.apart
    works = at_work and live.revision == connection.wanted.revision
    now = live if works and live.step == step else Progress()
    state = next((one for one in (StepState.RUNNING, StepState.WAITING) if one == now.state), entry.state)
    return StepView(
        name=step,
        state=state,
        started=entry.started,
        ended=entry.ended,
        changes=entry.changes,
        waits=entry.waits,
        **(_reason(now.reason, now.service, entry, lang) if now.reason else {}),
    )


def _reason(code: str, away: str | None, entry: StepRecord, lang: Language) -> dict[str, Any]:
    """Return why a step waits: for which service, since when; a service's own code where we have no words for it."""
    try:
        why = text(lang, "reason", code)
    except KeyError:
        why = code
    service = SERVICES.get(away or "")
    if service is None or entry.waits_since is None:
        return {"reason": why}
    values = {"service": service, "since": entry.waits_since, "why": why}
    said, told = text(lang, "reason", "outage", values=values), times(lang, "reason", "outage", values=values)
    return {"reason": said, "times": told}
