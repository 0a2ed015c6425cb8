#!/usr/bin/env python3
# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Networks whose sizes are known at run time (--dim=N=1..16).

A network is compiled for a range of sizes; its results at several sizes,
the least and the largest among them, are those of ONNX Runtime at the same
size. Memory beyond an input holds no numbers. Sizes outside of the range are
refused by the object; what cannot be followed is refused by the compiler, which
names the node. Results whose size depends on values have that size as well.
"""
import functools
import os
import sys
import tempfile

import numpy as np
import onnx
import onnx.parser
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import suite

# The status of runtime/include/edgecc/model.h.
SIZE_OUT_OF_RANGE = 8


class Network:
    """A graph that is written node by node; shapes are found by ONNX."""

    def __init__(self, inputs, opset=17, prefix=""):
        self.prefix = prefix
        self.types = {n: t for n, (t, _) in inputs.items()}
        self.shapes = {n: s for n, (_, s) in inputs.items()}
        self.nodes, self.constants, self.opset = [], [], opset
        self.rng = np.random.default_rng(7)

    def add(self, op, *inputs, outputs=1, **attributes):
        """The name of the first output."""
        name = f"{self.prefix}{op}_{len(self.nodes)}"
        names = [name, *(f"{name}_{i}" for i in range(1, outputs))]
        self.nodes.append(helper.make_node(op, list(inputs), names, name=name,
                                           **attributes))
        return name

    def constant(self, array):
        name = f"{self.prefix}c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def weights(self, *shape):
        return self.constant(
            self.rng.standard_normal(shape).astype(np.float32) / 4)

    def model(self, *outputs, shapes=None):
        """`shapes` names dimensions of values that no inference finds."""
        graph = helper.make_graph(
            self.nodes, "g",
            [helper.make_tensor_value_info(n, self.types[n], self.shapes[n])
             for n in self.types],
            [helper.make_empty_tensor_value_info(o) for o in outputs],
            self.constants)
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", self.opset)])
        model.ir_version = 8
        model = onnx.shape_inference.infer_shapes(model, strict_mode=True)
        for value in [*model.graph.output, *model.graph.value_info]:
            for dim, name in zip(value.type.tensor_type.shape.dim,
                                 (shapes or {}).get(value.name, ())):
                if isinstance(name, str):
                    dim.dim_param = name
                else:
                    dim.dim_value = name
        return model


FLOAT, INT = TensorProto.FLOAT, TensorProto.INT64


def pointwise():
    n = Network({"x": (FLOAT, ["N", 4])})
    y = n.add("Relu", n.add("Add", "x", n.weights(4)))
    return n.model(y, n.add("Exp", y))


def dense():
    n = Network({"x": (FLOAT, ["N", 8])})
    h = n.add("Relu", n.add("Gemm", "x", n.weights(8, 16), n.weights(16)))
    return n.model(n.add("Softmax", n.add("MatMul", h, n.weights(16, 3))))


def middle():
    """A dimension that is not the first one, into both operands."""
    n = Network({"x": (FLOAT, [2, "N", 3]), "y": (FLOAT, [2, "N", 3])})
    return n.model(n.add("Mul", "x", "y"),
                   n.add("Transpose", "x", perm=[0, 2, 1]))


def two():
    n = Network({"x": (FLOAT, ["B", 3, "N"])})
    return n.model(n.add("Sigmoid", "x"),
                   n.add("Reshape", "x", n.constant(np.int64([0, -1]))))


def softmax():
    n = Network({"x": (FLOAT, [2, "N"])})
    return n.model(n.add("Softmax", "x", axis=-1),
                   n.add("LogSoftmax", "x", axis=0))


def reductions():
    n = Network({"x": (FLOAT, [3, "N", 2])})
    return n.model(*(n.add(op, "x", axes=[1], keepdims=k) for op, k in [
        ("ReduceMean", 1), ("ReduceMax", 0), ("ReduceMin", 1),
        ("ReduceProd", 0), ("ReduceL2", 1)]),
        n.add("ArgMax", "x", axis=1), n.add("ReduceMean", "x"))


def products():
    """The dimension over which a product sums."""
    n = Network({"x": (FLOAT, [2, 3, "N"]), "y": (FLOAT, [2, "N", 4])})
    return n.model(n.add("MatMul", "x", "y"))


def attention():
    """Tokens, positions, two heads, a mask, and a mean over all tokens."""
    n = Network({"ids": (INT, ["B", "N"]), "mask": (INT, ["B", "N"])})
    shape = n.add("Shape", "ids")
    length = n.add("Gather", shape, n.constant(np.int64(1)), axis=0)
    one = n.constant(np.int64([0]))
    until = n.add("Unsqueeze", length, one)
    positions = n.add("Slice", n.weights(16, 8), one, until)
    x = n.add("Add", n.add("Gather", n.weights(20, 8), "ids"), positions)
    x = n.add("LayerNormalization", x, n.weights(8), n.weights(8))
    split = n.constant(np.int64([0, 0, 2, 4]))
    heads = [n.add("Transpose", n.add(
        "Reshape", n.add("MatMul", x, n.weights(8, 8)), split),
        perm=perm) for perm in ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3])]
    scores = n.add("Mul", n.add("MatMul", heads[0], heads[1]),
                   n.constant(np.float32(0.5)))
    bias = n.add("Mul", n.add("Sub", n.constant(np.float32(1)), n.add(
        "Cast", n.add("Unsqueeze", "mask", n.constant(np.int64([1, 2]))),
        to=FLOAT)), n.constant(np.float32(-1e9)))
    weights = n.add("Softmax", n.add("Add", scores, bias), axis=-1)
    y = n.add("Transpose", n.add("MatMul", weights, heads[2]),
              perm=[0, 2, 1, 3])
    y = n.add("Add", n.add("Reshape", y, n.constant(np.int64([0, 0, 8]))), x)
    return n.model(y, n.add("ReduceMean", y, axes=[1], keepdims=0))


def convolution():
    n = Network({"x": (FLOAT, [1, 3, "N"])})
    y = n.add("Relu", n.add("Conv", "x", n.weights(4, 3, 3), n.weights(4),
                            pads=[1, 1]))
    z = n.add("Conv", y, n.weights(5, 4, 3), strides=[2], pads=[1, 1])
    w = n.add("Conv", y, n.weights(5, 4, 1), strides=[2])
    p = n.add("MaxPool", y, kernel_shape=[3], strides=[2], pads=[1, 1])
    return n.model(n.add("Add", z, w), p, n.add("GlobalAveragePool", z))


def joined():
    """Parts whose length is open before others: no gaps are left."""
    n = Network({"x": (FLOAT, [2, "N", 3]), "y": (FLOAT, [2, "M", 3])})
    return n.model(n.add("Concat", "x", n.weights(2, 2, 3), "y", axis=1),
                   n.add("Concat", n.weights(2, 1, 3), "x", axis=1))


def parts():
    n = Network({"x": (FLOAT, [2, "N"])})
    i = [n.constant(np.int64([k])) for k in (0, 1, 2**31)]
    return n.model(n.add("Slice", "x", i[1], i[2], i[1]),
                   n.add("Slice", "x", i[0], i[1], i[1]),
                   n.add("Pad", "x", n.constant(np.int64([0, 2, 0, 1]))),
                   n.add("CumSum", "x", i[1]))


def quotients():
    """Integers that do not count divide nothing by zero."""
    n = Network({"x": (TensorProto.INT32, ["N"]),
                 "y": (TensorProto.INT32, ["N"])})
    return n.model(n.add("Div", "x", "y"), n.add("Mod", "x", "y"))


def sized():
    """The size as a number."""
    n = Network({"x": (FLOAT, [2, "N"])})
    length = n.add("Cast", n.add("Gather", n.add("Shape", "x"), n.constant(
        np.int64(1)), axis=0), to=FLOAT)
    return n.model(n.add("Div", n.add("ReduceSum", "x", n.constant(
        np.int64([1]))), length))


def nonzero():
    """How many there are depends on the values, and goes on."""
    n = Network({"x": (FLOAT, [3, 5])})
    y = n.add("NonZero", n.add("Relu", "x"))
    number = n.add("Cast", n.add("Size", y), to=FLOAT)
    return n.model(y, n.add("Mul", n.add("Cast", y, to=FLOAT), number))


def compress():
    n = Network({"x": (FLOAT, [3, 5, 2]), "c": (TensorProto.BOOL, [4])})
    y = n.add("Compress", "x", "c", axis=1)
    return n.model(y, n.add("ReduceMean", y, axes=[1]),
                   n.add("Compress", "x", "c"))


def best():
    n = Network({"x": (FLOAT, [3, 7]), "k": (INT, [1])})
    y = n.add("TopK", "x", "k", outputs=2)
    return n.model(y, y + "_1")


def boxes():
    n = Network({"boxes": (FLOAT, [2, 12, 4]), "scores": (FLOAT, [2, 3, 12])})
    args = [n.constant(np.int64([8])), n.constant(np.float32([0.05])),
            n.constant(np.float32([-0.5]))]
    return n.model(
        n.add("NonMaxSuppression", "boxes", "scores", *args),
        n.add("NonMaxSuppression", n.add("Abs", "boxes"), "scores", *args[:2],
              center_point_box=1))


def unique():
    n = Network({"x": (INT, [4, 6]), "y": (INT, [9, 2])})
    results = []
    for i in (0, 1):
        u = n.add("Unique", "x", outputs=4, sorted=i)
        v = n.add("Unique", "y", outputs=4, sorted=i, axis=0)
        results += [a + b for a in (u, v) for b in ("", "_1", "_2", "_3")]
    return n.model(*results)


def counted(kind=INT):
    """A range whose bounds are known at run time, and what is made of it."""
    n = Network({"start": (kind, []), "limit": (kind, []), "delta": (kind, [])})
    y = n.add("Range", "start", "limit", "delta")
    z = n.add("Add", y, y)
    return n.model(y, n.add("ReduceSum", z), shapes={y: ["R"]})


def counted_floats():
    return counted(FLOAT)


def unnamed():
    """Whose dimension has no name in the model: it is the value's."""
    n = Network({"limit": (INT, [])})
    y = n.add("Range", n.constant(np.int64(0)), "limit",
              n.constant(np.int64(1)))
    return n.model(n.add("ReduceSum", y, keepdims=0), shapes={y: [""]})


