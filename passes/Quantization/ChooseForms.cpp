//===- ChooseForms.cpp - forms of layers that keep to a budget -*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Quantization/ChooseForms.h"
#include "passes/Quantization/FormPath.h"
#include "passes/Quantization/Parameters.h"
#include "passes/Quantization/TableForms.h"

#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/Sequence.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>

using namespace mlir;
using namespace edgecc;
using namespace edgecc::quantization;

namespace {

class FormChoice {
public:
  FormChoice(StaticQuantizer &quantizer, func::FuncOp function,
             Calibrator &calibrator, const PriceFn &price)
      : quantizer(quantizer), function(function), calibrator(calibrator),
        budget(calibrator.budget), price(price),
        layers(quantizer.getCandidates().contractions.size()) {
    for (LayerForm form : layerForms)
      if (isAllowed(form))
        forms.push_back(form);
    for (size_t i = 0; i < layers; ++i)
      sparser = std::max(sparser, quantizer.countSparser(i));
    for (LayerForm form : forms)
      for (unsigned fewer = 0; fewer <= sparser; ++fewer)
        choices.push_back({form, fewer});
  }

  FailureOr<NetworkForms> choose();

private:
  using Choices = SmallVector<LayerChoice>;

  bool isAllowed(LayerForm form) const;
  LayerChoice nearest(size_t layer, LayerChoice choice) const;
  OwningOpRef<ModuleOp> quantizedCopy(ArrayRef<LayerChoice> choices) const;
  FailureOr<NetworkPrice> priceOf(ArrayRef<LayerChoice> choices) const;
  FailureOr<double> lossOf(ArrayRef<LayerChoice> choices) const;
  LogicalResult findPrices();
  SmallVector<LayerPrice> takenBy(const NetworkPrice &network);
  LogicalResult findLosses();
  double costOf(const LayerPrice &price) const;
  bool isLimitedInSpace() const { return budget.bytes || budget.flash; }
  bool isWithin(const NetworkPrice &price) const;
  LogicalResult refuse(const Twine &what) const;
  std::string nameLimits() const;
  FailureOr<NetworkPrice> findLeast(ArrayRef<LayerChoice> choices);
  FailureOr<size_t> skipWhatTakesTooMuch(const FormPath &path);
  FailureOr<size_t> lastWithinLoss(const FormPath &path, size_t good) const;
  LogicalResult refuseLoss(const FormPath &path, size_t begin,
                           double loss) const;
  FailureOr<size_t> goAsFarAsLossAllows(const FormPath &path,
                                        size_t begin) const;
  LogicalResult correctMeans(ArrayRef<LayerChoice> chosen);
  Choices choicesAt(const FormPath &path, size_t position) const;
  void remark(ArrayRef<LayerChoice> chosen) const;

  StaticQuantizer &quantizer;
  func::FuncOp function;
  std::string name = function.getName().str();
  Calibrator &calibrator;
  const QuantizationBudget &budget;
  const PriceFn &price;
  size_t layers;
  /// The most numbers of weights with more zeros that a layer has.
  size_t sparser = 0;
  Choices choices;
  SmallVector<LayerForm> forms;
  bool isTimeKnown = true;
  unsigned tableBits = 32;
  /// By layer and choice.
  std::vector<SmallVector<std::optional<LayerPrice>>> prices;
  std::vector<SmallVector<double>> losses;
};

} // namespace

/// The name that a report of layers has for `op`.
static StringRef nameOfLayer(Operation *op) {
  auto named = op->getLoc()->findInstanceOf<NameLoc>();
  return named ? named.getName().getValue() : "";
}

bool FormChoice::isAllowed(LayerForm form) const {
  switch (budget.forms) {
  case FormsAllowed::All:
    return true;
  case FormsAllowed::Integers:
    return form == (calibrator.activationBits == 16 ? LayerForm::Int16
                                                    : LayerForm::Int8);
  case FormsAllowed::Real:
    return form == LayerForm::Real;
  }
  llvm_unreachable("unknown forms");
}

