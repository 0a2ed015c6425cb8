//===- CopyConstants.cpp - constants that are read often --------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "dialects/Target/Alignment.h"
#include "passes/Memory/ConstantOperands.h"
#include "passes/Memory/FunctionBuffers.h"
#include "passes/Memory/Passes.h"

#include <tuple>

using namespace mlir;

namespace edgecc::memory {
#define GEN_PASS_DEF_COPYCONSTANTS
#include "passes/Memory/Passes.h.inc"
} // namespace edgecc::memory

using namespace edgecc;
using namespace edgecc::memory;
using edgecc::target::MemoryRegion;

namespace {

/// How many copies are tried at most: each costs a plan.
constexpr unsigned maxTrials = 64;
/// What beginning a copy and waiting for it cost beside the bytes.
constexpr double cyclesOfCopy = 40;

/// Neighbouring constants of one call.
struct Candidate {
  func::CallOp reader;
  SmallVector<ConstantOperand> constants;
  int64_t reads = 0;
  /// Among all candidates.
  size_t number = 0;
  int64_t begin() const { return constants.front().begin; }
  int64_t bytes() const { return constants.back().end - begin(); }
};

/// What a copy has changed.
struct Change {
  SmallVector<Operation *> added;
  SmallVector<std::pair<OpOperand *, Value>> before;
  /// The call that did not have to wait for a copy before.
  Operation *firstWait = nullptr;
};

bool isCopying(Operation *op) { return op->hasAttr(target::copyAttrName); }

/// What takes a while: a kernel, or a branch or loop around some.
bool isStep(Operation *op) {
  return (isa<func::CallOp>(op) && !isCopying(op)) || op->getNumRegions();
}

/// Whether `op` takes long enough for something else to copy meanwhile.
bool isLong(Operation *op) {
  auto macs = op->getAttrOfType<IntegerAttr>("edge.macs");
  return !macs || macs.getInt() > 0;
}

/// The step before `op`, of those that take long if `onlyLong`.
Operation *findStepBefore(Operation *op, bool onlyLong) {
  Operation *before = op->getPrevNode();
  while (before && (!isStep(before) || (onlyLong && !isLong(before))))
    before = before->getPrevNode();
  return before;
}

/// The first operation after the step before that copies, or `reader`.
Operation *findFirstCopying(Operation *reader) {
  Operation *first = reader;
  for (Operation *op = reader->getPrevNode(); op && !isStep(op);
       op = op->getPrevNode())
    if (isCopying(op))
      first = op;
  return first;
}

/// Tries copies one after the other, and keeps those that save cycles.
class Copies {
public:
  Copies(func::FuncOp main, int64_t alignment, const MemoryRegion &source,
         SmallVector<MemoryRegion> map)
      : main(main), alignment(alignment), source(source), map(std::move(map)) {
    if (auto speed =
            main->getParentOp()->getAttrOfType<FloatAttr>(target::dmaAttrName))
      dmaBytesPerCycle = speed.getValueAsDouble();
    for (const MemoryRegion &region : this->map)
      fastest = std::max(fastest, region.bytesPerCycle);
  }

  /// The copies that are made; their bytes are added to `bytes`.
  unsigned make(uint64_t &bytes);

private:
  /// Bytes for which there is no room, and cycles in which the others move.
  using Price = std::tuple<int64_t, double>;
  Price getPrice();
  std::vector<Candidate> findCandidates();
  /// The cycles that a copy saves at most, in the fastest memory.
  double gainOf(const Candidate &candidate) const;
  Change apply(const Candidate &candidate);
  void undo(const Change &change);
  /// `@copy_<bytes>`, which passes the addresses of its operands on.
  func::FuncOp getCopier(int64_t bytes);
  func::FuncOp declare(StringRef name, TypeRange inputs);
  Operation *addCall(OpBuilder &builder, func::FuncOp callee,
                     ValueRange operands, Change &change);

  func::FuncOp main;
  int64_t alignment;
  const MemoryRegion &source;
  SmallVector<MemoryRegion> map;
  double fastest = 0, dmaBytesPerCycle = 0;
  KernelTraffic kernels;
  /// For each call whose constants are copied, the one that waits for them.
  llvm::DenseMap<Operation *, Operation *> waits;
};

} // namespace

