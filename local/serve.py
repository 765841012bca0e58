"""``serve`` and ``tenant``: what runs until somebody stops it."""

from __future__ import annotations

import argparse
import asyncio
import errno
import json
import os
import signal
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from local.environment import serving, settings
from local.panel import Panel
from local.tenant import Tenant
from local.tenant.kept import UnreadableTenantError
from local.tenant.profile import grant
from local.terminal import says

_FAST = 60.0
"""How much faster time runs where nothing is real."""
_NAMED = 5
"""How many mailboxes are named, to be tried."""


async def serve(arguments: argparse.Namespace) -> int:
    """Serve the app; with its own tenant, with one that a file describes, or with the settings of the environment."""
    if arguments.store is not None:  # found out now, and not when the first connection is kept
        await asyncio.to_thread(arguments.store.mkdir, parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        try:
            own = await _own(arguments, stack)
        except UnreadableTenantError as error:
            sys.stderr.write(says("tenantUnreadable", file=error.file) + "\n")
            return 1
        endpoints = own.endpoints if own else await asyncio.to_thread(described, arguments.endpoints)
        clock = arguments.clock or (_FAST if own else 1.0)
        store = arguments.store or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="utm-mail-connect-")))
        environment = settings(endpoints, store) if endpoints else {}
        panel = Panel(own) if own else None
        beside = {"tenant": panel.app} if panel else {}
        try:
            host = await stack.enter_async_context(
                serving(
                    environment,
                    clock=clock,
                    port=arguments.port,
                    redeliver=arguments.redeliver,
                    now=own.begin if own else None,
                    beside=beside,
                    portal="tenant" if panel else None,
                )
            )
        except OSError as error:
            if error.errno not in {errno.EADDRINUSE, errno.EACCES}:
                raise
            why = "portInUse" if error.errno == errno.EADDRINUSE else "portRefused"
            sys.stderr.write(says(why, port=arguments.port) + "\n")
            return 1
        if panel:
            panel.host = host
        ready = {
            "url": host.url,
            "key": host.key,
            "masterKey": host.master_key,
            "functionKeys": host.function_keys,
            "endpoints": endpoints,
        }
        _announce(ready, own, arguments, clock)
        await until_stopped()
    return 0


async def tenant(arguments: argparse.Namespace) -> int:
    """Run the simulated tenant alone; its endpoints go to ``--out`` or standard output."""
    async with Tenant(
        preset=arguments.preset or "calm", seed=arguments.seed, clock=arguments.clock, mailboxes=arguments.mailboxes
    ) as running:
        document = json.dumps(running.endpoints)
        if arguments.out is None:
            sys.stdout.write(document + "\n")
            sys.stdout.flush()
        else:
            await asyncio.to_thread(arguments.out.write_text, document, "utf-8")
            sys.stderr.write(f"{says('tenantReady', file=arguments.out)} {says('stop')}\n")
        await until_stopped()
    return 0


async def _own(arguments: argparse.Namespace, stack: AsyncExitStack) -> Tenant | None:
    """Start a simulated tenant; None where another one is described, or the environment holds real settings."""
    if arguments.endpoints is not None or (arguments.preset is None and "CONNECTOR_KEY_VAULT_URI" in os.environ):
        return None
    own = Tenant(
        preset=arguments.preset or "calm",
        seed=arguments.seed,
        clock=arguments.clock or _FAST,
        mailboxes=arguments.mailboxes,
        folder=arguments.store,
    )
    if not own.goes_on:
        grant(own, arguments.profile)
    return await stack.enter_async_context(own)


def _announce(ready: dict[str, Any], own: Tenant | None, arguments: argparse.Namespace, clock: float) -> None:
    if arguments.json:
        sys.stdout.write(json.dumps(ready) + "\n")
    else:
        lines = [says("ready", url=ready["url"], key=ready["key"])]
        if own is not None:
            login = f"{own.issuer}/.well-known/openid-configuration"
            lines.append(says("signIn", login=login))
            lines.append(says("panel", url=ready["url"]))
            lines.append(says("boxes", addresses=", ".join(own.addresses[:_NAMED])))
            if not own.goes_on:
                lines.append(says("profile", profile=arguments.profile))
        if clock != 1:
            lines.append(says("clock", factor=f"{clock:g}"))
        sys.stdout.write("\n".join([*lines, says("stop"), ""]))
    sys.stdout.flush()


def described(file: Path | None) -> dict[str, Any]:
    """Return the endpoints that a file describes; none where there is no file.

    Raises:
        OSError: it cannot be read, or describes none.
    """
    if file is None:
        return {}
    try:
        document: dict[str, Any] = json.loads(file.read_text("utf-8"))
    except ValueError:
        raise OSError(errno.EINVAL, says("noEndpoints"), str(file)) from None
    return document


async def until_stopped() -> None:
    """Return when Ctrl-C or SIGTERM comes, also where the loop takes no signals."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(name, stopped.set)
        except NotImplementedError:  # Windows: its loops take no signals, Python itself does
            signal.signal(name, lambda *_: loop.call_soon_threadsafe(stopped.set))
    await stopped.wait()
