"""The values that a person types into the UTM: as JSON, as lines to copy, by reference; and the log of each reading."""

from __future__ import annotations

import hashlib
import json
import logging
from typing import Any

import pytest

from connector.messages import LANGUAGES, text
from tests.triggers.served import NAME, PATH, Served

pytestmark = pytest.mark.asyncio(loop_scope="module")
PARAMETERS = f"{PATH}/parameters"


def _issued(hq: Served) -> str:
    """Return the secret as the tenant has issued it."""
    (application,) = [
        one for one in hq.tenant.world.applications.values() if one.unique_name == f"utm-mail-connect-{NAME}"
    ]
    return application.credentials[0].value


async def test_the_mail_archive_calls_the_same_values_by_its_own_names(hq: Served) -> None:
    utm, uma = (await hq.client.get(PARAMETERS)).json(), (await hq.client.get(f"{PARAMETERS}?product=uma")).json()
    called = {"applicationId": "Client ID", "tenantId": "Tenant ID", "clientSecret": "Client secret"}
    assert uma == utm | {"labels": dict.fromkeys(LANGUAGES, called), "generations": []}
    lines = (await hq.client.get(f"{PARAMETERS}?product=uma", headers={"Accept": "text/plain"})).text.splitlines()
    assert lines[:2] == [f"Client ID: {utm['applicationId']}", f"Tenant ID: {utm['tenantId']}"]
    assert not any("Client ID" in line for line in lines[1:])
    assert (await hq.client.get(f"{PARAMETERS}?product=utm9")).status_code == 422


async def test_the_parameters_have_exactly_the_documented_keys_and_values(hq: Served) -> None:
    answer = await hq.client.get(PARAMETERS)
    shown = (await hq.client.get(PATH)).json()
    assert answer.headers["cache-control"] == "no-store"
    host, _, port = hq.tenant.endpoints["imap"].partition(":")
    assert answer.json() == {
        "connection": NAME,
        "provider": "Microsoft 365 (Secret Client Key)",
        "verified": True,
        "applicationId": shown["ids"]["applicationId"],
        "tenantId": hq.tenant.endpoints["tenantId"],
        "clientSecret": _issued(hq),
        "labels": {
            "de": {
                "applicationId": "Anwendungs-ID",
                "tenantId": "Mandanten-ID",
                "clientSecret": "Geheimer Clientschlüssel",
            },
            "en": {"applicationId": "Application ID", "tenantId": "Client ID", "clientSecret": "Secret client key"},
        },
        "secret": shown["secret"],
        "rotation": None,
        "servers": [
            {
                "protocol": "imap",
                "host": host,
                "port": int(port),
                "security": "TLS",
                "uses": {lang: text(lang, "use", "imap") for lang in LANGUAGES},
            }
        ],
        "generations": [
            {
                "name": "UTM 14.1",
                "provider": "Microsoft 365 (Secret Client Key)",
                "where": {lang: text(lang, "generation", "v14", "secret") for lang in LANGUAGES},
                "protocols": ["imap"],
            },
            {
                "name": "UTM 12.6",
                "provider": None,
                "where": {lang: text(lang, "generation", "v12", "secret") for lang in LANGUAGES},
                "protocols": ["imap"],
            },
        ],
        "mail": {"mailboxes": hq.tenant.addresses, "written": {}, "unproven": []},
        "imap": {
            "host": host,
            "port": int(port),
            "security": "TLS",
            "mailboxes": hq.tenant.addresses,
            "written": {},
            "unproven": [],
        },
        "oauth2": {
            "tokenUrl": f"{hq.tenant.endpoints['authority']}/{hq.tenant.endpoints['tenantId']}/oauth2/v2.0/token",
            "scope": f"{hq.tenant.endpoints['exchange']}/.default",
        },
    }


