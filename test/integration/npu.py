#!/usr/bin/env python3
# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Networks of which an NPU computes a part: the same bits as without one, with
the example driver, and what happens when it fails."""
import ctypes
import functools
import json
import os
import re
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import compiled
import edge_sim
import ethos_u
import npu_jobs
import npu_runs
import suite

DRIVER = os.path.join(suite.ROOT, "runtime", "npu", "desc")
SOURCES = [os.path.join(DRIVER, name)
           for name in ("driver.c", "sound.c", "int8.c")]
EXAMPLE = os.path.join(DRIVER, "example.json")
LINK = ["-O2", "-std=c11", "-Wall", "-Wextra", "-Werror", "-fPIC",
        "-ffp-contract=off", "-I" + os.path.join(suite.ROOT, "runtime",
                                                 "include"),
        *SOURCES, "-lm"]

EXAMPLE_DRIVER = ("--npu=desc:" + EXAMPLE, "example_npu_run",
                  SOURCES,
                  ["-DNPU_CHECK=real_npu_run"])

# Networks of the collection, and how many of their operations the example NPU
# computes at least.
NETWORKS = {"mlperf_ad_ae_int8": 10, "mlperf_ic_resnet8_int8": 13,
            "mlperf_kws_dscnn_int8": 10, "mlperf_vww_mbv1_int8": 30,
            "mcunet_vww_int8": 55, "hello_world_int8": 3}


class Builder:
    """Makes a network with a quantisation behind each operation."""

    def __init__(self):
        self.random = np.random.default_rng(5)
        self.nodes, self.initializers = [], []

    def constant(self, name, value):
        self.initializers.append(onnx.numpy_helper.from_array(
            np.asarray(value), name))
        return name

    def node(self, kind, inputs, name, **attributes):
        """An operation without a quantisation."""
        self.nodes.append(helper.make_node(kind, inputs, [name + ".real"],
                                           name=name, **attributes))
        return name + ".real"

    def quantised(self, name, source, scale, zero, kind=np.uint8):
        pair = [self.constant(name + ".scale", np.float32(scale)),
                self.constant(name + ".zero", kind(zero))]
        self.nodes.append(helper.make_node(
            "QuantizeLinear", [source, *pair], [name + ".q"],
            name=name + "/quantize"))
        self.nodes.append(helper.make_node("DequantizeLinear",
                                           [name + ".q", *pair], [name]))
        return name

    def convolution(self, name, source, inputs, outputs, scale, zero,
                    **attributes):
        groups = attributes.get("group", 1)
        size = attributes["kernel_shape"][0]
        weights = self.random.integers(
            -127, 128, (outputs, inputs // groups, size, size), np.int8)
        scales = self.random.uniform(0.002, 0.02, outputs).astype(np.float32)
        bias = self.random.integers(-900, 900, outputs).astype(np.int32)
        source_scale = np.float32(0.05)
        self.nodes.append(helper.make_node(
            "DequantizeLinear",
            [self.constant(name + ".w", weights),
             self.constant(name + ".ws", scales),
             self.constant(name + ".wz", np.zeros(outputs, np.int8))],
            [name + ".weights"], axis=0))
        self.nodes.append(helper.make_node(
            "DequantizeLinear",
            [self.constant(name + ".b", bias),
             self.constant(name + ".bs", source_scale * scales),
             self.constant(name + ".bz", np.zeros(outputs, np.int32))],
            [name + ".bias"], axis=0))
        total = self.node("Conv", [source, name + ".weights", name + ".bias"],
                          name, **attributes)
        return self.quantised(name, total, scale, zero)

    def save(self, path, shape, result):
        graph = helper.make_graph(
            self.nodes, "g",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
            [helper.make_tensor_value_info(result, TensorProto.FLOAT, None)],
            self.initializers)
        model = helper.make_model(graph, ir_version=9,
                                  opset_imports=[helper.make_opsetid("", 17)])
        onnx.save(onnx.shape_inference.infer_shapes(model), path)


def quantised_network(path):
    """Convolutions, a sum of two branches, a maximum and a softmax, of u8 with
    zero points."""
    b = Builder()
    x = b.quantised("input", "x", 0.05, 117)
    first = b.convolution("first", x, 3, 8, 0.05, 120, kernel_shape=[3, 3],
                          pads=[1, 1, 1, 1])
    deep = b.convolution("deep", first, 8, 8, 0.05, 131, kernel_shape=[3, 3],
                         group=8, pads=[0, 1, 2, 1])
    last = b.convolution("last", first, 8, 8, 0.05, 99, kernel_shape=[1, 1])
    joined = b.quantised("joined", b.node("Add", [deep, last], "join"), 0.07,
                         110)
    pooled = b.node("MaxPool", [joined], "pool", kernel_shape=[3, 2],
                    strides=[2, 2], pads=[1, 0, 1, 1])
    b.save(path, [1, 3, 11, 9], b.node("Softmax", [pooled], "softmax", axis=1))


def moving_network(path):
    """A limit, a concatenation, a border of its own value, a maximum and a
    transposition between two convolutions."""
    b = Builder()
    x = b.quantised("input", "x", 0.05, 117)
    left = b.convolution("left", x, 3, 8, 0.05, 120, kernel_shape=[3, 3])
    right = b.convolution("right", x, 3, 4, 0.05, 120, kernel_shape=[3, 3])
    limits = [b.constant("least", np.float32(-1.3)),
              b.constant("most", np.float32(4.1))]
    left = b.quantised("limited", b.node("Clip", [left, *limits], "limit"),
                       0.05, 120)
    both = b.quantised("both", b.node("Concat", [left, right], "concat",
                                      axis=1), 0.05, 120)
    pads = b.constant("pads", np.array([0, 0, 1, 0, 0, 0, 2, 1]))
    border = b.quantised(
        "border", b.node("Pad", [both, pads, b.constant(
            "value", np.float32(1.5))], "pad"), 0.05, 120)
    pooled = b.quantised("pooled", b.node("MaxPool", [border], "pool",
                                          kernel_shape=[2, 2]), 0.05, 120)
    turned = b.quantised("turned", b.node("Transpose", [pooled], "turn",
                                          perm=[0, 3, 2, 1]), 0.05, 120)
    b.convolution("last", turned, 7, 5, 0.05, 99, kernel_shape=[1, 1])
    b.save(path, [1, 3, 11, 9], "last")


def branching_network(path):
    """Two branches, one of them for the CPU."""
    b = Builder()
    b.save(path, [1, 3, 11, 9], npu_jobs.branches(b))


def random_feeds(path, count):
    """Inputs that use the whole range of their types."""
    random = np.random.default_rng(7)
    feeds = []
    for _ in range(count):
        feed = {}
        for value in onnx.load(path).graph.input:
            tensor = value.type.tensor_type
            shape = [d.dim_value or 1 for d in tensor.shape.dim]
            kind = helper.tensor_dtype_to_np_dtype(tensor.elem_type)
            if kind == np.float32:
                feed[value.name] = random.uniform(-6, 6, shape).astype(kind)
            else:
                info = np.iinfo(kind)
                feed[value.name] = random.integers(info.min, info.max + 1,
                                                   shape, kind)
        feeds.append(feed)
    return feeds


def same(got, want):
    for run, (a, b) in enumerate(zip(got, want)):
        for x, y in zip(a, b):
            if x.tobytes() != y.tobytes():
                raise suite.Failure(f"run {run}: {int((x != y).sum())} of "
                                    f"{x.size} elements differ")


def check_network(options, path, least, judge):
    feeds = random_feeds(path, 3)
    want = compiled.outputs(options, path, feeds)
    if judge:
        session = onnxruntime.InferenceSession(path)
        for feed, outputs in zip(feeds, want):
            for got, reference in zip(outputs, session.run(None, feed)):
                suite.compare(got, reference)
    def calls(library):
        return ctypes.c_uint.in_dll(library, "example_npu_calls")

    def prepare(fails_at):
        """The call that fails in each run, or no call."""
        numbers = iter(fails_at)

        def begin(library):
            calls(library).value = 0
            ctypes.c_uint.in_dll(library, "example_npu_fails_at").value = \
                next(numbers)
            return end

        def end(library):
            made.append(calls(library).value)
        made.clear()
        return begin

    made = []
    npu = ["--npu=desc:" + EXAMPLE]
    # The last run ends at its first call.
    got, placed = npu_runs.placed_outputs(options, path, feeds, least, npu,
                                          LINK, prepare([0, 0, 1]), [0, 0, 5])
    same(got[:-1], want)
    if made != [placed["regions"], placed["regions"], 1]:
        raise suite.Failure(f"{made} calls of {placed['regions']} regions")
    same(compiled.outputs(options, path, feeds, [*npu, "--npu-fallback=cpu"],
                          LINK, prepare([0, 1, placed["regions"]])), want)
    if made != [placed["regions"]] * 3:
        raise suite.Failure(f"{made} calls of {placed['regions']} regions")
    return (f"{placed['operations']} operations in {placed['regions']} "
            f"regions, {len(placed['on_cpu'])} on the CPU")


def mixed(options):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "mixed.onnx")
        quantised_network(path)
        return check_network(options, path, 5, judge=True)


def moving(options):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "moving.onnx")
        moving_network(path)
        return check_network(options, path, 8, judge=True)


def of_collection(name, least, options):
    path = os.path.join(options.zoo, "real", name + ".onnx") \
        if options.zoo else ""
    if not os.path.isfile(path):
        raise suite.Skip("the collection of models is not there")
    return check_network(options, path, least, judge=False)


def objects(options):
    """The driver is all that an object leaves undefined, on several CPUs, and
    its header compiles."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "mixed.onnx")
        quantised_network(path)
        for cpu in ["x86-64-v3", "cortex-a72", "cortex-m4", "cortex-m55",
                    "sifive-e31"]:
            for fallback in ["none", "cpu"]:
                target = os.path.join(folder, "n.o")
                suite.must([os.path.join(options.bin, "edgecc"), path, "-o",
                            target, "-mcpu=" + cpu, "--npu=desc:" + EXAMPLE,
                            "--npu-fallback=" + fallback], options.timeout)
                names = suite.must(["llvm-nm-22", "-u", target]).stdout.split()
                if [n for n in names if n != "U"] != ["example_npu_run"]:
                    raise suite.Failure(f"{cpu}: undefined: {names}")
                with open(os.path.join(folder, "n.h"),
                          encoding="utf-8") as f:
                    text = f.read()
                if "int32_t example_npu_run(" not in text or \
                        "_STACK_BYTES" not in text:
                    raise suite.Failure(f"{cpu}: the header lacks something")
        suite.must(["cc", "-std=c99", "-Wall", "-Wextra", "-Werror",
                    "-pedantic", "-fsyntax-only", "-x", "c",
                    os.path.join(folder, "n.h")])
    return "5 CPUs, with and without code for the CPU"


