//===- WriteProgram.cpp - regions as FlatBuffers ----------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/npu/desc/WriteProgram.h"
#include "codegen/npu/Costs.h"
#include "codegen/npu/desc/npu_program_generated.h"
#include "passes/Place/Regions.h"
#include "passes/Quantization/Contractions.h"

#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::edge;
using namespace edgecc::npu;
using edgecc::place::stripCasts;
using edgecc::quantization::Contraction;
using edgecc::quantization::Parameters;
using edgecc::quantization::quantizedType;
using edgecc::quantization::typeOf;

/// Of everything that a program holds or a driver gets.
static constexpr int64_t alignment = 16;

/// The integer type of the elements.
static IntegerType integerOf(Value tensor) {
  if (quant::QuantizedType type = quantizedType(tensor))
    return storageType(type);
  return cast<IntegerType>(typeOf(tensor).getElementType());
}

//===----------------------------------------------------------------------===//
// Scratch memory
//===----------------------------------------------------------------------===//

/// The last of `ops` that reads `value`; nothing if others read it as well, who
/// get it as an output.
static std::optional<size_t>
lastReader(Value value, const llvm::DenseMap<Operation *, size_t> &times) {
  size_t last = 0;
  for (Operation *user : value.getUsers()) {
    std::optional<size_t> time;
    if (isa<StorageCastOp>(user))
      time = lastReader(user->getResult(0), times);
    else if (auto found = times.find(user); found != times.end())
      time = found->second;
    if (!time)
      return std::nullopt;
    last = std::max(last, *time);
  }
  return last;
}

