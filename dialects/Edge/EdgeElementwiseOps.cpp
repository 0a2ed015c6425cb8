//===- EdgeElementwiseOps.cpp - elementwise operations ----------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Types and meaning of the elementwise operations. `emitScalar` is the only
// definition of what they compute.
//
//===----------------------------------------------------------------------===//

#include "dialects/Edge/EdgeDialect.h"
#include "dialects/Edge/EdgeVerify.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/TypeUtilities.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace edgecc::edge;

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

/// The broadcast shape of `operands` with `element` as element type.
static LogicalResult inferBroadcast(std::optional<Location> loc,
                                    ValueRange operands, Type element,
                                    SmallVectorImpl<Type> &results) {
  SmallVector<ArrayRef<int64_t>> shapes;
  for (Value operand : operands)
    shapes.push_back(cast<ShapedType>(operand.getType()).getShape());
  FailureOr<SmallVector<int64_t>> shape = broadcastShapes(shapes);
  if (failed(shape)) {
    std::string text;
    llvm::raw_string_ostream stream(text);
    llvm::interleave(
        operands.getTypes(), stream, [&](Type type) { stream << type; },
        " and ");
    return emitOptionalError(loc, "shapes do not broadcast: ", text);
  }
  results.push_back(RankedTensorType::get(*shape, element));
  return success();
}

static Type elementType(Value value) {
  return getElementTypeOrSelf(value.getType());
}

#define EDGE_INFER(OP, ELEMENT)                                                \
  LogicalResult OP::inferReturnTypes(                                          \
      MLIRContext *context, std::optional<Location> loc, ValueRange operands,  \
      DictionaryAttr attributes, OpaqueProperties properties,                  \
      RegionRange regions, SmallVectorImpl<Type> &results) {                   \
    Adaptor adaptor(operands, attributes, properties, regions);                \
    (void)adaptor;                                                             \
    return inferBroadcast(loc, operands, ELEMENT, results);                    \
  }

// clang-format off
#define EDGE_SAME_TYPE_OPS(X)                                                  \
  X(AbsOp) X(NegOp) X(ExpOp) X(LogOp) X(SqrtOp) X(RsqrtOp) X(ReciprocalOp)     \
  X(ErfOp) X(TanhOp) X(SigmoidOp) X(SinOp) X(CosOp) X(TanOp) X(AsinOp)         \
  X(AcosOp) X(AtanOp) X(SinhOp) X(CoshOp) X(AsinhOp) X(AcoshOp) X(AtanhOp)     \
  X(Log1pOp) X(CeilOp) X(FloorOp) X(RoundOp) X(TruncOp) X(SignOp) X(NotOp)     \
  X(ClampOp) X(AddOp) X(SubOp) X(MulOp) X(DivOp) X(ModOp) X(FmodOp)            \
  X(PowOp) X(MaxOp) X(MinOp) X(AndOp) X(OrOp) X(XorOp) X(ShiftLeftOp)          \
  X(ShiftRightOp)
// clang-format on
#define EDGE_INFER_SAME(OP)                                                    \
  EDGE_INFER(OP, expressedType(elementType(operands[0])))
EDGE_SAME_TYPE_OPS(EDGE_INFER_SAME)
EDGE_INFER(IsNanOp, IntegerType::get(context, 1))
EDGE_INFER(IsInfOp, IntegerType::get(context, 1))
EDGE_INFER(CompareOp, IntegerType::get(context, 1))
EDGE_INFER(SelectOp, expressedType(elementType(operands[1])))
EDGE_INFER(CastOp, adaptor.getTo())
EDGE_INFER(BitcastOp, adaptor.getTo())

/// The bits of an element in memory.
static unsigned storedWidth(Type element) {
  return element.isInteger(1) ? 8 : element.getIntOrFloatBitWidth();
}

LogicalResult BitcastOp::verify() {
  Type from = elementType(getInput()), to = getTo();
  if (!from.isIntOrFloat() || !to.isIntOrFloat() ||
      storedWidth(from) != storedWidth(to))
    return emitOpError("expects element types of one width, found ")
           << from << " and " << to;
  return success();
}

