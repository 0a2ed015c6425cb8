# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""More of what utils/fuzz-models adds to a graph: recurrent cells, attention,
sub-graphs, and operators of ONNX Runtime."""
import numpy as np
from fuzz_graph import (BOOL, EVERYTHING, FLOATS, NUMBERS, Unfit,
                        element_type)
from fuzz_layers import BYTES, image, scale_of, window, zero_of
from fuzz_operators import axis_of, kind
from onnx import TensorProto, helper

F32 = np.dtype(np.float32)
MICROSOFT = "com.microsoft"


@kind(3)
def recurrent(g):
    op = g.random.choice(["LSTM", "GRU", "RNN"])
    gates = {"LSTM": 4, "GRU": 3, "RNN": 1}[op]
    time, batch, size, inner = (g.random.choice(c) for c in (
        [1, 2, 5], [1, 1, 3], [1, 4, 9], [1, 3, 8, 16]))
    direction = g.random.choice(["forward", "reverse", "bidirectional"])
    d = 2 if direction == "bidirectional" else 1
    layout = g.random.choice([0, 0, 0, 1]) if g.opset >= 14 else 0

    def swapped(shape):
        # Time and batch, or direction and batch, exchanged.
        return [shape[1], shape[0], *shape[2:]] if layout else shape
    operands = [g.leaf(F32, swapped([time, batch, size])),
                g.leaf(F32, [d, gates * inner, size]),
                g.leaf(F32, [d, gates * inner, inner])]
    rest = [g.leaf(F32, [d, 2 * gates * inner]), None]
    if g.random.random() < 0.3:
        rest[1] = g.leaf(np.dtype(np.int32), [batch], 1, time)
    if g.random.random() < 0.5:
        rest.append(g.leaf(F32, swapped([d, batch, inner])))
        if op == "LSTM" and g.random.random() < 0.7:
            rest.append(g.leaf(F32, swapped([d, batch, inner])))
            if g.random.random() < 0.5:
                rest.append(g.leaf(F32, [d, 3 * inner]))
    operands += rest[:g.random.choice([0, len(rest), len(rest)])]
    while operands[-1] is None:
        operands.pop()
    return g.node(op, operands, outputs=3 if op == "LSTM" else 2,
                  hidden_size=inner, direction=direction, layout=layout,
                  clip=g.random.choice([None, None, 0.7]),
                  linear_before_reset=g.random.randint(0, 1))


@kind(2)
def attention(g):
    batch, heads, q, k = (g.random.choice(c) for c in (
        [1, 2], [1, 2, 4], [1, 3, 8], [1, 5, 8]))
    size, wide = g.random.choice([4, 8]), g.random.choice([4, 6])
    shared = g.random.choice([h for h in (1, 2, 4) if heads % h == 0])
    operands = [g.leaf(F32, [batch, heads, q, size]),
                g.leaf(F32, [batch, shared, k, size]),
                g.leaf(F32, [batch, shared, k, wide])]
    attributes = {}
    if g.random.random() < 0.3:
        operands.append(g.leaf(F32, g.random.choice(
            [[q, k], [1, 1, q, k], [batch, heads, q, k]])))
    return g.node("Attention", operands, **attributes,
                  is_causal=g.random.choice([0, 0, 1]),
                  softcap=g.random.choice([None, None, 2.0]),
                  scale=g.random.choice([None, 0.3]))


@kind(1)
def microsoft(g):
    """Activations and products that ONNX Runtime's optimiser writes."""
    op = g.random.choice(["Gelu", "FastGelu", "BiasGelu", "QuickGelu",
                          "FusedMatMul", "SkipLayerNormalization", "FusedConv"])
    x = g.pick([F32], 3, 3) if op != "FusedConv" else image(g, [F32], dims=2)
    n = x.shape[-1]
    attributes = {}
    operands = [x]
    if op == "BiasGelu":
        operands.append(g.leaf(F32, [n]))
    elif op == "QuickGelu":
        attributes["alpha"] = g.random.choice([1.0, 1.702])
    elif op == "FusedMatMul":
        other = g.random.choice([1, 5, 16])
        b = g.random.randint(0, 1)
        operands.append(g.leaf(F32, [other, n] if b else [n, other]))
        attributes = {"transB": b, "alpha": g.random.choice([1.0, 0.5])}
    elif op == "SkipLayerNormalization":
        operands += [g.leaf(F32, x.shape), g.leaf(F32, [n]), g.leaf(F32, [n])]
        attributes["epsilon"] = 1e-3
    elif op == "FusedConv":
        attributes = window(g, x.shape[2:])
        operands.append(g.leaf(F32, [4, x.shape[1],
                                     *attributes["kernel_shape"]]))
        attributes["activation"] = g.random.choice(["Relu", "Sigmoid", "Tanh"])
        if attributes["activation"] == "Sigmoid":
            # Those of ONNX Runtime have few digits near zero.
            attributes["least"] = 1e-3
    if op in ("Gelu", "BiasGelu", "FastGelu") and np.any(
            sum(o.array for o in operands) < -3):
        # ONNX Runtime adds one to an erf or tanh that is nearly -1.
        raise Unfit("a tail without digits")
    return g.node(op, operands, domain=MICROSOFT, **attributes)


