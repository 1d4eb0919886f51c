"""Generate gen/ from proto/: messages, stubs, types and the descriptor image that buf and the gateway read."""

from __future__ import annotations

import shutil
import sys
import sysconfig
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

from google.protobuf.descriptor_pb2 import DESCRIPTOR, FileDescriptorProto, FileDescriptorSet
from google.protobuf.duration_pb2 import DESCRIPTOR as DURATION
from google.protobuf.field_mask_pb2 import DESCRIPTOR as FIELD_MASK
from google.protobuf.timestamp_pb2 import DESCRIPTOR as TIMESTAMP
from grpc_tools import protoc
from protovalidate._gen.buf.validate import validate_pb

PROTO = Path(__file__).parent
GEN = PROTO.parent / "gen"
IMAGE = "interchange/descriptors.binpb"
VALIDATE = "buf/validate/validate.proto"


def validate_descriptors() -> bytes:
    """The descriptor of buf/validate/validate.proto with what it imports: its wheel ships no .proto file."""
    validate = FileDescriptorProto.FromString(validate_pb.desc().proto.to_binary())
    known = FileDescriptorSet()
    for descriptor in (DESCRIPTOR, DURATION, FIELD_MASK, TIMESTAMP):
        descriptor.CopyToProto(known.file.add())
    known.file.append(validate)
    return known.SerializeToString()


def includes() -> list[str]:
    """Where protoc finds google/api, google/rpc, google/type and the well-known types."""
    common = next(iter(files("google.api")._paths)).parent.parent  # type: ignore[attr-defined]
    well_known = Path(protoc.__file__).parent / "_proto"
    return [f"-I{PROTO}", f"-I{common}", f"-I{well_known}"]


def plugins() -> list[str]:
    """The type stub generators beside this interpreter, wherever PATH points."""
    scripts = Path(sysconfig.get_path("scripts"))
    names = ["protoc-gen-mypy", "protoc-gen-mypy_grpc"]
    return [f"--plugin={name}={scripts / name}" for name in names]


def run(arguments: Iterable[str]) -> None:
    """Run protoc in this process; exit with its status when it fails."""
    status = protoc.main(["protoc", *arguments])
    if status:
        sys.exit(status)


def sources() -> list[str]:
    return sorted(str(path.relative_to(PROTO)) for path in PROTO.glob("interchange/**/*.proto"))


def generate(out: Path, descriptors: Path) -> None:
    """Write Python modules, gRPC stubs, type stubs and the descriptor image under `out`."""
    shared = [*includes(), *plugins(), f"--descriptor_set_in={descriptors}"]
    kinds = ["python", "grpc_python", "mypy", "mypy_grpc"]
    outs = [
        f"--{kind}_out=quiet:{out}" if "mypy" in kind else f"--{kind}_out={out}" for kind in kinds
    ]
    run([*shared, *outs, *sources()])
    run([*shared, f"--python_out={out}", f"--mypy_out=quiet:{out}", VALIDATE])
    # A package of its own, not a part of any namespace: its descriptor image is found beside it.
    (out / "interchange" / "__init__.py").write_text('"""The contract, as Python."""\n')
    image = out / IMAGE
    run(
        [
            *shared,
            f"--descriptor_set_out={image}",
            "--include_imports",
            "--include_source_info",
            *sources(),
        ]
    )


def main() -> None:
    with TemporaryDirectory(dir=PROTO.parent) as folder:
        out = Path(folder) / "gen"
        out.mkdir()
        descriptors = Path(folder) / "validate.binpb"
        descriptors.write_bytes(validate_descriptors())
        generate(out, descriptors)
        shutil.rmtree(GEN, ignore_errors=True)
        out.rename(GEN)


if __name__ == "__main__":
    main()
