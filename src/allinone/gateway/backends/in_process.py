"""The engine in this very process."""

import asyncio
import json
from typing import Protocol

from allinone.errors import AllInOneError, BackendFailed, ModelMissing, Overloaded
from allinone.gateway.backends.answers import check_answer
from allinone.gateway.backends.failures import Broken, Busy, Missing, ServerFault
from allinone.gateway.backends.protocol import Answer, Ask
from allinone.gateway.backends.replies import OK
from allinone.gateway.dimensions import vector_length
from allinone.wire.predict import CLIP, FACES, OCR, Entries

MISSING_SECONDS = 5.0
PLACE = "the engine in this process"


class Predictor(Protocol):
    """What the engine offers. The gateway does not know who it is."""

    async def predict(self, entries: Entries, *, image: bytes | None, text: str | None) -> dict[str, object]:
        """The answer in Immich's shape, one key for each task of `entries`.

        Raises:
            AllInOneError: as errors.py tells them apart.
        """


class InProcessBackend:
    """Asks without a network between. The engine bounds itself, and belongs to who made it."""

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor

    def can(self, task: str) -> bool:
        """See `Backend`."""
        return task in (OCR, CLIP, FACES)

    async def predict(self, ask: Ask, *, seconds: float) -> Answer:
        """See `Backend`."""
        try:
            async with asyncio.timeout(seconds):
                document = await self._predictor.predict(ask.entries, image=ask.form.image, text=ask.form.text)
        except TimeoutError as error:
            message = f"{PLACE} did not answer within {seconds:.0f} seconds"
            raise Broken(message) from error
        except Overloaded as error:
            raise Busy(str(error), retry_after=error.retry_after) from error
        except ModelMissing as error:
            raise Missing(str(error), retry_after=MISSING_SECONDS) from error
        except AllInOneError:
            raise
        except Exception as error:  # whatever a model's library throws ends one request, not the gateway
            message = f"{PLACE} failed: {type(error).__name__}: {str(error)[:200]}"
            raise ServerFault(message) from error
        return _answer(document, ask.entries)

    async def ping(self, *, seconds: float) -> None:
        """See `Backend`. We are here."""

    async def dimension(self, model_name: str | None, *, seconds: float) -> int | None:
        """See `Backend`."""
        part = {"modelName": model_name} if model_name else {}
        async with asyncio.timeout(seconds):
            document = await self._predictor.predict({CLIP: {"textual": part}}, image=None, text="photo")
        return vector_length(document.get(CLIP))

    async def close(self) -> None:
        """See `Backend`. The engine is its owner's to close."""


def _answer(document: dict[str, object], entries: Entries) -> Answer:
    check_answer(document, entries, PLACE)
    try:
        body = json.dumps(document, ensure_ascii=False, allow_nan=False).encode()
    except ValueError as error:
        message = f"{PLACE} gave what JSON cannot hold: {error}"
        raise BackendFailed(message) from error
    return Answer(OK, body, document=document)
