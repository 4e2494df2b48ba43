"""A query's vector, by the machine-learning server and the model that Immich itself uses."""

import json
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import httpx
import numpy as np
from numpy.typing import NDArray

from allinone.errors import AllInOneError, BackendFailed
from allinone.immich.database import ImmichDatabase
from allinone.immich.settings import ImmichSettings
from allinone.immich.statements import statement

DEFAULT_MODEL = "ViT-B-32__openai"  # Immich's
DEFAULT_URL = "http://immich-machine-learning:3003"  # Immich's
CONFIG_SECONDS = 30.0
MOST_KEPT = 500  # vectors of 2 to 6 kB
ANSWER_SECONDS = 30.0
CONNECT_SECONDS = 2.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MachineLearningConfig:
    """What the administrator set in Immich; `url` None where only Immich's environment says it."""

    url: str | None = None
    model: str = DEFAULT_MODEL


class TextEncoder:
    """Makes vectors of queries. What has been asked lately is remembered."""

    def __init__(
        self,
        settings: ImmichSettings,
        immich: ImmichDatabase,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._given = settings.machine_learning_url
        self._immich = immich
        self._clock = clock
        self._config: tuple[float, MachineLearningConfig] | None = None
        self._kept: OrderedDict[tuple[str, str, str | None], NDArray[np.float32]] = OrderedDict()
        timeout = httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS)
        self._http = httpx.AsyncClient(timeout=timeout, transport=transport, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def config(self) -> MachineLearningConfig:
        """What is set in Immich; its defaults where that cannot be read."""
        if self._config is not None and self._clock() - self._config[0] < CONFIG_SECONDS:
            return self._config[1]
        try:
            async with self._immich.connection() as connection:
                row = await (await connection.execute(statement("config"))).fetchone()
        except AllInOneError:
            return self._config[1] if self._config else MachineLearningConfig()
        config = _config(row[0] if row else None)
        self._config = (self._clock(), config)
        return config

    async def encode(self, text: str, language: str | None) -> NDArray[np.float32]:
        """The unit vector of `text`, shape (dim,).

        Raises:
            BackendFailed: the machine-learning server does not answer, or answers nonsense.
        """
        config = await self.config()
        key = (config.model, text, language)
        kept = self._kept.get(key)
        if kept is None:
            kept = await self._ask(self._given or config.url or DEFAULT_URL, config.model, text, language)
            self._kept[key] = kept
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return kept

    async def _ask(self, url: str, model: str, text: str, language: str | None) -> NDArray[np.float32]:
        options = {} if language is None else {"language": language}
        entries = {"clip": {"textual": {"modelName": model, "options": options}}}
        # In Immich's own order, with plain parts as it sends them.
        files = {"entries": (None, json.dumps(entries)), "text": (None, text)}
        try:
            answer = await self._http.post(f"{url}/predict", files=files)
            answer.raise_for_status()
            vector = np.array(json.loads(answer.json()["clip"]), dtype=np.float32)
        except httpx.HTTPError as error:
            reason = str(error) or type(error).__name__
            message = f"The machine-learning server {url} made no vector of a query ({reason})."
            raise BackendFailed(message) from error
        except (ValueError, KeyError, TypeError) as error:
            message = f"The machine-learning server {url} answered with something that is no vector."
            raise BackendFailed(message) from error
        length = float(np.linalg.norm(vector)) if vector.ndim == 1 else 0.0
        if not np.isfinite(length) or length == 0.0:
            message = f"The machine-learning server {url} answered with a vector that is zero or not finite."
            raise BackendFailed(message)
        unit: NDArray[np.float32] = (vector / length).astype(np.float32)
        return unit


def _config(value: Any) -> MachineLearningConfig:
    found = value if isinstance(value, dict) else {}
    urls, clip = found.get("urls"), found.get("clip")
    model = clip.get("modelName") if isinstance(clip, dict) else None
    url = urls[0].rstrip("/") if isinstance(urls, list) and urls and isinstance(urls[0], str) else None
    return MachineLearningConfig(url, model if isinstance(model, str) and model else DEFAULT_MODEL)
