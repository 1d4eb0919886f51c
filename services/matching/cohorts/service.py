"""PairingService: cohorts, those who apply, runs, and what comes of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

from grpc import ServicerContext
from interchange.matching.v1 import events_pb2 as events
from interchange.matching.v1 import pairing_pb2 as pb
from interchange.matching.v1 import pairing_pb2_grpc as rpc
from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis import acts, fields
from chassis.auth import principal
from chassis.bus import publish
from chassis.clock import now
from chassis.database import Database
from chassis.errors import InvalidArgument, NotFound
from chassis.etags import check
from chassis.pages import paginate
from services.matching.cohorts import applying, comparison, queries, running, settling
from services.matching.cohorts.convert import (
    WEIGHTS,
    WRITABLE,
    Named,
    application_to_proto,
    cohort_to_proto,
    facts,
    pair_to_proto,
    partner_to_proto,
    read_cohort,
    run_to_proto,
    settled_to_proto,
    unpaired_to_proto,
)
from services.matching.cohorts.models import (
    Application,
    Cohort,
    FoundPair,
    LeftUnpaired,
    PairingRun,
    SettledPair,
)
from services.matching.cohorts.publishing import publish_run, withdraw
from services.matching.identity import Identity


class PairingService(rpc.PairingServiceServicer):
    """Cohorts from draft to closed."""

    def __init__(self, database: Database, identity: Identity) -> None:
        self._begin = database.begin
        self._read = database.read
        self._identity = identity

    # Cohorts

    def CreateCohort(self, request: pb.CreateCohortRequest, _: ServicerContext) -> pb.Cohort:
        with self._begin() as session:
            cohort = Cohort.draft(read_cohort(request.cohort), at=now())
            session.add(cohort)
        return cohort_to_proto(cohort, principal(), applications=0)

    def GetCohort(self, request: pb.GetCohortRequest, _: ServicerContext) -> pb.Cohort:
        with self._read() as session:
            return _shown(session, queries.load_cohort(session, request.name))

    def ListCohorts(
        self, request: pb.ListCohortsRequest, _: ServicerContext
    ) -> pb.ListCohortsResponse:
        who = principal()
        statement = queries.cohorts(who, request.state)
        scope = f"ListCohorts {request.state} {who.is_coordinator}"
        with self._read() as session:
            page = paginate(
                session, statement, key=queries.NEWEST_COHORT, request=request, scope=scope
            )
            counts = queries.count_applications(session, [each.id for each in page.items])
        return pb.ListCohortsResponse(
            cohorts=[
                cohort_to_proto(each, who, applications=counts.get(each.id, 0))
                for each in page.items
            ],
            next_page_token=page.next_page_token,
        )

    def UpdateCohort(self, request: pb.UpdateCohortRequest, _: ServicerContext) -> pb.Cohort:
        message = request.cohort
        named = fields.changed(request.update_mask, message, allowed=WRITABLE)
        with self._begin() as session:
            cohort = queries.lock_cohort(session, message.name, field="cohort.name")
            check(message.etag, cohort.version)
            cohort.revise(read_cohort(message, named), at=now())
            return _shown(session, cohort)

    def OpenCohort(self, request: pb.OpenCohortRequest, _: ServicerContext) -> pb.Cohort:
        with self._begin() as session:
            cohort = queries.lock_cohort(session, request.name)
            cohort.open(at=now())
            publish(session, events.CohortOpened(cohort=cohort.name, title=cohort.display_name))
            return _shown(session, cohort)

    def StartPairing(self, request: pb.StartPairingRequest, _: ServicerContext) -> pb.Cohort:
        with self._begin() as session:
            cohort = queries.lock_cohort(session, request.name)
            cohort.start_pairing(at=now())
            return _shown(session, cohort)

    def CloseCohort(self, request: pb.CloseCohortRequest, _: ServicerContext) -> pb.Cohort:
        with self._begin() as session:
            cohort = queries.lock_cohort(session, request.name)
            cohort.close(at=now())
            acts.record(session, events.ActTaken, "cohort.close", cohort.name)
            return _shown(session, cohort)

    # Applications

    def CreateApplication(
        self, request: pb.CreateApplicationRequest, _: ServicerContext
    ) -> pb.Application:
        applicant = applying.applicant(principal(), request.application, self._identity)
        with self._begin() as session:
            cohort = queries.lock_cohort(session, request.parent, field="parent")
            made = applying.apply(
                session, cohort, request.application, applicant, by=principal(), at=now()
            )
            event = events.ApplicationMade(
                application=facts(made, cohort), applied_by=made.applied_by
            )
            publish(session, event)
        return application_to_proto(made)

    def GetApplication(
        self, request: pb.GetApplicationRequest, _: ServicerContext
    ) -> pb.Application:
        with self._read() as session:
            found = queries.load_application(session, request.name)
        return self._named(found)

    def ListApplications(
        self, request: pb.ListApplicationsRequest, _: ServicerContext
    ) -> pb.ListApplicationsResponse:
        who = principal()
        statement = queries.applications(who, request.parent, request.state)
        with self._read() as session:
            page = paginate(
                session,
                statement,
                key=queries.OLDEST_APPLICATION,
                request=request,
                scope=f"ListApplications {request.parent} {request.state} {who.person}",
            )
            names = queries.organisation_names(session, {e.organisation for e in page.items})
        contacts = self._identity.contacts(each.person for each in page.items)
        return pb.ListApplicationsResponse(
            applications=[
                application_to_proto(e, contacts.get(e.person), names.get(e.organisation, ""))
                for e in page.items
            ],
            next_page_token=page.next_page_token,
        )

    def WithdrawApplication(
        self, request: pb.WithdrawApplicationRequest, _: ServicerContext
    ) -> pb.Application:
        with self._begin() as session:
            found = queries.load_application(session, request.name, lock=True)
            withdraw(session, found, at=now())
            acts.record(session, events.ActTaken, "application.withdraw", found.name)
        return application_to_proto(found)

    def GetPartner(self, request: pb.GetPartnerRequest, _: ServicerContext) -> pb.Partner:
        with self._read() as session:
            mine = queries.load_introduced(session, request.name)
            found = queries.partner_of(session, mine)
            cohort = session.get_one(Cohort, mine.cohort_id)
        if found is None:
            raise NotFound("NO_PARTNER", f"{request.name} has no partner now")
        pair, theirs = found
        contact = self._identity.contacts([theirs.person]).get(theirs.person)
        if contact is None:
            raise NotFound("NO_PARTNER", f"{request.name} has no partner now")
        return partner_to_proto(mine, theirs, contact, pair, WEIGHTS[cohort.weights])

    def _named(self, application: Application) -> pb.Application:
        contact = self._identity.contacts([application.person]).get(application.person)
        organisation = contact.organisation_display_name if contact else ""
        return application_to_proto(application, contact, organisation)

    # What is settled

    def SettlePair(self, request: pb.SettlePairRequest, _: ServicerContext) -> pb.SettledPair:
        with self._begin() as session:
            cohort = queries.lock_cohort(session, request.name)
            return settling.settle(session, cohort, request, at=now())

    def ListSettledPairs(
        self, request: pb.ListSettledPairsRequest, _: ServicerContext
    ) -> pb.ListSettledPairsResponse:
        with self._read() as session:
            cohort = queries.load_cohort(session, request.parent, field="parent")
            page = paginate(
                session,
                select(SettledPair).where(SettledPair.cohort_id == cohort.id),
                key=(SettledPair.one_id, SettledPair.other_id),
                request=request,
                scope=f"ListSettledPairs {cohort.name}",
            )
        return pb.ListSettledPairsResponse(
            settled_pairs=map(settled_to_proto, page.items), next_page_token=page.next_page_token
        )

    # Runs

    def CreatePairingRun(
        self, request: pb.CreatePairingRunRequest, _: ServicerContext
    ) -> pb.PairingRun:
        with self._read() as session:
            cohort = queries.load_cohort(session, request.parent, field="parent")
            cohort.require_pairing()
            question = running.ask(session, cohort, afresh=request.afresh)
        ran = running.answer(question)
        with self._begin() as session:
            cohort = queries.lock_cohort(session, request.parent, field="parent")
            run = running.keep(session, cohort, question, ran, afresh=request.afresh, at=now())
        return run_to_proto(run)

    def GetPairingRun(self, request: pb.GetPairingRunRequest, _: ServicerContext) -> pb.PairingRun:
        with self._read() as session:
            return run_to_proto(queries.load_run(session, request.name))

    def ListPairingRuns(
        self, request: pb.ListPairingRunsRequest, _: ServicerContext
    ) -> pb.ListPairingRunsResponse:
        with self._read() as session:
            cohort = queries.load_cohort(session, request.parent, field="parent")
            page = paginate(
                session,
                select(PairingRun).where(PairingRun.cohort_id == cohort.id),
                key=(PairingRun.number.desc(),),
                request=request,
                scope=f"ListPairingRuns {cohort.name}",
            )
        return pb.ListPairingRunsResponse(
            pairing_runs=map(run_to_proto, page.items), next_page_token=page.next_page_token
        )

    def ListPairs(self, request: pb.ListPairsRequest, _: ServicerContext) -> pb.ListPairsResponse:
        with self._read() as session:
            run = queries.load_run(session, request.parent, field="parent")
            cohort = session.get_one(Cohort, run.cohort_id)
            page = paginate(
                session,
                select(FoundPair).where(FoundPair.run_id == run.id),
                key=(FoundPair.position,),
                request=request,
                scope=f"ListPairs {run.name}",
            )
            people = queries.by_id(session, _both(page.items))
        known = self._people(people)
        return pb.ListPairsResponse(
            pairs=[pair_to_proto(each, known, WEIGHTS[cohort.weights]) for each in page.items],
            next_page_token=page.next_page_token,
        )

    def ListUnpaired(
        self, request: pb.ListUnpairedRequest, _: ServicerContext
    ) -> pb.ListUnpairedResponse:
        with self._read() as session:
            run = queries.load_run(session, request.parent, field="parent")
            page = paginate(
                session,
                select(LeftUnpaired).where(LeftUnpaired.run_id == run.id),
                key=(LeftUnpaired.position,),
                request=request,
                scope=f"ListUnpaired {run.name}",
            )
            people = queries.by_id(session, {each.application_id for each in page.items})
        known = self._people(people)
        return pb.ListUnpairedResponse(
            unpaired=[unpaired_to_proto(each, known) for each in page.items],
            next_page_token=page.next_page_token,
        )

    def GetPairingRunComparison(
        self, request: pb.GetPairingRunComparisonRequest, _: ServicerContext
    ) -> pb.PairingRunComparison:
        with self._read() as session:
            run = queries.load_run(session, request.name)
            other = queries.load_run(session, request.other, field="other")
            if run.cohort_id != other.cohort_id:
                raise InvalidArgument(
                    "OTHER_COHORT", "must be a run of the same cohort", field="other"
                )
            cohort = session.get_one(Cohort, run.cohort_id)
            found = comparison.between(session, run, other)
            people = queries.by_id(session, _both([*found.gone, *found.new]))
        return comparison.to_proto(found, self._people(people), WEIGHTS[cohort.weights])

    def PublishPairingRun(
        self, request: pb.PublishPairingRunRequest, _: ServicerContext
    ) -> pb.PairingRun:
        self._identity.audit.record("pairingRun.publish", request.name)
        with self._begin() as session:
            found = queries.load_run(session, request.name)
            cohort = session.get_one(Cohort, found.cohort_id, with_for_update=True)
            publish_run(session, cohort, found, at=now())
        return run_to_proto(found)

    def _people(self, applications: Mapping[UUID, Application]) -> Mapping[UUID, Named]:
        contacts = self._identity.contacts(each.person for each in applications.values())
        return {key: (each, contacts.get(each.person)) for key, each in applications.items()}


def _shown(session: Session, cohort: Cohort) -> pb.Cohort:
    counts = queries.count_applications(session, [cohort.id])
    return cohort_to_proto(cohort, principal(), applications=counts.get(cohort.id, 0))


def _both(pairs: Collection[FoundPair]) -> set[UUID]:
    return {identifier for each in pairs for identifier in (each.one_id, each.other_id)}
