"""HTTP routes and timers: authorise, validate, schedule, answer. One trigger per file."""

from triggers import (
    accept,
    cancel,
    confirm,
    create,
    health,
    history,
    list,  # noqa: A004 - named as the route
    openapi,
    page,
    parameters,
    plan,
    read,
    repair,
    report,
    timers,
    verify,
)
from triggers.blueprint import blueprint as registered

__all__ = [
    "accept",
    "cancel",
    "confirm",
    "create",
    "health",
    "history",
    "list",
    "openapi",
    "page",
    "parameters",
    "plan",
    "read",
    "registered",
    "repair",
    "report",
    "timers",
    "verify",
]
