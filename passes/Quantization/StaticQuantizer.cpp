//===- StaticQuantizer.cpp - layers as integers by known ranges -*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Quantization/StaticQuantizer.h"
#include "passes/Quantization/BiasCorrection.h"
#include "passes/Quantization/Contractions.h"
#include "passes/Quantization/IntegerCells.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"

#include <cmath>

using namespace mlir;
using namespace edgecc;
using namespace edgecc::edge;
using namespace edgecc::quantization;

/// The weights of 4 bits that share a scale.
static constexpr int64_t rowsOfBlock = 32;

StringRef edgecc::quantization::nameOf(LayerForm form) {
  switch (form) {
  case LayerForm::Real:
    return "f32";
  case LayerForm::Int16:
    return "int16";
  case LayerForm::Int8:
    return "int8";
  case LayerForm::Int4Weights:
    return "int4 weights";
  case LayerForm::Int3Codes:
    return "int3 codes";
  case LayerForm::Int4Codes:
    return "int4 codes";
  case LayerForm::Int5Codes:
    return "int5 codes";
  case LayerForm::Int6Codes:
    return "int6 codes";
  case LayerForm::Int7Codes:
    return "int7 codes";
  }
  llvm_unreachable("unknown form");
}

/// The forms whose integers are stored in codes, and their bits.
static constexpr std::pair<LayerForm, unsigned> codes[] = {
    {LayerForm::Int3Codes, 3},
    {LayerForm::Int4Codes, 4},
    {LayerForm::Int5Codes, 5},
    {LayerForm::Int6Codes, 6},
    {LayerForm::Int7Codes, 7}};

//===----------------------------------------------------------------------===//
// Candidates
//===----------------------------------------------------------------------===//

static bool isConstant(Value value) {
  return matchPattern(value, m_Constant());
}

/// The value whose elements `value` holds in another order or shape.
static Value origin(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isa<ReshapeOp, TransposeOp>(op))
      break;
    value = op->getOperand(0);
  }
  return value;
}

/// The 8-bit type that expresses `range`, or with `reach` above 0 the 16-bit
/// type whose integers go from -reach to reach. Zero is one of its numbers.
static quant::QuantizedType activationType(MLIRContext *context,
                                           const CalibratedRange &range,
                                           int64_t reach) {
  double least = std::min(range.least, 0.0f), most = std::max(range.most, 0.0f);
  float scale = reach > 0 ? float(std::max(-least, most) / double(reach))
                          : float((most - least) / 255);
  // Nothing but zero.
  if (!(scale >= std::numeric_limits<float>::min()))
    scale = 1;
  if (reach > 0)
    return quant::UniformQuantizedType::get(
        quant::QuantizationFlags::Signed, IntegerType::get(context, 16),
        Float32Type::get(context), scale, 0, -reach, reach);
  int64_t zero =
      int64_t(std::clamp(std::nearbyint(-least / scale), 0.0, 255.0));
  return quant::UniformQuantizedType::get(0, IntegerType::get(context, 8),
                                          Float32Type::get(context), scale,
                                          zero, 0, 255);
}

/// What becomes of `value` when limits have been applied to it.
static Value limited(Value value) {
  while (value.hasOneUse() && isa<ClampOp>(*value.user_begin()))
    value = value.user_begin()->getResult(0);
  return value;
}

Candidates::Candidates(func::FuncOp function, const AlsoQuantized &also) {
  function.walk([&](Operation *op) {
    if (op->getParentOp() != function)
      return;
    if (isa<ConvOp, MatMulOp>(op)) {
      contractions.push_back(op);
      observe(op->getOperand(0));
      observe(op->getOperand(1));
      if (also.results)
        observe(limited(op->getResult(0)));
    } else if (isa<PoolOp>(op) || (also.results && isa<ReduceOp>(op))) {
      observe(op->getOperand(0));
    } else if (IntegerCell::hasForm(op)) {
      cells.push_back(op);
      observe(op->getResult(0));
    } else if (isa<ConcatOp>(op)) {
      observe(op->getResult(0));
    } else if (isa<AddOp, SubOp, MulOp>(op) &&
               op->getOperand(0) != op->getOperand(1) &&
               !isConstant(op->getOperand(0)) &&
               !isConstant(op->getOperand(1))) {
      observe(op->getOperand(0));
      observe(op->getOperand(1));
    }
  });
  // Last, as the layers alone have them in the order of the network.
  auto show = [&](Value value) {
    observe(value);
    if (values.contains(origin(value)))
      interface.insert(origin(value));
  };
  if (also.inputs)
    llvm::for_each(function.getArguments(), show);
  if (also.outputs)
    llvm::for_each(function.front().getTerminator()->getOperands(), show);
}

