// RUN: edgecc-opt %s -edgecc-narrow-storage | FileCheck %s

// Where the machine computes in f16, extrema and single operations on narrow
// numbers are left to it, because they give the same bits.

module attributes {target.cpu = #target.cpu<
    triple = "aarch64-unknown-linux-gnu", cpu = "any", hasF16 = true>} {

// CHECK-LABEL: func.func @residual
// CHECK: edge.map(%{{.*}}, %{{.*}}) : (tensor<2x4xf16>, tensor<2x4xf16>) -> tensor<2x4xf16>
// CHECK-NEXT: ^bb0(%[[A:.*]]: f16, %[[B:.*]]: f16):
// CHECK-NEXT: %[[SUM:.*]] = arith.addf %[[A]], %[[B]] : f16
// CHECK-NEXT: %[[ZERO:.*]] = arith.constant 0.000000e+00 : f16
// CHECK-NEXT: %[[MAX:.*]] = arith.maximumf %[[SUM]], %[[ZERO]] : f16
// CHECK-NEXT: edge.yield %[[MAX]] : f16
func.func @residual(%x: tensor<2x4xf32>, %y: tensor<2x4xf32>)
    -> tensor<2x4xf32> {
  %r = edge.map(%x, %y)
      : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32> {
  ^bb0(%a: f32, %b: f32):
    %zero = arith.constant 0.0 : f32
    %s = arith.addf %a, %b : f32
    %m = arith.maximumf %s, %zero : f32
    edge.yield %m : f32
  }
  %q = edge.map(%r) : (tensor<2x4xf32>) -> tensor<2x4xf32> {
  ^bb0(%a: f32):
    %e = math.exp %a : f32
    edge.yield %e : f32
  }
  return %q : tensor<2x4xf32>
}

// A chain of sums, and a number that f16 does not have, are in f32; the bias
// of a depthwise convolution is summed in f16.

// CHECK-LABEL: func.func @chain
// CHECK: edge.conv(%{{.*}}) {{.*}} (tensor<1x4x4x8xf16>, tensor<3x3x1x8xf16>, tensor<8xf16>) -> tensor<1x2x2x8xf16>
// CHECK: ^bb0(%[[S:.*]]: f32):
// CHECK: %[[P:.*]] = arith.mulf %[[S]], %{{.*}} : f32
// CHECK: %[[T:.*]] = arith.addf %[[P]], %{{.*}} : f32
// CHECK: arith.truncf %[[T]] : f32 to f16
func.func @chain(%x: tensor<1x4x4x8xf32>, %w: tensor<3x3x1x8xf32>)
    -> tensor<1x2x2x8xf32> {
  %b = edge.constant dense<1.0> : tensor<8xf32>
  %y = edge.conv(%x, %w, %b) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
      groups 8
      : (tensor<1x4x4x8xf32>, tensor<3x3x1x8xf32>, tensor<8xf32>)
      -> tensor<1x2x2x8xf32> {
  ^bb0(%s: f32):
    %c = arith.constant 0.1 : f32
    %p = arith.mulf %s, %c : f32
    %t = arith.addf %p, %c : f32
    edge.yield %t : f32
  }
  %q = edge.map(%y) : (tensor<1x2x2x8xf32>) -> tensor<1x2x2x8xf32> {
  ^bb0(%a: f32):
    %e = math.exp %a : f32
    edge.yield %e : f32
  }
  return %q : tensor<1x2x2x8xf32>
}
}
