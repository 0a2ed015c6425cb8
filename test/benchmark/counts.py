#!/usr/bin/env python3
# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Counts the instructions that networks execute, and compares with a list.

The networks are those of networks.py and the digits network of the repository,
for CPUs with a system, and those of MLPerf Tiny, if there is a zoo, for
microcontrollers; each runs under QEMU. The counts repeat exactly. One that
differs from counts.txt by more than 1 % fails, a lower one too: the list is then
to be written anew with --write, and the change says why.
"""
import functools
import os
import sys
import tempfile

import numpy as np

sys.path[:0] = [os.path.join(os.path.dirname(__file__), "..", folder)
                for folder in ("support", "integration")]
import models
import networks
import suite

LIST = os.path.join(os.path.dirname(os.path.abspath(__file__)), "counts.txt")
# What runs the code of a CPU.
CPUS = {
    "x86-64-v3": "--runner=qemu-x86_64 -cpu max",
    "cortex-a72": "--runner=qemu-aarch64",
    "rv64gcv": "--runner=qemu-riscv64 -cpu rv64,v=true,vlen=128",
}
# No board with a Cortex-M0+ has the memory.
MICROCONTROLLERS = {
    "cortex-m0plus": "--board=mps2-an385",
    "cortex-m4": "--board=mps2-an386",
    "cortex-m55": "--board=mps3-an547",
    "rv32imc": "--board=virt-rv32imc",
    "rv32imafc_zve32f_zvl128b": "--board=virt-rv32imafc-zve32f",
    "rv64gc": "--board=virt-rv64gc",
    "rv64gcv": "--board=virt-rv64gcv",
}
MLPERF_TINY = """
mlperf_ad_ae_int8 mlperf_kws_dscnn_int8 mlperf_ic_resnet8_int8
mlperf_vww_mbv1_int8
mlperf_ad_ae_f32 mlperf_kws_dscnn_f32 mlperf_ic_resnet8_f32 mlperf_vww_mbv1_f32
""".split()
TOLERANCE = 0.01


def count(options, model, feed, cpu, where):
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "in.npz")
        suite.write_npz(source, feed)
        target = "-march=" if "_" in cpu else "-mcpu="
        return int(suite.must(
            [os.path.join(options.bin, "edgecc-run"), model,
             "--inputs=" + source, target + cpu, "-Wno-float-fallback", where,
             "--count-instructions"], options.timeout).stdout)


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


def small_networks(folder):
    """Name, file and inputs of each network."""
    name, path, feeds = next(models.own_networks())
    yield name, path, feeds[0]
    for function in networks.ALL:
        path = os.path.join(folder, function.__name__ + ".onnx")
        shape = networks.save(function, path)
        x = np.random.default_rng(1).standard_normal(shape, np.float32)
        yield function.__name__, path, {"x": x}


def main():
    p = suite.parser(__doc__)
    p.add_argument("--zoo", default="")
    p.add_argument("--scratch", default=os.path.join(suite.ROOT, "build",
                                                     "test", "zoo"))
    p.add_argument("--write", action="store_true",
                   help="write the list instead of comparing with it")
    options = p.parse_args()
    os.makedirs(options.scratch, exist_ok=True)
    known = {} if options.write else read_list()
    found = {}

    def check(name, path, feed, cpu, where):
        number = count(options, path, feed, cpu, where)
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

    with tempfile.TemporaryDirectory() as folder:
        cases = [(*network, *cpu) for network in small_networks(folder)
                 for cpu in CPUS.items()]
        if options.zoo:
            cases += [(name, path, feeds[0], *cpu) for name, path, feeds in
                      models.zoo_networks(options.zoo, options.scratch)
                      if name in MLPERF_TINY
                      for cpu in MICROCONTROLLERS.items()]
        status = suite.run([(f"{case[0]}:{case[3]}",
                             functools.partial(check, *case))
                            for case in cases], options)
    # Numbers of networks that were not asked for stay.
    others = {key for key in read_list()
              if options.names or (key[0] in MLPERF_TINY and not options.zoo)}
    if options.write and not status:
        write_list({**{key: number for key, number in read_list().items()
                       if key in others}, **found})
    gone = set(known) - set(found) - others
    if gone:
        sys.exit("in the list, but gone: " +
                 ", ".join(" ".join(key) for key in sorted(gone)))
    return status


if __name__ == "__main__":
    sys.exit(main())
