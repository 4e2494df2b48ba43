"""The grid in a real browser: searching, keys, languages, narrow screens, a library that grows."""

import re
from collections.abc import Callable
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page, expect

from support.page_site import HOSTILE, PLAIN_PHOTOS, PageSite, Picture, straight

OpenPage = Callable[..., Page]
RESULTS = "#photos [role=list] a"


def search(page: Page, query: str) -> None:
    page.get_by_role("searchbox").fill(query)
    page.keyboard.press("Enter")


def focused(page: Page) -> Locator:
    return page.locator("*:focus")


def test_a_search_finds_photos_and_marks_what_matched(page_site: PageSite, open_page: OpenPage) -> None:
    page = open_page(f"{page_site.url}/allinone/")
    search(page, "统一发票")  # the photo says it in the other script
    expect(page.locator(RESULTS)).to_have_count(1)
    expect(page.locator("mark").first).to_have_text("統一發票")
    expect(page.get_by_role("status").filter(has_text="1 photo found")).to_be_visible()
    expect(page).to_have_title("统一发票 · Photos")
    search(page, "ocr:發票")
    expect(page.locator(RESULTS)).to_have_count(2)
    assert all("發票" in text for text in page.locator(".caption mark").all_inner_texts())


def test_the_query_lives_in_the_address(page_site: PageSite, open_page: OpenPage) -> None:
    page = open_page(f"{page_site.url}/allinone/")
    search(page, "總計")
    expect(page).to_have_url(re.compile(re.escape(f"?q={quote('總計')}")))
    expect(page.locator(RESULTS)).to_have_count(1)
    search(page, "天增歲月")
    expect(page.locator(".file")).to_have_text("couplet.jpg")
    page.go_back()
    expect(page.get_by_role("searchbox")).to_have_value("總計")
    expect(page.locator(".file")).to_have_text("receipt.jpg")
    page.go_forward()
    expect(page.locator(".file")).to_have_text("couplet.jpg")
    page.reload()
    expect(page.get_by_role("searchbox")).to_have_value("天增歲月")
    expect(page.locator(".file")).to_have_text("couplet.jpg")


def test_a_search_without_result_says_so_and_how_to_search(page_site: PageSite, open_page: OpenPage) -> None:
    page = open_page(f"{page_site.url}/allinone/")
    search(page, "ocr:no such words")
    expect(page.get_by_role("heading", name="No photo contains “ocr:no such words”")).to_be_visible()
    page.get_by_role("link", name="ocr:invoice").click()
    expect(page.get_by_role("searchbox")).to_have_value("ocr:invoice")


def test_everything_can_be_done_with_the_keyboard(page_site: PageSite, open_page: OpenPage) -> None:
    page = open_page(f"{page_site.url}/allinone/")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("發票")
    page.keyboard.press("Enter")
    expect(page.locator(RESULTS)).to_have_count(2)
    page.keyboard.press("ArrowDown")
    expect(page.locator(RESULTS).first).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.locator(RESULTS).nth(1)).to_be_focused()
    wanted = page.locator(RESULTS).nth(1).locator(".file").inner_text()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(wanted)
    page.keyboard.press("Escape")
    expect(page.get_by_role("searchbox")).to_have_value("發票")
    expect(page.locator(RESULTS).nth(1)).to_be_focused()
    page.keyboard.press("/")
    page.keyboard.press("Escape")
    expect(page.get_by_role("searchbox")).to_have_value("")
    expect(page).to_have_url(f"{page_site.url}/allinone/")
    expect(page.locator(".tile").first).to_be_visible()


def test_tab_reaches_the_photos_with_a_visible_ring(page_site: PageSite, open_page: OpenPage) -> None:
    page = open_page(f"{page_site.url}/allinone/")
    page.keyboard.press("Tab")
    expect(focused(page)).to_have_text("Skip to photos")
    for _ in range(12):
        page.keyboard.press("Tab")
        if focused(page).get_attribute("data-id"):
            break
    expect(page.locator(RESULTS).first).to_be_focused()
    assert focused(page).evaluate("e => parseFloat(getComputedStyle(e).outlineWidth)") >= 2


