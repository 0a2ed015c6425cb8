//===- FixedPointConversions.h - a fault of LLVM for Helium -----*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_OBJECT_FIXEDPOINTCONVERSIONS_H
#define EDGECC_CODEGEN_OBJECT_FIXEDPOINTCONVERSIONS_H

namespace llvm {
class Module;
class TargetMachine;
} // namespace llvm

namespace edgecc {

/// LLVM 22 joins a conversion between integers and floats with a multiplication
/// by a power of two to one instruction of Arm's M-profile vectors, and writes
/// the number of a register where that has the power if the same number is
/// needed elsewhere. Hides such factors from it, on machines with these
/// vectors.
void avoidFixedPointConversions(llvm::Module &module,
                                const llvm::TargetMachine &machine);

} // namespace edgecc

#endif // EDGECC_CODEGEN_OBJECT_FIXEDPOINTCONVERSIONS_H
