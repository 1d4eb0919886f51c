"""Notices as tables: a round trip changes nothing, faults are named by cell, and nothing is half done."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from interchange.common.v1 import types_pb2
from interchange.opportunities.v1 import notice_files_pb2 as files
from interchange.opportunities.v1 import notices_pb2 as pb

from chassis.auth import Principal
from chassis.errors import InvalidArgument, PermissionDenied
from services.opportunities.notice_files import rows, tables
from services.opportunities.notice_files.service import NoticeFileService
from services.opportunities.notices.convert import READERS
from tests.unit.opportunities.conftest import REGION, Place

HEADER = "kind,format,title,body"
GOOD = "WANTED,work shadowing,Shadowing in housing,A colleague would like to see it."
CONTENT = sorted(set(READERS) - {"beneficiary", "close_time"})
cells = st.text(st.characters(blacklist_categories=["Cs", "Cc"], whitelist_characters="\n\t"))


@given(st.lists(st.fixed_dictionaries({"a": cells, "b": cells}), min_size=1, max_size=5))
def test_a_table_is_read_as_it_was_written(written: list[dict[str, str]]) -> None:
    written.append({"a": "last", "b": ""})  # empty rows at the end are not kept

    text = tables.write(["a", "b"], written)

    assert tables.read(text, columns=["a", "b"], needed=["a"]) == written


@pytest.mark.parametrize("cell", ["=1+1", "+44 x", "-x", "@sum", "\tx", "'=1", "''=1"])
def test_no_cell_is_a_formula_to_a_spreadsheet(cell: str) -> None:
    text = tables.write(["a"], [{"a": cell}])

    (_, (raw,)) = csv.reader(io.StringIO(text))
    assert raw == "'" + cell
    assert tables.read(text, columns=["a"], needed=[]) == [{"a": cell}]


def test_a_number_stays_a_number() -> None:
    assert tables.write(["a"], [{"a": "-1.5"}]) == "a\r\n-1.5\r\n"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "NOT_A_TABLE"),
        ('a\n"open', "NOT_A_TABLE"),
        ("a,wrong\n1,2", "UNKNOWN_COLUMNS"),
        ("b\n1", "MISSING_COLUMNS"),
        ("a,a\n1,2", "REPEATED_COLUMNS"),
        ("a\n1,2", "NOT_A_TABLE"),
        ("a\n\n\n", "NO_ROWS"),
        ("a\n" + "1\n" * 201, "TOO_MANY_ROWS"),
    ],
)
def test_what_is_no_table_is_refused(text: str, reason: str) -> None:
    with pytest.raises(InvalidArgument, match=reason):
        tables.read(text, columns=["a", "b"], needed=["a"])


def test_semicolons_and_a_byte_order_mark_are_understood() -> None:
    read = tables.read("\ufeffA;B\r\n1;2,5\r\n", columns=["a", "b"], needed=[])

    assert read == [{"a": "1", "b": "2,5"}]


def test_days_may_be_written_as_spreadsheets_do() -> None:
    notice, faults = rows.read({"start_date": "1/2/2027", "end_date": "32/2/2027"})

    assert notice.start_date == "2027-02-01"
    assert ("end_date", "BAD_VALUE") in [(each.column, each.reason) for each in faults]


def files_of(place: Place) -> NoticeFileService:
    notices = place.notices
    return NoticeFileService(place.database, notices._directory, notices._identity, region=REGION)


def take_in(place: Place, text: str, **more: bool) -> files.ImportNoticesResponse:
    request = files.ImportNoticesRequest(csv=text, **more)
    return place.ask(place.norfolk_manager, files_of(place).ImportNotices, request)


def give_out(place: Place, who: Principal, **more: object) -> files.ExportNoticesResponse:
    request = files.ExportNoticesRequest(**more)  # type: ignore[arg-type]
    return place.ask(who, files_of(place).ExportNotices, request)


def drafts(place: Place) -> list[pb.Notice]:
    request = pb.ListNoticesRequest(organisation=place.norfolk)
    return list(place.ask(place.norfolk_manager, place.notices.ListNotices, request).notices)


def test_what_was_exported_can_be_imported(place: Place) -> None:
    original = place.draft(
        kind=pb.OFFERED,
        title="=Desk, by the sea",
        body="Two paragraphs.\n\n“Quoted”, and a comma.",
        themes=["housing", "data"],
        skills=["housing-options"],
        grade_bands=[types_pb2.OFFICER, types_pb2.MIDDLE],
        place=types_pb2.Place(label="Cromer", latitude=52.93, longitude=-1.3),
        attendance=pb.HYBRID,
        start_date="2027-02-01",
        end_date="2027-03-01",
        days_per_week=2.5,
        visibility=pb.NETWORK,
        conditions=pb.Conditions(
            skill_levels=[types_pb2.SkillLevel(skill="housing-options", level=4)],
            vetting_needed=types_pb2.ENHANCED,
            vetting_held=types_pb2.NOT_CHECKED,
            places=2,
            new_partners_only=True,
        ),
    )

    exported = give_out(place, place.norfolk_manager)
    imported = take_in(place, exported.csv)

    (row,) = imported.rows
    assert exported.rows == 1 and row.row == 2 and not row.faults
    copy = place.get(place.norfolk_manager, row.notice.name)
    for field in CONTENT:
        assert getattr(copy, field) == getattr(original, field), field
    assert copy.state == pb.Notice.DRAFT and copy.author == place.norfolk_manager.person


def test_a_preview_names_each_faulty_cell_and_writes_nothing(place: Place) -> None:
    text = (
        f"{HEADER},start_date,end_date,grade_bands,latitude,days_per_week\n"
        f"{GOOD},,,,,\n"
        "WISHED,SWAP,ab,,2027-02-01,2027-13-01,OFFICER;BOSS,95,8\n"
        f"{GOOD},2027-02-02,2027-02-01,,,\n"
    )

    preview = take_in(place, text, validate_only=True)

    assert preview.faulty_rows == 2
    assert [row.row for row in preview.rows] == [2, 3, 4]
    assert [[(each.column, each.reason) for each in row.faults] for row in preview.rows] == [
        [],
        [
            ("kind", "BAD_VALUE"),
            ("end_date", "BAD_VALUE"),
            ("grade_bands", "BAD_VALUE"),
            ("title", "string.min_len"),
            ("body", "string.min_len"),
            ("latitude", "double.gte_lte"),
            ("days_per_week", "double.gte_lte"),
        ],
        [("end_date", "END_BEFORE_START")],
    ]
    assert drafts(place) == []


def test_faulty_conditions_are_named_by_their_columns(place: Place) -> None:
    columns = "skills,skill_levels,vetting_needed,places,new_partners_only"
    text = (
        f"{HEADER},{columns}\n"
        f"{GOOD},budgets,budgets,FULL,some,perhaps\n"
        f"{GOOD},budgets,housing-options 9,,1001,\n"
        f"{GOOD},budgets,housing-options 2,,,no\n"
    )

    preview = take_in(place, text, validate_only=True)

    assert [[(each.column, each.reason) for each in row.faults] for row in preview.rows] == [
        [
            ("skill_levels", "BAD_VALUE"),
            ("vetting_needed", "BAD_VALUE"),
            ("places", "BAD_VALUE"),
            ("new_partners_only", "BAD_VALUE"),
        ],
        [("skill_levels", "int32.gte_lte"), ("places", "int32.gte_lte")],
        [("skill_levels", "LEVEL_WITHOUT_SKILL")],
    ]


def test_one_faulty_row_drafts_nothing(place: Place) -> None:
    with pytest.raises(InvalidArgument, match="FAULTY_ROWS") as refused:
        take_in(place, f"{HEADER}\n{GOOD}\nWANTED,SWAP,ab,Too short a title\n")

    assert [each.field for each in refused.value.violations] == ["csv[3].title"]
    assert drafts(place) == []


def test_tables_are_for_an_organisations_managers(place: Place) -> None:
    with pytest.raises(PermissionDenied):
        give_out(place, place.suffolk_manager, organisation=place.norfolk)
    assert give_out(place, place.operator, organisation=place.norfolk).rows == 0


def test_an_export_is_paged(place: Place) -> None:
    for _ in range(3):
        place.draft()

    first = give_out(place, place.norfolk_manager, page_size=2)
    second = give_out(place, place.norfolk_manager, page_size=2, page_token=first.next_page_token)

    assert (first.rows, second.rows, second.next_page_token) == (2, 1, "")
