"""Log lines as JSON. No secret and, above DEBUG, no mailbox address ever gets into one."""

from __future__ import annotations

import json
import logging

from connector.errors import UnforeseenError

_logger = logging.getLogger("connector")


def own_lines_only() -> None:
    """Let ourselves speak from INFO on, and the libraries from WARNING on, whichever they are.

    They log each request with its address. ``logLevel`` in ``host.json`` cannot stop them: the Functions host knows the
    lines of Python by the function alone, and its worker has set the root logger to INFO before it loads the app.
    """
    logging.getLogger().setLevel(logging.WARNING)
    _logger.setLevel(logging.INFO)
    # Warns of each token that it does not get; our own line says so once, and with the service's request id.
    logging.getLogger("azure.identity").setLevel(logging.ERROR)


def log(event: str, *, level: int = logging.INFO, **fields: str | float | bool | None) -> None:
    """Write one line ``{"event": …}``; fields that are None are left out."""
    present = {key: value for key, value in fields.items() if value is not None}
    _logger.log(level, "%s", json.dumps({"event": event, **present}, ensure_ascii=False))


def unforeseen(error: Exception, **fields: str) -> UnforeseenError:
    """Log the type of an error that nobody foresaw and where it came from; return one that says no more than that.

    The host logs the text of whatever is raised, and Durable stores it: any text may hold what must not be kept.
    """
    log("unforeseen", level=logging.ERROR, code=type(error).__name__, where=_where(error), **fields)
    return UnforeseenError(type(error).__name__)


def _where(error: Exception) -> str:
    """Return file and line of the innermost frame."""
    trace, place = error.__traceback__, ""
    while trace is not None:
        place = f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
