#!/usr/bin/env python3
# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Networks that the compiler prunes: the results of ONNX Runtime on the network
with the same masks, or with weights that NumPy finds; and with --zoo DIR how many
test pictures that zoo's largest digits network gets right."""
import functools
import json
import os
import sys
import tempfile

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import compiled
import models
import suite

NETWORK = os.path.join(suite.MODELS, "digits_cnn.onnx")
# Fewer weights for an output channel stay as they are.
LEAST_ROWS = 16
# Form, output channels and input channels of a block.
SHARES = [("magnitude:0.7", 1, 1), ("magnitude:0.5:4x1", 4, 1),
          ("magnitude:50%:1x4", 1, 4), ("magnitude:0.6:4x4", 4, 4),
          ("magnitude:0.5:16x1", 16, 1), ("magnitude:0.6:uniform", 1, 1),
          ("magnitude:0.5:4x1:uniform", 4, 1)]
GROUPS = [(2, 4), (1, 4), (4, 8)]


def layers(model):
    """The weights of each layer, output channels first, by the name of its
    node: node, and how to read and write them."""
    weights = {i.name: i for i in model.graph.initializer}
    found = {}
    for node in model.graph.node:
        if node.op_type in ("Conv", "Gemm"):
            found[node.name] = weights[node.input[1]]
    return found


def pictures():
    with np.load(os.path.join(suite.MODELS, "digits_cnn.npz")) as z:
        return z["pictures"].astype(np.float32)[:, None, None] / 16


def run(options, flags, folder, inputs):
    """What the compiler's network gives, and the masks that it writes."""
    path = os.path.join(folder, "masks.npz")
    got = compiled.outputs(options, NETWORK, [{"image": x} for x in inputs],
                           [*flags, "--emit-mask=" + path])
    with np.load(path) as z:
        return np.array([g[0] for g in got]), dict(z)


def reference(model, folder, inputs, name="image"):
    path = os.path.join(folder, "reference.onnx")
    onnx.save(model, path)
    session = models.session(path, optimised=False)
    return np.array([session.run(None, {name: x})[0] for x in inputs])


def set_weights(tensor, array):
    tensor.CopyFrom(numpy_helper.from_array(
        np.ascontiguousarray(array, np.float32), tensor.name))


def masked(masks):
    model = onnx.load(NETWORK)
    for name, tensor in layers(model).items():
        set_weights(tensor, numpy_helper.to_array(tensor) * masks[name])
    return model


def same_as_masked(options, flags, check):
    """The masks are as they should be, and so are the results with them."""
    with tempfile.TemporaryDirectory() as folder:
        inputs = pictures()[:20]
        got, masks = run(options, flags, folder, inputs)
        check({name: numpy_helper.to_array(tensor)
               for name, tensor in layers(onnx.load(NETWORK)).items()}, masks)
        return suite.compare(got, reference(masked(masks), folder, inputs),
                             relative=1e-5)


def inputs_last(array):
    """Output channels, kernel, input channels."""
    return np.moveaxis(array, 1, -1)


def check_groups(kept, group, weights, masks):
    """In each group the largest weights stay."""
    for name, mask in masks.items():
        if weights[name][0].size < LEAST_ROWS or \
                weights[name].shape[1] % group:
            assert mask.all(), name
            continue
        w, m = (inputs_last(a).reshape(-1, group) for a in (weights[name], mask))
        order = np.argsort(-np.abs(w), axis=1, kind="stable")
        want = np.zeros_like(m)
        np.put_along_axis(want, order[:, :kept], True, axis=1)
        if not np.array_equal(m, want):
            raise suite.Failure(f"{name} has other zeros")


