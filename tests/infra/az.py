"""A stand-in for the Azure CLI: answers from a world kept in a file, notes every call, refuses what it does not know.

It answers only what ``infra/*.sh`` ask, in az's own output formats, and fails on purpose where the world says so: at
the k-th write, before or after its effect, or for lack of a role. ``AZ_WORLD`` names the world's file.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from tests.infra import az_graph, az_resources
from tests.infra.az_errors import AzError, UnknownCallError
from tests.infra.az_output import query, tsv

World = dict[str, Any]
COMMON = {"--query", "--output", "--only-show-errors"}
FLAGS = {"--only-show-errors", "--yes", "--no-wait", "--skip-authorization-header"}


def main() -> int:
    """Answer one call and return az's exit code."""
    path = Path(os.environ["AZ_WORLD"])
    world: World = json.loads(path.read_text("utf-8"))
    words, options = _parse(sys.argv[1:])
    call = {"words": words, "options": options, "write": _writes(words, options)}
    world["calls"].append(call)
    code, answer = 0, None
    try:
        answer = _answer(world, words, options, write=bool(call["write"]))
    except UnknownCallError as error:
        call["unknown"] = str(error)
        code = 64
    except AzError as error:
        sys.stderr.write(f"ERROR: {error}\n")
        code = error.code
    path.write_text(json.dumps(world), "utf-8")
    if code == 0 and answer is not None:
        _print(answer, options)
    return code


def _parse(arguments: list[str]) -> tuple[str, dict[str, str]]:
    """Split the call into its words and its options, as az does."""
    words: list[str] = []
    options: dict[str, str] = {}
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if not word.startswith("--"):
            words.append(word)
        elif word in FLAGS:
            options[word] = ""
        else:
            options[word] = rest.pop(0)
            while rest and not rest[0].startswith("--"):
                options[word] += "\n" + rest.pop(0)
    return " ".join(words), options


def _writes(words: str, options: dict[str, str]) -> bool:
    if words == "rest":
        return options["--method"] not in {"GET", "HEAD"} and "listKeys" not in options["--url"]
    return words.rpartition(" ")[2] in {"set", "delete", "create"}


def _answer(world: World, words: str, options: dict[str, str], *, write: bool) -> Any:
    """Carry the call out, failing before or after its effect where the world wants it."""
    trouble = world["trouble"]
    if write:
        world["writes"] += 1
    failing = write and world["writes"] == trouble.get("fail_at")
    if failing and not trouble.get("after_effect"):
        raise AzError(trouble.get("error", "Internal Server Error"))
    if words == "rest":
        answer = az_graph.answer(world, options)
    else:
        answer = az_resources.answer(world, words, {k: v for k, v in options.items() if k not in COMMON})
    if failing:
        raise AzError("Connection reset by peer")
    return answer


def _print(answer: Any, options: dict[str, str]) -> None:
    expression = options.get("--query")
    selected = query(expression, answer) if expression else answer
    if options.get("--output", "json") == "tsv":
        sys.stdout.write(tsv(selected))
    elif options["--output"] != "none":
        json.dump(selected, sys.stdout, indent=2)


if __name__ == "__main__":
    sys.exit(main())
