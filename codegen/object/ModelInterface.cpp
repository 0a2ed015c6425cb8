//===- ModelInterface.cpp - what a caller sees of a network -----*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "codegen/object/ModelInterface.h"
#include "dialects/Target/MemoryMap.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Format.h"

using namespace mlir;
using namespace edgecc;

const ElementInfo *edgecc::getElementInfo(Type element) {
  static constexpr ElementInfo f32 = {"float", "f32", "<f4", "F32", 1, 4};
  static constexpr ElementInfo f64 = {"double", "f64", "<f8", "F64", 11, 8};
  static constexpr ElementInfo f16 = {"uint16_t", "f16", "<f2", "F16", 10, 2};
  static constexpr ElementInfo bf16 = {"uint16_t", "bf16", "<V2",
                                       "BF16",     16,     2};
  static constexpr ElementInfo boolean = {"uint8_t", "bool", "|b1",
                                          "BOOL",    9,      1};
  static constexpr ElementInfo integers[] = {
      {"int8_t", "i8", "|i1", "I8", 3, 1},
      {"int16_t", "i16", "<i2", "I16", 5, 2},
      {"int32_t", "i32", "<i4", "I32", 6, 4},
      {"int64_t", "i64", "<i8", "I64", 7, 8}};
  static constexpr ElementInfo unsignedIntegers[] = {
      {"uint8_t", "u8", "|u1", "U8", 2, 1},
      {"uint16_t", "u16", "<u2", "U16", 4, 2},
      {"uint32_t", "u32", "<u4", "U32", 12, 4},
      {"uint64_t", "u64", "<u8", "U64", 13, 8}};
  // One byte each: the bits of floats, the value of integers.
  static constexpr ElementInfo narrowFloats[] = {
      {"uint8_t", "f8E4M3FN", "|u1", "F8E4M3FN", 17, 1},
      {"uint8_t", "f8E4M3FNUZ", "|u1", "F8E4M3FNUZ", 18, 1},
      {"uint8_t", "f8E5M2", "|u1", "F8E5M2", 19, 1},
      {"uint8_t", "f8E5M2FNUZ", "|u1", "F8E5M2FNUZ", 20, 1},
      {"uint8_t", "f8E8M0FNU", "|u1", "F8E8M0FNU", 24, 1},
      {"uint8_t", "f4E2M1FN", "|u1", "F4E2M1FN", 23, 1},
      {"uint8_t", "f6E2M3FN", "|u1", "F6E2M3FN", 27, 1},
      {"uint8_t", "f6E3M2FN", "|u1", "F6E3M2FN", 28, 1}};
  static constexpr ElementInfo i4 = {"int8_t", "i4", "|i1", "I4", 22, 1};
  static constexpr ElementInfo u4 = {"uint8_t", "u4", "|u1", "U4", 21, 1};
  static constexpr ElementInfo i2 = {"int8_t", "i2", "|i1", "I2", 26, 1};
  static constexpr ElementInfo u2 = {"uint8_t", "u2", "|u1", "U2", 25, 1};
  if (element.isF32())
    return &f32;
  if (element.isF64())
    return &f64;
  if (element.isF16())
    return &f16;
  if (element.isBF16())
    return &bf16;
  if (element.isInteger(1))
    return &boolean;
  if (auto integer = dyn_cast<IntegerType>(element)) {
    for (int i = 0; i < 4; ++i)
      if (integer.getWidth() == 8u << i)
        return integer.isUnsigned() ? &unsignedIntegers[i] : &integers[i];
    if (integer.getWidth() == 4)
      return integer.isUnsigned() ? &u4 : &i4;
    if (integer.getWidth() == 2)
      return integer.isUnsigned() ? &u2 : &i2;
  }
  std::string name;
  llvm::raw_string_ostream(name) << element;
  for (const ElementInfo &info : narrowFloats)
    if (info.name == name)
      return &info;
  return nullptr;
}

std::string edgecc::formatShape(RankedTensorType type) {
  if (type.getRank() == 0)
    return "scalar";
  return llvm::join(
      llvm::map_range(type.getShape(),
                      [](int64_t d) { return std::to_string(d); }),
      "x");
}

