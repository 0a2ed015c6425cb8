// RUN: edgecc-opt %s --edgecc-quantize-weights="bits=4 block-size=2" | FileCheck %s
// RUN: not edgecc-opt %s --edgecc-quantize-weights="bits=9" 2>&1 | FileCheck %s --check-prefix=BITS
// BITS: error: cannot store weights in blocks of 0 numbers of 9 bits; expected 2 to 8 bits, and blocks of at least 1 or 0 for whole columns

// The number furthest from zero is the end of the integers, scales are f16.
// CHECK-LABEL: func @product
func.func @product(%x: tensor<2x3xf32>) -> tensor<2x2xf32> {
  %w = edge.constant dense<[[8.0, -0.5], [-2.0, 4.0], [0.0, 1.0]]> : tensor<3x2xf32>
  // CHECK: edge.constant dense<{{\[\[}}-8, 1], [2, -8], [0, -8]]> : tensor<3x2xi8>
  // CHECK: edge.constant dense<{{\[\[}}-1.000000e+00, -5.000000e-01], [0.000000e+00, -1.250000e-01]]> : tensor<2x2xf32>
  // CHECK: edge.dequantize_blocks {{.*}} axis 0 block 2
  %0 = edge.matmul(%x, %w) : (tensor<2x3xf32>, tensor<3x2xf32>) -> tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}

// What is not known stays.
// CHECK-LABEL: func @unknown
// CHECK-NOT: dequantize
func.func @unknown(%x: tensor<2x3xf32>, %w: tensor<3x2xf32>) -> tensor<2x2xf32> {
  %0 = edge.matmul(%x, %w) : (tensor<2x3xf32>, tensor<3x2xf32>) -> tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}

// A scale for a row of a table; two rows of integers in a byte, the first half of a
// row in the low bits.
// CHECK-LABEL: func @table
// CHECK: edge.constant {{.*}} : tensor<1024x2xi8>
// CHECK: %[[BYTES:.*]] = edge.gather {{.*}} : tensor<1024x2xi8>, tensor<3xi64> -> tensor<3x2xi8>
// CHECK: %[[SCALES:.*]] = edge.gather {{.*}} : tensor<1024x2xf16>, tensor<3xi64> -> tensor<3x2xf16>
// CHECK: %[[LOW:.*]] = edge.map(%[[BYTES]])
// CHECK: %[[HIGH:.*]] = edge.map(%[[BYTES]])
// CHECK: edge.concat(%[[LOW]], %[[HIGH]])
// CHECK: edge.map({{.*}}) : (tensor<3x2x2xf32>, tensor<3x2x1xf16>) -> tensor<3x2x2xf32>
func.func @table(%i: tensor<3xi64>) -> tensor<3x4xf32> {
  %t = edge.constant dense<0.5> : tensor<1024x4xf32>
  %0 = edge.gather %t[%i] {axis = 0 : i64} : tensor<1024x4xf32>, tensor<3xi64> -> tensor<3x4xf32>
  return %0 : tensor<3x4xf32>
}

// CHECK-LABEL: func @small_table_unchanged
// CHECK: edge.gather {{.*}} : tensor<8x4xf32>
func.func @small_table_unchanged(%i: tensor<3xi64>) -> tensor<3x4xf32> {
  %t = edge.constant dense<0.5> : tensor<8x4xf32>
  %0 = edge.gather %t[%i] {axis = 0 : i64} : tensor<8x4xf32>, tensor<3xi64> -> tensor<3x4xf32>
  return %0 : tensor<3x4xf32>
}

// A convolution that leaves room for what its pixels read is a loop over lines;
// the largest one itself, and those of several groups, have bytes.
// CHECK-LABEL: func @lines
// CHECK: edge.storage_cast {{.*}} : tensor<3x3x4x8xi8>
// CHECK: edge.conv
// CHECK: %[[PADDED:.*]] = edge.pad %{{.*}} constant low [0, 1, 1, 0] high [0, 1, 1, 0]
// CHECK: %[[ALL:.*]] = edge.loop {{.*}} from() : () -> tensor<{{.*}}x8xf32> {
// CHECK: ^bb0(%[[I:.*]]: tensor<i64>):
// CHECK: %[[LINES:.*]] = edge.gather %[[PADDED]][%{{.*}}] {axis = 1 : i64}
// CHECK-COUNT-9: edge.slice %[[LINES]]
// CHECK: edge.concat({{.*}}) {axis = 3 : i64}
// CHECK: edge.dequantize_blocks {{.*}} axis 0 block 2 : (tensor<72x8xi8>, tensor<36x8xf32>) -> tensor<72x8xf32>
// CHECK: %[[PRODUCT:.*]] = edge.matmul
// CHECK: edge.yield %[[PRODUCT]]
// CHECK: edge.reshape %[[ALL]] : {{.*}} -> tensor<1x32x32x8xf32>
// CHECK: edge.conv({{.*}}) {{.*}} groups 2
func.func @lines(%x: tensor<1x130x130x4xf32>, %y: tensor<1x32x32x8xf32>) -> (tensor<1x128x128x8xf32>, tensor<1x30x30x8xf32>) {
  %w0 = edge.constant dense<0.5> : tensor<3x3x4x8xf32>
  %w1 = edge.constant dense<0.5> : tensor<3x3x8x8xf32>
  %w2 = edge.constant dense<0.5> : tensor<3x3x4x8xf32>
  %0 = edge.conv(%x, %w0) strides [1, 1] pads_low [0, 0] pads_high [0, 0] : (tensor<1x130x130x4xf32>, tensor<3x3x4x8xf32>) -> tensor<1x128x128x8xf32>
  %1 = edge.conv(%y, %w1) strides [1, 1] pads_low [1, 1] pads_high [1, 1] : (tensor<1x32x32x8xf32>, tensor<3x3x8x8xf32>) -> tensor<1x32x32x8xf32>
  %2 = edge.conv(%1, %w2) strides [1, 1] pads_low [0, 0] pads_high [0, 0] groups 2 : (tensor<1x32x32x8xf32>, tensor<3x3x4x8xf32>) -> tensor<1x30x30x8xf32>
  return %0, %2 : tensor<1x128x128x8xf32>, tensor<1x30x30x8xf32>
}
