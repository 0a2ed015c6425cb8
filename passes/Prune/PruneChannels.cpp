//===- PruneChannels.cpp - make channels useless ----------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Prune/ChannelGroups.h"
#include "passes/Prune/Passes.h"
#include "passes/Prune/Reconstruct.h"
#include "passes/Quantization/NoteLoss.h"
#include "passes/Quantization/SimulatedNetwork.h"

#include "llvm/Support/FormatVariadic.h"

#include <cmath>
#include <random>

namespace edgecc::prune {
#define GEN_PASS_DEF_PRUNECHANNELS
#include "passes/Prune/Passes.h.inc"
} // namespace edgecc::prune

using namespace mlir;
using namespace edgecc;
using namespace edgecc::edge;
using namespace edgecc::prune;

/// The share of its channels that every value keeps.
static constexpr double leastKept = 0.125;

namespace {

/// An operation that multiplies, and what is left of its channels.
struct Multiplier {
  Operation *op;
  double macs;
  /// Of the first operand and of the result; a depthwise convolution has the
  /// same on both sides, which count once.
  int64_t inputs, outputs, inputsKept, outputsKept;
  bool isDepthwise;

  double macsKept() const {
    double share = double(outputsKept) / double(outputs);
    return isDepthwise ? macs * share
                       : macs * share * double(inputsKept) / double(inputs);
  }
};

/// Chooses the groups of channels that go.
class ChannelBudget {
public:
  ChannelBudget(func::FuncOp function, const ChannelGroups &groups);

  /// Removes groups in the order of `costs` per multiplication until `share` of
  /// these are saved. The share that is saved: less than asked for if no more
  /// groups can go. Groups that cost NaN stay.
  double remove(ArrayRef<double> costs, double share);
  const llvm::BitVector &getRemoved() const { return removed; }

private:
  bool canRemove(int64_t group) const;
  /// Counts the channels of a group as `kept` or as gone.
  void count(int64_t group, bool kept);
  double macsKept() const;

  const ChannelGroups &groups;
  std::vector<Multiplier> multipliers;
  /// For each group, how many of the channels of multipliers (inputs, outputs)
  /// and values are in it.
  struct Use {
    size_t number;
    int64_t inputs, outputs;
  };
  std::vector<SmallVector<Use, 2>> uses;
  std::vector<SmallVector<std::pair<size_t, int64_t>, 4>> members;
  std::vector<int64_t> channelsKept;
  llvm::BitVector removed;
  /// Multiplications before anything is removed.
  double all = 0;
};

struct PruneChannels : edgecc::prune::impl::PruneChannelsBase<PruneChannels> {
  PruneChannels() = default;
  PruneChannels(double part, CalibratorPtr calibrator, int64_t rounds)
      : calibrator(std::move(calibrator)), rounds(rounds) {
    share = part;
  }

  void runOnOperation() override {
    ChannelGroups groups(getOperation());
    ChannelBudget budget(getOperation(), groups);
    for (Operation *op : groups.getProducts())
      if (std::optional<LayerWeights> layer = LayerWeights::get(op))
        layers.push_back(std::move(*layer));
    quantization::LossNote note(getOperation(), calibrator);
    std::vector<LayerWeights> whole(layers);
    double saved = 0;
    for (int64_t round = 1; round <= rounds; ++round) {
      if (failed(findMoments()) ||
          (round == 1 && calibrator && failed(findSensitivities())))
        return signalPassFailure();
      double part = double(round) / double(rounds);
      saved = budget.remove(findCosts(groups), share * part);
      if (round == rounds)
        break;
      for (auto [layer, origin, sums] : llvm::zip_equal(layers, whole, moments))
        write(layer, origin, sums, groups, budget.getRemoved());
    }
    if (saved + 1e-9 < share) {
      emitError(UnknownLoc::get(&getContext()))
          << llvm::formatv("cannot save {0:f1} % of the multiplications by "
                           "removing channels; {1:f1} % is the most",
                           share * 100, saved * 100)
                 .str();
      return signalPassFailure();
    }
    for (auto [layer, origin, sums] : llvm::zip_equal(layers, whole, moments))
      write(layer, origin, sums, groups, budget.getRemoved());
    if (failed(note.write(getOperation(), "removing channels", saved)))
      signalPassFailure();
  }

private:
  LogicalResult findMoments() {
    moments.resize(layers.size());
    sensitivities.resize(layers.size(), 1);
    if (!calibrator)
      return success();
    SmallVector<ProductInput> inputs;
    SmallVector<size_t> positions;
    for (auto [i, layer] : llvm::enumerate(layers)) {
      if (!layer.canRelate())
        continue;
      inputs.push_back(layer.getInput());
      positions.push_back(i);
    }
    if (inputs.empty())
      return calibrator->observe(getOperation());
    auto found = calibrator->findMoments(inputs);
    if (failed(found))
      return failure();
    for (auto [position, sums] : llvm::zip_equal(positions, *found))
      moments[position] = std::move(sums);
    return success();
  }

