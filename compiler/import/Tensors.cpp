//===- Tensors.cpp - tensors and elements attributes -------------*- C++
//-*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/import/ImportImpl.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::importer;

static_assert(llvm::endianness::native == llvm::endianness::little,
              "tensor data is taken over byte for byte");

//===----------------------------------------------------------------------===//
// Element storage
//===----------------------------------------------------------------------===//

/// Bits of an element in raw data.
static unsigned getPackedBits(Type element) {
  if (auto complex = dyn_cast<ComplexType>(element))
    return 2 * complex.getElementType().getIntOrFloatBitWidth();
  if (element.isInteger(1))
    return 8;
  return element.getIntOrFloatBitWidth();
}

/// Bytes of an element in an elements attribute.
static unsigned getStorageBytes(Type element) {
  return llvm::divideCeil(getPackedBits(element), 8);
}

/// Elements of less than a byte, lowest bits first, to a byte each; signed
/// integers get their sign.
static std::string unpack(StringRef packed, Type element, size_t count) {
  unsigned bits = getPackedBits(element);
  bool isSigned = element.isSignlessInteger();
  unsigned mask = (1u << bits) - 1;
  std::string bytes(count, '\0');
  for (size_t i = 0; i < count; ++i) {
    size_t position = i * bits;
    unsigned window = static_cast<uint8_t>(packed[position / 8]);
    if (position / 8 + 1 < packed.size())
      window |= static_cast<uint8_t>(packed[position / 8 + 1]) << 8;
    unsigned value = (window >> (position % 8)) & mask;
    if (isSigned && (value >> (bits - 1)))
      value |= ~mask;
    bytes[i] = static_cast<char>(value);
  }
  return bytes;
}

template <typename T, typename Field>
static std::string narrow(const Field &field, size_t count) {
  std::string bytes(count * sizeof(T), '\0');
  for (size_t i = 0; i < count; ++i) {
    T value = static_cast<T>(field.Get(static_cast<int>(i)));
    std::memcpy(bytes.data() + i * sizeof(T), &value, sizeof(T));
  }
  return bytes;
}

/// The content of the typed fields as raw data; the checker has seen to it that
/// the right field is long enough.
static std::string packTypedField(const pb::TensorProto &tensor, Type element,
                                  size_t count) {
  unsigned bytes = getStorageBytes(element);
  if (tensor.float_data_size())
    return narrow<float>(tensor.float_data(), tensor.float_data_size());
  if (tensor.double_data_size())
    return narrow<double>(tensor.double_data(), tensor.double_data_size());
  if (tensor.int64_data_size())
    return narrow<int64_t>(tensor.int64_data(), count);
  if (tensor.uint64_data_size())
    return bytes == 4 ? narrow<uint32_t>(tensor.uint64_data(), count)
                      : narrow<uint64_t>(tensor.uint64_data(), count);
  const auto &field = tensor.int32_data();
  if (bytes == 4)
    return narrow<int32_t>(field, count);
  if (bytes == 2)
    return narrow<int16_t>(field, count);
  // Elements of two and four bits stand packed, a byte in each int32.
  unsigned bits = getPackedBits(element);
  if (bits == 2 || bits == 4) {
    size_t packed = std::min<size_t>(llvm::divideCeil(count * bits, 8),
                                     static_cast<size_t>(field.size()));
    return narrow<int8_t>(field, packed);
  }
  return narrow<int8_t>(field, count);
}

static ElementsAttr makeElements(RankedTensorType type, std::string bytes,
                                 StringRef name) {
  // Above this size the bytes stay out of the context's attribute storage.
  constexpr size_t kInlineBytes = 1024;
  constexpr size_t kAlignment = 64;
  Type element = type.getElementType();
  if (type.getNumElements() == 0)
    return DenseElementsAttr::get(type, ArrayRef<Attribute>());
  if (bytes.size() > kInlineBytes)
    return DenseResourceElementsAttr::get(
        type, name.empty() ? "tensor" : name,
        HeapAsmResourceBlob::allocateAndCopyWithAlign(
            ArrayRef<char>(bytes.data(), bytes.size()), kAlignment,
            /*dataIsMutable=*/false));
  if (element.isInteger(1)) {
    SmallVector<bool> values(bytes.begin(), bytes.end());
    return DenseElementsAttr::get(type, values);
  }
  return DenseElementsAttr::getFromRawBuffer(
      type, ArrayRef<char>(bytes.data(), bytes.size()));
}

