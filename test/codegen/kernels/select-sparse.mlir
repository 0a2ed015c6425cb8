// RUN: edgecc-opt %s -edgecc-select-sparse -edgecc-select-winograd -split-input-file -verify-diagnostics | FileCheck %s
// RUN: edgecc-opt %s -edgecc-select-sparse="always=true" -split-input-file -verify-diagnostics | FileCheck %s --check-prefix=ALWAYS
// RUN: edgecc-opt %s -edgecc-select-sparse="coded=true" -split-input-file -verify-diagnostics | FileCheck %s --check-prefix=CODED

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

// No zeros, and weights that are not known.
// CHECK-LABEL: func @others
// CHECK-NOT: edge.sparse
// CHECK: return
func.func @others(%x: tensor<1x58x58x64xf32>, %v: tensor<3x3x64x64xf32>)
    -> (tensor<1x56x56x64xf32>, tensor<1x56x56x64xf32>) {
  %w = edge.constant dense<1.0> : tensor<3x3x64x64xf32>
  %a = edge.conv(%x, %w) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
      : (tensor<1x58x58x64xf32>, tensor<3x3x64x64xf32>)
      -> tensor<1x56x56x64xf32>
  %b = edge.conv(%x, %v) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
      : (tensor<1x58x58x64xf32>, tensor<3x3x64x64xf32>)
      -> tensor<1x56x56x64xf32>
  return %a, %b : tensor<1x56x56x64xf32>, tensor<1x56x56x64xf32>
}

// Rows of panels that are zero can be left out in groups and for one pixel too.
// CODED-LABEL: func @panels
// CODED-NOT: edge.sparse_panels
// CODED: return
// CHECK-LABEL: func @panels
// CHECK: edge.conv
// CHECK-SAME: edge.sparse_panels
// CHECK: edge.conv
// CHECK-SAME: edge.sparse_panels
func.func @panels(%x: tensor<1x58x58x64xf32>, %p: tensor<1x1x1x64xf32>)
    -> (tensor<1x56x56x64xf32>, tensor<1x1x1x64xf32>) {
  %g = edge.constant dense<0.0> : tensor<3x3x32x64xf32>
  %o = edge.constant dense<0.0> : tensor<1x1x64x64xf32>
  %c = edge.conv(%x, %g) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
      groups 2
      : (tensor<1x58x58x64xf32>, tensor<3x3x32x64xf32>)
      -> tensor<1x56x56x64xf32>
  %d = edge.conv(%p, %o) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
      : (tensor<1x1x1x64xf32>, tensor<1x1x64x64xf32>)
      -> tensor<1x1x1x64xf32>
  return %c, %d : tensor<1x56x56x64xf32>, tensor<1x1x1x64xf32>
}
}

// -----

#plain = #target.cpu<triple = "x86_64-unknown-linux-gnu", cpu = "x86-64-v3",
    vectorBytes = 32, vectorRegs = 16, hasFma = true, fmaPerCycle = 2,
    loadsPerCycle = 2, l2Bytes = 524288, l3Bytes = 4194304>

module attributes {target.cpu = #plain} {
// Rows are what pixels are; bytes are multiplied as floats.
// CHECK-LABEL: func @products
// CHECK: edge.matmul
// CHECK-SAME: edge.sparse
// CHECK: edge.matmul
// CHECK-SAME: edge.sparse
// CHECK-SAME: pattern = "16x1"
func.func @products(%x: tensor<2x64x64xf32>, %b: tensor<64x64xui8>)
    -> (tensor<2x64x64xf32>, tensor<64x64xi32>) {
  %w = edge.constant dense<0.0> : tensor<64x64xf32>
  %v = edge.constant dense<0> : tensor<64x64xi8>
  %y = edge.matmul(%x, %w)
      : (tensor<2x64x64xf32>, tensor<64x64xf32>) -> tensor<2x64x64xf32>
  %z = edge.matmul(%b, %v)
      : (tensor<64x64xui8>, tensor<64x64xi8>) -> tensor<64x64xi32>
  return %y, %z : tensor<2x64x64xf32>, tensor<64x64xi32>
}

// Weights of 16 bits have no kernel.
// CHECK-LABEL: func @other_product
// CHECK-NOT: edge.sparse
// CHECK: return
// ALWAYS-LABEL: func @other_product
// ALWAYS-NOT: edge.sparse
// ALWAYS: why = "no kernel for this operation and CPU gains by its zeros"
// ALWAYS-NOT: edge.sparse
// ALWAYS: return
func.func @other_product(%b: tensor<64x512xi16>) -> tensor<64x64xi32> {
  %v = edge.constant dense<100> : tensor<512x64xi16>
  %z = edge.matmul(%b, %v)
      : (tensor<64x512xi16>, tensor<512x64xi16>) -> tensor<64x64xi32>
  return %z : tensor<64x64xi32>
}

// Nothing is gained, but it was asked for.
// CHECK-LABEL: func @dense
// CHECK-NOT: edge.sparse
// CHECK: return
// ALWAYS-LABEL: func @dense
// ALWAYS: edge.sparse
func.func @dense(%x: tensor<64x64xf32>) -> tensor<64x64xf32> {
  %w = edge.constant dense<1.0> : tensor<64x64xf32>
  %y = edge.matmul(%x, %w)
      : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
  return %y : tensor<64x64xf32>
}
}

// -----

#small = #target.cpu<triple = "x86_64-unknown-linux-gnu", cpu = "x86-64-v3",
    vectorBytes = 32, vectorRegs = 16, hasFma = true, fmaPerCycle = 2,
    loadsPerCycle = 2, l2Bytes = 524288, l3Bytes = 4194304>

// For little code bytes count.
module attributes {target.cpu = #small, edge.small_code} {
// CHECK-LABEL: func @few_bytes
// CHECK: edge.matmul
// CHECK-SAME: edge.sparse
// CHECK-SAME: 128 bytes, 16384 with them
func.func @few_bytes(%x: tensor<64x64xf32>) -> tensor<64x64xf32> {
  %w = edge.constant dense<0.0> : tensor<64x64xf32>
  %y = edge.matmul(%x, %w)
      : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
  return %y : tensor<64x64xf32>
}
}

// -----

// expected-error@+1 {{expects the attribute 'target.cpu'}}
module {
func.func @no_cpu(%x: tensor<1x4x4x4xf32>) -> tensor<1x4x4x4xf32> {
  return %x : tensor<1x4x4x4xf32>
}
}
