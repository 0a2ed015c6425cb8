#!/usr/bin/env python3
# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""edgecc as a backend of the onnx package (onnx.backend.base).

    import edgecc_backend
    outputs = edgecc_backend.run_model(model, [x, y])

Compiles for this machine and runs in process, with edgecc-run. What edgecc
refuses is Refused, anything else that goes wrong a RuntimeError; the text of
both is what edgecc says.

An operand that edgecc has to know at compile time (the axes of a reduction,
the shape of a Reshape) may be an input of the model: with `fix_operands` its
value is put into the model when edgecc asks for it.

Sequences: an input that is one becomes an input for each of its elements, an
output that is one comes as that many outputs. Elements of less than a byte and
floats of eight bits are those of ml_dtypes.
"""
import os
import re
import subprocess
import tempfile
import zipfile

import ml_dtypes
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.backend.base import Backend, BackendRep

ROOT = os.path.normpath(
    os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
BINARY = os.path.join(ROOT, "build", "bin", "edgecc-run")

ASKS = re.compile(r"known at compile time|constant")
OPERAND = re.compile(r"operand (\d+)")


class Refused(RuntimeError):
    """edgecc does not compile the model."""


class Model(BackendRep):
    """A model; compiled anew in each run, as edgecc-run does it."""

    def __init__(self, model, binary=BINARY, flags=(), timeout=300,
                 fix_operands=False):
        super().__init__()
        self.model = model
        self.command = [binary]
        self.flags = list(flags)
        self.timeout = timeout
        self.fix_operands = fix_operands
        # The inputs whose values had to be put into the model.
        self.fixed = set()

    def run(self, inputs, **kwargs):
        """The outputs, in the order of the graph, for the inputs in theirs."""
        constants = {t.name for t in self.model.graph.initializer}
        names = [i.name for i in self.model.graph.input
                 if i.name not in constants]
        model, feed = flatten(self.model, dict(zip(names, inputs)))
        while True:
            try:
                return self._run(model, feed)
            except Refused as e:
                fixed = self.fix_operands and pick(model, feed, str(e))
                if not fixed:
                    raise
                self.fixed |= fixed
                model, feed = fix(model, feed, fixed)

    def _run(self, model, feed):
        with tempfile.TemporaryDirectory() as folder:
            path, source, target = (os.path.join(folder, f) for f in
                                    ("model.onnx", "in.npz", "out.npz"))
            onnx.save(model, path)
            write_npz(source, feed)
            try:
                p = subprocess.run(
                    [*self.command, path, "--inputs=" + source,
                     "--outputs=" + target, *self.flags], text=True,
                    capture_output=True, stdin=subprocess.DEVNULL,
                    timeout=self.timeout)
            except subprocess.TimeoutExpired:
                raise RuntimeError(f"no answer in {self.timeout:.0f} s")
            if p.returncode:
                text = " | ".join(p.stderr.strip().splitlines()[:2])[:300]
                kind = Refused if p.returncode == 1 else RuntimeError
                raise kind(f"exit {p.returncode}: {text}")
            with np.load(target) as z:
                arrays = [z[key] for key in z.files]
            types = output_types(model, len(arrays))
            return [decode(a, t) for a, t in zip(arrays, types)]


def write_npz(path, arrays):
    """As np.savez, for any name ("file" too) and any element type."""
    with zipfile.ZipFile(path, "w") as z:
        for name, array in arrays.items():
            with z.open(name + ".npy", "w", force_zip64=True) as f:
                np.lib.format.write_array(f, encode(np.asanyarray(array)))


# The element types that NumPy does not have.
EXTENDED = {
    TensorProto.BFLOAT16: ml_dtypes.bfloat16,
    TensorProto.FLOAT8E4M3FN: ml_dtypes.float8_e4m3fn,
    TensorProto.FLOAT8E4M3FNUZ: ml_dtypes.float8_e4m3fnuz,
    TensorProto.FLOAT8E5M2: ml_dtypes.float8_e5m2,
    TensorProto.FLOAT8E5M2FNUZ: ml_dtypes.float8_e5m2fnuz,
    TensorProto.FLOAT8E8M0: ml_dtypes.float8_e8m0fnu,
    TensorProto.FLOAT4E2M1: ml_dtypes.float4_e2m1fn,
    TensorProto.FLOAT6E2M3: ml_dtypes.float6_e2m3fn,
    TensorProto.FLOAT6E3M2: ml_dtypes.float6_e3m2fn,
    TensorProto.INT4: ml_dtypes.int4,
    TensorProto.UINT4: ml_dtypes.uint4,
    TensorProto.INT2: ml_dtypes.int2,
    TensorProto.UINT2: ml_dtypes.uint2,
}


def encode(array):
    """The bits of elements that NumPy does not know, integers as bytes."""
    if array.dtype in (ml_dtypes.int4, ml_dtypes.int2):
        return array.astype(np.int8)
    if array.dtype in (ml_dtypes.uint4, ml_dtypes.uint2):
        return array.astype(np.uint8)
    if any(array.dtype == t for t in EXTENDED.values()):
        bits = np.uint16 if array.dtype.itemsize == 2 else np.uint8
        return np.ascontiguousarray(array).reshape(array.shape).view(bits)
    return array


def decode(array, elem_type):
    """The reverse, for an element type of ONNX."""
    dtype = EXTENDED.get(elem_type)
    if dtype is None or array.dtype == dtype:
        return array
    if dtype in (ml_dtypes.int4, ml_dtypes.int2, ml_dtypes.uint4,
                 ml_dtypes.uint2):
        return array.astype(dtype)
    return np.ascontiguousarray(array).reshape(array.shape).view(dtype)


def element_type(value_type):
    """The number of the element type in a type; of a sequence, its tensors'."""
    while not value_type.HasField("tensor_type"):
        kind = value_type.WhichOneof("value")
        if kind not in ("sequence_type", "optional_type"):
            return TensorProto.UNDEFINED
        value_type = getattr(value_type, kind).elem_type
    return value_type.tensor_type.elem_type


