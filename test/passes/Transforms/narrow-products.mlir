// RUN: edgecc-opt %s -edgecc-narrow-products=type=bf16 | FileCheck %s
// RUN: not edgecc-opt %s -edgecc-narrow-products=type=i8 2>&1 | FileCheck %s --check-prefix=OTHER

// OTHER: error: cannot narrow products to 'i8'; expected bf16 or f16

// The factors become narrow, the sums and the result stay as they are.

// CHECK-LABEL: func.func @conv
// CHECK-DAG: %[[X:.*]] = edge.cast %{{.*}} to bf16 : tensor<1x8x8x4xf32>
// CHECK-DAG: %[[W:.*]] = edge.cast %{{.*}} to bf16 : tensor<3x3x4x8xf32>
// CHECK: edge.conv(%[[X]], %[[W]], %{{[^)]*}})
// CHECK-SAME: tensor<8xf32>) -> tensor<1x6x6x8xf32> {
// CHECK-NEXT: ^bb0(%[[SUM:.*]]: f32):
// CHECK-NEXT: edge.yield %[[SUM]] : f32
func.func @conv(%x: tensor<1x8x8x4xf32>, %w: tensor<3x3x4x8xf32>,
                %b: tensor<8xf32>) -> tensor<1x6x6x8xf32> {
  %y = edge.conv(%x, %w, %b) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
      : (tensor<1x8x8x4xf32>, tensor<3x3x4x8xf32>, tensor<8xf32>)
      -> tensor<1x6x6x8xf32>
  return %y : tensor<1x6x6x8xf32>
}

// An epilogue that is there stays.

// CHECK-LABEL: func.func @matmul
// CHECK-COUNT-2: edge.cast %{{.*}} to bf16
// CHECK: edge.matmul
// CHECK-NEXT: ^bb0(%[[SUM:.*]]: f32):
// CHECK-NEXT: arith.negf %[[SUM]]
func.func @matmul(%x: tensor<2x4xf32>, %w: tensor<4x8xf32>) -> tensor<2x8xf32> {
  %y = edge.matmul(%x, %w)
      : (tensor<2x4xf32>, tensor<4x8xf32>) -> tensor<2x8xf32> {
  ^bb0(%s: f32):
    %n = arith.negf %s : f32
    edge.yield %n : f32
  }
  return %y : tensor<2x8xf32>
}

// Depthwise convolutions, which wait for memory, and other types stay.

// CHECK-LABEL: func.func @others
// CHECK-NOT: edge.cast
// CHECK: return
func.func @others(%x: tensor<1x8x8x4xf32>, %w: tensor<3x3x1x4xf32>,
                  %d: tensor<2x4xf64>, %e: tensor<4x8xf64>)
    -> (tensor<1x6x6x4xf32>, tensor<2x8xf64>) {
  %y = edge.conv(%x, %w) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
      groups 4
      : (tensor<1x8x8x4xf32>, tensor<3x3x1x4xf32>) -> tensor<1x6x6x4xf32>
  %z = edge.matmul(%d, %e)
      : (tensor<2x4xf64>, tensor<4x8xf64>) -> tensor<2x8xf64>
  return %y, %z : tensor<1x6x6x4xf32>, tensor<2x8xf64>
}