/// What a layer has in a network whose layers all are to have `choice`.
LayerChoice FormChoice::nearest(size_t layer, LayerChoice choice) const {
  if (!quantizer.allows(layer, {choice.form}))
    choice.form = LayerForm::Int8;
  if (!quantizer.allows(layer, choice))
    choice.sparser = 0;
  return choice;
}

OwningOpRef<ModuleOp>
FormChoice::quantizedCopy(ArrayRef<LayerChoice> choices) const {
  IRMapping mapping;
  OwningOpRef<ModuleOp> copy(
      cast<ModuleOp>(function->getParentOfType<ModuleOp>()->clone(mapping)));
  quantizer.quantize(Candidates(quantizer.getCandidates(), mapping), choices);
  if (tableBits < 32)
    quantizeTables(copy->lookupSymbol<func::FuncOp>(name), tableBits,
                   blockOfTable(tableBits));
  return copy;
}

FailureOr<NetworkPrice>
FormChoice::priceOf(ArrayRef<LayerChoice> choices) const {
  return price(*quantizedCopy(choices));
}

FailureOr<double> FormChoice::lossOf(ArrayRef<LayerChoice> choices) const {
  OwningOpRef<ModuleOp> copy = quantizedCopy(choices);
  FailureOr<std::unique_ptr<Trial>> trial =
      calibrator.load(copy->lookupSymbol<func::FuncOp>(name));
  if (failed(trial))
    return failure();
  FailureOr<Loss> loss = (*trial)->measure();
  if (failed(loss))
    return failure();
  return loss->share();
}

/// What layers take comes from networks whose layers all have one form, as far
/// as they can. With more zeros, bytes shrink as those of the layers there do.
LogicalResult FormChoice::findPrices() {
  prices.assign(layers, {});
  SmallVector<LayerPrice> dense;
  for (LayerChoice choice : choices) {
    Choices all;
    for (size_t i = 0; i < layers; ++i)
      all.push_back(nearest(i, choice));
    bool isThere = llvm::any_of(llvm::seq(layers), [&](size_t i) {
      return quantizer.allows(i, choice);
    });
    if (!isThere) {
      for (auto &found : prices)
        found.push_back(std::nullopt);
      continue;
    }
    FailureOr<NetworkPrice> network = priceOf(all);
    if (failed(network))
      return failure();
    SmallVector<LayerPrice> taken = takenBy(*network);
    if (choice.sparser == 0)
      dense = taken;
    for (size_t i = 0; i < layers; ++i) {
      std::optional<LayerPrice> &found = prices[i].emplace_back();
      if (!quantizer.allows(i, choice))
        continue;
      double left = dense[i].bytes > 0 ? taken[i].bytes / dense[i].bytes : 1;
      found = {quantizer.bytes(i, choice.form) * left, taken[i].microseconds};
    }
  }
  return success();
}

/// What contractions take in a compiled network. Several that follow each other
/// may be one layer there, which has the name of the first; each has an equal
/// share of its bytes and time.
SmallVector<LayerPrice> FormChoice::takenBy(const NetworkPrice &network) {
  ArrayRef<Operation *> contractions = quantizer.getCandidates().contractions;
  SmallVector<LayerPrice> taken(layers);
  SmallVector<size_t> begins;
  llvm::StringSet<> names;
  for (auto [i, op] : llvm::enumerate(contractions))
    if (network.layers.contains(nameOfLayer(op)) &&
        names.insert(nameOfLayer(op)).second)
      begins.push_back(i);
  for (auto [k, begin] : llvm::enumerate(begins)) {
    size_t end = k + 1 < begins.size() ? begins[k + 1] : layers;
    const LayerPrice &layer =
        network.layers.at(nameOfLayer(contractions[begin]));
    isTimeKnown &= layer.microseconds.has_value();
    auto count = double(end - begin);
    for (size_t i = begin; i < end; ++i)
      taken[i] = {layer.bytes / count, layer.microseconds.value_or(0) / count};
  }
  return taken;
}