def clipped():
    """The graph says itself how large it can be."""
    n = Network({"limit": (FLOAT, [])})
    limit = n.add("Clip", "limit", n.constant(np.float32(-3)),
                  n.constant(np.float32(9)))
    limits = [n.add("Cast", limit, to=INT),
              n.add("Min", n.add("Cast", "limit", to=INT),
                    n.constant(np.int64(7)))]
    zero, one = n.constant(np.int64(0)), n.constant(np.int64(1))
    return n.model(*(n.add("Range", zero, i, one) for i in limits))


MODES = [
    {"mode": "nearest"},
    {"mode": "nearest", "nearest_mode": "ceil",
     "coordinate_transformation_mode": "align_corners"},
    {"mode": "linear"},
    {"mode": "linear", "coordinate_transformation_mode": "align_corners"},
    {"mode": "linear", "coordinate_transformation_mode": "asymmetric"},
    {"mode": "linear", "coordinate_transformation_mode": "pytorch_half_pixel"},
    {"mode": "cubic"},
    {"mode": "cubic", "exclude_outside": 1, "cubic_coeff_a": -0.5}]


def resized(by):
    def build():
        """Pictures that are as large as an input says."""
        kind = {"sizes": INT, "scales": FLOAT}[by]
        n = Network({"x": (FLOAT, [1, 2, 5, 6]), by: (kind, [4])})
        operands = ["", "", by] if by == "sizes" else ["", by]
        results = [n.add("Resize", "x", *operands, **mode) for mode in MODES]
        mean = n.add("ReduceMean", results[2], axes=[2, 3])
        return n.model(*results, mean, shapes={
            y: [1, 2, "H", "W"] for y in results})
    build.__name__ = "resized-" + by
    return build


