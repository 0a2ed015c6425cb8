# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Networks, inputs and expectations for interface.test.

interface.py make MODELS FOLDER; interface.py check FOLDER runs the program in
the folder, whose network net.json describes.
"""
import json
import os
import subprocess
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

TYPES = {"u8": (TensorProto.UINT8, np.uint8), "i8": (TensorProto.INT8, np.int8),
         "i16": (TensorProto.INT16, np.int16)}


def quantize(x, scale, zero, kind):
    """QuantizeLinear of ONNX Runtime."""
    number, dtype = TYPES[kind]
    graph = helper.make_graph(
        [helper.make_node("QuantizeLinear", ["x", "s", "z"], ["y"])], "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, x.shape)],
        [helper.make_tensor_value_info("y", number, x.shape)],
        [helper.make_tensor("s", TensorProto.FLOAT, [], [scale]),
         helper.make_tensor("z", number, [], [zero])])
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return session.run(None, {"x": x})[0]


def make(models, folder):
    path = lambda name: os.path.join(folder, name)
    pictures = np.load(os.path.join(models, "digits_cnn.npz"))["pictures"]
    x = pictures[:, None].astype(np.float32) / 16
    np.savez(path("examples.npz"), image=x[:200])
    np.savez(path("real.npz"), image=x[200:201])
    from onnxruntime import quantization

    class Examples(quantization.CalibrationDataReader):
        left = iter([{"image": p[None]} for p in x[:50]])

        def get_next(self):
            return next(self.left, None)

    quantization.quantize_static(os.path.join(models, "digits_cnn.onnx"),
                                 path("qdq.onnx"), Examples(),
                                 activation_type=quantization.QuantType.QUInt8)
    # The same without its outer casts. Its sums may round to another integer
    # where ONNX Runtime fuses, so it is compared with ours.
    model = onnx.load(path("qdq.onnx"))
    graph = model.graph
    first = next(n for n in graph.node if "image" in n.input)
    last = next(n for n in graph.node if "logits" in n.output)
    for cast, io, outer, inner in [
            (first, graph.input, "image", first.output[0]),
            (last, graph.output, "logits", last.input[0])]:
        assert cast.op_type in ("QuantizeLinear", "DequantizeLinear"), cast
        graph.node.remove(cast)
        for node in graph.node:
            for names in (node.input, node.output):
                for i, name in enumerate(names):
                    if name == inner:
                        names[i] = outer
        zero = next(t for t in graph.initializer if t.name == cast.input[2])
        io[0].type.tensor_type.elem_type = zero.data_type
    onnx.checker.check_model(model)
    onnx.save(model, path("integers.onnx"))


def check(folder):
    path = lambda name: os.path.join(folder, name)
    report = json.load(open(path("net.json")))
    image, logits = report["inputs"][0], report["outputs"][0]
    real = np.load(path("real.npz"))["image"].ravel()
    random = np.random.default_rng(2)
    # Halves, what lies beyond the range, and what is no number.
    steps = (np.arange(real.size, dtype=np.float32) - 20.5) * np.float32(
        image["scale"])
    strange = real.copy()
    strange[:6] = [np.nan, np.inf, -np.inf, 1e30, -1e30, -0.0]
    inputs = np.stack([real, steps, strange] + [
        random.uniform(-0.1, 1.2, real.size).astype(np.float32)
        for _ in range(20)])
    out = subprocess.run([path("program")], input=inputs.tobytes(), check=True,
                         capture_output=True).stdout
    rows = [row.split() for row in out.decode().splitlines()]
    assert len(rows) == len(inputs), len(rows)
    inside, made, back = (np.array([row[part] for row in rows], float) for part
                          in (slice(0, 64), slice(64, 74), slice(74, 84)))
    want = quantize(inputs, image["scale"], image["zero_point"], image["type"])
    same = (inside == want) | np.isnan(inputs)  # which ONNX leaves open
    assert same.all(), (inside[~same], want[~same])
    assert inside[2, 0] == np.iinfo(TYPES[image["type"]][1]).min
    real_back = ((made - logits["zero_point"]) * logits["scale"]).astype("f4")
    assert np.allclose(back, real_back, rtol=2e-7, atol=0), (back, real_back)
    # The first input is that of from-real.npz.
    exact = np.load(path("from-real.npz"))["logits"][0]
    worst = np.abs(back[0] - exact).max() / logits["scale"]
    assert worst <= 0.501, (worst, back[0], exact)


if sys.argv[1] == "make":
    make(*sys.argv[2:])
else:
    check(*sys.argv[2:])
