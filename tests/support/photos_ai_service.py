"""photos-ai as a process of its own, and a client for it."""

import io
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
from PIL import Image, ImageDraw, ImageFont

from support.allinone_process import PATIENCE, wait_for

KEY = "a key of this test"
FONTS = Path(__file__).parent / "fonts"
_ADDRESS = re.compile(r"listens at (http://\S+/)")


@dataclass(frozen=True)
class RunningService:
    """A photos-ai that answers.

    Attributes:
        url: without a slash at its end.
    """

    process: psutil.Process
    url: str
    log_file: Path

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.url.rpartition(":")[2])

    def rss(self) -> int:
        """Bytes of memory it holds."""
        return int(self.process.memory_info().rss)

    def post(self, path: str, *, key: str | None = KEY, **request: object) -> httpx.Response:
        """POST with the key."""
        headers = {"api-key": key} if key is not None else {}
        return httpx.post(self.url + path, headers=headers, timeout=PATIENCE, **request)  # type: ignore[arg-type]

    def send_image(self, path: str, image: bytes) -> httpx.Response:
        """An image for an MT-Photos route."""
        return self.post(path, files={"file": ("photo.jpg", image, "image/jpeg")})

    def predict(
        self, entries: object, *, image: bytes | None = None, text: str | None = None, key: str | None = None
    ) -> httpx.Response:
        """A request as Immich sends it."""
        files: dict[str, object] = {"entries": (None, entries if isinstance(entries, bytes) else json.dumps(entries))}
        if image is not None:
            files["image"] = ("blob", image, "application/octet-stream")
        if text is not None:
            files["text"] = (None, text)
        return self.post("/predict", key=key, files=files)

    def metric(self, name: str) -> float:
        """The sum of a metric over its labels."""
        lines = httpx.get(self.url + "/metrics", timeout=PATIENCE).text.splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if re.match(rf"{re.escape(name)}(\{{|\s)", line))


@contextmanager
def running_service(
    models: Path, folder: Path, environment: Mapping[str, str] | None = None
) -> Iterator[RunningService]:
    """`allinone photos-ai` on a free port of this machine, ended with the block."""
    log_file = folder / "photos-ai.log"
    variables = os.environ | {"CLIP_DOWNLOAD_ROOT": str(models), "API_AUTH_KEY": KEY} | (environment or {})
    command = [sys.executable, "-m", "allinone", "photos-ai", "--host", "127.0.0.1", "--port", "0"]
    with log_file.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, cwd="/", env=variables)

    def url() -> str | None:
        assert process.poll() is None, f"photos-ai ended with {process.returncode}: {log_file.read_text()}"
        found = _ADDRESS.search(log_file.read_text())
        return found[1].rstrip("/") if found and _answers(found[1]) else None

    try:
        yield RunningService(psutil.Process(process.pid), wait_for(url, "photos-ai to listen"), log_file)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            raise


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}ping", timeout=5).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def page(text: str, size: tuple[int, int] = (640, 480), *, kind: str = "JPEG") -> bytes:
    """An image file with a line of text on it."""
    image = Image.new("RGB", size, "white")
    ImageDraw.Draw(image).text((60, 200), text, font=ImageFont.truetype(FONTS / "latin.otf", 48), fill="black")
    stream = io.BytesIO()
    image.save(stream, kind)
    return stream.getvalue()
