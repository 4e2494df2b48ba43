"""Where models are fetched from."""

from typing import Annotated

from pydantic import Field, SecretStr, field_validator

from allinone.photos_ai.download.connection import is_web_address
from allinone.settings import EnvironmentSettings


class DownloadSettings(EnvironmentSettings):
    """Read once at the edge, from the environment.

    Attributes:
        hugging_face: base address of Hugging Face or of a mirror of it.
        hugging_face_token: sent to that address, and to no other.
        model_scope: base address of ModelScope.
        insight_face: address of the folder that holds InsightFace's packs, as buffalo_l.zip.
    """

    hugging_face: Annotated[str, Field(alias="HF_ENDPOINT")] = "https://huggingface.co"
    hugging_face_token: Annotated[SecretStr | None, Field(alias="HF_TOKEN")] = None
    model_scope: Annotated[str, Field(alias="MODELSCOPE_ENDPOINT")] = "https://www.modelscope.cn"

    insight_face: Annotated[str, Field(alias="ALLINONE_INSIGHTFACE_URL")] = (
        "https://github.com/deepinsight/insightface/releases/download/model-zoo"
    )

    @field_validator("hugging_face", "model_scope", "insight_face", mode="before")
    @classmethod
    def _address(cls, value: object, info: object) -> object:
        if not isinstance(value, str):
            return value
        address = value.strip()
        if not address:
            return cls.model_fields[getattr(info, "field_name", "")].default
        if "://" not in address:
            address = f"https://{address}"
        if not is_web_address(address):
            message = "an address starts with https:// (or http://), as in https://hf-mirror.com"
            raise ValueError(message)
        return address.rstrip("/")

    @field_validator("hugging_face_token", mode="before")
    @classmethod
    def _nothing_means_none(cls, value: object) -> object:
        return None if isinstance(value, str) and not value.strip() else value
