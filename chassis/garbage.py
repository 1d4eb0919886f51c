"""How often a program looks for garbage that refers to itself: seldom, and not through what stays."""

from __future__ import annotations

import gc

# A page of a partner's log, or a page of suggestions, makes tens of thousands of objects that all live
# until it is done. To look through the young ones after every seven hundred, as is the rule, costs a
# tenth of the time and finds nothing; to look through half a million that stay stops all answers meanwhile.
YOUNG = 20_000


def look_seldom() -> None:
    """For the whole process. Call it when what stays is made: that is not looked at again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG)
