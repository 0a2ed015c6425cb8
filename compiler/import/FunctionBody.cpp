//===- FunctionBody.cpp - operators that ONNX defines as functions -*- C++
//-*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/import/ImportImpl.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "onnx/defs/schema.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::importer;

/// False for attributes without a form in a file.
static bool convertAttribute(NamedAttribute named, pb::AttributeProto &proto) {
  proto.set_name(named.getName().str());
  Attribute value = named.getValue();
  if (auto number = dyn_cast<IntegerAttr>(value)) {
    proto.set_type(pb::AttributeProto::INT);
    proto.set_i(number.getInt());
  } else if (auto number = dyn_cast<FloatAttr>(value)) {
    proto.set_type(pb::AttributeProto::FLOAT);
    proto.set_f(static_cast<float>(number.getValueAsDouble()));
  } else if (auto text = dyn_cast<StringAttr>(value)) {
    proto.set_type(pb::AttributeProto::STRING);
    proto.set_s(text.str());
  } else if (auto list = dyn_cast<DenseI64ArrayAttr>(value)) {
    proto.set_type(pb::AttributeProto::INTS);
    proto.mutable_ints()->Add(list.asArrayRef().begin(),
                              list.asArrayRef().end());
  } else if (auto list = dyn_cast<DenseF32ArrayAttr>(value)) {
    proto.set_type(pb::AttributeProto::FLOATS);
    proto.mutable_floats()->Add(list.asArrayRef().begin(),
                                list.asArrayRef().end());
  } else if (auto elements = dyn_cast<ElementsAttr>(value)) {
    proto.set_type(pb::AttributeProto::TENSOR);
    return convertElements(elements, *proto.mutable_t());
  } else if (auto type = dyn_cast<TypeAttr>(value)) {
    proto.set_type(pb::AttributeProto::TYPE_PROTO);
    convertType(type.getValue(), *proto.mutable_tp());
  } else if (auto list = dyn_cast<ArrayAttr>(value)) {
    proto.set_type(pb::AttributeProto::STRINGS);
    for (Attribute element : list) {
      auto text = dyn_cast<StringAttr>(element);
      if (!text)
        return false;
      proto.add_strings(text.str());
    }
  } else {
    return false;
  }
  return true;
}

/// The opset to ask ONNX for: the module's, as long as the node's version is
/// the one that holds there (a node that came with a function may be older).
static int getOpset(edgecc::onnx::NodeOp node) {
  int version = static_cast<int>(node.getSinceVersion());
  auto module = node->getParentOfType<ModuleOp>();
  auto opsets =
      module ? module->getAttrOfType<DictionaryAttr>(edgecc::onnx::kOpsetsAttr)
             : DictionaryAttr();
  StringRef domain = node.getDomain().empty() ? "ai.onnx" : node.getDomain();
  auto opset = opsets ? opsets.getAs<IntegerAttr>(domain) : IntegerAttr();
  if (!opset)
    return version;
  const ::onnx::OpSchema *schema = ::onnx::OpSchemaRegistry::Schema(
      node.getOpType().str(), static_cast<int>(opset.getInt()),
      node.getDomain().str());
  if (!schema || schema->since_version() != version)
    return version;
  return static_cast<int>(opset.getInt());
}

/// The body that ONNX defines; false when there is none.
static bool getBody(edgecc::onnx::NodeOp node, const pb::NodeProto &proto,
                    pb::FunctionProto &function) {
  int opset = getOpset(node);
  const ::onnx::OpSchema *schema =
      ::onnx::OpSchemaRegistry::Schema(proto.op_type(), opset, proto.domain());
  if (!schema)
    return false;
  if (schema->HasFunction()) {
    const pb::FunctionProto *body = schema->GetFunction(opset);
    if (!body)
      return false;
    function = *body;
    return true;
  }
  if (!schema->HasContextDependentFunction())
    return false;
  std::vector<pb::TypeProto> types(proto.input_size());
  for (auto [index, input] : llvm::enumerate(node.getInputs()))
    convertType(input.getType(), types[index]);
  ::onnx::FunctionBodyBuildContextImpl context(proto, types);
  return schema->BuildContextDependentFunction(context, function, opset);
}

