// RUN: edgecc-opt %s -edgecc-simplify | FileCheck %s

// CHECK-LABEL: func @gather_slice
// CHECK-NEXT: edge.slice %{{.*}} offsets [0, 3] sizes [2, 2] strides [1, -2]
func.func @gather_slice(%x: tensor<2x4xf32>) -> tensor<2x2xf32> {
  %i = edge.constant dense<[-1, 1]> : tensor<2xi64>
  %0 = edge.gather %x[%i] {axis = 1 : i64} : tensor<2x4xf32>, tensor<2xi64> -> tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}

// A single index removes the dimension.
// CHECK-LABEL: func @gather_scalar
// CHECK-NEXT: %[[S:.*]] = edge.slice %{{.*}} offsets [0, 2] sizes [2, 1] strides [1, 1]
// CHECK-NEXT: edge.reshape %[[S]] : tensor<2x1xf32> -> tensor<2xf32>
func.func @gather_scalar(%x: tensor<2x4xf32>) -> tensor<2xf32> {
  %i = edge.constant dense<2> : tensor<i64>
  %0 = edge.gather %x[%i] {axis = 1 : i64} : tensor<2x4xf32>, tensor<i64> -> tensor<2xf32>
  return %0 : tensor<2xf32>
}

// Refused: uneven steps, repeated indices, indices out of range.
// CHECK-LABEL: func @gather_refused
// CHECK-COUNT-3: edge.gather
func.func @gather_refused(%x: tensor<4xf32>) -> (tensor<3xf32>, tensor<2xf32>, tensor<2xf32>) {
  %i = edge.constant dense<[0, 1, 3]> : tensor<3xi64>
  %j = edge.constant dense<[1, 1]> : tensor<2xi64>
  %k = edge.constant dense<[3, 4]> : tensor<2xi64>
  %0 = edge.gather %x[%i] {axis = 0 : i64} : tensor<4xf32>, tensor<3xi64> -> tensor<3xf32>
  %1 = edge.gather %x[%j] {axis = 0 : i64} : tensor<4xf32>, tensor<2xi64> -> tensor<2xf32>
  %2 = edge.gather %x[%k] {axis = 0 : i64} : tensor<4xf32>, tensor<2xi64> -> tensor<2xf32>
  return %0, %1, %2 : tensor<3xf32>, tensor<2xf32>, tensor<2xf32>
}

// CHECK-LABEL: func @transpose
// CHECK-NEXT: edge.reshape %{{.*}} : tensor<3x1x2xf32> -> tensor<1x3x2xf32>
// CHECK-NEXT: edge.transpose
func.func @transpose(%x: tensor<3x1x2xf32>, %y: tensor<3x2xf32>) -> (tensor<1x3x2xf32>, tensor<2x3xf32>) {
  %0 = edge.transpose %x [1, 0, 2] : tensor<3x1x2xf32> -> tensor<1x3x2xf32>
  %1 = edge.transpose %y [1, 0] : tensor<3x2xf32> -> tensor<2x3xf32>
  return %0, %1 : tensor<1x3x2xf32>, tensor<2x3xf32>
}

// Integers and unknown divisors stay as they are.
// CHECK-LABEL: func @quotient
// CHECK: edge.mul
// CHECK: edge.div
// CHECK: edge.div
func.func @quotient(%x: tensor<4xf32>, %y: tensor<4xf32>, %i: tensor<4xi32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xi32>) {
  %c = edge.constant dense<8.0> : tensor<f32>
  %d = edge.constant dense<8> : tensor<i32>
  %0 = edge.div %x, %c : tensor<4xf32>, tensor<f32> -> tensor<4xf32>
  %1 = edge.div %x, %y : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
  %2 = edge.div %i, %d : tensor<4xi32>, tensor<i32> -> tensor<4xi32>
  return %0, %1, %2 : tensor<4xf32>, tensor<4xf32>, tensor<4xi32>
}

