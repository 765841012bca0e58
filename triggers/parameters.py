"""``GET /api/connections/{name}/parameters``: the three values that a person types into the UTM."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

import azure.functions as func

from connector.address import both, international
from connector.check import holds
from connector.clouds import Cloud
from connector.credential import CredentialKind, CredentialRecord, RotationState, SecretRecord
from connector.dates import written
from connector.errors import ConflictError, NotFoundError, RefusedError
from connector.history import Asked
from connector.mailbox import MailboxRecord
from connector.messages import LANGUAGES, Language, text
from connector.microsoft import PROTOCOLS, VAULT_FIREWALL, Protocol
from connector.model import Connection
from connector.patience import patiently
from connector.plans.mailbox_list import handed_over
from connector.services import Services, services
from connector.standing import reference_of, secret_of, standing
from triggers import operations
from triggers.answers import NO_STORE, json_answer, language
from triggers.asking import asking
from triggers.generations import generations
from triggers.query import choice, query
from triggers.route import READ, TAKEN_BACK, More, Role, Route
from triggers.secret_view import rotation_view, shown
from triggers.utm import GenerationView, ImapView, MailView, OAuthView, Parameters, ServerView

_PROVIDERS: Mapping[CredentialKind, str] = {
    "secret": "Microsoft 365 (Secret Client Key)",
    "certificate": "Microsoft 365 (Certificate)",
}
"""As the UTM's list of providers says it."""
_WORDS: Mapping[CredentialKind, tuple[str, str, str]] = {
    "secret": ("expires", "expired", "newSecret"),
    "certificate": ("certificateEnds", "certificateExpired", "newCertificate"),
}
_FIELDS: Mapping[CredentialKind, tuple[str, ...]] = {
    "secret": ("applicationId", "tenantId", "clientSecret"),
    "certificate": ("applicationId", "tenantId", "certificate"),
}


class Product(StrEnum):
    """What the values are typed into: its labels differ."""

    UTM = "utm"
    UMA = "uma"


PRODUCT = choice(
    "product",
    "Whose labels: the UTM's, or `uma`, the mail archive's, which needs the same values under other names.",
    "product",
    Product,
    Product.UTM,
)
_LABELS: Mapping[Product, tuple[str, ...]] = {Product.UTM: ("label",), Product.UMA: ("label", "uma")}
"""Where the labels stand in the catalogue."""


class Form(StrEnum):
    """What is handed out of the secret."""

    VALUE = "value"
    REFERENCE = "reference"


FORM = choice(
    "secret", "`reference` leaves the value out and gives only where it lies.", "secret-form", Form, Form.VALUE
)


@Route(
    "GET",
    "/api/connections/{name}/parameters",
    Role.READER,
    "Read the values that the UTM asks for",
    {200: Parameters},
    query=(FORM, PRODUCT),
    more=(More(FORM, Form.VALUE, Role.SECRET_READER),),
    text=True,
    problems=(
        *READ,
        ConflictError("secret-not-ready"),
        ConflictError("secret-lost"),
        ConflictError("operation-running"),
        *TAKEN_BACK,
        RefusedError("vault", next(iter(VAULT_FIREWALL)), "-"),
    ),
)
async def read_parameters(req: func.HttpRequest) -> func.HttpResponse:
    """Return the parameters; a secret is read from Key Vault now, and by nobody else ever. Of a certificate none is."""
    name = req.route_params["name"]
    async with asking(req, "read_parameters", Asked.PARAMETERS, name) as asked:
        clients = services()
        sent = query(req, FORM, PRODUCT)
        form, product = FORM.of(sent), PRODUCT.of(sent)
        asked.entry.action = Asked.PARAMETERS if form is Form.VALUE else Asked.REFERENCE
        connection = (await operations.load(name)).connection
        asked.entry.revision = connection.wanted.revision
        found = secret_of if form is Form.VALUE else reference_of
        secret = found(connection, clients.now())
        asked.entry.version = secret.version
        handed = secret if form is Form.VALUE and isinstance(secret, SecretRecord) else None
        asked.required = handed is not None
        value = await _value(clients, connection, handed) if handed is not None else None
        body = await _parameters(clients, connection, secret, value, product)
    if _wants_text(req.headers.get("Accept", "")):
        return func.HttpResponse(_lines(body, language(req)), headers=NO_STORE, mimetype="text/plain", charset="utf-8")
    return json_answer(body)


async def _value(clients: Services, connection: Connection, secret: SecretRecord) -> str:
    """Return the secret's value.

    Raises:
        ConflictError: somebody has deleted or disabled it in the vault; a set-up makes a new one.
    """
    try:
        value = await patiently("vault", lambda: clients.vault.read(secret.name, secret.version))
        return value.get_secret_value()
    except NotFoundError:
        raise ConflictError("secret-lost", name=connection.name) from None
    except RefusedError as error:
        if error.code != "secret-disabled":
            raise
        raise ConflictError("secret-lost", name=connection.name) from None


