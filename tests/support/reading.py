"""Somebody who is signed in reads pages, and asks again for what nobody took."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Self

import requests

from tests.support.pages import TIMEOUT_S, Browser
from tests.support.world import PASSWORD, Member

PATIENCE_S = 60.0
PAGES = ("/notices", "/dashboard", "/messages", "/account")


@dataclass
class Reading:
    """`Reading.signed_in(url, member)`; each `look` reads some pages."""

    browser: Browser
    read: int = 0
    again: Counter[int] = field(
        default_factory=Counter
    )  # what was not simply shown, by status; 0: no answer

    @classmethod
    def signed_in(cls, url: str, member: Member) -> Self:
        browser = Browser(url)
        browser.sign_in(member.email, PASSWORD)
        return cls(browser)

    def look(self) -> None:
        for path in PAGES:
            self._until_shown(path)
            self.read += 1

    def _until_shown(self, path: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while (status := self._status(path)) != requests.codes.ok:
            self.again[status] += 1
            assert time.monotonic() < deadline, f"{path}: {status}"
            time.sleep(0.1)

    def _status(self, path: str) -> int:
        """The page's status; that of whoever would have to sign in again is one of another page."""
        try:
            answer = self.browser.session.get(
                self.browser.url + path, timeout=TIMEOUT_S, allow_redirects=False
            )
        except requests.RequestException:
            return 0
        return answer.status_code
