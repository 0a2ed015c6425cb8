#!/usr/bin/env python3
# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs networks on boards without a system, which QEMU emulates.

The result must be what x86-64 computes, floats within 1e-5 relative. The program on
the board also checks that the network writes nothing beside its arena and its
outputs and takes no more stack than its header states; the arena must be used up
to its last aligned block. Networks of a zoo (--zoo DIR) run on the boards that
have the memory for them. With a unit for floating point, a run takes as many
instructions for one input as for another.
"""
import functools
import json
import os
import sys
import tempfile

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import models
import suite

SMALL = ["microbit"]
BOARDS = """
mps2-an385 mps2-an386 mps2-an500 mps2-an505 mps3-an547 virt-rv32imc
virt-rv32imafc-zve32f virt-rv64gc virt-rv64gcv virt-rv64gcv-256 virt-rv64gcv-512
""".split()
FLOAT = """
mlperf_ad_ae_f32 mlperf_kws_dscnn_f32 mlperf_ic_resnet8_f32 mlperf_vww_mbv1_f32
""".split()
# On boards that are fast enough without kernels on integers.
INT8 = """
mlperf_ad_ae_int8 mlperf_kws_dscnn_int8 mlperf_ic_resnet8_int8
mlperf_vww_mbv1_int8
""".split()
ARENA_ALIGN = 64
INT8_BOARDS = ["mps2-an386", "mps3-an547", "virt-rv64gcv"]


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


def same_instructions(options, path, feeds, board):
    """The number of instructions, which must not depend on the input."""
    counts = set()
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "in.npz")
        for feed in feeds:
            suite.write_npz(source, feed)
            p = suite.must([os.path.join(options.bin, "edgecc-run"), path,
                            "--inputs=" + source, "--board=" + board,
                            "--count-instructions"], options.timeout)
            counts.add(int(p.stdout))
    if len(counts) != 1:
        raise suite.Failure(f"instructions of some inputs: {sorted(counts)}")
    return f"{counts.pop()} instructions"


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
        boards = (BOARDS if name in FLOAT else
                  INT8_BOARDS if name in INT8 else SMALL + BOARDS)
        for board in boards:
            tests.append((f"{name} {board}", functools.partial(
                on_board, options, path, feeds[0], board)))
    for board in BOARDS:
        tests.append((f"NaN {board}",
                      functools.partial(not_numbers, options, board)))
    name, path, feeds = networks[0]
    for board in SMALL + BOARDS:
        tests.append((f"{name} {board} memory", functools.partial(
            same_memory, options, path, feeds[0], board)))
    for board in ["mps2-an386", "mps3-an547", "virt-rv64gcv"]:
        tests.append((f"{name} {board} instructions", functools.partial(
            same_instructions, options, path, feeds, board)))
    return suite.run(tests, options)


if __name__ == "__main__":
    sys.exit(main())
