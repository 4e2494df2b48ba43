"""Nothing we depend on reports home: SECURITY.md promises it."""

import os
import subprocess
import sys
from pathlib import Path

READ_A_PICTURE = """
import asyncio
from pathlib import Path
import numpy as np
from allinone.photos_ai.engine import Engine
from allinone.photos_ai.settings import EngineSettings

async def main():
    engine = Engine(EngineSettings(models=Path("none")))
    await engine.read_text(np.full((200, 300, 3), 255, np.uint8))
    await engine.close()

asyncio.run(main())
"""


def test_models_leave_nothing_in_the_home_directory(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ORT_", "XDG_"))}
    subprocess.run(
        [sys.executable, "-c", READ_A_PICTURE], env=environment | {"HOME": str(tmp_path)}, cwd=tmp_path, check=True
    )
    assert list(tmp_path.rglob("*")) == []
