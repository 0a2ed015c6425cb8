//===- CompressConstants.cpp - constants in less flash ----------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/ConstantPool.h"
#include "codegen/kernels/Contractions.h"
#include "codegen/kernels/DecodeKernel.h"
#include "codegen/kernels/Passes.h"
#include "dialects/Edge/EdgeConstants.h"
#include "dialects/Target/Alignment.h"
#include "dialects/Target/Threads.h"
#include "passes/Memory/ConstantOperands.h"
#include "passes/Memory/FunctionBuffers.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "llvm/ADT/MapVector.h"

namespace edgecc::kernels {
#define GEN_PASS_DEF_COMPRESSCONSTANTS
#include "codegen/kernels/Passes.h.inc"
} // namespace edgecc::kernels

using namespace mlir;
using namespace edgecc;
using namespace edgecc::kernels;
using memory::ConstantOperand;

/// What the code takes that decodes a constant, roughly: with -Os, all are
/// decoded by the same, which only has to be called.
static constexpr int64_t decoderBytes = 200, callBytes = 100;

namespace {

/// Who reads a constant.
struct Reader {
  func::CallOp call;
  ConstantOperand operand;
};

/// Bytes of the constants of a module.
struct Constant {
  SmallVector<Reader> readers;
  std::optional<CodedBytes> coded;
};

class Compression {
public:
  Compression(ModuleOp module, func::FuncOp main, memref::GlobalOp global,
              target::CpuAttr cpu)
      : main(main), global(global), cpu(cpu),
        map(memory::getWritableRegions(main)),
        alignment(target::bufferAlignment(cpu)),
        isSmall(module->hasAttr(smallCodeAttrName)),
        outside(OpBuilder::atBlockEnd(module.getBody())) {}

  /// Compresses constants until `wanted` bytes are saved, as long as the
  /// buffers stay within `limit`, if it is not negative, and their memories.
  void run(int64_t wanted, int64_t limit);

  int64_t numCompressed = 0, numSaved = 0;

private:
  using Range = std::pair<int64_t, int64_t>;

  void findConstants();
  int64_t savedBytes(Range range, const CodedBytes &coded) const;
  /// Bytes of buffers for which there is no room.
  int64_t countMissing(int64_t limit);
  void decode(Reader reader, const CodedBytes &coded);
  void undo();
  void store();

  func::FuncOp main;
  memref::GlobalOp global;
  target::CpuAttr cpu;
  SmallVector<target::MemoryRegion> map;
  int64_t alignment;
  bool isSmall;
  OpBuilder outside;
  ArrayRef<char> bytes;
  memory::KernelTraffic kernels;
  llvm::MapVector<Range, Constant> constants;
  /// What the last constant has changed.
  SmallVector<Operation *> added;
  SmallVector<std::pair<OpOperand *, Value>> before;
  /// What is stored in another form, and the views of that.
  struct Stored {
    std::vector<char> bytes;
    SmallVector<std::pair<memref::ViewOp, int64_t>> views;
  };
  std::vector<Stored> stored;
  /// How many of these the last constant has added.
  size_t numAdded = 0;
  size_t kernelCount = 0;
};

} // namespace

/// All constants that nothing else reads than kernels of `main` that read all
/// of them.
void Compression::findConstants() {
  llvm::DenseSet<Range> others;
  auto module = main->getParentOfType<ModuleOp>();
  module.walk([&](func::CallOp call) {
    auto kind = call->getAttrOfType<StringAttr>("edge.kind");
    bool canDecode = call->getParentOp() == main && kind &&
                     call->hasAttr("edge.layer") &&
                     !kind.getValue().starts_with("npu_");
    for (unsigned i = 0; i < call.getNumOperands(); ++i) {
      std::optional<ConstantOperand> operand =
          isa<MemRefType>(call.getOperand(i).getType())
              ? memory::findConstant(call, i)
              : std::nullopt;
      if (!operand)
        continue;
      Range range(operand->begin, operand->end);
      constants[range].readers.push_back({call, *operand});
      if (!canDecode ||
          kernels.ofOperand(call, i) < operand->end - operand->begin)
        others.insert(range);
    }
  });
  // What is no operand of a call.
  module.walk([&](memref::ViewOp view) {
    for (Operation *user : view->getUsers())
      if (!isa<func::CallOp, ViewLikeOpInterface>(user))
        if (std::optional<int64_t> begin =
                getConstantIntValue(view.getByteShift()))
          for (auto &[range, constant] : constants)
            if (range.first == *begin)
              others.insert(range);
  });
  constants.remove_if(
      [&](const auto &entry) { return others.contains(entry.first); });
}

