"""What lies in the package, by path: the app's own files, and of every wheel what the app may import."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from scripts.package.modules import DISTRIBUTION, ModuleList, module_name
from scripts.package.wheels import PackageError, Wheel

SITE_PACKAGES = ".python_packages/lib/site-packages"
FILES = (
    "LICENSE",
    "docs/reference/findings.de.md",
    "docs/reference/findings.md",
    "function_app.py",
    "host.json",
    "requirements.txt",
)
FOLDERS = ("activities", "connector", "orchestrations", "triggers")
PAGE = "web"
_OWN = frozenset({".py", ".json"})
_SHELLS = frozenset({".ps1", ".sh"})
_UNUSED_METADATA = frozenset({"RECORD", "RECORD.jws", "RECORD.p7s", "INSTALLER", "REQUESTED", "direct_url.json"})


def app_files(root: Path) -> dict[str, bytes]:
    """Return the app's own files: what the Functions host and our code read, and nothing else of the repository."""
    found = {name: root / name for name in FILES}
    for folder in FOLDERS:
        found |= {_path(root, file): file for file in (root / folder).rglob("*") if file.suffix in _OWN}
    found |= {_path(root, file): file for file in (root / PAGE).rglob("*") if file.is_file() and _published(root, file)}
    return {name: file.read_bytes() for name, file in found.items()}


def script_files(root: Path) -> dict[str, bytes]:
    """Return what the scripts for the administrator consist of; pyproject.toml says which release they are."""
    infra = root / "infra"
    found = [
        file for folder in ("", "grant", "messages") for file in (infra / folder).iterdir() if file.suffix in _SHELLS
    ]
    return {_path(root, file): file.read_bytes() for file in [*found, root / "pyproject.toml", root / "LICENSE"]}


def wheel_files(wheels: Sequence[Wheel], modules: ModuleList) -> dict[str, bytes]:
    """Return what is taken of the wheels, as pip would lay it out.

    Raises:
        PackageError: two wheels hold the same file, or the list of modules is not for this version of msgraph-sdk.
    """
    found: dict[str, bytes] = {}
    for wheel in wheels:
        if wheel.pin.name == DISTRIBUTION:
            _check(wheel, modules)
        for path, content in _of(wheel, modules):
            if found.setdefault(path, content) != content:
                raise PackageError(f"{wheel.pin.name} brings another {path} than the wheel before it")
    return {f"{SITE_PACKAGES}/{path}": content for path, content in found.items()}


def metadata(wheel: Wheel) -> bytes:
    """Return what the wheel says about itself (packaging.python.org/specifications/core-metadata)."""
    with zipfile.ZipFile(wheel.path) as archive:
        (name,) = (n for n in archive.namelist() if n.count("/") == 1 and n.endswith(".dist-info/METADATA"))
        return archive.read(name)


def _of(wheel: Wheel, modules: ModuleList) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(wheel.path) as archive:
        for entry in archive.infolist():
            path = _laid_out(entry.filename)
            if path is not None and not entry.is_dir() and _wanted(path, modules):
                yield path, archive.read(entry)


def _laid_out(path: str) -> str | None:
    """Return where pip puts the file below site-packages; None where it goes elsewhere, as scripts do."""
    first, _, rest = path.partition("/")
    if not first.endswith(".data"):
        return path
    scheme, _, rest = rest.partition("/")
    return rest if scheme in ("purelib", "platlib") else None


def _wanted(path: str, modules: ModuleList) -> bool:
    *folders, name = path.split("/")
    if name.endswith((".pyc", ".pyi")) or "tests" in folders or "__pycache__" in folders:
        return False
    if folders and folders[0].endswith(".dist-info"):
        return name not in _UNUSED_METADATA
    if folders[:1] == ["msgraph"]:
        return module_name(path) in modules.modules
    return True


def _check(wheel: Wheel, modules: ModuleList) -> None:
    with zipfile.ZipFile(wheel.path) as archive:
        known = {module_name(name) for name in archive.namelist()}
    if modules.version != wheel.pin.version or not modules.modules <= known:
        raise PackageError(
            f"the list of modules was made for {DISTRIBUTION} {modules.version}, the lock has {wheel.pin.version}: "
            "run make package-trace and look at the difference"
        )


def _path(root: Path, file: Path) -> str:
    return file.relative_to(root).as_posix()


def _published(root: Path, file: Path) -> bool:
    return not any(part.startswith((".", "__pycache__")) for part in file.relative_to(root).parts)
