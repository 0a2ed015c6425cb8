//===- GraphBuilder.cpp - graphs to onnx.node --------------------*- C++
//-*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/import/ImportImpl.h"
#include "dialects/Edge/ValueNames.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Diagnostics.h"
#include "onnx/defs/schema.h"
#include "onnx/shape_inference/attribute_binder.h"
#include "onnx/shape_inference/implementation.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::importer;

using NodeList = google::protobuf::RepeatedPtrField<pb::NodeProto>;

/// Values and types that the nodes of one graph or function body see.
struct GraphBuilder::Scope {
  Scope *outer = nullptr;
  OpBuilder builder;
  const OpsetMap *opsets = nullptr;
  /// Put before the names of nodes; the call that is being inlined.
  std::string prefix;
  llvm::StringMap<Value> values;
  llvm::StringMap<Type> types;
  /// Initializers become constants when a node uses them.
  llvm::StringMap<pb::TensorProto *> initializers;
  llvm::StringMap<pb::SparseTensorProto *> sparseInitializers;
};

std::string importer::getFunctionId(const pb::FunctionProto &function) {
  return function.domain() + ":" + function.name() + ":" + function.overload();
}

std::string importer::getFunctionId(const pb::NodeProto &node) {
  return node.domain() + ":" + node.op_type() + ":" + node.overload();
}

//===----------------------------------------------------------------------===//
// What is needed
//===----------------------------------------------------------------------===//

/// Adds every name that a graph and the graphs in it refer to.
static void addReferences(const pb::GraphProto &graph,
                          llvm::StringSet<> &names) {
  for (const pb::NodeProto &node : graph.node()) {
    for (const std::string &input : node.input())
      names.insert(input);
    for (const pb::AttributeProto &attribute : node.attribute())
      if (attribute.has_g())
        addReferences(attribute.g(), names);
  }
  for (const pb::ValueInfoProto &output : graph.output())
    names.insert(output.name());
}

/// The nodes that `outputs` depend on, in order.
static SmallVector<pb::NodeProto *>
getLiveNodes(NodeList &nodes, ArrayRef<std::string> outputs) {
  llvm::StringSet<> needed;
  for (const std::string &output : outputs)
    needed.insert(output);
  SmallVector<pb::NodeProto *> live;
  for (int i = nodes.size() - 1; i >= 0; --i) {
    pb::NodeProto &node = *nodes.Mutable(i);
    if (llvm::none_of(node.output(), [&](const std::string &output) {
          return !output.empty() && needed.contains(output);
        }))
      continue;
    live.push_back(&node);
    for (const std::string &input : node.input())
      needed.insert(input);
    for (const pb::AttributeProto &attribute : node.attribute())
      if (attribute.has_g())
        addReferences(attribute.g(), needed);
  }
  std::reverse(live.begin(), live.end());
  return live;
}

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

void GraphBuilder::addTypes(pb::GraphProto &graph, Scope &scope) {
  auto add = [&](const pb::ValueInfoProto &value) {
    if (Type type = convertType(value.type(), context))
      if (!isa<edgecc::onnx::UnknownType>(type))
        scope.types[value.name()] = type;
  };
  // What inference found stands in the value infos; outputs may know less.
  for (const pb::ValueInfoProto &value : graph.output())
    add(value);
  for (const pb::ValueInfoProto &value : graph.value_info())
    add(value);
  for (pb::TensorProto &tensor : *graph.mutable_initializer())
    scope.initializers[tensor.name()] = &tensor;
  for (pb::SparseTensorProto &tensor : *graph.mutable_sparse_initializer())
    scope.sparseInitializers[tensor.values().name()] = &tensor;
}

Type GraphBuilder::typeOf(const std::string &name, Scope &scope) {
  if (name.empty())
    return NoneType::get(context);
  auto it = scope.types.find(name);
  return it != scope.types.end()
             ? it->second
             : Type(edgecc::onnx::UnknownType::get(context));
}

