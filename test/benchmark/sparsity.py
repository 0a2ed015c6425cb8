#!/usr/bin/env python3
# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Times layers without their zeros, by the share of zeros, on this machine.

For each shape and share: how many times faster the sparse kernel is than the
dense one, as measured / as the cost model predicts, and `=` where it keeps the
dense one. A choice that is slower than the other kernel by more than --noise is
marked with `!` and counted in the last line. Runs of both take turns.

With --zoo: the same for whole networks of the collection, for each CPU of --cpus
that has a kernel without zeros in them. Those of other architectures are
compared by the instructions that they execute.
"""
import json
import os
import statistics
import sys
import tempfile

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

sys.path[:0] = [os.path.join(os.path.dirname(__file__), "..", folder)
                for folder in ("support", "integration")]
import counts
import models
import suite

# Input channels, output channels, lines and pixels, taps along a line; a matrix
# product has rows instead, and no taps.
SHAPES = """
64,64,56,3 128,128,28,3 256,256,14,3 512,512,7,3 64,128,56,1 128,128,28,1
256,256,14,1 256,1024,14,1 512,512,7,1 256,1024,64,0 1024,256,64,0
512,512,196,0 512,512,8,0
""".split()
SHARES = "0,50,60,70,80,90,95"
CPUS = "x86-64-v3,icelake-server,native,cortex-a72,cortex-m4"


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
    compiled(options, path, folder, "--report=" + report, *flags)
    with open(report) as f:
        return next(layer["weights"] for layer in json.load(f)["layers"]
                    if "weights" in layer)


def compiled(options, path, folder, *flags):
    """The bytes of the object."""
    target = os.path.join(folder, "network.o")
    suite.must([os.path.join(options.bin, "edgecc"), path, "-o", target,
                "--name=network", "-Wno-float-fallback", *options.flags,
                *flags], options.timeout)
    with open(target, "rb") as f:
        return f.read()


def microseconds(options, path, source, *flags):
    out = suite.must(
        [*options.prefix.split(), os.path.join(options.bin, "edgecc-run"), path,
         "--inputs=" + source, f"--reps={options.reps}", "-Wno-float-fallback",
         *flags, *options.flags],
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


def compare_network(options, path, feed, cpu):
    """How many times faster a network is than with all weights, by time or by
    instructions; nothing if these are what it has."""
    where = {**counts.CPUS, **counts.MICROCONTROLLERS}.get(cpu)
    is_timed = cpu.startswith("x86") or where is None
    with tempfile.TemporaryDirectory() as folder:
        sparse, dense = (compiled(options, path, folder, "-mcpu=" + cpu, flag)
                         for flag in ("-O2", "-fno-sparse"))
        if sparse == dense:
            return None
        source = os.path.join(folder, "in.npz")
        suite.write_npz(source, feed)

        def measure(flag):
            if is_timed:
                return microseconds(options, path, source, "-mcpu=" + cpu, flag)
            return int(suite.must(
                [os.path.join(options.bin, "edgecc-run"), path,
                 "--inputs=" + source, "-mcpu=" + cpu, flag, where,
                 "-Wno-float-fallback", "--count-instructions"],
                options.timeout).stdout)
        rounds = options.rounds if is_timed else 1
        gains = [measure("-fno-sparse") / measure("-O2")
                 for _ in range(rounds)]
    return statistics.median(gains)


def compare_networks(options):
    """Prints a table; returns how many networks are slower."""
    print("| network | CPU | times as fast |")
    print("|---|---|---|")
    wrong = 0
    for name, path, feeds in models.zoo_networks(options.zoo, options.scratch):
        if options.names and name not in options.names:
            continue
        for cpu in options.cpus.split(","):
            try:
                gain = compare_network(options, path, feeds[0], cpu)
            except suite.Failure as failure:
                print("|", name, "|", cpu, "|", failure, "|", flush=True)
                continue
            if gain is None:
                continue
            is_slower = gain < 1 - options.noise
            wrong += is_slower
            print(f"| {name} | {cpu} | {gain:.2f}"
                  f"{' !' if is_slower else ''} |", flush=True)
    print(f"{wrong} networks are slower than with all weights")
    return wrong


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
    parser.add_argument("--zoo", default="",
                        help="a collection of networks to compare instead")
    parser.add_argument("--scratch", default=os.path.join(
        suite.ROOT, "build", "test", "zoo"), help="for filled networks")
    parser.add_argument("--cpus", default=CPUS)
    options = parser.parse_args()
    if options.zoo:
        os.makedirs(options.scratch, exist_ok=True)
        return bool(compare_networks(options))
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
