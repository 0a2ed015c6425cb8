//===- Types.cpp - ONNX types and MLIR types ---------------------*- C++
//-*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/import/ImportImpl.h"
#include "mlir/IR/BuiltinTypes.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::importer;

Type importer::convertElementType(int dataType, MLIRContext *context) {
  auto integer = [&](unsigned width) {
    return IntegerType::get(context, width);
  };
  auto unsignedInteger = [&](unsigned width) {
    return IntegerType::get(context, width, IntegerType::Unsigned);
  };
  switch (dataType) {
  case pb::TensorProto::FLOAT:
    return Float32Type::get(context);
  case pb::TensorProto::FLOAT16:
    return Float16Type::get(context);
  case pb::TensorProto::BFLOAT16:
    return BFloat16Type::get(context);
  case pb::TensorProto::DOUBLE:
    return Float64Type::get(context);
  case pb::TensorProto::FLOAT8E4M3FN:
    return Float8E4M3FNType::get(context);
  case pb::TensorProto::FLOAT8E4M3FNUZ:
    return Float8E4M3FNUZType::get(context);
  case pb::TensorProto::FLOAT8E5M2:
    return Float8E5M2Type::get(context);
  case pb::TensorProto::FLOAT8E5M2FNUZ:
    return Float8E5M2FNUZType::get(context);
  case pb::TensorProto::FLOAT8E8M0:
    return Float8E8M0FNUType::get(context);
  case pb::TensorProto::FLOAT4E2M1:
    return Float4E2M1FNType::get(context);
  case pb::TensorProto::FLOAT6E2M3:
    return Float6E2M3FNType::get(context);
  case pb::TensorProto::FLOAT6E3M2:
    return Float6E3M2FNType::get(context);
  case pb::TensorProto::INT2:
    return integer(2);
  case pb::TensorProto::INT4:
    return integer(4);
  case pb::TensorProto::INT8:
    return integer(8);
  case pb::TensorProto::INT16:
    return integer(16);
  case pb::TensorProto::INT32:
    return integer(32);
  case pb::TensorProto::INT64:
    return integer(64);
  case pb::TensorProto::UINT2:
    return unsignedInteger(2);
  case pb::TensorProto::UINT4:
    return unsignedInteger(4);
  case pb::TensorProto::UINT8:
    return unsignedInteger(8);
  case pb::TensorProto::UINT16:
    return unsignedInteger(16);
  case pb::TensorProto::UINT32:
    return unsignedInteger(32);
  case pb::TensorProto::UINT64:
    return unsignedInteger(64);
  case pb::TensorProto::BOOL:
    return integer(1);
  case pb::TensorProto::COMPLEX64:
    return ComplexType::get(Float32Type::get(context));
  case pb::TensorProto::COMPLEX128:
    return ComplexType::get(Float64Type::get(context));
  case pb::TensorProto::STRING:
    return edgecc::onnx::StringType::get(context);
  default:
    return {};
  }
}

Type importer::convertType(const pb::TypeProto &type, MLIRContext *context) {
  auto orUnknown = [&](Type type) -> Type {
    return type ? type : edgecc::onnx::UnknownType::get(context);
  };
  switch (type.value_case()) {
  case pb::TypeProto::kTensorType: {
    const auto &tensor = type.tensor_type();
    Type element = convertElementType(tensor.elem_type(), context);
    if (!element)
      return edgecc::onnx::UnknownType::get(context);
    if (!tensor.has_shape())
      return UnrankedTensorType::get(element);
    SmallVector<int64_t> shape;
    for (const auto &dim : tensor.shape().dim())
      shape.push_back(dim.has_dim_value() ? dim.dim_value()
                                          : ShapedType::kDynamic);
    return RankedTensorType::get(shape, element);
  }
  case pb::TypeProto::kSequenceType:
    return edgecc::onnx::SequenceType::get(
        context,
        orUnknown(convertType(type.sequence_type().elem_type(), context)));
  case pb::TypeProto::kOptionalType:
    return edgecc::onnx::OptionalType::get(
        context,
        orUnknown(convertType(type.optional_type().elem_type(), context)));
  case pb::TypeProto::kMapType:
    return edgecc::onnx::MapType::get(
        context,
        orUnknown(convertElementType(type.map_type().key_type(), context)),
        orUnknown(convertType(type.map_type().value_type(), context)));
  case pb::TypeProto::VALUE_NOT_SET:
    return edgecc::onnx::UnknownType::get(context);
  default:
    return {};
  }
}

/// The reverse of convertElementType.
static int dataTypeOf(Type type) {
  for (int dataType = 1; dataType <= pb::TensorProto::DataType_MAX; ++dataType)
    if (convertElementType(dataType, type.getContext()) == type)
      return dataType;
  return pb::TensorProto::UNDEFINED;
}

void importer::convertType(Type type, pb::TypeProto &proto) {
  if (auto tensor = dyn_cast<TensorType>(type)) {
    auto *tensorType = proto.mutable_tensor_type();
    tensorType->set_elem_type(dataTypeOf(tensor.getElementType()));
    if (!tensor.hasRank())
      return;
    auto *shape = tensorType->mutable_shape();
    for (int64_t size : tensor.getShape()) {
      auto *dim = shape->add_dim();
      if (!ShapedType::isDynamic(size))
        dim->set_dim_value(size);
    }
  } else if (auto sequence = dyn_cast<edgecc::onnx::SequenceType>(type)) {
    convertType(sequence.getElementType(),
                *proto.mutable_sequence_type()->mutable_elem_type());
  } else if (auto optional = dyn_cast<edgecc::onnx::OptionalType>(type)) {
    convertType(optional.getElementType(),
                *proto.mutable_optional_type()->mutable_elem_type());
  } else if (auto map = dyn_cast<edgecc::onnx::MapType>(type)) {
    proto.mutable_map_type()->set_key_type(dataTypeOf(map.getKeyType()));
    convertType(map.getValueType(),
                *proto.mutable_map_type()->mutable_value_type());
  }
}
