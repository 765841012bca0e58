"""``/api/targets``: who is told what. The address and the signing key go to Key Vault, and are never shown again."""

from __future__ import annotations

import azure.functions as func
from pydantic import SecretStr

from connector.document import Document
from connector.errors import (
    ConflictError,
    FieldError,
    RefusedError,
    ServiceError,
    UnknownConnectionError,
    UnreadableError,
)
from connector.history import Asked
from connector.microsoft import VAULT_FIREWALL
from connector.request_of_target import TargetRequest, changed, locked, parse_target
from connector.services import services
from connector.target import MAX_NAME, MOST, NAME, Format, Lock, Target, is_name, lock_in
from triggers.answers import body_of, json_answer
from triggers.asking import asking
from triggers.query import query
from triggers.route import CHANGED, STORE, Role, Route
from triggers.target_views import TargetList, TargetView, target_view

CONTENT_TYPE = "UTM Mail Connect target"
VAULT = (ServiceError("vault", "-", "-"), RefusedError("vault", next(iter(VAULT_FIREWALL)), "-"))
NAMED = {
    "target": {
        "description": "The target's name.",
        "schema": {"type": "string", "minLength": 1, "maxLength": MAX_NAME, "pattern": f"^{NAME.pattern}$"},
    }
}
_REFUSALS = tuple(map(ConflictError, ("too-many-targets", "target-needs-address")))
UNKNOWN = UnknownConnectionError("unknown-target")
UNREADABLE = UnreadableError("store", "document-unreadable", "-", path="targets/-.json")


@Route("GET", "/api/targets", Role.READER, "List who is told what", {200: TargetList}, problems=STORE)
async def list_targets(req: func.HttpRequest) -> func.HttpResponse:
    """Return all targets by name."""
    query(req)
    targets, unreadable = await services().targets.each()
    return json_answer(TargetList(items=[_view(one) for one in targets], unreadable=unreadable))


@Route(
    "GET",
    "/api/targets/{target}",
    Role.READER,
    "Read one target",
    {200: TargetView},
    named=NAMED,
    problems=(*STORE, UNKNOWN, UNREADABLE),
)
async def read_target(req: func.HttpRequest) -> func.HttpResponse:
    """Return a target, of its address only the host."""
    query(req)
    return json_answer(_view((await loaded(req))[0]))


@Route(
    "PUT",
    "/api/targets/{target}",
    Role.OPERATOR,
    "Add a target, or change it",
    {200: TargetView},
    body=TargetRequest,
    named=NAMED,
    problems=(*STORE, *VAULT, CHANGED, FieldError("target-name-invalid"), *_REFUSALS),
)
async def put_target(req: func.HttpRequest) -> func.HttpResponse:
    """Write the address and the key into the vault where they are new, then the target; ``200`` with it.

    Whoever is cut off in between leaves the target with what it had.
    """
    async with asking(req, "put_target", Asked.TARGET):
        query(req)
        targets = services().targets
        name = req.route_params["target"]
        if not is_name(name):
            raise FieldError("target-name-invalid", field="target", most=MAX_NAME)
        request = parse_target(body_of(req))
        present, etag = await _present(name)
        target = await _put(name, request, present)
        await targets.save(target, etag)
        return json_answer(_view(target))


async def _present(name: str) -> tuple[Target | None, str | None]:
    """Return a target with its ETag; one that cannot be read is taken for none, and written over.

    Raises:
        ConflictError: there is none, and there may not be more.
    """
    try:
        found = await services().targets.load(name)
    except UnreadableError:
        return None, await services().targets.etag(name)
    if found is None and len(await services().targets.names()) >= MOST:
        raise ConflictError("too-many-targets", most=MOST)
    return found or (None, None)


async def _put(name: str, request: TargetRequest, present: Target | None) -> Target:
    now = services().now()
    before = await _lock(present) if present is not None else None
    lock = locked(request, before, now)
    version = present.version if present is not None else ""
    if lock is not None:
        written = await services().vault.write(
            f"target-{name}",
            SecretStr(lock.model_dump_json(by_alias=True, exclude_none=True)),
            tags={"target": name},
            expires=None,
            content_type=CONTENT_TYPE,
        )
        version = written.version
    base = present or Target(name=name, format=Format.CLOUDEVENTS, host="-", version=version, created=now, changed=now)
    return changed(request, base, lock, version, now)


async def _lock(target: Target) -> Lock | None:
    """Return what the vault holds of a target; None where somebody has taken it away, and all is to be given anew."""
    return lock_in(await services().vault.read_or_none(f"target-{target.name}", target.version))


class Gone(Document):
    """A target that is removed."""

    target: str


@Route(
    "DELETE",
    "/api/targets/{target}",
    Role.OPERATOR,
    "Remove a target",
    {200: Gone},
    named=NAMED,
    problems=(*STORE, *VAULT, UNKNOWN),
)
async def remove_target(req: func.HttpRequest) -> func.HttpResponse:
    """Delete a target's secret and the target; what is under way to it is dropped. ``200``."""
    async with asking(req, "remove_target", Asked.TARGET_REMOVAL):
        query(req)
        name = req.route_params["target"]
        if name not in await services().targets.names():
            raise UnknownConnectionError("unknown-target", name=name[:MAX_NAME])
        await services().vault.delete(f"target-{name}")
        await services().targets.remove(name)
        return json_answer(Gone(target=name))


async def loaded(req: func.HttpRequest) -> tuple[Target, str]:
    """Return the target that a request is about, with its ETag.

    Raises:
        UnknownConnectionError: there is none.
        UnreadableError: its document cannot be read.
    """
    name = req.route_params["target"]
    found = await services().targets.load(name) if is_name(name) else None
    if found is None:
        raise UnknownConnectionError("unknown-target", name=name[:MAX_NAME])
    return found


def _view(target: Target) -> TargetView:
    return target_view(target, services().settings.key_vault_uri, services().now())
