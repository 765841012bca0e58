"""Which of the shipped packages needs which: what their metadata asks for on the target, extras included."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def needed(stated: Mapping[str, Sequence[str]], environment: Mapping[str, str]) -> dict[str, list[str]]:
    """Return, per package, those of the others that it needs.

    ``stated`` holds each package's requirements; what is required but not among the packages is left out. An extra
    (``httpx[http2]``) adds to the needs of the package that offers it, whoever asks for it.
    """
    requirements = {name: [Requirement(line) for line in lines] for name, lines in stated.items()}
    extras: dict[str, set[str]] = {name: {""} for name in stated}
    edges: dict[str, set[str]] = {name: set() for name in stated}
    before, size = -1, 0
    while size > before:
        for name, lines in requirements.items():
            for line in lines:
                other = canonicalize_name(line.name)
                if other in edges and _holds(line, environment, extras[name]):
                    edges[name].add(other)
                    extras[other] |= line.extras
        before, size = size, sum(map(len, extras.values())) + sum(map(len, edges.values()))
    return {name: sorted(others) for name, others in edges.items()}


def _holds(requirement: Requirement, environment: Mapping[str, str], extras: set[str]) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({**environment, "extra": extra}) for extra in sorted(extras))
