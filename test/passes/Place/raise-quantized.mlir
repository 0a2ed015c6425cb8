// RUN: edgecc-opt %s -edgecc-raise-quantized | FileCheck %s --check-prefixes=CHECK,KEPT
// RUN: edgecc-opt %s -edgecc-raise-quantized=averages | FileCheck %s --check-prefixes=CHECK,AVERAGE

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

!w = !quant.uniform<i8:f32, 0.5>

// CHECK-LABEL: func @border
// CHECK-NOT: edge.pad
// CHECK: edge.conv(%arg0, %arg1) strides [1, 1] pads_low [1, 2] pads_high [1, 0]
func.func @border(%x: tensor<1x4x4x2x!a>, %w: tensor<3x3x2x4x!w>) -> tensor<1x4x4x4x!y> {
  %0 = edge.pad %x constant low [0, 1, 1, 0] high [0, 0, 0, 0] {value = 0.0 : f64} : tensor<1x4x4x2x!a> -> tensor<1x5x5x2x!a>
  %1 = edge.conv(%0, %w) strides [1, 1] pads_low [0, 1] pads_high [1, 0] : (tensor<1x5x5x2x!a>, tensor<3x3x2x4x!w>) -> tensor<1x4x4x4x!y>
  return %1 : tensor<1x4x4x4x!y>
}

// Not of zeros, and of a channel.
// CHECK-LABEL: func @border_unchanged
// CHECK: edge.pad
// CHECK: edge.pad
func.func @border_unchanged(%x: tensor<1x4x4x2x!a>, %w: tensor<1x1x3x4x!w>) -> tensor<1x5x4x4x!y> {
  %0 = edge.pad %x constant low [0, 1, 0, 0] high [0, 0, 0, 0] {value = 1.0 : f64} : tensor<1x4x4x2x!a> -> tensor<1x5x4x2x!a>
  %1 = edge.pad %0 constant low [0, 0, 0, 1] high [0, 0, 0, 0] {value = 0.0 : f64} : tensor<1x5x4x2x!a> -> tensor<1x5x4x3x!a>
  %2 = edge.conv(%1, %w) strides [1, 1] pads_low [0, 0] pads_high [0, 0] : (tensor<1x5x4x3x!a>, tensor<1x1x3x4x!w>) -> tensor<1x5x4x4x!y>
  return %2 : tensor<1x5x4x4x!y>
}

// CHECK-LABEL: func @softmax
// CHECK-NEXT: %[[S:.*]] = edge.softmax %arg0 {axis = 0 : i64} : {{.*}} -> tensor<4x!quant.uniform<i8:f32, 1.000000e+00:-4>>
// CHECK-NEXT: return %[[S]]
func.func @softmax(%a: tensor<4x!a>) -> tensor<4x!y> {
  %0 = edge.dequantize %a : tensor<4x!a> -> tensor<4xf32>
  %1 = edge.softmax %0 {axis = 0 : i64} : tensor<4xf32> -> tensor<4xf32>
  %2 = edge.quantize %1 : tensor<4xf32> -> tensor<4x!y>
  return %2 : tensor<4x!y>
}

// The sum of four with four times the scale is their average.
// CHECK-LABEL: func @average
// KEPT: edge.pool sum({{.*}} -> tensor<1x1x1x4xf32>
// AVERAGE-NEXT: %[[S:.*]] = edge.pool sum(%arg0) {{.*}} -> tensor<1x1x1x4x!quant.uniform<i8:f32, 4.000000e+00:-4>>
// AVERAGE-NEXT: %[[I:.*]] = edge.storage_cast %[[S]] : {{.*}} -> tensor<1x1x1x4xi8>
// AVERAGE-NEXT: %[[R:.*]] = edge.storage_cast %[[I]] : {{.*}} -> tensor<1x1x1x4x!quant.uniform<i8:f32, 1.000000e+00:-4>>
// AVERAGE-NEXT: return %[[R]]
func.func @average(%a: tensor<1x2x2x4x!a>) -> tensor<1x1x1x4x!y> {
  %quarter = edge.constant dense<0.25> : tensor<f32>
  %0 = edge.dequantize %a : tensor<1x2x2x4x!a> -> tensor<1x2x2x4xf32>
  %1 = edge.pool sum(%0) kernel [2, 2] strides [1, 1] pads_low [0, 0] pads_high [0, 0]
      : (tensor<1x2x2x4xf32>) -> tensor<1x1x1x4xf32>
  %2 = edge.mul %1, %quarter : tensor<1x1x1x4xf32>, tensor<f32> -> tensor<1x1x1x4xf32>
  %3 = edge.quantize %2 : tensor<1x1x1x4xf32> -> tensor<1x1x1x4x!y>
  return %3 : tensor<1x1x1x4x!y>
}

// Factors become integers: the largest scale is 8191, and biases have its unit
// times 2^-12.5.
// CHECK-LABEL: func @layer_norm
// AVERAGE-DAG: %[[S:.*]] = edge.storage_cast {{.*}} tensor<4xi16> -> tensor<4x!quant.uniform<i16:f32, 1.2208521548040532E-4>>
// AVERAGE-DAG: %[[B:.*]] = edge.storage_cast {{.*}} tensor<4xi32>
// AVERAGE: edge.layer_norm(%arg0, %[[S]], %[[B]]) {axis = 1 : i64{{.*}} -> tensor<2x4x!quant.uniform<i8:f32, 1.000000e+00:-4>>
// KEPT: edge.layer_norm({{.*}} -> tensor<2x4xf32>
func.func @layer_norm(%a: tensor<2x4x!a>) -> tensor<2x4x!y> {
  %s = edge.constant dense<[1.0, 0.5, -0.25, 1.0]> : tensor<4xf32>
  %b = edge.constant dense<[0.0, 1.0, 2.0, -1.0]> : tensor<4xf32>
  %0 = edge.dequantize %a : tensor<2x4x!a> -> tensor<2x4xf32>
  %1 = edge.layer_norm(%0, %s, %b) {axis = 1 : i64, epsilon = 1.0e-5 : f64}
      : (tensor<2x4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  %2 = edge.quantize %1 : tensor<2x4xf32> -> tensor<2x4x!y>
  return %2 : tensor<2x4x!y>
}

// Squares of 182 bytes may leave 32 bits.
// CHECK-LABEL: func @long_rows_unchanged
// CHECK: edge.layer_norm({{.*}} -> tensor<2x182xf32>
func.func @long_rows_unchanged(%a: tensor<2x182x!a>) -> tensor<2x182x!y> {
  %0 = edge.dequantize %a : tensor<2x182x!a> -> tensor<2x182xf32>
  %1 = edge.layer_norm(%0) {axis = 1 : i64, epsilon = 1.0e-5 : f64}
      : (tensor<2x182xf32>) -> tensor<2x182xf32>
  %2 = edge.quantize %1 : tensor<2x182xf32> -> tensor<2x182x!y>
  return %2 : tensor<2x182x!y>
}
