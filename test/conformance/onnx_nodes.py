#!/usr/bin/env python3
# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""ONNX's own node tests: one small model per operator and attribute.

Runs those that onnx_nodes.txt lists, in process, with the tolerance that the
test itself states. --all also runs the others and does not count them as
failures; --write then writes every test that passed to onnx_nodes.txt.
"""
import functools
import os
import sys
import tempfile
import warnings

import numpy as np
import onnx

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import suite

LIST = os.path.join(os.path.dirname(__file__), "onnx_nodes.txt")


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
    names = [i.name for i in case.model.graph.input]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.onnx")
        onnx.save(case.model, path)
        for inputs, wanted in case.data_sets:
            feed = {n: np.asarray(x) for n, x in zip(names, inputs)}
            got = suite.edgecc_run(options, path, feed)
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
    p.add_argument("--all", action="store_true")
    p.add_argument("--write", action="store_true")
    options = p.parse_args()
    with open(LIST) as f:
        listed = {line.strip() for line in f if line[0] not in "#\n"}
    found = cases()
    passed = []

    def test(name):
        try:
            if name not in found:
                raise suite.Failure("ONNX has no such test")
            check(options, found[name])
            passed.append(name)
        except suite.Failure as e:
            if name in listed:
                raise
            raise suite.Skip(str(e))

    chosen = listed | (set(found) if options.all else set()) | \
        set(options.names)
    status = suite.run([(n, functools.partial(test, n))
                        for n in sorted(chosen)], options)
    if options.write:
        with open(LIST) as f:
            head = [line for line in f if line.startswith("#")]
        with open(LIST, "w") as f:
            f.writelines(head + [n + "\n" for n in sorted(passed)])
    return status


if __name__ == "__main__":
    sys.exit(main())
