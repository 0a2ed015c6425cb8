# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Networks that Ethos-U computes: the reference model of TOSA gives every region
the bits of the CPU, and Vela counts no more cycles than for the .tflite file.
A part of the suite npu."""
import csv
import ctypes
import functools
import glob
import os
import re
import shutil
import sys
import tempfile
import zlib

import numpy as np
from onnxruntime import quantization

import collection
import compiled
from npu_runs import c_array
import npu_runs
import suite
import tflite_file

HERE = os.path.dirname(os.path.abspath(__file__))
CORE = os.path.join(HERE, "ethos_u_core.c")
COMPUTE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int,
                           ctypes.POINTER(ctypes.c_uint64))
ROUNDING = "--rounding=tflite"

# Networks of the collection, all of which run on the NPU.
NETWORKS = ["real/mlperf_ad_ae_int8", "real/mlperf_ic_resnet8_int8",
            "real/mlperf_kws_dscnn_int8", "real/mlperf_vww_mbv1_int8",
            "digits/cnn_int8_qdq_s8s8_pc", "digits/cnn_int8_qdq_u8s8",
            "digits/mlp_int8_qop_u8s8", "digits/mlp_int8_qdq_s8s8",
            "digits/cnn_int8_qop_u8u8", "digits/cnn_qat_qdq",
            "digits/cnn_early_exit_int8_qdq", "digits/big_2of4_int8_qdq",
            "digits/big_pruned80_int8_qdq", "digits/vit_int8_qdq"]
# Multipliers, memory modes, of which the first is the usual one, and Vela's word
# for the system.
SRAM = ["Shared_Sram", "Sram_Only"]
MODELS = {"ethos-u55": ([32, 64, 128, 256], SRAM,
                        "Ethos_U55_High_End_Embedded"),
          "ethos-u65": ([256, 512], ["Dedicated_Sram", *SRAM],
                        "Ethos_U65_High_End"),
          "ethos-u85": ([128, 256, 512, 1024, 2048],
                        ["Dedicated_Sram_384KB", "Dedicated_Sram_512KB",
                         *SRAM], "Ethos_U85_SYS_DRAM_Mid")}
NPUS = ["ethos-u55:128", "ethos-u65:256", "ethos-u85:256"]
CONFIGURATIONS = [f"{name}:{number},{mode}"
                  for name, (numbers, modes, _) in MODELS.items()
                  for number in numbers for mode in modes]


class Tools:
    """The programs of utils/requirements-npu.txt, with a `vela` first in PATH
    that keeps what it reads and writes."""

    def __init__(self, folder):
        self.folder = folder
        self.keep = tempfile.mkdtemp()
        if not os.path.exists(self.path("vela")):
            raise suite.Failure(f"no vela in {folder}: run utils/setup")
        os.environ["PATH"] = self.search_path(tempfile.mkdtemp(), self.keep)

    def search_path(self, folder, keep):
        """PATH with a new `vela` in `folder`, which keeps its files in folders in
        `keep`."""
        wrapper = os.path.join(folder, "vela")
        with open(wrapper, "w", encoding="utf-8") as f:
            f.write("#!/bin/sh\n"
                    f"kept=$(mktemp -d -p {keep})\n"
                    f"'{self.path('vela')}' \"$@\" || exit $?\n"
                    "cp \"$1\" \"$kept/region.tosa\"\n"
                    "cp \"$3\"/*.csv \"$kept/summary.csv\"\n"
                    "cp \"$3\"/*.npz \"$kept/region.npz\"\n")
        os.chmod(wrapper, 0o755)
        return folder + ":" + os.environ["PATH"]

    def path(self, name):
        return os.path.join(self.folder, name)

    def region(self, commands):
        """The folder with the region that has these commands."""
        for folder in glob.glob(self.keep + "/*"):
            path = os.path.join(folder, "region.npz")
            if os.path.exists(path):
                with np.load(path, allow_pickle=True) as z:
                    if z["cmd_data"].tobytes() == commands:
                        return folder
        raise suite.Failure("Vela has not made this command stream")


def cycles(path):
    with open(path, encoding="utf-8") as f:
        return float(next(csv.DictReader(f))["cycles_total"])


class Region:
    """A region that the reference model computes."""

    def __init__(self, tools, folder):
        self.tools = tools
        self.file = os.path.join(folder, "region.tosa")
        self.cycles = cycles(os.path.join(folder, "summary.csv"))
        with np.load(os.path.join(folder, "region.npz"),
                     allow_pickle=True) as z:
            self.inputs = list(z["input_offset"])
            self.outputs = list(z["output_offset"])
        self.shapes = tensor_shapes(self.file)

    def compute(self, address):
        """Reads inputs and writes outputs among the tensors at `address`; the
        arrays of both, with their offsets."""
        read, written = [], []
        with tempfile.TemporaryDirectory() as folder:
            def at(name):
                return os.path.join(folder, name + ".npy")
            inputs = [f"input_{i}" for i in range(len(self.inputs))]
            outputs = [f"output_{i}" for i in range(len(self.outputs))]
            for name, offset in zip(inputs, self.inputs):
                shape = self.shapes[name]
                data = np.frombuffer(ctypes.string_at(
                    address + int(offset), int(np.prod(shape))), np.int8)
                np.save(at(name), data.reshape(shape))
                read.append((int(offset), data.copy()))
            suite.must([self.tools.path("tosa_reference_model"),
                        "--tosa_file=" + self.file,
                        "--ifm_name=" + ",".join(inputs),
                        "--ifm_file=" + ",".join(map(at, inputs)),
                        "--ofm_name=" + ",".join(outputs),
                        "--ofm_file=" + ",".join(map(at, outputs)),
                        "--flatbuffer_dir=/", "--output_dir=/"])
            for name, offset in zip(outputs, self.outputs):
                data = np.load(at(name)).tobytes()
                ctypes.memmove(address + int(offset), data, len(data))
                written.append((int(offset), np.frombuffer(data, np.int8)))
        return read, written


def program_in(data):
    """The program of runtime/npu/ethos_u/driver.c in an object, and the bytes of
    both of its memories."""
    stream = data.find(b"COP1")
    for start in range(stream - 4, 0, -4):
        header = np.frombuffer(data[start:stream], np.uint32)
        if len(header) < 6 or header[0] != stream - start:
            continue
        end = start + int(header[2]) + (int(header[3]) + 31) // 32 * 32
        if zlib.crc32(data[start:end]) == \
                int.from_bytes(data[end:end + 4], "little"):
            return data[start:end + 4], int(header[4]), int(header[5])
    raise suite.Failure("no program in the object")


def tensor_shapes(path):
    """The shapes of the tensors of a TOSA file, by name."""
    from flatbuffers import encode, number_types, table
    with open(path, "rb") as f:
        data = f.read()

    def follow(at, slot):
        """The place that a field of the table at `at` refers to."""
        t = table.Table(data, at)
        return t.Indirect(at + t.Offset(slot))

    def elements(vector):
        count = encode.Get(number_types.UOffsetTFlags.packer_type, data,
                           vector)
        for i in range(count):
            at = vector + 4 + 4 * i
            yield at + encode.Get(number_types.UOffsetTFlags.packer_type,
                                  data, at)
    root = encode.Get(number_types.UOffsetTFlags.packer_type, data, 0)
    region = next(elements(follow(root, 6)))
    block = next(elements(follow(region, 6)))
    shapes = {}
    for at in elements(follow(block, 8)):
        t = table.Table(data, at)
        name = t.String(at + t.Offset(4)).decode()
        sizes = t.GetVectorAsNumpy(number_types.Int32Flags, t.Offset(6)) \
            if t.Offset(6) else []
        shapes[name] = tuple(int(size) for size in sizes)
    return shapes


def run_regions(options, path, feeds, npu, extra=(), begin=lambda library: None):
    """What the network returns with the NPU, and what its regions read and
    wrote: a list of (region, read, written) for each feed. Calls `begin` with
    the library before each run."""
    done = []

    def prepare(library):
        begin(library)
        runs = []
        done.append(runs)

        @COMPUTE
        def compute(commands, count, bases):
            try:
                folder = options.tools.region(
                    ctypes.string_at(commands, count))
                region = Region(options.tools, folder)
                runs.append((region, *region.compute(bases[1])))
                return 0
            except Exception as error:
                print(error, file=sys.stderr)
                return -1
        ctypes.c_void_p.in_dll(library, "ethos_u_compute").value = \
            ctypes.cast(compute, ctypes.c_void_p).value

        # The library knows the function as long as it is kept.
        def check(library, _=compute):
            mistake = ctypes.c_char_p.in_dll(library, "ethos_u_mistake").value
            if mistake:
                raise suite.Failure(mistake.decode())
        return check

    got = compiled.outputs(options, path, feeds,
                           [ROUNDING, "--npu=" + npu, *extra],
                           ["-O1", "-fPIC", "-Wall", "-Werror", CORE], prepare)
    return got, done


def cycles_of_tflite(tools, path, npu):
    name, number, mode = re.fullmatch("(.*):(.*?)(?:,(.*))?", npu).groups()
    _, modes, system = MODELS[name]
    with tempfile.TemporaryDirectory() as folder:
        suite.must([tools.path("vela"), path, "--output-dir", folder,
                    "--accelerator-config", f"{name}-{number}", "--config",
                    "Arm/vela.ini", "--system-config", system,
                    "--memory-mode", mode or modes[0]])
        return cycles(glob.glob(folder + "/*.csv")[0])


def compare_cycles(options, path, sibling, npus):
    """Failure if Vela counts more cycles for the regions of the network than for
    the file `sibling`; how many times those it counts, at most."""
    worst = 0
    for npu in npus:
        with tempfile.TemporaryDirectory() as folder:
            kept = os.path.join(folder, "kept")
            os.mkdir(kept)
            suite.must([os.path.join(options.bin, "edgecc"), path, "-o",
                        os.path.join(folder, "n.o"), ROUNDING, "--npu=" + npu,
                        "--npu-only", "-mcpu=cortex-m55"], options.timeout,
                       env={**os.environ, "PATH":
                            options.tools.search_path(folder, kept)})
            total = sum(map(cycles, glob.glob(kept + "/*/summary.csv")))
        limit = cycles_of_tflite(options.tools, sibling, npu)
        if not 0 < total <= 1.03 * limit:
            raise suite.Failure(f"{npu}: {total:.0f} cycles, {limit:.0f} for "
                                ".tflite")
        worst = max(worst, total / limit)
    return f"{worst:.3f} of the cycles at most, {len(npus)} configurations"


def cycles_everywhere(name, options):
    """With each number of multipliers and each memory mode."""
    if not options.zoo:
        raise suite.Skip("the collection of models is not there")
    path = os.path.join(options.zoo, name)
    with tempfile.TemporaryDirectory() as folder:
        sibling = path + ".tflite"
        if not os.path.exists(sibling):
            sibling = os.path.join(folder, "sibling.tflite")
            tflite_file.convert(path + ".onnx", sibling)
        return compare_cycles(options, path + ".onnx", sibling,
                              CONFIGURATIONS)


def whole_network(name, npu, options, feeds_of, same):
    """No operation stays on the CPU, and every bit is the CPU's."""
    if not options.zoo:
        raise suite.Skip("the collection of models is not there")
    path = os.path.join(options.zoo, name + ".onnx")
    feeds = feeds_of(path, 2)
    want = compiled.outputs(options, path, feeds, [ROUNDING])
    got, done = run_regions(options, path, feeds, npu, ["--npu-only"])
    same(got, want)
    total = sum(region.cycles for region, _, _ in done[0])
    if npu == "ethos-u55:128" and os.path.exists(path[:-5] + ".tflite"):
        on_board(options, path, feeds[0], want[0][0], done[0], npu)
    return f"{len(done[0])} regions, {total:.0f} cycles"