LogicalResult ClampOp::verify() {
  if (getMin().convertToDouble() > getMax().convertToDouble())
    return emitOpError("expects min <= max, found ")
           << getMinAttr() << " and " << getMaxAttr();
  return success();
}

LogicalResult SelectOp::verify() {
  Type first = elementType(getOnTrue()), second = elementType(getOnFalse());
  if (first != second)
    return emitOpError("expects values of one element type, found ")
           << first << " and " << second;
  return edgecc::edge::detail::verifyInferred(*this);
}

LogicalResult MapOp::verify() {
  Block &body = getBody().front();
  if (body.getNumArguments() != getInputs().size())
    return emitOpError("expects a body with ")
           << getInputs().size() << " arguments, found "
           << body.getNumArguments();
  ArrayRef<int64_t> shape = getType().getShape();
  for (auto [input, argument] : llvm::zip(getInputs(), body.getArguments())) {
    auto type = cast<RankedTensorType>(input.getType());
    if (argument.getType() != signless(type.getElementType()))
      return emitOpError("expects body argument ")
             << argument.getArgNumber() << " of type "
             << signless(type.getElementType()) << ", found "
             << argument.getType();
    FailureOr<SmallVector<int64_t>> joint =
        broadcastShapes({type.getShape(), shape});
    if (failed(joint) || ArrayRef<int64_t>(*joint) != shape)
      return emitOpError("operand of type ")
             << type << " does not broadcast to " << getType();
  }
  std::optional<ValueRange> yielded = detail::getYielded(getBody());
  if (!yielded || yielded->size() != 1 ||
      yielded->front().getType() != signless(getType().getElementType()))
    return emitOpError("expects a body that yields one ")
           << signless(getType().getElementType());
  return detail::verifyScalarCode(*this, body);
}

//===----------------------------------------------------------------------===//
// Meaning
//===----------------------------------------------------------------------===//

namespace {

/// Builds scalar code on scalars or vectors alike.
class ScalarBuilder : public ImplicitLocOpBuilder {
public:
  ScalarBuilder(OpBuilder &builder, Operation *op)
      : ImplicitLocOpBuilder(op->getLoc(), builder) {}

  /// `like` with another element type.
  static Type typeLike(Type like, Type element) {
    if (auto vector = dyn_cast<VectorType>(like))
      return vector.clone(element);
    return element;
  }
  static bool isFloat(Value value) {
    return isa<FloatType>(getElementTypeOrSelf(value.getType()));
  }

  Value constant(TypedAttr scalar, Type like) {
    TypedAttr attribute = scalar;
    if (auto vector = dyn_cast<VectorType>(like))
      attribute = DenseElementsAttr::get(vector, Attribute(scalar));
    return arith::ConstantOp::create(*this, attribute);
  }
  Value real(double value, Value like) {
    Type type = getElementTypeOrSelf(like.getType());
    return constant(FloatAttr::get(type, value), like.getType());
  }
  Value integer(int64_t value, Value like) {
    Type type = getElementTypeOrSelf(like.getType());
    return constant(
        IntegerAttr::get(type, APInt(type.getIntOrFloatBitWidth(), value,
                                     /*isSigned=*/true,
                                     /*implicitTrunc=*/true)),
        like.getType());
  }

  /// Narrow floats are computed in f32.
  Value widen(Value value) {
    Type element = getElementTypeOrSelf(value.getType());
    if (!isa<FloatType>(element) || element.getIntOrFloatBitWidth() >= 32)
      return value;
    return arith::ExtFOp::create(*this, typeLike(value.getType(), getF32Type()),
                                 value);
  }
  Value narrow(Value value, Type type) {
    if (value.getType() == type)
      return value;
    return arith::TruncFOp::create(*this, type, value);
  }

