//===- ConversionContext.cpp - what converters work with --------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Edge/EdgeConstants.h"
#include "dialects/Edge/ValueNames.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/IR/Verifier.h"
#include "passes/OnnxToEdge/Converters.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace edgecc;

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

Value ConversionContext::operand(unsigned index) {
  Value input = node.getInput(index);
  if (!input)
    return {};
  if (Value tensor = lookup(input))
    return tensor;
  if (!hasFailed)
    error() << "operand " << index
            << " is a sequence or an empty optional, expected a tensor";
  return createSplat(0, builder.getF32Type());
}

Value ConversionContext::lookup(Value onnxValue) {
  Value value = values.lookup(onnxValue);
  if (Value known = evaluated.lookup(value))
    value = known;
  return value ? computed(value) : value;
}

Value ConversionContext::computed(Value value) {
  Type type = getElementType(value);
  if (!type.isF16() && !type.isBF16())
    return value;
  if (Value known = widened.lookup(value))
    return known;
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointAfterValue(value);
  Type f32 = builder.getF32Type();
  Value result;
  ElementsAttr attr;
  if (matchPattern(value, m_Constant(&attr))) {
    SmallVector<float> numbers = *readFloats(attr);
    ArrayRef<char> bytes(reinterpret_cast<const char *>(numbers.data()),
                         numbers.size() * sizeof(float));
    result = edge::ConstantOp::create(
        builder, value.getLoc(),
        edge::makeConstant(RankedTensorType::get(getShape(value), f32), bytes));
  } else {
    result = edge::CastOp::create(builder, value.getLoc(), value, f32);
  }
  return widened[value] = result;
}

void ConversionContext::map(Value onnxValue, Value edgeValue) {
  values[onnxValue] = edgeValue;
  bindings.erase(onnxValue);
}

void ConversionContext::map(Value onnxValue, Binding binding) {
  if (binding.tensor)
    return map(onnxValue, binding.tensor);
  values.erase(onnxValue);
  bindings[onnxValue] = std::move(binding);
}

Binding ConversionContext::binding(unsigned index) {
  Value input = node.getInput(index);
  return input ? resolve(input) : Binding();
}

Binding ConversionContext::resolve(Value onnxValue) {
  if (Value tensor = lookup(onnxValue))
    return {tensor, std::nullopt, false};
  return bindings.lookup(onnxValue);
}

FailureOr<SmallVector<Value>> ConversionContext::sequence(unsigned index) {
  Binding value = binding(index);
  if (!value.sequence)
    return error() << "operand " << index
                   << " must be a sequence whose length is known";
  SmallVector<Value> elements;
  for (Value element : *value.sequence)
    elements.push_back(computed(element));
  return elements;
}

void ConversionContext::bindResult(unsigned index, Binding binding) {
  if (index < getNode().getOutputs().size())
    map(getNode().getOutputs()[index], std::move(binding));
}

bool ConversionContext::attempt(llvm::function_ref<LogicalResult()> convert) {
  auto saved = std::tuple(values, bindings, evaluated, widened, limited);
  std::string message;
  bool failedBefore = hasFailed;
  if (collect(message, convert) && hasFailed == failedBefore)
    return true;
  std::tie(values, bindings, evaluated, widened, limited) = std::move(saved);
  hasFailed = failedBefore;
  return false;
}

/// Whether `value` depends on nothing that is known at run time only.
static bool isCompileTime(Value value) {
  SmallVector<Value> worklist{value};
  llvm::SmallDenseSet<Operation *> seen;
  while (!worklist.empty()) {
    Operation *op = worklist.pop_back_val().getDefiningOp();
    if (!op || isa<edge::IfOp, edge::LoopOp>(op))
      return false;
    if (seen.insert(op).second)
      llvm::append_range(worklist, op->getOperands());
  }
  return true;
}

