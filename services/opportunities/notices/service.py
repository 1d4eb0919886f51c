"""NoticeService: notices from draft to closed."""

from __future__ import annotations

from collections.abc import Sequence

from grpc import ServicerContext
from interchange.opportunities.v1 import events_pb2 as events
from interchange.opportunities.v1 import notices_pb2 as pb
from interchange.opportunities.v1 import notices_pb2_grpc as rpc
from sqlalchemy.orm import Session

from chassis import acts, fields, partner_regions
from chassis.auth import Principal, principal
from chassis.bus import publish
from chassis.clock import now
from chassis.database import Database
from chassis.errors import PermissionDenied
from chassis.pages import paginate
from services.opportunities.identity import Contacts, Identity
from services.opportunities.nameless import require_nameless
from services.opportunities.notices import closing, drafting, impersonal, queries
from services.opportunities.notices.convert import (
    WRITABLE,
    read_content,
    require_unchanged,
    to_proto,
    to_public,
)
from services.opportunities.notices.kinds import Closing, State
from services.opportunities.notices.models import COPIED, Listed, Notice
from services.opportunities.notices.models import TEXTS as LINTED_TEXTS
from services.opportunities.notices.shelf import Shelf
from services.opportunities.organisations.directory import Directory, acting_for
from services.opportunities.partners.models import PartnerRegion
from services.opportunities.policy import sees_notice_whole
from services.opportunities.swaps import dropping

# What says who somebody is, or whom it must not name.
TEXTS = {"title", "body", "beneficiary"}
# What makes other regions read something else than before.
LINTED = LINTED_TEXTS | {"visibility"}
NEWEST_FIRST = (Notice.create_time.desc(), Notice.id.desc())


