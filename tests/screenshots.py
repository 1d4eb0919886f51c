"""`make screenshots`: the two pictures that the README opens with, taken of a region with the demonstration."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page

from demo.sign_ins import PASSWORD
from tests.support import screen
from tests.support.region import RunningRegion

IMAGES = Path("docs/images")
SIZE = {"width": 1200, "height": 860}
MANAGER = "norfolk.manager@demo.example"


def take(program: Browser, web: str) -> None:
    page = program.new_context(locale="en-GB", viewport=SIZE).new_page()
    page.goto(f"{web}/notices?query=housing")
    _keep(page, "notices.png")
    page.goto(f"{web}/sign-in")
    page.fill("[name=email]", MANAGER)
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_url(f"{web}/dashboard")
    _keep(page, "dashboard.png")


def _keep(page: Page, name: str) -> None:
    page.screenshot(path=IMAGES / name)
    sys.stdout.write(f"{IMAGES / name}: {(IMAGES / name).stat().st_size // 1000} kB\n")


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        region = RunningRegion.started(Path(folder), demonstration=True, OTLP_ENDPOINT="")
        with region as running, screen.running() as program:
            take(program, f"http://127.0.0.1:{running.book.web}")


if __name__ == "__main__":
    main()
