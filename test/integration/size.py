#!/usr/bin/env python3
# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Holds the code, the tables and the arena of networks to numbers of bytes.

A network like MobileNetV2 has at -Os at most half of the code that it has at
-O2, and the same results, and stores its weights in no more bytes than their form has. The
quantised networks of MLPerf Tiny and MCUNet, if there is a
zoo, may not take more than what LIMITS says, store their weights in at most 1.02 of
their quantised size, and fit into the RAM that --max-ram
allows, with the same results. A quantised MobileNetV2 of full size fits into 320 KB.
"""
import functools
import json
import os
import sys
import tempfile

import numpy as np
import onnx
from onnx import numpy_helper

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "benchmark"))
import networks
import suite

# Channels of each stage of MobileNetV2, its blocks, the stride of the first.
STAGES = [(24, 2, 2), (32, 3, 2), (64, 4, 2), (96, 3, 1), (160, 3, 2),
          (320, 1, 1)]

# For cortex-m4: code and tables without weights at -O2 and at -Os, and the
# arena, in bytes.
LIMITS = {
    "mlperf_ad_ae_int8": (2_400, 1_600, 1_500),
    "mlperf_kws_dscnn_int8": (6_700, 4_450, 9_400),
    "mlperf_ic_resnet8_int8": (15_900, 9_700, 24_700),
    "mlperf_vww_mbv1_int8": (24_576, 12_288, 16_700),
    "mcunet_vww_int8": (None, None, 26_200),
}
# Multiplications of MobileNetV2 when each row is computed once.
MOBILENET_MACS = 300_774_272


def mobilenet(size=96):
    """The layers of MobileNetV2, for pictures of so many pixels a side."""
    b = networks.Builder(1, 3, size, size)
    x = b.conv("x", 3, 32, 3, stride=2)
    x = b.conv(x, 32, 32, 3, groups=32)
    x = b.conv(x, 32, 16, 1, activation=None)
    inputs = 16
    for outputs, blocks, stride in STAGES:
        for block in range(blocks):
            wide = 6 * inputs
            y = b.conv(x, inputs, wide, 1)
            y = b.conv(y, wide, wide, 3, stride=1 if block else stride,
                       groups=wide)
            y = b.conv(y, wide, outputs, 1, activation=None)
            x = b.add("Add", x, y) if block else y
            inputs = outputs
    x = b.add("GlobalAveragePool", b.conv(x, inputs, 1280, 1))
    return b.model(b.matmul(b.add("Flatten", x), 1280, 1000))


def report_of(options, path, folder, *flags):
    report = os.path.join(folder, "report.json")
    suite.must([os.path.join(options.bin, "edgecc"), path, "--name=network",
                "-o", os.path.join(folder, "network.o"), "-Wno-float-fallback",
                "--report=" + report, *flags], options.timeout)
    with open(report) as f:
        return json.load(f)


def memory_of(*arguments):
    return report_of(*arguments)["memory"]


def halves(options, cpu):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "mobilenet.onnx")
        networks.save(mobilenet, path)
        fast, small = (memory_of(options, path, folder, "-mcpu=" + cpu,
                                 level)["code_bytes"]
                       for level in ("-O2", "-Os"))
    if 2 * small > fast:
        raise suite.Failure(f"{small} bytes at -Os, {fast} at -O2")
    return f"{small} bytes, {fast} at -O2"


# Bytes per parameter that a form of weights may take, with scales, biases and
# what fills up registers.
FORMS = {"f16-weights": 2.02, "bf16-weights": 2.02, "int8-weights": 1.03,
         "int4-weights": 0.57}


def stored(options, form, most):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "mobilenet.onnx")
        networks.save(mobilenet, path)
        parameters = sum(
            int(np.prod(t.dims)) for t in onnx.load(path).graph.initializer
            if t.data_type == onnx.TensorProto.FLOAT)
        bytes_ = memory_of(options, path, folder, "-mcpu=cortex-a72",
                           "--quantize=" + form)["weight_bytes"]
    if bytes_ > most * parameters:
        raise suite.Failure(f"{bytes_ / parameters:.3f} bytes per parameter, "
                            f"at most {most}")
    return f"{bytes_ / parameters:.3f} bytes per parameter"


def of_full_size(options, cpu, ram):
    """Fits into `ram` bytes, with few rows that are computed again."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "mobilenet.onnx")
        shape = networks.save(functools.partial(mobilenet, 224), path)
        examples = os.path.join(folder, "examples.npz")
        suite.write_npz(examples, {"x": np.random.default_rng(
            1).standard_normal((10, *shape[1:]), np.float32)})
        report = report_of(options, path, folder, "-mcpu=" + cpu,
                           "--quantize=int8", "--calibrate=" + examples)
    used = report["memory"]["arena_bytes"] + report["memory"]["stack_bytes"]
    macs = sum(layer["macs"] for layer in report["layers"])
    if used > ram or macs > 1.25 * MOBILENET_MACS:
        raise suite.Failure(f"{used} bytes, {macs} multiplications")
    return f"{used} bytes, {macs / MOBILENET_MACS:.2f} of the multiplications"