/// Errors of rounding and of zeros have nothing to do with each other: their
/// squares add up.
LogicalResult FormChoice::findLosses() {
  SimulatedNetwork network(function, quantizer.getCandidates().contractions);
  FailureOr<std::unique_ptr<Trial>> trial =
      calibrator.load(network.getFunction());
  if (failed(trial))
    return failure();
  losses.assign(layers, {});
  for (size_t i = 0; i < layers; ++i) {
    auto measure = [&](LayerChoice choice) -> FailureOr<double> {
      if ((choice.form == LayerForm::Real && choice.sparser == 0) ||
          !quantizer.allows(i, choice))
        return 0.0;
      FailureOr<Loss> loss =
          (*trial)->measure(network.settings(i, quantizer.settings(i, choice)));
      if (failed(loss))
        return failure();
      return loss->divergence;
    };
    SmallVector<double> ofZeros{0};
    for (unsigned fewer = 1; fewer <= sparser; ++fewer) {
      FailureOr<double> loss = measure({LayerForm::Real, fewer});
      if (failed(loss))
        return failure();
      ofZeros.push_back(*loss);
    }
    for (LayerForm form : forms) {
      FailureOr<double> loss = measure({form});
      if (failed(loss))
        return failure();
      for (double other : ofZeros)
        losses[i].push_back(std::hypot(*loss, other));
    }
  }
  return success();
}

/// In the unit of what is limited. Without limits but that of the loss, it is
/// time.
double FormChoice::costOf(const LayerPrice &price) const {
  double cost = 0;
  for (std::optional<double> limit : {budget.bytes, budget.flash})
    if (limit)
      cost += price.bytes / std::max(*limit, 1.0);
  if (budget.microseconds)
    cost += *price.microseconds / std::max(*budget.microseconds, 1e-3);
  if (isLimitedInSpace() || budget.microseconds)
    return cost;
  return isTimeKnown ? *price.microseconds : price.bytes;
}

bool FormChoice::isWithin(const NetworkPrice &price) const {
  return (!budget.bytes || price.whole.bytes <= *budget.bytes) &&
         (!budget.flash || price.flash <= *budget.flash) &&
         (!budget.microseconds ||
          *price.whole.microseconds <= *budget.microseconds);
}

LogicalResult FormChoice::refuse(const Twine &what) const {
  return mlir::emitError(function->getLoc()) << what;
}

/// The flags that limit what the network takes.
std::string FormChoice::nameLimits() const {
  SmallVector<StringRef> names;
  if (budget.bytes)
    names.push_back("--max-bytes");
  if (budget.flash)
    names.push_back("--max-flash");
  if (budget.microseconds)
    names.push_back("--max-latency");
  return llvm::join(names, " and ");
}

/// In words, what a network takes.
static std::string describe(const NetworkPrice &network) {
  std::string text = llvm::formatv("{0:f0} bytes of constants, {1:f0} of flash",
                                   network.whole.bytes, network.flash)
                         .str();
  if (network.whole.microseconds)
    text += llvm::formatv(", {0:f1} us", *network.whole.microseconds).str();
  return text;
}

SmallVector<LayerChoice> FormChoice::choicesAt(const FormPath &path,
                                               size_t position) const {
  Choices chosen;
  for (unsigned choice : path.at(position))
    chosen.push_back(choices[choice]);
  return chosen;
}

/// What a network takes at least, with as few bits in its tables as it needs
/// to.
FailureOr<NetworkPrice> FormChoice::findLeast(ArrayRef<LayerChoice> chosen) {
  FailureOr<NetworkPrice> least = priceOf(chosen);
  for (unsigned bits : {8u, 4u}) {
    if (failed(least) || budget.forms == FormsAllowed::Real ||
        !isLimitedInSpace() || isWithin(*least))
      break;
    tableBits = bits;
    least = priceOf(chosen);
  }
  return least;
}

