"""``python -m local``: the whole product on a bare machine."""

from __future__ import annotations

import os
import signal
import sys

INTERRUPTED = 130
"""The exit status of a command that Ctrl-C has ended: 128 and the signal's number, as shells have it."""

if __name__ == "__main__":
    # Until the command takes over, and while its modules are imported, Ctrl-C ends it without a trace.
    signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))
    from local.commands import main

    sys.exit(main())
