"""The encoder as one ONNX file: MiniLM's layers with 8-bit weights, a scale for each output channel.

The weights come in as the safetensors file that their publisher made. The arithmetic is plain and
the order fixed, so that everybody who builds it gets the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

LAYERS, HEADS, WIDTH = 6, 12, 384
HEAD_WIDTH = WIDTH // HEADS
EPSILON = 1e-12
# Seven bits: products of pairs then never overflow sixteen bits, so that processors with and
# without instructions for it compute the same.
LARGEST = 64
MASKED = -10_000.0
OPSET, IR_VERSION = 20, 9
DTYPES: dict[str, Any] = {"F32": np.float32, "F16": np.float16, "I64": np.int64}

Weights = dict[str, NDArray[np.float32]]


def read_safetensors(path: Path) -> Weights:
    """A safetensors file: eight bytes of length, a header in JSON, the numbers."""
    content = path.read_bytes()
    start = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:start])
    header.pop("__metadata__", None)
    return {name: _tensor(content, start, entry) for name, entry in header.items()}


def _tensor(content: bytes, start: int, entry: dict[str, Any]) -> NDArray[Any]:
    first, last = entry["data_offsets"]
    flat: NDArray[Any] = np.frombuffer(
        content[start + first : start + last], DTYPES[entry["dtype"]]
    )
    return flat.reshape(entry["shape"])


def quantised(weights: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Of a matrix (channels, inputs) the whole numbers, and the scale of each channel."""
    scales = (np.abs(weights).max(axis=1) / LARGEST).astype(np.float32)
    scales[scales == 0] = 1
    return np.rint(weights / scales[:, None]).astype(np.int8), scales


