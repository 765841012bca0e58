"""Which modules of msgraph-sdk are shipped: what the tests reach, and what those modules can import later.

msgraph-sdk is 16,700 generated modules. They import each other at three places: at the top, which is followed without
end; inside the methods of a model, when an answer is read, which is followed without end too, so that whatever Graph
answers can be parsed, however deep; and inside the properties of a request builder, each a path that a program may
take. Those are followed one level deep: our program takes the paths that the tests have taken.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

LIST = Path(__file__).with_name("msgraph-modules.txt")
DISTRIBUTION = "msgraph-sdk"
_PACKAGE = "msgraph"
_BUILDERS = ("_request_builder", "_service_client", "_request_adapter")


@dataclass(frozen=True, slots=True)
class Imports:
    """What one module imports of its own package."""

    on_top: frozenset[str]
    inside: frozenset[str]


@dataclass(frozen=True, slots=True)
class ModuleList:
    """The committed list and the version that it was made for."""

    version: str
    modules: frozenset[str]

    @classmethod
    def read(cls, path: Path = LIST) -> ModuleList:
        """Return what the file says."""
        head, *names = path.read_text("ascii").splitlines()
        return cls(head.partition("==")[2].split()[0], frozenset(names))

    def write(self, path: Path = LIST) -> None:
        """Write the file: one module a line, sorted, so that a change shows as a difference."""
        head = f"# {DISTRIBUTION}=={self.version} made by make package-trace; do not edit"
        path.write_text("\n".join([head, *sorted(self.modules)]) + "\n", "ascii")


def module_name(file: str) -> str | None:
    """Return the module that a file of a wheel holds; None where it is no source of msgraph."""
    if not file.startswith(f"{_PACKAGE}/") or not file.endswith(".py"):
        return None
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def closure(reached: Iterable[str], imports: Callable[[str], Imports]) -> frozenset[str]:
    """Return the modules that have to be there when the program may do again what it did when it reached these."""
    reached = set(reached)
    found: set[str] = set()
    waiting = reached | {one for name in reached for one in imports(name).inside}
    while waiting:
        name = waiting.pop()
        found.add(name)
        next_ones = imports(name).on_top if name.endswith(_BUILDERS) else imports(name).on_top | imports(name).inside
        waiting |= next_ones - found
    return frozenset(found)


def reader(sources: Mapping[str, Path]) -> Callable[[str], Imports]:
    """Return a function that reads what one of the modules imports; each is parsed once."""
    known: dict[str, Imports] = {}

    def imports(name: str) -> Imports:
        if name not in known:
            path = sources[name]
            package = name if path.name == "__init__.py" else name.rpartition(".")[0]
            known[name] = _imports(ast.parse(path.read_bytes()), package.split("."), sources)
        return known[name]

    return imports


def sources(site_packages: Path) -> dict[str, Path]:
    """Return the modules of the msgraph that is installed there."""
    files = (site_packages / _PACKAGE).rglob("*.py")
    named = ((module_name(path.relative_to(site_packages).as_posix()), path) for path in files)
    return {name: path for name, path in named if name is not None}


def _imports(tree: ast.Module, package: list[str], known: Mapping[str, Path]) -> Imports:
    on_top: set[str] = set()
    inside: set[str] = set()
    for node, in_function in _statements(tree, in_function=False):
        (inside if in_function else on_top).update(name for name in _named(node, package) if name in known)
    return Imports(frozenset(on_top), frozenset(inside))


def _statements(node: ast.AST, *, in_function: bool) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    """Yield every import that runs, and whether it waits for a call."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and isinstance(child.test, ast.Name) and child.test.id == "TYPE_CHECKING":
            continue
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child, in_function
        else:
            function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
            yield from _statements(child, in_function=in_function or function)


def _named(node: ast.Import | ast.ImportFrom, package: list[str]) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
        return
    base = package[: len(package) - node.level + 1] if node.level else []
    module = ".".join([*base, *([node.module] if node.module else [])])
    yield module
    yield from (f"{module}.{alias.name}" for alias in node.names)
