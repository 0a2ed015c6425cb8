// RUN: edgecc-opt %s -split-input-file -verify-diagnostics

func.func @quantised_axis(%x: tensor<2x3x!quant.uniform<i8:f32:2, {0.5, 0.25}>>) {
  // expected-error @+1 {{quantised axis 2 is outside [0, 2)}}
  %y = edge.reshape %x : tensor<2x3x!quant.uniform<i8:f32:2, {0.5, 0.25}>> -> tensor<6x!quant.uniform<i8:f32:2, {0.5, 0.25}>>
  return
}

// -----

func.func @quantised_scales(%x: tensor<2x3x!quant.uniform<i8:f32:1, {0.5, 0.25}>>) {
  // expected-error @+1 {{expects 3 scales along axis 1, found 2}}
  %y = edge.abs %x : tensor<2x3x!quant.uniform<i8:f32:1, {0.5, 0.25}>> -> tensor<2x3xf32>
  return
}

// -----

func.func @quantised_storage(%x: tensor<2x3x!quant.uniform<i7:f32, 0.5>>) {
  // expected-error @+1 {{expects quantised values in 4, 8, 16 or 32 bits, found}}
  %y = edge.abs %x : tensor<2x3x!quant.uniform<i7:f32, 0.5>> -> tensor<2x3xf32>
  return
}

// -----

func.func @quantised_expressed(%x: tensor<2x3x!quant.uniform<i8:f16, 0.5>>) {
  // expected-error @+1 {{expects quantised types that express f32, found}}
  %y = edge.abs %x : tensor<2x3x!quant.uniform<i8:f16, 0.5>> -> tensor<2x3xf16>
  return
}

// -----

func.func @quantised_zero_point(%x: tensor<2x3x!quant.uniform<u8:f32, 0.5:256>>) {
  // expected-error @+1 {{zero point 256 is outside [0, 255]}}
  %y = edge.abs %x : tensor<2x3x!quant.uniform<u8:f32, 0.5:256>> -> tensor<2x3xf32>
  return
}

// -----

func.func @quantised_blocks(%x: tensor<2x4x!quant.uniform<i8:f32:{1:2}, {{0.5, 0.25}, {0.5, 0.25}}>>) {
  // expected-error @+1 {{expects one scale or one for each position of an axis, found}}
  %y = edge.abs %x : tensor<2x4x!quant.uniform<i8:f32:{1:2}, {{0.5, 0.25}, {0.5, 0.25}}>> -> tensor<2x4xf32>
  return
}

// -----

func.func @quantised_and_real(%a: tensor<4x8x!quant.uniform<i8:f32, 0.5>>, %b: tensor<8x2xf32>) {
  // expected-error @+1 {{expects floats of one type, integers or quantised values, found}}
  %y = edge.matmul(%a, %b) : (tensor<4x8x!quant.uniform<i8:f32, 0.5>>, tensor<8x2xf32>) -> tensor<4x2xf32>
  return
}

// -----

func.func @moved_to_another_scale(%x: tensor<6x!quant.uniform<i8:f32, 0.5>>) {
  // expected-error @+1 {{expects one element type, found}}
  %y = edge.reshape %x : tensor<6x!quant.uniform<i8:f32, 0.5>> -> tensor<2x3x!quant.uniform<i8:f32, 0.25>>
  return
}

// -----

func.func @stored_signedness(%x: tensor<6xi8>) {
  // expected-error @+1 {{expects a quantised type and its integer type, found 'i8' and '!quant.uniform<u8:f32,}}
  %y = edge.storage_cast %x : tensor<6xi8> -> tensor<6x!quant.uniform<u8:f32, 0.25>>
  return
}

// -----

func.func @quantised_shape(%x: tensor<6xf32>) {
  // expected-error @+1 {{same shape}}
  %y = edge.quantize %x : tensor<6xf32> -> tensor<2x3x!quant.uniform<u8:f32, 0.25>>
  return
}

// -----

func.func @blocks_of_scales(%q: tensor<6x2xi8>, %s: tensor<3x2xf32>) {
  // expected-error @+1 {{expects scales of type 'tensor<2x2xf32>', found 'tensor<3x2xf32>'}}
  %y = edge.dequantize_blocks %q, %s axis 0 block 4 : (tensor<6x2xi8>, tensor<3x2xf32>) -> tensor<6x2xf32>
  return
}

// -----

func.func @blocks_of_zero_points(%q: tensor<6x2xi8>, %s: tensor<2x2xf32>, %z: tensor<2x2xui8>) {
  // expected-error @+1 {{expects zero points of type 'tensor<2x2xi8>', found 'tensor<2x2xui8>'}}
  %y = edge.dequantize_blocks %q, %s, %z axis 0 block 4 : (tensor<6x2xi8>, tensor<2x2xf32>, tensor<2x2xui8>) -> tensor<6x2xf32>
  return
}

// -----

func.func @blocks_of_words(%q: tensor<6x2xi32>, %s: tensor<2x2xf32>) {
  // expected-error @+1 {{expects integers in bytes, found 'tensor<6x2xi32>'}}
  %y = edge.dequantize_blocks %q, %s axis 0 block 4 : (tensor<6x2xi32>, tensor<2x2xf32>) -> tensor<6x2xf32>
  return
}

// -----

func.func @blocks_along_nothing(%q: tensor<6x2xi8>, %s: tensor<2x2xf32>) {
  // expected-error @+1 {{cannot cut 'tensor<6x2xi8>' into blocks of 4 along axis 2}}
  %y = edge.dequantize_blocks %q, %s axis 2 block 4 : (tensor<6x2xi8>, tensor<2x2xf32>) -> tensor<6x2xf32>
  return
}

// -----

func.func @block_matmul_inner(%x: tensor<2x5xf32>, %q: tensor<6x2xi8>, %s: tensor<2x2xf32>) {
  // expected-error @+1 {{'edge.block_matmul' cannot multiply 'tensor<2x5xf32>' and 'tensor<6x2xi8>'}}
  %y = edge.block_matmul(%x, %q, %s) block 4 : (tensor<2x5xf32>, tensor<6x2xi8>, tensor<2x2xf32>) -> tensor<2x2xf32>
  return
}

// -----

func.func @block_matmul_bias(%x: tensor<2x6xf32>, %q: tensor<6x2xi8>, %s: tensor<2x2xf32>, %b: tensor<3xf32>) {
  // expected-error @+1 {{expects a bias of 2 elements, found 'tensor<3xf32>'}}
  %y = edge.block_matmul(%x, %q, %s bias %b) block 4 : (tensor<2x6xf32>, tensor<6x2xi8>, tensor<2x2xf32>, tensor<3xf32>) -> tensor<2x2xf32>
  return
}