SMOOTH = [{"mode": "linear"}, {"mode": "cubic"},
          {"mode": "linear", "coordinate_transformation_mode": "align_corners"},
          {"mode": "cubic", "exclude_outside": 1, "cubic_coeff_a": -0.5}]


def smoothed(by):
    def build():
        """The kernel covers what falls together where a picture shrinks."""
        kind = {"sizes": INT, "scales": FLOAT}[by]
        n = Network({"x": (FLOAT, [1, 2, 9, 7]), by: (kind, [4])}, opset=18)
        operands = ["", "", by] if by == "sizes" else ["", by]
        results = [n.add("Resize", "x", *operands, antialias=1, **mode)
                   for mode in SMOOTH]
        mean = n.add("ReduceMean", results[0], n.constant(np.int64([2, 3])))
        return n.model(*results, mean, shapes={
            y: [1, 2, "H", "W"] for y in results})
    build.__name__ = "smoothed-" + by
    return build


def in_ratio(policy):
    def build():
        """The sizes are those of a frame."""
        n = Network({"x": (FLOAT, [1, 2, 5, 8]), "frame": (INT, [2])}, opset=18)
        results = [n.add("Resize", "x", "", "", "frame", axes=[2, 3],
                         keep_aspect_ratio_policy=policy, **mode)
                   for mode in [*MODES, {"mode": "linear", "antialias": 1}]]
        return n.model(*results, shapes={
            y: [1, 2, "H", "W"] for y in results})
    build.__name__ = "in-ratio-" + policy.replace("_", "-")
    return build


