//===- Converters.h - what converters of ONNX nodes share -------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A converter is a function that reads one ONNX node through a
// ConversionContext, creates edge operations and returns their values. Each
// family of operators is one file with one registration function, declared at
// the end of this file and called by registerAllConverters.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_ONNXTOEDGE_CONVERTERS_H
#define EDGECC_PASSES_ONNXTOEDGE_CONVERTERS_H

#include "mlir/IR/Builders.h"
#include "passes/OnnxToEdge/Passes.h"
#include "llvm/ADT/StringMap.h"
#include <limits>

namespace edgecc {

class ConversionContext;

/// Values for the results of a node, in order. A null value, or a missing one
/// at the end, stands for a result that the converter does not compute; it is
/// an error if the model uses it. On failure a diagnostic has been emitted.
using Converted = llvm::FailureOr<llvm::SmallVector<mlir::Value>>;
using ConvertFn = std::function<Converted(ConversionContext &)>;

/// What an ONNX value stands for: a tensor, a sequence of tensors whose length
/// is known, or an optional that is empty. An optional that is not is what it
/// holds. Of the three at most one is set.
struct Binding {
  mlir::Value tensor;
  std::optional<llvm::SmallVector<mlir::Value>> sequence;
  bool isEmpty = false;

  explicit operator bool() const { return tensor || sequence || isEmpty; }
};

//===----------------------------------------------------------------------===//
// Table
//===----------------------------------------------------------------------===//

/// The converters, by domain, operator and version of the operator.
class ConverterTable {
public:
  static constexpr int64_t kNewest = std::numeric_limits<int64_t>::max();

  /// Registers `convert` for since-versions `minVersion` to `maxVersion`, both
  /// included. The default domain is the empty string.
  void add(llvm::StringRef opType, ConvertFn convert, int64_t minVersion = 1,
           int64_t maxVersion = kNewest, llvm::StringRef domain = "");

  /// The converter for a node; null when there is none.
  const ConvertFn *lookup(onnx::NodeOp node) const;

  /// The versions of the node's operator that have a converter, for messages:
  /// "7 to 12", or an empty string.
  std::string getVersions(onnx::NodeOp node) const;

  /// One line per operator, sorted.
  void print(llvm::raw_ostream &os) const;

private:
  struct Row {
    int64_t minVersion;
    int64_t maxVersion;
    ConvertFn convert;
  };
  const llvm::SmallVector<Row, 1> *getRows(onnx::NodeOp node) const;

  /// The key is "domain::operator".
  llvm::StringMap<llvm::SmallVector<Row, 1>> rows;
};

/// The domain of the contributed operators of ONNX Runtime.
inline constexpr llvm::StringLiteral kMicrosoftDomain = "com.microsoft";

//===----------------------------------------------------------------------===//
// Context
//===----------------------------------------------------------------------===//

/// What a size that depends on values may be. A name is the user's; a size
/// without one is within its bound whatever the values are.
struct SizeBound {
  std::string name;
  int64_t least = 0, most = 0;
};

/// The conversion of one function; converters see the node at hand.
class ConversionContext {
public:
  ConversionContext(mlir::OpBuilder &builder, const ConverterTable &table,
                    const OnnxToEdgeOptions &options)
      : builder(builder), table(table), options(options) {}

  //===--------------------------------------------------------------------===//
  // The node
  //===--------------------------------------------------------------------===//

  /// The node that is being converted.
  onnx::NodeOp getNode() const { return node; }
  mlir::Location getLoc() const { return node->getLoc(); }
  mlir::OpBuilder &getBuilder() { return builder; }

  /// The since-version of the node's operator.
  int64_t getVersion() const { return getNode().getSinceVersion(); }

  /// The narrow float type that each step of the node rounds to which leads to
  /// result `index`; null where excess precision is welcome.
  mlir::Type roundedType(unsigned index) const;

  /// The number of operands that the node lists, absent ones included.
  unsigned getNumOperands() const { return getNode().getInputs().size(); }

  /// The edge value of operand `index`; null when it is absent. A sequence is
  /// an error; some value comes back so that the converter can go on.
  mlir::Value operand(unsigned index);

  /// The edge value of an onnx value; null for an absent one. Values of f16
  /// and bf16 are seen in f32: networks of these types are computed in f32
  /// from their inputs to their outputs, without rounding in between.
  mlir::Value lookup(mlir::Value onnxValue);

  /// What operand `index` stands for; nothing when it is absent.
  Binding binding(unsigned index);

