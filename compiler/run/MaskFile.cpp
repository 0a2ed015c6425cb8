//===- MaskFile.cpp - which weights stay, in files --------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "compiler/run/MaskFile.h"
#include "codegen/numpy/Npz.h"

#include "mlir/IR/MLIRContext.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"

#include <cstring>

using namespace llvm;
using namespace edgecc;

/// The bytes of an element whose type NumPy writes so; 0 for types that masks
/// do not have.
static size_t elementBytes(StringRef type) {
  return StringSwitch<size_t>(type)
      .Cases({"|b1", "|u1", "|i1"}, 1)
      .Case("<f4", 4)
      .Case("<f8", 8)
      .Default(0);
}

Expected<prune::Masks> edgecc::readMasks(StringRef path) {
  auto arrays = readNpzArrays(path);
  if (!arrays)
    return arrays.takeError();
  prune::Masks masks;
  for (const auto &[name, array] : *arrays) {
    size_t bytes = elementBytes(array.type);
    if (!bytes)
      return createStringError(inconvertibleErrorCode(),
                               "'" + path + "' has the mask '" + name +
                                   "' of type '" + array.type +
                                   "'; expected bool, bytes or floats");
    prune::Mask &mask = masks[name];
    mask.shape = array.shape;
    for (size_t at = 0; at < array.bytes.size(); at += bytes) {
      ArrayRef<char> element = ArrayRef(array.bytes).slice(at, bytes);
      double number = 0;
      if (bytes == 4) {
        float narrow;
        std::memcpy(&narrow, element.data(), bytes);
        number = narrow;
      } else if (bytes == 8) {
        std::memcpy(&number, element.data(), bytes);
      } else {
        number = element.front();
      }
      mask.kept.push_back(number != 0);
    }
  }
  return masks;
}

Error edgecc::writeMasks(StringRef path, const prune::Masks &masks) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  SmallVector<StringRef> names(masks.keys());
  sort(names);
  std::vector<TensorInterface> tensors;
  TensorData data;
  for (StringRef name : names) {
    const prune::Mask &mask = masks.find(name)->second;
    TensorInterface tensor;
    tensor.name = name.str();
    tensor.type = mlir::RankedTensorType::get(
        mask.shape, mlir::IntegerType::get(&context, 1));
    tensor.bytes = int64_t(mask.kept.size());
    tensors.push_back(tensor);
    data.push_back(mask.kept);
  }
  return writeNpz(path, tensors, data);
}