Copies::Price Copies::getPrice() {
  FunctionBuffers function(main, kernels);
  RegionPlan plan = planRegions(function, map, alignment);
  int64_t missing = 0;
  for (auto [region, bytes] : llvm::zip_equal(map, plan.sizes))
    missing += std::max<int64_t>(0, bytes - region.bytes);
  llvm::DenseMap<Operation *, double> speedOf;
  for (auto [alloc, region] : llvm::zip_equal(function.allocs, plan.regionOf))
    speedOf[alloc] = map[region].bytesPerCycle;

  // A copy by something else than the CPU takes the time of the kernels until
  // somebody waits for it, and what it takes longer.
  double cycles = 0, copying = 0, computing = 0;
  for (auto &[op, used] : function.calls) {
    auto call = cast<func::CallOp>(op);
    double moving = 0;
    int64_t copied = 0;
    for (auto [number, operand] : llvm::enumerate(call.getOperands())) {
      Operation *memory = findSource(operand);
      if (!memory)
        continue;
      int64_t bytes = kernels.ofOperand(call, number);
      if (isa<memref::GetGlobalOp>(memory)) {
        moving += bytes / source.bytesPerCycle;
        copied = bytes;
      } else if (double speed = speedOf.lookup(memory); speed > 0) {
        moving += bytes / speed;
      }
    }
    if (!isCopying(call)) {
      cycles += moving;
      computing += moving;
    } else if (call.getNumOperands() == 0) {
      cycles += std::max(0.0, copying - computing);
      copying = 0;
    } else {
      cycles += cyclesOfCopy;
      if (copying == 0)
        computing = 0;
      if (dmaBytesPerCycle > 0)
        copying += copied / dmaBytesPerCycle;
      else
        cycles += moving;
    }
  }
  return {missing, cycles};
}

double Copies::gainOf(const Candidate &candidate) const {
  double slow = 1 / source.bytesPerCycle, fast = 1 / fastest;
  double gain = candidate.reads * (slow - fast) - cyclesOfCopy;
  return dmaBytesPerCycle > 0 ? gain : gain - candidate.bytes() * (slow + fast);
}

std::vector<Candidate> Copies::findCandidates() {
  std::vector<Candidate> candidates;
  for (auto call : main.getBody().front().getOps<func::CallOp>()) {
    // What a driver gets stays where it is: it may be read after the call.
    auto kind = call->getAttrOfType<StringAttr>("edge.kind");
    if (kind && kind.getValue().starts_with("npu_"))
      continue;
    SmallVector<ConstantOperand> constants;
    for (unsigned operand = 0; operand < call.getNumOperands(); ++operand)
      if (std::optional<ConstantOperand> constant = findConstant(call, operand))
        constants.push_back(*constant);
    llvm::sort(constants,
               [](const ConstantOperand &a, const ConstantOperand &b) {
                 return std::tie(a.begin, a.end, a.operand) <
                        std::tie(b.begin, b.end, b.operand);
               });
    std::optional<Candidate> open;
    for (const ConstantOperand &constant : constants) {
      bool isNext =
          open &&
          constant.begin <=
              int64_t(llvm::alignTo(open->constants.back().end, alignment));
      if (!isNext) {
        if (open)
          candidates.push_back(*open);
        open = Candidate{call, {}};
      }
      open->reads += kernels.ofOperand(call, constant.operand);
      open->constants.push_back(constant);
    }
    if (open)
      candidates.push_back(*open);
  }
  for (auto [number, candidate] : llvm::enumerate(candidates))
    candidate.number = number;
  llvm::erase_if(candidates, [&](const Candidate &candidate) {
    return candidate.bytes() <= 0 || gainOf(candidate) <= 0;
  });
  llvm::sort(candidates, [&](const Candidate &a, const Candidate &b) {
    return std::pair(gainOf(b) / b.bytes(), a.number) <
           std::pair(gainOf(a) / a.bytes(), b.number);
  });
  return candidates;
}

func::FuncOp Copies::declare(StringRef name, TypeRange inputs) {
  auto module = cast<ModuleOp>(main->getParentOp());
  if (auto known = module.lookupSymbol<func::FuncOp>(name))
    return known;
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  auto function =
      func::FuncOp::create(builder, main.getLoc(), name,
                           builder.getFunctionType(inputs, TypeRange()));
  function.setPrivate();
  return function;
}

func::FuncOp Copies::getCopier(int64_t bytes) {
  MLIRContext *context = main.getContext();
  Type memory = MemRefType::get({bytes}, IntegerType::get(context, 8));
  func::FuncOp copier =
      declare(("copy_" + Twine(bytes)).str(), {memory, memory});
  if (!copier.isExternal())
    return copier;
  OpBuilder b = OpBuilder::atBlockEnd(copier.addEntryBlock());
  Location loc = main.getLoc();
  Type pointer = LLVM::LLVMPointerType::get(context);
  Type word = b.getIntegerType(target::getCpu(main).getIndexBits());
  SmallVector<Value> arguments;
  for (Value memref : copier.getArguments()) {
    Value address =
        memref::ExtractAlignedPointerAsIndexOp::create(b, loc, memref);
    address = arith::IndexCastOp::create(b, loc, word, address);
    arguments.push_back(LLVM::IntToPtrOp::create(b, loc, pointer, address));
  }
  arguments.push_back(arith::ConstantIndexOp::create(b, loc, bytes));
  func::CallOp::create(
      b, loc,
      declare(target::copyStartName, {pointer, pointer, b.getIndexType()}),
      arguments);
  func::ReturnOp::create(b, loc);
  return copier;
}

Operation *Copies::addCall(OpBuilder &builder, func::FuncOp callee,
                           ValueRange operands, Change &change) {
  auto call = func::CallOp::create(builder, main.getLoc(), callee, operands);
  call->setAttr(target::copyAttrName, builder.getUnitAttr());
  change.added.push_back(call);
  return call;
}

