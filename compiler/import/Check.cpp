//===- Check.cpp - is it a valid model? --------------------------*- C++
//-*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The walk over graphs is ours and the checks of the parts are the ONNX
// library's. Its own walk refuses what we have to let through: unknown and
// experimental operators (the conversion to `edge` lists all of them in one
// go), external data behind links that stay inside the folder, main inputs
// without a shape. It also prints to standard output.
//
//===----------------------------------------------------------------------===//

#include "compiler/import/ImportImpl.h"
#include "mlir/IR/Diagnostics.h"
#include "onnx/checker.h"
#include "onnx/common/constants.h"
#include "onnx/defs/schema.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::importer;

//===----------------------------------------------------------------------===//
// Normal form
//===----------------------------------------------------------------------===//

namespace {
constexpr llvm::StringLiteral kDefaultDomain = "ai.onnx";

void normaliseGraph(pb::GraphProto &graph);

void normaliseNode(pb::NodeProto &node) {
  for (pb::AttributeProto &attribute : *node.mutable_attribute())
    if (attribute.has_g())
      normaliseGraph(*attribute.mutable_g());
  if (node.domain() == kDefaultDomain)
    node.clear_domain();
  // The library's inference takes another default than its schema states.
  if (node.op_type() == "STFT" && node.domain().empty() &&
      llvm::none_of(node.attribute(), [](const pb::AttributeProto &attribute) {
        return attribute.name() == "onesided";
      })) {
    pb::AttributeProto &attribute = *node.add_attribute();
    attribute.set_name("onesided");
    attribute.set_type(pb::AttributeProto::INT);
    attribute.set_i(1);
  }
  if (node.op_type() == "Einsum" && node.domain().empty())
    for (pb::AttributeProto &attribute : *node.mutable_attribute())
      llvm::erase_if(*attribute.mutable_s(), llvm::isSpace);
  if (!node.name().empty())
    return;
  // Never empty, so that every later message can name the node.
  std::string name = node.op_type();
  for (const std::string &output : node.output())
    if (!output.empty()) {
      name += ":" + output;
      break;
    }
  node.set_name(name);
}

/// Some exporters write -1 for an unknown dimension.
void normaliseType(pb::ValueInfoProto &value) {
  if (!value.type().has_tensor_type() ||
      !value.type().tensor_type().has_shape())
    return;
  for (auto &dim : *value.mutable_type()
                        ->mutable_tensor_type()
                        ->mutable_shape()
                        ->mutable_dim())
    if ((dim.has_dim_value() && dim.dim_value() < 0) ||
        (dim.has_dim_param() && dim.dim_param().empty()))
      dim.clear_value();
}

void normaliseGraph(pb::GraphProto &graph) {
  for (auto *values : {graph.mutable_input(), graph.mutable_output(),
                       graph.mutable_value_info()})
    for (pb::ValueInfoProto &value : *values)
      normaliseType(value);
}

template <typename Proto>
void normaliseOpsets(Proto &proto) {
  for (pb::OperatorSetIdProto &opset : *proto.mutable_opset_import())
    if (opset.domain() == kDefaultDomain)
      opset.set_domain("");
}

/// A domain in use without an opset counts as version 1; without operators of
/// its own the default domain is not needed either.
template <typename Proto>
void addMissingOpsets(
    Proto &proto, google::protobuf::RepeatedPtrField<pb::NodeProto> &nodes) {
  OpsetMap opsets = getOpsets(proto);
  forEachNode(nodes, [&](pb::NodeProto &node) {
    if (node.domain().empty() || !opsets.emplace(node.domain(), 1).second)
      return;
    pb::OperatorSetIdProto *opset = proto.add_opset_import();
    opset->set_domain(node.domain());
    opset->set_version(1);
  });
}

template <typename Proto>
OpsetMap collectOpsets(const Proto &proto) {
  OpsetMap opsets;
  for (const pb::OperatorSetIdProto &opset : proto.opset_import())
    opsets[opset.domain()] =
        static_cast<int>(std::clamp<int64_t>(opset.version(), 0, INT32_MAX));
  return opsets;
}
} // namespace

