//===- TabulateFunctions.cpp - functions of bytes as tables -----*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "dialects/Edge/EdgeConstants.h"
#include "dialects/Target/TargetDialect.h"
#include "passes/Quantization/Passes.h"

#include "mlir/IR/IRMapping.h"

namespace edgecc::quantization {
#define GEN_PASS_DEF_TABULATEFUNCTIONS
#include "passes/Quantization/Passes.h.inc"
} // namespace edgecc::quantization

using namespace mlir;
using namespace edgecc;
using namespace edgecc::edge;

/// What looking up one element takes, in instructions.
static constexpr double lookupCost = 5;

/// Instructions for one element, on the whole.
static double costOf(MapOp map) {
  double cost = 0;
  for (Operation &op : map.getBody().front().without_terminator())
    cost +=
        isa<arith::ConstantOp>(op) ? 0
        : isa<arith::DivFOp, arith::DivSIOp, arith::DivUIOp, math::SqrtOp>(op)
            ? 8
            : 1;
  return cost;
}

/// Whether the body has a function that instructions only approximate: with
/// fused multiplications and additions or without, as the CPU has them.
static bool isApproximate(MapOp map) {
  return llvm::any_of(map.getBody().front(), [](Operation &op) {
    return isa<
        math::AcosOp, math::AcoshOp, math::AsinOp, math::AsinhOp, math::AtanOp,
        math::Atan2Op, math::AtanhOp, math::CbrtOp, math::CosOp, math::CoshOp,
        math::ErfOp, math::ErfcOp, math::ExpOp, math::Exp2Op, math::ExpM1Op,
        math::LogOp, math::Log10Op, math::Log1pOp, math::Log2Op, math::PowFOp,
        math::RsqrtOp, math::SinOp, math::SinhOp, math::TanOp, math::TanhOp>(
        op);
  });
}

namespace {

struct TabulateFunctions
    : edgecc::quantization::impl::TabulateFunctionsBase<TabulateFunctions> {
  void runOnOperation() override {
    SmallVector<MapOp> maps;
    getOperation().walk([&](MapOp map) {
      if (isWorthATable(map))
        maps.push_back(map);
    });
    for (MapOp map : maps)
      tabulate(map);
  }

private:
  bool isWorthATable(MapOp map) {
    if (map.getInputs().size() != 1)
      return false;
    auto input = cast<RankedTensorType>(map.getInputs().front().getType());
    RankedTensorType result = map.getType();
    if (!input.getElementType().isInteger(8) ||
        input.getShape() != result.getShape() ||
        result.getNumElements() < 2 * numBytes)
      return false;
    int64_t lanes = 1;
    if (target::CpuAttr cpu = target::getCpu(map))
      lanes = std::max<int64_t>(1, cpu.getVectorBytes() / sizeof(float));
    return isApproximate(map) || costOf(map) / double(lanes) > lookupCost;
  }

  /// The table is the function of all bytes, which folds.
  static void tabulate(MapOp map) {
    OpBuilder builder(map);
    Location loc = map.getLoc();
    Value input = map.getInputs().front();
    auto bytes = RankedTensorType::get(
        {numBytes}, cast<RankedTensorType>(input.getType()).getElementType());
    SmallVector<char> all;
    for (int64_t byte = 0; byte < numBytes; ++byte)
      all.push_back(char(byte));
    Value constant =
        ConstantOp::create(builder, loc, makeConstant(bytes, ArrayRef(all)));
    IRMapping mapping;
    mapping.map(input, constant);
    auto table = cast<MapOp>(builder.clone(*map, mapping));
    table.getResult().setType(bytes.clone(map.getType().getElementType()));
    // A negative byte counts from the end of the table.
    Value result =
        GatherOp::create(builder, loc, map.getType(), table.getResult(), input,
                         builder.getI64IntegerAttr(0));
    map.replaceAllUsesWith(result);
    map.erase();
  }

  static constexpr int64_t numBytes = 256;
};

} // namespace
