"""Durable orchestrations: deterministic, no I/O, only names, counts and states in and out."""

from orchestrations import connection, deliver, plan
from orchestrations.steps import blueprint as registered

__all__ = ["connection", "deliver", "plan", "registered"]
