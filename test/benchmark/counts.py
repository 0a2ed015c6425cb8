#!/usr/bin/env python3
# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Counts the instructions that networks execute, and compares with a list.

The networks are those of networks.py and the digits network of the
repository; each runs under QEMU for several CPUs. The counts repeat exactly.
One that differs from counts.txt by more than 1 % fails, a lower one too: the
list is then to be written anew with --write, and the change says why.
"""
import functools
import os
import sys
import tempfile

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import networks
import suite

HERE = os.path.dirname(os.path.abspath(__file__))
LIST = os.path.join(HERE, "counts.txt")
CPUS = {
    "x86-64-v3": "qemu-x86_64 -cpu max",
    "cortex-a72": "qemu-aarch64",
    "rv64gcv": "qemu-riscv64 -cpu rv64,v=true,vlen=128",
}
TOLERANCE = 0.01


def build_plugin(folder):
    plugin = os.path.join(folder, "libcount.so")
    suite.must(["cc", "-O2", "-fPIC", "-shared", "-fvisibility=hidden",
                os.path.join(HERE, "count_plugin.c"), "-o", plugin])
    return plugin


def count(options, plugin, model, feed, cpu):
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "count")
        runner = " ".join([sys.executable,
                           os.path.join(HERE, "count_runner.py"), plugin, out,
                           CPUS[cpu]])
        suite.edgecc_run(options, model, feed,
                         [f"-mcpu={cpu}", "--runner=" + runner])
        with open(out) as f:
            return int(f.read())


def read_list():
    with open(LIST) as f:
        rows = [line.split() for line in f if line[0] not in "#\n"]
    return {(name, cpu): int(number) for name, cpu, number in rows}


def write_list(counts):
    with open(LIST, "w") as f:
        f.write("# Instructions of one inference: network, CPU, number.\n"
                "# Written by counts.py --write.\n")
        for (name, cpu), number in sorted(counts.items()):
            f.write(f"{name} {cpu} {number}\n")


def models(folder):
    """Name, file and inputs of each network."""
    with np.load(os.path.join(suite.MODELS, "digits_cnn.npz")) as z:
        picture = z["pictures"][0].astype(np.float32)[None, None] / 16
    yield "digits_cnn", os.path.join(suite.MODELS, "digits_cnn.onnx"), \
        {"image": picture}
    for function in networks.ALL:
        path = os.path.join(folder, function.__name__ + ".onnx")
        shape = networks.save(function, path)
        x = np.random.default_rng(1).standard_normal(shape, np.float32)
        yield function.__name__, path, {"x": x}


def main():
    p = suite.parser(__doc__)
    p.add_argument("--write", action="store_true",
                   help="write the list instead of comparing with it")
    options = p.parse_args()
    known = {} if options.write else read_list()
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        plugin = build_plugin(folder)

        def check(name, path, feed, cpu):
            number = count(options, plugin, path, feed, cpu)
            found[name, cpu] = number
            if options.write:
                return str(number)
            if (name, cpu) not in known:
                raise suite.Failure(f"{number}: not in the list")
            before = known[name, cpu]
            change = number / before - 1
            if abs(change) > TOLERANCE:
                raise suite.Failure(
                    f"{number} instructions, {before} before: {change:+.1%}")
            return f"{number} ({change:+.2%})"

        tests = [(f"{name}:{cpu}",
                  functools.partial(check, name, path, feed, cpu))
                 for name, path, feed in models(folder) for cpu in CPUS]
        status = suite.run(tests, options)
    if options.write and not status:
        if options.names:
            found = {**read_list(), **found}
        write_list(found)
    gone = set(known) - set(found)
    if gone and not options.names:
        sys.exit("in the list, but gone: " +
                 ", ".join(" ".join(key) for key in sorted(gone)))
    return status


if __name__ == "__main__":
    sys.exit(main())
