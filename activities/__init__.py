"""One activity per step of the article: observe, apply, confirm."""

from activities import (
    application,
    consent,
    enterprise_application,
    exchange,
    mailboxes,
    operation,
    planning,
    planning_mailboxes,
    prerequisites,
    secret,
    verification,
)
from activities.blueprint import blueprint as registered

__all__ = [
    "application",
    "consent",
    "enterprise_application",
    "exchange",
    "mailboxes",
    "operation",
    "planning",
    "planning_mailboxes",
    "prerequisites",
    "registered",
    "secret",
    "verification",
]
