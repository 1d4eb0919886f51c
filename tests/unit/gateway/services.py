"""Small real servicers behind a real gate on a real socket, for tests of the gateway."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock

import grpc
from google.protobuf.empty_pb2 import Empty
from interchange.federation.v1 import region_keys_pb2
from interchange.federation.v1 import region_keys_pb2_grpc as region_keys_rpc
from interchange.identity.v1 import people_pb2, sessions_pb2
from interchange.identity.v1 import people_pb2_grpc as people_rpc
from interchange.identity.v1 import sessions_pb2_grpc as sessions_rpc
from interchange.matching.v1 import matching_pb2
from interchange.matching.v1 import matching_pb2_grpc as matching_rpc
from interchange.notifications.v1 import notifications_pb2
from interchange.notifications.v1 import notifications_pb2_grpc as notifications_rpc
from interchange.opportunities.v1 import interests_pb2, notices_pb2
from interchange.opportunities.v1 import interests_pb2_grpc as interests_rpc
from interchange.opportunities.v1 import notices_pb2_grpc as notices_rpc

from chassis import auth, policy, tracing
from chassis.config import Config
from chassis.errors import FailedPrecondition, InvalidArgument, NotFound, Unauthenticated
from chassis.etags import check, etag
from chassis.fields import changed
from chassis.server import Server

REGION = "east-of-england"
ACCESS_KEY = auth.generate_key("access.1")
GATEWAY_KEY = auth.generate_key("gateway")
PERSON = auth.Principal(
    person="people/1",
    organisation="organisations/1",
    manages=frozenset({"organisations/1"}),
    session="s1",
)
OTHER = auth.Principal(person="people/2", organisation="organisations/2", session="s2")
Context = grpc.ServicerContext


@dataclass
class Seen:
    """What a handler was asked, and what it knew of its call."""

    request: object
    who: auth.Principal
    left_s: float
    trace_id: str


@dataclass
class Books:
    """What the servicers share. `then` is done in each handler before it answers."""

    notices: dict[str, notices_pb2.Notice] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    partner_answer: region_keys_pb2.AnswerPartnerResponse = field(
        default_factory=lambda: region_keys_pb2.AnswerPartnerResponse(status=200)
    )
    then: Callable[[], None] = lambda: None
    lock: Lock = field(default_factory=Lock)

    def note(self, request: object) -> None:
        trace_id = tracing.traceparent()[3:35]
        self.seen.append(Seen(request, auth.principal(), auth.remaining_s(), trace_id))
        self.then()

    @property
    def asked(self) -> object:
        """The last request."""
        return self.seen[-1].request


class Notices(notices_rpc.NoticeServiceServicer):
    def __init__(self, books: Books) -> None:
        self.books = books

    def CreateNotice(
        self, request: notices_pb2.CreateNoticeRequest, _: Context
    ) -> notices_pb2.Notice:
        self.books.note(request)
        with self.books.lock:
            number = len(self.books.notices) + 1
            notice = self.books.notices[f"notices/{number}"] = request.notice
        notice.name, notice.state = f"notices/{number}", notices_pb2.Notice.DRAFT
        notice.create_time.FromDatetime(datetime(2026, 11, 2, 9, tzinfo=UTC))
        return self._next(notice)

    def GetNotice(self, request: notices_pb2.GetNoticeRequest, _: Context) -> notices_pb2.Notice:
        self.books.note(request)
        return self._load(request.name)

    def ListNotices(
        self, request: notices_pb2.ListNoticesRequest, _: Context
    ) -> notices_pb2.ListNoticesResponse:
        self.books.note(request)
        notices = list(self.books.notices.values())
        start, size = int(request.page_token or 0), request.page_size or 20
        more = str(start + size) if start + size < len(notices) else ""
        return notices_pb2.ListNoticesResponse(
            notices=notices[start : start + size], next_page_token=more
        )

    def UpdateNotice(
        self, request: notices_pb2.UpdateNoticeRequest, _: Context
    ) -> notices_pb2.Notice:
        self.books.note(request)
        notice = self._load(request.notice.name)
        check(request.notice.etag, notice.version)
        allowed = {"title", "body", "themes", "place"}
        for name in changed(request.update_mask, request.notice, allowed=allowed):
            notice.ClearField(name)  # type: ignore[arg-type]  # a name of the contract
            request.notice.name = notice.name
            notice.MergeFrom(notices_pb2.Notice(**{name: getattr(request.notice, name)}))
        return self._next(notice)

    def SubmitNotice(
        self, request: notices_pb2.SubmitNoticeRequest, _: Context
    ) -> notices_pb2.Notice:
        self.books.note(request)
        notice = self._load(request.name)
        check(request.etag, notice.version)
        if notice.state != notices_pb2.Notice.DRAFT:
            raise FailedPrecondition("NOT_DRAFT", f"{notice.name} is not a draft", name=notice.name)
        notice.state = notices_pb2.Notice.IN_REVIEW
        return self._next(notice)

    def CloseNotice(
        self, request: notices_pb2.CloseNoticeRequest, _: Context
    ) -> notices_pb2.Notice:
        self.books.note(request)
        raise InvalidArgument("BAD_DATE", "must be a day", field="close_time")

    def _load(self, name: str) -> notices_pb2.Notice:
        if name not in self.books.notices:
            raise NotFound("NO_SUCH_NOTICE", f"{name} does not exist", name=name)
        return self.books.notices[name]

    def _next(self, notice: notices_pb2.Notice) -> notices_pb2.Notice:
        notice.version += 1
        notice.etag = etag(notice.version)
        return notice


class Interests(interests_rpc.InterestServiceServicer):
    def __init__(self, books: Books) -> None:
        self.books = books

    def CreateInterest(
        self, request: interests_pb2.CreateInterestRequest, _: Context
    ) -> interests_pb2.Interest:
        self.books.note(request)
        return interests_pb2.Interest(name=f"{request.parent}/interests/1")

    def ListInterests(
        self, request: interests_pb2.ListInterestsRequest, _: Context
    ) -> interests_pb2.ListInterestsResponse:
        self.books.note(request)
        return interests_pb2.ListInterestsResponse()


class Sessions(sessions_rpc.SessionServiceServicer):
    def __init__(self, books: Books) -> None:
        self.books = books

    def CreateSession(
        self, request: sessions_pb2.CreateSessionRequest, _: Context
    ) -> sessions_pb2.Session:
        self.books.note(request)
        if request.password != "right":
            raise Unauthenticated("BAD_CREDENTIALS", "email or password is wrong")
        return sessions_pb2.Session(access_token="a", refresh_token="r", expires_in=900)

    def ListSigningKeys(
        self, request: sessions_pb2.ListSigningKeysRequest, _: Context
    ) -> sessions_pb2.ListSigningKeysResponse:
        public = auth.public_part(ACCESS_KEY)
        return sessions_pb2.ListSigningKeysResponse(keys=[sessions_pb2.SigningKey(**public)])

    def DeleteSession(self, request: sessions_pb2.DeleteSessionRequest, _: Context) -> Empty:
        self.books.note(request)
        return Empty()


class People(people_rpc.PersonServiceServicer):
    def __init__(self, books: Books) -> None:
        self.books = books

    def CreatePerson(
        self, request: people_pb2.CreatePersonRequest, _: Context
    ) -> people_pb2.Person:
        self.books.note(request)
        return request.person

    def DeletePerson(self, request: people_pb2.DeletePersonRequest, _: Context) -> Empty:
        self.books.note(request)
        return Empty()


class Matching(matching_rpc.MatchingServiceServicer):
    def __init__(self, books: Books) -> None:
        self.books = books

    def SearchNotices(
        self, request: matching_pb2.SearchNoticesRequest, _: Context
    ) -> matching_pb2.SearchNoticesResponse:
        self.books.note(request)
        return matching_pb2.SearchNoticesResponse()

    def SuggestNotices(
        self, request: matching_pb2.SuggestNoticesRequest, _: Context
    ) -> matching_pb2.SuggestNoticesResponse:
        self.books.note(request)
        return matching_pb2.SuggestNoticesResponse()


class Notifications(notifications_rpc.NotificationServiceServicer):
    def __init__(self, books: Books) -> None:
        self.books = books

    def Unsubscribe(self, request: notifications_pb2.UnsubscribeRequest, _: Context) -> Empty:
        self.books.note(request)
        return Empty()


class PartnerDoor(region_keys_rpc.PartnerDoorServiceServicer):
    """Answers what the test has put there."""

    def __init__(self, books: Books) -> None:
        self.books = books

    def AnswerPartner(
        self, request: region_keys_pb2.AnswerPartnerRequest, _: Context
    ) -> region_keys_pb2.AnswerPartnerResponse:
        self.books.note(request)
        return self.books.partner_answer


RULES: policy.Rules = {
    "AnswerPartner": policy.service("gateway"),
    "CreateNotice": policy.any_of(policy.manager, policy.operator),
    **dict.fromkeys(
        [
            "GetNotice",
            "ListNotices",
            "CreateSession",
            "ListSigningKeys",
            "SearchNotices",
            "Unsubscribe",
            "CreatePerson",
        ],
        policy.anyone,
    ),
    **dict.fromkeys(
        [
            "UpdateNotice",
            "SubmitNotice",
            "CloseNotice",
            "CopyNotice",
            "CreateInterest",
            "ListInterests",
            "SuggestNotices",
            "DeleteSession",
            "DeletePerson",
        ],
        policy.signed_in,
    ),
}


def verifier(is_revoked: Callable[[str], bool] | None = None) -> auth.Verifier:
    people = auth.JWKS([ACCESS_KEY])
    return auth.Verifier(auth.JWKS([GATEWAY_KEY]), lambda: people, is_revoked, region=REGION)


@contextmanager
def serving(books: Books, address: str = "127.0.0.1:0") -> Iterator[Server]:
    """All of them on one server."""
    server = Server(Config(grpc_address=address), rules=RULES, verifier=verifier())
    notices_rpc.add_NoticeServiceServicer_to_server(Notices(books), server.grpc)  # type: ignore[abstract]  # the rest is not implemented
    interests_rpc.add_InterestServiceServicer_to_server(Interests(books), server.grpc)  # type: ignore[abstract]  # the rest is not implemented
    sessions_rpc.add_SessionServiceServicer_to_server(Sessions(books), server.grpc)  # type: ignore[abstract]  # the rest is not implemented
    people_rpc.add_PersonServiceServicer_to_server(People(books), server.grpc)  # type: ignore[abstract]  # the rest is not implemented
    matching_rpc.add_MatchingServiceServicer_to_server(Matching(books), server.grpc)  # type: ignore[abstract]  # the rest is not implemented
    notifications_rpc.add_NotificationServiceServicer_to_server(Notifications(books), server.grpc)  # type: ignore[abstract]  # the rest is not implemented
    region_keys_rpc.add_PartnerDoorServiceServicer_to_server(PartnerDoor(books), server.grpc)
    server.start()
    try:
        yield server
    finally:
        server.stop(grace=0)


def access_token(who: auth.Principal = PERSON, *, ttl_s: int = 60) -> str:
    at = datetime.fromtimestamp(time.time(), UTC)
    return auth.sign_access_token(ACCESS_KEY, who, region=REGION, ttl_s=ttl_s, at=at)


def signed_in(who: auth.Principal = PERSON) -> dict[str, str]:
    """The header of a request by this person."""
    return {"Authorization": f"Bearer {access_token(who)}"}
