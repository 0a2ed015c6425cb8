//===- Shapes.cpp - symbolic dimensions and inference ------------*- C++
//-*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/import/ImportImpl.h"
#include "mlir/IR/Diagnostics.h"
#include "onnx/shape_inference/implementation.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::importer;

using Dimension = pb::TensorShapeProto::Dimension;

SmallVector<pb::ValueInfoProto *>
importer::getRuntimeInputs(pb::GraphProto &graph) {
  llvm::StringSet<> constants;
  for (const pb::TensorProto &tensor : graph.initializer())
    constants.insert(tensor.name());
  for (const pb::SparseTensorProto &tensor : graph.sparse_initializer())
    constants.insert(tensor.values().name());
  SmallVector<pb::ValueInfoProto *> inputs;
  for (pb::ValueInfoProto &input : *graph.mutable_input())
    if (!constants.contains(input.name()))
      inputs.push_back(&input);
  return inputs;
}

//===----------------------------------------------------------------------===//
// Symbolic dimensions
//===----------------------------------------------------------------------===//

namespace {
class DimensionBinder {
public:
  DimensionBinder(pb::ModelProto &model, const ImportOptions &options,
                  MLIRContext *context)
      : model(model), options(options), context(context),
        inputs(getRuntimeInputs(*model.mutable_graph())) {}

  LogicalResult run();

private:
  static google::protobuf::RepeatedPtrField<Dimension> *
  dimsOf(pb::ValueInfoProto &value) {
    if (!value.type().has_tensor_type() ||
        !value.type().tensor_type().has_shape())
      return nullptr;
    return value.mutable_type()
        ->mutable_tensor_type()
        ->mutable_shape()
        ->mutable_dim();
  }

  LogicalResult bindShape(pb::ValueInfoProto &input, ArrayRef<int64_t> shape);
  LogicalResult bind(StringRef symbol, int64_t value, Location loc);
  LogicalResult bindNamedDims();
  void bindOpenDims();
  void bindLeadingDims();
  void applyBindings();
  void forgetSymbols(pb::GraphProto &graph);

  pb::ModelProto &model;
  const ImportOptions &options;
  MLIRContext *context;
  SmallVector<pb::ValueInfoProto *> inputs;
  llvm::StringMap<int64_t> bindings;
  bool changed = false;
};
} // namespace

LogicalResult DimensionBinder::bind(StringRef symbol, int64_t value,
                                    Location loc) {
  auto [it, isNew] = bindings.try_emplace(symbol, value);
  if (!isNew && it->second != value)
    return emitError(loc) << "symbolic dimension '" << symbol
                          << "' is given two values, " << it->second << " and "
                          << value;
  return success();
}

LogicalResult DimensionBinder::bindShape(pb::ValueInfoProto &input,
                                         ArrayRef<int64_t> shape) {
  Location loc = nameLoc(context, input.name());
  if (!input.type().has_tensor_type())
    return emitError(loc) << "input '" << input.name()
                          << "' is not a tensor, so --shape cannot set it";
  for (int64_t size : shape)
    if (size == 0)
      return emitError(loc)
             << "input '" << input.name() << "': a dimension in --shape is 0";
  auto *dims = dimsOf(input);
  if (!dims) {
    dims = input.mutable_type()
               ->mutable_tensor_type()
               ->mutable_shape()
               ->mutable_dim();
    for (size_t i = 0; i < shape.size(); ++i)
      dims->Add();
  }
  if (dims->size() != static_cast<int>(shape.size()))
    return emitError(loc) << "input '" << input.name() << "' has rank "
                          << dims->size() << " in the model and rank "
                          << shape.size() << " in --shape";
  for (auto [index, dim, size] : llvm::enumerate(*dims, shape)) {
    if (size < 0)
      continue;
    if (dim.has_dim_value() && dim.dim_value() != size)
      return emitError(loc) << "input '" << input.name() << "': dimension "
                            << index << " is " << dim.dim_value()
                            << " in the model and " << size << " in --shape";
    if (dim.has_dim_param() && failed(bind(dim.dim_param(), size, loc)))
      return failure();
    changed |= !dim.has_dim_value();
    dim.set_dim_value(size);
  }
  return success();
}

