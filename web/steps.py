"""Steps that can't be undone, or that others hear of: asked first, taken once they are sent, and then told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import redirect
from werkzeug.wrappers import Response as Reply

from web.flashes import tell
from web.forms import Asking, question


def step(
    form: Asking,
    title: str,
    take: Callable[[], object],
    done: str,
    *,
    back: str,
    then: str = "",
    button: str = "",
    **more: Any,
) -> Reply:
    """The page that asks for a step and says what will happen; or where one goes once it was taken: `then`, or back."""
    if form.was_sent():
        with form.told():
            take()
            tell(done)
            return redirect(then or back, 303)
    return question(form, title, button=button or title, back=back, **{"cancel": back, **more})
