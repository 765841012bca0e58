"""What the page has from others is what npm's lock names, unchanged and with its licence."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

VENDOR = Path("web/vendor")
MODULES = sorted(path.stem for path in VENDOR.glob("*.js"))
LOCK = json.loads(Path("package-lock.json").read_text("utf-8"))["packages"]


def test_each_file_belongs_to_a_module() -> None:
    assert sorted(path.name for path in VENDOR.iterdir()) == sorted(
        f"{name}{end}" for name in MODULES for end in (".js", ".json", ".LICENSE.txt")
    )


@pytest.mark.parametrize("name", MODULES)
def test_a_module_is_the_one_that_is_locked(name: str) -> None:
    stated = json.loads((VENDOR / f"{name}.json").read_text("utf-8"))
    locked = LOCK[f"node_modules/{name}"]
    assert {key: stated[key] for key in ("version", "integrity", "license")} == {
        key: locked[key] for key in ("version", "integrity", "license")
    }
    assert LOCK[""]["dependencies"][name] == stated["version"]  # and no range
    content = (VENDOR / f"{name}.js").read_bytes()
    assert hashlib.sha256(content).hexdigest() == stated["sha256"]
    installed = Path("node_modules", name, stated["file"])
    if installed.exists() or os.environ.get("CI"):  # elsewhere npm may not have been asked yet
        assert installed.read_bytes() == content
    licence = (VENDOR / f"{name}.LICENSE.txt").read_text("utf-8")
    assert "MIT License" in licence
    assert "Copyright" in licence