ElementsAttr ConversionContext::constant(Value value) {
  if (!value)
    return {};
  if (Value known = evaluated.lookup(value))
    value = known;
  ElementsAttr attr;
  if (matchPattern(value, m_Constant(&attr)))
    return attr;
  if (!options.evaluate || !isCompileTime(value))
    return {};
  FailureOr<SmallVector<ElementsAttr>> results = options.evaluate({value});
  if (failed(results))
    return {};
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointAfterValue(value);
  evaluated[value] = createConstant(results->front());
  return results->front();
}

/// The elements of operand `index`; an error that names `what` if it is absent
/// or not known at compile time.
static FailureOr<ElementsAttr> knownOperand(ConversionContext &context,
                                            unsigned index, StringRef what) {
  Value value = context.operand(index);
  if (!value)
    return context.error() << "operand " << index << " (" << what
                           << ") is missing";
  ElementsAttr attr = context.constant(value);
  if (!attr)
    return context.error() << "operand " << index << " (" << what
                           << ") must be known at compile time";
  return attr;
}

FailureOr<SmallVector<int64_t>> ConversionContext::ints(unsigned index,
                                                        StringRef what) {
  FailureOr<ElementsAttr> attr = knownOperand(*this, index, what);
  if (failed(attr))
    return failure();
  std::optional<SmallVector<int64_t>> result = readInts(*attr);
  if (!result)
    return error() << "operand " << index << " (" << what
                   << ") must hold integers, found "
                   << operand(index).getType();
  return *result;
}

FailureOr<SmallVector<float>> ConversionContext::floats(unsigned index,
                                                        StringRef what) {
  FailureOr<ElementsAttr> attr = knownOperand(*this, index, what);
  if (failed(attr))
    return failure();
  std::optional<SmallVector<float>> result = readFloats(*attr);
  if (!result)
    return error() << "operand " << index << " (" << what
                   << ") must hold numbers, found " << operand(index).getType();
  return *result;
}

std::optional<SmallVector<int64_t>> edgecc::readInts(ElementsAttr value) {
  std::optional<edge::ConstantView> view = edge::ConstantView::get(value);
  if (!view || !isa<IntegerType>(view->getType().getElementType()))
    return std::nullopt;
  SmallVector<int64_t> result;
  for (int64_t i = 0; i < view->size(); ++i)
    result.push_back(view->integer(i));
  return result;
}

std::optional<SmallVector<float>> edgecc::readFloats(ElementsAttr value) {
  std::optional<edge::ConstantView> view = edge::ConstantView::get(value);
  if (!view)
    return std::nullopt;
  bool isInteger = isa<IntegerType>(view->getType().getElementType());
  SmallVector<float> result;
  for (int64_t i = 0; i < view->size(); ++i)
    result.push_back(isInteger ? view->integer(i) : view->real(i));
  return result;
}

//===----------------------------------------------------------------------===//
// Diagnostics
//===----------------------------------------------------------------------===//

InFlightDiagnostic ConversionContext::error() {
  hasFailed = true;
  return emitError(getLoc()) << node.describe() << ": ";
}

LogicalResult ConversionContext::unsupportedAttribute(StringRef name,
                                                      const Twine &found,
                                                      const Twine &expected) {
  return error() << "attribute '" << name << "' is " << found
                 << ", supported is " << expected;
}

bool edgecc::isTooLarge(RankedTensorType type) {
  constexpr int64_t kMostElements = std::numeric_limits<int32_t>::max();
  int64_t count = 1;
  for (int64_t size : type.getShape())
    if (llvm::MulOverflow(count, size, count) || count > kMostElements)
      return !llvm::is_contained(type.getShape(), 0);
  return false;
}

LogicalResult ConversionContext::checkListed(int64_t count) {
  constexpr int64_t kMostListed = int64_t(1) << 26;
  if (count <= kMostListed)
    return success();
  return error() << "needs a constant of " << count
                 << " elements, supported are at most " << kMostListed;
}

