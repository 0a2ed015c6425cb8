#!/usr/bin/env python3
# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Times layers without their zeros, by the share of zeros, on this machine.

For each shape and share: how many times faster the sparse kernel is than the
dense one, as measured / as the cost model predicts, and `=` where it keeps the
dense one. A choice that is slower than the other kernel by more than --noise is
marked with `!` and counted in the last line. Runs of both take turns.
"""
import json
import os
import statistics
import sys
import tempfile

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import suite

# Input channels, output channels, lines and pixels, taps along a line; a matrix
# product has rows instead, and no taps.
SHAPES = """
64,64,56,3 128,128,28,3 256,256,14,3 512,512,7,3 64,128,56,1 128,128,28,1
256,256,14,1 256,1024,14,1 512,512,7,1 256,1024,64,0 1024,256,64,0
512,512,196,0 512,512,8,0
""".split()
SHARES = "0,50,60,70,80,90,95"


def layer(shape, share, element, block):
    """A network of one layer with that share of zeros, in blocks of so many
    output and input channels, and an input."""
    inputs, outputs, size, taps = shape
    random = np.random.default_rng(shape)
    dims = (outputs, inputs, taps, taps) if taps else (inputs, outputs)
    # Output channels, input channels, taps.
    where = random.random([-(-n // size) for n, size in
                           zip((outputs, inputs), block)] + [taps] * 2 * (taps > 0))
    where = (where >= share).repeat(block[0], 0).repeat(block[1], 1)
    where = where[:outputs, :inputs]
    where = where if taps else where.T
    x = (1, inputs, size, size) if taps else (size, inputs)
    if element == "f32":
        constants = {"w": (random.standard_normal(dims) * where)
                     .astype(np.float32)}
        operands, op = ["x", "w"], "Conv" if taps else "MatMul"
        feed = random.standard_normal(x).astype(np.float32)
    else:
        constants = {"w": random.integers(1, 32, dims, np.int8) * where,
                     "xs": np.float32(0.02), "xz": np.uint8(128),
                     "ws": np.float32(0.01), "wz": np.int8(0),
                     "ys": np.float32(0.5), "yz": np.uint8(128)}
        operands = ["x", "xs", "xz", "w", "ws", "wz", "ys", "yz"]
        op = "QLinearConv" if taps else "QLinearMatMul"
        feed = random.integers(0, 255, x, np.uint8)
    attributes = dict(pads=[taps // 2] * 4) if taps else {}
    kind = helper.np_dtype_to_tensor_dtype(feed.dtype)
    graph = helper.make_graph(
        [helper.make_node(op, operands, ["y"], **attributes)], "layer",
        [helper.make_tensor_value_info("x", kind, x)],
        [helper.make_tensor_value_info("y", kind, None)],
        [numpy_helper.from_array(np.asarray(a), n)
         for n, a in constants.items()])
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    return model, {"x": feed}


def choice(options, path, folder, *flags):
    """What the report says of the weights of the one layer that has some."""
    report = os.path.join(folder, "report.json")
    suite.must([os.path.join(options.bin, "edgecc"), path, "-o",
                os.path.join(folder, "layer.o"), "--report=" + report,
                *options.flags, *flags], options.timeout)
    with open(report) as f:
        return next(layer["weights"] for layer in json.load(f)["layers"]
                    if "weights" in layer)


def microseconds(options, path, source, flag):
    out = suite.must(
        [*options.prefix.split(), os.path.join(options.bin, "edgecc-run"), path,
         "--inputs=" + source, f"--reps={options.reps}", flag, *options.flags],
        options.timeout).stdout
    return statistics.median(float(line) for line in out.split())


def compare(options, shape, share):
    """Measured and predicted gain, and whether the sparse kernel is chosen;
    nothing without such a kernel."""
    model, feed = layer(shape, share, options.element, options.block)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "layer.onnx")
        source = os.path.join(folder, "in.npz")
        onnx.save(model, path)
        suite.write_npz(source, feed)
        if choice(options, path, folder, "-fsparse")["kernel"] != "sparse":
            return None
        weights = choice(options, path, folder)
        gains = [microseconds(options, path, source, "-fno-sparse") /
                 microseconds(options, path, source, "-fsparse")
                 for _ in range(options.rounds)]
    return (statistics.median(gains), weights["predicted_gain"],
            weights["kernel"] == "sparse")


def main():
    parser = suite.parser(__doc__)
    parser.add_argument("--flags", type=str.split, default=[],
                        help="flags of edgecc, in one word")
    parser.add_argument("--prefix", default="",
                        help="a command before each measurement (taskset)")
    parser.add_argument("--element", choices=["f32", "i8"], default="f32")
    parser.add_argument("--block", default=(1, 1), help="output x input channels "
                        "that are zero together, such as 16x1",
                        type=lambda text: tuple(map(int, text.split("x"))))
    parser.add_argument("--shares", default=SHARES,
                        help="shares of zeros, in percent")
    parser.add_argument("--reps", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--noise", type=float, default=0.1)
    options = parser.parse_args()
    shares = [int(share) for share in options.shares.split(",")]
    print("| in, out, size, taps |", " | ".join(f"{s} %" for s in shares), "|")
    print("|---" * (len(shares) + 1) + "|")
    wrong = 0
    for shape in options.names or SHAPES:
        sizes = [int(size) for size in shape.split(",")]
        cells = []
        for share in shares:
            result = compare(options, sizes, share / 100)
            if not result:
                cells.append("-")
                continue
            gain, predicted, is_sparse = result
            slower = gain < 1 - options.noise if is_sparse else \
                gain > 1 + options.noise
            # A dense layer may be left alone for a small gain.
            is_wrong = slower and (is_sparse or gain > 1.15 + options.noise)
            wrong += is_wrong and is_sparse
            cells.append(f"{'' if is_sparse else '= '}{gain:.2g} / "
                         f"{predicted:.2g}{' !' if is_wrong else ''}")
        print("|", ", ".join(map(str, sizes)), "|", " | ".join(cells), "|",
              flush=True)
    print(f"{wrong} sparse kernels are slower than the dense ones")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
