//===- KernelTest.cpp - running kernels in tests ----------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "test/unit/codegen/kernels/KernelTest.h"

#include "codegen/cpu/ResolveCpu.h"
#include "compiler/pipeline/Registration.h"
#include "compiler/pipeline/Stages.h"
#include "dialects/Edge/EdgeConstants.h"
#include "dialects/Edge/EdgeDialect.h"
#include "dialects/Edge/EdgeScheduleOps.h"
#include "passes/Schedule/Passes.h"

#include "mlir/AsmParser/AsmParser.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/Support/Regex.h"
#include "llvm/TargetParser/Host.h"

#include <chrono>
#include <cmath>
#include <random>

using namespace mlir;
using namespace edgecc;
using namespace edgecc::test;

//===----------------------------------------------------------------------===//
// Arrays
//===----------------------------------------------------------------------===//

int64_t Array::size() const {
  int64_t count = 1;
  for (int64_t extent : shape)
    count *= extent;
  return count;
}

std::string Array::type() const {
  std::string text = "tensor<";
  for (int64_t extent : shape)
    text += std::to_string(extent) + "x";
  return text + element + ">";
}

int64_t Array::at(ArrayRef<int64_t> index) const {
  int64_t position = 0;
  for (auto [i, extent] : llvm::zip_equal(index, shape))
    position = position * extent + i;
  return position;
}

Array test::zeros(std::string element, std::vector<int64_t> shape) {
  Array array{std::move(element), std::move(shape), {}};
  array.values.resize(array.size());
  return array;
}

Array test::arrayOf(std::string element, std::vector<int64_t> shape,
                    llvm::function_ref<double(ArrayRef<int64_t>)> f) {
  Array array = zeros(std::move(element), std::move(shape));
  std::vector<int64_t> index(array.shape.size());
  for (double &value : array.values) {
    value = f(index);
    for (size_t dim = index.size(); dim-- > 0;) {
      if (++index[dim] < array.shape[dim])
        break;
      index[dim] = 0;
    }
  }
  return array;
}

static const llvm::fltSemantics *semanticsOf(const std::string &element) {
  if (element == "f16")
    return &APFloat::IEEEhalf();
  if (element == "bf16")
    return &APFloat::BFloat();
  if (element == "f32")
    return &APFloat::IEEEsingle();
  if (element == "f64")
    return &APFloat::IEEEdouble();
  return nullptr;
}

static unsigned bytesOf(const std::string &element) {
  if (element == "i1")
    return 1;
  return std::stoi(element.substr(element.find_first_of("0123456789"))) / 8;
}

double test::rounded(const std::string &element, double value) {
  if (const llvm::fltSemantics *semantics = semanticsOf(element)) {
    APFloat number(value);
    bool inexact;
    number.convert(*semantics, APFloat::rmNearestTiesToEven, &inexact);
    return number.convertToDouble();
  }
  return element == "i1" ? value != 0 : std::floor(value);
}

Array test::random(std::string element, std::vector<int64_t> shape, double low,
                   double high, unsigned seed) {
  std::mt19937 engine(seed);
  std::uniform_real_distribution<double> distribution(low, high);
  Array array = zeros(std::move(element), std::move(shape));
  for (double &value : array.values) {
    value = distribution(engine);
    value = rounded(array.element,
                    array.element == "i1" ? value > (low + high) / 2 : value);
  }
  return array;
}

double test::relativeError(const Array &actual, const Array &expected) {
  if (actual.shape != expected.shape)
    return INFINITY;
  double error = 0, norm = 0;
  for (auto [a, b] : llvm::zip_equal(actual.values, expected.values)) {
    if (std::isnan(a) && std::isnan(b))
      continue;
    if (!std::isfinite(a) || !std::isfinite(b)) {
      if (a != b)
        return INFINITY;
      continue;
    }
    error += (a - b) * (a - b);
    norm += b * b;
  }
  return norm == 0 ? std::sqrt(error) : std::sqrt(error / norm);
}

std::string test::list(ArrayRef<int64_t> values) {
  auto text = llvm::map_range(
      values, [](int64_t value) { return std::to_string(value); });
  return "[" + llvm::join(text, ", ") + "]";
}

std::string test::arrow(const Array &from, const Array &to) {
  return " : " + from.type() + " -> " + to.type();
}

