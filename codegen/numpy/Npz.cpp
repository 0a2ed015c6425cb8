//===- Npz.cpp - arrays in NumPy's archives ---------------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "codegen/numpy/Npz.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include <cmath>
#include <memory>
#include <zip.h>

using namespace llvm;
using namespace edgecc;

namespace {

struct CloseZip {
  void operator()(zip_t *zip) const { zip_discard(zip); }
};
using Zip = std::unique_ptr<zip_t, CloseZip>;

/// An array of a file: its type as NumPy writes it, its shape, its bytes.
struct Array {
  std::string type;
  SmallVector<int64_t> shape;
  bool isFortranOrder = false;
  std::vector<char> file;
  /// Where in the file the elements begin.
  size_t start = 0;
};

/// Reads the header of an .npy file: a Python dictionary of three known keys.
class NpyHeader {
public:
  explicit NpyHeader(StringRef text) : text(text) {}

  /// True if the header is one.
  bool parse(Array &array);

private:
  bool eat(StringRef token) {
    text = text.ltrim(" \t\n");
    return text.consume_front(token);
  }
  bool parseString(StringRef &value);
  bool parseShape(SmallVectorImpl<int64_t> &shape);

  StringRef text;
};

} // namespace

bool NpyHeader::parseString(StringRef &value) {
  if (!eat("'"))
    return false;
  std::tie(value, text) = text.split('\'');
  return true;
}

bool NpyHeader::parseShape(SmallVectorImpl<int64_t> &shape) {
  if (!eat("("))
    return false;
  while (!eat(")")) {
    int64_t size;
    if (text.consumeInteger(10, size) || size < 0)
      return false;
    shape.push_back(size);
    if (!eat(",") && !text.starts_with(")"))
      return false;
  }
  return true;
}

bool NpyHeader::parse(Array &array) {
  bool hasType = false, hasOrder = false, hasShape = false;
  if (!eat("{"))
    return false;
  while (!eat("}")) {
    StringRef key, value;
    if (!parseString(key) || !eat(":"))
      return false;
    if (key == "descr") {
      if (!parseString(value))
        return false;
      array.type = value.str();
      hasType = true;
    } else if (key == "fortran_order") {
      array.isFortranOrder = eat("True");
      if (!array.isFortranOrder && !eat("False"))
        return false;
      hasOrder = true;
    } else if (key == "shape") {
      if (!parseShape(array.shape))
        return false;
      hasShape = true;
    } else {
      return false;
    }
    if (!eat(",") && !text.starts_with("}"))
      return false;
  }
  return hasType && hasOrder && hasShape;
}

/// Splits a whole .npy file.
static bool parseNpy(Array &array) {
  StringRef file(array.file.data(), array.file.size());
  if (!file.starts_with("\x93NUMPY") || file.size() < 12)
    return false;
  size_t length;
  switch (file[6]) {
  case 1:
    length = support::endian::read16le(file.data() + 8);
    array.start = 10 + length;
    break;
  case 2:
  case 3:
    length = support::endian::read32le(file.data() + 8);
    array.start = 12 + length;
    break;
  default:
    return false;
  }
  return array.start <= file.size() &&
         NpyHeader(file.substr(array.start - length, length)).parse(array);
}

static std::string formatSizes(ArrayRef<int64_t> shape) {
  if (shape.empty())
    return "scalar";
  return join(map_range(shape, [](int64_t d) { return std::to_string(d); }),
              "x");
}

/// What people call a type of NumPy.
static std::string formatType(StringRef numpy) {
  static constexpr std::pair<StringLiteral, StringLiteral> names[] = {
      {"<f8", "f64"}, {"<f4", "f32"}, {"<f2", "f16"}, {"|b1", "bool"},
      {"|i1", "i8"},  {"<i2", "i16"}, {"<i4", "i32"}, {"<i8", "i64"},
      {"|u1", "u8"},  {"<u2", "u16"}, {"<u4", "u32"}, {"<u8", "u64"}};
  for (const auto &[code, name] : names)
    if (numpy == code)
      return name.str();
  return numpy.str();
}

static Error makeError(const Twine &message) {
  return createStringError(inconvertibleErrorCode(), message);
}

