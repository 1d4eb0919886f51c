"""Answers about suggestions: who may ask, from what, page by page, and what is remembered of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from interchange.common.v1.types_pb2 import Place
from interchange.matching.v1 import events_pb2 as events
from interchange.matching.v1 import matching_pb2 as pb
from interchange.opportunities.v1.notices_pb2 import Notice

from chassis.auth import principal
from chassis.bus import publish
from chassis.clock import now
from chassis.database import Database
from chassis.errors import NotFound, PermissionDenied
from chassis.identity import Audit
from chassis.names import parse_name
from chassis.pages import write_token
from chassis.timestamps import to_proto as stamp
from services.matching.index.follower import Follower
from services.matching.index.schema import id_of
from services.matching.paging import read_key
from services.matching.policy import may_ask_for, own_organisations
from services.matching.skills.framework import Framework
from services.matching.suggestions.eligibility import Barred
from services.matching.suggestions.fairness import SHOWN_FIRST, Exposure
from services.matching.suggestions.knowing import Knowing
from services.matching.suggestions.models import Dismissal, barred_for
from services.matching.suggestions.suggesting import (
    Found,
    Side,
    View,
    excluded,
    in_fair_order,
    matches,
    shown,
    side_of,
    sides_of,
)
from services.matching.suggestions.wording import Wording

DEFAULT_SIZE = 10
MOST_OF_OWN = 10  # an organisation's own notices that are looked at, the newest
Item = TypeVar("Item")


class PageRequest(Protocol):
    @property
    def page_size(self) -> int: ...
    @property
    def page_token(self) -> str: ...


class Suggestions:
    """What may meet what, for managers, members and operators."""

    def __init__(
        self, database: Database, follower: Follower, framework: Framework, audit: Audit
    ) -> None:
        self._database = database
        self._follower = follower
        self._framework = framework
        self._audit = audit
        self._exposure = Exposure()

    def for_notice(self, request: pb.SuggestNoticesRequest) -> pb.SuggestNoticesResponse:
        view = self._view()
        side = load(view, request.name)
        found = matches(view, side, self._barred(view, side.opening.organisation))
        scope = f"SuggestNotices {request.name}"
        page, token = self._answer(
            view, found, {request.name: side.text}, request, scope, request.language
        )
        return pb.SuggestNoticesResponse(suggestions=page, next_page_token=token)

    def for_organisation(
        self, request: pb.SuggestForOrganisationRequest
    ) -> pb.SuggestForOrganisationResponse:
        view = self._view()
        parse_name("organisations", request.name)
        if not may_ask_for(view.who, request.name):
            raise PermissionDenied("NOT_ITS_MANAGER", f"you don't manage {request.name}")
        sides = own_sides(view, request.name)
        barred = self._barred(view, request.name)
        found = [each for side in sides for each in matches(view, side, barred)]
        texts = {side.opening.name: side.text for side in sides}
        scope = f"SuggestForOrganisation {request.name}"
        page, token = self._answer(
            view, _best_of_each(found), texts, request, scope, request.language
        )
        return pb.SuggestForOrganisationResponse(suggestions=page, next_page_token=token)

    def for_profile(self, request: pb.SuggestForProfileRequest) -> pb.SuggestForProfileResponse:
        view = self._view()
        parse_name("organisations", request.organisation, field="organisation")
        if not (view.who.is_operator or request.organisation in own_organisations(view.who)):
            raise PermissionDenied("NOT_YOURS", f"you don't belong to {request.organisation}")
        barred = self._barred(view, request.organisation)
        found = [each for side in sides_of(view, request) for each in matches(view, side, barred)]
        scope = f"SuggestForProfile {_values(request)}"
        page, token = self._answer(view, _best_of_each(found), {}, request, scope, request.language)
        return pb.SuggestForProfileResponse(suggestions=page, next_page_token=token)

    def excluded_for(
        self, request: pb.ListExcludedNoticesRequest
    ) -> pb.ListExcludedNoticesResponse:
        view = self._view()
        side = load(view, request.name)
        found = excluded(view, side, self._barred(view, side.opening.organisation))
        page, token = paged(found, request, f"ListExcludedNotices {request.name}")
        wording = Wording(request.language, view.knowing.label)
        return pb.ListExcludedNoticesResponse(
            excluded=[_excluded(view, notice, codes, wording) for notice, codes in page],
            next_page_token=token,
        )

    def dismiss(self, request: pb.DismissSuggestionRequest) -> pb.Dismissal:
        view = self._view()
        side = load(view, request.name)
        other, _ = find(view, request.other, field="other")
        self._audit.record("suggestion.dismiss", request.name)
        made = Dismissal(
            notice=request.name,
            other=request.other,
            organisation=side.opening.organisation,
            other_organisation=other.organisation,
            reason=request.reason,
            note=request.note,
            whole_organisation=request.whole_organisation,
            create_time=now(),
        )
        event = events.SuggestionDismissed(
            organisation=made.organisation,
            notice=made.notice,
            other=made.other,
            reason=request.reason,
        )
        with self._database.begin() as session:
            session.merge(made)
            publish(session, event)
        return _dismissal(made)

    def restore(self, request: pb.RestoreSuggestionRequest) -> pb.Dismissal:
        load(self._view(), request.name)
        self._audit.record("suggestion.restore", request.name)
        with self._database.begin() as session:
            found = session.get(Dismissal, (request.name, request.other))
            if found is None:
                raise NotFound("NOT_DISMISSED", f"{request.other} was not dismissed here")
            session.delete(found)
            return _dismissal(found)

    def _view(self) -> View:
        follower = self._follower
        return View(
            follower.snapshot,
            follower.regions,
            follower.understanding,
            Knowing(self._framework.ready),
            principal(),
            now(),
        )

    def _barred(self, view: View, organisation: str) -> Barred:
        with self._database.read() as session:
            return barred_for(session, organisation, view.regions.out_of_date(view.at))

    def _answer(
        self,
        view: View,
        found: Sequence[Found],
        texts: dict[str, str],
        request: PageRequest,
        scope: str,
        language: str,
    ) -> tuple[list[pb.Suggestion], str]:
        page, token = paged(in_fair_order(found, self._exposure), request, scope)
        if not request.page_token:
            self._exposure.note([notice.name for _, notice in page[:SHOWN_FIRST]])
        return list(shown(view, page, texts, language)), token


def load(view: View, name: str) -> Side:
    """A published notice for which the caller may have suggestions; to others it is not there."""
    notice, place = find(view, name, field="name")
    if not may_ask_for(view.who, notice.organisation):
        raise _unknown(name)
    return side_of(view, notice, place)


def find(view: View, name: str, *, field: str) -> tuple[Notice, Place]:
    parse_name("notices", name, field=field)
    number = id_of(name)
    found = view.snapshot.find([number]).get(number)
    if found is None:
        raise _unknown(name)
    return found


def _unknown(name: str) -> NotFound:
    return NotFound("NO_SUCH_NOTICE", f"{name} is not published, or not yours to match")


def own_sides(view: View, organisation: str) -> list[Side]:
    """The organisation's own open notices, the newest."""
    sets = view.snapshot.sets
    numbers = sets.newest(sets.having("organisation", [organisation]), MOST_OF_OWN)
    return [side_of(view, *each) for each in view.snapshot.find(numbers).values()]


