# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A random graph with the values that it computes, for utils/fuzz-models.

Each node is evaluated when it is added, by ONNX Runtime without optimisation or
else by ONNX's reference evaluator, so that shapes and values are known to what
chooses the next node. Beside its value each tensor has shadows: what comes out
if every floating-point result along the way is a few roundings off. Where the
shadows agree a compiler has to agree too; where they spread, by cancellation or
because a rounding decides a comparison, it may be as far off as they are.
"""
import warnings

import ml_dtypes
import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

onnxruntime.set_default_logger_severity(4)

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
FLOATS = [np.dtype(t) for t in (np.float32, np.float64, np.float16)]
SIGNED = [np.dtype(t) for t in (np.int8, np.int16, np.int32, np.int64)]
UNSIGNED = [np.dtype(t) for t in (np.uint8, np.uint16, np.uint32, np.uint64)]
INTEGERS = SIGNED + UNSIGNED
BOOL = np.dtype(bool)
NUMBERS = FLOATS + INTEGERS
EVERYTHING = NUMBERS + [BOOL, BFLOAT16]

# Twice the rounding of each type.
NOISE = {np.dtype(np.float32): 2.0**-23, np.dtype(np.float64): 2.0**-52,
         np.dtype(np.float16): 2.0**-10, BFLOAT16: 2.0**-7}
SHADOWS = 3
# Functions of f32 may give 0 for what lies below (docs/rationale/functions.md).
LEAST_RESULT = 2.0**-119

# Operators that round within: positions that weights follow from, differences
# of close numbers, such as one and a function's limit. In units of the noise of
# one, or of the largest result.
WITHIN = {"Resize": 32, "Upsample": 32, "Elu": 4, "Celu": 4, "Selu": 4,
          "Gelu": 1, "FastGelu": 1, "BiasGelu": 1, "QuickGelu": 1,
          "Softplus": 1, "LogSoftmax": 1,
          "LSTM": 16, "GRU": 16, "RNN": 16}

# Where ONNX Runtime multiplies out a difference, which is inexact for elements
# that are almost equal, or takes a number near one from one.
INEXACT = {"InstanceNormalization", "Sigmoid"}

# What the reference evaluator computes wrongly: windows over borders.
MISTAKEN = {"AveragePool"}

# The newest opset whose kernels ONNX Runtime has.
RUNTIME_OPSET = 24


class Unfit(Exception):
    """A node that cannot be added, or that had better not be."""


class Value:
    """A tensor with its shadows; its names say what it is in the graph."""

    def __init__(self, name, arrays):
        self.name, self.arrays = name, arrays

    @property
    def array(self):
        return self.arrays[0]

    @property
    def dtype(self):
        return self.array.dtype

    @property
    def shape(self):
        return self.array.shape

    @property
    def rank(self):
        return self.array.ndim

    @property
    def size(self):
        return self.array.size


def is_float(dtype):
    return dtype in NOISE


def element_type(dtype):
    return helper.np_dtype_to_tensor_dtype(dtype)


def disturb(array, rng, op=None):
    """The array, a result of the operator, with each element a rounding or two
    off."""
    if not is_float(array.dtype):
        return array
    with np.errstate(all="ignore"):
        noise = NOISE[array.dtype] * rng.choice([-1.0, 1.0], array.shape)
        wide = np.float64 if array.dtype.itemsize < 8 else np.longdouble
        exact = array.astype(wide)
        result = exact * (1 + noise)
        if op in WITHIN and array.size:
            result += WITHIN[op] * noise * max(np.abs(exact).max(), 1)
        if array.dtype == np.float32:
            result = np.where((np.abs(result) < LEAST_RESULT) & (noise > 0), 0,
                              result)
        return np.asarray(result.astype(array.dtype))


def blur(op, feeds, rng):
    """What the shadows of an operator see. One that rounds what it computes in
    floats to integers has these floats as far off as if its scales were."""
    if not op.startswith("QLinear"):
        return feeds
    return feeds[:1] + [{n: disturb(a, rng) for n, a in feed.items()}
                        for feed in feeds[1:]]


def schema_of(op, domain, opset):
    version = opset if domain == "" else 1
    try:
        return onnx.defs.get_schema(op, version, domain)
    except onnx.defs.SchemaError:
        if domain:
            return None
        raise Unfit(f"{op} is not in opset {opset}")


class Evaluator:
    """Runs one node on arrays."""

    def __init__(self, node, opset, schema, arrays):
        since = opset if schema is None else schema.since_version
        graph = helper.make_graph(
            [node], "g",
            [helper.make_tensor_value_info(n, element_type(a.dtype), a.shape)
             for n, a in arrays.items()],
            [helper.make_empty_tensor_value_info(o) for o in node.output if o])
        self.model = helper.make_model(graph, ir_version=10, opset_imports=[
            helper.make_opsetid("", opset if opset <= RUNTIME_OPSET
                                else max(since, 7)),
            helper.make_opsetid("com.microsoft", 1)])
        self.session = self.inferred = None
        if node.op_type in INEXACT or \
                any(a.dtype == BFLOAT16 for a in arrays.values()):
            return
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = \
            onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        try:
            self.session = onnxruntime.InferenceSession(
                self.model.SerializeToString(), options,
                providers=["CPUExecutionProvider"])
        except Exception as e:
            # Without a kernel, and only then, it is for the reference.
            if not any(s in str(e) for s in ("NOT_IMPLEMENTED", "NotImplemented",
                                             "not a registered", "Type Error",
                                             "under development")):
                raise Unfit(str(e))
        if not self.session and node.op_type in MISTAKEN:
            raise Unfit("no reference")

    def run(self, arrays):
        try:
            if self.session:
                found = self.session.run(None, arrays)
                self.confirm(found)
                return found
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                found = ReferenceEvaluator(self.model).run(None, arrays)
        except Exception as e:
            raise Unfit(str(e))
        if not all(isinstance(f, (np.ndarray, np.generic)) for f in found):
            raise Unfit("not a tensor")
        found = [np.asarray(f) for f in found]
        self.confirm(found)
        return found

    def confirm(self, found):
        """Unfit unless types and shapes are those that ONNX infers; those of
        the reference evaluator are not always."""
        if self.inferred is None:
            try:
                model = onnx.shape_inference.infer_shapes(
                    self.model, check_type=True, strict_mode=True,
                    data_prop=True)
            except onnx.shape_inference.InferenceError as e:
                raise Unfit(str(e))
            self.inferred = [o.type.tensor_type for o in model.graph.output]
        for array, kind in zip(found, self.inferred):
            dims = kind.shape.dim
            if kind.elem_type not in (0, element_type(array.dtype)) or (
                    kind.HasField("shape") and (
                        len(dims) != array.ndim or any(
                            d.HasField("dim_value") and d.dim_value != n
                            for d, n in zip(dims, array.shape)))):
                raise Unfit("not the type that ONNX infers")


class Graph:
    """What is added to is random, from `random`; `prefix` is before all names."""

    MAX_SIZE = 1 << 13

    def __init__(self, opset, random, prefix=""):
        self.opset, self.random, self.prefix = opset, random, prefix
        self.rng = np.random.default_rng(random.getrandbits(64))
        # All values by name; those that are inputs or constants, by name.
        self.values, self.inputs, self.constants = {}, {}, {}
        self.nodes, self.outputs = [], []

    # Values -------------------------------------------------------------------

    def add(self, table, array, kind):
        array = np.asarray(array)
        name = f"{self.prefix}{kind}{len(self.values)}"
        value = Value(name, [array] + [disturb(array, self.rng)
                                       for _ in range(SHADOWS)])
        self.values[name] = value
        table[name] = value
        return value

    def constant(self, array):
        """A constant whose shadows are itself, for axes, shapes and scales."""
        value = self.add(self.constants, array, "c")
        value.arrays = [value.array] * (SHADOWS + 1)
        return value

    def leaf(self, dtype, shape, low=None, high=None):
        """An input or a constant with random elements."""
        table, kind = self.random.choice(
            [(self.inputs, "x")] * 3 + [(self.constants, "w")])
        return self.add(table, self.numbers(dtype, shape, low, high), kind)

    def numbers(self, dtype, shape, low=None, high=None):
        rng, dtype = self.rng, np.dtype(dtype)
        if dtype == BOOL:
            return rng.random(shape) < 0.5
        if is_float(dtype):
            if low is not None:
                x = rng.uniform(low, high, shape)
            elif self.random.random() < 0.2:
                x = rng.integers(-3, 4, shape)
            else:
                x = rng.standard_normal(shape) * self.random.choice(
                    [0.1, 1, 1, 1, 4])
                if self.random.random() < 0.3:
                    x = np.abs(x)
            return np.asarray(x).astype(dtype)
        limits = np.iinfo(dtype)
        if low is None and self.random.random() < 0.15:
            low, high = limits.min, limits.max
        elif low is None:
            low, high = -10, 10
        low, high = max(low, limits.min), min(high, limits.max)
        return np.asarray(rng.integers(low, high, shape, dtype, endpoint=True))

    def shape(self, low=0, high=8):
        """A shape of a rank in low..high; rarely with a dimension of zero."""
        rank = self.random.choice([r for r in (0, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4,
                                               4, 5, 6, 7, 8)
                                   if low <= r <= high] or [low])
        while True:
            shape = [self.random.choice([1, 1, 2, 2, 3, 3, 4, 5, 7, 8, 9, 16,
                                         17, 33]) for _ in range(rank)]
            if np.prod(shape) <= self.MAX_SIZE // 4:
                break
        if shape and self.random.random() < 0.03:
            shape[self.random.randrange(rank)] = 0
        return shape

    def pick(self, types, low=0, high=8, fresh=0.35):
        """A value of one of the types with a rank in low..high."""
        fits = [v for v in self.values.values() if v.dtype in types and
                low <= v.rank <= high and v.name not in self.constants]
        if fits and self.random.random() > fresh:
            return self.random.choice(fits[-4:] + fits)
        return self.leaf(self.type_of(types), self.shape(low, high))

    def type_of(self, types):
        """One of the types, the common ones more often."""
        common = [t for t in types if t == np.float32] * 4
        return self.random.choice(common + list(types))

    def broadcast(self, value, types=None):
        """An operand that broadcasts with `value`."""
        types = types or [value.dtype]
        fits = [v for v in self.values.values() if v.dtype in types and
                broadcasts(v.shape, value.shape)]
        if fits and self.random.random() < 0.5:
            return self.random.choice(fits[-4:] + fits)
        shape = list(value.shape)
        if self.random.random() < 0.6:
            shape = shape[self.random.randint(0, len(shape)):]
            shape = [d if self.random.random() < 0.7 else 1 for d in shape]
            grown = [self.random.choice([1, 2, 3]) if d == 1 and
                     self.random.random() < 0.15 else d for d in shape]
            if value.size * np.prod(grown) <= self.MAX_SIZE:
                shape = grown
        return self.leaf(self.random.choice(types), shape)

    # Nodes --------------------------------------------------------------------

    def allowed(self, op, index=0, domain=""):
        """The element types of an operand of the operator."""
        schema = schema_of(op, domain, self.opset)
        formal = schema.inputs[min(index, len(schema.inputs) - 1)]
        for constraint in schema.type_constraints:
            if constraint.type_param_str == formal.type_str:
                names = constraint.allowed_type_strs
                break
        else:
            names = [formal.type_str]
        return [t for t in EVERYTHING if f"tensor({TYPE_NAMES[t]})" in names]

    def node(self, op, operands, constants=None, outputs=1, domain="",
             outside=(), least=None, **attributes):
        """Adds a node; gives its first output, none of whose elements is below
        `least`. What `constants` says goes to attributes or operands, as the
        opset has it; attributes that this opset does not have are left out.
        What sub-graphs read is `outside`."""
        schema = schema_of(op, domain, self.opset)
        operands = list(operands)
        if schema is not None:
            names = [i.name for i in schema.inputs]
            for name, array in (constants or {}).items():
                if array is None:
                    continue
                if name in schema.attributes:
                    array = np.asarray(array)
                    attributes[name] = array.tolist()
                elif name in names:
                    index = names.index(name)
                    operands += [None] * (index + 1 - len(operands))
                    operands[index] = array if isinstance(array, Value) \
                        else self.constant(array)
            attributes = {k: v for k, v in attributes.items()
                          if v not in (None, []) and k in schema.attributes}
            outputs = min(outputs, schema.max_output)
            for i, operand in enumerate(operands):
                if operand is not None and \
                        operand.dtype not in self.allowed(op, i, domain):
                    raise Unfit(f"{operand.dtype} for {op}")
        guard(op, operands)
        names = [f"{self.prefix}v{len(self.values) + i}"
                 for i in range(outputs)]
        node = helper.make_node(
            op, [o.name if o else "" for o in operands], names, domain=domain,
            **attributes)
        given = {o.name: o for o in [*operands, *outside] if o is not None}
        feeds = [{n: o.arrays[i] for n, o in given.items()}
                 for i in range(SHADOWS + 1)]
        evaluator = Evaluator(node, self.opset, schema, feeds[0])
        results = [evaluator.run(feed) for feed in blur(op, feeds, self.rng)]
        self.reject(results[0], feeds[0])
        if least is not None and (results[0][0] < least).any():
            raise Unfit("a tail without digits")
        if any(a.shape != b.shape for r in results for a, b in
               zip(results[0], r)):
            raise Unfit("a shape that depends on roundings")
        for i, name in enumerate(names):
            arrays = [results[0][i]] + [disturb(r[i], self.rng, op)
                                        for r in results[1:]]
            self.values[name] = Value(name, arrays)
        self.nodes.append(node)
        return self.values[names[0]]

    def reject(self, arrays, feed):
        """Keeps what is large or not a number rare."""
        for a in arrays:
            if a.dtype not in EVERYTHING:
                raise Unfit(f"{a.dtype}")
            if a.size > self.MAX_SIZE or a.ndim > 8:
                raise Unfit("large")
            if is_float(a.dtype) and a.size and self.random.random() < 0.95:
                wide = a.astype(np.float64)
                if not np.isfinite(wide).all() or np.abs(wide).max() > 1e4:
                    raise Unfit("not finite")

    def finish(self):
        """Chooses the outputs: what nothing reads, and some more."""
        used = {name for node in self.nodes for name in reads(node)}
        names = [name for node in self.nodes for name in node.output]
        self.outputs = [n for n in names
                        if n not in used or self.random.random() < 0.1]
        self.prune()

    def prune(self):
        """Removes what no output needs."""
        needed, nodes = set(self.outputs), []
        for node in reversed(self.nodes):
            if needed & set(node.output):
                nodes.insert(0, node)
                needed |= reads(node)
        self.nodes = nodes
        for table in (self.inputs, self.constants):
            for name in [n for n in table if n not in needed]:
                del table[name]

    def copy(self):
        other = object.__new__(Graph)
        other.__dict__.update(self.__dict__)
        for name in ("inputs", "constants"):
            setattr(other, name, dict(getattr(self, name)))
        other.nodes, other.outputs = list(self.nodes), list(self.outputs)
        return other

    def wider(self, rounds):
        """Evaluates anew, with more shadows."""
        other = self.copy()
        values = {**self.inputs, **self.constants}
        other.values = {}
        exact = {n for n, v in values.items()
                 if all(a is v.array for a in v.arrays)}
        for n, v in values.items():
            other.values[n] = Value(n, [v.array] + [
                v.array if n in exact else disturb(v.array, self.rng)
                for _ in range(rounds)])
        for node in self.nodes:
            schema = schema_of(node.op_type, node.domain, self.opset)
            given = reads(node)
            feeds = [{n: other.values[n].arrays[i] for n in given}
                     for i in range(rounds + 1)]
            evaluator = Evaluator(node, self.opset, schema, feeds[0])
            results = [evaluator.run(feed) for feed in
                       blur(node.op_type, feeds, self.rng)]
            for k, name in enumerate(node.output):
                other.values[name] = Value(name, [results[0][k]] + [
                    disturb(r[k], self.rng, node.op_type)
                    for r in results[1:]])
        return other


TYPE_NAMES = {np.dtype(np.float32): "float", np.dtype(np.float64): "double",
              BFLOAT16: "bfloat16", **{t: str(t) for t in
              [np.dtype(np.float16), BOOL, *INTEGERS]}}


def broadcasts(a, b):
    return all(m == n or 1 in (m, n) for m, n in zip(a[::-1], b[::-1]))


def guard(op, operands):
    """Unfit for what ONNX leaves open and processors trap on."""
    arrays = [o.arrays for o in operands if o is not None]
    if op in ("Div", "Mod") and not is_float(operands[0].dtype):
        if any((a == 0).any() for a in arrays[1]) or (
                operands[0].dtype in SIGNED and
                any((a == -1).any() for a in arrays[1])):
            raise Unfit("a division that overflows")
    if op == "Mod" and any((a == 0).any() for a in arrays[1]):
        raise Unfit("a remainder of zero")
    is_half = op == "MatMul" and operands[0].dtype == np.float16
    if (is_half or op == "QLinearMatMul") and any(
            a[0].size == 0 for a in arrays):
        # ONNX Runtime does not write the zero or the zero point there.
        raise Unfit("sums of nothing")
    if op.startswith("Reduce") and operands[0].dtype == np.int64 and any(
            np.abs(a.astype(np.float64)).sum() > 2.0**53
            for a in operands[0].arrays):
        # ONNX Runtime sums some in f64.
        raise Unfit("a sum that f64 rounds")
    if op == "ReduceProd" and not is_float(operands[0].dtype):
        # ONNX Runtime saturates some and wraps others.
        if any(np.maximum(np.abs(a.astype(np.float64)), 1).prod() >
               np.iinfo(a.dtype).max for a in arrays[0]):
            raise Unfit("a product that overflows")
    if op == "BitShift" and any(
            (a >= a.dtype.itemsize * 8).any() for a in arrays[1]):
        raise Unfit("a shift by too much")


def reads(node):
    """The names that a node reads, in its sub-graphs too."""
    names = {n for n in node.input if n}
    for attribute in node.attribute:
        if attribute.HasField("g"):
            graph = attribute.g
            made = {v.name for v in graph.input}
            made |= {n for inner in graph.node for n in inner.output}
            names |= {n for inner in graph.node
                      for n in reads(inner)} - made
    return names


def model_of(graphs):
    """One model of independent graphs of one opset."""
    def info(value):
        return helper.make_tensor_value_info(
            value.name, element_type(value.dtype), value.shape)
    nodes, inputs, constants, outputs = [], [], [], []
    for g in graphs:
        nodes += g.nodes
        inputs += [info(v) for v in g.inputs.values()]
        constants += [numpy_helper.from_array(v.array, n)
                      for n, v in g.constants.items()]
        outputs += [info(g.values[n]) for n in g.outputs]
    graph = helper.make_graph(nodes, "fuzz", inputs, outputs, constants)
    return helper.make_model(graph, ir_version=10, opset_imports=[
        helper.make_opsetid("", graphs[0].opset),
        helper.make_opsetid("com.microsoft", 1)])


def difference(got, value):
    """How an array differs from a value by more than roundings explain, or
    None."""
    want = value.array
    if got.shape != want.shape or got.dtype != want.dtype:
        return (f"{got.dtype}{list(got.shape)}, expected "
                f"{want.dtype}{list(want.shape)}")
    got, want = np.atleast_1d(got), np.atleast_1d(want)
    shadows = [np.atleast_1d(a) for a in value.arrays[1:]]
    if not is_float(want.dtype):
        sure = np.all([s == want for s in shadows], axis=0)
        wrong = sure & (got != want)
    else:
        with np.errstate(all="ignore"):
            g, w = got.astype(np.float64), want.astype(np.float64)
            s = [a.astype(np.float64) for a in shadows]
            finite = np.isfinite(w) & np.all([np.isfinite(a) for a in s], 0)
            spread = np.max([np.abs(a - w) for a in s], axis=0)
            spread[~finite] = 0
            typical = np.median(spread[finite]) if finite.any() else 0
            noise = NOISE[want.dtype]
            allowed = 8 * spread + 6 * typical + 8 * noise * np.abs(w) + \
                np.finfo(np.float32).tiny * 16
            wrong = finite & ~(np.abs(g - w) <= allowed)
            same = np.all([(a == w) | (np.isnan(a) & np.isnan(w)) for a in s],
                          0)
            wrong |= ~np.isfinite(w) & same & ~(
                (g == w) | (np.isnan(g) & np.isnan(w)))
    if not wrong.any():
        return None
    at = tuple(int(i[0]) for i in np.nonzero(wrong))
    return (f"{int(wrong.sum())} of {wrong.size} wrong, at {list(at)} "
            f"{got[at]}, expected {want[at]}")
