"""What an operator types to join others, and what they read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from interchange.federation.v1 import partners_pb2 as pb

from chassis import auth
from cli.__main__ import main
from cli.address_book import AddressBook
from services.federation.protocol.document import (
    KeyInfo,
    RegionDocument,
    read_document,
    sign_document,
)
from services.federation.protocol.keys import RootKey, SigningKey, fingerprint
from tests.unit.cli.office import Office, moment, serving

Run = Callable[..., Result]
SCOTTISH = RootKey.generate()


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def run(office: Office, tmp_path: Path) -> Iterator[Run]:
    """`run("status")`: `interchange federation status` in a running region."""
    key = auth.generate_key("cli")
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "cli.json").write_text(json.dumps(key))
    with serving(office, key) as server:
        port = int(server.address.rpartition(":")[2])
        AddressBook(1, 8080, 1, 1, 1, {"federation": port}).write(tmp_path)

        def typed(*arguments: str, **options: str) -> Result:
            environment = {"DATA_DIR": str(tmp_path), "COLUMNS": "300"}
            return CliRunner().invoke(main, ["federation", *arguments], env=environment, **options)  # type: ignore[arg-type]

        yield typed


def scotland() -> bytes:
    key = SigningKey.generate("scotland-1")
    validity = datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    document = RegionDocument(
        region="scotland",
        display_name="Scotland",
        url="https://scotland.example",
        version=3,
        root_public=SCOTTISH.public,
        keys=(KeyInfo(key.kid, key.public, *validity),),
    )
    return sign_document(document, SCOTTISH)


@pytest.fixture
def partner(office: Office) -> pb.Partner:
    made = pb.Partner(
        name="partners/scotland",
        display_name="Scotland",
        state=pb.Partner.ACTIVE,
        last_contact_time=moment(seconds=12),
        key_expire_time=moment(days=-61, hours=-1),
        clock_skew_s=0.2,
        progress=[
            pb.ChannelProgress(channel="national", incoming=True, epoch=3, cursor=1042, head=1042),
            pb.ChannelProgress(channel="to.east", incoming=True, epoch=1, cursor=7, head=0),
            pb.ChannelProgress(channel="national", epoch=2, cursor=640, head=880),
        ],
    )
    office.partners[made.name] = made
    return made


def test_a_region_is_given_an_identity(run: Run, office: Office, tmp_path: Path) -> None:
    made = run("init", "--url", "https://east.example/")

    assert made.exit_code == 0, made.output
    document = read_document(office.identity.document)
    assert (document.region, document.display_name) == ("east-of-england", "East of England")
    assert (document.url, document.version) == ("https://east.example", 1)
    assert [each.kid for each in document.keys] == [each.kid for each in document.sealing] == ["key-1"]  # fmt: skip
    assert fingerprint(document.root_public) in made.stdout
    root = tmp_path / "keys" / "federation.root.json"
    assert root.stat().st_mode & 0o777 == 0o600
    assert str(root) in made.stderr and "off this machine" in made.stderr
    assert json.loads(root.read_text())["private"] not in made.output


def test_a_second_identity_is_refused(run: Run) -> None:
    run("init")

    again = run("init")

    assert again.exit_code == 1
    assert "has an identity already" in again.stderr


def test_an_invitation_is_a_document_and_words_for_the_telephone(run: Run, office: Office) -> None:
    run("init")

    invited = run("invite")

    assert read_document(invited.stdout.encode()).region == "east-of-england"
    assert office.identity.fingerprint in invited.stderr
    assert len(office.identity.fingerprint.split()) == 8


def test_before_that_there_is_nothing_to_send(run: Run) -> None:
    invited = run("invite")

    assert invited.exit_code == 1
    assert "federation init" in invited.stderr


def test_a_partner_is_pinned_by_its_words_however_they_are_typed(
    run: Run, office: Office, tmp_path: Path
) -> None:
    file = tmp_path / "scotland.json"
    file.write_bytes(scotland() + b"\n")
    words = fingerprint(SCOTTISH.public).upper().replace(" ", ", ")

    added = run("add", str(file), "--fingerprint", words, "--channels", "national, group.coast")

    assert added.exit_code == 0, added.output
    assert "Scotland is pinned: https://scotland.example" in added.stdout
    assert list(office.partners["partners/scotland"].channels) == ["national", "group.coast"]


def test_other_words_and_other_files_are_refused_in_words(run: Run, tmp_path: Path) -> None:
    file, nonsense = tmp_path / "scotland.json", tmp_path / "nonsense.json"
    file.write_bytes(scotland())
    nonsense.write_text('{"protected": "", "sig": ""}')

    other = run("add", str(file), "--fingerprint", "zoo " * 8)
    broken = run("add", str(nonsense), "--fingerprint", "zoo " * 8)

    assert other.exit_code == broken.exit_code == 1
    assert "eight words" in other.stderr
    assert "no region's document" in broken.stderr


def test_status_shows_how_everybody_stands(run: Run, office: Office, partner: pb.Partner) -> None:
    south_west = pb.Partner(
        name="partners/south-west",
        state=pb.Partner.STALE,
        state_reason="no answer for a day",
        last_contact_time=moment(days=2, hours=4),
        key_expire_time=moment(days=-12),
        outstanding_erasures=3,
        quarantined_entries=1,
    )
    office.partners[south_west.name] = south_west

    shown = run("status").stdout

    assert "1042/1042" in shown and "national 640/880" in shown
    assert "to.east 7/? (head unknown)" in shown
    assert "61 d" in shown and "61 d !" not in shown
    assert "2 d 4 h" in shown and "STALE" in shown
    assert "11 d" in shown or "12 d" in shown
    assert "3 !" in shown and "1 !" in shown
    assert "south-west: no answer for a day" in shown


def test_without_partners_it_says_so(run: Run) -> None:
    assert run("status").stdout == "no partners\n"


def test_a_check_ends_with_what_is_wrong(run: Run, office: Office, partner: pb.Partner) -> None:
    step = pb.CheckPartnerResponse.Step
    office.steps = [step(title="address", ok=True, detail="10.1.1.1")]
    fine = run("check", "scotland")
    office.steps.append(step(title="clock", ok=False, detail="7 minutes ahead: whose is right?"))

    wrong = run("check", "scotland")

    assert fine.exit_code == 0
    assert wrong.exit_code == 1
    assert "FAIL  clock: 7 minutes ahead" in wrong.stdout


def test_a_partnership_is_stopped_resumed_and_ended(
    run: Run, office: Office, partner: pb.Partner
) -> None:
    assert run("suspend", "scotland", "--reason", "fork").stdout == "Scotland: suspended\n"
    assert office.partners["partners/scotland"].state_reason == "fork"
    assert run("resume", "partners/scotland").stdout == "Scotland: active\n"
    assert run("remove", "scotland", input="n\n").exit_code == 1
    assert office.partners["partners/scotland"].state == pb.Partner.ACTIVE
    assert run("remove", "scotland", "--yes").stdout == "Scotland: removed\n"


def test_who_is_no_partner_is_told_in_words(run: Run) -> None:
    answer = run("suspend", "wales")

    assert answer.exit_code == 1
    assert "partners/wales does not exist" in answer.stderr


def test_a_new_key_comes_first_and_the_old_one_stays(run: Run, office: Office) -> None:
    run("init")

    rotated = run("rotate-key", "--days", "30")

    assert rotated.exit_code == 0, rotated.output
    document = read_document(office.identity.document)
    assert document.version == 2
    assert [each.kid for each in document.keys] == ["key-2", "key-1"]
    assert document.sealing[0].kid == "key-2"
    assert not document.revoked


def test_a_key_is_revoked_from_an_entry_on(run: Run, office: Office) -> None:
    run("init")

    at = ("--channel", "national", "--epoch", "2", "--from-seq", "41")
    rotated = run("rotate-key", "--revoke", "key-1", *at)

    assert rotated.exit_code == 0, rotated.output
    (revoked,) = read_document(office.identity.document).revoked
    assert (revoked.kid, revoked.channel, revoked.epoch, revoked.from_seq) == ("key-1", "national", 2, 41)  # fmt: skip


@pytest.mark.parametrize(
    "wrong", [("--from-seq", "4"), ("--revoke", "key-1", "--from-seq", "4"), ("--channel", "x")]
)
def test_half_of_a_revocation_is_refused(run: Run, office: Office, wrong: tuple[str, ...]) -> None:
    run("init")

    assert run("rotate-key", *wrong).exit_code == 2
    assert read_document(office.identity.document).version == 1


def test_another_root_key_signs_nothing(run: Run, office: Office, tmp_path: Path) -> None:
    run("init")
    (tmp_path / "keys" / "federation.root.json").unlink()
    missing = run("rotate-key")
    run("init")
    other = tmp_path / "other.json"
    other.write_text('{"private": "%s"}' % ("A" * 43 + "="))

    wrong = run("rotate-key", "--root-key", str(other))

    assert "not there" in missing.stderr
    assert "not the root key of this region" in wrong.stderr
    assert read_document(office.identity.document).version == 1


def test_a_new_epoch_is_begun(run: Run) -> None:
    assert run("new-epoch").stdout == "national: epoch 4\n"


def test_what_was_set_aside_is_listed_retried_and_dropped(
    run: Run, office: Office, partner: pb.Partner
) -> None:
    name = "partners/scotland/setAsideEntries/1"
    assert run("set-aside", "list", "scotland").stdout == "nothing is set aside\n"
    office.set_aside = [
        pb.SetAsideEntry(
            name=name, state=pb.SetAsideEntry.HELD, reason="UNKNOWN_MAJOR", channel="national",
            epoch=3, sequence=9,
        )
    ]  # fmt: skip

    listed = run("set-aside", "list", "scotland").stdout

    assert "UNKNOWN_MAJOR" in listed and "national 3:9" in listed
    assert run("set-aside", "retry", name).stdout == f"{name}: taken\n"
    assert run("set-aside", "drop", name).stdout == f"{name}: dropped\n"


def test_erasures_are_listed_with_their_receipts(
    run: Run, office: Office, partner: pb.Partner
) -> None:
    assert run("erasures").stdout == "no erasures\n"
    office.erasures = [
        pb.Erasure(subject="a", channel="national", create_time=moment(days=1), receipt_time=moment()),
        pb.Erasure(subject="b", channel="to.scotland", create_time=moment(days=1)),
    ]  # fmt: skip

    everywhere, there = run("erasures").stdout, run("erasures", "scotland").stdout

    assert everywhere == there
    assert everywhere.count("outstanding") == 1
    assert "to.scotland" in everywhere
