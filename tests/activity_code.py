"""The code of activities as a test calls it: without a host, and so with nobody who would start an orchestration."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import Any

Code = Callable[..., Awaitable[dict[str, Any]]]


class Nobody:
    """Stands for the client of Durable: what is started there a timer starts later."""

    async def start_new(self, *_: object) -> str:
        raise RuntimeError("there is no host")


def code_of(registered: Any) -> Code:
    """Return what is called for an activity, its client given where it has one."""
    code: Any = registered._function._func  # the library offers no other way
    bindings = {binding.name for binding in registered._function._bindings}
    return functools.partial(code.__wrapped__, client=Nobody()) if "client" in bindings else code


def codes(blueprint: Any) -> dict[str, Code]:
    """Return the code of all activities by name."""
    return {one._function.get_function_name(): code_of(one) for one in blueprint._function_builders}
