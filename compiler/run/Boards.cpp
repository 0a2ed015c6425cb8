//===- Boards.cpp - microcontrollers that an emulator plays -----*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/run/Boards.h"

#include "compiler/run/Programs.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TargetParser/Triple.h"

using namespace llvm;
using namespace edgecc;

static constexpr uint64_t KiB = 1024, MiB = 1024 * KiB;

// clang-format off
static constexpr Board boards[] = {
  // Arm's boards have their largest memory outside the chip. On those with
  // TrustZone the addresses are those of the secure side.
  {"microbit",    "cortex-m0",  "", "qemu-system-arm", "-M microbit",
   {0, KiB}, {KiB, 255 * KiB}, {0x20000000, 16 * KiB}},
  {"mps2-an385",  "cortex-m3",  "", "qemu-system-arm", "-M mps2-an385",
   {0, KiB}, {KiB, 4 * MiB - KiB}, {0x21000000, 16 * MiB}},
  {"mps2-an386",  "cortex-m4",  "", "qemu-system-arm", "-M mps2-an386",
   {0, KiB}, {KiB, 4 * MiB - KiB}, {0x21000000, 16 * MiB}},
  {"mps2-an500",  "cortex-m7",  "", "qemu-system-arm", "-M mps2-an500",
   {0, KiB}, {KiB, 4 * MiB - KiB}, {0x60000000, 16 * MiB}},
  {"mps2-an505",  "cortex-m33", "", "qemu-system-arm", "-M mps2-an505",
   {0x10000000, KiB}, {0x10000000 + KiB, 4 * MiB - KiB}, {0x80000000, 16 * MiB}},
  {"mps3-an547",  "cortex-m55", "", "qemu-system-arm", "-M mps3-an547",
   {0x10000000, KiB}, {0x11000000, 2 * MiB}, {0x31000000, 2 * MiB}},

  {"virt-rv32imc",  "rv32imc",  "", "qemu-system-riscv32",
   "-M virt -m 64M -bios none -cpu rv32,f=false,d=false",
   {0x80000000, KiB}, {0x80000000 + KiB, 32 * MiB - KiB}, {0x82000000, 32 * MiB}},
  {"virt-rv32imafc-zve32f", "", "rv32imafc_zve32f_zvl128b", "qemu-system-riscv32",
   "-M virt -m 64M -bios none "
   "-cpu rv32,v=false,Zve32f=true,vext_spec=v1.0,vlen=128",
   {0x80000000, KiB}, {0x80000000 + KiB, 32 * MiB - KiB}, {0x82000000, 32 * MiB}},
  {"virt-rv64gc",   "rv64gc",   "", "qemu-system-riscv64",
   "-M virt -m 64M -bios none -cpu rv64",
   {0x80000000, KiB}, {0x80000000 + KiB, 32 * MiB - KiB}, {0x82000000, 32 * MiB}},
  {"virt-rv64gcv",  "rv64gcv",  "", "qemu-system-riscv64",
   "-M virt -m 64M -bios none -cpu rv64,v=true,vext_spec=v1.0,vlen=128,elen=64",
   {0x80000000, KiB}, {0x80000000 + KiB, 32 * MiB - KiB}, {0x82000000, 32 * MiB}},
  {"virt-rv64gcv-256", "rv64gcv", "", "qemu-system-riscv64",
   "-M virt -m 64M -bios none -cpu rv64,v=true,vext_spec=v1.0,vlen=256,elen=64",
   {0x80000000, KiB}, {0x80000000 + KiB, 32 * MiB - KiB}, {0x82000000, 32 * MiB}},
  {"virt-rv64gcv-512", "rv64gcv", "", "qemu-system-riscv64",
   "-M virt -m 64M -bios none -cpu rv64,v=true,vext_spec=v1.0,vlen=512,elen=64",
   {0x80000000, KiB}, {0x80000000 + KiB, 32 * MiB - KiB}, {0x82000000, 32 * MiB}},
};
// clang-format on

/// Seconds that a run may take; a program that hangs never ends by itself.
static constexpr unsigned maxSeconds = 900;

static constexpr std::pair<StringLiteral, StringLiteral> sources[] = {
    {
        "board.h",
#include "compiler/run/board.h.inc"
    },
    {
        "board.ld",
#include "compiler/run/board.ld.inc"
    },
    {
        "program.c",
#include "compiler/run/program.c.inc"
    },
    {
        "start_arm_m.c",
#include "compiler/run/start_arm_m.c.inc"
    },
    {
        "start_riscv.c",
#include "compiler/run/start_riscv.c.inc"
    },
};

ArrayRef<Board> edgecc::getBoards() { return boards; }

const Board *edgecc::findBoard(StringRef name) {
  const auto *board =
      llvm::find_if(boards, [&](const Board &b) { return b.name == name; });
  return board == std::end(boards) ? nullptr : board;
}

