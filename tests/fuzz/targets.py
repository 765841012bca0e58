"""One target per parser of bytes from outside: whatever comes in, a value or one of our errors comes out."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from contextlib import suppress

from pydantic import SecretStr

from connector.address import both, canonical
from connector.bearer import bearer, key_id
from connector.body import MAX_BODY, Sent
from connector.certificate import read as read_certificate
from connector.certificate_forms import CertificateError
from connector.clients.exchange_answers import RawAnswer, batch, cut_short, error, values
from connector.clients.graph_errors import Refusal, service_error
from connector.clients.identity import _claims  # the parser itself: the way to it needs a token endpoint
from connector.clients.imap import _words
from connector.clients.login import Login
from connector.clients.retry_after import retry_after
from connector.errors import RequestError, ServiceError, SignInError, UnexpectedAnswerError, UnreadableError
from connector.kept import read
from connector.mailbox import Chunk
from connector.messages import LANGUAGES, preferred
from connector.model import Connection
from connector.request import parse
from connector.verdict import conclude
from connector.wanted import is_name
from tests.connector.signed import REGISTRATION, private_key
from tests.connector.signed import token as signed
from tests.local.tenant.test_certificates import certificate as made_certificate

Target = Callable[[bytes], None]
_SECRET = "eyJ0eXAiOiJKV1Qi.c2VjcmV0LXNlY3JldC1zZWNyZXQ.c2lnbmF0dXJlLXNpZ25hdHVyZQ"


def _status(data: bytes) -> tuple[int, bytes]:
    """Take a status from the first two bytes; the rest is the body."""
    return int.from_bytes(data[:2].ljust(2, b"\0"), "big") % 600, data[2:]


def exchange(data: bytes) -> None:
    """Exchange's answers, single and in a batch."""
    status, body = _status(data)
    head, _, rest = body.partition(b"\0")
    headers = {"retry-after": head.decode("latin-1"), "x-ms-diagnostics": head.decode("latin-1")}
    answer = RawAnswer(status, headers, rest or body)
    with suppress(ServiceError):
        assert all(isinstance(entry, dict) for entry in values(answer))
    failure = error(answer)
    assert failure.service == "exchange"
    assert failure.reason.isprintable()
    assert cut_short(answer) in {True, False}
    with suppress(ServiceError):
        assert len(batch(answer, ["0", "1"])) == 2


def certificate(data: bytes) -> None:
    """The certificate that somebody gives."""
    with suppress(CertificateError):
        found = read_certificate(data)
        assert (len(found.sha1), len(found.sha256)) == (40, 64)


def graph(data: bytes) -> None:
    """Graph's refusals."""
    status, body = _status(data)
    code, _, text = body.decode("utf-8", "replace").partition("\n")
    assert service_error(Refusal(status, code, text)).service == "graph"


def wait(data: bytes) -> None:
    """``Retry-After``."""
    seconds = retry_after(data.decode("latin-1"))
    assert seconds is None or 0 <= seconds < float("inf")


def request(data: bytes) -> None:
    """The body of a set-up: what is taken can be kept, and read back the same."""
    with suppress(RequestError):
        wanted = parse(Sent(data[:MAX_BODY])).wanted(1)
        assert type(wanted).model_validate_json(wanted.model_dump_json()) == wanted


def token(data: bytes) -> None:
    """The claims of a token, whole and as a payload of its own."""
    payload = base64.urlsafe_b64encode(data).decode()
    for text in (data.decode("latin-1"), f"e30.{payload}.c2ln"):
        with suppress(UnexpectedAnswerError):
            assert _claims(text, "token").issued.tzinfo is not None


def imap(data: bytes) -> None:
    """A mail server's words: printable, short, and never what we sent."""
    middle = len(data) // 2
    said = _words(data[:middle] + _SECRET.encode() + data[middle:], Login("post@contoso.example", SecretStr(_SECRET)))
    assert said == said.strip()
    assert said.isprintable()
    assert len(said) <= 200
    assert _SECRET[:40] not in said


def language(data: bytes) -> None:
    """``Accept-Language``."""
    assert preferred(data.decode("latin-1")) in LANGUAGES


def names(data: bytes) -> None:
    """Names and addresses: what is taken holds nothing that ends a line, a path or a quotation."""
    text = data.decode("utf-8", "replace")
    if is_name(text):
        assert text.isascii()
        assert text.replace("-", "").isalnum()
        assert len(text) <= 40
    address = canonical(text)
    if address is not None:
        assert address.isascii()
        assert address.isprintable()
        assert not set(address) & set(' "()<>[]:;,\\')
        assert canonical(address) == address
        assert both(address).startswith(address)