@pytest.mark.parametrize(
    ("language", "labels"),
    [
        ("de", ("Anwendungs-ID", "Mandanten-ID", "Geheimer Clientschlüssel")),
        ("en", ("Application ID", "Client ID", "Secret client key")),
    ],
)
async def test_the_parameters_as_lines_to_copy(hq: Served, language: str, labels: tuple[str, str, str]) -> None:
    answer = await hq.client.get(PARAMETERS, headers={"Accept": "text/plain", "Accept-Language": language})
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    lines = answer.content.decode("utf-8").splitlines()
    ids = (await hq.client.get(PATH)).json()["ids"]
    values = (ids["applicationId"], ids["tenantId"], _issued(hq))
    assert lines[:3] == [f"{label}: {value}" for label, value in zip(labels, values, strict=True)]
    assert lines[-3:] == hq.tenant.addresses
    assert all(line.startswith("# ") for line in lines[3:-3])


async def test_the_english_lines_say_that_the_client_id_is_the_tenant_id(hq: Served) -> None:
    texts = {
        language: (await hq.client.get(PARAMETERS, headers={"Accept": "text/plain", "Accept-Language": language})).text
        for language in ("de", "en")
    }
    assert '# The UTM\'s English interface calls the tenant id "Client ID".' in texts["en"].splitlines()
    assert "Client ID" not in texts["de"]


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/plain", "text/plain; charset=utf-8"),
        ("text/plain, application/json", "text/plain; charset=utf-8"),
        ("application/json, text/plain", "application/json"),
        ("*/*", "application/json"),
        ("text/html, */*", "application/json"),
    ],
)
async def test_the_form_that_is_accepted_first_is_given(hq: Served, accept: str, kind: str) -> None:
    answer = await hq.client.get(PARAMETERS, headers={"Accept": accept})
    assert answer.headers["content-type"] == kind


async def test_each_reading_makes_one_vault_call_and_no_other(hq: Served) -> None:
    await hq.client.get(PARAMETERS)
    hq.tenant.forget_requests()
    assert (await hq.client.get(PARAMETERS)).json()["clientSecret"] == _issued(hq)
    assert dict(hq.tenant.calls) == {"vault": 1}


@pytest.mark.parametrize("accept", ["application/json", "text/plain"])
async def test_by_reference_no_value_is_given_and_the_vault_is_not_asked(hq: Served, accept: str) -> None:
    async with hq.nothing_happens():
        answer = await hq.client.get(PARAMETERS, params={"secret": "reference"}, headers={"Accept": accept})
    uri = (await hq.client.get(PATH)).json()["secret"]["uri"]
    assert uri.startswith(f"{hq.tenant.endpoints['vault']}/secrets/{NAME}-")
    assert _issued(hq) not in answer.text
    if accept == "text/plain":
        assert f"Secret client key: {uri}" in answer.text.splitlines()
    else:
        assert (answer.json()["clientSecret"], answer.json()["secret"]["uri"]) == (None, uri)


@pytest.mark.parametrize("form", ["value", "reference"])
async def test_each_reading_is_logged_with_address_and_version_and_never_the_value(
    hq: Served, caplog: pytest.LogCaptureFixture, form: str
) -> None:
    caplog.set_level(logging.DEBUG)
    headers = {"X-Forwarded-For": "203.0.113.9"}
    shown = (await hq.client.get(PARAMETERS, params={"secret": form}, headers=headers)).json()
    (line,) = _lines(caplog)
    assert line == {
        "event": "parameters-read",
        "connection": NAME,
        "outcome": form,
        "version": shown["secret"]["uri"].rpartition("/")[2],
        "caller": f"key {hashlib.sha256(hq.host.key.encode()).hexdigest()[:8]}",
        "function": "read_parameters",
        "address": "127.0.0.1",  # the last one, which the front end sets, and not what a caller claims
    }
    assert hq.host.key not in caplog.text
    assert _issued(hq) not in caplog.text


async def test_a_refused_reading_is_not_logged_as_one(hq: Served, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="connector")
    assert (await hq.client.get("/api/connections/unknown/parameters")).status_code == 404
    assert _lines(caplog) == []


def _lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [json.loads(record.getMessage()) for record in caplog.records if "parameters-read" in record.getMessage()]
