"""What the documents say is what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest

from connector.body import Sent
from connector.microsoft import EXCHANGE_ROLE, Cmdlet
from connector.plans.prerequisites import GRAPH_ROLES
from connector.request import parse
from connector.settings import Settings
from connector.steps import StepName
from triggers.openapi import description
from triggers.utm import Parameters

ROOT = Path(__file__).parents[2]
READMES = ("README.md", "README.de.md")


def read(path: str) -> str:
    return (ROOT / path).read_text("utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.mark.parametrize("path", READMES)
def test_every_make_target_that_a_readme_names_exists(path: str) -> None:
    targets = set(re.findall(r"^([a-z]+):.*## ", read("Makefile"), re.MULTILINE))
    named = set(
        re.findall(r"make ([a-z]+)\b", " ".join([*blocks(read(path), "sh"), *re.findall(r"`[^`]+`", read(path))]))
    )
    assert named - {"python"} <= targets
    assert {"demo", "test"} <= named


@pytest.mark.parametrize("path", READMES)
def test_the_request_of_a_readme_is_accepted(path: str) -> None:
    (example,) = blocks(read(path), "http")
    body = example.partition("\n\n")[2]
    assert parse(Sent(body.encode())).mailboxes


@pytest.mark.parametrize("path", READMES)
def test_the_parameters_of_a_readme_have_the_shape_of_the_real_ones(path: str) -> None:
    shown: dict[str, Any] = json.loads(blocks(read(path), "json")[0])
    assert list(shown) == [field.alias for field in Parameters.model_fields.values()]
    assert set(shown["labels"]["de"].values()) == {"Anwendungs-ID", "Mandanten-ID", "Geheimer Clientschlüssel"}


@pytest.mark.parametrize("path", READMES)
def test_a_readme_lists_every_route(path: str) -> None:
    for route, methods in description()["paths"].items():
        for method in methods:
            assert f"{method.upper()} {route}" in read(path)


@pytest.mark.parametrize("path", READMES)
def test_every_link_of_a_readme_leads_somewhere(path: str) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", read(path))
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_readmes_have_the_same_parts() -> None:
    shapes = [
        [line.split()[0] for line in read(path).splitlines() if line.startswith(("#", "```", "| `"))]
        for path in READMES
    ]
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize("path", ["docs/reference/settings.md", "docs/reference/settings.de.md"])
def test_every_setting_is_documented_with_its_default_and_nothing_else_is(path: str) -> None:
    documented = dict(re.findall(r"^\| `([A-Z_]+)` \|([^|]*)\|", read(path), re.MULTILINE))
    names = {
        str(field.validation_alias or f"CONNECTOR_{name.upper()}"): field
        for name, field in Settings.model_fields.items()
    }
    assert set(documented) == set(names)
    for name, field in names.items():
        if isinstance(field.default, int | str) and field.default != "":
            assert documented[name].strip().strip("`") == str(field.default)


def test_every_step_and_right_is_documented() -> None:
    text = read("docs/reference/permissions.md")
    for word in (*StepName, *GRAPH_ROLES, EXCHANGE_ROLE):
        assert f"`{word}`" in text
    for cmdlet in get_args(Cmdlet):
        verb, _, noun = cmdlet.partition("-")
        assert cmdlet in text or (f"`{verb}-`" in text and noun in text), cmdlet
