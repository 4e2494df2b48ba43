"""A password, as a person meets it: in a browser."""

import re
from pathlib import Path

from playwright.sync_api import Browser, expect

from support.allinone_process import running_up

PASSWORD = "correct horse"


def test_logging_in_and_out(tmp_path: Path, chromium: Browser) -> None:
    (tmp_path / "photos").mkdir()
    with running_up(tmp_path / "data", "--library", tmp_path / "photos", ALLINONE_PASSWORD=PASSWORD) as up:
        context = chromium.new_context(locale="en-US", viewport={"width": 360, "height": 640})
        page = context.new_page()
        page.goto(f"{up.url}allinone/?q=receipt")
        page.get_by_label("Password").fill("wrong")
        page.keyboard.press("Enter")
        expect(page.get_by_text("This is not the password.")).to_be_visible()
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile(r"\?q=receipt"))
        page.get_by_role("button", name="Log out").click()
        expect(page.get_by_label("Password")).to_be_visible()
        page.goto(f"{up.url}allinone/")
        expect(page.get_by_label("Password")).to_be_visible()
        context.close()
