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


# Name: the shape of the left-hand side, and the columns of the right-hand one.
PRODUCTS = {"rows": ((70, 96), 80), "batches": ((3, 20, 64), 33),
            "one-batch": ((1, 49, 128), 130)}

# Networks of bytes whose sums f32 holds: the type of the input, and its shape
# and that of the weights.
BYTES = {
    "unsigned-bytes": (np.uint8, (1, 64, 12, 10), (40, 64, 3, 3)),
    "signed-bytes": (np.int8, (2, 32, 9, 9), (24, 32, 1, 1)),
    "rows-of-bytes": (np.uint8, (24, 96), (96, 80)),
}


# Networks with blocks of zeros: channels of a block, the shape of the input and
# of the weights, and the attributes of the convolution; a matrix product has
# none.
BLOCKS = {
    "blocks": (16, (1, 48, 9, 11), (70, 48, 3, 3),
               dict(pads=[1, 1, 1, 1])),
    "blocks-stride": (4, (2, 20, 15, 14), (24, 20, 3, 2),
                      dict(strides=[2, 1], dilations=[1, 2])),
    "blocks-groups": (8, (1, 48, 10, 9), (64, 12, 3, 3),
                      dict(group=4, pads=[2, 0, 1, 1])),
    "blocks-pointwise": (16, (3, 64, 7, 7), (40, 64, 1, 1), {}),
    "blocks-part": (16, (1, 40, 9, 8), (32, 20, 3, 3), dict(pads=[0] * 4)),
    "blocks-line": (16, (2, 32, 50), (32, 32, 5), dict(strides=[3])),
    "blocks-rows": (16, (3, 20, 64), (64, 100), None),
    "blocks-row": (8, (1, 128), (128, 77), None),
}

# Networks of bytes or floats with patterns of zeros: the type of the input, its
# shape and that of the weights, the attributes of the convolution or none for a
# matrix product, and the pattern: so many of some neighbouring inputs that are
# not zero, or a block of output and input channels.
PATTERNS = {
    "2:4-bytes": (np.uint8, (1, 64, 10, 9), (40, 64, 3, 3),
                  dict(pads=[1] * 4), "2:4"),
    "2:4-signed": (np.int8, (24, 100), (100, 80), None, "2:4"),
    "1:4-bytes": (np.int8, (2, 72, 7, 7), (33, 72, 1, 1), {}, "1:4"),
    "1:4-row": (np.uint8, (1, 256), (256, 128), None, "1:4"),
    "4:8-groups": (np.uint8, (1, 64, 9, 9), (48, 32, 3, 3),
                   dict(group=2, strides=[2, 2]), "4:8"),
    "blocks-bytes": (np.uint8, (1, 36, 9, 11), (70, 36, 3, 3),
                     dict(pads=[1] * 4), "16x4"),
    "blocks-signed": (np.int8, (1, 44, 8, 8), (48, 22, 3, 2),
                      dict(group=2, dilations=[1, 2]), "16x1"),
    "part-bytes": (np.uint8, (1, 60, 9, 8), (32, 30, 3, 3), {}, "16x2"),
    "rows-signed": (np.int8, (20, 66), (66, 100), None, "8x4"),
    "1:4-floats": (np.float32, (1, 64, 14, 14), (64, 64, 1, 1), {}, "1:4"),
    "1:8-row": (np.float32, (1, 200), (200, 96), None, "1:8"),
    "1:16-groups": (np.float32, (1, 64, 9, 9), (64, 32, 3, 3),
                    dict(group=2), "1:16"),
}

# More CPUs whose kernels for these differ, what runs their programs, and what
# the system calls the instructions that they need.
PATTERN_CPUS = [*CPUS, ("x86-64-v2", ""), ("cascadelake", "", "avx512_vnni"),
                ("icelake-server", "", "avx512_vbmi"),
                ("cortex-a76", "qemu-aarch64 -cpu max"),
                ("neoverse-v1", "qemu-aarch64 -cpu max")]


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
        graph, opset_imports=[helper.make_opsetid("", 18)])
    model.ir_version = 8
    feed = {"x": random.standard_normal((images, inputs, lines, pixels)),
            "r": random.standard_normal((images, outputs, 1, 1))}
    return model, {n: a.astype(np.float32) for n, a in feed.items()}


def pruned(random, weights):
    weights[random.random(weights.shape) >= DENSITY] = 0
    return weights


def model_of(nodes, inputs, result, constants):
    graph = helper.make_graph(
        nodes, "pruned",
        [helper.make_tensor_value_info(
            n, helper.np_dtype_to_tensor_dtype(a.dtype), a.shape)
         for n, a in inputs.items()],
        [helper.make_tensor_value_info("y", result, None)],
        [numpy_helper.from_array(a, n) for n, a in constants.items()])
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 18)])
    model.ir_version = 8
    return model, inputs