void importer::forEachNode(
    google::protobuf::RepeatedPtrField<pb::NodeProto> &nodes,
    llvm::function_ref<void(pb::NodeProto &)> visit) {
  for (pb::NodeProto &node : nodes) {
    visit(node);
    for (pb::AttributeProto &attribute : *node.mutable_attribute())
      if (attribute.has_g())
        forEachNode(*attribute.mutable_g()->mutable_node(), visit);
  }
}

OpsetMap importer::getOpsets(const pb::ModelProto &model) {
  return collectOpsets(model);
}

OpsetMap importer::getOpsets(const pb::FunctionProto &function) {
  return collectOpsets(function);
}

void importer::normalise(pb::FunctionProto &function) {
  if (function.domain() == kDefaultDomain)
    function.clear_domain();
  normaliseOpsets(function);
  forEachNode(*function.mutable_node(), normaliseNode);
  addMissingOpsets(function, *function.mutable_node());
}

void importer::normalise(pb::ModelProto &model) {
  normaliseOpsets(model);
  normaliseGraph(*model.mutable_graph());
  forEachNode(*model.mutable_graph()->mutable_node(), normaliseNode);
  addMissingOpsets(model, *model.mutable_graph()->mutable_node());
  for (pb::FunctionProto &function : *model.mutable_functions())
    normalise(function);
}

//===----------------------------------------------------------------------===//
// Checks
//===----------------------------------------------------------------------===//

namespace {
/// Names that a graph defines, on top of those of the graphs around it.
struct Names {
  const Names *outer = nullptr;
  llvm::StringSet<> here;

  bool has(StringRef name) const {
    return here.contains(name) || (outer && outer->has(name));
  }
};

/// Counts the nodes that a model has once its functions take the place of
/// their calls; a small file can make billions.
class NodeCounter {
public:
  static constexpr uint64_t kMaxNodes = 1 << 20;
  /// Of functions in functions and of graphs in nodes.
  static constexpr unsigned kMaxDepth = 256;

  NodeCounter(const pb::ModelProto &model, Location loc) : loc(loc) {
    for (const pb::FunctionProto &function : model.functions())
      functions[getFunctionId(function)].function = &function;
  }

  using Nodes = google::protobuf::RepeatedPtrField<pb::NodeProto>;
  FailureOr<uint64_t> count(const Nodes &nodes, unsigned depth = 0);

private:
  struct Entry {
    const pb::FunctionProto *function;
    std::optional<uint64_t> nodes;
    bool isOpen = false;
  };

  FailureOr<uint64_t> count(Entry &entry, unsigned depth);

  Location loc;
  llvm::StringMap<Entry> functions;
};

/// Whether an equation of Einsum has labels, "...", "," and "->" only. ONNX's
/// inference does not end, or reads beyond the shapes, for others.
bool isEquation(StringRef equation) {
  auto [operands, result] = equation.split("->");
  SmallVector<StringRef> terms;
  operands.split(terms, ',');
  terms.push_back(result);
  return llvm::all_of(terms, [](StringRef term) {
    auto [before, after] = term.split("...");
    return llvm::all_of((before + after).str(), llvm::isAlpha);
  });
}

class Checker {
public:
  Checker(const pb::ModelProto &model, StringRef path, MLIRContext *context)
      : model(model), path(path), context(context) {
    part.set_ir_version(static_cast<int>(model.ir_version()));
    part.set_model_dir(folderOf(path));
  }

  LogicalResult run();

private:
  static std::string folderOf(StringRef path) {
    size_t end = path.find_last_of('/');
    return end == StringRef::npos ? "" : path.take_front(end + 1).str();
  }

