#!/usr/bin/env python3
# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Networks that run layer by layer, and that say when a layer begins.

A C program runs each network as a whole and in steps: the bits of the results
are the same, and the hook hears of every layer in order. Another one prints the
values that a network shows, which are those of ONNX Runtime. edgecc-run compares
such values by itself and names the first one that differs.
"""
import functools
import itertools
import os
import subprocess
import sys
import tempfile

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import suite

HERE = os.path.dirname(os.path.abspath(__file__))
F = TensorProto.FLOAT


def value(name, *shape, element=F):
    return helper.make_tensor_value_info(name, element, shape)


def chain():
    """Two convolutions, a sum and a mean."""
    rng = np.random.default_rng(0)
    constants = {"w": rng.standard_normal((8, 4, 3, 3)).astype(np.float32),
                 "v": rng.standard_normal((4, 8, 1, 1)).astype(np.float32)}
    nodes = [helper.make_node("Conv", ["x", "w"], ["a"], pads=[1] * 4),
             helper.make_node("Relu", ["a"], ["b"]),
             helper.make_node("Conv", ["b", "v"], ["c"]),
             helper.make_node("Add", ["c", "x"], ["d"]),
             helper.make_node("GlobalAveragePool", ["d"], ["y"])]
    return helper.make_graph(
        nodes, "chain", [value("x", 1, 4, 9, 9)], [value("y", 1, 4, 1, 1)],
        [numpy_helper.from_array(a, n) for n, a in constants.items()])


def branch():
    """A branch that the input decides, between two products."""
    def arm(name, operator):
        return helper.make_graph(
            [helper.make_node(operator, ["p"], [name + "_r"])], name, [],
            [value(name + "_r", 4, 6)])
    weights = np.random.default_rng(1).standard_normal((6, 6))
    nodes = [helper.make_node("MatMul", ["x", "w"], ["p"]),
             helper.make_node("ReduceSum", ["p"], ["s"], keepdims=0),
             helper.make_node("Less", ["s", "zero"], ["c"]),
             helper.make_node("If", ["c"], ["q"],
                              then_branch=arm("then", "Tanh"),
                              else_branch=arm("else", "Sigmoid")),
             helper.make_node("MatMul", ["q", "w"], ["y"])]
    return helper.make_graph(
        nodes, "branch", [value("x", 4, 6)], [value("y", 4, 6)],
        [numpy_helper.from_array(weights.astype(np.float32), "w"),
         numpy_helper.from_array(np.float32(0), "zero")])


def runs(options, make, cpu, cc, runner):
    with tempfile.TemporaryDirectory() as folder:
        path = lambda name: os.path.join(folder, name)
        onnx.save(helper.make_model(
            make(), ir_version=10,
            opset_imports=[helper.make_opsetid("", 18)]), path("net.onnx"))
        suite.must([os.path.join(options.bin, "edgecc"), path("net.onnx"),
                    "-mcpu=" + cpu, "--name=net", "-flayer-steps",
                    "-fprofile-layers", "-o", path("net.o")], options.timeout)
        suite.must([cc, "-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror",
                    "-static", "-I", folder, os.path.join(HERE, "layers.c"),
                    path("net.o"), "-o", path("net")], options.timeout)
        out = suite.must([*runner, path("net")], options.timeout).stdout
        first, _, readings = out.partition("\n")
        if first != "same":
            raise suite.Failure("prints " + first)
        table = subprocess.run(
            [sys.executable, os.path.join(suite.ROOT, "utils", "layer-times"),
             path("net.h")], input=readings, capture_output=True, text=True)
        lines = [line.split() for line in table.stdout.splitlines()]
        taken = [int(line[0]) for line in lines]
        count = len(readings.split()) - 1
        if taken[:-1] != [100 + i for i in range(count)] or (
                taken[-1] != sum(taken[:-1])):
            raise suite.Failure("layer-times: " + (table.stderr or str(taken)))
        return f"{count} layers"


def all_values(path, feed):
    """What ONNX Runtime computes for every value of the graph."""
    with tempfile.TemporaryDirectory() as folder:
        at = lambda name: os.path.join(folder, name)
        suite.write_npz(at("in.npz"), feed)
        suite.must([sys.executable, os.path.join(suite.ROOT, "utils",
                                                 "onnx-values"),
                    path, at("in.npz"), at("values.npz")])
        with np.load(at("values.npz")) as z:
            return {key: z[key] for key in z.files}


def same_value(got, want):
    """The elements in any order of the dimensions that has this shape."""
    full = [n for n in want.shape if n != 1]
    shape = [n for n in got.shape if n != 1]
    for order in itertools.permutations(range(len(full))):
        if [full[i] for i in order] == shape:
            moved = want.reshape(full).transpose(order).ravel()
            if np.abs(moved - got.ravel()).max() <= 1e-5 * np.abs(moved).max():
                return True
    return False


def shows_values(options, path, feed, expected, cpu, cc, runner):
    """The hook gets at least these values, and they are those of ONNX
    Runtime."""
    wanted = all_values(path, feed)
    with tempfile.TemporaryDirectory() as folder:
        at = lambda name: os.path.join(folder, name)
        suite.must([os.path.join(options.bin, "edgecc"), path, "-mcpu=" + cpu,
                    "--name=net", "-fdump-layers", "-o", at("net.o")],
                   options.timeout)
        suite.must([cc, "-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror",
                    "-static", "-I", folder, os.path.join(HERE, "values.c"),
                    at("net.o"), "-o", at("net")], options.timeout)
        [image] = feed.values()
        out = subprocess.run([*runner, at("net")], input=image.tobytes(),
                             capture_output=True, timeout=options.timeout)
        if out.returncode:
            raise suite.Failure(f"exit {out.returncode}")
    names = []
    for line in out.stdout.decode().splitlines():
        name, shape, *elements = line.split()
        value = np.array(elements, np.float32)
        value = value.reshape([int(n) for n in shape.split("x")])
        if not same_value(value, wanted[name]):
            raise suite.Failure(f"'{name}' differs")
        names.append(name)
    if not set(expected) <= set(names) or len(set(names)) < len(names):
        raise suite.Failure("shows " + " ".join(names))
    return f"{len(names)} values"


def quantised():
    """Two convolutions of 8-bit integers."""
    rng = np.random.default_rng(2)
    constants = {
        "w": rng.integers(-100, 100, (4, 4, 3, 3)).astype(np.int8),
        "b": rng.integers(-500, 500, 4).astype(np.int32),
        "sx": np.float32(0.02), "sw": np.float32(0.01), "sy": np.float32(0.05),
        "sb": np.float32(0.02 * 0.01), "z": np.int8(0), "zb": np.int32(0)}

    def convert(operator, source, target, scale, zero="z"):
        return helper.make_node(operator, [source, scale, zero], [target])
    nodes = [convert("QuantizeLinear", "x", "xq", "sx"),
             convert("DequantizeLinear", "xq", "xd", "sx"),
             convert("DequantizeLinear", "w", "wd", "sw"),
             convert("DequantizeLinear", "b", "bd", "sb", "zb"),
             helper.make_node("Conv", ["xd", "wd", "bd"], ["c"], pads=[1] * 4),
             helper.make_node("Relu", ["c"], ["r"]),
             convert("QuantizeLinear", "r", "rq", "sy"),
             convert("DequantizeLinear", "rq", "rd", "sy"),
             helper.make_node("Conv", ["rd", "wd"], ["e"]),
             convert("QuantizeLinear", "e", "y", "sy")]
    return helper.make_graph(
        nodes, "quantised", [value("x", 1, 4, 9, 9)],
        [value("y", 1, 4, 7, 7, element=TensorProto.INT8)],
        [numpy_helper.from_array(a, n) for n, a in constants.items()])


def verify(options, make, elsewhere, fault, shape=(1, 4, 9, 9)):
    """edgecc-run compares a device with this machine and with ONNX Runtime's
    values: all are equal, but where a weight of the graph behind these values
    is another one, it names the value that this weight computes."""
    with tempfile.TemporaryDirectory() as folder:
        at = lambda name: os.path.join(folder, name)
        opsets = [helper.make_opsetid("", 18)]
        graph = make()
        onnx.save(helper.make_model(graph, ir_version=10, opset_imports=opsets),
                  at("net.onnx"))
        weight, faulty = fault
        for tensor in graph.initializer:
            if tensor.name == weight:
                array = numpy_helper.to_array(tensor).copy()
                array.flat[array.size // 2] = -array.flat[array.size // 2]
                tensor.CopyFrom(numpy_helper.from_array(array, weight))
        onnx.save(helper.make_model(graph, ir_version=10, opset_imports=opsets),
                  at("fault.onnx"))
        x = np.random.default_rng(3).standard_normal(shape)
        suite.write_npz(at("in.npz"), {"x": x.astype(np.float32)})

        def run(reference, *flags):
            suite.must([sys.executable,
                        os.path.join(suite.ROOT, "utils", "onnx-values"),
                        at(reference), at("in.npz"), at("values.npz")],
                       options.timeout)
            return suite.command(
                [os.path.join(options.bin, "edgecc-run"), at("net.onnx"),
                 "--inputs=" + at("in.npz"), *elsewhere, *flags,
                 "--verify-against=" + at("values.npz")], options.timeout)

        both = run("net.onnx", *(["--verify"] if elsewhere else []))
        if both.returncode or both.stdout.count("all equal") != 1 + bool(
                elsewhere):
            raise suite.Failure((both.stderr or both.stdout)[-200:])
        other = run("fault.onnx")
        wanted = f"the first value that differs is '{faulty}'"
        if other.returncode != 1 or wanted not in other.stdout:
            raise suite.Failure((other.stderr or other.stdout)[-200:])
        return both.stdout.splitlines()[-1]


def without(options):
    """Neither entry nor hook is there unless asked for."""
    with tempfile.TemporaryDirectory() as folder:
        target = os.path.join(folder, "net.o")
        suite.must([os.path.join(options.bin, "edgecc"),
                    os.path.join(suite.MODELS, "digits_cnn.onnx"),
                    "--name=net", "-o", target], options.timeout)
        with open(target[:-2] + ".h") as f:
            header = f.read()
        symbols = suite.must(["/usr/lib/llvm-22/bin/llvm-nm", target]).stdout
        for word in ("step", "layer", "LAYER", "value", "VALUE"):
            if word in symbols or "net_" + word in header:
                raise suite.Failure(f"'{word}' in an object without layers")
        return ""


def replaceable(options):
    """The hook is weak where functions for floats are linked in, too."""
    with tempfile.TemporaryDirectory() as folder:
        target = os.path.join(folder, "net.o")
        suite.must([os.path.join(options.bin, "edgecc"),
                    os.path.join(suite.MODELS, "digits_cnn.onnx"),
                    "-mcpu=cortex-m0plus", "-fprofile-layers", "--name=net",
                    "-o", target], options.timeout)
        symbols = suite.must(["/usr/lib/llvm-22/bin/llvm-nm", target]).stdout
        kinds = [line.split()[-2:] for line in symbols.splitlines()]
        if ["W", "net_on_layer"] not in kinds:
            raise suite.Failure(f"net_on_layer is not weak: {symbols}")
        return ""


def main():
    options = suite.parser(__doc__).parse_args()
    machines = [("native", "cc", ()),
                ("cortex-a72", "aarch64-linux-gnu-gcc", ("qemu-aarch64",)),
                ("rv64gc", "riscv64-linux-gnu-gcc", ("qemu-riscv64",))]
    tests = [(f"{make.__name__}-{cpu}",
              functools.partial(runs, options, make, cpu, cc, runner))
             for make in (chain, branch) for cpu, cc, runner in machines]
    path = os.path.join(suite.MODELS, "digits_cnn.onnx")
    image = np.linspace(0, 1, 64, dtype=np.float32).reshape(1, 1, 8, 8)
    shown = ["pointwise.relu", "pool", "first.relu", "residual.relu", "mean",
             "logits"]
    tests += [("values-" + cpu, functools.partial(
        shows_values, options, path, {"image": image}, shown, cpu, cc, runner))
        for cpu, cc, runner in machines]
    arm = ["-mcpu=cortex-a72", "--runner=qemu-aarch64"]
    tests += [
        ("verify-here", functools.partial(
            verify, options, chain, [], ("v", "d"))),
        ("verify-cortex-a72", functools.partial(
            verify, options, chain, arm, ("w", "b"))),
        ("verify-board", functools.partial(
            verify, options, chain, ["--board=mps2-an386"], ("v", "d"))),
        ("verify-board-int8", functools.partial(
            verify, options, quantised, ["--board=mps3-an547"],
            ("w", "rq")))]
    tests += [("without", functools.partial(without, options)),
              ("replaceable", functools.partial(replaceable, options))]
    return suite.run(tests, options)


if __name__ == "__main__":
    sys.exit(main())
