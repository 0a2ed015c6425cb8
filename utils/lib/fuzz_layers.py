# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""More of what utils/fuzz-models adds to a graph: the layers of networks."""
import numpy as np
from fuzz_graph import (FLOATS, INTEGERS, NUMBERS, SIGNED, Unfit,
                        is_float)
from fuzz_operators import axis_of, kind

# Windows ----------------------------------------------------------------------

def window(g, sizes, ceil=False):
    """Attributes of a window over an image of the sizes."""
    n = len(sizes)
    kernel = [g.random.choice([1, 2, 3, 3, 5]) for _ in sizes]
    dilations = [g.random.choice([1, 1, 1, 2]) for _ in sizes]
    strides = [g.random.choice([1, 1, 2, 3]) for _ in sizes]
    attributes = {"kernel_shape": kernel, "strides": strides}
    if g.random.random() < 0.3:
        attributes["dilations"] = dilations
    choice = g.random.random()
    if choice < 0.2:
        attributes["auto_pad"] = g.random.choice(["SAME_UPPER", "SAME_LOWER",
                                                  "VALID"])
        if "dilations" in attributes:
            del attributes["dilations"]
        if any(k < s for k, s in zip(kernel, strides)):
            raise Unfit("padding of less than nothing, where opinions differ")
    elif choice < 0.7:
        attributes["pads"] = [g.random.randint(0, k - 1) for k in kernel * 2]
    if ceil and g.random.random() < 0.3 and "auto_pad" not in attributes:
        attributes["ceil_mode"] = 1
    for i in range(n):
        dilation = attributes.get("dilations", [1] * n)[i]
        padded = sizes[i] + sum(attributes.get("pads", [0] * 2 * n)[i::n])
        if (kernel[i] - 1) * dilation + 1 > padded:
            raise Unfit("a window larger than the image")
    return attributes


def image(g, types, channels=None, dims=None):
    """A batch of images, with one to three dimensions in space."""
    dims = dims or g.random.choice([1, 2, 2, 2, 2, 3])
    fits = [v for v in g.values.values() if v.dtype in types and
            v.rank == dims + 2 and v.size and v.name not in g.constants and
            channels in (None, v.shape[1])]
    if fits and g.random.random() < 0.6:
        return g.random.choice(fits)
    most = {1: 33, 2: 17, 3: 7}[dims]
    shape = [g.random.choice([1, 1, 2]),
             channels or g.random.choice([1, 2, 3, 4, 6, 8, 16, 17])]
    shape += [g.random.randint(1, most) for _ in range(dims)]
    if np.prod(shape) > g.MAX_SIZE:
        raise Unfit("large")
    return g.leaf(g.type_of(types), shape)