std::string edgecc::formatFloat(float number) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.9g", double(number));
  return StringRef(text).find_first_of(".e") == StringRef::npos ? text + ".0"
                                                                : text;
}

std::string edgecc::makeCIdentifier(StringRef text) {
  std::string result;
  for (char c : text)
    result += llvm::isAlnum(c) ? c : '_';
  if (result.empty() || llvm::isDigit(result[0]))
    result.insert(0, "_");
  return result;
}

bool edgecc::isReservedName(StringRef name) {
  // Of C, of C++, of the headers that ours includes, and of ours.
  static constexpr StringRef words =
      " auto break case char const continue default do double else enum extern"
      " float for goto if inline int long register restrict return short signed"
      " sizeof static struct switch typedef union unsigned void volatile while"
      " asm typeof typeof_unqual constexpr nullptr static_assert thread_local"
      " alignas alignof bool true false _Alignas _Alignof _Atomic _BitInt _Bool"
      " _Complex _Generic _Imaginary _Noreturn _Static_assert _Thread_local"
      " and and_eq bitand bitor catch char8_t char16_t char32_t class co_await"
      " co_return co_yield compl concept consteval constinit const_cast"
      " decltype delete dynamic_cast explicit export friend mutable namespace"
      " new noexcept not not_eq operator or or_eq private protected public"
      " reinterpret_cast requires static_cast template this throw try typeid"
      " typename using virtual wchar_t xor xor_eq"
      " NULL size_t int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t"
      " uint64_t linux unix"
      " arena arena_bytes layer ";
  return words.contains((" " + name + " ").str());
}

/// Reads the table that edgecc-split-layers has made.
static LogicalResult readValues(func::FuncOp main,
                                std::vector<ValueInterface> &values) {
  auto list = main->getAttrOfType<ArrayAttr>("edge.values");
  if (!list)
    return success();
  for (auto entry : list.getAsRange<DictionaryAttr>()) {
    ValueInterface value;
    value.tensor.name = entry.getAs<StringAttr>("name").str();
    value.tensor.type =
        cast<RankedTensorType>(entry.getAs<TypeAttr>("type").getValue());
    Type element = value.tensor.type.getElementType();
    const ElementInfo *info = getElementInfo(element);
    if (!info)
      return main.emitError("'")
             << value.tensor.name << "' has elements of type " << element
             << ", which no C type stands for";
    value.tensor.bytes = value.tensor.type.getNumElements() * info->bytes;
    llvm::append_range(value.strides,
                       entry.getAs<DenseI64ArrayAttr>("strides").asArrayRef());
    values.push_back(std::move(value));
  }
  return success();
}

static int64_t capacityOf(Operation *op, StringRef region) {
  for (const target::MemoryRegion &known : target::getMemoryMap(op))
    if (known.name == region)
      return known.bytes;
  return 0;
}

static std::optional<Quantization>
readQuantization(func::FuncOp main, unsigned number, RankedTensorType type) {
  auto scale = main.getArgAttrOfType<FloatAttr>(number, "edge.scale");
  auto zero = main.getArgAttrOfType<IntegerAttr>(number, "edge.zero_point");
  auto element = dyn_cast<IntegerType>(type.getElementType());
  if (!scale || !zero || !element || element.getWidth() > 16)
    return std::nullopt;
  int64_t count = int64_t(1) << element.getWidth();
  int64_t least = element.isUnsigned() ? 0 : -count / 2;
  return Quantization{float(scale.getValueAsDouble()), zero.getInt(), least,
                      least + count - 1};
}

