"""Between a notice and a row of a table."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from interchange.common.v1 import types_pb2
from interchange.opportunities.v1 import notice_files_pb2 as files
from interchange.opportunities.v1 import notices_pb2 as pb

from chassis.errors import FieldViolation, InvalidArgument
from chassis.validation import validate

NEEDED = ("kind", "format", "title", "body")
SEVERAL = ";"
YES, NO = "yes", "no"
ENUMS: Mapping[str, Any] = {  # as generated code has them
    "kind": pb.Kind,
    "format": pb.Format,
    "attendance": pb.Attendance,
    "visibility": pb.Visibility,
}
# The contract says YYYY-MM-DD; spreadsheets here like to write 01/02/2027.
BRITISH_DAY = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")


def to_row(notice: pb.Notice) -> dict[str, str]:
    """A notice's cells by column."""
    return {name: write(notice) for name, write in WRITERS.items()}


def read(row: Mapping[str, str]) -> tuple[pb.Notice, list[files.RowFault]]:
    """A notice as far as it can be read, and what is wrong with it."""
    notice, faults = pb.Notice(), []
    for column, cell in row.items():
        try:
            READERS[column](notice, cell.strip())
        except ValueError as problem:
            faults.append(files.RowFault(column=column, reason="BAD_VALUE", detail=str(problem)))
    told_already = {each.column for each in faults}
    return notice, [*faults, *(each for each in _broken(notice) if each.column not in told_already)]


def _broken(notice: pb.Notice) -> list[files.RowFault]:
    """What the contract's rules say against it."""
    try:
        validate(pb.CreateNoticeRequest(notice=notice))
    except InvalidArgument as refused:
        return told(refused)
    return []


def told(refused: InvalidArgument) -> list[files.RowFault]:
    """A refusal of a notice as faults of its row."""
    return [_fault(each) for each in refused.violations]


def _fault(violation: FieldViolation) -> files.RowFault:
    parts = violation.field.removeprefix("notice.").removeprefix("conditions.").split(".")
    column = parts[-1] if parts[-1] in ("latitude", "longitude") else parts[0].partition("[")[0]
    return files.RowFault(column=column, reason=violation.reason, detail=violation.description)


def violations(row: int, faults: list[files.RowFault]) -> Iterator[FieldViolation]:
    """A row's faults as those of the request's field."""
    for each in faults:
        yield FieldViolation(f"csv[{row}].{each.column}", each.reason, each.detail)


def _enum(column: str) -> Callable[[pb.Notice, str], None]:
    """Values as the contract names them, in any case, with spaces too; empty leaves it to the notice's rules."""
    names = _names(ENUMS[column])

    def read_(notice: pb.Notice, cell: str) -> None:
        if cell:
            setattr(notice, column, ENUMS[column].Value(_one_of(cell, names)))

    return read_


def _names(enum: Any) -> list[str]:
    return [each.name for each in enum.DESCRIPTOR.values if each.number]


def _one_of(cell: str, names: list[str]) -> str:
    name = cell.upper().replace(" ", "_").replace("-", "_")
    if name not in names:
        raise ValueError(f"must be one of {', '.join(names)}")
    return name


def _grades(notice: pb.Notice, cell: str) -> None:
    names = _names(types_pb2.GradeBand)
    values = [types_pb2.GradeBand.Value(_one_of(each, names)) for each in _several(cell)]
    notice.grade_bands.extend(values)


def _several(cell: str) -> list[str]:
    return [each.strip() for each in cell.split(SEVERAL) if each.strip()]


def _day(column: str) -> Callable[[pb.Notice, str], None]:
    def read_(notice: pb.Notice, cell: str) -> None:
        british = BRITISH_DAY.fullmatch(cell)
        if british:
            day, month, year = british.groups()
            cell = f"{year}-{month:0>2}-{day:0>2}"
        try:
            datetime.strptime(cell, "%Y-%m-%d") if cell else None  # noqa: DTZ007  # a day, not a moment
        except ValueError as problem:
            raise ValueError("must be a day as YYYY-MM-DD, such as 2027-02-01") from problem
        setattr(notice, column, cell)

    return read_


def _number(cell: str) -> float:
    try:
        return float(cell or 0)
    except ValueError as problem:
        raise ValueError("must be a number, such as 2 or 0.5") from problem


def _text(column: str) -> Callable[[pb.Notice, str], None]:
    return lambda notice, cell: setattr(notice, column, cell)


