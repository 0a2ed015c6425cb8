// RUN: edgecc-opt %s -split-input-file -edgecc-grow-integer-regions | FileCheck %s

!x = !quant.uniform<u8:f32, 0.5:128>
!y = !quant.uniform<u8:f32, 0.25:3>

// The average of 9 numbers is never half an integer. A sum whose type has 9 times
// the scale is the average.
// CHECK-LABEL: func @average
// CHECK: %[[SUM:.*]] = edge.reduce sum(%arg0) axes [1, 2]
// CHECK-SAME: -> tensor<1x1x1x2x!quant.uniform<u8:f32, 2.250000e+00:3>>
// CHECK: %[[BYTES:.*]] = edge.storage_cast %[[SUM]]
// CHECK: edge.storage_cast %[[BYTES]]
// CHECK-SAME: -> tensor<1x1x1x2x!quant.uniform<u8:f32, 2.500000e-01:3>>
// CHECK-NOT: edge.quantize
func.func @average(%x: tensor<1x3x3x2x!x>) -> tensor<1x1x1x2x!y> {
  %ninth = edge.constant dense<0.111111112> : tensor<f32>
  %0 = edge.dequantize %x : tensor<1x3x3x2x!x> -> tensor<1x3x3x2xf32>
  %1 = edge.reduce sum(%0) axes [1, 2] : (tensor<1x3x3x2xf32>) -> tensor<1x1x1x2xf32>
  %2 = edge.mul %1, %ninth : tensor<1x1x1x2xf32>, tensor<f32> -> tensor<1x1x1x2xf32>
  %3 = edge.quantize %2 : tensor<1x1x1x2xf32> -> tensor<1x1x1x2x!y>
  return %3 : tensor<1x1x1x2x!y>
}

// -----

!x = !quant.uniform<u8:f32, 0.5:128>

// That of 4 is, and f32 rounds it either way.
// CHECK-LABEL: func @tied
// CHECK: edge.reduce sum({{.*}} -> tensor<1x1x1x2xf32>
func.func @tied(%x: tensor<1x2x2x2x!x>) -> tensor<1x1x1x2x!x> {
  %quarter = edge.constant dense<0.25> : tensor<f32>
  %0 = edge.dequantize %x : tensor<1x2x2x2x!x> -> tensor<1x2x2x2xf32>
  %1 = edge.reduce sum(%0) axes [1, 2] : (tensor<1x2x2x2xf32>) -> tensor<1x1x1x2xf32>
  %2 = edge.mul %1, %quarter : tensor<1x1x1x2xf32>, tensor<f32> -> tensor<1x1x1x2xf32>
  %3 = edge.quantize %2 : tensor<1x1x1x2xf32> -> tensor<1x1x1x2x!x>
  return %3 : tensor<1x1x1x2x!x>
}
