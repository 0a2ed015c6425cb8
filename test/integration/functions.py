#!/usr/bin/env python3
# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How exact functions are: at most 4 units in the last place off.

Each operator of ONNX sweeps f32: many numbers of every exponent and sign, and
neighbours of the roots and limits of all functions. NumPy, or a formula that
loses no digits, gives the right answer in f64. Results below 2^-119 may be 0.
"""
import functools
import math
import os
import sys
import tempfile

import numpy as np
import onnx
import onnx.parser
from onnx import TensorProto, helper

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import suite

LEAST_RESULT = 2.0 ** -119

# The units that results may be off.
MOST = 4.0

# CPUs, and what runs their programs. x86-64 has no fused multiply-add.
CPUS = [("native", ""), ("x86-64-v3", ""), ("x86-64", ""), ("cortex-a72", "qemu-aarch64"),
        ("a64fx -msve-vector-bits=512",
         "qemu-aarch64 -cpu max,sve-default-vector-length=64"),
        ("rv64gcv", "qemu-riscv64 -cpu rv64,v=true,vlen=128")]

erf = np.vectorize(math.erf, otypes=[float])
erfc = np.vectorize(math.erfc, otypes=[float])


def log_of_sum(x):
    """log(1 + e^x)."""
    return np.logaddexp(0, x)


def sigmoid(x):
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, e) / (1 + e)


def silu(x):
    """With its limit at minus infinity."""
    return np.where(x == -np.inf, 0, x * sigmoid(x))


def gelu(x):
    return 0.5 * x * erfc(-x / math.sqrt(2))


def argument_of_gelu(x):
    """Of the sigmoid in the form with tanh: x / 2 (1 + tanh(y / 2))."""
    return 2 * math.sqrt(2 / math.pi) * x * (1 + 0.044715 * x * x)


def elu(x, alpha=1.0):
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def attribute(value):
    """A number as the node's attribute has it."""
    return float(np.float32(value))


# As exporters write GELU with tanh where the operator is too new for them.
GELU_IN_NODES = """
    third = Constant<value_float = 3.0>()
    cube = Pow(x, third)
    factor = Constant<value_float = 0.044715>()
    term = Mul(cube, factor)
    sum = Add(x, term)
    scale = Constant<value_float = 0.7978845608028654>()
    argument = Mul(sum, scale)
    tanh = Tanh(argument)
    one = Constant<value_float = 1.0>()
    factors = Add(tanh, one)
    product = Mul(x, factors)
    half = Constant<value_float = 0.5>()
    y = Mul(product, half)
"""


# A depthwise convolution that leaves numbers as they are, and back: functions
# are then the ends of its kernel.
TAPS = ", ".join(["0, 1, 0"] * 16)
WINDOW = f"""shape = Constant<value_ints=[1, 16, 4, -1]>()
    picture = Reshape(x, shape)
    w = Constant<value = float[16, 1, 3, 1] {{ {TAPS} }}>()
    c = Conv<group = 16, pads = [1, 0, 1, 0]>(picture, w) """
FLAT = " flat = Constant<value_ints=[-1]>() y = Reshape(m, flat)"