def check_shares(share, outputs, inputs, is_uniform, weights, masks):
    """Blocks are zero together, as many as asked for (in each layer), the
    smallest of a layer first."""
    zeros = total = 0
    for name, mask in masks.items():
        if weights[name][0].size < LEAST_ROWS:
            assert mask.all(), name
            continue
        zeros, total = zeros + (~mask).sum(), total + mask.size
        energy, kept = [], []
        w, m = inputs_last(weights[name]), inputs_last(mask)
        w, m = (a.reshape(a.shape[0], -1, a.shape[-1]) for a in (w, m))
        for o in range(0, w.shape[0], outputs):
            for i in range(0, w.shape[2], inputs):
                block = np.s_[o:o + outputs, :, i:i + inputs]
                energy += [np.square(w[block], dtype=np.float64).mean((0, 2))]
                if (m[block].any((0, 2)) != m[block].all((0, 2))).any():
                    raise suite.Failure(f"{name} has parts of blocks")
                kept += [m[block].any((0, 2))]
        energy, kept = np.ravel(energy), np.ravel(kept)
        if not kept.any() or energy[~kept].max(initial=0) > energy[kept].min():
            raise suite.Failure(f"{name} keeps the wrong blocks")
        if is_uniform and abs((~kept).sum() - share * kept.size) > 0.5:
            raise suite.Failure(
                f"{(~kept).sum()} of {kept.size} blocks of {name} are zero")
    if abs(zeros / total - share) > 0.01:
        raise suite.Failure(f"{zeros} of {total} weights are zero")


def given_masks(options):
    """Masks of some layers, in types that training frameworks write."""
    random = np.random.default_rng(8)
    with tempfile.TemporaryDirectory() as folder:
        inputs = pictures()[:20]
        masks = {name: random.random(tensor.dims) < 0.6
                 for name, tensor in layers(onnx.load(NETWORK)).items()}
        masks["first"][:] = True
        masks["stem"] = masks["stem"].astype(np.float32)
        masks["depthwise"] = masks["depthwise"].astype(np.uint8)
        path = os.path.join(folder, "given.npz")
        np.savez(path, **{n: m for n, m in masks.items() if n != "first"})
        got, written = run(options, ["--prune-mask=" + path], folder, inputs)
        for name, mask in masks.items():
            if not np.array_equal(written[name], mask != 0):
                raise suite.Failure(f"{name} has another mask")
        return suite.compare(got, reference(masked(masks), folder, inputs),
                             relative=1e-5)


def patches(x, kernel):
    """The windows of a convolution with a border of one and steps of one: a row
    of input channels by kernel for each position."""
    if kernel == (1, 1):
        return np.moveaxis(x, 1, -1).reshape(-1, x.shape[1])
    x = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(x, kernel, axis=(2, 3))
    return np.moveaxis(windows, 1, 3).reshape(-1, x.shape[1] * np.prod(kernel))


def least_squares(masks, folder, inputs):
    """The network whose products with the masked weights are nearest to those
    with all weights, for the inputs of layers in the whole network."""
    model = onnx.load(NETWORK)
    reads = {n.name: n.input[0] for n in model.graph.node}
    tapped = onnx.load(NETWORK)
    for name in {reads[n] for n in layers(model) if reads[n] != "image"}:
        tapped.graph.output.append(onnx.ValueInfoProto(name=name))
    path = os.path.join(folder, "tapped.onnx")
    onnx.save(tapped, path)
    session = models.session(path, optimised=False)
    names = [o.name for o in session.get_outputs()]
    values = [dict(zip(names, session.run(None, {"image": x})), image=x)
              for x in inputs]
    for name, tensor in layers(model).items():
        weights = numpy_helper.to_array(tensor).astype(np.float64)
        mask = masks[name]
        if mask.all():
            continue
        x = np.concatenate([v[reads[name]] for v in values]).astype(np.float64)
        rows = x if x.ndim == 2 else patches(x, mask.shape[2:])
        moments = rows.T @ rows
        moments += 0.01 * np.diag(moments).mean() * np.eye(len(moments))
        flat, kept = weights.reshape(len(weights), -1), mask.reshape(len(mask), -1)
        for row, stays in zip(flat, kept):
            solution = np.linalg.solve(moments[np.ix_(stays, stays)],
                                       (moments @ row)[stays])
            row[:] = 0
            row[stays] = solution
        set_weights(tensor, weights)
    return model


