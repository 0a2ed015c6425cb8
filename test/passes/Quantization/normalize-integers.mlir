// RUN: edgecc-opt %s -edgecc-normalize-integers -split-input-file | FileCheck %s

!x = !quant.uniform<u8:f32, 0.5:128>
!y = !quant.uniform<i8:f32, 0.00390625:-128>

// e^(-0.5 d), times 2^24 for 10 numbers.
// CHECK-LABEL: func @softmax
// CHECK: %[[LARGEST:.*]] = edge.reduce max(%[[Q:.*]]) axes [1] : (tensor<3x10xui8>) -> tensor<3x1xui8>
// CHECK: %[[DISTANCE:.*]] = edge.map(%[[LARGEST]], %[[Q]]) : (tensor<3x1xui8>, tensor<3x10xui8>) -> tensor<3x10xi32>
// CHECK: %[[TABLE:.*]] = edge.constant dense<"0x00000001{{.*}}"> : tensor<256xi32>
// CHECK: %[[POWERS:.*]] = edge.gather {{.*}} : tensor<256xi32>{{.*}} -> tensor<3x10xi32>
// CHECK: %[[SUM:.*]] = edge.reduce sum(%[[POWERS]]) axes [1] : (tensor<3x10xi32>) -> tensor<3x1xi32>
// CHECK: %[[RECIPROCAL:.*]] = edge.map(%[[SUM]])
// CHECK: %[[SHARES:.*]] = edge.map(%[[POWERS]], %[[RECIPROCAL]])
// CHECK: edge.quantize %[[SHARES]]
func.func @softmax(%x: tensor<3x10x!x>) -> tensor<3x10x!y> {
  %0 = edge.dequantize %x : tensor<3x10x!x> -> tensor<3x10xf32>
  %1 = edge.softmax %0 {axis = 1 : i64} : tensor<3x10xf32> -> tensor<3x10xf32>
  %2 = edge.quantize %1 : tensor<3x10xf32> -> tensor<3x10x!y>
  return %2 : tensor<3x10x!y>
}

// Small shares would have few digits.
// CHECK-LABEL: func @real_shares_unchanged
// CHECK-NOT: edge.gather
// CHECK: edge.softmax
func.func @real_shares_unchanged(%x: tensor<3x10x!x>) -> tensor<3x10xf32> {
  %0 = edge.dequantize %x : tensor<3x10x!x> -> tensor<3x10xf32>
  %1 = edge.softmax %0 {axis = 1 : i64} : tensor<3x10xf32> -> tensor<3x10xf32>
  return %1 : tensor<3x10xf32>
}

// -----

!w = !quant.uniform<i16:f32, 0.5>
!y = !quant.uniform<i8:f32, 0.00390625:-128>

// No table has all distances.
// CHECK-LABEL: func @words_unchanged
// CHECK: edge.softmax
func.func @words_unchanged(%x: tensor<3x10x!w>) -> tensor<3x10x!y> {
  %0 = edge.dequantize %x : tensor<3x10x!w> -> tensor<3x10xf32>
  %1 = edge.softmax %0 {axis = 1 : i64} : tensor<3x10xf32> -> tensor<3x10xf32>
  %2 = edge.quantize %1 : tensor<3x10xf32> -> tensor<3x10x!y>
  return %2 : tensor<3x10x!y>
}

// -----

!x = !quant.uniform<u8:f32, 0.5:128>

// The epsilon is that of 64 * 64 / 0.25 variances.
// CHECK-LABEL: func @layer_norm
// CHECK: %[[SQUARES:.*]] = edge.reduce sum({{.*}}) axes [1] : (tensor<8x64xui16>) -> tensor<8x1xi32>
// CHECK: %[[SUM:.*]] = edge.reduce sum({{.*}}) axes [1] : (tensor<8x64xui8>) -> tensor<8x1xi32>
// CHECK: %[[FACTOR:.*]] = edge.map(%[[SQUARES]], %[[SUM]])
// CHECK: arith.subi {{.*}} : i64
// CHECK: arith.constant 1.638400e-01 : f32
// CHECK: math.sqrt
// CHECK: edge.map(%{{.*}}, %[[FACTOR]], %[[SUM]], %arg1, %arg2)
// CHECK-NOT: edge.layer_norm
func.func @layer_norm(%x: tensor<8x64x!x>, %s: tensor<64xf32>,
                      %b: tensor<64xf32>) -> tensor<8x64xf32> {
  %0 = edge.dequantize %x : tensor<8x64x!x> -> tensor<8x64xf32>
  %1 = edge.layer_norm(%0, %s, %b) {axis = 1 : i64, epsilon = 1.0e-5 : f64}
      : (tensor<8x64xf32>, tensor<64xf32>, tensor<64xf32>) -> tensor<8x64xf32>
  return %1 : tensor<8x64xf32>
}

// CHECK-LABEL: func @rms
// CHECK: edge.reduce sum
// CHECK-NOT: edge.reduce sum
// CHECK: return
func.func @rms(%x: tensor<8x64x!x>) -> tensor<8x64xf32> {
  %0 = edge.dequantize %x : tensor<8x64x!x> -> tensor<8x64xf32>
  %1 = edge.layer_norm(%0) {axis = 1 : i64, epsilon = 1.0e-5 : f64, rms}
      : (tensor<8x64xf32>) -> tensor<8x64xf32>
  return %1 : tensor<8x64xf32>
}
