"""What Azure's roles allow on a vault's secrets, and what each request needs.

Data actions and roles: learn.microsoft.com/azure/role-based-access-control/built-in-roles/security and
learn.microsoft.com/azure/role-based-access-control/permissions/security (Microsoft.KeyVault).
"""

from __future__ import annotations

import re

_ACTIONS = "Microsoft.KeyVault/vaults/secrets/"
ALL = frozenset(
    f"{_ACTIONS}{action}"
    for action in (
        "getSecret/action",
        "readMetadata/action",
        "setSecret/action",
        "update/action",
        "delete",
        "recover/action",
        "purge/action",
        "backup/action",
        "restore/action",
    )
)
"""Key Vault Secrets Officer has all of them."""
USER = frozenset({f"{_ACTIONS}getSecret/action", f"{_ACTIONS}readMetadata/action"})
"""Key Vault Secrets User: reads, and writes nothing."""
READER = frozenset({f"{_ACTIONS}readMetadata/action"})
"""Key Vault Reader: sees that there are secrets, and no value."""
_NEEDED = (
    ("GET", r"/secrets/?|/secrets/[^/]+/versions|/deletedsecrets.*", "readMetadata/action"),
    ("GET", r"/secrets/.*", "getSecret/action"),
    ("PUT", r"/secrets/.*", "setSecret/action"),
    ("PATCH", r"/secrets/.*", "update/action"),
    ("DELETE", r"/secrets/.*", "delete"),
    ("POST", r"/deletedsecrets/[^/]+/recover", "recover/action"),
    ("DELETE", r"/deletedsecrets/.*", "purge/action"),
)


def needed(method: str, path: str) -> str | None:
    """Return the data action that a request needs; None for what is not known."""
    found = (action for verb, pattern, action in _NEEDED if verb == method and re.fullmatch(pattern, path))
    action = next(found, None)
    return f"{_ACTIONS}{action}" if action is not None else None