def cropped():
    n = Network({"x": (FLOAT, [1, 2, 5, 6]), "sizes": (INT, [4])})
    roi = n.constant(np.float32([0, 0, 0.1, -0.2, 1, 1, 0.8, 1.3]))
    results = [n.add("Resize", "x", roi, "", "sizes", mode=mode,
                     extrapolation_value=-7.5,
                     coordinate_transformation_mode="tf_crop_and_resize")
               for mode in ("linear", "nearest")]
    return n.model(*results, shapes={y: [1, 2, "H", "W"] for y in results})


def upsampled():
    n = Network({"x": (FLOAT, [1, 2, 4, 3]), "scales": (FLOAT, [4])}, opset=9)
    y = n.add("Upsample", "x", "scales", mode="linear")
    z = n.add("Upsample", "x", "scales")
    return n.model(y, z, shapes={v: [1, 2, "H", "W"] for v in (y, z)})


def subgraph(n, inputs, outputs):
    """The nodes of another network as a body."""
    make = helper.make_tensor_value_info
    return helper.make_graph(
        n.nodes, "body", [make(i, t, s) for i, (t, s) in inputs.items()],
        [make(o, t, s) for o, (t, s) in outputs.items()], n.constants)


def collected():
    """A loop that ends by a condition, and what it has collected till then."""
    inner = Network({}, prefix="inner_")
    twice = inner.add("Add", "v", "v")
    sums = inner.add("ReduceSum", twice, keepdims=0)
    goes_on = inner.add("Less", sums, inner.constant(np.float32(40)))
    row = inner.add("Identity", twice)
    body = subgraph(inner, {"i": (INT, []), "c": (TensorProto.BOOL, []),
                            "v": (FLOAT, [3])},
                    {goes_on: (TensorProto.BOOL, []), twice: (FLOAT, [3]),
                     row: (FLOAT, [3])})
    n = Network({"x": (FLOAT, [3])})
    y = n.add("Loop", n.constant(np.int64(8)), "", n.add("Abs", "x"),
              outputs=2, body=body)
    return n.model(y, y + "_1", n.add("ReduceSum", y + "_1"))


def parsed(name, text):
    """A network that is written in ONNX's syntax."""
    def build():
        return onnx.parser.parse_model(
            '<ir_version: 8, opset_import: ["": 17]> ' + text)
    build.__name__ = name
    return build


def loop_of(trips):
    """A loop that collects as many rows as an input says."""
    return """g (int64 n, bool c, float[3] x) => (float[3] y, float[K, 3] z) {
  nine = Constant <value = int64 {9}> ()
  clipped = Min (n, nine)
  y, z = Loop (""" + trips + """, x) <body = b (int64 i, bool k, float[3] v)
      => (bool goes_on, float[3] w, float[3] row) {
    w = Add (v, x)
    row = Neg (w)
    most = Constant <value = float {20}> ()
    sum = ReduceSum <keepdims = 0> (w)
    goes_on = Less (sum, most)
  }>
}"""


