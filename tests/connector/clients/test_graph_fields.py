"""Objects of Graph are read without the models that they are not made of, and are read as the SDK reads them."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from typing import Any

import pytest
from kiota_serialization_json.json_parse_node import JsonParseNode
from msgraph.generated.models import entity

from connector.clients.graph_fields import fields

_READ = """
import json, sys
from kiota_serialization_json.json_parse_node import JsonParseNode
from msgraph.generated.models.directory_object import DirectoryObject
from connector.clients import graph

answer = {"@odata.type": "#microsoft.graph.servicePrincipal", "id": "1", "keyCredentials": [{"keyId": None}]}
found = JsonParseNode(answer).get_object_value(DirectoryObject)
models = [name for name in sys.modules if name.startswith("msgraph.generated.models.")]
print(json.dumps([type(found).__name__, found.id, found.odata_type, len(found.key_credentials), len(models)]))
"""


def test_an_object_is_read_without_every_model_that_there_is() -> None:
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", _READ], capture_output=True, text=True, check=True)  # noqa: S603 - our own interpreter, our own code
    *found, models = json.loads(done.stdout)
    assert found == ["ServicePrincipal", "1", "#microsoft.graph.servicePrincipal", 1]
    assert models < 200  # the SDK's own way imports some 1,200


@pytest.mark.filterwarnings(r"ignore::DeprecationWarning:msgraph\..*")
def test_an_entity_has_the_fields_that_the_sdk_gives_it() -> None:
    assert entity.__file__ is not None
    spec = spec_from_file_location("msgraph.generated.models.entity_as_it_is", entity.__file__)
    assert spec is not None
    assert spec.loader is not None
    theirs = module_from_spec(spec)
    sys.modules[spec.name] = theirs  # its dataclass looks itself up
    try:
        spec.loader.exec_module(theirs)
        untouched: Any = theirs.Entity()
        one: Any = entity.Entity()
        expected = untouched.get_field_deserializers()
    finally:
        del sys.modules[spec.name]
    assert entity.Entity.get_field_deserializers is fields
    assert expected.keys() == one.get_field_deserializers().keys()
    for name, read in one.get_field_deserializers().items():
        read(JsonParseNode(name))
        expected[name](JsonParseNode(name))
    assert (one.id, one.odata_type) == (untouched.id, untouched.odata_type) == ("id", "@odata.type")
