"""How a download looks, on a terminal and elsewhere."""

import io
import logging

import pytest
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from allinone.cli import download_view


def test_elsewhere_a_line_comes_now_and_then(caplog: pytest.LogCaptureFixture, monkeypatch) -> None:
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    monkeypatch.setattr("sys.stderr", io.StringIO())
    with caplog.at_level(logging.INFO, "allinone"), download_view.download_view() as view:
        view.step("Asking")
        for second in range(31):
            now[0] = 100.0 + second
            view.transfer("clip.pt", 50_000_000 + second * 2_000_000, 170_000_000)
        view.transfer("vocab.txt", 10, None)
        now[0] += 20
        view.transfer("vocab.txt", 4_000_010, None)
    assert caplog.messages == [
        "Asking ...",
        "clip.pt: 70 of 170 MB, 2.0 MB/s, 0 min 50 s left.",
        "clip.pt: 90 of 170 MB, 2.0 MB/s, 0 min 40 s left.",
        "clip.pt: 110 of 170 MB, 2.0 MB/s, 0 min 30 s left.",
        "vocab.txt: 4 MB, 0.2 MB/s.",
    ]


def test_a_stalled_download_shows_no_time(caplog: pytest.LogCaptureFixture, monkeypatch) -> None:
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    monkeypatch.setattr("sys.stderr", io.StringIO())
    with caplog.at_level(logging.INFO, "allinone"), download_view.download_view() as view:
        view.transfer("clip.pt", 0, 100)
        now[0] = 60
        view.transfer("clip.pt", 0, 100)
    assert caplog.messages == ["clip.pt: 0 of 0 MB, 0.0 MB/s, no telling how long left."]


def test_a_terminal_shows_one_bar_that_goes_on_from_what_was_there(monkeypatch) -> None:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=100)
    with Progress(TextColumn("{task.description}"), BarColumn(), DownloadColumn(), console=console) as bar:
        view = download_view._Bar(bar)
        view.step("Asking")
        view.transfer("clip.pt", 500_000, 1_000_000)
        view.transfer("clip.pt", 750_000, 1_000_000)
        bar.refresh()
        assert [(task.description, task.completed, task.total) for task in bar.tasks] == [
            ("clip.pt", 750_000, 1_000_000)
        ]
        view.transfer("clip.pt", 0, 1_000_000)  # the server made it start over
        assert [task.completed for task in bar.tasks] == [0]
        view.step("Building")
        assert [(task.description, task.total) for task in bar.tasks] == [("Building", None)]
    assert "0.8/1.0 MB" in screen.getvalue()
