"""What a page may hold, whoever wrote what stands on it."""

from __future__ import annotations

import html5lib
import pytest
from flask import Response

from web import security


@pytest.mark.parametrize(
    "unfit", ["\x00", "\x1b", "\x7f", "\x85", "\ufdd0", "\uffff", "\U0010fffe"]
)
def test_a_page_holds_no_code_point_that_html_has_no_place_for(unfit: str) -> None:
    page = Response(f"<!DOCTYPE html><title>East{unfit} of England 🏛</title>", mimetype="text/html")

    text = security.fit(page).get_data(as_text=True)

    assert "<title>East of England 🏛</title>" in text
    html5lib.HTMLParser(strict=True).parse(text)


def test_what_is_no_page_stays_as_it_is() -> None:
    assert security.fit(Response(b"\x00\x1b", mimetype="image/png")).get_data() == b"\x00\x1b"
