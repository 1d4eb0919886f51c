"""Somebody at a real browser without a mouse: every step is keys, and the focus is seen wherever it stops."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import ElementHandle, Locator

from tests.support.pages import Page
from tests.support.screen import Screen

MOST_STOPS = 150  # more than any page of ours has; beyond that something holds the focus
# What has the focus: whether it is one of these, whether it looks otherwise than without, and on which side they are.
STOP = """wanted => {
  const here = document.activeElement, label = here.labels && here.labels[0];
  const style = (of, part) => {
    const { outline, boxShadow, backgroundColor, borderColor } = getComputedStyle(of, part);
    return [outline, boxShadow, backgroundColor, borderColor].join();
  };
  const looks = () => [style(here), ...(label ? [style(label, "::before"), style(label, "::after")] : [])].join();
  const is_a_stop = here !== document.body && here.tabIndex >= 0;  // not where the skip link or an error leads
  const within = here.getBoundingClientRect(), focused = looks();
  if (is_a_stop) here.blur();
  const blurred = looks();
  if (is_a_stop) here.focus({ preventScroll: true });
  return {
    what: here.outerHTML.slice(0, 160),
    arrived: wanted.includes(here),
    seen: !is_a_stop || focused !== blurred,
    in_view: !is_a_stop || (within.bottom > 0 && within.top < innerHeight),
    before: Boolean(here.compareDocumentPosition(wanted[0]) & Node.DOCUMENT_POSITION_PRECEDING),
  };
}"""


class Keyboard(Screen):
    """A screen used by keys alone: Tab and Shift+Tab to what is wanted, then Enter, Space, arrows or letters."""

    def get(self, path: str, status: int = 200) -> Page:
        """By a link of the page's, where it has one; else by the address."""
        link = self.tab.locator(f'main a[href="{path}"]:visible') if self.page else None
        if link is None or not link.count():
            return super().get(path, status)
        self._go_to(link.first)
        with self.tab.expect_navigation() as went:
            self.tab.keyboard.press("Enter")
        return self._saw("GET", went.value, status)

    def send(self, status: int = 200, action: str = "", **values: Any) -> Page:
        form = self.form(action)
        for name, value in values.items():
            self._fill(form.locator(f'[name="{name}"]'), value)
        self._go_to(form.locator('button[type="submit"]').first)
        with self.tab.expect_navigation() as went:
            self.tab.keyboard.press("Enter")
        return self._saw("POST", went.value, status)

    def _fill(self, fields: Locator, value: Any) -> None:
        kind = str(fields.first.evaluate("each => each.type"))
        values = value if isinstance(value, list) else [value]
        if kind == "radio":
            self._choose(fields, value)
        elif kind == "checkbox":
            for each in values:
                self._tick(fields.and_(self.tab.locator(f'[value="{each}"]')))
        elif kind.startswith("select"):
            self._go_to(fields)
            self._press_until("ArrowDown", fields, value)
        else:
            for at, each in enumerate(values):
                self._go_to(fields.nth(at))
                self.tab.keyboard.press("Control+A")
                self.tab.keyboard.press("Delete")
                self.tab.keyboard.type(str(each))

    def _choose(self, fields: Locator, value: str) -> None:
        """One stop for all radio buttons of a question; arrows go on from there."""
        if not value:
            return
        self._go_to(fields)
        wanted = fields.and_(self.tab.locator(f'[value="{value}"]'))
        for _ in range(fields.count()):
            if wanted.evaluate("each => each === document.activeElement"):
                break
            self.tab.keyboard.press("ArrowDown")
        self.tab.keyboard.press("Space")
        assert wanted.is_checked(), value

    def _tick(self, box: Locator) -> None:
        self._go_to(box)
        if not box.is_checked():
            self.tab.keyboard.press("Space")

    def _press_until(self, key: str, field: Locator, value: str) -> None:
        self.tab.keyboard.press("Home")
        for _ in range(field.locator("option").count()):
            if field.input_value() == value:
                return
            self.tab.keyboard.press(key)
        raise AssertionError(f"no option {value} is reached by {key}")

    def _go_to(self, wanted: Locator) -> None:
        """Past the menu by the skip link, then from stop to stop."""
        targets = wanted.element_handles()
        for _ in range(MOST_STOPS):
            stop = self._stop(targets)
            if stop["arrived"]:
                return
            skips = 'class="govuk-skip-link"' in stop["what"]
            self.tab.keyboard.press("Enter" if skips else "Shift+Tab" if stop["before"] else "Tab")
        raise AssertionError(f"{self.tab.url}: keys do not reach {wanted}, only {stop['what']}")

    def _stop(self, targets: list[ElementHandle]) -> dict[str, Any]:
        stop: dict[str, Any] = self.tab.evaluate(STOP, targets)
        assert stop["seen"], f"{self.tab.url}: nobody sees the focus on {stop['what']}"
        assert stop["in_view"], f"{self.tab.url}: the focus is out of sight on {stop['what']}"
        return stop
