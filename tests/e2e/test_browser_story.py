"""The first story by hand and by eye: in a real browser, axe on every page, nothing too wide for a phone."""

from __future__ import annotations

from functools import partial

import pytest
from playwright.sync_api import Browser as Chromium

from tests.support.keyboard import Keyboard
from tests.support.region import RunningRegion
from tests.support.screen import Gallery, Screen
from tests.support.story import Cast, live_the_story


@pytest.mark.parametrize(("language", "hand"), [("en", Keyboard), ("cy", Screen)])
def test_the_story_can_be_lived_in_a_browser_and_without_a_mouse(
    chromium: Chromium,
    gallery: Gallery,
    region: RunningRegion,
    web: str,
    language: str,
    hand: type[Screen],
) -> None:
    world = region.world(f"seen-{language}")

    live_the_story(Cast(world, web, language, partial(hand, chromium, gallery)))
