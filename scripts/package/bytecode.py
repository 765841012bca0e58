"""Bytecode for what a start imports: without it Python compiles each module anew, since the package is read-only.

It is of the kind that is not compared with its source (``unchecked-hash``, PEP 552), and written with marshal's version
2: later ones mark what the compiling process happens to hold twice, so that two builds would differ
(github.com/python/cpython/issues/78274).
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
import zlib
from collections.abc import Mapping

from scripts.package.contents import SITE_PACKAGES
from scripts.package.lock import Target
from scripts.package.starting import LIST
from scripts.package.wheels import PackageError

_HEADERS = 76
"""Bytes of an entry's two headers in a zip, its name apart (PKWARE APPNOTE 4.3.7, 4.3.12)."""
_COMPILE = """
import base64, importlib.util, json, marshal, sys
compiled = {}
for path, source in json.load(sys.stdin).items():
    content = base64.b64decode(source)
    code = compile(content, path, "exec", dont_inherit=True, optimize=0)
    head = importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little") + importlib.util.source_hash(content)
    compiled[path] = base64.b64encode(head + marshal.dumps(code, 2)).decode()
json.dump({"tag": sys.implementation.cache_tag, "compiled": compiled}, sys.stdout)
"""


def interpreter(target: Target) -> str | None:
    """Return the interpreter that compiles for a target; None where there is none of its version on this machine."""
    version = target.environment["python_version"]
    if version == ".".join(map(str, sys.version_info[:2])):
        return sys.executable
    found = shutil.which(f"python{version}")
    if found is None:
        return None
    asked = "import sys; print('.'.join(map(str, sys.version_info[:2])))"  # a shim may be there, and lead nowhere
    done = subprocess.run([found, "-I", "-S", "-c", asked], capture_output=True, text=True, check=False)  # noqa: S603 - ours
    return found if done.stdout.strip() == version else None


def bytecode(files: Mapping[str, bytes], python: str, room: int) -> dict[str, bytes]:
    """Return the bytecode files that belong to the sources of a package, by path.

    ``room`` is how many bytes the archive may grow by them; the modules that are imported first go in first.

    Raises:
        PackageError: a source does not compile.
    """
    sources = {_module(path): path for path in files if path.endswith(".py")}
    started = [sources[name] for name in LIST.read_text("ascii").splitlines() if name in sources]
    request = json.dumps({path: base64.b64encode(files[path]).decode() for path in started})
    done = subprocess.run(  # noqa: S603 - an interpreter of this machine, our own lines
        [python, "-I", "-S", "-W", "ignore", "-c", _COMPILE], input=request, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise PackageError(f"{python} could not compile the package:\n{done.stderr}")
    answer = json.loads(done.stdout)
    found: dict[str, bytes] = {}
    for path in started:
        place, code = _place(path, answer["tag"]), base64.b64decode(answer["compiled"][path])
        room -= len(zlib.compress(code)) + 2 * len(place) + _HEADERS
        if room < 0:
            break
        found[place] = code
    return found


def _module(path: str) -> str:
    inside = path.removeprefix(f"{SITE_PACKAGES}/").removesuffix(".py")
    return inside.removesuffix("/__init__").replace("/", ".")


def _place(path: str, tag: str) -> str:
    folder, _, name = path.rpartition("/")
    return f"{folder}/__pycache__/{name.removesuffix('.py')}.{tag}.pyc".removeprefix("/")