static Expected<Array> readMember(zip_t *zip, zip_uint64_t index,
                                  StringRef path) {
  Array array;
  zip_stat_t stat;
  zip_file_t *file = zip_fopen_index(zip, index, 0);
  bool isRead = file && zip_stat_index(zip, index, 0, &stat) == 0;
  // The size that the archive states may be anything: memory is taken for twice
  // as much as has come, at most.
  constexpr uint64_t least = 1 << 20;
  for (uint64_t size = 0; isRead && size < stat.size;) {
    uint64_t next = std::min(stat.size - size, std::max(size, least));
    array.file.resize(size + next);
    isRead = zip_fread(file, array.file.data() + size, next) ==
             static_cast<zip_int64_t>(next);
    size += next;
  }
  if (file)
    isRead = zip_fclose(file) == 0 && isRead;
  if (!isRead)
    return makeError("'" + path + "' is damaged");
  if (!parseNpy(array))
    return makeError("'" + path + "': '" + zip_get_name(zip, index, 0) +
                     "' is no .npy file");
  return array;
}

static Expected<std::vector<char>>
checkArray(const Array &array, const TensorInterface &tensor, StringRef path) {
  const ElementInfo *info = getElementInfo(tensor.type.getElementType());
  std::string prefix = "'" + path.str() + "': input '" + tensor.name + "' is ";
  // NumPy has no bf16: the bits, or what extensions of it write.
  bool isBits = tensor.type.getElementType().isBF16() &&
                (array.type == "<u2" || array.type == "|V2");
  if (array.type != info->numpy && !isBits)
    return makeError(prefix + info->name + ", but the array is " +
                     formatType(array.type));
  if (ArrayRef<int64_t>(array.shape) != tensor.type.getShape())
    return makeError(prefix + formatSizes(tensor.type.getShape()) +
                     ", but the array is " + formatSizes(array.shape));
  if (array.isFortranOrder && array.shape.size() > 1)
    return makeError(prefix + "row-major, but the array is in Fortran order");
  if (array.file.size() - array.start != static_cast<size_t>(tensor.bytes))
    return makeError("'" + path + "': the array '" + tensor.name +
                     "' is damaged");
  return std::vector<char>(array.file.begin() + array.start, array.file.end());
}

namespace {
/// An open archive: its members by the name of their array.
struct Archive {
  Zip zip;
  StringMap<zip_uint64_t> members;
  std::vector<std::string> names;
};
} // namespace

static Expected<Archive> openArchive(StringRef path) {
  if (!sys::fs::exists(path))
    return makeError("cannot read '" + path + "': no such file");
  int code = 0;
  Archive archive;
  archive.zip.reset(zip_open(path.str().c_str(), ZIP_RDONLY, &code));
  if (!archive.zip)
    return makeError("'" + path + "' is no .npz file");
  zip_int64_t count = zip_get_num_entries(archive.zip.get(), 0);
  for (zip_int64_t i = 0; i < count; ++i) {
    StringRef name = zip_get_name(archive.zip.get(), i, ZIP_FL_ENC_GUESS);
    name.consume_back(".npy");
    archive.members[name] = i;
    archive.names.push_back("'" + name.str() + "'");
  }
  return archive;
}

Expected<StringMap<SmallVector<int64_t>>>
edgecc::readNpzShapes(StringRef path) {
  auto archive = openArchive(path);
  if (!archive)
    return archive.takeError();
  StringMap<SmallVector<int64_t>> shapes;
  for (const auto &member : archive->members) {
    auto array = readMember(archive->zip.get(), member.second, path);
    if (!array)
      return array.takeError();
    shapes[member.first()] = array->shape;
  }
  return shapes;
}

Expected<StringMap<NpzArray>> edgecc::readNpzArrays(StringRef path) {
  auto archive = openArchive(path);
  if (!archive)
    return archive.takeError();
  StringMap<NpzArray> arrays;
  for (const auto &member : archive->members) {
    auto array = readMember(archive->zip.get(), member.second, path);
    if (!array)
      return array.takeError();
    if (!array->isFortranOrder || array->shape.size() < 2)
      arrays[member.first()] = {
          array->type, array->shape,
          std::vector<char>(array->file.begin() + array->start,
                            array->file.end())};
  }
  return arrays;
}