FailureOr<Value> GraphBuilder::lookup(const std::string &name, Scope &scope,
                                      Location loc) {
  if (name.empty()) {
    Value &none = scope.values[""];
    if (!none)
      none =
          edgecc::onnx::NoneOp::create(scope.builder, UnknownLoc::get(context));
    return none;
  }
  for (Scope *at = &scope; at; at = at->outer) {
    if (auto it = at->values.find(name); it != at->values.end())
      return it->second;
    auto tensor = at->initializers.find(name);
    auto sparse = at->sparseInitializers.find(name);
    if (tensor == at->initializers.end() &&
        sparse == at->sparseInitializers.end())
      continue;
    Location constantLoc = nameLoc(context, name);
    FailureOr<ElementsAttr> elements =
        tensor != at->initializers.end()
            ? tensors.read(*tensor->second, constantLoc,
                           "initializer '" + name + "'")
            : tensors.read(*sparse->second, constantLoc,
                           "initializer '" + name + "'");
    if (failed(elements))
      return failure();
    // The insertion point of an outer graph is before the node whose region is
    // being built, so that the constant dominates its uses.
    Value value =
        edgecc::onnx::ConstantOp::create(at->builder, constantLoc, *elements);
    at->values[name] = value;
    return value;
  }
  return emitError(loc) << "'" << name << "' is not defined";
}

//===----------------------------------------------------------------------===//
// Nodes
//===----------------------------------------------------------------------===//

LogicalResult GraphBuilder::convertAttribute(pb::AttributeProto &attribute,
                                             const pb::NodeProto &node,
                                             Scope &scope, Location loc,
                                             Attribute &result) {
  Builder builder(context);
  auto what = [&] {
    return describe(node, *scope.opsets) + ": attribute '" + attribute.name() +
           "'";
  };
  auto tensor = [&](auto &proto) -> FailureOr<ElementsAttr> {
    return tensors.read(proto, loc, what());
  };
  switch (attribute.type()) {
  case pb::AttributeProto::FLOAT:
    result = builder.getF32FloatAttr(attribute.f());
    return success();
  case pb::AttributeProto::INT:
    result = builder.getI64IntegerAttr(attribute.i());
    return success();
  case pb::AttributeProto::STRING:
    result = builder.getStringAttr(attribute.s());
    return success();
  case pb::AttributeProto::FLOATS:
    result = builder.getDenseF32ArrayAttr(SmallVector<float>(
        attribute.floats().begin(), attribute.floats().end()));
    return success();
  case pb::AttributeProto::INTS:
    result = builder.getDenseI64ArrayAttr(
        SmallVector<int64_t>(attribute.ints().begin(), attribute.ints().end()));
    return success();
  case pb::AttributeProto::STRINGS: {
    SmallVector<Attribute> strings;
    for (const std::string &string : attribute.strings())
      strings.push_back(builder.getStringAttr(string));
    result = builder.getArrayAttr(strings);
    return success();
  }
  case pb::AttributeProto::TENSOR: {
    // Strings are no elements; what takes them is refused by name.
    if (attribute.t().data_type() == pb::TensorProto::STRING) {
      SmallVector<Attribute> strings;
      for (const std::string &string : attribute.t().string_data())
        strings.push_back(builder.getStringAttr(string));
      result = builder.getArrayAttr(strings);
      return success();
    }
    FailureOr<ElementsAttr> elements = tensor(*attribute.mutable_t());
    if (failed(elements))
      return failure();
    result = *elements;
    return success();
  }
  case pb::AttributeProto::SPARSE_TENSOR: {
    FailureOr<ElementsAttr> elements =
        tensor(*attribute.mutable_sparse_tensor());
    if (failed(elements))
      return failure();
    result = *elements;
    return success();
  }
  case pb::AttributeProto::TYPE_PROTO:
    if (Type type = convertType(attribute.tp(), context)) {
      result = TypeAttr::get(type);
      return success();
    }
    break;
  case pb::AttributeProto::TENSORS: {
    SmallVector<Attribute> list;
    for (pb::TensorProto &proto : *attribute.mutable_tensors()) {
      FailureOr<ElementsAttr> elements = tensor(proto);
      if (failed(elements))
        return failure();
      list.push_back(*elements);
    }
    result = builder.getArrayAttr(list);
    return success();
  }
  default:
    break;
  }
  return emitError(loc) << what() << " has a kind that is not supported";
}

