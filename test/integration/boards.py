#!/usr/bin/env python3
# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs networks on boards without a system, which QEMU emulates.

The result must be what x86-64 computes, floats within 1e-5 relative. The program on
the board also checks that the network writes nothing beside its arena and its
outputs and takes no more stack than its header states; the arena must be used up
to its last aligned block. Boards without floating point sum products in fixed
point, which must be as good as ONNX Runtime's floats. Networks of a zoo (--zoo
DIR) run on the boards that have the memory for them. A run takes as many
instructions for one input as for another, if its numbers are finite.
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

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "benchmark"))
import models
import networks as small_networks
import suite

SMALL = ["microbit"]
BOARDS = """
mps2-an385 mps2-an386 mps2-an500 mps2-an505 mps3-an547 virt-rv32imc
virt-rv32imafc-zve32f virt-rv64gc virt-rv64gcv virt-rv64gcv-256 virt-rv64gcv-512
""".split()
# Without a unit for floating point.
SOFT = ["microbit", "mps2-an385", "virt-rv32imc"]
FLOAT = """
mlperf_ad_ae_f32 mlperf_kws_dscnn_f32 mlperf_ic_resnet8_f32 mlperf_vww_mbv1_f32
""".split()
INT8 = """
mlperf_ad_ae_int8 mlperf_kws_dscnn_int8 mlperf_ic_resnet8_int8
mlperf_vww_mbv1_int8
""".split()
ARENA_ALIGN = 64
# Of benchmark/networks.py, for numbers of instructions: integers, floats that
# become integers, exponentials, loops.
OWN = [small_networks.quantized, small_networks.squeeze_excite,
       small_networks.attention, small_networks.recurrent, small_networks.pools]
# Where instructions are counted: CPUs that are not the board's own, and boards.
# A Cortex-M0+ has no board with the memory; a Cortex-M3 runs its code.
COUNTED = [("cortex-m0plus", "mps2-an385"), *(("", board) for board in """
mps2-an385 mps2-an386 mps3-an547 virt-rv32imc virt-rv32imafc-zve32f virt-rv64gc
virt-rv64gcv
""".split())]


def on_board(options, path, feed, board):
    want = suite.edgecc_run(options, path, feed, ["-mcpu=x86-64"])
    got = suite.edgecc_run(options, path, feed, ["--board=" + board])
    for g, w in zip(got, want):
        if w.dtype.kind in "iub" and not np.array_equal(g, w):
            raise suite.Failure("integers differ")
    return max(suite.compare(g, w, 1e-5) for g, w in zip(got, want))


def not_numbers(options, board):
    """NaN is what ONNX says of it, in vectors as well."""
    x = np.resize(np.float32([np.nan, 1, -1, 0, 2, -np.inf, np.inf]), 21)
    nodes = [helper.make_node(op, inputs, [op]) for op, inputs in
             (("Relu", ["x"]), ("Clip", ["x", "low", "high"]), ("Sign", ["x"]),
              ("IsNaN", ["x"]))]
    graph = helper.make_graph(
        nodes, "not_numbers",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, x.shape)],
        [helper.make_tensor_value_info(
            n.op_type, TensorProto.BOOL if n.op_type == "IsNaN" else
            TensorProto.FLOAT, x.shape) for n in nodes],
        [numpy_helper.from_array(np.float32(bound), name)
         for name, bound in (("low", -0.7), ("high", 0.7))])
    want = [np.maximum(x, 0), np.clip(x, np.float32(-0.7), np.float32(0.7)),
            np.sign(x), np.isnan(x)]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "not_numbers.onnx")
        onnx.save(helper.make_model(graph, opset_imports=[
            helper.make_opsetid("", 19)]), path)
        got = suite.edgecc_run(options, path, {"x": x}, ["--board=" + board])
    for node, g, w in zip(nodes, got, want):
        if not np.array_equal(g, w, equal_nan=w.dtype.kind == "f"):
            raise suite.Failure(f"{node.op_type}: {g}, expected {w}")
    return ""


def narrow_floats(options, board):
    """All numbers of f4E2M1 as f16: halves of integers of a byte."""
    graph = helper.make_graph(
        [helper.make_node("Cast", ["x"], ["y"], to=TensorProto.FLOAT16)],
        "narrow_floats",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT4E2M1, [15])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT16, [15])])
    x = np.arange(15, dtype=np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "narrow_floats.onnx")
        onnx.save(helper.make_model(graph, opset_imports=[
            helper.make_opsetid("", 23)]), path)
        [got] = suite.edgecc_run(options, path, {"x": x}, ["--board=" + board])
    want = x.view(ml_dtypes.float4_e2m1fn).astype(np.float16)
    if not np.array_equal(got, want):
        raise suite.Failure(f"{got}, expected {want}")
    return ""


