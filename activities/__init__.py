"""One activity per step of the article: observe, apply, confirm."""

from activities import mailboxes, operation, planning, planning_mailboxes, verification
from activities.blueprint import blueprint as registered
from activities.steps import STEPS

__all__ = ["STEPS", "mailboxes", "operation", "planning", "planning_mailboxes", "registered", "verification"]
