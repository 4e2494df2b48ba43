"""`./run bench clip`: previews a second that photos-ai makes vectors of, asked by four clients over HTTP.

They ask as Immich does. Beside it: bare ONNX Runtime on the same ViT-B-16 (random weights, fp32, batch 1), whose
pictures lie prepared in memory; once with one picture on each core, as photos-ai goes about it, once with all cores on
one. All take turns, so that what else the machine does harms all of them. The ratio is to the faster of the two, in the
same turn. Processor seconds, of the service and of the first bare way, tell what a picture costs when the machine is
busy with other work.
"""

import argparse
import json
import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
import onnxruntime
import psutil
from benchmarks.previews import make_previews
from rich.console import Console

from allinone.photos_ai.conversion.convert import convert_checkpoint
from support.photos_ai_service import RunningService, running_service
from support.true_width_clip import NAME, make_tensors, write_checkpoint

CLIENTS = 4
ENTRIES = json.dumps({"clip": {"visual": {"modelName": "ViT-B-16__openai"}}})
CORES = len(os.sched_getaffinity(0))


@dataclass(frozen=True, slots=True)
class Round:
    """Pictures a second, each way, in one turn; and processor seconds that a picture took."""

    over_http: float
    bare: float
    bare_all_cores_on_one: float
    cpu_over_http: float
    cpu_bare: float


def main(argv: list[str]) -> int:
    """Make the model, take turns, print the ratio."""
    parser = argparse.ArgumentParser(prog="./run bench clip", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how many turns each takes")
    parser.add_argument("--pictures", type=int, default=60, help="how many in one turn")
    parser.add_argument("--layers", type=int, default=12, help="of each tower")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        checkpoint = write_checkpoint(folder / "checkpoint", make_tensors(options.layers))
        model = convert_checkpoint(checkpoint, NAME, folder / "models")
        previews = list(make_previews().values())
        with running_service(folder / "models", folder) as service:
            rounds = _rounds(service, model.image, previews, options.rounds, options.pictures)
    ratio = statistics.median(each.over_http / max(each.bare, each.bare_all_cores_on_one) for each in rounds)
    _print(rounds, ratio, as_json=options.json)
    return 0


def _rounds(service: RunningService, model: Path, previews: list[bytes], rounds: int, pictures: int) -> list[Round]:
    one_each, all_on_one = _session(model, 1), _session(model, CORES)
    with multiprocessing.get_context("spawn").Pool(1) as clients:

        def over_http() -> float:
            return clients.apply(_ask, (service.url, previews, pictures))

        clients.apply(_ask, (service.url, previews, 2 * CLIENTS))  # loads the model
        found = []
        for _ in range(rounds):
            served = _with_cpu(service.process, over_http, pictures)
            bare = _with_cpu(psutil.Process(), lambda: _bare(one_each, pictures, CORES), pictures)
            found.append(Round(served[0], bare[0], _bare(all_on_one, pictures, 1), served[1], bare[1]))
    return found


def _with_cpu(process: psutil.Process, work: Callable[[], float], pictures: int) -> tuple[float, float]:
    """What `work` answers, and the processor seconds that `process` took for each picture meanwhile."""
    before = process.cpu_times()
    answer = work()
    after = process.cpu_times()
    return answer, (after.user + after.system - before.user - before.system) / pictures


def _ask(url: str, previews: list[bytes], count: int) -> float:
    """Pictures a second over HTTP; in a process of its own, as Immich is."""
    local = [httpx.Client(timeout=120) for _ in range(CLIENTS)]

    def work(client: int) -> None:
        for place in range(client, count, CLIENTS):
            files = {"entries": (None, ENTRIES), "image": ("blob", previews[place % len(previews)])}
            local[client].post(f"{url}/predict", files=files).raise_for_status()

    return _rate(count, work, CLIENTS)


def _bare(session: onnxruntime.InferenceSession, count: int, threads: int) -> float:
    picture = np.random.default_rng(1).standard_normal((1, 3, 224, 224)).astype(np.float32)
    name = session.get_inputs()[0].name

    def work(thread: int) -> None:
        for _ in range(thread, count, threads):
            session.run(None, {name: picture})

    return _rate(count, work, threads)


def _rate(count: int, work: Callable[[int], None], threads: int) -> float:
    with ThreadPoolExecutor(threads) as pool:
        begun = time.perf_counter()
        list(pool.map(work, range(threads)))
        return count / (time.perf_counter() - begun)


def _session(model: Path, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def _print(rounds: list[Round], ratio: float, *, as_json: bool) -> None:
    means = {
        "photos-ai over HTTP": statistics.median(each.over_http for each in rounds),
        "bare ONNX Runtime, one picture a core": statistics.median(each.bare for each in rounds),
        "bare ONNX Runtime, all cores on one picture": statistics.median(each.bare_all_cores_on_one for each in rounds),
    }
    cpu = {
        "photos-ai": statistics.median(each.cpu_over_http for each in rounds),
        "bare": statistics.median(each.cpu_bare for each in rounds),
    }
    cpu_ratio = statistics.median(each.cpu_bare / each.cpu_over_http for each in rounds)
    if as_json:
        figures = {"ratio": ratio, "pictures_per_second": means, "cpu_seconds": cpu, "cpu_ratio": cpu_ratio}
        Console().print_json(json.dumps(figures))
        return
    for title, rate in means.items():
        Console().print(f"{title:46}{rate:7.2f} pictures/s")
    Console().print(f"{ratio:.3f} × the faster of the two, median of {len(rounds)} turns")
    ours, bare = (1000 * cpu[of] for of in ("photos-ai", "bare"))
    Console().print(f"Processor time: {ours:.0f} ms a picture, bare {bare:.0f} ms: {cpu_ratio:.3f} ×")