def on_board(options, path, feed, want, runs, npu):
    """The same on a Cortex-M55: with the results of the reference model, and
    with a device that only checks what it is handed, and leaves the work to the
    CPU."""
    arrays, pieces = [], []
    for i, (_, read, written) in enumerate(runs):
        for is_output, tensors in enumerate((read, written)):
            for offset, data in tensors:
                name = f"piece{len(pieces)}"
                arrays.append(c_array(name, data.tobytes()))
                pieces.append(f"{{{i}, {is_output}, {offset}, {data.size}, "
                              f"{name}}}")
    data = (c_array("input", next(iter(feed.values())).tobytes()) +
            c_array("expected", want.tobytes()) + "".join(arrays) +
            "static const struct piece pieces[] = {" + ", ".join(pieces) +
            f"}};\n#define INVOCATIONS {len(runs)}\n")
    for flags in ([], ["--npu-fallback=cpu"]):
        npu_runs.run(options, path, [ROUNDING, "--npu=" + npu, *flags],
                      ["ethosu_invoke_v3", "ethosu_release_driver",
                       "ethosu_reserve_driver"], data,
                      [os.path.join(HERE, "ethos_u_board.c"), CORE],
                      ["-DHAS_FALLBACK"] if flags else [])


def mixed(options, path, feeds, same):
    """A network of u8, part of which stays on the CPU; the CPU computes all of
    it when there is no device."""
    want = compiled.outputs(options, path, feeds, [ROUNDING])
    got, done = run_regions(options, path, feeds, "ethos-u85:128")
    same(got, want)

    def prepare(library):
        ctypes.c_uint.in_dll(library, "ethos_u_is_absent").value = 1
    same(compiled.outputs(options, path, feeds,
                          [ROUNDING, "--npu=ethos-u55:32",
                           "--npu-fallback=cpu"],
                          ["-O1", "-fPIC", CORE], prepare), want)
    return f"{len(done[0])} regions"


