// RUN: edgecc-opt %s -split-input-file -edgecc-onnx-to-edge | FileCheck %s

// The two orders of blocks within the channels.

// CHECK-LABEL: func.func @main(
// CHECK:         edge.reshape {{.*}} -> tensor<1x2x3x2x2x5xf32>
// CHECK:         edge.transpose {{.*}} [0, 1, 3, 2, 4, 5]
// CHECK:         edge.reshape {{.*}} -> tensor<1x4x6x5xf32>
// CHECK:         edge.reshape {{.*}} -> tensor<1x2x3x5x2x2xf32>
// CHECK:         edge.transpose {{.*}} [0, 1, 4, 2, 5, 3]
// CHECK:         edge.reshape {{.*}} -> tensor<1x4x6x5xf32>
func.func @main(%x: tensor<1x20x2x3xf32> {onnx.name = "x"})
    -> (tensor<1x5x4x6xf32> {onnx.name = "y"}, tensor<1x5x4x6xf32> {onnx.name = "z"}) {
  %y = onnx.node "DepthToSpace"(%x) since 13 {blocksize = 2 : i64}
      : (tensor<1x20x2x3xf32>) -> tensor<1x5x4x6xf32>
  %z = onnx.node "DepthToSpace"(%x) since 13 {blocksize = 2 : i64, mode = "CRD"}
      : (tensor<1x20x2x3xf32>) -> tensor<1x5x4x6xf32>
  return %y, %z : tensor<1x5x4x6xf32>, tensor<1x5x4x6xf32>
}

// -----

// CHECK-LABEL: func.func @main(
// CHECK:         edge.slice {{.*}} offsets [0, 0, 2, 0] sizes [1, 3, 4, 8]
// CHECK:         edge.slice {{.*}} offsets [0, 0, 0, 1] sizes [1, 3, 4, 4]
func.func @main(%x: tensor<1x3x8x8xf32> {onnx.name = "x"}) -> (tensor<1x3x4x4xf32> {onnx.name = "y"}) {
  %y = onnx.node "Crop"(%x) since 1 {border = array<i64: 1, 2, 3, 2>}
      : (tensor<1x3x8x8xf32>) -> tensor<1x3x4x4xf32>
  return %y : tensor<1x3x4x4xf32>
}