/// The first choice that keeps to the limits of bytes and time, which fall
/// along the path.
FailureOr<size_t> FormChoice::skipWhatTakesTooMuch(const FormPath &path) {
  if (!isLimitedInSpace() && !budget.microseconds)
    return size_t(0);
  size_t tooMuch = 0, enough = path.size() - 1;
  FailureOr<NetworkPrice> least = findLeast(choicesAt(path, enough));
  if (failed(least))
    return failure();
  if (budget.microseconds && !least->whole.microseconds)
    return refuse("--max-latency needs a CPU whose costs are known; see "
                  "--print-targets");
  if (!isWithin(*least))
    return refuse("cannot keep to " + nameLimits() +
                  "; the least that can be reached is " + describe(*least));
  FailureOr<NetworkPrice> first = priceOf(choicesAt(path, 0));
  if (failed(first))
    return failure();
  if (isWithin(*first))
    return size_t(0);
  while (enough - tooMuch > 1) {
    size_t middle = (tooMuch + enough) / 2;
    FailureOr<NetworkPrice> network = priceOf(choicesAt(path, middle));
    if (failed(network))
      return failure();
    (isWithin(*network) ? enough : tooMuch) = middle;
  }
  return enough;
}

/// The last choice that does not lose too much, of which `good` is one.
FailureOr<size_t> FormChoice::lastWithinLoss(const FormPath &path,
                                             size_t good) const {
  size_t bad = path.size() - 1;
  FailureOr<double> loss = lossOf(choicesAt(path, bad));
  if (failed(loss) || *loss <= *budget.loss)
    return failed(loss) ? FailureOr<size_t>(failure()) : bad;
  while (bad - good > 1) {
    size_t middle = (good + bad) / 2;
    loss = lossOf(choicesAt(path, middle));
    if (failed(loss))
      return failure();
    (*loss <= *budget.loss ? good : bad) = middle;
  }
  return good;
}

/// Says what the choice at `begin` loses, and what is near to it within the
/// limit of the loss.
LogicalResult FormChoice::refuseLoss(const FormPath &path, size_t begin,
                                     double loss) const {
  std::string text = llvm::formatv("loses {0:f4}, which --max-loss does not "
                                   "allow",
                                   loss)
                         .str();
  if (begin == 0)
    return refuse("what loses least " + text);
  FailureOr<double> least = lossOf(choicesAt(path, 0));
  if (failed(least))
    return failure();
  if (*least > *budget.loss)
    return refuse("what keeps to " + nameLimits() + " " + text +
                  llvm::formatv("; the least is {0:f4}", *least).str());
  FailureOr<size_t> last = lastWithinLoss(path, 0);
  if (failed(last))
    return failure();
  FailureOr<NetworkPrice> network = priceOf(choicesAt(path, *last));
  if (failed(network))
    return failure();
  return refuse("what keeps to " + nameLimits() + " " + text +
                "; the least that --max-loss allows is " + describe(*network));
}

/// The last choice from `begin` on that does not lose too much.
FailureOr<size_t> FormChoice::goAsFarAsLossAllows(const FormPath &path,
                                                  size_t begin) const {
  // Real numbers lose nothing.
  if (begin > 0 || budget.forms == FormsAllowed::Integers) {
    FailureOr<double> loss = lossOf(choicesAt(path, begin));
    if (failed(loss))
      return failure();
    if (*loss > *budget.loss)
      return refuseLoss(path, begin, *loss);
  }
  return lastWithinLoss(path, begin);
}

