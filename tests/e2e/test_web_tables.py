"""Notices out into a table and in from one, on pages."""

from __future__ import annotations

import csv
import io

from tests.support.pages import Browser
from tests.support.region import RunningRegion
from tests.support.story import Cast

FAULTY = "kind,format,title,body,start_date\nWANTED,SWAP,ab,Somebody would like a swap.,32/1/2027\n"


def upload(browser: Browser, text: str, status: int = 200) -> None:
    browser.send(status, csv=("notices.csv", text.encode()))


def test_a_manager_takes_notices_out_and_drafts_them_anew(region: RunningRegion, web: str) -> None:
    cast = Cast(region.world("tables"), web)
    cast.world.publish(cast.home_manager, title="=Desk by the sea, offered", kind="OFFERED")
    home = cast.at(cast.home_manager)

    held = home.session.get(f"{web}/notices/export", timeout=20)
    assert held.headers["Content-Disposition"].endswith('filename="interchange-notices.csv"')
    table = held.content.decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(table))
    assert row["title"] == "'=Desk by the sea, offered"

    home.get("/notices/import")
    upload(home, FAULTY)
    assert home.page and home.page.says("1 row is not right yet")
    assert home.page.says("title: Use 3 to 120 characters")
    assert home.page.says("start_date: Use a day like 2027-02-01")

    home.get("/notices/import")
    upload(home, table)
    assert home.page.says("1 notice would be drafted")
    before = cast.home_manager.api.get("/v1/notices", organisation=cast.home_manager.organisation)
    assert len(before["notices"]) == 1
    page = home.send(action="/notices/import/draft")
    assert page.says("1 notice is drafted.")
    after = cast.home_manager.api.get("/v1/notices", organisation=cast.home_manager.organisation)
    assert [each["title"] for each in after["notices"]] == ["=Desk by the sea, offered"] * 2
    assert after["notices"][0]["state"] == "DRAFT"


def test_what_is_no_table_is_told_at_the_file(region: RunningRegion, web: str) -> None:
    cast = Cast(region.world("no-tables"), web)
    home = cast.at(cast.home_manager)

    home.get("/notices/import")
    upload(home, "", 422)
    assert home.page and home.page.errors == ["Choose a file that is not empty"]
    upload(home, "a,b\n1,2\n", 422)
    assert home.page.errors[0].startswith("The table has columns that mean nothing here")
