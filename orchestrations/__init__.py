"""Durable orchestrations: deterministic, no I/O, only names, counts and states in and out."""

from orchestrations import check, connection, deliver, plan
from orchestrations.steps import blueprint as registered

__all__ = ["check", "connection", "deliver", "plan", "registered"]
