// RUN: edgecc-opt %s -canonicalize | FileCheck %s

// A constant condition leaves the operations of one branch.
// CHECK-LABEL: func @known_branch
// CHECK-SAME: (%[[X:.*]]: tensor<4xf32>)
func.func @known_branch(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %true = edge.constant dense<true> : tensor<i1>
  %false = edge.constant dense<false> : tensor<1xi1>
  // CHECK-NOT: edge.if
  // CHECK: %[[A:.*]] = edge.neg %[[X]]
  %a = edge.if %true -> (tensor<4xf32>) {
    %y = edge.neg %x : tensor<4xf32> -> tensor<4xf32>
    edge.yield %y : tensor<4xf32>
  } else {
    edge.yield %x : tensor<4xf32>
  } : tensor<i1>
  // CHECK: %[[B:.*]] = edge.abs %[[A]]
  %b = edge.if %false -> (tensor<4xf32>) {
    edge.yield %x : tensor<4xf32>
  } else {
    %y = edge.abs %a : tensor<4xf32> -> tensor<4xf32>
    edge.yield %y : tensor<4xf32>
  } : tensor<1xi1>
  // CHECK: return %[[A]], %[[B]]
  return %a, %b : tensor<4xf32>, tensor<4xf32>
}

// CHECK-LABEL: func @unknown_branch
func.func @unknown_branch(%c: tensor<i1>, %x: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK: edge.if
  %a = edge.if %c -> (tensor<4xf32>) {
    %y = edge.neg %x : tensor<4xf32> -> tensor<4xf32>
    edge.yield %y : tensor<4xf32>
  } else {
    edge.yield %x : tensor<4xf32>
  } : tensor<i1>
  return %a : tensor<4xf32>
}

// Chains of views become one.
// CHECK-LABEL: func @views
// CHECK-SAME: (%[[X:.*]]: tensor<2x3x4xf32>)
func.func @views(%x: tensor<2x3x4xf32>) -> (tensor<24xf32>, tensor<4x2x3xf32>) {
  // CHECK-DAG: %[[A:.*]] = edge.reshape %[[X]] : tensor<2x3x4xf32> -> tensor<24xf32>
  %a = edge.reshape %x : tensor<2x3x4xf32> -> tensor<6x4xf32>
  %b = edge.reshape %a : tensor<6x4xf32> -> tensor<24xf32>
  // CHECK-DAG: %[[B:.*]] = edge.transpose %[[X]] [2, 0, 1]
  %c = edge.transpose %x [1, 2, 0] : tensor<2x3x4xf32> -> tensor<3x4x2xf32>
  %d = edge.transpose %c [1, 2, 0] : tensor<3x4x2xf32> -> tensor<4x2x3xf32>
  // CHECK: return %[[A]], %[[B]]
  return %b, %d : tensor<24xf32>, tensor<4x2x3xf32>
}

// Operations without a use have no effect and go.
// CHECK-LABEL: func @unused
// CHECK-NEXT: return
func.func @unused(%x: tensor<2x3xf32>, %w: tensor<3x2xf32>, %c: tensor<i1>) {
  %a = edge.matmul(%x, %w) : (tensor<2x3xf32>, tensor<3x2xf32>) -> tensor<2x2xf32>
  %b = edge.map(%a) : (tensor<2x2xf32>) -> tensor<2x2xf32> {
  ^bb0(%s: f32):
    edge.yield %s : f32
  }
  %v, %i = edge.top_k max %b {axis = 0 : i64, k = 1 : i64} : tensor<2x2xf32> -> tensor<1x2xf32>, tensor<1x2xi64>
  %d = edge.if %c -> (tensor<2x2xf32>) {
    edge.yield %b : tensor<2x2xf32>
  } else {
    edge.yield %a : tensor<2x2xf32>
  } : tensor<i1>
  return
}

// Rounding and saturation stay; what has been rounded stays as it is.
// CHECK-LABEL: func @quantised_twice
// CHECK-SAME: %[[X:.*]]: tensor<4xf32>
func.func @quantised_twice(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xui8>) {
  // CHECK: %[[Q:.*]] = edge.quantize %[[X]]
  %0 = edge.quantize %x : tensor<4xf32> -> tensor<4x!quant.uniform<u8:f32, 0.5:128>>
  // CHECK: %[[R:.*]] = edge.dequantize %[[Q]]
  %1 = edge.dequantize %0 : tensor<4x!quant.uniform<u8:f32, 0.5:128>> -> tensor<4xf32>
  %2 = edge.quantize %1 : tensor<4xf32> -> tensor<4x!quant.uniform<u8:f32, 0.5:128>>
  // CHECK: %[[S:.*]] = edge.storage_cast %[[Q]]
  %3 = edge.storage_cast %2 : tensor<4x!quant.uniform<u8:f32, 0.5:128>> -> tensor<4xui8>
  %4 = edge.storage_cast %3 : tensor<4xui8> -> tensor<4x!quant.uniform<u8:f32, 0.5:128>>
  %5 = edge.storage_cast %4 : tensor<4x!quant.uniform<u8:f32, 0.5:128>> -> tensor<4xui8>
  // CHECK: return %[[R]], %[[S]]
  return %1, %5 : tensor<4xf32>, tensor<4xui8>
}
