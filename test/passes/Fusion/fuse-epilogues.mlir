// RUN: edgecc-opt %s -split-input-file -verify-diagnostics -edgecc-fuse-epilogues | FileCheck %s

// The last convolution of a residual block takes the addition.
// CHECK-LABEL: func @residual
// CHECK: %[[A:.*]] = edge.conv
// CHECK-NEXT: %[[B:.*]] = edge.conv({{.*}}) with(%[[A]]) strides
// CHECK-SAME: {
// CHECK-NEXT: ^bb0(%[[ACC:.*]]: f32, %[[E:.*]]: f32):
// CHECK-NEXT: %[[S:.*]] = arith.addf %[[E]], %[[ACC]]
// CHECK-NEXT: edge.yield %[[S]]
// CHECK: return %[[B]]
func.func @residual(%x: tensor<1x4x4x8xf32>, %w: tensor<1x1x8x8xf32>) -> tensor<1x4x4x8xf32> {
  %0 = edge.conv(%x, %w) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
      : (tensor<1x4x4x8xf32>, tensor<1x1x8x8xf32>) -> tensor<1x4x4x8xf32>
  %1 = edge.conv(%x, %w) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
      : (tensor<1x4x4x8xf32>, tensor<1x1x8x8xf32>) -> tensor<1x4x4x8xf32>
  %2 = edge.map(%0, %1) : (tensor<1x4x4x8xf32>, tensor<1x4x4x8xf32>) -> tensor<1x4x4x8xf32> {
  ^bb0(%a: f32, %b: f32):
    %s = arith.addf %a, %b : f32
    edge.yield %s : f32
  }
  return %2 : tensor<1x4x4x8xf32>
}

// A second map follows the first; an operand that is there is not added again.
// CHECK-LABEL: func @chain
// CHECK: edge.matmul({{.*}}) with(%{{[a-z0-9]+}}) :
// CHECK-NEXT: ^bb0(%{{.*}}: f32, %[[E:.*]]: f32):
// CHECK: arith.mulf %{{.*}}, %[[E]]
// CHECK: arith.subf %{{.*}}, %[[E]]
// CHECK: edge.yield
func.func @chain(%x: tensor<2x3xf32>, %w: tensor<3x4xf32>, %e: tensor<4xf32>) -> tensor<2x4xf32> {
  %0 = edge.matmul(%x, %w) : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>
  %1 = edge.map(%0, %e) : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32> {
  ^bb0(%a: f32, %b: f32):
    %s = arith.mulf %a, %b : f32
    edge.yield %s : f32
  }
  %2 = edge.map(%1, %e) : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32> {
  ^bb0(%a: f32, %b: f32):
    %s = arith.subf %a, %b : f32
    edge.yield %s : f32
  }
  return %2 : tensor<2x4xf32>
}

// Narrow floats are accumulated wide; the type may change.
// CHECK-LABEL: func @types
// CHECK: edge.reduce sum
// CHECK-NEXT: ^bb0(%[[A:.*]]: f32):
// CHECK-NEXT: %[[T:.*]] = arith.truncf %[[A]] : f32 to f16
// CHECK-NEXT: %[[I:.*]] = arith.fptosi %[[T]] : f16 to i32
// CHECK-NEXT: edge.yield %[[I]] : i32
func.func @types(%x: tensor<2x3xf16>) -> tensor<2x1xi32> {
  %0 = edge.reduce sum(%x) axes [1] : (tensor<2x3xf16>) -> tensor<2x1xf16>
  %1 = edge.map(%0) : (tensor<2x1xf16>) -> tensor<2x1xi32> {
  ^bb0(%a: f16):
    %s = arith.fptosi %a : f16 to i32
    edge.yield %s : i32
  }
  return %1 : tensor<2x1xi32>
}

// Refused: a result that others read, a map of a larger shape.
// CHECK-LABEL: func @refused
// CHECK-COUNT-2: edge.map
func.func @refused(%x: tensor<2x3xf32>) -> (tensor<2x1xf32>, tensor<2x1xf32>, tensor<2x3xf32>) {
  %0 = edge.reduce sum(%x) axes [1] : (tensor<2x3xf32>) -> tensor<2x1xf32>
  %1 = edge.map(%0) : (tensor<2x1xf32>) -> tensor<2x1xf32> {
  ^bb0(%a: f32):
    %s = arith.negf %a : f32
    edge.yield %s : f32
  }
  %2 = edge.reduce max(%x) axes [1] : (tensor<2x3xf32>) -> tensor<2x1xf32>
  %3 = edge.map(%2, %x) : (tensor<2x1xf32>, tensor<2x3xf32>) -> tensor<2x3xf32> {
  ^bb0(%a: f32, %b: f32):
    %s = arith.subf %b, %a : f32
    edge.yield %s : f32
  }
  return %0, %1, %3 : tensor<2x1xf32>, tensor<2x1xf32>, tensor<2x3xf32>
}

// -----

// The epilogue yields signless integers, the result may be unsigned.
// CHECK-LABEL: func @unsigned
// CHECK: edge.reduce min({{.*}}) axes [1] : (tensor<2x3xf32>) -> tensor<2x1xui8>
// CHECK-NEXT: ^bb0
// CHECK-NEXT: arith.fptoui %{{.*}} : f32 to i8
func.func @unsigned(%x: tensor<2x3xf32>) -> tensor<2x1xui8> {
  %0 = edge.reduce min(%x) axes [1] : (tensor<2x3xf32>) -> tensor<2x1xf32>
  %1 = edge.map(%0) : (tensor<2x1xf32>) -> tensor<2x1xui8> {
  ^bb0(%a: f32):
    %s = arith.fptoui %a : f32 to i8
    edge.yield %s : i8
  }
  return %1 : tensor<2x1xui8>
}

// -----

func.func @not_fused_yet(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{expects maps in place of elementwise operations}}
  %0 = edge.exp %x : tensor<4xf32> -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
