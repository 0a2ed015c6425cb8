//===- TargetDialect.td - facts about the machine compiled for -*- tablegen -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_DIALECTS_TARGET_TARGETDIALECT_TD
#define EDGECC_DIALECTS_TARGET_TARGETDIALECT_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/DialectBase.td"

def Target_Dialect : Dialect {
  let name = "target";
  let cppNamespace = "::edgecc::target";
  let summary = "facts about the machine that a module is compiled for";
  let description = [{
    The dialect has no operations. Its one attribute, `#target.cpu`, is put on
    the module under the name `target.cpu`, and is the only way in which a pass
    learns anything about the target: no pass asks LLVM, and none knows the
    name of a core.
  }];
  let useDefaultAttributePrinterParser = 1;
  let hasOperationAttrVerify = 1;
}

/// An unsigned fact with a default.
class Fact<string desc, int value>
    : DefaultValuedParameter<"unsigned", "" # value, desc>;

/// A yes-or-no fact, no unless said.
class Ability<string desc> : DefaultValuedParameter<"bool", "false", desc>;

def Target_CpuAttr : AttrDef<Target_Dialect, "Cpu"> {
  let mnemonic = "cpu";
  let summary = "the record of one CPU";
  let description = [{
    What LLVM must be told to generate code (triple, CPU, features, ABI), what
    the instruction set can do, and what cost models want to know. Records are
    made by `codegen/cpu`; only `triple` and `cpu` have no default, so that a
    test states just what it is about:

    ```mlir
    module attributes {target.cpu = #target.cpu<
        triple = "x86_64-unknown-linux-gnu", cpu = "haswell",
        vectorBytes = 32, vectorRegs = 16, hasFma = true>} {}
    ```

    `vectorBytes` is the width in which kernels work with f32, and 0 means that
    they are to stay scalar. On machines whose vectors are longer than the
    architecture promises it is what is promised.
  }];
  let parameters = (ins
    StringRefParameter<"target triple">:$triple,
    StringRefParameter<"LLVM name of the CPU">:$cpu,
    StringRefParameter<"LLVM feature string on top of the CPU", [{""}]>:$features,
    StringRefParameter<"LLVM name of the ABI", [{""}]>:$abi,
    Fact<"bits of `index` and of pointers", 64>:$indexBits,
    Fact<"bytes of a vector register, 0 if there is none for f32", 0>:$vectorBytes,
    Fact<"number of vector registers", 0>:$vectorRegs,
    Ability<"fused multiply-add on f32">:$hasFma,
    Ability<"floor, ceil, trunc and round-to-even as instructions">:$hasRounding,
    DefaultValuedParameter<"bool", "true", "f32 arithmetic in hardware">:$hasF32,
    DefaultValuedParameter<"bool", "true", "f64 arithmetic in hardware">:$hasF64,
    Ability<"f16 to and from f32 as instructions">:$hasF16Conversion,
    Ability<"f16 arithmetic">:$hasF16,
    Ability<"f32 to bf16 as an instruction">:$hasBF16Conversion,
    Ability<"loads and stores under a mask">:$hasMaskedMemory,
    Ability<"gathering loads">:$hasGather,
    Ability<"dot products of bytes into 32 bits">:$hasInt8Dot,
    Ability<"matrix products of bytes into 32 bits">:$hasInt8Matmul,
    Fact<"bytes of the first-level data cache, 0 if none", 32768>:$l1dBytes,
    Fact<"bytes of the second-level cache of one core, 0 if none", 262144>:$l2Bytes,
    Fact<"bytes of the last-level cache, 0 if none", 0>:$l3Bytes,
    Fact<"bytes of a cache line", 64>:$cacheLineBytes,
    Fact<"vector multiply-adds started per cycle", 1>:$fmaPerCycle,
    Fact<"cycles from a multiply-add to its result", 4>:$fmaLatency,
    Fact<"vector loads per cycle", 1>:$loadsPerCycle
  );
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// How many elements of `type` a vector register holds; 1 on machines
    /// without vectors.
    unsigned getLanes(::mlir::Type type) const;

    /// Whether the feature string has `+name`.
    bool hasFeature(::llvm::StringRef name) const;
  }];
}

#endif // EDGECC_DIALECTS_TARGET_TARGETDIALECT_TD
