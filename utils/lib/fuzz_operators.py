# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What utils/fuzz-models adds to a graph: a function for each kind of operator,
here those that work on elements, reduce or move them.

Each takes the graph, chooses operands and attributes, and adds a node or raises
Unfit. Types come from ONNX's schemas, shapes from the operands.
"""
import numpy as np
from fuzz_graph import (BOOL, EVERYTHING, FLOATS, NUMBERS, SIGNED, Unfit,
                        element_type, is_float)

KINDS = []


def kind(weight):
    """Registers a function to be chosen `weight` times as often as others."""
    def register(function):
        KINDS.extend([function] * weight)
        return function
    return register


# Elementwise ------------------------------------------------------------------

UNARY = """Abs Acos Acosh Asin Asinh Atan Atanh Ceil Cos Cosh Elu Erf Exp Floor
    HardSigmoid HardSwish Identity LeakyRelu Log Mish Neg Not Reciprocal Relu
    Round Selu Sigmoid Sign Sin Sinh Softplus Softsign Sqrt Tan Tanh
    ThresholdedRelu Celu Gelu Shrink IsNaN BitwiseNot Swish""".split()
# Where their results are numbers.
RANGES = {"Acos": (-1, 1), "Asin": (-1, 1), "Atanh": (-0.99, 0.99),
          "Acosh": (1, 5), "Log": (0.01, 9), "Sqrt": (0, 9),
          "Reciprocal": (0.1, 9)}


@kind(8)
def unary(g):
    op = g.random.choice(UNARY)
    types = g.allowed(op)
    if op in RANGES and g.random.random() < 0.7:
        types = [t for t in types if is_float(t)]
        x = g.leaf(g.type_of(types), g.shape(), *RANGES[op])
    else:
        x = g.pick(types)
    alpha = g.random.choice([None, 0.5, 1.5])
    if op in ("HardSwish", "Erf", "Gelu", "Shrink") and \
            x.dtype == np.float64:
        raise Unfit("the reference is of f32")
    if not is_float(x.dtype) and op in ("Shrink", "Erf"):
        raise Unfit("an operator for floats")
    if op == "Gelu":
        return g.node(op, [x], approximate=g.random.choice(["none", "tanh"]))
    if op == "Shrink":
        return g.node(op, [x], bias=g.random.choice([0.0, 0.5]),
                      lambd=g.random.choice([0.5, 1.0]))
    return g.node(op, [x], alpha=alpha,
                  beta=g.random.choice([None, 0.25])
                  if op == "HardSigmoid" else None)


BINARY = """Add Sub Mul Div Pow Mod And Or Xor Equal Less Greater LessOrEqual
    GreaterOrEqual BitShift BitwiseAnd BitwiseOr BitwiseXor PRelu""".split()


@kind(8)
def binary(g):
    op = g.random.choice(BINARY + ["Add", "Sub", "Mul", "Div"])
    a = g.pick(g.allowed(op))
    attributes = {}
    if op == "Pow":
        types = [a.dtype] if g.opset < 12 else [
            t for t in g.allowed(op, 1)
            if is_float(t) or not is_float(a.dtype) or t in SIGNED[2:]]
        exponent = g.random.choice([-1.0, 0.5, 2, 2, 3, 0, 1])
        b = g.constant(np.asarray(exponent).astype(g.random.choice(types))) \
            if g.random.random() < 0.6 else g.broadcast(a, [a.dtype])
        if not is_float(a.dtype) and (np.any(b.array.astype(float) < 0) or
                                      np.any(a.array < 0) or
                                      np.any(np.power(a.array.astype(float),
                                                      b.array.astype(float),
                                                      ) >= 100)):
            raise Unfit("a power that does not fit")
    elif op in ("Div", "Mod") and not is_float(a.dtype):
        shape = a.shape[g.random.randint(0, a.rank):]
        b = g.leaf(a.dtype, shape, 1, 9)
    elif op == "BitShift":
        b = g.leaf(a.dtype, a.shape, 0, 7)
        attributes["direction"] = g.random.choice(["LEFT", "RIGHT"])
    else:
        b = g.broadcast(a)
    if op == "Mod" and a.dtype.itemsize == 8 and np.any(
            np.abs(a.array.astype(float)) > 2**50):
        raise Unfit("computed in f64 by others")
    if op == "Mod":
        attributes["fmod"] = 1 if is_float(a.dtype) else g.random.randint(0, 1)
    operands = [a, b]
    if op in ("Add", "Sub", "Mul", "Div", "Less") and g.random.random() < 0.3 \
            and (op != "Div" or is_float(a.dtype)):
        operands.reverse()
    if op in ("Add", "Mul") and g.random.random() < 0.05:
        operands = [a, a]
    return g.node(op, operands, **attributes)


@kind(2)
def variadic(g):
    op = g.random.choice(["Max", "Min", "Sum", "Mean"])
    a = g.pick(g.allowed(op))
    rest = [g.broadcast(a) for _ in range(g.random.randint(0, 3))]
    return g.node(op, [a, *rest])


@kind(2)
def where(g):
    a = g.pick(g.allowed("Where", 1))
    return g.node("Where", [g.broadcast(a, [BOOL]), a, g.broadcast(a)])


@kind(2)
def clip(g):
    x = g.pick(g.allowed("Clip"))
    low = g.random.choice([None, -1, 0])
    high = g.random.choice([None, 2, 6])
    if g.opset < 11:
        return g.node("Clip", [x], min=None if low is None else float(low),
                      max=None if high is None else float(high))
    if low is not None and x.dtype not in FLOATS + SIGNED:
        low = 1
    return g.node("Clip", [x], {
        "min": None if low is None else np.asarray(low, x.dtype),
        "max": None if high is None else np.asarray(high, x.dtype)})


@kind(3)
def cast(g):
    types = g.allowed("Cast")
    x, to = g.pick(types), g.random.choice(types)
    if is_float(x.dtype) and not is_float(to) and to != BOOL:
        limits = np.iinfo(to)
        for a in x.arrays:
            wide = a.astype(np.float64)
            if not np.isfinite(wide).all() or (wide < limits.min).any() or \
                    (wide >= float(limits.max)).any():
                raise Unfit("a number that does not fit")
    return g.node("Cast", [x], to=element_type(to))


# Reductions -------------------------------------------------------------------

def axis_of(g, x):
    if not x.rank:
        raise Unfit("a scalar")
    return g.random.randrange(-x.rank, x.rank)


def axes_of(g, x, least=0):
    axes = sorted(g.random.sample(
        range(x.rank), g.random.randint(min(least, x.rank), x.rank)))
    if g.opset >= 11 and g.random.random() < 0.3:
        axes = [a - x.rank for a in axes]
    return np.array(axes, np.int64)


@kind(6)
def reduce(g):
    op = "Reduce" + g.random.choice(["Sum", "Mean", "Max", "Min", "Prod", "L1",
                                     "L2", "LogSum", "LogSumExp", "SumSquare"])
    types = [t for t in g.allowed(op) if t in NUMBERS]
    if "Log" in op or op == "ReduceL2":
        types = [t for t in types if is_float(t)]
    x = g.pick(types) if op != "ReduceLogSum" else \
        g.leaf(g.type_of(types), g.shape(), 0.1, 3)
    if not x.size:
        raise Unfit("nothing to reduce")
    if op in ("ReduceProd", "ReduceSumSquare", "ReduceMean") and \
            not is_float(x.dtype) and np.any(np.abs(x.array.astype(float)) > 10):
        raise Unfit("numbers that may overflow")
    # ReduceL1 saturates in ONNX Runtime; ONNX is silent. It sums in f64.
    most = 2**53 if op == "ReduceL1" else np.inf
    if op in ("ReduceSum", "ReduceL1") and not is_float(x.dtype) and \
            np.abs(x.array.astype(float)).sum() > min(
                np.iinfo(x.dtype).max, most):
        raise Unfit("a sum that overflows")
    axes = g.random.choice([None, axes_of(g, x, 1)])
    return g.node(op, [x], {"axes": axes if axes is None or len(axes)
                            else None},
                  keepdims=g.random.randint(0, 1))


@kind(2)
def arg(g):
    op = g.random.choice(["ArgMax", "ArgMin"])
    x = g.pick(g.allowed(op), 1)
    if not x.size:
        raise Unfit("nothing to compare")
    return g.node(op, [x], axis=axis_of(g, x) if g.opset >= 11 else 0,
                  keepdims=g.random.randint(0, 1),
                  select_last_index=g.random.randint(0, 1))


@kind(3)
def softmax(g):
    op = g.random.choice(["Softmax", "LogSoftmax", "Hardmax"])
    types = [t for t in g.allowed(op) if t in NUMBERS]
    # ONNX Runtime has Hardmax for f32 only, and the reference evaluator does
    # not flatten, as ONNX did before opset 13.
    if op == "Hardmax" and g.opset < 13:
        types = [t for t in types if t == np.float32]
    x = g.pick(types, 1)
    axis = axis_of(g, x)
    return g.node(op, [x], axis=axis if g.opset >= 11 else abs(axis))


@kind(1)
def cumulate(g):
    op = g.random.choice(["CumSum", "CumSum", "CumProd"])
    x = g.pick([t for t in g.allowed(op) if t in NUMBERS], 1)
    axis = np.array(axis_of(g, x), g.random.choice([np.int64, np.int32]))
    return g.node(op, [x, g.constant(axis)], exclusive=g.random.randint(0, 1),
                  reverse=g.random.randint(0, 1))


@kind(1)
def top_k(g):
    x = g.pick(g.allowed("TopK"), 1)
    axis = axis_of(g, x) if g.opset >= 11 else g.random.randrange(x.rank)
    least = 0 if g.opset >= 10 else 1
    if x.shape[axis] < least:
        raise Unfit("nothing to choose from")
    k = g.random.randint(least, x.shape[axis])
    return g.node("TopK", [x], {"k": k} if g.opset < 10 else
                  {"K": np.array([k], np.int64)}, outputs=2, axis=axis,
                  largest=g.random.randint(0, 1))


# Movement ---------------------------------------------------------------------

MOVED = EVERYTHING


@kind(3)
def transpose(g):
    x = g.pick(MOVED, 0)
    order = g.random.sample(range(x.rank), x.rank)
    return g.node("Transpose", [x], perm=g.random.choice([None, order, order]))


@kind(3)
def reshape(g):
    x = g.pick(MOVED)
    shape, rest = [], x.size
    while rest > 1 and len(shape) < 6:
        d = g.random.choice([d for d in range(1, rest + 1) if rest % d == 0
                             and d <= 33] + [rest])
        shape.append(d)
        rest //= d
    if rest > 1:
        shape.append(rest)
    if not x.size:
        shape = list(x.shape)[::-1]
    if shape and x.size and g.random.random() < 0.4:
        shape[g.random.randrange(len(shape))] = -1
    return g.node("Reshape", [x, g.constant(np.array(shape, np.int64))])


@kind(3)
def ranks(g):
    op = g.random.choice(["Squeeze", "Unsqueeze", "Flatten"])
    x = g.pick(MOVED, 0, 7)
    if op == "Flatten":
        return g.node(op, [x], axis=g.random.randint(0, x.rank))
    if op == "Squeeze":
        ones = [i for i, d in enumerate(x.shape) if d == 1]
        axes = g.random.sample(ones, g.random.randint(0, len(ones)))
        return g.node(op, [x], {"axes": np.array(axes, np.int64)
                                if axes else None})
    rank = x.rank + g.random.randint(1, 8 - x.rank)
    axes = g.random.sample(range(rank), rank - x.rank)
    return g.node(op, [x], {"axes": np.array(sorted(axes), np.int64)})


@kind(2)
def expand(g):
    x = g.pick(MOVED)
    shape = [g.random.choice([1, 2, 3]) if d == 1 else g.random.choice([1, d])
             for d in x.shape]
    shape = g.random.choice([[], [2], [1, 3]]) + shape
    if len(shape) > 8 or np.prod(shape) * x.size > g.MAX_SIZE:
        raise Unfit("large")
    return g.node("Expand", [x, g.constant(np.array(shape, np.int64))])


@kind(2)
def tile(g):
    x = g.pick(MOVED)
    repeats = [g.random.choice([1, 1, 2, 3, 0] if g.random.random() < 0.1
                               else [1, 1, 2, 3]) for _ in x.shape]
    if np.prod(repeats) * x.size > g.MAX_SIZE:
        raise Unfit("large")
    return g.node("Tile", [x, g.constant(np.array(repeats, np.int64))])


@kind(4)
def cut(g):
    x = g.pick(MOVED, 1)
    axes = g.random.sample(range(x.rank), g.random.randint(1, x.rank))
    starts, ends, steps = [], [], []
    for a in axes:
        d = x.shape[a]
        step = g.random.choice([1, 1, 1, 2, 3, -1, -2]) if g.opset >= 10 else 1
        begin, end = g.random.randint(-d - 1, d + 1), g.random.randint(-d, d + 1)
        if g.random.random() < 0.7:
            begin, end = sorted([begin % (d + 1), end % (d + 1)],
                                reverse=step < 0)
            if begin == end:
                end = -2 * d - 2 if step < 0 else d + 1
        starts.append(begin)
        ends.append(end)
        steps.append(step)
    values = {"starts": starts, "ends": ends, "axes": axes}
    if g.opset >= 10:
        values["steps"] = steps
    return g.node("Slice", [x], {k: np.array(v, np.int64)
                                 for k, v in values.items()})


@kind(3)
def concat(g):
    x = g.pick(MOVED, 1)
    axis = g.random.randrange(x.rank)
    parts = [x]
    for _ in range(g.random.randint(0, 3)):
        shape = list(x.shape)
        shape[axis] = g.random.choice([1, 2, 3, shape[axis]])
        same = [v for v in g.values.values() if v.dtype == x.dtype and
                v.rank == x.rank and all(
                    i == axis or d == e for i, (d, e) in
                    enumerate(zip(v.shape, x.shape)))]
        parts.append(g.random.choice(same) if g.random.random() < 0.6
                     else g.leaf(x.dtype, shape))
    g.random.shuffle(parts)
    return g.node("Concat", parts, axis=axis - g.random.choice([0, x.rank])
                  if g.opset >= 11 else axis)


@kind(2)
def split(g):
    x = g.pick(MOVED, 1)
    axis = g.random.randrange(x.rank)
    d, count = x.shape[axis], g.random.randint(1, 4)
    cuts = sorted(g.random.randint(0, d) for _ in range(count - 1))
    sizes = [b - a for a, b in zip([0, *cuts], [*cuts, d])]
    if g.opset >= 18 and d >= count and g.random.random() < 0.3:
        return g.node("Split", [x], outputs=-(-d // -(-d // count)), axis=axis,
                      num_outputs=-(-d // -(-d // count)))
    return g.node("Split", [x], {"split": np.array(sizes, np.int64)},
                  outputs=count, axis=axis)


@kind(3)
def pad(g):
    x = g.pick(g.allowed("Pad"), 1)
    mode = g.random.choice(["constant", "constant", "edge", "reflect", "wrap"])
    if mode == "wrap" and g.opset < 19 or not x.size and mode != "constant":
        raise Unfit("a mode that is not")
    ends = []
    for _ in range(2):
        for d in x.shape:
            most = max(d - 1, 0) if mode == "reflect" else min(d, 3)
            ends.append(g.random.choice([0, 0, min(1, most), most])
                        if g.random.random() < 0.9 or mode != "constant" or
                        d < 3 else -1)
    constants = {"pads": np.array(ends, np.int64)}
    if mode == "constant" and g.random.random() < 0.5:
        constants["value" if g.opset < 11 else "constant_value"] = \
            np.asarray(3, float if g.opset < 11 else x.dtype)
    return g.node("Pad", [x], constants, mode=mode)


def indices_of(g, limit, shape):
    if not limit:
        raise Unfit("nothing to index")
    least = -limit if g.opset >= 11 else 0
    return g.leaf(g.random.choice([np.int64, np.int32]), shape, least,
                  limit - 1)


@kind(3)
def gather(g):
    op = g.random.choice(["Gather", "GatherElements", "GatherND"])
    x = g.pick(MOVED, 1, 6)
    axis = axis_of(g, x) if g.opset >= 11 else g.random.randrange(x.rank)
    if op == "Gather":
        return g.node(op, [x, indices_of(g, x.shape[axis], g.shape(0, 2))],
                      axis=axis)
    if op == "GatherElements":
        shape = [g.random.randint(min(1, d), d) for d in x.shape]
        shape[axis] = g.random.choice([1, 2, 5])
        return g.node(op, [x, indices_of(g, x.shape[axis], shape)], axis=axis)
    batch = g.random.choice([0, 0, min(1, x.rank - 1)]) if g.opset >= 12 else 0
    last = g.random.randint(1, x.rank - batch)
    shape = [*x.shape[:batch], g.random.choice([1, 2, 3]), last]
    limit = min(x.shape[batch:batch + last])
    indices = indices_of(g, limit, shape)
    if indices.dtype != np.int64:
        raise Unfit("the type of indices")
    return g.node(op, [x, indices], batch_dims=batch)


@kind(2)
def scatter(g):
    op = g.random.choice(["ScatterElements", "ScatterND"])
    x = g.pick(MOVED, 1, 6)
    how = g.random.choice(["none", "add", "mul", "max", "min"])
    if x.dtype == BOOL or g.opset < (18 if how in ("max", "min") else 16):
        how = "none"
    reduction = None if how == "none" and g.opset < 16 else how
    if op == "ScatterElements":
        axis = g.random.randrange(x.rank)
        shape = [g.random.randint(min(1, d), d) for d in x.shape]
        if not np.prod(shape):
            raise Unfit("nothing to write")
        # Without a reduction no place may be written twice.
        order = np.stack([g.rng.permutation(x.shape[axis])[:shape[axis]]
                          for _ in range(int(np.prod(shape)) // shape[axis])])
        moved = [d for i, d in enumerate(shape) if i != axis]
        index = np.moveaxis(order.reshape(*moved, shape[axis]), -1, axis)
        return g.node(op, [x, g.constant(index.astype(np.int64))
                           if g.random.random() < 0.5 else
                           g.add(g.inputs, index.astype(np.int64), "x"),
                           g.leaf(x.dtype, shape)], axis=axis,
                      reduction=reduction)
    last = g.random.randint(1, x.rank)
    places = int(np.prod(x.shape[:last]))
    if not places:
        raise Unfit("nothing to write")
    count = g.random.randint(1, min(places, 5))
    flat = g.rng.permutation(places)[:count]
    index = np.stack(np.unravel_index(flat, x.shape[:last]), -1)
    return g.node(op, [x, g.add(g.inputs, index.astype(np.int64), "x"),
                       g.leaf(x.dtype, [count, *x.shape[last:]])],
                  reduction=reduction)


@kind(1)
def one_hot(g):
    x = g.pick([np.dtype(np.int64), np.dtype(np.int32)], 0, 4)
    depth = g.random.choice([1, 3, 5])
    types = [np.dtype(t) for t in (np.float32, np.int64, np.int32)]
    return g.node("OneHot", [
        x, g.constant(np.array(depth, np.int64)),
        g.leaf(g.random.choice(types), [2])],
        axis=g.random.randint(-x.rank - 1, x.rank))


@kind(1)
def trilu(g):
    x = g.pick(MOVED, 2)
    return g.node("Trilu", [x], {"k": np.array(g.random.randint(-3, 3),
                                               np.int64)},
                  upper=g.random.randint(0, 1))


@kind(1)
def blocks(g):
    op = g.random.choice(["DepthToSpace", "SpaceToDepth"])
    b = g.random.choice([1, 2, 3])
    n, c, h, w = (g.random.randint(1, 3) for _ in range(4))
    shape = [n, c * b * b, h, w] if op == "DepthToSpace" else \
        [n, c, h * b, w * b]
    x = g.leaf(g.type_of([t for t in NUMBERS if is_float(t)]), shape)
    return g.node(op, [x], blocksize=b,
                  mode=g.random.choice(["DCR", "CRD"])
                  if op == "DepthToSpace" and g.opset >= 11 else None)


@kind(1)
def facts(g):
    """Shapes, which become constants."""
    op = g.random.choice(["Shape", "Size", "ConstantOfShape", "EyeLike",
                          "Range"])
    if op == "ConstantOfShape":
        return g.node(op, [g.constant(np.array(g.shape(1, 4), np.int64))])
    if op == "EyeLike":
        return g.node(op, [g.leaf(np.float32, g.shape(2, 2))],
                      k=g.random.randint(-2, 2))
    if op == "Range":
        dtype = g.random.choice(g.allowed(op))
        return g.node(op, [g.constant(np.array(v, dtype)) for v in
                           (g.random.randint(-3, 3), g.random.randint(0, 9),
                            g.random.choice([1, 2]))])
    return g.node(op, [g.pick(MOVED)])


def fill(g, nodes):
    """Adds nodes until there are that many, or until nothing fits."""
    tries = 0
    while len(g.nodes) < nodes and tries < 40:
        tries += 1
        before = set(g.values)
        try:
            g.random.choice(KINDS)(g)
        except Unfit:
            # Operands of what could not be added are not wanted either.
            made = {n for node in g.nodes for n in node.output}
            for name in set(g.values) - before - made:
                for table in (g.values, g.inputs, g.constants):
                    table.pop(name, None)
    return g
