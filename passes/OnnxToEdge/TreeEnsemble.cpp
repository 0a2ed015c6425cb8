//===- TreeEnsemble.cpp - decision trees of ai.onnx.ml ----------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// All trees are walked at once: a tensor (N, trees) holds the node that each
// sample has reached in each tree, and one step of a loop moves them all. A
// leaf leads to itself.
//
//===----------------------------------------------------------------------===//

#include "passes/OnnxToEdge/ControlFlow.h"
#include "passes/OnnxToEdge/MachineLearning.h"
#include "llvm/ADT/StringSwitch.h"
#include <cmath>
#include <map>

using namespace mlir;
using namespace edgecc;

namespace {

/// How a node compares a feature with its value; in ONNX's numbering.
enum Mode { Leq, Lt, Gte, Gt, Eq, Neq, Member, Leaf };

struct Node {
  int64_t feature = 0;
  float value = 0;
  Mode mode = Leaf;
  int64_t yes = 0, no = 0;
  bool missingIsTrue = false;
};

/// What the leaves of a tree give to one target.
enum class Aggregate { Average, Sum, Min, Max };

struct Forest {
  std::vector<Node> nodes;
  SmallVector<int64_t> roots;
  /// Per leaf: target and weight.
  std::map<int64_t, SmallVector<std::pair<int64_t, float>>> weights;
  int64_t targets = 1;
  Aggregate aggregate = Aggregate::Sum;
  SmallVector<float> base;

  /// The most steps from a root to a leaf; nothing for a cycle.
  std::optional<int64_t> depth() const;
};

} // namespace

std::optional<int64_t> Forest::depth() const {
  std::vector<char> seen(nodes.size(), 0);
  SmallVector<std::pair<int64_t, int64_t>> worklist;
  for (int64_t root : roots)
    worklist.push_back({root, 0});
  int64_t deepest = 0;
  while (!worklist.empty()) {
    auto [index, level] = worklist.pop_back_val();
    if (index < 0 || index >= int64_t(nodes.size()) ||
        level > int64_t(nodes.size()))
      return std::nullopt;
    deepest = std::max(deepest, level);
    const Node &node = nodes[index];
    if (node.mode == Leaf)
      continue;
    // A node is the child of one other, so a second visit is a cycle.
    if (seen[index]++)
      return std::nullopt;
    worklist.push_back({node.yes, level + 1});
    worklist.push_back({node.no, level + 1});
  }
  return deepest;
}

//===----------------------------------------------------------------------===//
// Walking
//===----------------------------------------------------------------------===//

/// The table of one field of the nodes.
template <typename T>
static SmallVector<T> column(const Forest &forest,
                             llvm::function_ref<T(const Node &)> field) {
  SmallVector<T> values;
  for (const Node &node : forest.nodes)
    values.push_back(field(node));
  return values;
}

/// Whether the features (N, trees) pass at the nodes `at`.
static Value createDecision(ConversionContext &ctx, const Forest &forest,
                            Value feature, Value at) {
  Builder &builder = ctx.getBuilder();
  int64_t count = forest.nodes.size();
  auto pick = [&](Value table) {
    return ctx.create<edge::GatherOp>(table, at, builder.getI64IntegerAttr(0));
  };
  Type type = getElementType(feature);
  Value value = pick(ctx.createFloats(
      column<float>(forest, [](const Node &n) { return n.value; }), {count},
      type));
  using P = edge::ComparePredicate;
  auto decide = [&](int64_t mode) -> Value {
    switch (mode) {
    case Leq:
      return compare(ctx, P::LE, feature, value);
    case Lt:
      return compare(ctx, P::LT, feature, value);
    case Gte:
      return compare(ctx, P::LE, value, feature);
    case Gt:
      return compare(ctx, P::LT, value, feature);
    case Eq:
      return compare(ctx, P::EQ, feature, value);
    default:
      return compare(ctx, P::NE, feature, value);
    }
  };
  SmallVector<int64_t> modes =
      column<int64_t>(forest, [](const Node &n) { return n.mode; });
  Value result;
  Value mode;
  for (int64_t kind : {Leq, Lt, Gte, Gt, Eq, Neq}) {
    if (!llvm::is_contained(modes, kind))
      continue;
    Value own = decide(kind);
    if (!result) {
      result = own;
      continue;
    }
    if (!mode)
      mode = pick(ctx.createInts(modes, {count}));
    result = ctx.create<edge::SelectOp>(
        compare(ctx, P::EQ, mode, ctx.createInts({kind}, {})), own, result);
  }
  if (!result)
    return {};
  SmallVector<int64_t> missing =
      column<int64_t>(forest, [](const Node &n) { return n.missingIsTrue; });
  if (llvm::is_contained(missing, 1)) {
    Value tracks = compare(ctx, P::NE, pick(ctx.createInts(missing, {count})),
                           ctx.createInts({0}, {}));
    result = ctx.create<edge::OrOp>(
        result,
        ctx.create<edge::AndOp>(tracks, ctx.create<edge::IsNanOp>(feature)));
  }
  return result;
}

