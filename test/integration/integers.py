#!/usr/bin/env python3
# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Convolutions and products of integers, bit for bit, on every CPU.

One network of many small operations, whose sizes leave a remainder of channels,
pixels and products, is compiled for each instruction set and run, natively or
under QEMU. The sums must be those of NumPy in 64 bits; requantised results must
be the sum as f32, times the factor, rounded to even, shifted and saturated.
Microcontrollers run it on boards that QEMU emulates; for those without a board
here, the object has to compile.

Quantised recurrent cells must have the bits that NumPy gives them by the manual.

With --zoo DIR, quantised networks of that zoo must have the same bits on all CPUs,
from x86-64 without vectors to a Cortex-M55; with --outputs N all that give integers,
by so many outputs in all, and files of --network as well.
"""
import functools
import os
import shutil
import sys
import tempfile

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import cells
import identity
import models
import suite
import tiles

# A CPU and what runs its programs: nothing for this machine.
CPUS = [("native", ""), ("x86-64", ""), ("x86-64-v2", ""), ("x86-64-v3", ""),
        ("x86-64-v4", ""), ("cortex-a72", "qemu-aarch64"),
        ("cortex-a76", "qemu-aarch64"), ("neoverse-v1", "qemu-aarch64 -cpu max"),
        ("a64fx -msve-vector-bits=512",
         "qemu-aarch64 -cpu max,sve-default-vector-length=64"),
        ("neoverse-v1 -msve-vector-bits=256",
         "qemu-aarch64 -cpu max,sve-default-vector-length=32"),
        (tiles.CPU, "tiles")]
# QEMU 7.2 stops with an assertion at conversions of vectors on RISC-V.
OBJECTS = "cortex-m0plus rv64gcv".split()
BOARDS = """
mps2-an385 mps2-an386 mps2-an500 mps2-an505 mps3-an547 virt-rv32imc
""".split()

TYPES = {"i8": np.int8, "u8": np.uint8}

# Which share of the outputs that are compared comes from which quantised network.
# Small networks give most of them.
IDENTICAL = {
    "real/mlperf_ad_ae_int8": 0.8, "digits/mlp_int8_qdq_s8s8": 0.03,
    "digits/mlp_int8_qop_u8s8": 0.03, "digits/cnn_int8_qdq_u8s8": 0.02,
    "digits/cnn_int8_qdq_s8s8_pc": 0.02, "digits/cnn_int8_qop_u8u8": 0.02,
    "digits/cnn_qat_qdq": 0.02, "digits/vit_int8_qdq": 0.02,
    "digits/big_pruned80_int8_qdq": 0.01, "real/kws_micro_qdq": 0.01,
    "real/mlperf_kws_dscnn_int8": 0.01, "real/mlperf_ic_resnet8_int8": 0.005,
    "real/mlperf_vww_mbv1_int8": 0.0005, "real/mcunet_vww_int8": 0.0005}
SHORT = "real/mlperf_ad_ae_int8 digits/cnn_int8_qdq_u8s8".split()


class Network:
    """Collects nodes, and what each of them has to give."""

    def __init__(self):
        self.random = np.random.default_rng(5)
        self.nodes, self.constants = [], []
        self.inputs, self.outputs, self.feed, self.want = [], [], {}, []

    def integers(self, kind, shape, symmetric=False):
        limits = np.iinfo(TYPES[kind])
        least = -limits.max if symmetric and limits.min else limits.min
        return self.random.integers(least, limits.max + 1,
                                    shape).astype(TYPES[kind])

    def prune(self, weights, density):
        """All but a share of them become zero."""
        if density < 1:
            weights[self.random.random(weights.shape) >= density] = 0
        return weights

    def constant(self, array):
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def input(self, array):
        name = f"x{len(self.inputs)}"
        kind = helper.np_dtype_to_tensor_dtype(array.dtype)
        self.inputs.append(
            helper.make_tensor_value_info(name, kind, array.shape))
        self.feed[name] = array
        return name

    def output(self, array):
        name = f"y{len(self.outputs)}"
        kind = helper.np_dtype_to_tensor_dtype(array.dtype)
        self.outputs.append(
            helper.make_tensor_value_info(name, kind, array.shape))
        self.want.append(array)
        return name

    def conv(self, kinds, size, channels, kernel, stride=1, dilation=1,
             groups=1, pad=0, quantized=False, density=1):
        x = self.integers(kinds[0], (1, channels[0], *size))
        w = self.integers(kinds[1], (channels[1], channels[0] // groups,
                                     *kernel), quantized)
        w = self.prune(w, density)
        sums = convolve(x, w, stride, dilation, groups, pad)
        attributes = {"strides": [stride] * 2, "dilations": [dilation] * 2,
                      "group": groups, "pads": [pad] * 4}
        self.add("Conv", x, w, True, sums, quantized, attributes, (1, -1, 1, 1))

    def product(self, kinds, left, right, constant=True, quantized=False,
                density=1):
        a = self.integers(kinds[0], left)
        b = self.prune(self.integers(kinds[1], right, quantized), density)
        sums = np.matmul(a.astype(np.int64), b.astype(np.int64))
        self.add("MatMul", a, b, constant, sums, quantized, {}, (-1,))

    def add(self, name, a, b, constant, sums, quantized, attributes, aligned):
        operands = [self.input(a), self.constant(b) if constant
                    else self.input(b)]
        if not quantized:
            self.nodes.append(helper.make_node(
                name + "Integer", operands,
                [self.output(sums.astype(np.int32))], **attributes))
            return
        kind, zero = (np.int8, -5) if a.dtype == np.int8 else (np.uint8, 131)
        count = sums.shape[1] if name == "Conv" else sums.shape[-1]
        scales = self.random.uniform(0.001, 0.002, count).astype(np.float32)
        x_scale, y_scale = np.float32(0.02), np.float32(0.004 * sums.std() / 60)
        factors = (np.float64(x_scale) * scales.astype(np.float64) /
                   np.float64(y_scale)).astype(np.float32).reshape(aligned)
        limits = np.iinfo(kind)
        want = np.clip(np.rint(sums.astype(np.float32) * factors) + zero,
                       limits.min, limits.max).astype(kind)
        nothing = self.constant(a.dtype.type(0))
        self.nodes.append(helper.make_node(
            "QLinear" + name,
            [operands[0], self.constant(x_scale), nothing, operands[1],
             self.constant(scales),
             self.constant(np.zeros(count, b.dtype)), self.constant(y_scale),
             self.constant(kind(zero))],
            [self.output(want)], **attributes))

    def save(self, path):
        graph = helper.make_graph(self.nodes, "integers", self.inputs,
                                  self.outputs, self.constants)
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", 17)])
        model.ir_version = 8
        onnx.save(model, path)


def convolve(x, w, stride, dilation, groups, pad):
    """The sums, by taps."""
    x = np.pad(x.astype(np.int64), [(0, 0), (0, 0), (pad, pad), (pad, pad)])
    outputs, inputs, *kernel = w.shape
    size = [(n - dilation * (k - 1) - 1) // stride + 1
            for n, k in zip(x.shape[2:], kernel)]
    sums = np.zeros((1, outputs, *size), np.int64)
    per = outputs // groups
    for i, j in np.ndindex(*kernel):
        taps = x[:, :, i * dilation:, j * dilation:][:, :, ::stride, ::stride]
        taps = taps[:, :, :size[0], :size[1]]
        for g in range(groups):
            sums[:, g * per:(g + 1) * per] += np.einsum(
                "nihw,oi->nohw", taps[:, g * inputs:(g + 1) * inputs],
                w[g * per:(g + 1) * per, :, i, j].astype(np.int64))
    return sums


def network():
    n = Network()
    for kinds in (("u8", "i8"), ("i8", "i8"), ("u8", "u8")):
        n.conv(kinds, (7, 9), (12, 40), (3, 3))
        n.conv(kinds, (12, 11), (3, 24), (3, 3), stride=2, pad=1)
        n.conv(kinds, (9, 9), (6, 10), (3, 3), dilation=2)
        n.conv(kinds, (8, 8), (8, 12), (3, 3), groups=2)
        n.conv(kinds, (5, 5), (2, 33), (1, 1))
        n.conv(kinds, (9, 10), (42, 42), (3, 3), groups=42)
        n.conv(kinds, (11, 7), (80, 80), (5, 5), stride=2, groups=80, pad=2)
        n.product(kinds, (7, 37), (37, 45))
        n.product(kinds, (1, 64), (64, 130))
        n.product(kinds, (20, 33), (33, 3))
        n.product(kinds, (2, 3, 5, 18), (2, 3, 18, 19), constant=False)
        # Sums that f32 cannot hold.
        n.product(kinds, (3, 2100), (2100, 9), constant=False)
    n.conv(("i8", "u8"), (7, 9), (12, 40), (3, 3))
    n.product(("i8", "u8"), (7, 37), (37, 45))
    for kinds in (("u8", "i8"), ("i8", "i8")):
        n.conv(kinds, (7, 9), (12, 40), (3, 3), pad=1, quantized=True)
        n.conv(kinds, (9, 10), (30, 20), (1, 1), quantized=True)
        n.conv(kinds, (9, 10), (42, 42), (3, 3), groups=42, quantized=True)
        n.conv(kinds, (9, 7), (5, 7), (3, 3), stride=2, quantized=True)
        n.conv(kinds, (9, 7), (32, 32), (3, 3), groups=32, quantized=True)
        n.conv(kinds, (9, 11), (48, 48), (5, 3), stride=2, groups=48,
               quantized=True)
        n.product(kinds, (1, 75), (75, 21), quantized=True)
        # For tiles: lines that they overlap in, pairs of short ones, a rest.
        n.conv(kinds, (9, 37), (64, 48), (3, 3), pad=1, quantized=True)
        n.conv(kinds, (8, 7), (32, 32), (3, 3), pad=1, quantized=True)
        n.conv(kinds, (7, 14), (120, 32), (1, 1), stride=2, quantized=True)
        n.product(kinds, (37, 96), (96, 45), quantized=True)
    # Weights that are mostly zero; some channels have none that is not, and
    # others go far without one.
    for kinds in (("u8", "i8"), ("i8", "i8"), ("u8", "u8")):
        n.conv(kinds, (7, 9), (12, 40), (3, 3), density=0.1)
        n.conv(kinds, (5, 4), (40, 9), (3, 3), pad=1, density=0.003)
        n.conv(kinds, (2, 3), (17, 30), (1, 1), density=0.1)
        n.product(kinds, (1, 700), (700, 30), density=0.01)
        n.product(kinds, (3, 64), (64, 30), density=0.05)
    n.conv(("u8", "i8"), (9, 11), (30, 20), (3, 3), pad=1, stride=2,
           quantized=True, density=0.15)
    n.product(("i8", "i8"), (1, 75), (75, 21), quantized=True, density=0.1)
    return n


NORMALIZED = [("Softmax", (3, 10), "i8", 0.4, 1 / 256, -128),
              ("Softmax", (2, 5, 130), "u8", 0.07, 1 / 512, 0),
              ("Softmax", (1, 2000), "u8", 0.001, 2e-6, 7),
              ("LayerNormalization", (3, 64), "u8", 0.03, 0.03, 128),
              ("LayerNormalization", (2, 7, 45), "i8", 2e-4, 0.02, -3),
              ("LayerNormalization", (2, 2600), "u8", 9.0, 0.02, 130)]


def normalizations():
    """A network of normalisations of bytes, and the exact numbers that its
    results round."""
    n = Network()
    for name, shape, kind, scale, y_scale, y_zero in NORMALIZED:
        x = n.integers(kind, shape)
        x[0] = x.flat[0]
        x_zero = x.dtype.type(3)
        real = (x.astype(float) - 3) * float(np.float32(scale))
        factors, operands = [], []
        if name == "Softmax":
            exact = np.exp(real - real.max(-1, keepdims=True))
            exact /= exact.sum(-1, keepdims=True)
        else:
            factors = n.random.normal(1, 0.3, (2, shape[-1])).astype(np.float32)
            operands = [n.constant(f) for f in factors]
            centred = real - real.mean(-1, keepdims=True)
            variance = (centred**2).mean(-1, keepdims=True)
            exact = centred / np.sqrt(variance + float(np.float32(1e-5)))
            exact = exact * factors[0] + factors[1]
        exact = exact / float(np.float32(y_scale)) + y_zero
        limits = np.iinfo(TYPES[kind])
        parameters = [n.constant(np.float32(scale)), n.constant(x_zero),
                      n.constant(np.float32(y_scale)),
                      n.constant(x.dtype.type(y_zero))]
        inputs = [n.input(x)]
        names = [inputs[0] + suffix for suffix in ("_real", "_made")]
        n.nodes += [
            helper.make_node("DequantizeLinear", inputs + parameters[:2],
                             names[:1]),
            helper.make_node(name, names[:1] + operands, names[1:]),
            helper.make_node("QuantizeLinear", names[1:] + parameters[2:],
                             [n.output(x)])]
        n.want[-1] = np.clip(exact, limits.min, limits.max)
    return n


def normalizes(options, path, net):
    """Nothing stays in float, each result is the nearest integer but for a
    fiftieth, and all CPUs give the same."""
    got = suite.edgecc_run(options, path, net.feed, ["-Werror=float-fallback"])
    for (name, shape, *_), g, want in zip(NORMALIZED, got, net.want):
        off = np.abs(g.astype(float) - want).max()
        if off > 0.52:
            raise suite.Failure(f"{name} of {shape} is off by {off} units")
    return identity.same_everywhere(options, path, 20)


def repeats(options, path, net):
    """A recurrent network has the bits that the manual defines, on all CPUs,
    and is within two units of ONNX Runtime's floats."""
    net.save(path)
    got, = suite.edgecc_run(options, path, net.feed,
                            ["-Werror=float-fallback"])
    if not np.array_equal(got, net.want()):
        raise suite.Failure(f"{np.count_nonzero(got != net.want())} of "
                            f"{got.size} integers are not as defined")
    real, = models.session(path, optimised=False).run(None, net.feed)
    off = np.abs(got.astype(int) - real).max()
    if off > 2:
        raise suite.Failure(f"off by {off} units")
    return identity.same_everywhere(options, path, 20)