LogicalResult GraphBuilder::buildConstant(pb::NodeProto &node, Scope &scope,
                                          Location loc) {
  if (node.attribute_size() != 1 || node.output_size() != 1)
    return emitError(loc) << describe(node, *scope.opsets)
                          << ": expected one attribute that holds the value";
  pb::AttributeProto &attribute = *node.mutable_attribute(0);
  Builder builder(context);
  ElementsAttr value;
  StringRef kind = attribute.name();
  auto makeType = [&](int64_t size, Type element) {
    return RankedTensorType::get({size}, element);
  };
  if (kind == "value_float") {
    value = DenseElementsAttr::get(
        RankedTensorType::get({}, builder.getF32Type()), attribute.f());
  } else if (kind == "value_int") {
    value = DenseElementsAttr::get(
        RankedTensorType::get({}, builder.getI64Type()), attribute.i());
  } else if (kind == "value_floats") {
    value = DenseElementsAttr::get(
        makeType(attribute.floats_size(), builder.getF32Type()),
        ArrayRef<float>(attribute.floats().data(), attribute.floats_size()));
  } else if (kind == "value_ints") {
    SmallVector<int64_t> ints(attribute.ints().begin(), attribute.ints().end());
    value = DenseElementsAttr::get(
        makeType(attribute.ints_size(), builder.getI64Type()),
        ArrayRef<int64_t>(ints));
  } else {
    Attribute converted;
    if (failed(convertAttribute(attribute, node, scope, loc, converted)))
      return failure();
    value = dyn_cast<ElementsAttr>(converted);
    if (!value)
      return emitError(loc) << describe(node, *scope.opsets) << ": attribute '"
                            << kind << "' is not a tensor";
  }
  scope.values[node.output(0)] =
      edgecc::onnx::ConstantOp::create(scope.builder, loc, value);
  return success();
}

/// A Constant of strings stays a node, so that it is listed with what else is
/// not supported.
static bool holdsStrings(const pb::NodeProto &node) {
  return llvm::any_of(node.attribute(), [](const pb::AttributeProto &value) {
    return value.type() == pb::AttributeProto::STRING ||
           value.type() == pb::AttributeProto::STRINGS ||
           (value.has_t() && value.t().data_type() == pb::TensorProto::STRING);
  });
}

LogicalResult GraphBuilder::buildNode(pb::NodeProto &node, Scope &scope) {
  Location loc = nameLoc(context, scope.prefix + node.name());
  if (node.domain().empty() && node.op_type() == "Constant" &&
      !holdsStrings(node))
    return buildConstant(node, scope, loc);

  SmallVector<Value> inputs;
  for (const std::string &input : node.input()) {
    FailureOr<Value> value = lookup(input, scope, loc);
    if (failed(value))
      return failure();
    inputs.push_back(*value);
  }

  if (auto it = functions.find(getFunctionId(node)); it != functions.end()) {
    AttributeMap attributes;
    for (const pb::AttributeProto &attribute : node.attribute())
      attributes[attribute.name()] = &attribute;
    if (node.output_size() > it->second->output_size())
      return emitError(loc)
             << describe(node, *scope.opsets) << ": has " << node.output_size()
             << " outputs, the function " << it->second->output_size();
    SmallVector<Value> outputs;
    if (failed(buildCall(scope.builder, *it->second, attributes, inputs,
                         node.output_size(), scope.prefix + node.name(), loc,
                         outputs)))
      return failure();
    for (int i = 0; i < node.output_size(); ++i)
      scope.values[node.output(i)] = outputs[i];
    return success();
  }

  auto opset = scope.opsets->find(node.domain());
  if (opset == scope.opsets->end())
    return emitError(loc) << describe(node, *scope.opsets)
                          << ": no opset of the domain is imported";
  int64_t version = std::max(1, opset->second);
  if (const ::onnx::OpSchema *schema = ::onnx::OpSchemaRegistry::Schema(
          node.op_type(), static_cast<int>(version), node.domain()))
    version = std::max(1, schema->since_version());

  // What is inside of a function has no names that the graph knows.
  SmallVector<StringRef> outputs;
  if (scope.prefix.empty())
    outputs.assign(node.output().begin(), node.output().end());
  OperationState state(
      edge::nodeLocation(context, scope.prefix + node.name(), outputs),
      edgecc::onnx::NodeOp::getOperationName());
  NamedAttrList attributes;
  SmallVector<StringRef> regionNames;
  for (pb::AttributeProto &attribute : *node.mutable_attribute()) {
    if (attribute.has_g()) {
      regionNames.push_back(attribute.name());
      if (failed(buildRegion(*attribute.mutable_g(), *state.addRegion(), scope,
                             loc)))
        return failure();
      continue;
    }
    Attribute converted;
    if (failed(convertAttribute(attribute, node, scope, loc, converted)))
      return failure();
    attributes.set(attribute.name(), converted);
  }

  auto &properties =
      state.getOrAddProperties<edgecc::onnx::NodeOp::Properties>();
  Builder &builder = scope.builder;
  properties.op_type = builder.getStringAttr(node.op_type());
  properties.domain = builder.getStringAttr(node.domain());
  properties.since_version = builder.getI64IntegerAttr(version);
  properties.onnx_attributes = attributes.getDictionary(context);
  properties.region_names = builder.getStrArrayAttr(regionNames);
  state.addOperands(inputs);
  for (const std::string &output : node.output())
    state.addTypes(typeOf(output, scope));
  Operation *op = scope.builder.create(state);
  for (auto [name, value] : llvm::zip(node.output(), op->getResults()))
    if (!name.empty())
      scope.values[name] = value;
  return success();
}