int64_t npu::planScratch(ArrayRef<Operation *> ops,
                         llvm::DenseMap<Value, int64_t> *offsets) {
  struct Piece {
    int64_t begin, end;
    size_t last;
  };
  llvm::DenseMap<Operation *, size_t> times;
  for (auto [i, op] : llvm::enumerate(ops))
    times[op] = i;
  SmallVector<Piece> alive;
  int64_t total = 0;
  for (auto [i, op] : llvm::enumerate(ops)) {
    llvm::erase_if(alive, [i = i](const Piece &p) { return p.last < i; });
    for (Value result : op->getResults()) {
      std::optional<size_t> last = lastReader(result, times);
      if (!last)
        continue;
      // The lowest place between what is alive.
      llvm::sort(alive, [](const Piece &a, const Piece &b) {
        return a.begin < b.begin;
      });
      int64_t bytes = llvm::alignTo(storedBytes(result), alignment), at = 0;
      for (const Piece &piece : alive)
        if (at + bytes > piece.begin)
          at = std::max(at, piece.end);
      alive.push_back({at, at + bytes, std::max(*last, i)});
      total = std::max(total, at + bytes);
      if (offsets)
        (*offsets)[result] = at;
    }
  }
  return total;
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

namespace {

class ProgramWriter {
public:
  explicit ProgramWriter(RegionOp region) : region(region) {}

  Program write(StringRef npu);

private:
  using Numbers = flatbuffers::Offset<flatbuffers::Vector<uint32_t>>;
  Numbers numbers(ArrayRef<int64_t> values) {
    return builder.CreateVector(
        std::vector<uint32_t>(values.begin(), values.end()));
  }

  /// The number of a tensor, which is written when it is first asked for.
  uint32_t tensor(Value value);
  void addTensor(Value key, Value typed, schema::Place place, int64_t offset);
  void addOperation(Operation *op);
  std::vector<float> multipliers(const Contraction &contraction);

  RegionOp region;
  flatbuffers::FlatBufferBuilder builder;
  std::vector<flatbuffers::Offset<schema::Tensor>> tensors;
  std::vector<flatbuffers::Offset<schema::Operation>> operations;
  /// By the value without casts.
  llvm::DenseMap<Value, uint32_t> indices;
  llvm::DenseMap<Value, int64_t> scratch;
};

} // namespace

/// A view of `value` that says what its integers express, if there is one.
static Value findTyped(Value value) {
  if (quantizedType(value))
    return value;
  for (Operation *user : value.getUsers())
    if (isa<StorageCastOp>(user) && quantizedType(user->getResult(0)))
      return user->getResult(0);
  return value;
}

void ProgramWriter::addTensor(Value key, Value typed, schema::Place place,
                              int64_t offset) {
  flatbuffers::Offset<flatbuffers::Vector<uint8_t>> data;
  Attribute constant;
  if (matchPattern(key, m_Constant(&constant))) {
    std::optional<ConstantView> view = ConstantView::get(constant);
    ArrayRef<char> bytes = view->bytes();
    builder.ForceVectorAlignment(bytes.size(), 1, alignment);
    data = builder.CreateVector(reinterpret_cast<const uint8_t *>(bytes.data()),
                                bytes.size());
    place = schema::Place_Constant;
  }
  Numbers shape = numbers(typeOf(typed).getShape());
  flatbuffers::Offset<flatbuffers::Vector<double>> scales;
  int32_t zeroPoint = 0;
  if (quant::QuantizedType type = quantizedType(typed)) {
    Parameters parameters(type);
    scales = builder.CreateVector(std::vector<double>(parameters.scales.begin(),
                                                      parameters.scales.end()));
    zeroPoint = parameters.zeroPoint();
  }
  IntegerType integer = integerOf(typed);
  schema::Element element = integer.getWidth() == 32 ? schema::Element_I32
                            : integer.isUnsigned()   ? schema::Element_U8
                                                     : schema::Element_I8;
  indices[key] = tensors.size();
  tensors.push_back(schema::CreateTensor(builder, element, shape, place, offset,
                                         data, scales, zeroPoint));
}

uint32_t ProgramWriter::tensor(Value value) {
  Value key = stripCasts(value);
  if (!indices.contains(key))
    addTensor(key, quantizedType(value) ? value : findTyped(key),
              schema::Place_Constant, 0);
  return indices.lookup(key);
}

std::vector<float> ProgramWriter::multipliers(const Contraction &contraction) {
  double scale =
      Parameters(quantizedType(contraction.op->getResult(0))).scale();
  std::vector<float> result;
  for (int64_t i = 0; i < contraction.channels(); ++i)
    result.push_back(float(contraction.scale(i) / scale));
  return result;
}

void ProgramWriter::addOperation(Operation *op) {
  SmallVector<int64_t> inputs, outputs;
  for (Value operand : op->getOperands())
    inputs.push_back(tensor(operand));
  for (Value result : op->getResults())
    outputs.push_back(tensor(result));
  auto named = op->getLoc()->findInstanceOf<NameLoc>();
  auto name = builder.CreateString(named ? named.getName().str() : "");
  Numbers ins = numbers(inputs), outs = numbers(outputs);
  flatbuffers::Offset<flatbuffers::Vector<float>> factors;
  if (std::optional<Contraction> contraction = Contraction::get(op))
    factors = builder.CreateVector(multipliers(*contraction));

  // What windows have, with dilations of one where there are none.
  SmallVector<int64_t> kernel, strides, dilations, low, high;
  auto readWindow = [&](auto window, ArrayRef<int64_t> sizes) {
    kernel.assign(sizes.begin(), sizes.end());
    llvm::append_range(strides, window.getStrides());
    llvm::append_range(low, window.getPadsLow());
    llvm::append_range(high, window.getPadsHigh());
    for (size_t dim = 0; dim < sizes.size(); ++dim)
      dilations.push_back(window.getDilation(dim));
  };
  SmallVector<int64_t> permutation;
  uint32_t groups = 1, axis = 0;
  int32_t least = 0, most = 0, value = 0;
  auto onGrid = [&](const APFloat &real) {
    Parameters p(quantizedType(op->getResult(0)));
    return int32_t(p.quantize(real.convertToDouble()));
  };
  schema::Operator kind =
      llvm::TypeSwitch<Operation *, schema::Operator>(op)
          .Case([&](ConvOp conv) {
            readWindow(conv, typeOf(conv.getWeights())
                                 .getShape()
                                 .take_front(conv.getSpatialRank()));
            groups = conv.getGroups();
            return schema::Operator_Conv;
          })
          .Case([&](PoolOp pool) {
            readWindow(pool, pool.getKernel());
            return schema::Operator_MaxPool;
          })
          .Case([](MatMulOp) { return schema::Operator_MatMul; })
          .Case([](AddOp) { return schema::Operator_Add; })
          .Case([](ReshapeOp) { return schema::Operator_Reshape; })
          .Case([&](ClampOp clamp) {
            least = onGrid(clamp.getMin());
            most = onGrid(clamp.getMax());
            return schema::Operator_Clamp;
          })
          .Case([&](ConcatOp concat) {
            axis = uint32_t(concat.getAxis());
            return schema::Operator_Concat;
          })
          .Case([&](TransposeOp transpose) {
            llvm::append_range(permutation, transpose.getPermutation());
            return schema::Operator_Transpose;
          })
          .Case([&](PadOp pad) {
            llvm::append_range(low, pad.getLow());
            llvm::append_range(high, pad.getHigh());
            value = onGrid(pad.getValue());
            return schema::Operator_Pad;
          });
  Numbers window[] = {numbers(kernel), numbers(strides), numbers(dilations),
                      numbers(low), numbers(high)};
  Numbers order = numbers(permutation);
  operations.push_back(schema::CreateOperation(
      builder, kind, name, ins, outs, window[0], window[1], window[2],
      window[3], window[4], groups, factors, least, most, value, axis, order));
}

Program ProgramWriter::write(StringRef npu) {
  SmallVector<Operation *> ops = region.getOperations();
  Program program;
  program.scratch = planScratch(ops, &scratch);
  Block &body = region.getBody().front();
  for (BlockArgument argument : body.getArguments())
    addTensor(argument, findTyped(argument), schema::Place_Input,
              argument.getArgNumber());
  for (auto [i, value] : llvm::enumerate(body.getTerminator()->getOperands())) {
    Value key = stripCasts(value);
    addTensor(key, findTyped(key), schema::Place_Output, i);
  }
  for (auto [value, offset] : scratch)
    addTensor(value, findTyped(value), schema::Place_Scratch, offset);
  for (Operation *op : ops)
    addOperation(op);

  auto name = builder.CreateString(npu.str());
  auto tensorList = builder.CreateVector(tensors);
  auto operationList = builder.CreateVector(operations);
  schema::FinishProgramBuffer(
      builder, schema::CreateProgram(builder, /*version=*/0, name, tensorList,
                                     operationList, program.scratch));
  const auto *data = reinterpret_cast<const char *>(builder.GetBufferPointer());
  program.bytes.assign(data, data + builder.GetSize());
  return program;
}

Program npu::writeProgram(RegionOp region, StringRef npu) {
  return ProgramWriter(region).write(npu);
}
