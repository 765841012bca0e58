"""Targets that somebody has to look after, as findings of this deployment."""

from __future__ import annotations

from connector import dates
from connector.errors import ServiceError
from connector.finding import Finding
from connector.log import log
from connector.services import services
from connector.steps import StepName
from connector.target import Target


async def of_targets() -> tuple[Finding, ...]:
    """Return what is to be said of targets; that the store does not answer is said elsewhere."""
    try:
        targets, unreadable = await services().targets.each()
    except ServiceError as error:
        log("targets-not-seen", code=error.code)
        return ()
    found = (_finding(one) for one in targets if one.fails(services().now()))
    return (*found, *map(_unreadable, unreadable))


def _unreadable(name: str) -> Finding:
    """Return that nobody knows what a target is: it gets nothing meanwhile."""
    return Finding(code="target-unreadable", severity="warning", step=StepName.PREREQUISITES, subject=name)


def _finding(target: Target) -> Finding:
    since = target.gone_on or target.failing_since
    values: dict[str, str | int] = {"host": target.host, "since": dates.value(since) if since is not None else "-"}
    code = "target-gone"
    if target.gone_on is None:
        code, values = "target-failing", {**values, "why": target.failing or "-"}
    return Finding(code=code, severity="warning", step=StepName.PREREQUISITES, subject=target.name, values=values)
