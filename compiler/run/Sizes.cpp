//===- Sizes.cpp - arrays of networks whose sizes may change ----*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "compiler/run/Sizes.h"
#include "compiler/run/Programs.h"

using namespace llvm;
using namespace edgecc;

/// `tensor` with another shape.
static TensorInterface withShape(TensorInterface tensor,
                                 ArrayRef<int64_t> shape) {
  mlir::Type element = tensor.type.getElementType();
  tensor.type = mlir::RankedTensorType::get(shape, element);
  tensor.bytes = tensor.type.getNumElements() * getElementInfo(element)->bytes;
  return tensor;
}

Expected<TensorData> edgecc::readInputs(StringRef path,
                                        const ModelInterface &model) {
  if (!model.hasSizes())
    return readNpz(path, model.inputs);
  auto shapes = readNpzShapes(path);
  if (!shapes)
    return shapes.takeError();
  StringMap<int32_t> sizes;
  SmallVector<TensorInterface> given;
  for (const TensorInterface &input : model.inputs) {
    if (input.range)
      continue;
    auto found = shapes->find(input.name);
    if (found == shapes->end())
      found = shapes->find("arr_" + std::to_string(given.size()));
    SmallVector<int64_t> shape(input.type.getShape());
    if (found != shapes->end() && found->second.size() == shape.size())
      for (size_t i = 0; i < input.dims.size(); ++i) {
        if (input.dims[i].empty())
          continue;
        shape[i] = found->second[i];
        auto [known, isNew] = sizes.try_emplace(input.dims[i], shape[i]);
        if (known->second != shape[i])
          return makeError("the dimension '" + input.dims[i] + "' is " +
                           Twine(known->second) + " in one array and " +
                           Twine(shape[i]) + " in '" + input.name + "'");
      }
    given.push_back(withShape(input, shape));
  }
  auto read = readNpz(path, given);
  if (!read)
    return read.takeError();
  TensorData data;
  size_t next = 0;
  for (const TensorInterface &input : model.inputs) {
    if (input.range) {
      int32_t size = sizes.lookup(input.name);
      const char *bytes = reinterpret_cast<const char *>(&size);
      data.emplace_back(bytes, bytes + sizeof size);
      continue;
    }
    data.push_back(std::move((*read)[next++]));
    size_t bytes = std::max<size_t>(data.back().size(), input.bytes);
    data.back().resize(bytes, '\xff');
  }
  return data;
}

SizedOutputs edgecc::takeSizes(const ModelInterface &model,
                               TensorData outputs) {
  StringMap<SmallVector<int64_t>> shapes;
  for (const TensorInterface &output : model.outputs)
    if (!output.shape.empty())
      shapes[output.shape];
  for (auto [output, data] : zip(model.outputs, outputs)) {
    auto found = shapes.find(output.name);
    if (found == shapes.end())
      continue;
    const auto *numbers = reinterpret_cast<const int32_t *>(data.data());
    found->second.assign(numbers, numbers + output.type.getNumElements());
  }
  SizedOutputs result;
  for (auto [output, data] : zip(model.outputs, outputs)) {
    if (shapes.count(output.name) || output.range)
      continue;
    result.tensors.push_back(output.shape.empty()
                                 ? output
                                 : withShape(output, shapes[output.shape]));
    result.data.push_back(std::move(data));
    result.data.back().resize(result.tensors.back().bytes);
  }
  return result;
}
