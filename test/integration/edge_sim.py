# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Networks that the simulator of edge-sim computes: the bits of the CPU, how well
the array is used, and how good the prediction of cycles is. A part of the suite
npu."""
import ctypes
import functools
import json
import os
import tempfile

import numpy as np

import collection
import compiled
from npu_runs import c_array
import npu_runs
import suite

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.path.join(suite.ROOT, "runtime", "npu", "edge_sim")
SIMULATOR = [os.path.join(FOLDER, "simulator.c"),
             os.path.join(FOLDER, "command.c")]
LINK = ["-O2", "-std=c11", "-Wall", "-Wextra", "-Werror", "-Wno-unknown-pragmas",
        "-fPIC", "-ffreestanding", "-ffp-contract=off",
        "-I" + os.path.join(suite.ROOT, "runtime", "include"),
        *SIMULATOR]

# Networks of the collection, and how many of their operations the NPU computes
# at least.
NETWORKS = {"real/mlperf_ad_ae_int8": 10, "real/mlperf_ic_resnet8_int8": 13,
            "real/mlperf_kws_dscnn_int8": 10, "real/mlperf_vww_mbv1_int8": 30,
            "real/mcunet_vww_int8": 56, "real/hello_world_int8": 3,
            "digits/cnn_int8_qdq_s8s8_pc": 9, "digits/cnn_int8_qdq_u8s8": 9,
            "digits/cnn_int8_qop_u8u8": 9, "digits/cnn_qat_qdq": 9,
            "digits/mlp_int8_qdq_s8s8": 3, "digits/mlp_int8_qop_u8s8": 3,
            "digits/cnn_early_exit_int8_qdq": 9,
            "digits/big_2of4_int8_qdq": 7, "digits/big_pruned80_int8_qdq": 8,
            "digits/vit_int8_qdq": 49,
            "real/kws_micro_qdq": 8, "real/kws_micro_qoperator": 8}
# Those of which the array has to be busy with products most of the time.
UTILISED = {"real/mlperf_ic_resnet8_int8", "mobilenet_v2"}
LEAST_UTILISATION = 0.7
MOST_ERROR = 0.05


class Counts(ctypes.Structure):
    """edge_sim_counts_t."""
    _fields_ = [(name, ctypes.c_uint64) for name in
                ("cycles", "array_cycles", "vector_cycles", "load_cycles",
                 "store_cycles", "macs", "predicted_cycles", "cpu_cycles",
                 "waited_cycles")] + \
        [("calls", ctypes.c_uint32)]


def machine(path=os.path.join(FOLDER, "8x8x16.json")):
    """A description."""
    with open(path, encoding="utf-8") as f:
        return json.load(f)


def counts_of(library):
    return Counts.in_dll(library, "edge_sim_counts")


def without_device(options, path, feeds, flags):
    """What the CPU computes of the same network when no call succeeds."""
    with tempfile.TemporaryDirectory() as folder:
        stub = os.path.join(folder, "stub.c")
        with open(stub, "w", encoding="utf-8") as f:
            f.writelines(f"int edge_sim_{name}(void *call) {{ return !!call; }}\n"
                         for name in ("run", "start", "wait"))
        return compiled.outputs(options, path, feeds,
                                [*flags, "--npu-fallback=cpu"],
                                ["-fPIC", stub])


def check(options, path, least, feeds, same, npu="edge-sim", utilised=False,
          flags=(), is_example=False):
    """The bits of the CPU. An example also runs on a board, and on the CPU when
    the first or the last call fails."""
    made = []

    def prepare(fails_at):
        numbers = iter(fails_at)

        def begin(library):
            ctypes.memset(ctypes.addressof(counts_of(library)), 0,
                          ctypes.sizeof(Counts))
            ctypes.c_uint32.in_dll(library, "edge_sim_fails_at").value = \
                next(numbers)
            return lambda library: made.append(
                Counts.from_buffer_copy(counts_of(library)))
        return begin
    # What is quantised depends on the NPU.
    want = without_device(options, path, feeds, [*flags, "--npu=" + npu]) \
        if flags else compiled.outputs(options, path, feeds)
    got, placed = npu_runs.placed_outputs(
        options, path, [*feeds, feeds[0]], least, [*flags, "--npu=" + npu],
        LINK, prepare([0] * len(feeds) + [1]), [0] * len(feeds) + [5])
    same(got[:-1], want)
    counts = made[0]
    if is_example:
        same(compiled.outputs(options, path, [feeds[0]] * 2,
                              [*flags, "--npu=" + npu, "--npu-fallback=cpu"],
                              LINK, prepare([1, placed["regions"]])),
             [want[0]] * 2)
        data = c_array("input", next(iter(feeds[0].values())).tobytes()) + \
            c_array("expected", want[0][0].tobytes()) + \
            f"#define CYCLES {counts.cycles}\n"
        npu_runs.run(options, path, [*flags, "--npu=" + npu],
                      ["edge_sim_run"], data, [
                          os.path.join(HERE, "edge_sim_board.c"), *SIMULATOR],
                      ["-I" + FOLDER])
    error = counts.predicted_cycles / counts.cycles - 1
    if abs(error) > MOST_ERROR:
        raise suite.Failure(f"{counts.cycles} cycles, predicted "
                            f"{counts.predicted_cycles}")
    array = machine(*npu.split(":")[1:])["array"]
    peak = array["rows"] * array["columns"] * array["depth"]
    utilisation = counts.macs / (counts.cycles * peak)
    if utilised and utilisation < LEAST_UTILISATION:
        raise suite.Failure(f"utilisation of {utilisation:.3f}")
    return (f"{placed['operations']} operations in {placed['regions']} regions, "
            f"{len(placed['on_cpu'])} on the CPU, {counts.cycles} cycles, "
            f"utilisation {utilisation:.1%}, predicted {error:+.2%}")


def of_collection(name, least, options, feeds_of, same):
    path = os.path.join(options.zoo, name + ".onnx") if options.zoo else ""
    if not os.path.isfile(path):
        raise suite.Skip("the collection of models is not there")
    return check(options, path, least, feeds_of(path, 2), same,
                 utilised=name in UTILISED,
                 is_example=name == "real/mlperf_ic_resnet8_int8")


def in_tiles(name, options, feeds_of, same):
    """A small array of other proportions, with too little memory for layers."""
    path = os.path.join(options.zoo, name + ".onnx") if options.zoo else ""
    if not os.path.isfile(path):
        raise suite.Skip("the collection of models is not there")
    with tempfile.TemporaryDirectory() as folder:
        small = os.path.join(folder, "small.json")
        with open(small, "w", encoding="utf-8") as f:
            json.dump({"format": 0, "name": "small",
                       "array": {"rows": 5, "columns": 3, "depth": 7,
                                 "start_cycles": 9},
                       "vector": {"lanes": 4, "start_cycles": 3},
                       "scratchpad_bytes": 12288,
                       "dma": {"bytes_per_cycle": 4, "start_cycles": 20}}, f)
        return check(options, path, NETWORKS[name], feeds_of(path, 2), same,
                     npu="edge-sim:" + small)


def dynamic(options, feeds_of, same):
    """A network whose scales are known at run time only, quantised again."""
    if not options.zoo:
        raise suite.Skip("the collection of models is not there")
    folder = os.path.join(options.zoo, "digits")
    path = os.path.join(folder, "vit_int8_dynamic.onnx")
    return check(options, path, 40, feeds_of(path, 2), same,
                 flags=["--quantize=int8", "--calibrate=" +
                        os.path.join(folder, "digits_calib.npz")])


def mobilenet(options, feeds_of, same):
    """MobileNetV2, which edgecc quantises itself."""
    path = collection.find(options, "mobilenet_v2")
    feeds = feeds_of(path, 2)
    with tempfile.TemporaryDirectory() as folder:
        examples = os.path.join(folder, "examples.npz")
        np.savez(examples, **{name: np.concatenate([f[name] for f in feeds])
                              for name in feeds[0]})
        return check(options, path, 60, feeds[:1], same, utilised=True,
                     flags=["--quantize=int8", "--calibrate=" + examples])


def tests(options, feeds_of, same):
    """The tests, named, as functions without arguments."""
    return [("edge-sim " + name,
             functools.partial(of_collection, name, least, options, feeds_of,
                               same)) for name, least in NETWORKS.items()] + \
        [("edge-sim tiles of " + name,
          functools.partial(in_tiles, name, options, feeds_of, same))
         for name in ("real/mlperf_ic_resnet8_int8",
                      "real/mlperf_kws_dscnn_int8")] + \
        [("edge-sim digits/vit_int8_dynamic",
          functools.partial(dynamic, options, feeds_of, same)),
         ("edge-sim mobilenet_v2", functools.partial(mobilenet, options,
                                                     feeds_of, same))]
