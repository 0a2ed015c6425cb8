// RUN: edgecc-opt %s -edgecc-select-winograd -split-input-file -verify-diagnostics | FileCheck %s
// RUN: edgecc-opt %s -edgecc-select-winograd=growth=800 -split-input-file -verify-diagnostics | FileCheck %s --check-prefix=GROWS
// RUN: edgecc-opt %s -edgecc-select-winograd=limit=1000 -split-input-file -verify-diagnostics | FileCheck %s --check-prefix=SCARCE

#wide = #target.cpu<triple = "x86_64-unknown-linux-gnu", cpu = "x86-64-v4",
    vectorBytes = 64, vectorRegs = 32, hasFma = true, l2Bytes = 1048576,
    l3Bytes = 8388608>

// Many positions and channels: the largest tiles.
module attributes {target.cpu = #wide} {
// CHECK-LABEL: func @large
// CHECK: edge.conv
// CHECK-SAME: edge.winograd = {{[46]}} : i64
// The transformed tiles would need more memory than there is.
// SCARCE-LABEL: func @large
// SCARCE-NOT: edge.winograd
func.func @large(%x: tensor<1x58x58x64xf32>) -> tensor<1x56x56x64xf32> {
  %w = edge.constant dense<1.0> : tensor<3x3x64x64xf32>
  %y = edge.conv(%x, %w) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
      : (tensor<1x58x58x64xf32>, tensor<3x3x64x64xf32>)
      -> tensor<1x56x56x64xf32>
  return %y : tensor<1x56x56x64xf32>
}

// Of five taps, tiles of two or four.
// CHECK-LABEL: func @five_taps
// CHECK: edge.conv
// CHECK-SAME: edge.winograd = {{[24]}} : i64
func.func @five_taps(%x: tensor<1x60x60x32xf32>) -> tensor<1x56x56x32xf32> {
  %w = edge.constant dense<1.0> : tensor<5x5x32x32xf32>
  %y = edge.conv(%x, %w) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
      : (tensor<1x60x60x32xf32>, tensor<5x5x32x32xf32>)
      -> tensor<1x56x56x32xf32>
  return %y : tensor<1x56x56x32xf32>
}

// So many taps leave no tile; taps that are no square are left alone.
// CHECK-LABEL: func @other_taps
// CHECK-NOT: edge.winograd
// CHECK: return
func.func @other_taps(%x: tensor<1x64x64x32xf32>)
    -> (tensor<1x56x56x32xf32>, tensor<1x64x58x32xf32>) {
  %w = edge.constant dense<1.0> : tensor<9x9x32x32xf32>
  %v = edge.constant dense<1.0> : tensor<1x7x32x32xf32>
  %y = edge.conv(%x, %w) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
      : (tensor<1x64x64x32xf32>, tensor<9x9x32x32xf32>)
      -> tensor<1x56x56x32xf32>
  %z = edge.conv(%x, %v) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
      : (tensor<1x64x64x32xf32>, tensor<1x7x32x32xf32>)
      -> tensor<1x64x58x32xf32>
  return %y, %z : tensor<1x56x56x32xf32>, tensor<1x64x58x32xf32>
}

// Few positions would not pay for four times the weights.
// CHECK-LABEL: func @few_positions
// CHECK-NOT: edge.winograd = {{[46]}}
// CHECK: return
func.func @few_positions(%x: tensor<1x6x6x512xf32>) -> tensor<1x4x4x512xf32> {
  %w = edge.constant dense<1.0> : tensor<3x3x512x512xf32>
  %y = edge.conv(%x, %w) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
      : (tensor<1x6x6x512xf32>, tensor<3x3x512x512xf32>)
      -> tensor<1x4x4x512xf32>
  return %y : tensor<1x4x4x512xf32>
}

// The algorithm is for steps of one, for whole groups and constant weights.
// CHECK-LABEL: func @others
// CHECK-NOT: edge.winograd
// CHECK: return
func.func @others(%x: tensor<1x58x58x64xf32>, %v: tensor<3x3x64x64xf32>)
    -> (tensor<1x28x28x64xf32>, tensor<1x56x56x64xf32>,
        tensor<1x56x56x64xf32>) {
  %w = edge.constant dense<1.0> : tensor<3x3x64x64xf32>
  %g = edge.constant dense<1.0> : tensor<3x3x32x64xf32>
  %a = edge.conv(%x, %w) strides [2, 2] pads_low [0, 0] pads_high [0, 0]
      : (tensor<1x58x58x64xf32>, tensor<3x3x64x64xf32>)
      -> tensor<1x28x28x64xf32>
  %b = edge.conv(%x, %g) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
      groups 2
      : (tensor<1x58x58x64xf32>, tensor<3x3x32x64xf32>)
      -> tensor<1x56x56x64xf32>
  %c = edge.conv(%x, %v) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
      : (tensor<1x58x58x64xf32>, tensor<3x3x64x64xf32>)
      -> tensor<1x56x56x64xf32>
  return %a, %b, %c : tensor<1x28x28x64xf32>, tensor<1x56x56x64xf32>,
      tensor<1x56x56x64xf32>
}
}

