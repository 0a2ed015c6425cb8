//===- RaiseTables.cpp - functions of bytes as tables -----------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "dialects/Edge/EdgeConstants.h"
#include "passes/Place/Passes.h"
#include "passes/Quantization/Parameters.h"
#include "passes/Quantization/Passes.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/SetVector.h"

namespace edgecc::place {
#define GEN_PASS_DEF_RAISETABLES
#include "passes/Place/Passes.h.inc"
} // namespace edgecc::place

using namespace mlir;
using namespace edgecc;
using namespace edgecc::edge;
using place::isKnown;
using quantization::Parameters;
using quantization::quantizedType;
using quantization::typeOf;

/// The bytes that there are.
static constexpr int64_t numBytes = 256;

/// The integer that a known quantised value has everywhere.
static std::optional<int64_t> knownInteger(Value value) {
  std::optional<ConstantView> view = quantization::knownIntegers(value);
  if (!view)
    return std::nullopt;
  for (int64_t i = 1, e = typeOf(value).getNumElements(); i < e; ++i)
    if (view->integer(i) != view->integer(0))
      return std::nullopt;
  return view->integer(0);
}

static bool isByte(Value value) {
  quant::QuantizedType type = quantizedType(value);
  return type && Parameters(type).isPerTensor() &&
         type.getStorageTypeIntegralWidth() == 8;
}

/// The type of the stored integers.
static IntegerType storedElement(Value value) {
  return storageType(quantizedType(value));
}

namespace {

/// A function of one quantised value whose result is quantised.
class ByteFunction {
public:
  /// What `result` quantises; nothing if that is no function of one value.
  static std::optional<ByteFunction> get(QuantizeOp result) {
    ByteFunction function(result);
    if (!isByte(result.getResult()) || !function.follow(result.getInput()) ||
        function.operations.empty() || !function.source)
      return std::nullopt;
    return function;
  }

  /// Makes a function of that name in the module that computes all of its
  /// results.
  func::FuncOp makeTable(ModuleOp module, const Twine &name);

  /// Puts a look-up in the table of these bytes before the quantisation.
  GatherOp lookUp(ElementsAttr table);

  QuantizeOp result;

private:
  explicit ByteFunction(QuantizeOp result) : result(result) {}

  bool follow(Value value);

  /// Dequantises the quantised `source`, or is null.
  DequantizeOp source;
  /// In an order in which they can be computed.
  llvm::SetVector<Operation *> operations;
};

} // namespace

bool ByteFunction::follow(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op || !typeOf(value).getElementType().isF32())
    return false;
  if (operations.contains(op))
    return true;
  if (auto cast = dyn_cast<DequantizeOp>(op)) {
    if (!isByte(cast.getInput()))
      return false;
    if (isKnown(cast.getInput()))
      return knownInteger(cast.getInput()).has_value();
    if (source && source.getInput() != cast.getInput())
      return false;
    source = cast;
    return true;
  }
  if (SplatElementsAttr constant; matchPattern(value, m_Constant(&constant)))
    return true;
  // One table takes the place of few operations.
  constexpr size_t mostOperations = 16;
  if (!isa<ElementwiseOpInterface>(op) || operations.size() >= mostOperations ||
      typeOf(value).getShape() != typeOf(result.getInput()).getShape() ||
      !llvm::all_of(op->getOperands(),
                    [&](Value operand) { return follow(operand); }))
    return false;
  operations.insert(op);
  return true;
}