async def _parameters(
    clients: Services, connection: Connection, secret: CredentialRecord, value: str | None, product: Product
) -> Parameters:
    cloud, tenant_id = clients.cloud, connection.ids.known("tenant_id")
    chunks = [chunk async for chunk in clients.documents.chunks(connection.name, len(connection.chunks))]
    check = await operations.check_of(connection.name)
    new = check.seen.renamed if check is not None and check.seen is not None and holds(check, connection) else {}
    proven = handed_over(_named_now(entry, new) for chunk in chunks for entry in chunk.mailboxes)
    mailboxes, unproven = list(proven), [name for name, opened in proven.items() if not opened]
    mail = MailView(mailboxes=mailboxes, written=as_written(mailboxes), unproven=unproven)
    return Parameters(
        connection=connection.name,
        provider=provider_of(secret),
        verified=standing(connection, connection.state, services().now(), check).verified,
        application_id=connection.ids.known("application_id"),
        tenant_id=tenant_id,
        client_secret=value,
        labels=_labels(product, secret.kind),
        secret=shown(secret),
        rotation=rotation_view(connection),
        servers=servers(cloud, connection.wanted.protocols),
        generations=_generations(product, secret, connection.wanted.protocols),
        mail=mail,
        imap=_imap(cloud, mail) if Protocol.IMAP in connection.wanted.protocols else None,
        oauth2=OAuthView(token_url=cloud.token_url(tenant_id), scope=cloud.exchange_scope),
    )


def _generations(product: Product, secret: CredentialRecord, protocols: Sequence[Protocol]) -> list[GenerationView]:
    return generations(secret.kind, provider_of(secret), protocols) if product is Product.UTM else []


def _labels(product: Product, kind: CredentialKind) -> dict[str, dict[str, str]]:
    """Return what a product calls each value, by language."""
    path = _LABELS[product]
    return {lang: {field: text(lang, *path, field) for field in _FIELDS[kind]} for lang in LANGUAGES}


def servers(cloud: Cloud, protocols: Sequence[Protocol]) -> list[ServerView]:
    """Return where the UTM finds the mailboxes, by each protocol."""
    return [
        ServerView(
            protocol=protocol,
            host=cloud.place(protocol)[0],
            port=cloud.place(protocol)[1],
            security=PROTOCOLS[protocol].security,
            uses={lang: text(lang, "use", protocol) for lang in LANGUAGES},
        )
        for protocol in protocols
    ]


def _imap(cloud: Cloud, mail: MailView) -> ImapView:
    host, port = cloud.place(Protocol.IMAP)
    return ImapView(host=host, port=port, **mail.model_dump())


def _named_now(entry: MailboxRecord, new: Mapping[str, str]) -> MailboxRecord:
    """Return a mailbox by the user principal name that the last look has seen: with another one no login succeeds."""
    return entry.model_copy(update={"address": new[entry.requested]}) if entry.requested in new else entry


def provider_of(secret: CredentialRecord) -> str:
    """Return what is chosen in the UTM's list of providers."""
    return _PROVIDERS[secret.kind]


def as_written(mailboxes: list[str]) -> dict[str, str]:
    """Return how people write those addresses whose domain is an international one."""
    return {one: other for one in mailboxes if (other := international(one)) is not None}


def _wants_text(accept: str) -> bool:
    """Return whether ``text/plain`` comes before JSON in the ``Accept`` header."""
    types = [part.partition(";")[0].strip() for part in accept.split(",")]
    known = [kind for kind in types if kind in {"text/plain", "application/json", "*/*"}]
    return bool(known) and known[0] == "text/plain"


def _of_rotation(body: Parameters, lang: Language) -> list[str]:
    """Return that the secret is a new one, and until when the old one works."""
    rotation = body.rotation
    if rotation is None or rotation.state is not RotationState.OFFERED:
        return []
    until = rotation.old_works_until
    ends = text(lang, "label", "oldWorksUntil", values={"end": until}) if until is not None else ""
    return [f"# {text(lang, 'label', _WORDS[body.secret.kind][2])} {ends or text(lang, 'label', 'oldIsDead')}"]


def _lines(body: Parameters, lang: Language) -> str:
    """Return the values as lines to copy, labelled as the UTM labels them."""
    values = {
        "applicationId": body.application_id,
        "tenantId": body.tenant_id,
        "clientSecret": body.client_secret or body.secret.uri,
    }
    if body.secret.thumbprints is not None:
        values["certificate"] = f"SHA-1 {body.secret.thumbprints.sha1}, SHA-256 {body.secret.thumbprints.sha256}"
    called = body.labels[lang]
    lines = [f"{called[field]}: {values[field]}" for field in _FIELDS[body.secret.kind]]
    if lang == "en" and called["tenantId"] == text(lang, "label", "tenantId"):
        lines.append(f"# {text(lang, 'label', 'tenantHint')}")
    lines.append(f"# {text(lang, 'label', 'verified' if body.verified else 'notVerified')}")
    ends, ended, _ = _WORDS[body.secret.kind]
    over = body.secret.expires_on <= services().now()
    lines.append(f"# {text(lang, 'label', ended if over else ends)}: {written(lang, body.secret.expires_on, 'day')}")
    lines += _of_rotation(body, lang)
    if body.secret.used_since is not None:
        lines.append(f"# {text(lang, 'label', 'usedSince', values={'since': body.secret.used_since})}")
    lines += [f"# {one.uses[lang]} {one.host}:{one.port} ({one.security})" for one in body.servers]
    lines += [f"# {one.name}: {one.where[lang]}" for one in body.generations]
    lines.append(f"# {text(lang, 'label', 'mailboxes')}:")
    unproven = set(body.mail.unproven)
    for one in (one for one in body.mail.mailboxes if one not in unproven):
        # The line itself is what is typed.
        lines += [one, *([f"# ({body.mail.written[one]})"] if one in body.mail.written else [])]
    lines += [f"# {text(lang, 'label', 'notProven')}: {both(one)}" for one in body.mail.unproven]
    return "\n".join(lines) + "\n"