def refusals(options):
    """One error each, which says what to do, and no object."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "mixed.onnx")
        quantised_network(path)
        digits = os.path.join(suite.MODELS, "digits_cnn.onnx")
        with open(EXAMPLE, encoding="utf-8") as f:
            example = json.load(f)

        def changed(original, npu, name, changes):
            target = os.path.join(folder, f"{npu}-{name}.json")
            with open(target, "w", encoding="utf-8") as f:
                json.dump({k: v for k, v in {**original, **changes}.items()
                           if v is not None}, f)
            return f"--npu={npu}:{target}"

        def described(name, **changes):
            return changed(example, "desc", name, changes)

        def machine(name, **changes):
            return changed(edge_sim.machine(), "edge-sim", name, changes)

        npu = "--npu=desc:" + EXAMPLE
        cases = [
            (path, ["--npu=foo"], "unknown NPU 'foo' in --npu; expected one "
             "of desc"),
            (path, ["--npu=desc"], "--npu=desc expects a file"),
            (path, [npu, "--rounding=tflite"], "the NPU 'example' rounds as "
             "ONNX has it; expected --rounding=onnx"),
            (path, ["--npu=ethos-u55:128"], "the NPU 'ethos-u55:128' rounds as "
             "TFLite does; expected --rounding=tflite"),
            (path, ["--npu=ethos-u65:128"], "no configuration '128'; expected "
             "--npu=ethos-u65: and one of 256, 512"),
            (path, ["--npu=ethos-u85:256,Flash"], "no memory mode 'Flash'; "
             "expected one of Dedicated_Sram_384KB"),
            (path, ["--npu=ethos-u55:128,launch=no"],
             "has 'launch=no'; expected a number of cycles"),
            (path, ["--npu=ethos-u55:128,launch=9"],
             "expected cpu-macs= as well"),
            (path, ["--npu=desc:" + folder + "/no.json"], "cannot read"),
            (path, ["--npu-only"], "--npu, which is missing"),
            (path, [npu, "--npu-fallback=gpu"], "expected none or cpu"),
            (path, [npu, "-fno-integers"], "expected one of them"),
            (path, [npu, "-flayer-steps"], "expected --npu-fallback=cpu"),
            (path, [npu, "--npu-exclude=nobody"],
             "--npu-exclude=nobody names no operation"),
            (path, [npu, "--npu-only"],
             r"cannot run on the NPU 'example', and --npu-only.*"
             r"softmax \(softmax\): it works on real numbers"),
            (digits, [npu], "quantise it with --quantize=int8"),
            (path, [described("format", format=1)], "'format' expects 0"),
            (path, [described("driver", driver="a b")],
             "'driver' expects a C identifier"),
            (path, [described("types", types=["f32"])],
             "'types' expects some of i8, u8"),
            (path, [described("none", operators={})],
             "'operators' expects some of conv"),
            (path, [described("operator", operators={"lstm": {}})],
             "unknown operator 'lstm'"),
            (path, [described("field", extra=1)], "unknown field 'extra'"),
            (path, [described("limit", operators={"conv": {"max_kernel": 0}})],
             "'operators.conv.max_kernel' expects an integer of at least 1"),
            (path, [described("half", asynchronous={"start": "a"})],
             "'asynchronous.wait' expects a C identifier"),
            (path, [described("same", asynchronous={"start": "a",
                                                    "wait": "a"})],
             "expect three functions"),
            (path, [described("launch", costs={"launch_cycles": 5})],
             "'costs' has no 'cpu_macs_per_cycle' to compare with"),
            (path, [described("memory", limits={"weight_bytes": 0})],
             "'limits.weight_bytes' is 0, and"),
            (path, ["--npu=edge-sim:" + folder + "/no.json"], "cannot read"),
            (path, [machine("list", array=[])], "'array' expects an object"),
            (path, [machine("rows", array={"rows": 64})],
             "'array.rows' expects an integer from 1 to 32"),
            (path, [machine("dma", dma=None)],
             "'dma.bytes_per_cycle' is missing"),
            (path, [machine("memory", scratchpad_bytes=3)],
             "'scratchpad_bytes' expects an integer of at least 1024"),
            (path, [machine("field", extra=1)], "unknown field 'extra'"),
            (path, ["--npu=edge-sim", "--rounding=tflite"], "the NPU "
             "'edge-sim' rounds as ONNX has it"),
        ]
        for model, flags, want in cases:
            target = os.path.join(folder, "refused.o")
            p = suite.command([os.path.join(options.bin, "edgecc"), model,
                               "-o", target, *flags], options.timeout)
            if p.returncode != 1 or os.path.exists(target):
                raise suite.Failure(f"{flags}: exit {p.returncode}")
            if len(re.findall(r"error:", p.stderr)) != 1 or \
                    not re.search(want, p.stderr, re.DOTALL):
                raise suite.Failure(f"{flags}: {p.stderr[:300]!r}")
    return f"{len(cases)} refusals"


def reasons(options):
    """What stays on the CPU is listed with the sentence of its rule."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "mixed.onnx")
        quantised_network(path)
        with open(EXAMPLE, encoding="utf-8") as f:
            example = json.load(f)
        cases = [
            ({"types": ["i8"]}, "first",
             "its values are of u8, and the NPU takes i8"),
            ({"operators": {"matmul": {}}}, "deep",
             "the NPU has no operator 'depthwise_conv'"),
            ({"operators": {**example["operators"],
                            "conv": {"max_kernel": 2}}}, "first",
             "its kernel is 3, and the NPU takes 2 at most"),
            ({"operators": {**example["operators"],
                            "add": {"max_channels": 7}}}, "join",
             "it has 8 channels, and the NPU takes 7 at most"),
            ({"limits": {"weight_bytes": 100}}, "first",
             "its constants take [0-9]+ bytes, and the NPU takes 100 at most"),
            ({"costs": {"launch_cycles": 1e9, "cpu_macs_per_cycle": 1}},
             "first", "it would take 1000"),
            ({"costs": {"bytes_per_cycle": 1e-4, "cpu_macs_per_cycle": 1}},
             "first", r"it would take .*[0-9]{7,} to move data"),
            ({"costs": {"macs_per_cycle": 1e3, "bytes_per_cycle": 1e3,
                        "cpu_macs_per_cycle": 1, "cpu_values_per_cycle": 1e-4}},
             "first", r"it would take .*[0-9]{7,} to convert values at the "
             "border"),
        ]
        for changes, node, want in cases:
            described = os.path.join(folder, "npu.json")
            with open(described, "w", encoding="utf-8") as f:
                json.dump({**example, **changes}, f)
            text = suite.must([os.path.join(options.bin, "edgecc"), path, "-o",
                               os.path.join(folder, "n.o"), "--summary",
                               "--npu=desc:" + described]).stdout
            if not re.search(rf"^ +{node}[^\n]*: {want}", text, re.MULTILINE):
                raise suite.Failure(f"{want!r} is not said of {node}: {text}")
        text = suite.must([os.path.join(options.bin, "edgecc"), path, "-o",
                           os.path.join(folder, "n.o"), "--summary",
                           "--npu=desc:" + EXAMPLE,
                           "--npu-exclude=deep"]).stdout
        if not re.search(r"deep[^\n]*: --npu-exclude names it", text):
            raise suite.Failure("'deep' is not excluded")
    return f"{len(cases) + 1} sentences"


