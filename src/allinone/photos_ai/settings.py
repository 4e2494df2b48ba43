"""What a person can set about the models."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from allinone.images.photo import Limits
from allinone.settings import EnvironmentSettings, cores

DEFAULT_TTL = 300.0
FOLDER_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"


class EngineSettings(EnvironmentSettings):
    """Read once at the edge, from the environment.

    Attributes:
        models: folder with one folder for each model.
        clip_model: which Chinese-CLIP to use; None: the one that is there.
        device: where to compute; "auto" takes the best there is.
        threads: pictures worked on at the same time, each by one core.
        waiting: pictures that may wait for a thread; more are refused as Overloaded.
        minimum_score: lines whose text is less certain than this are dropped, 0..1.
        text_engine: what computes the models that read text.
        recognition_model: which of InsightFace's packs finds faces where a request names none.
        detection_threshold: faces less certain than this are dropped where a request says nothing, 0..1.
        max_pixels: pictures with more are not decoded.
        model_ttl: seconds without work after which a model leaves memory; 0: never. None: `restart_time`.
        restart_time: the same by its old name.
        batch: pictures or texts that a model looks at together; None: 1 on a CPU, 16 on a GPU.
        batch_wait_ms: how long a batch that is not full waits for more.
    """

    models: Path
    clip_model: Annotated[str | None, Field(alias="CLIP_MODEL")] = None
    device: Annotated[Literal["auto", "cpu", "cuda"], Field(alias="DEVICE")] = "auto"
    threads: int = Field(alias="ALLINONE_THREADS", ge=1, le=64, default_factory=cores)
    waiting: Annotated[int, Field(alias="ALLINONE_QUEUE", ge=0, le=10_000)] = 256
    minimum_score: Annotated[float, Field(alias="ALLINONE_OCR_MIN_SCORE", ge=0, le=1)] = 0.5
    text_engine: Annotated[Literal["onnxruntime", "openvino"], Field(alias="ALLINONE_OCR_ENGINE")] = "onnxruntime"
    recognition_model: Annotated[str, Field(alias="RECOGNITION_MODEL", pattern=FOLDER_NAME)] = "buffalo_l"
    detection_threshold: Annotated[float, Field(alias="DETECTION_THRESH", ge=0, le=1)] = 0.65
    max_pixels: Annotated[int, Field(gt=0)] = Limits().pixels
    model_ttl: Annotated[float | None, Field(ge=0, le=30 * 24 * 3600)] = None
    restart_time: Annotated[float | None, Field(alias="SERVER_RESTART_TIME", ge=0, le=30 * 24 * 3600)] = None
    batch: Annotated[int | None, Field(ge=1, le=256)] = None
    batch_wait_ms: Annotated[float, Field(ge=0, le=1000)] = 5.0

    @field_validator("clip_model", "model_ttl", "restart_time", "batch", mode="before")
    @classmethod
    def _nothing_means_none(cls, value: object) -> object:
        return None if isinstance(value, str) and not value.strip() else value

    @field_validator("device", "text_engine", mode="before")
    @classmethod
    def _any_case(cls, value: object, info: ValidationInfo) -> object:
        default = cls.model_fields[info.field_name or ""].default
        return value.strip().lower() or default if isinstance(value, str) else value

    @property
    def idle_seconds(self) -> float:
        """Seconds without work after which a model leaves memory; 0: never."""
        found = self.model_ttl if self.model_ttl is not None else self.restart_time
        return DEFAULT_TTL if found is None else found
