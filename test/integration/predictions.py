#!/usr/bin/env python3
# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares the instructions that reports predict with those that QEMU counts.

For small networks with one layer of each kind, on CPUs with and without a
system. They must agree within 5 %.
"""
import functools
import json
import os
import sys
import tempfile

sys.path[:0] = [os.path.join(os.path.dirname(__file__), "..", folder)
                for folder in ("support", "benchmark")]
import counts
import suite

CPUS = ["cortex-a72", "rv64gcv"]
MICROCONTROLLERS = ["cortex-m4", "cortex-m55"]
# What fits into the memory of a board.
SMALL = ["digits_cnn", "first_layer", "dense", "depthwise", "pools",
         "recurrent", "quantized"]
# Kernels in assembly, whose loops the compiler does not see.
UNKNOWN = {("quantized", "cortex-m4")}
TOLERANCE = 0.05


def predict(options, path, cpu):
    with tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "report.json")
        suite.must([os.path.join(options.bin, "edgecc"), path, "-mcpu=" + cpu,
                    "-o", os.path.join(folder, "network.o"),
                    "--report=" + report], options.timeout)
        with open(report) as f:
            report = json.load(f)
    missing = [layer["name"] for layer in report["layers"]
               if not layer["predicted"]]
    if missing:
        raise suite.Failure(f"no prediction for {missing}")
    return report["predicted"]["instructions"]


def compare(options, path, feed, cpu, where):
    predicted = predict(options, path, cpu)
    counted = counts.count(options, path, feed, cpu, where)
    change = predicted / counted - 1
    if abs(change) > TOLERANCE:
        raise suite.Failure(
            f"{predicted} instructions predicted, {counted} counted: "
            f"{change:+.1%}")
    return f"{counted} ({change:+.2%})"


def main():
    options = suite.parser(__doc__).parse_args()
    tests = []
    with tempfile.TemporaryDirectory() as folder:
        for name, path, feed in counts.small_networks(folder):
            where = {cpu: counts.CPUS[cpu] for cpu in CPUS}
            if name in SMALL:
                where.update({cpu: counts.MICROCONTROLLERS[cpu]
                              for cpu in MICROCONTROLLERS
                              if (name, cpu) not in UNKNOWN})
            for cpu, runner in where.items():
                tests.append((f"{name}:{cpu}", functools.partial(
                    compare, options, path, feed, cpu, runner)))
        return suite.run(tests, options)


if __name__ == "__main__":
    sys.exit(main())
