"""Fills an empty region with the demonstration, through the same calls that everybody else makes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

import grpc
from interchange.identity.v1 import organisations_pb2 as organisations_pb
from interchange.identity.v1 import organisations_pb2_grpc as organisations_rpc
from interchange.identity.v1 import people_pb2 as people_pb
from interchange.identity.v1 import people_pb2_grpc as people_rpc
from interchange.identity.v1 import sessions_pb2 as sessions_pb
from interchange.identity.v1 import sessions_pb2_grpc as sessions_rpc
from interchange.matching.v1.pairing_pb2_grpc import PairingServiceStub
from interchange.opportunities.v1 import exchanges_pb2 as exchanges_pb
from interchange.opportunities.v1 import exchanges_pb2_grpc as exchanges_rpc
from interchange.opportunities.v1 import interests_pb2 as interests_pb
from interchange.opportunities.v1 import interests_pb2_grpc as interests_rpc
from interchange.opportunities.v1 import notices_pb2 as notices_pb
from interchange.opportunities.v1 import notices_pb2_grpc as notices_rpc
from interchange.opportunities.v1 import requests_pb2 as requests_pb
from interchange.opportunities.v1 import requests_pb2_grpc as requests_rpc
from interchange.opportunities.v1 import swaps_pb2 as swaps_pb
from interchange.opportunities.v1 import swaps_pb2_grpc as swaps_rpc

from demo import swaps
from demo.cohorts import Cohorts, applicants
from demo.notices import DemoNotice, notices
from demo.organisations import DemoOrganisation
from demo.people import DemoPerson, managers, participants
from demo.regions.demonstration import Demonstration, Size
from demo.sign_ins import OPERATOR, PASSWORD

CONSENT = "introduction-2026-11"
# The last of the list stay unverified, and the last notices unpublished: something must wait for the operator.
UNVERIFIED = 2
UNPUBLISHED = 6

Metadata = tuple[tuple[str, str | bytes], ...]
Step = Callable[[str, int, int], None]


@dataclass
class Seeded:
    """What was made so far: resource names by the demonstration's own keys."""

    organisations: dict[str, str] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    published: list[tuple[DemoNotice, notices_pb.Notice]] = field(default_factory=list)


