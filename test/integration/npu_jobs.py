# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Networks whose CPU works while the NPU does: the bits of the CPU alone, layers
between start and wait, memory that nobody else touches, and failures at both.
A part of the suite npu."""
import ctypes
import functools
import json
import os
import tempfile

import compiled
import edge_sim
import ethos_u
import npu_runs
import suite

HERE = os.path.dirname(os.path.abspath(__file__))
DRIVER = os.path.join(suite.ROOT, "runtime", "npu", "desc")
INCLUDE = "-I" + os.path.join(suite.ROOT, "runtime", "include")
WATCH = os.path.join(HERE, "npu_watch.c")
LINK = ["-O2", "-std=c11", "-Wall", "-Wextra", "-Werror", "-fPIC",
        "-ffp-contract=off", INCLUDE, WATCH,
        *(os.path.join(DRIVER, name)
          for name in ("driver.c", "sound.c", "int8.c")), "-lm"]
# What stays on the CPU of the network `branches`.
EXCLUDED = ["--npu-exclude=mean", "--npu-exclude=squash",
            "--npu-exclude=right", "--npu-exclude=join"]


def branches(b):
    """Two branches that are added: convolutions, and what the CPU computes."""
    x = b.quantised("input", "x", 0.05, 117)
    left = b.convolution("left", x, 3, 8, 0.05, 120, kernel_shape=[3, 3],
                         pads=[1, 1, 1, 1])
    deep = b.convolution("deep", left, 8, 8, 0.05, 131, kernel_shape=[3, 3],
                         group=8, pads=[1, 1, 1, 1])
    mean = b.node("AveragePool", [x], "mean", kernel_shape=[3, 3],
                  pads=[1, 1, 1, 1])
    soft = b.quantised("soft", b.node("Sigmoid", [mean], "squash"), 0.05, 117)
    right = b.convolution("right", soft, 3, 8, 0.05, 99, kernel_shape=[1, 1])
    joined = b.quantised("joined", b.node("Add", [deep, right], "join"), 0.07,
                         110)
    return b.quantised("end", b.node("MaxPool", [joined], "pool",
                                     kernel_shape=[2, 2]), 0.07, 110)


def watched(options, make_network, feeds_of, same):
    """With the example driver, and somebody who watches it."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "branches.onnx")
        make_network(path)
        feeds = feeds_of(path, 2)
        with open(os.path.join(DRIVER, "example.json"), encoding="utf-8") as f:
            description = json.load(f)
        description["driver"] = "watched_npu_run"
        description["asynchronous"] = {"start": "watched_npu_start",
                                       "wait": "watched_npu_wait"}
        npu = os.path.join(folder, "npu.json")
        with open(npu, "w", encoding="utf-8") as f:
            json.dump(description, f)
        flags = ["--npu=desc:" + npu, *EXCLUDED]
        want = compiled.outputs(options, path, feeds)

        def run(fails_to_start_at, fails_at, more, statuses=None):
            """The outputs, and what has been counted in the last run."""
            seen = {}

            def number(library, name):
                return ctypes.c_uint.in_dll(library, "watched_" + name)

            def prepare(library):
                for name in ("runs", "starts", "waits", "layers",
                             "layers_meanwhile"):
                    number(library, name).value = 0
                number(library, "fails_to_start_at").value = fails_to_start_at
                number(library, "fails_at").value = fails_at

                def check(library):
                    mistake = ctypes.c_char_p.in_dll(library,
                                                     "watched_mistake").value
                    if mistake:
                        raise suite.Failure(mistake.decode())
                    for name in ("runs", "starts", "waits", "layers_meanwhile"):
                        seen[name] = number(library, name).value
                return check
            got = compiled.outputs(options, path, feeds, [*flags, *more], LINK,
                                   prepare, statuses)
            return got, seen

        fallback = ["--npu-fallback=cpu"]
        layers = 0
        for more in ([], fallback, [*fallback, "-fprofile-layers"],
                     [*fallback, "-fthreads=2"], ["-O0"]):
            got, seen = run(0, 0, more)
            same(got, want)
            if (seen["runs"], seen["starts"], seen["waits"]) != (1, 1, 1):
                raise suite.Failure(f"{more}: {seen}")
            layers = max(layers, seen["layers_meanwhile"])
        # The wait is the last of them.
        if layers < 3:
            raise suite.Failure(f"{layers} layers between start and wait")
        for start, wait, waits in ((1, 0, 0), (0, 1, 1)):
            got, seen = run(start, wait, fallback)
            same(got, want)
            if seen["waits"] != waits:
                raise suite.Failure(f"{seen['waits']} waits")
            _, seen = run(start, wait, [], [5, 5])
            if seen["runs"] or seen["waits"] != waits:
                raise suite.Failure(f"goes on after a failure: {seen}")
        # No room for both at one time.
        got, seen = run(0, 0, ["--max-ram=" + least_ram(options, path, flags)])
        same(got, want)
        if seen["starts"]:
            raise suite.Failure("starts a job where memory is scarce")
        return f"{layers - 1} layers meanwhile"


def least_ram(options, path, flags):
    """What the network takes if nothing is done at the same time."""
    with tempfile.TemporaryDirectory() as folder:
        target = os.path.join(folder, "n.o")
        p = suite.command([os.path.join(options.bin, "edgecc"), path, "-o",
                           target, *flags, "--max-ram=1"], options.timeout)
        found = [word for word in p.stderr.replace(",", "").split()
                 if word.isdigit()]
        if p.returncode != 1 or not found:
            raise suite.Failure(p.stderr)
        return found[0]


