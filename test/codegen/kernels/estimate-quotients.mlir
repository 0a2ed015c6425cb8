// RUN: edgecc-opt %s -split-input-file -edgecc-estimate-quotients -verify-diagnostics | FileCheck %s

// An estimate of 14 bits needs one correction, of what is left of a finite
// numerator, or of the reciprocal. Other divisions stay, and other vectors lose
// the flag, of which LLVM would make less.

// CHECK-LABEL: func.func @wide
// CHECK-SAME: %[[A:.*]]: vector<16xf32>, %[[D:.*]]: vector<16xf32>
// CHECK: %[[R:.*]] = llvm.call_intrinsic "llvm.x86.avx512.rcp14.ps.512"(%[[D]],
// CHECK: %[[Q:.*]] = arith.mulf %[[A]], %[[R]]
// CHECK: %[[REST:.*]] = math.fma %{{.*}}, %[[Q]], %[[A]]
// CHECK: math.fma %[[REST]], %[[R]], %[[Q]]
// CHECK: %[[R2:.*]] = llvm.call_intrinsic "llvm.x86.avx512.rcp14.ps.512"(%[[D]],
// CHECK: %[[NEAR:.*]] = math.fma
// CHECK: arith.mulf %[[A]],
// CHECK: arith.divf %[[A]], %[[D]] : vector<16xf32>
// CHECK: arith.divf %{{.*}}, %{{.*}} : f32
module attributes {target.cpu = #target.cpu<triple = "x86_64-unknown-linux-gnu", cpu = "x86-64-v4", vectorBytes = 64, vectorRegs = 32, hasFma = true>} {
  func.func @wide(%a: vector<16xf32>, %d: vector<16xf32>, %s: f32)
      -> (vector<16xf32>, vector<16xf32>, vector<16xf32>, f32) {
    %0 = arith.divf %a, %d fastmath<ninf,arcp> : vector<16xf32>
    %1 = arith.divf %a, %d fastmath<arcp> : vector<16xf32>
    %2 = arith.divf %a, %d : vector<16xf32>
    %3 = arith.divf %s, %s fastmath<arcp> : f32
    return %0, %1, %2, %3 : vector<16xf32>, vector<16xf32>, vector<16xf32>, f32
  }
}

// -----

// NEON's estimate of eight bits takes a step first.

// CHECK-LABEL: func.func @neon
// CHECK: %[[R:.*]] = llvm.call_intrinsic "llvm.aarch64.neon.frecpe.v4f32"(%[[D:[^)]*]])
// CHECK: %[[STEP:.*]] = llvm.call_intrinsic "llvm.aarch64.neon.frecps.v4f32"(%[[D]], %[[R]])
// CHECK: %[[R2:.*]] = arith.mulf %[[R]], %[[STEP]]
// CHECK: arith.mulf %{{.*}}, %[[R2]]
// CHECK-NOT: divf
module attributes {target.cpu = #target.cpu<triple = "aarch64-unknown-linux-gnu", cpu = "cortex-a72", vectorBytes = 16, vectorRegs = 32, hasFma = true>} {
  func.func @neon(%a: vector<4xf32>, %d: vector<4xf32>) -> vector<4xf32> {
    %0 = arith.divf %a, %d fastmath<ninf,arcp> : vector<4xf32>
    return %0 : vector<4xf32>
  }
}

// -----

// Neither AVX2, whose estimate has 12 bits, nor small code.

// CHECK-LABEL: func.func @avx2
// CHECK: arith.divf %{{.*}}, %{{.*}} : vector<8xf32>
module attributes {target.cpu = #target.cpu<triple = "x86_64-unknown-linux-gnu", cpu = "x86-64-v3", vectorBytes = 32, vectorRegs = 16, hasFma = true>} {
  func.func @avx2(%a: vector<8xf32>, %d: vector<8xf32>) -> vector<8xf32> {
    %0 = arith.divf %a, %d fastmath<ninf,arcp> : vector<8xf32>
    return %0 : vector<8xf32>
  }
}

// -----

// CHECK-LABEL: func.func @small
// CHECK: arith.divf %{{.*}}, %{{.*}} : vector<16xf32>
module attributes {edge.small_code, target.cpu = #target.cpu<triple = "x86_64-unknown-linux-gnu", cpu = "x86-64-v4", vectorBytes = 64, vectorRegs = 32, hasFma = true>} {
  func.func @small(%a: vector<16xf32>, %d: vector<16xf32>) -> vector<16xf32> {
    %0 = arith.divf %a, %d fastmath<ninf,arcp> : vector<16xf32>
    return %0 : vector<16xf32>
  }
}

// -----

// expected-error @+1 {{expects the attribute 'target.cpu'}}
module {
  func.func @nowhere() {
    return
  }
}
