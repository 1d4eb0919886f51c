"""Signing in through an organisation's real provider: who is let in, what is linked to whom, and what is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from interchange.identity.v1 import events_pb2 as events
from interchange.identity.v1 import identity_providers_pb2 as pb
from interchange.identity.v1 import people_pb2
from sqlalchemy import select

from chassis.auth import Principal
from chassis.clock import now
from chassis.errors import (
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    PermissionDenied,
    Unauthenticated,
    Unavailable,
)
from services.identity.providers import id_tokens
from services.identity.providers.client import Client, OpenIdConnect, Secrets
from services.identity.providers.fetching import Fetcher
from services.identity.providers.models import LinkedIdentity, Provider
from services.identity.sessions.clock import tidy
from tests.support.outbox import announced
from tests.support.provider import CLIENT_ID, CLIENT_SECRET, RunningProvider, provider
from tests.unit.identity.house import PASSWORD, REDIRECT_URI, House
from tests.unit.identity.test_second_factors import enrolled

ASHA = "asha@norfolk.example"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProvider]:
    with provider(tmp_path_factory.mktemp("provider"), REDIRECT_URI) as server:
        yield server


@pytest.fixture
def norfolk(house: House, running: RunningProvider) -> str:
    """An organisation whose people sign in through its provider."""
    organisation = house.organisation()
    configure(house, organisation, running.issuer)
    return organisation


@pytest.fixture
def asha(house: House, norfolk: str) -> Principal:
    return house.member(norfolk, ASHA)


def configure(house: House, organisation: str, issuer: str, **changed: str) -> pb.IdentityProvider:
    fields = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, **changed}
    request = pb.SetIdentityProviderRequest(
        name=f"{organisation}/identityProvider", issuer=issuer, **fields
    )
    made = house.providers.SetIdentityProvider(request, house.operator)
    assert isinstance(made, pb.IdentityProvider)
    return made


def begin(house: House, organisation: str, purpose: Any = pb.SIGN_IN) -> Any:
    request = pb.BeginExternalSignInRequest(
        name=f"{organisation}/identityProvider", redirect_uri=REDIRECT_URI, purpose=purpose
    )
    return house.providers.BeginExternalSignIn(request)


def complete(house: House, flow_token: str, state: str, code: str, **more: str) -> Any:
    request = pb.CompleteExternalSignInRequest(
        flow_token=flow_token, state=state, code=code, **more
    )
    return house.providers.CompleteExternalSignIn(request)


def come_in(
    house: House, running: RunningProvider, organisation: str, user: str = "asha", **more: Any
) -> Any:
    """The whole way, through the provider's own page."""
    begun = begin(house, organisation, **more)
    answer = running.sign_in(begun.authorization_uri, user)
    return complete(house, begun.flow_token, answer.state, answer.code)


def link(house: House, who: Principal, token: str) -> pb.LinkedIdentity:
    request = pb.CreateLinkedIdentityRequest(parent=who.person, link_token=token)
    made = house.providers.CreateLinkedIdentity(request, who)
    assert isinstance(made, pb.LinkedIdentity)
    return made


def test_an_unknown_subject_links_by_proving_the_account(
    house: House, running: RunningProvider, norfolk: str, asha: Principal
) -> None:
    unknown = come_in(house, running, norfolk)
    assert not unknown.HasField("session") and unknown.organisation == norfolk

    linked = link(house, asha, unknown.link_token)
    known = come_in(house, running, norfolk)

    assert known.session.person == asha.person and not known.link_token
    assert linked.issuer == running.issuer
    assert len(announced(house.database, events.IdentityLinked)) == 1


def test_the_same_address_lets_nobody_in(
    house: House, running: RunningProvider, norfolk: str, asha: Principal
) -> None:
    """The provider knows her by the address that she is registered with: that proves nothing."""
    unknown = come_in(house, running, norfolk)

    assert unknown.link_token and not unknown.HasField("session")


def test_linking_opens_no_session(
    house: House, running: RunningProvider, norfolk: str, asha: Principal
) -> None:
    link(house, asha, come_in(house, running, norfolk).link_token)

    assert not come_in(house, running, norfolk, purpose=pb.LINK).HasField("session")