def products(sign=lambda a: a):
    """A network of all contractions; every other one has weights from 2^-10 to
    2^10 and some zeros, one has integers. `sign` is applied to them."""
    random = np.random.default_rng(3)
    nodes, outputs, constants = [], [], []

    def add(operator, shape, bias, **attributes):
        name = f"y{len(nodes)}"
        weights = random.standard_normal(shape)
        if len(nodes) % 2:
            weights *= 2.0**random.integers(-10, 11, shape)
            weights *= random.random(shape) > 0.1
        arrays = [weights, random.standard_normal(bias)] if bias else [weights]
        names = [f"{name}{i}" for i in range(len(arrays))]
        constants.extend(
            numpy_helper.from_array(sign(array).astype(np.float32), name)
            for array, name in zip(arrays, names))
        source = "x" if operator == "Conv" else "z"
        nodes.append(helper.make_node(operator, [source, *names], [name],
                                      **attributes))
        outputs.append(helper.make_tensor_value_info(
            name, TensorProto.FLOAT, None))

    add("Conv", (5, 6, 3, 3), 5, pads=[1] * 4)
    add("Conv", (4, 3, 3, 2), 0, group=2, strides=[2, 2])
    add("Conv", (6, 1, 3, 3), 6, group=6, pads=[1] * 4)
    add("Conv", (7, 6, 1, 1), 7)
    add("Conv", (3, 6, 2, 2), 3, dilations=[2, 1])
    add("MatMul", (37, 5), 0)
    add("Gemm", (37, 3), 3)
    add("MatMul", (37, 64), 0)
    # A few weights that mantissas of 29 bits have not, and one too small.
    numbers = numpy_helper.to_array(constants[-1]).copy()
    numbers[3, 5], numbers[9, 5], numbers[0, 7] = sign(
        np.float32([1e-6, -1e-8, 1e-25]))
    constants[-1].CopyFrom(numpy_helper.from_array(numbers, "y70"))
    integers = random.integers(-128, 128, (8, 6, 3, 3)).astype(np.int8)
    constants.extend([numpy_helper.from_array(integers, "integers"),
                      numpy_helper.from_array(sign(np.float32(0.02)), "scale")])
    nodes.append(helper.make_node("DequantizeLinear", ["integers", "scale"],
                                  ["dequantized"]))
    weights = "dequantized"
    if sign is np.abs:
        nodes.append(helper.make_node("Abs", ["dequantized"], ["magnitudes"]))
        weights = "magnitudes"
    nodes.append(helper.make_node("Conv", ["x", weights], ["y8"],
                                  pads=[1] * 4))
    outputs.append(helper.make_tensor_value_info("y8", TensorProto.FLOAT,
                                                 None))
    graph = helper.make_graph(
        nodes, "products",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, 6, 5, 5)),
         helper.make_tensor_value_info("z", TensorProto.FLOAT, (3, 37))],
        outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("",
                                                                        17)])
    model.ir_version = 8
    return model


def fixed_point(options, board):
    """Sums of products are ONNX Runtime's, up to 1e-5 of each and what any two
    orders of summation in f32 differ by; NaN and infinities are where its are."""
    import onnxruntime
    random = np.random.default_rng(4)

    def evaluate(model, feed):
        return onnxruntime.InferenceSession(
            model.SerializeToString(),
            providers=["CPUExecutionProvider"]).run(None, feed)

    def like(numbers):
        return {"x": numbers(150).reshape(1, 6, 5, 5).astype(np.float32),
                "z": numbers(111).reshape(3, 37).astype(np.float32)}

    def wide(count):
        return (random.standard_normal(count) *
                2.0**random.integers(-60, 60, count))

    def not_finite(count):
        x = random.standard_normal(count)
        x[[7, 60, 61, 100]] = np.nan, np.inf, -np.inf, np.inf
        return x

    feeds = [like(random.standard_normal), like(wide), like(not_finite),
             like(np.zeros), like(lambda n: np.full(n, -0.0)),
             like(lambda n: random.standard_normal(n) * 2.0**-140),
             like(lambda n: random.standard_normal(n) * 2.0**110),
             like(lambda n: np.maximum(wide(n), 0))]
    worst = 0
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "products.onnx")
        onnx.save(products(), path)
        for number, feed in enumerate(feeds):
            got = suite.edgecc_run(options, path, feed, ["--board=" + board])
            want = evaluate(products(), feed)
            with np.errstate(invalid="ignore"):
                sizes = evaluate(products(np.abs),
                                 {k: np.abs(v) for k, v in feed.items()})
            for i, (g, w, size) in enumerate(zip(got, want, sizes)):
                finite = np.isfinite(w)
                if not np.array_equal(np.where(finite, 0, g),
                                      np.where(finite, 0, w), equal_nan=True):
                    raise suite.Failure(f"input {number}, output {i}: not "
                                        "finite in other places")
                # Subnormal products are rounded to multiples of 2^-149.
                allowed = (1e-5 * np.abs(w[finite]) +
                           64 * (2.0**-24 * size[finite] + 2.0**-149))
                error = np.abs(g[finite] - w[finite]) / allowed
                worst = max(worst, error.max(initial=0))
                if worst > 1:
                    raise suite.Failure(f"input {number}, output {i}: off by "
                                        f"{worst:.2g} times what is allowed")
    return f"{worst:.2g} of what is allowed"