class Seeder:
    """Makes the demonstration with `identity`, `opportunities` and `matching`; `step` hears of progress."""

    def __init__(
        self,
        demonstration: Demonstration,
        identity: grpc.Channel,
        opportunities: grpc.Channel,
        matching: grpc.Channel,
        step: Step,
        today: date,
    ) -> None:
        self.demonstration = demonstration
        self.organisations = organisations_rpc.OrganisationServiceStub(identity)
        self.people = people_rpc.PersonServiceStub(identity)
        self.sessions = sessions_rpc.SessionServiceStub(identity)
        self.credentials = sessions_rpc.CredentialServiceStub(identity)
        self.notices = notices_rpc.NoticeServiceStub(opportunities)
        self.requests = requests_rpc.RequestServiceStub(opportunities)
        self.interests = interests_rpc.InterestServiceStub(opportunities)
        self.exchanges = exchanges_rpc.ExchangeServiceStub(opportunities)
        self.pairing = PairingServiceStub(matching)

        self.swaps = swaps_rpc.SwapServiceStub(opportunities)
        self.step, self.today, self.made = step, today, Seeded()

    def run(self, size: Size | None = None) -> None:
        """Everything, in the order in which a region grows."""
        size = size or self.demonstration.size
        bodies, cast = self.demonstration.organisations(), self.demonstration.cast
        appointed = managers(bodies, cast)
        members = list(participants(bodies, size.people - len(cast)))
        active = _one_each(members, appointed)
        others = [person for person in cast if person not in appointed.values()]
        self._open_region()
        self._register(bodies)
        self._add_people([*appointed.values(), *others, *members])
        self._appoint(appointed)
        self._give_passwords([*others, *active.values()])
        with_manager = [body for body in bodies[:-UNVERIFIED] if body.key in appointed]
        drafts = notices(self.demonstration.story, with_manager, self.today, size.notices)
        self._post(list(drafts), appointed, active)
        self._ask()
        self._exchange(appointed, active, size.interests)
        self._pair(bodies, appointed, members)

        self._swap(appointed, active)

    def _open_region(self) -> None:
        self.credentials.CreateOperator(
            sessions_pb.CreateOperatorRequest(
                email=OPERATOR, display_name="Region operator", password=PASSWORD
            )
        )
        self.made.addresses["operator"] = OPERATOR

    def _as(self, key: str) -> Metadata:
        if key not in self.made.tokens:
            request = sessions_pb.CreateSessionRequest(
                email=self.made.addresses[key], password=PASSWORD
            )
            self.made.tokens[key] = self.sessions.CreateSession(request).access_token
        return (("authorization", f"Bearer {self.made.tokens[key]}"),)

    def _register(self, bodies: Sequence[DemoOrganisation]) -> None:
        for done, body in enumerate(bodies, start=1):
            made = self.organisations.CreateOrganisation(
                organisations_pb.CreateOrganisationRequest(organisation=body.to_proto())
            )
            self.made.organisations[body.key] = made.name
            if done <= len(bodies) - UNVERIFIED:
                verify = organisations_pb.VerifyOrganisationRequest(
                    name=made.name, note="Demonstration"
                )
                self.organisations.VerifyOrganisation(verify, metadata=self._as("operator"))
            self.step("organisations", done, len(bodies))

    def _add_people(self, people: Sequence[DemoPerson]) -> None:
        for done, person in enumerate(people, start=1):
            request = people_pb.CreatePersonRequest(
                person=person.to_proto(self.made.organisations[person.organisation])
            )
            self.made.people[person.key] = self.people.CreatePerson(
                request, metadata=self._as("operator")
            ).name
            self.made.addresses[person.key] = person.address
            self.step("people", done, len(people))

    def _appoint(self, appointed: Mapping[str, DemoPerson]) -> None:
        """Appoints the managers; all but one commit."""
        self._give_passwords(list(appointed.values()))
        for done, (organisation, person) in enumerate(appointed.items(), start=1):
            request = organisations_pb.AppointManagerRequest(
                name=self.made.organisations[organisation],
                person=self.made.people[person.key],
                contact_email=f"exchange@{organisation}.example",
            )
            manager = self.organisations.AppointManager(request, metadata=self._as("operator"))
            if done < len(appointed):
                commit = organisations_pb.CommitManagerRequest(name=manager.name)
                self.organisations.CommitManager(commit, metadata=self._as(person.key))
            self.step("managers", done, len(appointed))

    def _give_passwords(self, people: Sequence[DemoPerson]) -> None:
        for person in people:
            issue = sessions_pb.IssueMailTokenRequest(
                person=self.made.people[person.key], purpose=sessions_pb.ACCEPT_INVITATION
            )
            token = self.credentials.IssueMailToken(issue).token
            self.credentials.ResetPassword(
                sessions_pb.ResetPasswordRequest(token=token, password=PASSWORD)
            )

    def _post(
        self,
        drafts: Sequence[DemoNotice],
        appointed: Mapping[str, DemoPerson],
        active: Mapping[str, DemoPerson],
    ) -> None:
        for done, draft in enumerate(drafts, start=1):
            metadata = self._as(appointed[draft.organisation].key)
            request = notices_pb.CreateNoticeRequest(notice=self._addressed(draft, active))
            notice = self.notices.CreateNotice(request, metadata=metadata)
            if done <= len(drafts) - UNPUBLISHED // 2:
                self.notices.SubmitNotice(
                    notices_pb.SubmitNoticeRequest(name=notice.name), metadata=metadata
                )
            if done <= len(drafts) - UNPUBLISHED:
                publish = notices_pb.PublishNoticeRequest(name=notice.name)
                self.made.published.append(
                    (draft, self.notices.PublishNotice(publish, metadata=metadata))
                )
            self.step("notices", done, len(drafts))

    def _addressed(self, draft: DemoNotice, active: Mapping[str, DemoPerson]) -> notices_pb.Notice:
        """The notice for its organisation and, when something is wanted, on somebody's behalf."""
        notice = notices_pb.Notice()
        notice.CopyFrom(draft.notice)
        notice.organisation = self.made.organisations[draft.organisation]
        person = self._asker(draft.organisation) or active.get(draft.organisation)
        if notice.kind == notices_pb.WANTED and person is not None:
            notice.beneficiary = self.made.people[person.key]
            notice.consent.text_version = CONSENT
        return notice

    def _ask(self) -> None:
        """A request that waits for the asker's manager."""
        request = requests_pb.Request(
            title="A mentor for work with data",
            body="I have begun to analyse our own housing data and would like somebody to look over my shoulder.",
            format=notices_pb.MENTORING,
            themes=["digital"],
            skills=["data-analysis"],
        )
        request.consent.text_version = CONSENT
        self.requests.CreateRequest(
            requests_pb.CreateRequestRequest(request=request),
            metadata=self._as(self.demonstration.asker),
        )

    def _asker(self, organisation: str) -> DemoPerson | None:
        """Who of the cast asks there, on whose behalf the story's notice is posted."""
        cast = self.demonstration.cast
        askers = [each for each in cast if each.key == self.demonstration.asker]
        return next((each for each in askers if each.organisation == organisation), None)

    def _exchange(
        self,
        appointed: Mapping[str, DemoPerson],
        active: Mapping[str, DemoPerson],
        count: int,
    ) -> None:
        """Interests in every state, and the exchanges that came of some."""
        chance = Random("interests")
        open_to_others = [
            (draft, notice)
            for draft, notice in self.made.published[2:]
            if notice.visibility != notices_pb.ORGANISATION
        ]
        keys = [key for key in appointed if key in active and key not in self._unverified()]
        for done, (draft, notice) in enumerate(chance.sample(open_to_others, count), start=1):
            other = chance.choice([key for key in keys if key != draft.organisation])
            parties = _Parties(appointed[draft.organisation], appointed[other], active[other])
            self._answer(notice, parties, active.get(draft.organisation), done)
            self.step("interests", done, count)

    def _pair(
        self,
        bodies: Sequence[DemoOrganisation],
        appointed: Mapping[str, DemoPerson],
        members: Sequence[DemoPerson],
    ) -> None:
        """Managers apply for people of theirs, who are then paired once."""
        managed = [each for each in members if each.organisation in appointed]
        charities = frozenset(each.key for each in bodies if each.kind == "THIRD_SECTOR")
        people = applicants(managed, charities)
        managing = {each.organisation: appointed[each.organisation] for each in people}
        tokens = {key: self._as(person.key) for key, person in managing.items()}
        cohorts = Cohorts(self.pairing, self._as("operator"), self.step)
        cohorts.run(people, self.made.people, tokens, self.today)

    def _swap(self, appointed: Mapping[str, DemoPerson], active: Mapping[str, DemoPerson]) -> None:
        """A ring of three proposed, where there are three organisations in the cast."""
        keys = list(dict.fromkeys(each.organisation for each in self.demonstration.cast))
        posts = swaps.posts(self.today)
        if len(keys) < len(posts) or not active.keys() >= set(keys[: len(posts)]):
            return
        offered = zip(keys, posts, strict=False)
        names = [self._put_up(key, post, appointed, active) for key, post in offered]
        request = swaps_pb.ProposeSwapRequest(swap=swaps.ring(names))
        self.swaps.ProposeSwap(request, metadata=self._as(appointed[keys[0]].key))

    def _put_up(
        self,
        organisation: str,
        post: notices_pb.Notice,
        appointed: Mapping[str, DemoPerson],
        active: Mapping[str, DemoPerson],
    ) -> str:
        """A published post, on behalf of somebody who agreed to be introduced."""
        metadata = self._as(appointed[organisation].key)
        post.organisation = self.made.organisations[organisation]
        post.beneficiary = self.made.people[active[organisation].key]
        post.consent.text_version = CONSENT
        name = self.notices.CreateNotice(
            notices_pb.CreateNoticeRequest(notice=post), metadata=metadata
        ).name
        self.notices.SubmitNotice(notices_pb.SubmitNoticeRequest(name=name), metadata=metadata)
        self.notices.PublishNotice(notices_pb.PublishNoticeRequest(name=name), metadata=metadata)
        return name

    def _unverified(self) -> set[str]:
        return set(list(self.made.organisations)[-UNVERIFIED:])

    def _answer(
        self,
        notice: notices_pb.Notice,
        parties: _Parties,
        beneficiary: DemoPerson | None,
        number: int,
    ) -> None:
        interest = interests_pb.Interest(
            organisation=self.made.organisations[parties.visitor.organisation],
            participant=self.made.people[parties.visitor.key],
            message="This would suit somebody in our team. We can be flexible about days.",
        )
        interest.consent.text_version = CONSENT
        proposed = self.interests.CreateInterest(
            interests_pb.CreateInterestRequest(parent=notice.name, interest=interest),
            metadata=self._as(parties.their_manager.key),
        )
        if number % 7 == 0:
            return
        endorse = interests_pb.EndorseInterestRequest(name=proposed.name)
        self.interests.EndorseInterest(endorse, metadata=self._as(parties.their_manager.key))
        if number % 7 == 1:
            return
        if number % 7 == 2:
            decline = interests_pb.DeclineInterestRequest(
                name=proposed.name, reason="We have found somebody nearer. Thank you for answering."
            )
            self.interests.DeclineInterest(decline, metadata=self._as(parties.our_manager.key))
            return
        accept = interests_pb.AcceptInterestRequest(name=proposed.name)
        accepted = self.interests.AcceptInterest(accept, metadata=self._as(parties.our_manager.key))
        signers = [parties.our_manager, parties.their_manager, parties.visitor]
        if notice.beneficiary and beneficiary is not None:
            signers.append(beneficiary)
        self._carry_out(accepted.exchange, signers, number)

    def _carry_out(self, exchange: str, signers: Sequence[DemoPerson], number: int) -> None:
        """Settles, signs, starts, completes: each exchange as far as its number says."""
        if number % 5 == 0:
            return
        manager = self._as(signers[0].key)
        start = self.today + timedelta(days=number % 30)
        terms = exchanges_pb.Exchange(
            name=exchange,
            start_date=f"{start}",
            end_date=f"{start + timedelta(days=60)}",
            days_per_week=1 + number % 3,
            attendance=notices_pb.HYBRID,
            payer=exchanges_pb.Exchange.HOME,
            payment_note="Travel is claimed at home.",
            objectives=[
                "See how the team works from first contact to outcome",
                "Write up three things to try",
            ],
            cover="The visitor's team shares the work meanwhile.",
        )
        self.exchanges.UpdateExchange(
            exchanges_pb.UpdateExchangeRequest(exchange=terms), metadata=manager
        )
        for signer in signers if number % 5 > 1 else signers[:2]:
            sign = exchanges_pb.SignExchangeRequest(name=exchange)
            self.exchanges.SignExchange(sign, metadata=self._as(signer.key))
        if number % 5 > 2:
            self.exchanges.StartExchange(
                exchanges_pb.StartExchangeRequest(name=exchange), metadata=manager
            )
        if number % 5 > 3:
            complete = exchanges_pb.CompleteExchangeRequest(name=exchange)
            self.exchanges.CompleteExchange(complete, metadata=manager)
            for signer in signers:
                self._praise(exchange, signer, number)

    def _praise(self, exchange: str, signer: DemoPerson, number: int) -> None:
        feedback = exchanges_pb.GiveFeedbackRequest(
            name=exchange,
            rating=4 + number % 2,
            text="Time well spent: two ideas are already in use.",
        )
        self.exchanges.GiveFeedback(feedback, metadata=self._as(signer.key))


@dataclass(frozen=True)
class _Parties:
    our_manager: DemoPerson
    their_manager: DemoPerson
    visitor: DemoPerson


def _one_each(
    members: Sequence[DemoPerson], appointed: Mapping[str, DemoPerson]
) -> dict[str, DemoPerson]:
    """For each organisation with a manager, the member who takes part most."""
    first: dict[str, DemoPerson] = {}
    for person in members:
        if person.organisation in appointed:
            first.setdefault(person.organisation, person)
    return first