def test_more_photos_come_by_scrolling_and_the_place_is_kept(page_site: PageSite, open_page: OpenPage) -> None:
    page = open_page(f"{page_site.url}/allinone/")
    expect(page.locator(RESULTS)).to_have_count(60)
    page.mouse.wheel(0, 30_000)
    expect(page.locator(RESULTS).nth(PLAIN_PHOTOS)).to_be_attached()
    expect(page.get_by_role("button", name="Show more")).to_be_hidden()
    link = page.locator(RESULTS).nth(66)
    link.scroll_into_view_if_needed()
    before = page.evaluate("scrollY")
    wanted = link.get_attribute("data-id")
    link.click()
    expect(page.locator("figure.photo")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(f"a[data-id='{wanted}']")).to_be_focused()
    expect(page.locator(f"a[data-id='{wanted}']")).to_be_in_viewport()
    assert abs(page.evaluate("scrollY") - before) < 40


def test_thumbnails_are_fetched_only_near_the_screen(page_site: PageSite, open_page: OpenPage) -> None:
    page = open_page(f"{page_site.url}/allinone/", viewport={"width": 360, "height": 500})
    expect(page.locator("#photos img").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    loaded = page.locator("#photos img").evaluate_all("all => all.filter(e => e.complete && e.naturalWidth).length")
    assert 0 < loaded < page.locator("#photos img").count()


def test_a_phone_never_scrolls_sideways(page_site: PageSite, open_page: OpenPage) -> None:
    phone = {"viewport": {"width": 360, "height": 740}, "has_touch": True}
    page = open_page(f"{page_site.url}/allinone/", **phone)
    photo = f"photos/{page_site.photos['receipt.jpg']}?q=發票"
    for path in ("", "?q=發票", "?q=nothing%20here", photo, "status", "nowhere"):
        page.goto(f"{page_site.url}/allinone/{path}")
        expect(page.locator(".nicegui-content > *").first).to_be_attached()
        page.wait_for_timeout(100)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
        small = page.locator("a:visible, button:visible").evaluate_all(
            "all => all.map(e => [e.outerHTML.slice(0, 120), e.getBoundingClientRect()])"
            ".filter(([, box]) => box.width > 1 && (box.height < 43.5 || box.width < 43.5)).map(([html]) => html)"
        )
        assert small == [], path


@pytest.mark.parametrize(
    ("locale", "lang", "placeholder"),
    [
        ("zh-TW", "zh-TW", "搜尋相片中的文字"),
        ("zh-HK", "zh-TW", "搜尋相片中的文字"),
        ("zh-CN", "zh-CN", "搜索照片中的文字"),
        ("fr-FR", "en-US", "Search the text in your photos"),
    ],
)
def test_the_browser_chooses_the_language(
    page_site: PageSite, open_page: OpenPage, locale: str, lang: str, placeholder: str
) -> None:
    page = open_page(f"{page_site.url}/allinone/", locale=locale)
    expect(page.get_by_role("searchbox")).to_have_attribute("placeholder", placeholder)
    expect(page.locator("html")).to_have_attribute("lang", lang)


def test_a_missing_model_is_one_line_and_a_present_one_none(page_site: PageSite, open_page: OpenPage) -> None:
    page = open_page(f"{page_site.url}/allinone/")
    expect(page.locator(".notice")).to_have_count(1)
    expect(page.locator(".notice")).to_contain_text("./run models pull")
    page = open_page(f"{page_site.clip_url}/allinone/")
    expect(page.get_by_role("searchbox")).to_be_visible()
    expect(page.locator(".notice")).to_have_count(0)


def test_new_photos_and_progress_appear_by_themselves(page_site: PageSite, open_page: OpenPage) -> None:
    page = open_page(f"{page_site.url}/allinone/")
    expect(page.locator("progress")).to_have_count(0)
    mark_waiting = "update library_asset set status = %s where id = %s"
    plain = page_site.photos["plain-050.jpg"]
    page_site.execute(mark_waiting, ("waiting", plain))
    expect(page.locator("progress")).to_be_visible(timeout=15_000)
    expect(page.get_by_text(re.compile(r"Photos are being read: \d+ of \d+"))).to_be_visible()
    page.mouse.wheel(0, 900)
    page.wait_for_function("scrollY > 300")
    anchor = page.locator(RESULTS).nth(20)
    top = anchor.evaluate("e => e.getBoundingClientRect().top")
    wanted = anchor.get_attribute("data-id")
    added = page_site.add(Picture("added.jpg", (600, 400), (straight("新來的", 0.1, 0.1, 0.5, 0.2),), (200, 90, 60)))
    page_site.execute(mark_waiting, ("done", plain))
    expect(page.locator(f"a[data-id='{added}']")).to_be_attached(timeout=15_000)
    page.wait_for_timeout(200)
    moved = page.locator(f"a[data-id='{wanted}']").evaluate("e => e.getBoundingClientRect().top")
    assert abs(moved - top) < 300  # at most a row: tiles of a row may be laid out anew around the new one
    expect(page.locator("progress")).to_have_count(0, timeout=15_000)


def test_a_lost_folder_is_said(page_site: PageSite, open_page: OpenPage) -> None:
    note = "update library set notice = %s"
    page_site.execute(note, ("The folder /photos is not there.",))
    try:
        page = open_page(f"{page_site.url}/allinone/")
        warning = page.locator(".notice.warning")
        expect(warning).to_contain_text("already read can still be searched. The folder /photos is not there.")
    finally:
        page_site.execute(note, (None,))


def test_a_database_that_goes_away_is_said_and_waited_for(page_site: PageSite, open_page: OpenPage) -> None:
    page = open_page(f"{page_site.url}/allinone/")
    with page_site.without_database():
        search(page, "總計")
        expect(page.locator(".notice.warning")).to_contain_text("trying again", timeout=30_000)
        expect(page.locator("#photos[aria-busy]")).to_have_count(0, timeout=30_000)
    expect(page.locator(".file")).to_have_text("receipt.jpg", timeout=30_000)
    expect(page.locator(".notice.warning")).to_have_count(0)


def test_nothing_is_fetched_from_elsewhere(page_site: PageSite, open_page: OpenPage) -> None:
    page = open_page(f"{page_site.url}/allinone/")
    hosts: set[str] = set()
    page.context.on("request", lambda request: hosts.add(request.url.split("/")[2] if "//" in request.url else "data"))
    for path in ("", "?q=發票", "status", f"photos/{page_site.photos['receipt.jpg']}"):
        page.goto(f"{page_site.url}/allinone/{path}")
        page.wait_for_load_state("networkidle")
    assert hosts - {"data"} == {page_site.url.removeprefix("http://")}
    assert page.locator("link[rel='shortcut icon']").get_attribute("href").startswith("data:image/svg+xml")


def test_hostile_names_and_text_stay_text(page_site: PageSite, open_page: OpenPage) -> None:
    page = open_page(f"{page_site.url}/allinone/")
    places = {
        f"?q={quote('發票')}": "#photos .caption",
        f"?q={quote(HOSTILE + ' nothing')}": "#photos h2",
        "status": "#unreadable td",
        f"photos/{page_site.photos[HOSTILE + '.jpg']}": "h1",
        f"photos/{page_site.photos['receipt.jpg']}": ".lines",
    }
    for path, place in places.items():
        page.goto(f"{page_site.url}/allinone/{path}")
        expect(page.locator(place).filter(has_text=HOSTILE).first).to_be_visible()
        assert page.evaluate("document.body.dataset.owned") is None, path
        assert page.locator("img[src=x]").count() == 0, path
