#!/usr/bin/env python3
# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Products of bf16 and f16 (`--precision=`), on every CPU that multiplies them,
and of f32 with weights of these types (`--quantize=f16-weights` and the like).

What comes out must be what ONNX's reference evaluator computes in f64 from
factors that were rounded before, to the accuracy of the sums; and it must not be
what it computes from factors that were not.

Sums are in f32, but those of f16 begin with at most 64 products in f16. Partial
sum number i of n equal products with random signs is sqrt(i) as large as one,
and each rounding is wrong by at most u = 2^-11 of it, so that their sum is off
by less than u n / sqrt(2) of a product, which is u sqrt(n / 2) of the whole.

Whole networks in f16 are compared with ONNX Runtime in f32. The errors of their
layers add up like independent ones: what one of them may be off, with rounded
factors and a rounded result, times the square root of their number.
"""
import functools
import json
import os
import sys
import tempfile

import ml_dtypes
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", folder)
                for folder in ("support", "benchmark")]
import networks
import suite
import tiles

# The precision, a CPU and what runs its programs: nothing for this machine.
RUNS = [("bf16", "native", ""), ("bf16", "neoverse-v1", "qemu-aarch64 -cpu max"),
        # Has no arithmetic of f16: widens what it loads.
        ("f16", "cortex-a72", "qemu-aarch64"),
        ("f16", "cortex-a76", "qemu-aarch64 -cpu cortex-a76"),
        ("f16-weights", "native", ""), ("bf16-weights", "native", ""),
        ("f16-weights", "x86-64", ""),
        ("f16-weights", "cortex-a76", "qemu-aarch64 -cpu cortex-a76"),
        ("f8e5m2-weights", "native", ""), ("f8e4m3-weights", "native", ""),
        ("f8e4m3-weights", "x86-64", ""),
        ("f8e4m3-weights", "cortex-a76", "qemu-aarch64 -cpu cortex-a76"),
        # Tiles are computed by a runner: few machines have them.
        ("bf16", tiles.CPU, "tiles")]
EIGHT_BITS = {"f8e5m2-weights": ml_dtypes.float8_e5m2,
              "f8e4m3-weights": ml_dtypes.float8_e4m3fn}
# How far sums may be off.
IN_F32, IN_BLOCKS = 1e-6, 2**-11 * (64 / 2)**0.5
SUMS = {("f16", "cortex-a76"): IN_BLOCKS}

# Networks for f16 on CPUs with and without its arithmetic.
NETWORKS = [networks.conv3x3, networks.depthwise, networks.inverted_residual,
            networks.squeeze_excite, networks.attention, networks.pools,
            networks.upsample]
NETWORK_CPUS = [("cortex-a76", "qemu-aarch64 -cpu cortex-a76"),
                ("cortex-a72", "qemu-aarch64")]

# Operator, shapes of both factors, whether the second is constant, attributes.
# Sizes leave a remainder of channels, pixels and products.
CASES = [
    ("Conv", (1, 5, 9, 8), (20, 5, 3, 3), True, {"pads": [1] * 4}),
    ("Conv", (1, 3, 13, 13), (33, 3, 3, 3), True, {"strides": [2, 2]}),
    ("Conv", (2, 31, 5, 7), (48, 31, 1, 1), True, {}),
    ("Conv", (1, 12, 8, 8), (18, 6, 3, 3), True, {"group": 2}),
    ("Conv", (1, 16, 9, 9), (16, 16, 3, 3), True, {"dilations": [2, 2]}),
    ("MatMul", (7, 37), (37, 45), True, {}),
    ("MatMul", (1, 64), (64, 130), True, {}),
    ("MatMul", (3, 1000), (1000, 24), True, {}),
    # For tiles: lines that they overlap in, pairs of short ones, a padded rest.
    ("Conv", (1, 64, 9, 37), (48, 64, 3, 3), True, {"pads": [1] * 4}),
    ("Conv", (1, 32, 8, 7), (32, 32, 3, 3), True, {"pads": [1] * 4}),
    ("MatMul", (37, 96), (96, 45), True, {}),
    ("MatMul", (2, 3, 5, 18), (2, 3, 18, 19), False, {}),
]


def rounded(array, precision):
    """The nearest numbers of that type, ties to even."""
    if precision.startswith("f16"):
        return array.astype(np.float16).astype(np.float32)
    if precision in EIGHT_BITS:
        # Times the power of two that makes most of the range.
        kind = EIGHT_BITS[precision]
        most = float(ml_dtypes.finfo(kind).max)
        scale = 2.0**np.floor(np.log2(most / np.abs(array).max()))
        return (array * np.float32(scale)).astype(kind).astype(
            np.float32) / np.float32(scale)
    bits = array.astype(np.float32).view(np.uint32).astype(np.uint64)
    bits = (bits + 0x7fff + (bits >> 16 & 1)) >> 16 << 16
    return bits.astype(np.uint32).view(np.float32)


def model(dtype, factors):
    """All cases in one graph; constants are factors of `dtype`."""
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    nodes, inputs, outputs, constants, feed = [], [], [], [], {}
    for i, (case, (a, b)) in enumerate(zip(CASES, factors)):
        operator, _, _, is_constant, attributes = case
        names = [f"a{i}", f"b{i}"]
        for name, array in zip(names, (a, b)):
            if name[0] == "b" and is_constant:
                constants.append(
                    numpy_helper.from_array(array.astype(dtype), name))
                continue
            inputs.append(
                helper.make_tensor_value_info(name, kind, array.shape))
            feed[name] = array.astype(dtype)
        nodes.append(
            helper.make_node(operator, names, [f"y{i}"], **attributes))
        outputs.append(helper.make_tensor_value_info(f"y{i}", kind, None))
    graph = helper.make_graph(nodes, "precision", inputs, outputs, constants)
    proto = helper.make_model(graph,
                              opset_imports=[helper.make_opsetid("", 17)])
    proto.ir_version = 8
    return proto, feed


def evaluate(factors):
    proto, feed = model(np.float64, factors)
    return ReferenceEvaluator(proto).run(None, feed)


def runs(options, path, feed, narrow, wide, precision, cpu, runner):
    flag = "quantize" if precision.endswith("-weights") else "precision"
    extra = [f"--{flag}={precision}", *f"-mcpu={cpu}".split()]
    if runner == "tiles":
        runner = tiles.build_runner(os.path.dirname(path))
    if runner:
        extra.append(f"--runner={runner}")
    try:
        got = suite.edgecc_run(options, path, feed, extra)
    except suite.Failure as failure:
        if "does not multiply bf16" in str(failure):
            raise suite.Skip("this CPU does not multiply bf16")
        raise
    worst, allowed = 0, SUMS.get((precision, cpu), IN_F32)
    for case, g, want, exact in zip(CASES, got, narrow, wide):
        error = np.linalg.norm(g - want) / np.linalg.norm(want)
        distance = np.linalg.norm(g - exact) / np.linalg.norm(exact)
        worst = max(worst, error)
        is_narrow = flag == "precision" or case[3]
        if error > allowed or (is_narrow and distance < 1e-4):
            raise suite.Failure(
                f"{case[0]} of {case[1]} and {case[2]} is {error:.1e} from the "
                f"products of {precision} and {distance:.1e} from those of f32")
    return f"{len(got)} operations, at most {worst:.1e} off"


def embeddings(options, bits):
    """Rows of a table whose numbers integers of `bits` bits express exactly."""
    random = np.random.default_rng(bits)
    end = 2**(bits - 1)
    table = random.integers(-end, end, (300, 96)).astype(np.float32)
    table[:, ::32] = -end
    table *= 2.0**random.integers(-5, 5, (300, 1))
    index = random.integers(-300, 300, (2, 7))
    node = helper.make_node("Gather", ["table", "index"], ["y"])
    graph = helper.make_graph(
        [node], "embeddings",
        [helper.make_tensor_value_info("index", TensorProto.INT64,
                                       index.shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(table.astype(np.float32), "table")])
    proto = helper.make_model(graph,
                              opset_imports=[helper.make_opsetid("", 17)])
    proto.ir_version = 8
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "embeddings.onnx")
        onnx.save(proto, path)
        got = suite.edgecc_run(options, path, {"index": index},
                               [f"--quantize=int{bits}-weights"])[0]
    if not np.array_equal(got, table[index]):
        raise suite.Failure("the rows are not those of the table")
    return f"{got.size} numbers"


# The channels, the size, and the attributes of convolutions of a small picture.
LINES = [((48, 40), (3, 3), {"pads": [1] * 4}),
         ((40, 72), (3, 2), {"strides": [2, 1], "pads": [1, 0, 0, 1]}),
         ((72, 33), (2, 3), {"dilations": [2, 1]}),
         ((33, 16), (5, 5), {"pads": [2] * 4})]
LINE_RUNS = [(4, "native", ""), (2, "native", ""),
             (4, "cortex-a76", "qemu-aarch64 -cpu cortex-a76")]


def lines(options, bits, cpu, runner):
    """Convolutions by weights in blocks, which are exact in so many bits: as
    ONNX Runtime has them, and stored like that."""
    import onnxruntime
    random = np.random.default_rng(bits)
    end = 2**(bits - 1)
    wide = random.integers(-end, end, (48, 3, 1, 1)).astype(np.float32) / 8
    wide[:, 0] = -end / 8
    constants, nodes = {"w": wide}, []
    # What is large gives the others room for their buffers.
    nodes.append(helper.make_node("Conv", ["x", "w"], ["first"]))
    nodes.append(helper.make_node("AveragePool", ["first"], ["v0"],
                                  kernel_shape=[8, 8], strides=[8, 8]))
    count = 0
    for i, ((inputs, outputs), size, attributes) in enumerate(LINES):
        depth = inputs * size[0] * size[1]
        w = random.integers(-end, end, (depth, outputs)).astype(np.float32)
        w[::32] = -end
        w[1::32] = end - 1
        for block in range(0, depth, 32):
            w[block:block + 32] *= 2.0**random.integers(-9, -4, outputs)
        count += w.size
        constants[f"w{i}"] = w.reshape(*size, inputs, outputs).transpose(
            3, 2, 0, 1)
        constants[f"b{i}"] = random.integers(-99, 99, outputs) / np.float32(64)
        nodes.append(helper.make_node("Conv", [f"v{i}", f"w{i}", f"b{i}"],
                                      [f"s{i}"], **attributes))
        nodes.append(helper.make_node("Relu", [f"s{i}"], [f"v{i + 1}"]))
    x = random.standard_normal((1, 3, 96, 80)).astype(np.float32)
    graph = helper.make_graph(
        nodes, "lines",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, x.shape)],
        [helper.make_tensor_value_info(f"v{len(LINES)}", TensorProto.FLOAT,
                                       None)],
        [numpy_helper.from_array(np.ascontiguousarray(a, np.float32), name)
         for name, a in constants.items()])
    proto = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)])
    proto.ir_version = 8
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "lines.onnx")
        onnx.save(proto, path)
        flags = [f"--quantize=int{bits}-weights", "--block-size=32",
                 f"-mcpu={cpu}"]
        got = suite.edgecc_run(options, path, {"x": x},
                               [*flags, f"--runner={runner}"])
        suite.must([os.path.join(options.bin, "edgecc"), path, *flags,
                    "-o", os.path.join(folder, "lines.o"), "--report",
                    os.path.join(folder, "report.json")], options.timeout)
        with open(os.path.join(folder, "report.json")) as f:
            stored = json.load(f)["memory"]["weight_bytes"]
        session = onnxruntime.InferenceSession(
            path, providers=["CPUExecutionProvider"])
        want = session.run(None, {"x": x})
    share = stored / count
    if share > bits / 8 + 0.2:
        raise suite.Failure(f"{share:.3f} bytes per weight")
    return (f"{share:.3f} bytes per weight, " +
            suite.compare(got[0], want[0], 1e-5))


def runs_network(options, function, cpu, runner):
    import onnxruntime
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, function.__name__ + ".onnx")
        shape = networks.save(function, path)
        x = np.random.default_rng(1).standard_normal(shape, np.float32)
        session = onnxruntime.InferenceSession(
            path, providers=["CPUExecutionProvider"])
        want = session.run(None, {"x": x})
        got = suite.edgecc_run(options, path, {"x": x},
                               ["--precision=f16", f"-mcpu={cpu}",
                                f"--runner={runner}"])
        layers = sum(node.op_type in ("Conv", "Gemm", "MatMul", "Softmax")
                     for node in onnx.load(path).graph.node)
    # Two factors and a result are rounded besides.
    layer = (IN_BLOCKS**2 + 3 * 2.0**-22)**0.5
    return suite.compare(got[0], want[0], layer * max(layers, 1)**0.5)


def main():
    options = suite.parser(__doc__).parse_args()
    random = np.random.default_rng(7)
    factors = [(random.standard_normal(left), random.standard_normal(right))
               for _, left, right, _, _ in CASES]
    factors = [(a.astype(np.float32), b.astype(np.float32))
               for a, b in factors]
    narrow = {}
    for precision in {run[0] for run in RUNS}:
        if precision.endswith("-weights"):
            pairs = [(a, rounded(b, precision) if case[3] else b)
                     for case, (a, b) in zip(CASES, factors)]
        else:
            pairs = [(rounded(a, precision), rounded(b, precision))
                     for a, b in factors]
        narrow[precision] = evaluate(pairs)
    wide = evaluate(factors)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "precision.onnx")
        proto, feed = model(np.float32, factors)
        onnx.save(proto, path)
        tests = [(f"{precision} {cpu}",
                  functools.partial(runs, options, path, feed,
                                    narrow[precision], wide, precision, cpu,
                                    runner))
                 for precision, cpu, runner in RUNS]
        tests += [(f"f16 {cpu} {function.__name__}",
                   functools.partial(runs_network, options, function, cpu,
                                     runner))
                  for function in NETWORKS for cpu, runner in NETWORK_CPUS]
        tests += [(f"embeddings of {bits} bits",
                   functools.partial(embeddings, options, bits))
                  for bits in (2, 4, 8)]
        tests += [(f"lines of {bits} bits {cpu}",
                   functools.partial(lines, options, bits, cpu, runner))
                  for bits, cpu, runner in LINE_RUNS]
        return suite.run(tests, options)


if __name__ == "__main__":
    sys.exit(main())
