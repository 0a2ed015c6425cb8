//===- Bounded.cpp - a model at several sizes --------------------*- C++
//-*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/import/ImportImpl.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::importer;

/// Calls `visit` with `graph` and the graphs that its nodes hold.
static void
visitGraphs(const pb::GraphProto &graph,
            llvm::function_ref<void(const pb::GraphProto &)> visit) {
  visit(graph);
  for (const pb::NodeProto &node : graph.node())
    for (const pb::AttributeProto &attribute : node.attribute()) {
      if (attribute.has_g())
        visitGraphs(attribute.g(), visit);
      for (const pb::GraphProto &inner : attribute.graphs())
        visitGraphs(inner, visit);
    }
}

/// The same for each value that a graph of `model` computes and that has a
/// type.
static void
visitValues(const pb::ModelProto &model,
            llvm::function_ref<void(const pb::ValueInfoProto &)> visit) {
  visitGraphs(model.graph(), [&](const pb::GraphProto &graph) {
    for (const auto *values : {&graph.output(), &graph.value_info()})
      for (const pb::ValueInfoProto &value : *values)
        visit(value);
  });
}

static std::vector<std::string> namesOf(const pb::ValueInfoProto &value) {
  std::vector<std::string> names;
  for (const auto &dim : value.type().tensor_type().shape().dim())
    names.push_back(dim.dim_param());
  return names;
}

DimensionNames importer::getDimensionNames(pb::ModelProto &model) {
  DimensionNames names;
  for (pb::ValueInfoProto *input : getRuntimeInputs(*model.mutable_graph()))
    names.inputs.push_back(namesOf(*input));
  visitValues(model, [&](const pb::ValueInfoProto &value) {
    names.values[value.name()] = namesOf(value);
  });
  return names;
}

DictionaryAttr importer::getOpenDimensions(const pb::ModelProto &model,
                                           const DimensionNames &names,
                                           Builder &builder) {
  NamedAttrList result;
  visitValues(model, [&](const pb::ValueInfoProto &value) {
    auto declared = names.values.find(value.name());
    SmallVector<std::string> own;
    const auto &dims = value.type().tensor_type().shape().dim();
    for (int i = 0; i < dims.size(); ++i) {
      std::string &name = own.emplace_back();
      if (dims[i].has_dim_value())
        continue;
      if (declared != names.values.end() &&
          i < static_cast<int>(declared->second.size()))
        name = declared->second[i];
      if (name.empty())
        name = value.name() + "." + std::to_string(i);
    }
    SmallVector<StringRef> views(own.begin(), own.end());
    if (!value.name().empty() &&
        llvm::any_of(views, [](StringRef name) { return !name.empty(); }))
      result.set(value.name(), builder.getStrArrayAttr(views));
  });
  return result.getDictionary(builder.getContext());
}

bool importer::isComputedDimension(const pb::ModelProto &model,
                                   StringRef symbol) {
  bool isKnown = false;
  visitValues(model, [&](const pb::ValueInfoProto &value) {
    isKnown |= llvm::is_contained(namesOf(value), symbol);
  });
  std::pair<StringRef, StringRef> parts = symbol.rsplit('.');
  unsigned dim;
  if (isKnown || parts.second.getAsInteger(10, dim))
    return isKnown;
  visitGraphs(model.graph(), [&](const pb::GraphProto &graph) {
    for (const pb::NodeProto &node : graph.node())
      isKnown |= llvm::is_contained(node.output(), parts.first);
  });
  return isKnown;
}

/// Keeps the names of the bounded dimensions at the arguments.
static void nameDimensions(func::FuncOp main, const DimensionNames &names,
                           const ImportOptions &options) {
  Builder builder(main.getContext());
  for (auto [index, own] : llvm::enumerate(names.inputs)) {
    SmallVector<StringRef> bounded;
    for (const std::string &name : own)
      bounded.push_back(options.bounds.count(name) ? StringRef(name) : "");
    if (llvm::any_of(bounded, [](StringRef name) { return !name.empty(); }))
      main.setArgAttr(index, edgecc::onnx::kDimParamsAttr,
                      builder.getStrArrayAttr(bounded));
  }
}

/// Sizes to compare the largest one with. What changes in one direction with a
/// size, and is the same at the least and at the largest one, is the same at
/// all; a size of one is left to the end, for it broadcasts.
static SmallVector<int64_t> chooseSizes(int64_t least, int64_t most) {
  SmallVector<int64_t> sizes;
  auto add = [&](int64_t size) {
    if (size != most && !llvm::is_contained(sizes, size))
      sizes.push_back(size);
  };
  if (most > 2) {
    least = std::max<int64_t>(least, 2);
    for (int64_t size : {least, most - 1, (least + most) / 2})
      add(size);
  }
  while (sizes.size() < 2)
    add(most + 1 + sizes.size());
  return sizes;
}

OwningOpRef<ModuleOp> importer::importBounded(
    const ImportOptions &options,
    llvm::function_ref<OwningOpRef<ModuleOp>(const ImportOptions &,
                                             DimensionNames &)>
        import) {
  ImportOptions largest = options;
  for (const auto &[symbol, range] : options.bounds)
    largest.dims[symbol] = range.second;
  DimensionNames names;
  OwningOpRef<ModuleOp> module = import(largest, names);
  if (!module)
    return {};
  Builder builder(module->getContext());
  nameDimensions(module->lookupSymbol<func::FuncOp>("main"), names, options);
  NamedAttrList bounds, computed;
  for (const auto &[symbol, range] : options.bounds) {
    bool isGiven = llvm::any_of(names.inputs, [&, &symbol = symbol](auto &own) {
      return llvm::is_contained(own, symbol);
    });
    (isGiven ? bounds : computed)
        .set(symbol, builder.getDenseI64ArrayAttr({range.first, range.second}));
    // The network is the same whatever it computes.
    if (!isGiven)
      continue;
    SmallVector<int64_t> others = chooseSizes(range.first, range.second);
    if (options.bounds.size() == 1 && range.first <= 1 && range.second > 1)
      others.push_back(1);
    for (int64_t size : others) {
      ImportOptions other = largest;
      other.dims[symbol] = size;
      OwningOpRef<ModuleOp> instance = import(other, names);
      if (!instance)
        return {};
      auto function = instance->lookupSymbol<func::FuncOp>("main");
      NamedAttrList sizes;
      for (const auto &entry : other.dims)
        sizes.set(entry.getKey(), builder.getI64IntegerAttr(entry.second));
      function->setAttr("edge.sizes",
                        sizes.getDictionary(module->getContext()));
      function.setSymName(
          "main_at_" +
          std::to_string(module->getBody()->getOperations().size()));
      // The network for one slice of a batch has no other to agree with.
      if (size == 1)
        function->setAttr("edge.slice", builder.getUnitAttr());
      function->remove();
      module->push_back(function);
    }
  }
  if (!bounds.empty())
    (*module)->setAttr("edge.bounds",
                       bounds.getDictionary(module->getContext()));
  if (!computed.empty())
    (*module)->setAttr(edgecc::onnx::kBoundsAttr,
                       computed.getDictionary(module->getContext()));
  return module;
}
