#!/usr/bin/env python3
# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Measures the latency of networks, against itself in the past and others.

Without --models, the networks of networks.py and the digits network of the
repository. Every contestant is pinned to one core and takes turns with the
others, so that what else the machine does falls on all alike. Each run is one
line of JSON in the history; the page shows the last run and how it came about.
"""
import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
import tempfile
import time

import numpy as np
import onnx

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import networks
import page
import suite

PERCENTILES = (50, 95, 99)


def shape_of(value):
    """The shape of a graph input, with open dimensions taken as one."""
    return [d.dim_value or 1 for d in value.type.tensor_type.shape.dim]


def make_inputs(path):
    """Normal numbers for floats, zeros for the others."""
    graph = onnx.load(path, load_external_data=False).graph
    given = {t.name for t in graph.initializer}
    random = np.random.default_rng(0)
    feeds = {}
    for value in graph.input:
        if value.name in given:
            continue
        kind = onnx.helper.tensor_dtype_to_np_dtype(
            value.type.tensor_type.elem_type)
        shape = shape_of(value)
        feeds[value.name] = (random.standard_normal(shape).astype(kind)
                             if np.issubdtype(kind, np.floating)
                             else np.zeros(shape, kind))
    return feeds


class Edgecc:
    """A turn is one edgecc-run, which warms up by itself."""

    def __init__(self, options, path, feeds):
        self.folder = tempfile.TemporaryDirectory()
        source = os.path.join(self.folder.name, "in.npz")
        suite.write_npz(source, feeds)
        self.command = [
            os.path.join(options.bin, "edgecc-run"), path,
            "--inputs=" + source,
            "--outputs=" + os.path.join(self.folder.name, "out.npz"),
            *options.flags]

    def turn(self, reps):
        p = suite.must([*self.command, f"--reps={reps}"])
        return [float(line) for line in p.stdout.split()]


class OnnxRuntime:
    def __init__(self, options, path, feeds):
        import onnxruntime as ort
        ort.set_default_logger_severity(3)
        settings = ort.SessionOptions()
        settings.intra_op_num_threads = settings.inter_op_num_threads = 1
        self.session = ort.InferenceSession(path, settings,
                                            ["CPUExecutionProvider"])
        self.feeds = feeds

    def turn(self, reps):
        return timed(lambda: self.session.run(None, self.feeds), reps)


class OpenVino:
    def __init__(self, options, path, feeds):
        import openvino
        model = openvino.Core().compile_model(path, "CPU", {
            "INFERENCE_NUM_THREADS": 1, "INFERENCE_PRECISION_HINT": "f32",
            "PERFORMANCE_HINT": "LATENCY"})
        self.request = model.create_infer_request()
        self.request.infer(feeds)

    def turn(self, reps):
        return timed(self.request.infer, reps)


PEERS = {"ort": OnnxRuntime, "openvino": OpenVino}


def timed(call, reps):
    """Latencies in microseconds, after a warm-up."""
    for _ in range(max(1, reps // 10)):
        call()
    result = []
    for _ in range(reps):
        start = time.perf_counter()
        call()
        result.append((time.perf_counter() - start) * 1e6)
    return result


def summary(times):
    return {f"p{p}": round(float(np.percentile(times, p)), 2)
            for p in PERCENTILES}


def measure(options, name, path):
    """The row of one network: latencies by contestant, and what it is."""
    feeds = make_inputs(path)
    with tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "report.json")
        suite.must([os.path.join(options.bin, "edgecc"), path,
                    "-o", os.path.join(folder, "network.o"),
                    "--report=" + report, *options.flags])
        with open(report) as f:
            facts = json.load(f)
    contestants = {"edgecc": Edgecc(options, path, feeds)}
    for peer in options.against:
        try:
            contestants[peer] = PEERS[peer](options, path, feeds)
        except Exception as e:  # a peer may refuse what edgecc takes
            print(f"{name}: {peer}: {str(e).splitlines()[0][:100]}",
                  file=sys.stderr)
    times = {contestant: [] for contestant in contestants}
    first = contestants["edgecc"].turn(3)
    reps = int(np.clip(options.turn_ms * 1000 / max(np.median(first), 0.1),
                       5, 10000))
    for _ in range(options.rounds):
        for contestant, runner in contestants.items():
            times[contestant] += runner.turn(reps)
    return {"network": name, "macs": facts["macs"], **facts["memory"],
            "latency_us": {c: summary(t) for c, t in times.items()}}


def show(row):
    own = row["latency_us"]["edgecc"]
    line = f"{row['network']:24s}" + "".join(
        f"{own[f'p{p}']:12.1f}" for p in PERCENTILES)
    line += f"{row['macs'] / own['p50'] / 1e3:10.2f}"
    for peer, other in row["latency_us"].items():
        if peer != "edgecc":
            line += f"  {peer} x{other['p50'] / own['p50']:.2f}"
    print(line, flush=True)


def commit():
    p = subprocess.run(["git", "-C", suite.ROOT, "describe", "--always",
                        "--dirty"], capture_output=True, text=True)
    return p.stdout.strip()


def cpu_name():
    try:
        with open("/proc/cpuinfo") as f:
            return next(line.split(":", 1)[1].strip() for line in f
                        if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


def find_models(options, folder):
    if not options.models:
        yield "digits_cnn", os.path.join(suite.MODELS, "digits_cnn.onnx")
        for function in networks.ALL:
            path = os.path.join(folder, function.__name__ + ".onnx")
            networks.save(function, path)
            yield function.__name__, path
    for given in options.models:
        paths = [given]
        if os.path.isdir(given):
            paths = sorted(os.path.join(given, n) for n in os.listdir(given)
                           if n.endswith(".onnx"))
        for path in paths:
            yield os.path.splitext(os.path.basename(path))[0], path


def main():
    p = argparse.ArgumentParser(
        prog="utils/bench", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    build = os.path.join(suite.ROOT, "build")
    p.add_argument("--bin", default=os.path.join(build, "bin"),
                   help="the folder of edgecc and edgecc-run")
    p.add_argument("--models", nargs="+", default=[],
                   help="ONNX files, or folders of them")
    p.add_argument("--flags", nargs="+", default=["-mcpu=native"],
                   help="flags of edgecc")
    p.add_argument("--against", default="", metavar="PEER,...",
                   help="others, if installed: " + ", ".join(PEERS))
    p.add_argument("--cpu", type=int, default=0, help="the core to run on")
    p.add_argument("--rounds", type=int, default=3, help="turns of each")
    p.add_argument("--turn-ms", type=float, default=150)
    p.add_argument("--history", default=os.path.join(build, "bench.jsonl"))
    p.add_argument("--html", default=os.path.join(build, "bench.html"))
    options = p.parse_args()
    options.against = [x for x in options.against.split(",") if x]
    for peer in options.against:
        if peer not in PEERS:
            p.error(f"unknown peer '{peer}'; known: {', '.join(PEERS)}")
    os.sched_setaffinity(0, {options.cpu})

    print(f"{'network':24s}" + "".join(f"{f'p{p} us':>12s}"
                                       for p in PERCENTILES) +
          f"{'GMAC/s':>10s}")
    run = {"date": datetime.datetime.now().isoformat(timespec="seconds"),
           "commit": commit(), "machine": cpu_name(), "flags": options.flags,
           "rows": []}
    with tempfile.TemporaryDirectory() as folder:
        for name, path in find_models(options, folder):
            try:
                run["rows"].append(measure(options, name, path))
                show(run["rows"][-1])
            except suite.Failure as e:
                print(f"{name:24s}{e}", flush=True)
    with open(options.history, "a") as f:
        f.write(json.dumps(run) + "\n")
    with open(options.history) as f:
        history = [json.loads(line) for line in f]
    with open(options.html, "w") as f:
        f.write(page.render(history))
    print(f"history: {options.history}\npage:    {options.html}")


if __name__ == "__main__":
    main()