def document(data: bytes) -> None:
    """A document from the store that another version wrote, or nobody: read whole, or refused whole."""
    with suppress(UnreadableError):
        connection = read("connections/hq.json", data, Connection)
        conclude(connection, 0, connection.since)
    with suppress(UnreadableError):
        read("connections/hq/mailboxes-0000.json", data, Chunk).counts()


_GOOD = signed()
_PUBLIC = private_key().public_key()


def sign_in(data: bytes) -> None:
    """A bearer token, whole and with parts of its own: nobody comes in but by the one that was signed.

    The last character of a signature of 256 bytes has four bits that mean nothing, so it is compared without.
    """
    head, body, signature = _GOOD.split(".")
    text, own = data.decode("latin-1"), base64.urlsafe_b64encode(data).rstrip(b"=").decode()
    for sent in (text, f"{own}.{body}.{signature}", f"{head}.{own}.{signature}", f"{head}.{body}.{own}"):
        with suppress(SignInError):
            key_id(sent)
            bearer(sent, _PUBLIC, REGISTRATION)
            assert sent.rstrip("=")[:-1] == _GOOD[:-1], sent


_ERROR = {"code": "BadRequest", "message": "Invalid Operation"}
_SHAPES = (
    {"value": [{"AppId": "a", "ObjectId": "b", "Identity": "c"}], "@adminapi.warnings": ["already present"]},
    {"error": {**_ERROR, "details": [{"code": "Client", "target": "", "message": "|Some.Exception|not today"}]}},
    {"error": {**_ERROR, "details": [{"message": "Ex6F9304|Some.NotFoundException|couldn't be found"}]}},
    {"error": {**_ERROR, "details": [{"code": "Context", "message": json.dumps({"Message": "m", "TypeName": "t"})}]}},
    {"error": {**_ERROR, "innererror": {"internalexception": {"message": "real words", "type": "Some.Exception"}}}},
    {"responses": [{"id": "0", "status": 200, "body": {"value": []}}, {"id": "1", "status": "503", "body": "busy"}]},
)
_REQUEST = {"name": "hq", "mailboxes": ["a@b.de"], "secret": {"lifetimeDays": 180}, "enableImap": True}
_CLAIMS = {"aud": "https://x", "tid": "t", "appid": "a", "oid": "o", "iat": 1_800_000_000, "roles": ["r"], "wids": []}
_DOCUMENT = {
    "name": "hq",
    "wanted": {"revision": 1, "displayName": "UTM", "mailboxes": ["a@b.de"]},
    "operation": {"id": "o", "kind": "set-up", "started": "2026-11-24T00:00:00Z"},
    "since": "2026-11-24T00:00:00Z",
    "lastChange": "2026-11-24T00:00:00Z",
    "steps": {"consent": {"state": "action-required", "findings": [{"code": "c", "step": "consent"}]}},
    "chunks": [{"counts": {"open": 1}}],
}
_DER = base64.b64decode(made_certificate())
_PEM = b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(_DER) + b"-----END CERTIFICATE-----\n"
TARGETS: Mapping[str, tuple[Target, tuple[bytes, ...]]] = {
    "exchange": (exchange, tuple(b"\x01\x90" + json.dumps(shape).encode() for shape in _SHAPES)),
    "certificate": (certificate, (_DER, _PEM, base64.b64encode(_PEM))),
    "graph": (graph, (b"\x01\x93Directory_ConcurrencyViolation\nPlease retry", b"\x01\x94Request_ResourceNotFound\nx")),
    "wait": (wait, (b"120", b"Tue, 24 Nov 2026 06:00:00 GMT", b"-1", b"1e9")),
    "request": (request, (json.dumps(_REQUEST).encode(),)),
    "token": (token, (json.dumps(_CLAIMS).encode(),)),
    "sign-in": (sign_in, (_GOOD.encode(), *(base64.urlsafe_b64decode(f"{part}==") for part in _GOOD.split(".")))),
    "imap": (imap, (b"AUTHENTICATE failed.", b"User is authenticated but not connected.", b"[UNAVAILABLE] \xff\x00")),
    "language": (language, (b"de-DE,de;q=0.9,en;q=0.8", b"*;q=0", b"en;q=x")),
    "names": (names, (b"utm-headquarters", b"o'brien@contoso.com", b"a`$b@contoso.com")),
    "document": (document, (json.dumps(_DOCUMENT).encode(), b'{"number":0,"mailboxes":[{"requested":"a@b.de"}]}')),
}
"""Each target with real shapes to begin from."""