class Graph:
    """Nodes in order and the constants they use. Each method adds nodes and names their result."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}

    def add(self, kind: str, *inputs: str, results: int = 1, **attributes: Any) -> list[str]:
        names = [f"{kind}.{len(self._nodes)}.{place}" for place in range(results)]
        self._nodes.append(helper.make_node(kind, list(inputs), names, **attributes))
        return names

    def one(self, kind: str, *inputs: str, **attributes: Any) -> str:
        return self.add(kind, *inputs, **attributes)[0]

    def constant(self, name: str, value: object, dtype: type = np.float32) -> str:
        self._constants[name] = numpy_helper.from_array(np.asarray(value, dtype), name)
        return name

    def weight(self, name: str) -> str:
        return self.constant(name, self._weights[name])

    def linear(self, value: str, name: str) -> str:
        """Times a matrix of whole numbers, in whole numbers, plus its bias."""
        numbers, scales = quantised(self._weights[f"{name}.weight"])
        matrix = self.constant(f"{name}.numbers", numbers.T, np.int8)
        scale = self.constant(f"{name}.scales", scales)
        whole, its_scale, zero = self.add("DynamicQuantizeLinear", value, results=3)
        none = self.constant("no_zero_point", 0, np.int8)
        product = self.one("MatMulInteger", whole, matrix, zero, none)
        real = self.one("Cast", product, to=TensorProto.FLOAT)
        scaled = self.one("Mul", real, self.one("Mul", its_scale, scale))
        return self.one("Add", scaled, self.weight(f"{name}.bias"))

    def normalised(self, value: str, name: str) -> str:
        scale, shift = self.weight(f"{name}.weight"), self.weight(f"{name}.bias")
        return self.one("LayerNormalization", value, scale, shift, axis=-1, epsilon=EPSILON)

    def embedded(self, tokens: str) -> str:
        """Word, place and type of each token."""
        numbers, scales = quantised(self._weights["embeddings.word_embeddings.weight"])
        rows = self.one("Gather", self.constant("words", numbers, np.int8), tokens)
        scale = self.one("Gather", self.constant("words.scales", scales[:, None]), tokens)
        words = self.one("Mul", self.one("Cast", rows, to=TensorProto.FLOAT), scale)
        length = self.one("Gather", self.one("Shape", tokens), self.constant("1", 1, np.int64))
        zero, step = self.constant("0", 0, np.int64), self.constant("step", 1, np.int64)
        places = self.one("Range", zero, length, step)
        table = self._weights["embeddings.position_embeddings.weight"]
        kinds = self._weights["embeddings.token_type_embeddings.weight"]
        where = self.one("Gather", self.constant("places", table + kinds[0]), places)
        return self.normalised(self.one("Add", words, where), "embeddings.LayerNorm")

    def layer(self, value: str, mask: str, name: str) -> str:
        own = f"{name}.attention"
        seen = self.linear(self.attention(value, mask, f"{own}.self"), f"{own}.output.dense")
        value = self.normalised(self.one("Add", seen, value), f"{own}.output.LayerNorm")
        inner = self.one("Gelu", self.linear(value, f"{name}.intermediate.dense"))
        outer = self.linear(inner, f"{name}.output.dense")
        return self.normalised(self.one("Add", outer, value), f"{name}.output.LayerNorm")

    def attention(self, value: str, mask: str, name: str) -> str:
        heads = self.constant("heads", [0, 0, HEADS, HEAD_WIDTH], np.int64)
        joined = self.constant("joined", [0, 0, WIDTH], np.int64)

        def split(part: str, order: Sequence[int]) -> str:
            parted = self.one("Reshape", self.linear(value, f"{name}.{part}"), heads)
            return self.one("Transpose", parted, perm=list(order))

        query, key = split("query", (0, 2, 1, 3)), split("key", (0, 2, 3, 1))
        root = self.constant("root", HEAD_WIDTH**0.5)
        likeness = self.one("Div", self.one("MatMul", query, key), root)
        shares = self.one("Softmax", self.one("Add", likeness, mask), axis=-1)
        mixed = self.one("MatMul", shares, split("value", (0, 2, 1, 3)))
        return self.one("Reshape", self.one("Transpose", mixed, perm=[0, 2, 1, 3]), joined)

    def pooled(self, value: str, mask: str) -> str:
        """The mean over the tokens that are there, at length one."""
        last = self.constant("last", [2], np.int64)
        kept = self.one("Unsqueeze", self.one("Cast", mask, to=TensorProto.FLOAT), last)
        along = self.constant("along", [1], np.int64)
        total = self.one("ReduceSum", self.one("Mul", value, kept), along, keepdims=0)
        count = self.one("ReduceSum", kept, along, keepdims=0)
        mean = self.one("Div", total, count)
        return self.one("LpNormalization", mean, axis=-1, p=2)

    def masking(self, mask: str) -> str:
        """What to add to the likeness of two tokens: nothing, or so much that it counts for nothing."""
        axes = self.constant("axes", [1, 2], np.int64)
        real = self.one("Unsqueeze", self.one("Cast", mask, to=TensorProto.FLOAT), axes)
        missing = self.one("Sub", self.constant("one", 1), real)
        return self.one("Mul", missing, self.constant("masked", MASKED))

    def model(self) -> onnx.ModelProto:
        """tokens and mask, (texts, tokens), to vectors, (texts, WIDTH)."""
        value, mask = self.embedded("tokens"), self.masking("mask")
        for number in range(LAYERS):
            value = self.layer(value, mask, f"encoder.layer.{number}")
        self._nodes.append(helper.make_node("Identity", [self.pooled(value, "mask")], ["vectors"]))
        inputs = [
            helper.make_tensor_value_info(name, TensorProto.INT64, ["texts", "length"])
            for name in ("tokens", "mask")
        ]
        outputs = [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["texts", WIDTH])]
        constants = list(self._constants.values())
        graph = helper.make_graph(self._nodes, "MiniLM", inputs, outputs, constants)
        opset = [helper.make_opsetid("", OPSET)]
        return helper.make_model(graph, opset_imports=opset, ir_version=IR_VERSION)


def build(weights: Path, into: Path) -> None:
    """Write the encoder of these weights."""
    model = Graph(read_safetensors(weights)).model()
    onnx.checker.check_model(model)
    into.write_bytes(model.SerializeToString(deterministic=True))
