"""What the compiled template has to mean. Each check takes a template, so that a broken copy can be shown to fail."""

from __future__ import annotations

from tests.infra.template.checks import alarms, keeping, parts, rights, surface
from tests.infra.template.checks.register import CHECKS

__all__ = ["CHECKS", "alarms", "keeping", "parts", "rights", "surface"]
