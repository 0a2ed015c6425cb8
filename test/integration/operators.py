#!/usr/bin/env python3
# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Operators that ONNX's own tests leave out, against ONNX Runtime or NumPy.

Recurrent cells with every attribute, loops, classical models, contributed
operators: each test makes a small model and compares all outputs.
"""
import functools
import itertools
import os
import sys

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

sys.path[:0] = [os.path.join(os.path.dirname(__file__), "..", "support"),
                os.path.join(os.path.dirname(__file__), "..", "..", "utils")]
import edgecc_backend
import suite

TESTS = []
F = TensorProto.FLOAT


def reference(function):
    """Registers a function that returns a model and a dict of its inputs."""
    TESTS.append((function.__name__.replace("_", "-"), function))
    return function


def each(**choices):
    """Registers one test for each combination of the choices."""
    def register(function):
        for values in itertools.product(*choices.values()):
            name = "-".join([function.__name__.replace("_", "-"),
                             *map(str, values)])
            TESTS.append((name, functools.partial(
                function, **dict(zip(choices, values)))))
        return function
    return register


def numbers(*shape, seed=0, scale=1.0):
    rng = np.random.default_rng([seed, *shape])
    return (rng.standard_normal(shape) * scale).astype(np.float32)


def model(nodes, inputs, outputs, constants=(), opset=22, ml=3, bodies=()):
    """A model whose constants and inputs are dicts of arrays; outputs are
    (name, element type) pairs."""
    def info(name, array):
        return helper.make_tensor_value_info(
            name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
    graph = helper.make_graph(
        nodes, "g", [info(n, a) for n, a in inputs.items()],
        [helper.make_tensor_value_info(n, t, None) for n, t in outputs],
        [numpy_helper.from_array(a, n) for n, a in dict(constants).items()])
    return helper.make_model(graph, ir_version=10, opset_imports=[
        helper.make_opsetid("", opset),
        helper.make_opsetid("ai.onnx.ml", ml),
        helper.make_opsetid("com.microsoft", 1)])


# Recurrent cells --------------------------------------------------------------

GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
ACTIVATIONS = {
    "LSTM": [["Sigmoid", "Tanh", "Tanh"], ["HardSigmoid", "ScaledTanh", "Relu"],
             ["Sigmoid", "Softsign", "LeakyRelu"]],
    "GRU": [["Sigmoid", "Tanh"], ["HardSigmoid", "Softplus"],
            ["Sigmoid", "Elu"]],
    "RNN": [["Tanh"], ["ThresholdedRelu"], ["Affine"]]}


@each(cell=["LSTM", "GRU", "RNN"],
      direction=["forward", "reverse", "bidirectional"], choice=[0, 1, 2],
      extra=["plain", "clip", "lengths", "all"])
def recurrent(cell, direction, choice, extra):
    time, batch, size, inner = 5, 3, 4, 6
    d, g = 2 if direction == "bidirectional" else 1, GATES[cell]
    names = ACTIVATIONS[cell][choice] * d
    constants = {"w": numbers(d, g * inner, size, seed=1),
                 "r": numbers(d, g * inner, inner, seed=2, scale=0.5),
                 "b": numbers(d, 2 * g * inner, seed=3)}
    x = numbers(time, batch, size)
    feed = {"x": x}
    operands = ["x", "w", "r", "b", ""]
    attributes = {}
    if extra in ("clip", "all"):
        attributes["clip"] = 0.75
    if extra in ("lengths", "all"):
        feed["n"] = np.array([5, 2, 4], np.int32)
        operands[4] = "n"
    if extra == "all":
        constants["h0"] = numbers(d, batch, inner, seed=4)
        operands.append("h0")
        if cell == "LSTM":
            constants["c0"] = numbers(d, batch, inner, seed=5)
            constants["p"] = numbers(d, 3 * inner, seed=6)
            operands += ["c0", "p"]
        if cell == "GRU":
            attributes["linear_before_reset"] = 1
    alphas = {"HardSigmoid": 0.3, "ScaledTanh": 1.2, "LeakyRelu": 0.1,
              "Elu": 0.7, "ThresholdedRelu": 0.2, "Affine": 0.4}
    betas = {"HardSigmoid": 0.4, "ScaledTanh": 0.9, "Affine": 0.1}
    node = helper.make_node(
        cell, operands, ["y", "h"] + ["c"] * (cell == "LSTM"),
        hidden_size=inner, direction=direction, activations=names,
        **{key: values for key, values in (
            ("activation_alpha", [alphas[n] for n in names if n in alphas]),
            ("activation_beta", [betas[n] for n in names if n in betas]))
           if values}, **attributes)
    return model([node], feed, [(o, F) for o in node.output], constants), feed


@reference
def sum_of_scalars():
    """No dimensions, so no channels that a bias could have."""
    x = np.array(-0.5, np.float32)
    nodes = [helper.make_node("Exp", ["x"], ["e"]),
             helper.make_node("Add", ["e", "one"], ["y"])]
    return model(nodes, {"x": x}, [("y", F)], {"one": np.array(1, np.float32)}), {"x": x}


# Windows ----------------------------------------------------------------------

@each(border=[0, 1])
def average_pool_f64(border):
    """Reciprocals of window sizes in the precision of the type."""
    x = numbers(2, 2, 13, 5).astype(np.float64)
    node = helper.make_node("AveragePool", ["x"], ["y"], kernel_shape=[3, 3],
                            pads=[0, 0, 1, 0], count_include_pad=border)
    m = model([node], {"x": x}, [("y", TensorProto.DOUBLE)])
    # ONNX Runtime has no kernel for it.
    return m, {"x": x}, ReferenceEvaluator(m).run(None, {"x": x})


@each(order=[0, 1], dilated=[1, 2], pads=[0, 1])
def max_pool_indices(order, dilated, pads):
    x = numbers(2, 3, 7, 8)
    node = helper.make_node("MaxPool", ["x"], ["y", "i"], kernel_shape=[3, 2],
                            strides=[2, 1], dilations=[dilated, 1],
                            pads=[pads, 0, 0, pads], storage_order=order)
    return model([node], {"x": x}, [("y", F), ("i", TensorProto.INT64)],
                 opset=12), {"x": x}


@each(mode=["linear", "cubic"], border=["zeros", "border", "reflection"],
      corners=[0, 1])
def grid_sample(mode, border, corners):
    """Positions beyond the image on all sides."""
    feed = {"x": numbers(2, 3, 5, 6), "g": numbers(2, 4, 3, 2)}
    node = helper.make_node("GridSample", ["x", "g"], ["y"], mode=mode,
                            padding_mode=border, align_corners=corners)
    return model([node], feed, [("y", F)], opset=20), feed


@each(limit=[1.5, 3, 127])
def dynamic_quantize(limit):
    """The zero point of a range around zero is a tie."""
    x = np.linspace(-limit, limit, 20, dtype=np.float32)
    node = helper.make_node("DynamicQuantizeLinear", ["x"], ["y", "s", "z"])
    return model([node], {"x": x}, [("y", TensorProto.UINT8), ("s", F),
                                    ("z", TensorProto.UINT8)]), {"x": x}


@each(batch=[1, 3], corners=[0, 1], size=["3x4", "2x3x5", "1x4"])
def affine_grid(batch, corners, size):
    sizes = [int(d) for d in size.split("x")]
    x = numbers(batch, len(sizes), len(sizes) + 1)
    node = helper.make_node("AffineGrid", ["x", "s"], ["y"],
                            align_corners=corners)
    return model([node], {"x": x}, [("y", F)],
                 {"s": np.array([batch, 2, *sizes])}, opset=20), {"x": x}


# Products ---------------------------------------------------------------------

@reference
def product_of_nothing():
    """The only constant has no elements."""
    x = np.zeros((0, 17), np.float32)
    node = helper.make_node("MatMul", ["w", "x"], ["y"])
    return model([node], {"x": x}, [("y", F)],
                 {"w": np.zeros(0, np.float32)}), {"x": x}


# Loops ------------------------------------------------------------------------

def body(nodes, inputs, outputs, constants=()):
    make = helper.make_tensor_value_info
    return helper.make_graph(
        nodes, "body", [make(n, t, s) for n, t, s in inputs],
        [make(n, t, s) for n, t, s in outputs],
        [numpy_helper.from_array(a, n) for n, a in dict(constants).items()])


@each(trips=[0, 1, 7, 1000])
def loop_until(trips):
    """Doubles until the sum is large, at most `trips` times; swaps two values,
    so that they must not be overwritten too early."""
    inner = body(
        [helper.make_node("Add", ["a", "a"], ["a2"]),
         helper.make_node("ReduceSum", ["a2"], ["s"], keepdims=0),
         helper.make_node("Less", ["s", "limit"], ["go"]),
         helper.make_node("Identity", ["b"], ["b2"])],
        [("i", TensorProto.INT64, []), ("c", TensorProto.BOOL, []),
         ("a", F, [4]), ("b", F, [4])],
        [("go", TensorProto.BOOL, []), ("b2", F, [4]), ("a2", F, [4])],
        {"limit": np.float32(500)})
    node = helper.make_node("Loop", ["n", "go0", "x", "y"], ["p", "q"],
                            body=inner)
    feed = {"n": np.array(trips, np.int64), "go0": np.array(True),
            "x": np.abs(numbers(4)) + 1, "y": np.abs(numbers(4, seed=1)) + 1}
    return model([node], feed, [("p", F), ("q", F)]), feed


@reference
def loop_in_a_loop():
    inner = body(
        [helper.make_node("Cast", ["j"], ["jf"], to=F),
         helper.make_node("Add", ["v", "jf"], ["w"]),
         helper.make_node("Add", ["w", "outer"], ["w2"]),
         helper.make_node("Identity", ["d"], ["d2"])],
        [("j", TensorProto.INT64, []), ("d", TensorProto.BOOL, []),
         ("v", F, [3])],
        [("d2", TensorProto.BOOL, []), ("w2", F, [3]), ("w", F, [3])])
    outer = body(
        [helper.make_node("Identity", ["u"], ["outer"]),
         helper.make_node("Loop", ["two", "", "u"], ["v", "all"], body=inner),
         helper.make_node("Identity", ["c"], ["c2"])],
        [("i", TensorProto.INT64, []), ("c", TensorProto.BOOL, []),
         ("u", F, [3])],
        [("c2", TensorProto.BOOL, []), ("v", F, [3]), ("all", F, [2, 3])],
        {"two": np.array(2, np.int64)})
    node = helper.make_node("Loop", ["three", "", "x"], ["y", "z"], body=outer)
    feed = {"x": numbers(3)}
    return model([node], feed, [("y", F), ("z", F)],
                 {"three": np.array(3, np.int64)}), feed


@each(direction=[0, 1], axis=[0, 1])
def scan(direction, axis):
    inner = body([helper.make_node("Add", ["s", "e"], ["t"]),
                  helper.make_node("Mul", ["t", "e"], ["o"])],
                 [("s", F, [3]), ("e", F, [3])], [("t", F, [3]), ("o", F, [3])])
    node = helper.make_node(
        "Scan", ["s0", "x"], ["s", "y"], body=inner, num_scan_inputs=1,
        scan_input_axes=[axis], scan_output_axes=[axis],
        scan_input_directions=[direction],
        scan_output_directions=[1 - direction])
    feed = {"s0": numbers(3), "x": numbers(*((5, 3) if axis == 0 else (3, 5)))}
    return model([node], feed, [("s", F), ("y", F)]), feed


@each(flag=[True, False])
def if_in_a_loop(flag):
    yes = body([helper.make_node("Neg", ["v"], ["t"])], [], [("t", F, [3])])
    no = body([helper.make_node("Exp", ["v"], ["t"])], [], [("t", F, [3])])
    inner = body(
        [helper.make_node("If", ["flag"], ["w"], then_branch=yes,
                          else_branch=no),
         helper.make_node("Identity", ["c"], ["c2"])],
        [("i", TensorProto.INT64, []), ("c", TensorProto.BOOL, []),
         ("v", F, [3])],
        [("c2", TensorProto.BOOL, []), ("w", F, [3])])
    node = helper.make_node("Loop", ["n", "", "x"], ["y"], body=inner)
    feed = {"n": np.array(3, np.int64), "x": numbers(3, scale=0.1),
            "flag": np.array(flag)}
    return model([node], feed, [("y", F)]), feed


# Arithmetic -------------------------------------------------------------------

@each(op=["Sin", "Cos"])
def large_angles(op):
    x = np.random.default_rng(1).uniform(-1e5, 1e5, 4096).astype(np.float32)
    node = helper.make_node(op, ["x"], ["y"])
    return model([node], {"x": x}, [("y", F)]), {"x": x}


@reference
def remainder_of_floats():
    x = np.array([5, -5, 5.5, 1e6, -3, 0, 7, np.inf, 2], np.float32)
    y = np.array([3, 3, -2.25, 0.3, np.inf, 4, -np.inf, 2, 2], np.float32)
    node = helper.make_node("Mod", ["x", "y"], ["z"], fmod=1)
    return model([node], {"x": x, "y": y}, [("z", F)]), {"x": x, "y": y}


# Classical models -------------------------------------------------------------

def ml_node(op, operands, results, **attributes):
    return helper.make_node(op, operands, results, domain="ai.onnx.ml",
                            **attributes)


def forest(trees=3, features=4, depth=3, targets=2, seed=0):
    """The attributes of random complete trees: nodes, and (tree, node, target,
    weight) of the leaves."""
    rng = np.random.default_rng(seed)
    nodes, leaves = [], []
    for tree in range(trees):
        for node in range(2 ** (depth + 1) - 1):
            if node >= 2 ** depth - 1:
                nodes.append((tree, node, 0, 0.0, "LEAF", 0, 0))
                leaves += [(tree, node, t, float(rng.standard_normal()))
                           for t in range(targets)]
            else:
                nodes.append((tree, node, int(rng.integers(features)),
                              float(rng.standard_normal()), "BRANCH_LEQ",
                              2 * node + 1, 2 * node + 2))
    keys = ("treeids", "nodeids", "featureids", "values", "modes",
            "truenodeids", "falsenodeids")
    return {f"nodes_{k}": list(v) for k, v in zip(keys, zip(*nodes))}, leaves


@each(aggregate=["SUM", "AVERAGE", "MIN", "MAX"], targets=[1, 2])
def tree_regressor(aggregate, targets):
    nodes, leaves = forest(targets=targets)
    x = numbers(50, 4)
    node = ml_node(
        "TreeEnsembleRegressor", ["x"], ["y"], n_targets=targets,
        aggregate_function=aggregate, base_values=[0.5] * targets,
        **{f"target_{k}": list(v) for k, v in
           zip(("treeids", "nodeids", "ids", "weights"), zip(*leaves))},
        **nodes)
    return model([node], {"x": x}, [("y", F)]), {"x": x}


@each(classes=[3, 2], transform=["NONE", "SOFTMAX", "LOGISTIC"])
def tree_classifier(classes, transform):
    nodes, leaves = forest(targets=1 if classes == 2 else classes, seed=1)
    x = numbers(50, 4, seed=1)
    node = ml_node(
        "TreeEnsembleClassifier", ["x"], ["label", "scores"],
        classlabels_int64s=list(range(10, 10 + classes)),
        post_transform=transform,
        **{f"class_{k}": list(v) for k, v in
           zip(("treeids", "nodeids", "ids", "weights"), zip(*leaves))},
        **nodes)
    return model([node], {"x": x}, [("label", TensorProto.INT64),
                                    ("scores", F)]), {"x": x}


@each(transform=["NONE", "LOGISTIC"])
def linear_regressor(transform):
    x = numbers(7, 4)
    node = ml_node("LinearRegressor", ["x"], ["y"], targets=2,
                   coefficients=numbers(8).tolist(), intercepts=[0.5, -1.0],
                   post_transform=transform)
    return model([node], {"x": x}, [("y", F)]), {"x": x}


@each(classes=[3, 2], transform=["NONE", "SOFTMAX", "LOGISTIC"])
def linear_classifier(classes, transform):
    x = numbers(7, 4)
    node = ml_node("LinearClassifier", ["x"], ["label", "scores"],
                   coefficients=numbers(4 * classes).tolist(),
                   intercepts=numbers(classes).tolist(),
                   classlabels_ints=list(range(5, 5 + classes)),
                   post_transform=transform)
    return model([node], {"x": x}, [("label", TensorProto.INT64),
                                    ("scores", F)]), {"x": x}


@each(kernel=["LINEAR", "POLY", "RBF", "SIGMOID"])
def svm_regressor(kernel):
    x = numbers(7, 4)
    node = ml_node("SVMRegressor", ["x"], ["y"], kernel_type=kernel,
                   coefficients=numbers(5).tolist(), n_supports=5,
                   support_vectors=numbers(20).tolist(), rho=[0.3],
                   kernel_params=[0.4, 0.1, 3.0])
    return model([node], {"x": x}, [("y", F)]), {"x": x}


@each(norm=["MAX", "L1", "L2"])
def normalizer(norm):
    x = numbers(7, 4)
    node = ml_node("Normalizer", ["x"], ["y"], norm=norm)
    return model([node], {"x": x}, [("y", F)]), {"x": x}


@reference
def scaler():
    x = numbers(7, 4)
    node = ml_node("Scaler", ["x"], ["y"], offset=[1.0, 2.0, 3.0, 4.0],
                   scale=[0.5, 1.0, 2.0, 4.0])
    return model([node], {"x": x}, [("y", F)]), {"x": x}


@reference
def imputer():
    x = numbers(7, 4)
    x[2, 1] = np.nan
    node = ml_node("Imputer", ["x"], ["y"], replaced_value_float=float("nan"),
                   imputed_value_floats=[1.0, 2.0, 3.0, 4.0])
    return model([node], {"x": x}, [("y", F)]), {"x": x}


@reference
def label_encoder():
    x = np.array([[3, 1, 7], [2, 3, 3]], np.int64)
    node = ml_node("LabelEncoder", ["x"], ["y"], keys_int64s=[1, 2, 3],
                   values_floats=[0.5, 1.5, 2.5], default_float=-1.0)
    return model([node], {"x": x}, [("y", F)]), {"x": x}


@reference
def one_hot_encoder():
    x = np.array([[3, 1, 7], [2, 3, 3]], np.int64)
    node = ml_node("OneHotEncoder", ["x"], ["y"], cats_int64s=[1, 2, 3])
    return model([node], {"x": x}, [("y", F)]), {"x": x}


# Regions, signals -------------------------------------------------------------

@each(ratio=[0, 1, 3], transform=["half_pixel", "output_half_pixel"])
def roi_align(ratio, transform):
    rois = np.array([[1, 1, 9, 7], [0, 0, 3, 3], [4, 2, 15, 15]], np.float32)
    batches = np.array([0, 1, 0], np.int64)
    x = numbers(2, 3, 12, 10)
    node = helper.make_node(
        "RoiAlign", ["x", "rois", "batches"], ["y"],
        output_height=2, output_width=3, sampling_ratio=ratio,
        spatial_scale=0.7, coordinate_transformation_mode=transform)
    return model([node], {"x": x}, [("y", F)],
                 {"rois": rois, "batches": batches}, opset=16), {"x": x}


@each(size=[1, 7, 64, 100, 360, 1024], kind=["real", "complex"],
      inverse=[0, 1])
def fourier(size, kind, inverse):
    x = numbers(2, size, 2 if kind == "complex" else 1)
    node = helper.make_node("DFT", ["x"], ["y"], inverse=inverse)
    # ONNX Runtime in f32 is off by 4e-5 at 360 points.
    signal = x.astype(np.float64)
    signal = signal[..., 0] + (1j * signal[..., 1] if kind == "complex" else 0)
    y = np.fft.ifft(signal) if inverse else np.fft.fft(signal)
    y = np.stack([y.real, y.imag], -1).astype(np.float32)
    return model([node], {"x": x}, [("y", F)], opset=20), {"x": x}, [y]


# Operators of ONNX Runtime ----------------------------------------------------

@each(parts=["words", "all"])
def embed_layer_normalization(parts):
    feed = {"ids": np.array([[1, 4, 2], [0, 3, 3]], np.int32)}
    constants = {"words": numbers(6, 8), "places": numbers(4, 8, seed=1),
                 "scale": numbers(8, seed=2), "bias": numbers(8, seed=3)}
    operands = ["ids", "", "words", "places", "", "scale", "bias"]
    if parts == "all":
        feed["segments"] = np.array([[0, 0, 1], [1, 0, 1]], np.int32)
        feed["mask"] = np.array([[1, 1, 0], [1, 1, 1]], np.int32)
        constants["kinds"] = numbers(2, 8, seed=4)
        operands[1], operands[4] = "segments", "kinds"
        operands.append("mask")
    node = helper.make_node("EmbedLayerNormalization", operands, ["y", "n"],
                            domain="com.microsoft", epsilon=1e-5)
    return model([node], feed, [("y", F), ("n", TensorProto.INT32)],
                 constants), feed


@each(mask=["none", "lengths", "matrix"], scales=["one", "columns"])
def attention_of_integers(mask, scales):
    rng = np.random.default_rng(5)
    feed = {"x": rng.integers(0, 255, (2, 5, 8), np.uint8)}
    constants = {
        "w": rng.integers(-90, 90, (8, 24), np.int8), "b": numbers(24),
        "xs": np.float32(0.02), "xz": np.uint8(120),
        "ws": np.float32(0.01) if scales == "one" else
              rng.uniform(0.005, 0.02, 24).astype(np.float32),
        "wz": np.int8(3) if scales == "one" else
              rng.integers(-4, 4, 24).astype(np.int8)}
    operands = ["x", "w", "b", "xs", "ws", "", "xz", "wz"]
    if mask != "none":
        operands[5] = "mask"
        feed["mask"] = np.array([5, 3], np.int32) if mask == "lengths" else \
            np.array([[1, 1, 1, 1, 1], [1, 0, 1, 1, 0]], np.int32)
    node = helper.make_node("QAttention", operands, ["y"], num_heads=2,
                            domain="com.microsoft")
    return model([node], feed, [("y", F)], constants), feed


# A depth that is no multiple of the block, channels of no vector.
# ONNX Runtime has zero points that are real numbers for 2 and 4 bits.
@each(form=["2-none", "2-packed", "2-real", "4-none", "4-packed", "4-real",
            "8-none", "8-packed"], block=[16, 128], rows=[1, 5])
def mat_mul_n_bits(form, block, rows):
    bits, zeros = int(form[0]), form[2:]
    k, n = 150, 37
    rng = np.random.default_rng([bits, block])
    blocks = -(-k // block)
    constants = {
        "b": rng.integers(0, 256, (n, blocks, block * bits // 8), np.uint8),
        "s": rng.uniform(0.01, 0.02, n * blocks).astype(np.float32)}
    operands = ["x", "b", "s"]
    if zeros == "packed":
        constants["z"] = rng.integers(
            0, 256, n * -(-blocks * bits // 8), np.uint8)
        operands.append("z")
    elif zeros == "real":
        constants["z"] = rng.uniform(
            0, 2 ** bits, n * blocks).astype(np.float32)
        operands.append("z")
    x = numbers(2, rows, k)
    node = helper.make_node(
        "MatMulNBits", operands, ["y"], domain="com.microsoft", K=k, N=n,
        bits=bits, block_size=block)
    return model([node], {"x": x}, [("y", F)], constants), {"x": x}


@each(kind=["INT4", "UINT4", "INT8"], zeros=[0, 1],
      user=["MatMul", "Gemm", "Conv", "Add"])
def dequantize_blocks(kind, zeros, user):
    """Weights in blocks of 16, of which the last one is short."""
    k, n, block = 43, 21, 16
    rng = np.random.default_rng(len(kind))
    least, most = {"INT4": (-8, 8), "UINT4": (0, 16), "INT8": (-128, 128)}[kind]
    axis = 0 if user == "MatMul" else 1
    shape = [(k, n), (-(-k // block), n)]
    if axis:
        shape = [s[::-1] for s in shape]
    if user == "Conv":
        shape = [s + (1, 1) for s in shape]

    def integers(shape):
        return helper.make_tensor(
            "t", getattr(TensorProto, kind), shape,
            rng.integers(least, most, np.prod(shape)))
    constants = {"s": numbers(*shape[1], scale=0.1)}
    operands = ["w", "s"] + ["z"] * zeros
    nodes = [helper.make_node("Constant", [], ["w"], value=integers(shape[0]))]
    if zeros:
        nodes.append(helper.make_node("Constant", [], ["z"],
                                      value=integers(shape[1])))
    nodes.append(helper.make_node("DequantizeLinear", operands, ["d"],
                                  axis=axis, block_size=block))
    x = {"MatMul": numbers(2, 3, k), "Gemm": numbers(3, k),
         "Conv": numbers(1, k, 4, 3), "Add": numbers(*shape[0])}[user]
    nodes.append(helper.make_node(user, ["x", "d"], ["y"],
                                  **({"transB": 1} if user == "Gemm" else {})))
    return model(nodes, {"x": x}, [("y", F)], constants), {"x": x}


@each(step=["prompt", "next", "more"], form=["plain", "rotary", "packed"],
      window=[-1, 3], cap=[0.0, 5.0])
def group_query_attention(step, form, window, cap):
    """A first step, and further ones with a cache and lengths of their own."""
    batch, heads, shared, size = 2, 4, 2, 16
    length = {"prompt": 6, "next": 1, "more": 1}[step]
    total = {"prompt": 6, "next": 6, "more": 9}[step]
    feed = {"q": numbers(batch, length, heads * size),
            "k": numbers(batch, length, shared * size, seed=1),
            "v": numbers(batch, length, shared * size, seed=2)}
    operands = ["q", "k", "v", "", "", "lengths", "total", "", ""]
    if form == "packed":
        feed = {"q": np.concatenate(list(feed.values()), -1)}
        operands[1] = operands[2] = ""
    # The last place of each, the new ones included.
    feed["lengths"] = np.array({"prompt": [5, 5], "next": [5, 3],
                                "more": [8, 6]}[step], np.int32)
    if step != "prompt":
        operands[3:5] = ["pk", "pv"]
        for i, name in enumerate(operands[3:5]):
            feed[name] = numbers(batch, shared, 8, size, seed=3 + i)
    constants = {"total": np.array([total], np.int32)}
    if form != "plain":
        operands[7:9] = ["cos", "sin"]
        angles = np.arange(16)[:, None] * 0.3 ** np.arange(size // 2)
        constants["cos"] = np.cos(angles).astype(np.float32)
        constants["sin"] = np.sin(angles).astype(np.float32)
    while not operands[-1]:
        operands.pop()
    outputs = ["y", "keys", "values"]
    node = helper.make_node(
        "GroupQueryAttention", operands, outputs, domain="com.microsoft",
        num_heads=heads, kv_num_heads=shared, do_rotary=int(form != "plain"),
        local_window_size=window, softcap=cap,
        rotary_interleaved=int(form == "packed"))
    return model([node], feed, [(o, F) for o in outputs], constants), feed


# Sizes that leave a remainder of queries, of blocks of keys and of vectors.
@each(queries=[16, 37, 130], keys=[5, 128, 1100],
      mask=["none", "keys", "scores", "causal"])
def streaming_attention(queries, keys, mask):
    heads, depth, width = 3, 20, 24
    inputs = {"q": numbers(2, queries, heads * depth, seed=1),
              "k": numbers(2, keys, heads * depth, seed=2, scale=3),
              "v": numbers(2, keys, heads * width, seed=3)}
    constants = {"factor": np.float32(depth ** 0.5),
                 "split": np.int64([0, 0, heads, -1]),
                 "merge": np.int64([0, 0, heads * width])}
    nodes = []
    for name, order in [("q", [0, 2, 1, 3]), ("k", [0, 2, 3, 1]),
                        ("v", [0, 2, 1, 3])]:
        nodes += [helper.make_node("Reshape", [name, "split"], [name + "4"]),
                  helper.make_node("Transpose", [name + "4"], [name + "t"],
                                   perm=order)]
    nodes += [helper.make_node("MatMul", ["qt", "kt"], ["product"]),
              helper.make_node("Div", ["product", "factor"], ["scores"])]
    scores = "scores"
    if mask == "keys":
        inputs["mask"] = np.where(numbers(2, 1, 1, keys) > 0.5, -1e4,
                                  0).astype(np.float32)
    elif mask == "scores":
        inputs["mask"] = numbers(2, heads, queries, keys, seed=4)
    elif mask == "causal":
        # The first keys are seen by the last queries only.
        seen = np.arange(keys) + queries >= keys + np.arange(queries)[:, None]
        inputs["mask"] = np.where(seen, 0, -np.inf).astype(np.float32)
        inputs["mask"][:, -1] = 0
    if mask != "none":
        nodes.append(helper.make_node("Add", ["scores", "mask"], ["masked"]))
        scores = "masked"
    nodes += [helper.make_node("Softmax", [scores], ["weights"], axis=-1),
              helper.make_node("MatMul", ["weights", "vt"], ["means"]),
              helper.make_node("Transpose", ["means"], ["merged"],
                               perm=[0, 2, 1, 3]),
              helper.make_node("Reshape", ["merged", "merge"], ["y"])]
    return model(nodes, inputs, [("y", F)], constants), inputs


# Lines made of others by a known rule ------------------------------------------

# Bytes only with nearest: cubic is missing in ONNX Runtime, and linear sums that
# should be integers are cut to them, so that their last bit decides.
@each(form=["nearest-float32", "nearest-uint8", "linear-float32",
            "cubic-float32"],
      sizes=[(40, 80), (33, 50), (64, 20), (5, 40), (100, 1100)])
def resize_lines(form, sizes):
    mode, element = form.split("-")
    x = np.abs(numbers(2, 3, 7, sizes[0], scale=40)).astype(element)
    node = helper.make_node(
        "Resize", ["x", "", "", "sizes"], ["y"], mode=mode,
        coordinate_transformation_mode="half_pixel")
    return model([node], {"x": x},
                 [("y", helper.np_dtype_to_tensor_dtype(x.dtype))],
                 {"sizes": np.array([2, 3, 7, sizes[1]])}), {"x": x}


@each(element=["float32", "int8", "int64"],
      rule=["reversed", "odd", "folded", "random"])
def gather_lines(element, rule):
    x = (numbers(3, 5, 45, scale=40)).astype(element)
    indices = {"reversed": np.arange(-1, -46, -1), "odd": np.arange(1, 45, 2),
               "folded": np.abs(np.arange(-20, 44)),
               "random": np.random.default_rng(0).integers(-45, 45, 70)}[rule]
    node = helper.make_node("Gather", ["x", "i"], ["y"], axis=2)
    return model([node], {"x": x},
                 [("y", helper.np_dtype_to_tensor_dtype(x.dtype))],
                 {"i": indices}), {"x": x}


# Windows larger than the image ------------------------------------------------

@each(dilation=[3, 6, 9, 14], stride=[1, 2], group=[1, 4])
def wide_window(dilation, stride, group):
    x = numbers(1, 4, 9, 7)
    node = helper.make_node(
        "Conv", ["x", "w"], ["y"], dilations=[dilation, dilation], group=group,
        strides=[stride, stride], pads=[dilation, dilation, dilation, 14])
    return model([node], {"x": x}, [("y", F)],
                 {"w": numbers(8, 4 // group, 3, 3, seed=1)}), {"x": x}


# Tensors that share memory ------------------------------------------------------

@each(axis=[1, 2], layers=[2, 4])
def densely_connected(axis, layers):
    """Each layer scales all that came before, which later ones read as well."""
    x = numbers(1, 4, 6, 5)
    nodes, parts, constants = [], ["x0"], {}
    nodes.append(helper.make_node("Softmax", ["x"], ["x0"], axis=1))
    for i in range(1, layers + 1):
        constants[f"scale{i}"] = np.float32(0.5 + i)
        nodes += [helper.make_node("Concat", parts, [f"all{i}"], axis=axis),
                  helper.make_node("Mul", [f"all{i}", f"scale{i}"],
                                   [f"scaled{i}"]),
                  helper.make_node("Softmax", [f"scaled{i}"], [f"x{i}"],
                                   axis=1)]
        parts = parts + [f"x{i}"]
    nodes.append(helper.make_node("Concat", parts, ["y"], axis=axis))
    return model(nodes, {"x": x}, [("y", F)], constants), {"x": x}


# Running ----------------------------------------------------------------------

def reference(m, feed):
    settings = onnxruntime.SessionOptions()
    settings.graph_optimization_level = (
        onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL)
    settings.log_severity_level = 3
    settings.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        m.SerializeToString(), settings, providers=["CPUExecutionProvider"])
    return session.run(None, feed)


def run(options, make):
    m, feed, *known = make()
    wanted = known[0] if known else reference(m, feed)
    try:
        got = edgecc_backend.Model(
            m, os.path.join(options.bin, "edgecc-run"),
            timeout=options.timeout).run(list(feed.values()))
    except RuntimeError as e:
        raise suite.Failure(str(e))
    if len(got) != len(wanted):
        raise suite.Failure(f"{len(got)} outputs, expected {len(wanted)}")
    details = []
    for g, w in zip(got, wanted):
        exact = w.dtype == np.float64
        details.append(suite.compare(g, w, relative=1e-14 if exact else 1e-5,
                                     slack=0 if exact else 1e-6))
    return " ".join(details)


def main():
    options = suite.parser(__doc__).parse_args()
    return suite.run([(name, functools.partial(run, options, make))
                      for name, make in TESTS], options)


if __name__ == "__main__":
    sys.exit(main())
