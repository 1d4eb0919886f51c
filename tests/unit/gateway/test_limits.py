"""Nobody asks more than their share, and a share is nobody else's."""

from __future__ import annotations

from typing import Any

import pytest
from redis import Redis

from chassis.auth import ANONYMOUS
from gateway.config import Config
from gateway.errors import TooManyRequests
from gateway.limits import Kind, Limits, network_of
from tests.unit.gateway.conftest import Client, MakeClient
from tests.unit.gateway.services import OTHER, PERSON, signed_in
from tests.unit.gateway.test_api import DRAFT

SIGN_IN = {"email": "a@b.example", "password": "wrong"}


def statuses(client: Client, times: int, path: str = "/v1/notices", **more: object) -> list[int]:
    return [client.get(path, **more).status_code for _ in range(times)]


def test_too_many_are_refused_with_a_time_to_wait(a_client: MakeClient) -> None:
    client = a_client(rate_limit_factor=1.0, reads_per_minute=3)

    assert statuses(client, 4) == [200, 200, 200, 429]
    refused = client.get("/v1/notices")
    assert refused.json["reason"] == "TOO_MANY_REQUESTS"
    assert 1 <= int(refused.headers["Retry-After"]) <= 60


def test_reads_writes_and_sign_ins_are_counted_apart(a_client: MakeClient) -> None:
    client = a_client(
        rate_limit_factor=1.0, reads_per_minute=1, writes_per_minute=2, sign_ins_per_minute=3
    )
    me = signed_in()

    reads = statuses(client, 2, headers=me)
    writes = [client.post("/v1/notices", json=DRAFT, headers=me).status_code for _ in range(3)]
    sign_ins = [client.post("/v1/sessions", json=SIGN_IN).status_code for _ in range(4)]

    assert reads == [200, 429]
    assert writes == [201, 201, 429]
    assert sign_ins == [401, 401, 401, 429]


def test_two_people_behind_one_address_have_two_shares(a_client: MakeClient) -> None:
    client = a_client(rate_limit_factor=1.0, reads_per_minute=2)

    assert statuses(client, 3, headers=signed_in(PERSON)) == [200, 200, 429]
    assert statuses(client, 3, headers=signed_in(OTHER)) == [200, 200, 429]


def test_signing_in_is_counted_by_address_whoever_it_is(a_client: MakeClient) -> None:
    client = a_client(rate_limit_factor=1.0, sign_ins_per_minute=2)

    sent = [{}, signed_in(PERSON), signed_in(OTHER)]
    answers = [client.post("/v1/sessions", json=SIGN_IN, headers=each) for each in sent]

    assert answers[-1].status_code == 429


def test_what_visitors_write_counts_as_signing_in(a_client: MakeClient) -> None:
    client = a_client(rate_limit_factor=1.0, sign_ins_per_minute=1)

    client.post("/v1/subscriptions/a:unsubscribe")
    answer = client.post("/v1/sessions", json=SIGN_IN)

    assert answer.status_code == 429


def test_the_factor_stretches_every_share(a_client: MakeClient) -> None:
    client = a_client(rate_limit_factor=2.0, reads_per_minute=2)

    assert statuses(client, 5) == [200] * 4 + [429]


def test_all_doors_count_together(a_client: MakeClient) -> None:
    one, other = (a_client(rate_limit_factor=1.0, reads_per_minute=4) for _ in range(2))

    assert statuses(one, 2) + statuses(other, 3) == [200, 200, 200, 200, 429]


def test_handfuls_add_up_to_the_share(redis: Redis, redis_url: str) -> None:
    limits = Limits(Config(redis_url=redis_url, reads_per_minute=600))

    done = 0
    with pytest.raises(TooManyRequests):
        while done <= 600:
            limits.spend(Kind.READ, ANONYMOUS, "192.0.2.1")
            done += 1

    assert done == 600


def test_without_valkey_each_door_counts_for_itself(a_client: MakeClient) -> None:
    client = a_client(redis_url="redis://127.0.0.1:1/0", rate_limit_factor=1.0, reads_per_minute=2)

    assert statuses(client, 3) == [200, 200, 429]


def test_our_own_proxies_are_believed_and_nobody_else(a_client: MakeClient) -> None:
    settings = {"rate_limit_factor": 1.0, "reads_per_minute": 1}
    direct = a_client(**settings)
    behind = a_client(trusted_proxies="127.0.0.1", **settings)

    def by(client: Client, forwarded: str) -> Any:
        return client.get("/v1/notices", headers={"X-Forwarded-For": forwarded}).status_code

    assert [by(behind, "192.0.2.1"), by(behind, "192.0.2.2"), by(behind, "192.0.2.2")] == [
        200,
        200,
        429,
    ]
    # What a caller puts in front of our proxy's word changes nothing.
    assert by(behind, "198.51.100.9, 192.0.2.1") == 429
    assert [by(direct, "192.0.2.7"), by(direct, "192.0.2.8")] == [200, 429]


def test_an_ipv6_customer_has_one_share_for_the_whole_network() -> None:
    assert network_of("2001:db8:1:2:3::4") == network_of("2001:db8:1:2::9")
    assert network_of("2001:db8:1:2::9") != network_of("2001:db8:1:3::9")
    assert network_of("192.0.2.1") != network_of("192.0.2.2")


def test_health_and_docs_are_not_counted(a_client: MakeClient) -> None:
    client = a_client(rate_limit_factor=1.0, reads_per_minute=1)

    assert statuses(client, 3, "/healthz") == [200] * 3
    assert statuses(client, 3, "/openapi.json") == [200] * 3
