// RUN: edgecc-opt %s -split-input-file -verify-diagnostics

func.func @dynamic_shape(%x: tensor<?xf32>) {
  // expected-error @+1 {{statically shaped tensor}}
  %y = "edge.abs"(%x) : (tensor<?xf32>) -> tensor<?xf32>
  return
}

// -----

func.func @real_function_of_integers(%x: tensor<4xi32>) {
  // expected-error @+1 {{operand #0 must be statically shaped tensor of floating-point values}}
  %y = edge.exp %x : tensor<4xi32> -> tensor<4xi32>
  return
}

// -----

func.func @not_of_floats(%x: tensor<4xf32>) {
  // expected-error @+1 {{operand #0 must be statically shaped tensor of integer values}}
  %y = edge.not %x : tensor<4xf32> -> tensor<4xf32>
  return
}

// -----

func.func @shift_of_floats(%x: tensor<4xf32>) {
  // expected-error @+1 {{operand #0 must be statically shaped tensor of integer values}}
  %y = edge.shift_left %x, %x : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
  return
}

// -----

func.func @unary_result(%x: tensor<4xf32>) {
  // expected-error @+2 {{incompatible with return type}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = edge.abs %x : tensor<4xf32> -> tensor<4xf64>
  return
}

// -----

func.func @clamp_bounds(%x: tensor<4xf32>) {
  // expected-error @+1 {{expects min <= max, found}}
  %y = edge.clamp %x {min = 1.0 : f64, max = 0.0 : f64} : tensor<4xf32> -> tensor<4xf32>
  return
}

// -----

func.func @binary_shapes(%a: tensor<2x3xf32>, %b: tensor<2xf32>) {
  // expected-error @+1 {{shapes do not broadcast: tensor<2x3xf32> and tensor<2xf32>}}
  %y = edge.add %a, %b : tensor<2x3xf32>, tensor<2xf32> -> tensor<2x3xf32>
  return
}

// -----

func.func @binary_types(%a: tensor<4xf32>, %b: tensor<4xf64>) {
  // expected-error @+1 {{expects operands of one element type, found 'f32' and 'f64'}}
  %y = edge.add %a, %b : tensor<4xf32>, tensor<4xf64> -> tensor<4xf32>
  return
}

// -----

func.func @compare_types(%a: tensor<4xf32>, %b: tensor<4xi32>) {
  // expected-error @+1 {{expects operands of one element type, found 'f32' and 'i32'}}
  %y = edge.compare lt %a, %b : tensor<4xf32>, tensor<4xi32> -> tensor<4xi1>
  return
}

// -----

func.func @select_types(%c: tensor<i1>, %a: tensor<4xf32>, %b: tensor<4xf16>) {
  // expected-error @+1 {{expects values of one element type, found 'f32' and 'f16'}}
  %y = edge.select %c, %a, %b : tensor<i1>, tensor<4xf32>, tensor<4xf16> -> tensor<4xf32>
  return
}

// -----

func.func @map_arguments(%a: tensor<4xf32>) {
  // expected-error @+1 {{expects a body with 1 arguments, found 2}}
  %y = edge.map(%a) : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%s: f32, %t: f32):
    edge.yield %s : f32
  }
  return
}

// -----

func.func @map_argument_type(%a: tensor<4xui8>) {
  // expected-error @+1 {{expects body argument 0 of type 'i8', found 'ui8'}}
  %y = edge.map(%a) : (tensor<4xui8>) -> tensor<4xui8> {
  ^bb0(%s: ui8):
    edge.yield %s : ui8
  }
  return
}

// -----

func.func @map_broadcast(%a: tensor<4xf32>) {
  // expected-error @+1 {{operand of type 'tensor<4xf32>' does not broadcast to 'tensor<1xf32>'}}
  %y = edge.map(%a) : (tensor<4xf32>) -> tensor<1xf32> {
  ^bb0(%s: f32):
    edge.yield %s : f32
  }
  return
}

// -----

func.func @map_yield(%a: tensor<4xf32>) {
  // expected-error @+1 {{expects a body that yields one 'i8'}}
  %y = edge.map(%a) : (tensor<4xf32>) -> tensor<4xi8> {
  ^bb0(%s: f32):
    edge.yield %s : f32
  }
  return
}

// -----

func.func @map_without_end(%a: tensor<4xf32>) {
  // expected-error @+1 {{expects a non-empty block}}
  %y = edge.map(%a) : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%s: f32):
  }
  return
}

// -----

func.func @map_foreign_code(%a: tensor<4xf32>, %b: tensor<4xf32>) {
  // expected-error @+1 {{holds more than code of arith and math}}
  %y = edge.map(%a) : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%s: f32):
    // expected-note @+1 {{this is none}}
    %t = edge.neg %b : tensor<4xf32> -> tensor<4xf32>
    edge.yield %s : f32
  }
  return
}
