#!/usr/bin/env python3
# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Holds networks to the memory contract of their headers, on this machine.

memory_contract.c runs each network between pages that cannot be accessed, twice
with different contents of the arena, and calls it wrongly. The stack may be used
at most as far as stated, and the arena, for the oldest CPU, must be used up to
its last aligned block, unless it ends with scratch memory of one layer: its last
rows can be spare. utils/check-plan must agree with the plan in the report.
"""
import functools
import json
import os
import sys
import tempfile

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import models
import suite

HERE = os.path.dirname(os.path.abspath(__file__))
ARENA_ALIGN = 64


def element_bytes(path, feed):
    """The bytes of the inputs in the order of the graph."""
    order = [i.name for i in models.session(path, False).get_inputs()]
    return b"".join(np.ascontiguousarray(feed[name]).tobytes()
                    for name in order)


def ends_with_scratch(report):
    """Whether what lies last in the arena lives during one layer only."""
    with open(report) as f:
        buffers = json.load(f)["buffers"]
    last = max(buffers, key=lambda b: b["offset"] + b["bytes"])
    return last["first"] == last["last"]


def contract(options, path, feed, cpu):
    with tempfile.TemporaryDirectory() as folder:
        target = os.path.join(folder, "network.o")
        report = os.path.join(folder, "report.json")
        shapes = [f"--shape={name}:" + "x".join(map(str, np.shape(array)))
                  for name, array in feed.items()
                  if models.has_open_shape(path, name) and np.ndim(array)]
        suite.must([os.path.join(options.bin, "edgecc"), path, "-o", target,
                    "--name=network", "--report=" + report, "-mcpu=" + cpu,
                    *shapes],
                   options.timeout)
        suite.must([sys.executable,
                    os.path.join(suite.ROOT, "utils", "check-plan"), report])
        program = os.path.join(folder, "program")
        suite.must(["cc", "-std=c99", "-Wall", "-Wextra", "-Werror", "-O1",
                    "-I", folder, os.path.join(HERE, "memory_contract.c"),
                    target, "-o", program])
        inputs = os.path.join(folder, "inputs")
        with open(inputs, "wb") as f:
            f.write(element_bytes(path, feed))
        p = suite.must([program, inputs], options.timeout)
        used, arena, stack, bound = map(int, p.stdout.split())
        if (cpu == "x86-64" and arena > 1 and used + ARENA_ALIGN <= arena and
                not ends_with_scratch(report)):
            raise suite.Failure(f"uses {used} of {arena} bytes of arena")
        if stack > bound:
            raise suite.Failure(f"takes {stack} bytes of stack, states {bound}")
        return f"arena {arena}, stack {stack} of {bound}"


def main():
    p = suite.parser(__doc__)
    p.add_argument("--zoo", default="")
    p.add_argument("--scratch", default=os.path.join(suite.ROOT, "build",
                                                     "test", "zoo"))
    p.add_argument("--all", action="store_true",
                   help="all networks of the zoo, not one of each kind")
    options = p.parse_args()
    os.makedirs(options.scratch, exist_ok=True)
    networks = list(models.own_networks())
    if options.zoo:
        networks += models.zoo_networks(options.zoo, options.scratch)
    tests = []
    for name, path, feeds in networks:
        known = models.exceptions().get(name)
        if feeds is None or (known and known[0] == "refused") or \
                (name not in models.REPRESENTATIVE and not options.all):
            continue
        for cpu in ["x86-64", "native"]:
            tests.append((f"{name} {cpu}", functools.partial(
                contract, options, path, feeds[0], cpu)))
    return suite.run(tests, options)


if __name__ == "__main__":
    sys.exit(main())
