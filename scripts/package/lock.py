"""What ``requirements.txt`` pins for one target: name, version and the hashes of the files that may be used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


@dataclass(frozen=True, slots=True)
class Target:
    """The interpreter that a package is built for; without platforms it is the one at hand."""

    name: str
    environment: Mapping[str, str]
    platforms: tuple[str, ...] = ()


AZURE = Target(
    "azure",
    {
        "implementation_name": "cpython",
        "implementation_version": "3.12.0",
        "os_name": "posix",
        "platform_machine": "x86_64",
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": "Linux",
        "platform_version": "",
        "python_full_version": "3.12.0",
        "python_version": "3.12",
        "sys_platform": "linux",
    },
    # pip takes each name literally; wheels carry the oldest C library that they run on.
    (*(f"manylinux_2_{minor}_x86_64" for minor in range(28, 4, -1)), "manylinux2014_x86_64"),
)
"""Flex Consumption: CPython 3.12 on 64-bit Linux (the Bicep sets the same version)."""


def at_hand() -> Target:
    """Return the interpreter that runs this."""
    found = default_environment()
    environment = {name: str(value) for name, value in found.items()}
    return Target(f"{found['implementation_name']}-{found['python_version']}", environment)


@dataclass(frozen=True, slots=True)
class Pin:
    """One package of the lock."""

    name: str
    version: str
    sha256: frozenset[str]


def pins(lock: Path, target: Target) -> list[Pin]:
    """Return what the lock pins for the target, by name; what is meant for others is left out."""
    found = []
    for line in lock.read_text("utf-8").replace("\\\n", " ").splitlines():
        words, *hashes = line.split("--hash=")
        if not words.strip() or words.lstrip().startswith("#"):
            continue
        requirement = Requirement(words.strip())
        if requirement.marker is None or requirement.marker.evaluate({**target.environment, "extra": ""}):
            (pinned,) = requirement.specifier
            sha256 = frozenset(each.strip().removeprefix("sha256:") for each in hashes)
            found.append(Pin(canonicalize_name(requirement.name), pinned.version, sha256))
    return sorted(found, key=lambda pin: pin.name)
