"""The package for Azure and the one for the interpreter at hand, each built once a session."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from scripts.package.build import Package, build
from scripts.package.lock import at_hand

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    """What `make package` writes."""
    return build(ROOT, out=tmp_path_factory.mktemp("azure"))


@pytest.fixture(scope="session")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same package for the interpreter that runs the tests, unpacked as the platform does it."""
    folder = tmp_path_factory.mktemp("unpacked")
    built = build(ROOT, at_hand(), out=tmp_path_factory.mktemp("at-hand"))
    with zipfile.ZipFile(built.archive) as archive:
        archive.extractall(folder)
    return folder
