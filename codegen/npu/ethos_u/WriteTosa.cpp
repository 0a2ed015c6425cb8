//===- WriteTosa.cpp - TOSA as a FlatBuffer ---------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/npu/ethos_u/WriteTosa.h"
#include "codegen/npu/ethos_u/tosa_generated.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace edgecc;
namespace schema = ::tosa;

namespace {

class TosaWriter {
public:
  std::vector<char> write(func::FuncOp main);

private:
  using Strings = std::vector<flatbuffers::Offset<flatbuffers::String>>;
  using Bytes = flatbuffers::Offset<flatbuffers::Vector<uint8_t>>;
  /// The kind of an operation, and the table of its attributes.
  struct Kind {
    schema::Op op;
    schema::Attribute attribute;
    flatbuffers::Offset<void> table;
  };

  flatbuffers::Offset<flatbuffers::Vector<int32_t>>
  numbers(ArrayRef<int64_t> values) {
    return builder.CreateVector(
        std::vector<int32_t>(values.begin(), values.end()));
  }
  Bytes bytes(ArrayRef<char> data) {
    builder.ForceVectorAlignment(data.size(), 1, 8);
    return builder.CreateVector(reinterpret_cast<const uint8_t *>(data.data()),
                                data.size());
  }
  Bytes byte(Attribute value) {
    char number = char(cast<IntegerAttr>(value).getValue().getSExtValue());
    return bytes(number);
  }

  Kind kindOf(Operation *op);
  void addValue(Value value, std::string name, DenseElementsAttr data = {});
  void addOperation(Operation *op);

  flatbuffers::FlatBufferBuilder builder;
  std::vector<flatbuffers::Offset<schema::TosaTensor>> tensors;
  std::vector<flatbuffers::Offset<schema::TosaShape>> shapes;
  std::vector<flatbuffers::Offset<schema::TosaOperator>> operations;
  llvm::DenseMap<Value, std::string> names;
};

} // namespace

static schema::DType typeOf(Type element) {
  return element.isInteger(8) ? schema::DType_INT8 : schema::DType_INT32;
}

/// The elements, spread where one stands for all of them.
static std::vector<char> elementsOf(DenseElementsAttr data) {
  ArrayRef<char> raw = data.getRawData();
  std::vector<char> result;
  int64_t repeats = data.isSplat() ? data.getNumElements() : 1;
  for (int64_t i = 0; i < repeats; ++i)
    result.insert(result.end(), raw.begin(), raw.end());
  return result;
}

void TosaWriter::addValue(Value value, std::string name,
                          DenseElementsAttr data) {
  names[value] = name;
  std::vector<char> elements = data ? elementsOf(data) : std::vector<char>();
  auto text = builder.CreateString(name);
  if (auto shape = dyn_cast<mlir::tosa::shapeType>(value.getType())) {
    shapes.push_back(schema::CreateTosaShape(builder, text, shape.getRank(),
                                             bytes(elements)));
    return;
  }
  auto type = cast<RankedTensorType>(value.getType());
  auto sizes = numbers(type.getShape());
  tensors.push_back(schema::CreateTosaTensor(builder, text, sizes,
                                             typeOf(type.getElementType()),
                                             data ? bytes(elements) : Bytes()));
}