def makes_good(options, form, density):
    """Weights that stay are those that NumPy finds, and better than those that
    were there."""
    with tempfile.TemporaryDirectory() as folder:
        examples, inputs = pictures()[:100], pictures()[100:140]
        path = os.path.join(folder, "examples.npz")
        np.savez(path, image=examples[:, 0])
        got, masks = run(options, ["--prune=" + form, "--calibrate=" + path],
                         folder, inputs)
        chosen = [m for m in masks.values() if not m.all()]
        share = sum(m.sum() for m in chosen) / sum(m.size for m in chosen)
        if abs(share - density) > 0.02:
            raise suite.Failure(f"{share:.3f} of the weights stay")
        want = reference(least_squares(masks, folder, examples), folder, inputs)
        detail = suite.compare(got, want, relative=1e-4)
        whole = reference(onnx.load(NETWORK), folder, inputs)
        plain = reference(masked(masks), folder, inputs)
        off, before = (np.linalg.norm(a - whole) / np.linalg.norm(whole)
                       for a in (got, plain))
        if off > 0.6 * before:
            raise suite.Failure(f"off by {off:.3f}, {before:.3f} without")
        return f"{detail}, off by {off:.3f} instead of {before:.3f}"


def network(name, nodes, constants, inputs, outputs):
    """A model of `x` and `y`, of these shapes."""
    value = functools.partial(helper.make_tensor_value_info,
                              elem_type=TensorProto.FLOAT)
    graph = helper.make_graph(
        nodes, name, [value("x", shape=inputs)],
        [value("y", shape=outputs)],
        [numpy_helper.from_array(a.astype(np.float32), n)
         for n, a in constants.items()])
    model = helper.make_model(graph,
                              opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    return model


def two_products():
    """A 3x3 convolution and a dense layer that are wide enough to be two."""
    random = np.random.default_rng(11)
    constants = {"c.w": random.standard_normal((40, 16, 3, 3)) / 12,
                 "c.b": random.standard_normal(40),
                 "d.w": random.standard_normal((48, 40 * 36)) / 38,
                 "d.b": random.standard_normal(48)}
    nodes = [helper.make_node("Conv", ["x", "c.w", "c.b"], ["c"], "c",
                              pads=[1] * 4),
             helper.make_node("Relu", ["c"], ["r"], "r"),
             helper.make_node("Flatten", ["r"], ["f"], "f"),
             helper.make_node("Gemm", ["f", "d.w", "d.b"], ["y"], "d",
                              transB=1)]
    model = network("two", nodes, constants, [1, 16, 6, 6], [1, 48])
    # Channels that have much to do with each other.
    mixed = random.standard_normal((16, 16)) * 0.7**np.arange(16)[:, None]
    x = np.einsum("nchw,cd->ndhw", random.standard_normal((80, 16, 6, 6)), mixed)
    return model, x[:, None].astype(np.float32)


def nearest_of_rank(weights, rows, share):
    """The matrix of a rank with so many multiplications whose products with
    `rows` are nearest, and how far off they are, by NumPy."""
    moments = rows.T @ rows
    moments += 0.01 * np.diag(moments).mean() * np.eye(len(moments))
    squares, directions = np.linalg.eigh(weights.T @ moments @ weights)
    rank = int(share * weights.size / sum(weights.shape))
    best = directions[:, -rank:]
    off = np.sqrt(squares[:-rank].sum() / squares.sum())
    return weights @ best @ best.T, rank, off


def low_rank(options, share):
    """Layers become two by the directions that NumPy finds, which are said with
    what they leave out."""
    with tempfile.TemporaryDirectory() as folder:
        model, inputs = two_products()
        path, file = (os.path.join(folder, n) for n in ("n.onnx", "x.npz"))
        onnx.save(model, path)
        np.savez(file, x=inputs[:60, 0])
        flags = [f"--low-rank={share}", "--calibrate=" + file]
        got = np.concatenate([g[0] for g in compiled.outputs(
            options, path, [{"x": x} for x in inputs[60:]], flags)])
        said = suite.must([os.path.join(options.bin, "edgecc"), path, "-v", "-o",
                           os.path.join(folder, "n.o"), *flags],
                          options.timeout).stderr
        tensors = {t.name: t for t in model.graph.initializer}
        model.graph.output.append(onnx.ValueInfoProto(name="f"))
        whole = os.path.join(folder, "whole.onnx")
        onnx.save(model, whole)
        session = models.session(whole, optimised=False)
        flat = np.concatenate([session.run(["f"], {"x": x})[0]
                               for x in inputs[:60]])
        del model.graph.output[-1]
        for name, rows in (("c.w", patches(inputs[:60, 0], (3, 3))),
                           ("d.w", flat)):
            weights = numpy_helper.to_array(tensors[name]).astype(np.float64)
            shape = weights.shape
            near, rank, off = nearest_of_rank(
                weights.reshape(shape[0], -1).T, rows.astype(np.float64), share)
            set_weights(tensors[name], near.T.reshape(shape))
            line = f"{name[0]}: has rank {rank} of"
            if line not in said or f"off by {off:.4f}" not in said:
                raise suite.Failure(f"{line} ..., off by {off:.4f}; {said}")
        want = reference(model, folder, inputs[60:], "x")
        return suite.compare(got, want.reshape(got.shape), relative=1e-4)


def low_rank_refused(options):
    """What would be too far off stays, and the report says what it needs."""
    with tempfile.TemporaryDirectory() as folder:
        model, inputs = two_products()
        path, file = (os.path.join(folder, n) for n in ("n.onnx", "x.npz"))
        onnx.save(model, path)
        np.savez(file, x=inputs[:60, 0])
        command = [os.path.join(options.bin, "edgecc"), path, "-o",
                   os.path.join(folder, "n.o")]
        said = suite.must([*command, "--low-rank=0.5:1%", "--calibrate=" + file],
                          options.timeout).stderr
        for name in "cd":
            if f"{name}: stays as it is: rank" not in said:
                raise suite.Failure(said)
        for flags, message in (
                (["--low-rank=0.5"], "which --calibrate names"),
                (["--low-rank=1.5"], "above 0 and below 1"),
                (["--low-rank=0.5:x"], "above 0 and below 1")):
            p = suite.command([*command, *flags], options.timeout)
            if p.returncode != 1 or message not in p.stderr:
                raise suite.Failure(f"{flags}: exit {p.returncode}: {p.stderr}")
        return said.splitlines()[0][:120]


def dead_channels():
    """A network of residual additions, a depthwise convolution and a join, whose
    channels partly have no weights, and nothing that reads them: and how many
    multiplications are left without them."""
    random = np.random.default_rng(3)
    constants, nodes = {}, []

    def conv(source, target, inputs, outputs, kernel=1, groups=1, made=(),
             read=(), bias=True):
        """A convolution that leaves out channels that it makes and reads."""
        w = random.standard_normal((outputs, inputs // groups, kernel, kernel))
        b = random.standard_normal(outputs)
        w[list(made)], b[list(made)] = 0, b[list(made)] * bias
        if groups == 1:
            w[:, list(read)] = 0
        constants.update({target + ".w": w, target + ".b": b})
        nodes.append(helper.make_node(
            "Conv", [source, target + ".w", target + ".b"], [target], target,
            pads=[kernel // 2] * 4, group=groups))

    def node(kind, sources, target, **attributes):
        nodes.append(helper.make_node(kind, sources, [target], target,
                                      **attributes))

    conv("x", "a", 3, 16, 3, made=[1, 4, 5, 8, 9], bias=False)
    node("Relu", ["a"], "ar")
    conv("ar", "b", 16, 16, 3, 16, made=[1, 4, 5, 8, 9], bias=False)
    conv("b", "c", 16, 16, made=[1, 4, 7, 8, 9], bias=False)
    node("Add", ["ar", "c"], "s")             # 1, 4, 8 and 9 are zero
    conv("s", "d", 16, 8, 3, made=[2, 3, 5, 6], bias=True)
    node("Sigmoid", ["d"], "ds")              # those are numbers
    conv("s", "e", 16, 6, 1)
    node("Concat", ["ds", "e"], "j", axis=1)
    conv("j", "f", 14, 5, 1, read=[9, 13])    # nothing reads 1 and 5 of e
    node("GlobalAveragePool", ["f"], "p")
    node("Flatten", ["p"], "y")
    model = network("dead", nodes, constants, [1, 3, 10, 10], [1, 5])
    # a keeps 5: the sum has it from c, and the depthwise convolution goes along.
    # Widths over 4 are multiples of 4.
    macs = 100 * (12 * 3 * 9 + 12 * 9 + 12 * 12 + 4 * 12 * 9 + 4 * 12 + 5 * 8)
    return model, macs


def layer_report(options, path, folder, flags=()):
    report = os.path.join(folder, "report.json")
    suite.must([os.path.join(options.bin, "edgecc"), path, "--name=network",
                "-o", os.path.join(folder, "network.o"),
                "--report=" + report, *flags], options.timeout)
    with open(report) as f:
        return json.load(f)


def without_dead_channels(options):
    model, macs = dead_channels()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "dead.onnx")
        onnx.save(model, path)
        x = np.random.default_rng(4).standard_normal((1, 3, 10, 10))
        x = x.astype(np.float32)
        got = suite.edgecc_run(options, path, {"x": x})[0]
        want = models.session(path, optimised=False).run(None, {"x": x})[0]
        found = layer_report(options, path, folder)["macs"]
        if found != macs:
            raise suite.Failure(f"{found} multiplications, expected {macs}")
        return suite.compare(got, want, relative=1e-5)


def fewer_channels(options, share, quantize):
    """A share of the multiplications is gone, and most answers are the same."""
    with tempfile.TemporaryDirectory() as folder:
        with np.load(os.path.join(suite.MODELS, "digits_cnn.npz")) as z:
            labels = z["labels"]
        inputs = pictures()
        path = os.path.join(folder, "examples.npz")
        np.savez(path, image=inputs[:200, 0])
        flags = [f"--prune=channels:{share}", "--calibrate=" + path, *quantize]
        got = compiled.outputs(options, NETWORK,
                               [{"image": x} for x in inputs], flags)
        right = np.mean([g[0].argmax() == y for g, y in zip(got, labels)])
        before, after = (layer_report(options, NETWORK, folder, f)["macs"]
                         for f in ((), flags))
        detail = f"{before} multiplications, now {after}; {right:.3f} are right"
        if after > (1 - share) * before or right < 0.9:
            raise suite.Failure(detail)
        return detail


def loss_on_examples(options, flags, folder):
    """What results of ONNX Runtime and those of the compiler differ by on the
    examples, the share of answers that are lost, and the report, which says
    both where nothing runs."""
    with np.load(os.path.join(suite.MODELS, "digits_cnn.npz")) as z:
        labels = z["labels"][:100]
    inputs = pictures()[:100]
    path = os.path.join(folder, "examples.npz")
    np.savez(path, image=inputs[:, 0], labels=labels)
    flags = [*flags, "--calibrate=" + path]
    report = layer_report(options, NETWORK, folder, flags)
    if "-mcpu=cortex-m4" in flags:
        said, = report["losses"]
        return said["divergence"], said["answers"], report
    got = np.array([g[0] for g in compiled.outputs(
        options, NETWORK, [{"image": x} for x in inputs], flags)])
    want = reference(onnx.load(NETWORK), folder, inputs)
    off = np.linalg.norm(got - want) / np.linalg.norm(want)
    right = [np.sum(a.reshape(len(a), -1).argmax(1) == labels)
             for a in (want, got)]
    return off, (right[0] - right[1]) / len(labels), report


def says_what_is_lost(options, flags):
    """The report has what NumPy finds."""
    with tempfile.TemporaryDirectory() as folder:
        off, lost, report = loss_on_examples(options, flags, folder)
        whole = layer_report(options, NETWORK, folder)["macs"]
    said, = report["losses"]
    detail = f"{said}; {off:.4f} and {lost:.3f} by NumPy"
    saved = said.get("saved_macs", 0)
    if abs(said["divergence"] - off) > 1e-3 * off or \
            abs(said["answers"] - lost) > 1e-6 or \
            abs(saved - (1 - report["macs"] / whole)) > 1e-3:
        raise suite.Failure(f"{detail}; {report['macs']} of {whole}")
    return detail


def within_limits(options, flags, limits):
    """Zeros, and forms, that keep to limits of loss, of bytes and of time."""
    with tempfile.TemporaryDirectory() as folder:
        spelled = [f"--max-{name}={value}" for name, value in limits.items()]
        off, lost, report = loss_on_examples(options, [*flags, *spelled],
                                             folder)
        kept = [f for f in flags if f.startswith("-m") or f == "-Os"]
        whole = layer_report(options, NETWORK, folder, kept)
    memory = report["memory"]
    reached = {"loss": max(lost, 0), "bytes": memory["constant_bytes"],
               "flash": memory["code_bytes"] + memory["constant_bytes"],
               "latency": (report["predicted"] or {}).get("us")}
    zeros = sum(layer["weights"]["sparsity"] > 0.4
                for layer in report["layers"] if layer.get("weights"))
    detail = (f"{zeros} layers with zeros, off by {off:.3f}, {reached}, "
              f"{whole['memory']['constant_bytes']} bytes before")
    if any(reached[name] > limit for name, limit in limits.items()):
        raise suite.Failure(f"{detail}; limits {limits}")
    if memory["constant_bytes"] >= whole["memory"]["constant_bytes"]:
        raise suite.Failure(f"no smaller: {detail}")
    return detail


def better_in_rounds(options, form):
    """Several rounds change results less than one."""
    with tempfile.TemporaryDirectory() as folder:
        once, more = (loss_on_examples(options, ["--prune=" + form + rounds],
                                       folder)[0] for rounds in ("", ":rounds=4"))
    detail = f"off by {once:.3f}, in four rounds by {more:.3f}"
    if more >= once:
        raise suite.Failure(detail)
    return detail


def small_on_microcontrollers(options):
    """Zeros take no flash, and the result has the same bits."""
    path = os.path.join(options.zoo, "digits", "big_pruned80_int8_qdq.onnx")
    with np.load(os.path.join(options.zoo, "digits", "digits_test.npz")) as z:
        x = z["x"][:1]
    sizes, results = [], []
    with tempfile.TemporaryDirectory() as folder:
        for flags in ([], ["-fno-sparse"]):
            flags = [*flags, "-Os"]
            report = layer_report(options, path, folder,
                                  ["-mcpu=cortex-m4", *flags])
            said = {(layer["weights"]["pattern"], layer["weights"]["kernel"])
                    for layer in report["layers"]
                    if layer.get("weights", {}).get("sparsity", 0) > 0.7}
            if "-fno-sparse" not in flags and said != {("unstructured",
                                                        "sparse")}:
                raise suite.Failure(f"the report says {said}")
            memory = report["memory"]
            sizes.append(memory["code_bytes"] + memory["constant_bytes"])
            results.append(suite.edgecc_run(options, path, {"x": x},
                                            ["--board=mps2-an386", *flags])[0])
    detail = f"{sizes[0]} bytes, {sizes[1]} with zeros"
    if sizes[0] > 0.45 * sizes[1] or not np.array_equal(*results):
        raise suite.Failure(f"{detail}; {results}")
    return detail


def accurate(options, form, quantize, loss):
    """Of 360 pictures that the network has not seen at most `loss` are lost."""
    folder = os.path.join(options.zoo, "digits")
    path = os.path.join(folder, "big_fp32.onnx")
    with np.load(os.path.join(folder, "digits_test.npz")) as z:
        x, labels = z["x"], z["y"]
    flags = ["--prune=" + form,
             "--calibrate=" + os.path.join(folder, "digits_calib.npz"),
             *quantize]
    got = compiled.outputs(options, path, [{"x": p[None]} for p in x], flags)
    right = sum(g[0].argmax() == y for g, y in zip(got, labels))
    session = models.session(path, optimised=False)
    want = sum(session.run(None, {"x": p[None]})[0].argmax() == y
               for p, y in zip(x, labels))
    detail = f"{right} of {len(labels)}, ONNX Runtime {want} with all weights"
    if right < want - loss * len(labels):
        raise suite.Failure(detail)
    return detail


def main():
    p = suite.parser(__doc__)
    p.add_argument("--zoo", default="")
    # Of no use here: this suite needs no skeletons.
    p.add_argument("--scratch", default="")
    options = p.parse_args()
    tests = [("masks that are given", functools.partial(given_masks, options))]
    for kept, group in GROUPS:
        tests.append((f"magnitude:{kept}:{group}", functools.partial(
            same_as_masked, options, [f"--prune=magnitude:{kept}:{group}"],
            functools.partial(check_groups, kept, group))))
    for form, *block in SHARES:
        share = form.split(":")[1]
        share = float(share[:-1]) / 100 if "%" in share else float(share)
        tests.append((form, functools.partial(
            same_as_masked, options, ["--prune=" + form],
            functools.partial(check_shares, share, *block,
                              form.endswith("uniform")))))
    tests.append(("dead channels", functools.partial(without_dead_channels,
                                                     options)))
    for share, quantize in ((0.4, []), (0.2, ["--quantize=int8"])):
        tests.append((f"channels:{share} " + " ".join(quantize),
                      functools.partial(fewer_channels, options, share,
                                        quantize)))
    for form, density in (("obc:0.7", 0.3), ("obc:2:4", 0.5),
                          ("obc:0.5:1x4", 0.5)):
        tests.append((form, functools.partial(makes_good, options, form,
                                              density)))
    for flags in (["--prune=channels:0.3"], ["--prune=obc:0.7"],
                  ["--prune=magnitude:0.5:4x1"]):
        tests.append(("loss of " + " ".join(flags), functools.partial(
            says_what_is_lost, options, flags)))
    for flags, limits in (
            (["--prune=auto", "-mcpu=x86-64-v3"], {"loss": 0.01}),
            (["--prune=auto:4x1", "-mcpu=x86-64-v3"], {"bytes": 30000}),
            (["--prune=auto", "-mcpu=cortex-m4"], {"latency": 4000}),
            (["--prune=auto", "--quantize=auto", "-mcpu=cortex-m4", "-Os"],
             {"flash": 16384}),
            (["--prune=auto", "--quantize=int8", "-mcpu=cortex-m4", "-Os"],
             {"loss": 0.02, "bytes": 11000})):
        name = " ".join([*flags, *(f"{k} {v}" for k, v in limits.items())])
        tests.append((name, functools.partial(within_limits, options, flags,
                                              limits)))
    tests += [("rounds of " + form, functools.partial(better_in_rounds, options,
                                                      form))
              for form in ("obc:0.85", "obc:0.7:4x1")]
    tests += [(f"--low-rank={share}", functools.partial(low_rank, options, share))
              for share in (0.3, 0.6)]
    tests.append(("--low-rank that is too far off",
                  functools.partial(low_rank_refused, options)))
    if options.zoo:
        tests.append(("zeros on cortex-m4", functools.partial(
            small_on_microcontrollers, options)))
        for form, quantize, loss in (
                ("obc:0.8", [], 0.006), ("obc:2:4", [], 0.003),
                ("obc:0.8", ["--quantize=int8"], 0.01)):
            tests.append((f"accuracy of {form} " + " ".join(quantize),
                          functools.partial(accurate, options, form, quantize,
                                            loss)))
    return suite.run(tests, options)


if __name__ == "__main__":
    sys.exit(main())
