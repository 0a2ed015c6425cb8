//===- KernelInterface.td - how an operation becomes loops -*- tablegen -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_KERNELS_KERNELINTERFACE_TD
#define EDGECC_CODEGEN_KERNELS_KERNELINTERFACE_TD

include "mlir/IR/OpBase.td"

def KernelOpInterface : OpInterface<"KernelOpInterface"> {
  let cppNamespace = "::edgecc::kernels";
  let description = [{
    An edge operation that a kernel computes. Implemented as external models
    beside the emitters in `codegen/kernels`, so that the dialect knows nothing
    of loops.

    A kernel is a private function on memrefs: the operands in order, the
    results, then the scratch buffers. All of them are contiguous in the last
    dimension; outer dimensions may be strided, because a tensor can live
    inside a larger one. Element types are storage types (`i8` for `i1`,
    signless for unsigned ones).
  }];
  let methods = [
    InterfaceMethod<[{
      Emits the body of the kernel at the builder's insertion point.
    }], "::llvm::LogicalResult", "emitKernel",
    (ins "::mlir::OpBuilder &":$builder,
         "const ::edgecc::kernels::KernelArgs &":$args,
         "::edgecc::target::CpuAttr":$cpu)>,
    InterfaceMethod<[{
      The form in which the kernel wants the constant operand `index`; nothing
      when it takes it as it is.
    }], "::std::optional<::edgecc::kernels::PackedConstant>", "packConstant",
    (ins "unsigned":$index, "::mlir::ElementsAttr":$value,
         "::edgecc::target::CpuAttr":$cpu), [{}], [{ return std::nullopt; }]>,
    InterfaceMethod<[{
      The temporary buffers that the kernel needs, of static shape.
    }], "::llvm::SmallVector<::mlir::MemRefType>", "getScratch",
    (ins "::edgecc::target::CpuAttr":$cpu), [{}], [{ return {}; }]>,
    InterfaceMethod<[{
      Whether the result may be written into the buffer of operand `index`,
      when nobody reads that any more: each element is read before the same
      element is written, and no other one is read later.
    }], "bool", "canOverwrite", (ins "unsigned":$index), [{}],
    [{ return false; }]>,
    InterfaceMethod<[{
      How many bytes the buffer of operand `index` must begin after that of the
      result, at least, for the two to share memory when nobody reads the operand
      any more: whatever is written was read before. Nothing if they cannot.
      The buffers have the types given.
    }], "::std::optional<int64_t>", "getOverlapDistance",
    (ins "unsigned":$index, "::mlir::MemRefType":$operand,
         "::mlir::MemRefType":$result, "::edgecc::target::CpuAttr":$cpu), [{}],
    [{ return std::nullopt; }]>,
  ];
}

#endif // EDGECC_CODEGEN_KERNELS_KERNELINTERFACE_TD