TosaWriter::Kind TosaWriter::kindOf(Operation *op) {
  // Operations without attributes have an empty table.
#define PLAIN(Op, OP, Name)                                                    \
  .Case([&](mlir::tosa::Op) -> Kind {                                          \
    return {schema::Op_##OP, schema::Attribute_##Name##Attribute,              \
            schema::Create##Name##Attribute(builder).Union()};                 \
  })
  constexpr schema::DType i32 = schema::DType_INT32;
  return llvm::TypeSwitch<Operation *, Kind>(op) PLAIN(AddOp, ADD, Add) PLAIN(
             CastOp, CAST, Cast) PLAIN(ClzOp, CLZ, Clz) PLAIN(ConstOp, CONST,
                                                              Const)
      PLAIN(ConstShapeOp, CONST_SHAPE, ConstShape) PLAIN(
             LogicalLeftShiftOp, LOGICAL_LEFT_SHIFT,
             LogicalLeftShift) PLAIN(MatMulOp, MATMUL, MatMul) PLAIN(MulOp, MUL,
                                                                     Mul)
          PLAIN(PadOp, PAD, Pad) PLAIN(ReshapeOp, RESHAPE, Reshape) PLAIN(
              SliceOp, SLICE, Slice) PLAIN(SubOp, SUB, Sub) PLAIN(TableOp,
                                                                  TABLE, Table)
              .Case([&](mlir::tosa::Conv2DOp op) -> Kind {
                auto pad = numbers(op.getPad()),
                     stride = numbers(op.getStride());
                auto dilation = numbers(op.getDilation());
                return {schema::Op_CONV2D, schema::Attribute_Conv2dAttribute,
                        schema::CreateConv2dAttribute(
                            builder, pad, stride, dilation,
                            /*local_bound=*/false, i32)
                            .Union()};
              })
              .Case([&](mlir::tosa::DepthwiseConv2DOp op) -> Kind {
                auto pad = numbers(op.getPad()),
                     stride = numbers(op.getStride());
                auto dilation = numbers(op.getDilation());
                return {schema::Op_DEPTHWISE_CONV2D,
                        schema::Attribute_DepthwiseConv2dAttribute,
                        schema::CreateDepthwiseConv2dAttribute(
                            builder, pad, stride, dilation,
                            /*local_bound=*/false, i32)
                            .Union()};
              })
              .Case([&](mlir::tosa::AvgPool2dOp op) -> Kind {
                auto kernel = numbers(op.getKernel()),
                     stride = numbers(op.getStride());
                auto pad = numbers(op.getPad());
                return {schema::Op_AVG_POOL2D,
                        schema::Attribute_AvgPool2dAttribute,
                        schema::CreateAvgPool2dAttribute(builder, kernel,
                                                         stride, pad, i32)
                            .Union()};
              })
              .Case([&](mlir::tosa::MaxPool2dOp op) -> Kind {
                auto kernel = numbers(op.getKernel()),
                     stride = numbers(op.getStride());
                auto pad = numbers(op.getPad());
                return {schema::Op_MAX_POOL2D,
                        schema::Attribute_MaxPool2dAttribute,
                        schema::CreateMaxPool2dAttribute(
                            builder, kernel, stride, pad,
                            schema::NanPropagationMode_PROPAGATE)
                            .Union()};
              })
              .Case([&](mlir::tosa::RescaleOp op) -> Kind {
                return {
                    schema::Op_RESCALE, schema::Attribute_RescaleAttribute,
                    schema::CreateRescaleAttribute(
                        builder, op.getScale32(),
                        schema::RoundingMode(uint32_t(op.getRoundingMode())),
                        op.getPerChannel(), op.getInputUnsigned(),
                        op.getOutputUnsigned())
                        .Union()};
              })
              .Case([&](mlir::tosa::ClampOp op) -> Kind {
                auto least = byte(op.getMinVal()), most = byte(op.getMaxVal());
                return {schema::Op_CLAMP, schema::Attribute_ClampAttribute,
                        schema::CreateClampAttribute(
                            builder, least, most,
                            schema::NanPropagationMode_PROPAGATE)
                            .Union()};
              })
              .Case([&](mlir::tosa::ArithmeticRightShiftOp op) -> Kind {
                return {schema::Op_ARITHMETIC_RIGHT_SHIFT,
                        schema::Attribute_ArithmeticRightShiftAttribute,
                        schema::CreateArithmeticRightShiftAttribute(
                            builder, op.getRound())
                            .Union()};
              })
              .Case([&](mlir::tosa::MinimumOp) -> Kind {
                return {schema::Op_MINIMUM, schema::Attribute_MinimumAttribute,
                        schema::CreateMinimumAttribute(
                            builder, schema::NanPropagationMode_PROPAGATE)
                            .Union()};
              })
              .Case([&](mlir::tosa::ReduceMaxOp op) -> Kind {
                return {schema::Op_REDUCE_MAX,
                        schema::Attribute_ReduceMaxAttribute,
                        schema::CreateReduceMaxAttribute(
                            builder, int32_t(op.getAxis()),
                            schema::NanPropagationMode_PROPAGATE)
                            .Union()};
              })
              .Case([&](mlir::tosa::ReduceSumOp op) -> Kind {
                return {schema::Op_REDUCE_SUM,
                        schema::Attribute_ReduceSumAttribute,
                        schema::CreateReduceSumAttribute(builder,
                                                         int32_t(op.getAxis()))
                            .Union()};
              })
              .Case([&](mlir::tosa::ConcatOp op) -> Kind {
                return {schema::Op_CONCAT, schema::Attribute_ConcatAttribute,
                        schema::CreateConcatAttribute(builder,
                                                      int32_t(op.getAxis()))
                            .Union()};
              })
              .Case([&](mlir::tosa::TransposeOp op) -> Kind {
                auto perms = builder.CreateVector(std::vector<int32_t>(
                    op.getPerms().begin(), op.getPerms().end()));
                return {
                    schema::Op_TRANSPOSE, schema::Attribute_TransposeAttribute,
                    schema::CreateTransposeAttribute(builder, perms).Union()};
              });
#undef PLAIN
}

void TosaWriter::addOperation(Operation *op) {
  std::string name = cast<NameLoc>(op->getLoc()).getName().str();
  DenseElementsAttr data;
  if (auto constant = dyn_cast<mlir::tosa::ConstOp>(op))
    data = cast<DenseElementsAttr>(constant.getValues());
  if (auto constant = dyn_cast<mlir::tosa::ConstShapeOp>(op))
    data = constant.getValues();
  if (!names.contains(op->getResult(0)))
    addValue(op->getResult(0), name + ":" + std::to_string(names.size()), data);
  Strings inputs, outputs{builder.CreateString(names.lookup(op->getResult(0)))};
  for (Value operand : op->getOperands())
    inputs.push_back(builder.CreateString(names.lookup(operand)));
  Kind kind = kindOf(op);
  auto ins = builder.CreateVector(inputs), outs = builder.CreateVector(outputs);
  auto location = schema::CreateOpLocation(builder, builder.CreateString(name));
  operations.push_back(schema::CreateTosaOperator(
      builder, kind.op, kind.attribute, kind.table, ins, outs, location));
}

std::vector<char> TosaWriter::write(func::FuncOp main) {
  Strings inputs, outputs;
  for (BlockArgument argument : main.getArguments()) {
    addValue(argument, "input_" + std::to_string(argument.getArgNumber()));
    inputs.push_back(builder.CreateString(names.lookup(argument)));
  }
  Operation *end = main.getBody().front().getTerminator();
  for (auto [i, value] : llvm::enumerate(end->getOperands())) {
    addValue(value, "output_" + std::to_string(i));
    outputs.push_back(builder.CreateString(names.lookup(value)));
  }
  for (Operation &op : main.getBody().front().without_terminator())
    addOperation(&op);
  auto name = builder.CreateString("main");
  auto ops = builder.CreateVector(operations);
  auto values = builder.CreateVector(tensors);
  auto sizes = builder.CreateVector(shapes);
  auto ins = builder.CreateVector(inputs), outs = builder.CreateVector(outputs);
  auto block = schema::CreateTosaBasicBlock(builder, name, ops, values, ins,
                                            outs, sizes);
  auto blocks = builder.CreateVector(&block, 1);
  auto region = schema::CreateTosaRegion(builder, name, blocks);
  auto regions = builder.CreateVector(&region, 1);
  auto version = schema::CreateVersion(builder, 1, 0, 0, /*_draft=*/false);
  schema::FinishTosaGraphBuffer(
      builder, schema::CreateTosaGraph(builder, version, regions));
  const auto *data = reinterpret_cast<const char *>(builder.GetBufferPointer());
  return {data, data + builder.GetSize()};
}

std::vector<char> npu::writeTosa(ModuleOp module) {
  return TosaWriter().write(module.lookupSymbol<func::FuncOp>("main"));
}
