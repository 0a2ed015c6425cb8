// RUN: edgecc-opt %s | edgecc-opt | FileCheck %s

// Defaults are not printed.
// CHECK: target.cpu = #target.cpu<triple = "aarch64-unknown-linux-gnu", cpu = "cortex-a72", vectorBytes = 16, vectorRegs = 32, hasFma = true>
module attributes {target.cpu = #target.cpu<
    triple = "aarch64-unknown-linux-gnu", cpu = "cortex-a72", indexBits = 64,
    vectorBytes = 16, vectorRegs = 32, hasFma = true>} {}