/// The array as it lies in memory.
static std::vector<char> encode(const Array &array) {
  unsigned bytes = bytesOf(array.element);
  std::vector<char> memory(array.values.size() * bytes);
  for (auto [i, value] : llvm::enumerate(array.values)) {
    uint64_t bits = static_cast<uint64_t>(static_cast<int64_t>(value));
    if (const llvm::fltSemantics *semantics = semanticsOf(array.element)) {
      APFloat number(value);
      bool inexact;
      number.convert(*semantics, APFloat::rmNearestTiesToEven, &inexact);
      bits = number.bitcastToAPInt().getZExtValue();
    }
    std::memcpy(&memory[i * bytes], &bits, bytes);
  }
  return memory;
}

static void decode(const char *memory, Array &array) {
  unsigned bytes = bytesOf(array.element);
  array.values.resize(array.size());
  for (auto [i, value] : llvm::enumerate(array.values)) {
    uint64_t bits = 0;
    std::memcpy(&bits, memory + i * bytes, bytes);
    APInt integer(bytes * 8, bits);
    if (const llvm::fltSemantics *semantics = semanticsOf(array.element))
      value = APFloat(*semantics, integer).convertToDouble();
    else
      value = array.element[0] == 'u' ? double(integer.getZExtValue())
                                      : double(integer.getSExtValue());
  }
}

//===----------------------------------------------------------------------===//
// Machines
//===----------------------------------------------------------------------===//

std::vector<Machine> test::machines() {
  std::vector<Machine> result{Machine::Scalar, Machine::Vector16};
  if (!llvm::Triple(llvm::sys::getProcessTriple()).isX86())
    return result;
  llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
  if (features.lookup("avx2") && features.lookup("fma"))
    result.push_back(Machine::Vector32);
  if (features.lookup("avx512vl") && features.lookup("avx512bw"))
    result.push_back(Machine::Vector64);
  if (features.lookup("avx512vnni"))
    result.push_back(Machine::ByteProducts64);
  return result;
}

/// The record of `machine`.
static target::CpuAttr cpuOf(Machine machine, MLIRContext *context) {
  TargetRequest request;
  if (llvm::Triple(llvm::sys::getProcessTriple()).isX86())
    request.cpu = machine == Machine::ByteProducts64 ? "cascadelake"
                  : machine == Machine::Vector64     ? "x86-64-v4"
                  : machine == Machine::Vector32     ? "x86-64-v3"
                                                     : "x86-64";
  auto cpu = resolveCpu(request, context,
                        [&] { return emitError(UnknownLoc::get(context)); });
  if (failed(cpu))
    return {};
  std::string text;
  llvm::raw_string_ostream(text) << *cpu;
  auto set = [&](StringRef fact, int value) {
    text = llvm::Regex((fact + " = [0-9]+").str())
               .sub((fact + " = " + Twine(value)).str(), text);
  };
  set("vectorBytes", machine == Machine::Scalar     ? 0
                     : machine == Machine::Vector16 ? 16
                     : machine == Machine::Vector32 ? 32
                                                    : 64);
  if (machine == Machine::Scalar)
    set("vectorRegs", 0);
  return dyn_cast_or_null<target::CpuAttr>(parseAttribute(text, context));
}

//===----------------------------------------------------------------------===//
// Compilation
//===----------------------------------------------------------------------===//