  LogicalResult checkVersions();
  LogicalResult checkOpset(const OpsetMap &opsets, const Twine &where);
  LogicalResult checkGraph(const pb::GraphProto &graph, const OpsetMap &opsets,
                           const Names *outer);
  LogicalResult checkInput(const pb::ValueInfoProto &input, bool isMain);
  LogicalResult checkInitializers(const pb::GraphProto &graph, Names &names);
  LogicalResult checkFunction(const pb::FunctionProto &function);
  LogicalResult
  checkNodes(const google::protobuf::RepeatedPtrField<pb::NodeProto> &nodes,
             const OpsetMap &opsets, Names &names);
  LogicalResult checkNode(const pb::NodeProto &node, const OpsetMap &opsets,
                          Names &names);

  /// Runs a check of the ONNX library; what it throws becomes one error.
  template <typename Check>
  LogicalResult guard(Location loc, const Twine &subject, Check check) {
    try {
      check();
      return success();
    } catch (const std::exception &e) {
      return emitError(loc) << subject << ": " << tidyMessage(e.what());
    }
  }

  const pb::ModelProto &model;
  StringRef path;
  MLIRContext *context;
  ::onnx::checker::CheckerContext part;
};
} // namespace

FailureOr<uint64_t> NodeCounter::count(const Nodes &nodes, unsigned depth) {
  if (depth > kMaxDepth)
    return emitError(loc) << "functions and graphs are nested more than "
                          << kMaxDepth << " deep";
  uint64_t total = nodes.size();
  auto add = [&](FailureOr<uint64_t> inner) -> LogicalResult {
    if (failed(inner))
      return failure();
    total += *inner;
    if (total > kMaxNodes)
      return emitError(loc) << "with its functions in place of their calls the "
                               "network has more than "
                            << kMaxNodes << " nodes";
    return success();
  };
  for (const pb::NodeProto &node : nodes) {
    for (const pb::AttributeProto &attribute : node.attribute())
      if (attribute.has_g() &&
          failed(add(count(attribute.g().node(), depth + 1))))
        return failure();
    auto it = functions.find(getFunctionId(node));
    if (it != functions.end() && failed(add(count(it->second, depth + 1))))
      return failure();
  }
  return total;
}

FailureOr<uint64_t> NodeCounter::count(Entry &entry, unsigned depth) {
  if (entry.nodes)
    return *entry.nodes;
  if (entry.isOpen)
    return emitError(loc) << "function '" << entry.function->name()
                          << "' calls itself, directly or by way of others";
  entry.isOpen = true;
  FailureOr<uint64_t> nodes = count(entry.function->node(), depth);
  if (succeeded(nodes))
    entry.nodes = *nodes;
  return nodes;
}

LogicalResult Checker::checkOpset(const OpsetMap &opsets, const Twine &where) {
  Location loc = nameLoc(context, path);
  auto opset = opsets.find("");
  if (opset == opsets.end())
    return success();
  const auto &known =
      ::onnx::OpSchemaRegistry::DomainToVersionRange::Instance().Map();
  int newest = known.at("").second;
  if (opset->second < kOldestOpset)
    return emitError(loc) << where << " imports opset " << opset->second
                          << " of ai.onnx, which cannot be converted to "
                          << kOldestOpset << ", the oldest supported";
  if (opset->second > newest)
    return emitError(loc) << where << " imports opset " << opset->second
                          << " of ai.onnx, the newest known is " << newest;
  return success();
}

LogicalResult Checker::checkVersions() {
  Location loc = nameLoc(context, path);
  if (model.ir_version() < 3)
    return emitError(loc) << "'" << path << "' has IR version "
                          << model.ir_version()
                          << ", the oldest supported is 3";
  if (model.ir_version() > pb::Version::IR_VERSION)
    return emitError(loc) << "'" << path << "' has IR version "
                          << model.ir_version() << ", the newest known is "
                          << static_cast<int>(pb::Version::IR_VERSION);
  if (model.opset_import().empty())
    return emitError(loc) << "'" << path << "' imports no opset";
  return checkOpset(getOpsets(model), "'" + path + "'");
}