int64_t Compression::savedBytes(Range range, const CodedBytes &coded) const {
  return range.second - range.first -
         int64_t(llvm::alignTo(coded.bytes(), alignment)) -
         (isSmall ? callBytes : decoderBytes) * int64_t(coded.planes.size());
}

int64_t Compression::countMissing(int64_t limit) {
  memory::FunctionBuffers function(main, kernels);
  memory::RegionPlan plan = memory::planRegions(function, map, alignment);
  if (map.empty())
    return std::max<int64_t>(0, plan.sizes.front() - limit);
  int64_t missing = 0;
  for (auto [region, size] : llvm::zip_equal(map, plan.sizes))
    missing += std::max<int64_t>(0, size - region.bytes);
  return missing;
}

void Compression::decode(Reader reader, const CodedBytes &coded) {
  OpBuilder builder(reader.call);
  Location loc = reader.call.getLoc();
  auto add = [&](Operation *op) {
    added.push_back(op);
    return op->getResult(0);
  };
  auto allocate = [&](MemRefType type) {
    return add(memref::AllocOp::create(builder, loc, type,
                                       builder.getI64IntegerAttr(alignment)));
  };
  auto view = [&](Value memory, int64_t begin, MemRefType type) {
    Value shift = add(arith::ConstantIndexOp::create(builder, loc, begin));
    return add(memref::ViewOp::create(builder, loc, type, memory, shift,
                                      ValueRange()));
  };
  int64_t step = int64_t(coded.planes.size());
  auto result = MemRefType::get(
      {coded.size}, builder.getIntegerType(unsigned(8 * coded.elementBytes)));
  Value memory = allocate(
      MemRefType::get({coded.size * coded.elementBytes}, builder.getI8Type()));
  Value elements = view(memory, 0, result);
  Value source = reader.operand.view.getSource();
  for (auto [first, plane] : llvm::enumerate(coded.planes)) {
    Stored &parts = stored.emplace_back();
    ++numAdded;
    parts.bytes = storedBytes(plane, coded.elementBytes);
    int64_t at = 0;
    DecodeMemory needed =
        decodeMemory(plane, coded.elementBytes, builder.getContext());
    SmallVector<Value> arguments;
    for (MemRefType type : needed.stored) {
      at = llvm::alignTo(
          at, std::min<int64_t>(2, type.getElementTypeBitWidth() / 8));
      arguments.push_back(view(source, at, type));
      parts.views.emplace_back(arguments.back().getDefiningOp<memref::ViewOp>(),
                               at);
      at += type.getNumElements() * type.getElementTypeBitWidth() / 8;
    }
    if (needed.table)
      arguments.push_back(allocate(needed.table));
    arguments.push_back(elements);
    auto kernel = func::FuncOp::create(
        outside, loc, ("kernel_decode_" + Twine(kernelCount++)).str(),
        builder.getFunctionType(ValueRange(arguments).getTypes(), {}));
    kernel.setPrivate();
    if (needed.table)
      kernel.setArgAttr(unsigned(arguments.size() - 2), target::scratchAttrName,
                        builder.getUnitAttr());
    OpBuilder inside = OpBuilder::atBlockEnd(kernel.addEntryBlock());
    ValueRange formals = kernel.getArguments();
    emitDecode(
        inside, loc, cpu, plane, {int64_t(first), step, coded.size / step},
        formals.take_front(needed.stored.size()),
        needed.table ? formals[needed.stored.size()] : Value(), formals.back());
    func::ReturnOp::create(inside, loc);
    auto call = func::CallOp::create(builder, loc, kernel, arguments);
    call->setAttr("edge.layer", reader.call->getAttr("edge.layer"));
    call->setAttr("edge.kind", builder.getStringAttr("decode"));
    call->setAttr("edge.macs", builder.getI64IntegerAttr(0));
    added.push_back(kernel);
    added.push_back(call);
  }
  OpOperand &operand = reader.call->getOpOperand(reader.operand.operand);
  before.emplace_back(&operand, operand.get());
  memory::readInstead(builder, reader.call, reader.operand,
                      view(memory, 0, reader.operand.view.getType()), add);
}