LogicalResult DimensionBinder::bindNamedDims() {
  llvm::StringSet<> symbols;
  std::string list;
  for (pb::ValueInfoProto *input : inputs)
    if (auto *dims = dimsOf(*input))
      for (const Dimension &dim : *dims)
        if (dim.has_dim_param() && symbols.insert(dim.dim_param()).second)
          list += (list.empty() ? "" : ", ") + dim.dim_param();
  for (const auto &entry : options.dims) {
    Location loc = nameLoc(context, entry.getKey());
    if (entry.second <= 0)
      return emitError(loc) << "symbolic dimension '" << entry.getKey()
                            << "' cannot be " << entry.second;
    if (!symbols.contains(entry.getKey()) && !bindings.count(entry.getKey())) {
      bool isComputed = isComputedDimension(model, entry.getKey());
      if (isComputed && options.bounds.count(entry.getKey().str()))
        continue;
      if (isComputed)
        return emitError(loc)
               << "symbolic dimension '" << entry.getKey()
               << "' is computed by the model; bound it with --dim="
               << entry.getKey() << "=1.." << entry.second;
      return emitError(loc)
             << "the model has no symbolic dimension '" << entry.getKey()
             << "'; it has " << (list.empty() ? "none" : list);
    }
    if (failed(bind(entry.getKey(), entry.second, loc)))
      return failure();
  }
  return success();
}

void DimensionBinder::applyBindings() {
  for (pb::ValueInfoProto *input : inputs) {
    auto *dims = dimsOf(*input);
    if (!dims)
      continue;
    for (Dimension &dim : *dims) {
      auto it = bindings.find(dim.dim_param());
      if (!dim.has_dim_param() || it == bindings.end())
        continue;
      dim.set_dim_value(it->second);
      changed = true;
    }
  }
}

/// What does not fit the model here is left to the check of the arrays.
void DimensionBinder::bindOpenDims() {
  for (auto [index, input] : llvm::enumerate(inputs)) {
    auto shape = options.openShapes.find(input->name());
    if (shape == options.openShapes.end())
      shape = options.openShapes.find("arr_" + std::to_string(index));
    auto *dims = dimsOf(*input);
    if (shape == options.openShapes.end() || !dims ||
        dims->size() != static_cast<int>(shape->second.size()))
      continue;
    for (auto [dim, size] : llvm::zip(*dims, shape->second)) {
      if (dim.has_dim_value() || size < 0)
        continue;
      if (dim.has_dim_param())
        bindings.try_emplace(dim.dim_param(), size);
      dim.set_dim_value(size);
      changed = true;
    }
  }
}

/// Whoever compiles for a small device runs one item at a time, so a leading
/// dimension that is still open is 1. Dimensions of the same name follow,
/// unless the name stands for different things ("?", "None"): then it occurs
/// more than once in a shape.
void DimensionBinder::bindLeadingDims() {
  llvm::StringSet<> ambiguous;
  for (pb::ValueInfoProto *input : inputs) {
    llvm::StringSet<> seen;
    if (auto *dims = dimsOf(*input))
      for (const Dimension &dim : *dims)
        if (dim.has_dim_param() && !seen.insert(dim.dim_param()).second)
          ambiguous.insert(dim.dim_param());
  }
  for (pb::ValueInfoProto *input : inputs) {
    auto *dims = dimsOf(*input);
    if (!dims || dims->empty() || dims->Get(0).has_dim_value())
      continue;
    Dimension &leading = *dims->Mutable(0);
    std::string symbol = leading.dim_param();
    leading.set_dim_value(1);
    changed = true;
    // One remark for one name.
    if (!symbol.empty() && !ambiguous.contains(symbol) &&
        !bindings.try_emplace(symbol, 1).second)
      continue;
    emitRemark(nameLoc(context, input->name()))
        << "input '" << input->name() << "': the leading dimension"
        << (symbol.empty() ? "" : " '" + symbol + "'")
        << " is open and taken as 1; --shape=" << input->name()
        << ":... sets it";
  }
}

/// Symbols in types of other values would contradict what inference finds now.
void DimensionBinder::forgetSymbols(pb::GraphProto &graph) {
  for (auto *values : {graph.mutable_output(), graph.mutable_value_info()})
    for (pb::ValueInfoProto &value : *values)
      if (auto *dims = dimsOf(value))
        for (Dimension &dim : *dims)
          if (dim.has_dim_param())
            dim.clear_value();
  for (pb::NodeProto &node : *graph.mutable_node())
    for (pb::AttributeProto &attribute : *node.mutable_attribute())
      if (attribute.has_g())
        forgetSymbols(*attribute.mutable_g());
}