// -----

// Weights in flash do not grow.
#small = #target.cpu<triple = "thumbv7em-none-eabihf", cpu = "cortex-m7",
    l2Bytes = 0>
module attributes {target.cpu = #small} {
// CHECK-LABEL: func @microcontroller
// CHECK-NOT: edge.winograd
// CHECK: return
func.func @microcontroller(%x: tensor<1x58x58x64xf32>)
    -> tensor<1x56x56x64xf32> {
  %w = edge.constant dense<1.0> : tensor<3x3x64x64xf32>
  %y = edge.conv(%x, %w) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
      : (tensor<1x58x58x64xf32>, tensor<3x3x64x64xf32>)
      -> tensor<1x56x56x64xf32>
  return %y : tensor<1x56x56x64xf32>
}
}

// -----

// Without a third level of cache memory is scarce: only the convolution whose
// weights grow little, unless more is allowed.
#board = #target.cpu<triple = "aarch64-unknown-linux-gnu", cpu = "cortex-a72",
    vectorBytes = 16, vectorRegs = 32, hasFma = true, l2Bytes = 1048576>
module attributes {target.cpu = #board} {
// CHECK-LABEL: func @scarce
// CHECK: edge.conv
// CHECK-SAME: edge.winograd
// CHECK: edge.conv
// CHECK-NOT: edge.winograd
// CHECK: return
// GROWS-LABEL: func @scarce
// GROWS-COUNT-2: edge.winograd
// GROWS: return
func.func @scarce(%x: tensor<1x58x58x32xf32>)
    -> (tensor<1x56x56x32xf32>, tensor<1x56x56x1024xf32>) {
  %v = edge.constant dense<1.0> : tensor<3x3x32x32xf32>
  %w = edge.constant dense<1.0> : tensor<3x3x32x1024xf32>
  %y = edge.conv(%x, %v) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
      : (tensor<1x58x58x32xf32>, tensor<3x3x32x32xf32>)
      -> tensor<1x56x56x32xf32>
  %z = edge.conv(%x, %w) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
      : (tensor<1x58x58x32xf32>, tensor<3x3x32x1024xf32>)
      -> tensor<1x56x56x1024xf32>
  return %y, %z : tensor<1x56x56x32xf32>, tensor<1x56x56x1024xf32>
}
}

// -----

// expected-error@+1 {{expects the attribute 'target.cpu'}}
module {
func.func @no_cpu() {
  return
}
}

// -----

// Where little code is wanted, the smallest weights that are nearly as fast:
// those of larger tiles only where that makes a difference.
#wide = #target.cpu<triple = "x86_64-unknown-linux-gnu", cpu = "x86-64-v4",
    vectorBytes = 64, vectorRegs = 32, hasFma = true, l2Bytes = 1048576,
    l3Bytes = 8388608>
module attributes {target.cpu = #wide, edge.small_code} {
// CHECK-LABEL: func @small_code
// CHECK: edge.conv
// CHECK-SAME: edge.winograd = {{[24]}} : i64
func.func @small_code(%x: tensor<1x58x58x64xf32>) -> tensor<1x56x56x64xf32> {
  %w = edge.constant dense<1.0> : tensor<3x3x64x64xf32>
  %y = edge.conv(%x, %w) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
      : (tensor<1x58x58x64xf32>, tensor<3x3x64x64xf32>)
      -> tensor<1x56x56x64xf32>
  return %y : tensor<1x56x56x64xf32>
}

// CHECK-LABEL: func @few_channels
// CHECK-NOT: edge.winograd
// CHECK: return
func.func @few_channels(%x: tensor<1x58x58x4xf32>) -> tensor<1x56x56x8xf32> {
  %w = edge.constant dense<1.0> : tensor<3x3x4x8xf32>
  %y = edge.conv(%x, %w) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
      : (tensor<1x58x58x4xf32>, tensor<3x3x4x8xf32>)
      -> tensor<1x56x56x8xf32>
  return %y : tensor<1x56x56x8xf32>
}
}
