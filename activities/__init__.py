"""One activity per step of the article: observe, apply, confirm."""

from activities import check, deliver, operation, planning
from activities.blueprint import blueprint as registered
from activities.steps import STEPS

__all__ = ["STEPS", "check", "deliver", "operation", "planning", "registered"]