/// The board's regions, for the linker script.
static std::string describeMemory(const Board &board) {
  std::string text;
  raw_string_ostream os(text);
  auto region = [&](StringRef name, MemoryRegion memory) {
    os << "  " << name << " : ORIGIN = " << memory.origin
       << ", LENGTH = " << memory.bytes << "\n";
  };
  os << "MEMORY {\n";
  region("VECTORS", board.vectors);
  region("CODE", board.code);
  region("RAM", board.ram);
  os << "}\n";
  return text;
}

/// clang's flags for code that is linked with an object for `cpu`.
static std::vector<std::string> getCompilerFlags(target::CpuAttr cpu) {
  Triple triple(cpu.getTriple());
  if (!triple.isRISCV())
    return {"--target=" + triple.str(), ("-mcpu=" + cpu.getCpu()).str(),
            triple.isHardFloatABI() ? "-mfloat-abi=hard" : "-mfloat-abi=soft"};
  StringRef abi = cpu.getAbi();
  std::string march = triple.isArch64Bit() ? "rv64im" : "rv32im";
  march += abi.ends_with("d") ? "fd" : abi.ends_with("f") ? "f" : "";
  return {triple.isArch64Bit() ? "--target=riscv64-unknown-elf"
                               : "--target=riscv32-unknown-elf",
          "-march=" + march + "_zicsr", "-mabi=" + abi.str(),
          "-mcmodel=medany"};
}

/// Compiles and links `image` in `folder`.
static Error linkImage(const TemporaryFolder &folder,
                       const CompiledModel &model, const Board &board) {
  for (auto [name, text] : sources)
    if (Error error = writeFile(folder / name, text))
      return error;
  if (Error error = writeFile(folder / "memory.ld", describeMemory(board)))
    return error;
  auto clang = findProgram("clang-22", "no C compiler for boards");
  auto linker = findProgram("ld.lld-22", "no linker for boards");
  if (!clang || !linker)
    return joinErrors(clang.takeError(), linker.takeError());

  target::CpuAttr cpu = model.cpu;
  StringRef start =
      Triple(cpu.getTriple()).isRISCV() ? "start_riscv.c" : "start_arm_m.c";
  std::vector<std::string> link = {*linker,
                                   "--static",
                                   "--gc-sections",
                                   "-T",
                                   folder / "memory.ld",
                                   "-T",
                                   folder / "board.ld",
                                   "-o",
                                   folder / "image",
                                   folder / "network.o"};
  for (StringRef source : {StringRef("program.c"), start}) {
    std::string object = folder / (source + ".o").str();
    std::vector<std::string> compile = {*clang};
    llvm::append_range(compile, getCompilerFlags(cpu));
    for (StringRef flag : {"-std=c99", "-O1", "-ffreestanding", "-fno-builtin",
                           "-ffunction-sections", "-c"})
      compile.push_back(flag.str());
    for (StringRef file : {"inputs", "outputs", "values", "memory"})
      compile.push_back("-D" + file.upper() + "=\"" + folder / file + "\"");
    compile.insert(compile.end(), {folder / source, "-o", object});
    if (Error error = runProgram(compile, "", folder / "errors",
                                 "compiling for " + board.name))
      return error;
    link.push_back(object);
  }
  return runProgram(link, "", folder / "errors", "linking for " + board.name);
}

Expected<TensorData> edgecc::executeOnBoard(const CompiledModel &model,
                                            const Board &board,
                                            const TensorData &inputs,
                                            const ExecuteOptions &options) {
  auto emulator = findProgram(board.emulator, "no emulator of " + board.name);
  if (!emulator)
    return emulator.takeError();
  if (model.getFlash() > board.code.bytes)
    return makeError(board.name + " has too little memory for this network: " +
                     Twine(board.code.bytes) +
                     " bytes for code and constants, "
                     "which take " +
                     Twine(model.getFlash()));
  TemporaryFolder folder;
  if (Error error = folder.create())
    return std::move(error);
  if (Error error = writeNetwork(folder, model, inputs))
    return std::move(error);
  if (Error error = linkImage(folder, model, board))
    return std::move(error);
  std::vector<std::string> command = {*emulator};
  for (StringRef word : llvm::split(board.options, ' '))
    command.push_back(word.str());
  for (StringRef word :
       {"-display", "none", "-monitor", "none", "-serial", "none",
        "-semihosting-config", "enable=on,target=native", "-kernel"})
    command.push_back(word.str());
  command.push_back(folder / "image");
  if (!options.counter.empty())
    append_range(command, getCounterWords(folder, options.counter));
  if (Error error =
          runProgram(command, "", folder / "errors", board.name, maxSeconds))
    return std::move(error);
  if (!options.counter.empty())
    if (Error error = printCount(folder, *options.times))
      return std::move(error);
  if (options.memory) {
    auto words = MemoryBuffer::getFile(folder / "memory");
    if (!words || (*words)->getBufferSize() != 8)
      return makeError("the board has not said what memory was used");
    const char *bytes = (*words)->getBufferStart();
    *options.memory = {support::endian::read32le(bytes),
                       support::endian::read32le(bytes + 4)};
  }
  if (options.values) {
    auto shown = readValues(folder, model);
    if (!shown)
      return shown.takeError();
    *options.values = std::move(*shown);
  }
  return readOutputs(folder, model);
}
