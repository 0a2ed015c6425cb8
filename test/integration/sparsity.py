#!/usr/bin/env python3
# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Networks with many zero weights: the results of ONNX Runtime, from fewer
bytes of weights, on several CPUs and on several threads."""
import functools
import json
import os
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import suite

# CPUs and what runs their programs.
CPUS = [("x86-64-v3", ""), ("cortex-a72", "qemu-aarch64"),
        ("rv64gcv", "qemu-riscv64 -cpu rv64,v=true,vlen=128")]

# The share of weights that are not zero.
DENSITY = 0.04

# Name: images, input channels, lines, pixels, output channels, and the
# attributes of the convolution.
CONVOLUTIONS = {
    "pointwise": (1, 64, 20, 23, 40, dict(kernel_shape=[1, 1])),
    "pointwise-images": (3, 64, 9, 9, 33, dict(kernel_shape=[1, 1])),
    "pointwise-stride": (1, 256, 21, 21, 96,
                         dict(kernel_shape=[1, 1], strides=[2, 2])),
    "taps": (1, 96, 12, 14, 64,
             dict(kernel_shape=[3, 3], pads=[1, 1, 1, 1])),
    "taps-odd": (1, 96, 7, 5, 67,
                 dict(kernel_shape=[3, 2], pads=[1, 0, 2, 1])),
    "taps-stride": (1, 64, 23, 19, 64,
                    dict(kernel_shape=[3, 3], strides=[2, 2],
                         pads=[0, 1, 1, 0])),
    "taps-mixed": (2, 64, 22, 18, 40,
                   dict(kernel_shape=[3, 3], strides=[3, 1],
                        dilations=[2, 3])),
    "bands": (1, 128, 36, 40, 128,
              dict(kernel_shape=[3, 3], pads=[1, 1, 1, 1])),
}


# Where small caches make it better to multiply by all weights.
DENSE = {("pointwise-stride", "rv64gcv"), ("bands", "rv64gcv")}


def convolution(images, inputs, lines, pixels, outputs, attributes):
    """A pruned convolution with a bias, something added to it, and ReLU."""
    random = np.random.default_rng([inputs, lines, pixels, outputs])
    weights = random.standard_normal(
        (outputs, inputs, *attributes["kernel_shape"])).astype(np.float32)
    weights[random.random(weights.shape) >= DENSITY] = 0
    # A channel of nothing but zeros.
    weights[1] = 0
    bias = random.standard_normal(outputs).astype(np.float32)
    nodes = [helper.make_node("Conv", ["x", "w", "b"], ["c"], **attributes),
             helper.make_node("Add", ["c", "r"], ["s"]),
             helper.make_node("Relu", ["s"], ["y"])]
    constants = {"w": weights, "b": bias}
    value = functools.partial(helper.make_tensor_value_info,
                              elem_type=TensorProto.FLOAT)
    graph = helper.make_graph(
        nodes, "pruned", [value("x", shape=[images, inputs, lines, pixels]),
                          value("r", shape=[images, outputs, 1, 1])],
        [value("y", shape=None)],
        [numpy_helper.from_array(a, n) for n, a in constants.items()])
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    feed = {"x": random.standard_normal((images, inputs, lines, pixels)),
            "r": random.standard_normal((images, outputs, 1, 1))}
    return model, {n: a.astype(np.float32) for n, a in feed.items()}


def reference(model, feed):
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), settings,
        providers=["CPUExecutionProvider"])
    return session.run(None, feed)[0]


def weight_bytes(options, path, folder, *flags):
    report = os.path.join(folder, "report.json")
    suite.must([os.path.join(options.bin, "edgecc"), path, "--name=network",
                "-o", os.path.join(folder, "network.o"),
                "--report=" + report, *flags], options.timeout)
    with open(report) as f:
        return json.load(f)["memory"]["constant_bytes"]


def agrees(options, name, cpu, runner):
    what = CONVOLUTIONS[name]
    model, feed = convolution(*what)
    flags = ["-mcpu=" + cpu] + ["--runner=" + runner] * bool(runner)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "pruned.onnx")
        onnx.save(model, path)
        got = suite.edgecc_run(options, path, feed, flags)[0]
        # Positions take as much as numbers do; the rest is the bias.
        sparse = weight_bytes(options, path, folder, "-mcpu=" + cpu)
    weights = onnx.numpy_helper.to_array(model.graph.initializer[0])
    if (sparse > 0.3 * weights.nbytes) != ((name, cpu) in DENSE):
        raise suite.Failure(
            f"{sparse} bytes of constants for {weights.nbytes} bytes of weights")
    return suite.compare(got, reference(model, feed), relative=1e-5)


def same_on_threads(options, what):
    model, feed = convolution(*what)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "pruned.onnx")
        onnx.save(model, path)
        alone, shared = (
            suite.edgecc_run(options, path, feed, ["-mcpu=x86-64-v3", *flags])[0]
            for flags in ([], ["-fthreads=3"]))
    if not np.array_equal(alone, shared):
        raise suite.Failure("other bits with -fthreads=3")
    return "the same bits with 3 threads"


def main():
    options = suite.parser(__doc__).parse_args()
    tests = [(f"{name} on {cpu}",
              functools.partial(agrees, options, name, cpu, runner))
             for cpu, runner in CPUS for name in CONVOLUTIONS]
    tests += [(f"{name} on threads",
               functools.partial(same_on_threads, options, what))
              for name, what in CONVOLUTIONS.items()]
    return suite.run(tests, options)


if __name__ == "__main__":
    sys.exit(main())