Change Copies::apply(const Candidate &candidate) {
  Change change;
  func::CallOp reader = candidate.reader;
  Location loc = reader.getLoc();
  OpBuilder builder(reader);
  Operation *&wait = waits[reader];
  if (!wait) {
    builder.setInsertionPoint(findFirstCopying(reader));
    wait = addCall(builder, declare(target::copyWaitName, {}), {}, change);
    change.firstWait = reader;
  }
  // Who copies at once gains nothing by doing it early, and takes room longer.
  Operation *before = dmaBytesPerCycle > 0
                          ? findStepBefore(reader, /*onlyLong=*/true)
                          : nullptr;
  if (!before)
    before = findStepBefore(reader, /*onlyLong=*/false);
  builder.setInsertionPoint(before ? before : wait);

  int64_t bytes = candidate.bytes();
  auto add = [&](Operation *op) {
    change.added.push_back(op);
    return op->getResult(0);
  };
  memref::ViewOp first = candidate.constants.front().view;
  auto type = MemRefType::get({bytes}, builder.getI8Type());
  Value copy = add(memref::AllocOp::create(
      builder, loc, type, builder.getI64IntegerAttr(alignment)));
  Value begin =
      add(arith::ConstantIndexOp::create(builder, loc, candidate.begin()));
  Value from = add(memref::ViewOp::create(builder, loc, type, first.getSource(),
                                          begin, ValueRange()));
  addCall(builder, getCopier(bytes), {copy, from}, change);

  builder.setInsertionPoint(reader);
  for (ConstantOperand constant : candidate.constants) {
    Value shift = add(arith::ConstantIndexOp::create(
        builder, loc, constant.begin - candidate.begin()));
    Value view = add(memref::ViewOp::create(
        builder, loc, constant.view.getType(), copy, shift, ValueRange()));
    OpOperand &operand = reader->getOpOperand(constant.operand);
    change.before.emplace_back(&operand, operand.get());
    readInstead(builder, reader, constant, view, add);
  }
  return change;
}

void Copies::undo(const Change &change) {
  for (auto [operand, value] : change.before)
    operand->set(value);
  for (Operation *op : llvm::reverse(change.added))
    op->erase();
  if (change.firstWait)
    waits.erase(change.firstWait);
}

unsigned Copies::make(uint64_t &bytes) {
  std::vector<Candidate> candidates = findCandidates();
  if (candidates.empty())
    return 0;
  unsigned made = 0;
  Price best = getPrice();
  for (const Candidate &candidate :
       ArrayRef(candidates).take_front(maxTrials)) {
    Change change = apply(candidate);
    Price price = getPrice();
    if (price >= best) {
      undo(change);
      continue;
    }
    best = price;
    ++made;
    bytes += candidate.bytes();
    func::CallOp reader = candidate.reader;
    int64_t copied = candidate.bytes();
    if (auto other =
            reader->getAttrOfType<IntegerAttr>(target::copiedBytesAttrName))
      copied += other.getInt();
    reader->setAttr(target::copiedBytesAttrName,
                    Builder(reader).getI64IntegerAttr(copied));
  }
  // What only copies that were not made have called, callers first.
  auto module = cast<ModuleOp>(main->getParentOp());
  for (bool hasErased = true; hasErased;) {
    hasErased = false;
    for (auto function :
         llvm::make_early_inc_range(module.getOps<func::FuncOp>()))
      if (function.getName().starts_with("copy_") &&
          SymbolTable::symbolKnownUseEmpty(function, module)) {
        function.erase();
        hasErased = true;
      }
  }
  return made;
}

namespace {

struct CopyConstants : memory::impl::CopyConstantsBase<CopyConstants> {
  using CopyConstantsBase::CopyConstantsBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto main = module.lookupSymbol<func::FuncOp>("main");
    if (!main || !main.getBody().hasOneBlock())
      return;
    int64_t constants = 0;
    for (auto global : module.getOps<memref::GlobalOp>())
      if (global.getConstant())
        constants +=
            global.getType().getNumElements() *
            llvm::divideCeil(global.getType().getElementTypeBitWidth(), 8);
    SmallVector<MemoryRegion> map = target::getMemoryMap(module);
    const MemoryRegion *source =
        target::chooseConstantRegion(map, constants, target::callsNpu(module));
    SmallVector<MemoryRegion> writable = getWritableRegions(main);
    bool hasFaster =
        source && llvm::any_of(writable, [&](const MemoryRegion &region) {
          return region.bytesPerCycle > source->bytesPerCycle;
        });
    if (!hasFaster)
      return;
    target::CpuAttr cpu = target::getCpu(module);
    if (!cpu) {
      module.emitError("expects the attribute '") << target::cpuAttrName << "'";
      return signalPassFailure();
    }
    uint64_t bytes = 0;
    Copies copies(main, alignment ? alignment : target::bufferAlignment(cpu),
                  *source, std::move(writable));
    numCopies += copies.make(bytes);
    numBytes += bytes;
  }
};

} // namespace
