// RUN: edgecc-opt %s -split-input-file -verify-diagnostics -edgecc-round-as-tflite | FileCheck %s

!x = !quant.uniform<i8:f32, 0.5:3>
!w = !quant.uniform<i8:f32:3, {0.5, 0.25}>
!b = !quant.uniform<i32:f32:0, {0.25, 0.125}>
!y = !quant.uniform<i8:f32, 1.0:10>

// 0.25 is 2^30 / 2^31 shifted by 1, 0.125 is that shifted by 2.
// CHECK-LABEL: func @conv
// CHECK-DAG: %[[S:.*]] = edge.constant dense<[0, 1]> : tensor<2xi32>
// CHECK: edge.conv({{.*}}) with(%[[S]])
// CHECK-SAME: -> tensor<1x4x1x2xi8> {
// CHECK-NEXT: ^bb0(%[[SUM:.*]]: i32, %[[SHIFT:.*]]: i32):
// CHECK-DAG: %[[M:.*]] = arith.constant 1073741824 : i32
// CHECK: arith.extsi %[[SUM]] : i32 to i64
// CHECK: %[[PRODUCT:.*]] = arith.muli
// CHECK: %[[HIGH:.*]] = arith.trunci
// CHECK: %[[SIGN:.*]] = arith.shrsi %[[HIGH]]
// CHECK: %[[DOWN:.*]] = arith.addi %[[HIGH]], %[[SIGN]]
// CHECK: %[[SHIFTED:.*]] = arith.shrsi %[[DOWN]], %[[SHIFT]]
// CHECK: arith.maxsi
// CHECK: arith.minsi
// CHECK-NOT: sitofp
func.func @conv(%x: tensor<1x4x1x2xi8>) -> tensor<1x4x1x2xi8> {
  %w = edge.constant dense<[[[[1, 3], [2, 4]]]]> : tensor<1x1x2x2xi8>
  %b = edge.constant dense<[100, 200]> : tensor<2xi32>
  %qx = edge.storage_cast %x : tensor<1x4x1x2xi8> -> tensor<1x4x1x2x!x>
  %qw = edge.storage_cast %w : tensor<1x1x2x2xi8> -> tensor<1x1x2x2x!w>
  %qb = edge.storage_cast %b : tensor<2xi32> -> tensor<2x!b>
  %0 = edge.conv(%qx, %qw, %qb) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
      : (tensor<1x4x1x2x!x>, tensor<1x1x2x2x!w>, tensor<2x!b>) -> tensor<1x4x1x2x!y>
  %s = edge.storage_cast %0 : tensor<1x4x1x2x!y> -> tensor<1x4x1x2xi8>
  return %s : tensor<1x4x1x2xi8>
}

// -----

!x = !quant.uniform<i8:f32, 0.5:3>
!w = !quant.uniform<i8:f32, 0.25>
!y = !quant.uniform<i8:f32, 1.0>

// One rounding for products: 0.125 is 2^30 / 2^33.
// CHECK-LABEL: func @product
// CHECK: edge.matmul
// CHECK-NEXT: ^bb0(%[[SUM:.*]]: i32):
// CHECK: %[[WIDE:.*]] = arith.extsi %[[SUM]] : i32 to i64
// CHECK: %[[PRODUCT:.*]] = arith.muli %[[WIDE]], %{{.*}} : i64
// CHECK: arith.constant 32 : i64
// CHECK: arith.trunci %{{.*}} : i64 to i8
func.func @product(%x: tensor<4x2xi8>) -> tensor<4x2x!y> {
  %w = edge.constant dense<[[1, 3], [2, 4]]> : tensor<2x2xi8>
  %qx = edge.storage_cast %x : tensor<4x2xi8> -> tensor<4x2x!x>
  %qw = edge.storage_cast %w : tensor<2x2xi8> -> tensor<2x2x!w>
  %0 = edge.matmul(%qx, %qw) : (tensor<4x2x!x>, tensor<2x2x!w>) -> tensor<4x2x!y>
  return %0 : tensor<4x2x!y>
}

// -----

!a = !quant.uniform<i8:f32, 0.5:3>
!b = !quant.uniform<i8:f32, 0.25:-4>
!y = !quant.uniform<i8:f32, 1.0:10>