/// The module of text with `@main` on tensors.
static OwningOpRef<ModuleOp> parse(MLIRContext *context,
                                   const std::string &body,
                                   const std::vector<Array> &inputs,
                                   const std::vector<unsigned> &constants,
                                   const std::vector<Array> &results) {
  auto isConstant = [&](size_t i) { return llvm::is_contained(constants, i); };
  std::vector<std::string> arguments, types, values;
  for (auto [i, input] : llvm::enumerate(inputs))
    if (!isConstant(i))
      arguments.push_back("%" + std::to_string(i) + ": " + input.type() +
                          " {edge.name = \"x" + std::to_string(i) + "\"}");
  for (auto [i, result] : llvm::enumerate(results)) {
    types.push_back(result.type());
    values.push_back(results.size() == 1 ? "%r" : "%r#" + std::to_string(i));
  }
  std::string text = "func.func @main(" + llvm::join(arguments, ", ") +
                     ") -> (" + llvm::join(types, ", ") + ") {\n";
  for (unsigned i : constants)
    text += "%" + std::to_string(i) + " = \"test.constant\"() : () -> " +
            inputs[i].type() + "\n";
  text += body + "\nreturn " + llvm::join(values, ", ") + " : " +
          llvm::join(types, ", ") + "\n}\n";
  // MLIR numbers values itself, so they get names.
  for (size_t i = inputs.size(); i-- > 0;) {
    std::string from = "%" + std::to_string(i);
    for (size_t at = 0; (at = text.find(from, at)) != std::string::npos;) {
      size_t end = at + from.size();
      if (end < text.size() && isdigit(text[end])) {
        at = end;
        continue;
      }
      text.replace(at, from.size(), "%x" + std::to_string(i));
    }
  }
  context->allowUnregisteredDialects();
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, context);
  if (!module) {
    ADD_FAILURE() << "cannot parse\n" << text;
    return {};
  }
  SmallVector<Operation *> markers;
  module->walk([&](Operation *op) {
    if (op->getName().getStringRef() == "test.constant")
      markers.push_back(op);
  });
  for (auto [marker, i] : llvm::zip_equal(markers, constants)) {
    OpBuilder builder(marker);
    auto value = edge::makeConstant(
        cast<RankedTensorType>(marker->getResult(0).getType()),
        encode(inputs[i]));
    auto constant = edge::ConstantOp::create(builder, marker->getLoc(), value);
    marker->replaceAllUsesWith(constant);
    marker->erase();
  }
  return module;
}

static LogicalResult lower(ModuleOp module, const Bands &bands) {
  PassManager passes(module.getContext());
  if (bands.rows)
    passes.addNestedPass<func::FuncOp>(schedule::createFormRowBandsPass(
        [=](ArrayRef<Operation *> chain, target::CpuAttr) {
          // Longer chains first.
          return schedule::BandChoice{
              bands.rows, double(chain.size()),
              bands.planar && edge::RowBandsOp::isTransposed(chain)};
        }));
  buildKernelStage(passes, {});
  buildLLVMStage(passes, {});
  return passes.run(module);
}

/// Adds `void call(void **arguments)`, which calls `main` with them.
static void addCaller(llvm::Module &module, unsigned arguments) {
  llvm::Function *entry = module.getFunction("main");
  entry->setName("entry");
  llvm::LLVMContext &context = module.getContext();
  llvm::IRBuilder<> builder(context);
  auto *type =
      llvm::FunctionType::get(builder.getVoidTy(), {builder.getPtrTy()}, false);
  auto *caller = llvm::Function::Create(type, llvm::Function::ExternalLinkage,
                                        "call", module);
  builder.SetInsertPoint(llvm::BasicBlock::Create(context, "", caller));
  SmallVector<llvm::Value *> loaded;
  for (unsigned i = 0; i < arguments; ++i)
    loaded.push_back(builder.CreateLoad(
        builder.getPtrTy(),
        builder.CreateConstGEP1_32(builder.getPtrTy(), caller->getArg(0), i)));
  builder.CreateCall(entry, loaded);
  builder.CreateRetVoid();
}

namespace {

/// A buffer between guards.
struct Guarded {
  explicit Guarded(size_t size) : size(size), memory(size + 3 * guard, 0x5a) {
    uintptr_t start = reinterpret_cast<uintptr_t>(memory.data()) + guard;
    data = reinterpret_cast<char *>((start + 63) / 64 * 64);
  }
  bool isIntact() const {
    auto untouched = [](char c) { return c == 0x5a; };
    return std::all_of(memory.data(), static_cast<const char *>(data),
                       untouched) &&
           std::all_of(static_cast<const char *>(data) + size,
                       memory.data() + memory.size(), untouched);
  }

  static constexpr size_t guard = 256;
  size_t size;
  std::vector<char> memory;
  char *data;
};

} // namespace

