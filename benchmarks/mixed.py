"""`./run bench mixed`: requests of every kind by many clients at once. Each answer must be, byte by byte, that of the
same request alone: real OCR models, random-weight CLIP and face models of the true shapes.
"""

import argparse
import json
import tempfile
from pathlib import Path

from rich.console import Console

from models.tiny_clip import make_clip_model
from support.face_packs import make_face_pack
from support.mixed_requests import ask_all, make_requests
from support.photos_ai_service import running_service


def main(argv: list[str]) -> int:
    """Start a photos-ai, ask, compare. The exit status is 1 where an answer differs or a request fails."""
    parser = argparse.ArgumentParser(prog="./run bench mixed", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000, help="how many requests")
    parser.add_argument("--clients", type=int, default=32, help="how many ask at the same time")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_clip_model(folder / "models")
        make_face_pack(folder / "models")
        with running_service(folder / "models", folder) as service:
            requests = make_requests(seed=7)
            outcome = ask_all(service.url, requests, count=options.count, clients=options.clients)
            rss = service.rss() / 2**20
    figures = {
        "requests": outcome.asked,
        "clients": options.clients,
        "distinct requests": len(requests),
        "different answers": len(outcome.different),
        "failed": len(outcome.failed),
        "requests a second": round(outcome.asked / outcome.seconds, 1),
        "RSS at the end, MiB": round(rss),
    }
    console = Console()
    if options.json:
        console.print_json(json.dumps(figures))
    else:
        for title, figure in figures.items():
            console.print(f"{title:24}{figure:>10}")
    return 1 if outcome.different or outcome.failed else 0