def jobs(options, path, excluded, feeds, same):
    """A network whose CPU works while the NPU does: the bits of the CPU, with
    failures of the start and of the wait as well."""
    npu = "ethos-u55:128"
    want = compiled.outputs(options, path, feeds, [ROUNDING])
    got, done = run_regions(options, path, feeds, npu, excluded)
    same(got, want)
    for failing in ("fails_to_start_at", "fails_at"):
        for count in range(1, len(done[0]) + 1):
            def fail(library, failing=failing, count=count):
                for name in ("starts", "invocations"):
                    ctypes.c_uint.in_dll(library, "ethos_u_" + name).value = 0
                ctypes.c_uint.in_dll(library, "ethos_u_" + failing).value = count
            got, _ = run_regions(options, path, feeds, npu,
                                 [*excluded, "--npu-fallback=cpu"], fail)
            same(got, want)
    with tempfile.TemporaryDirectory() as folder:
        target = os.path.join(folder, "n.o")
        suite.must([os.path.join(options.bin, "edgecc"), path, "-o", target,
                    ROUNDING, "--npu=" + npu, *excluded,
                    "-mcpu=cortex-m55"], options.timeout)
        names = suite.must(["llvm-nm-22", "-u", target]).stdout.split()
    if sorted(name for name in names if name != "U") != [
            "ethosu_invoke_async", "ethosu_invoke_v3", "ethosu_release_driver",
            "ethosu_reserve_driver", "ethosu_wait"]:
        raise suite.Failure(f"undefined: {names}")
    return f"{len(done[0])} regions"


