"""``GET /`` and ``assets/{*path}``: the set-up page. It holds no data; what it shows it asks of the API with a key."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import azure.functions as func

from connector.errors import ConnectorError, SettingsError
from connector.event import EventType
from connector.messages import LANGUAGES, Language, catalogue, text
from connector.services import services
from triggers.query import TOP
from triggers.route import ROUTES, Route

FOLDER = Path(__file__).parents[1] / "web"
GROUPS = ("page", "step", "state", "label", "deliveryState")
"""What the page needs of ``connector/messages``; findings, reasons and problems come in words from the API."""
_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".txt": "text/plain",
}
_VENDOR = FOLDER / "vendor"
_REMARKS = {".js": re.compile(rb"(?m)^ *//.*$"), ".css": re.compile(rb" ?/\*[^*\n]*\*/")}
"""What is for whoever reads the code alone: lines of their own in modules, none over several lines in the style."""
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    # Asked for each time, answered from the browser's copy: after an update nobody works with half an old page.
    "Cache-Control": "no-cache",
    "Vary": "Accept-Encoding",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as the browser gets it."""

    content: bytes
    zipped: bytes
    mimetype: str
    etag: str
    """Weak, since it stands for the content in either encoding (RFC 9110, 8.8.1)."""

    @classmethod
    def of(cls, content: bytes, mimetype: str) -> Asset:
        """Return a file, compressed too: the host in front of the app compresses nothing."""
        etag = f'W/"{hashlib.sha256(content).hexdigest()[:32]}"'
        return cls(content, gzip.compress(content, mtime=0), mimetype, etag)


@Route("GET", "/", None, "The page", {})
async def read_page(req: func.HttpRequest) -> func.HttpResponse:
    """Return the page."""
    return _answer(req, assets()["index.html"], _allowing(_login_host()))


@Route("GET", "/assets/{*path}", None, "A part of the page", {})
async def read_asset(req: func.HttpRequest) -> func.HttpResponse:
    """Return a style sheet, a module, a picture, or the texts of a language; nothing that is not of the page."""
    path = req.route_params.get("path", "")
    found = await _doors() if path == "doors.json" else assets().get(path)
    return _answer(req, found) if found is not None else func.HttpResponse(status_code=404, headers=HEADERS)


@cache
def assets() -> dict[str, Asset]:
    """Return all there is, by path: a path that is no key of this reaches no file, whatever dots it holds."""
    files = (file for file in sorted(FOLDER.rglob("*")) if file.suffix in _TYPES)
    found = {file.relative_to(FOLDER).as_posix(): Asset.of(_sent(file), _TYPES[file.suffix]) for file in files}
    return found | {f"texts/{lang}.json": _texts(lang) for lang in LANGUAGES} | {"probes.js": _probes()}


def _sent(file: Path) -> bytes:
    """Return a file as it travels: our own without remarks, a seventh of all; each line keeps its number."""
    content, remarks = file.read_bytes(), _REMARKS.get(file.suffix)
    return content if remarks is None or _VENDOR in file.parents else remarks.sub(b"", content)


def _texts(lang: Language) -> Asset:
    texts: dict[str, object] = {group: catalogue(lang, group) for group in GROUPS}
    texts["event"] = {one.replace(".", "-"): text(lang, "event", one, "title") for one in EventType}
    # The history says in words what was refused; of a problem it needs no more.
    texts["problem"] = {code: {"title": text(lang, "problem", code, "title")} for code in catalogue(lang, "problem")}
    document = json.dumps(texts, ensure_ascii=False, separators=(",", ":"))
    return Asset.of(document.encode(), _TYPES[".json"])


def _probes() -> Asset:
    """Return how the page finds out what a key opens, function by function: a key of one function opens only that one.

    They are in the order of their names. `-` is no connection's name, so nothing is read or started.
    """
    probes = {}
    for function in (name for name in catalogue("en", "page", "may") if name in ROUTES):
        one = ROUTES[function]
        probes[function] = [one.method, re.sub(r"\{\w+\}", "-", one.path.lstrip("/")) + "?top=1" * (TOP in one.query)]
    return Asset.of(f"export const PROBES = {json.dumps(probes)};\n".encode(), _TYPES[".js"])


async def _doors() -> Asset:
    """Return how somebody comes in here: by a key, by signing in, and where. It holds nothing that is not public."""
    doors: dict[str, Any] = {"keys": True, "signIn": None, "away": False}
    try:
        clients = services()
        doors["keys"] = clients.settings.keys == "on"
        if clients.sign_in is not None:
            found = await clients.sign_in.registration()
            doors["signIn"] = {
                "clientId": found.client_id,
                "tenantId": found.tenant_id,
                "authority": found.authority,
                "issuer": found.issuer,
                "scope": found.scope,
            }
    except ConnectorError:
        doors["away"] = True
    return Asset.of(json.dumps(doors).encode(), _TYPES[".json"])


def _login_host() -> str | None:
    """Return where people sign in; None where nobody does, or the settings are wrong."""
    try:
        clients = services()
    except SettingsError:
        return None
    return clients.cloud.authority if clients.settings.sign_in is not None else None


def _allowing(login: str | None) -> dict[str, str]:
    """Return the headers of the page, which asks nobody but its own app and, for a token, the login."""
    if login is None:
        return HEADERS
    policy = HEADERS["Content-Security-Policy"].replace("connect-src 'self'", f"connect-src 'self' {login}")
    return HEADERS | {"Content-Security-Policy": policy}


def _answer(req: func.HttpRequest, asset: Asset, headers: Mapping[str, str] = HEADERS) -> func.HttpResponse:
    headers = {**headers, "ETag": asset.etag}
    if asset.etag in req.headers.get("If-None-Match", ""):
        return func.HttpResponse(status_code=304, headers=headers)
    if "gzip" in req.headers.get("Accept-Encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return func.HttpResponse(asset.zipped, headers=headers, mimetype=asset.mimetype, charset="utf-8")
    return func.HttpResponse(asset.content, headers=headers, mimetype=asset.mimetype, charset="utf-8")
