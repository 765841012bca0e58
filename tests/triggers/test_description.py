"""The OpenAPI description and the app have the same routes, both ways."""

from __future__ import annotations

import re

import pytest

from tests.triggers.served import AppRoute, app_routes
from triggers.openapi import description

DESCRIBED = [(path, method.upper()) for path, methods in description()["paths"].items() for method in methods]


@pytest.mark.parametrize("route", app_routes(), ids=lambda one: f"{one.method} {one.path}")
def test_every_route_of_the_app_is_described(route: AppRoute) -> None:
    operation = description()["paths"][route.path][route.method.lower()]
    assert operation["operationId"] == route.function
    assert (operation.get("security") == []) is route.open
    assert ("401" in operation["responses"]) is not route.open
    named = [one["name"] for one in operation.get("parameters", []) if one["in"] == "path"]
    assert named == re.findall(r"\{(\w+)\}", route.path)


@pytest.mark.parametrize(("path", "method"), DESCRIBED)
def test_everything_described_is_a_route_of_the_app(path: str, method: str) -> None:
    assert (path, method) in {(route.path, route.method) for route in app_routes()}


def test_the_description_names_the_condition_wherever_it_counts() -> None:
    for path, methods in description()["paths"].items():
        for method, operation in methods.items():
            takes = any(one["name"] == "If-Match" for one in operation.get("parameters", []))
            assert takes == ("412" in operation["responses"]), (path, method)
            told = [one for one in operation["responses"].values() if "ETag" in one.get("headers", {})]
            assert bool(told) == (takes or operation["operationId"] == "read_connection"), (path, method)
