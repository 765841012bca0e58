"""Whatever holds a secret hides it: every object of ours that is alive in a set-up is found, and printed."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
import re
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import aiohttp
import pytest
from pydantic import BaseModel, SecretStr

import activities
import connector
import orchestrations
import triggers
from local.tenant.tenant import Tenant
from tests.triggers.served import PATH, served

OURS = ("activities", "connector", "orchestrations", "triggers")
_SECRET = re.compile(r"secret|password|token|credential|assertion|bearer|signature", re.IGNORECASE)
_NONE = re.compile(r"(_id|_uri|_url|_on|_at|_days|_begun|_allowed|_name)$|^secrets?_(begun|allowed)")


def is_ours(value: object) -> bool:
    """Return whether a value is of a class of the product.

    Not an answer of aiohttp under our bounds: printing one that is only half built keeps it so.
    """
    return type(value).__module__.partition(".")[0] in OURS and not isinstance(value, aiohttp.ClientResponse)


class Watch:
    """Prints what a function of ours has in hand when it returns: of each class one, in each function once."""

    def __init__(self) -> None:
        self.printed: dict[str, set[str]] = {}
        self._busy = threading.local()
        self._seen: set[tuple[object, type]] = set()

    def __call__(self, frame: FrameType, event: str, _: Any) -> None:
        """See ``sys.setprofile``."""
        if event != "return" or getattr(self._busy, "now", False):
            return
        if str(frame.f_globals.get("__name__")).partition(".")[0] not in OURS:
            return
        self._busy.now = True
        try:
            for value in frame.f_locals.values():
                if is_ours(value) and (frame.f_code, type(value)) not in self._seen:
                    self._seen.add((frame.f_code, type(value)))
                    texts = self.printed.setdefault(type(value).__qualname__, set())
                    texts.update((repr(value), str(value), f"{value}", f"{[value]}"))
        finally:
            self._busy.now = False


async def test_no_object_of_ours_shows_a_secret_when_it_is_printed(tmp_path: Path) -> None:
    watch = Watch()
    async with Tenant(preset="calm", clock=60, mailboxes=1) as tenant, served(tenant, tmp_path) as one:
        threading.setprofile(watch)
        sys.setprofile(watch)
        try:
            shown = await one.client.set_up({"name": "hq", "mailboxes": tenant.addresses})
            parameters = (await one.client.get(f"{PATH}/parameters")).json()
        finally:
            sys.setprofile(None)
            threading.setprofile(None)
        issued = {*tenant.issued, parameters["clientSecret"], *one.host.function_keys.values(), one.host.key}
    assert shown["state"] == "ready"
    assert {"NewPassword", "ProvenToken", "Parameters", "Connection", "Settings"} <= watch.printed.keys()
    told = {name for name, texts in watch.printed.items() if any(one in text for text in texts for one in issued)}
    assert told == set()


def holders() -> Iterator[tuple[type, str, bool]]:
    """Yield every field of a class of the product that could hold a secret, and whether it is printed."""
    for package in (activities, connector, orchestrations, triggers):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            for _, found in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
                if found.__module__ == module.name:
                    yield from fields(found)


def fields(found: type) -> Iterator[tuple[type, str, bool]]:
    """Yield the fields of a dataclass or a model which are plain text and are called like a secret."""
    shown: dict[str, tuple[object, bool]] = {}
    if dataclasses.is_dataclass(found):
        shown = {one.name: (one.type, one.repr) for one in dataclasses.fields(found)}
    elif issubclass(found, BaseModel):
        shown = {name: (one.annotation, one.repr) for name, one in found.model_fields.items()}
    for name, (kind, printed) in shown.items():
        text = kind if isinstance(kind, str) else getattr(kind, "__name__", str(kind))
        plain = re.search(r"\b(str|bytes|Any|dict)\b", str(text)) is not None
        if plain and _SECRET.search(name) and not _NONE.search(name):
            yield found, name, printed


def test_a_field_that_is_called_like_a_secret_is_not_printed() -> None:
    every = list(holders())
    assert any(name == "client_secret" for _, name, _ in every)
    assert [f"{one.__qualname__}.{name}" for one, name, printed in every if printed] == []


@pytest.mark.parametrize("show", [repr, str, "{}".format])
def test_a_secret_hides_itself_in_whatever_holds_it(show: Callable[[object], str]) -> None:
    @dataclasses.dataclass
    class Holder:
        kept: SecretStr

    assert "hunter2" not in show(Holder(SecretStr("hunter2")))