LogicalResult GraphBuilder::buildNodes(NodeList &nodes,
                                       ArrayRef<std::string> outputs,
                                       Scope &scope) {
  for (pb::NodeProto *node : getLiveNodes(nodes, outputs))
    if (failed(buildNode(*node, scope)))
      return failure();
  return success();
}

//===----------------------------------------------------------------------===//
// Graphs
//===----------------------------------------------------------------------===//

static SmallVector<std::string> getOutputNames(const pb::GraphProto &graph) {
  SmallVector<std::string> names;
  for (const pb::ValueInfoProto &output : graph.output())
    names.push_back(output.name());
  return names;
}

LogicalResult GraphBuilder::buildRegion(pb::GraphProto &graph, Region &region,
                                        Scope &parent, Location loc) {
  Block &block = region.emplaceBlock();
  OpBuilder builder(context);
  builder.setInsertionPointToEnd(&block);
  Scope scope{&parent, builder, parent.opsets, parent.prefix, {}, {}, {}, {}};
  addTypes(graph, scope);
  for (pb::ValueInfoProto *input : getRuntimeInputs(graph)) {
    Type type = convertType(input->type(), context);
    if (!type)
      return emitError(nameLoc(context, input->name()))
             << "input '" << input->name()
             << "' has a type that is not supported";
    scope.values[input->name()] =
        block.addArgument(type, nameLoc(context, input->name()));
  }
  SmallVector<std::string> names = getOutputNames(graph);
  if (failed(buildNodes(*graph.mutable_node(), names, scope)))
    return failure();
  SmallVector<Value> outputs;
  for (const std::string &name : names) {
    FailureOr<Value> value = lookup(name, scope, loc);
    if (failed(value))
      return failure();
    outputs.push_back(*value);
  }
  edgecc::onnx::YieldOp::create(scope.builder, loc, outputs);
  return success();
}

/// Names of the symbolic dimensions; null when there are none.
static ArrayAttr getDimParams(const pb::ValueInfoProto &value,
                              Builder &builder) {
  if (!value.type().has_tensor_type())
    return {};
  SmallVector<StringRef> params;
  for (const auto &dim : value.type().tensor_type().shape().dim())
    params.push_back(dim.has_dim_value() ? "" : StringRef(dim.dim_param()));
  if (llvm::all_of(params, [](StringRef param) { return param.empty(); }))
    return {};
  return builder.getStrArrayAttr(params);
}

static DictionaryAttr getValueAttrs(const pb::ValueInfoProto &value,
                                    Builder &builder) {
  NamedAttrList attrs;
  attrs.set(edgecc::onnx::kNameAttr, builder.getStringAttr(value.name()));
  if (ArrayAttr params = getDimParams(value, builder))
    attrs.set(edgecc::onnx::kDimParamsAttr, params);
  return attrs.getDictionary(builder.getContext());
}

LogicalResult GraphBuilder::buildMain(pb::GraphProto &graph,
                                      const OpsetMap &opsets, ModuleOp module) {
  Scope scope{
      nullptr, OpBuilder::atBlockEnd(module.getBody()), &opsets, "", {}, {}, {},
      {}};
  OpBuilder &builder = scope.builder;
  Location loc = graph.name().empty()
                     ? static_cast<Location>(UnknownLoc::get(context))
                     : nameLoc(context, graph.name());
  auto function = func::FuncOp::create(builder, loc, "main",
                                       FunctionType::get(context, {}, {}));
  Block *block = function.addEntryBlock();
  builder.setInsertionPointToEnd(block);
  addTypes(graph, scope);

  SmallVector<Attribute> argAttrs, resultAttrs;
  for (pb::ValueInfoProto *input : getRuntimeInputs(graph)) {
    Location inputLoc = nameLoc(context, input->name());
    Type type = convertType(input->type(), context);
    if (!type)
      return emitError(inputLoc) << "input '" << input->name()
                                 << "' has a type that is not supported";
    scope.values[input->name()] = block->addArgument(type, inputLoc);
    argAttrs.push_back(getValueAttrs(*input, builder));
  }

  SmallVector<std::string> names = getOutputNames(graph);
  if (failed(buildNodes(*graph.mutable_node(), names, scope)))
    return failure();
  SmallVector<Value> outputs;
  for (auto [name, output] : llvm::zip(names, graph.output())) {
    FailureOr<Value> value = lookup(name, scope, loc);
    if (failed(value))
      return failure();
    outputs.push_back(*value);
    resultAttrs.push_back(getValueAttrs(output, builder));
  }
  func::ReturnOp::create(builder, loc, outputs);
  function.setType(FunctionType::get(context, block->getArgumentTypes(),
                                     ValueRange(outputs).getTypes()));
  function.setArgAttrsAttr(builder.getArrayAttr(argAttrs));
  function.setResAttrsAttr(builder.getArrayAttr(resultAttrs));
  return success();
}

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

