"""The parts of the package's build, one by one."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from scripts.package.archive import zipped
from scripts.package.contents import app_files, wheel_files
from scripts.package.dependencies import needed
from scripts.package.lock import AZURE, Pin, Target, at_hand, pins
from scripts.package.modules import ModuleList
from scripts.package.wheels import PackageError, Wheel, wheels

ROOT = Path(__file__).parents[2]
SIX = next(pin for pin in pins(ROOT / "requirements.txt", AZURE) if pin.name == "six")
NEWER = Target("newer", {**AZURE.environment, "python_version": "3.13", "python_full_version": "3.13.0"})


def wheel(folder: Path, name: str, version: str, files: dict[str, bytes]) -> Wheel:
    path = folder / f"{name}-{version}-py3-none-any.whl"
    path.write_bytes(zipped({**files, f"{name}-{version}.dist-info/METADATA": b"Name: x\n"}))
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    return Wheel(Pin(name.replace("_", "-"), version, frozenset({sha256})), path, sha256)


def test_an_archive_depends_on_its_content_alone() -> None:
    files = {"b": b"2", "a": b"1"}
    assert zipped(files) == zipped(dict(reversed(files.items())))
    assert zipped(files) != zipped({**files, "a": b"2"})


@pytest.mark.parametrize(("target", "line"), [(AZURE, "1.26"), (NEWER, "2.")])
def test_the_lock_is_read_for_the_target_not_for_the_builder(target: Target, line: str) -> None:
    (found,) = (pin for pin in pins(ROOT / "requirements.txt", target) if pin.name == "azure-functions")
    assert found.version.startswith(line)
    assert all(len(one) == 64 for one in found.sha256)


def test_a_file_in_the_cache_that_was_tampered_with_is_replaced(tmp_path: Path) -> None:
    folder = tmp_path / AZURE.name
    folder.mkdir()
    bad = folder / f"six-{SIX.version}-py2.py3-none-any.whl"
    bad.write_bytes(b"not what its author published")
    (found,) = wheels([SIX], AZURE, tmp_path)
    assert found.path == bad
    assert found.sha256 in SIX.sha256


def test_a_wheel_that_the_lock_does_not_name_is_refused(tmp_path: Path) -> None:
    wrong = Pin(SIX.name, SIX.version, frozenset({"0" * 64}))
    with pytest.raises(PackageError, match="DO NOT MATCH THE HASHES"):
        wheels([wrong], at_hand(), tmp_path)
    assert list(tmp_path.rglob("*.whl")) == []


def test_the_app_brings_its_page_but_nothing_hidden_or_left_over(tmp_path: Path) -> None:
    for name in ("LICENSE", "function_app.py", "host.json", "requirements.txt", "README.md", ".env"):
        (tmp_path / name).write_bytes(b"")
    explained = ("docs/reference/findings.de.md", "docs/reference/findings.md")
    below = (
        *explained,
        "docs/reference/api.md",
        "web/index.html",
        "web/assets/page.js",
        "web/.hidden/notes",
        "web/__pycache__/x.pyc",
        "tests/test_a.py",
    )
    for name in (*below, "connector/a.py", "connector/de.json", "connector/a.pyc", "connector/.notes"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    assert set(app_files(tmp_path)) == {
        "LICENSE", "connector/a.py", "connector/de.json", "function_app.py", "host.json", "requirements.txt",
        "web/assets/page.js", "web/index.html", *explained,
    }  # fmt: skip


def test_a_wheel_is_laid_out_as_pip_does_it(tmp_path: Path) -> None:
    files = {
        "pkg/__init__.py": b"", "pkg/tests/test_it.py": b"", "pkg/types.pyi": b"", "pkg/testing.py": b"",
        "pkg-1.data/purelib/more.py": b"", "pkg-1.data/scripts/pkg": b"", "pkg-1.dist-info/RECORD": b"",
        "pkg-1.dist-info/entry_points.txt": b"", "pkg-1.dist-info/licenses/LICENSE": b"",
    }  # fmt: skip
    found = wheel_files([wheel(tmp_path, "pkg", "1", files)], ModuleList("1", frozenset()))
    assert {name.removeprefix(".python_packages/lib/site-packages/") for name in found} == {
        "more.py", "pkg/__init__.py", "pkg/testing.py", "pkg-1.dist-info/METADATA",
        "pkg-1.dist-info/entry_points.txt", "pkg-1.dist-info/licenses/LICENSE",
    }  # fmt: skip


def test_two_wheels_that_disagree_about_a_file_are_refused(tmp_path: Path) -> None:
    both = [wheel(tmp_path, name, "1", {"shared.py": name.encode()}) for name in ("one", "two")]
    with pytest.raises(PackageError, match=r"two brings another shared\.py"):
        wheel_files(both, ModuleList("1", frozenset()))


@pytest.mark.parametrize(
    "listed", [ModuleList("1.0", frozenset({"msgraph"})), ModuleList("2.0", frozenset({"msgraph", "msgraph.gone"}))]
)
def test_a_list_of_modules_for_another_msgraph_is_refused(tmp_path: Path, listed: ModuleList) -> None:
    sdk = wheel(tmp_path, "msgraph_sdk", "2.0", {"msgraph/__init__.py": b""})
    with pytest.raises(PackageError, match="make package-trace"):
        wheel_files([sdk], listed)


def test_an_extra_adds_to_what_its_package_needs() -> None:
    stated = {
        "app": ["client[fast]>=1", "absent"],
        "client": ['speed; extra == "fast"', 'colour; extra == "cli"', 'old; python_version < "3.8"'],
        "speed": [], "colour": [], "old": [],
    }  # fmt: skip
    graph = needed(stated, AZURE.environment)
    assert graph == {"app": ["client"], "client": ["speed"], "speed": [], "colour": [], "old": []}
