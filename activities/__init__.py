"""One activity per step of the article: observe, apply, confirm."""

from activities import deliver, looking, operation, planning
from activities.blueprint import blueprint as registered
from activities.steps import STEPS

__all__ = ["STEPS", "deliver", "looking", "operation", "planning", "registered"]