/// A body of another domain may use the default one without importing it.
static void addDefaultOpset(edgecc::onnx::NodeOp node,
                            pb::FunctionProto &function) {
  auto module = node->getParentOfType<ModuleOp>();
  if (!module || getOpsets(function).count(""))
    return;
  auto opsets =
      module->getAttrOfType<DictionaryAttr>(edgecc::onnx::kOpsetsAttr);
  auto opset = opsets ? opsets.getAs<IntegerAttr>("ai.onnx") : IntegerAttr();
  if (!opset)
    return;
  pb::OperatorSetIdProto *import = function.add_opset_import();
  import->set_domain("");
  import->set_version(opset.getInt());
}

/// Users that state the type of what they return follow the new value.
static void replaceResult(Value from, Value to) {
  // What inference knows of the call may be more than it knows of the body.
  if (auto node = to.getDefiningOp<edgecc::onnx::NodeOp>())
    if (isa<edgecc::onnx::UnknownType, UnrankedTensorType>(to.getType()))
      to.setType(from.getType());
  bool isReturned = llvm::any_of(from.getUsers(), [](Operation *user) {
    return isa<func::ReturnOp>(user);
  });
  auto function = from.getParentRegion()->getParentOfType<func::FuncOp>();
  from.replaceAllUsesWith(to);
  if (!isReturned || !function)
    return;
  Operation *terminator = function.getBody().front().getTerminator();
  function.setType(FunctionType::get(from.getContext(),
                                     function.getArgumentTypes(),
                                     terminator->getOperandTypes()));
}

LogicalResult edgecc::inlineFunctionBody(edgecc::onnx::NodeOp node) {
  if (node->getNumRegions())
    return failure();
  pb::NodeProto proto;
  proto.set_name(node.getNodeName().str());
  proto.set_op_type(node.getOpType().str());
  proto.set_domain(node.getDomain().str());
  for (unsigned i = 0; i < node.getInputs().size(); ++i)
    proto.add_input(node.isAbsent(i) ? "" : "i" + std::to_string(i));
  for (auto [index, output] : llvm::enumerate(node.getOutputs()))
    proto.add_output(
        isa<NoneType>(output.getType()) ? "" : "o" + std::to_string(index));
  for (NamedAttribute attribute : node.getOnnxAttributes())
    if (!convertAttribute(attribute, *proto.add_attribute()))
      return failure();

  pb::FunctionProto function;
  try {
    if (!getBody(node, proto, function))
      return failure();
  } catch (const std::exception &) {
    // ONNX throws where it has no body for this version.
    return failure();
  }
  normalise(function);
  addDefaultOpset(node, function);
  // Optional attributes that are not set have the default of the schema.
  AttributeMap attributes;
  const ::onnx::OpSchema *schema = ::onnx::OpSchemaRegistry::Schema(
      proto.op_type(), static_cast<int>(node.getSinceVersion()),
      proto.domain());
  if (schema)
    for (const auto &[name, attribute] : schema->attributes())
      if (attribute.default_value.has_name())
        attributes[name] = &attribute.default_value;
  for (const pb::AttributeProto &attribute : proto.attribute())
    attributes[attribute.name()] = &attribute;

  MLIRContext *context = node.getContext();
  TensorReader tensors(context, "");
  GraphBuilder graphs(context, tensors, {});
  OpBuilder builder(node);
  SmallVector<Value> inputs(node.getInputs()), outputs;
  Operation *before = node->getPrevNode();
  bool built = false;
  {
    // A body that cannot be built counts as none.
    ScopedDiagnosticHandler silence(context,
                                    [](Diagnostic &) { return success(); });
    built = node.getOutputs().size() <=
                static_cast<size_t>(function.output_size()) &&
            succeeded(graphs.buildCall(
                builder, function, attributes, inputs, node.getOutputs().size(),
                node.getNodeName(), node.getLoc(), outputs));
  }
  for (auto [from, to] : llvm::zip(node.getOutputs(), outputs))
    built &= from.use_empty() || !isa<NoneType>(to.getType());
  if (!built) {
    while (node->getPrevNode() && node->getPrevNode() != before)
      node->getPrevNode()->erase();
    return failure();
  }
  for (auto [from, to] : llvm::zip(node.getOutputs(), outputs))
    replaceResult(from, to);
  node.erase();
  return success();
}
