//===- Passes.td - passes that plan memory -----------------*- tablegen -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_MEMORY_PASSES_TD
#define EDGECC_PASSES_MEMORY_PASSES_TD

include "mlir/Pass/PassBase.td"

def OrderCalls : Pass<"edgecc-order-calls", "::mlir::func::FuncOp"> {
  let summary = "run kernels in the order that needs least memory";
  let description = [{
    Reorders the calls of a function so that the most bytes of `memref.alloc`
    alive at one time are fewest. A call carries its number in `edge.step` and
    in `edge.after` the numbers of the calls that it needs the results of. The
    search is exact for the networks that we know, and bounded; the function
    receives `edge.order_bound`, which the bytes of no order undercut. Functions
    with more in them than calls stay as they are, and so do those that no other
    order improves.
  }];
  let options = [
    Option<"alignment", "alignment", "int64_t", /*default=*/"0",
           "alignment of each buffer in bytes; 0 is what the CPU wants">
  ];
  let statistics = [
    Statistic<"numSavedBytes", "saved-bytes",
              "fewer bytes alive at one time than in the given order">
  ];
}

def CopyConstants : Pass<"edgecc-copy-constants", "::mlir::ModuleOp"> {
  let summary = "copy constants to fast memory before they are read often";
  let description = [{
    With a memory map on the module, lets calls of `@main` read constants from
    copies in a faster region of the arena, where that moves bytes in fewer
    cycles: a kernel reads some of them again for each pixel. What it reads and
    how often is counted in its loops. A copy is an allocation that is planned
    like any other; one that finds no room in a faster region, or takes that of
    something better, is not made.

    `call @copy_start(to, from, bytes)` comes before the call ahead of the one that
    reads the copy, `call @copy_wait()` between the two, so that a copy can take
    place while the kernel before runs. These calls and that of a function which
    computes the addresses have `edge.copy`, and the reader `edge.copied_bytes`.
    `edge.dma_bytes_per_cycle` on the module says that something copies beside
    the CPU, and how fast: then copies begin before the last call that multiplies.
  }];
  let options = [
    Option<"alignment", "alignment", "int64_t", /*default=*/"0",
           "alignment of each buffer in bytes; 0 is what the CPU wants">
  ];
  let statistics = [
    Statistic<"numCopies", "copies", "copies of constants">,
    Statistic<"numBytes", "bytes", "bytes that they copy">
  ];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect",
                           "::mlir::arith::ArithDialect",
                           "::mlir::memref::MemRefDialect"];
}

def PlanArena : Pass<"edgecc-plan-arena", "::mlir::ModuleOp"> {
  let summary = "puts all buffers of functions into the arena of the caller";
  let description = [{
    Replaces each `memref.alloc` by a `memref.view` of the argument that carries
    `edge.arena`, whose type becomes `memref<Nxi8>` for the N bytes needed.
    A buffer lives from its first to its last use, views included; one that a
    loop uses lives as long as the loop. Functions without allocations keep
    their arena of size zero.

    The function receives `edge.arena_bytes`, `edge.arena_align`,
    `edge.arena_bound` (the most bytes alive at one time), `edge.arena_proven`
    (what no placement of these buffers undercuts, as far as the search has got)
    and `edge.arena_plan`: offset, size, first and last operation of each buffer,
    and the number of the buffer that it may lie over, with the distance, if
    there is one. A call with `edge.overlap` says of
    an operand and a result how many bytes the first must begin after the second
    for the two to share memory. Calls receive `edge.time`, their number
    among the operations, and `edge.buffers`, the indices of what they use.

    With a memory map on the module, further arguments with `edge.arena` follow,
    one for each of its writable regions, whose name they carry in
    `edge.region` and what their buffers take at least in `edge.region_bound`;
    `edge.buffer_regions` gives the region of each buffer.
  }];
  let options = [
    Option<"alignment", "alignment", "int64_t", /*default=*/"0",
           "alignment of each buffer in bytes and of the arena itself; 0 is "
           "what the CPU wants, or the largest that an allocation asks for">
  ];
  let statistics = [
    Statistic<"numBuffers", "buffers", "buffers put into the arena">,
    Statistic<"numBytes", "bytes", "size of the arena">,
    Statistic<"numBoundBytes", "bound-bytes", "most bytes alive at one time">
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::memref::MemRefDialect"];
}

#endif // EDGECC_PASSES_MEMORY_PASSES_TD
