//===- Npz.h - arrays in NumPy's archives -----------------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_NUMPY_NPZ_H
#define EDGECC_CODEGEN_NUMPY_NPZ_H

#include "codegen/object/ModelInterface.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace edgecc {

/// The bytes of the tensors of an interface, one vector each, in its order.
using TensorData = std::vector<std::vector<char>>;

/// Reads the inputs of a network from an .npz file: each under its name in the
/// graph, or else as `arr_N`, N its position. Fails, naming what it found and
/// what it expected, if an array is missing, has another type or shape, or
/// belongs to no input.
llvm::Expected<TensorData> readNpz(llvm::StringRef path,
                                   llvm::ArrayRef<TensorInterface> tensors);

/// Inputs of a network, and what is known of them.
struct Examples {
  std::vector<TensorData> inputs;
  /// The right answer to each, and the group that each belongs to; empty if the
  /// file does not say.
  std::vector<int64_t> labels, groups;
};

/// Reads examples for a network from an .npz file: under the name of each input
/// an array whose first dimension counts the examples and takes the place of a
/// leading one of the input's shape; without such a dimension it is one
/// example. A list of one integer per example has the
/// groups if it is called `groups`, else the labels. Fails, naming what it
/// found and what it expected, if an array is missing, has another type or
/// shape or belongs to no input, when there are no examples, for two lists of
/// labels, and for NaN and infinities.
llvm::Expected<Examples>
readNpzExamples(llvm::StringRef path, llvm::ArrayRef<TensorInterface> tensors);

/// An array of a file.
struct NpzArray {
  /// Its type as NumPy writes it, such as `<f4`.
  std::string type;
  llvm::SmallVector<int64_t> shape;
  /// Its elements, row-major.
  std::vector<char> bytes;
};

/// All arrays of an .npz file by name, but those in Fortran order.
llvm::Expected<llvm::StringMap<NpzArray>> readNpzArrays(llvm::StringRef path);

/// The shapes of the arrays in an .npz file, by name.
llvm::Expected<llvm::StringMap<llvm::SmallVector<int64_t>>>
readNpzShapes(llvm::StringRef path);

/// Writes the outputs of a network, in order, under their names; under
/// `arr_N`, N the position, where a name cannot be that of a file.
llvm::Error writeNpz(llvm::StringRef path,
                     llvm::ArrayRef<TensorInterface> tensors,
                     const TensorData &data);

} // namespace edgecc

#endif // EDGECC_CODEGEN_NUMPY_NPZ_H
