"""Durable orchestrations: deterministic, no I/O, only names, counts and states in and out."""

from orchestrations.connection import blueprint as registered

__all__ = ["registered"]