LogicalResult ConversionContext::requireOperands(unsigned count) {
  for (unsigned i = 0; i < count; ++i)
    if (node.isAbsent(i))
      return error() << "operand " << i << " is missing";
  return success();
}

FailureOr<int64_t> ConversionContext::normalizeAxis(int64_t axis,
                                                    int64_t rank) {
  if (axis < -rank || axis >= rank)
    return error() << "axis " << axis << " is out of range for rank " << rank;
  return axis < 0 ? axis + rank : axis;
}

//===----------------------------------------------------------------------===//
// Creating operations
//===----------------------------------------------------------------------===//

SmallVector<Value> ConversionContext::recover(OperationState &state,
                                              size_t numResults,
                                              StringRef message) {
  if (!hasFailed)
    error() << message;
  Value substitute;
  for (Value operand : state.operands)
    if (operand && !substitute)
      substitute = operand;
  if (!substitute)
    substitute = createSplat(0, builder.getF32Type());
  return SmallVector<Value>(numResults, substitute);
}

SmallVector<Value> ConversionContext::finish(OperationState &state) {
  for (Type type : state.types)
    if (auto tensor = dyn_cast<RankedTensorType>(type);
        tensor && tensor.hasStaticShape() && isTooLarge(tensor)) {
      std::string text;
      llvm::raw_string_ostream(text)
          << "makes a tensor of more than 2^31 elements, " << tensor;
      return recover(state, state.types.size(), text);
    }
  Operation *op = Operation::create(state);
  builder.insert(op);
  std::string message;
  bool valid = collect(message, [&] {
    return op->getName().getRegisteredInfo()->verifyInvariants(op);
  });
  if (!valid) {
    SmallVector<Value> substitutes =
        recover(state, op->getNumResults(), message);
    op->erase();
    return substitutes;
  }
  SmallVector<Value> results;
  if (succeeded(builder.tryFold(op, results)) && !results.empty()) {
    op->erase();
    return results;
  }
  return SmallVector<Value>(op->getResults());
}

bool ConversionContext::collect(std::string &message,
                                llvm::function_ref<LogicalResult()> action) {
  ScopedDiagnosticHandler handler(builder.getContext(),
                                  [&](Diagnostic &diagnostic) {
                                    if (message.empty())
                                      message = diagnostic.str();
                                    return success();
                                  });
  return succeeded(action());
}

bool ConversionContext::hasNullOperand(OperationState &state) {
  return llvm::is_contained(state.operands, Value());
}

Value ConversionContext::createConstant(ElementsAttr value) {
  return edge::ConstantOp::create(builder, getLoc(), value);
}

Value ConversionContext::createSplat(double value, Type type,
                                     ArrayRef<int64_t> shape) {
  auto tensor = RankedTensorType::get(shape, type);
  if (isTooLarge(tensor)) {
    if (!hasFailed)
      error() << "makes a tensor of more than 2^31 elements, " << tensor;
    tensor = RankedTensorType::get({}, type);
  }
  if (auto floatType = dyn_cast<FloatType>(type)) {
    APFloat element(value);
    bool inexact;
    element.convert(floatType.getFloatSemantics(), APFloat::rmNearestTiesToEven,
                    &inexact);
    return createConstant(DenseElementsAttr::get(tensor, element));
  }
  unsigned width = type.getIntOrFloatBitWidth();
  APSInt element(width, type.isUnsignedInteger());
  // The largest integers are rounded up as doubles: these saturate.
  bool isExact;
  if (value >= 0x1p63)
    APFloat(value).convertToInteger(element, APFloat::rmTowardZero, &isExact);
  else
    element = APInt(width, static_cast<int64_t>(value), /*isSigned=*/true,
                    /*implicitTrunc=*/true);
  return createConstant(DenseElementsAttr::get(tensor, APInt(element)));
}