def runs_on_cpu(options, path, net, cpu, runner):
    tool = runner.split()[:1]
    if runner == "tiles":
        runner = tiles.build_runner(os.path.dirname(path))
    elif tool and not shutil.which(tool[0]):
        raise suite.Skip(tool[0] + " is not installed")
    extra = f"-mcpu={cpu}".split() + ([f"--runner={runner}"] if runner else [])
    return runs(options, path, net, extra)


def runs(options, path, net, extra):
    got = suite.edgecc_run(options, path, net.feed, extra)
    for node, g, want in zip(net.nodes, got, net.want):
        if g.dtype != want.dtype or not np.array_equal(g, want):
            wrong = np.count_nonzero(g.astype(np.int64) !=
                                     want.astype(np.int64))
            raise suite.Failure(f"{node.output[0]} ({node.op_type}): {wrong} "
                                f"of {want.size} integers differ")
    return f"{len(got)} operations"


def compiles(options, path, cpu):
    with tempfile.TemporaryDirectory() as folder:
        target = os.path.join(folder, "integers.o")
        suite.must([os.path.join(options.bin, "edgecc"), path,
                    f"-mcpu={cpu}", "-o", target], options.timeout)
        return f"{os.path.getsize(target)} bytes"


def identical(options, path, share):
    """The same bits everywhere, by this share of the outputs."""
    output = models.session(path, optimised=False).get_outputs()[0]
    size = int(np.prod([n for n in output.shape if isinstance(n, int)]))
    runs = max(1, round((options.outputs or 1000) * share / size))
    return identity.same_everywhere(options, path, runs)