LogicalResult Checker::checkInput(const pb::ValueInfoProto &input,
                                  bool isMain) {
  Location loc = nameLoc(context, input.name());
  if (input.name().empty())
    return emitError(loc) << "an input of the graph has no name";
  if (!isMain)
    return success();
  if (!input.has_type() ||
      input.type().value_case() == pb::TypeProto::VALUE_NOT_SET)
    return emitError(loc) << "input '" << input.name() << "' has no type";
  if (input.type().has_tensor_type() &&
      !convertElementType(input.type().tensor_type().elem_type(), context))
    return emitError(loc) << "input '" << input.name()
                          << "' has no known element type ("
                          << input.type().tensor_type().elem_type() << ")";
  return success();
}

LogicalResult Checker::checkInitializers(const pb::GraphProto &graph,
                                         Names &names) {
  llvm::StringSet<> seen;
  auto addName = [&](const std::string &name) -> LogicalResult {
    Location loc = nameLoc(context, name);
    if (name.empty())
      return emitError(loc) << "an initializer has no name";
    if (!seen.insert(name).second)
      return emitError(loc) << "initializer '" << name << "' appears twice";
    names.here.insert(name);
    return success();
  };
  for (const pb::TensorProto &tensor : graph.initializer()) {
    if (failed(addName(tensor.name())))
      return failure();
    // Files of external data are checked when they are read.
    if (tensor.data_location() == pb::TensorProto::EXTERNAL)
      continue;
    if (failed(guard(nameLoc(context, tensor.name()),
                     "initializer '" + tensor.name() + "'",
                     [&] { ::onnx::checker::check_tensor(tensor, part); })))
      return failure();
  }
  for (const pb::SparseTensorProto &tensor : graph.sparse_initializer()) {
    const std::string &name = tensor.values().name();
    if (failed(addName(name)) ||
        failed(guard(nameLoc(context, name), "initializer '" + name + "'", [&] {
          ::onnx::checker::check_sparse_tensor(tensor, part);
        })))
      return failure();
  }
  return success();
}

LogicalResult Checker::checkGraph(const pb::GraphProto &graph,
                                  const OpsetMap &opsets, const Names *outer) {
  Names names{outer, {}};
  for (const pb::ValueInfoProto &input : graph.input()) {
    if (failed(checkInput(input, /*isMain=*/!outer)))
      return failure();
    if (!names.here.insert(input.name()).second)
      return emitError(nameLoc(context, input.name()))
             << "two inputs have the name '" << input.name() << "'";
  }
  if (failed(checkInitializers(graph, names)) ||
      failed(checkNodes(graph.node(), opsets, names)))
    return failure();
  for (const pb::ValueInfoProto &output : graph.output())
    if (!names.has(output.name()))
      return emitError(nameLoc(context, output.name()))
             << "output '" << output.name()
             << "' of the graph is not computed by any node";
  if (!outer && graph.output().empty())
    return emitError(nameLoc(context, path))
           << "'" << path << "' has no outputs";
  return success();
}

LogicalResult Checker::checkNodes(
    const google::protobuf::RepeatedPtrField<pb::NodeProto> &nodes,
    const OpsetMap &opsets, Names &names) {
  for (const pb::NodeProto &node : nodes) {
    Location loc = nameLoc(context, node.name());
    if (node.op_type().empty())
      return emitError(loc) << "node '" << node.name() << "' has no operator";
    if (node.domain().empty() && !opsets.count(""))
      return emitError(loc) << describe(node, opsets)
                            << ": the model imports no opset of ai.onnx";
    for (const std::string &input : node.input())
      if (!input.empty() && !names.has(input))
        return emitError(loc)
               << describe(node, opsets) << ": input '" << input
               << "' is not an input or initializer of the graph nor the "
                  "output of an earlier node";
    if (failed(checkNode(node, opsets, names)))
      return failure();
    for (const std::string &output : node.output())
      if (!output.empty() && !names.here.insert(output).second)
        return emitError(loc) << describe(node, opsets) << ": output '"
                              << output << "' is already defined";
  }
  return success();
}

