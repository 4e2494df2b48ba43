"""The photo page in a real browser: text over the picture, regeneration, walking on."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from support.page_site import HOSTILE, PageSite, straight

OpenPage = Callable[..., Page]

EXTENT = """text => {
  const line = [...document.querySelectorAll('.ocr-line')].find(e => e.textContent === text);
  const span = line.firstElementChild.getBoundingClientRect();
  const picture = document.querySelector('.picture img').getBoundingClientRect();
  return {
    left: (span.left - picture.left) / picture.width, right: (span.right - picture.left) / picture.width,
    top: (span.top - picture.top) / picture.height, bottom: (span.bottom - picture.top) / picture.height,
    width: picture.width, height: picture.height,
  };
}"""
SELECT = """text => {
  const line = [...document.querySelectorAll('.ocr-line')].find(e => e.textContent === text);
  getSelection().selectAllChildren(line);
  return getSelection().toString();
}"""


PLACES = (
    ("receipt.jpg", "統一發票收執聯", (0.1, 0.06, 0.74, 0.12)),
    ("receipt.jpg", "總計 560", (0.5, 0.82, 0.86, 0.87)),
    ("couplet.jpg", "天增歲月人增壽", (0.4, 0.1, 0.52, 0.8)),
    # A line of 0.6 by 0.07, turned by 17 degrees about (0.2, 0.3): the box around it.
    ("tilted.jpg", "請勿停車 NO PARKING", (0.1795, 0.3, 0.7738, 0.5424)),
)


@pytest.mark.parametrize("width", [1280, 390])
def test_text_lies_over_its_place_and_can_be_selected(page_site: PageSite, open_page: OpenPage, width: int) -> None:
    page = open_page(page_site.photo_url("receipt.jpg"), viewport={"width": width, "height": 800})
    for photo, text, box in PLACES:
        page.goto(page_site.photo_url(photo))
        expect(page.locator(".ocr-line", has_text=text).locator("span")).to_have_attribute("style", re.compile("scale"))
        found = page.evaluate(EXTENT, text)
        # Glyphs stand a little inside their box across the line, and exactly at its ends along it.
        along = ("top", "bottom") if photo == "couplet.jpg" else ("left", "right")
        for side, expected in zip(("left", "top", "right", "bottom"), box, strict=True):
            scale = found["width"] if side in {"left", "right"} else found["height"]
            tolerance = 4.0 if side in along else 0.02 * max(found["width"], found["height"])
            assert abs(found[side] - expected) * scale <= tolerance, (photo, side, found)
        assert page.evaluate(SELECT, text) == text


def test_a_mouse_can_select_the_text(page_site: PageSite, open_page: OpenPage) -> None:
    page = open_page(page_site.photo_url("receipt.jpg"))
    line = page.locator(".ocr-line", has_text="AB-12345678")
    box = line.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 1, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 1, box["y"] + box["height"] / 2, steps=5)
    page.mouse.up()
    assert page.evaluate("getSelection().toString()").strip() == "AB-12345678"


def test_boxes_can_be_shown_and_lines_point_to_them(page_site: PageSite, open_page: OpenPage) -> None:
    page = open_page(page_site.photo_url("receipt.jpg", "總計"))
    expect(page.locator(".ocr-line.matched")).to_have_count(1)
    expect(page.locator(".lines .matched mark")).to_have_text("總計")
    page.get_by_label("Show text areas").check()
    expect(page.locator("figure.photo.boxes")).to_be_visible()
    page.reload()
    expect(page.locator("figure.photo.boxes")).to_be_visible()  # remembered
    page.locator(".lines li").nth(1).hover()
    expect(page.locator(".ocr-line.pointed")).to_have_text("AB-12345678")


def test_lines_are_copied_one_by_one_and_all_together(page_site: PageSite, open_page: OpenPage) -> None:
    page = open_page(page_site.photo_url("receipt.jpg"), permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy “AB-12345678”").click()
    expect(page.get_by_role("status").filter(has_text="Copied")).to_be_attached()
    assert page.evaluate("navigator.clipboard.readText()") == "AB-12345678"
    page.get_by_role("button", name="Copy all").click()
    page.wait_for_function("navigator.clipboard.readText().then(text => text.includes('560'))")
    everything = page.evaluate("navigator.clipboard.readText()")
    assert everything == f"統一發票收執聯\nAB-12345678\n發票備註 {HOSTILE}\n總計 560"


def test_it_says_why_it_was_found(page_site: PageSite, open_page: OpenPage) -> None:
    page = open_page(page_site.photo_url("receipt.jpg", "發票"))
    why = page.locator("section.why")
    expect(why).to_contain_text("These exact words are in the photo.")
    expect(why).to_contain_text("Text score")
    page = open_page(page_site.photo_url("receipt.jpg"))
    expect(page.locator("section.why")).to_be_hidden()


def test_the_file_is_described_and_can_be_downloaded(page_site: PageSite, open_page: OpenPage) -> None:
    page = open_page(page_site.photo_url("receipt.jpg"))
    details = page.locator("section.details")
    for words in ("receipt.jpg", str(page_site.root), "600 × 900", "Kestrel K2", "2025-06-01 12:00", "KB"):
        expect(details).to_contain_text(words)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download original").click()
    assert download.value.suggested_filename == "receipt.jpg"
    assert download.value.path().read_bytes() == (page_site.root / "receipt.jpg").read_bytes()


def test_arrows_walk_through_the_results(page_site: PageSite, open_page: OpenPage) -> None:
    page = open_page(f"{page_site.url}/allinone/?q=發票")
    links = page.locator("#photos [role=list] a")
    expect(links).to_have_count(2)
    first, second = links.locator(".file").all_inner_texts()
    links.first.click()
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text(first)
    page.keyboard.press("ArrowRight")
    expect(heading).to_have_text(second)
    expect(page).to_have_url(re.compile(str(page_site.photos[second])))
    page.keyboard.press("ArrowRight")  # the end: nothing happens
    page.get_by_role("link", name="Previous photo").click()
    expect(heading).to_have_text(first)
    page.get_by_role("link", name="Next photo").click()
    expect(heading).to_have_text(second)
    expect(page).to_have_url(re.compile(str(page_site.photos[second])))  # the name is sent just before the address
    page.reload()
    expect(heading).to_have_text(second)
    page.keyboard.press("Escape")
    expect(page.locator("#photos [role=list] a").nth(1)).to_be_focused()


def test_a_photo_is_read_again_without_reloading(page_site: PageSite, open_page: OpenPage) -> None:
    page = open_page(page_site.photo_url("plain-003.jpg"))
    expect(page.get_by_text("No text was found in this photo.")).to_be_visible()
    page.evaluate("window.notReloaded = true")
    button = page.get_by_role("button", name="Regenerate OCR")
    button.click()
    expect(page.get_by_text("Waiting…")).to_be_visible()
    expect(button).to_be_disabled()
    assert page_site.refresh_state("plain-003.jpg", "ocr") == "waiting"
    page_site.set_refresh("plain-003.jpg", "ocr", "running")
    expect(page.get_by_text("Running…")).to_be_visible()
    page_site.set_lines("plain-003.jpg", [straight("重新讀到的字", 0.2, 0.2, 0.8, 0.3)])
    page_site.set_refresh("plain-003.jpg", "ocr", "done")
    expect(page.get_by_text("Done", exact=True)).to_be_visible()
    expect(page.locator(".lines .words")).to_have_text("重新讀到的字")
    expect(page.locator(".ocr-line")).to_have_text("重新讀到的字")
    expect(button).to_be_enabled()
    assert page.evaluate("window.notReloaded") is True


def test_a_reading_that_fails_says_why(page_site: PageSite, open_page: OpenPage) -> None:
    page = open_page(page_site.photo_url("plain-004.jpg", base=page_site.clip_url))
    page.get_by_role("button", name="Regenerate CLIP").click()
    expect(page.get_by_text("Waiting…")).to_be_visible()
    page_site.set_refresh("plain-004.jpg", "clip", "failed", f"The file is cut off. {HOSTILE}")
    expect(page.get_by_text("Failed: The file is cut off.")).to_be_visible()
    assert page.evaluate("document.body.dataset.owned") is None


def test_clip_cannot_be_regenerated_without_a_model(page_site: PageSite, open_page: OpenPage) -> None:
    page = open_page(page_site.photo_url("receipt.jpg"), locale="zh-TW")
    button = page.get_by_role("button", name="重新產生 CLIP 資料")
    expect(button).to_be_disabled()
    expect(button).to_have_accessible_description("尚未安裝 CLIP 模型。安裝方式：./run models pull ViT-B-16")
    page = open_page(page_site.photo_url("receipt.jpg"), locale="zh-CN")
    expect(page.get_by_role("button", name="重新生成 OCR 数据")).to_be_enabled()


def test_odd_addresses_are_no_error(page_site: PageSite, open_page: OpenPage) -> None:
    page = open_page(page_site.photo_url("receipt.jpg") + f"?q=a%00b%ED%A0%80&at={10**30}")
    expect(page.get_by_role("heading", level=1)).to_have_text("receipt.jpg")
    for path in (f"?q=%00&shown={10**30}", "?shown=-5", f"status?page={10**30}", "status?page=-1"):
        answer = page.goto(f"{page_site.url}/allinone/{path}")
        assert answer is not None
        assert answer.status == 200, path


def test_what_is_not_there_is_said(page_site: PageSite, open_page: OpenPage) -> None:
    page = open_page(f"{page_site.url}/allinone/photos/00000000-0000-4000-8000-000000000000")
    for path in ("photos/nonsense", "nowhere", ""):
        expect(page.get_by_role("heading", level=1)).to_have_text("There is no such page")
        answer = page.goto(f"{page_site.url}/allinone/{path}") if path else None
        assert answer is None or answer.status == 404
    page.get_by_role("link", name="All photos").click()
    expect(page.get_by_role("searchbox")).to_be_visible()
