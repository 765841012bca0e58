"""What somebody says of a target: read, and laid over what there is. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field

from connector.body import Body, Sent, few
from connector.errors import ConflictError, FieldError
from connector.event import EventType
from connector.target import Format, Lock, Target, address, is_key, new_key

KEY_CHANGES = timedelta(days=1)
"""For so long after a key was changed the one before signs as well."""
_LONGEST = 2_048
_ADDRESS = r"^https://([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}(:443)?(/[!$-\[\]-~]*)?$"
"""What is always taken but for names that are not public; ports from 1024 and spoken domains are, too."""
_QUAD = "[A-Za-z0-9+/]"
_KEY = f"^whsec_({_QUAD}{{4}}){{8,20}}({_QUAD}{{2}}==|{_QUAD}{{3}}=|{_QUAD}{{4}})?$"


class TargetRequest(Body):
    """A target as it is to be. What is left out stays as it is, or has its default where the target is new."""

    refusals = ("target-invalid", "target-address-refused", "target-key-invalid")

    address: Annotated[str, Field(min_length=1, max_length=_LONGEST)] | None = Field(
        default=None,
        description="Where events are sent: `https`, a public name. Needed for a new target; never shown again.",
        json_schema_extra={"pattern": _ADDRESS},
    )
    key: Annotated[str, Field(min_length=1, max_length=100)] | None = Field(
        default=None,
        description="The signing key, `whsec_` and base64 of 24 to 64 bytes; never shown again. Left out for a new "
        "target one is made, and lies in Key Vault. The key before signs as well for a day.",
        json_schema_extra={"pattern": _KEY},
    )
    format: Annotated[Format, Field(strict=False)] | None = Field(default=None, description="`cloudevents` without it.")
    language: Literal["de", "en"] | None = Field(default=None, description="Of Teams and Slack; `en` without it.")
    events: Annotated[list[Annotated[EventType, Field(strict=False)]], Field(max_length=len(EventType))] | None = Field(
        default=None, description="Which it gets; empty: all."
    )
    enabled: bool | None = Field(default=None, description="`true` also forgets that it had answered 410.")


def parse_target(sent: Sent) -> TargetRequest:
    """Read the body of a target.

    Raises:
        BodyError: as ``body.as_json``.
        FieldError: a field is wrong; the address is none that anything is sent to; the key is none.
    """
    request = few(sent, TargetRequest, "target-invalid")
    if request.address is not None:
        try:
            address(request.address)
        except ValueError:
            raise FieldError("target-address-refused", field="address") from None
    if request.key is not None and not is_key(request.key):
        raise FieldError("target-key-invalid", field="key")
    return request


def locked(request: TargetRequest, before: Lock | None, now: datetime) -> Lock | None:
    """Return what the vault is to hold of a target from now on; None where that stays as it is.

    Raises:
        ConflictError: there is no address yet, and none is given.
    """
    url = request.address or (before.url if before is not None else None)
    if url is None:
        raise ConflictError("target-needs-address")
    if before is None:
        return Lock(url=url, key=request.key or new_key())
    lock = before.model_copy(update={"url": url})
    if request.key is not None and request.key != before.key:
        changed = {"key": request.key, "former": before.key, "former_until": now + KEY_CHANGES}
        lock = lock.model_copy(update=changed)
    return lock if lock != before else None


def changed(request: TargetRequest, before: Target, lock: Lock | None, version: str, now: datetime) -> Target:
    """Return the target as it is to be; ``version`` is that of ``lock`` in the vault, None is as it was."""
    given = {
        name: value
        for name, value in {
            "format": request.format,
            "language": request.language,
            "events": request.events,
            "enabled": request.enabled,
        }.items()
        if value is not None
    }
    anew = (
        {"version": version, "host": address(lock.url).host, "failing_since": None, "failing": None}
        if lock is not None
        else {}
    )
    again = {"gone_on": None, "failing_since": None, "failing": None} if request.enabled else {}
    return before.model_copy(update={**given, **anew, **again, "changed": now})
