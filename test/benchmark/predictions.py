#!/usr/bin/env python3
# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares the predicted time of layers with what they take on this machine.

Without --models, the networks of networks.py. Each layer is timed where it
runs in its network. The error of a layer is |predicted / measured - 1|; layers
that take less than --shortest microseconds are left out, since reading the
clock takes longer. The last line is over all layers.
"""
import json
import os
import sys
import tempfile

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import latency
import networks
import suite


def profile(options, path):
    """Predicted and measured microseconds of the layers."""
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "in.npz")
        report = os.path.join(folder, "report.json")
        suite.write_npz(source, latency.make_inputs(path))
        suite.must([*options.prefix.split(),
                    os.path.join(options.bin, "edgecc-run"), path,
                    "--inputs=" + source, f"--reps={options.reps}",
                    "--profile=" + report, *options.flags], options.timeout)
        with open(report) as f:
            layers = json.load(f)["layers"]
    rows = [(layer["predicted"]["us"], layer["measured_us"], layer["kind"],
             layer["name"]) for layer in layers
            if layer["predicted"] and layer["predicted"]["us"] is not None]
    if not rows:
        raise suite.Failure("this CPU has no prediction of time")
    return rows


def ranks(values):
    return np.argsort(np.argsort(values))


def summarise(name, rows, shortest):
    rows = [row for row in rows if row[1] >= shortest]
    if len(rows) < 3:
        return
    predicted, measured = np.array([row[:2] for row in rows]).T
    error = np.abs(predicted / measured - 1)
    rank = np.corrcoef(ranks(predicted), ranks(measured))[0, 1]
    print(f"{name:24s} {len(rows):6d} {np.median(error):9.1%} "
          f"{np.percentile(error, 90):9.1%} {rank:9.3f} "
          f"{predicted.sum():12.0f} {measured.sum():12.0f}", flush=True)


def main():
    p = suite.parser(__doc__)
    p.add_argument("--models", nargs="*", help="files of networks")
    p.add_argument("--reps", type=int, default=30)
    p.add_argument("--shortest", type=float, default=1.0)
    p.add_argument("--prefix", default="", help="what to run it with, such as "
                   "\"taskset -c 1\"")
    p.add_argument("--flags", nargs="*", default=[], help="for edgecc-run")
    p.add_argument("--layers", action="store_true", help="print each layer")
    options = p.parse_args()
    everything = []
    print(f"{'network':24s} {'layers':>6s} {'median':>9s} {'p90':>9s} "
          f"{'rank':>9s} {'predicted us':>12s} {'measured us':>12s}")
    with tempfile.TemporaryDirectory() as folder:
        paths = options.models
        if not paths:
            paths = [os.path.join(folder, f.__name__ + ".onnx")
                     for f in networks.ALL]
            for function, path in zip(networks.ALL, paths):
                networks.save(function, path)
        for path in paths:
            rows = profile(options, path)
            if options.layers:
                for predicted, measured, kind, name in rows:
                    print(f"{predicted:12.1f} {measured:12.1f} "
                          f"{predicted / measured:6.2f}  {kind:12s} {name}")
            summarise(os.path.basename(path)[:-5], rows, options.shortest)
            everything += rows
    summarise("all", everything, options.shortest)


if __name__ == "__main__":
    sys.exit(main())