def same_memory(options, path, feed, board):
    """The bytes that were used, which must be what the header states."""
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "in.npz")
        suite.write_npz(source, feed)
        memory = json.loads(suite.must(
            [os.path.join(options.bin, "edgecc-run"), path,
             "--inputs=" + source, "--board=" + board, "--measure-memory"],
            options.timeout).stdout)
    if not 0 <= memory["arena_bytes"] - memory["arena_used"] < ARENA_ALIGN or \
            memory["stack_used"] > memory["stack_bytes"]:
        raise suite.Failure(str(memory))
    return str(memory)


def unlike(feed):
    """Inputs of the types and shapes of one: that one, and with zeros, of one
    sign, of numbers at the ends of their range and of many sizes."""
    random = np.random.default_rng(6)

    def integers(x):
        info = np.iinfo(x.dtype)
        noise = random.integers(info.min, info.max, x.shape, endpoint=True)
        return [x, noise, np.zeros_like(x), np.full_like(x, info.min),
                np.full_like(x, info.max)]

    def floats(x):
        noise = random.standard_normal(x.shape)
        return [x, np.where(noise > 0, 0.0, -0.0), noise * 1e6,
                -np.abs(noise) * 2.0**-128,
                noise * 2.0**random.integers(-140, 20, x.shape)]

    variants = {name: (floats if x.dtype.kind == "f" else integers)(x)
                for name, x in feed.items()}
    for i in range(5):
        yield {name: of[i].astype(feed[name].dtype)
               for name, of in variants.items()}


def same_instructions(options, path, feed, cpu, board):
    """The number of instructions, which must not depend on the input."""
    counts = []
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "in.npz")
        for other in unlike(feed):
            suite.write_npz(source, other)
            p = suite.must([os.path.join(options.bin, "edgecc-run"), path,
                            "--inputs=" + source, "--board=" + board,
                            *(["-mcpu=" + cpu] if cpu else []),
                            "-Wno-float-fallback", "--count-instructions"],
                           options.timeout)
            counts.append(int(p.stdout))
    if len(set(counts)) != 1:
        raise suite.Failure(f"instructions of some inputs: {counts}")
    return f"{counts[0]} instructions"


def own_same_instructions(options, function, cpu, board):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, function.__name__ + ".onnx")
        shape = small_networks.save(function, path)
        x = np.random.default_rng(1).standard_normal(shape, np.float32)
        return same_instructions(options, path, {"x": x}, cpu, board)


def main():
    p = suite.parser(__doc__)
    p.add_argument("--zoo", default="")
    p.add_argument("--scratch", default=os.path.join(suite.ROOT, "build",
                                                     "test", "zoo"))
    options = p.parse_args()
    os.makedirs(options.scratch, exist_ok=True)
    networks = list(models.own_networks())
    if options.zoo:
        networks += [n for n in models.zoo_networks(options.zoo,
                                                    options.scratch)
                     if n[0] in FLOAT + INT8]
    tests = []
    for name, path, feeds in networks:
        boards = BOARDS if name in FLOAT + INT8 else SMALL + BOARDS
        for board in boards:
            tests.append((f"{name} {board}", functools.partial(
                on_board, options, path, feeds[0], board)))
    for board in BOARDS:
        tests.append((f"NaN {board}",
                      functools.partial(not_numbers, options, board)))
        tests.append((f"f4 {board}",
                      functools.partial(narrow_floats, options, board)))
    for board in SOFT:
        tests.append((f"products {board}",
                      functools.partial(fixed_point, options, board)))
    name, path, feeds = networks[0]
    for board in SMALL + BOARDS:
        tests.append((f"{name} {board} memory", functools.partial(
            same_memory, options, path, feeds[0], board)))
    for function in OWN:
        for cpu, board in COUNTED:
            tests.append((f"{function.__name__} {cpu or board} instructions",
                          functools.partial(own_same_instructions, options,
                                            function, cpu, board)))
    for name, path, feeds in networks:
        for cpu, board in COUNTED:
            if name in FLOAT and not cpu and board not in SOFT:
                continue
            tests.append((f"{name} {cpu or board} instructions",
                          functools.partial(same_instructions, options, path,
                                            feeds[0], cpu, board)))
        if name in INT8:
            for board in ["mps2-an386", "mps3-an547", "virt-rv32imc"]:
                tests.append((f"{name} {board} memory", functools.partial(
                    same_memory, options, path, feeds[0], board)))
    return suite.run(tests, options)


if __name__ == "__main__":
    sys.exit(main())
