"""Resource names: `notices/{uuid}` and `notices/{uuid}/interests/{uuid}`, made and taken apart."""

from __future__ import annotations

from uuid import UUID

from chassis.errors import InvalidArgument


def format_name(*parts: str | UUID) -> str:
    """`format_name("notices", id)`, `format_name(notice.name, "interests", id)`."""
    return "/".join(map(str, parts))


def parse_name(collection: str, name: str, *, field: str = "name") -> UUID:
    """The id in a name of this collection; InvalidArgument BAD_NAME for any other text."""
    return parse(name, f"{collection}/*", field=field)[0]


def parse(name: str, pattern: str, *, field: str = "name") -> tuple[UUID, ...]:
    """The ids where the pattern has stars, such as `notices/*/interests/*`; else InvalidArgument BAD_NAME."""
    shape, parts = pattern.split("/"), name.split("/")
    ids = tuple(_uuid(part) for part, star in zip(parts, shape, strict=False) if star == "*")
    fixed = all(part == want for part, want in zip(parts, shape, strict=False) if want != "*")
    found = tuple(each for each in ids if each is not None)
    if len(parts) != len(shape) or not fixed or len(found) != shape.count("*"):
        raise InvalidArgument("BAD_NAME", f"must look like {_shown(pattern)}", field=field)
    return found


def _uuid(text: str) -> UUID | None:
    """Only the canonical form, so that one thing has one name."""
    try:
        found = UUID(text)
    except ValueError:
        return None
    return found if str(found) == text else None


def _shown(pattern: str) -> str:
    return pattern.replace("*", "{id}")