/// An input that the caller leaves out is left out wherever the body uses it.
static void clearInputs(NodeList &nodes, const llvm::StringSet<> &absent) {
  for (pb::NodeProto &node : nodes) {
    for (std::string &input : *node.mutable_input())
      if (absent.contains(input))
        input.clear();
    for (pb::AttributeProto &attribute : *node.mutable_attribute())
      if (attribute.has_g())
        clearInputs(*attribute.mutable_g()->mutable_node(), absent);
  }
}

LogicalResult GraphBuilder::buildCall(OpBuilder &builder,
                                      const pb::FunctionProto &function,
                                      const AttributeMap &attributes,
                                      ValueRange inputs, unsigned numOutputs,
                                      StringRef caller, Location loc,
                                      SmallVectorImpl<Value> &outputs) {
  if (inputs.size() > static_cast<size_t>(function.input_size()))
    return emitError(loc) << "'" << caller << "' has " << inputs.size()
                          << " inputs, function '" << function.name() << "' "
                          << function.input_size();
  OpsetMap opsets = getOpsets(function);
  Scope scope{nullptr, builder, &opsets, (caller + "/").str(), {}, {}, {}, {}};

  // The body as a graph of its own, so that inference finds the types of the
  // values in it.
  pb::GraphProto graph;
  *graph.mutable_node() = function.node();
  llvm::StringSet<> absent;
  for (int i = 0; i < function.input_size(); ++i) {
    const std::string &name = function.input(i);
    Value value = i < static_cast<int>(inputs.size()) ? inputs[i] : Value();
    if (!value || isa<NoneType>(value.getType())) {
      absent.insert(name);
      continue;
    }
    scope.values[name] = value;
    pb::ValueInfoProto &input = *graph.add_input();
    input.set_name(name);
    convertType(value.getType(), *input.mutable_type());
    if (input.type().value_case() == pb::TypeProto::VALUE_NOT_SET)
      input.clear_type();
    // Small constants may decide shapes.
    ElementsAttr elements;
    if (auto constant = value.getDefiningOp<edgecc::onnx::ConstantOp>())
      elements = dyn_cast<DenseElementsAttr>(constant.getValue());
    pb::TensorProto tensor;
    if (elements && convertElements(elements, tensor)) {
      tensor.set_name(name);
      *graph.add_initializer() = std::move(tensor);
    }
  }
  clearInputs(*graph.mutable_node(), absent);

  AttributeMap bound;
  for (const std::string &name : function.attribute())
    if (auto it = attributes.find(name); it != attributes.end())
      bound[name] = it->second;
  for (const pb::AttributeProto &byDefault : function.attribute_proto()) {
    auto it = attributes.find(byDefault.name());
    bound[byDefault.name()] = it != attributes.end() ? it->second : &byDefault;
  }

  try {
    ::onnx::internal::AttributeBinder(bound).VisitGraph(graph);
    ::onnx::shape_inference::ModelLocalFunctionsMap known;
    for (auto &[id, callee] : functions)
      known[StringRef(id).rtrim(':').str()] = callee;
    ::onnx::shape_inference::InferShapes(
        &graph, opsets, ::onnx::OpSchemaRegistry::Instance(),
        ::onnx::ShapeInferenceOptions(/*check_type_val=*/false,
                                      /*strict_mode_val=*/0,
                                      /*data_prop_val=*/true),
        known);
  } catch (const std::exception &) {
    // Types are a help here, not a condition: what is wrong with the call has
    // been found when the model was inferred.
  }
  graph.clear_initializer();
  addTypes(graph, scope);

  SmallVector<std::string> names(function.output().begin(),
                                 function.output().end());
  names.truncate(numOutputs);
  if (failed(buildNodes(*graph.mutable_node(), names, scope)))
    return failure();
  for (const std::string &name : names) {
    // A body may leave out what the caller does not ask for.
    bool isMissing = absent.contains(name) || !scope.values.count(name);
    FailureOr<Value> value = lookup(isMissing ? "" : name, scope, loc);
    if (failed(value))
      return failure();
    outputs.push_back(*value);
  }
  return success();
}
