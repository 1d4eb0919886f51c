"""What of a notice is searched, and as what: the fields of the index, and a notice as a document of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from functools import cache
from hashlib import blake2b

from google.protobuf.timestamp_pb2 import Timestamp
from interchange.common.v1.types_pb2 import GradeBand, Place, Sector
from interchange.opportunities.v1 import notices_pb2 as pb
from tantivy import Document, Filter, Schema, SchemaBuilder, TextAnalyzer, TextAnalyzerBuilder
from tantivy import Tokenizer as Cut

from services.matching.text.terms import PIECE, clean, plain_words, stems
from services.matching.text.vectors import digest_of

# Change it with anything below: an index of another version is built anew.
VERSION = 1

ANY_GRADE = "ANY"  # of a notice that names no grade
NEVER = 2**53  # a moment, in microseconds, after all others; doubles hold it exactly
FIRST_DAY, LAST_DAY = 0, 9999_12_31  # a flexible notice begins before all days and ends after them
# In letters. Longer texts are read this far: nobody's notice is found by its thousandth line.
MOST_TEXT = 20_000
# The encoder reads little more, and an author says first what matters.
MOST_MEANING = 400
# Words of titles that say what kind of notice it is.
OCCASIONS = frozenset("wanted needed offered experience with in of a an the for".split())
DEGREES = 3  # decimals of a place, a tenth of a mile: what is nearer than that is in one place

# Fields with a value or several, by which one filters and counts.
VALUES = (
    "kind", "format", "theme", "skill", "sector", "grade_band", "organisation", "attendance",
    "region", "visibility",
)  # fmt: skip
# For counting only: what is said of a value beside it, after a tab.
ORGANISATION_SHOWN = "organisation_shown"
PLACE = "place"
MOMENTS = ("published", "closes", "start", "end")
# Text, and how much a word in it counts. A title's word is in both.
TITLE, SAID = "title", "text"
WEIGHTS = {TITLE: 4.0, SAID: 1.0}
PIECES, WORDS = "pieces", "words"


@cache
def schema() -> Schema:
    builder = SchemaBuilder()
    builder.add_text_field("name", tokenizer_name="raw", index_option="basic", stored=True)
    for field in (*VALUES, ORGANISATION_SHOWN, PLACE):
        builder.add_text_field(field, tokenizer_name="raw", index_option="basic", fast=True)
    for field in WEIGHTS:
        builder.add_text_field(field, tokenizer_name="stems", index_option="freq")
    builder.add_text_field(PIECES, tokenizer_name="pieces", index_option="freq")
    builder.add_text_field(WORDS, tokenizer_name="words", index_option="basic")
    builder.add_integer_field("id", indexed=True, fast=True)
    for field in MOMENTS:
        builder.add_integer_field(field, indexed=True, fast=True)
    builder.add_bytes_field("notice", stored=True)
    builder.add_bytes_field("where", stored=True)
    builder.add_bytes_field("digest", stored=True)
    return builder.build()


def analysers() -> Iterator[tuple[str, TextAnalyzer]]:
    """What the index has to be told each time it is opened."""
    yield "words", plain_words().build()
    yield "stems", stems()
    pieces = TextAnalyzerBuilder(Cut.ngram(PIECE, PIECE)).filter(Filter.lowercase())
    yield "pieces", pieces.filter(Filter.ascii_fold()).build()


def id_of(name: str) -> int:
    """A number for a name, the same everywhere. Two names of one number: not before billions of notices."""
    return int.from_bytes(blake2b(name.encode(), digest_size=7).digest(), "big")


def document_of(notice: pb.Notice, place: Place, digest: bytes) -> Document:
    """A notice that is at this place, empty: nowhere known; with the hash of what it means."""
    title = clean(notice.title)
    labels = clean(" ".join((*notice.themes, *notice.skills, notice.organisation_display_name)))
    whole = f"{title} {labels} {clean(notice.body[:MOST_TEXT])}"
    document = Document(
        name=notice.name,
        title=title,
        text=whole,
        pieces=f"{title} {labels}",
        words=whole,
        notice=notice.SerializeToString(),
        where=place.SerializeToString(),
        digest=digest,
    )
    for field, value in values_of(notice):
        document.add_text(field, value)
    shown = f"{notice.organisation}\t{notice.organisation_display_name}"
    document.add_text(ORGANISATION_SHOWN, shown)
    if place.latitude or place.longitude:
        document.add_text(PLACE, key_of(place.latitude, place.longitude))
    document.add_integer("id", id_of(notice.name))
    for field, moment in _moments(notice):
        document.add_integer(field, moment)
    return document


def terms_of(document: Document, field: str) -> Collection[str]:
    """What the engine makes of a document's field."""
    texts, analyser = document.get_all(field), _analyser(field)
    return {term for text in texts for term in analyser.analyze(text)} if analyser else texts


@cache
def _analyser(field: str) -> TextAnalyzer | None:
    """None for a field whose values are its terms."""
    if field == WORDS:
        return plain_words().build()
    return stems() if field in WEIGHTS else None


def values_of(notice: pb.Notice) -> Iterable[tuple[str, str]]:
    """Everything that one may filter by, as field and value."""
    yield "kind", pb.Kind.Name(notice.kind)
    yield "format", pb.Format.Name(notice.format)
    yield "visibility", pb.Visibility.Name(notice.visibility)
    yield "attendance", pb.Attendance.Name(notice.attendance)
    yield "organisation", notice.organisation
    if notice.region:
        yield "region", notice.region
    if notice.sector:
        yield "sector", Sector.Name(notice.sector)
    for theme in dict.fromkeys(map(str.casefold, notice.themes)):
        yield "theme", theme
    for skill in dict.fromkeys(map(str.casefold, notice.skills)):
        yield "skill", skill
    for grade in dict.fromkeys(notice.grade_bands):
        yield "grade_band", GradeBand.Name(grade)
    if not notice.grade_bands:
        yield "grade_band", ANY_GRADE


def meanings_of(notice: pb.Notice) -> tuple[str, str]:
    """The texts whose vectors stand for the notice: what it is about, and how it says so.

    That somebody wants to shadow work says nothing on which work: in one vector with the rest it
    would make all such notices alike.
    """
    occasion = OCCASIONS | set(pb.Format.Name(notice.format).lower().split("_"))
    title = [word for word in clean(notice.title).split() if word.lower() not in occasion]
    about = [each.replace("-", " ") for each in (*notice.themes, *notice.skills)]
    return ", ".join((" ".join(title), *about)), clean(notice.body[:MOST_MEANING])


def digest_of_meanings(notice: pb.Notice) -> bytes:
    """What to know its vectors again by."""
    return b"".join(map(digest_of, meanings_of(notice)))


def key_of(latitude: float, longitude: float) -> str:
    """A place as a value that can be counted and looked for."""
    return f"{latitude:.{DEGREES}f},{longitude:.{DEGREES}f}"


def day_number(day: str, otherwise: int) -> int:
    """A day YYYY-MM-DD as a number in the order of days."""
    return int(day.replace("-", "")) if day else otherwise


def microseconds(stamp: Timestamp) -> int:
    return int(stamp.seconds * 1_000_000 + stamp.nanos // 1_000)


def _moments(notice: pb.Notice) -> Iterator[tuple[str, int]]:
    yield "published", microseconds(notice.publish_time)
    ends = notice.HasField("close_time")
    yield "closes", microseconds(notice.close_time) if ends else NEVER
    yield "start", day_number(notice.start_date, FIRST_DAY)
    yield "end", day_number(notice.end_date, LAST_DAY)