Expected<TensorData> edgecc::readNpz(StringRef path,
                                     ArrayRef<TensorInterface> tensors) {
  auto archive = openArchive(path);
  if (!archive)
    return archive.takeError();
  StringMap<zip_uint64_t> &members = archive->members;
  const std::vector<std::string> &names = archive->names;
  std::string found =
      names.empty() ? "it is empty" : "it has " + join(names, ", ");

  TensorData data;
  for (auto [i, tensor] : enumerate(tensors)) {
    auto member = members.find(tensor.name);
    if (member == members.end())
      member = members.find("arr_" + std::to_string(i));
    if (member == members.end())
      return makeError(
          "'" + path + "' has no array for input '" + tensor.name + "' (" +
          getElementInfo(tensor.type.getElementType())->name + " " +
          formatSizes(tensor.type.getShape()) + "); " + found);
    auto array = readMember(archive->zip.get(), member->second, path);
    if (!array)
      return array.takeError();
    auto bytes = checkArray(*array, tensor, path);
    if (!bytes)
      return bytes.takeError();
    data.push_back(std::move(*bytes));
    members.erase(member);
  }
  if (!members.empty())
    return makeError("'" + path + "': '" + members.begin()->first() +
                     "' is no input of the network");
  return data;
}

/// Fails at an element of an array of f32 that is no number.
static Error checkNumbers(ArrayRef<char> bytes, const TensorInterface &tensor,
                          int64_t example, StringRef path) {
  if (!tensor.type.getElementType().isF32())
    return Error::success();
  for (size_t i = 0; i + 4 <= bytes.size(); i += 4)
    if (!std::isfinite(
            llvm::bit_cast<float>(support::endian::read32le(bytes.data() + i))))
      return makeError("'" + path + "': input '" + tensor.name +
                       "' holds an infinity or NaN in example " +
                       Twine(example));
  return Error::success();
}

/// The integers of a list with one per example; nothing if it is no such list.
static std::optional<std::vector<int64_t>> readList(const Array &array,
                                                    size_t examples) {
  StringRef type(array.type);
  unsigned bytes = 0;
  if (array.shape.size() != 1 || array.shape[0] != int64_t(examples) ||
      type.size() != 3 || type.starts_with(">") ||
      !StringRef("iu").contains(type[1]) ||
      type.drop_front(2).getAsInteger(10, bytes) || bytes > 8 ||
      array.file.size() < array.start + bytes * examples)
    return std::nullopt;
  std::vector<int64_t> list;
  for (size_t i = 0; i < examples; ++i) {
    uint64_t bits = 0;
    for (unsigned k = 0; k < bytes; ++k)
      bits |= uint64_t(uint8_t(array.file[array.start + i * bytes + k]))
              << (8 * k);
    list.push_back(type[1] == 'i' ? SignExtend64(bits, 8 * bytes)
                                  : int64_t(bits));
  }
  return list;
}