Candidates::Candidates(const Candidates &origin, const IRMapping &mapping) {
  for (Operation *op : origin.contractions)
    contractions.push_back(mapping.lookup(op));
  for (Operation *op : origin.cells)
    cells.push_back(mapping.lookup(op));
  for (Value value : origin.values)
    values.insert(mapping.lookup(value));
  for (Value value : origin.interface)
    interface.insert(mapping.lookup(value));
}

void Candidates::observe(Value value) {
  value = origin(value);
  if (!isConstant(value) && typeOf(value).getElementType().isF32())
    values.insert(value);
}

/// The candidates that no layer on integers reads, nor makes through whatever
/// lies in between.
static llvm::DenseSet<Value> findReal(const Candidates &candidates,
                                      ArrayRef<LayerChoice> choices) {
  llvm::DenseMap<Operation *, LayerForm> formOf;
  llvm::DenseSet<Value> read;
  for (auto [op, choice] : llvm::zip_equal(candidates.contractions, choices)) {
    formOf[op] = choice.form;
    if (!isReal(choice.form))
      for (Value factor : op->getOperands().take_front(2))
        read.insert(origin(factor));
  }
  auto isMadeOfIntegers = [&](Value value) {
    SmallVector<Value> open{value};
    llvm::DenseSet<Value> visited;
    while (!open.empty()) {
      Operation *op = open.pop_back_val().getDefiningOp();
      if (!op)
        continue;
      if (auto form = formOf.find(op); form != formOf.end()) {
        if (!isReal(form->second))
          return true;
        continue;
      }
      for (Value operand : op->getOperands())
        if (visited.insert(operand).second)
          open.push_back(operand);
    }
    return false;
  };
  llvm::DenseSet<Value> real;
  for (Value value : candidates.values)
    if (!candidates.interface.contains(value) && !read.contains(value) &&
        !isMadeOfIntegers(value))
      real.insert(value);
  return real;
}

//===----------------------------------------------------------------------===//
// Factors
//===----------------------------------------------------------------------===//

/// The largest integers of the factors of `op` for which its sums keep to 32
/// bits. `weights` are those of the right factor, or null.
static int64_t findReach(Operation *op, const RoundedBlocks *weights) {
  double most = Contraction::largestAllowedSum;
  if (weights) {
    std::vector<double> columns(weights->columns, 1);
    for (auto [i, integer] : llvm::enumerate(weights->integers))
      columns[int64_t(i) % weights->columns] += std::abs(int8_t(integer));
    most /= *llvm::max_element(columns);
  } else {
    double depth = double(typeOf(op->getOperand(0)).getShape().back());
    most = std::sqrt(most / std::max(depth, 1.0));
  }
  // Fewer than 8 bits are worse than no integers.
  return std::clamp<int64_t>(int64_t(most), 255, 32767);
}

/// Adds to `readers` the operation by which `operand` takes its elements from
/// where they have been computed, one that works for nobody else.
static void separate(OpOperand &operand, llvm::DenseSet<Operation *> &readers) {
  Operation *reader = operand.getOwner();
  OpOperand *read = &operand;
  while (Operation *op = read->get().getDefiningOp()) {
    if (!isa<ReshapeOp, TransposeOp>(op))
      break;
    OpBuilder builder(op);
    reader = builder.clone(*op);
    read->set(reader->getResult(0));
    read = &reader->getOpOperand(0);
  }
  readers.insert(reader);
}

/// All users but `readers` see the value as the integers express it.
static Value quantizeActivation(Value value, quant::QuantizedType type,
                                const llvm::DenseSet<Operation *> &readers) {
  auto isSeen = [&](OpOperand &use) {
    return !readers.contains(use.getOwner());
  };
  if (!llvm::any_of(value.getUses(), isSeen))
    return {};
  OpBuilder builder(value.getContext());
  builder.setInsertionPointAfterValue(value);
  Location loc = value.getLoc();
  auto rounded =
      QuantizeOp::create(builder, loc, typeOf(value).clone(type), value);
  auto real = DequantizeOp::create(builder, loc, typeOf(value), rounded);
  value.replaceUsesWithIf(real, [&](OpOperand &use) {
    return use.getOwner() != rounded && isSeen(use);
  });
  return real;
}

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

