// RUN: edgecc-opt %s -split-input-file -verify-diagnostics -edgecc-materialize-padding | FileCheck %s

// CHECK-LABEL: func @conv
// CHECK: %[[P:.*]] = edge.pad %{{.*}} constant low [0, 1, 0] high [0, 2, 0] : tensor<1x4x4xf32> -> tensor<1x7x4xf32>
// CHECK: edge.conv(%[[P]], %{{.*}}) strides [1] pads_low [0] pads_high [0]
func.func @conv(%x: tensor<1x4x4xf32>, %w: tensor<1x4x4xf32>) -> tensor<1x7x4xf32> {
  %0 = edge.conv(%x, %w) strides [1] pads_low [1] pads_high [2]
      : (tensor<1x4x4xf32>, tensor<1x4x4xf32>) -> tensor<1x7x4xf32>
  return %0 : tensor<1x7x4xf32>
}

// Nothing may win against an element of the input.
// CHECK-LABEL: func @max
// CHECK: edge.pad {{.*}} {value = 0xFFF0000000000000 : f64} : tensor<1x4x4xf32>
// CHECK: edge.pad {{.*}} {value = -1.280000e+02 : f64} : tensor<1x4x4xi8>
// CHECK: edge.pad %{{[a-z0-9]+}} constant low [0, 0, 0] high [0, 1, 0] : tensor<1x4x4xui8>
func.func @max(%x: tensor<1x4x4xf32>, %y: tensor<1x4x4xi8>, %z: tensor<1x4x4xui8>)
    -> (tensor<1x5x4xf32>, tensor<1x5x4xi8>, tensor<1x5x4xui8>) {
  %0 = edge.pool max(%x) kernel [1] strides [1] pads_low [0] pads_high [1]
      : (tensor<1x4x4xf32>) -> tensor<1x5x4xf32>
  %1 = edge.pool max(%y) kernel [1] strides [1] pads_low [0] pads_high [1]
      : (tensor<1x4x4xi8>) -> tensor<1x5x4xi8>
  %2 = edge.pool max(%z) kernel [1] strides [1] pads_low [0] pads_high [1]
      : (tensor<1x4x4xui8>) -> tensor<1x5x4xui8>
  return %0, %1, %2 : tensor<1x5x4xf32>, tensor<1x5x4xi8>, tensor<1x5x4xui8>
}

// Nothing to do: no border.
// CHECK-LABEL: func @none
// CHECK-NOT: edge.pad
func.func @none(%x: tensor<1x4x4xf32>) -> tensor<1x4x4xf32> {
  %0 = edge.pool sum(%x) kernel [1] strides [1] pads_low [0] pads_high [0]
      : (tensor<1x4x4xf32>) -> tensor<1x4x4xf32>
  return %0 : tensor<1x4x4xf32>
}

// In a chain, the border of the first operation is made outside; the argument
// without border stays where a residual addition reads it. The border of the
// window inside is left to the kernel.
// CHECK-LABEL: func @bands
// CHECK-SAME: %[[X:.*]]: tensor<1x8x8x4xf32>
// CHECK: %[[P:.*]] = edge.pad %[[X]] constant low [0, 1, 1, 0] high [0, 1, 1, 0]
// CHECK: edge.row_bands(%[[X]], %[[P]]) rows 2
// CHECK-NEXT: ^bb0(%[[A:.*]]: tensor<1x8x8x4xf32>, %[[B:.*]]: tensor<1x10x10x4xf32>):
// CHECK: edge.conv(%[[B]], %{{.*}}) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
// CHECK: edge.conv(%{{.*}}, %{{.*}}) with(%[[A]]) strides [1, 1] pads_low [1, 1]
func.func @bands(%x: tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32> {
  %y = edge.row_bands(%x) rows 2 : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32> {
  ^bb0(%a: tensor<1x8x8x4xf32>):
    %v = edge.constant dense<1.0> : tensor<3x3x4x4xf32>
    %w = edge.constant dense<1.0> : tensor<3x3x1x4xf32>
    %e = edge.conv(%a, %v) strides [1, 1] pads_low [1, 1] pads_high [1, 1]
        : (tensor<1x8x8x4xf32>, tensor<3x3x4x4xf32>) -> tensor<1x8x8x4xf32>
    %d = edge.conv(%e, %w) with (%a) strides [1, 1] pads_low [1, 1]
        pads_high [1, 1] groups 4
        : (tensor<1x8x8x4xf32>, tensor<3x3x1x4xf32>, tensor<1x8x8x4xf32>)
        -> tensor<1x8x8x4xf32> {
    ^bb0(%p: f32, %q: f32):
      %s = arith.addf %p, %q : f32
      edge.yield %s : f32
    }
    edge.yield %d : tensor<1x8x8x4xf32>
  }
  return %y : tensor<1x8x8x4xf32>
}