  template <typename Op>
  Value make(ValueRange operands) {
    return Op::create(*this, operands[0].getType(), operands);
  }
  Value add(Value a, Value b) { return arith::AddFOp::create(*this, a, b); }
  Value sub(Value a, Value b) { return arith::SubFOp::create(*this, a, b); }
  Value mul(Value a, Value b) { return arith::MulFOp::create(*this, a, b); }
  Value div(Value a, Value b) { return arith::DivFOp::create(*this, a, b); }
  Value compare(arith::CmpFPredicate predicate, Value a, Value b) {
    return arith::CmpFOp::create(*this, predicate, a, b);
  }
  Value compare(arith::CmpIPredicate predicate, Value a, Value b) {
    return arith::CmpIOp::create(*this, predicate, a, b);
  }
  Value select(Value condition, Value a, Value b) {
    return arith::SelectOp::create(*this, condition, a, b);
  }
  /// Maximum and minimum that do not tell the two zeros apart.
  Value max(Value a, Value b) {
    return arith::MaximumFOp::create(*this, a, b, arith::FastMathFlags::nsz);
  }
  Value min(Value a, Value b) {
    return arith::MinimumFOp::create(*this, a, b, arith::FastMathFlags::nsz);
  }
};

using Unary = llvm::function_ref<Value(ScalarBuilder &, Value)>;
using Binary = llvm::function_ref<Value(ScalarBuilder &, Value, Value)>;

} // namespace

/// A function of one float, computed in at least f32.
static Value emitUnary(Operation *op, OpBuilder &builder, ValueRange operands,
                       Unary compute) {
  ScalarBuilder b(builder, op);
  Value wide = b.widen(operands[0]);
  return b.narrow(compute(b, wide), operands[0].getType());
}

/// A function of two numbers: `real` for floats, `integer` for the rest.
static Value emitBinary(Operation *op, OpBuilder &builder, ValueRange operands,
                        Binary real, Binary integer) {
  ScalarBuilder b(builder, op);
  if (!ScalarBuilder::isFloat(operands[0]))
    return integer(b, operands[0], operands[1]);
  Value result = real(b, b.widen(operands[0]), b.widen(operands[1]));
  return b.narrow(result, operands[0].getType());
}

/// Whether the elements of the first operand are unsigned (or booleans).
static bool isUnsigned(Operation *op, unsigned operand = 0) {
  Type type = elementType(op->getOperand(operand));
  return type.isUnsignedInteger() || type.isInteger(1);
}

#define EDGE_REAL(OP, BODY)                                                    \
  Value OP::emitScalar(OpBuilder &builder, ValueRange operands) {              \
    return emitUnary(getOperation(), builder, operands,                        \
                     [](ScalarBuilder &b, Value x) -> Value { return BODY; }); \
  }
#define EDGE_MATH(OP, MATH) EDGE_REAL(OP, b.make<math::MATH>(x))

EDGE_MATH(ExpOp, ExpOp)
EDGE_MATH(LogOp, LogOp)
EDGE_MATH(Log1pOp, Log1pOp)
EDGE_MATH(SqrtOp, SqrtOp)
EDGE_MATH(ErfOp, ErfOp)
EDGE_MATH(TanhOp, TanhOp)
EDGE_MATH(SinOp, SinOp)
EDGE_MATH(CosOp, CosOp)
EDGE_MATH(AsinOp, AsinOp)
EDGE_MATH(AcosOp, AcosOp)
EDGE_MATH(AtanOp, AtanOp)
EDGE_MATH(SinhOp, SinhOp)
EDGE_MATH(CoshOp, CoshOp)
EDGE_MATH(TanOp, TanOp)
EDGE_MATH(AsinhOp, AsinhOp)
EDGE_MATH(AcoshOp, AcoshOp)
EDGE_MATH(AtanhOp, AtanhOp)
EDGE_REAL(ReciprocalOp, b.div(b.real(1, x), x))
EDGE_REAL(RsqrtOp, b.div(b.real(1, x), b.make<math::SqrtOp>(x)))
EDGE_REAL(SigmoidOp,
          b.div(b.real(1, x),
                b.add(b.real(1, x),
                      b.make<math::ExpOp>(b.make<arith::NegFOp>(x)))))