FailureOr<StaticQuantizer>
StaticQuantizer::create(Calibrator &calibrator, func::FuncOp function,
                        const AlsoQuantized &also,
                        const FindSparserFn &findSparser) {
  StaticQuantizer quantizer(calibrator, function, also);
  Candidates &candidates = quantizer.candidates;
  if (candidates.values.empty())
    return quantizer;
  bool rounds = calibrator.corrections.rounding;
  const QuantizationBudget &budget = calibrator.budget;
  bool chooses = budget.isLimited() && budget.forms == FormsAllowed::All;
  // First, as the network whose ranges are found is what others are compared
  // with.
  std::vector<std::vector<SparserWeights>> sparser(
      candidates.contractions.size());
  if (findSparser) {
    auto found = findSparser(candidates.contractions, calibrator);
    if (failed(found))
      return failure();
    sparser = std::move(*found);
  }
  InputMoments moments;
  if (rounds || chooses) {
    FailureOr<InputMoments> found =
        InputMoments::find(calibrator, candidates.contractions);
    if (failed(found))
      return failure();
    moments = std::move(*found);
  }
  FailureOr<SmallVector<CalibratedRange>> ranges =
      calibrator.findRanges(candidates.values.getArrayRef());
  if (failed(ranges))
    return failure();
  quantizer.ranges = std::move(*ranges);
  for (auto [i, op] : llvm::enumerate(candidates.contractions)) {
    Value origin = op->getOperand(1);
    ArrayRef<double> inputs = moments.of(i);
    ArrayRef<double> disturbed = rounds ? inputs : ArrayRef<double>();
    bool isMatrix = hasKnownMatrix(op);
    std::vector<Weights> &all = quantizer.weights.emplace_back(1);
    auto &rounded = all[0].rounded;
    rounded[LayerForm::Int8] = roundInChannels(origin, 8, disturbed);
    if (chooses && isMatrix)
      rounded[LayerForm::Int4Weights] =
          roundInBlocks(origin, 4, rowsOfBlock, inputs);
    if (chooses && calibrator.compresses)
      for (auto [form, bits] : codes)
        rounded[form] = isMatrix ? roundInBlocks(origin, bits, 0, inputs)
                                 : roundInChannels(origin, bits);
    int64_t columns = typeOf(origin).getShape().back();
    for (SparserWeights &fewer : sparser[i]) {
      Weights &next = all.emplace_back();
      next.numbers = std::move(fewer.numbers);
      next.zeros = fewer.zeros;
      if (budget.forms == FormsAllowed::Real)
        continue;
      next.rounded[LayerForm::Int8] =
          roundInChannels(next.numbers, columns, 8, disturbed);
      if (chooses && isMatrix)
        next.rounded[LayerForm::Int4Weights] =
            roundInBlocks(next.numbers, columns, 4, rowsOfBlock, inputs);
    }
  }
  quantizer.biases.resize(candidates.contractions.size());
  return quantizer;
}

const RoundedBlocks *StaticQuantizer::roundedOf(size_t i,
                                                LayerChoice choice) const {
  const auto &own = weights[i][choice.sparser].rounded;
  auto found =
      own.find(choice.form == LayerForm::Int16 ? LayerForm::Int8 : choice.form);
  return found == own.end() || found->second.empty() ? nullptr : &found->second;
}

SmallVector<double> StaticQuantizer::errorsOf(size_t i,
                                              LayerChoice choice) const {
  Value origin = candidates.contractions[i]->getOperand(1);
  if (const RoundedBlocks *rounded = roundedOf(i, choice))
    return roundingErrors(origin, *rounded);
  SmallVector<double> errors;
  if (choice.sparser == 0)
    return errors;
  std::optional<SmallVector<float>> before = knownFloats(origin);
  for (auto [was, is] :
       llvm::zip_equal(*before, weights[i][choice.sparser].numbers))
    errors.push_back(double(is) - was);
  return errors;
}

