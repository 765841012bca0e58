"""HTTP routes and timers: authorise, validate, schedule, answer. One trigger per file."""

from triggers import create, health, list, openapi, parameters, read, timers, verify  # noqa: A004 - named as the route
from triggers.blueprint import blueprint as registered

__all__ = ["create", "health", "list", "openapi", "parameters", "read", "registered", "timers", "verify"]
