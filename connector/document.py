"""What every document of the store, and everything that is shown as JSON, has in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Document(BaseModel):
    """The base of whatever is kept or shown as JSON. Validators are built on first use: importing stays cheap."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="ignore", validate_assignment=True, defer_build=True
    )