def test_a_sign_in_belongs_to_one_person(
    house: House, running: RunningProvider, norfolk: str, asha: Principal
) -> None:
    other = house.member(norfolk, "other@norfolk.example")
    link(house, asha, come_in(house, running, norfolk).link_token)
    token = come_in(house, running, norfolk, purpose=pb.LINK).link_token

    with pytest.raises(AlreadyExists, match="IDENTITY_TAKEN"):
        link(house, other, token)


def test_a_link_token_works_once(
    house: House, running: RunningProvider, norfolk: str, asha: Principal
) -> None:
    token = come_in(house, running, norfolk).link_token
    link(house, asha, token)

    with pytest.raises(InvalidArgument, match="BAD_TOKEN"):
        link(house, asha, token)


def test_somebody_registers_without_a_password(
    house: House, running: RunningProvider, norfolk: str
) -> None:
    token = come_in(house, running, norfolk, "ben").link_token
    message = people_pb2.Person(
        display_name="Ben", email="ben@norfolk.example", organisation=norfolk, link_token=token
    )
    made = house.people.CreatePerson(people_pb2.CreatePersonRequest(person=message))
    with pytest.raises(FailedPrecondition, match="EMAIL_NOT_CONFIRMED"):
        come_in(house, running, norfolk, "ben")
    house.confirm(made.name)

    assert come_in(house, running, norfolk, "ben").session.person == made.name


def test_the_only_way_in_is_not_unlinked(
    house: House, running: RunningProvider, norfolk: str
) -> None:
    test_somebody_registers_without_a_password(house, running, norfolk)
    person = come_in(house, running, norfolk, "ben").session.person
    who = Principal(person=person)
    (linked,) = house.providers.ListLinkedIdentities(
        pb.ListLinkedIdentitiesRequest(parent=person), who
    ).linked_identities

    with pytest.raises(FailedPrecondition, match="ONLY_WAY_IN"):
        house.providers.DeleteLinkedIdentity(pb.DeleteLinkedIdentityRequest(name=linked.name), who)


def test_who_was_unlinked_is_unknown_again(
    house: House, running: RunningProvider, norfolk: str, asha: Principal
) -> None:
    linked = link(house, asha, come_in(house, running, norfolk).link_token)
    house.providers.DeleteLinkedIdentity(pb.DeleteLinkedIdentityRequest(name=linked.name), asha)

    assert come_in(house, running, norfolk).link_token
    assert len(announced(house.database, events.IdentityUnlinked)) == 1


def test_who_leaves_an_organisation_comes_in_through_it_no_more(
    house: House, running: RunningProvider, norfolk: str, asha: Principal
) -> None:
    link(house, asha, come_in(house, running, norfolk).link_token)
    suffolk = house.organisation("Suffolk")
    request = people_pb2.ChangeEmployerRequest(name=asha.person, organisation=suffolk)
    house.people.ChangeEmployer(request, house.operator)

    assert come_in(house, running, norfolk).link_token


def test_a_second_factor_is_asked_for_here_too(
    house: House, running: RunningProvider, norfolk: str, asha: Principal
) -> None:
    link(house, asha, come_in(house, running, norfolk).link_token)
    enrolled(house, house.principal(ASHA))

    with pytest.raises(Unauthenticated, match="SECOND_FACTOR_NEEDED"):
        come_in(house, running, norfolk)


def test_a_sign_in_is_completed_once(house: House, running: RunningProvider, norfolk: str) -> None:
    begun = begin(house, norfolk)
    answer = running.sign_in(begun.authorization_uri)
    complete(house, begun.flow_token, answer.state, answer.code)

    with pytest.raises(Unauthenticated, match="BAD_SIGN_IN"):
        complete(house, begun.flow_token, answer.state, answer.code)


def test_another_browsers_state_is_refused(
    house: House, running: RunningProvider, norfolk: str
) -> None:
    mine, theirs = begin(house, norfolk), begin(house, norfolk)
    answer = running.sign_in(theirs.authorization_uri)

    with pytest.raises(Unauthenticated, match="BAD_SIGN_IN"):
        complete(house, mine.flow_token, answer.state, answer.code)