Value ConversionContext::createFloats(ArrayRef<float> numbers,
                                      ArrayRef<int64_t> shape, Type type) {
  auto tensor = RankedTensorType::get(shape, type);
  if (type.isF32())
    return createConstant(DenseElementsAttr::get(tensor, numbers));
  SmallVector<APFloat> elements;
  for (float number : numbers) {
    APFloat element(number);
    bool inexact;
    element.convert(llvm::cast<FloatType>(type).getFloatSemantics(),
                    APFloat::rmNearestTiesToEven, &inexact);
    elements.push_back(element);
  }
  return createConstant(DenseElementsAttr::get(tensor, elements));
}

Value ConversionContext::createFloats(ArrayRef<double> numbers,
                                      ArrayRef<int64_t> shape, Type type) {
  if (!type.isF64())
    return createFloats(SmallVector<float>(numbers), shape, type);
  return createConstant(
      DenseElementsAttr::get(RankedTensorType::get(shape, type), numbers));
}

Value ConversionContext::createInts(ArrayRef<int64_t> numbers,
                                    ArrayRef<int64_t> shape) {
  auto tensor = RankedTensorType::get(shape, builder.getI64Type());
  return createConstant(DenseElementsAttr::get(tensor, numbers));
}

Value ConversionContext::reshape(Value value, ArrayRef<int64_t> shape) {
  if (getShape(value) == shape)
    return value;
  return create<edge::ReshapeOp>(
      RankedTensorType::get(shape, getElementType(value)), value);
}

Value ConversionContext::transpose(Value value, ArrayRef<int64_t> permutation) {
  if (llvm::equal(permutation, llvm::seq<int64_t>(0, permutation.size())))
    return value;
  return create<edge::TransposeOp>(value, permutation);
}

Value ConversionContext::broadcast(Value value, ArrayRef<int64_t> shape) {
  if (getShape(value) == shape)
    return value;
  return create<edge::BroadcastOp>(
      RankedTensorType::get(shape, getElementType(value)), value);
}

Value ConversionContext::cast(Value value, Type elementType) {
  if (getElementType(value) == elementType)
    return value;
  return create<edge::CastOp>(value, elementType);
}

Value ConversionContext::slice(Value value, int64_t axis, int64_t offset,
                               int64_t size) {
  SmallVector<int64_t> offsets(getRank(value), 0);
  SmallVector<int64_t> sizes(getShape(value));
  SmallVector<int64_t> strides(getRank(value), 1);
  if (offset == 0 && sizes[axis] == size)
    return value;
  offsets[axis] = offset;
  sizes[axis] = size;
  return create<edge::SliceOp>(value, offsets, sizes, strides);
}

FailureOr<SizeBound> ConversionContext::findBound(unsigned index, int64_t dim,
                                                  std::optional<int64_t> most,
                                                  const Twine &what) {
  auto module = node->getParentOfType<ModuleOp>();
  StringRef value = edge::getOutputName(node->getLoc(), index);
  auto open = module->getAttrOfType<DictionaryAttr>(onnx::kOpenDimsAttr);
  auto names = open ? open.getAs<ArrayAttr>(value) : ArrayAttr();
  StringRef name;
  if (names && dim < static_cast<int64_t>(names.size()))
    name = mlir::cast<StringAttr>(names[dim]).getValue();
  auto bounds = module->getAttrOfType<DictionaryAttr>(onnx::kBoundsAttr);
  if (auto range =
          bounds ? bounds.getAs<DenseI64ArrayAttr>(name) : DenseI64ArrayAttr())
    return SizeBound{name.str(), range[0], range[1]};
  if (most)
    return SizeBound{"", 0, *most};
  InFlightDiagnostic diagnostic = error() << what;
  if (!name.empty())
    diagnostic << ", or the size of '" << value
               << "' bounded with --dim=" << name << "=0..LARGEST";
  return diagnostic;
}