// The larger of the two scales becomes a half, the other one a quarter.
// CHECK-LABEL: func @sum
// CHECK: %[[R:.*]] = edge.map(%{{.*}}, %{{.*}}) : (tensor<4xi8>, tensor<4xi8>) -> tensor<4xi8>
// CHECK-COUNT-3: arith.muli
// CHECK-NOT: edge.quantize
func.func @sum(%a: tensor<4x!a>, %b: tensor<4x!b>) -> tensor<4x!y> {
  %0 = edge.dequantize %a : tensor<4x!a> -> tensor<4xf32>
  %1 = edge.dequantize %b : tensor<4x!b> -> tensor<4xf32>
  %2 = edge.add %0, %1 : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
  %3 = edge.quantize %2 : tensor<4xf32> -> tensor<4x!y>
  return %3 : tensor<4x!y>
}

// -----

!x = !quant.uniform<i8:f32, 0.5:3>

// CHECK-LABEL: func @average
// CHECK: edge.pool sum
// CHECK-SAME: (tensor<1x2x2x3xi8>) -> tensor<1x1x1x3xi8> {
// CHECK: arith.divsi
// CHECK-NOT: edge.pool
func.func @average(%x: tensor<1x2x2x3x!x>) -> tensor<1x1x1x3x!x> {
  %quarter = edge.constant dense<0.25> : tensor<f32>
  %0 = edge.dequantize %x : tensor<1x2x2x3x!x> -> tensor<1x2x2x3xf32>
  %1 = edge.pool sum(%0) kernel [2, 2] strides [2, 2] pads_low [0, 0] pads_high [0, 0]
      : (tensor<1x2x2x3xf32>) -> tensor<1x1x1x3xf32>
  %2 = edge.mul %1, %quarter : tensor<1x1x1x3xf32>, tensor<f32> -> tensor<1x1x1x3xf32>
  %3 = edge.quantize %2 : tensor<1x1x1x3xf32> -> tensor<1x1x1x3x!x>
  return %3 : tensor<1x1x1x3x!x>
}

// -----

!x = !quant.uniform<i8:f32, 0.125:3>
!y = !quant.uniform<i8:f32, 0.00390625:-128>

// CHECK-LABEL: func @softmax
// CHECK: edge.reduce max
// CHECK: %[[E:.*]] = edge.gather
// CHECK: edge.reduce sum
// CHECK: math.ctlz
// CHECK-NOT: edge.softmax
func.func @softmax(%x: tensor<2x5x!x>) -> tensor<2x5x!y> {
  %0 = edge.dequantize %x : tensor<2x5x!x> -> tensor<2x5xf32>
  %1 = edge.softmax %0 {axis = 1 : i64} : tensor<2x5xf32> -> tensor<2x5xf32>
  %2 = edge.quantize %1 : tensor<2x5xf32> -> tensor<2x5x!y>
  return %2 : tensor<2x5x!y>
}

// -----

!x = !quant.uniform<i8:f32, 0.125:3>
!y = !quant.uniform<i8:f32, 0.004:-128>

// A share of 16 bits is scaled, and rounded once.
// CHECK-LABEL: func @softmax_of_another_scale
// CHECK: edge.reduce sum
// CHECK: math.ctlz
// CHECK: arith.muli {{.*}} : i64
// CHECK-NOT: edge.softmax
func.func @softmax_of_another_scale(%x: tensor<2x5x!x>) -> tensor<2x5x!y> {
  %0 = edge.dequantize %x : tensor<2x5x!x> -> tensor<2x5xf32>
  %1 = edge.softmax %0 {axis = 1 : i64} : tensor<2x5xf32> -> tensor<2x5xf32>
  %2 = edge.quantize %1 : tensor<2x5xf32> -> tensor<2x5x!y>
  return %2 : tensor<2x5x!y>
}

// -----

!x = !quant.uniform<i8:f32, 0.125:3>
!y = !quant.uniform<i8:f32, 0.02:5>