# What a body counts does not leave it: loops are unrolled, branches both run.
COUNTING_LOOP = """g (float[6] x) => (float y) {
  n = Constant <value = int64 {3}> ()
  one = Constant <value = bool {1}> ()
  zero = Constant <value = float {0}> ()
  y, last = Loop (n, one, zero, x) <body = b (int64 i, bool k, float v,
      float[6] u) => (bool k2, float w, float[6] u2) {
    k2 = Identity (k)
    half = Constant <value = float {0.5}> ()
    u2 = Sub (u, half)
    positive = Relu (u2)
    places = NonZero (positive)
    numbers = Cast <to = 1> (places)
    sum = ReduceSum <keepdims = 0> (numbers)
    w = Add (v, sum)
  }>
}"""
COUNTING_BRANCH = """g (bool c, int64 n, float[6] x) => (float y) {
  y = If (c) <then_branch = t () => (float a) {
    zero = Constant <value = int64 {0}> ()
    one = Constant <value = int64 {1}> ()
    range = Range (zero, n, one)
    places = NonZero (x)
    first = Cast <to = 1> (range)
    second = Cast <to = 1> (places)
    sums = ReduceSum <keepdims = 0> (first)
    others = ReduceSum <keepdims = 0> (second)
    a = Add (sums, others)
  }, else_branch = e () => (float a) { a = ReduceSum <keepdims = 0> (x) }>
}"""


def recurrent(cell, **attributes):
    def build():
        """Sequences of any length, in batches of any size."""
        size, d = 5, 2
        gates = {"LSTM": 4, "GRU": 3, "RNN": 1}[cell]
        n = Network({"x": (FLOAT, ["T", "B", 3])})
        y = n.add(cell, "x", n.weights(d, gates * size, 3),
                  n.weights(d, gates * size, size),
                  n.weights(d, 2 * gates * size), outputs=2 + (cell == "LSTM"),
                  hidden_size=size, direction="bidirectional", **attributes)
        outputs = [y, y + "_1"] + [y + "_2"] * (cell == "LSTM")
        return n.model(*outputs)
    build.__name__ = "-".join([cell.lower(), *attributes])
    return build


def states():
    """Initial states, one direction at a time."""
    n = Network({"x": (FLOAT, ["T", 2, 3]), "h": (FLOAT, [1, 2, 5]),
                 "c": (FLOAT, [1, 2, 5])})
    results = []
    for direction in ("forward", "reverse"):
        y = n.add("LSTM", "x", n.weights(1, 20, 3), n.weights(1, 20, 5),
                  n.weights(1, 40), "", "h", "c", n.weights(1, 15),
                  outputs=3, hidden_size=5, direction=direction)
        results += [y, y + "_1", y + "_2"]
    return n.model(*results)


def scanned():
    inner = Network({}, prefix="inner_")
    s = inner.add("Add", "s", "x")
    body = subgraph(inner, {"s": (FLOAT, [4]), "x": (FLOAT, [4])},
                    {s: (FLOAT, [4]), inner.add("Mul", s, "x"): (FLOAT, [4])})
    n = Network({"s": (FLOAT, [4]), "x": (FLOAT, ["N", 4])})
    y = n.add("Scan", "s", "x", outputs=2, body=body, num_scan_inputs=1)
    z = n.add("Scan", "s", "x", outputs=2, body=body, num_scan_inputs=1,
              scan_input_directions=[1], scan_output_directions=[1])
    return n.model(y, y + "_1", z, z + "_1")


def repeated():
    """A loop over batches of any size."""
    inner = Network({}, prefix="inner_")
    v = inner.add("Tanh", inner.add("MatMul", "v", inner.weights(4, 4)))
    goes_on = inner.add("Identity", "c")
    body = subgraph(inner, {"i": (INT, []), "c": (TensorProto.BOOL, []),
                            "v": (FLOAT, ["N", 4])},
                    {goes_on: (TensorProto.BOOL, []), v: (FLOAT, ["N", 4])})
    n = Network({"x": (FLOAT, ["N", 4])})
    return n.model(n.add("Loop", n.constant(np.int64(3)), "", "x", body=body))


def backwards():
    n = Network({"x": (FLOAT, ["N", 4])})
    y = n.add("Slice", "x", *(n.constant(np.int64([k])) for k in (
        -1, -2**31, 0, -1)))
    return n.model(y, n.add("Gather", "x", n.constant(np.int64(-1))))