  /// The tensors of operand `index`, a sequence; an error when it is none.
  llvm::FailureOr<llvm::SmallVector<mlir::Value>> sequence(unsigned index);

  /// What result `index` of the node stands for, when that is no tensor; the
  /// converter then returns a null value for it.
  void bindResult(unsigned index, Binding binding);

  /// Whether result `index` of the node is left out or has no use.
  bool isUnused(unsigned index) const { return getNode().isUnused(index); }

  //===--------------------------------------------------------------------===//
  // Values known at compile time
  //===--------------------------------------------------------------------===//

  /// The elements of `value`, or null when they are not known at compile time.
  /// Evaluates what depends on constants only but did not fold.
  mlir::ElementsAttr constant(mlir::Value value);

  /// The elements of operand `index` as integers (`floats`: as floats). Emits
  /// an error that names `what` (such as "shape") when the operand is absent,
  /// not known at compile time or of another kind.
  llvm::FailureOr<llvm::SmallVector<int64_t>> ints(unsigned index,
                                                   llvm::StringRef what);
  llvm::FailureOr<llvm::SmallVector<float>> floats(unsigned index,
                                                   llvm::StringRef what);

  //===--------------------------------------------------------------------===//
  // Diagnostics
  //===--------------------------------------------------------------------===//

  /// Starts an error that names the node, its operator, domain and opset. Can
  /// be returned from a converter.
  mlir::InFlightDiagnostic error();

  /// Fails with an error if a converter is not to list `count` numbers, because
  /// a constant of so many would take too long to make.
  llvm::LogicalResult checkListed(int64_t count);

  /// Errors of fixed form.
  llvm::LogicalResult unsupportedAttribute(llvm::StringRef name,
                                           const llvm::Twine &found,
                                           const llvm::Twine &expected);

  /// Fails with an error unless the node has operands `0` to `count - 1`.
  llvm::LogicalResult requireOperands(unsigned count);

  /// `axis` counted from the front; an error when it is not in
  /// [-rank, rank).
  llvm::FailureOr<int64_t> normalizeAxis(int64_t axis, int64_t rank);

  //===--------------------------------------------------------------------===//
  // Creating operations
  //===--------------------------------------------------------------------===//

  /// Creates an operation of the edge dialect, or what it folds to. Takes the
  /// arguments of the op's builder, without result types where the op infers
  /// them. When inference or verification fails, the error is emitted, the
  /// conversion is marked as failed, and the first operand is returned so that
  /// the converter can go on without checks.
  template <typename OpTy, typename... Args>
  mlir::Value create(Args &&...args) {
    return createAll<OpTy>(std::forward<Args>(args)...).front();
  }

  /// The same for operations with several results.
  template <typename OpTy, typename... Args>
  llvm::SmallVector<mlir::Value> createAll(Args &&...args) {
    mlir::OperationState state(getLoc(), OpTy::getOperationName());
    if constexpr (OpTy::template hasTrait<
                      mlir::InferTypeOpInterface::Trait>()) {
      mlir::SmallVector<mlir::Type> placeholders(
          getNumResults<OpTy>(), mlir::NoneType::get(builder.getContext()));
      OpTy::build(builder, state, mlir::TypeRange(placeholders),
                  std::forward<Args>(args)...);
      state.types.clear();
      if (hasNullOperand(state))
        return recover(state, placeholders.size(), "an operand is missing");
      llvm::SmallVector<mlir::Type> types;
      std::string message;
      if (!collect(message, [&] {
            return OpTy::inferReturnTypes(
                builder.getContext(), state.location, state.operands,
                state.attributes.getDictionary(builder.getContext()),
                state.getRawProperties(), mlir::RegionRange(state.regions),
                types);
          }))
        return recover(state, placeholders.size(), message);
      state.addTypes(types);
    } else {
      OpTy::build(builder, state, std::forward<Args>(args)...);
      if (hasNullOperand(state))
        return recover(state, state.types.size(), "an operand is missing");
    }
    return finish(state);
  }

  /// A constant.
  mlir::Value createConstant(mlir::ElementsAttr value);

  /// A constant of shape `shape` (rank 0 by default) and float or integer
  /// element type `type` that holds `value` everywhere.
  mlir::Value createSplat(double value, mlir::Type type,
                          llvm::ArrayRef<int64_t> shape = {});

  /// Constants from numbers; floats are rounded to the element type `type`.
  mlir::Value createFloats(llvm::ArrayRef<float> values,
                           llvm::ArrayRef<int64_t> shape, mlir::Type type);
  mlir::Value createFloats(llvm::ArrayRef<double> values,
                           llvm::ArrayRef<int64_t> shape, mlir::Type type);
  mlir::Value createInts(llvm::ArrayRef<int64_t> values,
                         llvm::ArrayRef<int64_t> shape);