FailureOr<ModelInterface> edgecc::readInterface(ModuleOp module,
                                                StringRef name) {
  auto main = module.lookupSymbol<func::FuncOp>("main");
  if (!main)
    return module.emitError("the module has no function 'main'");
  ModelInterface result;
  result.name = name.str();
  if (auto align = main->getAttrOfType<IntegerAttr>("edge.arena_align"))
    result.arenaAlign = align.getInt();
  if (auto layers = main->getAttrOfType<ArrayAttr>("edge.layers"))
    for (auto layer : layers.getAsRange<StringAttr>())
      result.layers.push_back(layer.str());
  result.hasStep = bool(module.lookupSymbol("step"));
  result.announcesLayers = bool(module.lookupSymbol("on_layer"));
  result.showsValues = bool(module.lookupSymbol("on_value"));
  result.copiesConstants = bool(module.lookupSymbol(target::copyStartName));
  if (failed(readValues(main, result.values)))
    return failure();
  llvm::StringSet<> names;
  // The names of regions are the user's, and stay.
  for (unsigned number = 0; number < main.getNumArguments(); ++number)
    if (auto region = main.getArgAttrOfType<StringAttr>(number, "edge.region"))
      for (StringRef suffix : {"", "_bytes"})
        names.insert(StringRef((region.getValue() + suffix).str()).upper());
  for (auto [number, argument] : llvm::enumerate(main.getArgumentTypes())) {
    if (main.getArgAttr(number, "edge.arena")) {
      int64_t bytes = cast<MemRefType>(argument).getNumElements();
      result.arenaBytes =
          llvm::alignTo(result.arenaBytes, result.arenaAlign) + bytes;
      auto region = main.getArgAttrOfType<StringAttr>(number, "edge.region");
      auto bound =
          main.getArgAttrOfType<IntegerAttr>(number, "edge.region_bound");
      if (region)
        result.regions.push_back({region.str(), bytes,
                                  bound ? bound.getInt() : bytes,
                                  capacityOf(main, region)});
      continue;
    }
    TensorInterface tensor;
    if (auto attr = main.getArgAttrOfType<StringAttr>(number, "edge.name"))
      tensor.name = attr.getValue().str();
    auto type = main.getArgAttrOfType<TypeAttr>(number, "edge.type");
    tensor.type =
        type ? dyn_cast<RankedTensorType>(type.getValue()) : RankedTensorType();
    if (!tensor.type)
      return main.emitError("argument ") << number << " has no 'edge.type'";
    const ElementInfo *info = getElementInfo(tensor.type.getElementType());
    if (!info)
      return main.emitError("'")
             << tensor.name << "' has elements of type "
             << tensor.type.getElementType() << ", which no C type stands for";
    tensor.bytes = tensor.type.getNumElements() * info->bytes;
    if (auto slices =
            main.getArgAttrOfType<IntegerAttr>(number, "edge.slices")) {
      tensor.sliceBytes = tensor.bytes;
      tensor.bytes *= slices.getInt();
      SmallVector<int64_t> shape(tensor.type.getShape());
      shape.front() = slices.getInt();
      tensor.type = tensor.type.clone(shape);
    }
    if (main.getArgAttr(number, "edge.repeats"))
      result.repeats = result.inputs.size();
    tensor.cName = makeCIdentifier(tensor.name);
    // Two underscores in a row are for the compiler and its library.
    tensor.cName.erase(
        llvm::unique(tensor.cName,
                     [](char a, char b) { return a == '_' && b == '_'; }),
        tensor.cName.end());
    // The macros of the header.
    if (StringRef(tensor.cName).starts_with("EDGECC_") ||
        StringRef(tensor.cName).starts_with(StringRef(result.name).upper()))
      tensor.cName = StringRef(tensor.cName).lower();
    while (isReservedName(tensor.cName) ||
           !names.insert(StringRef(tensor.cName).upper()).second)
      tensor.cName += tensor.cName.back() == '_' ? "x" : "_";
    tensor.quantization = readQuantization(main, number, tensor.type);
    if (auto dims = main.getArgAttrOfType<ArrayAttr>(number, "edge.dims"))
      for (auto dim : dims.getAsRange<StringAttr>())
        tensor.dims.push_back(dim.str());
    if (auto shape = main.getArgAttrOfType<StringAttr>(number, "edge.shape"))
      tensor.shape = shape.str();
    if (auto range =
            main.getArgAttrOfType<DenseI64ArrayAttr>(number, "edge.range"))
      tensor.range = {range[0], range[1]};
    bool isOutput = bool(main.getArgAttr(number, "edge.output"));
    (isOutput ? result.outputs : result.inputs).push_back(std::move(tensor));
  }
  for (auto global : module.getOps<memref::GlobalOp>())
    if (global.getConstant())
      result.weightBytes +=
          global.getType().getNumElements() *
          llvm::divideCeil(global.getType().getElementTypeBitWidth(), 8);
  return result;
}
