"""Walks a running region's main story through its public door, and leaves nothing of it behind."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import grpc
import requests
from interchange.identity.v1 import sessions_pb2 as pb
from interchange.identity.v1.sessions_pb2_grpc import CredentialServiceStub

from cli import doors

CALL_WITHIN_S = 15.0
FOUND_WITHIN_S = 30.0
LOOK_EVERY_S = 0.2
CONSENT = {"textVersion": "introduction-2026-11"}

Say = Callable[[str], None]


class WentWrong(Exception):
    """A step did not do what it should; the message says which and how."""


class Door:
    """The public API as one person, or as a visitor."""

    def __init__(self, url: str, token: str = "") -> None:
        self.url = url.rstrip("/")
        self._session = doors.session()
        if token:
            self._session.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str, **query: str) -> Any:
        return self._answer("GET", path, params=query)

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        return self._answer("POST", path, json=body or {})

    def patch(self, path: str, body: Mapping[str, Any]) -> Any:
        return self._answer("PATCH", path, json=body)

    def delete(self, path: str) -> Any:
        return self._answer("DELETE", path)

    def _answer(self, method: str, path: str, **more: Any) -> Any:
        try:
            answer = self._session.request(
                method, self.url + path, timeout=CALL_WITHIN_S, allow_redirects=False, **more
            )
        except requests.RequestException as problem:
            raise WentWrong(f"{method} {path}: {type(problem).__name__}") from problem
        if not answer.ok:
            raise WentWrong(f"{method} {path}: {answer.status_code} {answer.text[:500]}")
        is_json = "json" in answer.headers.get("Content-Type", "")
        return answer.json() if is_json else answer.text


def look(gateway: Door, web: Door | None, say: Say) -> None:
    """What every region answers to everybody, without changing anything."""
    ready = gateway.get("/readyz")["programs"]
    say(f"ready: {', '.join(sorted(ready))}")
    gateway.get("/openapi.json")
    say(f"search finds {gateway.get('/v1/notices:search').get('totalSize', 0)} notices")
    if web:
        for page in ("/", "/notices", "/managers", "/figures", "/sign-in"):
            if "<h1" not in web.get(page):
                raise WentWrong(f"{page} has no heading")
        say("the pages are there")


@dataclass
class Somebody:
    """A person of the story, who signs in as themselves."""

    name: str
    door: Door


@dataclass
class Story:
    """Two organisations, a manager and a person in each: from a notice to a completed exchange."""

    gateway: Door
    credentials: CredentialServiceStub
    say: Say
    mark: str = field(default_factory=lambda: secrets.token_hex(4))
    password: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    people: list[str] = field(default_factory=list)
    notices: list[tuple[Door, str]] = field(default_factory=list)
    operator: Door = field(init=False)

    @classmethod
    def through(cls, gateway: Door, identity: grpc.Channel, say: Say) -> Story:
        return cls(gateway, CredentialServiceStub(identity), say)

    def walk(self) -> None:
        """All of it; what was made is taken back, also when a step went wrong."""
        self.operator = self._become_operator()
        try:
            self._live()
        finally:
            self._leave_nothing()

    def _live(self) -> None:
        home, host = self._organisation("Home"), self._organisation("Host")
        home_manager, host_manager = self._manager(home, "Home"), self._manager(host, "Host")
        officer = self._member(home, "Officer")
        self.say("two organisations, two managers and an officer")
        notice = self._publish(host_manager)
        self._await_found(notice)
        exchange = self._introduce(notice, home, officer, home_manager, host_manager)
        self._carry_out(exchange, [host_manager, home_manager, officer])

    def _become_operator(self) -> Door:
        email = f"walk-{self.mark}@operator.example"
        self.credentials.CreateOperator(
            pb.CreateOperatorRequest(
                email=email, display_name="Walk through the region", password=self.password
            )
        )
        door = self._sign_in(email)
        self.people.append(self._session(email)["person"])
        return door

    def _organisation(self, which: str) -> str:
        made = self.gateway.post(
            "/v1/organisations",
            {"displayName": f"{which} {self.mark} (a check)", "kind": "OTHER", "sector": "PUBLIC"},
        )
        self.operator.post(f"/v1/{made['name']}:verify", {"note": "A check of the installation"})
        return str(made["name"])

    def _member(self, organisation: str, which: str) -> Somebody:
        email = f"walk-{self.mark}-{which.lower()}@council.example"
        body = {"displayName": f"{which} {self.mark}", "email": email, "organisation": organisation}
        name = str(self.operator.post("/v1/people", body)["name"])
        self.people.append(name)
        issue = pb.IssueMailTokenRequest(person=name, purpose=pb.ACCEPT_INVITATION)
        token = self.credentials.IssueMailToken(issue).token
        self.gateway.post("/v1/people:resetPassword", {"token": token, "password": self.password})
        return Somebody(name, self._sign_in(email))

    def _manager(self, organisation: str, which: str) -> Somebody:
        member = self._member(organisation, f"{which}-manager")
        appointed = self.operator.post(
            f"/v1/{organisation}:appointManager", {"person": member.name}
        )
        email = f"walk-{self.mark}-{which.lower()}-manager@council.example"
        self._sign_in(email).post(f"/v1/{appointed['name']}:commit")
        return Somebody(member.name, self._sign_in(email))

    def _session(self, email: str) -> Any:
        return self.gateway.post("/v1/sessions", {"email": email, "password": self.password})

    def _sign_in(self, email: str) -> Door:
        return Door(self.gateway.url, self._session(email)["accessToken"])

    def _publish(self, manager: Somebody) -> str:
        body = {
            "kind": "OFFERED",
            "format": "WORK_SHADOWING",
            "title": f"A check of the installation {self.mark}",
            "body": "This notice is published and taken back by a check that the region's operator runs.",
            "visibility": "REGION",
        }
        name = str(manager.door.post("/v1/notices", body)["name"])
        self.notices.append((manager.door, name))
        manager.door.post(f"/v1/{name}:submit")
        manager.door.post(f"/v1/{name}:publish")
        self.say("a notice is published")
        return name

    def _await_found(self, notice: str) -> None:
        began = time.monotonic()
        while time.monotonic() - began < FOUND_WITHIN_S:
            found = self.gateway.get("/v1/notices:search", query=self.mark).get("notices", [])
            if any(each["name"] == notice for each in found):
                self.say(f"it is found after {1000 * (time.monotonic() - began):.0f} ms")
                return
            time.sleep(LOOK_EVERY_S)
        raise WentWrong(f"search does not find the notice within {FOUND_WITHIN_S:.0f} s")

    def _introduce(
        self, notice: str, home: str, officer: Somebody, ours: Somebody, theirs: Somebody
    ) -> str:
        interest = ours.door.post(
            f"/v1/{notice}/interests",
            {"organisation": home, "participant": officer.name, "consent": CONSENT,
             "message": "A check of the installation."},
        )["name"]  # fmt: skip
        ours.door.post(f"/v1/{interest}:endorse")
        accepted = theirs.door.post(f"/v1/{interest}:accept")
        self.say("an interest is endorsed and accepted")
        return str(accepted["exchange"])

    def _carry_out(self, exchange: str, signers: list[Somebody]) -> None:
        manager = signers[0].door
        start = date.today()  # noqa: DTZ011  # a day is a day
        terms = {
            "startDate": f"{start}",
            "endDate": f"{start + timedelta(days=7)}",
            "daysPerWeek": 1,
            "attendance": "REMOTE",
            "payer": "HOME",
            "objectives": ["See that everything works"],
            "cover": "Nobody is away.",
        }
        manager.patch(f"/v1/{exchange}", terms)
        for signer in signers:
            signer.door.post(f"/v1/{exchange}:sign")
        manager.post(f"/v1/{exchange}:start")
        manager.post(f"/v1/{exchange}:complete")
        self.say("an exchange is agreed, started and completed")

    def _leave_nothing(self) -> None:
        """Take back the notice, erase the people. The two organisations stay in the register, as checks."""
        for door, notice in self.notices:
            if door.get(f"/v1/{notice}").get("state") == "PUBLISHED":
                door.post(f"/v1/{notice}:withdraw")
        for person in reversed(self.people):
            self.operator.delete(f"/v1/{person}")
        self.say("the notice is withdrawn, the people are erased")