/// Rounding leaves integers as they are.
#define EDGE_ROUND(OP, MATH)                                                   \
  Value OP::emitScalar(OpBuilder &builder, ValueRange operands) {              \
    if (!ScalarBuilder::isFloat(operands[0]))                                  \
      return operands[0];                                                      \
    return emitUnary(getOperation(), builder, operands,                        \
                     [](ScalarBuilder &b, Value x) -> Value {                  \
                       return b.make<math::MATH>(x);                           \
                     });                                                       \
  }
EDGE_ROUND(CeilOp, CeilOp)
EDGE_ROUND(FloorOp, FloorOp)
EDGE_ROUND(RoundOp, RoundEvenOp)
EDGE_ROUND(TruncOp, TruncOp)

Value AbsOp::emitScalar(OpBuilder &builder, ValueRange operands) {
  ScalarBuilder b(builder, *this);
  if (ScalarBuilder::isFloat(operands[0]))
    return b.make<math::AbsFOp>(operands);
  return isUnsigned(*this) ? operands[0] : b.make<math::AbsIOp>(operands);
}

Value NegOp::emitScalar(OpBuilder &builder, ValueRange operands) {
  ScalarBuilder b(builder, *this);
  if (ScalarBuilder::isFloat(operands[0]))
    return b.make<arith::NegFOp>(operands);
  return arith::SubIOp::create(b, b.integer(0, operands[0]), operands[0]);
}

Value SignOp::emitScalar(OpBuilder &builder, ValueRange operands) {
  ScalarBuilder b(builder, *this);
  Value x = operands[0];
  if (ScalarBuilder::isFloat(x)) {
    Value zero = b.real(0, x);
    Value below = b.select(b.compare(arith::CmpFPredicate::OLT, x, zero),
                           b.real(-1, x), x);
    return b.select(b.compare(arith::CmpFPredicate::OGT, x, zero), b.real(1, x),
                    below);
  }
  Value zero = b.integer(0, x);
  if (isUnsigned(*this))
    return b.select(b.compare(arith::CmpIPredicate::ne, x, zero),
                    b.integer(1, x), zero);
  Value below = b.select(b.compare(arith::CmpIPredicate::slt, x, zero),
                         b.integer(-1, x), zero);
  return b.select(b.compare(arith::CmpIPredicate::sgt, x, zero),
                  b.integer(1, x), below);
}

Value NotOp::emitScalar(OpBuilder &builder, ValueRange operands) {
  ScalarBuilder b(builder, *this);
  return arith::XOrIOp::create(b, operands[0], b.integer(-1, operands[0]));
}

Value IsNanOp::emitScalar(OpBuilder &builder, ValueRange operands) {
  ScalarBuilder b(builder, *this);
  Value x = b.widen(operands[0]);
  return b.compare(arith::CmpFPredicate::UNO, x, x);
}

Value IsInfOp::emitScalar(OpBuilder &builder, ValueRange operands) {
  ScalarBuilder b(builder, *this);
  Value x = b.widen(operands[0]);
  return b.compare(arith::CmpFPredicate::OEQ, b.make<math::AbsFOp>(x),
                   b.real(std::numeric_limits<double>::infinity(), x));
}

