#!/usr/bin/env python3
# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Constants that are stored in fewer bytes: the same bits come out, from less
flash, and weights of few values keep the answers of networks."""
import functools
import os
import sys
import tempfile

import numpy as np
import onnx
from onnx import numpy_helper

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import compiled
import models
import suite
from pruning import layer_report

NETWORK = os.path.join(suite.MODELS, "digits_cnn.onnx")

# What runs the objects: here, a board without a system, RV32.
PLACES = [[], ["-Os"], ["--board=mps2-an386"], ["--board=mps2-an386", "-Os"],
          ["--board=virt-rv32imc"]]

# By network: pruned so far, bits of tables, how many bytes of flash a parameter
# may take, and the answers that may be lost.
SMALL = [("big_fp32", "obc:0.5", 3, [], 0.35, 0.01),
         ("big_fp32", "obc:0.5", 3, ["--quantize=int8"], 0.35, 0.01),
         ("big_fp32", "obc:0.5", 4, [], 0.36, 0.01),
         ("mlp_fp32", "obc:0.6", 3, [], 0.35, 0.01),
         # The cell has a table as well.
         ("gru_fp32", "obc:0.5", 3, [], 0.58, 0.02)]


def digits(options):
    with np.load(os.path.join(options.zoo, "digits", "digits_test.npz")) as z:
        return z["x"], z["y"]


def flash(options, path, flags):
    with tempfile.TemporaryDirectory() as folder:
        memory = layer_report(options, path, folder, flags)["memory"]
        return memory["code_bytes"] + memory["constant_bytes"], memory


def same_bits(options, path, feed, flags, share):
    """What is decoded is what was there, and takes `share` of the flash."""
    plain, packed = (suite.edgecc_run(options, path, feed, [*flags, *more])
                     for more in ([], ["-fcompress-weights"]))
    for a, b in zip(plain, packed):
        if a.tobytes() != b.tobytes():
            raise suite.Failure("other bits come out")
    flags = [{"--board=mps2-an386": "-mcpu=cortex-m4",
              "--board=virt-rv32imc": "-mcpu=rv32imc"}.get(f, f) for f in flags]
    if "-mcpu=rv32imc" in flags:
        flags[flags.index("-mcpu=rv32imc")] = "-march=rv32imc"
    before = flash(options, path, flags)[0]
    after = flash(options, path, [*flags, "-fcompress-weights"])[0]
    detail = f"{before} bytes, now {after}"
    if after > share * before:
        raise suite.Failure(detail)
    return detail


def network_of_digits(options, flags):
    with np.load(os.path.join(suite.MODELS, "digits_cnn.npz")) as z:
        picture = z["pictures"][0, None, None].astype(np.float32) / 16
    # Four bits of each weight, beside code and biases.
    return same_bits(options, NETWORK, {"image": picture},
                     [*flags, "--palette=4"], 0.7)


def network_of_zoo(options, name, flags, share):
    path = os.path.join(options.zoo, "digits", name + ".onnx")
    feed = {models.session(path, optimised=False).get_inputs()[0].name:
            digits(options)[0][:1]}
    return same_bits(options, path, feed, flags, share)


def fits(options):
    """As much is decoded as has to be, for a limit on flash; a network that
    cannot be that small is refused."""
    flags = ["-mcpu=cortex-m4", "--palette=4"]
    whole, memory = flash(options, NETWORK, [*flags, "-Os"])
    least = flash(options, NETWORK, [*flags, "-Os", "-fcompress-weights"])
    arenas = []
    for limit in (whole, (whole + least[0]) // 2, least[0] + 600):
        size, memory = flash(options, NETWORK, [*flags, f"--max-flash={limit}"])
        if size > limit:
            raise suite.Failure(f"{size} bytes for a limit of {limit}")
        arenas.append(memory["arena_bytes"])
    if arenas != sorted(arenas):
        raise suite.Failure(f"arenas of {arenas} bytes")
    with tempfile.TemporaryDirectory() as folder:
        p = suite.command(
            [os.path.join(options.bin, "edgecc"), NETWORK, *flags,
             "--max-flash=4K", "-o", os.path.join(folder, "x.o")],
            options.timeout)
    if p.returncode != 1 or "flash" not in p.stderr:
        raise suite.Failure(f"exit {p.returncode}: {p.stderr[:200]}")
    return f"{whole} to {least[0]} bytes of flash, arenas of {arenas}"


def few_values(options):
    """As many values as a table has, and the results of ONNX Runtime for the
    same weights."""
    with np.load(os.path.join(suite.MODELS, "digits_cnn.npz")) as z:
        inputs = [{"image": p[None, None].astype(np.float32) / 16}
                  for p in z["pictures"]]
        labels = z["labels"]
    right = {}
    for bits in (2, 3, 4, 8):
        got = compiled.outputs(options, NETWORK, inputs, [f"--palette={bits}"])
        right[bits] = sum(g[0].argmax() == y for g, y in zip(got, labels))
    session = models.session(NETWORK, optimised=False)
    want = sum(session.run(None, x)[0].argmax() == y
               for x, y in zip(inputs, labels))
    got = np.concatenate([g[0].ravel() for g in got])
    whole = np.concatenate([session.run(None, x)[0].ravel() for x in inputs])
    off = np.linalg.norm(got - whole) / np.linalg.norm(whole)
    if right[8] < want - 1 or right[4] < 0.98 * want or off > 0.03:
        raise suite.Failure(f"{right} of {want}; off by {off:.4f}")
    return f"{want} right; by bits {right}; 8 bits are off by {off:.4f}"


def small_and_right(options, name, prune, bits, quantize, most, loss):
    path = os.path.join(options.zoo, "digits", name + ".onnx")
    x, labels = digits(options)
    entry = models.session(path, optimised=False).get_inputs()[0]
    flags = [f"--palette={bits}", "--prune=" + prune, *quantize,
             "--calibrate=" +
             os.path.join(options.zoo, "digits", "digits_calib.npz")]
    shape = [1, *entry.shape[1:]]
    inputs = [{entry.name: p.reshape(shape)} for p in x]
    got = compiled.outputs(options, path, inputs, flags)
    right = sum(g[0].argmax() == y for g, y in zip(got, labels))
    session = models.session(path, optimised=False)
    want = sum(session.run(None, i)[0].argmax() == y
               for i, y in zip(inputs, labels))
    parameters = sum(numpy_helper.to_array(t).size
                     for t in onnx.load(path).graph.initializer
                     if t.data_type == onnx.TensorProto.FLOAT)
    memory = flash(options, path, [*flags, "-mcpu=cortex-m4", "-Os",
                                   "-fcompress-weights"])[1]
    each = memory["constant_bytes"] / parameters
    detail = (f"{each:.4f} bytes for each of {parameters} parameters, {right} "
              f"of {len(labels)} right, {want} before")
    if each > most or right < want - loss * len(labels):
        raise suite.Failure(detail)
    return detail


def refused(options, flags, message):
    p = suite.command([os.path.join(options.bin, "edgecc"), NETWORK, *flags,
                       "-o", "-"], options.timeout)
    if p.returncode != 1 or message not in p.stderr:
        raise suite.Failure(f"exit {p.returncode}: {p.stderr[:200]}")
    return message


def main():
    p = suite.parser(__doc__)
    p.add_argument("--zoo", default="")
    # Of no use here: this suite needs no skeletons.
    p.add_argument("--scratch", default="")
    options = p.parse_args()
    tests = [("same bits " + " ".join(place), functools.partial(
        network_of_digits, options, place)) for place in PLACES]
    tests += [("limits of flash", functools.partial(fits, options)),
              ("tables", functools.partial(few_values, options)),
              ("--palette=9", functools.partial(
                  refused, options, ["--palette=9"], "expected 2 to 8 bits")),
              ("--palette and int4-weights", functools.partial(
                  refused, options, ["--palette=3", "--quantize=int4-weights"],
                  "has fewer numbers than --palette chooses among"))]
    if options.zoo:
        # For speed, the pruned bytes are floats and positions on x86-64-v3, which
        # are less alike.
        for name, fast, small in (("big_fp32", 0.86, 0.86),
                                  ("big_pruned80_fp32", 1, 1),
                                  ("big_pruned80_int8_qdq", 0.92, 0.78),
                                  ("cnn_int8_qdq_s8s8_pc", 1, 1),
                                  ("vit_int8_qdq", 1, 1)):
            for place, share in ((["-mcpu=x86-64-v3"], fast),
                                 (["--board=mps2-an386", "-Os"], small)):
                tests.append((f"{name} " + " ".join(place), functools.partial(
                    network_of_zoo, options, name, place, share)))
        for name, prune, bits, quantize, most, loss in SMALL:
            tests.append((f"{name} {prune} {bits} " + " ".join(quantize),
                          functools.partial(small_and_right, options, name,
                                            prune, bits, quantize, most, loss)))
    return suite.run(tests, options)


if __name__ == "__main__":
    sys.exit(main())
