// RUN: edgecc-opt %s -edgecc-raise-quantized | FileCheck %s

!a = !quant.uniform<i8:f32, 0.5:3>
!b = !quant.uniform<i8:f32, 0.25>
!y = !quant.uniform<i8:f32, 1.0:-4>
!c = !quant.uniform<i8:f32:0, {0.5, 0.5, 0.25, 0.125}>

// CHECK-LABEL: func @sum
// CHECK-NEXT: %[[S:.*]] = edge.add %arg0, %arg1 : {{.*}} -> tensor<4x!quant.uniform<i8:f32, 1.000000e+00:-4>>
// CHECK-NEXT: return %[[S]]
func.func @sum(%a: tensor<4x!a>, %b: tensor<4x!b>) -> tensor<4x!y> {
  %0 = edge.dequantize %a : tensor<4x!a> -> tensor<4xf32>
  %1 = edge.dequantize %b : tensor<4x!b> -> tensor<4xf32>
  %2 = edge.add %0, %1 : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
  %3 = edge.quantize %2 : tensor<4xf32> -> tensor<4x!y>
  return %3 : tensor<4x!y>
}

// The real sum is wanted as well.
// CHECK-LABEL: func @read_twice_unchanged
// CHECK: edge.add {{.*}} -> tensor<4xf32>
func.func @read_twice_unchanged(%a: tensor<4x!a>, %b: tensor<4x!b>) -> (tensor<4x!y>, tensor<4xf32>) {
  %0 = edge.dequantize %a : tensor<4x!a> -> tensor<4xf32>
  %1 = edge.dequantize %b : tensor<4x!b> -> tensor<4xf32>
  %2 = edge.add %0, %1 : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
  %3 = edge.quantize %2 : tensor<4xf32> -> tensor<4x!y>
  return %3, %2 : tensor<4x!y>, tensor<4xf32>
}

// Scales per position are of weights only.
// CHECK-LABEL: func @per_axis_unchanged
// CHECK: edge.add {{.*}} -> tensor<4xf32>
func.func @per_axis_unchanged(%a: tensor<4x!c>, %b: tensor<4x!b>) -> tensor<4x!y> {
  %0 = edge.dequantize %a : tensor<4x!c> -> tensor<4xf32>
  %1 = edge.dequantize %b : tensor<4x!b> -> tensor<4xf32>
  %2 = edge.add %0, %1 : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
  %3 = edge.quantize %2 : tensor<4xf32> -> tensor<4x!y>
  return %3 : tensor<4x!y>
}