void Compression::undo() {
  for (auto [operand, value] : before)
    operand->set(value);
  for (Operation *op : llvm::reverse(added))
    op->erase();
  stored.resize(stored.size() - numAdded);
}

/// Gives the module the constants that are left, and those in their other form.
void Compression::store() {
  ConstantPool pool(alignment);
  SmallVector<std::pair<memref::ViewOp, int64_t>> positions;
  llvm::DenseSet<Operation *> isNew;
  for (Stored &parts : stored) {
    int64_t position = pool.add(parts.bytes);
    for (auto [view, begin] : parts.views) {
      positions.emplace_back(view, position + begin);
      isNew.insert(view);
    }
  }
  auto module = main->getParentOfType<ModuleOp>();
  SmallVector<memref::ViewOp> unused;
  module.walk([&](memref::ViewOp view) {
    if (isNew.contains(view) ||
        !view.getSource().getDefiningOp<memref::GetGlobalOp>())
      return;
    if (view->use_empty()) {
      unused.push_back(view);
      return;
    }
    MemRefType type = view.getType();
    int64_t begin = *getConstantIntValue(view.getByteShift());
    int64_t size = type.getNumElements() *
                   llvm::divideCeil(type.getElementTypeBitWidth(), 8);
    positions.emplace_back(view, pool.add(bytes.slice(begin, size)));
  });
  for (memref::ViewOp view : unused)
    view->erase();
  for (auto [view, position] : positions) {
    OpBuilder builder(view);
    view.getByteShiftMutable().assign(
        arith::ConstantIndexOp::create(builder, view.getLoc(), position));
  }
  MemRefType type = pool.getType(module.getContext());
  module.walk([&](memref::GetGlobalOp op) {
    if (op.getName() == global.getSymName())
      op.getResult().setType(type);
  });
  global.erase();
  pool.emitGlobal(module);
}

void Compression::run(int64_t wanted, int64_t limit) {
  auto value = dyn_cast_or_null<ElementsAttr>(global.getInitialValueAttr());
  std::optional<edge::ConstantView> view;
  if (value)
    view = edge::ConstantView::get(value);
  if (!view)
    return;
  bytes = view->bytes();
  findConstants();
  // What saves most for each element that has to be decoded comes first.
  struct Candidate {
    Range range;
    int64_t saved;
    double rank;
  };
  std::vector<Candidate> candidates;
  for (auto &[range, constant] : constants) {
    constant.coded =
        compress(bytes.slice(range.first, range.second - range.first));
    int64_t saved = constant.coded ? savedBytes(range, *constant.coded) : 0;
    if (saved > 0)
      candidates.push_back(
          {range, saved,
           double(saved) / double(constant.coded->size *
                                  int64_t(constant.readers.size()))});
  }
  llvm::sort(candidates, [](const Candidate &a, const Candidate &b) {
    return std::pair(b.rank, a.range) < std::pair(a.rank, b.range);
  });
  // With -Os one decoder has to pay.
  int64_t most = 0;
  for (const Candidate &candidate : candidates)
    most += candidate.saved;
  if (isSmall && most <= decoderBytes)
    return;
  bool isLimited = limit >= 0 || !map.empty();
  int64_t missing = isLimited ? countMissing(limit) : 0;
  for (const Candidate &candidate : candidates) {
    if (numSaved >= wanted)
      break;
    const Constant &constant = constants[candidate.range];
    added.clear();
    before.clear();
    numAdded = 0;
    for (const Reader &reader : constant.readers)
      decode(reader, *constant.coded);
    if (isLimited && countMissing(limit) > missing) {
      undo();
      continue;
    }
    ++numCompressed;
    numSaved += candidate.saved;
  }
  if (numCompressed)
    store();
}

namespace {

struct CompressConstants
    : kernels::impl::CompressConstantsBase<CompressConstants> {
  using CompressConstantsBase::CompressConstantsBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    target::CpuAttr cpu = requireCpu(module);
    if (!cpu)
      return signalPassFailure();
    auto main = module.lookupSymbol<func::FuncOp>("main");
    auto global = module.lookupSymbol<memref::GlobalOp>(ConstantPool::symbol);
    if (!main || !global)
      return;
    Compression compression(module, main, global, cpu);
    compression.run(bytes, limit);
    numCompressed += compression.numCompressed;
    numSaved += compression.numSaved;
  }
};

} // namespace
