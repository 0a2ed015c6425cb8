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
    auto resolved = RankedTensorType::get(shape, type.getElementType());
    if (isValid && isTooLarge(resolved)) {
      emitError(argument.getLoc()) << "input '" << name << "' has the type "
                                   << resolved << ", more than 2^31 elements";
      isValid = false;
    }
    if (isValid)
      types.push_back(resolved);
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

namespace {
/// A result of the function.
struct Output {
  Value value;
  std::string name;
  /// The element type that the model declares; null if it says nothing.
  Type declared;
};
} // namespace

/// The results of `function`, `bindings`, as tensors: a sequence gives one
/// result for each element, with a number after its name, an empty optional
/// none.
static FailureOr<SmallVector<Output>> flatten(func::FuncOp function,
                                              ArrayRef<Binding> bindings) {
  SmallVector<Output> outputs;
  Operation *terminator = function.getBody().front().getTerminator();
  for (auto [index, binding] : llvm::enumerate(bindings)) {
    auto attr =
        function.getResultAttrOfType<StringAttr>(index, onnx::kNameAttr);
    std::string name = attr ? attr.str() : "";
    Type type = terminator->getOperand(index).getType();
    if (auto optional = dyn_cast<onnx::OptionalType>(type))
      type = optional.getElementType();
    if (auto sequence = dyn_cast<onnx::SequenceType>(type))
      type = sequence.getElementType();
    Type declared = isa<TensorType>(type) ? getElementTypeOrSelf(type) : Type();
    if (binding.tensor)
      outputs.push_back({binding.tensor, name, declared});
    for (auto [i, element] :
         llvm::enumerate(binding.sequence.value_or(SmallVector<Value>())))
      outputs.push_back({element, name + "_" + std::to_string(i), declared});
  }
  if (outputs.empty())
    return terminator->emitError("the model has no output that is a tensor");
  return outputs;
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
    auto main = module.lookupSymbol<func::FuncOp>("main");
    if (!main || !main.getBody().hasOneBlock()) {
      module.emitError("expected a function 'main' of one block");
      return signalPassFailure();
    }
    // The same network at other sizes may be beside it.
    for (auto source : llvm::to_vector(module.getOps<func::FuncOp>()))
      if (failed(convertWithTrials(source)))
        return signalPassFailure();

    SmallVector<StringAttr> stale;
    for (NamedAttribute attr : module->getAttrs())
      if (attr.getName().strref().starts_with("onnx."))
        stale.push_back(attr.getName());
    for (StringAttr name : stale)
      module->removeAttr(name);
  }

private:
  /// Puts a function of edge operations in the place of `source`; where sizes
  /// in it depend on values, others as well, in which they have other bounds.
  LogicalResult convertWithTrials(func::FuncOp source) {
    ConverterTable table;
    registerAllConverters(table);
    if (options.inlineFunction)
      inlineFunctions(source.getBody().front(), table, options);
    constexpr int64_t trials = 2;
    for (int64_t trial = 0; trial <= trials; ++trial) {
      FailureOr<bool> hasBounded = convert(source, table, trial);
      if (failed(hasBounded))
        return failure();
      if (!*hasBounded)
        break;
    }
    source.erase();
    return success();
  }

  /// Puts a function of edge operations beside `source`. Gives whether there
  /// are sizes in it that depend on values.
  FailureOr<bool> convert(func::FuncOp source, const ConverterTable &table,
                          int64_t trial) {
    Block &body = source.getBody().front();
    FailureOr<SmallVector<RankedTensorType>> inputs = resolveInputs(source);
    if (failed(inputs))
      return failure();

    MLIRContext *context = &getContext();
    SmallVector<Type> types(inputs->begin(), inputs->end());
    OpBuilder builder(source);
    auto target =
        func::FuncOp::create(builder, source.getLoc(), source.getSymName(),
                             FunctionType::get(context, types, {}));
    target->setDiscardableAttrs(source->getDiscardableAttrDictionary());
    Block *entry = target.addEntryBlock();
    builder.setInsertionPointToStart(entry);
    if (trial > 0) {
      target.setSymName((source.getSymName() + "_trial_" + Twine(trial)).str());
      if (!target->hasAttr("edge.sizes"))
        target->setAttr("edge.sizes", builder.getDictionaryAttr({}));
    }
    ConversionContext ctx(builder, table, options);
    ctx.setTrial(trial);
    for (auto [from, to] :
         llvm::zip(source.getArguments(), entry->getArguments())) {
      to.setLoc(from.getLoc());
      ctx.map(from, to);
    }
    auto bindings = ctx.convertBlockToBindings(body);
    FailureOr<SmallVector<Output>> outputs = failure();
    if (succeeded(bindings))
      outputs = flatten(source, *bindings);
    if (failed(outputs)) {
      target.erase();
      return failure();
    }
    SmallVector<Value> results;
    for (Output &output : *outputs)
      results.push_back(roundAsDeclared(builder, body.getTerminator()->getLoc(),
                                        output.value, output.declared));
    for (const auto &[bound, count] : ctx.getLimited())
      results.push_back(count);
    func::ReturnOp::create(builder, body.getTerminator()->getLoc(), results);

    target.setType(
        FunctionType::get(context, types, ValueRange(results).getTypes()));
    bool isBounded = target->getParentOp()->hasAttr("edge.bounds");
    for (unsigned i = 0; i < inputs->size(); ++i) {
      target.setArgAttrs(i, getNameAttrs(source.getArgAttrDict(i), context));
      if (Attribute symbols = source.getArgAttr(i, onnx::kDimParamsAttr);
          symbols && isBounded)
        target.setArgAttr(i, "edge.dims", symbols);
    }
    for (auto [i, output] : llvm::enumerate(*outputs))
      target.setResultAttr(i, "edge.name",
                           StringAttr::get(context, output.name));
    for (auto [i, limited] : llvm::enumerate(ctx.getLimited())) {
      const SizeBound &bound = limited.first;
      unsigned index = outputs->size() + i;
      target.setResultAttr(index, "edge.name",
                           builder.getStringAttr(bound.name));
      target.setResultAttr(
          index, "edge.range",
          builder.getDenseI64ArrayAttr({bound.least, bound.most}));
    }
    eraseDeadOps(*entry);
    return ctx.hasBounded();
  }

  OnnxToEdgeOptions options;
};
} // namespace

std::unique_ptr<Pass> edgecc::createOnnxToEdgePass(OnnxToEdgeOptions options) {
  return std::make_unique<OnnxToEdgePass>(std::move(options));
}
