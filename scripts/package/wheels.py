"""The wheels of a lock: fetched by pip, kept in ``build/wheels``, and each compared with the lock's hashes."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import parse_wheel_filename

from scripts.package.lock import Pin, Target


class PackageError(Exception):
    """The package cannot be built; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Wheel:
    """One archive as its author published it."""

    pin: Pin
    path: Path
    sha256: str


def wheels(pins: Sequence[Pin], target: Target, cache: Path) -> list[Wheel]:
    """Return the wheel of each pin; pip is asked only where one is missing.

    Raises:
        PackageError: pip failed, or a file is none that the lock names.
    """
    kept = cache / target.name
    held = _matching(pins, kept)
    if len(held) < len(pins):
        kept.mkdir(parents=True, exist_ok=True)
        # Fetched aside and moved file by file: two builds may run at the same time.
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            _download([pin for pin in pins if pin not in held], target, Path(folder))
            for file in Path(folder).glob("*.whl"):
                file.replace(kept / file.name)
        held = _matching(pins, kept)
    missing = [f"{pin.name} {pin.version}" for pin in pins if pin not in held]
    if missing:
        raise PackageError(f"no wheel with a hash of requirements.txt for: {', '.join(missing)}")
    return [held[pin] for pin in pins]


def _matching(pins: Sequence[Pin], folder: Path) -> dict[Pin, Wheel]:
    """Return, per pin, the file in the folder whose hash the lock names."""
    files: dict[tuple[str, str], list[Path]] = {}
    for path in sorted(folder.glob("*.whl")):
        name, version, _, _ = parse_wheel_filename(path.name)
        files.setdefault((name, str(version)), []).append(path)
    found = {}
    for pin in pins:
        for path in files.get((pin.name, pin.version), ()):
            sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
            if sha256 in pin.sha256:
                found[pin] = Wheel(pin, path, sha256)
    return found


def _download(pins: Sequence[Pin], target: Target, folder: Path) -> None:
    requirements = folder / "requirements.txt"
    lines = (
        f"{pin.name}=={pin.version} " + " ".join(f"--hash=sha256:{one}" for one in sorted(pin.sha256)) for pin in pins
    )
    requirements.write_text("\n".join(lines) + "\n", "utf-8")
    words = ["download", "--quiet", "--require-hashes", "--no-deps", "--only-binary=:all:", "--dest", str(folder)]
    if target.platforms:
        words += [f"--platform={platform}" for platform in target.platforms]
        words += [f"--python-version={target.environment['python_version']}", "--implementation=cp"]
        abi = "cp" + target.environment["python_version"].replace(".", "")
        words += [f"--abi={abi}", "--abi=abi3", "--abi=none"]
    done = subprocess.run(  # noqa: S603 - our own pip
        [sys.executable, "-m", "pip", "--disable-pip-version-check", *words, "--requirement", str(requirements)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        reasons = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise PackageError("pip could not fetch what requirements.txt pins:\n" + "\n".join(reasons or [done.stderr]))
