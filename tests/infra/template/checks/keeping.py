"""What is kept: the connections, in an account of their own, where nothing is lost at once or kept for ever."""

from __future__ import annotations

from tests.infra.template.checks.register import (
    CONTAINER,
    STORAGE,
    Template,
    check,
    host_account,
    settings,
    store_account,
)
from tests.infra.template.deployment import deploy

DAYS = 30


@check
def the_connections_have_an_account_of_their_own(template: Template) -> None:
    deployed = deploy(template)
    host, store = host_account(deployed).name, store_account(deployed).name
    assert len(deployed.of(STORAGE)) == 2
    assert {one.name for one in deployed.of(CONTAINER)} == {f"{host}/default/packages", f"{store}/default/connections"}
    assert all(one.properties["publicAccess"] == "None" for one in deployed.of(CONTAINER))
    assert settings(deployed)["CONNECTOR_STORE"] == f"<{STORAGE}/{store}>.primaryEndpoints.blobconnections"


@check
def what_is_deleted_or_overwritten_there_can_be_had_for_a_month(template: Template) -> None:
    deployed = deploy(template)
    service = deployed.one(f"{STORAGE}/blobServices", f"{store_account(deployed).name}/default")
    assert service.properties == {
        "isVersioningEnabled": True,
        "deleteRetentionPolicy": {"enabled": True, "days": DAYS, "allowPermanentDelete": False},
        "containerDeleteRetentionPolicy": {"enabled": True, "days": DAYS},
    }


@check
def an_older_version_is_not_kept_for_ever(template: Template) -> None:
    deployed = deploy(template)
    policy = deployed.one(f"{STORAGE}/managementPolicies")
    assert policy.name == f"{store_account(deployed).name}/default"
    (rule,) = policy.properties["policy"]["rules"]
    assert (rule["enabled"], rule["type"]) == (True, "Lifecycle")
    assert rule["definition"] == {
        "filters": {"blobTypes": ["blockBlob"]},
        "actions": {"version": {"delete": {"daysAfterCreationGreaterThan": DAYS}}},
    }
    service = deployed.one(f"{STORAGE}/blobServices", f"{store_account(deployed).name}/default")
    assert service.identifier in policy.waits_for


@check
def versions_do_not_pile_up_where_durable_writes(template: Template) -> None:
    deployed = deploy(template)
    service = deployed.one(f"{STORAGE}/blobServices", f"{host_account(deployed).name}/default")
    assert not service.body.get("properties", {}).get("isVersioningEnabled")