def paged(items: Sequence[Item], request: PageRequest, scope: str) -> tuple[Sequence[Item], str]:
    """One page of a short list that is made anew each time, by the place in it."""
    size = request.page_size or DEFAULT_SIZE
    (start,) = read_key(request.page_token, scope, int) if request.page_token else (0,)
    page = items[max(start, 0) :][:size]
    end = start + len(page)
    return page, write_token([end], scope) if page and end < len(items) else ""


def _best_of_each(found: Sequence[Found]) -> list[Found]:
    """Each notice once, where it fits best; best first."""
    best: dict[str, Found] = {}
    for match, notice in sorted(found, key=lambda each: -each[0].score.value):
        best.setdefault(notice.name, (match, notice))
    return list(best.values())


def _values(request: pb.SuggestForProfileRequest) -> str:
    """All of the request but the page, so that a token fits no other profile."""
    same = pb.SuggestForProfileRequest()
    same.CopyFrom(request)
    same.ClearField("page_token")
    return same.SerializeToString(deterministic=True).hex()


def _excluded(
    view: View, notice: Notice, codes: Sequence[str], wording: Wording
) -> pb.ExcludedNotice:
    return pb.ExcludedNotice(
        notice=view.regions.show(notice, at=view.at),
        rules=[pb.BrokenRule(code=code, text=wording.rule(code)) for code in codes],
    )


def _dismissal(dismissal: Dismissal) -> pb.Dismissal:
    return pb.Dismissal(
        notice=dismissal.notice,
        other=dismissal.other,
        reason=dismissal.reason,  # type: ignore[arg-type]  # the proto's number
        note=dismissal.note,
        whole_organisation=dismissal.whole_organisation,
        create_time=stamp(dismissal.create_time),
    )
