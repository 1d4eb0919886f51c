"""A search for organisations: words and meaning, filters, counts, order, page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from math import inf

import numpy as np
from interchange.common.v1.types_pb2 import Sector
from interchange.identity.v1 import organisations_pb2
from interchange.matching.v1 import matching_pb2 as pb
from pyroaring import BitMap

from chassis.auth import Principal
from chassis.errors import InvalidArgument
from chassis.pages import write_token
from services.matching.distance import chord, chord_of, miles, point
from services.matching.index.follower import Follower
from services.matching.index.schema import PLACE
from services.matching.index.those import Those
from services.matching.organisations.directory import Directory, Edition
from services.matching.paging import read_key
from services.matching.search.asking import Asked, understand
from services.matching.search.filters import Filters, visible
from services.matching.search.relevance import NEAR, those_that_say
from services.matching.search.snippets import Marked, marked, snippet
from services.matching.text.windows import on_scale, text_fit

DEFAULT_SIZE = 20
COUNTED = ("kind", "sector")
Key = tuple[float, str, int]  # what it is sorted by, smaller first; its name; its number
START: Key = (-inf, "", 0)


@dataclass(frozen=True, slots=True)
class Found:
    """What answers the words, whatever the filters; each with its score. Without words, all."""

    asked: Asked
    scores: Mapping[int, float]
    rows: BitMap


def search(
    directory: Directory,
    follower: Follower,
    request: pb.SearchOrganisationsRequest,
    who: Principal,
    *,
    at: datetime,
) -> pb.SearchOrganisationsResponse:
    """What anybody finds; how many notices each has is of what this caller may see."""
    _check(request)
    edition, scope = directory.edition, _scope(request)
    filters = _filters(edition, request)
    found = _found(directory, edition, follower, request.query)
    keys = sorted(_keys(edition, found, filters, request))
    after = read_key(request.page_token, scope, float, str, int) if request.page_token else START
    size = request.page_size or DEFAULT_SIZE
    page = [key for key in keys if key > after][: size + 1]
    shown = [(number, edition.known[number]) for _, _, number in page[:size]]
    notices = follower.snapshot
    seen = visible(notices, who, follower.regions, at=at).rows
    open_notices = [
        len(seen & notices.sets.having("organisation", [each.name])) for _, each in shown
    ]
    return pb.SearchOrganisationsResponse(
        organisations=[each for _, each in shown],
        hits=[
            _hit(each, found.scores.get(number, 0.0), found.asked, request, number_open)
            for (number, each), number_open in zip(shown, open_notices, strict=True)
        ],
        facets=_facets(edition, found, filters),
        total_size=len(keys),
        next_page_token=write_token(page[size - 1], scope) if len(page) > size else "",
        quality=follower.understanding.quality,
        did_you_mean=found.asked.did_you_mean,
    )


def _check(request: pb.SearchOrganisationsRequest) -> None:
    """Refuse a place that is not whole, and what needs one without it."""
    if request.HasField("latitude") is not request.HasField("longitude"):
        missing = "longitude" if request.HasField("latitude") else "latitude"
        raise InvalidArgument("PLACE_INCOMPLETE", "goes with the other coordinate", field=missing)
    needs_place = request.radius_miles or request.sort == pb.NEAREST_FIRST
    if needs_place and not request.HasField("latitude"):
        raise InvalidArgument("PLACE_NEEDED", "must be given to go by distance", field="latitude")


def _filters(edition: Edition, request: pb.SearchOrganisationsRequest) -> Filters:
    kinds = [organisations_pb2.Organisation.Kind.Name(each) for each in request.kind]
    wanted = {"kind": kinds, "sector": [Sector.Name(each) for each in request.sector]}
    chosen = {
        field: edition.snapshot.having(field, values) for field, values in wanted.items() if values
    }
    return Filters(_within(edition, request), chosen)


def _within(edition: Edition, request: pb.SearchOrganisationsRequest) -> Those:
    if not request.radius_miles:
        return edition.snapshot.all
    around, limit = point(request.latitude, request.longitude), chord_of(request.radius_miles)
    places = edition.snapshot.places
    near = [key for key, place in places.items() if chord(around, place) <= limit]
    return edition.snapshot.having(PLACE, near)


def _found(directory: Directory, edition: Edition, follower: Follower, query: str) -> Found:
    """All the words, or any of them where no organisation says all; and what means about the same."""
    snapshot = edition.snapshot
    asked = understand(snapshot, query)
    if not query.strip():
        return Found(asked, {}, snapshot.sets.there)
    lexical = snapshot.best(those_that_say(snapshot, asked).query, max(len(edition.known), 1))
    dense = _meant(directory, follower, asked.did_you_mean or query)
    scores = _scores(edition, asked, lexical, dense)
    return Found(asked, scores, BitMap(snapshot.sets.numbered(scores).values()))


def _meant(directory: Directory, follower: Follower, query: str) -> Mapping[int, float]:
    """Of those that mean about the same how alike they are, 0 to 1."""
    understanding, meanings = follower.understanding, directory.meanings
    vector, encoder = understanding.vector_of(query), understanding.encoder
    if meanings is None or vector is None or encoder is None:
        return {}
    at_least = NEAR[understanding.quality]
    near = meanings.nearest(vector, at_least=at_least, most=max(len(meanings), 1))
    scaled = on_scale(np.fromiter(near.values(), np.float32), encoder.name).tolist()
    return dict(zip(near, scaled, strict=True))


def _scores(
    edition: Edition, asked: Asked, lexical: Mapping[int, float], dense: Mapping[int, float]
) -> Mapping[int, float]:
    most = asked.most(edition.snapshot)
    return {
        number: text_fit(
            dense.get(number), min(lexical.get(number, 0.0) / most, 1.0) if most else 0.0
        )
        for number in {*lexical, *dense} & set(edition.known)
    }


def _keys(
    edition: Edition, found: Found, filters: Filters, request: pb.SearchOrganisationsRequest
) -> Iterator[Key]:
    for number in edition.snapshot.sets.numbers(filters.passing().rows & found.rows).tolist():
        organisation = edition.known[number]
        yield (
            _value(organisation, found, number, request),
            organisation.display_name.casefold(),
            number,
        )


def _value(
    organisation: organisations_pb2.Organisation,
    found: Found,
    number: int,
    request: pb.SearchOrganisationsRequest,
) -> float:
    if request.sort == pb.NEAREST_FIRST:
        away = _distance(organisation, request)
        return inf if away is None else away
    return 0.0 if request.sort == pb.BY_NAME else -found.scores.get(number, 0.0)


def _distance(
    organisation: organisations_pb2.Organisation, request: pb.SearchOrganisationsRequest
) -> float | None:
    place = organisation.place
    if not request.HasField("latitude") or not (place.latitude or place.longitude):
        return None
    return miles(request.latitude, request.longitude, place.latitude, place.longitude)


def _hit(
    organisation: organisations_pb2.Organisation,
    score: float,
    asked: Asked,
    request: pb.SearchOrganisationsRequest,
    open_notices: int,
) -> pb.OrganisationHit:
    about = snippet(organisation.description, asked.stems)
    return pb.OrganisationHit(
        organisation=organisation.name,
        score=score,
        snippet=about.text,
        snippet_marks=_marks(about),
        name_marks=_marks(marked(organisation.display_name, asked.stems)),
        distance_miles=_distance(organisation, request),
        open_notices=open_notices,
    )


def _marks(text: Marked) -> list[pb.Mark]:
    return [pb.Mark(start=start, end=end) for start, end in text.ranges]


def _facets(edition: Edition, found: Found, filters: Filters) -> Iterator[pb.Facet]:
    for field in COUNTED:
        counts = edition.snapshot.sets.counts(field, filters.passing_but(field) & found.rows)
        yield pb.Facet(field=field, values=_values(counts))


def _values(counts: Mapping[str, int]) -> Iterator[pb.FacetValue]:
    for value, count in sorted(counts.items(), key=lambda each: (-each[1], each[0])):
        yield pb.FacetValue(value=value, label=value.replace("_", " ").lower(), count=count)


def _scope(request: pb.SearchOrganisationsRequest) -> str:
    """The question without its page: a token is good for the same one only."""
    question = pb.SearchOrganisationsRequest()
    question.CopyFrom(request)
    question.ClearField("page_token")
    question.ClearField("page_size")
    said = question.SerializeToString(deterministic=True)
    return "SearchOrganisations " + sha256(said).hexdigest()
