//===- FormPath.cpp - from what loses least to what costs least -*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Quantization/FormPath.h"

#include "llvm/ADT/STLExtras.h"

#include <limits>
#include <tuple>

using namespace llvm;
using namespace edgecc::quantization;

FormPath::FormPath(ArrayRef<SmallVector<std::optional<FormPrice>>> layers) {
  for (size_t layer = 0; layer < layers.size(); ++layer) {
    const auto &prices = layers[layer];
    std::optional<unsigned> best;
    auto rank = [&](unsigned form) {
      return std::tuple(prices[form]->loss, prices[form]->cost);
    };
    for (unsigned form = 0; form < prices.size(); ++form)
      if (prices[form] && (!best || rank(form) < rank(*best)))
        best = form;
    first.push_back(*best);
    // Along the lower hull of the losses over the costs.
    for (unsigned form = *best;;) {
      std::optional<Step> next;
      for (unsigned other = 0; other < prices.size(); ++other) {
        if (!prices[other] || prices[other]->cost >= prices[form]->cost)
          continue;
        double slope = (prices[other]->loss - prices[form]->loss) /
                       (prices[form]->cost - prices[other]->cost);
        if (!next || slope < next->slope ||
            (slope == next->slope &&
             prices[other]->cost < prices[next->form]->cost))
          next = Step{layer, other, slope, steps.size()};
      }
      if (!next)
        break;
      steps.push_back(*next);
      form = next->form;
    }
  }
  // Those of one layer are in this order already.
  llvm::sort(steps, [](const Step &a, const Step &b) {
    return std::tuple(a.slope, a.position) < std::tuple(b.slope, b.position);
  });
}

SmallVector<unsigned> FormPath::at(size_t position) const {
  SmallVector<unsigned> forms(first);
  for (const Step &step : ArrayRef(steps).take_front(position))
    forms[step.layer] = step.form;
  return forms;
}
