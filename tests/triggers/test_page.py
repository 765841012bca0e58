"""The page as it is served: open to everybody, without data, and with a policy that lets nothing else in."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest

from connector.messages import LANGUAGES, catalogue
from tests.triggers.served import Served
from triggers.page import assets

pytestmark = pytest.mark.asyncio(loop_scope="module")
WEB = Path("web")
FILES = sorted(path.relative_to(WEB).as_posix() for path in WEB.rglob("*") if path.is_file())
NOBODY = {"x-functions-key": ""}
MOST = 100_000
"""Bytes of the whole page as it travels."""
MOST_LOGIN = 30_000
"""Bytes of what is loaded besides where people sign in."""


async def test_the_page_is_at_the_root_and_needs_no_key(hq: Served) -> None:
    answer = await hq.client.get("/", headers=NOBODY)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert 'src="assets/main.js"' in answer.text


@pytest.mark.parametrize(
    "path", ["/", *(f"/assets/{file}" for file in FILES), "/assets/texts/de.json", "/assets/probes.js", "/assets/no"]
)
async def test_every_part_has_the_strict_policy(hq: Served, path: str) -> None:
    headers = (await hq.client.get(path, headers=NOBODY)).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == policy["base-uri"] == policy["form-action"] == policy["frame-ancestors"] == "'none'"
    assert {policy[kind] for kind in ("script-src", "style-src", "img-src")} == {"'self'"}
    login = f" {hq.tenant.endpoints['authority']}" if path == "/" else ""
    assert policy["connect-src"] == f"'self'{login}"
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/", "/api/openapi.json", "/api/connections", "/no/such/path"])
async def test_a_browser_that_was_here_once_asks_by_https_alone_for_a_year(hq: Served, path: str) -> None:
    headers = (await hq.client.get(path, headers=NOBODY)).headers  # 200, 200, 401, 404
    assert headers["strict-transport-security"] == "max-age=31536000"


@pytest.mark.parametrize("file", FILES)
async def test_every_file_is_served_as_what_it_is(hq: Served, file: str) -> None:
    answer = await hq.client.get(f"/assets/{file}", headers=NOBODY)
    kinds = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
    kinds |= {".json": "application/json", ".txt": "text/plain"}
    assert answer.status_code == 200
    sent, written = answer.text.splitlines(), (WEB / file).read_text("utf-8").splitlines()
    differ = [(one, other) for one, other in zip(sent, written, strict=True) if one != other]  # each keeps its number
    assert all(other.lstrip().startswith("//") if file.endswith(".js") else "/*" in other for _, other in differ)
    assert not any("/*" in one if file.endswith(".css") else one for one, _ in differ)
    assert not (differ and file.startswith("vendor/"))
    assert answer.headers["content-type"].startswith(kinds[Path(file).suffix])


@pytest.mark.parametrize(
    "path", ["../host.json", "..%2fhost.json", "%2e%2e/host.json", "views", "", "main.js/", "texts/fr.json", "MAIN.JS"]
)
async def test_nothing_else_is_served(hq: Served, path: str) -> None:
    answer = await hq.client.get(f"/assets/{path}", headers=NOBODY)
    assert (answer.status_code, answer.content) == (404, b"")


async def test_a_copy_that_is_still_right_is_not_sent_again(hq: Served) -> None:
    first = await hq.client.get("/assets/main.js", headers=NOBODY)
    assert first.headers["cache-control"] == "no-cache"
    again = await hq.client.get("/assets/main.js", headers={**NOBODY, "If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = await hq.client.get("/assets/main.js", headers={**NOBODY, "If-None-Match": 'W/"older"'})
    assert other.status_code == 200


async def test_it_is_compressed_for_who_can_read_that(hq: Served) -> None:
    plain = await hq.client.get("/assets/main.js", headers={**NOBODY, "Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    async with hq.client.stream("GET", "/assets/main.js", headers={**NOBODY, "Accept-Encoding": "br, gzip"}) as answer:
        raw = b"".join([part async for part in answer.aiter_raw()])
    assert answer.headers["content-encoding"] == "gzip"
    assert "Accept-Encoding" in answer.headers["vary"]
    assert gzip.decompress(raw) == plain.content


async def test_all_of_it_in_both_languages_is_under_100_kb(hq: Served) -> None:
    paths = ["/", *(f"/assets/{file}" for file in FILES if file != "index.html")]
    sizes = {}
    for path in (*paths, "/assets/probes.js", *(f"/assets/texts/{lang}.json" for lang in LANGUAGES)):
        async with hq.client.stream("GET", path, headers=NOBODY) as answer:
            sizes[path] = sum([len(part) async for part in answer.aiter_raw()])
    login = sum(size for path, size in sizes.items() if path.startswith("/assets/vendor/"))
    assert sum(sizes.values()) - login < MOST
    assert login < MOST_LOGIN


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_texts_are_those_of_the_api(hq: Served, language: str) -> None:
    answer = await hq.client.get(f"/assets/texts/{language}.json", headers=NOBODY)
    texts = json.loads(answer.text)
    said = catalogue("de" if language == "de" else "en")
    events = catalogue("de" if language == "de" else "en", "event")
    assert texts.pop("event").keys() == {one.replace(".", "-") for one in events}  # a path parts its keys by dots
    titles, problems = texts.pop("problem"), catalogue("de" if language == "de" else "en", "problem")
    assert set(titles) == set(problems)
    assert all(set(one) == {"title"} for one in titles.values())
    assert texts == {group: said[group] for group in texts}
    assert set(texts) == {"page", "step", "state", "label", "deliveryState"}


async def test_it_holds_no_data_of_this_deployment(hq: Served) -> None:
    connection = (await hq.client.get("/api/connections/hq")).json()
    known = [*connection["ids"].values(), *hq.tenant.addresses, connection["label"], hq.host.key, *hq.tenant.issued]
    for path in ("/", *(f"/assets/{file}" for file in FILES), *(f"/assets/texts/{lang}.json" for lang in LANGUAGES)):
        text = (await hq.client.get(path, headers=NOBODY)).text
        assert [value for value in known if value in text] == []


@pytest.mark.parametrize("file", [file for file in FILES if not file.startswith("vendor/")])
async def test_no_file_names_another_site_nor_makes_markup_or_code_of_text(file: str) -> None:
    text = (WEB / file).read_text("utf-8")
    assert re.findall(r"https?://(?!www\.w3\.org/2000/svg)\S+", text) == []
    assert re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function| style=", text) == []


async def test_every_module_is_announced_in_the_page_so_that_none_waits_for_another() -> None:
    announced = re.findall(r'rel="modulepreload" href="assets/([^"]+)"', (WEB / "index.html").read_text("utf-8"))
    # What is loaded only where people sign in is asked for then.
    modules = [file for file in assets() if file.endswith(".js") and not file.startswith("vendor/")]
    assert sorted([*announced, "main.js"]) == sorted(modules)