Value ConversionContext::limit(Value count, const SizeBound &bound) {
  auto within = [&](double number) { return builder.getF64FloatAttr(number); };
  if (!bound.name.empty()) {
    if (!isa_and_nonnull<func::FuncOp>(builder.getBlock()->getParentOp()) &&
        !hasFailed)
      error() << "a size that depends on values is not supported in a loop or "
                 "branch";
    for (Value isTaken : taken)
      count = create<edge::SelectOp>(
          isTaken, count, createSplat(bound.least, builder.getI32Type()));
    auto known = llvm::find_if(
        limited, [&](auto &entry) { return entry.first.name == bound.name; });
    if (known == limited.end()) {
      limited.emplace_back(bound, count);
    } else {
      // One name says how large several are: one that is not within it tells.
      Value inside = create<edge::ClampOp>(known->second, within(bound.least),
                                           within(bound.most));
      Value isInside = create<edge::CompareOp>(edge::ComparePredicate::EQ,
                                               inside, known->second);
      known->second = create<edge::SelectOp>(isInside, count, known->second);
    }
  }
  return create<edge::ClampOp>(count, within(0), within(bound.most));
}

Value ConversionContext::bounded(Value value, int64_t dim, Value count) {
  int64_t number = counts.try_emplace(count, counts.size() + 1).first->second;
  RankedTensorType type = getTensorType(value);
  SmallVector<int64_t> shape(type.getShape());
  if (trial > 0)
    shape[dim] = shape[dim] * trial + trial + number;
  auto cast = UnrealizedConversionCastOp::create(
      builder, getLoc(), type.clone(shape), ValueRange{value, count});
  cast->setAttr("edge.dim", builder.getI64IntegerAttr(dim));
  return cast.getResult(0);
}

Value ConversionContext::widen(Value value) {
  auto type = dyn_cast<FloatType>(getElementType(value));
  if (type && type.getWidth() < 32)
    return cast(value, builder.getF32Type());
  return value;
}

Value ConversionContext::toChannelsLast(Value value) {
  SmallVector<int64_t> permutation{0};
  for (int64_t i = 2; i < getRank(value); ++i)
    permutation.push_back(i);
  permutation.push_back(1);
  return transpose(value, permutation);
}

Value ConversionContext::toChannelsFirst(Value value) {
  SmallVector<int64_t> permutation{0, getRank(value) - 1};
  for (int64_t i = 1; i + 1 < getRank(value); ++i)
    permutation.push_back(i);
  return transpose(value, permutation);
}

//===----------------------------------------------------------------------===//
// Blocks and nodes
//===----------------------------------------------------------------------===//

Converted ConversionContext::convertBlock(Block &block) {
  FailureOr<SmallVector<Binding>> bound = convertBlockToBindings(block);
  if (failed(bound))
    return failure();
  SmallVector<Value> results;
  for (auto [value, binding] :
       llvm::zip(block.getTerminator()->getOperands(), *bound)) {
    if (!binding.tensor) {
      hasFailed = true;
      return block.getTerminator()->emitError("a result of type ")
             << value.getType() << " is not supported";
    }
    results.push_back(binding.tensor);
  }
  return results;
}

FailureOr<SmallVector<Binding>>
ConversionContext::convertBlockToBindings(Block &block) {
  if (failed(reportUnsupported(block)))
    return failure();
  for (Operation &op : block.without_terminator()) {
    if (auto constant = dyn_cast<onnx::ConstantOp>(op)) {
      if (!constant.getType().getElementType().isIntOrFloat())
        return emitError(op.getLoc())
               << "a constant of type " << constant.getType()
               << " is not supported";
      map(constant.getResult(),
          edge::ConstantOp::create(builder, op.getLoc(),
                                   constant.getValueAttr()));
    } else if (auto next = dyn_cast<onnx::NodeOp>(op)) {
      if (failed(convertNode(next)))
        return failure();
    } else if (!isa<onnx::NoneOp>(op)) {
      return op.emitError("expected operations of the onnx dialect");
    }
  }
  SmallVector<Binding> results;
  for (Value value : block.getTerminator()->getOperands()) {
    results.push_back(resolve(value));
    if (!results.back()) {
      hasFailed = true;
      return block.getTerminator()->emitError("a result of type ")
             << value.getType() << " is not supported";
    }
  }
  return results;
}

