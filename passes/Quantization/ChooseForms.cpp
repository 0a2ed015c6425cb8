//===- ChooseForms.cpp - forms of layers that keep to a budget -*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Quantization/ChooseForms.h"
#include "passes/Quantization/FormPath.h"
#include "passes/Quantization/Parameters.h"
#include "passes/Quantization/TableForms.h"

#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::quantization;

namespace {

class FormChoice {
public:
  FormChoice(const StaticQuantizer &quantizer, func::FuncOp function,
             Calibrator &calibrator, const PriceFn &price)
      : quantizer(quantizer), function(function), calibrator(calibrator),
        budget(calibrator.budget), price(price),
        layers(quantizer.getCandidates().contractions.size()) {}

  FailureOr<NetworkForms> choose();

private:
  using Forms = SmallVector<LayerForm>;

  OwningOpRef<ModuleOp> quantizedCopy(ArrayRef<LayerForm> forms) const;
  FailureOr<NetworkPrice> priceOf(ArrayRef<LayerForm> forms) const;
  FailureOr<double> lossOf(ArrayRef<LayerForm> forms) const;
  LogicalResult findPrices();
  SmallVector<double> findTimes(const NetworkPrice &network);
  LogicalResult findLosses();
  double costOf(const LayerPrice &price) const;
  bool isWithin(const LayerPrice &price) const;
  LogicalResult refuse(const Twine &what) const;
  FailureOr<NetworkPrice> findLeast(ArrayRef<LayerForm> forms);
  FailureOr<size_t> skipWhatTakesTooMuch(const FormPath &path);
  FailureOr<size_t> goAsFarAsLossAllows(const FormPath &path,
                                        size_t begin) const;
  static Forms formsAt(const FormPath &path, size_t position);
  void remark(ArrayRef<LayerForm> forms) const;

  const StaticQuantizer &quantizer;
  func::FuncOp function;
  std::string name = function.getName().str();
  Calibrator &calibrator;
  const QuantizationBudget &budget;
  const PriceFn &price;
  size_t layers;
  bool isTimeKnown = true;
  unsigned tableBits = 32;
  /// By layer and form.
  std::vector<SmallVector<std::optional<LayerPrice>>> prices;
  std::vector<SmallVector<double>> losses;
};

} // namespace

/// The name that a report of layers has for `op`.
static StringRef nameOfLayer(Operation *op) {
  auto named = op->getLoc()->findInstanceOf<NameLoc>();
  return named ? named.getName().getValue() : "";
}

OwningOpRef<ModuleOp>
FormChoice::quantizedCopy(ArrayRef<LayerForm> forms) const {
  IRMapping mapping;
  OwningOpRef<ModuleOp> copy(
      cast<ModuleOp>(function->getParentOfType<ModuleOp>()->clone(mapping)));
  quantizer.quantize(Candidates(quantizer.getCandidates(), mapping), forms);
  if (tableBits < 32)
    quantizeTables(copy->lookupSymbol<func::FuncOp>(name), tableBits,
                   blockOfTable(tableBits));
  return copy;
}

FailureOr<NetworkPrice> FormChoice::priceOf(ArrayRef<LayerForm> forms) const {
  return price(*quantizedCopy(forms));
}

