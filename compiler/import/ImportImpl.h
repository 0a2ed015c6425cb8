//===- ImportImpl.h - steps of the importer ----------------------*- C++
//-*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Private to compiler/import. This room is compiled with exceptions because
// the ONNX library throws; none leaves a function declared here.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_COMPILER_IMPORT_IMPORTIMPL_H
#define EDGECC_COMPILER_IMPORT_IMPORTIMPL_H

#include "compiler/import/Import.h"
#include "onnx/onnx_pb.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include <string>
#include <unordered_map>

namespace edgecc::importer {

namespace pb = ::onnx;

/// Domain -> opset version; the default domain is "".
using OpsetMap = std::unordered_map<std::string, int>;

//===----------------------------------------------------------------------===//
// Messages (Messages.cpp)
//===----------------------------------------------------------------------===//

/// node 'conv1' (operator Conv, domain ai.onnx, opset 13)
std::string describe(const pb::NodeProto &node, const OpsetMap &opsets);

/// A message of the ONNX library in our style: one line, lower-case start, no
/// final period, without its prefixes.
std::string tidyMessage(llvm::StringRef message);

/// Location named after a file, a node or a value.
mlir::Location nameLoc(mlir::MLIRContext *context, llvm::StringRef name);

//===----------------------------------------------------------------------===//
// Loading and checking (Load.cpp, Check.cpp)
//===----------------------------------------------------------------------===//

/// Parses the file into `model`.
llvm::LogicalResult loadModel(llvm::StringRef path, pb::ModelProto &model,
                              mlir::MLIRContext *context);

/// Puts the model into the form that all later steps rely on: the domain
/// "ai.onnx" is "", every node has a name (operator:output where the file gives
/// none), every domain in use has an opset, negative dimensions are unknown.
void normalise(pb::ModelProto &model);

/// The same for a function that does not come from the file.
void normalise(pb::FunctionProto &function);

/// The oldest opset of ai.onnx whose operators are understood.
inline constexpr int kOldestOpset = 7;

/// Converts a model of an older opset, where that is possible.
void upgrade(pb::ModelProto &model);

/// ONNX's checks, part by part: versions, names, tensors, and each node against
/// its definition. A node without a definition passes.
llvm::LogicalResult checkModel(const pb::ModelProto &model,
                               llvm::StringRef path,
                               mlir::MLIRContext *context);

/// Calls `visit` on the nodes and on those of the graphs in them.
void forEachNode(google::protobuf::RepeatedPtrField<pb::NodeProto> &nodes,
                 llvm::function_ref<void(pb::NodeProto &)> visit);

/// Opset versions that a model or a function imports.
OpsetMap getOpsets(const pb::ModelProto &model);
OpsetMap getOpsets(const pb::FunctionProto &function);

//===----------------------------------------------------------------------===//
// Shapes (Shapes.cpp)
//===----------------------------------------------------------------------===//

/// Gives symbolic dimensions of the inputs their values.
llvm::LogicalResult bindDimensions(pb::ModelProto &model,
                                   const ImportOptions &options,
                                   mlir::MLIRContext *context);

/// What a model calls its dimensions; empty where it does not.
struct DimensionNames {
  /// For each input of the graph that is no initializer.
  std::vector<std::vector<std::string>> inputs;
  /// For the other values of the graph whose types it tells.
  std::unordered_map<std::string, std::vector<std::string>> values;
};
DimensionNames getDimensionNames(pb::ModelProto &model);

/// The values whose shapes inference did not find, each with the names of its
/// dimensions: the model's, or `value.number`. Empty for known ones.
mlir::DictionaryAttr getOpenDimensions(const pb::ModelProto &model,
                                       const DimensionNames &names,
                                       mlir::Builder &builder);

/// Whether `symbol` names a dimension of a value that the graph computes, as
/// `getOpenDimensions` does.
bool isComputedDimension(const pb::ModelProto &model, llvm::StringRef symbol);

/// The model with its bounded dimensions at their largest sizes, and beside it
/// at others, each made by `import`, which also gives the names.
mlir::OwningOpRef<mlir::ModuleOp> importBounded(
    const ImportOptions &options,
    llvm::function_ref<mlir::OwningOpRef<mlir::ModuleOp>(const ImportOptions &,
                                                         DimensionNames &)>
        import);

/// ONNX's type and shape inference with data propagation, results in the
/// value infos of the graphs.
llvm::LogicalResult inferTypes(pb::ModelProto &model,
                               mlir::MLIRContext *context);

/// The inputs of the graph that are not initializers.
llvm::SmallVector<pb::ValueInfoProto *> getRuntimeInputs(pb::GraphProto &graph);

//===----------------------------------------------------------------------===//
// Types and tensors (Types.cpp, Tensors.cpp)
//===----------------------------------------------------------------------===//

/// The MLIR type of an element, of a string too; null for one not known.
mlir::Type convertElementType(int dataType, mlir::MLIRContext *context);

/// The MLIR type; !onnx.unknown when the type or its element type is not set.
/// Null for types without a form (opaque, sparse).
mlir::Type convertType(const pb::TypeProto &type, mlir::MLIRContext *context);

/// The reverse; leaves `proto` empty for a type without a form.
void convertType(mlir::Type type, pb::TypeProto &proto);

/// Makes elements attributes of tensors, reading external data from `folder`
/// and from nowhere else.
class TensorReader {
public:
  TensorReader(mlir::MLIRContext *context, llvm::StringRef folder)
      : context(context), folder(folder) {}

