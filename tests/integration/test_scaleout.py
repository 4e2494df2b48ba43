"""photos-ai on a Ray cluster of two nodes behind the gateway: exchanged and killed under load, and no answer is lost.

`ALLINONE_TEST_RAY_SECONDS` makes the load longer than the few seconds that show it.
"""

import asyncio
import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from support.allinone_process import wait_for
from support.photos_ai_service import page
from support.ray_cluster import RayCluster, ray_cluster

CLIENTS = 16
SECONDS = float(os.environ.get("ALLINONE_TEST_RAY_SECONDS", "8"))
WORD = "RE16TGK"
MODEL = "PP-OCRv5_mobile"
ENTRIES = json.dumps({"ocr": {"detection": {"modelName": MODEL}, "recognition": {"modelName": MODEL}}})
SCALE = {"ALLINONE_RAY_MIN": "2", "ALLINONE_RAY_MAX": "2", "ALLINONE_RAY_PER_MACHINE": "1", "ALLINONE_RAY_CPUS": "1"}

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def cluster() -> Iterator[RayCluster]:
    """Two nodes with a replica on each."""
    with ray_cluster() as nodes:
        deploy(nodes)
        yield nodes


@pytest.fixture(scope="module")
def gateway(cluster: RayCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a gateway that knows both nodes."""
    log = tmp_path_factory.mktemp("gateway") / "log"
    backends = ", ".join(f"photos-ai=predict+http://127.0.0.1:{port}" for port in cluster.ports)
    environment = cluster.environment | {
        "ALLINONE_BACKENDS": backends,
        "ALLINONE_ROUTES": "*=photos-ai facial-recognition=photos-ai",
    }
    command = [sys.executable, "-m", "allinone", "gateway", "--host", "127.0.0.1", "--port", "0"]
    with log.open("wb") as file:
        process = subprocess.Popen(command, env=environment, stdout=file, stderr=file)
    found = wait_for(lambda: re.search(r"listens at (http://\S+)/", log.read_text()), "the gateway")
    yield found[1]
    process.terminate()
    process.wait(timeout=30)


def deploy(cluster: RayCluster, **changed: str) -> str:
    """`allinone scaleout`, to its end."""
    command = [sys.executable, "-m", "allinone", "scaleout"]
    environment = cluster.environment | SCALE | changed
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def answers(port: int) -> bool:
    """Whether a node's own port still does."""
    try:
        return httpx.get(f"http://127.0.0.1:{port}/ping", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


async def load(url: str, until: asyncio.Event) -> Counter[str]:
    """What `CLIENTS` clients were answered, each asking anew at once, until the event."""
    photo = page(WORD, (480, 280))
    verdicts: Counter[str] = Counter()

    async def client(http: httpx.AsyncClient) -> None:
        while not until.is_set():
            answer = await http.post(f"{url}/predict", files={"entries": (None, ENTRIES), "image": ("blob", photo)})
            right = answer.status_code == 200 and WORD in answer.json()["ocr"]["text"]
            verdicts["right" if right else f"{answer.status_code} {answer.text[:200]}"] += 1

    async with httpx.AsyncClient(timeout=300, limits=httpx.Limits(max_connections=CLIENTS)) as http:
        await asyncio.gather(*(client(http) for _ in range(CLIENTS)))
    return verdicts


async def test_a_change_of_settings_exchanges_replicas_and_loses_no_answer(cluster: RayCluster, gateway: str) -> None:
    over = asyncio.Event()
    running = asyncio.create_task(load(gateway, over))
    await asyncio.sleep(1)
    said = await asyncio.to_thread(deploy, cluster, ALLINONE_OCR_MIN_SCORE="0.4")
    over.set()
    verdicts = await running
    assert set(verdicts) == {"right"}, verdicts
    assert "2 replicas" in said


async def test_a_node_that_dies_under_load_loses_no_answer(cluster: RayCluster, gateway: str) -> None:
    assert [answers(port) for port in cluster.ports] == [True, True]
    over = asyncio.Event()
    running = asyncio.create_task(load(gateway, over))
    await asyncio.sleep(SECONDS / 2)
    cluster.kill_second()
    await asyncio.sleep(SECONDS)
    over.set()
    verdicts = await running
    assert set(verdicts) == {"right"}, verdicts
    assert [answers(port) for port in cluster.ports] == [True, False]


def test_without_a_cluster_it_says_how_to_start_one(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "allinone", "scaleout"]
    environment = os.environ | {"ALLINONE_RAY_ADDRESS": "127.0.0.1:1"}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=120, cwd=tmp_path
    )
    assert done.returncode == 1
    assert "ray start --head --disable-usage-stats" in done.stderr