//===----------------------------------------------------------------------===//
// External data
//===----------------------------------------------------------------------===//

LogicalResult TensorReader::readExternal(const pb::TensorProto &tensor,
                                         std::string &bytes, Location loc,
                                         const Twine &what) {
  namespace fs = llvm::sys::fs;
  namespace path = llvm::sys::path;
  std::string location;
  uint64_t offset = 0;
  std::optional<uint64_t> length;
  for (const auto &entry : tensor.external_data()) {
    StringRef value = entry.value();
    uint64_t number = 0;
    if (entry.key() == "location") {
      location = entry.value();
    } else if (entry.key() == "offset" || entry.key() == "length") {
      if (value.getAsInteger(10, number))
        return emitError(loc)
               << what << ": " << entry.key() << " of the external data is '"
               << value << "', expected a number";
      if (entry.key() == "offset")
        offset = number;
      else
        length = number;
    }
  }
  if (location.empty())
    return emitError(loc) << what << ": external data without a location";

  auto refuse = [&]() -> LogicalResult {
    return emitError(loc) << what << ": external data '" << location
                          << "' is outside the model's folder";
  };
  if (path::is_absolute(location))
    return refuse();
  for (auto part = path::begin(location); part != path::end(location); ++part)
    if (*part == "..")
      return refuse();
  SmallString<128> base, file(folder.empty() ? "." : folder), target;
  if (fs::real_path(file, base))
    return emitError(loc) << "cannot resolve the folder '" << file << "'";
  path::append(file, location);
  if (std::error_code error = fs::real_path(file, target))
    return emitError(loc) << what << ": cannot read external data '" << location
                          << "': " << tidyMessage(error.message());
  // Links are resolved by now.
  if (!path::is_separator(base.back()))
    base += '/';
  if (!target.starts_with(base))
    return refuse();

  fs::file_status status;
  if (fs::status(target, status) ||
      status.type() != fs::file_type::regular_file)
    return emitError(loc) << what << ": external data '" << location
                          << "' is not a file";
  uint64_t size = status.getSize();
  uint64_t count = length.value_or(offset <= size ? size - offset : 0);
  if (offset > size || count > size - offset)
    return emitError(loc) << what << ": external data '" << location << "' has "
                          << size << " bytes, expected " << count
                          << " from offset " << offset;
  if (!count)
    return success();
  auto buffer = llvm::MemoryBuffer::getFileSlice(target, count, offset);
  if (!buffer)
    return emitError(loc) << what << ": cannot read external data '" << location
                          << "': " << tidyMessage(buffer.getError().message());
  bytes = (*buffer)->getBuffer().str();
  return success();
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

static FailureOr<RankedTensorType>
getTensorType(ArrayRef<int64_t> shape, int dataType, MLIRContext *context,
              Location loc, const Twine &what) {
  Type element = convertElementType(dataType, context);
  if (!element)
    return emitError(loc) << what << " has no known element type (" << dataType
                          << ")";
  if (isa<edgecc::onnx::StringType>(element))
    return emitError(loc) << what
                          << " is a tensor of strings, which is not supported";
  // Beyond this the number of bytes would overflow.
  constexpr int64_t kMaxElements = int64_t{1} << 56;
  int64_t count = 1;
  for (int64_t size : shape) {
    if (size < 0)
      return emitError(loc) << what << " has the negative dimension " << size;
    if (llvm::MulOverflow(count, size, count) || count > kMaxElements)
      return emitError(loc) << what << " has more elements than fit in memory";
  }
  return RankedTensorType::get(shape, element);
}

FailureOr<std::string> TensorReader::readBytes(pb::TensorProto &tensor,
                                               Location loc,
                                               const Twine &what) {
  SmallVector<int64_t> shape(tensor.dims().begin(), tensor.dims().end());
  auto type = getTensorType(shape, tensor.data_type(), context, loc, what);
  if (failed(type))
    return failure();
  Type element = type->getElementType();
  size_t count = type->getNumElements();
  size_t packedBytes = llvm::divideCeil(count * getPackedBits(element), 8);

  std::string bytes;
  if (tensor.data_location() == pb::TensorProto::EXTERNAL) {
    if (failed(readExternal(tensor, bytes, loc, what)))
      return failure();
  } else if (tensor.has_raw_data()) {
    bytes = std::move(*tensor.mutable_raw_data());
    tensor.clear_raw_data();
  } else if (count) {
    bytes = packTypedField(tensor, element, count);
  }
  if (bytes.size() < packedBytes)
    return emitError(loc) << what << " has " << bytes.size()
                          << " bytes of data, expected " << packedBytes;
  // Floats of six bits stand unpacked in the typed field.
  if (getPackedBits(element) == 6 && tensor.int32_data_size())
    return bytes;
  bytes.resize(packedBytes);
  if (getPackedBits(element) < 8)
    return unpack(bytes, element, count);
  return bytes;
}

FailureOr<ElementsAttr> TensorReader::read(pb::TensorProto &tensor,
                                           Location loc, const Twine &what) {
  FailureOr<std::string> bytes = readBytes(tensor, loc, what);
  if (failed(bytes))
    return failure();
  SmallVector<int64_t> shape(tensor.dims().begin(), tensor.dims().end());
  auto type = RankedTensorType::get(
      shape, convertElementType(tensor.data_type(), context));
  return makeElements(type, std::move(*bytes), tensor.name());
}

FailureOr<ElementsAttr> TensorReader::read(pb::SparseTensorProto &tensor,
                                           Location loc, const Twine &what) {
  SmallVector<int64_t> shape(tensor.dims().begin(), tensor.dims().end());
  pb::TensorProto &values = *tensor.mutable_values();
  auto type = getTensorType(shape, values.data_type(), context, loc, what);
  if (failed(type))
    return failure();
  // Dense it is larger than its file, as much as that says.
  constexpr int64_t kMostElements = int64_t{1} << 26;
  if (type->getNumElements() > kMostElements)
    return emitError(loc) << what << " is sparse with "
                          << type->getNumElements()
                          << " elements, supported are up to " << kMostElements;
  FailureOr<std::string> nonzeros = readBytes(values, loc, what);
  if (failed(nonzeros))
    return failure();
  FailureOr<std::string> positions = std::string();
  if (tensor.has_indices())
    positions = readBytes(*tensor.mutable_indices(), loc, what);
  if (failed(positions))
    return failure();

  // The checker has seen to it that indices are int64, in range and as many as
  // there are values: linear ones, or one for each dimension.
  unsigned bytes = getStorageBytes(type->getElementType());
  bool isLinear = tensor.indices().dims_size() == 1;
  auto index = [&](size_t i) {
    return llvm::support::endian::read64le(positions->data() + i * 8);
  };
  std::string dense(type->getNumElements() * bytes, '\0');
  for (size_t i = 0, count = nonzeros->size() / bytes; i < count; ++i) {
    size_t target = 0;
    if (isLinear)
      target = index(i);
    else
      for (auto [d, size] : llvm::enumerate(shape))
        target = target * size + index(i * shape.size() + d);
    std::memcpy(dense.data() + target * bytes, nonzeros->data() + i * bytes,
                bytes);
  }
  return makeElements(*type, std::move(dense), values.name());
}

//===----------------------------------------------------------------------===//
// The way back
//===----------------------------------------------------------------------===//

bool importer::convertElements(ElementsAttr elements, pb::TensorProto &tensor) {
  auto type = dyn_cast<RankedTensorType>(elements.getType());
  if (!type)
    return false;
  pb::TypeProto proto;
  convertType(type, proto);
  tensor.set_data_type(proto.tensor_type().elem_type());
  for (int64_t size : type.getShape())
    tensor.add_dims(size);
  Type element = type.getElementType();
  std::string bytes;
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(elements)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob || getPackedBits(element) < 8)
      return false;
    bytes.assign(blob->getData().begin(), blob->getData().end());
  } else if (auto dense = dyn_cast<DenseIntOrFPElementsAttr>(elements)) {
    if (getPackedBits(element) < 8 || !element.isIntOrFloat())
      return false;
    if (element.isInteger(1)) {
      for (bool value : dense.getValues<bool>())
        bytes += static_cast<char>(value);
    } else {
      bytes.assign(dense.getRawData().begin(), dense.getRawData().end());
      if (dense.isSplat() && type.getNumElements()) {
        std::string one = bytes;
        for (int64_t i = 1; i < type.getNumElements(); ++i)
          bytes += one;
      }
    }
  } else {
    return false;
  }
  tensor.set_raw_data(std::move(bytes));
  return true;
}