  /// Shape operations that create nothing when nothing changes.
  mlir::Value reshape(mlir::Value value, llvm::ArrayRef<int64_t> shape);
  mlir::Value transpose(mlir::Value value, llvm::ArrayRef<int64_t> permutation);
  mlir::Value broadcast(mlir::Value value, llvm::ArrayRef<int64_t> shape);
  mlir::Value cast(mlir::Value value, mlir::Type elementType);

  /// Elements `offset` to `offset + size - 1` of dimension `axis`.
  mlir::Value slice(mlir::Value value, int64_t axis, int64_t offset,
                    int64_t size);

  /// Narrow floats (f16, bf16, f8) as f32, anything else as it is: for
  /// operations whose kernels know f32 only. `cast` leads back.
  mlir::Value widen(mlir::Value value);

  /// (N, C, spatial...) to (N, spatial..., C), and back.
  mlir::Value toChannelsLast(mlir::Value value);
  mlir::Value toChannelsFirst(mlir::Value value);

  //===--------------------------------------------------------------------===//
  // For the driver and for operators with sub-graphs
  //===--------------------------------------------------------------------===//

  /// Converts the nodes of `block` at the builder's insertion point and gives
  /// the edge values of what its terminator returns. The block's arguments
  /// must have been mapped before.
  Converted convertBlock(mlir::Block &block);

  /// The same for blocks that may return sequences and optionals.
  llvm::FailureOr<llvm::SmallVector<Binding>>
  convertBlockToBindings(mlir::Block &block);

  /// What dimension `dim` of result `index` of the node may be: what the user
  /// has said, else up to `most`, else an error that says `what` would make the
  /// size known, and how to bound it.
  llvm::FailureOr<SizeBound> findBound(unsigned index, int64_t dim,
                                       std::optional<int64_t> most,
                                       const llvm::Twine &what);

  /// While it lives, what is converted runs whether `isTaken`, a tensor<i1>, or
  /// not; errors of the run are those of what is taken.
  class Speculation {
  public:
    Speculation(ConversionContext &ctx, mlir::Value isTaken) : ctx(ctx) {
      ctx.taken.push_back(isTaken);
    }
    ~Speculation() { ctx.taken.pop_back(); }
    Speculation(const Speculation &) = delete;

  private:
    ConversionContext &ctx;
  };

  /// `count`, a tensor<i32> that depends on values, within `bound`. A run whose
  /// count is not ends with an error.
  mlir::Value limit(mlir::Value count, const SizeBound &bound);
  /// The counts that are checked, in the order of their names.
  llvm::ArrayRef<std::pair<SizeBound, mlir::Value>> getLimited() const {
    return limited;
  }

  /// `value`, of which only the first `count` (a tensor<i32>) slices along
  /// `dim` are there; `edgecc-bound-shapes` sees to that. In trial number n of
  /// a conversion the dimension has another size, so that it shows what depends
  /// on it.
  mlir::Value bounded(mlir::Value value, int64_t dim, mlir::Value count);
  void setTrial(int64_t number) { trial = number; }
  bool hasBounded() const { return !counts.empty(); }

  /// Lets `edgeValue`, or `binding`, stand for `onnxValue`.
  void map(mlir::Value onnxValue, mlir::Value edgeValue);
  void map(mlir::Value onnxValue, Binding binding);

  /// Runs `convert`; when it fails, everything is as it was before, but for
  /// operations without use, and nothing has been reported.
  bool attempt(llvm::function_ref<llvm::LogicalResult()> convert);

private:
  template <typename OpTy>
  static constexpr unsigned getNumResults() {
    if constexpr (OpTy::template hasTrait<mlir::OpTrait::OneResult>())
      return 1;
    else if constexpr (OpTy::template hasTrait<
                           mlir::OpTrait::NResults<2>::Impl>())
      return 2;
    else
      return 3;
  }
  static bool hasNullOperand(mlir::OperationState &state);
  /// Runs `action`, keeping its first diagnostic in `message`.
  bool collect(std::string &message,
               llvm::function_ref<llvm::LogicalResult()> action);
  /// Reports that `state` is no valid operation, unless an error has been
  /// reported, and gives values to go on with.
  llvm::SmallVector<mlir::Value> recover(mlir::OperationState &state,
                                         size_t numResults,
                                         llvm::StringRef message);
  llvm::SmallVector<mlir::Value> finish(mlir::OperationState &state);
  llvm::LogicalResult convertNode(onnx::NodeOp node);
  /// What `onnxValue` stands for.
  Binding resolve(mlir::Value onnxValue);
  /// `value` in the type in which it is computed; see `lookup`.
  mlir::Value computed(mlir::Value value);
  llvm::LogicalResult reportUnsupported(mlir::Block &block);

