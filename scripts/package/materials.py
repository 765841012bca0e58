"""The software bill of materials, as CycloneDX 1.6 (cyclonedx.org/docs/1.6/json): what is shipped, and from where.

It bears no time and no random number, so that two builds of the same sources write the same file.
"""

from __future__ import annotations

import email
import json
import uuid
from collections.abc import Mapping, Sequence
from email.message import Message
from typing import Any

from scripts.package.contents import metadata
from scripts.package.dependencies import needed
from scripts.package.modules import DISTRIBUTION, ModuleList
from scripts.package.wheels import PackageError, Wheel

_NAME_LENGTH = 64


def bill(
    project: Mapping[str, Any],
    wheels: Sequence[Wheel],
    environment: Mapping[str, str],
    modules: ModuleList,
    vendored: Sequence[Mapping[str, str]] = (),
) -> bytes:
    """Return the bill for the project (the table ``[project]`` of pyproject.toml) and what it is shipped with.

    ``vendored`` is what stands beside each module of npm's in ``web/vendor``.
    """
    described = {wheel.pin.name: email.message_from_bytes(metadata(wheel)) for wheel in wheels}
    purls = {wheel.pin.name: _purl(wheel) for wheel in wheels}
    own = f"pkg:generic/{project['name']}@{project['version']}"
    stated = {name: one.get_all("Requires-Dist", []) for name, one in described.items()}
    graph = needed({project["name"]: project["dependencies"], **stated}, environment)
    refs = {project["name"]: own, **purls}
    document: dict[str, Any] = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": own,
                "name": project["name"],
                "version": project["version"],
                "description": project["description"],
                "licenses": [{"license": {"id": project["license"]}}],
                "purl": own,
                "externalReferences": [{"type": "vcs", "url": project["urls"]["Repository"]}],
            }
        },
        "components": [
            *(_component(wheel, described[wheel.pin.name], modules) for wheel in wheels),
            *map(_module, vendored),
        ],
        "dependencies": [
            *(
                {
                    "ref": refs[name],
                    "dependsOn": [refs[other] for other in others]
                    + ([_module(one)["purl"] for one in vendored] if name == project["name"] else []),
                }
                for name, others in graph.items()
            ),
            *({"ref": _module(one)["purl"], "dependsOn": []} for one in vendored),
        ],
    }
    number = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(document, sort_keys=True))
    return (json.dumps({**document, "serialNumber": f"urn:uuid:{number}"}, indent=2) + "\n").encode()


def _module(stated: Mapping[str, str]) -> dict[str, Any]:
    purl = f"pkg:npm/{stated['name']}@{stated['version']}"
    return {
        "type": "library",
        "bom-ref": purl,
        "name": stated["name"],
        "version": stated["version"],
        "hashes": [{"alg": "SHA-256", "content": stated["sha256"]}],
        "licenses": [{"license": {"id": stated["license"]}}],
        "purl": purl,
    }


def _component(wheel: Wheel, described: Message, modules: ModuleList) -> dict[str, Any]:
    component: dict[str, Any] = {
        "type": "library",
        "bom-ref": _purl(wheel),
        "name": wheel.pin.name,
        "version": wheel.pin.version,
        "hashes": [{"alg": "SHA-256", "content": wheel.sha256}],
        "licenses": [_licence(wheel.pin.name, described)],
        "purl": _purl(wheel),
    }
    if wheel.pin.name == DISTRIBUTION:
        component["pedigree"] = {"notes": f"Shipped in part: {len(modules.modules)} modules, unchanged."}
    return component


def _licence(name: str, described: Message) -> dict[str, Any]:
    """Return the licence as the package states it: an SPDX expression, else a short name, else its classifier."""
    if expression := described["License-Expression"]:
        return {"expression": expression}
    stated = (described["License"] or "").strip()
    if stated and "\n" not in stated and len(stated) <= _NAME_LENGTH:
        return {"license": {"name": stated}}
    classifiers = [one for one in described.get_all("Classifier", []) if one.startswith("License ::")]
    if not classifiers:
        raise PackageError(f"{name} states no licence")
    return {"license": {"name": classifiers[0].rpartition(":: ")[2]}}


def _purl(wheel: Wheel) -> str:
    return f"pkg:pypi/{wheel.pin.name}@{wheel.pin.version}"