def quantised():
    """A network of integers between the real numbers."""
    n = Network({"x": (FLOAT, ["N", 3, 8, 8])})
    def scaled(x, scale, zero):
        args = [n.constant(np.float32(scale)), n.constant(np.int8(zero))]
        return n.add("DequantizeLinear", n.add("QuantizeLinear", x, *args),
                     *args)
    def weights(*shape):
        values = n.rng.integers(-90, 90, shape).astype(np.int8)
        return n.add("DequantizeLinear", n.constant(values), n.constant(
            np.float32(0.01)), n.constant(np.int8(0)))
    x = scaled("x", 0.03, 5)
    y = n.add("Relu", n.add("Conv", x, weights(6, 3, 3, 3), pads=[1] * 4))
    y = n.add("GlobalAveragePool", scaled(y, 0.05, -128))
    y = n.add("Flatten", scaled(y, 0.02, -128))
    return n.model(scaled(n.add("MatMul", y, weights(6, 4)), 0.04, 3))


def numbers(start, limit, delta, kind=np.int64):
    return {"start": np.array(start, kind), "limit": np.array(limit, kind),
            "delta": np.array(delta, kind)}


def sizes(height, width):
    return {"sizes": np.int64([1, 2, height, width])}


def trips(n, condition):
    return {"n": np.array(n), "c": np.array(condition),
            "x": np.float32([0.1, -0.2, 0.5])}


def branch(condition, n):
    return {"c": np.array(condition), "n": np.array(n)}


def frame(height, width):
    return {"frame": np.int64([height, width])}


def scales(height, width):
    return {"scales": np.float32([1, 1, height, width])}