def test_another_issuers_answer_is_refused(
    house: House, running: RunningProvider, norfolk: str
) -> None:
    begun = begin(house, norfolk)
    answer = running.sign_in(begun.authorization_uri)

    with pytest.raises(Unauthenticated, match="BAD_SIGN_IN"):
        complete(house, begun.flow_token, answer.state, answer.code, issuer="https://evil.example")


def test_a_code_of_another_sign_in_is_refused_by_its_verifier(
    house: House, running: RunningProvider, norfolk: str
) -> None:
    mine, theirs = begin(house, norfolk), begin(house, norfolk)
    stolen = running.sign_in(theirs.authorization_uri).code

    with pytest.raises(Unavailable, match="PROVIDER_AWAY"):
        complete(house, mine.flow_token, Secrets(mine.flow_token).state, stolen)


def test_what_waits_too_long_is_forgotten(
    house: House, running: RunningProvider, norfolk: str
) -> None:
    begun = begin(house, norfolk)
    answer = running.sign_in(begun.authorization_uri)
    tidy(house.database, house.keys, registration_ttl_s=9, at=now() + timedelta(minutes=16))

    with pytest.raises(Unauthenticated, match="BAD_SIGN_IN"):
        complete(house, begun.flow_token, answer.state, answer.code)


def test_new_keys_of_a_provider_are_fetched(
    house: House, running: RunningProvider, norfolk: str
) -> None:
    come_in(house, running, norfolk)
    running.rotate_keys()

    assert come_in(house, running, norfolk).link_token


@pytest.fixture(scope="module")
def id_token(running: RunningProvider) -> tuple[Client, Secrets, str]:
    """A real ID token, and the sign-in that it is for."""
    client, secrets = Client(running.issuer, CLIENT_ID, CLIENT_SECRET), Secrets("a token")
    connect = OpenIdConnect(Fetcher(on_loopback=True))
    answer = running.sign_in(connect.authorization_uri(client, secrets, REDIRECT_URI))
    return client, secrets, connect._id_token(client, secrets, answer.code, REDIRECT_URI)


def reader(**settings: Any) -> OpenIdConnect:
    return OpenIdConnect(Fetcher(on_loopback=True), refetch_s=0.0, **settings)


def test_a_real_token_names_its_subject(id_token: tuple[Client, Secrets, str]) -> None:
    client, secrets, token = id_token

    identity = reader().read(client, secrets, token)

    assert (identity.issuer, identity.subject) == (client.issuer, "asha")
    assert not identity.has_second_factor


@pytest.mark.parametrize(
    ("reason", "wrong"),
    [
        ("WRONG_AUDIENCE", lambda c, s: (Client(c.issuer, "somebody-else", ""), s)),
        ("WRONG_NONCE", lambda c, s: (c, Secrets("another sign-in"))),
    ],
)
def test_a_token_for_something_else_is_refused(
    id_token: tuple[Client, Secrets, str],
    reason: str,
    wrong: Callable[[Client, Secrets], tuple[Client, Secrets]],
) -> None:
    client, secrets, token = id_token

    with pytest.raises(Unauthenticated, match=reason):
        reader().read(*wrong(client, secrets), token)


@pytest.mark.parametrize("later", [timedelta(hours=2), -timedelta(hours=2)])
def test_a_token_of_another_time_is_refused(
    id_token: tuple[Client, Secrets, str], later: timedelta
) -> None:
    client, secrets, token = id_token

    with pytest.raises(Unauthenticated, match="TOKEN_EXPIRED"):
        reader(clock=lambda: now() + later).read(client, secrets, token)


def test_a_token_of_another_issuer_is_refused(
    id_token: tuple[Client, Secrets, str], running: RunningProvider
) -> None:
    client, secrets, token = id_token
    connect = reader()

    with pytest.raises(Unauthenticated, match="WRONG_ISSUER"):
        id_tokens.read(
            token,
            connect._keys(client),
            issuer="https://login.example",
            client_id=CLIENT_ID,
            nonce=secrets.nonce,
            at=now(),
        )


