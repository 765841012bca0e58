"""Archives that depend on their content alone: entries sorted, one time, one owner, one compression."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from collections.abc import Collection, Mapping

_TIME = (1980, 1, 1, 0, 0, 0)
_MODE = 0o100644
_UNIX = 3


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Return the archive. The earliest time that a zip can hold stands for "no time"."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(files):
            entry = zipfile.ZipInfo(path, _TIME)
            entry.create_system = _UNIX
            entry.external_attr = _MODE << 16
            archive.writestr(entry, files[path], zipfile.ZIP_DEFLATED, compresslevel=6)
    return target.getvalue()


def tarred(files: Mapping[str, bytes], executable: Collection[str]) -> bytes:
    """Return a gzipped tar archive, in which some files may be executed."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path in sorted(files):
            entry = tarfile.TarInfo(path)
            entry.size = len(files[path])
            entry.mode = 0o755 if path in executable else 0o644
            archive.addfile(entry, io.BytesIO(files[path]))
    return gzip.compress(target.getvalue(), compresslevel=9, mtime=0)
