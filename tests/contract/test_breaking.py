"""A proto that would break callers is refused."""

from __future__ import annotations

import subprocess
import sysconfig
from importlib.resources import files
from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet

from tests.support.released import unpack

BUF = Path(sysconfig.get_path("scripts")) / "buf"
ROOT = Path(__file__).parents[2]


def image() -> FileDescriptorSet:
    """The contract as it is."""
    content = files("interchange").joinpath("descriptors.binpb").read_bytes()
    return FileDescriptorSet.FromString(content)


def notices(contract: FileDescriptorSet) -> FileDescriptorProto:
    (found,) = [file for file in contract.file if file.name.endswith("/notices.proto")]
    return found


def is_accepted(contract: FileDescriptorSet, folder: Path) -> bool:
    changed = folder / "changed.binpb"
    changed.write_bytes(contract.SerializeToString())
    baseline = unpack(folder / "released") / "gen" / "interchange" / "descriptors.binpb"
    found = subprocess.run(
        [BUF, "breaking", f"{changed}#format=binpb", "--against", f"{baseline}#format=binpb"],
        cwd=ROOT,
        env={"HOME": str(folder), "BUF_CACHE_DIR": str(folder)},
        capture_output=True,
        check=False,
    )
    return found.returncode == 0


def test_the_contract_as_it_is_breaks_nobody(tmp_path: Path) -> None:
    assert is_accepted(image(), tmp_path)


@pytest.mark.parametrize("breach", ["a field is gone", "a field is renamed", "a call is gone"])
def test_a_breach_is_found(tmp_path: Path, breach: str) -> None:
    contract = image()
    file = notices(contract)
    (notice,) = [message for message in file.message_type if message.name == "Notice"]

    if breach == "a field is gone":
        del notice.field[3]
    if breach == "a field is renamed":
        notice.field[3].name, notice.field[3].json_name = "heading", "heading"
    if breach == "a call is gone":
        del file.service[0]

    assert not is_accepted(contract, tmp_path)
