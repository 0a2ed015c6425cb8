//===- CpuTest.cpp - CPU names, triples, records ----------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "codegen/cpu/CpuTable.h"
#include "codegen/cpu/ResolveCpu.h"

#include "mlir/IR/MLIRContext.h"
#include "gmock/gmock.h"

using namespace edgecc;
using testing::HasSubstr;
using testing::StartsWith;

namespace {

class ResolveCpuTest : public testing::Test {
protected:
  ResolveCpuTest() { context.getOrLoadDialect<target::TargetDialect>(); }

  /// The record, or null with the text of the error in `error`.
  target::CpuAttr resolve(const TargetRequest &request) {
    error.clear();
    mlir::ScopedDiagnosticHandler handler(
        &context, [&](mlir::Diagnostic &diag) { error += diag.str(); });
    auto cpu = resolveCpu(request, &context, [&] {
      return mlir::emitError(mlir::UnknownLoc::get(&context));
    });
    return succeeded(cpu) ? *cpu : nullptr;
  }
  target::CpuAttr resolveName(const char *name) {
    return resolve({"", name, "", ""});
  }

  mlir::MLIRContext context;
  std::string error;
};

struct Expected {
  const char *name, *triple;
  unsigned vectorBytes, vectorRegs;
  bool hasFma;
};

TEST_F(ResolveCpuTest, InfersTripleAndVectors) {
  const Expected table[] = {
      {"x86-64", "x86_64-", 16, 16, false},
      {"x86-64-v2", "x86_64-", 16, 16, false},
      {"x86-64-v3", "x86_64-", 32, 16, true},
      {"x86-64-v4", "x86_64-", 64, 32, true},
      {"cortex-a53", "aarch64-", 16, 32, true},
      {"cortex-a72", "aarch64-", 16, 32, true},
      {"neoverse-v1", "aarch64-", 16, 32, true},
      {"apple-m1", "aarch64-", 16, 32, true},
      {"rv64gc", "riscv64-", 0, 0, true},
      {"rv64gcv", "riscv64-", 16, 32, true},
      {"sifive-x280", "riscv64-", 64, 32, true},
      {"sifive-e31", "riscv32-", 0, 0, false},
      {"cortex-m0plus", "thumbv6m-unknown-none-eabi", 0, 0, false},
      {"cortex-m4", "thumbv7em-unknown-none-eabihf", 0, 0, true},
      {"cortex-m7", "thumbv7em-unknown-none-eabihf", 0, 0, true},
      {"cortex-m33", "thumbv8m.main-unknown-none-eabihf", 0, 0, true},
      {"cortex-m55", "thumbv8.1m.main-unknown-none-eabihf", 16, 8, true},
      {"cortex-a7", "armv7", 16, 16, true},
      {"wasm32", "wasm32-", 16, 16, false},
  };
  for (const Expected &row : table) {
    target::CpuAttr cpu = resolveName(row.name);
    ASSERT_TRUE(cpu) << row.name << ": " << error;
    EXPECT_THAT(cpu.getTriple().str(), StartsWith(row.triple)) << row.name;
    EXPECT_EQ(cpu.getVectorBytes(), row.vectorBytes) << row.name;
    EXPECT_EQ(cpu.getVectorRegs(), row.vectorRegs) << row.name;
    EXPECT_EQ(cpu.getHasFma(), row.hasFma) << row.name;
  }
}

TEST_F(ResolveCpuTest, KnowsFloatingPointUnits) {
  EXPECT_FALSE(resolveName("cortex-m0plus").getHasF32());
  EXPECT_TRUE(resolveName("cortex-m4").getHasF32());
  EXPECT_FALSE(resolveName("cortex-m4").getHasF64());
  EXPECT_FALSE(resolveName("cortex-m4").getHasRounding());
  EXPECT_TRUE(resolveName("cortex-m7").getHasF64());
  EXPECT_TRUE(resolveName("cortex-m7").getHasRounding());
  EXPECT_EQ(resolveName("cortex-m7").getIndexBits(), 32u);
  EXPECT_EQ(resolveName("rv64gc").getAbi(), "lp64d");
}

TEST_F(ResolveCpuTest, RefusesAFloatAbiWithoutFloatingPoint) {
  EXPECT_FALSE(resolve({"thumbv6m-none-eabihf", "cortex-m0", "", ""}));
  EXPECT_THAT(error, HasSubstr("passes floating-point numbers in registers"));
  EXPECT_TRUE(resolve({"thumbv7em-none-eabi", "cortex-m4", "", ""}));
}

TEST_F(ResolveCpuTest, NativeIsThisMachine) {
  target::CpuAttr cpu = resolveName("native");
  ASSERT_TRUE(cpu) << error;
  EXPECT_FALSE(cpu.getFeatures().empty());
  EXPECT_GT(cpu.getL1dBytes(), 0u);
}

/// What sys::getHostCPUFeatures says on a machine with these features alone.
llvm::StringMap<bool> makeHost(llvm::ArrayRef<llvm::StringRef> present) {
  llvm::StringMap<bool> host;
  for (llvm::StringRef name :
       {"sse4.2",      "avx",        "avx2",       "fma",        "bmi2",
        "f16c",        "avx512f",    "avx512bw",   "avx512dq",   "avx512vl",
        "avx512cd",    "avx512vnni", "avx512ifma", "avx512vbmi", "avx512bf16",
        "avx512fp16",  "amx-tile",   "amx-int8",   "amx-bf16",   "amx-fp16",
        "avx10.1-512", "sse4a",      "waitpkg"})
    host[name] = llvm::is_contained(present, name);
  return host;
}

TEST_F(ResolveCpuTest, UnknownHostsAreWhatTheyCanDo) {
  initializeTargets();
  llvm::Triple triple("x86_64-unknown-linux-gnu");
  llvm::SmallVector<llvm::StringRef> avx2 = {"sse4.2", "avx",  "avx2",
                                             "fma",    "bmi2", "f16c"};
  EXPECT_EQ(nearestCpu(triple, "model-of-tomorrow", makeHost(avx2)),
            "x86-64-v3");
  auto avx512 = avx2;
  avx512.append({"avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512cd"});
  EXPECT_EQ(nearestCpu(triple, "rocketlake", makeHost(avx512)), "x86-64-v4");
  auto amx = avx512;
  amx.append({"avx512vnni", "avx512ifma", "avx512vbmi", "avx512bf16",
              "avx512fp16", "amx-tile", "amx-int8", "amx-bf16"});
  // `waitpkg` is hidden by this machine, which changes nothing.
  EXPECT_EQ(nearestCpu(triple, "rocketlake", makeHost(amx)), "sapphirerapids");
  // A name with a record is believed.
  EXPECT_EQ(nearestCpu(triple, "haswell", makeHost(amx)), "haswell");
}

TEST_F(ResolveCpuTest, TripleAloneGetsItsGenericCpu) {
  EXPECT_EQ(resolve({"x86_64-linux-gnu", "", "", ""}).getCpu(), "x86-64");
  EXPECT_EQ(resolve({"aarch64-linux-gnu", "", "", ""}).getCpu(), "generic");
  EXPECT_EQ(resolve({"riscv64-linux-gnu", "", "", ""}).getAbi(), "lp64d");
  EXPECT_EQ(resolve({"thumbv7em-none-eabihf", "", "", ""}).getCpu(),
            "cortex-m4");
}

TEST_F(ResolveCpuTest, AttributesAndArchitecturesChangeTheRecord) {
  EXPECT_TRUE(resolve({"", "cortex-a72", "+dotprod", ""}).getHasInt8Dot());
  EXPECT_EQ(resolve({"", "x86-64", "+avx2,+fma", ""}).getVectorBytes(), 32u);
  EXPECT_EQ(resolve({"", "", "", "rv64gcv"}).getVectorBytes(), 16u);
  EXPECT_EQ(resolve({"", "", "", "rv64gcv_zvl256b"}).getVectorBytes(), 32u);
  EXPECT_EQ(resolve({"", "", "", "x86-64-v3"}).getVectorBytes(), 32u);
  EXPECT_TRUE(resolve({"", "", "", "armv8.2-a+dotprod"}).getHasInt8Dot());
}

TEST_F(ResolveCpuTest, RefusesWithAHint) {
  EXPECT_FALSE(resolveName("cortex-a27"));
  EXPECT_THAT(error, HasSubstr("unknown CPU 'cortex-a27'; did you mean '"));
  EXPECT_FALSE(resolveName("skylak"));
  EXPECT_THAT(error, HasSubstr("did you mean 'skylake'?"));
  EXPECT_FALSE(resolveName("rv64gcvv"));
  EXPECT_THAT(error, HasSubstr("did you mean 'rv64gcv'?"));
  EXPECT_FALSE(resolve({"aarch64-linux-gnu", "skylake", "", ""}));
  EXPECT_THAT(error, HasSubstr("unknown CPU 'skylake' for target 'aarch64"));
  EXPECT_FALSE(resolve({"", "haswell", "+avx3", ""}));
  EXPECT_THAT(error, HasSubstr("unknown feature 'avx3'"));
  EXPECT_FALSE(resolve({"", "haswell", "avx2", ""}));
  EXPECT_THAT(error, HasSubstr("needs a sign"));
  EXPECT_FALSE(resolve({"pdp11-dec-unix", "", "", ""}));
  EXPECT_THAT(error, HasSubstr("unknown target 'pdp11-dec-unix'"));
  EXPECT_FALSE(resolve({"", "", "", "rv64gq?"}));
  EXPECT_THAT(error, HasSubstr("invalid -march=rv64gq?"));
}

TEST_F(ResolveCpuTest, RefusesBigEndianTargets) {
  EXPECT_FALSE(resolveName("z14"));
  EXPECT_THAT(error, HasSubstr("is big-endian"));
  EXPECT_FALSE(resolve({"aarch64_be-linux-gnu", "", "", ""}));
  EXPECT_THAT(error, HasSubstr("is big-endian"));
  EXPECT_TRUE(resolveName("mips32r2")) << error;
}

TEST(CpuTableTest, EveryRecordIsComplete) {
  for (const CpuRecord &record : getCpuRecords()) {
    EXPECT_TRUE(record.base.empty() || findCpuRecord(record.base))
        << record.name.str();
    CpuRecord full = inheritFacts(record);
    EXPECT_GE(full.l1dKiB, 0) << record.name.str();
    EXPECT_GE(full.l2KiB, 0) << record.name.str();
    EXPECT_GT(full.fmaPerCycle, 0) << record.name.str();
    EXPECT_GT(full.fmaLatency, 0) << record.name.str();
    EXPECT_GT(full.cacheLineBytes, 0) << record.name.str();
  }
}

} // namespace
