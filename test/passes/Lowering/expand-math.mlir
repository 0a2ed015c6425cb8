// RUN: edgecc-opt %s -split-input-file -edgecc-expand-math | FileCheck %s

// Functions on f32 leave no math operation that would be a call, whatever the
// shape; what the target has stays.

// CHECK-LABEL: module attributes {target.cpu = #target.cpu<{{.*}}hasFma = true
// CHECK-NOT: math.exp
// CHECK-NOT: math.powf
// CHECK-NOT: math.tanh
// CHECK-NOT: math.sinh
// CHECK: math.floor
// CHECK-NOT: call
module attributes {target.cpu = #target.cpu<triple = "x86_64", cpu = "haswell",
    vectorBytes = 32, vectorRegs = 16, hasFma = true, hasRounding = true,
    hasF16Conversion = true>} {
  func.func @functions(%v: vector<8xf32>, %s: f32, %m: vector<2x4xf32>)
      -> (vector<8xf32>, f32, f32, vector<2x4xf32>, vector<8xf32>) {
    %0 = math.exp %v : vector<8xf32>
    %1 = math.powf %s, %s : f32
    %2 = math.sinh %s : f32
    %3 = math.tanh %m : vector<2x4xf32>
    %4 = math.floor %0 : vector<8xf32>
    return %4, %1, %2, %3, %0
        : vector<8xf32>, f32, f32, vector<2x4xf32>, vector<8xf32>
  }

  // CHECK-LABEL: func.func @kept
  // CHECK-NEXT: math.fma
  // CHECK-NEXT: math.sqrt
  // CHECK-NEXT: arith.extf
  // CHECK-NEXT: return
  func.func @kept(%a: f32, %h: f16) -> (f32, f32, f32) {
    %0 = math.fma %a, %a, %a : f32
    %1 = math.sqrt %a : f32
    %2 = arith.extf %h : f16 to f32
    return %0, %1, %2 : f32, f32, f32
  }

  // A constant exponent is a multiplication.
  // CHECK-LABEL: func.func @square
  // CHECK-NEXT: arith.mulf %{{.*}}, %{{.*}} : vector<8xf32>
  // CHECK-NEXT: return
  func.func @square(%v: vector<8xf32>) -> vector<8xf32> {
    %two = arith.constant dense<2.0> : vector<8xf32>
    %0 = math.powf %v, %two : vector<8xf32>
    return %0 : vector<8xf32>
  }

  // Narrow floats are computed in f32.
  // CHECK-LABEL: func.func @half
  // CHECK: arith.extf %{{.*}} : f16 to f32
  // CHECK: arith.addf %{{.*}} : f32
  // CHECK: arith.truncf %{{.*}} : f32 to f16
  func.func @half(%a: f16) -> f16 {
    %0 = arith.addf %a, %a : f16
    return %0 : f16
  }
}

// -----

// A core with nothing: no fused operation, no rounding, no conversion.

// CHECK-LABEL: module attributes {target.cpu = #target.cpu<triple = "thumbv6m
// CHECK-NOT: math.fma
// CHECK-NOT: math.roundeven
// CHECK-NOT: math.ceil
// CHECK-NOT: arith.extf
// CHECK: return
module attributes {target.cpu = #target.cpu<triple = "thumbv6m-none-eabi",
    cpu = "cortex-m0plus", indexBits = 32, hasF32 = false, hasF64 = false>} {
  func.func @bare(%a: f32, %h: f16) -> (f32, f32, f32, f32) {
    %0 = math.fma %a, %a, %a : f32
    %1 = math.roundeven %0 : f32
    %2 = math.ceil %0 : f32
    %3 = arith.extf %h : f16 to f32
    return %0, %1, %2, %3 : f32, f32, f32, f32
  }
}

// -----

// Functions on f64 are calls, one per element.

