# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Folders of examples, and the same examples as NumPy and others have them.

folders.py FOLDER writes networks, folders and .npz files for
calibrate-folder.test; folders.py --compare A B compares the ranges in two
reports, which the rounding of resized pixels may move.
"""
import json
import os
import struct
import sys
import zlib

import numpy as np


def png(pixels, depth=8, alpha=None, palette=None):
    """An unfiltered PNG of an array of rows by columns (by channels)."""
    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data +
                struct.pack(">I", zlib.crc32(kind + data)))
    kind = {2: 0, 3: 2}[pixels.ndim]
    if alpha is not None:
        pixels, kind = np.dstack([pixels, alpha]), 6
    if palette is not None:
        kind = 3
    height, width = pixels.shape[:2]
    rows = pixels.astype(">u2" if depth == 16 else "u1").reshape(height, -1)
    data = b"".join(b"\0" + row.tobytes() for row in rows)
    return (b"\x89PNG\r\n\x1a\n" +
            chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind,
                                       0, 0, 0)) +
            (chunk(b"PLTE", palette.astype("u1").tobytes())
             if palette is not None else b"") +
            chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b""))


def save(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)


def conv(path, shape, transpose=None):
    """A convolution of 3x3, behind a transposition if there is one."""
    import onnx
    from onnx import helper, numpy_helper
    channels = shape[-1] if transpose else shape[1]
    w = np.random.default_rng(3).standard_normal((4, channels, 3, 3))
    nodes = [helper.make_node("Conv", ["t" if transpose else "x", "w"], ["y"])]
    if transpose:
        nodes.insert(0, helper.make_node("Transpose", ["x"], ["t"],
                                         perm=transpose))
    write(path, nodes, {"x": shape}, {"w": w}, 4)


def write(path, nodes, inputs, constants, rank):
    import onnx
    from onnx import helper, numpy_helper
    f32 = onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        nodes, "g",
        [helper.make_tensor_value_info(n, f32, s) for n, s in inputs.items()],
        [helper.make_tensor_value_info("y", f32, ["y%d" % i
                                                  for i in range(rank)])],
        [numpy_helper.from_array(w.astype(np.float32), n)
         for n, w in constants.items()])
    onnx.save(helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


def resize(pixels, height, width):
    """ONNX Runtime's Resize, as Pillow's bilinear filter but for rounding."""
    import onnxruntime
    from onnx import TensorProto, helper
    node = helper.make_node("Resize", ["x", "", "", "s"], ["y"], mode="linear",
                            antialias=1, exclude_outside=1)
    graph = helper.make_graph(
        [node], "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT,
                                                    [1, 3, None, None])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [helper.make_tensor("s", TensorProto.INT64, [4],
                            [1, 3, height, width])])
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    x = pixels.transpose(2, 0, 1)[None].astype(np.float32)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return session.run(None, {"x": x})[0][0].transpose(1, 2, 0)


def crop(pixels, side):
    height, width = pixels.shape[:2]
    short = min(height, width)
    pixels = resize(pixels, height * side // short, width * side // short)
    top, left = (pixels.shape[0] - 8) // 2, (pixels.shape[1] - 8) // 2
    return pixels[top:top + 8, left:left + 8]


def write_all(folder):
    path = lambda *names: os.path.join(folder, *names)
    random = np.random.default_rng(1)
    conv(path("small.onnx"), [1, 3, 8, 8])
    conv(path("large.onnx"), [1, 3, 32, 32])
    conv(path("last.onnx"), [1, 8, 8, 1], transpose=[0, 3, 1, 2])
    from onnx import helper
    write(path("flat.onnx"), [helper.make_node("MatMul", ["x", "w"], ["y"])],
          {"x": [1, 192]}, {"w": random.standard_normal((192, 3))}, 2)
    write(path("two.onnx"), [helper.make_node("Add", ["x", "z"], ["t"]),
                             helper.make_node("Conv", ["t", "w"], ["y"])],
          {"x": [1, 3, 8, 8], "z": [1, 3, 8, 8]},
          {"w": random.standard_normal((4, 3, 3, 3))}, 4)

    x = random.standard_normal((12, 3, 8, 8)).astype(np.float32)
    np.savez(path("whole.npz"), x=x)
    os.mkdir(path("arrays"))
    np.savez(path("arrays", "a.npz"), x=x[:7])
    np.savez(path("arrays", "b.npz"), x=x[7])  # one example
    np.savez(path("arrays", "c.npz"), x=x[8:])
    save(path("arrays", ".hidden"), b"")

    colours = random.integers(0, 256, (10, 8, 8, 3))
    pictures = list(colours)
    files = [png(p) for p in colours]
    files[0] = png(colours[0], alpha=random.integers(0, 256, (8, 8)))
    files[1] = png(colours[1] * 257, depth=16)
    grey = random.integers(0, 256, (8, 8))
    files[2], pictures[2] = png(grey), np.dstack([grey] * 3)
    table = random.integers(0, 256, (256, 3))
    files[3], pictures[3] = png(grey, palette=table), table[grey]
    for i, file in enumerate(files):
        save(path("png", "%02d.%s" % (i, "png" if i % 2 else "PNG")), file)
    # As f32 has it, without a detour through f64.
    p = np.stack(pictures).transpose(0, 3, 1, 2).astype(np.float32) / np.float32(255)
    mean, std = (np.array(v, np.float32)[:, None, None] for v in
                 ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))
    np.savez(path("png.npz"), x=(p - mean) / std)
    np.savez(path("bgr.npz"), x=p[:, ::-1] / np.float32(0.5))
    brightness = np.stack(pictures) @ np.array([299, 587, 114]) / 1000
    np.savez(path("last.npz"),
             x=brightness[..., None].astype(np.float32) / np.float32(255))

    from onnx.backend.test.case.node import _image_decoder_data as frozen
    jpeg = frozen.image_decoder_decode_jpeg_rgb
    save(path("jpeg", "a.jpg"), jpeg.data.tobytes())
    save(path("jpeg", "b.jpeg"), jpeg.data.tobytes())
    save(path("jpeg", "c.png"),
         frozen.image_decoder_decode_png_rgb.data.tobytes())
    np.savez(path("jpeg.npz"), x=np.stack(
        [v.output.transpose(2, 0, 1).astype(np.float32) / np.float32(255)
         for v in (jpeg, jpeg, frozen.image_decoder_decode_png_rgb)]))

    sizes = [random.integers(0, 256, s + (3,)) for s in
             [(20, 13), (8, 8), (9, 31), (33, 32), (10, 10), (5, 7), (64, 9),
              (12, 12), (40, 50), (16, 8)]]
    for i, pixels in enumerate(sizes):
        save(path("sizes", "%02d.png" % i), png(pixels))
    for name, fit in [("stretch", lambda p: resize(p, 8, 8)),
                      ("crop", lambda p: crop(p, 8)),
                      ("side", lambda p: crop(p, 11))]:
        np.savez(path(name + ".npz"), x=np.stack(
            [fit(p).transpose(2, 0, 1) / np.float32(255) for p in sizes]))

    os.mkdir(path("none"))
    save(path("text", "notes.txt"), b"none")
    save(path("cut-png", "cut.png"), files[4][:-80])
    save(path("cut-jpeg", "cut.jpg"), jpeg.data.tobytes()[:-200])
    save(path("neither", "neither.png"), b"GIF89a")
    bomb = bytearray(files[4])
    bomb[16:24] = struct.pack(">II", 60000, 60000)
    bomb[29:33] = struct.pack(">I", zlib.crc32(bomb[12:29]))
    save(path("bomb", "bomb.png"), bytes(bomb))
    os.mkdir(path("labels"))
    np.savez(path("labels", "a.npz"), x=x[:7], y=np.arange(7))
    np.savez(path("labels", "b.npz"), x=x[7:])


def compare(a, b):
    """The ranges of values in two reports."""
    a, b = (json.load(open(path)) for path in (a, b))
    assert len(a["values"]) == len(b["values"]) > 0
    for one, other in zip(a["values"], b["values"]):
        for key in ("scale", "sqnr_db"):
            assert abs(one[key] - other[key]) <= 1e-3 * abs(other[key]), (
                one["name"], key, one[key], other[key])


if sys.argv[1] == "--compare":
    compare(*sys.argv[2:])
else:
    write_all(sys.argv[1])
