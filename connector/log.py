"""Log lines as JSON. No secret and, above DEBUG, no mailbox address ever gets into one."""

from __future__ import annotations

import json
import logging
import traceback
from pathlib import Path

from connector.errors import UnforeseenError, UnreadableError

_logger = logging.getLogger("connector")
_APP = Path(__file__).parents[1]
_PARTS = frozenset({"activities", "connector", "function_app.py", "orchestrations", "triggers"})
_MOST = 8
"""Frames of ours in a line."""
_BETWEEN = " > "


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


def unreadable(error: UnreadableError, **fields: str | None) -> None:
    """Log which document cannot be read, and why: for a person to repair, since the app leaves it as it is."""
    name, document, why = error.name, error.document, error.reason
    log("document-unreadable", level=logging.ERROR, connection=name, document=document, code=why, **fields)


def _where(error: Exception) -> str:
    """Return file, line and function of our own innermost frames, and of the one that raised; the caller is first.

    Places alone: a frame's variables may hold anything.
    """
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if _own(frame) is not None][-_MOST:]
    return _BETWEEN.join(_place(frame) for frame in (*ours, *(frames[-1:] if frames[-1:] != ours[-1:] else ())))


def _place(frame: traceback.FrameSummary) -> str:
    return f"{_own(frame) or Path(frame.filename).name}:{frame.lineno}:{frame.name}"


def _own(frame: traceback.FrameSummary) -> str | None:
    """Return the path of a file of this app within it; None of a library's, which Azure keeps in the same folder."""
    path = Path(frame.filename)
    if not path.is_relative_to(_APP):
        return None
    inside = path.relative_to(_APP)
    return inside.as_posix() if inside.parts[0] in _PARTS else None