@kind(6)
def conv(g):
    x = image(g, [t for t in g.allowed("Conv") if t in FLOATS])
    channels = x.shape[1]
    groups = g.random.choice([1, 1, 1, channels] + [
        d for d in range(1, channels + 1) if channels % d == 0])
    out = groups * g.random.choice([1, 1, 2, 3, 4, 8, 16])
    if out > 64:
        raise Unfit("large")
    attributes = window(g, x.shape[2:])
    kernel = attributes["kernel_shape"]
    w = g.leaf(x.dtype, [out, channels // groups, *kernel])
    bias = [g.leaf(x.dtype, [out])] if g.random.random() < 0.5 else []
    y = g.node("Conv", [x, w, *bias], group=groups, **attributes)
    if g.random.random() < 0.4:
        y = g.node("Relu", [y])
    return y


@kind(2)
def conv_transpose(g):
    x = image(g, [np.dtype(np.float32)])
    channels = x.shape[1]
    groups = g.random.choice([d for d in range(1, channels + 1)
                              if channels % d == 0])
    attributes = window(g, [99] * (x.rank - 2))
    kernel, strides = attributes["kernel_shape"], attributes["strides"]
    if "auto_pad" in attributes and any(k < 2 * s for k, s in
                                        zip(kernel, strides)):
        raise Unfit("padding of less than nothing, where opinions differ")
    if g.random.random() < 0.3:
        attributes["output_padding"] = [g.random.randint(0, s - 1)
                                        for s in strides]
    w = g.leaf(x.dtype, [channels, g.random.choice([1, 2, 5]), *kernel])
    bias = [g.leaf(x.dtype, [w.shape[1] * groups])] \
        if g.random.random() < 0.5 else []
    return g.node("ConvTranspose", [x, w, *bias], group=groups, **attributes)


@kind(4)
def pool(g):
    op = g.random.choice(["MaxPool", "MaxPool", "AveragePool", "AveragePool",
                          "LpPool"])
    x = image(g, [t for t in g.allowed(op) if t in NUMBERS])
    attributes = window(g, x.shape[2:], ceil=g.opset >= 10 and op != "LpPool")
    if op == "AveragePool":
        attributes["count_include_pad"] = g.random.randint(0, 1)
    if op != "MaxPool" and g.opset < 19 or op == "MaxPool" and g.opset < 10:
        attributes.pop("dilations", None)
    if op == "LpPool":
        attributes["p"] = g.random.choice([1, 2])
    return g.node(op, [x], **attributes)


@kind(2)
def global_pool(g):
    op = g.random.choice(["GlobalMaxPool", "GlobalAveragePool", "GlobalLpPool"])
    return g.node(op, [image(g, [t for t in g.allowed(op) if t in FLOATS])])


# Others are for the reference evaluator, which computes positions in f64.
RESIZED = [np.dtype(t) for t in (np.float32, np.int32, np.uint8)]


@kind(3)
def resize(g):
    x = image(g, [t for t in g.allowed("Resize" if g.opset >= 10 else
                                       "Upsample")
                  if t in RESIZED], dims=2)
    mode = g.random.choice(["nearest", "nearest", "linear", "cubic"])
    if not is_float(x.dtype):
        mode = "nearest"
    scales = [1.0, 1.0] + [g.random.choice([0.5, 1.0, 1.5, 2.0, 3.0, 0.7])
                           for _ in x.shape[2:]]
    if g.opset < 11:
        scales = [max(1.0, s) for s in scales]
        return g.node("Resize" if g.opset == 10 else "Upsample", [x],
                      {"scales": np.array(scales, np.float32)},
                      mode="nearest" if mode == "cubic" else mode)
    operands = [x, g.constant(np.zeros(0, np.float32))] \
        if g.opset < 13 else [x]
    attributes = {"mode": mode}
    attributes["coordinate_transformation_mode"] = g.random.choice(
        ["half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"])
    if mode == "nearest":
        attributes["nearest_mode"] = g.random.choice(
            ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"])
    if mode == "cubic":
        attributes["cubic_coeff_a"] = g.random.choice([-0.75, -0.5])
        attributes["exclude_outside"] = g.random.randint(0, 1)
    if g.opset >= 18 and mode != "nearest":
        attributes["antialias"] = g.random.choice([0, 0, 1])
    sizes = [int(d * s) for d, s in zip(x.shape, scales)]
    if not all(sizes):
        raise Unfit("nothing left")
    constants = {"scales": np.array(scales, np.float32)}
    if g.random.random() < 0.4:
        constants = {"sizes": np.array(sizes, np.int64)}
        if g.opset < 13:
            constants["scales"] = np.zeros(0, np.float32)
    return g.node("Resize", operands, constants, **attributes)


# Products ---------------------------------------------------------------------

SIZES = [1, 2, 3, 4, 5, 8, 16, 17, 31, 32, 33, 48]


@kind(5)
def matmul(g):
    types = [t for t in g.allowed("MatMul") if t in FLOATS + SIGNED[2:]]
    a = g.pick(types, 1, 5)
    k, n = a.shape[-1], g.random.choice(SIZES)
    batch = list(a.shape[:-2])[g.random.randint(0, max(a.rank - 2, 0)):]
    batch = [d if g.random.random() < 0.7 else 1 for d in batch]
    shape = [k] if g.random.random() < 0.1 else [*batch, k, n]
    b = g.leaf(a.dtype, shape)
    if g.random.random() < 0.2 and a.rank >= 2 and len(shape) >= 2:
        # The operands exchanged: (b^T a^T).
        return g.node("MatMul", [g.leaf(a.dtype, [n, a.shape[-2]]), a])
    return g.node("MatMul", [a, b])


@kind(3)
def gemm(g):
    types = [t for t in g.allowed("Gemm") if t in FLOATS]
    a = g.pick(types, 2, 2)
    ta, tb = g.random.randint(0, 1), g.random.randint(0, 1)
    m, k = a.shape[::-1] if ta else a.shape
    if not k:
        raise Unfit("no products: ONNX Runtime forgets beta")
    n = g.random.choice(SIZES)
    b = g.leaf(a.dtype, [n, k] if tb else [k, n])
    operands = [a, b]
    if g.random.random() < 0.7 or g.opset < 11:
        operands.append(g.leaf(a.dtype, g.random.choice(
            [[m, n], [n], [1, n], [m, 1], [1], []])))
    return g.node("Gemm", operands, transA=ta, transB=tb,
                  alpha=g.random.choice([None, 0.5]),
                  beta=g.random.choice([None, 0.25]))


@kind(2)
def einsum(g):
    letters = g.random.sample("ijklm", g.random.randint(2, 4))
    sizes = {c: g.random.choice([1, 2, 3, 5, 8]) for c in letters}
    terms = ["".join(g.random.sample(letters, g.random.randint(1, len(letters))))
             for _ in range(g.random.randint(1, 3))]
    used = sorted(set("".join(terms)))
    result = "".join(g.random.sample(used, g.random.randint(0, len(used))))
    dtype = g.random.choice([np.float32, np.float64])
    operands = [g.leaf(dtype, [sizes[c] for c in t]) for t in terms]
    return g.node("Einsum", operands, equation=",".join(terms) + "->" + result)


# Normalisation ----------------------------------------------------------------

@kind(2)
def normalise_channels(g):
    op = g.random.choice(["BatchNormalization", "InstanceNormalization", "LRN"])
    x = image(g, g.allowed(op)[:1])
    c = [x.shape[1]]
    if op == "LRN":
        return g.node(op, [x], size=g.random.choice([1, 3, 5]),
                      alpha=g.random.choice([0.0001, 0.1]),
                      bias=g.random.choice([1.0, 2.0]))
    operands = [x, g.leaf(x.dtype, c), g.leaf(x.dtype, c)]
    if op == "BatchNormalization":
        operands += [g.leaf(x.dtype, c), g.leaf(x.dtype, c, 0.2, 2)]
    return g.node(op, operands, epsilon=g.random.choice([1e-5, 1e-2]))


@kind(2)
def normalise_layer(g):
    op = g.random.choice(["LayerNormalization", "RMSNormalization",
                          "LpNormalization", "MeanVarianceNormalization"])
    types = [t for t in g.allowed(op) if t in FLOATS]
    if op == "MeanVarianceNormalization":
        x = image(g, types[:1], dims=2)
        if np.any(x.array.std(axis=(0, 2, 3)) < 1e-2):
            # ONNX adds 1e-9 to it, ONNX Runtime does not.
            raise Unfit("a deviation of next to nothing")
        return g.node(op, [x])
    x = g.pick(types, 1)
    axis = axis_of(g, x)
    if op == "LpNormalization":
        return g.node(op, [x], axis=axis, p=g.random.choice([1, 2]))
    shape = x.shape[axis:]
    operands = [x, g.leaf(x.dtype, shape)]
    if op == "LayerNormalization" and g.random.random() < 0.5:
        operands.append(g.leaf(x.dtype, shape))
    return g.node(op, operands, axis=axis, epsilon=1e-3)


@kind(1)
def normalise_groups(g):
    x = image(g, FLOATS[:1], channels=g.random.choice([4, 6, 8]))
    groups = g.random.choice([d for d in (1, 2, 4) if x.shape[1] % d == 0])
    size = [groups if g.opset < 21 else x.shape[1]]
    return g.node("GroupNormalization", [x, g.leaf(x.dtype, size),
                                         g.leaf(x.dtype, size)],
                  num_groups=groups)


# Integers of quantised networks -------------------------------------------------

def scale_of(g, low=0.02, high=0.3):
    """Of random digits: with few of them, roundings would decide ties."""
    return g.constant(np.float32(g.random.uniform(low, high)))


def zero_of(g, dtype):
    return g.constant(np.asarray(g.random.choice([0, 3, 7]), dtype))


BYTES = [np.dtype(np.int8), np.dtype(np.uint8)]


@kind(3)
def quantise(g):
    x = g.pick([np.dtype(np.float32)])
    dtype = g.random.choice(BYTES)
    if g.random.random() < 0.3 and g.opset >= 13 and x.rank > 1:
        axis = g.random.randrange(x.rank)
        n = [x.shape[axis]]
        scale = g.constant(g.rng.uniform(0.02, 0.3, n).astype(np.float32))
        zero = g.constant(g.rng.integers(0, 9, n).astype(dtype))
        q = g.node("QuantizeLinear", [x, scale, zero], axis=axis)
        return g.node("DequantizeLinear", [q, scale, zero], axis=axis)
    scale, zero = scale_of(g), zero_of(g, dtype)
    q = g.node("QuantizeLinear", [x, scale, zero])
    return g.node("DequantizeLinear", [q, scale, zero]) \
        if g.random.random() < 0.7 else q


@kind(1)
def dequantise(g):
    types = [t for t in g.allowed("DequantizeLinear") if t in INTEGERS]
    x = g.pick(types)
    zero = [] if x.dtype == np.int32 else [zero_of(g, x.dtype)]
    return g.node("DequantizeLinear", [x, scale_of(g), *zero])


@kind(2)
def integer_product(g):
    op = g.random.choice(["MatMulInteger", "QLinearMatMul", "ConvInteger",
                          "QLinearConv"])
    a_type, b_type = g.random.choice(BYTES), g.random.choice(BYTES)
    if "Conv" in op:
        a = image(g, [a_type])
        attributes = window(g, a.shape[2:])
        b = g.leaf(b_type, [g.random.choice([1, 3, 8, 16]), a.shape[1],
                            *attributes["kernel_shape"]])
    else:
        a = g.pick([a_type], 2, 4)
        attributes = {}
        b = g.leaf(b_type, [a.shape[-1], g.random.choice(SIZES)])
    a_zero, b_zero = zero_of(g, a_type), zero_of(g, b_type)
    if op.endswith("Integer"):
        return g.node(op, [a, b, a_zero, b_zero], **attributes)
    y_type = g.random.choice(BYTES)
    operands = [a, scale_of(g), a_zero, b, scale_of(g), b_zero,
                scale_of(g, 1, 20),
                zero_of(g, y_type)]
    if op == "QLinearConv" and g.random.random() < 0.5:
        operands.append(g.leaf(np.int32, [b.shape[0]]))
    return g.node(op, operands, **attributes)
