"""The portal's form asks for what the template takes, and refuses what the template would refuse."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.infra.template.expressions import evaluate
from tests.infra.template.files import PACKAGE, form, template

Element = dict[str, Any]


def elements(definition: dict[str, Any]) -> Iterator[tuple[str, Element]]:
    """Yield every field that takes a value, with the step that it stands in."""
    for element in definition["parameters"]["basics"]:
        yield "", element
    for step in definition["parameters"]["steps"]:
        for element in step["elements"]:
            if element["type"] != "Microsoft.Common.InfoBox":
                yield step["name"], element


FIELDS = {element["name"]: element for _, element in elements(form())}
PARAMETERS = template()["parameters"]


class Filled:
    """The form as somebody has filled it in."""

    def __init__(self, **entered: Any) -> None:
        values: dict[str, dict[str, Any]] = {"": {}}
        for step, element in elements(form()):
            values.setdefault(step, {})[element["name"]] = entered.get(element["name"], default(element))
        self._values = values

    def functions(self) -> dict[str, Callable[..., Any]]:
        return {
            "basics": lambda name: self._values[""][name],
            "steps": lambda name: self._values[name],
            "location": lambda: "westeurope",
            "parse": json.loads,
        }

    def outputs(self) -> dict[str, Any]:
        found: dict[str, Any] = evaluate(form()["parameters"]["outputs"], self)
        return found


def default(element: Element) -> Any:
    """Return the value that a field has when nobody touches it."""
    choices = {one["label"]: one["value"] for one in element["constraints"].get("allowedValues", [])}
    shown = element.get("defaultValue", "")
    return choices[shown] if choices else shown


def accepts(name: str, value: str) -> bool:
    """Say whether the form takes a text in a field."""
    return re.search(FIELDS[name]["constraints"]["regex"], value) is not None


def test_the_form_gives_exactly_the_parameters_of_the_template() -> None:
    assert list(form()["parameters"]["outputs"]) == list(PARAMETERS)


def test_every_field_is_used() -> None:
    outputs = json.dumps(form()["parameters"]["outputs"])
    for step, element in elements(form()):
        used = f"basics('{element['name']}')" if not step else f"steps('{step}').{element['name']}"
        assert used in outputs


def test_an_untouched_form_gives_the_defaults_of_the_template() -> None:
    outputs = Filled(alertEmail="it@contoso.com", allowedAddresses="203.0.113.7").outputs()
    assert outputs.pop("alertEmail") == "it@contoso.com"
    assert outputs.pop("allowedAddresses") == ["203.0.113.7"]
    assert outputs.pop("location") == "westeurope"
    assert outputs.pop("packageUri") == PACKAGE
    assert outputs == {name: one["defaultValue"] for name, one in PARAMETERS.items() if name in outputs}


def test_a_filled_form_gives_values_of_the_right_types() -> None:
    outputs = Filled(
        alertEmail="it@contoso.com",
        allowedAddresses="203.0.113.7 , 198.51.100.0/24",
        logRetentionDays="180",
        purgeProtection=False,
    ).outputs()
    assert outputs["allowedAddresses"] == ["203.0.113.7", "198.51.100.0/24"]
    assert outputs["logRetentionDays"] == 180
    assert outputs["purgeProtection"] is False
    kinds = {"string": str, "securestring": str, "int": int, "bool": bool, "array": list}
    for name, value in outputs.items():
        assert type(value) is kinds[PARAMETERS[name]["type"]], name


@pytest.mark.parametrize("name", [name for name, one in PARAMETERS.items() if one["type"] == "int"])
def test_a_number_is_taken_if_and_only_if_the_template_takes_it(name: str) -> None:
    limits = range(PARAMETERS[name]["minValue"], PARAMETERS[name]["maxValue"] + 1)
    assert [number for number in range(1200) if accepts(name, str(number))] == list(limits)
    for wrong in ("", "-1", "1.5", "050", " 50", "50 ", "fifty"):
        assert not accepts(name, wrong), wrong


@pytest.mark.parametrize(
    "name", [name for name, one in PARAMETERS.items() if "maxLength" in one and one["type"] != "array"]
)
def test_a_text_is_never_longer_or_shorter_than_the_template_takes(name: str) -> None:
    def fill(length: int) -> str:
        return f"{'a' * (length - 5)}@b.cd" if name == "alertEmail" else "a" * length

    shortest, longest = PARAMETERS[name].get("minLength", 0), PARAMETERS[name]["maxLength"]
    assert accepts(name, fill(shortest))
    assert accepts(name, fill(longest))
    assert not accepts(name, fill(longest + 1))
    assert shortest == 0 or not accepts(name, fill(shortest)[1:])


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("alertEmail", ["it@contoso.com"], ["it", "it@contoso", "a@b.cd, c@d.ef", "it @contoso.com", ""]),
        (
            "allowedAddresses",
            ["203.0.113.7", "0.0.0.0/0", "10.0.0.0/8,192.168.0.0/16", "2001:db8::/32, ::1", "1.2.3.4/32 ,5.6.7.8"],
            [
                "",
                "256.1.1.1",
                "1.2.3",
                "1.2.3.4/33",
                "1.2.3.4;5.6.7.8",
                "1.2.3.4,",
                "contoso.com",
                "2001:db8::/129",
                "1.2.3.04",
            ],
        ),
        ("rotationWeekdays", ["", "mon", "mon,tue,sun"], ["Monday", "mon;tue", "mon,", "mon, tue"]),
        ("nameSuffix", ["", "two", "2"], ["Two", "t-o", "t_o", "ö"]),
        ("packageUri", ["https://a.b/c.zip"], ["http://a.b/c.zip", "https://", "ftp://a", "https://a b", ""]),
    ],
)
def test_a_field_takes_and_refuses_what_it_should(name: str, right: list[str], wrong: list[str]) -> None:
    assert [text for text in right if not accepts(name, text)] == []
    assert [text for text in wrong if accepts(name, text)] == []


def test_from_every_address_is_a_choice_that_somebody_has_to_make() -> None:
    field = FIELDS["allowedAddresses"]
    assert default(FIELDS["from"]) == "these"
    assert not accepts("allowedAddresses", "")
    for choice, asked in (("these", True), ("every", False)):
        filled = Filled(alertEmail="it@contoso.com", allowedAddresses="203.0.113.7", **{"from": choice})
        assert evaluate(field["visible"], filled) is asked
        assert filled.outputs()["allowedAddresses"] == (["203.0.113.7"] if asked else [])


def test_at_most_as_many_addresses_as_the_template_takes() -> None:
    most = PARAMETERS["allowedAddresses"]["maxLength"]
    assert accepts("allowedAddresses", ",".join(["203.0.113.7"] * most))
    assert not accepts("allowedAddresses", ",".join(["203.0.113.7"] * (most + 1)))


def test_a_field_must_be_filled_if_and_only_if_empty_is_refused() -> None:
    for name, field in FIELDS.items():
        if "regex" in field["constraints"]:
            assert field["constraints"]["required"] is not accepts(name, ""), name


def test_the_form_asks_beforehand_whether_roles_may_be_assigned() -> None:
    group = form()["parameters"]["config"]["basics"]["resourceGroup"]
    (validation,) = group["constraints"]["validations"]
    assert validation["permission"] == "Microsoft.Authorization/roleAssignments/write"