def simulated(options, make_network, feeds_of, same):
    """With the simulator of edge-sim, which counts cycles of both sides; also
    on a board."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "branches.onnx")
        make_network(path)
        feeds = feeds_of(path, 2)
        now, counts = [0], []

        def prepare(library):
            def tick():
                now[0] += 50
                return now[0]
            clock = ctypes.CFUNCTYPE(ctypes.c_uint64)(tick)
            ctypes.c_void_p.in_dll(library, "edge_sim_clock").value = \
                ctypes.cast(clock, ctypes.c_void_p).value
            before = edge_sim.Counts.from_buffer_copy(
                edge_sim.counts_of(library))

            def check(library, _=clock):
                after = edge_sim.counts_of(library)
                counts.append({name: getattr(after, name) -
                               getattr(before, name)
                               for name in ("cycles", "cpu_cycles",
                                            "waited_cycles", "calls")})
            return check
        flags = ["--npu=edge-sim", *EXCLUDED]
        want = compiled.outputs(options, path, feeds)
        same(compiled.outputs(options, path, feeds, flags, edge_sim.LINK,
                              prepare), want)
        found = counts[-1]
        # One job of two calls, with one tick from its start to its wait.
        if found["calls"] != 2 or found["cpu_cycles"] != 50 or \
                not 0 < found["waited_cycles"] <= found["cycles"] - 50:
            raise suite.Failure(f"{found}")
        data = npu_runs.c_array("input", feeds[0]["x"].tobytes()) + \
            npu_runs.c_array("expected", want[0][0].tobytes()) + \
            f"#define CYCLES {found['cycles']}\n"
        npu_runs.run(options, path, flags,
                     ["edge_sim_run", "edge_sim_start", "edge_sim_wait"], data,
                     [os.path.join(HERE, "edge_sim_board.c"),
                      *edge_sim.SIMULATOR], ["-I" + edge_sim.FOLDER])
        return f"{found}"


def memories(options, make_network, feeds_of, same):
    """A memory that the NPU does not reach holds what only the CPU works with,
    and its own memory what had better be fast; the NPU has the rest."""
    said = []
    with tempfile.TemporaryDirectory() as folder:
        def at(name):
            return os.path.join(folder, name)
        path = at("branches.onnx")
        make_network(path)
        feeds = feeds_of(path, 2)
        with open(at("map.json"), "w", encoding="utf-8") as f:
            json.dump({"regions": [
                {"name": "near", "size": "64K", "bytes_per_cycle": 8,
                 "npu": False},
                {"name": "shared", "size": "1M"},
                {"name": "own", "size": "384K", "bytes_per_cycle": 4,
                 "npu": "fast"},
                {"name": "code", "size": "1M", "access": "r",
                 "bytes_per_cycle": 8, "npu": False},
                {"name": "flash", "size": "1M", "access": "r"}]}, f)
        for npu, has_fast in (("edge-sim", False), ("ethos-u55:128", False),
                              ("ethos-u65:256,Dedicated_Sram", True),
                              ("ethos-u85:128,Dedicated_Sram_384KB", True),
                              ("ethos-u85:128,Dedicated_Sram_512KB", True)):
            is_ethos = npu != "edge-sim"
            flags = [*EXCLUDED, "--memory-map=" + at("map.json"),
                     "--report=" + at("report.json"), "--npu-fallback=cpu"]
            rounding = [ethos_u.ROUNDING] if is_ethos else []
            want = compiled.outputs(options, path, feeds, rounding)
            if is_ethos:
                got = ethos_u.run_regions(options, path, feeds, npu, flags)[0]
            else:
                got = compiled.outputs(options, path, feeds,
                                       ["--npu=" + npu, *flags], edge_sim.LINK)
            same(got, want)
            with open(at("report.json"), encoding="utf-8") as f:
                report = json.load(f)
            names = [region["name"] for region in report["memory"]["regions"]]
            regions = [names[buffer["region"]]
                       for buffer in report["buffers"]]
            # Whether the layers that use a buffer are of the NPU.
            used = {"near": set(), "shared": set(), "own": set()}
            for number, region in enumerate(regions):
                users = {layer["kind"].startswith("npu")
                         for layer in report["layers"]
                         if number in layer["buffers"]}
                # The CPU writes down jobs, and copies what Ethos-U wants.
                if is_ethos or users != {True} or \
                        report["buffers"][number]["bytes"] > 256:
                    used[region] |= users
            if used["own"] != ({True} if has_fast else set()) or \
                    False not in used["near"] or True not in used["shared"] or \
                    (not is_ethos and True in used["near"]):
                raise suite.Failure(f"{npu}: {used}")
            suite.must([os.path.join(options.bin, "edgecc"), path, "-o",
                        at("n.o"), "--npu=" + npu, *rounding, *flags],
                       options.timeout)
            sections = suite.must(["llvm-readelf-22", "-S", "--wide",
                                   at("n.o")]).stdout
            if ".rodata.code" in sections or ".rodata.flash" not in sections:
                raise suite.Failure(f"{npu}: weights beyond its reach")
            said.append(str(regions.count("near")))
    return f"{', '.join(said)} buffers beyond the reach of NPUs"


def tests(options, make_network, feeds_of, same):
    """The tests, named, as functions without arguments."""
    return [("jobs " + test.__name__,
             functools.partial(test, options, make_network, feeds_of, same))
            for test in (watched, simulated, memories)]