class NoticeService(rpc.NoticeServiceServicer):
    """Notices of this region's organisations."""

    def __init__(
        self, database: Database, directory: Directory, identity: Identity, *, region: str
    ) -> None:
        self._database = database
        self._begin = database.begin
        self._read = database.read
        self._directory = directory
        self._identity = identity
        self._region = region
        self._shelf = Shelf()

    def CreateNotice(self, request: pb.CreateNoticeRequest, _: ServicerContext) -> pb.Notice:
        message = request.notice
        organisation = acting_for(principal(), message.organisation, field="notice.organisation")
        self._directory.know(organisation, field="notice.organisation")
        self._directory.require_member(
            message.beneficiary, organisation, field="notice.beneficiary"
        )
        self._identity.audit.record_operator("notice.create", organisation)
        with self._begin() as session:
            notice = drafting.add(session, message, organisation, region=self._region, at=now())
        return self._shown(notice)

    def GetNotice(self, request: pb.GetNoticeRequest, _: ServicerContext) -> pb.Notice:
        who = principal()
        with self._read() as session:
            notice = queries.load(session, request.name)
            waiting = queries.open_interests(session, who, [notice])
            shown = to_proto(notice, who, open_interests=waiting.get(notice.id, 0))
            return self._placed(session, [shown])[0]

    def ListNotices(
        self, request: pb.ListNoticesRequest, _: ServicerContext
    ) -> pb.ListNoticesResponse:
        who = principal()
        with self._read() as session:
            page = paginate(
                session,
                queries.listing(who, request),
                key=NEWEST_FIRST,
                request=request,
                scope=f"ListNotices {request.organisation} {request.state} "
                f"{request.kind} {request.format}",
            )
            notices = self._pick(session, who, page.items)
        return pb.ListNoticesResponse(notices=notices, next_page_token=page.next_page_token)

    def _pick(self, session: Session, who: Principal, page: Sequence[Listed]) -> list[pb.Notice]:
        """From the shelf what the caller sees as everybody does; the rest is read, and put there."""
        on_shelf = {each.id: self._shelf.get(each) for each in page}
        unread = [each.id for each in page if sees_notice_whole(who, each) or not on_shelf[each.id]]
        read = queries.load_all(session, unread)
        waiting = queries.open_interests(session, who, list(read.values()))
        for notice in read.values():
            self._shelf.put(notice, to_public(notice))
        whole = {
            notice.id: to_proto(notice, who, open_interests=waiting.get(notice.id, 0))
            for notice in read.values()
        }
        shown = (whole.get(each.id) or on_shelf[each.id] for each in page)
        return self._placed(session, [message for message in shown if message])

    def _placed(self, session: Session, notices: list[pb.Notice]) -> list[pb.Notice]:
        """Say of copies whose they are and how far they can be relied on, which changes without them."""
        if all(each.region == self._region for each in notices):
            return notices
        regions = partner_regions.read(session, PartnerRegion, own=self._region)
        return [regions.show(each, at=now()) for each in notices]

    def UpdateNotice(self, request: pb.UpdateNoticeRequest, _: ServicerContext) -> pb.Notice:
        message = request.notice
        named = fields.changed(request.update_mask, message, allowed=WRITABLE)
        if "beneficiary" in named:
            self._require_beneficiary(message)
        people = self._beneficiaries(message) if named & TEXTS else {}
        found = self._names(request, message) if named & LINTED else impersonal.NOBODY
        self._identity.audit.record_operator("notice.update", message.name)
        at = now()
        with self._begin() as session:
            notice = queries.load_for_edit(session, message.name, message.etag)
            require_unchanged(notice, message)
            before = notice.version
            notice.revise(read_content(message, named), at=at)
            if "consent" in named:
                drafting.record_consent(notice, message, at=at)
            if named & {"consent", "beneficiary"} and notice.consent is None:
                dropping.on_consent_gone(session, notice, at=at)
            if named & LINTED:
                impersonal.require(notice, request, found, at=at)
            if notice.state is State.PUBLISHED:
                require_nameless(drafting.texts(notice), people.get(notice.beneficiary))
            if notice.state is State.PUBLISHED and notice.version != before:
                publish(session, events.NoticeRevised(notice=to_public(notice)))
        return self._shown(notice)

    def SubmitNotice(self, request: pb.SubmitNoticeRequest, _: ServicerContext) -> pb.Notice:
        found, at = self._names(request, pb.Notice(name=request.name)), now()
        self._identity.audit.record_operator("notice.submit", request.name)
        with self._begin() as session:
            notice = queries.load_for_edit(session, request.name, request.etag)
            notice.submit(at=at)
            impersonal.require(notice, request, found, at=at)
            publish(
                session, events.NoticeSubmitted(notice=to_public(notice), manager=notice.manager)
            )
        return self._shown(notice)

    def PublishNotice(self, request: pb.PublishNoticeRequest, _: ServicerContext) -> pb.Notice:
        self._know_verified_owner(request.name)
        people = self._beneficiaries(pb.Notice(name=request.name))
        found, at = self._names(request, pb.Notice(name=request.name)), now()
        self._identity.audit.record_operator("notice.publish", request.name)
        with self._begin() as session:
            notice = queries.load_for_edit(session, request.name, request.etag)
            notice.publish(at=at)
            impersonal.require(notice, request, found, at=at)
            require_nameless(drafting.texts(notice), people.get(notice.beneficiary))
            publish(
                session,
                events.NoticePublished(
                    notice=to_public(notice),
                    manager=notice.manager,
                    beneficiary=notice.beneficiary,
                ),
            )
        return self._shown(notice)

    def ReturnNotice(self, request: pb.ReturnNoticeRequest, _: ServicerContext) -> pb.Notice:
        self._identity.audit.record_operator("notice.return", request.name)
        with self._begin() as session:
            notice = queries.load_for_edit(session, request.name, request.etag)
            notice.give_back(request.note, at=now())
            publish(
                session, events.NoticeReturned(notice=to_public(notice), manager=notice.manager)
            )
        return self._shown(notice)

    def WithdrawNotice(self, request: pb.WithdrawNoticeRequest, _: ServicerContext) -> pb.Notice:
        with self._begin() as session:
            notice = queries.load_for_edit(session, request.name, request.etag)
            closing.withdraw(session, notice, request.reason, at=now())
            acts.record(session, events.ActTaken, "notice.withdraw", notice.name)
        return self._shown(notice)

    def CloseNotice(self, request: pb.CloseNoticeRequest, _: ServicerContext) -> pb.Notice:
        reason = Closing(request.reason or Closing.FILLED)
        if reason is Closing.REMOVED and not principal().is_operator:
            raise PermissionDenied(
                "OPERATORS_REMOVE", "only operators remove a notice: withdraw it"
            )
        with self._begin() as session:
            notice = queries.load_for_edit(session, request.name, request.etag)
            closing.close(session, notice, reason, at=now(), note=request.note)
            acts.record(session, events.ActTaken, "notice.close", notice.name)
        return self._shown(notice)

    def CopyNotice(self, request: pb.CopyNoticeRequest, _: ServicerContext) -> pb.Notice:
        self._identity.audit.record_operator("notice.copy", request.name)
        with self._begin() as session:
            original = queries.load_for_edit(session, request.name)
            copy = Notice.draft(
                original.owner,
                {name: getattr(original, name) for name in COPIED},
                region=self._region,
                author=principal().person,
                manager=drafting.answers_for(principal(), original.organisation),
                copied_from=original.id,
                at=now(),
            )
            session.add(copy)
        return self._shown(copy)

    def SetNoticeConsent(
        self, request: pb.SetNoticeConsentRequest, _: ServicerContext
    ) -> pb.Notice:
        self._identity.audit.record_operator("notice.setConsent", request.name)
        with self._begin() as session:
            notice = queries.load_for_consent(session, request.name)
            drafting.record_consent(notice, request, at=now())
            if notice.consent is None:
                dropping.on_consent_gone(session, notice, at=now())
        return self._shown(notice)

    def _shown(self, notice: Notice) -> pb.Notice:
        """As the caller sees it; what waits for an answer is counted where there can be some."""
        who = principal()
        if notice.state is not State.PUBLISHED:
            return to_proto(notice, who)
        with self._read() as session:
            waiting = queries.open_interests(session, who, [notice])
        return to_proto(notice, who, open_interests=waiting.get(notice.id, 0))

    def _know_verified_owner(self, name: str) -> None:
        with self._read() as session:
            organisation = queries.load(session, name).organisation
        self._directory.know_verified(organisation)

    def _beneficiaries(self, message: pb.Notice) -> Contacts:
        """Who a notice is for, now and after an update: its texts must not name them."""
        with self._read() as session:
            present = queries.load(session, message.name).beneficiary
        return self._identity.contacts([present, message.beneficiary])

    def _names(self, request: impersonal.Confirming, message: pb.Notice) -> impersonal.Named:
        return impersonal.look_up(self._database, self._identity, request, message)

    def _require_beneficiary(self, message: pb.Notice) -> None:
        with self._read() as session:
            organisation = queries.load(session, message.name).organisation
        self._directory.require_member(
            message.beneficiary, organisation, field="notice.beneficiary"
        )
