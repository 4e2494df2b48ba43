"""What one would write first: Starlette and httpx. `python httpx_proxy.py PORT BACKEND_PORT`."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


def create_app(backend: str) -> Starlette:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with httpx.AsyncClient(base_url=backend, timeout=300) as client:
            app.state.client = client
            yield

    async def predict(request: Request) -> Response:
        headers = {"content-type": request.headers["content-type"]}
        answer = await request.app.state.client.post("/predict", content=await request.body(), headers=headers)
        return Response(answer.content, answer.status_code, media_type=answer.headers["content-type"])

    return Starlette(routes=[Route("/predict", predict, methods=["POST"])], lifespan=lifespan)


if __name__ == "__main__":
    app = create_app(f"http://127.0.0.1:{sys.argv[2]}")
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False)
