"""Commands as the documentation shows them: blocks marked `sh`, with continued lines joined."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [
    *sorted(ROOT.glob("README*.md")),
    ROOT / "CONTRIBUTING.md",
    *sorted(path for path in (ROOT / "docs").rglob("*.md") if "decisions" not in path.parts),
]

CANNOT_RUN_HERE = {
    r"docker (run|exec) ": "needs a Docker engine",
    r"docker compose (?!-f )": "needs a Docker engine",
    r"git (clone|-C) ": "needs the published repository",
    r"(systemctl|journalctl|useradd|install|python3 -m venv /opt|/opt/allinone)": "sets up the machine",
    r"pip (install|uninstall) ": "fetches from PyPI; deploy/try-wheel.sh does, in .ci/run",
    r"(\S+=\S+ )?(\./run|allinone) models (pull|convert) ": "needs a hub: test_models_pull.py and test_convert.py",
    r"\./run (test|check|bench)": "runs the tests, or for minutes",
    r"(ray start|allinone scaleout)": "needs a cluster; test_scaleout.py has one",
    r"rsync ": "needs Immich's folders on S3",
    r"curl -s -X POST http://127.0.0.1:8060/check": "needs the container of the block above",
}
"""Beginnings of commands that no test can run, each with the reason."""


@dataclass(frozen=True)
class Block:
    """A block of commands.

    Attributes:
        page: where it stands.
        number: which one of the page's.
        commands: as they are typed, one a line.
    """

    page: Path
    number: int
    commands: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)} {self.number}"

    def runnable(self) -> list[str]:
        """Those that can run here."""
        return [command for command in self.commands if reason(command) is None]


def reason(command: str) -> str | None:
    """Why `command` cannot run here; None where it can."""
    return next((why for start, why in CANNOT_RUN_HERE.items() if re.match(start, command)), None)


def blocks() -> Iterator[Block]:
    """All of them."""
    for page in PAGES:
        for number, found in enumerate(
            re.findall(r"^ *```sh\n(.*?)^ *```", page.read_text(), re.MULTILINE | re.DOTALL), 1
        ):
            yield Block(page, number, tuple(_commands(found)))


def _commands(text: str) -> Iterator[str]:
    text = re.sub(r"\\\n\s*", "", text)
    text = re.sub(r"<<'(\w+)'\n.*?\n *\1$", "", text, flags=re.DOTALL | re.MULTILINE)  # here documents
    for line in text.splitlines():
        command = re.sub(r"\s{2,}#.*$|^#.*$", "", line).strip()
        if command and not re.fullmatch(r"[A-Z_]+=\S*", command):
            yield command
