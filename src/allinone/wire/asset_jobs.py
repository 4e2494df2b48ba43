"""Immich's request for jobs on single assets, with our two names added."""

from typing import Annotated, Literal

from pydantic import UUID4, BaseModel, ConfigDict, Field

JobName = Literal["refresh-ocr", "refresh-smart-search"]
MAX_ASSETS = 1000


class AssetJobsRequest(BaseModel):
    """`AssetJobsDto`."""

    model_config = ConfigDict(extra="ignore")

    name: JobName
    assetIds: Annotated[list[UUID4], Field(max_length=MAX_ASSETS)]  # noqa: N815 — Immich's name
