"""How somebody wants text and pictures weighed: what `/allinone/api/search-preference` gives and takes."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class SearchPreference(BaseModel):
    """What is null, or left out, is as usual."""

    model_config = ConfigDict(extra="forbid")

    pictureWeight: Annotated[float, Field(strict=True, ge=0, le=1)] | None = None  # noqa: N815
    cutoff: Literal["off", "normal", "strict"] | None = None
    fusion: Literal["convex", "reciprocal"] | None = None
