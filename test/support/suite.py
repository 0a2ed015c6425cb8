# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the Python suites of conformance/ and integration/ share.

A suite is a list of (name, function); a function returns a line of detail, or
raises Failure or Skip. `run` executes them in parallel, prints one line each
and the closing line 'N passed, N failed, N skipped' that utils/test adds up.
"""
import argparse
import functools
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

ROOT = os.path.normpath(
    os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
MODELS = os.path.join(ROOT, "test", "models")


class Failure(Exception):
    """A test that fails; the text says how."""


class Skip(Exception):
    """A test that does not apply here; the text says why."""


def parser(description):
    """The options that every suite has."""
    p = argparse.ArgumentParser(
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--bin", default=os.path.join(ROOT, "build", "bin"),
                   help="the folder of edgecc and edgecc-run")
    p.add_argument("--jobs", type=int, default=os.cpu_count())
    p.add_argument("--timeout", type=float, default=300,
                   help="seconds for one command")
    p.add_argument("names", nargs="*", help="only these tests")
    return p


def command(args, timeout, **kwargs):
    """Runs `args`; returns the finished process with its output as text."""
    try:
        return subprocess.run(args, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=timeout,
                              **kwargs)
    except subprocess.TimeoutExpired:
        raise Failure(f"no answer in {timeout:.0f} s: {' '.join(args[:2])}")


def must(args, timeout=300, **kwargs):
    """Runs `args`; Failure with its first error lines unless it succeeds."""
    p = command(args, timeout, **kwargs)
    if p.returncode:
        text = (p.stderr or p.stdout).strip().splitlines()
        raise Failure(f"{os.path.basename(args[0])}: exit {p.returncode}: " +
                      " | ".join(text[:2])[:300])
    return p


def edgecc_run(options, model, inputs, extra=()):
    """The outputs of edgecc-run for a dict of named arrays, in graph order."""
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "in.npz")
        target = os.path.join(folder, "out.npz")
        # Not savez(**inputs): an input may be called "file".
        write_npz(source, inputs)
        must([os.path.join(options.bin, "edgecc-run"), model,
              "--inputs=" + source, "--outputs=" + target, *extra],
             options.timeout)
        with np.load(target) as z:
            return [z[key] for key in z.files]


def write_npz(path, arrays):
    import zipfile
    with zipfile.ZipFile(path, "w") as z:
        for name, array in arrays.items():
            with z.open(name + ".npy", "w", force_zip64=True) as f:
                np.lib.format.write_array(f, np.asanyarray(array))


def compare(got, want, relative=1e-4, slack=0.0):
    """Failure unless shape and type agree and the arrays differ by at most
    `relative` in the L2 norm, or nowhere by more than `slack`."""
    want = np.asarray(want)
    if got.shape != want.shape:
        raise Failure(f"shape {got.shape}, expected {want.shape}")
    if got.dtype != want.dtype:
        raise Failure(f"type {got.dtype}, expected {want.dtype}")
    g, w = (a.astype(np.float64).ravel() for a in (got, want))
    finite = np.isfinite(w)
    if not np.array_equal(g[~finite], w[~finite], equal_nan=True) or \
            not np.isfinite(g[finite]).all():
        raise Failure("infinities or NaNs differ")
    difference = np.abs(g[finite] - w[finite])
    worst = difference.max(initial=0.0)
    norm = np.linalg.norm(difference) / max(np.linalg.norm(w[finite]), 1e-12)
    if norm > relative and worst > slack:
        raise Failure(f"off by {norm:.1e} (L2), {worst:.1e} at the worst")
    return f"{norm:.1e}"


def main(description, tests):
    """A suite without options of its own, of names and functions of the options;
    returns the exit status."""
    options = parser(description).parse_args()
    return run([(name, functools.partial(test, options))
                for name, test in tests], options)


def run(tests, options):
    """Runs the tests whose name was asked for; returns the exit status."""
    unknown = set(options.names) - {name for name, _ in tests}
    if unknown:
        sys.exit("no such test: " + ", ".join(sorted(unknown)))
    tests = [t for t in tests if not options.names or t[0] in options.names]

    def guarded(function):
        start = time.time()
        try:
            return "pass", function(), time.time() - start
        except Skip as e:
            return "skip", str(e), time.time() - start
        except Failure as e:
            return "FAIL", str(e), time.time() - start
        except Exception as e:  # a broken test must not hide the others
            return "FAIL", f"{type(e).__name__}: {e}", time.time() - start

    count = {"pass": 0, "FAIL": 0, "skip": 0}
    with ThreadPoolExecutor(options.jobs) as pool:
        results = pool.map(guarded, [f for _, f in tests])
        for (name, _), (kind, detail, seconds) in zip(tests, results):
            count[kind] += 1
            print(f"{kind}  {name:44s} {seconds:6.1f} s  {detail or ''}",
                  flush=True)
    print(f"{count['pass']} passed, {count['FAIL']} failed, "
          f"{count['skip']} skipped")
    return 1 if count["FAIL"] else 0