void FormChoice::remark(ArrayRef<LayerChoice> chosen) const {
  ArrayRef<Operation *> contractions = quantizer.getCandidates().contractions;
  auto describe = [&](size_t layer, LayerChoice choice) {
    std::string text = nameOf(choice.form).str();
    if (choice.sparser > 0)
      text += llvm::formatv(" with {0:p0} zeros",
                            quantizer.zeros(layer, choice.sparser))
                  .str();
    return text;
  };
  for (auto [i, choice] : llvm::enumerate(chosen)) {
    std::string text;
    llvm::raw_string_ostream os(text);
    os << "is " << describe(i, choice) << ", of";
    for (auto [other, loss, found] :
         llvm::zip_equal(choices, losses[i], prices[i])) {
      if (!found)
        continue;
      os << " " << describe(i, other) << " (" << llvm::formatv("{0:f5}", loss)
         << ", " << uint64_t(found->bytes) << " bytes";
      if (isTimeKnown)
        os << ", " << llvm::formatv("{0:f1} us", *found->microseconds);
      os << ")";
    }
    mlir::emitRemark(contractions[i]->getLoc()) << text;
  }
}

/// Corrects the biases for `chosen`, unless that breaks a limit to which the
/// network keeps with the biases before.
LogicalResult FormChoice::correctMeans(ArrayRef<LayerChoice> chosen) {
  StaticQuantizer::Biases before = quantizer.getBiases();
  if (failed(quantizer.correctMeans(function, chosen)))
    return failure();
  FailureOr<NetworkPrice> network = priceOf(chosen);
  FailureOr<double> loss = budget.loss ? lossOf(chosen) : 0.0;
  if (failed(network) || failed(loss))
    return failure();
  if (!isWithin(*network) || (budget.loss && *loss > *budget.loss))
    quantizer.setBiases(std::move(before));
  return success();
}

FailureOr<NetworkForms> FormChoice::choose() {
  if (budget.forms == FormsAllowed::Real && sparser == 0)
    return refuse("there is nothing to prune; expected convolutions or "
                  "products with known weights of f32, at least 16 for each "
                  "output channel");
  if (failed(findPrices()) || failed(findLosses()))
    return failure();
  if (budget.microseconds && !isTimeKnown)
    return refuse("--max-latency needs a CPU whose costs are known; see "
                  "--print-targets");
  std::vector<SmallVector<std::optional<FormPrice>>> options;
  for (size_t i = 0; i < layers; ++i) {
    auto &layer = options.emplace_back();
    for (auto [loss, found] : llvm::zip_equal(losses[i], prices[i]))
      layer.push_back(
          found ? std::optional(FormPrice{loss * loss, costOf(*found)})
                : std::nullopt);
  }
  FormPath path(options);
  // Biases take bytes as well, whatever the forms are for which they correct.
  if (calibrator.corrections.means && isLimitedInSpace() &&
      failed(quantizer.correctMeans(
          function, Choices(layers, LayerChoice{LayerForm::Int8}))))
    return failure();
  FailureOr<size_t> position = skipWhatTakesTooMuch(path);
  if (succeeded(position) && budget.loss)
    position = goAsFarAsLossAllows(path, *position);
  if (failed(position))
    return failure();
  Choices chosen = choicesAt(path, *position);
  if (calibrator.corrections.means && failed(correctMeans(chosen)))
    return failure();
  remark(chosen);
  if (tableBits < 32)
    mlir::emitRemark(function->getLoc())
        << "tables of rows have " << tableBits << " bits";
  bool isWhole = llvm::all_of(chosen, [](LayerChoice choice) {
    return choice.form == LayerForm::Real && choice.sparser == 0;
  });
  if (isWhole)
    mlir::emitWarning(function->getLoc())
        << "nothing is "
        << (budget.forms == FormsAllowed::Real ? "pruned" : "quantised")
        << ": whatever is loses more than --max-loss allows";
  return NetworkForms{chosen, tableBits};
}

FailureOr<NetworkForms>
edgecc::quantization::chooseForms(StaticQuantizer &quantizer,
                                  func::FuncOp function, Calibrator &calibrator,
                                  const PriceFn &price) {
  return FormChoice(quantizer, function, calibrator, price).choose();
}