// CHECK-DAG: func.func private @exp(f64) -> f64
// CHECK-COUNT-2: call @exp
module attributes {target.cpu = #target.cpu<triple = "x86_64", cpu = "haswell">} {
  func.func @double(%v: vector<2xf64>) -> vector<2xf64> {
    %0 = math.exp %v : vector<2xf64>
    return %0 : vector<2xf64>
  }
}

// -----

// Cores without vectors compare with the constant; NaN stays.

module attributes {target.cpu = #target.cpu<
    triple = "thumbv7em-unknown-none-eabihf", cpu = "cortex-m4",
    indexBits = 32>} {
  // CHECK-LABEL: func @maximum_scalar
  func.func @maximum_scalar(%x: f32, %y: f32) -> (f32, f32, f32, f32) {
    %zero = arith.constant 0.0 : f32
    %six = arith.constant 6.0 : f32
    // CHECK: %[[LESS:.*]] = arith.cmpf olt, %[[X:.*]], %[[ZERO:.*]] : f32
    // CHECK: arith.select %[[LESS]], %[[ZERO]], %[[X]]
    %a = arith.maximumf %x, %zero fastmath<nsz> : f32
    // CHECK: %[[MORE:.*]] = arith.cmpf ogt, %[[X]], %[[SIX:.*]] : f32
    // CHECK: arith.select %[[MORE]], %[[SIX]], %[[X]]
    %b = arith.minimumf %x, %six : f32
    // CHECK: arith.maximumf
    %c = arith.maximumf %x, %zero : f32
    // CHECK: arith.maximumf
    %d = arith.maximumf %x, %y : f32
    return %a, %b, %c, %d : f32, f32, f32, f32
  }
}

// -----

// Of M-profile vectors only comparisons are left that LLVM gets right for NaN.

// CHECK-LABEL: module attributes {target.cpu = #target.cpu<triple = "thumb
// CHECK: func.func @not_numbers
// CHECK: %[[SIZE:.*]] = arith.andi
// CHECK: %[[NAN:.*]] = arith.cmpi ugt, %[[SIZE]]
// CHECK: arith.select %[[NAN]]
// CHECK-NOT: arith.maximumf
// CHECK-NOT: arith.cmpf olt
// CHECK: arith.cmpf ult
// CHECK-NOT: arith.cmpf uno
// CHECK: return
module attributes {target.cpu = #target.cpu<triple = "thumbv8.1m.main-none-eabihf",
    cpu = "cortex-m55", vectorBytes = 16, vectorRegs = 8>} {
  func.func @not_numbers(%v: vector<4xf32>)
      -> (vector<4xf32>, vector<4xi1>, vector<4xi1>) {
    %c = arith.constant dense<0.0> : vector<4xf32>
    %0 = arith.maximumf %v, %c : vector<4xf32>
    %1 = arith.cmpf olt, %v, %c : vector<4xf32>
    %2 = arith.cmpf uno, %v, %v : vector<4xf32>
    return %0, %1, %2 : vector<4xf32>, vector<4xi1>, vector<4xi1>
  }
}

// -----

// Remainders of f32 are divided out in twelve steps; without fused
// multiply-adds products are exact in f64. Those of f64 are for a function.

// CHECK-LABEL: func.func @remainder
// CHECK-NOT: arith.remf {{.*}} : vector
// CHECK-COUNT-12: arith.divf
// CHECK-NOT: arith.divf
// CHECK: arith.remf {{.*}} : f64
module attributes {target.cpu = #target.cpu<triple = "x86_64-pc-linux-gnu",
    cpu = "x86-64", vectorBytes = 16, vectorRegs = 16>} {
  func.func @remainder(%v: vector<4xf32>, %w: vector<4xf32>, %a: f64, %b: f64)
      -> (vector<4xf32>, f64) {
    %0 = arith.remf %v, %w : vector<4xf32>
    %1 = arith.remf %a, %b : f64
    return %0, %1 : vector<4xf32>, f64
  }
}
