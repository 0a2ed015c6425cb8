//===- EdgeConstants.cpp - the bytes of constants ---------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "dialects/Edge/EdgeConstants.h"
#include "dialects/Edge/EdgeDialect.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace edgecc::edge {

/// Constants above this many bytes are resources: neither uniqued nor printed.
static constexpr size_t maxDenseBytes = 1024;

int64_t elementBytes(Type element) {
  return llvm::divideCeil(signless(element).getIntOrFloatBitWidth(), 8);
}

std::optional<ConstantView> ConstantView::get(Attribute attribute) {
  auto elements = dyn_cast_or_null<ElementsAttr>(attribute);
  if (!elements)
    return std::nullopt;
  ConstantView view;
  view.type = dyn_cast<RankedTensorType>(elements.getShapedType());
  if (!view.type || !view.type.getElementType().isIntOrFloat())
    return std::nullopt;
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(attribute)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob)
      return std::nullopt;
    view.borrowed = blob->getData();
    return view;
  }
  auto dense = dyn_cast<DenseElementsAttr>(attribute);
  if (!dense)
    return std::nullopt;
  int64_t width = elementBytes(view.type.getElementType());
  if (view.type.getElementType().isInteger(1)) {
    for (bool value : dense.getValues<bool>())
      view.owned.push_back(value);
    return view;
  }
  ArrayRef<char> raw = dense.getRawData();
  if (!dense.isSplat()) {
    view.borrowed = raw;
    return view;
  }
  view.owned.reserve(view.size() * width);
  for (int64_t i = 0, e = view.size(); i < e; ++i)
    view.owned.insert(view.owned.end(), raw.begin(), raw.begin() + width);
  return view;
}

/// The little-endian integer of `width` bytes at `data`.
static uint64_t readBits(const char *data, int64_t width) {
  uint64_t bits = 0;
  for (int64_t i = 0; i < width; ++i)
    bits |= uint64_t(uint8_t(data[i])) << (8 * i);
  return bits;
}

/// The bits of the element of a constant.
static APInt bitsOf(const ConstantView &view, int64_t index) {
  Type element = view.getType().getElementType();
  int64_t width = elementBytes(element);
  return APInt(element.getIntOrFloatBitWidth(),
               readBits(view.bytes().data() + index * width, width),
               /*isSigned=*/false, /*implicitTrunc=*/true);
}

TypedAttr ConstantView::element(int64_t index) const {
  Type element = type.getElementType();
  APInt bits = bitsOf(*this, index);
  if (auto floatType = dyn_cast<FloatType>(element))
    return FloatAttr::get(floatType,
                          APFloat(floatType.getFloatSemantics(), bits));
  return IntegerAttr::get(signless(element), bits);
}

int64_t ConstantView::integer(int64_t index) const {
  bool isUnsigned = type.getElementType().isUnsignedInteger() ||
                    type.getElementType().isInteger(1);
  APInt bits = bitsOf(*this, index);
  return isUnsigned ? bits.getZExtValue() : bits.getSExtValue();
}

double ConstantView::real(int64_t index) const {
  auto floatType = dyn_cast<FloatType>(type.getElementType());
  if (!floatType)
    return double(integer(index));
  // Passes look at every weight of a network.
  if (floatType.isF32())
    return llvm::bit_cast<float>(
        uint32_t(readBits(bytes().data() + index * 4, 4)));
  APFloat value(floatType.getFloatSemantics(), bitsOf(*this, index));
  bool losesInfo;
  value.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven,
                &losesInfo);
  return value.convertToDouble();
}

ElementsAttr makeConstant(RankedTensorType type, ArrayRef<char> bytes) {
  assert(int64_t(bytes.size()) ==
             type.getNumElements() * elementBytes(type.getElementType()) &&
         "the bytes do not fill the type");
  if (type.getElementType().isInteger(1)) {
    SmallVector<bool> values(bytes.begin(), bytes.end());
    return DenseElementsAttr::get(type, values);
  }
  if (bytes.size() <= maxDenseBytes)
    return DenseElementsAttr::getFromRawBuffer(type, bytes);
  return DenseResourceElementsAttr::get(
      type, "edge",
      HeapAsmResourceBlob::allocateAndCopyWithAlign(bytes, /*align=*/64));
}

ElementsAttr makeConstant(RankedTensorType type, ArrayRef<Attribute> scalars) {
  Type element = type.getElementType();
  int64_t width = elementBytes(element);
  std::vector<char> bytes;
  bytes.reserve(scalars.size() * width);
  for (Attribute scalar : scalars) {
    APInt bits;
    if (auto real = dyn_cast<FloatAttr>(scalar)) {
      APFloat value = real.getValue();
      bool losesInfo;
      value.convert(cast<FloatType>(element).getFloatSemantics(),
                    APFloat::rmNearestTiesToEven, &losesInfo);
      bits = value.bitcastToAPInt();
    } else {
      bits = cast<IntegerAttr>(scalar).getValue();
    }
    uint64_t word = bits.getZExtValue();
    for (int64_t i = 0; i < width; ++i)
      bytes.push_back(char(word >> (8 * i)));
  }
  return makeConstant(type, bytes);
}

TypedAttr splatValue(Attribute attribute) {
  auto elements = dyn_cast_or_null<ElementsAttr>(attribute);
  if (!elements)
    return {};
  std::optional<ConstantView> view = ConstantView::get(attribute);
  if (!view || view->size() == 0)
    return {};
  if (auto dense = dyn_cast<DenseElementsAttr>(attribute);
      !dense || !dense.isSplat()) {
    ArrayRef<char> bytes = view->bytes();
    int64_t width = elementBytes(view->getType().getElementType());
    for (size_t i = width; i < bytes.size(); ++i)
      if (bytes[i] != bytes[i - width])
        return {};
  }
  return view->element(0);
}

} // namespace edgecc::edge