Value ClampOp::emitScalar(OpBuilder &builder, ValueRange operands) {
  double low = getMin().convertToDouble(), high = getMax().convertToDouble();
  ScalarBuilder b(builder, *this);
  Value x = operands[0];
  if (ScalarBuilder::isFloat(x)) {
    Value result = b.widen(x);
    if (low > -std::numeric_limits<double>::infinity())
      result = b.max(result, b.real(low, result));
    if (high < std::numeric_limits<double>::infinity())
      result = b.min(result, b.real(high, result));
    return b.narrow(result, x.getType());
  }
  unsigned width = elementType(getInput()).getIntOrFloatBitWidth();
  bool isUns = isUnsigned(*this);
  double least = isUns ? 0.0 : -std::ldexp(1.0, width - 1);
  double most = std::ldexp(1.0, isUns ? width : width - 1) - 1;
  Value result = x;
  if (low > least) {
    Value bound = b.integer(int64_t(std::ceil(low)), x);
    result = isUns ? arith::MaxUIOp::create(b, result, bound).getResult()
                   : arith::MaxSIOp::create(b, result, bound).getResult();
  }
  if (high < most) {
    Value bound = b.integer(int64_t(std::floor(high)), x);
    result = isUns ? arith::MinUIOp::create(b, result, bound).getResult()
                   : arith::MinSIOp::create(b, result, bound).getResult();
  }
  return result;
}

/// A float toward an integer: truncated, saturated, NaN to the lower bound.
static Value emitFloatToInteger(ScalarBuilder &b, Value x, Type target,
                                bool toUnsigned) {
  unsigned width = target.getIntOrFloatBitWidth();
  Type type = ScalarBuilder::typeLike(x.getType(), signless(target));
  double low = toUnsigned ? 0.0 : -std::ldexp(1.0, width - 1);
  double high = std::ldexp(1.0, toUnsigned ? width : width - 1);
  auto floatType = cast<FloatType>(getElementTypeOrSelf(x.getType()));
  // The largest representable value below the first one that is too large.
  APFloat bound(high - 1);
  bool losesInfo;
  bound.convert(floatType.getFloatSemantics(), APFloat::rmTowardZero,
                &losesInfo);
  if (bound.convertToDouble() >= high)
    bound.next(/*nextDown=*/true);
  Value most = b.constant(FloatAttr::get(floatType, bound), x.getType());
  Value least = b.real(low, x);
  x = b.select(b.compare(arith::CmpFPredicate::OGT, x, least), x, least);
  x = b.select(b.compare(arith::CmpFPredicate::OLT, x, most), x, most);
  if (toUnsigned)
    return arith::FPToUIOp::create(b, type, x);
  return arith::FPToSIOp::create(b, type, x);
}

Value CastOp::emitScalar(OpBuilder &builder, ValueRange operands) {
  ScalarBuilder b(builder, *this);
  Value x = operands[0];
  Type source = elementType(getInput()), target = getTo();
  Type type = ScalarBuilder::typeLike(x.getType(), signless(target));
  bool fromUnsigned = source.isUnsignedInteger() || source.isInteger(1);
  if (source == target)
    return x;
  if (target.isInteger(1)) {
    if (isa<FloatType>(source)) {
      Value wide = b.widen(x);
      return b.compare(arith::CmpFPredicate::UNE, wide, b.real(0, wide));
    }
    return b.compare(arith::CmpIPredicate::ne, x, b.integer(0, x));
  }
  if (isa<FloatType>(source) && isa<FloatType>(target)) {
    unsigned from = source.getIntOrFloatBitWidth();
    unsigned to = target.getIntOrFloatBitWidth();
    if (from < to)
      return arith::ExtFOp::create(b, type, x);
    Value wide = b.widen(x);
    return wide.getType() == type ? wide
                                  : arith::TruncFOp::create(b, type, wide);
  }
  if (isa<FloatType>(source))
    return emitFloatToInteger(b, b.widen(x), target,
                              target.isUnsignedInteger());
  if (isa<FloatType>(target)) {
    Type wide = target.getIntOrFloatBitWidth() < 32
                    ? ScalarBuilder::typeLike(type, b.getF32Type())
                    : type;
    Value result = fromUnsigned
                       ? arith::UIToFPOp::create(b, wide, x).getResult()
                       : arith::SIToFPOp::create(b, wide, x).getResult();
    return b.narrow(result, type);
  }
  unsigned from = source.getIntOrFloatBitWidth();
  unsigned to = target.getIntOrFloatBitWidth();
  if (from == to)
    return x;
  if (from > to)
    return arith::TruncIOp::create(b, type, x);
  if (fromUnsigned)
    return arith::ExtUIOp::create(b, type, x);
  return arith::ExtSIOp::create(b, type, x);
}

