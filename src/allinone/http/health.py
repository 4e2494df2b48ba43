"""/healthz: this process is alive. /readyz: it can do its work."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from fastapi import APIRouter
from starlette.responses import JSONResponse

from allinone.errors import AllInOneError

CHECK_SECONDS = 3.0

Check = Callable[[], Awaitable[None]]
"""Returns when all is well; raises an error of ours, whose message is for people, when not."""

logger = logging.getLogger(__name__)


def health_routes(checks: Mapping[str, Check]) -> APIRouter:
    """`/healthz`, and `/readyz`, which answers 200 where all `checks` pass, and 503 with reasons else."""
    routes = APIRouter()

    @routes.get("/healthz")
    async def healthz() -> JSONResponse:
        return JSONResponse({"status": "ok"}, headers={"cache-control": "no-store"})

    @routes.get("/readyz")
    async def readyz() -> JSONResponse:
        verdicts = await asyncio.gather(*(_run(name, check) for name, check in checks.items()))
        reasons = {name: verdict for name, verdict in zip(checks, verdicts, strict=True) if verdict is not None}
        return JSONResponse(
            {
                "status": "unavailable" if reasons else "ok",
                "checks": dict.fromkeys(checks, "ok") | reasons,
            },
            status_code=503 if reasons else 200,
            headers={"cache-control": "no-store"},
        )

    return routes


async def _run(name: str, check: Check) -> str | None:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await check()
    except TimeoutError:
        return f"no answer within {CHECK_SECONDS:.0f} seconds"
    except AllInOneError as error:
        return str(error)
    except Exception:
        logger.exception("The readiness check %s failed", name)
        return "failed; the log says more"
    return None
