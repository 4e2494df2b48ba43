"""What `doctor` says about the gateway's backends, where somebody has set some."""

import asyncio
import os
from collections.abc import AsyncIterator

from allinone.cli.checks import Check, Status
from allinone.errors import AllInOneError, BackendFailed, ConfigurationError
from allinone.gateway.backend_specs import BackendSpec, Kind
from allinone.gateway.backends.protocol import Backend
from allinone.gateway.dimensions import expected_dimension, mismatch
from allinone.gateway.gateway import make_backend
from allinone.gateway.settings import GatewaySettings
from allinone.wire.predict import CLIP

VARIABLES = ("ALLINONE_BACKENDS", "ALLINONE_ROUTES", "ALLINONE_IMMICH_CLIP_MODEL", "IMMICH_API", "MT_PHOTOS_API")
PING_SECONDS = 5.0
DIMENSION_SECONDS = 60.0  # the model may have to be loaded first


async def gateway_checks() -> AsyncIterator[Check]:
    """One for each backend: it answers, and its CLIP vectors have the length that Immich's model needs."""
    if not any(os.environ.get(variable) for variable in VARIABLES):
        return
    try:
        settings = GatewaySettings()
    except ConfigurationError as error:
        yield Check("gateway", Status.FAILED, str(error), "docs/how-to/gateway.md shows how to name backends.")
        return
    looks = [_look(spec, settings) for spec in settings.specs if spec.kind is not Kind.IN_PROCESS]
    for check in await asyncio.gather(*looks):
        yield check


async def _look(spec: BackendSpec, settings: GatewaySettings) -> Check:
    name = f"backend {spec.name}"
    try:
        backend = make_backend(spec, None)
    except ConfigurationError as error:
        return Check(name, Status.FAILED, str(error), "Set ca= of this backend to a file of certificates.")
    try:
        await backend.ping(seconds=PING_SECONDS)
    except BackendFailed as error:
        advice = "Start it, or mend its address or key. Photos wait for it for a while; then their data is missing."
        return Check(name, Status.FAILED, str(error), advice)
    else:
        if spec.name not in settings.table.rule(CLIP):
            return Check(name, Status.OK, f"{spec.kind} {spec.place} answers")
        return await _vectors(name, spec, backend, settings.immich_clip_model)
    finally:
        await backend.close()


async def _vectors(name: str, spec: BackendSpec, backend: Backend, model: str) -> Check:
    try:
        found = await backend.dimension(model or None, seconds=DIMENSION_SECONDS)
    except (AllInOneError, TimeoutError) as error:
        advice = "Without a CLIP model there, photos are not found by what they show: `allinone models pull ViT-B-16`."
        return Check(name, Status.NOTE, f"{spec.place} answers, but gives no CLIP vector: {error}", advice)
    if found is None:
        advice = "Set ALLINONE_IMMICH_CLIP_MODEL to the model named in Immich, so that the two can be compared."
        return Check(name, Status.NOTE, f"{spec.kind} {spec.place} answers", advice)
    expected = expected_dimension(model)
    if expected is not None and expected != found:
        return Check(name, Status.FAILED, mismatch(model, expected, found, spec.place), "See docs/how-to/gateway.md.")
    return Check(name, Status.OK, f"{spec.kind} {spec.place} answers; its CLIP vectors have {found} numbers")
