// RUN: edgecc-opt %s -split-input-file -verify-diagnostics

!a = !quant.uniform<i8:f32, 0.5>

func.func @quantised_border(%x: tensor<4x!a>) -> tensor<4x!a> {
  // expected-error @+1 {{expects operands and results that are not quantised, found}}
  %y = edge.region "npu" (%x) : (tensor<4x!a>) -> tensor<4x!a> {
  ^bb0(%a: tensor<4x!a>):
    edge.yield %a : tensor<4x!a>
  }
  return %y : tensor<4x!a>
}

// -----

func.func @other_arguments(%x: tensor<4xi8>) -> tensor<4xi8> {
  // expected-error @+1 {{expects a body whose arguments have the types of the operands}}
  %y = edge.region "npu" (%x) : (tensor<4xi8>) -> tensor<4xi8> {
  ^bb0(%a: tensor<2xi8>):
    %b = edge.constant dense<0> : tensor<4xi8>
    edge.yield %b : tensor<4xi8>
  }
  return %y : tensor<4xi8>
}

// -----

func.func @other_results(%x: tensor<4xi8>) -> tensor<4xi8> {
  // expected-error @+1 {{expects a body that yields the types of the results}}
  %y = edge.region "npu" (%x) : (tensor<4xi8>) -> tensor<4xi8> {
  ^bb0(%a: tensor<4xi8>):
    edge.yield %a, %a : tensor<4xi8>, tensor<4xi8>
  }
  return %y : tensor<4xi8>
}

// -----

func.func @program_of_floats(%x: tensor<4xi8>) -> tensor<4xi8> {
  %p = edge.constant dense<0.0> : tensor<8xf32>
  // expected-error @+1 {{expects a program of bytes, found 'tensor<8xf32>'}}
  %y = edge.npu_call "run" %p(%x) scratch 0 : tensor<8xf32>, (tensor<4xi8>) -> tensor<4xi8>
  return %y : tensor<4xi8>
}

// -----

func.func @negative_scratch(%x: tensor<4xi8>) -> tensor<4xi8> {
  %p = edge.constant dense<0> : tensor<8xi8>
  // expected-error @+1 {{cannot have -1 bytes of scratch}}
  %y = edge.npu_call "run" %p(%x) scratch -1 : tensor<8xi8>, (tensor<4xi8>) -> tensor<4xi8>
  return %y : tensor<4xi8>
}

// -----

func.func @other_fallback(%x: tensor<4xi8>) -> tensor<4xi8> {
  %p = edge.constant dense<0> : tensor<8xi8>
  // expected-error @+1 {{expects a body that yields the types of the results}}
  %y = edge.npu_call "run" %p(%x) scratch 0 : tensor<8xi8>, (tensor<4xi8>) -> tensor<4xi8> else {
  ^bb0(%a: tensor<4xi8>):
    %b = edge.constant dense<0> : tensor<2xi8>
    edge.yield %b : tensor<2xi8>
  }
  return %y : tensor<4xi8>
}

// -----

func.func @half_a_driver(%x: tensor<4xi8>) -> tensor<4xi8> {
  %p = edge.constant dense<0> : tensor<8xi8>
  // expected-error @+1 {{expects both 'start' and 'wait' or none of them}}
  %y = edge.npu_call "run" %p(%x) scratch 0 {start = "start"} : tensor<8xi8>, (tensor<4xi8>) -> tensor<4xi8>
  return %y : tensor<4xi8>
}

// -----

func.func @overlaps_alone(%x: tensor<4xi8>) -> tensor<4xi8> {
  %p = edge.constant dense<0> : tensor<8xi8>
  // expected-error @+1 {{cannot overlap without 'start' and 'wait'}}
  %y = edge.npu_call "run" %p(%x) scratch 0 {overlaps} : tensor<8xi8>, (tensor<4xi8>) -> tensor<4xi8>
  return %y : tensor<4xi8>
}

// -----

func.func @places(%x: tensor<4xi8>) -> tensor<4xi8> {
  %p = edge.constant dense<0> : tensor<8xi8>
  // expected-error @+1 {{expects a place for each input and result, found 1}}
  %y = edge.npu_call "run" %p(%x) scratch 8 {places = array<i64: 0>} : tensor<8xi8>, (tensor<4xi8>) -> tensor<4xi8>
  return %y : tensor<4xi8>
}
