"""A route says everything about itself in one place, and what it says is what there is."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import azure.functions as func
import pytest

from connector.errors import FieldError
from connector.messages import catalogue
from function_app import app
from local.host.functions import Functions
from scripts.problems import statuses
from triggers.openapi import description
from triggers.query import TOP, query, switch
from triggers.route import ROUTES, Role, Route

ROOT = Path(__file__).parents[2]
A_NEW_ROUTE = '''
"""``GET /api/me``: who asks."""
import azure.functions as func
from triggers.answers import json_answer
from triggers.query import TOP, query
from triggers.route import STORE, Role, Route
from connector.document import Document

class Me(Document):
    name: str

@Route("GET", "/api/me/{id}", Role.READER, "Read who asks", {200: Me}, query=(TOP,), problems=STORE)
async def read_me(req: func.HttpRequest) -> func.HttpResponse:
    query(req, TOP)
    return json_answer(Me(name="me"))
'''
PROBE = """
import json
from function_app import app
from triggers.openapi import description
names = [one.get_function_name() for one in app.get_functions()]
print(json.dumps({"names": names, "operation": description()["paths"]["/api/me/{id}"]["get"],
                  "schemas": list(description()["components"]["schemas"])}))
"""


HOOKED = {"verify_connection", "rotate_secret", "start_check"}


def test_each_function_with_an_http_trigger_is_declared_and_registered_as_declared() -> None:
    registered = {}
    for function in Functions(app).http:
        method, *handshake = function.trigger["methods"]
        assert handshake == (["OPTIONS"] if function.name in HOOKED else [])
        path = re.sub(r"\{ignored.*\}", "", function.trigger["route"])
        registered[function.name] = (method, f"/{path}", function.trigger["authLevel"], function.client)
    by_key = {
        name: (one.method, one.path, "FUNCTION" if one.role else "ANONYMOUS", registered[name][3])
        for name, one in ROUTES.items()
    }
    by_token = {
        f"entra_{name}": (one.method, f"/entra{one.path}", "ANONYMOUS", registered[name][3])
        for name, one in ROUTES.items()
        if one.role
    }
    assert registered == by_key | by_token
    assert {client for *_, client in registered.values()} == {"client", None}


def test_each_problem_that_is_declared_has_a_text_and_the_status_of_its_error() -> None:
    known = statuses()
    declared = {(code, status) for one in ROUTES.values() for status, codes in one.codes().items() for code in codes}
    assert declared == set(known.items())  # and no text is of a problem that no route has
    assert {code for code, _ in declared} == set(catalogue("en", "problem"))


@pytest.mark.parametrize("name", [name for name, one in ROUTES.items() if one.described])
def test_the_role_that_a_route_needs_is_described(name: str) -> None:
    one = ROUTES[name]
    operation = description()["paths"][one.path][one.method.lower()]
    assert operation["security"] == ([{"key": []}, {"entra": [one.role, *one.also]}] if one.role else [])
    assert {said["role"] for said in operation.get("x-roles", ())} == {more.role for more in one.more}
    assert {int(status) for status in operation["responses"]} == {
        *one.answers,
        *one.codes(),
        *({401} if one.role else ()),
    }


def test_both_ways_in_are_described() -> None:
    schemes = description()["components"]["securitySchemes"]
    assert all(role in schemes["entra"]["description"] for role in Role)
    assert [one["url"] for one in description()["servers"]] == ["/", "/entra"]


async def nothing(req: func.HttpRequest) -> func.HttpResponse:
    raise NotImplementedError(req)


def test_a_route_that_was_given_no_role_is_not_registered() -> None:
    with pytest.raises(ValueError, match="has no role"):
        Route("GET", "/api/forgotten", None, "-", {})(nothing)
    assert "nothing" not in ROUTES


def test_a_new_route_is_one_file(tmp_path: Path) -> None:
    for part in ("function_app.py", "connector", "orchestrations", "activities"):
        (tmp_path / part).symlink_to(ROOT / part)
    (tmp_path / "triggers").mkdir()
    for file in (ROOT / "triggers").glob("*.py"):
        (tmp_path / "triggers" / file.name).symlink_to(file)
    (tmp_path / "triggers" / "me.py").write_text(A_NEW_ROUTE, "utf-8")
    done = subprocess.run(  # noqa: S603 - our own interpreter, our own code
        [sys.executable, "-c", PROBE], cwd=tmp_path, env={}, capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout)
    assert set(found["names"]) >= {"read_me", "entra_read_me", *ROUTES}
    assert found["operation"]["operationId"] == "read_me"
    assert [one["name"] for one in found["operation"]["parameters"]] == ["id", "top"]
    assert set(found["operation"]["responses"]) == {"200", "401", "403", "422", "502", "503"}
    assert "Me" in found["schemas"]


@pytest.mark.parametrize(
    ("sent", "value"), [("?top=1", 1), ("?top=500", 500), ("", 100), ("?top=007", 7), ("?top=0", None),
                        ("?top=501", None),
                        ("?top=0500", None), ("?top=-1", None), ("?top=٣", None), ("?top=1.0", None)]
)  # fmt: skip
def test_a_number_is_read_within_its_limits(sent: str, value: int | None) -> None:
    request = func.HttpRequest("GET", f"https://app.example/api/x{sent}", body=b"")
    if value is not None:
        assert TOP.of(query(request, TOP)) == value
        return
    with pytest.raises(FieldError, match="query-invalid"):
        TOP.of(query(request, TOP))


@pytest.mark.parametrize(("sent", "value"), [("?dry", True), ("?dry=TRUE", True), ("?dry=false", False), ("", False)])
def test_a_switch_is_true_where_it_stands_alone(sent: str, value: bool) -> None:
    dry = switch("dry", "-")
    assert dry.of(query(func.HttpRequest("GET", f"https://app.example/api/x{sent}", body=b""), dry)) is value
