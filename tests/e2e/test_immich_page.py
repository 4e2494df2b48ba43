"""Our script in a page that behaves like Immich's, under a policy that allows scripts of its own origin only."""

import json
import re
import time
from collections.abc import Callable, Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from support.http_site import running_site
from support.immich_web import OTHERS, OWN, SECOND, ImmichWeb

WAITING = {"ocr": {"state": "waiting", "changed": None}}
OCR_DONE = {"ocr": {"state": "done", "changed": {"linesBefore": 2, "linesAfter": 5}}}
CLIP_DONE = {"clip": {"state": "done", "changed": {"embedding": True}}}
PATIENCE = 15.0  # seconds; a busy machine is slow
OpenImmich = Callable[..., Page]


@pytest.fixture
def web() -> ImmichWeb:
    return ImmichWeb(states=[WAITING, OCR_DONE])


@pytest.fixture
def open_immich(chromium: Browser, web: ImmichWeb) -> Iterator[OpenImmich]:
    """Opens a path of the site; whatever goes wrong in the page's scripts, or breaks its policy, fails the test."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []
    with running_site(web.app()) as site:

        def open_path(path: str, **options: object) -> Page:
            context = chromium.new_context(viewport={"width": 1280, "height": 800}, **options)  # type: ignore[arg-type]
            context.set_default_timeout(10_000)
            contexts.append(context)
            page = context.new_page()
            page.on("pageerror", lambda error: errors.append(str(error)))
            page.on("console", lambda line: errors.append(line.text) if "Content Security" in line.text else None)
            page.goto(site.url + path)
            return page

        yield open_path
        for context in contexts:
            context.close()
    assert errors == []


def photo(asset: str = OWN) -> str:
    return f"/photos/{asset}"


def search(query: str = "發票") -> str:
    return f"/search?query={quote(json.dumps({'query': query}))}"


def labels(page: Page) -> list[str]:
    return [text.strip() for text in page.locator("ul[role=menu] > li").all_inner_texts()]


def reported(page: Page, web: ImmichWeb, kind: str) -> None:
    """Wait until the script has reported a problem of this kind: once, and in its own time."""
    end = time.monotonic() + PATIENCE
    while not web.problems(kind) and time.monotonic() < end:
        page.wait_for_timeout(50)
    assert web.problems(kind) == 1


def entry(page: Page, name: str) -> Locator:
    return page.get_by_role("menuitem", name=name, exact=True)


@pytest.mark.parametrize(
    ("language", "more", "expected"),
    [
        ("en", "More", ["Refresh thumbnails", "Refresh OCR data", "Refresh search data"]),
        ("zh-Hant", "更多", ["重新整理縮圖", "重新產生 OCR 資料", "重新產生搜尋資料"]),
        ("zh-Hans", "更多", ["刷新缩略图", "重新生成 OCR 数据", "重新生成搜索数据"]),
        ("de", "Mehr", ["Vorschaubilder aktualisieren", "Refresh OCR data", "Refresh search data"]),
    ],
)
@pytest.mark.parametrize("icons", [True, False])
def test_entries_stand_below_immichs_own(
    web: ImmichWeb, open_immich: OpenImmich, language: str, more: str, expected: list[str], icons: bool
) -> None:
    web.language, web.icons = language, icons
    page = open_immich(photo())
    page.get_by_role("button", name=more).click()
    expect(page.get_by_role("menuitem")).to_have_count(6)
    assert labels(page)[-3:] == expected


def test_they_look_like_immichs_own(open_immich: OpenImmich) -> None:
    page = open_immich(photo())
    page.get_by_role("button", name="More").click()
    theirs, ours = entry(page, "Refresh faces"), entry(page, "Refresh OCR data")
    looks = (
        "e => { const s = getComputedStyle(e); return [s.padding, s.font, s.color, s.backgroundColor, e.offsetHeight] }"
    )
    assert ours.evaluate(looks) == theirs.evaluate(looks)
    assert ours.locator("svg path").get_attribute("d") != theirs.locator("svg path").get_attribute("d")
    theirs.hover()
    chosen = theirs.evaluate(looks)
    ours.hover()
    assert ours.evaluate(looks) == chosen
    assert theirs.evaluate(looks) != chosen


def test_by_mouse_with_a_word_when_it_is_done(web: ImmichWeb, open_immich: OpenImmich) -> None:
    page = open_immich(photo())
    page.get_by_role("button", name="More").click()
    entry(page, "Refresh OCR data").click()
    note = page.get_by_role("status")
    expect(note).to_contain_text("waiting for Immich")
    expect(page.get_by_role("button", name="More")).to_have_attribute("aria-expanded", "false")
    expect(note).to_contain_text("5 lines of text (before: 2)")
    assert web.jobs == [{"name": "refresh-ocr", "assetIds": [OWN]}]
    page.get_by_role("button", name="Close").click()
    expect(page.locator(".allinone-note")).to_have_count(0)


def test_by_keyboard_alone(web: ImmichWeb, open_immich: OpenImmich) -> None:
    web.states = [CLIP_DONE]
    page = open_immich(photo())
    page.get_by_role("button", name="More").focus()
    menu = page.locator("ul[role=menu]")
    page.keyboard.press("ArrowDown")
    expect(entry(page, "Refresh search data")).to_be_visible()
    for _ in range(5):
        page.keyboard.press("ArrowDown")
    ours = entry(page, "Refresh search data")
    expect(menu).to_have_attribute("aria-activedescendant", ours.get_attribute("id") or "")
    expect(ours).to_have_class(re.compile("bg-slate-300"))
    page.keyboard.press("ArrowUp")
    expect(ours).to_have_class(re.compile("bg-slate-100"))
    expect(entry(page, "Refresh OCR data")).to_have_class(re.compile("bg-slate-300"))
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Search data refreshed")
    assert web.jobs == [{"name": "refresh-smart-search", "assetIds": [OWN]}]


def test_the_menu_that_stays_in_the_page_gets_them_once(open_immich: OpenImmich) -> None:
    page = open_immich(photo())
    more = page.get_by_role("button", name="More")
    for _ in range(4):
        more.click()
        expect(page.locator("[data-allinone]")).to_have_count(2)
        page.keyboard.press("Escape")
    page.evaluate(
        "document.querySelector('ul[role=menu]').append(document.querySelector('[data-allinone]').cloneNode(true))"
    )
    expect(page.locator("[data-allinone]")).to_have_count(2)
    assert labels(page)[-2:] == ["Refresh OCR data", "Refresh search data"]


def test_they_go_with_the_photo_and_come_with_the_next(web: ImmichWeb, open_immich: OpenImmich) -> None:
    page = open_immich(photo())
    ours = page.locator("[data-allinone]")
    expect(ours).to_have_count(2)
    page.evaluate(f"go('{photo(OTHERS)}')")  # another user's photo has no refresh entries
    expect(ours).to_have_count(0)
    page.evaluate(f"go('/search/photos/{SECOND}')")
    expect(ours).to_have_count(2)
    page.get_by_role("button", name="More").click()
    entry(page, "Refresh OCR data").click()
    expect(page.get_by_role("status")).to_contain_text("5 lines")
    assert web.jobs == [{"name": "refresh-ocr", "assetIds": [SECOND]}]
    page.evaluate("go('/photos')")
    expect(ours).to_have_count(0)
    assert page.locator("ul[role=menu]").count() == 0
    assert web.problems("menu") == 0


def test_a_refusal_is_told_in_immichs_words(web: ImmichWeb, open_immich: OpenImmich) -> None:
    web.refusal = (400, {"message": "Not found or no asset.update access", "statusCode": 400})
    page = open_immich(photo())
    page.get_by_role("button", name="More").click()
    entry(page, "Refresh OCR data").click()
    expect(page.get_by_role("status")).to_contain_text("failed: Not found or no asset.update access")


def test_a_job_that_fails_is_told(web: ImmichWeb, open_immich: OpenImmich) -> None:
    web.states = [{"ocr": {"state": "failed", "message": "Immich has not read it in 10 minutes <b>"}}]
    page = open_immich(photo())
    page.get_by_role("button", name="More").click()
    entry(page, "Refresh OCR data").click()
    expect(page.get_by_role("status")).to_contain_text("failed: Immich has not read it in 10 minutes <b>")


def test_another_immich_is_left_alone_and_it_is_said_once(web: ImmichWeb, open_immich: OpenImmich) -> None:
    web.changed = True
    lines: list[str] = []
    page = open_immich(photo())
    page.on("console", lambda line: lines.append(line.text))
    more = page.get_by_role("button", name="More")
    for _ in range(3):
        more.click()
        page.wait_for_timeout(700)
        more.click()
    reported(page, web, "menu")
    page.wait_for_timeout(1500)  # a second report would come now
    assert page.locator("[data-allinone]").count() == 0
    assert len([line for line in lines if "immich-all-in-one" in line]) == 1
    assert web.problems("menu") == 1
    assert web.problems("error") == 0


def test_another_users_photo_is_no_problem(web: ImmichWeb, open_immich: OpenImmich) -> None:
    page = open_immich(photo(OTHERS))
    page.get_by_role("button", name="More").click()
    page.wait_for_timeout(2500)
    assert web.problems("menu") == 0


def test_the_matched_text_is_shown_by_mouse(web: ImmichWeb, open_immich: OpenImmich) -> None:
    page = open_immich(search())
    first, second = page.locator("[data-asset]").nth(0), page.locator("[data-asset]").nth(1)
    first.hover()
    why = page.get_by_role("tooltip")
    expect(why).to_have_text("𠮷野家 統一發票<b>")
    expect(why.locator("mark")).to_have_text("發票")
    box, shown = first.bounding_box(), why.bounding_box()
    assert box
    assert shown
    assert shown["y"] >= box["y"] + box["height"]
    assert web.explained[0] == {
        "visibility": "timeline",
        "withExif": True,
        "query": "發票",
        "page": 1,
        "language": "en",
    }
    second.hover()
    expect(why).to_have_text("Found by what it shows")
    page.mouse.move(1200, 700)
    expect(why).to_have_count(0)
    first.hover()
    expect(why).to_have_count(1)
    assert [body["page"] for body in web.explained] == [1, 2]  # each page was asked for once


def test_the_matched_text_is_shown_by_keyboard(open_immich: OpenImmich) -> None:
    page = open_immich(search())
    first = page.locator("[data-asset]").first
    expect(first).to_be_visible()
    page.locator("nav a").focus()
    page.keyboard.press("Tab")
    why = page.get_by_role("tooltip")
    expect(why.locator("mark")).to_have_text("發票")
    expect(first).to_have_accessible_description("𠮷野家 統一發票<b>")
    page.keyboard.press("Escape")
    expect(why).to_have_count(0)
    assert first.get_attribute("aria-describedby") is None


def test_the_matched_text_is_shown_by_a_long_press(open_immich: OpenImmich) -> None:
    page = open_immich(search(), has_touch=True)
    first = page.locator("[data-asset]").first
    expect(first).to_be_visible()
    box = first.bounding_box()
    assert box
    session = page.context.new_cdp_session(page)
    point = {"x": box["x"] + 40, "y": box["y"] + 40}
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
    why = page.get_by_role("tooltip")
    expect(why.locator("mark")).to_have_text("發票")
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_it_goes_with_the_search_page(open_immich: OpenImmich) -> None:
    page = open_immich(search())
    page.locator("[data-asset]").first.hover()
    expect(page.get_by_role("tooltip")).to_have_count(1)
    page.evaluate("go('/photos')")
    expect(page.get_by_role("tooltip")).to_have_count(0)
    page.go_back()
    page.locator("[data-asset]").first.hover()
    expect(page.get_by_role("tooltip")).to_have_count(1)


def test_thumbnails_without_a_name_are_known_by_their_picture(web: ImmichWeb, open_immich: OpenImmich) -> None:
    web.changed = True
    page = open_immich(search())
    page.locator(".group").first.hover()
    expect(page.get_by_role("tooltip").locator("mark")).to_have_text("發票")
    reported(page, web, "search")


def test_what_cannot_be_explained_is_not(web: ImmichWeb, open_immich: OpenImmich) -> None:
    web.explain_status = 503
    page = open_immich(search())
    thumbnails = page.locator("[data-asset]")
    expect(thumbnails).to_have_count(3)
    thumbnails.first.hover()
    reported(page, web, "explain")
    thumbnails.last.hover()
    page.wait_for_timeout(500)  # a second report, or a text, would come now
    expect(page.get_by_role("tooltip")).to_have_count(0)
    assert web.problems("explain") == 1