def configurations(options, path):
    """Vela compiles for each number of multipliers and each memory mode."""
    with tempfile.TemporaryDirectory() as folder:
        for npu in CONFIGURATIONS:
            suite.must([os.path.join(options.bin, "edgecc"), path, "-o",
                        os.path.join(folder, "n.o"), ROUNDING, "--npu=" + npu,
                        "-mcpu=cortex-m55"], options.timeout)
    return f"{len(CONFIGURATIONS)} configurations"


def vela_fails(options, path):
    """One error with Vela's words and our names, and no object."""
    with tempfile.TemporaryDirectory() as folder:
        target = os.path.join(folder, "n.o")
        command = [os.path.join(options.bin, "edgecc"), path, "-o", target,
                   ROUNDING, "--npu=ethos-u55:128"]
        fake = os.path.join(folder, "vela")
        with open(fake, "w", encoding="utf-8") as f:
            f.write("#!/bin/sh\necho 'Error: not today' >&2\n"
                    "[ ! -e \"$0.slow\" ] || exec sleep 60\nexit 1\n")
        os.chmod(fake, 0o755)
        slow = os.path.join(folder, "slow")
        os.mkdir(slow)
        for name in ("vela", "vela.slow"):
            shutil.copy(fake, os.path.join(slow, name))
        cases = [("", folder, "vela has failed: Error: not today (for "
                  "input/quantize, first"),
                 ("", "/nowhere", "it is in the Python package ethos-u-vela"),
                 (",timeout=1", slow + ":/usr/bin:/bin", "vela has not ended "
                  "within 1 seconds, or has crashed: Error: not today (for "),
                 (",timeout=soon", folder, "expected a number of seconds")]
        for more, folders, want in cases:
            environment = {"PATH": folders}
            p = suite.command([*command[:-1], command[-1] + more], options.timeout,
                              env={**os.environ, **environment})
            if p.returncode != 1 or os.path.exists(target) or \
                    want not in p.stderr or p.stderr.count("error:") != 1:
                raise suite.Failure(f"{want!r}: {p.stderr[:300]!r}")
    return f"{len(cases)} ways"


