"""schemathesis on the gateway's own OpenAPI document: whatever it makes up, no status it does not know of."""

import asyncio
import sys
from pathlib import Path

import pytest

from support.gateway_site import running_gateway
from support.scripted_backend import ScriptedBackend

ROUTES = "ocr=work,clip=work,facial-recognition=work,*=work"


@pytest.mark.timeout(300)
async def test_no_unexpected_status(tmp_path: Path) -> None:
    async with ScriptedBackend() as backend, running_gateway(f"work=predict+{backend.url}", routes=ROUTES) as site:
        arguments = [
            "run", f"http://127.0.0.1:{site.port}/openapi.json",
            "--checks", "not_a_server_error,status_code_conformance,content_type_conformance",
            "--phases", "examples,coverage,fuzzing", "--max-examples", "60", "--seed", "4", "--no-color",
        ]  # fmt: skip
        process = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).with_name("schemathesis")),
            *arguments,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=tmp_path,
        )
        output, _ = await process.communicate()
        assert process.returncode == 0, output.decode()[-6000:]
        assert site.gateway.metrics.answered > 50, "the form was really tried"
        assert site.gateway.memory.used == 0
