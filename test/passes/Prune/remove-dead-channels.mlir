// RUN: edgecc-opt %s -edgecc-remove-dead-channels -canonicalize | FileCheck %s

// Nothing reads the second channel: its weights go on both sides.
// CHECK-LABEL: func @unread
func.func @unread(%x: tensor<1x3xf32>) -> tensor<1x2xf32> {
  // CHECK-DAG: %[[V:.*]] = edge.constant dense<{{\[}}[1.000000e+00, 3.000000e+00], [4.000000e+00, 6.000000e+00], [7.000000e+00, 9.000000e+00]]> : tensor<3x2xf32>
  // CHECK-DAG: %[[B:.*]] = edge.constant dense<[1.000000e-01, 3.000000e-01]> : tensor<2xf32>
  // CHECK-DAG: %[[W:.*]] = edge.constant dense<{{\[}}[1.000000e+00, 2.000000e+00], [3.000000e+00, 4.000000e+00]]> : tensor<2x2xf32>
  %v = edge.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]> : tensor<3x3xf32>
  %b = edge.constant dense<[0.1, 0.2, 0.3]> : tensor<3xf32>
  %w = edge.constant dense<[[1.0, 2.0], [0.0, -0.0], [3.0, 4.0]]> : tensor<3x2xf32>
  // CHECK: %[[Y:.*]] = edge.matmul(%{{.*}}, %[[V]], %[[B]]) : {{.*}} -> tensor<1x2xf32>
  %0 = edge.matmul(%x, %v, %b) : (tensor<1x3xf32>, tensor<3x3xf32>, tensor<3xf32>) -> tensor<1x3xf32>
  // CHECK: %[[S:.*]] = edge.sigmoid %[[Y]] : tensor<1x2xf32>
  %1 = edge.sigmoid %0 : tensor<1x3xf32> -> tensor<1x3xf32>
  // CHECK: edge.matmul(%[[S]], %[[W]])
  %2 = edge.matmul(%1, %w) : (tensor<1x3xf32>, tensor<3x2xf32>) -> tensor<1x2xf32>
  return %2 : tensor<1x2xf32>
}

// A channel of one number goes into the bias: 2 * 3 + 0.5 and 2 * 4.
// CHECK-LABEL: func @number
func.func @number(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  // CHECK-DAG: %[[B:.*]] = edge.constant dense<[6.500000e+00, 8.000000e+00]>
  // CHECK-DAG: %[[W:.*]] = edge.constant dense<{{\[}}[1.000000e+00, 2.000000e+00]]> : tensor<1x2xf32>
  %v = edge.constant dense<[[1.0, 0.0], [5.0, 0.0]]> : tensor<2x2xf32>
  %b = edge.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %w = edge.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %c = edge.constant dense<[0.5, 0.0]> : tensor<2xf32>
  %0 = edge.matmul(%x, %v, %b) : (tensor<1x2xf32>, tensor<2x2xf32>, tensor<2xf32>) -> tensor<1x2xf32>
  %1 = edge.clamp %0 {min = 0.0 : f64, max = 0x7FF0000000000000 : f64} : tensor<1x2xf32> -> tensor<1x2xf32>
  // CHECK: edge.matmul(%{{.*}}, %[[W]], %[[B]]) : (tensor<1x1xf32>
  %2 = edge.matmul(%1, %w, %c) : (tensor<1x2xf32>, tensor<2x2xf32>, tensor<2xf32>) -> tensor<1x2xf32>
  return %2 : tensor<1x2xf32>
}

// A channel of a sum stays as long as one of its terms has it; here both have
// none.
// CHECK-LABEL: func @sum
func.func @sum(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %v = edge.constant dense<[[1.0, 0.0], [5.0, 0.0]]> : tensor<2x2xf32>
  %w = edge.constant dense<[[2.0, 0.0], [6.0, 0.0]]> : tensor<2x2xf32>
  %u = edge.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  // CHECK: edge.add %{{.*}} : tensor<1x1xf32>, tensor<1x1xf32> -> tensor<1x1xf32>
  %0 = edge.matmul(%x, %v) : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>
  %1 = edge.matmul(%x, %w) : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>
  %2 = edge.add %0, %1 : tensor<1x2xf32>, tensor<1x2xf32> -> tensor<1x2xf32>
  %3 = edge.matmul(%2, %u) : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>
  return %3 : tensor<1x2xf32>
}

// What the network gives away keeps its channels, and so do values that others
// read, such as softmax.
// CHECK-LABEL: func @unchanged
func.func @unchanged(%x: tensor<1x2xf32>) -> (tensor<1x2xf32>, tensor<1x2xf32>) {
  %v = edge.constant dense<[[1.0, 0.0], [5.0, 0.0]]> : tensor<2x2xf32>
  // CHECK: edge.matmul{{.*}} -> tensor<1x2xf32>
  %0 = edge.matmul(%x, %v) : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>
  %1 = edge.softmax %0 {axis = 1 : i64} : tensor<1x2xf32> -> tensor<1x2xf32>
  // CHECK: edge.matmul{{.*}} -> tensor<1x2xf32>
  %2 = edge.matmul(%1, %v) : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>
  return %0, %2 : tensor<1x2xf32>, tensor<1x2xf32>
}
