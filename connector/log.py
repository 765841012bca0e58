"""Log lines as JSON. No secret and, above DEBUG, no mailbox address ever gets into one."""

from __future__ import annotations

import json
import logging

_logger = logging.getLogger("connector")


def log(event: str, *, level: int = logging.INFO, **fields: str | float | bool | None) -> None:
    """Write one line ``{"event": …}``; fields that are None are left out."""
    present = {key: value for key, value in fields.items() if value is not None}
    _logger.log(level, "%s", json.dumps({"event": event, **present}, ensure_ascii=False))