  mlir::OpBuilder &builder;
  const ConverterTable &table;
  const OnnxToEdgeOptions &options;
  onnx::NodeOp node;
  bool hasFailed = false;
  int64_t trial = 0;
  /// Whether what is converted is wanted in the run.
  llvm::SmallVector<mlir::Value> taken;
  llvm::SmallVector<std::pair<SizeBound, mlir::Value>, 0> limited;
  /// The counts of bounded dimensions, numbered from 1.
  llvm::DenseMap<mlir::Value, int64_t> counts;
  llvm::DenseMap<mlir::Value, mlir::Value> values;
  /// The ONNX values that are no tensors.
  llvm::DenseMap<mlir::Value, Binding> bindings;
  /// Edge values that have been evaluated, and their constants.
  llvm::DenseMap<mlir::Value, mlir::Value> evaluated;
  /// Edge values of f16 and bf16, and their casts to f32.
  llvm::DenseMap<mlir::Value, mlir::Value> widened;
};

//===----------------------------------------------------------------------===//
// Helpers
//===----------------------------------------------------------------------===//

/// Whether `type` has more elements than any tensor may have: sizes that no
/// network has end here, before a converter counts to them.
bool isTooLarge(mlir::RankedTensorType type);

/// The tensor type, shape, rank and element type of an edge value.
inline mlir::RankedTensorType getTensorType(mlir::Value value) {
  return llvm::cast<mlir::RankedTensorType>(value.getType());
}
inline llvm::ArrayRef<int64_t> getShape(mlir::Value value) {
  return getTensorType(value).getShape();
}
inline int64_t getRank(mlir::Value value) {
  return getTensorType(value).getRank();
}
inline mlir::Type getElementType(mlir::Value value) {
  return getTensorType(value).getElementType();
}

/// The elements as integers (floats: of any float or integer type), or nothing
/// for another element type.
std::optional<llvm::SmallVector<int64_t>> readInts(mlir::ElementsAttr value);
std::optional<llvm::SmallVector<float>> readFloats(mlir::ElementsAttr value);

/// Replaces nodes that have no converter, or that `options` wants spelled out,
/// by their function bodies, in nested blocks too.
void inlineFunctions(mlir::Block &block, const ConverterTable &table,
                     const OnnxToEdgeOptions &options);

/// `value`, rounded if it has been computed in f32 and `declared` is f16 or
/// bf16; `declared` may be null.
mlir::Value roundAsDeclared(mlir::OpBuilder &builder, mlir::Location loc,
                            mlir::Value value, mlir::Type declared);

/// For an `If` whose condition is a constant of the model, the region that it
/// takes; null otherwise.
mlir::Region *getDecidedBranch(onnx::NodeOp node);

//===----------------------------------------------------------------------===//
// Families
//===----------------------------------------------------------------------===//

/// All of the following; in ConverterTable.cpp.
void registerAllConverters(ConverterTable &table);

void registerActivationConverters(ConverterTable &table);
void registerControlFlowConverters(ConverterTable &table);
void registerConvolutionConverters(ConverterTable &table);
void registerElementwiseConverters(ConverterTable &table);
void registerGeneratorConverters(ConverterTable &table);
void registerImageConverters(ConverterTable &table);
void registerIndexingConverters(ConverterTable &table);
void registerMatMulConverters(ConverterTable &table);
void registerNormalizationConverters(ConverterTable &table);
void registerPoolingConverters(ConverterTable &table);
void registerQLinearConverters(ConverterTable &table);
void registerQuantizationConverters(ConverterTable &table);
void registerRecurrentConverters(ConverterTable &table);
void registerReductionConverters(ConverterTable &table);
void registerResizeConverters(ConverterTable &table);
void registerSamplingConverters(ConverterTable &table);
void registerSelectionConverters(ConverterTable &table);
void registerSequenceConverters(ConverterTable &table);
void registerShapeConverters(ConverterTable &table);
void registerSignalConverters(ConverterTable &table);
void registerSliceConverters(ConverterTable &table);
void registerTrainingConverters(ConverterTable &table);

} // namespace edgecc

#endif // EDGECC_PASSES_ONNXTOEDGE_CONVERTERS_H
