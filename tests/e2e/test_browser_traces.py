"""The pages of traces in a real browser: nothing that axe finds, nothing wider than a phone."""

from __future__ import annotations

from playwright.sync_api import Browser as Chromium

from cli.traces.receiver import receiving
from tests.support.screen import Gallery, Screen
from tests.support.spans import a_span, export


def test_traces_in_a_browser(chromium: Chromium, gallery: Gallery) -> None:
    with receiving(0) as port:
        screen = Screen(chromium, gallery, f"http://127.0.0.1:{port}", who="traces")
        screen.get("/")
        deep = [a_span(1, n, below=n - 1, name="SELECT a" * 9, failed=n == 9) for n in range(1, 20)]
        export(screen.url, deep)

        screen.get("/?failed=1")
        screen.tab.get_by_role("link", name="SELECT").click()
        screen.get(screen.tab.url)

        assert screen.tab.locator("rect").count() == 19
