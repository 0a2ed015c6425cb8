// RUN: edgecc-opt %s -split-input-file -verify-diagnostics

func.func @no_name(%x: tensor<2xf32>) {
  // expected-error @+1 {{has no operator name}}
  %0 = onnx.node ""(%x) since 1 : (tensor<2xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @version(%x: tensor<2xf32>) {
  // expected-error @+1 {{since-version must be positive, is 0}}
  %0 = onnx.node "Neg"(%x) since 0 : (tensor<2xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @operand_type(%x: f32) {
  // expected-error @+1 {{operand #0 must be variadic of tensor, none, sequence, optional, map or unknown}}
  %0 = onnx.node "Neg"(%x) since 13 : (f32) -> tensor<2xf32>
  return
}

// -----

func.func @region_names() {
  // expected-error @+1 {{has 1 regions but 0 region names}}
  "onnx.node"() <{op_type = "If", since_version = 1 : i64}> ({
    "onnx.yield"() : () -> ()
  }) : () -> ()
  return
}

// -----

func.func @same_region_twice() {
  // expected-error @+1 {{has two regions of the name "body"}}
  onnx.node "If"() since 1 body "body" {
    onnx.yield
  } body "body" {
    onnx.yield
  } : () -> ()
  return
}

// -----

func.func @region_and_attribute() {
  // expected-error @+1 {{has both a region and an attribute of the name "body"}}
  onnx.node "If"() since 1 {body = 1 : i64} body "body" {
    onnx.yield
  } : () -> ()
  return
}

// -----

func.func @empty_region() {
  // expected-error @+1 {{region "body" must have one block}}
  onnx.node "If"() since 1 body "body" {
  } : () -> ()
  return
}

// -----

func.func @no_yield() {
  // expected-error @+1 {{region "body" must end with 'onnx.yield'}}
  onnx.node "If"() since 1 body "body" {
    %0 = onnx.none
  } : () -> ()
  return
}

// -----

func.func @yield_outside() {
  // expected-error @+1 {{'onnx.yield' op expects parent op 'onnx.node'}}
  onnx.yield
}

// -----

func.func @constant_type() {
  // expected-error @+1 {{custom op 'onnx.constant' invalid kind of attribute specified}}
  %0 = onnx.constant 1.0 : f32
  return
}