# Operator, opset, attributes or nodes, the function in f64, where it is swept.
EVERYWHERE = (-np.inf, np.inf)
FUNCTIONS = [
    ("Exp", 13, {}, np.exp, EVERYWHERE),
    ("Log", 13, {}, np.log, (0, np.inf)),
    # Angles of more than 17 bits lose digits to the reduction.
    ("Sin", 7, {}, np.sin, (-1e5, 1e5)),
    ("Cos", 7, {}, np.cos, (-1e5, 1e5)),
    ("Tan", 7, {}, np.tan, (-1e5, 1e5)),
    ("Asin", 7, {}, np.arcsin, (-1, 1)),
    ("Acos", 7, {}, np.arccos, (-1, 1)),
    ("Atan", 7, {}, np.arctan, EVERYWHERE),
    ("Sinh", 9, {}, np.sinh, EVERYWHERE),
    ("Cosh", 9, {}, np.cosh, EVERYWHERE),
    ("Asinh", 9, {}, np.arcsinh, EVERYWHERE),
    ("Acosh", 9, {}, np.arccosh, (1, np.inf)),
    ("Atanh", 9, {}, np.arctanh, (-1, 1)),
    ("Tanh", 13, {}, np.tanh, EVERYWHERE),
    ("Erf", 13, {}, erf, EVERYWHERE),
    ("Sqrt", 13, {}, np.sqrt, (0, np.inf)),
    ("Reciprocal", 13, {}, np.reciprocal, EVERYWHERE),
    ("Sigmoid", 13, {}, sigmoid, EVERYWHERE),
    ("Softplus", 1, {}, log_of_sum, EVERYWHERE),
    ("Softsign", 1, {}, lambda x: x / (1 + np.abs(x)), (-1e38, 1e38)),
    ("Elu", 6, {}, elu, EVERYWHERE),
    ("Celu", 12, {"alpha": 2.0}, lambda x: 2 * elu(x / 2), EVERYWHERE),
    ("Selu", 6, {}, lambda x: attribute(1.05070102214813232421875) * elu(
        x, attribute(1.67326319217681884765625)), EVERYWHERE),
    ("Gelu", 20, {}, gelu, (-1e38, np.inf)),
    ("Gelu", 20, {"approximate": "tanh"},
     lambda x: x * sigmoid(argument_of_gelu(x)), (-1e12, 1e12)),
    ("Gelu in nodes", 17, GELU_IN_NODES,
     lambda x: x * sigmoid(argument_of_gelu(x)), (-1e12, 1e12)),
    ("Swish", 24, {}, silu, (-np.inf, 1e38)),
    ("Swish of a window", 24, WINDOW + "s = Sigmoid(c) m = Mul(c, s)" + FLAT,
     silu, (-1e38, 1e38)),
    ("HardSwish", 14, {}, lambda x: x * np.clip(x / 6 + 0.5, 0, 1),
     EVERYWHERE),
    ("Mish", 18, {}, lambda x: x * np.tanh(log_of_sum(x)), (-1e38, 1e38)),
]


