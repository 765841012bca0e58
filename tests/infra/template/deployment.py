"""What a template would make: every resource of it and of its nested templates, evaluated, with what it waits for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.infra.template.expressions import GROUP, SUBSCRIPTION, Known, evaluate, resource_id
from tests.infra.template.files import PACKAGE

DEPLOYMENT = "Microsoft.Resources/deployments"
_HEAD = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/"


@dataclass(frozen=True)
class Resource:
    """One resource, evaluated."""

    kind: str
    name: str
    version: str
    identifier: str
    body: dict[str, Any]
    scope: str | None
    waits_for: frozenset[str]
    """The ids of the resources that exist before this one is made."""

    @property
    def properties(self) -> dict[str, Any]:
        found: dict[str, Any] = self.body["properties"]
        return found


@dataclass(frozen=True)
class Deployed:
    """The outcome of a deployment."""

    resources: tuple[Resource, ...]
    outputs: dict[str, Any]

    def of(self, kind: str) -> list[Resource]:
        return [resource for resource in self.resources if resource.kind == kind]

    def one(self, kind: str, ending: str = "") -> Resource:
        (found,) = (resource for resource in self.of(kind) if resource.name.endswith(ending))
        return found

    def first_named(self, kind: str, beginning: str) -> Resource:
        (found,) = (resource for resource in self.of(kind) if resource.name.startswith(beginning))
        return found


def deploy(template: dict[str, Any], present: dict[str, str] | None = None, **parameters: Any) -> Deployed:
    """Return what the template makes, of a release where nothing else is said, as the button has it.

    ``present`` are the app settings that the app has already.
    """
    given = {"alertEmail": "it@contoso.com", "allowedAddresses": [], "location": "westeurope", "packageUri": PACKAGE}
    given |= parameters
    run = _Run(template, given, present or {})
    run.make()
    return Deployed(tuple(run.made), run.outputs())


@dataclass
class _Run:
    template: dict[str, Any]
    given: dict[str, Any]
    present: dict[str, str]
    after: frozenset[str] = frozenset()
    made: list[Resource] = field(default_factory=list)
    inner: dict[str, _Run] = field(default_factory=dict)
    loops: list[tuple[str, int]] = field(default_factory=list)

    def functions(self) -> dict[str, Callable[..., Any]]:
        return {
            "parameters": self._parameter,
            "variables": lambda name: evaluate(self.template["variables"][name], self),
            "reference": self._reference,
            "list": self._listed,
            "copyIndex": self._index,
        }

    def _parameter(self, name: str) -> Any:
        if name in self.given:
            return self.given[name]
        return evaluate(self.template["parameters"][name]["defaultValue"], self)

    def _reference(self, identifier: str, *_: str) -> Any:
        if identifier in self.inner:
            return {"outputs": {key: {"value": value} for key, value in self.inner[identifier].outputs().items()}}
        return Known(f"<{identifier.removeprefix(_HEAD)}>")

    def _listed(self, identifier: str, *_: str) -> Any:
        assert identifier.endswith("/config/appsettings"), f"only app settings are read, not {identifier}"
        return {"properties": self.present}

    def _index(self, loop: str | None = None) -> int:
        return next(index for name, index in reversed(self.loops) if loop in {None, name})

    def outputs(self) -> dict[str, Any]:
        return {name: evaluate(output["value"], self) for name, output in self.template.get("outputs", {}).items()}

    def make(self) -> None:
        """Evaluate every resource, each after those that it depends on."""
        wanted = [one for one in self.template["resources"] if evaluate(one.get("condition", True), self)]
        resources = [one for resource in wanted for one in self._copies(resource)]
        waiting = [(self._identify(resource, index), resource, index) for resource, index in resources]
        before: dict[str, frozenset[str]] = {}
        while waiting:
            open_ids = {identifier for identifier, _, _ in waiting}
            ready = [entry for entry in waiting if not open_ids & set(self._depends(entry[1]))]
            assert ready, f"a circle: {open_ids}"
            for identifier, resource, index in ready:
                waits = self.after.union(*(before[one] for one in self._depends(resource) if one in before))
                before[identifier] = waits | self._one(identifier, resource, index, waits)
            waiting = [entry for entry in waiting if entry not in ready]

    def _copies(self, resource: dict[str, Any]) -> list[tuple[dict[str, Any], tuple[str, int] | None]]:
        if "copy" not in resource:
            return [(resource, None)]
        name = resource["copy"]["name"]
        return [(resource, (name, index)) for index in range(evaluate(resource["copy"]["count"], self))]

    def _depends(self, resource: dict[str, Any]) -> list[str]:
        return [evaluate(one, self) for one in resource.get("dependsOn", [])]

    def _identify(self, resource: dict[str, Any], index: tuple[str, int] | None) -> str:
        name = self._inside(index, resource["name"])
        scope = evaluate(resource.get("scope"), self)
        if scope is None:
            return resource_id(resource["type"], *name.split("/"))
        return f"{scope}/providers/{resource_id(resource['type'], *name.split('/')).removeprefix(_HEAD)}"

    def _inside(self, index: tuple[str, int] | None, value: Any) -> Any:
        """Evaluate a value within a loop."""
        self.loops += [index] if index else []
        try:
            return evaluate(self._unrolled(value), self)
        finally:
            if index:
                self.loops.pop()

    def _unrolled(self, value: Any) -> Any:
        """Return a value with the loops over its properties written out."""
        if isinstance(value, list):
            return [self._unrolled(one) for one in value]
        if not isinstance(value, dict):
            return value
        written = {key: self._unrolled(inner) for key, inner in value.items() if key != "copy"}
        for loop in value.get("copy", []) if isinstance(value.get("copy"), list) else []:
            count = evaluate(loop["count"], self)
            written[loop["name"]] = [self._inside((loop["name"], index), loop["input"]) for index in range(count)]
        return written

    def _one(
        self, identifier: str, resource: dict[str, Any], index: tuple[str, int] | None, waits: frozenset[str]
    ) -> frozenset[str]:
        """Make one resource; return the ids of what exists afterwards."""
        kind = resource["type"]
        if kind == DEPLOYMENT:
            given = {key: evaluate(value["value"], self) for key, value in resource["properties"]["parameters"].items()}
            nested = _Run(resource["properties"]["template"], given, self.present, waits)
            nested.make()
            self.inner[identifier] = nested
            self.made += nested.made
            return frozenset(made.identifier for made in nested.made)
        body = self._inside(
            index, {key: value for key, value in resource.items() if key not in {"condition", "copy", "dependsOn"}}
        )
        scope = body.pop("scope", None)
        self.made.append(Resource(kind, body["name"], resource["apiVersion"], identifier, body, scope, waits))
        return frozenset({identifier})
