"""This region's names for things of other regions, made so that no region can name another's things, or ours."""

from __future__ import annotations

from unicodedata import category
from uuid import UUID, uuid5

from chassis.errors import InvalidArgument
from chassis.names import format_name

# Drawn once; with another one every copy would change its name.
NAMESPACE = UUID("6f1d6c0e-1d0b-5a0e-9c53-0f4a2b7e31c8")
# Unicode's categories of controls, of marks that direct or join, of halves and of what is not assigned.
UNSEEN = ("Cc", "Cf", "Cs", "Cn", "Co")


def foreign_id(region: str, name: str) -> UUID:
    """The id here of what a region calls by this name. The same each time; never an id of our own."""
    return uuid5(NAMESPACE, f"{region}/{name}")


def foreign_name(region: str, name: str) -> str:
    """`notices/{uuid}` of a region as `notices/{uuid}` here; InvalidArgument BAD_NAME for any other shape.

    Only the collection is kept: of `notices/{uuid}/interests/{uuid}` the last part is what is named.
    """
    *_, collection, own_id = ["", *name.split("/")]
    if not region or not collection.isalpha() or not own_id:
        raise InvalidArgument("BAD_NAME", "must look like {collection}/{id}", field="name")
    return format_name(collection, foreign_id(region, name))


def clean(text: str) -> str:
    """Text from elsewhere without what would change how the text around it is read: controls, bidi marks."""
    return "".join(each for each in text if each in "\n\t" or category(each) not in UNSEEN).strip()