func::FuncOp ByteFunction::makeTable(ModuleOp module, const Twine &name) {
  Location loc = result.getLoc();
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  auto resultType =
      RankedTensorType::get({numBytes}, storedElement(result.getResult()));
  auto function = func::FuncOp::create(builder, loc, name.str(),
                                       builder.getFunctionType({}, resultType));
  builder.setInsertionPointToStart(function.addEntryBlock());
  SmallVector<char> all;
  for (int64_t byte = 0; byte < numBytes; ++byte)
    all.push_back(char(byte));
  auto ofBytes = [](Type element) {
    return RankedTensorType::get({numBytes}, element);
  };
  // `bytes` as `quantized` means them.
  auto dequantized = [&](ElementsAttr bytes, Value quantized) -> Value {
    Value constant = ConstantOp::create(builder, loc, bytes);
    constant = StorageCastOp::create(
        builder, loc, ofBytes(quantizedType(quantized)), constant);
    return DequantizeOp::create(builder, loc, ofBytes(builder.getF32Type()),
                                constant);
  };
  /// What takes the place of a leaf.
  auto leaf = [&](Value value) -> Value {
    if (SplatElementsAttr constant; matchPattern(value, m_Constant(&constant)))
      return ConstantOp::create(
          builder, loc,
          SplatElementsAttr::get(ofBytes(builder.getF32Type()),
                                 constant.getSplatValue<Attribute>()));
    Value quantized = value.getDefiningOp<DequantizeOp>().getInput();
    SmallVector<char> bytes = all;
    if (std::optional<int64_t> known = knownInteger(quantized))
      bytes.assign(numBytes, char(*known));
    return dequantized(
        makeConstant(ofBytes(storedElement(quantized)), ArrayRef(bytes)),
        quantized);
  };
  IRMapping mapping;
  for (Operation *op : operations) {
    for (Value operand : op->getOperands())
      if (!mapping.contains(operand))
        mapping.map(operand, leaf(operand));
    Operation *copy = builder.clone(*op, mapping);
    copy->getResult(0).setType(ofBytes(builder.getF32Type()));
  }
  Value quantized = QuantizeOp::create(
      builder, loc, ofBytes(quantizedType(result.getResult())),
      mapping.lookup(result.getInput()));
  func::ReturnOp::create(
      builder, loc,
      ValueRange(StorageCastOp::create(builder, loc, resultType, quantized)));
  return function;
}

GatherOp ByteFunction::lookUp(ElementsAttr table) {
  OpBuilder builder(result);
  Location loc = operations.back()->getLoc();
  quant::QuantizedType type = quantizedType(result.getResult());
  Value source = this->source.getInput();
  Value entries = ConstantOp::create(builder, loc, table);
  entries = StorageCastOp::create(
      builder, loc, RankedTensorType::get({numBytes}, type), entries);
  Value index = StorageCastOp::create(
      builder, loc, typeOf(source).clone(storedElement(source)), source);
  // A negative byte counts from the end of the table.
  return GatherOp::create(builder, loc, result.getType(), entries, index,
                          builder.getI64IntegerAttr(0));
}

namespace {

struct RaiseTables : place::impl::RaiseTablesBase<RaiseTables> {
  using RaiseTablesBase::RaiseTablesBase;
  explicit RaiseTables(place::TableOptions options)
      : options(std::move(options)) {}

  void runOnOperation() override {
    auto main = getOperation().lookupSymbol<func::FuncOp>("main");
    if (!main || !options.rules || !options.evaluate)
      return;
    std::vector<ByteFunction> functions;
    main.walk([&](QuantizeOp result) {
      if (auto function = ByteFunction::get(result);
          function && isTaken(*function))
        functions.push_back(*function);
    });
    if (!functions.empty() && failed(raise(functions)))
      signalPassFailure();
  }

private:
  /// Whether the NPU looks up what the function gives.
  bool isTaken(ByteFunction &function) const {
    auto type = RankedTensorType::get(
        {numBytes}, storedElement(function.result.getResult()));
    GatherOp trial = function.lookUp(
        makeConstant(type, ArrayRef(SmallVector<char>(numBytes, 0))));
    bool isTaken = options.rules->objection(trial).empty();
    SmallVector<Operation *> made = {trial};
    for (Value operand : trial->getOperands())
      made.push_back(operand.getDefiningOp());
    made.push_back(made[1]->getOperand(0).getDefiningOp());
    for (Operation *op : made)
      op->erase();
    return isTaken;
  }

  LogicalResult raise(MutableArrayRef<ByteFunction> functions) {
    SmallVector<func::FuncOp> tables;
    SmallVector<Value> values;
    OpPassManager rounding("func.func");
    rounding.addPass(quantization::createRoundAsTflite());
    for (ByteFunction &function : functions) {
      tables.push_back(function.makeTable(getOperation(),
                                          "edge.table" + Twine(tables.size())));
      if (options.roundAsTflite && failed(runPipeline(rounding, tables.back())))
        return failure();
      values.push_back(
          tables.back().getBody().front().getTerminator()->getOperand(0));
    }
    FailureOr<SmallVector<ElementsAttr>> constants = options.evaluate(values);
    for (func::FuncOp table : tables)
      table.erase();
    if (failed(constants))
      return getOperation().emitError("cannot evaluate the tables of an NPU");
    for (auto [function, constant] : llvm::zip(functions, *constants)) {
      QuantizeOp result = function.result;
      result.replaceAllUsesWith(function.lookUp(constant).getResult());
      result.erase();
    }
    numTables += functions.size();
    return success();
  }

  place::TableOptions options;
};

} // namespace

std::unique_ptr<Pass> place::createRaiseTablesPass(TableOptions options) {
  return std::make_unique<RaiseTables>(std::move(options));
}
