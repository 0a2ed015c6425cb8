#!/usr/bin/env python3
# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Lists how far the arena of each network is above what no plan undercuts.

Prints a row for each network and CPU: bytes of arena, the bytes alive at one time,
the lower bound, the gap between arena and that, the seconds that the passes take
that plan memory. The bound is what any order of the kernels has alive at least, as
far as the search for orders got, if another order may have less alive than the
chosen one; otherwise what no placement of its buffers undercuts, which is more than
what is alive where the search has ruled all others out. Buffers that lie over
others are known for the chosen order only. Networks are those of the repository and
of a zoo (--zoo DIR). utils/check-plan looks at each plan. Fails if that finds a
fault, if fewer than 95 % of the plans reach the bound, or if planning takes longer
than --most seconds. --write writes docs/plans.md.
"""
import os
import re
import sys
import tempfile

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..",
                                "integration"))
import models
import suite

TABLE = """\
# Arenas

Bytes of arena of each network, the most bytes alive at one time in the order in which
its kernels run, and what no plan undercuts; [memory](rationale/memory.md) says how
plans are made. `utils/bench gaps --write` writes this table.

{}.

| network | CPU | arena | alive | bound | gap | seconds |
|---|---|---|---|---|---|---|
"""
PLANNING = ["FormRowStreams", "OrderCalls", "PlanArena"]


def plan(options, path, feed, cpu):
    """Bytes of arena, alive at one time, lower bound, seconds of planning."""
    shapes = [f"--shape={name}:" + "x".join(map(str, np.shape(array)))
              for name, array in feed.items()
              if models.has_open_shape(path, name) and np.ndim(array)]
    command = [os.path.join(options.bin, "edgecc"), path, "-mcpu=" + cpu,
               "-Wno-float-fallback", *shapes]
    p = suite.must([*command, "--compile-to=kernel", "-o", "-", "--mlir-timing",
                    "--mlir-timing-display=list"], options.timeout)

    def attribute(name):
        found = re.search(rf"edge\.{name} = (\d+)", p.stdout)
        return int(found[1]) if found else 0
    seconds = sum(
        float(found[1]) for name in PLANNING for found in re.finditer(
            rf"^ *([\d.]+) \( *[\d.]+%\)  {name}$", p.stderr, re.MULTILINE))
    with tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "report.json")
        suite.must([*command, "-o", os.path.join(folder, "network.o"),
                    "--name=network", "--report=" + report], options.timeout)
        suite.must([sys.executable, os.path.join(suite.ROOT, "utils",
                                                 "check-plan"), report])
    alive, order = attribute("arena_bound"), attribute("order_bound")
    return (attribute("arena_bytes"), alive,
            order if 0 < order < alive else attribute("arena_proven"), seconds)


def main():
    p = suite.parser(__doc__)
    p.add_argument("--zoo", default="")
    p.add_argument("--scratch", default="")
    p.add_argument("--cpus", default="x86-64-v3,cortex-m7")
    p.add_argument("--write", action="store_true", help="write docs/plans.md")
    p.add_argument("--most", type=float, default=10,
                   help="seconds that planning may take")
    options = p.parse_args()
    networks = list(models.own_networks())
    if options.zoo:
        scratch = options.scratch or tempfile.mkdtemp()
        networks += models.zoo_networks(options.zoo, scratch)
    plans = reached = faults = 0
    slowest = 0
    rows = []
    for name, path, feeds in networks:
        if feeds is None or (options.names and name not in options.names):
            continue
        for cpu in options.cpus.split(","):
            try:
                arena, alive, bound, seconds = plan(options, path, feeds[0],
                                                    cpu)
            except suite.Failure as error:
                print(f"{name:36s} {cpu:10s} {str(error)[:100]}", flush=True)
                faults += 1
                continue
            gap = arena / bound - 1 if bound else 0
            print(f"{name:36s} {cpu:10s} {arena:10d} {alive:10d} {bound:10d} "
                  f"{gap:7.2%} {seconds:6.2f} s", flush=True)
            rows.append(f"| {name} | {cpu} | {arena:,} | {alive:,} | {bound:,} | "
                        f"{gap:.2%} | {seconds:.1f} |")
            plans += 1
            reached += arena == bound
            slowest = max(slowest, seconds)
    total = (f"{reached} of {plans} plans reach the bound, planning takes at "
             f"most {slowest:.1f} s")
    print(total)
    if options.write:
        with open(os.path.join(suite.ROOT, "docs", "plans.md"), "w") as f:
            f.write(TABLE.format(total) + "\n".join(rows) + "\n")
    return int(faults or reached < 0.95 * plans or slowest > options.most)


if __name__ == "__main__":
    sys.exit(main())
