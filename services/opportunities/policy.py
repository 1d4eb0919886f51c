"""Who may call what, and who may do what with which thing."""

from __future__ import annotations

from chassis.auth import Principal
from chassis.policy import Rules, any_of, anyone, manager, operator, service, signed_in
from services.opportunities.exchanges.models import Exchange
from services.opportunities.exchanges.parties import Role
from services.opportunities.interests.models import Interest
from services.opportunities.interests.models import State as InterestState
from services.opportunities.notices.kinds import State, Visibility
from services.opportunities.notices.models import Listed, Notice
from services.opportunities.requests.models import Request
from services.opportunities.swaps.models import Swap

managers = any_of(manager, operator)  # of which organisation, the loaders check

RULES: Rules = {
    # notices
    "CreateNotice": managers,
    "GetNotice": anyone,
    "ListNotices": anyone,
    "UpdateNotice": managers,
    "SubmitNotice": managers,
    "PublishNotice": managers,
    "ReturnNotice": managers,
    "WithdrawNotice": managers,
    "CloseNotice": managers,
    "CopyNotice": managers,
    "SetNoticeConsent": signed_in,  # the beneficiary too
    # notices as tables
    "ExportNotices": managers,
    "ImportNotices": managers,
    # reports of notices
    "CreateNoticeReport": anyone,  # who can see the notice
    "ListNoticeReports": operator,
    "DismissNoticeReport": operator,
    # requests
    "CreateRequest": signed_in,
    "GetRequest": signed_in,
    "ListRequests": signed_in,
    "DraftNoticeFromRequest": managers,
    "DeclineRequest": managers,
    "WithdrawRequest": signed_in,
    # interests
    "CreateInterest": signed_in,  # people for themselves
    "GetInterest": signed_in,
    "ListInterests": signed_in,
    "EndorseInterest": managers,
    "AcceptInterest": managers,
    "DeclineInterest": managers,
    "WithdrawInterest": signed_in,
    "SetInterestConsent": signed_in,
    "GetIntroduction": signed_in,
    # exchanges
    "GetExchange": signed_in,
    "ListExchanges": any_of(signed_in, service("matching")),  # which notes who is partners
    "UpdateExchange": managers,
    "SignExchange": signed_in,
    "StartExchange": managers,
    "CompleteExchange": managers,
    "EndExchange": signed_in,
    "GiveFeedback": signed_in,
    # swaps
    "ProposeSwap": managers,
    "GetSwap": signed_in,
    "ListSwaps": any_of(signed_in, service("matching")),  # which leaves out what is taken
    "AgreeSwap": manager,  # nobody agrees for another organisation's people
    "LeaveSwap": manager,
    "BeginSwap": managers,
    # what regions tell each other
    "GetPartnerRecord": service("federation"),
    "TakePartnerRecord": service("federation"),
    "ForgetPartnerRecord": service("federation"),
    # figures and one's own record
    "GetFigures": anyone,
    "ListAnsweringTimes": operator,
    "ExportParticipation": signed_in,
    # what could not be processed
    "ListDeadLetters": any_of(operator, service("cli")),
    "ReplayDeadLetter": any_of(operator, service("cli")),
    "DropDeadLetter": any_of(operator, service("cli")),
}

PUBLIC = (Visibility.REGION, Visibility.NETWORK)
# Programs that keep a copy of every published notice, or tell people of it.
READERS = ("matching", "notifications")


def manages(who: Principal, organisation: str) -> bool:
    """Whether they act for the organisation; operators may do what managers do."""
    return who.is_operator or who.manages_organisation(organisation)


def works_for(who: Principal, organisation: str) -> bool:
    return who.organisation == organisation or who.manages_organisation(organisation)


def is_person(who: Principal, person: str) -> bool:
    """Whether they are this person; nobody is the one who is not named."""
    return bool(person) and who.person == person


def may_edit_notice(who: Principal, notice: Notice) -> bool:
    return manages(who, notice.organisation)


def sees_notice_whole(who: Principal, notice: Listed) -> bool:
    """Whether they also see who wrote it, who answers for it and whom it is for."""
    return manages(who, notice.organisation) or is_person(who, notice.beneficiary)


def may_see_notice(who: Principal, notice: Notice) -> bool:
    """What one can tell from the notice alone: who answered a closed one may see it too."""
    if sees_notice_whole(who, notice):
        return True
    if notice.state is not State.PUBLISHED:
        return False
    if notice.visibility in PUBLIC or who.service in READERS:
        return True
    return works_for(who, notice.organisation)


def may_see_request(who: Principal, request: Request) -> bool:
    return is_person(who, request.person) or manages(who, request.organisation)


def is_own_side(who: Principal, interest: Interest) -> bool:
    """The side that is interested: its managers, who would take part, and operators."""
    return manages(who, interest.organisation) or is_person(who, interest.participant)


def is_notice_side(who: Principal, interest: Interest) -> bool:
    """The side that posted the notice: its managers, whom it is for, and operators."""
    notice = interest.notice
    return manages(who, notice.organisation) or is_person(who, notice.beneficiary)


def may_see_interest(who: Principal, interest: Interest) -> bool:
    return is_own_side(who, interest) or is_notice_side(who, interest)


def sees_participant(who: Principal, interest: Interest) -> bool:
    """Their own side always; the other once the two are introduced."""
    return is_own_side(who, interest) or interest.state is InterestState.ACCEPTED


def may_endorse(who: Principal, interest: Interest) -> bool:
    return manages(who, interest.organisation) or manages(who, interest.notice_organisation)


def may_accept(who: Principal, interest: Interest) -> bool:
    return manages(who, interest.notice_organisation)


def may_decline(who: Principal, interest: Interest) -> bool:
    """The notice's managers; before endorsement also the interested organisation's."""
    if interest.state is InterestState.PROPOSED and manages(who, interest.organisation):
        return True
    return may_accept(who, interest)


def manages_exchange(who: Principal, exchange: Exchange) -> bool:
    """Managers of either side and operators."""
    return manages(who, exchange.host_organisation) or manages(who, exchange.visiting_organisation)


def may_see_exchange(who: Principal, exchange: Exchange) -> bool:
    named = any(is_person(who, each.person) for each in exchange.signatories)
    return named or manages_exchange(who, exchange)


def roles_in(who: Principal, exchange: Exchange) -> set[Role]:
    """As what they take part: a person in their own name, any manager of a side as its manager."""
    roles: set[Role] = {
        each.role
        for each in exchange.signatories
        if each.role in (Role.HOST_PERSON, Role.VISITING_PERSON) and is_person(who, each.person)
    }
    if who.manages_organisation(exchange.host_organisation):
        roles.add(Role.HOST_MANAGER)
    if who.manages_organisation(exchange.visiting_organisation):
        roles.add(Role.VISITING_MANAGER)
    return roles


def sees_every_swap(who: Principal) -> bool:
    return who.is_operator or who.service == "matching"


def may_see_swap(who: Principal, swap: Swap) -> bool:
    """Who takes part sees it whole: its managers, whom its notices are for, and operators."""
    is_part = any(manages(who, each) for each in swap.organisations)
    return is_part or any(is_person(who, each) for each in swap.people) or sees_every_swap(who)


def may_export(who: Principal, person: str) -> bool:
    return who.is_operator or is_person(who, person)
