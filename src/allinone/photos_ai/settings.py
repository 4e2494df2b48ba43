"""What a person can set about the models."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator

from allinone.settings import EnvironmentSettings, cores


class EngineSettings(EnvironmentSettings):
    """Read once at the edge, from the environment.

    Attributes:
        models: folder with one folder for each model.
        clip_model: which Chinese-CLIP to use; None: the one that is there.
        device: where to compute; "auto" takes the best there is.
        threads: pictures worked on at the same time, each by one core.
        waiting: pictures that may wait for a thread; more are refused as Overloaded.
        minimum_score: lines whose text is less certain than this are dropped, 0..1.
    """

    models: Path
    clip_model: Annotated[str | None, Field(alias="CLIP_MODEL")] = None
    device: Annotated[Literal["auto", "cpu", "cuda"], Field(alias="DEVICE")] = "auto"
    threads: int = Field(alias="ALLINONE_THREADS", ge=1, le=64, default_factory=cores)
    waiting: Annotated[int, Field(alias="ALLINONE_QUEUE", ge=0, le=10_000)] = 256
    minimum_score: Annotated[float, Field(alias="ALLINONE_OCR_MIN_SCORE", ge=0, le=1)] = 0.5

    @field_validator("clip_model", mode="before")
    @classmethod
    def _nothing_means_none(cls, value: object) -> object:
        return None if isinstance(value, str) and not value.strip() else value

    @field_validator("device", mode="before")
    @classmethod
    def _any_case(cls, value: object) -> object:
        return value.strip().lower() or "auto" if isinstance(value, str) else value