LogicalResult Checker::checkNode(const pb::NodeProto &node,
                                 const OpsetMap &opsets, Names &names) {
  Location loc = nameLoc(context, node.name());
  ::onnx::checker::LexicalScopeContext scope;
  for (const pb::AttributeProto &attribute : node.attribute()) {
    if (attribute.has_g()) {
      if (failed(checkGraph(attribute.g(), opsets, &names)))
        return failure();
    } else if (attribute.graphs_size()) {
      return emitError(loc)
             << describe(node, opsets) << ": attribute '" << attribute.name()
             << "' is a list of graphs, which is not supported";
    } else if (failed(guard(loc, describe(node, opsets), [&] {
                 ::onnx::checker::check_attribute(attribute, part, scope);
               }))) {
      return failure();
    } else if (node.op_type() == "Einsum" && node.domain().empty() &&
               attribute.name() == "equation" && !isEquation(attribute.s())) {
      return emitError(loc)
             << describe(node, opsets) << ": attribute 'equation' is '"
             << attribute.s() << "', which is no equation of Einsum";
    } else if (attribute.name() == "axis" && !llvm::isInt<32>(attribute.i())) {
      // ONNX's inference takes an axis as an int, unchecked.
      return emitError(loc)
             << describe(node, opsets) << ": attribute 'axis' is "
             << attribute.i() << ", which no tensor has";
    }
  }
  return guard(loc, describe(node, opsets), [&] {
    const ::onnx::OpSchema *schema = ::onnx::OpSchemaRegistry::Schema(
        node.op_type(), opsets.at(node.domain()), node.domain());
    if (!schema || schema->Deprecated())
      return;
    schema->Verify(node);
    for (int i = 0; i < node.input_size(); ++i) {
      const auto &formal =
          schema->inputs()[std::min<size_t>(i, schema->inputs().size() - 1)];
      if (node.input(i).empty() &&
          formal.GetOption() != ::onnx::OpSchema::Optional)
        throw std::runtime_error("input " + std::to_string(i) + " (" +
                                 formal.GetName() + ") is left out");
    }
  });
}

LogicalResult Checker::checkFunction(const pb::FunctionProto &function) {
  std::string where = "function '" + function.name() + "'";
  OpsetMap opsets = getOpsets(function);
  if (failed(checkOpset(opsets, where)))
    return failure();
  Names names;
  for (const std::string &input : function.input())
    if (!names.here.insert(input).second)
      return emitError(nameLoc(context, function.name()))
             << where << ": two inputs have the name '" << input << "'";
  if (failed(checkNodes(function.node(), opsets, names)))
    return failure();
  for (const std::string &output : function.output())
    if (!names.has(output))
      return emitError(nameLoc(context, function.name()))
             << where << ": output '" << output
             << "' is not computed by any node";
  return success();
}

LogicalResult Checker::run() {
  NodeCounter counter(model, nameLoc(context, path));
  if (failed(checkVersions()))
    return failure();
  for (const pb::FunctionProto &function : model.functions())
    if (failed(counter.count(function.node())))
      return failure();
  if (failed(counter.count(model.graph().node())))
    return failure();
  for (const pb::FunctionProto &function : model.functions())
    if (failed(checkFunction(function)))
      return failure();
  return checkGraph(model.graph(), getOpsets(model), nullptr);
}

LogicalResult importer::checkModel(const pb::ModelProto &model, StringRef path,
                                   MLIRContext *context) {
  return Checker(model, path, context).run();
}
