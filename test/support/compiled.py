# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Networks compiled once and run on many inputs, in this process."""
import ctypes
import os
import tempfile

import numpy as np

import suite

DTYPES = {1: np.float32, 2: np.uint8, 3: np.int8, 5: np.int16, 6: np.int32,
          7: np.int64, 9: np.bool_, 10: np.float16, 11: np.float64}
POINTERS = ctypes.POINTER(ctypes.c_void_p)


class Tensor(ctypes.Structure):
    """edgecc_tensor_v0_t."""
    _fields_ = [("name", ctypes.c_char_p),
                ("shape", ctypes.POINTER(ctypes.c_uint32)),
                ("bytes", ctypes.c_size_t), ("type", ctypes.c_uint32),
                ("rank", ctypes.c_uint32)]

    def array(self):
        return np.zeros(self.shape[:self.rank], DTYPES[self.type])


class Model(ctypes.Structure):
    """edgecc_model_v0_t."""
    _fields_ = [("version", ctypes.c_uint32), ("num_inputs", ctypes.c_uint32),
                ("num_outputs", ctypes.c_uint32),
                ("arena_align", ctypes.c_uint32),
                ("arena_bytes", ctypes.c_size_t), ("name", ctypes.c_char_p),
                ("inputs", ctypes.POINTER(Tensor)),
                ("outputs", ctypes.POINTER(Tensor)),
                ("run", ctypes.CFUNCTYPE(ctypes.c_int32, POINTERS, POINTERS,
                                         ctypes.c_void_p, ctypes.c_size_t))]


def outputs(options, path, feeds, flags=(), link=(), prepare=None,
            statuses=None, compiler="edgecc"):
    """What the compiled network returns for each feed, a dict of arrays. `link`
    are more arguments for the C compiler that links it; `prepare` is called
    with the library before each run, and what it returns with it afterwards.
    `statuses` are what the runs should return, if not success."""
    with tempfile.TemporaryDirectory() as folder:
        target = os.path.join(folder, "network.o")
        suite.must([os.path.join(options.bin, compiler), path, "-o", target,
                    "-fPIC", "--name=network", *flags], options.timeout)
        library = os.path.join(folder, "network.so")
        suite.must(["cc", "-shared", target, *link, "-o", library])
        loaded = ctypes.CDLL(library)
        model = Model.in_dll(loaded, "network_model")
        memory = np.zeros(model.arena_bytes + model.arena_align, np.uint8)
        arena = memory.ctypes.data + -memory.ctypes.data % model.arena_align
        sources = [model.inputs[i].array() for i in range(model.num_inputs)]
        names = [model.inputs[i].name.decode()
                 for i in range(model.num_inputs)]
        targets = [model.outputs[i].array() for i in range(model.num_outputs)]
        pointers = [(ctypes.c_void_p * len(arrays))(
            *(array.ctypes.data for array in arrays))
            for arrays in (sources, targets)]
        results = []
        for feed in feeds:
            for name, source in zip(names, sources):
                source[...] = feed[name].reshape(source.shape)
            check = prepare(loaded) if prepare else None
            status = model.run(*pointers, arena, model.arena_bytes)
            if status != (statuses[len(results)] if statuses else 0):
                raise suite.Failure(f"does not run: status {status}")
            if check:
                check(loaded)
            results.append([t.copy() for t in targets])
        return results