def same_results(options):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "mobilenet.onnx")
        shape = networks.save(mobilenet, path)
        feed = {"x": np.random.default_rng(1).standard_normal(
            shape).astype(np.float32)}
        fast, small = (suite.edgecc_run(options, path, feed, [level])
                       for level in ("-O2", "-Os"))
    return suite.compare(small[0], fast[0])


def quantised_bytes(path):
    """Of weights with their scales, and of biases, as the network stores them."""
    model = onnx.load(path)
    constants = {t.name: numpy_helper.to_array(t)
                 for t in model.graph.initializer}
    bytes_ = 0
    for node in model.graph.node:
        if node.op_type == "DequantizeLinear" and node.input[0] in constants:
            stored, scale = (constants[name] for name in node.input[:2])
            bytes_ += stored.nbytes
            bytes_ += scale.nbytes if stored.dtype == np.int8 else 0
    return bytes_


def limits(options, path, level, most, arena):
    with tempfile.TemporaryDirectory() as folder:
        report = report_of(options, path, folder, "-mcpu=cortex-m4", level)
    memory = report["memory"]
    # What is looked up belongs to the code.
    weights = memory["weight_bytes"] - sum(
        layer["weight_bytes"] for layer in report["layers"]
        if layer["kind"] == "gather")
    code = memory["code_bytes"] + memory["constant_bytes"] - weights
    for what, bytes_, limit in (("code and tables", code, most),
                                ("arena", memory["arena_bytes"], arena),
                                ("weights", weights,
                                 1.02 * quantised_bytes(path))):
        if limit and bytes_ > limit:
            raise suite.Failure(f"{what}: {bytes_} bytes, at most {limit:.0f}")
    return (f"{code} bytes, arena {memory['arena_bytes']}, stack "
            f"{memory['stack_bytes']}, weights {weights}")


def steered(options, path, cpu, ram):
    """Fits into `ram` bytes what takes more otherwise."""
    with tempfile.TemporaryDirectory() as folder:
        free, bound = (memory["arena_bytes"] + memory["stack_bytes"]
                       for flags in ([], [f"--max-ram={ram}"])
                       for memory in [memory_of(options, path, folder,
                                                "-mcpu=" + cpu, *flags)])
    if not bound <= ram < free:
        raise suite.Failure(f"{bound} bytes of {ram}, {free} without a limit")
    return f"{bound} bytes, {free} without a limit"


def same_steered_results(options, path, shape, ram):
    feed = {"input_1_int8": np.random.default_rng(1).integers(
        -128, 128, shape).astype(np.int8)}
    free, bound = (suite.edgecc_run(options, path, feed,
                                    ["-mcpu=x86-64", *flags])
                   for flags in ([], [f"--max-ram={ram}"]))
    if not np.array_equal(free[0], bound[0]):
        raise suite.Failure("results differ")
    return ""


def main():
    p = suite.parser(__doc__)
    p.add_argument("--zoo", default="")
    p.add_argument("--scratch", help="not used")
    options = p.parse_args()
    tests = [(f"mobilenet {cpu}", functools.partial(halves, options, cpu))
             for cpu in ("x86-64-v4", "cortex-a72")]
    tests += [(f"mobilenet {form}",
               functools.partial(stored, options, form, most))
              for form, most in FORMS.items()]
    tests.append(("mobilenet results",
                  functools.partial(same_results, options)))
    for name, (fast, small, arena) in LIMITS.items():
        path = os.path.join(options.zoo, "real", name + ".onnx")
        if not options.zoo or not os.path.exists(path):
            continue
        for level, most in (("-O2", fast), ("-Os", small)):
            tests.append((f"{name} {level}",
                          functools.partial(limits, options, path, level, most,
                                            arena)))
    tests.append(("mobilenet of full size", functools.partial(
        of_full_size, options, "cortex-m7", 320 << 10)))
    resnet = os.path.join(options.zoo, "real", "mlperf_ic_resnet8_int8.onnx")
    if options.zoo and os.path.exists(resnet):
        for cpu, ram in (("cortex-m4", 24 << 10), ("x86-64", 40 << 10)):
            tests.append((f"resnet8 {cpu} --max-ram={ram}", functools.partial(
                steered, options, resnet, cpu, ram)))
        tests.append(("resnet8 --max-ram results", functools.partial(
            same_steered_results, options, resnet, (1, 32, 32, 3), 40 << 10)))
    return suite.run(tests, options)


if __name__ == "__main__":
    raise SystemExit(main())
