#!/usr/bin/env python3
# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""ONNX's own node tests: one small model per operator and attribute.

Runs all of them in process, with the tolerance that the test itself states.
Those that onnx_nodes.txt lists have to pass and the others have to fail: what
begins to work is put on the list, with --write.
"""
import functools
import os
import sys
import warnings

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "support"),
                os.path.join(HERE, "..", "..", "utils")]
import edgecc_backend
import suite

LIST = os.path.join(HERE, "onnx_nodes.txt")


def cases():
    """The node tests by name, without those of sequences, maps, strings."""
    warnings.simplefilter("ignore")
    # Collecting runs the code that documents the operators, which prints.
    stdout, sys.stdout = sys.stdout, open(os.devnull, "w")
    try:
        from onnx.backend.test.case.node import collect_testcases
        found = collect_testcases(None)
    finally:
        sys.stdout = stdout
    return {c.name.removeprefix("test_"): c for c in found if plain(c)}


def plain(case):
    return all(isinstance(a, (np.ndarray, np.generic)) and
               a.dtype.kind in "biuf" for inputs, outputs in case.data_sets
               for a in [*inputs, *outputs])


def check(options, case):
    model = edgecc_backend.Model(
        case.model, os.path.join(options.bin, "edgecc-run"),
        timeout=options.timeout, fix_operands=True)
    for inputs, wanted in case.data_sets:
        try:
            got = model.run(inputs)
        except RuntimeError as e:
            raise suite.Failure(str(e))
        if len(got) != len(wanted):
            raise suite.Failure(f"{len(got)} outputs, not {len(wanted)}")
        for g, w in zip(got, wanted):
            w = np.asarray(w)
            if (g.shape, g.dtype) != (w.shape, w.dtype):
                raise suite.Failure(f"{g.dtype}{g.shape}, expected "
                                    f"{w.dtype}{w.shape}")
            if not np.allclose(g, w, case.rtol or 1e-3, case.atol or 1e-7,
                               equal_nan=True):
                raise suite.Failure("wrong values")


def main():
    p = suite.parser(__doc__)
    p.add_argument("--write", action="store_true",
                   help="make the list from what passes")
    options = p.parse_args()
    with open(LIST) as f:
        lines = f.readlines()
    listed = {line.strip() for line in lines if line[0] not in "#\n"}
    found = cases()
    passed = set()

    def test(name):
        if name not in found:
            raise suite.Failure("ONNX has no such test")
        try:
            check(options, found[name])
            passed.add(name)
        except suite.Failure as e:
            if name in listed and not options.write:
                raise
            raise suite.Skip(str(e))
        if name not in listed and not options.write:
            raise suite.Failure("passes, but is not in onnx_nodes.txt")

    status = suite.run([(n, functools.partial(test, n))
                        for n in sorted(listed | set(found))], options)
    if options.write:
        kept = listed - passed if options.names else set()
        with open(LIST, "w") as f:
            f.writelines(line for line in lines if line.startswith("#"))
            f.writelines(n + "\n" for n in sorted(passed | kept))
    return status


if __name__ == "__main__":
    sys.exit(main())
