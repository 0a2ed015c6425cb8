// RUN: edgecc-opt %s -edgecc-narrow-storage -split-input-file -verify-diagnostics | FileCheck %s
// RUN: edgecc-opt %s "-edgecc-narrow-storage=type=bf16 weights-only" -split-input-file | FileCheck %s --check-prefix=WEIGHTS
// RUN: not edgecc-opt %s -edgecc-narrow-storage=type=i8 -split-input-file 2>&1 | FileCheck %s --check-prefix=OTHER

// OTHER: error: cannot store floats as 'i8'; expected bf16 or f16

// What enters and leaves stays; what is between, and the weights, is narrow.

// WEIGHTS-LABEL: func.func @chain
// WEIGHTS: %[[NW:.*]] = edge.map(%{{.*}}) : (tensor<3x3x4x8xf32>) -> tensor<3x3x4x8xbf16>
// WEIGHTS: edge.conv(%{{.*}}, %[[NW]], %{{.*}} : (tensor<1x8x8x4xf32>, tensor<3x3x4x8xbf16>, tensor<8xf32>) -> tensor<1x6x6x8xf32>
// WEIGHTS-NOT: bf16
// WEIGHTS: return

// CHECK-LABEL: func.func @chain
// CHECK-SAME: (%[[X:.*]]: tensor<1x8x8x4xf32>) -> tensor<1x6x6x8xf32>
// CHECK-DAG: %[[B:.*]] = edge.constant {{.*}} tensor<8xf32>
// CHECK-DAG: %[[NX:.*]] = edge.map(%[[X]]) : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf16>
// CHECK-DAG: %[[NW:.*]] = edge.map(%{{.*}}) : (tensor<3x3x4x8xf32>) -> tensor<3x3x4x8xf16>
// CHECK: %[[C:.*]] = edge.conv(%[[NX]], %[[NW]], %[[B]])
// CHECK-SAME: -> tensor<1x6x6x8xf16>
// CHECK: ^bb0(%[[SUM:.*]]: f32):
// CHECK: %[[R:.*]] = arith.negf %[[SUM]] : f32
// CHECK: %[[T:.*]] = arith.truncf %[[R]] : f32 to f16
// CHECK: edge.yield %[[T]] : f16
// CHECK: edge.map(%[[C]]) : (tensor<1x6x6x8xf16>) -> tensor<1x6x6x8xf32>
// CHECK: ^bb0(%[[E:.*]]: f16):
// CHECK: %[[W:.*]] = arith.extf %[[E]] : f16 to f32
// CHECK: %[[Y:.*]] = math.exp %[[W]] : f32
// CHECK: edge.yield %[[Y]] : f32
func.func @chain(%x: tensor<1x8x8x4xf32>) -> tensor<1x6x6x8xf32> {
  %w = edge.constant dense<0.5> : tensor<3x3x4x8xf32>
  %b = edge.constant dense<0.1> : tensor<8xf32>
  %y = edge.conv(%x, %w, %b) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
      : (tensor<1x8x8x4xf32>, tensor<3x3x4x8xf32>, tensor<8xf32>)
      -> tensor<1x6x6x8xf32> {
  ^bb0(%s: f32):
    %n = arith.negf %s : f32
    edge.yield %n : f32
  }
  %z = edge.map(%y) : (tensor<1x6x6x8xf32>) -> tensor<1x6x6x8xf32> {
  ^bb0(%e: f32):
    %n = math.exp %e : f32
    edge.yield %n : f32
  }
  return %z : tensor<1x6x6x8xf32>
}

// A product that leaves the function after it was moved is not rounded; an
// operation without a narrow kernel reads f32.

// CHECK-LABEL: func.func @ends
// CHECK: %[[P:.*]] = edge.matmul
// CHECK-SAME: (tensor<2x4xf16>, tensor<4x8xf16>) -> tensor<2x8xf32>
// CHECK: edge.yield %{{.*}} : f32
// CHECK: %[[Q:.*]] = edge.reshape %[[P]] : tensor<2x8xf32> -> tensor<16xf32>
// CHECK: %[[S:.*]] = edge.softmax
// CHECK-SAME: tensor<2x4xf16>
// CHECK: %[[V:.*]] = edge.map(%[[S]]) : (tensor<2x4xf16>) -> tensor<2x4xf32>
// CHECK: edge.cumulative sum %[[V]]
func.func @ends(%x: tensor<2x4xf32>, %w: tensor<4x8xf32>)
    -> (tensor<16xf32>, tensor<2x4xf32>) {
  %p = edge.matmul(%x, %w)
      : (tensor<2x4xf32>, tensor<4x8xf32>) -> tensor<2x8xf32>
  %q = edge.reshape %p : tensor<2x8xf32> -> tensor<16xf32>
  %s = edge.softmax %x {axis = 1 : i64} : tensor<2x4xf32> -> tensor<2x4xf32>
  %c = edge.cumulative sum %s {axis = 1 : i64}
      : tensor<2x4xf32> -> tensor<2x4xf32>
  return %q, %c : tensor<16xf32>, tensor<2x4xf32>
}

// -----

func.func @range(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %w = edge.constant dense<[[1.0, 70000.0], [0.0, 1.0]]> : tensor<2x2xf32>
  // expected-error @+1 {{a constant has the element 7.000000e+04, beyond the range of f16 (6.550400e+04)}}
  %p = edge.matmul(%x, %w)
      : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  return %p : tensor<2x2xf32>
}