def sweep(low, high):
    """Numbers of every exponent from `low` to `high`, and what lies near those
    where some function has a root, a limit or a seam."""
    random = np.random.default_rng(11)
    bits = random.integers(0, 1 << 23, (256, 160), np.uint32)
    bits[:, 0] = 0
    bits |= np.arange(256, dtype=np.uint32)[:, None] << 23
    parts = [bits.ravel().view(np.float32)]
    steps = np.concatenate([np.arange(-40, 41),
                            random.integers(-1 << 16, 1 << 16, 160)])
    for x in [0.25, 0.41421356, 0.5, 0.55, 0.69314718, 0.7071, 0.9, 1,
              1.4142135, 1.5707964, 2, 2.5, 3, 3.1415927, 3.92, 4, 5.9, 6, 8,
              9.01, 10, 16, 17.33, 20, 32, 80, 87.33655, 88.0, 88.722839,
              89.415985, 103.97208, 1e5, 1e30]:
        near = int(np.float32(x).view(np.uint32)) + steps
        parts.append(near.astype(np.uint32).view(np.float32))
    parts.append(random.uniform(0, 20, 100000).astype(np.float32))
    parts.append(random.uniform(0, 110, 20000).astype(np.float32))
    parts.append(np.float32([0, np.inf]))
    x = np.concatenate(parts)
    x = x[~np.isnan(x)]
    x = np.concatenate([x, -x])
    x = x[(x >= low) & (x <= high)]
    # A multiple of what a picture of WINDOW has in a column.
    return np.resize(x, -(-x.size // 64) * 64)


def model(operator, opset, attributes, count):
    """One node, or those of a text, on `count` numbers."""
    if isinstance(attributes, str):
        nodes = onnx.parser.parse_graph(
            f"function (float[{count}] x) => (float[{count}] y) "
            f"{{ {attributes} }}").node
    else:
        nodes = [helper.make_node(operator, ["x"], ["y"], **attributes)]
    value = functools.partial(helper.make_tensor_value_info,
                              elem_type=TensorProto.FLOAT, shape=[count])
    graph = helper.make_graph(nodes, "function", [value("x")], [value("y")])
    proto = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", opset)])
    proto.ir_version = 8
    return proto


def ulps(got, want):
    """Distances in units of the last place of the right answer."""
    with np.errstate(all="ignore"):
        rounded = want.astype(np.float32)
        unit = np.spacing(np.abs(rounded)).astype(np.float64)
        unit[np.abs(rounded) < LEAST_RESULT] = LEAST_RESULT
        distance = np.abs(got.astype(np.float64) - want) / unit
        # Half a unit beyond the largest number is infinity.
        distance[(got == rounded) | (np.isnan(got) & np.isnan(want))] = 0
    distance[np.isnan(distance)] = np.inf
    return distance


def compute(options, proto, x, cpu, runner):
    """What a network of one input and output makes of `x`."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "function.onnx")
        onnx.save(proto, path)
        extra = ("-mcpu=" + cpu).split() + ["--runner=" + runner] * bool(runner)
        return suite.edgecc_run(options, path, {"x": x}, extra)[0]


def runs(options, row, cpu, runner):
    operator, opset, attributes, function, (low, high) = row
    x = sweep(low, high)
    got = compute(options, model(operator, opset, attributes, x.size), x, cpu,
                  runner)
    exact = x.astype(np.float64)
    with np.errstate(all="ignore"):
        distance = ulps(got, function(exact))
    worst = int(distance.argmax())
    if distance[worst] > MOST:
        wrong = np.count_nonzero(distance > MOST)
        raise suite.Failure(
            f"of {x[worst]!r} is {got[worst]!r}, off by {distance[worst]:.1f} "
            f"units in the last place; {wrong} of {x.size} are off too far")
    return f"at most {distance[worst]:.2f} units in the last place"


def normalises(options, size, cpu, runner):
    """Rows of `size` numbers, whose means are up to 1000 deviations from zero.
    Results may be MOST units of one off, and one more for each deviation: that
    is how exact f32 has the mean."""
    random = np.random.default_rng(size)
    shift = np.repeat([0.0, 1, 10, 100, 1000], 8)[:, None]
    scale = 2.0 ** random.integers(-20, 20, shift.shape)
    x = (scale * (random.standard_normal((shift.size, size)) + shift)
         ).astype(np.float32)
    node = helper.make_node("LayerNormalization", ["x", "scale"], ["y"],
                            epsilon=0.0)
    value = functools.partial(helper.make_tensor_value_info,
                              elem_type=TensorProto.FLOAT, shape=x.shape)
    one = helper.make_tensor("scale", TensorProto.FLOAT, [size], [1.0] * size)
    graph = helper.make_graph([node], "normalisation", [value("x")],
                              [value("y")], [one])
    proto = helper.make_model(graph,
                              opset_imports=[helper.make_opsetid("", 17)])
    proto.ir_version = 8
    got = compute(options, proto, x, cpu, runner)
    exact = x.astype(np.float64)
    mean, deviation = exact.mean(1, keepdims=True), exact.std(1, keepdims=True)
    want, far = (exact - mean) / deviation, np.abs(mean) / deviation
    unit = np.spacing(np.float32(1)) * np.maximum(1, np.abs(want))
    share = np.abs(got - want) / unit / (MOST + far)
    if not share.max() <= 1:
        raise suite.Failure(f"off by {share.max():.2f} of the limit")
    return f"at most {share.max():.2f} of the limit"


def main():
    options = suite.parser(__doc__).parse_args()
    tests = []
    for cpu, runner in CPUS:
        for row in FUNCTIONS:
            form = "" if isinstance(row[2], str) else "".join(
                f" {value}" for value in row[2].values()
                if isinstance(value, str))
            tests.append((f"{row[0]}{form} on {cpu}", functools.partial(
                runs, options, row, cpu, runner)))
        for size in (7, 768):
            tests.append((f"LayerNormalization of {size} on {cpu}",
                          functools.partial(normalises, options, size, cpu,
                                            runner)))
    return suite.run(tests, options)


if __name__ == "__main__":
    sys.exit(main())
