"""A stand-in for the Azure CLI: answers from a world, notes every call, refuses what it does not know.

It answers only what ``infra/*.sh`` ask, in az's own output formats, and fails on purpose where the world says so: at
the k-th write, before or after its effect, or for lack of a role.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from tests.infra import az_graph, az_resources
from tests.infra.az_errors import AzError
from tests.infra.az_output import query, tsv

World = dict[str, Any]


class Reply(NamedTuple):
    """What a call leaves: its exit code, and what it prints."""

    code: int
    out: str
    err: str


COMMON = {"--query", "--output", "--only-show-errors"}
FLAGS = {"--only-show-errors", "--yes", "--no-wait", "--skip-authorization-header", "--include-deleted", "--overwrite"}


def respond(world: World, arguments: list[str]) -> Reply:
    """Return what one call answers, and note it in the world."""
    words, options = _parse(arguments)
    call = {"words": words, "options": options, "write": _writes(words, options)}
    world["calls"].append(call)
    try:
        answer = _answer(world, words, options, write=bool(call["write"]))
        call["answer"] = answer
        return Reply(0, _printed(answer, options), "")
    except AzError as error:
        return Reply(error.code, "", f"ERROR: {error}\n")
    except Exception as error:  # noqa: BLE001 - whatever it is, the test has to fail and not the script
        call["unknown"] = repr(error)
        return Reply(64, "", repr(error))


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
    return words.rpartition(" ")[2] in {"set", "delete", "create", "restore", "undelete", "upload", "start", "stop"}


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


def _printed(answer: Any, options: dict[str, str]) -> str:
    if answer is None or options.get("--output") == "none":
        return ""
    expression = options.get("--query")
    selected = query(expression, answer) if expression else answer
    return tsv(selected) if options.get("--output") == "tsv" else json.dumps(selected, indent=2)
