#!/usr/bin/env python3
# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Counts the test pictures that networks with few bits get right.

The repository's digits network is quantised by the compiler; with --zoo DIR so are
that zoo's digits networks of real numbers, and its quantised ones are taken as they
are. Against ONNX Runtime's answers to the same pictures an imported network may lose
1 picture in 360, and one that the compiler quantises half a percent, or one percent
where it stores weights of products in 4 bits. With scales that are computed at run
time its results must be as near to those in f32 as those of ONNX Runtime's
quantize_dynamic are.
"""
import functools
import json
import os
import sys
import tempfile

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import compiled
import models
import suite

IMPORTED, QUANTISED, WEIGHTS = 1 / 360, 0.005, 0.01
# Roundings of one size fall differently.
DYNAMIC = 1.1


def outputs(options, path, pictures, flags):
    """What the compiled network returns for each picture."""
    name = models.session(path, optimised=False).get_inputs()[0].name
    return compiled.outputs(options, path, [{name: p} for p in pictures],
                            flags)


def reference(path, pictures):
    """The same by ONNX Runtime."""
    run = models.session(path, optimised=False)
    entry = run.get_inputs()[0]
    dtype = np.float16 if "float16" in entry.type else np.float32
    return [run.run(None, {entry.name: p.reshape(entry.shape).astype(dtype)})
            for p in pictures]


def classes(results):
    """The classes that each output gives the pictures."""
    return np.array([[int(np.argmax(o)) for o in outputs]
                     for outputs in results]).T


def accurate(options, path, pictures, labels, loss, flags=()):
    got = classes(outputs(options, path, pictures, flags))
    want = classes(reference(path, pictures))
    lines = []
    for g, w in zip(got, want):
        right, expected = (g == labels).sum(), (w == labels).sum()
        lines.append(f"{right} of {len(labels)}, ONNX Runtime {expected}, "
                     f"{(g != w).sum()} answers differ")
        if right < expected - loss * len(labels):
            raise suite.Failure(lines[-1])
    return "; ".join(lines)


def calibration(folder, name, pictures, labels=None):
    """Flags to quantise with these examples."""
    path = os.path.join(folder, name + ("" if labels is None else "_labels") +
                        ".npz")
    arrays = {name: pictures}
    if labels is not None:
        arrays.update(labels=labels, groups=labels % 2)
    suite.write_npz(path, arrays)
    return ["--quantize=int8", "--calibrate=" + path]


def with_weights(flags):
    """For weights of 4 bits the same examples, and none, where blocks have to be
    smaller."""
    form = ["--quantize=int4-weights"]
    return {"": [*form, "--block-size=16"],
            " by second order": [*form, "--block-size=32", flags[1]]}


def report(options, path, pictures, labels, flags):
    """The accuracy report must say what NumPy finds: ONNX Runtime's results in
    f32 against those of the quantised network, for the same pictures."""
    with tempfile.TemporaryDirectory() as folder:
        target = os.path.join(folder, "report.json")
        got = outputs(options, path, pictures,
                      [*flags, "--accuracy-report=" + target])
        with open(target) as f:
            said = json.load(f)
    want = reference(path, pictures)
    g, w = (np.array([r[0].ravel() for r in rows], np.float64)
            for rows in (got, want))
    entry = said["outputs"][0]
    expected = {
        "relative": np.linalg.norm(g - w) / np.linalg.norm(w),
        "sqnr_db": 10 * np.log10((w**2).sum() / ((g - w)**2).sum()),
        "cosine": (g * w).sum() / np.linalg.norm(g) / np.linalg.norm(w),
        "largest_difference": np.abs(g - w).max(),
        "same_class": np.mean(g.argmax(1) == w.argmax(1))}
    for key, value in expected.items():
        if not abs(entry[key] - value) <= 1e-2 * abs(value):
            raise suite.Failure(f"says {key} {entry[key]}, it is {value}")
    counts = [said["right"], said["quantised_right"]]
    for parity, group in enumerate(said["groups"]):
        chosen = labels % 2 == parity
        counts += [group["examples"], group["quantised_right"]]
        if counts[-2:] != [chosen.sum(), (g.argmax(1) == labels)[chosen].sum()]:
            raise suite.Failure(f"group {parity} is {group}")
    if counts[:2] != [(w.argmax(1) == labels).sum(),
                      (g.argmax(1) == labels).sum()]:
        raise suite.Failure(f"counts {counts[:2]} right answers")
    return f"relative {entry['relative']:.4f}, {len(said['values'])} values"


def budget(options, path, pictures, flags, share, *extra):
    """The loss stays in bounds on the given examples: with --quantize=auto and
    a bound in `extra`, and with activations of 16 bits."""
    form = "=auto" if extra else "=int16"
    flags = [flag.replace("=int8", form) for flag in flags]
    got = outputs(options, path, pictures,
                  [*flags, *extra, "-Wno-float-fallback"])
    g, w = (np.array([r[0].ravel() for r in rows], np.float64)
            for rows in (got, reference(path, pictures)))
    loss = np.linalg.norm(g - w) / np.linalg.norm(w)
    if loss > share * 1.001:
        raise suite.Failure(f"loses {loss:.2e}, may lose {share}")
    return f"loses {loss:.2e}, may lose {share}"


def dynamic(options, path, pictures, labels):
    """Compared with what ONNX Runtime makes of the same network, with a scale
    for each output channel as well."""
    from onnxruntime import quantization
    with tempfile.TemporaryDirectory() as folder:
        other = os.path.join(folder, "dynamic.onnx")
        quantization.quantize_dynamic(path, other, per_channel=True,
                                      weight_type=quantization.QuantType.QInt8)
        rivals = reference(other, pictures)
    rows = [reference(path, pictures), rivals,
            outputs(options, path, pictures, ["--quantize=int8-dynamic"])]
    real, theirs, ours = (np.array([r[0].ravel() for r in row], np.float64)
                          for row in rows)
    losses = [np.linalg.norm(x - real) / np.linalg.norm(real)
              for x in (ours, theirs)]
    right = [(x.argmax(1) == labels).sum() for x in (ours, theirs)]
    line = (f"loses {losses[0]:.4f} and {right[0]} of {len(labels)} are right, "
            f"ONNX Runtime {losses[1]:.4f} and {right[1]}")
    if losses[0] > DYNAMIC * losses[1] or right[0] < right[1] - 1:
        raise suite.Failure(line)
    return line


def main():
    p = suite.parser(__doc__)
    p.add_argument("--zoo", default="")
    # Of no use here: this suite needs no skeletons.
    p.add_argument("--scratch", default="")
    options = p.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        with np.load(os.path.join(suite.MODELS, "digits_cnn.npz")) as z:
            pictures = z["pictures"].astype(np.float32)[:, None] / 16
            labels = z["labels"]
        # Every third picture is for the ranges, the others for the test.
        shown = np.arange(len(pictures)) % 3 == 0
        path = os.path.join(suite.MODELS, "digits_cnn.onnx")
        flags = calibration(folder, "image", pictures[shown])
        labelled = calibration(folder, "image", pictures[shown], labels[shown])
        tests = [
            ("digits_cnn quantised", functools.partial(
                accurate, options, path, pictures[~shown], labels[~shown],
                QUANTISED, flags)),
            ("digits_cnn report", functools.partial(
                report, options, path, pictures[shown], labels[shown],
                labelled))]
        for name, weights in with_weights(flags).items():
            tests.append(("digits_cnn weights" + name, functools.partial(
                accurate, options, path, pictures[~shown], labels[~shown],
                WEIGHTS, weights)))
        for share in (0.5, 0.01):
            tests.append((f"digits_cnn {share}", functools.partial(
                budget, options, path, pictures[shown], flags, share,
                f"--max-loss={share}")))
        # Three quarters of a byte for each of 12,226 parameters.
        tests.append(("digits_cnn codes", functools.partial(
            budget, options, path, pictures[shown], flags, 0.05,
            "--max-bytes=9000", "-fcompress-weights")))
        tests.append(("digits_cnn dynamic", functools.partial(
            dynamic, options, path, pictures[~shown], labels[~shown])))
        tests.append(("digits_cnn int16", functools.partial(
            budget, options, path, pictures[shown], flags, 0.015)))
        if options.zoo:
            digits = os.path.join(options.zoo, "digits")
            with np.load(os.path.join(digits, "digits_test.npz")) as z:
                pictures, labels = z["x"], z["y"]
            with np.load(os.path.join(digits, "digits_calib.npz")) as z:
                flags = calibration(folder, "x", z["x"])
            with open(os.path.join(digits, "accuracy.json")) as f:
                names = list(json.load(f)["models"])
            for name in names:
                run = functools.partial(
                    accurate, options, os.path.join(digits, name + ".onnx"),
                    pictures, labels)
                if "int" in name or "qat" in name:
                    tests.append((name, functools.partial(run, IMPORTED)))
                elif name.endswith("_fp32") or name.endswith("_fp32_bn"):
                    # Recurrent cells have integers as well.
                    strict = ["-Werror=float-fallback"] if "gru" in name else []
                    tests.append((name + " quantised", functools.partial(
                        run, QUANTISED, flags + strict)))
                    # The compiler quantises the products of recurrent layers
                    # with their inputs, ONNX Runtime nothing of them.
                    tests.append((name + " dynamic", functools.partial(
                        run, QUANTISED, ["--quantize=int8-dynamic"])
                        if "gru" in name else functools.partial(
                            dynamic, options, os.path.join(
                                digits, name + ".onnx"), pictures, labels)))
                    for form, weights in with_weights(flags).items():
                        tests.append((f"{name} weights{form}",
                                      functools.partial(run, WEIGHTS,
                                                        weights)))
        return suite.run(tests, options)


if __name__ == "__main__":
    sys.exit(main())