def damaged(make_network, npu, driver, sources, flags, options):
    """A driver refuses damaged programs or computes something else, but never
    leaves its memory."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "mixed.onnx")
        make_network(path)
        target = os.path.join(folder, "network.o")
        suite.must([os.path.join(options.bin, "edgecc"), path, "-o", target,
                    "--name=network", npu])
        checked = ["cc", "-O2", "-g", "-ffp-contract=off",
                   "-fsanitize=address,undefined",
                   "-fno-sanitize-recover=all", "-I" + folder,
                   "-I" + os.path.join(suite.ROOT, "runtime", "include")]
        objects = []
        for source in sources:
            objects.append(os.path.join(folder,
                                        os.path.basename(source) + ".o"))
            suite.must([*checked, "-c", f"-D{driver}=real_npu_run", source,
                        "-o", objects[-1]])
        program = os.path.join(folder, "fuzz")
        suite.must([*checked, *flags, "-DNPU_RUN=" + driver,
                    os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                 "npu_fuzz.c"), *objects, target, "-lm", "-o",
                    program])
        return suite.must([program, str(options.executions)],
                          options.timeout).stdout.strip()


# A network of one call, for npu_fuzz.c.
ONE_CALL = """#include "edgecc/npu.h"
typedef struct { uint32_t bytes; } tensor_t;
%s
enum { TENSORS = %d, FAST = %d };
extern unsigned ethos_u_is_absent;
int32_t NPU_RUN(const edgecc_npu_call_v0_t *call);
static int32_t run_network(const void *const *inputs, void *const *outputs,
                           void *arena, size_t arena_bytes) {
  static const size_t one = 1;
  static _Alignas(32) uint8_t tensors[TENSORS], fast[FAST + 1];
  edgecc_npu_call_v0_t call = {0, 1, 1, 0, program, sizeof program, inputs,
                               outputs, &one, &one, tensors, TENSORS, fast, FAST};
  (void)arena, (void)arena_bytes;
  /* Until there, the program itself runs. */
  ethos_u_is_absent = 1;
  return NPU_RUN(&call) == 0;
}
static const tensor_t bytes = {1};
static const struct {
  uint32_t num_inputs, num_outputs;
  const tensor_t *inputs, *outputs;
  int32_t (*run)(const void *const *, void *const *, void *, size_t);
} network_model = {1, 1, &bytes, &bytes, run_network};
#define NETWORK_ALIGNED
#define NETWORK_ARENA_BYTES 1
#define NETWORK_OK 0
"""


def damaged_ethos_u(options):
    """With `verify`, the driver of Ethos-U refuses all damaged programs."""
    with tempfile.TemporaryDirectory() as folder:
        def at(name):
            return os.path.join(folder, name)
        quantised_network(at("mixed.onnx"))
        suite.must([os.path.join(options.bin, "edgecc"), at("mixed.onnx"), "-o",
                    at("n.o"), ethos_u.ROUNDING, "--npu=ethos-u55:128,verify"],
                   options.timeout)
        with open(at("n.o"), "rb") as f:
            program, tensors, fast = ethos_u.program_in(f.read())
        with open(at("network.h"), "w", encoding="utf-8") as f:
            f.write(ONE_CALL % (npu_runs.c_array("program", program),
                                tensors, fast))
        here = os.path.dirname(os.path.abspath(__file__))
        suite.must(["cc", "-O2", "-g", "-fsanitize=address,undefined",
                    "-fno-sanitize-recover=all", "-I" + folder,
                    "-I" + os.path.join(suite.ROOT, "runtime", "include"),
                    "-DNPU_RUN=ethos_u_hook",
                    "-Dedgecc_ethos_u_run_whole=real_npu_run",
                    os.path.join(suite.ROOT, "runtime", "npu", "ethos_u",
                                 "driver.c"),
                    os.path.join(here, "npu_fuzz.c"), ethos_u.CORE, "-o",
                    at("fuzz")])
        p = suite.command([at("fuzz"), str(options.executions)],
                          options.timeout)
        want = f"{options.executions} of {options.executions} refused"
        if p.stdout.strip() != want:
            raise suite.Failure(p.stdout + p.stderr)
        return want


def outside(options):
    """A plug-in outside of the repository: test/npu_toy, which is copied away
    and built there."""
    if not os.path.exists(os.path.join(options.bin, "edgecc-with-toy")):
        raise suite.Skip("edgecc-with-toy is not built")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "mixed.onnx")
        quantised_network(path)
        feeds = random_feeds(path, 2)
        report = os.path.join(folder, "report.json")
        got = compiled.outputs(
            options, path, feeds, ["--npu=toy", "--report=" + report],
            ["-O2", "-fPIC", "-ffp-contract=off",
             "-I" + os.path.join(suite.ROOT, "runtime", "include"),
             os.path.join(suite.ROOT, "test", "npu_toy", "toy.c"), "-lm"],
            compiler="edgecc-with-toy")
        same(got, compiled.outputs(options, path, feeds))
        with open(report, encoding="utf-8") as f:
            placed = json.load(f)["npu"]
        if placed["operations"] != 1:
            raise suite.Failure(f"{placed}")
    return "one sum"


def ethos_u_mixed(options):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "mixed.onnx")
        quantised_network(path)
        return ethos_u.mixed(options, path, random_feeds(path, 2), same)


def ethos_u_jobs(options):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "branches.onnx")
        branching_network(path)
        return ethos_u.jobs(options, path, npu_jobs.EXCLUDED,
                            random_feeds(path, 2), same)


def ethos_u_configurations(options):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "mixed.onnx")
        quantised_network(path)
        return ethos_u.configurations(options, path)


def vela_fails(options):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "mixed.onnx")
        quantised_network(path)
        return ethos_u.vela_fails(options, path)


def main():
    parser = suite.parser(__doc__)
    parser.add_argument("--npu-tools", default=os.path.join(
        os.path.dirname(sys.prefix), "venv-npu", "bin"),
        help="the programs of utils/requirements-npu.txt")
    parser.add_argument("--zoo", help="a folder of models")
    parser.add_argument("--scratch", help="a folder of networks with weights")
    parser.add_argument("--executions", type=int, default=2000,
                        help="how many damaged programs the driver gets")
    options = parser.parse_args()
    options.tools = ethos_u.Tools(options.npu_tools)
    tests = [("mixed", mixed), ("moving", moving), ("objects", objects),
             ("refusals", refusals), ("reasons", reasons),
             ("damaged mixed", functools.partial(damaged, quantised_network,
                                                 *EXAMPLE_DRIVER)),
             ("damaged moving", functools.partial(damaged, moving_network,
                                                  *EXAMPLE_DRIVER)),
             ("damaged edge-sim", functools.partial(
                 damaged, quantised_network, "--npu=edge-sim", "edge_sim_run",
                 edge_sim.SIMULATOR, ["-DNPU_CHECK=edge_sim_check"])),
             ("damaged ethos-u", damaged_ethos_u),
             ("outside", outside), ("ethos-u mixed", ethos_u_mixed),
             ("ethos-u jobs", ethos_u_jobs),
             ("ethos-u configurations", ethos_u_configurations),
             ("vela fails", vela_fails)]
    for name, least in NETWORKS.items():
        tests.append((name, functools.partial(of_collection, name, least)))
    return suite.run([(name, functools.partial(test, options))
                      for name, test in tests] +
                     npu_jobs.tests(options, branching_network, random_feeds,
                                    same) +
                     edge_sim.tests(options, random_feeds, same) +
                     ethos_u.tests(options, random_feeds, same), options)


if __name__ == "__main__":
    sys.exit(main())
