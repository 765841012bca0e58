"""A simulated Microsoft 365 tenant with a Key Vault, over TLS, that misbehaves like the real one.

The product's real SDKs run against it unpatched::

    async with Tenant(preset="normal", seed=1) as tenant:
        tenant.endpoints["graph"]
"""

from local.tenant.misbehaviour import PRESETS, Fault, Preset, PresetName
from local.tenant.record import Request
from local.tenant.tenant import Tenant
from local.tenant.world import World

__all__ = ["PRESETS", "Fault", "Preset", "PresetName", "Request", "Tenant", "World"]
