"""Who may call what of saved searches and stars: everybody their own."""

from __future__ import annotations

from chassis.policy import Rules, signed_in

RULES: Rules = {
    "CreateSavedSearch": signed_in,
    "GetSavedSearch": signed_in,
    "ListSavedSearches": signed_in,
    "UpdateSavedSearch": signed_in,
    "DeleteSavedSearch": signed_in,
    "StarNotice": signed_in,
    "UnstarNotice": signed_in,
    "ListFavourites": signed_in,
}