def _list(column: str) -> Callable[[pb.Notice, str], None]:
    return lambda notice, cell: getattr(notice, column).extend(_several(cell))


def _place(part: str, value: Callable[[str], object]) -> Callable[[pb.Notice, str], None]:
    def read_(notice: pb.Notice, cell: str) -> None:
        if cell:
            setattr(notice.place, part, value(cell))

    return read_


def _days_per_week(notice: pb.Notice, cell: str) -> None:
    notice.days_per_week = _number(cell)


def _skill_levels(notice: pb.Notice, cell: str) -> None:
    for each in _several(cell):
        skill, _, level = each.rpartition(" ")
        if not skill or not level.isdecimal():
            raise ValueError("must be skills with levels, such as housing-options 4; budgets 2")
        notice.conditions.skill_levels.add(skill=skill.strip(), level=int(level))


def _vetting(column: str) -> Callable[[pb.Notice, str], None]:
    names = _names(types_pb2.Vetting)

    def read_(notice: pb.Notice, cell: str) -> None:
        if cell:
            setattr(notice.conditions, column, types_pb2.Vetting.Value(_one_of(cell, names)))

    return read_


def _places(notice: pb.Notice, cell: str) -> None:
    if cell:
        if not cell.isdecimal():
            raise ValueError("must be a whole number, such as 3")
        notice.conditions.places = int(cell)


def _new_partners_only(notice: pb.Notice, cell: str) -> None:
    if cell.lower() not in ("", YES, NO):
        raise ValueError(f"must be {YES} or {NO}")
    if cell.lower() == YES:
        notice.conditions.new_partners_only = True


def _nothing(_: pb.Notice, __: str) -> None:
    """Only an export fills it."""


READERS: Mapping[str, Callable[[pb.Notice, str], None]] = {
    "kind": _enum("kind"),
    "format": _enum("format"),
    "title": _text("title"),
    "body": _text("body"),
    "themes": _list("themes"),
    "skills": _list("skills"),
    "grade_bands": _grades,
    "place": _place("label", str),
    "latitude": _place("latitude", _number),
    "longitude": _place("longitude", _number),
    "attendance": _enum("attendance"),
    "start_date": _day("start_date"),
    "end_date": _day("end_date"),
    "days_per_week": _days_per_week,
    "visibility": _enum("visibility"),
    "skill_levels": _skill_levels,
    "vetting_needed": _vetting("vetting_needed"),
    "vetting_held": _vetting("vetting_held"),
    "places": _places,
    "new_partners_only": _new_partners_only,
    "name": _nothing,
    "state": _nothing,
}
COLUMNS = tuple(READERS)


def _decimal(value: float) -> str:
    return f"{value:.10g}" if value else ""


def _check(number: types_pb2.Vetting.ValueType) -> str:
    return types_pb2.Vetting.Name(number) if number else ""


def _joined(values: list[str]) -> str:
    return f"{SEVERAL} ".join(values)


WRITERS: Mapping[str, Callable[[pb.Notice], str]] = {
    "kind": lambda notice: pb.Kind.Name(notice.kind),
    "format": lambda notice: pb.Format.Name(notice.format),
    "title": lambda notice: notice.title,
    "body": lambda notice: notice.body,
    "themes": lambda notice: _joined(list(notice.themes)),
    "skills": lambda notice: _joined(list(notice.skills)),
    "grade_bands": lambda notice: _joined(
        [types_pb2.GradeBand.Name(each) for each in notice.grade_bands]
    ),
    "place": lambda notice: notice.place.label,
    "latitude": lambda notice: _decimal(notice.place.latitude),
    "longitude": lambda notice: _decimal(notice.place.longitude),
    "attendance": lambda notice: pb.Attendance.Name(notice.attendance),
    "start_date": lambda notice: notice.start_date,
    "end_date": lambda notice: notice.end_date,
    "days_per_week": lambda notice: _decimal(notice.days_per_week),
    "visibility": lambda notice: pb.Visibility.Name(notice.visibility),
    "skill_levels": lambda notice: _joined(
        [f"{each.skill} {each.level}" for each in notice.conditions.skill_levels]
    ),
    "vetting_needed": lambda notice: _check(notice.conditions.vetting_needed),
    "vetting_held": lambda notice: _check(notice.conditions.vetting_held),
    "places": lambda notice: _decimal(notice.conditions.places),
    "new_partners_only": lambda notice: YES if notice.conditions.new_partners_only else "",
    "name": lambda notice: notice.name,
    "state": lambda notice: pb.Notice.State.Name(notice.state),
}
