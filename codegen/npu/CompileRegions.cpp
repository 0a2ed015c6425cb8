//===- CompileRegions.cpp - programs for an NPU -----------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/npu/Npu.h"
#include "dialects/Edge/EdgeConstants.h"
#include "dialects/Target/Hooks.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CRC.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"

namespace edgecc::npu {
#define GEN_PASS_DEF_COMPILEREGIONS
#include "codegen/npu/Passes.h.inc"
} // namespace edgecc::npu

using namespace mlir;
using namespace edgecc;
using namespace edgecc::npu;

/// Multiply-accumulates of one run of the region.
static int64_t countMacs(edge::RegionOp region) {
  int64_t macs = 0;
  region.walk([&](edge::ConvOp conv) { macs += conv.getMacs(); });
  region.walk([&](edge::MatMulOp product) { macs += product.getMacs(); });
  return macs;
}

/// Adds the checksum with which drivers find out whether a program is whole.
static void seal(std::vector<char> &program) {
  program.resize(llvm::alignTo(program.size(), 4));
  char sum[4];
  llvm::support::endian::write32le(
      sum, llvm::crc32(llvm::arrayRefFromStringRef(
               StringRef(program.data(), program.size()))));
  program.insert(program.end(), sum, sum + sizeof sum);
}

namespace {
struct CompileRegions : npu::impl::CompileRegionsBase<CompileRegions> {
  using CompileRegionsBase::CompileRegionsBase;
  CompileRegions(NpuPtr plugin, bool keepsFallback)
      : plugin(std::move(plugin)) {
    fallback = keepsFallback;
  }

  void runOnOperation() override {
    if (!plugin)
      plugin = createNpu(
          npu, [&] { return mlir::emitError(getOperation().getLoc()); });
    if (!plugin)
      return signalPassFailure();
    SmallVector<edge::RegionOp> regions;
    getOperation().walk([&](edge::RegionOp op) { regions.push_back(op); });
    for (edge::RegionOp region : regions)
      if (failed(replace(region)))
        return signalPassFailure();
  }

private:
  LogicalResult replace(edge::RegionOp region) {
    FailureOr<Program> program = plugin->compile(region);
    if (failed(program))
      return failure();
    seal(program->bytes);
    OpBuilder builder(region);
    Location loc = region.getLoc();
    auto type = RankedTensorType::get({int64_t(program->bytes.size())},
                                      builder.getI8Type());
    Value bytes = edge::ConstantOp::create(
        builder, loc, edge::makeConstant(type, program->bytes));
    StringAttr start, wait;
    if (auto functions = plugin->getAsynchronousDriver()) {
      start = builder.getStringAttr(functions->start);
      wait = builder.getStringAttr(functions->wait);
    }
    auto call = edge::NpuCallOp::create(
        builder, loc, region.getResultTypes(), plugin->getDriver(), bytes,
        region.getInputs(), program->scratch, program->fast, program->cycles,
        countMacs(region), program->alignment, program->places, start, wait,
        /*overlaps=*/false);
    if (plugin->bringsDriver())
      call->setDiscardableAttr(target::carriedAttrName, builder.getUnitAttr());
    if (fallback)
      call.getFallback().takeBody(region.getBody());
    region->replaceAllUsesWith(call.getResults());
    region.erase();
    return success();
  }

  NpuPtr plugin;
};
} // namespace

std::unique_ptr<Pass> npu::createCompileRegionsPass() {
  return std::make_unique<CompileRegions>();
}

std::unique_ptr<Pass> npu::createCompileRegionsPass(NpuPtr plugin,
                                                    bool fallback) {
  return std::make_unique<CompileRegions>(std::move(plugin), fallback);
}