@kind(2)
def quantised_microsoft(g):
    op = g.random.choice(["QLinearAdd", "QLinearMul", "QLinearSigmoid",
                          "QLinearLeakyRelu", "QLinearGlobalAveragePool",
                          "QLinearConcat"])
    dtype = g.random.choice(BYTES)

    def scaled(x, low=0.02, high=0.3):
        return [x, scale_of(g, low, high), zero_of(g, dtype)]
    result = [scale_of(g, 0.1, 2), zero_of(g, dtype)]
    if op == "QLinearGlobalAveragePool":
        x = image(g, [dtype], dims=2)
        return g.node(op, scaled(x) + result, domain=MICROSOFT,
                      channels_last=0)
    x = g.pick([dtype], 1)
    if op in ("QLinearAdd", "QLinearMul"):
        return g.node(op, scaled(x) + scaled(g.broadcast(x)) + result,
                      domain=MICROSOFT)
    if op == "QLinearConcat":
        return g.node(op, result + scaled(x) + scaled(g.leaf(dtype, x.shape)),
                      domain=MICROSOFT, axis=axis_of(g, x))
    return g.node(op, scaled(x) + result, domain=MICROSOFT,
                  alpha=0.1 if op == "QLinearLeakyRelu" else None)


@kind(2)
def sampling(g):
    op = g.random.choice(["GridSample", "RoiAlign", "AffineGrid"])
    if op == "AffineGrid":
        n, c, h, w = (g.random.randint(1, 4) for _ in range(4))
        return g.node(op, [g.leaf(F32, [n, 2, 3]), g.constant(
            np.array([n, c, h, w], np.int64))],
            align_corners=g.random.randint(0, 1) if min(h, w) > 1 else 0)
    x = image(g, [F32], dims=2)
    if op == "GridSample":
        grid = g.leaf(F32, [x.shape[0], g.random.randint(1, 6),
                            g.random.randint(1, 6), 2], -1.2, 1.2)
        modes = ["bilinear", "nearest", "bicubic"] if g.opset < 20 else \
            ["linear", "nearest", "cubic"]
        return g.node(op, [x, grid], mode=g.random.choice(modes),
                      padding_mode=g.random.choice(["zeros", "border",
                                                    "reflection"]),
                      align_corners=g.random.randint(0, 1))
    corners = g.rng.uniform(0, max(x.shape[2:]) / 2, [3, 4]).astype(F32)
    corners[:, 2:] += corners[:, :2] + 0.5
    # How many samples a bin gets by itself follows from regions that are known.
    ratio = g.random.choice([0, 2])
    table, kind_of = (g.inputs, "x") if ratio else (g.constants, "w")
    return g.node(op, [x, g.add(table, corners, kind_of),
                       g.leaf(np.dtype(np.int64), [3], 0, x.shape[0] - 1)],
                  mode=g.random.choice(["avg", "max"]),
                  output_height=g.random.randint(1, 3),
                  output_width=g.random.randint(1, 3),
                  sampling_ratio=ratio,
                  spatial_scale=g.random.choice([1.0, 0.5]))


