//===- OnnxToEdge.cpp - convert a model to edge operations ------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/IR/TypeUtilities.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "passes/OnnxToEdge/Converters.h"
#include "llvm/ADT/StringSet.h"

namespace edgecc {
#define GEN_PASS_DEF_ONNXTOEDGE
#include "passes/OnnxToEdge/Passes.h.inc"
} // namespace edgecc

using namespace mlir;
using namespace edgecc;

//===----------------------------------------------------------------------===//
// Inputs
//===----------------------------------------------------------------------===//

static StringRef getInputName(func::FuncOp function, unsigned index) {
  auto name = function.getArgAttrOfType<StringAttr>(index, onnx::kNameAttr);
  return name ? name.getValue() : "";
}

/// The symbol of a dynamic dimension, or an empty string.
static StringRef getSymbol(func::FuncOp function, unsigned index, int64_t dim) {
  auto symbols =
      function.getArgAttrOfType<ArrayAttr>(index, onnx::kDimParamsAttr);
  if (!symbols || dim >= static_cast<int64_t>(symbols.size()))
    return "";
  auto symbol = dyn_cast<StringAttr>(symbols[dim]);
  return symbol ? symbol.getValue() : "";
}

/// The static types of the inputs: a leading dimension that is not known is
/// one, and so are others of the same name.
static FailureOr<SmallVector<RankedTensorType>>
resolveInputs(func::FuncOp function) {
  llvm::StringSet<> leading;
  for (auto [index, argument] : llvm::enumerate(function.getArguments()))
    if (auto type = dyn_cast<RankedTensorType>(argument.getType()))
      if (type.getRank() > 0 && type.isDynamicDim(0))
        leading.insert(getSymbol(function, index, 0));

  SmallVector<RankedTensorType> types;
  bool isValid = true;
  for (auto [index, argument] : llvm::enumerate(function.getArguments())) {
    StringRef name = getInputName(function, index);
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    if (!type || !type.getElementType().isIntOrFloat()) {
      emitError(argument.getLoc())
          << "input '" << name << "' has type " << argument.getType()
          << "; expected a tensor of numbers of known rank";
      isValid = false;
      continue;
    }
    SmallVector<int64_t> shape(type.getShape());
    for (auto [dim, size] : llvm::enumerate(shape)) {
      if (!ShapedType::isDynamic(size))
        continue;
      StringRef symbol = getSymbol(function, index, dim);
      if (dim == 0 || (!symbol.empty() && leading.contains(symbol))) {
        size = 1;
        continue;
      }
      InFlightDiagnostic diagnostic = emitError(argument.getLoc())
                                      << "input '" << name
                                      << "' has an unresolved dimension ";
      if (symbol.empty())
        diagnostic << "at position " << dim;
      else
        diagnostic << "'" << symbol << "'";
      diagnostic << "; set it with --shape=" << name << ":";
      llvm::interleave(
          type.getShape(),
          [&](int64_t s) {
            ShapedType::isDynamic(s) ? diagnostic << "N" : diagnostic << s;
          },
          [&] { diagnostic << "x"; });
      isValid = false;
      break;
    }
    if (isValid)
      types.push_back(RankedTensorType::get(shape, type.getElementType()));
  }
  if (!isValid)
    return failure();
  return types;
}

//===----------------------------------------------------------------------===//
// Pass
//===----------------------------------------------------------------------===//

/// `edge.name` for what has an `onnx.name`.
static DictionaryAttr getNameAttrs(DictionaryAttr onnxAttrs,
                                   MLIRContext *context) {
  NamedAttrList attrs;
  if (onnxAttrs)
    if (Attribute name = onnxAttrs.get(onnx::kNameAttr))
      attrs.set("edge.name", name);
  return attrs.getDictionary(context);
}

/// Rounds results that the model declares as f16 or bf16 and that have been
/// computed in f32.
static void narrowResults(OpBuilder &builder, Operation &terminator,
                          MutableArrayRef<Value> results) {
  for (auto [declared, result] :
       llvm::zip(terminator.getOperandTypes(), results)) {
    Type type = getElementTypeOrSelf(declared);
    if ((type.isF16() || type.isBF16()) && getElementType(result).isF32())
      result = edge::CastOp::create(builder, terminator.getLoc(), result, type);
  }
}

/// Erases operations without an effect whose results have no use.
static void eraseDeadOps(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block))) {
    if (isOpTriviallyDead(&op)) {
      op.erase();
      continue;
    }
    for (Region &region : op.getRegions())
      for (Block &inner : region)
        eraseDeadOps(inner);
  }
}

namespace {
struct OnnxToEdgePass : edgecc::impl::OnnxToEdgeBase<OnnxToEdgePass> {
  OnnxToEdgePass() = default;
  explicit OnnxToEdgePass(OnnxToEdgeOptions options)
      : options(std::move(options)) {}

  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto source = module.lookupSymbol<func::FuncOp>("main");
    if (!source || !source.getBody().hasOneBlock()) {
      module.emitError("expected a function 'main' of one block");
      return signalPassFailure();
    }
    if (failed(convert(source)))
      return signalPassFailure();

    SmallVector<StringAttr> stale;
    for (NamedAttribute attr : module->getAttrs())
      if (attr.getName().strref().starts_with("onnx."))
        stale.push_back(attr.getName());
    for (StringAttr name : stale)
      module->removeAttr(name);
  }

private:
  /// Puts a function of edge operations in the place of `source`.
  LogicalResult convert(func::FuncOp source) {
    ConverterTable table;
    registerAllConverters(table);
    Block &body = source.getBody().front();
    if (options.inlineFunction)
      inlineFunctions(body, table, options.inlineFunction);

    FailureOr<SmallVector<RankedTensorType>> inputs = resolveInputs(source);
    if (failed(inputs))
      return failure();

    MLIRContext *context = &getContext();
    SmallVector<Type> types(inputs->begin(), inputs->end());
    OpBuilder builder(source);
    auto target = func::FuncOp::create(builder, source.getLoc(), "main",
                                       FunctionType::get(context, types, {}));
    Block *entry = target.addEntryBlock();
    builder.setInsertionPointToStart(entry);
    ConversionContext ctx(builder, table, options);
    for (auto [from, to] :
         llvm::zip(source.getArguments(), entry->getArguments())) {
      to.setLoc(from.getLoc());
      ctx.map(from, to);
    }
    Converted results = ctx.convertBlock(body);
    if (failed(results)) {
      target.erase();
      return failure();
    }
    narrowResults(builder, *body.getTerminator(), *results);
    func::ReturnOp::create(builder, body.getTerminator()->getLoc(), *results);

    target.setType(
        FunctionType::get(context, types, ValueRange(*results).getTypes()));
    for (unsigned i = 0; i < inputs->size(); ++i)
      target.setArgAttrs(i, getNameAttrs(source.getArgAttrDict(i), context));
    for (unsigned i = 0; i < results->size(); ++i)
      target.setResultAttrs(i,
                            getNameAttrs(source.getResultAttrDict(i), context));
    source.erase();
    eraseDeadOps(*entry);
    return success();
  }

  OnnxToEdgeOptions options;
};
} // namespace

std::unique_ptr<Pass> edgecc::createOnnxToEdgePass(OnnxToEdgeOptions options) {
  return std::make_unique<OnnxToEdgePass>(std::move(options));
}
