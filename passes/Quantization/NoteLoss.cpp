//===- NoteLoss.cpp - what changes do to the results ------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Quantization/NoteLoss.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::quantization;

LossNote::LossNote(func::FuncOp function, CalibratorPtr calibrator)
    : calibrator(std::move(calibrator)) {
  if (this->calibrator && this->calibrator->notesLosses)
    before = cast<ModuleOp>(function->getParentOfType<ModuleOp>()->clone());
}

LogicalResult LossNote::write(func::FuncOp function, StringRef cause,
                              std::optional<double> saved) {
  if (!before)
    return success();
  if (failed(calibrator->observe(
          before->lookupSymbol<func::FuncOp>(function.getName()))))
    return failure();
  FailureOr<std::unique_ptr<Trial>> trial = calibrator->load(function);
  if (failed(trial))
    return failure();
  FailureOr<Loss> loss = (*trial)->measure();
  if (failed(loss))
    return failure();
  auto module = function->getParentOfType<ModuleOp>();
  Builder builder(module.getContext());
  NamedAttrList row;
  row.set("cause", builder.getStringAttr(cause));
  row.set("divergence", builder.getF64FloatAttr(loss->divergence));
  if (loss->answers)
    row.set("answers", builder.getF64FloatAttr(*loss->answers));
  if (saved)
    row.set("saved", builder.getF64FloatAttr(*saved));
  SmallVector<Attribute> rows;
  if (auto before = module->getAttrOfType<ArrayAttr>(lossesAttrName))
    llvm::append_range(rows, before);
  rows.push_back(row.getDictionary(module.getContext()));
  module->setAttr(lossesAttrName, builder.getArrayAttr(rows));
  return success();
}
