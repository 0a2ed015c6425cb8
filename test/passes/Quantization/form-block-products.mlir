// RUN: edgecc-opt %s --edgecc-form-block-products -split-input-file -verify-diagnostics | FileCheck %s

// CHECK-LABEL: func @product
func.func @product(%x: tensor<2x6xf32>, %b: tensor<2xf32>) -> tensor<2x2xf32> {
  %q = edge.constant dense<3> : tensor<6x2xi8>
  %s = edge.constant dense<[[0.5, 1.0], [0.25, 2.0]]> : tensor<2x2xf32>
  %w = edge.dequantize_blocks %q, %s axis 0 block 4 : (tensor<6x2xi8>, tensor<2x2xf32>) -> tensor<6x2xf32>
  // CHECK: edge.block_matmul(%{{.*}}, %{{.*}}, %{{.*}} bias %arg1) block 4 : (tensor<2x6xf32>, tensor<6x2xi8>, tensor<2x2xf32>, tensor<2xf32>) -> tensor<2x2xf32>
  %0 = edge.matmul(%x, %w, %b) : (tensor<2x6xf32>, tensor<6x2xf32>, tensor<2xf32>) -> tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}

// -----

// CHECK-LABEL: func @transposed
func.func @transposed(%x: tensor<2x6xf32>) -> tensor<2x3xf32> {
  %q = edge.constant dense<3> : tensor<3x6xui8>
  %s = edge.constant dense<1.0> : tensor<3x2xf32>
  %z = edge.constant dense<8> : tensor<3x2xui8>
  %w = edge.dequantize_blocks %q, %s, %z axis 1 block 4 : (tensor<3x6xui8>, tensor<3x2xf32>, tensor<3x2xui8>) -> tensor<3x6xf32>
  %t = edge.transpose %w [1, 0] : tensor<3x6xf32> -> tensor<6x3xf32>
  // CHECK: edge.block_matmul(%arg0, %{{.*}}, %{{.*}} zero_points %{{.*}}) block 4 : (tensor<2x6xf32>, tensor<6x3xui8>, tensor<2x3xf32>, tensor<2x3xui8>) -> tensor<2x3xf32>
  %0 = edge.matmul(%x, %t) : (tensor<2x6xf32>, tensor<6x3xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// -----

// CHECK-LABEL: func @pointwise
func.func @pointwise(%x: tensor<1x4x4x6xf32>) -> tensor<1x4x4x2xf32> {
  %q = edge.constant dense<3> : tensor<1x1x6x2xi8>
  %s = edge.constant dense<1.0> : tensor<1x1x2x2xf32>
  %w = edge.dequantize_blocks %q, %s axis 2 block 4 : (tensor<1x1x6x2xi8>, tensor<1x1x2x2xf32>) -> tensor<1x1x6x2xf32>
  // CHECK: edge.block_matmul({{.*}}) block 4 : (tensor<1x4x4x6xf32>, tensor<6x2xi8>, tensor<2x2xf32>) -> tensor<1x4x4x2xf32>
  %0 = edge.conv(%x, %w) strides [1, 1] pads_low [0, 0] pads_high [0, 0] : (tensor<1x4x4x6xf32>, tensor<1x1x6x2xf32>) -> tensor<1x4x4x2xf32>
  return %0 : tensor<1x4x4x2xf32>
}

// -----

// A scale per column of 8 bits.
// CHECK-LABEL: func @columns
func.func @columns(%x: tensor<2x3xf32>) -> tensor<2x2xf32> {
  %q = edge.constant dense<3> : tensor<3x2xi8>
  %c = edge.storage_cast %q : tensor<3x2xi8> -> tensor<3x2x!quant.uniform<i8:f32:1, {0.5, 0.25}>>
  %w = edge.dequantize %c : tensor<3x2x!quant.uniform<i8:f32:1, {0.5, 0.25}>> -> tensor<3x2xf32>
  // CHECK: edge.constant dense<{{\[\[}}5.000000e-01, 2.500000e-01]]> : tensor<1x2xf32>
  // CHECK: edge.block_matmul({{.*}}) block 3
  %0 = edge.matmul(%x, %w) : (tensor<2x3xf32>, tensor<3x2xf32>) -> tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}

// -----

// Blocks along the columns are no blocks of the reduction.
// CHECK-LABEL: func @expressed
func.func @expressed(%x: tensor<2x2xf32>) -> tensor<2x4xf32> {
  %q = edge.constant dense<[[1, 2, 3, 4], [5, 6, 7, 8]]> : tensor<2x4xui8>
  %s = edge.constant dense<[[0.5, 2.0], [1.0, 0.25]]> : tensor<2x2xf32>
  %z = edge.constant dense<[[1, 2], [5, 4]]> : tensor<2x2xui8>
  %w = edge.dequantize_blocks %q, %s, %z axis 1 block 3 : (tensor<2x4xui8>, tensor<2x2xf32>, tensor<2x2xui8>) -> tensor<2x4xf32>
  // CHECK: dense<{{\[\[}}0.000000e+00, 5.000000e-01, 1.000000e+00, 4.000000e+00], [0.000000e+00, 1.000000e+00, 2.000000e+00, 1.000000e+00]]>
  // CHECK: edge.matmul
  %0 = edge.matmul(%x, %w) : (tensor<2x2xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

func.func @unknown(%x: tensor<2x6xf32>, %q: tensor<6x2xi8>) -> tensor<2x2xf32> {
  %s = edge.constant dense<1.0> : tensor<2x2xf32>
  // expected-error @+1 {{expects constants}}
  %w = edge.dequantize_blocks %q, %s axis 0 block 4 : (tensor<6x2xi8>, tensor<2x2xf32>) -> tensor<6x2xf32>
  %0 = edge.matmul(%x, %w) : (tensor<2x6xf32>, tensor<6x2xf32>) -> tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}