  /// What each input channel contributes to the products of a layer: the
  /// squares, as shares of all.
  std::vector<double> findParts(const LayerWeights &layer,
                                ArrayRef<double> sums) const {
    std::vector<double> parts(layer.channels, 0);
    double all = 0;
    for (int64_t i = 0; i < layer.size(); ++i) {
      int64_t row = i / layer.columns;
      double power = sums.empty() ? 1 : sums[row * layer.rows() + row];
      double part = power * layer.weights[i] * layer.weights[i];
      parts[row % layer.channels] += part;
      all += part;
    }
    for (double &part : parts)
      part = all > 0 ? part / all : 0;
    return parts;
  }

  /// Measures what the results of the network have to do with the products of
  /// each layer: by how much they differ without those of a few channels, and
  /// with weights that make good for them.
  LogicalResult findSensitivities() {
    SmallVector<Operation *> ops;
    for (const LayerWeights &layer : layers)
      ops.push_back(layer.getOperation());
    quantization::SimulatedNetwork network(getOperation(), ops);
    FailureOr<std::unique_ptr<Trial>> trial =
        calibrator->load(network.getFunction());
    if (failed(trial))
      return failure();
    for (auto [i, layer] : llvm::enumerate(layers)) {
      std::mt19937 random;
      quantization::LayerSettings settings;
      std::vector<float> &changed = settings.weights.emplace();
      constexpr float part = 0.1f;
      for (float weight : layer.weights)
        changed.push_back(random() % 2 ? weight * (1 + part)
                                       : weight * (1 - part));
      FailureOr<Loss> loss = (*trial)->measure(network.settings(i, settings));
      if (failed(loss))
        return failure();
      sensitivities[i] = loss->divergence * loss->divergence / (part * part);
    }
    return success();
  }

  /// What each group contributes to the products that read it, as shares of
  /// what all channels do, times how sensitive results are to these; NaN for
  /// groups that cannot go.
  std::vector<double> findCosts(const ChannelGroups &groups) const {
    std::vector<double> costs(groups.size(), NAN);
    llvm::DenseMap<Operation *, size_t> positions;
    for (auto [i, layer] : llvm::enumerate(layers))
      positions[layer.getOperation()] = i;
    llvm::BitVector fixed(unsigned(groups.size()));
    for (Operation *op : groups.getProducts()) {
      Value input = op->getOperand(0);
      auto position = positions.find(op);
      if (position == positions.end()) {
        // Weights of another type.
        for (Value value : {input, Value(op->getResult(0))})
          for (int64_t c = 0; c < channelsOf(value); ++c)
            fixed.set(unsigned(groups.groupOf(value, c)));
        continue;
      }
      const LayerWeights &layer = layers[position->second];
      ArrayRef<double> sums = moments[position->second];
      double sensitivity = sensitivities[position->second];
      for (auto [c, part] : llvm::enumerate(findParts(layer, sums))) {
        double &cost = costs[groups.groupOf(input, int64_t(c))];
        cost = (std::isnan(cost) ? 0 : cost) + sensitivity * part;
      }
    }
    for (int64_t group = 0; group < groups.size(); ++group)
      if (groups.isPinned(group) || fixed.test(unsigned(group)))
        costs[group] = NAN;
    return costs;
  }

  /// Makes the weights of a layer zero that read some channels, and others make
  /// good for them. False if there are none.
  static bool drop(LayerWeights &layer, ArrayRef<double> sums,
                   llvm::function_ref<bool(int64_t)> isGone) {
    llvm::BitVector dropped(unsigned(layer.size()));
    for (int64_t i = 0; i < layer.size(); ++i)
      dropped[unsigned(i)] = isGone(i / layer.columns % layer.channels);
    if (dropped.none())
      return false;
    if (!sums.empty())
      reconstruct(layer, dropped, sums);
    for (unsigned element : dropped.set_bits())
      layer.weights[element] = 0;
    return true;
  }

  /// Makes the weights of a layer, which were those of `origin`, zero that read
  /// what is removed.
  void write(LayerWeights &layer, const LayerWeights &origin,
             ArrayRef<double> sums, const ChannelGroups &groups,
             const llvm::BitVector &removed) const {
    Value input = layer.getOperation()->getOperand(0);
    layer.weights = origin.weights;
    bool isChanged = drop(layer, sums, [&](int64_t c) {
      return removed.test(unsigned(groups.groupOf(input, c)));
    });
    // Channels of a round before may have come back.
    if (isChanged || rounds > 1)
      layer.write();
  }