bool StaticQuantizer::allows(size_t i, LayerChoice choice) const {
  if (choice.sparser >= weights[i].size())
    return false;
  return choice.form == LayerForm::Real || !isReal(choice.form) ||
         roundedOf(i, choice);
}

/// The bits of all of `integers` in the best code for each alone.
static double codedBits(ArrayRef<char> integers) {
  std::array<int64_t, 256> counts{};
  for (char integer : integers)
    ++counts[uint8_t(integer)];
  double bits = 0;
  for (int64_t count : counts)
    if (count > 0)
      bits -=
          double(count) * std::log2(double(count) / double(integers.size()));
  return bits;
}

double StaticQuantizer::bytes(size_t i, LayerForm form) const {
  double recurrent = 0;
  for (Operation *cell : candidates.cells)
    if (projectionOf(cell) == candidates.contractions[i])
      recurrent += double(typeOf(cell->getOperand(1)).getNumElements()) *
                   (form == LayerForm::Int8 ? 1 : 4);
  Value origin = candidates.contractions[i]->getOperand(1);
  const RoundedBlocks *rounded = roundedOf(i, {form});
  if (!rounded)
    return recurrent + (isConstant(origin)
                            ? 4.0 * double(typeOf(origin).getNumElements())
                            : 0);
  double perInteger = form == LayerForm::Int4Weights ? 4 : 8;
  double bits = perInteger * double(rounded->integers.size());
  if (calibrator.compresses)
    bits = codedBits(rounded->integers);
  double perScale = isReal(form) ? 2 : 4;
  return recurrent + bits / 8 + perScale * double(rounded->scales.size());
}

LayerSettings StaticQuantizer::settings(size_t i, LayerChoice choice) const {
  LayerSettings changed;
  Operation *op = candidates.contractions[i];
  const RoundedBlocks *rounded = roundedOf(i, choice);
  auto rangeOf = [&](unsigned operand) -> const CalibratedRange * {
    const auto *found =
        llvm::find(candidates.values, origin(op->getOperand(operand)));
    return found == candidates.values.end()
               ? nullptr
               : &ranges[found - candidates.values.begin()];
  };
  if (!biases[i].empty())
    changed.bias = biases[i];
  if (rounded || choice.sparser > 0) {
    std::vector<float> &numbers = changed.weights.emplace();
    if (!rounded)
      numbers = weights[i][choice.sparser].numbers;
    for (int64_t k = 0, e = rounded ? int64_t(rounded->integers.size()) : 0;
         k < e; ++k)
      numbers.push_back(float(rounded->number(k)));
    const CalibratedRange *input = rangeOf(0);
    std::optional<SmallVector<float>> bias;
    if (!changed.bias && calibrator.corrections.bias && input)
      bias = correctedBias(op, errorsOf(i, choice), input->means);
    if (bias)
      changed.bias.emplace(bias->begin(), bias->end());
  }
  if (isReal(choice.form))
    return changed;
  int64_t reach = choice.form == LayerForm::Int16 ? findReach(op, rounded) : 0;
  for (unsigned operand : {0u, 1u})
    if (const CalibratedRange *range = rangeOf(operand)) {
      Parameters parameters(activationType(op->getContext(), *range, reach));
      int64_t zero = parameters.zeroPoint();
      changed.factors[operand] = {float(parameters.scale()),
                                  float(parameters.least - zero),
                                  float(parameters.most - zero)};
    }
  return changed;
}