// So does one number: its last bit may decide how others are rounded.
// CHECK-LABEL: func @one_quotient
// CHECK: edge.div
func.func @one_quotient(%x: tensor<f32>) -> tensor<f32> {
  %c = edge.constant dense<255.0> : tensor<f32>
  %0 = edge.div %x, %c : tensor<f32>, tensor<f32> -> tensor<f32>
  return %0 : tensor<f32>
}

// CHECK-LABEL: func @reciprocal
// CHECK-NEXT: edge.reciprocal
func.func @reciprocal(%x: tensor<4xf32>) -> tensor<4xf32> {
  %c = edge.constant dense<1.0> : tensor<f32>
  %0 = edge.div %c, %x : tensor<f32>, tensor<4xf32> -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// CHECK-LABEL: func @slices
// CHECK-NEXT: edge.slice %{{.*}} offsets [7, 2] sizes [2, 3] strides [-2, 2]
// CHECK-NEXT: return
func.func @slices(%x: tensor<9x9xf32>) -> tensor<2x3xf32> {
  %0 = edge.slice %x offsets [8, 0] sizes [6, 9] strides [-1, 1] : tensor<9x9xf32> -> tensor<6x9xf32>
  %1 = edge.slice %0 offsets [1, 2] sizes [2, 3] strides [2, 2] : tensor<6x9xf32> -> tensor<2x3xf32>
  return %1 : tensor<2x3xf32>
}

// Only the middle of the first is ever inside of the image, and the first
// column of the second never.
// CHECK-LABEL: func @windows
// CHECK: edge.conv(%{{.*}}) strides [1, 1] dilations [12, 12] pads_low [0, 0] pads_high [0, 0] : (tensor<1x10x10x2xf32>, tensor<1x1x2x4xf32>)
// CHECK: edge.conv(%{{.*}}) strides [2, 2] dilations [1, 8] pads_low [1, 1] pads_high [0, 0] : (tensor<1x10x10x2xf32>, tensor<3x2x2x4xf32>)
func.func @windows(%x: tensor<1x10x10x2xf32>) -> (tensor<1x10x10x4xf32>, tensor<1x5x2x4xf32>) {
  %w = edge.constant dense<1.0> : tensor<3x3x2x4xf32>
  %0 = edge.conv(%x, %w) strides [1, 1] dilations [12, 12] pads_low [12, 12] pads_high [12, 12] : (tensor<1x10x10x2xf32>, tensor<3x3x2x4xf32>) -> tensor<1x10x10x4xf32>
  %1 = edge.conv(%x, %w) strides [2, 2] dilations [1, 8] pads_low [1, 9] pads_high [1, 0] : (tensor<1x10x10x2xf32>, tensor<3x3x2x4xf32>) -> tensor<1x5x2x4xf32>
  return %0, %1 : tensor<1x10x10x4xf32>, tensor<1x5x2x4xf32>
}

// Weights that are not known are not touched, and all of these are needed.
// CHECK-LABEL: func @whole_windows
// CHECK-COUNT-2: pads_low [{{12, 12|9, 9}}]
func.func @whole_windows(%x: tensor<1x10x10x2xf32>, %v: tensor<3x3x2x4xf32>) -> (tensor<1x10x10x4xf32>, tensor<1x10x10x4xf32>) {
  %w = edge.constant dense<1.0> : tensor<3x3x2x4xf32>
  %0 = edge.conv(%x, %v) strides [1, 1] dilations [12, 12] pads_low [12, 12] pads_high [12, 12] : (tensor<1x10x10x2xf32>, tensor<3x3x2x4xf32>) -> tensor<1x10x10x4xf32>
  %1 = edge.conv(%x, %w) strides [1, 1] dilations [9, 9] pads_low [9, 9] pads_high [9, 9] : (tensor<1x10x10x2xf32>, tensor<3x3x2x4xf32>) -> tensor<1x10x10x4xf32>
  return %0, %1 : tensor<1x10x10x4xf32>, tensor<1x10x10x4xf32>
}
