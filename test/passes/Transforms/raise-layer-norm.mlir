// RUN: edgecc-opt %s -edgecc-raise-layer-norm | FileCheck %s

// As a framework writes it out, with scale and bias.
// CHECK-LABEL: func @layer_norm
// CHECK-SAME: %[[X:.*]]: tensor<2x3x8xf32>, %[[S:.*]]: tensor<8xf32>, %[[B:.*]]: tensor<1x1x8xf32>
// CHECK-NEXT: %[[R:.*]] = edge.reshape %[[B]] : tensor<1x1x8xf32> -> tensor<8xf32>
// CHECK-NEXT: %[[Y:.*]] = edge.layer_norm(%[[X]], %[[S]], %[[R]]) {axis = 2 : i64, epsilon = {{.*}} : f64}
// CHECK-NEXT: return %[[Y]]
func.func @layer_norm(%x: tensor<2x3x8xf32>, %s: tensor<8xf32>, %b: tensor<1x1x8xf32>) -> tensor<2x3x8xf32> {
  %n = edge.constant dense<0.125> : tensor<f32>
  %e = edge.constant dense<1.0e-5> : tensor<f32>
  %0 = edge.reduce sum(%x) axes [2] : (tensor<2x3x8xf32>) -> tensor<2x3x1xf32>
  %1 = edge.mul %0, %n : tensor<2x3x1xf32>, tensor<f32> -> tensor<2x3x1xf32>
  %2 = edge.sub %x, %1 : tensor<2x3x8xf32>, tensor<2x3x1xf32> -> tensor<2x3x8xf32>
  %3 = edge.mul %2, %2 : tensor<2x3x8xf32>, tensor<2x3x8xf32> -> tensor<2x3x8xf32>
  %4 = edge.reduce sum(%3) axes [2] : (tensor<2x3x8xf32>) -> tensor<2x3x1xf32>
  %5 = edge.mul %4, %n : tensor<2x3x1xf32>, tensor<f32> -> tensor<2x3x1xf32>
  %6 = edge.add %5, %e : tensor<2x3x1xf32>, tensor<f32> -> tensor<2x3x1xf32>
  %7 = edge.sqrt %6 : tensor<2x3x1xf32> -> tensor<2x3x1xf32>
  %8 = edge.div %2, %7 : tensor<2x3x8xf32>, tensor<2x3x1xf32> -> tensor<2x3x8xf32>
  %9 = edge.mul %8, %s : tensor<2x3x8xf32>, tensor<8xf32> -> tensor<2x3x8xf32>
  %10 = edge.add %9, %b : tensor<2x3x8xf32>, tensor<1x1x8xf32> -> tensor<2x3x8xf32>
  return %10 : tensor<2x3x8xf32>
}

// CHECK-LABEL: func @rms
// CHECK: edge.layer_norm(%{{[a-z0-9]+}}) {axis = 1 : i64, epsilon = {{.*}} : f64, rms}
// CHECK-NOT: edge.reduce
// CHECK: return
func.func @rms(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %n = edge.constant dense<0.25> : tensor<f32>
  %e = edge.constant dense<1.0e-6> : tensor<1xf32>
  %0 = edge.mul %x, %x : tensor<2x4xf32>, tensor<2x4xf32> -> tensor<2x4xf32>
  %1 = edge.reduce sum(%0) axes [1] : (tensor<2x4xf32>) -> tensor<2x1xf32>
  %2 = edge.mul %1, %n : tensor<2x1xf32>, tensor<f32> -> tensor<2x1xf32>
  %3 = edge.add %e, %2 : tensor<1xf32>, tensor<2x1xf32> -> tensor<2x1xf32>
  %4 = edge.rsqrt %3 : tensor<2x1xf32> -> tensor<2x1xf32>
  %5 = edge.mul %4, %x : tensor<2x1xf32>, tensor<2x4xf32> -> tensor<2x4xf32>
  return %5 : tensor<2x4xf32>
}

// A sum that is no mean, a mean over other dimensions than the last ones.
// CHECK-LABEL: func @refused
// CHECK-NOT: edge.layer_norm
func.func @refused(%x: tensor<4x4xf32>) -> (tensor<4x4xf32>, tensor<4x4xf32>) {
  %n = edge.constant dense<0.25> : tensor<f32>
  %m = edge.constant dense<0.5> : tensor<f32>
  %e = edge.constant dense<1.0e-6> : tensor<1xf32>
  %0 = edge.mul %x, %x : tensor<4x4xf32>, tensor<4x4xf32> -> tensor<4x4xf32>
  %1 = edge.reduce sum(%0) axes [1] : (tensor<4x4xf32>) -> tensor<4x1xf32>
  %2 = edge.mul %1, %m : tensor<4x1xf32>, tensor<f32> -> tensor<4x1xf32>
  %3 = edge.add %e, %2 : tensor<1xf32>, tensor<4x1xf32> -> tensor<4x1xf32>
  %4 = edge.rsqrt %3 : tensor<4x1xf32> -> tensor<4x1xf32>
  %5 = edge.mul %4, %x : tensor<4x1xf32>, tensor<4x4xf32> -> tensor<4x4xf32>
  %6 = edge.reduce sum(%0) axes [0] : (tensor<4x4xf32>) -> tensor<1x4xf32>
  %7 = edge.mul %6, %n : tensor<1x4xf32>, tensor<f32> -> tensor<1x4xf32>
  %8 = edge.add %e, %7 : tensor<1xf32>, tensor<1x4xf32> -> tensor<1x4xf32>
  %9 = edge.rsqrt %8 : tensor<1x4xf32> -> tensor<1x4xf32>
  %10 = edge.mul %9, %x : tensor<1x4xf32>, tensor<4x4xf32> -> tensor<4x4xf32>
  return %5, %10 : tensor<4x4xf32>, tensor<4x4xf32>
}