Value BitcastOp::emitScalar(OpBuilder &builder, ValueRange operands) {
  ScalarBuilder b(builder, *this);
  Value x = operands[0];
  Type source = elementType(getInput()), target = getTo();
  if (source.isInteger(1))
    x = arith::ExtUIOp::create(
        b, ScalarBuilder::typeLike(x.getType(), b.getI8Type()), x);
  if (target.isInteger(1))
    return b.compare(arith::CmpIPredicate::ne, x, b.integer(0, x));
  Type type = ScalarBuilder::typeLike(x.getType(), signless(target));
  return x.getType() == type ? x : arith::BitcastOp::create(b, type, x);
}

/// The quotient or, with `isRest`, the remainder of integers, toward zero.
/// Division by zero gives zero for both; a quotient beyond the largest number
/// wraps around. No machine traps.
static Value emitDivision(ScalarBuilder &b, Value x, Value y, bool isUns,
                          bool isRest) {
  Value zero = b.integer(0, y), one = b.integer(1, y);
  Value isZero = b.compare(arith::CmpIPredicate::eq, y, zero);
  Value divisor = b.select(isZero, one, y);
  if (isUns)
    return isRest
               ? b.make<arith::RemUIOp>({x, divisor})
               : b.select(isZero, zero, b.make<arith::DivUIOp>({x, divisor}));
  // x / -1 is -x: the one quotient that may not fit.
  Value isNegated =
      b.compare(arith::CmpIPredicate::eq, divisor, b.integer(-1, y));
  divisor = b.select(isNegated, one, divisor);
  if (isRest)
    return b.make<arith::RemSIOp>({x, divisor});
  Value quotient = b.make<arith::DivSIOp>({x, divisor});
  Value negated = arith::SubIOp::create(b, zero, x);
  return b.select(isZero, zero, b.select(isNegated, negated, quotient));
}

#define EDGE_BINARY(OP, REAL, INTEGER)                                         \
  Value OP::emitScalar(OpBuilder &builder, ValueRange operands) {              \
    bool isUns = isUnsigned(*this);                                            \
    (void)isUns;                                                               \
    return emitBinary(                                                         \
        getOperation(), builder, operands,                                     \
        [](ScalarBuilder &b, Value x, Value y) -> Value { return REAL; },      \
        [&](ScalarBuilder &b, Value x, Value y) -> Value { return INTEGER; }); \
  }
#define EDGE_SIGNED(SIGNED, UNSIGNED)                                          \
  (isUns ? b.make<arith::UNSIGNED>({x, y}) : b.make<arith::SIGNED>({x, y}))

EDGE_BINARY(AddOp, b.add(x, y), b.make<arith::AddIOp>({x, y}))
EDGE_BINARY(SubOp, b.sub(x, y), b.make<arith::SubIOp>({x, y}))
EDGE_BINARY(MulOp, b.mul(x, y), b.make<arith::MulIOp>({x, y}))
EDGE_BINARY(DivOp, b.div(x, y), emitDivision(b, x, y, isUns, /*isRest=*/false))
EDGE_BINARY(MaxOp, b.max(x, y), EDGE_SIGNED(MaxSIOp, MaxUIOp))
EDGE_BINARY(MinOp, b.min(x, y), EDGE_SIGNED(MinSIOp, MinUIOp))
EDGE_BINARY(PowOp, b.make<math::PowFOp>({x, y}), b.make<math::IPowIOp>({x, y}))
EDGE_BINARY(FmodOp, b.make<arith::RemFOp>({x, y}),
            emitDivision(b, x, y, isUns, /*isRest=*/true))