LogicalResult DimensionBinder::run() {
  std::string list;
  llvm::StringMap<pb::ValueInfoProto *> byName;
  for (pb::ValueInfoProto *input : inputs) {
    byName[input->name()] = input;
    list += (list.empty() ? "" : ", ") + input->name();
  }
  for (const auto &entry : options.shapes) {
    auto input = byName.find(entry.getKey());
    if (input == byName.end())
      return emitError(nameLoc(context, entry.getKey()))
             << "--shape: the model has no input '" << entry.getKey()
             << "'; it has " << (list.empty() ? "none" : list);
    if (failed(bindShape(*input->second, entry.second)))
      return failure();
  }
  if (failed(bindNamedDims()))
    return failure();
  applyBindings();
  bindOpenDims();
  applyBindings();
  bindLeadingDims();
  applyBindings();
  if (changed)
    forgetSymbols(*model.mutable_graph());
  return success();
}

LogicalResult importer::bindDimensions(pb::ModelProto &model,
                                       const ImportOptions &options,
                                       MLIRContext *context) {
  return DimensionBinder(model, options, context).run();
}

//===----------------------------------------------------------------------===//
// Inference
//===----------------------------------------------------------------------===//

/// The node of that name and operator, in subgraphs too.
static const pb::NodeProto *
findNode(const google::protobuf::RepeatedPtrField<pb::NodeProto> &nodes,
         StringRef name, StringRef op) {
  for (const pb::NodeProto &node : nodes) {
    if (node.name() == name && node.op_type() == op)
      return &node;
    for (const pb::AttributeProto &attribute : node.attribute())
      if (attribute.has_g())
        if (auto *found = findNode(attribute.g().node(), name, op))
          return found;
  }
  return nullptr;
}

/// Emits the first of the errors in `text`, the innermost node that it names:
/// "(op_type:Add, node name: a): [ShapeInferenceError] what".
static LogicalResult emitInferenceError(const pb::ModelProto &model,
                                        StringRef text, MLIRContext *context) {
  size_t start = text.find("(op_type:");
  if (start == StringRef::npos)
    return emitError(UnknownLoc::get(context))
           << "contradictory shapes or types: " << tidyMessage(text);
  StringRef line = text.substr(start).split('\n').first;
  // Nodes of ONNX's own function bodies have no name.
  while (true) {
    size_t inner = line.find("(op_type:", 1);
    StringRef next = inner == StringRef::npos ? "" : line.substr(inner);
    if (!next.split("): ").first.contains(", node name: "))
      break;
    line = next;
  }
  line = line.drop_front(9);
  auto [subject, message] = line.split("): ");
  auto [op, name] = subject.split(", node name: ");
  bool isShape = message.contains("ShapeInferenceError");

  OpsetMap opsets = getOpsets(model);
  const pb::NodeProto *node = findNode(model.graph().node(), name, op);
  for (const pb::FunctionProto &function : model.functions()) {
    if (node)
      break;
    if ((node = findNode(function.node(), name, op)))
      opsets = getOpsets(function);
  }
  std::string label = node
                          ? describe(*node, opsets)
                          : ("node '" + name + "' (operator " + op + ")").str();
  return emitError(nameLoc(context, name))
         << label << ": contradictory " << (isShape ? "shapes" : "types")
         << ": " << tidyMessage(message);
}

/// ONNX infers some operators by their function body, and then takes an
/// attribute of the body whose value is the operator's default for missing.
static void addFunctionDefaults(pb::ModelProto &model) {
  OpsetMap opsets = getOpsets(model);
  forEachNode(*model.mutable_graph()->mutable_node(), [&](pb::NodeProto &node) {
    const ::onnx::OpSchema *schema = ::onnx::OpSchemaRegistry::Schema(
        node.op_type(), opsets.at(node.domain()), node.domain());
    if (!schema || schema->has_type_and_shape_inference_function() ||
        !schema->HasFunction())
      return;
    for (const auto &[name, attribute] : schema->attributes()) {
      bool isSet = llvm::any_of(
          node.attribute(), [&, &name = name](const pb::AttributeProto &set) {
            return set.name() == name;
          });
      if (!isSet && attribute.default_value.has_name())
        *node.add_attribute() = attribute.default_value;
    }
  });
}

LogicalResult importer::inferTypes(pb::ModelProto &model,
                                   MLIRContext *context) {
  // Data propagation keeps one table for all graphs, so that it fails where
  // two branches use the same name; without it inference is still right. The
  // second try decides.
  addFunctionDefaults(model);
  std::string error;
  for (bool propagateData : {true, false}) {
    try {
      ::onnx::ShapeInferenceOptions options(/*check_type_val=*/true,
                                            /*strict_mode_val=*/1,
                                            /*data_prop_val=*/propagateData);
      ::onnx::shape_inference::DataValueMap data;
      ::onnx::shape_inference::InferShapes(
          model, ::onnx::OpSchemaRegistry::Instance(), options, &data);
      return success();
    } catch (const std::exception &e) {
      error = e.what();
    }
  }
  return emitInferenceError(model, error, context);
}