/// The leaves (N, trees) that the samples `x` (N, features) reach.
static FailureOr<Value> createWalk(ConversionContext &ctx, const Forest &forest,
                                   Value x, int64_t depth) {
  Builder &builder = ctx.getBuilder();
  int64_t count = forest.nodes.size(), trees = forest.roots.size();
  int64_t samples = getShape(x)[0];
  Value start =
      ctx.broadcast(ctx.createInts(forest.roots, {1, trees}), {samples, trees});
  if (depth == 0)
    return start;
  auto table = [&](llvm::function_ref<int64_t(const Node &)> field) {
    return ctx.createInts(column<int64_t>(forest, field), {count});
  };
  Value features = table([](const Node &n) { return n.feature; });
  Value yes = table([](const Node &n) { return n.yes; });
  Value no = table([](const Node &n) { return n.no; });
  LoopBounds bounds;
  bounds.maxTrips = depth;
  auto body = [&](Value, ArrayRef<Value> state) -> FailureOr<LoopStep> {
    Value at = state.front();
    auto pick = [&](Value values) {
      return ctx.create<edge::GatherOp>(values, at,
                                        builder.getI64IntegerAttr(0));
    };
    Value feature = ctx.create<edge::GatherElementsOp>(
        x, pick(features), builder.getI64IntegerAttr(1));
    Value decision = createDecision(ctx, forest, feature, at);
    LoopStep step;
    step.carried.push_back(
        ctx.create<edge::SelectOp>(decision, pick(yes), pick(no)));
    return step;
  };
  auto results = createLoop(ctx, bounds, {start}, body);
  if (failed(results))
    return failure();
  return results->front();
}