/// The remainder with the sign of the divisor.
static Value emitIntegerMod(ScalarBuilder &b, Value x, Value y, bool isUns) {
  Value rest = emitDivision(b, x, y, isUns, /*isRest=*/true);
  if (isUns)
    return rest;
  Value zero = b.integer(0, x);
  Value differs = b.compare(arith::CmpIPredicate::slt,
                            arith::XOrIOp::create(b, rest, y), zero);
  Value nonzero = b.compare(arith::CmpIPredicate::ne, rest, zero);
  return b.select(arith::AndIOp::create(b, differs, nonzero),
                  arith::AddIOp::create(b, rest, y), rest);
}

static Value emitFloatMod(ScalarBuilder &b, Value x, Value y) {
  Value rest = b.make<arith::RemFOp>({x, y}), zero = b.real(0, x);
  Value differs = b.compare(arith::CmpFPredicate::OLT, b.mul(rest, y), zero);
  rest = b.select(differs, b.add(rest, y), rest);
  Value isZero = b.compare(arith::CmpFPredicate::OEQ, rest, zero);
  return b.select(isZero, b.make<math::CopySignOp>({zero, y}), rest);
}
EDGE_BINARY(ModOp, emitFloatMod(b, x, y), emitIntegerMod(b, x, y, isUns))

#define EDGE_INTEGER(OP, EXPRESSION)                                           \
  Value OP::emitScalar(OpBuilder &builder, ValueRange operands) {              \
    ScalarBuilder b(builder, *this);                                           \
    Value x = operands[0], y = operands[1];                                    \
    return EXPRESSION;                                                         \
  }
EDGE_INTEGER(AndOp, arith::AndIOp::create(b, x, y))
EDGE_INTEGER(OrOp, arith::OrIOp::create(b, x, y))
EDGE_INTEGER(XorOp, arith::XOrIOp::create(b, x, y))

/// A distance of the width or more, seen as unsigned, shifts everything out;
/// the right shift of a signed number then leaves its sign.
static Value emitShift(Operation *op, OpBuilder &builder, ValueRange operands,
                       bool isLeft) {
  ScalarBuilder b(builder, op);
  Value x = operands[0], distance = operands[1];
  int64_t width = elementType(op->getOperand(0)).getIntOrFloatBitWidth();
  Value inside =
      arith::MinUIOp::create(b, distance, b.integer(width - 1, distance));
  if (!isLeft && !isUnsigned(op))
    return arith::ShRSIOp::create(b, x, inside);
  Value shifted = isLeft ? arith::ShLIOp::create(b, x, inside).getResult()
                         : arith::ShRUIOp::create(b, x, inside).getResult();
  return b.select(b.compare(arith::CmpIPredicate::eq, distance, inside),
                  shifted, b.integer(0, x));
}

Value ShiftLeftOp::emitScalar(OpBuilder &builder, ValueRange operands) {
  return emitShift(*this, builder, operands, /*isLeft=*/true);
}

Value ShiftRightOp::emitScalar(OpBuilder &builder, ValueRange operands) {
  return emitShift(*this, builder, operands, /*isLeft=*/false);
}

Value CompareOp::emitScalar(OpBuilder &builder, ValueRange operands) {
  ScalarBuilder b(builder, *this);
  using F = arith::CmpFPredicate;
  using I = arith::CmpIPredicate;
  bool isUns = isUnsigned(*this);
  F real = F::OEQ;
  I integer = I::eq;
  switch (getPredicate()) {
  case ComparePredicate::EQ:
    break;
  case ComparePredicate::NE:
    real = F::UNE, integer = I::ne;
    break;
  case ComparePredicate::LT:
    real = F::OLT, integer = isUns ? I::ult : I::slt;
    break;
  case ComparePredicate::LE:
    real = F::OLE, integer = isUns ? I::ule : I::sle;
    break;
  }
  if (ScalarBuilder::isFloat(operands[0]))
    return b.compare(real, b.widen(operands[0]), b.widen(operands[1]));
  return b.compare(integer, operands[0], operands[1]);
}

Value SelectOp::emitScalar(OpBuilder &builder, ValueRange operands) {
  ScalarBuilder b(builder, *this);
  return b.select(operands[0], operands[1], operands[2]);
}
