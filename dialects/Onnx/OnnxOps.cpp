//===- OnnxOps.cpp - the onnx dialect ----------------------------*- C++
//-*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/OnnxOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace edgecc::onnx;

//===----------------------------------------------------------------------===//
// Dialect
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/OnnxDialect.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/Onnx/OnnxTypes.cpp.inc"

void OnnxDialect::initialize() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/Onnx/OnnxTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/Onnx/OnnxOps.cpp.inc"
      >();
}

Operation *OnnxDialect::materializeConstant(OpBuilder &builder, Attribute value,
                                            Type type, Location loc) {
  if (isa<NoneType>(type) && isa<UnitAttr>(value))
    return NoneOp::create(builder, loc);
  auto elements = dyn_cast<ElementsAttr>(value);
  if (!elements || elements.getType() != type)
    return nullptr;
  return ConstantOp::create(builder, loc, type, elements);
}

//===----------------------------------------------------------------------===//
// Custom syntax
//===----------------------------------------------------------------------===//

/// since-version, attributes unless there are none, and the regions:
///   11 {group = 1 : i64} body "then_branch" { ... }
static ParseResult
parseDefinition(OpAsmParser &parser, IntegerAttr &version,
                DictionaryAttr &attributes, ArrayAttr &names,
                SmallVectorImpl<std::unique_ptr<Region>> &bodies) {
  Builder &builder = parser.getBuilder();
  int64_t number;
  NamedAttrList attributeList;
  if (parser.parseInteger(number) ||
      parser.parseOptionalAttrDict(attributeList))
    return failure();
  version = builder.getI64IntegerAttr(number);
  attributes = attributeList.getDictionary(parser.getContext());

  SmallVector<Attribute> nameList;
  while (succeeded(parser.parseOptionalKeyword("body"))) {
    std::string name;
    auto body = std::make_unique<Region>();
    if (parser.parseString(&name) || parser.parseRegion(*body))
      return failure();
    nameList.push_back(builder.getStringAttr(name));
    bodies.push_back(std::move(body));
  }
  names = builder.getArrayAttr(nameList);
  return success();
}

static void printDefinition(OpAsmPrinter &printer, Operation *,
                            IntegerAttr version, DictionaryAttr attributes,
                            ArrayAttr names, RegionRange bodies) {
  printer << version.getInt();
  printer.printOptionalAttrDict(attributes.getValue());
  for (auto [name, body] : llvm::zip(names, bodies)) {
    printer << " body " << name << " ";
    printer.printRegion(*body);
  }
}

#define GET_OP_CLASSES
#include "dialects/Onnx/OnnxOps.cpp.inc"

//===----------------------------------------------------------------------===//
// NodeOp
//===----------------------------------------------------------------------===//

LogicalResult NodeOp::verify() {
  if (getOpType().empty())
    return emitOpError("has no operator name");
  if (static_cast<int64_t>(getSinceVersion()) < 1)
    return emitOpError("since-version must be positive, is ")
           << static_cast<int64_t>(getSinceVersion());
  if (getRegionNames().size() != getBodies().size())
    return emitOpError("has ") << getBodies().size() << " regions but "
                               << getRegionNames().size() << " region names";
  llvm::StringSet<> seen;
  for (auto [name, body] :
       llvm::zip(getRegionNames().getAsRange<StringAttr>(), getBodies())) {
    if (!seen.insert(name.getValue()).second)
      return emitOpError("has two regions of the name ") << name;
    if (getOnnxAttributes().contains(name.getValue()))
      return emitOpError("has both a region and an attribute of the name ")
             << name;
    if (!body.hasOneBlock())
      return emitOpError("region ") << name << " must have one block";
    if (body.front().empty() || !isa<YieldOp>(body.front().back()))
      return emitOpError("region ") << name << " must end with 'onnx.yield'";
  }
  return success();
}

Attribute NodeOp::getAttribute(StringRef name) {
  return getOnnxAttributes().get(name);
}

std::optional<int64_t> NodeOp::findI64(StringRef name) {
  if (auto attr = dyn_cast_or_null<IntegerAttr>(getAttribute(name)))
    return attr.getInt();
  return std::nullopt;
}

int64_t NodeOp::getI64(StringRef name, int64_t defaultValue) {
  return findI64(name).value_or(defaultValue);
}

std::optional<float> NodeOp::findF32(StringRef name) {
  auto attr = dyn_cast_or_null<FloatAttr>(getAttribute(name));
  if (attr && attr.getType().isF32())
    return attr.getValue().convertToFloat();
  return std::nullopt;
}

float NodeOp::getF32(StringRef name, float defaultValue) {
  return findF32(name).value_or(defaultValue);
}

StringRef NodeOp::getString(StringRef name, StringRef defaultValue) {
  if (auto attr = dyn_cast_or_null<StringAttr>(getAttribute(name)))
    return attr.getValue();
  return defaultValue;
}

std::optional<ArrayRef<int64_t>> NodeOp::findInts(StringRef name) {
  if (auto attr = dyn_cast_or_null<DenseI64ArrayAttr>(getAttribute(name)))
    return attr.asArrayRef();
  return std::nullopt;
}

ArrayRef<int64_t> NodeOp::getInts(StringRef name,
                                  ArrayRef<int64_t> defaultValue) {
  return findInts(name).value_or(defaultValue);
}

ArrayRef<float> NodeOp::getFloats(StringRef name,
                                  ArrayRef<float> defaultValue) {
  if (auto attr = dyn_cast_or_null<DenseF32ArrayAttr>(getAttribute(name)))
    return attr.asArrayRef();
  return defaultValue;
}

SmallVector<StringRef> NodeOp::getStrings(StringRef name) {
  SmallVector<StringRef> strings;
  if (auto attr = dyn_cast_or_null<ArrayAttr>(getAttribute(name)))
    for (auto string : attr.getAsRange<StringAttr>())
      strings.push_back(string.getValue());
  return strings;
}

ElementsAttr NodeOp::getTensor(StringRef name) {
  return dyn_cast_or_null<ElementsAttr>(getAttribute(name));
}

bool NodeOp::isAbsent(unsigned index) {
  return index >= getInputs().size() ||
         isa<NoneType>(getInputs()[index].getType());
}

Value NodeOp::getInput(unsigned index) {
  return isAbsent(index) ? Value() : getInputs()[index];
}

bool NodeOp::isUnused(unsigned index) {
  return index >= getOutputs().size() || getOutputs()[index].use_empty();
}

Region *NodeOp::getBody(StringRef name) {
  for (auto [bodyName, body] :
       llvm::zip(getRegionNames().getAsRange<StringAttr>(), getBodies()))
    if (bodyName.getValue() == name)
      return &body;
  return nullptr;
}

StringRef NodeOp::getNodeName() {
  if (auto name = getLoc()->findInstanceOf<NameLoc>())
    return name.getName().getValue();
  return "";
}

std::string NodeOp::describe() {
  StringRef domain = getDomain().empty() ? "ai.onnx" : getDomain();
  int64_t opset = getSinceVersion();
  if (auto module = (*this)->getParentOfType<ModuleOp>())
    if (auto opsets = module->getAttrOfType<DictionaryAttr>(kOpsetsAttr))
      if (auto version = opsets.getAs<IntegerAttr>(domain))
        opset = version.getInt();
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "node '" << getNodeName() << "' (operator " << getOpType()
     << ", domain " << domain << ", opset " << opset << ")";
  return text;
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValueAttr(); }

OpFoldResult NoneOp::fold(FoldAdaptor) { return UnitAttr::get(getContext()); }
