"""What the documentation quotes exists: messages in the code, pages and headings behind links."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from allinone import __version__
from support.documented_commands import PAGES, ROOT

CHANGELOG = ROOT / "CHANGELOG.md"
TROUBLESHOOTING = ROOT / "docs/troubleshooting.md"
OTHERS_MESSAGES = {"unsupported", "Error: services.immich-server.ports: !reset"}
SHORTEST = 12


@cache
def spoken() -> tuple[str, ...]:
    """Every text in the source that a person may read; of f-strings what stands between the values."""
    found: set[str] = set()
    for source in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(source.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
            elif isinstance(node, ast.JoinedStr):
                parts = (part.value if isinstance(part, ast.Constant) else "\0" for part in node.values)
                found.add("".join(str(part) for part in parts))
    found.add((ROOT / "src/allinone/extension/Caddyfile").read_text())
    return tuple(found)


def quoted() -> list[str]:
    """Messages that the page quotes: the first column of its tables, and of it what is set as code."""
    rows = re.findall(r"^\| (`.*?) \|", TROUBLESHOOTING.read_text(), re.MULTILINE)
    return [message for row in rows for message in re.findall(r"`([^`]+)`", row)]


def matches(message: str, text: str) -> bool:
    """Whether `message` is a part of `text`, whatever its values are."""
    if message in text:
        return True
    pattern = ".{1,60}?".join(re.escape(part) for part in text.split("\0"))
    return "\0" in text and len(text) > SHORTEST and re.search(pattern, message) is not None


@pytest.mark.parametrize("message", quoted())
def test_quoted_messages_are_ours(message: str) -> None:
    assert message in OTHERS_MESSAGES or any(matches(message, text) for text in spoken())


def anchors(page: Path) -> set[str]:
    """GitHub's names for the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", [*PAGES, ROOT / "SECURITY.md"], ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), f"{target} of {page.name}"
        assert not anchor or anchor in anchors(found), f"{target} of {page.name}"


def test_every_how_to_is_in_the_index() -> None:
    index = (ROOT / "docs/how-to/README.md").read_text()
    pages = {path.name for path in (ROOT / "docs/how-to").glob("*.md")} - {"README.md"}
    assert pages <= set(re.findall(r"\(([a-z0-9-]+\.md)\)", index))


def test_the_image_has_one_name() -> None:
    named = {
        name
        for path in [*PAGES, *(ROOT / "deploy").rglob("*.yaml")]
        for name in re.findall(r"ghcr\.io/immich-all-in-one/[\w-]+", path.read_text())
    }
    assert named == {"ghcr.io/immich-all-in-one/immich-all-in-one"}


def test_the_changelog_has_this_version() -> None:
    assert re.search(rf"^## \[{re.escape(__version__)}\] - \d{{4}}-\d\d-\d\d$", CHANGELOG.read_text(), re.MULTILINE)