std::vector<Array> test::runWithConstants(
    Machine machine, const std::string &body, const std::vector<Array> &inputs,
    const std::vector<unsigned> &constants, const std::vector<Array> &results,
    double *microseconds, const Bands &bands) {
  initializeTargets();
  DialectRegistry registry;
  registerDialects(registry);
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  context.loadDialect<target::TargetDialect, edge::EdgeDialect>();
  target::CpuAttr cpu = cpuOf(machine, &context);
  OwningOpRef<ModuleOp> module =
      parse(&context, body, inputs, constants, results);
  if (!cpu || !module)
    return {};
  (*module)->setAttr(target::cpuAttrName, cpu);
  if (failed(lower(*module, bands))) {
    ADD_FAILURE() << "cannot compile\n" << body;
    return {};
  }
  int64_t arenaBytes = 0;
  auto llvmContext = std::make_unique<llvm::LLVMContext>();
  std::unique_ptr<llvm::Module> code =
      translateModuleToLLVMIR(*module, *llvmContext);
  if (!code) {
    ADD_FAILURE() << "cannot translate\n" << body;
    return {};
  }
  module->walk([&](Operation *op) {
    if (auto bytes = op->getAttrOfType<IntegerAttr>("edge.arena_bytes"))
      arenaBytes = bytes.getInt();
  });

  // Arguments: inputs, results, arena.
  std::vector<Guarded> buffers;
  for (auto [i, input] : llvm::enumerate(inputs)) {
    if (llvm::is_contained(constants, i))
      continue;
    std::vector<char> memory = encode(input);
    buffers.emplace_back(memory.size());
    std::copy(memory.begin(), memory.end(), buffers.back().data);
  }
  size_t firstResult = buffers.size();
  for (const Array &result : results)
    buffers.emplace_back(result.size() * bytesOf(result.element));
  buffers.emplace_back(arenaBytes);
  addCaller(*code, buffers.size());

  llvm::orc::JITTargetMachineBuilder builder{llvm::Triple(cpu.getTriple())};
  builder.setCPU(cpu.getCpu().str());
  if (!cpu.getFeatures().empty())
    builder.addFeatures(
        llvm::SubtargetFeatures(cpu.getFeatures()).getFeatures());
  builder.getOptions().AllowFPOpFusion = llvm::FPOpFusion::Standard;
  builder.setCodeGenOptLevel(llvm::CodeGenOptLevel::Default);
  auto jit =
      llvm::orc::LLJITBuilder().setJITTargetMachineBuilder(builder).create();
  if (!jit) {
    ADD_FAILURE() << toString(jit.takeError());
    return {};
  }
  code->setDataLayout((*jit)->getDataLayout());
  llvm::cantFail((*jit)->addIRModule(
      llvm::orc::ThreadSafeModule(std::move(code), std::move(llvmContext))));
  auto symbol = (*jit)->lookup("call");
  if (!symbol) {
    ADD_FAILURE() << toString(symbol.takeError());
    return {};
  }
  auto *call = symbol->toPtr<void (*)(void **)>();
  std::vector<void *> arguments;
  for (Guarded &buffer : buffers)
    arguments.push_back(buffer.data);
  call(arguments.data());

  for (auto [i, buffer] : llvm::enumerate(buffers))
    EXPECT_TRUE(buffer.isIntact()) << "writes beside argument " << i;
  std::vector<Array> outputs = results;
  for (auto [i, output] : llvm::enumerate(outputs))
    decode(buffers[firstResult + i].data, output);
  size_t argument = 0;
  for (auto [i, input] : llvm::enumerate(inputs))
    if (!llvm::is_contained(constants, i)) {
      std::vector<char> memory = encode(input);
      EXPECT_TRUE(
          std::equal(memory.begin(), memory.end(), buffers[argument].data))
          << "overwrites input " << i;
      ++argument;
    }
  if (microseconds) {
    *microseconds = INFINITY;
    for (int i = 0; i < 20; ++i) {
      auto start = std::chrono::steady_clock::now();
      call(arguments.data());
      std::chrono::duration<double, std::micro> took =
          std::chrono::steady_clock::now() - start;
      *microseconds = std::min(*microseconds, took.count());
    }
  }
  return outputs;
}

std::vector<Array> test::run(Machine machine, const std::string &body,
                             const std::vector<Array> &inputs,
                             const std::vector<Array> &results,
                             double *microseconds) {
  return runWithConstants(machine, body, inputs, {}, results, microseconds);
}

void Kernels::expect(const std::string &body, const std::vector<Array> &inputs,
                     const std::vector<Array> &expected, double tolerance) {
  std::vector<Array> actual = run(GetParam(), body, inputs, expected);
  ASSERT_EQ(actual.size(), expected.size()) << body;
  for (auto [got, wanted] : llvm::zip_equal(actual, expected))
    EXPECT_LE(relativeError(got, wanted), tolerance) << body;
}
