"""SkillService: finding and proposing skills, and those that operators add."""

from __future__ import annotations

from grpc import ServicerContext
from interchange.matching.v1 import events_pb2 as events
from interchange.matching.v1 import skills_pb2 as pb
from interchange.matching.v1 import skills_pb2_grpc as rpc
from sqlalchemy.orm import Session

from chassis import etags, fields
from chassis.bus import publish
from chassis.clock import now
from chassis.database import Database
from chassis.errors import AlreadyExists, FailedPrecondition, InvalidArgument, NotFound
from chassis.identity import Audit
from chassis.pages import write_token
from services.matching.paging import read_key
from services.matching.skills.convert import WRITABLE, read_content, to_proposal, to_proto
from services.matching.skills.esco import ATTRIBUTION
from services.matching.skills.framework import Framework
from services.matching.skills.models import LocalSkill
from services.matching.skills.proposing import propose, quality_of, search
from services.matching.skills.terms import id_of

LISTED, PROPOSED = 50, 10
MOST_FOUND = 100  # nobody leafs further; what was meant is typed instead


class SkillService(rpc.SkillServiceServicer):
    """The framework as everybody sees it, and as operators change it."""

    def __init__(self, database: Database, framework: Framework, audit: Audit) -> None:
        self._begin = database.begin
        self._framework = framework
        self._audit = audit

    def GetSkill(self, request: pb.GetSkillRequest, _: ServicerContext) -> pb.Skill:
        found = self._framework.books.resolve(read_name(request.name))
        if found is None:
            raise NotFound("NO_SUCH_SKILL", f"{request.name} is in no framework")
        return to_proto(found)

    def ListSkills(
        self, request: pb.ListSkillsRequest, _: ServicerContext
    ) -> pb.ListSkillsResponse:
        scope, size = f"ListSkills {request.source}", request.page_size or LISTED
        (after,) = read_key(request.page_token, scope, str) if request.page_token else ("",)
        books = self._framework.books
        skills = map(to_proto, (books.concepts[books.by_id[key]] for key in books.after(after)))
        chosen = (each for each in skills if request.source in (0, each.source))
        page = [each for _, each in zip(range(size + 1), chosen, strict=False)]
        more = len(page) > size
        token = write_token([read_name(page[size - 1].name)], scope) if more else ""
        return pb.ListSkillsResponse(skills=page[:size], next_page_token=token)

    def SearchSkills(
        self, request: pb.SearchSkillsRequest, _: ServicerContext
    ) -> pb.SearchSkillsResponse:
        scope, size = f"SearchSkills {request.query}", request.page_size or PROPOSED
        (start,) = read_key(request.page_token, scope, int) if request.page_token else (0,)
        found = search(self._framework.books, self._framework.encoder, request.query, MOST_FOUND)
        page = found[max(start, 0) :][:size]
        end = start + len(page)
        token = write_token([end], scope) if page and end < len(found) else ""
        return pb.SearchSkillsResponse(skills=map(to_proto, page), next_page_token=token)

    def ProposeSkills(
        self, request: pb.ProposeSkillsRequest, _: ServicerContext
    ) -> pb.ProposeSkillsResponse:
        books, encoder = self._framework.books, self._framework.encoder
        found = propose(books, encoder, request.text, request.page_size or PROPOSED)
        return pb.ProposeSkillsResponse(
            skills=map(to_proposal, found),
            quality=quality_of(books, encoder),
            attribution=ATTRIBUTION if any(each.concept.uri for each in found) else "",
        )

    def CreateSkill(self, request: pb.CreateSkillRequest, _: ServicerContext) -> pb.Skill:
        message = request.skill
        key = id_of(message.label)
        if not key:
            raise InvalidArgument("BAD_LABEL", "needs a letter from a to z", field="skill.label")
        self._audit.record("skill.create", f"skills/{key}")
        if key in self._framework.books.by_id:
            raise AlreadyExists("SKILL_EXISTS", f"skills/{key} is there already")
        with self._begin() as session:
            made = LocalSkill(id=key, create_time=now(), **read_content(message))  # type: ignore[arg-type]
            session.add(made)
            session.flush()
            publish(session, events.SkillAdded(skill=to_proto(made.concept)))
        return to_proto(made.concept)

    def UpdateSkill(self, request: pb.UpdateSkillRequest, _: ServicerContext) -> pb.Skill:
        message = request.skill
        named = fields.changed(request.update_mask, message, allowed=WRITABLE)
        self._audit.record("skill.update", message.name)
        with self._begin() as session:
            skill = self._load_for_edit(session, message.name, message.etag)
            skill.revise(**read_content(message, named))
            publish(session, events.SkillRevised(skill=to_proto(skill.concept)))
        return to_proto(skill.concept)

    def RetireSkill(self, request: pb.RetireSkillRequest, _: ServicerContext) -> pb.Skill:
        self._audit.record("skill.retire", request.name)
        with self._begin() as session:
            skill = self._load_for_edit(session, request.name, request.etag)
            skill.retire(at=now())
            publish(session, events.SkillRetired(skill=to_proto(skill.concept)))
        return to_proto(skill.concept)

    def _load_for_edit(self, session: Session, name: str, etag: str) -> LocalSkill:
        """One of the region's own, that nobody else changes meanwhile. Who may, the policy says."""
        key = read_name(name)
        found = session.get(LocalSkill, key, with_for_update=True)
        if found is None and key in self._framework.books.by_id:
            raise FailedPrecondition("NOT_OURS", f"{name} is ESCO's, not this region's to change")
        if found is None:
            raise NotFound("NO_SUCH_SKILL", f"{name} is in no framework")
        etags.check(etag, found.version)
        return found


def read_name(name: str) -> str:
    """The id in `skills/{id}`; InvalidArgument BAD_NAME for any other text."""
    collection, _, key = name.partition("/")
    if collection != "skills" or not key or "/" in key:
        raise InvalidArgument("BAD_NAME", "must look like skills/{id}", field="name")
    return key