/// What the forest gives for `x`: (N, targets), without a transform.
static FailureOr<Value> createForest(ConversionContext &ctx,
                                     const Forest &forest, Value x) {
  std::optional<int64_t> depth = forest.depth();
  if (!depth)
    return ctx.error() << "has nodes that are no trees";
  int64_t width = getShape(x).back();
  for (const Node &node : forest.nodes)
    if (node.feature < 0 || node.feature >= width)
      return ctx.error() << "looks at feature " << node.feature << " of "
                         << width;
  FailureOr<Value> leaves = createWalk(ctx, forest, x, *depth);
  if (failed(leaves))
    return failure();

  // A target that a leaf says nothing about counts as nothing.
  bool isExtremum =
      forest.aggregate == Aggregate::Min || forest.aggregate == Aggregate::Max;
  float nothing = !isExtremum                          ? 0
                  : forest.aggregate == Aggregate::Min ? kInfinity
                                                       : -kInfinity;
  int64_t count = forest.nodes.size(), targets = forest.targets;
  SmallVector<float> table(count * targets, nothing);
  for (const auto &[leaf, weights] : forest.weights)
    for (auto [target, weight] : weights) {
      if (target < 0 || target >= targets)
        return ctx.error() << "has target " << target << " of " << targets;
      float &entry = table[leaf * targets + target];
      entry = isExtremum ? weight : entry + weight;
    }
  Type type = getElementType(x);
  Value picked = ctx.create<edge::GatherOp>(
      ctx.createFloats(table, {count, targets}, type), *leaves,
      ctx.getBuilder().getI64IntegerAttr(0));
  auto kind = forest.aggregate == Aggregate::Min   ? edge::ReduceKind::Min
              : forest.aggregate == Aggregate::Max ? edge::ReduceKind::Max
                                                   : edge::ReduceKind::Sum;
  Value result = ctx.create<edge::ReduceOp>(kind, picked, ValueRange(),
                                            SmallVector<int64_t>{1});
  result = ctx.reshape(result, {getShape(x)[0], targets});
  if (isExtremum)
    result = ctx.create<edge::SelectOp>(ctx.create<edge::IsInfOp>(result),
                                        scalar(ctx, result, 0), result);
  if (forest.aggregate == Aggregate::Average)
    result = scale(ctx, result, 1.0 / forest.roots.size());
  if (int64_t(forest.base.size()) == targets)
    result = ctx.create<edge::AddOp>(
        result, ctx.createFloats(forest.base, {targets}, type));
  return result;
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

/// The list that attribute `name` or, as a tensor, `name`_as_tensor holds.
static SmallVector<float> readFloatList(ConversionContext &ctx,
                                        StringRef name) {
  if (ElementsAttr tensor =
          ctx.getNode().getTensor((name + "_as_tensor").str()))
    if (auto values = readFloats(tensor))
      return *values;
  return SmallVector<float>(ctx.getNode().getFloats(name));
}

static std::optional<Mode> readMode(StringRef name) {
  return llvm::StringSwitch<std::optional<Mode>>(name)
      .Case("BRANCH_LEQ", Leq)
      .Case("BRANCH_LT", Lt)
      .Case("BRANCH_GTE", Gte)
      .Case("BRANCH_GT", Gt)
      .Case("BRANCH_EQ", Eq)
      .Case("BRANCH_NEQ", Neq)
      .Case("BRANCH_MEMBER", Member)
      .Case("LEAF", Leaf)
      .Default(std::nullopt);
}

/// The nodes of versions 1 and 3, where names of trees and nodes connect them;
/// `prefix` is "target" or "class".
static FailureOr<Forest> readNamedForest(ConversionContext &ctx,
                                         StringRef prefix) {
  onnx::NodeOp op = ctx.getNode();
  ArrayRef<int64_t> trees = op.getInts("nodes_treeids");
  ArrayRef<int64_t> ids = op.getInts("nodes_nodeids");
  ArrayRef<int64_t> features = op.getInts("nodes_featureids");
  ArrayRef<int64_t> yes = op.getInts("nodes_truenodeids");
  ArrayRef<int64_t> no = op.getInts("nodes_falsenodeids");
  ArrayRef<int64_t> missing = op.getInts("nodes_missing_value_tracks_true");
  SmallVector<float> values = readFloatList(ctx, "nodes_values");
  SmallVector<StringRef> modes = op.getStrings("nodes_modes");
  size_t count = ids.size();
  for (size_t size : {trees.size(), features.size(), yes.size(), no.size(),
                      values.size(), modes.size()})
    if (size != count || count == 0)
      return ctx.error() << "has attributes of different lengths for its nodes";
  Forest forest;
  std::map<std::pair<int64_t, int64_t>, int64_t> places;
  for (size_t i = 0; i < count; ++i) {
    if (i == 0 || trees[i] != trees[i - 1])
      forest.roots.push_back(i);
    places[{trees[i], ids[i]}] = i;
  }
  auto place = [&](int64_t tree, int64_t id) {
    auto it = places.find({tree, id});
    return it == places.end() ? -1 : it->second;
  };
  for (size_t i = 0; i < count; ++i) {
    Node node;
    std::optional<Mode> mode = readMode(modes[i]);
    if (!mode || *mode == Member)
      return ctx.unsupportedAttribute("nodes_modes", modes[i],
                                      "a comparison or LEAF");
    node.mode = *mode;
    node.yes = node.no = i;
    if (*mode != Leaf) {
      node.feature = features[i];
      node.value = values[i];
      node.yes = place(trees[i], yes[i]);
      node.no = place(trees[i], no[i]);
      node.missingIsTrue = i < missing.size() && missing[i];
    }
    forest.nodes.push_back(node);
  }
  auto list = [&](StringRef name) {
    return op.getInts((prefix + "_" + name).str());
  };
  ArrayRef<int64_t> leafTrees = list("treeids"), leafIds = list("nodeids"),
                    targets = list("ids");
  SmallVector<float> weights = readFloatList(ctx, (prefix + "_weights").str());
  if (leafTrees.size() != weights.size() || leafIds.size() != weights.size() ||
      targets.size() != weights.size())
    return ctx.error() << "has attributes of different lengths for its leaves";
  for (auto [tree, id, target, weight] :
       llvm::zip(leafTrees, leafIds, targets, weights))
    forest.weights[place(tree, id)].push_back({target, weight});
  if (forest.weights.count(-1))
    return ctx.error() << "gives weights to nodes that it does not have";
  forest.base = readFloatList(ctx, "base_values");
  StringRef aggregate = op.getString("aggregate_function", "SUM");
  forest.aggregate = llvm::StringSwitch<Aggregate>(aggregate)
                         .Case("AVERAGE", Aggregate::Average)
                         .Case("MIN", Aggregate::Min)
                         .Case("MAX", Aggregate::Max)
                         .Default(Aggregate::Sum);
  return forest;
}

/// The nodes of version 5, connected by their positions, with leaves in a list
/// of their own.
static FailureOr<Forest> readForest(ConversionContext &ctx) {
  onnx::NodeOp op = ctx.getNode();
  auto tensor = [&](StringRef name) {
    ElementsAttr attr = op.getTensor(name);
    std::optional<SmallVector<float>> values;
    if (attr)
      values = readFloats(attr);
    return values.value_or(SmallVector<float>());
  };
  ArrayRef<int64_t> features = op.getInts("nodes_featureids");
  ArrayRef<int64_t> yes = op.getInts("nodes_truenodeids");
  ArrayRef<int64_t> no = op.getInts("nodes_falsenodeids");
  ArrayRef<int64_t> yesLeaf = op.getInts("nodes_trueleafs");
  ArrayRef<int64_t> noLeaf = op.getInts("nodes_falseleafs");
  ArrayRef<int64_t> missing = op.getInts("nodes_missing_value_tracks_true");
  SmallVector<float> splits = tensor("nodes_splits");
  SmallVector<float> modes = tensor("nodes_modes");
  SmallVector<float> members = tensor("membership_values");
  size_t count = features.size();
  for (size_t size : {yes.size(), no.size(), yesLeaf.size(), noLeaf.size(),
                      splits.size(), modes.size()})
    if (size != count || count == 0)
      return ctx.error() << "has attributes of different lengths for its nodes";
  ArrayRef<int64_t> targets = op.getInts("leaf_targetids");
  SmallVector<float> weights = tensor("leaf_weights");
  if (targets.size() != weights.size())
    return ctx.error() << "has attributes of different lengths for its leaves";
  Forest forest;
  forest.roots.assign(op.getInts("tree_roots").begin(),
                      op.getInts("tree_roots").end());
  forest.targets = op.getI64("n_targets", 1);
  forest.aggregate = Aggregate(op.getI64("aggregate_function", 1));
  forest.nodes.resize(count + targets.size());
  for (auto [leaf, target] : llvm::enumerate(targets)) {
    Node &node = forest.nodes[count + leaf];
    node.yes = node.no = count + leaf;
    forest.weights[count + leaf].push_back({target, weights[leaf]});
  }
  ArrayRef<float> rest = members;
  for (size_t i = 0; i < count; ++i) {
    Node node;
    node.feature = features[i];
    node.value = splits[i];
    node.mode = Mode(int64_t(modes[i]));
    node.yes = yes[i] + (yesLeaf[i] ? count : 0);
    node.no = no[i] + (noLeaf[i] ? count : 0);
    node.missingIsTrue = i < missing.size() && missing[i];
    if (node.mode > Member)
      return ctx.error() << "has a node of mode " << int64_t(modes[i]);
    if (node.mode == Member) {
      // A chain of comparisons, one for each number up to the next NaN.
      SmallVector<float> set;
      while (!rest.empty() && !std::isnan(rest.front())) {
        set.push_back(rest.front());
        rest = rest.drop_front();
      }
      if (!rest.empty())
        rest = rest.drop_front();
      if (set.empty())
        return ctx.error() << "has a node with an empty set";
      node.mode = Eq;
      int64_t otherwise = node.no;
      while (set.size() > 1) {
        node.value = set.pop_back_val();
        node.no = otherwise;
        otherwise = forest.nodes.size();
        forest.nodes.push_back(node);
      }
      node.value = set.front();
      node.no = otherwise;
    }
    forest.nodes[i] = node;
  }
  return forest;
}

//===----------------------------------------------------------------------===//
// Operators
//===----------------------------------------------------------------------===//

static Converted convertTreeEnsemble(ConversionContext &ctx) {
  FailureOr<Value> x = readSamples(ctx);
  if (failed(x))
    return failure();
  FailureOr<Forest> forest = readForest(ctx);
  if (failed(forest))
    return failure();
  FailureOr<Value> result = createForest(ctx, *forest, *x);
  if (failed(result))
    return failure();
  static constexpr StringRef transforms[] = {"NONE", "SOFTMAX", "LOGISTIC",
                                             "SOFTMAX_ZERO", "PROBIT"};
  int64_t number = ctx.getNode().getI64("post_transform", 0);
  result = transformScores(ctx, *result,
                           transforms[number >= 0 && number < 5 ? number : 4]);
  if (failed(result))
    return failure();
  return SmallVector<Value>{*result};
}

static Converted convertTreeEnsembleRegressor(ConversionContext &ctx) {
  FailureOr<Value> x = readSamples(ctx);
  if (failed(x))
    return failure();
  FailureOr<Forest> forest = readNamedForest(ctx, "target");
  if (failed(forest))
    return failure();
  forest->targets = ctx.getNode().getI64("n_targets", 1);
  FailureOr<Value> result = createForest(ctx, *forest, *x);
  return regress(ctx, result);
}

static Converted convertTreeEnsembleClassifier(ConversionContext &ctx) {
  FailureOr<Value> x = readSamples(ctx);
  FailureOr<ClassLabels> labels =
      readClassLabels(ctx, "classlabels_int64s", "classlabels_strings");
  if (failed(x) || failed(labels))
    return failure();
  FailureOr<Forest> forest = readNamedForest(ctx, "class");
  if (failed(forest))
    return failure();
  int64_t classes = labels->numbers.size();
  // Two classes may come as one score.
  ArrayRef<int64_t> ids = ctx.getNode().getInts("class_ids");
  bool isBinary = classes == 2 && llvm::all_equal(ids);
  bool isPositive = true;
  for (auto &[leaf, weights] : forest->weights)
    for (auto &[target, weight] : weights) {
      isPositive &= weight >= 0;
      if (isBinary)
        target = 0;
    }
  forest->targets = isBinary ? 1 : classes;
  if (isBinary && forest->base.size() == 2)
    forest->base.erase(forest->base.begin());
  FailureOr<Value> scores = createForest(ctx, *forest, *x);
  if (failed(scores))
    return failure();
  return classify(ctx, *scores, *labels,
                  ctx.getNode().getString("post_transform", "NONE"),
                  isPositive);
}

void edgecc::registerTreeEnsembleConverters(ConverterTable &table) {
  auto add = [&](StringRef name, ConvertFn convert) {
    table.add(name, convert, 1, ConverterTable::kNewest, kMlDomain);
  };
  add("TreeEnsemble", convertTreeEnsemble);
  add("TreeEnsembleClassifier", convertTreeEnsembleClassifier);
  add("TreeEnsembleRegressor", convertTreeEnsembleRegressor);
}
