//===- PlaceRegions.cpp - gather what an NPU computes -----------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Place/Passes.h"
#include "passes/Place/Regions.h"
#include "passes/Quantization/Parameters.h"

#include "mlir/Analysis/TopologicalSortUtils.h"
#include "llvm/ADT/StringSet.h"

namespace edgecc::place {
#define GEN_PASS_DEF_PLACEREGIONS
#include "passes/Place/Passes.h.inc"
} // namespace edgecc::place

using namespace mlir;
using namespace edgecc;
using namespace edgecc::edge;
using namespace edgecc::place;

PlacementRules::~PlacementRules() = default;

namespace {

/// The rules of an NPU that has some operations, and has them altogether.
class OperatorList : public PlacementRules {
public:
  OperatorList(StringRef name, ArrayRef<std::string> operators)
      : name(name), operators(operators.begin(), operators.end()) {}

  StringRef getName() const override { return name; }

  std::string objection(Operation *op) const override {
    std::string kind = op->getName().stripDialect().str();
    if (llvm::is_contained(operators, kind))
      return {};
    return "the NPU has no operator '" + kind + "'";
  }

private:
  std::string name;
  std::vector<std::string> operators;
};

struct PlaceRegions : place::impl::PlaceRegionsBase<PlaceRegions> {
  using PlaceRegionsBase::PlaceRegionsBase;
  explicit PlaceRegions(PlacementOptions options)
      : placement(std::move(options)), isComplete(true) {}

  void runOnOperation() override {
    if (!isComplete) {
      placement.rules = std::make_shared<OperatorList>(npu, operators);
      placement.only = only;
      placement.excluded.assign(exclude.begin(), exclude.end());
    }
    auto main = getOperation().lookupSymbol<func::FuncOp>("main");
    if (!main) {
      getOperation().emitError("expects a function @main");
      return signalPassFailure();
    }
    if (failed(checkRequest(main)))
      return signalPassFailure();
    reasons.clear();
    place(main);
    if (failed(report(main)))
      signalPassFailure();
  }

private:
  static std::string nameOf(Operation *op) {
    auto named = op->getLoc()->findInstanceOf<NameLoc>();
    return named ? named.getName().str() : "";
  }

  LogicalResult checkRequest(func::FuncOp main) {
    bool isQuantized = false;
    llvm::StringSet<> names;
    main.walk([&](Operation *op) {
      names.insert(nameOf(op));
      for (Value result : op->getResults())
        isQuantized |= bool(quantization::quantizedType(result));
    });
    if (!isQuantized)
      return mlir::emitError(main.getLoc())
             << "the NPU '" << placement.rules->getName()
             << "' computes with integers, and the network with real numbers; "
                "quantise it with --quantize=int8 --calibrate=examples.npz";
    for (const std::string &name : placement.excluded)
      if (!names.contains(name))
        return mlir::emitError(main.getLoc())
               << "--npu-exclude=" << name
               << " names no operation of the network";
    return success();
  }

  /// Why `op` stays on the CPU; empty if it need not.
  std::string objection(Operation *op) {
    if (llvm::is_contained(placement.excluded, nameOf(op)))
      return "--npu-exclude names it";
    if (!isa<func::FuncOp>(op->getParentOp()))
      return "it is part of a loop or a branch";
    if (llvm::any_of(op->getRegions(),
                     [](Region &region) { return !region.empty(); }))
      return isa<EpilogueOpInterface>(op)
                 ? "how it rounds is spelled out in code for the CPU"
                 : "it is a loop or a branch";
    auto isReal = [](Type type) {
      return isa<FloatType>(cast<ShapedType>(type).getElementType());
    };
    if (llvm::any_of(op->getOperandTypes(), isReal) ||
        llvm::any_of(op->getResultTypes(), isReal))
      return "it works on real numbers";
    if (!onlyMoves(op) && !llvm::all_of(op->getResults(), [](Value result) {
          return bool(quantization::quantizedType(result));
        }))
      return "its result is not quantised";
    return placement.rules->objection(op);
  }

  /// Whether `op` does something that could be done elsewhere.
  static bool isWork(Operation *op) {
    return isa<EdgeDialect>(op->getDialect()) &&
           !isa<ConstantOp, StorageCastOp, YieldOp>(op) &&
           op->getNumResults() > 0 &&
           !llvm::all_of(op->getResults(), isKnown) &&
           !isa<MapOp, EpilogueOpInterface>(op->getParentOp());
  }

  void place(func::FuncOp main) {
    main.walk([&](Operation *op) {
      if (isWork(op))
        if (std::string reason = objection(op); !reason.empty())
          reasons[op] = reason;
    });
    Block &block = main.getBody().front();
    std::vector<Group> groups = findGroups(
        block,
        [&](Operation *op) { return isWork(op) && !reasons.contains(op); },
        [&](ArrayRef<Operation *> ops) {
          return placement.rules->canHold(ops);
        });
    for (Operation *op : trimGroups(groups))
      reasons[op] = "the CPU needs what it moves as well";
    for (Group &group : groups) {
      if (group.empty())
        continue;
      std::string reason = llvm::all_of(group, onlyMoves)
                               ? "nothing beside it is on the NPU"
                               : placement.rules->regionObjection(group);
      if (!reason.empty()) {
        for (Operation *op : group)
          reasons[op] = reason;
        continue;
      }
      ++numRegions;
      numPlaced += group.size();
      createRegion(group, placement.rules->getName());
    }
    sortTopologically(&block);
  }

  /// Leaves `edge.placement`.
  LogicalResult report(func::FuncOp main) {
    Builder builder(&getContext());
    SmallVector<Attribute> left;
    SmallVector<std::pair<Operation *, std::string>> computed;
    main.walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (isa<RegionOp>(op))
        return WalkResult::skip();
      if (!isWork(op) || isa<ReshapeOp, QuantizeOp, DequantizeOp>(op))
        return WalkResult::advance();
      auto found = reasons.find(op);
      std::string reason =
          found == reasons.end() ? "no region has room for it" : found->second;
      computed.push_back({op, reason});
      left.push_back(builder.getStrArrayAttr(
          {nameOf(op), op->getName().stripDialect(), reason}));
      return WalkResult::advance();
    });
    getOperation()->setAttr(
        placementAttrName,
        builder.getDictionaryAttr(
            {builder.getNamedAttr("cpu", builder.getArrayAttr(left)),
             builder.getNamedAttr(
                 "npu", builder.getStringAttr(placement.rules->getName())),
             builder.getNamedAttr("operations",
                                  builder.getI64IntegerAttr(numPlaced)),
             builder.getNamedAttr("regions",
                                  builder.getI64IntegerAttr(numRegions))}));
    if (!placement.only || computed.empty())
      return success();
    InFlightDiagnostic error = mlir::emitError(main.getLoc())
                               << computed.size()
                               << " operations cannot run on the NPU '"
                               << placement.rules->getName()
                               << "', and --npu-only wants all of them there";
    for (auto &[op, reason] : computed)
      error.attachNote(op->getLoc())
          << nameOf(op) << " (" << op->getName().stripDialect()
          << "): " << reason;
    return error;
  }

  PlacementOptions placement;
  bool isComplete = false;
  llvm::DenseMap<Operation *, std::string> reasons;
  int64_t numPlaced = 0, numRegions = 0;
};

} // namespace

std::unique_ptr<Pass> place::createPlaceRegionsPass() {
  return std::make_unique<PlaceRegions>();
}

std::unique_ptr<Pass> place::createPlaceRegionsPass(PlacementOptions options) {
  return std::make_unique<PlaceRegions>(std::move(options));
}
