"""What `interchange` can't do it says in words, with a status that scripts can see."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from chassis.errors import FieldViolation, InvalidArgument, NotFound
from cli.__main__ import main
from cli.commands.audit import audit as command

NO_LETTER = NotFound("NO_SUCH_DEAD_LETTER", "there is no such dead letter")
BAD_ADDRESS = InvalidArgument(
    "INVALID_FIELDS",
    "these fields are not right: email",
    violations=[FieldViolation("email", "string.email", "must be an e-mail address")],
)


@pytest.mark.parametrize(
    ("refused", "words"),
    [(NO_LETTER, "there is no such dead letter"), (BAD_ADDRESS, "email must be an e-mail address")],
)
def test_a_refusal_is_told_in_words(
    monkeypatch: pytest.MonkeyPatch, refused: Exception, words: str
) -> None:
    def refuse() -> None:
        raise refused

    monkeypatch.setattr(command.commands["verify"], "callback", refuse)

    said = CliRunner().invoke(main, ["audit", "verify"])

    assert said.exit_code == 1
    assert said.output == f"Error: {words}\n"


@pytest.mark.parametrize("asked", [["audit", "verify"], ["rebuild", "matching"], ["status"]])
def test_without_a_region_it_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, asked: list[str]
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))

    said = CliRunner().invoke(main, asked)

    assert said.exit_code == 1
    assert said.output.startswith(f"Error: no region is running on {tmp_path}")


def test_a_setting_that_can_not_be_is_named_as_it_was_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GATEWAY_PORT", "eighty")

    said = CliRunner().invoke(main, ["status"])

    assert said.exit_code == 1
    assert said.output.startswith("Error: GATEWAY_PORT: ")