# Network, ranges, sizes to run at, or the inputs from which sizes follow.
NETWORKS = [
    (pointwise, {"N": (0, 8)}, [0, 1, 5, 8]),
    (dense, {"N": (1, 8)}, [1, 3, 8]),
    (middle, {"N": (0, 8)}, [0, 1, 7, 8]),
    (two, {"B": (1, 4), "N": (1, 6)}, [(1, 1), (3, 5), (4, 6), (4, 2)]),
    (softmax, {"N": (1, 9)}, [1, 2, 9]),
    (reductions, {"N": (1, 9)}, [1, 4, 9]),
    (products, {"N": (1, 20)}, [1, 9, 20]),
    (attention, {"B": (1, 3), "N": (1, 16)},
     [(1, 1), (1, 16), (3, 5), (2, 9)]),
    (convolution, {"N": (3, 17)}, [3, 4, 9, 16, 17]),
    (joined, {"N": (1, 6), "M": (0, 5)}, [(1, 1), (4, 0), (6, 5), (2, 4)]),
    (parts, {"N": (2, 9)}, [2, 5, 9]),
    (quotients, {"N": (1, 9)}, [1, 9]),
    (sized, {"N": (1, 9)}, [1, 3, 9]),
    (nonzero, {}, [(), ()]),
    (compress, {}, [(), ()]),
    (best, {}, [(), ()]),
    (boxes, {}, [(), ()]),
    (unique, {}, [(), ()]),
    (collected, {}, [(), ()]),
    (counted, {"R": (0, 20)},
     [numbers(0, 20, 1), numbers(3, 10, 2), numbers(9, -9, -5),
      numbers(5, 5, 1), numbers(6, 2, 1)]),
    (counted_floats, {"R": (0, 20)},
     [numbers(0, 20, 1, np.float32), numbers(0.1, 1, 0.1, np.float32),
      numbers(2.5, -1, -0.25, np.float32), numbers(1, 0, 3, np.float32)]),
    (unnamed, {"Range_0.0": (0, 9)},
     [{"limit": np.array(9)}, {"limit": np.array(0)}]),
    (clipped, {}, [{"limit": np.array(v, np.float32)}
                   for v in (-5, 0, 4.5, 7, 100)]),
    (resized("sizes"), {"H": (1, 12), "W": (1, 9)},
     [sizes(12, 9), sizes(5, 6), sizes(1, 1), sizes(3, 8)]),
    (resized("scales"), {"H": (1, 12), "W": (1, 9)},
     [scales(2.4, 1.5), scales(1, 1), scales(0.5, 1.4)]),
    (smoothed("sizes"), {"H": (1, 12), "W": (1, 9)},
     [sizes(12, 9), sizes(9, 7), sizes(1, 1), sizes(3, 8), sizes(7, 2)]),
    (smoothed("scales"), {"H": (1, 12), "W": (1, 9)},
     [scales(0.5, 0.7), scales(1.3, 0.3), scales(0.12, 1)]),
    (in_ratio("not_larger"), {"H": (1, 12), "W": (1, 9)},
     [frame(12, 9), frame(3, 8), frame(5, 3), frame(1, 2)]),
    (in_ratio("not_smaller"), {"H": (1, 12), "W": (1, 20)},
     [frame(12, 9), frame(3, 8), frame(5, 3), frame(1, 1)]),
    # Where the size stays, ONNX Runtime does not crop.
    (cropped, {"H": (1, 12), "W": (1, 9)},
     [sizes(12, 9), sizes(1, 5), sizes(4, 3)]),
    (upsampled, {"H": (4, 12), "W": (3, 9)},
     [scales(3, 3), scales(1, 1), scales(1.5, 2)]),
    (parsed("rows", loop_of("n, c")), {"K": (0, 9)},
     [trips(4, True), trips(9, True), trips(0, True), trips(4, False)]),
    (parsed("rows-until", loop_of(", c")), {"K": (0, 60)}, [trips(0, True)]),
    (parsed("rows-clipped", loop_of("clipped, c")), {},
     [trips(4, True), trips(50, True), trips(-3, True)]),
    (parsed("count-in-loop", COUNTING_LOOP), {}, [(), ()]),
    (parsed("count-in-branch", COUNTING_BRANCH), {"range.0": (0, 9)},
     [branch(True, 4), branch(True, 0), branch(False, 50)]),
    (recurrent("LSTM"), {"T": (1, 9), "B": (1, 3)}, [(1, 1), (9, 3), (4, 2)]),
    (recurrent("LSTM", clip=0.5), {"T": (1, 9), "B": (1, 3)},
     [(1, 1), (9, 3), (4, 2)]),
    (recurrent("GRU"), {"T": (1, 9), "B": (1, 3)}, [(1, 1), (9, 3), (4, 2)]),
    (recurrent("GRU", linear_before_reset=1), {"T": (1, 9), "B": (1, 3)},
     [(4, 2)]),
    (recurrent("RNN"), {"T": (1, 9), "B": (1, 3)}, [(1, 1), (9, 3), (4, 2)]),
    (states, {"T": (1, 9)}, [1, 4, 9]),
    (scanned, {"N": (1, 9)}, [1, 4, 9]),
    (repeated, {"N": (1, 9)}, [1, 4, 9]),
    (backwards, {"N": (1, 8)}, [1, 3, 8]),
    (quantised, {"N": (1, 8)}, [1, 3, 8]),
]


def flags_of(ranges):
    return [f"--dim={n}={low}..{high}" for n, (low, high) in ranges.items()]


def feed(model, sizes, rng):
    """Inputs with these sizes."""
    arrays = {}
    for value in model.graph.input:
        tensor = value.type.tensor_type
        shape = [sizes.get(d.dim_param, d.dim_value) for d in tensor.shape.dim]
        if tensor.elem_type == FLOAT:
            array = rng.standard_normal(shape).astype(np.float32)
        elif tensor.elem_type == TensorProto.BOOL:
            array = rng.random(shape) < 0.6
        else:
            array = rng.integers(1, 4, shape).astype(
                helper.tensor_dtype_to_np_dtype(tensor.elem_type))
        if value.name == "mask":
            array = (array > 1) | (np.arange(shape[-1]) == 0)
            array = array.astype(np.int64)
        arrays[value.name] = array
    return arrays


