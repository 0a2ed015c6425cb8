//===- Sizes.h - arrays of networks whose sizes may change ------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_COMPILER_RUN_SIZES_H
#define EDGECC_COMPILER_RUN_SIZES_H

#include "codegen/numpy/Npz.h"

namespace edgecc {

/// Reads the inputs as `readNpz` does. Where dimensions have their sizes at run
/// time, these are the ones of the arrays, and the inputs that hold sizes come
/// from there. Memory that a network must not use holds no numbers.
llvm::Expected<TensorData> readInputs(llvm::StringRef path,
                                      const ModelInterface &model);

/// The outputs by which a run answers, with the shapes that it has found.
struct SizedOutputs {
  llvm::SmallVector<TensorInterface> tensors;
  TensorData data;
};
SizedOutputs takeSizes(const ModelInterface &model, TensorData outputs);

} // namespace edgecc

#endif // EDGECC_COMPILER_RUN_SIZES_H