class Examples:
    """Inputs for ONNX Runtime to calibrate with."""

    def __init__(self, feeds):
        self.feeds = iter(feeds)

    def get_next(self):
        return next(self.feeds, None)


def mobilenet(npu, options, feeds_of, same):
    """MobileNetV2, quantised by ONNX Runtime: all of it on the NPU, with the
    CPU's bits, and no more cycles than for a .tflite file with the same input."""
    real = collection.find(options, "mobilenet_v2")
    with tempfile.TemporaryDirectory() as folder:
        prepared = os.path.join(folder, "prepared.onnx")
        path = os.path.join(folder, "mobilenet_v2.onnx")
        quantization.quant_pre_process(real, prepared,
                                       skip_symbolic_shape=True)
        quantization.quantize_static(
            prepared, path, Examples(feeds_of(real, 2)), per_channel=True,
            activation_type=quantization.QuantType.QInt8,
            weight_type=quantization.QuantType.QInt8)
        feeds = feeds_of(path, 1)
        got, _ = run_regions(options, path, feeds, npu, ["--npu-only"])
        same(got, compiled.outputs(options, path, feeds, [ROUNDING]))
        sibling = os.path.join(folder, "mobilenet_v2.tflite")
        tflite_file.convert(path, sibling)
        name = npu.split(":")[0]
        return compare_cycles(options, path, sibling,
                              [f"{name}:{number}"
                               for number in MODELS[name][0]])


def own_mobilenet(options, feeds_of, same):
    """MobileNetV2, which edgecc quantises itself: all of it on the NPU, with the
    bits of the CPU that has no device."""
    path = collection.find(options, "mobilenet_v2")
    feeds, npu = feeds_of(path, 2), "ethos-u55:128"
    with tempfile.TemporaryDirectory() as folder:
        examples = os.path.join(folder, "examples.npz")
        np.savez(examples, **{name: np.concatenate([f[name] for f in feeds])
                              for name in feeds[0]})
        flags = ["--quantize=int8", "--calibrate=" + examples, "--npu-only"]
        got, done = run_regions(options, path, feeds[:1], npu, flags)

        def leave(library):
            ctypes.c_uint.in_dll(library, "ethos_u_is_absent").value = 1
        same(got, run_regions(options, path, feeds[:1], npu,
                              [*flags, "--npu-fallback=cpu"], leave)[0])
        return f"{len(done[0])} regions"


def tests(options, feeds_of, same):
    """The tests, named, as functions without arguments."""
    def test(name, function, *arguments):
        return name, functools.partial(function, *arguments, options)

    def bits(name, function, *arguments):
        return name, functools.partial(function, *arguments, options, feeds_of,
                                       same)
    return [bits(f"{npu} {name}", whole_network, name, npu)
            for name in NETWORKS for npu in NPUS] + \
        [test("cycles " + name, cycles_everywhere, name)
         for name in [*NETWORKS[:4], "digits/big_2of4_int8_qdq"]] + \
        [bits(npu + " mobilenet_v2", mobilenet, npu) for npu in NPUS] + \
        [bits("ethos-u55:128 mobilenet_v2 by edgecc", own_mobilenet)]