def product(shape, columns):
    """A pruned matrix product with a bias and ReLU."""
    random = np.random.default_rng([*shape, columns])
    weights = random.standard_normal((shape[-1], columns)).astype(np.float32)
    return model_of(
        [helper.make_node("MatMul", ["x", "w"], ["m"]),
         helper.make_node("Add", ["m", "b"], ["s"]),
         helper.make_node("Relu", ["s"], ["y"])],
        {"x": random.standard_normal(shape).astype(np.float32)},
        TensorProto.FLOAT,
        {"w": pruned(random, weights),
         "b": random.standard_normal(columns).astype(np.float32)})


def blocks(channels, shape, weights, attributes):
    """A network with blocks of zeros, something added to it, and ReLU."""
    random = np.random.default_rng([*shape, *weights])
    is_product = attributes is None
    outputs = weights[-1 if is_product else 0]
    rest = weights[:-1] if is_product else weights[1:]
    is_there = random.random((-(-outputs // channels), *rest)) < 0.2
    is_there = np.repeat(is_there, channels, 0)[:outputs]
    if is_product:
        is_there = np.moveaxis(is_there, 0, -1)
    constants = {"w": (random.standard_normal(weights) * is_there)
                 .astype(np.float32),
                 "b": random.standard_normal(outputs).astype(np.float32)}
    if is_product:
        nodes = [helper.make_node("MatMul", ["x", "w"], ["m"]),
                 helper.make_node("Add", ["m", "b"], ["s"])]
    else:
        nodes = [helper.make_node("Conv", ["x", "w", "b"], ["s"],
                                  kernel_shape=weights[2:], **attributes)]
        # It reads some of the channels of what is there.
        if shape[1] > weights[1] * attributes.get("group", 1):
            nodes[0].input[0] = "part"
            nodes.insert(0, helper.make_node("Split", ["x"], ["part", "other"],
                                             axis=1, num_outputs=2))
    nodes.append(helper.make_node("Relu", ["s"], ["y"]))
    x = random.standard_normal(shape).astype(np.float32)
    return model_of(nodes, {"x": x}, TensorProto.FLOAT, constants)


def bytes_network(kind, shape, weights):
    """A pruned convolution, or product, of bytes."""
    random = np.random.default_rng([*shape, *weights])
    zero = 0 if kind == np.int8 else 117
    constants = {
        "w": pruned(random, random.integers(-64, 64, weights, np.int8)),
        "xs": np.float32(0.02), "xz": kind(zero), "ws": np.float32(0.01),
        "wz": np.int8(0), "ys": np.float32(0.05), "yz": kind(zero)}
    rest = ["x", "xs", "xz", "w", "ws", "wz", "ys", "yz"]
    if len(weights) == 2:
        node = helper.make_node("QLinearMatMul", rest, ["y"])
    else:
        constants["b"] = random.integers(-999, 999, weights[0], np.int32)
        node = helper.make_node("QLinearConv", [*rest, "b"], ["y"],
                                kernel_shape=weights[2:],
                                pads=[weights[2] // 2] * 4)
    limits = np.iinfo(kind)
    x = random.integers(limits.min, limits.max, shape, kind, endpoint=True)
    return model_of([node], {"x": x}, helper.np_dtype_to_tensor_dtype(
        np.dtype(kind)), constants)


def is_left(random, shape, pattern):
    """Which weights (output channels, input channels, taps) a pattern leaves."""
    first, second = (int(n) for n in pattern.replace("x", ":").split(":"))
    if "x" in pattern:
        blocks = [-(-shape[0] // first), -(-shape[1] // second), *shape[2:]]
        left = (random.random(blocks) < 0.25).repeat(first, 0)
        return left.repeat(second, 1)[:shape[0], :shape[1]]
    left = np.zeros(shape, bool)
    for start in range(0, shape[1], second):
        part = left[:, start:start + second]
        order = random.random(part.shape).argsort(axis=1)
        np.put_along_axis(part, order[:, :first], True, axis=1)
    return left


def pattern(kind, shape, weights, attributes, zeros):
    """A network whose weights have a pattern of zeros."""
    random = np.random.default_rng([*shape, *weights])
    is_product = attributes is None
    order = weights[::-1] if is_product else weights
    left = is_left(random, order, zeros)
    # Large ones too: products of neighbours do not fit into 16 bits then.
    numbers = (random.standard_normal(order) * 60).round().clip(-127, 127)
    numbers = (numbers * left).T if is_product else numbers * left
    other = "part" if not is_product and shape[1] > (
        weights[1] * attributes.get("group", 1)) else "x"
    split = [helper.make_node("Split", ["x"], ["part", "rest"], axis=1,
                              num_outputs=2)] * (other == "part")
    if kind == np.float32:
        node = helper.make_node("MatMul" if is_product else "Conv",
                                [other, "w"], ["y"], **attributes or {})
        return model_of([*split, node],
                        {"x": random.standard_normal(shape).astype(kind)},
                        TensorProto.FLOAT, {"w": numbers.astype(kind)})
    zero = 3 if kind == np.int8 else 117
    constants = {
        "w": numbers.astype(np.int8), "xs": np.float32(0.02), "xz": kind(zero),
        "ws": np.float32(0.01), "wz": np.int8(0), "ys": np.float32(5),
        "yz": kind(zero)}
    rest = [other, "xs", "xz", "w", "ws", "wz", "ys", "yz"]
    node = helper.make_node("QLinearMatMul" if is_product else "QLinearConv",
                            rest, ["y"], **attributes or {})
    limits = np.iinfo(kind)
    x = random.integers(limits.min, limits.max, shape, kind, endpoint=True)
    return model_of([*split, node], {"x": x}, helper.np_dtype_to_tensor_dtype(
        np.dtype(kind)), constants)


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
        # Positions, zeros in panels, and the bias.
        sparse = weight_bytes(options, path, folder, "-mcpu=" + cpu)
    weights = onnx.numpy_helper.to_array(model.graph.initializer[0])
    if sparse > 0.4 * weights.nbytes:
        raise suite.Failure(
            f"{sparse} bytes of constants for {weights.nbytes} bytes of weights")
    return suite.compare(got, reference(model, feed), relative=1e-5)


def leaves_zeros_out(options, make, what, cpu, runner, more=(), needed=""):
    """The results of ONNX Runtime from a kernel without zeros."""
    if needed:
        with open("/proc/cpuinfo") as f:
            if needed not in f.read():
                raise suite.Skip("this CPU lacks " + needed)
    model, feed = make(*what)
    flags = ["-mcpu=" + cpu, "-fsparse", *more]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "pruned.onnx")
        onnx.save(model, path)
        report = os.path.join(folder, "report.json")
        suite.must([os.path.join(options.bin, "edgecc"), path, "-o",
                    os.path.join(folder, "network.o"), "--report=" + report,
                    *flags], options.timeout)
        got = suite.edgecc_run(options, path, feed, [
            *flags, *["--runner=" + runner] * bool(runner),
            *["--board=mps2-an386"] * (cpu == "cortex-m4")])[0]
        with open(report) as f:
            kernels = [layer["weights"]["kernel"]
                       for layer in json.load(f)["layers"]
                       if "weights" in layer]
    if kernels != ["sparse"]:
        raise suite.Failure(f"the kernels are {kernels}")
    want = reference(model, feed)
    if got.dtype != np.float32:
        if not np.array_equal(got, want):
            raise suite.Failure(f"{(got != want).mean():.1%} of the bytes differ")
        return "the same bytes"
    return suite.compare(got, want, relative=1e-5)


def same_on_threads(options, make, what):
    model, feed = make(*what)
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
    tests += [(f"{name} on {cpu}", functools.partial(
        leaves_zeros_out, options, make, what, cpu, runner))
              for cpu, runner in CPUS
              for make, networks in ((product, PRODUCTS), (bytes_network, BYTES),
                                     (blocks, BLOCKS))
              for name, what in networks.items()]
    tests += [(f"{name} on cortex-m4", functools.partial(
        leaves_zeros_out, options, blocks, what, "cortex-m4", ""))
              for name, what in BLOCKS.items()]
    tests += [(f"{name} on {cpu}", functools.partial(
        leaves_zeros_out, options, pattern, what, cpu, runner,
        needed="".join(needed)))
              for cpu, runner, *needed in PATTERN_CPUS
              for name, what in PATTERNS.items()]
    tests += [(f"{name} on threads",
               functools.partial(same_on_threads, options, make, what))
              for make, networks in ((convolution, CONVOLUTIONS),
                                     (blocks, BLOCKS), (pattern, PATTERNS))
              for name, what in networks.items()]
    tests += [(f"{name} in few bytes on x86-64-v3", functools.partial(
        leaves_zeros_out, options, make, what, "x86-64-v3", "", ("-Os",)))
              for make, networks in ((blocks, BLOCKS), (pattern, PATTERNS))
              for name, what in networks.items()]
    return suite.run(tests, options)


if __name__ == "__main__":
    sys.exit(main())