// CHECK-LABEL: func @layer_norm
// CHECK-COUNT-2: edge.reduce sum
// CHECK: math.ctlz
// CHECK-NOT: edge.layer_norm
// CHECK-NOT: tensor<2x5xf32>
// CHECK: return
func.func @layer_norm(%x: tensor<2x5x!x>) -> tensor<2x5x!y> {
  %0 = edge.dequantize %x : tensor<2x5x!x> -> tensor<2x5xf32>
  %1 = edge.layer_norm(%0) {axis = 1 : i64, epsilon = 1.0e-5 : f64}
      : (tensor<2x5xf32>) -> tensor<2x5xf32>
  %2 = edge.quantize %1 : tensor<2x5xf32> -> tensor<2x5x!y>
  return %2 : tensor<2x5x!y>
}

// -----

!y = !quant.uniform<i8:f32, 0.25:-128>

// CHECK-LABEL: func @input
// CHECK: edge.map
// CHECK: math.copysign
// CHECK: arith.fptosi
func.func @input(%x: tensor<4xf32>) -> tensor<4x!y> {
  %0 = edge.quantize %x : tensor<4xf32> -> tensor<4x!y>
  return %0 : tensor<4x!y>
}

// -----

!y = !quant.uniform<i8:f32, 0.25:-128>

func.func @unknown(%x: tensor<4xf32>) -> tensor<4x!y> {
  %0 = edge.exp %x : tensor<4xf32> -> tensor<4xf32>
  // expected-warning @+1 {{is rounded as ONNX has it: there is no form of TFLite for the quantised result of edge.exp}}
  %1 = edge.quantize %0 : tensor<4xf32> -> tensor<4x!y>
  return %1 : tensor<4x!y>
}

// -----

!x = !quant.uniform<i8:f32, 0.5:3>
!s = !quant.uniform<i8:f32, 2.0:3>

// What has been raised for an NPU, and stays on the CPU: an average of four.
// CHECK-LABEL: func @raised_average
// CHECK: edge.pool sum(%arg0)
// CHECK-SAME: -> tensor<1x1x1x2xi8> {
// CHECK: %[[FOUR:.*]] = arith.constant 4 : i32
// CHECK: arith.divsi {{.*}}, %[[FOUR]]
func.func @raised_average(%x: tensor<1x2x2x2xi8>) -> tensor<1x1x1x2xi8> {
  %q = edge.storage_cast %x : tensor<1x2x2x2xi8> -> tensor<1x2x2x2x!x>
  %0 = edge.pool sum(%q) kernel [2, 2] strides [1, 1] pads_low [0, 0] pads_high [0, 0]
      : (tensor<1x2x2x2x!x>) -> tensor<1x1x1x2x!s>
  %i = edge.storage_cast %0 : tensor<1x1x1x2x!s> -> tensor<1x1x1x2xi8>
  return %i : tensor<1x1x1x2xi8>
}

// -----

!x = !quant.uniform<i8:f32, 0.5>
!y = !quant.uniform<i8:f32, 1.0:-4>

// CHECK-LABEL: func @raised_sum
// CHECK-NOT: sitofp
// CHECK: arith.constant 20 : i32
func.func @raised_sum(%x: tensor<4x!x>) -> tensor<4x!y> {
  %0 = edge.add %x, %x : tensor<4x!x>, tensor<4x!x> -> tensor<4x!y>
  return %0 : tensor<4x!y>
}

// -----

!x = !quant.uniform<i8:f32, 0.5:3>
!y = !quant.uniform<i8:f32, 1.0:-4>

// The product of what is above the zero points, times 1/4 = 2^30 / 2^31 / 2.
// CHECK-LABEL: func @product_of_two
// CHECK-NOT: sitofp
// CHECK: %[[THREE:.*]] = arith.constant 3 : i32
// CHECK: %[[A:.*]] = arith.subi
// CHECK: %[[B:.*]] = arith.subi
// CHECK: arith.muli %[[A]], %[[B]] : i32
// CHECK: arith.constant 1073741824 : i32
func.func @product_of_two(%x: tensor<4x!x>, %z: tensor<4x!x>) -> tensor<4x!y> {
  %0 = edge.mul %x, %z : tensor<4x!x>, tensor<4x!x> -> tensor<4x!y>
  return %0 : tensor<4x!y>
}