  CalibratorPtr calibrator;
  std::vector<LayerWeights> layers;
  /// Of the inputs of the layers; empty where they are not known.
  std::vector<std::vector<double>> moments;
  /// The square of the difference of the results for each share of the squares
  /// of the products of a layer; 1 where nothing is known.
  std::vector<double> sensitivities;
  int64_t rounds = 1;
};

} // namespace

ChannelBudget::ChannelBudget(func::FuncOp function, const ChannelGroups &groups)
    : groups(groups), uses(groups.size()), members(groups.size()),
      removed(unsigned(groups.size())) {
  function.walk([&](Operation *op) {
    bool isDepthwise = prune::isDepthwise(op);
    if (!isProduct(op) && !isDepthwise)
      return;
    auto conv = dyn_cast<ConvOp>(op);
    int64_t macs = conv ? conv.getMacs() : cast<MatMulOp>(op).getMacs();
    int64_t inputs = channelsOf(op->getOperand(0));
    int64_t outputs = channelsOf(op->getResult(0));
    llvm::DenseMap<int64_t, Use> own;
    auto useOf = [&](Value value, int64_t c) -> Use & {
      return own
          .try_emplace(groups.groupOf(value, c), Use{multipliers.size(), 0, 0})
          .first->second;
    };
    for (int64_t c = 0; c < inputs && !isDepthwise; ++c)
      ++useOf(op->getOperand(0), c).inputs;
    for (int64_t c = 0; c < outputs; ++c)
      ++useOf(op->getResult(0), c).outputs;
    for (const auto &[group, use] : own)
      uses[group].push_back(use);
    multipliers.push_back(
        {op, double(macs), inputs, outputs, inputs, outputs, isDepthwise});
  });
  for (auto [number, value] : llvm::enumerate(groups.getValues())) {
    channelsKept.push_back(channelsOf(value));
    llvm::DenseMap<int64_t, int64_t> own;
    for (int64_t c = 0; c < channelsOf(value); ++c)
      ++own[groups.groupOf(value, c)];
    for (auto [group, count] : own)
      members[group].push_back({number, count});
  }
  all = macsKept();
}

bool ChannelBudget::canRemove(int64_t group) const {
  return llvm::all_of(members[group], [&](auto member) {
    auto [number, count] = member;
    double all = double(channelsOf(groups.getValues()[number]));
    return double(channelsKept[number] - count) >=
           std::max(1.0, leastKept * all);
  });
}

void ChannelBudget::count(int64_t group, bool kept) {
  int64_t sign = kept ? 1 : -1;
  for (const Use &use : uses[group]) {
    multipliers[use.number].inputsKept += sign * use.inputs;
    multipliers[use.number].outputsKept += sign * use.outputs;
  }
  for (auto [number, channels] : members[group])
    channelsKept[number] += sign * channels;
}

double ChannelBudget::macsKept() const {
  double sum = 0;
  for (const Multiplier &multiplier : multipliers)
    sum += multiplier.macsKept();
  return sum;
}

double ChannelBudget::remove(ArrayRef<double> costs, double share) {
  SmallVector<std::pair<double, int64_t>> order;
  for (int64_t group = 0; group < groups.size(); ++group) {
    if (std::isnan(costs[group]) || removed.test(unsigned(group)))
      continue;
    double saved = 0;
    for (const Use &use : uses[group]) {
      const Multiplier &multiplier = multipliers[use.number];
      saved +=
          multiplier.macs * (double(use.inputs) / double(multiplier.inputs) +
                             double(use.outputs) / double(multiplier.outputs));
    }
    if (saved > 0)
      order.emplace_back(costs[group] / saved, group);
  }
  llvm::sort(order);
  // Some channels come back for the widths; then more than is asked for goes.
  const auto *next = order.begin();
  double goal = (1 - share) * all, kept = all;
  for (double aim = goal;; aim -= kept - goal) {
    for (; next != order.end() && macsKept() > aim; ++next) {
      if (!canRemove(next->second))
        continue;
      removed.set(unsigned(next->second));
      count(next->second, /*kept=*/false);
    }
    llvm::BitVector rounded = removed;
    groups.keepWidths(rounded, costs);
    llvm::BitVector back = removed;
    back.reset(rounded);
    for (unsigned group : back.set_bits())
      count(group, /*kept=*/true);
    kept = macsKept();
    if (kept <= goal || next == order.end()) {
      removed = std::move(rounded);
      return all > 0 ? 1 - kept / all : 0;
    }
    for (unsigned group : back.set_bits())
      count(group, /*kept=*/false);
  }
}

std::unique_ptr<Pass>
edgecc::prune::createPruneChannelsPass(double share, CalibratorPtr calibrator,
                                       int64_t rounds) {
  return std::make_unique<PruneChannels>(share, std::move(calibrator), rounds);
}