def test_a_token_that_was_changed_is_refused(id_token: tuple[Client, Secrets, str]) -> None:
    client, secrets, token = id_token
    head, body, signature = token.split(".")

    with pytest.raises(Unauthenticated, match="BAD_SIGNATURE"):
        reader().read(client, secrets, f"{head}.{body}.{signature[::-1]}")


def test_a_provider_is_asked_who_it_is_before_it_is_set(
    house: House, running: RunningProvider
) -> None:
    organisation = house.organisation()
    calls_itself_otherwise = running.issuer.replace("127.0.0.1", "localhost")

    with pytest.raises(InvalidArgument, match="another issuer") as refusal:
        configure(house, organisation, calls_itself_otherwise)

    assert refusal.value.violations[0].field == "issuer"


def test_in_production_a_provider_on_this_machine_is_refused(running: RunningProvider) -> None:
    strict = OpenIdConnect(Fetcher(on_loopback=False))
    for issuer in (running.issuer, running.issuer.replace("http:", "https:")):
        with pytest.raises(Unavailable, match=r"https|private"):
            strict.discover(issuer)


def test_secrets_are_sealed_and_kept_when_not_given(
    house: House, running: RunningProvider, norfolk: str
) -> None:
    again = configure(house, norfolk, running.issuer, client_secret="")

    with house.database.read() as session:
        kept = session.scalars(select(Provider)).one()
    assert CLIENT_SECRET.encode() not in kept.client_secret
    assert again.client_id == CLIENT_ID and list(again.redirect_uris) == [REDIRECT_URI]
    assert come_in(house, running, norfolk).link_token
    assert "identityProvider.set" in house.actions()


def test_visitors_see_organisations_and_nothing_else(house: House, norfolk: str) -> None:
    (shown,) = house.providers.ListIdentityProviders(
        pb.ListIdentityProvidersRequest()
    ).identity_providers

    assert shown == pb.IdentityProvider(
        name=f"{norfolk}/identityProvider", organisation_display_name="Norfolk"
    )
    with pytest.raises(PermissionDenied):
        house.providers.GetIdentityProvider(
            pb.GetIdentityProviderRequest(name=shown.name), Principal(person="people/1")
        )


def test_only_known_addresses_are_sent_back_to(house: House, norfolk: str) -> None:
    request = pb.BeginExternalSignInRequest(
        name=f"{norfolk}/identityProvider",
        redirect_uri="https://evil.example/callback",
        purpose=pb.SIGN_IN,
    )

    with pytest.raises(InvalidArgument, match="UNKNOWN_REDIRECT_URI"):
        house.providers.BeginExternalSignIn(request)


def test_a_manager_does_not_take_over_who_signs_in_elsewhere(
    house: House, running: RunningProvider, norfolk: str
) -> None:
    """A new address would be sent an invitation to set the first password."""
    test_somebody_registers_without_a_password(house, running, norfolk)
    person = come_in(house, running, norfolk, "ben").session.person
    manager = house.manager(norfolk, "manager@norfolk.example")
    house.approve(person, manager)
    message = people_pb2.Person(name=person, email="manager.too@norfolk.example")
    request = people_pb2.UpdatePersonRequest(person=message)
    request.update_mask.paths.append("email")

    with pytest.raises(PermissionDenied, match="EMAIL_IS_THEIRS"):
        house.people.UpdatePerson(request, manager)


def test_what_is_linked_is_exported(
    house: House, running: RunningProvider, norfolk: str, asha: Principal
) -> None:
    link(house, asha, come_in(house, running, norfolk).link_token)

    held = house.people.ExportPerson(people_pb2.ExportPersonRequest(name=asha.person), asha)

    assert [each.subject for each in held.linked_identities] == ["asha"]
    with house.database.read() as session:
        assert session.scalars(select(LinkedIdentity)).one().subject == "asha"
    assert house.sign_in(ASHA, PASSWORD).person == asha.person
