#!/usr/bin/env python3
# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs whole networks through edgecc-run and compares with ONNX Runtime.

The repository's own networks always; with --zoo DIR also those of a model zoo
(a folder with models.json, make_reference.py and, for skeletons without
weights, materialize.py; refilled skeletons go to --scratch). Every network
runs in process, twice between pages that cannot be accessed with different
contents of the arena, those of test/models/litert.npz also with
--rounding=tflite. With --runner only the short list below does, on another CPU.
"""
import functools
import os
import sys

import numpy as np
import onnx
import onnxruntime as ort

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import collection
import exact
import suite

# One network of each kind, small enough for an emulator.
REPRESENTATIVE = """
digits_cnn mnist_cntk_op7 mnist_onnx2c mlperf_kws_dscnn_f32
mlperf_ic_resnet8_f32 mlperf_vww_mbv1_f32 mlperf_ad_ae_f32 digits_cnn_fp32_bn
digits_gru_fp32 digits_vit_fp32 cct_1_16_64 dtln_1 esp_streaming
silero_vad_16k_op15 mlperf_ic_resnet8_int8 mlperf_vww_mbv1_int8 kws_micro_qdq
digits_cnn_int16act_qdq_op21
""".split()

# Large enough that every kind of kernel is worth to be split.
THREADED = """
mobilenet_v2 resnet18 shufflenet_v2_x1_0 bert_mini gtcrn_simple
mlperf_ic_resnet8_f32
""".split()


def session(path, optimised, integers=False):
    """`integers`: 8-bit networks by ONNX Runtime's kernels on integers, which
    on x86-64 it takes for signed activations only when it is asked to."""
    ort.set_default_logger_severity(3)
    options = ort.SessionOptions()
    if integers:
        options.add_session_config_entry("session.qdqisint8allowed", "1")
    options.intra_op_num_threads = 1
    level = ort.GraphOptimizationLevel
    options.graph_optimization_level = (
        level.ORT_ENABLE_ALL if optimised else level.ORT_DISABLE_ALL)
    return ort.InferenceSession(path, options, ["CPUExecutionProvider"])


def has_open_shape(path, name):
    """Whether an input has symbolic dimensions."""
    return any(not isinstance(size, int)
               for i in session(path, False).get_inputs() if i.name == name
               for size in i.shape)


def agree(options, path, feeds, extra, bound=1e-4):
    """Compares on each feed, quantised networks also with what ONNX Runtime
    computes in integers. Where the rounding of a network makes more than
    `bound`, it may differ at most by twice what ONNX Runtime differs from
    itself when it optimises, or by one unit of an 8-bit output, or it must be
    as near to exact arithmetic as ONNX Runtime is."""
    reference = session(path, optimised=False)
    if not any(flag.startswith("--runner") for flag in extra):
        extra = [*extra, "--check-memory"]
    others = [lambda feed: session(path, optimised=True, integers=True).run(
        None, feed)] if is_quantised(path) else []
    detail = ""
    for feed in feeds:
        want = reference.run(None, feed)
        got = suite.edgecc_run(options, path, feed, extra)
        if len(got) != len(want):
            raise suite.Failure(f"{len(got)} outputs, expected {len(want)}")
        try:
            detail = compare_any(got, bound, want,
                                 [functools.partial(o, feed) for o in others])
        except suite.Failure:
            apart = session(path, optimised=True).run(None, feed)
            try:
                for g, w, o in zip(got, want, apart):
                    unit = float(w.dtype in (np.int8, np.uint8))
                    suite.compare(g, w, bound, max(unit, 2 * distance(w, o)))
                detail = "no more than ONNX Runtime differs from itself"
            except suite.Failure as e:
                detail = nearer(path, feed, got, want, str(e))
    return detail


def nearer(path, feed, got, want, failure):
    """Failure unless each of `got` is no farther from exact arithmetic than
    `want`, or than the rounding to its element type."""
    try:
        outputs = exact.run(path, feed)
    except NotImplementedError:
        raise suite.Failure(failure)
    for g, w, e in zip(got, want, outputs, strict=True):
        rounded = e.astype(w.dtype)
        if g.shape != e.shape or g.dtype != w.dtype:
            raise suite.Failure(failure)
        ours, theirs, least = (
            np.linalg.norm(a.astype(float) - e) for a in (g, w, rounded))
        if not ours <= 1.01 * max(theirs, least):
            raise suite.Failure(f"{failure}; {ours:.2e} from exact arithmetic, "
                                f"ONNX Runtime {theirs:.2e}")
    return "as near to exact arithmetic as ONNX Runtime"


def litert_outputs():
    """What TFLite's kernels return, a list of cases by name of the network."""
    outputs = {}
    with np.load(os.path.join(suite.MODELS, "litert.npz")) as z:
        for key in z:
            outputs.setdefault(key.rsplit(".", 1)[0], []).append(z[key])
    return outputs