LogicalResult StaticQuantizer::correctMeans(func::FuncOp function,
                                            ArrayRef<LayerChoice> choices) {
  ArrayRef<Operation *> contractions = candidates.contractions;
  SimulatedNetwork network(function, contractions);
  SmallVector<size_t> layers;
  SmallVector<Value> results;
  for (auto [i, op] : llvm::enumerate(contractions)) {
    if (!network.defaultBias(i) || !mayCorrectBias(op))
      continue;
    layers.push_back(i);
    results.push_back(network.getResults()[i]);
  }
  FailureOr<std::unique_ptr<Trial>> trial =
      calibrator.load(network.getFunction(), results);
  if (failed(trial))
    return failure();
  std::vector<LayerSettings> all;
  for (auto [i, choice] : llvm::enumerate(choices))
    all.push_back(settings(i, choice));
  auto wanted = (*trial)->findMeans(network.settings({}));
  FailureOr<Loss> before = (*trial)->measure(network.settings(all));
  if (failed(wanted) || failed(before))
    return failure();
  for (auto [k, i] : llvm::enumerate(layers)) {
    auto found = (*trial)->findMeans(network.settings(all));
    if (failed(found))
      return failure();
    if (!all[i].bias)
      all[i].bias = *network.defaultBias(i);
    for (auto [channel, number] : llvm::enumerate(*all[i].bias))
      number -= float((*found)[k][channel] - (*wanted)[k][channel]);
  }
  FailureOr<Loss> after = (*trial)->measure(network.settings(all));
  if (failed(after))
    return failure();
  if (after->divergence < before->divergence)
    for (size_t i : layers)
      biases[i] = *all[i].bias;
  return success();
}

SmallVector<Value>
StaticQuantizer::quantize(const Candidates &candidates,
                          ArrayRef<LayerChoice> choices) const {
  llvm::DenseSet<Operation *> readers;
  llvm::DenseMap<Value, int64_t> reach;
  llvm::DenseMap<Value, ArrayRef<double>> means;
  for (auto [value, range] : llvm::zip_equal(candidates.values, ranges))
    means[value] = range.means;
  llvm::DenseSet<Value> inReal;
  if (llvm::any_of(choices,
                   [](LayerChoice choice) { return isReal(choice.form); }))
    inReal = findReal(candidates, choices);
  for (auto [i, op] : llvm::enumerate(candidates.contractions)) {
    LayerForm form = choices[i].form;
    unsigned sparser = choices[i].sparser;
    const RoundedBlocks *rounded = roundedOf(i, choices[i]);
    ArrayRef<double> inputMeans = means.lookup(op->getOperand(0));
    if (!biases[i].empty())
      setBias(op, biases[i]);
    else if ((rounded || sparser > 0) && calibrator.corrections.bias &&
             !inputMeans.empty())
      correctBias(op, errorsOf(i, choices[i]), inputMeans);
    // A bias that was added may have moved the operands.
    OpOperand &weights = op->getOpOperand(1);
    if (isReal(form)) {
      for (OpOperand *factor : {&op->getOpOperand(0), &weights})
        if (!candidates.interface.contains(origin(factor->get())))
          separate(*factor, readers);
    } else if (form == LayerForm::Int16) {
      int64_t bound = findReach(op, rounded);
      for (Value factor : op->getOperands().take_front(rounded ? 1 : 2)) {
        auto [entry, isNew] = reach.try_emplace(origin(factor), bound);
        entry->second = std::min(entry->second, bound);
      }
    }
    if (form == LayerForm::Real)
      op->setAttr(sensitiveAttr, UnitAttr::get(op->getContext()));
    if (form == LayerForm::Real && sparser > 0) {
      OpBuilder builder(op);
      weights.set(createFloats(builder, weights.get().getLoc(),
                               this->weights[i][sparser].numbers,
                               typeOf(weights.get()).getShape()));
    } else if (rounded && isReal(form) && hasKnownMatrix(op)) {
      setBlocks(weights, *rounded);
      roundBias(op);
    } else if (rounded) {
      setChannels(weights, *rounded);
    }
  }
  for (Operation *cell : candidates.cells) {
    const auto *product =
        llvm::find(candidates.contractions, projectionOf(cell));
    if (product == candidates.contractions.end() ||
        choices[product - candidates.contractions.begin()].form !=
            LayerForm::Int8)
      continue;
    OpOperand &weights = cell->getOpOperand(1);
    if (RoundedBlocks rounded = roundInChannels(weights.get());
        !rounded.empty())
      setChannels(weights, rounded);
  }
  // Values that no layer reads have the bits of all others.
  int64_t usual = calibrator.activationBits == 16 ? 32767 : 0;
  SmallVector<Value> seen;
  for (auto [value, range] : llvm::zip_equal(candidates.values, ranges)) {
    auto limit = reach.find(value);
    int64_t most = limit == reach.end() ? usual : limit->second;
    seen.push_back(inReal.contains(value)
                       ? Value()
                       : quantizeActivation(
                             value,
                             activationType(value.getContext(), range, most),
                             readers));
  }
  return seen;
}
