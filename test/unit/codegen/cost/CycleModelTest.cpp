//===- CycleModelTest.cpp - cycles of known loops ---------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "codegen/cost/MachineCost.h"

#include "codegen/cost/ExecutionCounts.h"
#include "codegen/cpu/ResolveCpu.h"
#include "codegen/object/EmitObject.h"
#include "dialects/Target/TargetDialect.h"

#include "mlir/IR/MLIRContext.h"
#include "llvm/AsmParser/Parser.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/SourceMgr.h"
#include "gtest/gtest.h"

using namespace llvm;
using namespace edgecc;

namespace {

/// What the function `f` of a module costs on a CPU.
CodeCost costOf(const std::string &cpu, const std::string &body) {
  mlir::MLIRContext mlirContext;
  mlirContext.loadDialect<target::TargetDialect>();
  auto loc = mlir::UnknownLoc::get(&mlirContext);
  TargetRequest request;
  request.cpu = cpu;
  FailureOr<target::CpuAttr> record =
      resolveCpu(request, &mlirContext, [&] { return mlir::emitError(loc); });
  std::unique_ptr<TargetMachine> machine =
      createTargetMachine(*record, {}, loc);
  LLVMContext context;
  SMDiagnostic error;
  std::unique_ptr<Module> module = parseAssemblyString(body, error, context);
  EXPECT_TRUE(module) << error.getMessage().str();
  module->setTargetTriple(machine->getTargetTriple());
  module->setDataLayout(machine->createDataLayout());
  for (Function &function : *module)
    function.addFnAttr("target-cpu", machine->getTargetCPU());
  setBranchWeights(*module);
  CodeFacts facts;
  facts.collectProfile = true;
  SmallVector<char, 0> object;
  EXPECT_TRUE(succeeded(emitObject(*module, *machine, object, loc, &facts)));
  std::unique_ptr<CycleModel> model = CycleModel::create(*machine);
  return MachineCost(facts.profile, model.get()).ofCall("f");
}

/// A chain of additions: each waits for the one before it.
const char *chain = R"(
define float @f(float %x) {
entry:
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %i1, %loop ]
  %a = phi float [ 0.0, %entry ], [ %a4, %loop ]
  %a1 = fadd float %a, %x
  %a2 = fadd float %a1, %x
  %a3 = fadd float %a2, %x
  %a4 = fadd float %a3, %x
  %i1 = add nuw nsw i32 %i, 1
  %more = icmp ult i32 %i1, 1000
  br i1 %more, label %loop, label %exit
exit:
  ret float %a4
})";

TEST(CycleModel, ChainsWaitForLatency) {
  CodeCost zen = costOf("znver4", chain);
  // Four additions, three to count, compare and branch.
  EXPECT_NEAR(zen.instructions, 7000, 10);
  // Three cycles from one addition to the next.
  EXPECT_NEAR(zen.cycles, 12000, 120);
  CodeCost a72 = costOf("cortex-a72", chain);
  EXPECT_NEAR(a72.instructions, 7000, 10);
  // Five there, in LLVM's model.
  EXPECT_NEAR(a72.cycles, 20000, 200);
}

TEST(CycleModel, CallsAreIncluded) {
  std::string callee(chain);
  callee.replace(callee.find("@f"), 2, "@g");
  CodeCost cost = costOf("znver4", R"(
define float @f(float %x) {
  %a = call float @g(float %x)
  %b = call float @g(float %a)
  ret float %b
})" + callee);
  EXPECT_NEAR(cost.instructions, 14000, 20);
  EXPECT_NEAR(cost.cycles, 24000, 240);
}

TEST(CycleModel, NothingIsInvented) {
  CodeCost cost = costOf("rv64gcv", chain);
  EXPECT_GT(cost.instructions, 0);
  EXPECT_EQ(cost.cycles, 0);
}

} // namespace
