"""The rules written in the protos, enforced, with sentences that say what would be right."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from google.protobuf.message import Message
from protovalidate import Validator, Violation

from chassis.errors import FieldViolation, InvalidArgument

REASON = "INVALID_FIELDS"
MASK = "update_mask"
EVERYTHING = "*"

_validator = Validator()  # holds the compiled rules of every message it has seen


def validate(message: Message) -> None:
    """Raise InvalidArgument INVALID_FIELDS with one violation for each rule broken.

    Of an update's resource only the fields count that it means to change: those of its mask, or
    without one those that are set.
    """
    broken = _validator.collect_violations(message)
    if broken and MASK in message.DESCRIPTOR.fields_by_name:
        broken = [each for each in broken if _is_meant(message, each)]
    if broken:
        raise invalid(broken)


def _is_meant(update: Message, broken: Violation) -> bool:
    path = broken.proto.field
    elements = path.elements if path else ()
    if len(elements) < 2:
        return True
    mask = {each.partition(".")[0] for each in getattr(update, MASK).paths}
    if mask:
        return elements[1].field_name in mask or EVERYTHING in mask
    resource: Message = getattr(update, elements[0].field_name)
    return elements[1].field_name in {field.name for field, _ in resource.ListFields()}


def invalid(broken: Iterable[Violation]) -> InvalidArgument:
    """What protovalidate found, as our error."""
    violations = [_violation(each) for each in broken]
    fields = ", ".join(dict.fromkeys(each.field for each in violations))
    return InvalidArgument(REASON, f"these fields are not right: {fields}", violations=violations)


def _violation(broken: Violation) -> FieldViolation:
    proto = broken.proto
    return FieldViolation(_path(broken), proto.rule_id, describe(broken))


def _path(broken: Violation) -> str:
    """The field as a path in proto names: `notice.skills[2].level`."""
    path = broken.proto.field
    elements = path.elements if path else ()
    return ".".join(each.field_name + _subscript(each.subscript) for each in elements)


def _subscript(subscript: object) -> str:
    value = getattr(subscript, "value", None)
    return "" if value is None else f"[{value}]"


def describe(broken: Violation) -> str:
    """A sentence for people. It tells the rule, never the value that broke it."""
    proto = broken.proto
    text = TEXTS.get(proto.rule_id) or NUMBER_TEXTS.get(proto.rule_id.partition(".")[2])
    return text(broken) if text else proto.message


Text = Callable[[Violation], str]


def _fixed(text: str) -> Text:
    return lambda _: text


def _count(least_or_most: str, one: str, many: str) -> Text:
    def text(broken: Violation) -> str:
        limit = broken.rule_value
        return f"must have {least_or_most} {limit} {one if limit == 1 else many}"

    return text


def _at_least_characters(broken: Violation) -> str:
    if broken.rule_value == 1:
        return "must not be empty"
    return f"must have at least {broken.rule_value} characters"


def _one_of(broken: Violation) -> str:
    return "must be one of " + ", ".join(str(each) or '""' for each in broken.rule_value)


def _other_value(broken: Violation) -> str:
    if broken.rule_value == [0]:  # the value that stands for "not set"
        return "must be given"
    return "must be another one of the values in the contract"


def _limit(text: str) -> Text:
    return lambda broken: text.format(limit=broken.rule_value)


def _range(broken: Violation) -> str:
    """Both bounds stand only in protovalidate's own sentence, which is made of the rule alone."""
    bounds = re.findall(r"-?\d+(?:\.\d+)?", broken.proto.message)
    return f"must be from {bounds[0]} to {bounds[1]}" if len(bounds) == 2 else broken.proto.message


def _form(broken: Violation) -> str:
    """People don't read regular expressions: what the contract's own ones mean is said in words."""
    return FORMS.get(broken.rule_value, f"must have the form {broken.rule_value}")


EMAIL = "must be an e-mail address, such as name@council.example"
WEB = "must be a web address, such as https://council.example/page"
FORMS = {
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}$": "must be a day as YYYY-MM-DD, such as 2027-02-01",
    "^https?://": WEB,
    "^[EWSNK][0-9]{8}$": "must be an ONS code, such as E10000020",
    "^[A-Z]{2}-[A-Z0-9]{2,10}$": "must be a list of org-id.guide, such as GB-LAE or GB-CHC",
    "^(national|group[.][a-z0-9-]{1,40})$": "must be national, or a group such as group.wales",
}

TEXTS: dict[str, Text] = {
    "required": _fixed("must be given"),
    "string.min_len": _at_least_characters,
    "string.max_len": _count("at most", "character", "characters"),
    "string.len": _count("exactly", "character", "characters"),
    "string.email": _fixed(EMAIL),
    "string.email_empty": _fixed(EMAIL),
    "string.uri": _fixed(WEB),
    "string.uri_empty": _fixed(WEB),
    "string.uuid": _fixed("must be a UUID in lower case with hyphens"),
    "string.uuid_empty": _fixed("must be a UUID in lower case with hyphens"),
    "string.pattern": _form,
    "string.in": _one_of,
    "enum.defined_only": _fixed("must be one of the values in the contract"),
    "enum.not_in": _other_value,
    "repeated.min_items": _count("at least", "entry", "entries"),
    "repeated.max_items": _count("at most", "entry", "entries"),
    "repeated.unique": _fixed("must not name anything twice"),
    "map.max_pairs": _count("at most", "entry", "entries"),
    "bool.const": _limit("must be {limit}"),
}

# The same for every type of number, after the type's name.
NUMBER_TEXTS: dict[str, Text] = {
    "gt": _limit("must be more than {limit}"),
    "gte": _limit("must be {limit} or more"),
    "lt": _limit("must be less than {limit}"),
    "lte": _limit("must be {limit} or less"),
    "gte_lte": _range,
    "finite": _fixed("must be a number"),
    "in": _one_of,
}