@kind(2)
def rearrange(g):
    op = g.random.choice(["ReverseSequence", "CenterCropPad", "Col2Im", "Det",
                          "DynamicQuantizeLinear", "Dropout", "BitCast",
                          "Identity", "CastLike", "IsInf", "Compress"])
    if op == "ReverseSequence":
        x = g.pick(EVERYTHING, 2)
        time = g.random.randint(0, 1)
        lengths = g.leaf(np.dtype(np.int64), [x.shape[1 - time]],
                         min(1, x.shape[time]), x.shape[time])
        return g.node(op, [x, lengths], time_axis=time, batch_axis=1 - time)
    if op == "CenterCropPad":
        x = g.pick(NUMBERS, 1)
        shape = [g.random.randint(1, d + 3) for d in x.shape]
        return g.node(op, [x, g.constant(np.array(shape, np.int64))])
    if op == "Col2Im":
        h, w, c = (g.random.randint(1, 4) for _ in range(3))
        kh, kw = g.random.randint(1, h), g.random.randint(1, w)
        blocks = (h - kh + 1) * (w - kw + 1)
        return g.node(op, [g.leaf(F32, [2, c * kh * kw, blocks]),
                           g.constant(np.array([h, w], np.int64)),
                           g.constant(np.array([kh, kw], np.int64))])
    if op == "Det":
        n = g.random.randint(1, 5)
        return g.node(op, [g.leaf(F32, [*g.shape(0, 2), n, n])])
    if op == "DynamicQuantizeLinear":
        return g.node(op, [g.pick([F32])], outputs=3)
    if op == "CastLike":
        x = g.pick(FLOATS)
        return g.node(op, [x, g.pick(FLOATS)])
    if op == "Compress":
        x = g.pick(EVERYTHING, 1)
        axis = g.random.randrange(x.rank)
        keep = g.constant(g.rng.random(x.shape[axis]) < 0.6)
        return g.node(op, [x, keep], axis=axis)
    return g.node(op, [g.pick(g.allowed(op))])


@kind(1)
def max_pool_indices(g):
    x = image(g, [F32])
    if len(np.unique(x.array)) < x.size:
        raise Unfit("equal elements, of which any may be the largest")
    attributes = window(g, x.shape[2:])
    return g.node("MaxPool", [x], outputs=2, **attributes,
                  storage_order=g.random.randint(0, 1))


def information(name, value):
    return helper.make_tensor_value_info(
        name, element_type(value.dtype), value.shape)


@kind(2)
def branch(g):
    """One of two sub-graphs that read a value from outside."""
    x = g.pick(FLOATS[:1], 0)
    name = f"{g.prefix}b{len(g.values)}"

    def side(op, suffix):
        node = helper.make_node(op, [x.name], [name + suffix])
        return helper.make_graph([node], "side", [], [
            information(name + suffix, x)])
    return g.node("If", [g.leaf(BOOL, [])], then_branch=side(
        g.random.choice(["Neg", "Relu"]), "t"), else_branch=side(
        g.random.choice(["Tanh", "Identity"]), "e"), outside=[x])


@kind(2)
def loop(g):
    """A loop of a known number of steps that collects what it computes."""
    x = g.pick(FLOATS[:1], 0, 3)
    outside = g.leaf(x.dtype, g.random.choice([x.shape, []]))
    n = f"{g.prefix}b{len(g.values)}"
    nodes = [helper.make_node(g.random.choice(["Add", "Mul", "Max"]),
                              [n + "v", outside.name], [n + "w"]),
             helper.make_node(g.random.choice(["Tanh", "Sin", "Identity"]),
                              [n + "w"], [n + "y"]),
             helper.make_node("Cast", [n + "i"], [n + "f"],
                              to=TensorProto.FLOAT),
             helper.make_node("Add", [n + "y", n + "f"], [n + "s"]),
             helper.make_node("Identity", [n + "c"], [n + "d"])]
    make = helper.make_tensor_value_info
    body = helper.make_graph(
        nodes, "body", [make(n + "i", TensorProto.INT64, []),
                        make(n + "c", TensorProto.BOOL, []),
                        information(n + "v", x)],
        [make(n + "d", TensorProto.BOOL, []), information(n + "y", x),
         information(n + "s", x)])
    trips = g.constant(np.array(g.random.choice([0, 1, 2, 5]), np.int64))
    return g.node("Loop", [trips, None, x], outputs=2, body=body,
                  outside=[outside])