LogicalResult ConversionContext::convertNode(onnx::NodeOp next) {
  onnx::NodeOp outer = std::exchange(node, next);
  llvm::scope_exit restore([&] { node = outer; });
  const ConvertFn *convert = table.lookup(next);
  assert(convert && "unsupported nodes are reported before");
  Converted results = (*convert)(*this);
  if (failed(results) || hasFailed)
    return failure();
  for (auto [index, output] : llvm::enumerate(next.getOutputs())) {
    Value value = index < results->size() ? (*results)[index] : Value();
    if (value) {
      if (options.roundNarrow)
        value = roundAsDeclared(builder, next.getLoc(), value,
                                getElementTypeOrSelf(output));
      edge::nameOutput(value, next.getLoc(), index);
      map(output, value);
    } else if (!output.use_empty() && !bindings.contains(output)) {
      return error() << "output " << index << " is not supported";
    }
  }
  return success();
}

LogicalResult ConversionContext::reportUnsupported(Block &block) {
  // Branches of an If wait until it is clear that they are taken, unless there
  // is something to report anyway.
  SmallVector<onnx::NodeOp> unsupported;
  bool isNeeded = false;
  std::function<void(Block &, bool)> visit = [&](Block &current, bool needed) {
    for (auto next : current.getOps<onnx::NodeOp>()) {
      if (!table.lookup(next)) {
        unsupported.push_back(next);
        isNeeded |= needed;
      }
      Region *decided = getDecidedBranch(next);
      for (Region &body : next.getBodies())
        if (!decided || decided == &body)
          visit(body.front(), needed && (decided || next.getOpType() != "If"));
    }
  };
  visit(block, true);
  if (!isNeeded)
    return success();
  for (onnx::NodeOp next : unsupported) {
    std::string versions = table.getVersions(next);
    InFlightDiagnostic diagnostic = emitError(next.getLoc())
                                    << next.describe() << " is not supported";
    if (!versions.empty())
      diagnostic << "; supported versions of the operator: " << versions;
  }
  hasFailed = true;
  return failure();
}

/// Whether the elements of `type` are narrow floats that are computed in f32.
static bool isNarrow(Type type) { return type.isF16() || type.isBF16(); }

Type ConversionContext::roundedType(unsigned index) const {
  Type type = getElementTypeOrSelf(getNode()->getResult(index));
  return options.roundNarrow && isNarrow(type) ? type : Type();
}

Value edgecc::roundAsDeclared(OpBuilder &builder, Location loc, Value value,
                              Type declared) {
  if (declared && isNarrow(declared) && getElementType(value).isF32())
    return edge::CastOp::create(builder, loc, value, declared);
  return value;
}

/// Whether a result of `node` has narrow elements.
static bool givesNarrow(onnx::NodeOp node) {
  return llvm::any_of(node.getOutputs(), [](Value output) {
    return isNarrow(getElementTypeOrSelf(output));
  });
}

void edgecc::inlineFunctions(Block &block, const ConverterTable &table,
                             const OnnxToEdgeOptions &options) {
  Operation *op = block.empty() ? nullptr : &block.front();
  while (op) {
    auto node = dyn_cast<onnx::NodeOp>(op);
    if (!node) {
      op = op->getNextNode();
      continue;
    }
    if (!table.lookup(node) || (options.roundNarrow && givesNarrow(node))) {
      Operation *previous = op->getPrevNode();
      if (succeeded(options.inlineFunction(node))) {
        op = previous ? previous->getNextNode() : &block.front();
        continue;
      }
    }
    for (Region &body : node.getBodies())
      for (Block &inner : body)
        inlineFunctions(inner, table, options);
    op = op->getNextNode();
  }
}
