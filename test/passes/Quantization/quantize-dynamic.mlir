// RUN: edgecc-opt %s -edgecc-quantize-dynamic | FileCheck %s

// Two products share the bytes of their input. The zero point is taken off the
// sums, by those of the columns.
// CHECK-LABEL: func @products
// CHECK-SAME: (%[[X:.*]]: tensor<3x2xf32>
// CHECK: %[[MOST:.*]] = edge.reduce max(%[[X]]) axes [0, 1]
// CHECK: edge.reduce min(%[[X]]) axes [0, 1]
// CHECK: %[[SCALE:.*]] = edge.select
// CHECK: %[[ZERO:.*]] = edge.clamp
// CHECK: %[[BYTES:.*]] = edge.cast %{{.*}} to ui8
// CHECK-NOT: edge.reduce
// CHECK-DAG: %[[W:.*]] = edge.constant dense<{{\[}}[127, -127], [64, 127]]> : tensor<2x2xi8>
// CHECK: %[[SUM:.*]] = edge.matmul(%[[BYTES]], %[[W]]) : (tensor<3x2xui8>, tensor<2x2xi8>) -> tensor<3x2xi32>
// CHECK: edge.constant dense<[191, 0]> : tensor<2xi32>
// CHECK: edge.cast %[[ZERO]] to i32
// CHECK: %[[LESS:.*]] = edge.sub %[[SUM]]
// CHECK: edge.mul %{{.*}}, %[[SCALE]]
// CHECK: edge.add
// CHECK: edge.matmul(%[[BYTES]], %{{.*}}) : (tensor<3x2xui8>, tensor<2x1xi8>) -> tensor<3x1xi32>
func.func @products(%x: tensor<3x2xf32>, %b: tensor<2xf32>)
    -> (tensor<3x2xf32>, tensor<3x1xf32>) {
  %w = edge.constant dense<[[1.27, -2.54], [0.64, 2.54]]> : tensor<2x2xf32>
  %v = edge.constant dense<[[1.0], [2.0]]> : tensor<2x1xf32>
  %0 = edge.matmul(%x, %w, %b) : (tensor<3x2xf32>, tensor<2x2xf32>, tensor<2xf32>) -> tensor<3x2xf32>
  %1 = edge.matmul(%x, %v) : (tensor<3x2xf32>, tensor<2x1xf32>) -> tensor<3x1xf32>
  return %0, %1 : tensor<3x2xf32>, tensor<3x1xf32>
}

// A border is zero: the zero point goes before it comes.
// CHECK-LABEL: func @border
// CHECK: edge.sub %{{.*}} : tensor<1x4x4x1xi16>, tensor<i16> -> tensor<1x4x4x1xi16>
// CHECK: edge.conv({{.*}}) strides [1, 1] pads_low [1, 1] pads_high [1, 1] : (tensor<1x4x4x1xi16>, tensor<3x3x1x2xi8>) -> tensor<1x4x4x2xi32>
// CHECK-NOT: edge.sub
func.func @border(%x: tensor<1x4x4x1xf32>) -> tensor<1x4x4x2xf32> {
  %w = edge.constant dense<1.0> : tensor<3x3x1x2xf32>
  %0 = edge.conv(%x, %w) strides [1, 1] pads_low [1, 1] pads_high [1, 1]
      : (tensor<1x4x4x1xf32>, tensor<3x3x1x2xf32>) -> tensor<1x4x4x2xf32>
  return %0 : tensor<1x4x4x2xf32>
}

// Sums that could leave 32 bits, and weights that are not known, stay real.
// CHECK-LABEL: func @unchanged
// CHECK-NOT: ui8
// CHECK: edge.matmul({{.*}}) : (tensor<1x40000xf32>
// CHECK: edge.matmul({{.*}}) : (tensor<1x2xf32>, tensor<2x1xf32>)
func.func @unchanged(%x: tensor<1x40000xf32>, %y: tensor<1x2xf32>, %z: tensor<2x1xf32>)
    -> (tensor<1x1xf32>, tensor<1x1xf32>) {
  %w = edge.constant dense<1.0> : tensor<40000x1xf32>
  %0 = edge.matmul(%x, %w) : (tensor<1x40000xf32>, tensor<40000x1xf32>) -> tensor<1x1xf32>
  %1 = edge.matmul(%y, %z) : (tensor<1x2xf32>, tensor<2x1xf32>) -> tensor<1x1xf32>
  return %0, %1 : tensor<1x1xf32>, tensor<1x1xf32>
}
