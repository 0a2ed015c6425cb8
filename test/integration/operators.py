#!/usr/bin/env python3
# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Operators that ONNX's own tests leave out, against ONNX Runtime or NumPy.

Recurrent cells with every attribute, loops, classical models, contributed
operators: each test makes a small model and compares all outputs. They run
between pages that cannot be accessed.
"""
import functools
import os
import sys

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

sys.path[:0] = [os.path.join(os.path.dirname(__file__), "..", "support"),
                os.path.join(os.path.dirname(__file__), "..", "..", "utils")]
import classical  # registers its tests
import contributed  # registers its tests
import edgecc_backend
import suite
from operator_tests import F, TESTS, each, model, numbers, reference

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


@reference
def loop_that_sees_what_is_around():
    """In a body of a body, a value from outside of both; run-time numbers of
    iterations and conditions."""
    inner = body(
        [helper.make_node("MatMul", ["w", "m"], ["t"]),
         helper.make_node("Tanh", ["t"], ["w2"]),
         helper.make_node("ReduceMax", ["w2"], ["top"], keepdims=0),
         helper.make_node("Less", ["top", "limit"], ["d2"])],
        [("j", TensorProto.INT64, []), ("d", TensorProto.BOOL, []),
         ("w", F, [2, 3])],
        [("d2", TensorProto.BOOL, []), ("w2", F, [2, 3])])
    outer = body(
        [helper.make_node("Loop", ["k", "c", "v"], ["v2"], body=inner),
         helper.make_node("Add", ["v2", "x"], ["v3"]),
         helper.make_node("Identity", ["c"], ["c2"])],
        [("i", TensorProto.INT64, []), ("c", TensorProto.BOOL, []),
         ("v", F, [2, 3])],
        [("c2", TensorProto.BOOL, []), ("v3", F, [2, 3])])
    node = helper.make_node("Loop", ["n", "", "x"], ["y"], body=outer)
    feed = {"n": np.array(3, np.int64), "k": np.array(4, np.int64),
            "x": numbers(2, 3, scale=0.3), "m": numbers(3, 3),
            "limit": np.array(0.95, np.float32)}
    return model([node], feed, [("y", F)]), feed


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


@reference
def remainder_of_large_quotients():
    """Quotients have up to 277 bits; subnormal numbers on both sides."""
    rng = np.random.default_rng(2)
    bits = rng.integers(0, 0x7f800000, (2, 4096), np.int32)
    x, y = np.maximum(bits, 1).view(np.float32) * rng.choice(
        np.float32([1, -1]), (2, 4096))
    y[:64] = np.float32(1e-45)
    node = helper.make_node("Mod", ["x", "y"], ["z"], fmod=1)
    return model([node], {"x": x, "y": y}, [("z", F)]), {"x": x, "y": y}


# Regions, signals -------------------------------------------------------------

@each(scale=[1.0, 0.4375], pooled=[2, 7])
def max_roi_pool(scale, pooled):
    """Regions of every kind: empty, beyond the image, at halves of pixels."""
    feed = {"x": numbers(2, 3, 9, 11), "rois": np.array(
        [[0, 0, 0, 5, 4], [1, 2, 3, 10, 8], [0, 8, 6, 30, 30], [1, 5, 5, 4, 4],
         [0, -4, -3, 2, 2], [1, 40, 40, 50, 50], [1, 2.5, 3.5, 3.5, 4.5]],
        np.float32)}
    node = helper.make_node("MaxRoiPool", ["x", "rois"], ["y"],
                            pooled_shape=[pooled, 3], spatial_scale=scale)
    return model([node], feed, [("y", F)], opset=21), feed


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


@each(coordinates=["asymmetric", "half_pixel"],
      rounding=["round_prefer_floor", "round_prefer_ceil"],
      sizes=[(7, 4), (7, 2), (14, 1), (14, 19), (23, 14)])
def resize_ties(coordinates, rounding, sizes):
    """Positions between two pixels, which rounded scales miss."""
    x = np.arange(sizes[0], dtype=np.float32)[None, None, None]
    node = helper.make_node(
        "Resize", ["x", "", "", "sizes"], ["y"], mode="nearest",
        coordinate_transformation_mode=coordinates, nearest_mode=rounding)
    size = np.array([1, 1, 1, sizes[1]], np.int64)
    return model([node], {"x": x}, [("y", F)], {"sizes": size}, opset=18), \
        {"x": x}


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


@each(element=["uint8", "int8", "int32"])
def resize_of_integers(element):
    """Cut once, after both dimensions; no sum is close to an integer."""
    x = np.abs(numbers(1, 2, 4, 5, scale=40)).astype(element)
    node = helper.make_node("Resize", ["x", "", "scales"], ["y"], mode="linear")
    return model([node], {"x": x},
                 [("y", helper.np_dtype_to_tensor_dtype(x.dtype))],
                 {"scales": np.float32([1, 1, 1.7, 1.5])}, opset=19), {"x": x}


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


# Depthwise, with several channels of the result for each one --------------------

@each(multiplier=[2, 3, 4, 8, 32], kernel=[1, 3, 7], stride=[1, 2])
def channel_multiplier(multiplier, kernel, stride):
    x = numbers(2, 8, 9, 11)
    node = helper.make_node("Conv", ["x", "w", "b"], ["y"], group=8,
                            strides=[stride, 1], pads=[kernel // 2] * 4)
    relu = helper.make_node("Relu", ["y"], ["z"])
    # In a chain it comes before another window.
    pool = helper.make_node("MaxPool", ["z"], ["p"], kernel_shape=[2, 2])
    return model([node, relu] + [pool] * (stride == 2), {"x": x},
                 [("p" if stride == 2 else "z", F)],
                 {"w": numbers(8 * multiplier, 1, kernel, kernel, seed=1),
                  "b": numbers(8 * multiplier, seed=2)}), {"x": x}


@each(multiplier=[2, 4])
def multiplied_channels_in_a_chain(multiplier):
    """The convolution is the product before a window."""
    x = numbers(1, 8, 4, 6).astype(np.float16)
    nodes = [helper.make_node("Conv", ["x", "w"], ["c"], group=8,
                              pads=[1, 0, 1, 0], strides=[3, 1]),
             helper.make_node("AveragePool", ["c"], ["y"], kernel_shape=[1, 2],
                              strides=[2, 3])]
    w = numbers(8 * multiplier, 1, 3, 1, seed=1).astype(np.float16)
    return model(nodes, {"x": x}, [("y", TensorProto.FLOAT16)],
                 {"w": w}), {"x": x}


# Tensors that share memory ------------------------------------------------------

@each(stride=[1, 2, 3], extent=[1, 2], lines=[4, 6, 8])
def window_that_leaves_lines(stride, extent, lines):
    """A convolution some of whose last lines no window reads."""
    x = numbers(1, 1, 2 * lines, 8)
    nodes = [helper.make_node("Conv", ["x", "w", "b"], ["c"], strides=[2, 1],
                              pads=[1, 0, 0, 0]),
             helper.make_node("Relu", ["c"], ["r"]),
             helper.make_node("AveragePool", ["r"], ["y"],
                              kernel_shape=[extent, 5], pads=[0, 4, 0, 1],
                              strides=[stride, 1])]
    return model(nodes, {"x": x}, [("y", F)],
                 {"w": numbers(1, 1, 3, 1), "b": numbers(1)}), {"x": x}


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


# Element types that few kernels have -------------------------------------------

@each(kind=["int8", "uint16", "int32", "uint64", "bool", "float64"])
def columns_to_image(kind):
    """Places of a window that overlap, by a definition of its own."""
    image, block, strides, dilations, pads = (4, 5), (2, 3), (1, 2), (2, 1), \
        (1, 0, 0, 1)
    counts = [(image[d] + pads[d] + pads[d + 2] - (block[d] - 1) * dilations[d]
               - 1) // strides[d] + 1 for d in (0, 1)]
    columns = counts[0] * counts[1]
    x = np.random.default_rng(3).integers(0, 9, (2, 12, columns)).astype(kind)
    padded = np.zeros((2, 2, 5, 6), kind)
    blocks = x.reshape(2, 2, *block, *counts)
    for i, j, r, c in np.ndindex(*block, *counts):
        place = (..., i * dilations[0] + r * strides[0],
                 j * dilations[1] + c * strides[1])
        padded[place] = padded[place] + blocks[:, :, i, j, r, c]
    node = helper.make_node("Col2Im", ["x", "image", "block"], ["y"],
                            strides=strides, dilations=dilations, pads=pads)
    m = model([node], {"x": x}, [("y", helper.np_dtype_to_tensor_dtype(
        x.dtype))], {"image": np.int64(image), "block": np.int64(block)})
    return m, {"x": x}, [padded[:, :, 1:, :5]]


@reference
def statistics_of_doubles():
    """Mean and deviation are f32 all the same."""
    x = numbers(3, 8).astype(np.float64)
    node = helper.make_node("LayerNormalization", ["x", "scale"],
                            ["y", "mean", "deviation"])
    double = TensorProto.DOUBLE
    m = model([node], {"x": x}, [("y", double), ("mean", F), ("deviation", F)],
              {"scale": numbers(8, seed=1).astype(np.float64)})
    mean = x.mean(-1, keepdims=True)
    deviation = 1 / np.sqrt(x.var(-1, keepdims=True) + np.float32(1e-5))
    y = (x - mean) * deviation * numbers(8, seed=1)
    return m, {"x": x}, [y, mean.astype(np.float32),
                         deviation.astype(np.float32)]


@reference
def attention_of_two_widths():
    """Values of another float type than queries and keys."""
    q, k = (numbers(1, 2, 3, 16, seed=i).astype(np.float64) for i in (0, 1))
    v = numbers(1, 2, 3, 16, seed=2)
    node = helper.make_node("Attention", ["q", "k", "v"], ["y"])
    scores = np.exp(q @ k.swapaxes(2, 3) / 4)
    y = scores / scores.sum(-1, keepdims=True) @ v
    m = model([node], {"q": q, "k": k, "v": v}, [("y", TensorProto.DOUBLE)],
              opset=23)
    return m, {"q": q, "k": k, "v": v}, [y]


# Running ----------------------------------------------------------------------

def run_onnxruntime(m, feed):
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
    wanted = known[0] if known else run_onnxruntime(m, feed)
    try:
        got = edgecc_backend.Model(
            m, os.path.join(options.bin, "edgecc-run"),
            ["--check-memory"], options.timeout).run(list(feed.values()))
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
