"""The package for Azure and the one for the interpreter at hand, each built once for all workers of a run."""

from __future__ import annotations

import fcntl
import json
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from scripts.package.build import Package, build
from scripts.package.lock import at_hand

ROOT = Path(__file__).parents[2]
Once = Callable[[str, Callable[[Path], Package]], Package]


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Keep the other workers waiting."""
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def once(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Once:
    """Return what builds into a folder of a name, or returns what another worker has built there."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if hasattr(request.config, "workerinput") else base

    def built(name: str, make: Callable[[Path], Package]) -> Package:
        folder, note = shared / name, shared / f"{name}.json"
        with _alone(shared / f"{name}.lock"):
            if not note.exists():
                note.write_text(json.dumps(asdict(make(folder)), default=str), "utf-8")
        told: dict[str, Any] = json.loads(note.read_text("utf-8"))
        paths = {key: Path(value) for key, value in told.items() if key != "compiled"}
        return Package(**paths, compiled=told["compiled"])

    return built


@pytest.fixture(scope="session")
def package(once: Once) -> Package:
    """What `make package` writes."""
    return once("azure", lambda folder: build(ROOT, out=folder))


@pytest.fixture(scope="session")
def unpacked(once: Once) -> Path:
    """The same package for the interpreter that runs the tests, unpacked as the platform does it."""

    def make(folder: Path) -> Package:
        built = build(ROOT, at_hand(), out=folder)
        with zipfile.ZipFile(built.archive) as archive:
            archive.extractall(folder / "unpacked")
        return built

    return once("at-hand", make).archive.parent / "unpacked"
