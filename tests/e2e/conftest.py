"""A real browser, and a site for it to look at."""

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from psycopg import conninfo

from allinone.database.embedded import EmbeddedPostgres
from support.page_site import PageSite

expect.set_options(timeout=15_000)  # a busy machine is slow, not wrong

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

OpenPage = Callable[..., Page]


@pytest.fixture(scope="session")
def page_site(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageSite]:
    """A site with a small library, running for the whole session (NiceGUI keeps to one event loop)."""
    maintenance = conninfo.make_conninfo(postgres.dsn, dbname="postgres")
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute("create database page_site template allinone")
    folder = tmp_path_factory.mktemp("page_site")
    root, thumbnails = folder / "photos", folder / "data" / "thumbnails"
    root.mkdir()
    thumbnails.mkdir(parents=True)
    site = PageSite(conninfo.make_conninfo(postgres.dsn, dbname="page_site"), root, thumbnails)
    site.start()
    yield site
    site.stop()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium. It ends with the module: while it runs, this thread can run no event loop of its own."""
    if not CHROMIUM.is_file():
        pytest.fail(f"The pages are tested in a real browser: install Debian's chromium ({CHROMIUM} is missing).")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[OpenPage]:
    """Opens a page in a browser of its own; whatever goes wrong in its scripts fails the test."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def open_page(url: str, **options: object) -> Page:
        options = {"locale": "en-US", "viewport": {"width": 1280, "height": 800}, **options}
        context = chromium.new_context(**options)  # type: ignore[arg-type]
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(url)
        page.wait_for_function("window.did_handshake === true")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []
