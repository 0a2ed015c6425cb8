# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Operators of ONNX Runtime, part of the suite operators."""
import numpy as np
from onnx import TensorProto, helper

from operator_tests import F, each, model, numbers, reference


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
def microsoft_node(op, operands, results, **attributes):
    return helper.make_node(op, operands, results, domain="com.microsoft",
                            **attributes)


@each(form=["past", "past-mask", "ends"], causal=[0, 1])
def attention(form, causal):
    batch, length, past, heads, width = 2, 6, 3, 2, 16
    feed = {"x": numbers(batch, length, width)}
    constants = {"w": numbers(width, 3 * width, scale=0.3),
                 "b": numbers(3 * width)}
    operands, outputs = ["x", "w", "b", "", ""], ["y"]
    if form.startswith("past"):
        feed["past"] = numbers(2, batch, heads, past, width // heads)
        operands[4] = "past"
        outputs.append("present")
    if form == "past-mask":
        feed["mask"] = np.ones((batch, past + length), np.int32)
        feed["mask"][1, [3, 8]] = 0
    if form == "ends":
        feed["mask"] = np.array([6, 4, 0, 1], np.int32)
    if "mask" in feed:
        operands[3] = "mask"
    node = microsoft_node("Attention", operands, outputs, num_heads=heads,
                          unidirectional=causal)
    return model([node], feed, [(o, F) for o in outputs], constants,
                 opset=17), feed


@reference
def attention_of_integers_with_past():
    feed = {"x": np.arange(96).reshape(2, 3, 16).astype(np.uint8),
            "past": numbers(2, 2, 2, 4, 8)}
    constants = {"w": (np.arange(768) * 37 % 256 - 128).astype(
        np.int8).reshape(16, 48), "b": numbers(48), "sx": np.float32(0.01),
        "sw": np.float32(0.005), "zx": np.uint8(50), "zw": np.int8(0)}
    node = microsoft_node(
        "QAttention", ["x", "w", "b", "sx", "sw", "", "zx", "zw", "past"],
        ["y", "present"], num_heads=2, unidirectional=1)
    return model([node], feed, [("y", F), ("present", F)],
                 {k: np.asarray(v) for k, v in constants.items()}), feed


@each(form=["plain", "past", "past-bias"], causal=[0, 1])
@each(form=["other-layer"], causal=[0])
def multi_head_attention(form, causal):
    batch, length, past, heads, size = 2, 5, 3, 2, 8
    constants, outputs = {}, ["y", "k1", "v1"]
    feed = {name: numbers(batch, length, heads * size, seed=i)
            for i, name in enumerate("qkv")}
    operands = ["q", "k", "v", "", "", "", "", ""]
    if form == "other-layer":
        feed.update((name, numbers(batch, heads, 7, size, seed=i))
                    for i, name in enumerate("kv"))
        outputs = ["y"]
    if form.startswith("past"):
        feed.update((name, numbers(batch, heads, past, size, seed=i))
                    for i, name in enumerate(["k0", "v0"], 7))
        operands[6:] = "k0", "v0"
    if form == "past-bias":
        constants["b"] = numbers(3 * heads * size)
        feed["bias"] = numbers(1, heads, length, past + length)
        operands[3], operands[5] = "b", "bias"
    node = microsoft_node("MultiHeadAttention", operands, outputs,
                          num_heads=heads, unidirectional=causal)
    return model([node], feed, [(o, F) for o in outputs], constants), feed


@each(batched=["a", "ab"], transposed=[0, 1])
def fused_mat_mul(batched, transposed):
    """The batch is the second dimension."""
    a = (4, 2, 3) if transposed else (3, 2, 4)
    feed = {"a": numbers(*a), "b": numbers(
        *((4, 2, 5) if "b" in batched else (2, 4, 5)))}
    node = microsoft_node("FusedMatMul", ["a", "b"], ["y"], alpha=0.5,
                          transA=0, transBatchA=1,
                          transBatchB=int("b" in batched))
    if transposed:
        feed["a"] = numbers(4, 2, 3)
        node = microsoft_node("FusedMatMul", ["a", "b"], ["y"], transA=1,
                              transBatchA=1, transBatchB=int("b" in batched))
    return model([node], feed, [("y", F)]), feed


@each(kind=["uint8", "int8"], zeros=["none", "one", "columns"])
def dynamic_quantize_mat_mul(kind, zeros):
    feed = {"a": numbers(2, 3, 40)}
    rng = np.random.default_rng(0)
    limits = np.iinfo(kind)
    def integers(*shape):
        return rng.integers(limits.min, limits.max + 1, shape).astype(kind)
    constants = {"b": integers(40, 5), "bias": numbers(5),
                 "s": np.array(0.03, np.float32)}
    operands = ["a", "b", "s", "", "bias"]
    if zeros != "none":
        constants["z"] = np.array(7, kind)
        operands[3] = "z"
    if zeros == "columns":
        constants["s"], constants["z"] = abs(numbers(5)) * 0.03, integers(5)
    node = microsoft_node("DynamicQuantizeMatMul", operands, ["y"])
    return model([node], feed, [("y", F)], constants), feed


@each(op=["QLinearAveragePool", "QLinearGlobalAveragePool"])
def pooling_channels_last(op):
    feed = {"x": (np.arange(294) * 37 % 256).astype(np.uint8).reshape(
        2, 7, 7, 3)}
    constants = {"sx": np.float32(0.05), "zx": np.uint8(12),
                 "sy": np.float32(0.043), "zy": np.uint8(10)}
    attributes = {} if "Global" in op else {
        "kernel_shape": [3, 2], "strides": [2, 1], "pads": [1, 0, 1, 1]}
    node = microsoft_node(op, ["x", "sx", "zx", "sy", "zy"], ["y"],
                          channels_last=1, **attributes)
    return model([node], feed, [("y", TensorProto.UINT8)], {
        k: np.asarray(v) for k, v in constants.items()}), feed


def n_bits(form, block, k, n, x):
    """MatMulNBits of `form`, the bits and the kind of zero points."""
    bits, zeros = int(form[0]), form[2:]
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
    node = helper.make_node(
        "MatMulNBits", operands, ["y"], domain="com.microsoft", K=k, N=n,
        bits=bits, block_size=block)
    return model([node], {"x": x}, [("y", F)], constants), {"x": x}


@each(form=["2-none", "2-packed", "2-real", "4-none", "4-packed", "4-real",
            "8-none", "8-packed"], block=[16, 128], rows=[1, 5])
def mat_mul_n_bits(form, block, rows):
    return n_bits(form, block, 150, 37, numbers(2, rows, 150))


@each(form=["4-none", "4-packed", "4-real"], block=[16, 32, 128],
      sizes=[(544, 64), (96, 112), (16, 16)])
def mat_mul_n_bits_of_a_row(form, block, sizes):
    """With blocks of zeros, and elements much larger than their neighbours."""
    x = numbers(1, sizes[0])
    x[0, :block] = 0
    x[0, ::37] *= 50
    return n_bits(form, block, *sizes, x)


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


# Products of integers -----------------------------------------------------------

def bytes_of(*shape, seed=0, kind=np.uint8):
    info = np.iinfo(kind)
    return np.random.default_rng([seed, *shape]).integers(
        info.min, info.max, shape, kind, endpoint=True)


@each(result=["real", "bytes"], columns=["one", "each"], trans=[0, 1],
      alpha=[1.0, 0.5])
def product_with_bias(result, columns, trans, alpha):
    """QGemm, whose bias has the scale of the product."""
    x = bytes_of(5, 12)
    count = 7 if columns == "each" else 1
    constants = {
        "xs": np.float32(0.03), "xz": np.uint8(130),
        "w": bytes_of(*((7, 12) if trans else (12, 7)), seed=1, kind=np.int8),
        "ws": np.linspace(0.01, 0.02, count, dtype=np.float32),
        "wz": np.zeros(count, np.int8),
        "b": np.arange(-300, 400, 100, dtype=np.int32)}
    if columns == "one":
        constants["ws"], constants["wz"] = np.float32(0.01), np.int8(3)
    operands = ["x", "xs", "xz", "w", "ws", "wz", "b"]
    kind = F
    if result == "bytes":
        constants["ys"], constants["yz"] = np.float32(0.11), np.uint8(120)
        operands += ["ys", "yz"]
        kind = TensorProto.UINT8
    node = microsoft_node("QGemm", operands, ["y"], transB=trans, alpha=alpha)
    return model([node], {"x": x}, [("y", kind)], constants), {"x": x}


@each(bias=[0, 1], columns=["one", "each"], signs=["u8s8", "s8s8", "u8u8"])
def product_of_integers_to_float(bias, columns, signs):
    left = np.uint8 if signs[0] == "u" else np.int8
    right = np.uint8 if signs[2] == "u" else np.int8
    feed = {"a": bytes_of(2, 5, 12, kind=left)}
    constants = {"b": bytes_of(12, 7, seed=1, kind=right),
                 "as": np.float32(0.03), "bs": np.float32(0.01),
                 "az": left(9), "bz": right(3)}
    if columns == "each":
        constants["bs"] = np.linspace(0.01, 0.02, 7, dtype=np.float32)
        constants["bz"] = np.arange(7).astype(right)
    operands = ["a", "b", "as", "bs", "az", "bz"]
    if bias:
        constants["bias"] = numbers(7)
        operands.append("bias")
    node = microsoft_node("MatMulIntegerToFloat", operands, ["y"])
    return model([node], feed, [("y", F)], constants), feed


@each(kind=["uint8", "int8"], opset=[12, 13], axis=[1, -1])
def softmax_of_integers(kind, opset, axis):
    x = bytes_of(3, 4, 10, kind=np.dtype(kind))
    constants = {"xs": np.float32(0.04), "xz": np.array(5, kind),
                 "ys": np.float32(1 / 256),
                 "yz": np.array(0 if kind == "uint8" else -128, kind)}
    node = microsoft_node("QLinearSoftmax", ["x", "xs", "xz", "ys", "yz"],
                          ["y"], opset=opset, axis=axis)
    return model([node], {"x": x}, [
        ("y", helper.np_dtype_to_tensor_dtype(x.dtype))], constants), {"x": x}


@each(activation=["Relu", "Tanh", "LeakyRelu"], trans=[0, 1])
def product_with_activation(activation, trans):
    x = numbers(5, 12)
    constants = {"w": numbers(*((7, 12) if trans else (12, 7)), seed=1),
                 "c": numbers(7, seed=2)}
    extra = {"activation_alpha": 0.2} if activation == "LeakyRelu" else {}
    node = microsoft_node("FusedGemm", ["x", "w", "c"], ["y"], transB=trans,
                          alpha=0.7, beta=0.3, activation=activation, **extra)
    return model([node], {"x": x}, [("y", F)], constants), {"x": x}
