// RUN: edgecc-opt %s -edgecc-lower-vectors -verify-diagnostics

func.func @tensor(%t: tensor<8xf32>) -> vector<8xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  // expected-error @+1 {{'vector.transfer_read' op cannot be broken down to loads}}
  %0 = vector.transfer_read %t[%c0], %zero {in_bounds = [true]}
      : tensor<8xf32>, vector<8xf32>
  return %0 : vector<8xf32>
}
