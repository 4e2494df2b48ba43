"""OpenVINO as the engine that reads text: the same text, from any number of threads, and nothing sent anywhere."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from allinone.errors import ConfigurationError
from allinone.images.decode import decode_image
from allinone.photos_ai.models import ocr
from allinone.photos_ai.models.ocr import TextReader
from allinone.photos_ai.openvino_sessions import OpenVinoSession
from allinone.photos_ai.settings import EngineSettings
from allinone.wire.ocr import OcrLine

WATCHED_IMPORT = """
import sys
asked, WATCHED = [], {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"}
sys.addaudithook(lambda event, args: asked.append((event, args)) if event in WATCHED else None)
import numpy as np
from allinone.photos_ai.models.ocr import TextReader
TextReader.load(engine="openvino").read(np.full((200, 300, 3), 255, np.uint8))
import threading
for thread in threading.enumerate():
    if thread is not threading.current_thread():
        thread.join(5)
assert "openvino" in sys.modules
assert not asked, asked
assert sys.modules["openvino_telemetry"] is None
"""

MANY_SIZES = """
import numpy as np, psutil
from allinone.photos_ai import memory
from allinone.photos_ai.models import ocr
from allinone.photos_ai.openvino_sessions import OpenVinoSession

session = OpenVinoSession(ocr._FOLDER / ocr._DETECTION, callers=2)
name, random = session.get_inputs()[0].name, np.random.default_rng(0)
for number in range(61):
    height, width = 32 * random.integers(6, 31, 2) if number else (960, 960)
    session.run(None, {name: np.zeros((1, 3, height, width), np.float32)})
    if number in (10, 60):
        memory.give_back()
        print(psutil.Process().memory_info().rss)
"""


@pytest.fixture(scope="module")
def pages(samples: Path) -> list[np.ndarray]:
    return [decode_image(path).pixels for path in sorted(samples.glob("*.jpg"))[:6]]


@pytest.fixture(scope="module")
def reader() -> TextReader:
    return TextReader.load(engine="openvino", callers=2)


def told(lines: list[OcrLine]) -> str:
    return "".join(line.text.replace(" ", "") for line in lines)


def test_the_text_is_that_of_onnx_runtime(reader: TextReader, pages: list[np.ndarray]) -> None:
    other = TextReader.load()
    # in bfloat16, which it takes where the processor has it, one character in some hundreds comes out differently
    pairs = [(told(other.read(pixels)), told(reader.read(pixels))) for pixels in pages]
    assert sum(len(one) for one, _ in pairs) > 250
    assert all(SequenceMatcher(None, *pair, autojunk=False).ratio() > 0.97 for pair in pairs)


def test_sizes_that_were_seen_once_are_not_kept_in_memory() -> None:
    done = subprocess.run([sys.executable, "-c", MANY_SIZES], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    first, last = (int(held) for held in done.stdout.split())
    assert last - first < 130 * 2**20  # 64 to 80 MiB; with what OpenVINO keeps of its own accord: 200 to 233


def test_threads_get_their_own_text(reader: TextReader, pages: list[np.ndarray]) -> None:
    alone = [reader.read(pixels) for pixels in pages]
    with ThreadPoolExecutor(5) as pool:  # more than there are streams
        together = list(pool.map(reader.read, pages * 2))
    assert [[line.text for line in lines] for lines in together] == [
        [line.text for line in lines] for lines in alone
    ] * 2


def test_threads_get_their_own_numbers(tmp_path: Path) -> None:
    path = tmp_path / "double.onnx"
    graph = helper.make_graph(
        [helper.make_node("Add", ["x", "x"], ["y"])],
        "double",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 4])],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    session = OpenVinoSession(path, callers=2)
    assert [(port.name, port.shape) for port in session.get_inputs()] == [("x", [None, 4])]
    assert session.get_modelmeta().custom_metadata_map == {}

    def doubled(number: int) -> bool:
        values = np.full((1 + number % 50, 4), number, np.float32)
        return bool((session.run(None, {"x": values})[0] == 2 * values).all())

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(doubled, range(2000)))


def test_importing_it_reports_to_nobody(tmp_path: Path) -> None:
    """Left alone, `import openvino` makes an identity in the home directory and sends it to Google Analytics."""
    environment = {name: value for name, value in os.environ.items() if name != "CI"}
    done = subprocess.run(
        [sys.executable, "-c", WATCHED_IMPORT],
        env=environment | {"HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []


def test_its_telemetry_must_not_be_there_before(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "openvino_telemetry", os)
    with pytest.raises(ConfigurationError, match="openvino_telemetry"):
        OpenVinoSession(tmp_path / "none.onnx")


def test_where_it_is_not_installed_a_warning_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(ocr, "openvino_installed", lambda: False)
    assert ocr.usable_engine("openvino") == "onnxruntime"
    assert "immich-all-in-one[openvino]" in caplog.text


def test_the_setting_chooses_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert EngineSettings(models=tmp_path).text_engine == "onnxruntime"
    monkeypatch.setenv("ALLINONE_OCR_ENGINE", "OpenVINO")
    assert EngineSettings(models=tmp_path).text_engine == "openvino"
    monkeypatch.setenv("ALLINONE_OCR_ENGINE", "")
    assert EngineSettings(models=tmp_path).text_engine == "onnxruntime"
    monkeypatch.setenv("ALLINONE_OCR_ENGINE", "paddle")
    with pytest.raises(ConfigurationError, match="ALLINONE_OCR_ENGINE"):
        EngineSettings(models=tmp_path)