def output_types(model, count):
    """The element types of `count` outputs; all are those of one sequence
    where there are more than the model lists."""
    types = [element_type(o.type) for o in model.graph.output]
    return types if len(types) == count else types[:1] * count


def flatten(model, feed):
    """The model and its inputs with tensors only."""
    flat = onnx.ModelProto()
    flat.CopyFrom(model)
    arrays, nodes, later = {}, [], []
    del flat.graph.input[:]
    for value in model.graph.input:
        kind = value.type.WhichOneof("value")
        given = feed.get(value.name)
        if kind == "optional_type":
            inner = value.type.optional_type.elem_type
            if given is None:
                nodes.append(helper.make_node("Optional", [], [value.name],
                                              type=inner))
                continue
            wrapped = value.name
            value = helper.make_value_info(wrapped + ".value", inner)
            kind = inner.WhichOneof("value")
            later.append(helper.make_node("Optional", [value.name], [wrapped]))
            feed = {**feed, value.name: given}
        if kind != "sequence_type":
            flat.graph.input.append(value)
            if value.name in feed:
                arrays[value.name] = array_of(given)
            continue
        inner = value.type.sequence_type.elem_type
        parts = []
        for i, element in enumerate(given):
            part = f"{value.name}.{i}"
            arrays[part] = array_of(element)
            parts.append(part)
            flat.graph.input.append(helper.make_tensor_value_info(
                part, inner.tensor_type.elem_type, arrays[part].shape))
        op = "SequenceConstruct" if parts else "SequenceEmpty"
        nodes.append(helper.make_node(op, parts, [value.name]))
    old = list(flat.graph.node)
    del flat.graph.node[:]
    flat.graph.node.extend(nodes + later + old)
    return flat, arrays


def array_of(value):
    if isinstance(value, TensorProto):
        return numpy_helper.to_array(value)
    return np.asarray(value)


def pick(model, feed, message):
    """The inputs whose value `message` asks for; none when it does not."""
    if not ASKS.search(message):
        return set()
    asked = set()
    for index in map(int, OPERAND.findall(message)):
        asked |= {n.input[index] for n in model.graph.node
                  if index < len(n.input) and n.input[index] in feed}
    # A message without a number means what is small.
    return asked or {name for name, a in feed.items()
                     if a.ndim <= 1 and a.size <= 8}


def fix(model, feed, names):
    """The model with these inputs as initializers, and the other inputs."""
    fixed = onnx.ModelProto()
    fixed.CopyFrom(model)
    for i in [i for i in fixed.graph.input if i.name in names]:
        fixed.graph.input.remove(i)
    fixed.graph.initializer.extend(
        numpy_helper.from_array(feed[name], name) for name in sorted(names))
    return fixed, {n: a for n, a in feed.items() if n not in names}


class EdgeccBackend(Backend):
    @classmethod
    def prepare(cls, model, device="CPU", **kwargs):
        super().prepare(model, device, **kwargs)
        return Model(model, **kwargs)

    @classmethod
    def supports_device(cls, device):
        return device == "CPU"


prepare = EdgeccBackend.prepare
run_model = EdgeccBackend.run_model
supports_device = EdgeccBackend.supports_device
