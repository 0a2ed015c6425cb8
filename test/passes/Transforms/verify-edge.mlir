// RUN: edgecc-opt %s -split-input-file -verify-diagnostics -edgecc-verify-edge

func.func @fine(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = edge.exp %x : tensor<4xf32> -> tensor<4xf32>
  %1 = edge.map(%0) : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%s: f32):
    %t = math.absf %s : f32
    edge.yield %t : f32
  }
  return %1 : tensor<4xf32>
}

// -----

func.func @other(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{'math.exp' op has no place in the edge stage}}
  %0 = math.exp %x : tensor<4xf32>
  return %0 : tensor<4xf32>
}