FailureOr<double> FormChoice::lossOf(ArrayRef<LayerForm> forms) const {
  OwningOpRef<ModuleOp> copy = quantizedCopy(forms);
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
/// as they can.
LogicalResult FormChoice::findPrices() {
  ArrayRef<Operation *> contractions = quantizer.getCandidates().contractions;
  prices.assign(layers, {});
  for (LayerForm form : layerForms) {
    Forms forms;
    for (size_t i = 0; i < layers; ++i)
      forms.push_back(quantizer.allows(i, form) ? form : LayerForm::Int8);
    FailureOr<NetworkPrice> network = priceOf(forms);
    if (failed(network))
      return failure();
    SmallVector<double> times = findTimes(*network);
    for (size_t i = 0; i < layers; ++i) {
      std::optional<LayerPrice> &found = prices[i].emplace_back();
      if (quantizer.allows(i, form))
        found = {quantizer.bytes(i, form), times[i]};
    }
  }
  return success();
}

/// The times of the contractions in a compiled network. Several that follow
/// each other may be one layer there, which has the name of the first; each has
/// an equal share of its time.
SmallVector<double> FormChoice::findTimes(const NetworkPrice &network) {
  ArrayRef<Operation *> contractions = quantizer.getCandidates().contractions;
  SmallVector<double> times(layers, 0);
  SmallVector<size_t> begins;
  llvm::StringSet<> names;
  for (auto [i, op] : llvm::enumerate(contractions))
    if (network.layers.contains(nameOfLayer(op)) &&
        names.insert(nameOfLayer(op)).second)
      begins.push_back(i);
  for (auto [k, begin] : llvm::enumerate(begins)) {
    size_t end = k + 1 < begins.size() ? begins[k + 1] : layers;
    std::optional<double> time =
        network.layers.lookup(nameOfLayer(contractions[begin])).microseconds;
    isTimeKnown &= time.has_value();
    for (size_t i = begin; i < end; ++i)
      times[i] = time.value_or(0) / double(end - begin);
  }
  return times;
}

LogicalResult FormChoice::findLosses() {
  SimulatedNetwork network(function, quantizer.getCandidates().contractions);
  FailureOr<std::unique_ptr<Trial>> trial =
      calibrator.load(network.getFunction());
  if (failed(trial))
    return failure();
  losses.assign(layers, {});
  for (size_t i = 0; i < layers; ++i)
    for (LayerForm form : layerForms) {
      losses[i].push_back(0);
      if (form == LayerForm::Real || !quantizer.allows(i, form))
        continue;
      FailureOr<Loss> loss =
          (*trial)->measure(network.settings(i, quantizer.settings(i, form)));
      if (failed(loss))
        return failure();
      losses[i].back() = loss->divergence;
    }
  return success();
}

/// In the unit of what is limited. Without limits but that of the loss, it is
/// time.
double FormChoice::costOf(const LayerPrice &price) const {
  double cost = 0;
  if (budget.bytes)
    cost += price.bytes / std::max(*budget.bytes, 1.0);
  if (budget.microseconds)
    cost += *price.microseconds / std::max(*budget.microseconds, 1e-3);
  if (budget.bytes || budget.microseconds)
    return cost;
  return isTimeKnown ? *price.microseconds : price.bytes;
}

bool FormChoice::isWithin(const LayerPrice &price) const {
  return (!budget.bytes || price.bytes <= *budget.bytes) &&
         (!budget.microseconds || *price.microseconds <= *budget.microseconds);
}

LogicalResult FormChoice::refuse(const Twine &what) const {
  return mlir::emitError(function->getLoc()) << what;
}

SmallVector<LayerForm> FormChoice::formsAt(const FormPath &path,
                                           size_t position) {
  Forms forms;
  for (unsigned form : path.at(position))
    forms.push_back(layerForms[form]);
  return forms;
}

/// The first choice that keeps to the limits of bytes and time, which fall
/// along the path.
/// What a network takes at least, with as few bits in its tables as it needs
/// to.
FailureOr<NetworkPrice> FormChoice::findLeast(ArrayRef<LayerForm> forms) {
  FailureOr<NetworkPrice> least = priceOf(forms);
  for (unsigned bits : {8u, 4u}) {
    if (failed(least) || !budget.bytes || least->whole.bytes <= *budget.bytes)
      break;
    tableBits = bits;
    least = priceOf(forms);
  }
  return least;
}

FailureOr<size_t> FormChoice::skipWhatTakesTooMuch(const FormPath &path) {
  if (!budget.bytes && !budget.microseconds)
    return size_t(0);
  size_t tooMuch = 0, enough = path.size() - 1;
  FailureOr<NetworkPrice> least = findLeast(formsAt(path, enough));
  if (failed(least))
    return failure();
  if (budget.microseconds && !least->whole.microseconds)
    return refuse("--max-latency needs a CPU whose costs are known; see "
                  "--print-targets");
  if (!isWithin(least->whole)) {
    std::string found = llvm::formatv("{0:f0} bytes", least->whole.bytes).str();
    if (least->whole.microseconds)
      found +=
          llvm::formatv(" and {0:f1} us", *least->whole.microseconds).str();
    return refuse("cannot keep to --max-bytes and --max-latency: constants and "
                  "time are at least " +
                  found);
  }
  FailureOr<NetworkPrice> first = priceOf(formsAt(path, 0));
  if (failed(first))
    return failure();
  if (isWithin(first->whole))
    return size_t(0);
  while (enough - tooMuch > 1) {
    size_t middle = (tooMuch + enough) / 2;
    FailureOr<NetworkPrice> network = priceOf(formsAt(path, middle));
    if (failed(network))
      return failure();
    (isWithin(network->whole) ? enough : tooMuch) = middle;
  }
  return enough;
}

/// The last choice from `begin` on that does not lose too much.
FailureOr<size_t> FormChoice::goAsFarAsLossAllows(const FormPath &path,
                                                  size_t begin) const {
  size_t good = begin, bad = path.size() - 1;
  FailureOr<double> loss = lossOf(formsAt(path, bad));
  if (failed(loss) || *loss <= *budget.loss)
    return failed(loss) ? FailureOr<size_t>(failure()) : bad;
  if (begin > 0) {
    loss = lossOf(formsAt(path, begin));
    if (failed(loss))
      return failure();
    if (*loss > *budget.loss)
      return refuse("what keeps to --max-bytes and --max-latency loses " +
                    llvm::formatv("{0:f4}", *loss).str() +
                    ", which --max-loss does not allow");
  }
  while (bad - good > 1) {
    size_t middle = (good + bad) / 2;
    loss = lossOf(formsAt(path, middle));
    if (failed(loss))
      return failure();
    (*loss <= *budget.loss ? good : bad) = middle;
  }
  return good;
}

void FormChoice::remark(ArrayRef<LayerForm> forms) const {
  ArrayRef<Operation *> contractions = quantizer.getCandidates().contractions;
  for (auto [i, form] : llvm::enumerate(forms)) {
    std::string text;
    llvm::raw_string_ostream os(text);
    os << "is " << nameOf(form) << ", of";
    for (auto [other, loss, found] :
         llvm::zip_equal(layerForms, losses[i], prices[i])) {
      if (!found)
        continue;
      os << " " << nameOf(other) << " (" << llvm::formatv("{0:f5}", loss)
         << ", " << uint64_t(found->bytes) << " bytes";
      if (isTimeKnown)
        os << ", " << llvm::formatv("{0:f1} us", *found->microseconds);
      os << ")";
    }
    mlir::emitRemark(contractions[i]->getLoc()) << text;
  }
}

FailureOr<NetworkForms> FormChoice::choose() {
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
  FailureOr<size_t> position = skipWhatTakesTooMuch(path);
  if (succeeded(position) && budget.loss)
    position = goAsFarAsLossAllows(path, *position);
  if (failed(position))
    return failure();
  Forms forms = formsAt(path, *position);
  remark(forms);
  if (tableBits < 32)
    mlir::emitRemark(function->getLoc())
        << "tables of rows have " << tableBits << " bits";
  if (llvm::all_of(forms,
                   [](LayerForm form) { return form == LayerForm::Real; }))
    mlir::emitWarning(function->getLoc())
        << "nothing is quantised: whatever is loses more than --max-loss "
           "allows";
  return NetworkForms{forms, tableBits};
}

FailureOr<NetworkForms>
edgecc::quantization::chooseForms(const StaticQuantizer &quantizer,
                                  func::FuncOp function, Calibrator &calibrator,
                                  const PriceFn &price) {
  return FormChoice(quantizer, function, calibrator, price).choose();
}
