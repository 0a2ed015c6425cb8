// RUN: edgecc-opt %s -edgecc-select-sparse -edgecc-select-winograd -split-input-file -verify-diagnostics | FileCheck %s

#wide = #target.cpu<triple = "x86_64-unknown-linux-gnu", cpu = "x86-64-v4",
    vectorBytes = 64, vectorRegs = 32, hasFma = true, l2Bytes = 1048576,
    l3Bytes = 8388608>

module attributes {target.cpu = #wide} {
// All taps are zero: nothing but the bias, and no transformed weights.
// CHECK-LABEL: func @no_weights
// CHECK: edge.conv
// CHECK-NOT: edge.winograd
// CHECK-SAME: edge.sparse
func.func @no_weights(%x: tensor<1x58x58x64xf32>) -> tensor<1x56x56x64xf32> {
  %w = edge.constant dense<0.0> : tensor<3x3x64x64xf32>
  %y = edge.conv(%x, %w) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
      : (tensor<1x58x58x64xf32>, tensor<3x3x64x64xf32>)
      -> tensor<1x56x56x64xf32>
  return %y : tensor<1x56x56x64xf32>
}

// No zeros; weights that are not known; groups; one pixel.
// CHECK-LABEL: func @others
// CHECK-NOT: edge.sparse
// CHECK: return
func.func @others(%x: tensor<1x58x58x64xf32>, %v: tensor<3x3x64x64xf32>,
                  %p: tensor<1x1x1x64xf32>)
    -> (tensor<1x56x56x64xf32>, tensor<1x56x56x64xf32>,
        tensor<1x56x56x64xf32>, tensor<1x1x1x64xf32>) {
  %w = edge.constant dense<1.0> : tensor<3x3x64x64xf32>
  %g = edge.constant dense<0.0> : tensor<3x3x32x64xf32>
  %o = edge.constant dense<0.0> : tensor<1x1x64x64xf32>
  %a = edge.conv(%x, %w) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
      : (tensor<1x58x58x64xf32>, tensor<3x3x64x64xf32>)
      -> tensor<1x56x56x64xf32>
  %b = edge.conv(%x, %v) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
      : (tensor<1x58x58x64xf32>, tensor<3x3x64x64xf32>)
      -> tensor<1x56x56x64xf32>
  %c = edge.conv(%x, %g) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
      groups 2
      : (tensor<1x58x58x64xf32>, tensor<3x3x32x64xf32>)
      -> tensor<1x56x56x64xf32>
  %d = edge.conv(%p, %o) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
      : (tensor<1x1x1x64xf32>, tensor<1x1x64x64xf32>)
      -> tensor<1x1x1x64xf32>
  return %a, %b, %c, %d : tensor<1x56x56x64xf32>, tensor<1x56x56x64xf32>,
                          tensor<1x56x56x64xf32>, tensor<1x1x1x64xf32>
}
}

// -----

// expected-error@+1 {{expects the attribute 'target.cpu'}}
module {
func.func @no_cpu(%x: tensor<1x4x4x4xf32>) -> tensor<1x4x4x4xf32> {
  return %x : tensor<1x4x4x4xf32>
}
}
