"""The status page in a real browser."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from support.page_site import UNREADABLE, PageSite

OpenPage = Callable[..., Page]


def test_unreadable_files_are_listed_with_their_reasons(page_site: PageSite, open_page: OpenPage) -> None:
    page = open_page(f"{page_site.url}/allinone/")
    page.get_by_role("link", name=f"{UNREADABLE} files could not be read").click()
    rows = page.locator("#unreadable tbody tr")
    expect(rows).to_have_count(50)
    expect(rows.first).to_contain_text("The file is cut off after 12 bytes.")
    page.get_by_role("link", name="Next page").click()
    expect(rows).to_have_count(UNREADABLE - 50)
    expect(page.get_by_text("Page 2 of 2")).to_be_visible()
    listed = set(page.locator("#unreadable td:first-child").all_inner_texts())
    page.get_by_role("link", name="Previous page").click()
    expect(rows).to_have_count(50)
    listed |= set(page.locator("#unreadable td:first-child").all_inner_texts())
    assert len(listed) == UNREADABLE


def test_progress_models_folder_and_versions_are_shown(page_site: PageSite, open_page: OpenPage) -> None:
    page = open_page(f"{page_site.url}/allinone/status")
    main = page.locator("#status")
    for words in ("Could not be read", str(page_site.root), "Can be reached", "RapidOCR", "Not present", "PostgreSQL"):
        expect(main).to_contain_text(words)
    page_site.execute("update library_asset set status = 'waiting' where id = %s", (page_site.photos["plain-069.jpg"],))
    waiting = page.locator(".numbers div", has_text="Waiting").locator("dd")
    expect(waiting).to_have_text("1")
    page_site.execute("update library_asset set status = 'done' where id = %s", (page_site.photos["plain-069.jpg"],))
    expect(waiting).to_have_text("0")
    page = open_page(f"{page_site.clip_url}/allinone/status")
    expect(page.locator("#status")).to_contain_text("test-model")