def check(options, build, ranges, runs):
    model = build()
    session = ort.InferenceSession(model.SerializeToString(),
                                   providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.onnx")
        onnx.save(model, path)
        for run in runs:
            given = run if isinstance(run, dict) else {}
            run = run if isinstance(run, tuple) else (run,)
            inputs = feed(model, dict(zip(ranges, run)), rng) | given
            got = suite.edgecc_run(options, path, inputs, flags_of(ranges))
            for g, w in zip(got, session.run(None, inputs), strict=True):
                try:
                    suite.compare(g, w, 1e-5)
                except suite.Failure as e:
                    raise suite.Failure(f"at {run}: {e}")
        named = {d.dim_param for value in model.graph.input
                 for d in value.type.tensor_type.shape.dim}
        for name, (low, high) in ranges.items():
            if name not in named:
                continue
            for outside in {low - 1, high + 1} - {-1}:
                sizes = {n: r[1] for n, r in ranges.items()} | {name: outside}
                must_refuse(options, path, feed(model, sizes, rng),
                            flags_of(ranges), f"status {SIZE_OUT_OF_RANGE}")


def must_refuse(options, path, inputs, flags, text):
    try:
        suite.edgecc_run(options, path, inputs, flags)
    except suite.Failure as e:
        if text in str(e):
            return
        raise
    raise suite.Failure(f"no refusal, expected '{text}'")


def halves():
    n = Network({"x": (FLOAT, ["N", 4])})
    return n.model(n.add("Reshape", "x", n.constant(np.int64([-1, 8]))))


REFUSED = [
    (halves, {"N": (2, 8)}, ""),
    (counted, {}, "start, limit and delta must be known at compile time, or "
     "the size of 'Range_0' bounded with --dim=R=0..LARGEST"),
    (unnamed, {}, "bounded with --dim=Range_0.0=0..LARGEST"),
    (resized("sizes"), {"H": (1, 12)},
     "operand 3 (sizes) must be known at compile time, or the size of "
     "'Resize_0' bounded with --dim=W=0..LARGEST"),
    (parsed("rows", loop_of("n, c")), {},
     "collects values over iterations whose number has no limit that is known "
     "at compile time, or the size of 'z' bounded with --dim=K=0..LARGEST"),
    (parsed("traps", COUNTING_BRANCH.replace("NonZero (x)", "NonZero (q)")
            .replace("    places", "    d = Cast <to = 6> (x)\n"
                     "    q = Div (d, d)\n    places")), {"range.0": (0, 9)},
     "a size that depends on values is not supported in a loop or branch"),
    (counted, {"S": (1, 9)}, "the model has no symbolic dimension 'S'"),
]

# Inputs from which a size follows that is too small or too large.
OUTSIDE = [
    (counted, {"R": (1, 20)}, [numbers(0, 21, 1), numbers(0, 2**40, 1),
                               numbers(3, 3, 1), numbers(0, 1, 0)]),
    (resized("sizes"), {"H": (2, 12), "W": (1, 9)},
     [sizes(13, 9), sizes(1, 9), sizes(2**32 + 3, 4), sizes(3, -1)]),
    (resized("scales"), {"H": (2, 12), "W": (1, 9)}, [scales(9, 1)]),
    (parsed("rows", loop_of("n, c")), {"K": (1, 9)},
     [trips(10, True), trips(0, True)]),
    (parsed("count-in-branch", COUNTING_BRANCH), {"range.0": (0, 9)},
     [branch(True, 10)]),
]


def check_outside(options, build, ranges, runs):
    model = build()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.onnx")
        onnx.save(model, path)
        for run in runs:
            inputs = feed(model, {}, np.random.default_rng(1)) | run
            must_refuse(options, path, inputs, flags_of(ranges),
                        f"status {SIZE_OUT_OF_RANGE}")


def check_refusal(options, build, ranges, text):
    model = build()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.onnx")
        onnx.save(model, path)
        p = suite.command([os.path.join(options.bin, "edgecc"), path,
                           "-o", os.path.join(folder, "m.o"),
                           *flags_of(ranges)], options.timeout)
    if p.returncode != 1 or "error: " not in p.stderr or text not in p.stderr:
        raise suite.Failure(f"exit {p.returncode}: {p.stderr.strip()[:200]}")


def main():
    options = suite.parser(__doc__).parse_args()
    tests = [(build.__name__, functools.partial(check, options, build, *rest))
             for build, *rest in NETWORKS]
    tests += [(build.__name__,
               functools.partial(check_refusal, options, build, *rest))
              for build, *rest in REFUSED]
    tests += [(build.__name__ + "-outside",
               functools.partial(check_outside, options, build, *rest))
              for build, *rest in OUTSIDE]
    return suite.run(tests, options)


if __name__ == "__main__":
    sys.exit(main())