def main():
    p = suite.parser(__doc__)
    p.add_argument("--zoo", default="")
    # Of no use here: this suite needs no skeletons.
    p.add_argument("--scratch", default="")
    p.add_argument("--outputs", type=int, default=0, metavar="N",
                   help="compare so many outputs of quantised networks")
    p.add_argument("--network", action="append", default=[], metavar="FILE",
                   help="of this network as well, a twentieth of N")
    options = p.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "integers.onnx")
        net = network()
        net.save(path)
        normal = os.path.join(folder, "normal.onnx")
        normalized = normalizations()
        normalized.save(normal)
        tests = [(cpu, functools.partial(runs_on_cpu, options, path, net, cpu,
                                         runner)) for cpu, runner in CPUS]
        tests += [(board, functools.partial(runs, options, path, net,
                                            ["--board=" + board]))
                  for board in BOARDS]
        tests += [(cpu, functools.partial(compiles, options, path, cpu))
                  for cpu in OBJECTS]
        tests += [("normalisations", functools.partial(
            normalizes, options, normal, normalized))]
        tests += [(name, functools.partial(
            repeats, options, os.path.join(
                folder, name.replace(" ", "_") + ".onnx"), cells.NETWORKS[name]))
                  for name in cells.NETWORKS]
        chosen = IDENTICAL if options.outputs else SHORT
        tests += [("identical " + name.split("/")[1], functools.partial(
            identical, options, os.path.join(options.zoo, name + ".onnx"),
            IDENTICAL[name])) for name in chosen if options.zoo]
        tests += [("identical " + os.path.basename(name), functools.partial(
            identical, options, name, 0.05)) for name in options.network]
        return suite.run(tests, options)


if __name__ == "__main__":
    sys.exit(main())