  /// Frees the tensor's raw data after copying. `what` names the tensor in
  /// messages ("initializer 'w'").
  mlir::FailureOr<mlir::ElementsAttr>
  read(pb::TensorProto &tensor, mlir::Location loc, const llvm::Twine &what);
  mlir::FailureOr<mlir::ElementsAttr> read(pb::SparseTensorProto &tensor,
                                           mlir::Location loc,
                                           const llvm::Twine &what);

private:
  mlir::FailureOr<std::string> readBytes(pb::TensorProto &tensor,
                                         mlir::Location loc,
                                         const llvm::Twine &what);
  mlir::LogicalResult readExternal(const pb::TensorProto &tensor,
                                   std::string &bytes, mlir::Location loc,
                                   const llvm::Twine &what);

  mlir::MLIRContext *context;
  std::string folder;
};

/// An elements attribute as a tensor with raw data; false when it cannot be.
bool convertElements(mlir::ElementsAttr elements, pb::TensorProto &tensor);

//===----------------------------------------------------------------------===//
// Graphs (GraphBuilder.cpp)
//===----------------------------------------------------------------------===//

using AttributeMap =
    std::unordered_map<std::string, const pb::AttributeProto *>;
using FunctionMap = std::unordered_map<std::string, const pb::FunctionProto *>;

/// Builds onnx.node operations from graphs and function bodies.
class GraphBuilder {
public:
  /// `functions`: the model's local functions by identifier.
  GraphBuilder(mlir::MLIRContext *context, TensorReader &tensors,
               FunctionMap functions)
      : context(context), tensors(tensors), functions(std::move(functions)) {}

  /// Builds `@main` into `module`.
  llvm::LogicalResult buildMain(pb::GraphProto &graph, const OpsetMap &opsets,
                                mlir::ModuleOp module);

  /// Builds the body of `function` at `builder`'s insertion point, as far as
  /// its first `numOutputs` outputs need it. Absent inputs are null or of type
  /// none. `caller` prefixes the nodes' names.
  llvm::LogicalResult buildCall(mlir::OpBuilder &builder,
                                const pb::FunctionProto &function,
                                const AttributeMap &attributes,
                                mlir::ValueRange inputs, unsigned numOutputs,
                                llvm::StringRef caller, mlir::Location loc,
                                llvm::SmallVectorImpl<mlir::Value> &outputs);

private:
  struct Scope;
  llvm::LogicalResult
  buildNodes(google::protobuf::RepeatedPtrField<pb::NodeProto> &nodes,
             llvm::ArrayRef<std::string> outputs, Scope &scope);
  llvm::LogicalResult buildNode(pb::NodeProto &node, Scope &scope);
  llvm::LogicalResult buildConstant(pb::NodeProto &node, Scope &scope,
                                    mlir::Location loc);
  llvm::LogicalResult buildRegion(pb::GraphProto &graph, mlir::Region &region,
                                  Scope &parent, mlir::Location loc);
  llvm::LogicalResult convertAttribute(pb::AttributeProto &attribute,
                                       const pb::NodeProto &node, Scope &scope,
                                       mlir::Location loc,
                                       mlir::Attribute &result);
  mlir::FailureOr<mlir::Value> lookup(const std::string &name, Scope &scope,
                                      mlir::Location loc);
  void addTypes(pb::GraphProto &graph, Scope &scope);
  mlir::Type typeOf(const std::string &name, Scope &scope);

  mlir::MLIRContext *context;
  TensorReader &tensors;
  FunctionMap functions;
};

/// The identifier of a local function, and of the one that a node calls.
std::string getFunctionId(const pb::FunctionProto &function);
std::string getFunctionId(const pb::NodeProto &node);

} // namespace edgecc::importer

#endif // EDGECC_COMPILER_IMPORT_IMPORTIMPL_H