def rounds_as_tflite(options, path, feeds, wants, extra):
    """Failure unless each feed gives the bits of TFLite's kernels."""
    for feed, want in zip(feeds, wants):
        got = suite.edgecc_run(options, path, feed,
                               [*extra, "--rounding=tflite"])[0]
        if got.dtype != want.dtype or not np.array_equal(got, want):
            raise suite.Failure(f"{np.count_nonzero(got != want)} of "
                                f"{want.size} elements differ from TFLite's")
    return f"the bits of TFLite, {len(wants)} times"


def same_on_threads(options, path, feed, extra):
    """Failure unless kernels that are split give the same bits."""
    want = suite.edgecc_run(options, path, feed, extra)
    for threads in (2, 3):
        got = suite.edgecc_run(options, path, feed,
                               [*extra, f"-fthreads={threads}"])
        for g, w in zip(got, want):
            if np.asarray(g).tobytes() != np.asarray(w).tobytes():
                raise suite.Failure(f"other bits with -fthreads={threads}")
    return "the same bits with 1, 2 and 3 threads"


def is_quantised(path):
    """Whether any node makes or takes integers that stand for numbers."""
    return any("Quantize" in n.op_type or n.op_type.startswith("QLinear")
               for n in onnx.load(path, load_external_data=False).graph.node)


def compare_any(got, bound, want, others):
    """Failure unless all of `got` are within `bound` of `want` or of what one of
    `others` returns."""
    try:
        return [suite.compare(g, w, bound) for g, w in zip(got, want)][-1]
    except suite.Failure:
        if not others:
            raise
        other, *rest = others
        compare_any(got, bound, other(), rest)
        return "as ONNX Runtime's kernels on integers"


def distance(a, b):
    """The largest finite difference of two arrays."""
    difference = np.abs(np.asarray(a, float) - np.asarray(b, float))
    return difference[np.isfinite(difference)].max(initial=0.0)


def refused(options, path, extra):
    """A Failure if the network runs; else Skip with the message it got."""
    target = os.path.join(options.scratch, os.path.basename(path) + ".npz")
    source = target + ".in.npz"
    suite.write_npz(source, {})
    p = suite.command([os.path.join(options.bin, "edgecc-run"), path,
                       "--inputs=" + source, "--outputs=" + target, *extra],
                      options.timeout)
    if p.returncode <= 0 or not p.stderr.strip() or os.path.exists(target):
        raise suite.Failure(f"not refused cleanly: exit {p.returncode}")
    return p.stderr.strip().splitlines()[0][:100]


def own_networks():
    with np.load(os.path.join(suite.MODELS, "digits_cnn.npz")) as z:
        pictures = z["pictures"].astype(np.float32) / 16
    yield ("digits_cnn", os.path.join(suite.MODELS, "digits_cnn.onnx"),
           [{"image": p[None, None]} for p in pictures[:3]])


def zoo_networks(zoo, scratch):
    sys.path.insert(0, zoo)
    import make_reference
    for m in collection.entries(zoo):
        path = collection.path_of(m, zoo, scratch)
        feeds = None
        if m["runs"]:
            feeds = [
                {s["name"]: x for s, x in
                 zip(m["inputs"], make_reference.gen_inputs(m["inputs"], case))}
                for case in range(min(3, m.get("cases", 1)))]
        yield m["name"], path, feeds


def main():
    p = suite.parser(__doc__)
    p.add_argument("--zoo", default="")
    p.add_argument("--scratch", default=os.path.join(suite.ROOT, "build",
                                                     "test", "zoo"))
    p.add_argument("--mcpu", default="")
    p.add_argument("--target", default="")
    p.add_argument("--runner", default="")
    options = p.parse_args()
    os.makedirs(options.scratch, exist_ok=True)
    extra = [f"-mcpu={options.mcpu}"] if options.mcpu else []
    extra += [f"--target={options.target}"] if options.target else []
    extra += [f"--runner={options.runner}"] if options.runner else []

    litert = litert_outputs()
    networks = list(own_networks())
    if options.zoo:
        networks += zoo_networks(options.zoo, options.scratch)
    tests = []
    for name, path, feeds in networks:
        if options.runner and name not in REPRESENTATIVE:
            continue
        if feeds is None:
            test = functools.partial(refused, options, path, extra)
        else:
            test = functools.partial(agree, options, path, feeds, extra)
        tests.append((name, test))
        if name in litert:
            tests.append((name + " as TFLite", functools.partial(
                rounds_as_tflite, options, path, feeds, litert[name], extra)))
        if name in THREADED and not options.runner:
            tests.append((name + " on threads", functools.partial(
                same_on_threads, options, path, feeds[0], extra)))
    return suite.run(tests, options)


if __name__ == "__main__":
    sys.exit(main())