Expected<Examples> edgecc::readNpzExamples(StringRef path,
                                           ArrayRef<TensorInterface> tensors) {
  auto archive = openArchive(path);
  if (!archive)
    return archive.takeError();
  std::string found = archive->names.empty()
                          ? "it is empty"
                          : "it has " + join(archive->names, ", ");
  Examples result;
  std::vector<TensorData> &examples = result.inputs;
  for (auto [i, tensor] : enumerate(tensors)) {
    auto member = archive->members.find(tensor.name);
    if (member == archive->members.end())
      member = archive->members.find("arr_" + std::to_string(i));
    ArrayRef<int64_t> shape = tensor.type.getShape();
    ArrayRef<int64_t> inner =
        !shape.empty() && shape[0] == 1 ? shape.drop_front() : shape;
    std::string wanted = "N examples of " + formatSizes(inner);
    if (member == archive->members.end())
      return makeError("'" + path + "' has no array for input '" + tensor.name +
                       "' (" + wanted + "); " + found);
    auto array = readMember(archive->zip.get(), member->second, path);
    if (!array)
      return array.takeError();
    archive->members.erase(member);
    if (ArrayRef<int64_t>(array->shape) == inner)
      array->shape.insert(array->shape.begin(), 1);
    if (array->shape.empty() ||
        ArrayRef<int64_t>(array->shape).drop_front() != inner)
      return makeError("'" + path + "': input '" + tensor.name + "' takes " +
                       wanted + ", but the array is " +
                       formatSizes(array->shape));
    int64_t count = array->shape[0];
    if (count == 0)
      return makeError("'" + path + "' has no examples");
    if (i > 0 && count != int64_t(examples.size()))
      return makeError("'" + path + "': input '" + tensor.name + "' has " +
                       Twine(count) + " examples, '" + tensors[0].name +
                       "' has " + Twine(examples.size()));
    examples.resize(count);
    // The whole array is checked as an input of its own size.
    TensorInterface whole = tensor;
    whole.type = tensor.type.clone(array->shape);
    whole.bytes = tensor.bytes * count;
    auto bytes = checkArray(*array, whole, path);
    if (!bytes)
      return bytes.takeError();
    for (int64_t k = 0; k < count; ++k) {
      auto from = bytes->begin() + k * tensor.bytes;
      examples[k].emplace_back(from, from + tensor.bytes);
      if (Error error = checkNumbers(examples[k].back(), tensor, k, path))
        return std::move(error);
    }
  }
  for (const auto &member : archive->members) {
    auto array = readMember(archive->zip.get(), member.second, path);
    if (!array)
      return array.takeError();
    std::optional<std::vector<int64_t>> list =
        readList(*array, examples.size());
    if (!list)
      return makeError("'" + path + "': '" + member.first() +
                       "' is no input of the network");
    bool isGroups = member.first() == "groups";
    if (!isGroups && !result.labels.empty())
      return makeError("'" + path + "' has several lists of labels; " + found);
    (isGroups ? result.groups : result.labels) = std::move(*list);
  }
  return result;
}

/// Whether NumPy can read a member of this name back.
static bool isFileName(StringRef name) {
  return !name.empty() && name.size() < 200 &&
         name.find_first_of("/\\:*?\"<>|") == StringRef::npos &&
         all_of(
             name, [](char c) { return isPrint(c); }) &&
         !name.starts_with("arr_") && !name.ends_with(".npy");
}

/// The text of an .npy file.
static std::string makeNpy(const TensorInterface &tensor,
                           ArrayRef<char> bytes) {
  const ElementInfo *info = getElementInfo(tensor.type.getElementType());
  std::string shape;
  for (int64_t size : tensor.type.getShape())
    shape += std::to_string(size) + ",";
  std::string header = "{'descr': '" + info->numpy.str() +
                       "', 'fortran_order': False, 'shape': (" + shape + "), }";
  // Magic, version and length take ten bytes; the elements start at a multiple
  // of 64.
  header.append(63 - (header.size() + 10) % 64, ' ');
  header += '\n';
  std::string file("\x93NUMPY\x01\x00", 8);
  file += static_cast<char>(header.size() & 255);
  file += static_cast<char>(header.size() >> 8);
  file += header;
  file.append(bytes.data(), tensor.bytes);
  return file;
}

Error edgecc::writeNpz(StringRef path, ArrayRef<TensorInterface> tensors,
                       const TensorData &data) {
  std::string temporary = (path + ".tmp").str();
  sys::fs::remove(temporary);
  int code = 0;
  Zip zip(zip_open(temporary.c_str(), ZIP_CREATE | ZIP_EXCL, &code));
  auto fail = [&] {
    zip.reset();
    sys::fs::remove(temporary);
    return makeError("cannot write '" + path + "'");
  };
  if (!zip)
    return fail();
  // The archive reads the files when it is closed.
  std::vector<std::string> files;
  files.reserve(tensors.size());
  for (auto [i, tensor] : enumerate(tensors)) {
    files.push_back(makeNpy(tensor, data[i]));
    std::string name =
        (isFileName(tensor.name) ? tensor.name : "arr_" + std::to_string(i)) +
        ".npy";
    zip_source_t *source = zip_source_buffer(zip.get(), files.back().data(),
                                             files.back().size(), 0);
    zip_int64_t index =
        source ? zip_file_add(zip.get(), name.c_str(), source, ZIP_FL_ENC_UTF_8)
               : -1;
    if (index < 0 ||
        zip_set_file_compression(zip.get(), index, ZIP_CM_STORE, 0) != 0)
      return fail();
  }
  if (zip_close(zip.get()) != 0)
    return fail();
  // A successful close frees it.
  (void)zip.release();
  if (sys::fs::rename(temporary, path))
    return fail();
  return Error::success();
}
