"""The first story by hand and by eye: in a real browser, axe on every page, nothing too wide for a phone."""

from __future__ import annotations

from functools import partial

import pytest
from playwright.sync_api import Browser as Chromium

from tests.support.region import RunningRegion
from tests.support.screen import Gallery, Screen
from tests.support.story import Cast, live_the_story


@pytest.mark.parametrize("language", ["en", "cy"])
def test_the_story_can_be_lived_in_a_browser(
    chromium: Chromium, gallery: Gallery, region: RunningRegion, web: str, language: str
) -> None:
    world = region.world(f"seen-{language}")

    live_the_story(Cast(world, web, language, partial(Screen, chromium, gallery)))
