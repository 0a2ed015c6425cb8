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

// -----

func.func @constant_of_strings() {
  // expected-error @+1 {{must be statically shaped tensor}}
  %y = "edge.constant"() {value = dense<1.0> : vector<2xf32>} : () -> vector<2xf32>
  return
}

// -----

func.func @reshape_size(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{cannot give 'tensor<2x3xf32>' the shape of 'tensor<7xf32>'}}
  %y = edge.reshape %x : tensor<2x3xf32> -> tensor<7xf32>
  return
}

// -----

func.func @reshape_type(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{expects one element type, found 'tensor<2x3xf32>' and 'tensor<6xi32>'}}
  %y = edge.reshape %x : tensor<2x3xf32> -> tensor<6xi32>
  return
}

// -----

func.func @transpose_repeats(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{'edge.transpose' expects a permutation of 2 dimensions}}
  %y = edge.transpose %x [0, 0] : tensor<2x3xf32> -> tensor<2x2xf32>
  return
}

// -----

func.func @transpose_rank(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{'edge.transpose' expects a permutation of 2 dimensions}}
  %y = edge.transpose %x [0] : tensor<2x3xf32> -> tensor<2xf32>
  return
}

// -----

func.func @broadcast_shape(%x: tensor<3xf32>) {
  // expected-error @+1 {{cannot broadcast 'tensor<3xf32>' to 'tensor<3x2xf32>'}}
  %y = edge.broadcast %x : tensor<3xf32> -> tensor<3x2xf32>
  return
}

// -----

func.func @broadcast_shrinks(%x: tensor<3xf32>) {
  // expected-error @+1 {{cannot broadcast 'tensor<3xf32>' to 'tensor<1xf32>'}}
  %y = edge.broadcast %x : tensor<3xf32> -> tensor<1xf32>
  return
}

// -----

func.func @broadcast_type(%x: tensor<3xf32>) {
  // expected-error @+1 {{expects one element type, found 'tensor<3xf32>' and 'tensor<3xf16>'}}
  %y = edge.broadcast %x : tensor<3xf32> -> tensor<3xf16>
  return
}

// -----

func.func @slice_offsets(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{expects 2 offsets, found 1}}
  %y = edge.slice %x offsets [0] sizes [2, 2] strides [1, 1] : tensor<2x4xf32> -> tensor<2x2xf32>
  return
}

// -----

func.func @slice_sizes(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{expects 2 sizes, found 1}}
  %y = edge.slice %x offsets [0, 0] sizes [2] strides [1, 1] : tensor<2x4xf32> -> tensor<2xf32>
  return
}

// -----

func.func @slice_strides(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{expects 2 strides, found 1}}
  %y = edge.slice %x offsets [0, 0] sizes [2, 2] strides [1] : tensor<2x4xf32> -> tensor<2x2xf32>
  return
}

// -----

func.func @slice_beyond(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{reads elements 2 to 4 of dimension 1, which has 4}}
  %y = edge.slice %x offsets [0, 2] sizes [2, 2] strides [1, 2] : tensor<2x4xf32> -> tensor<2x2xf32>
  return
}

// -----

func.func @slice_before(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{reads elements 1 to -1 of dimension 1, which has 4}}
  %y = edge.slice %x offsets [0, 1] sizes [2, 3] strides [1, -1] : tensor<2x4xf32> -> tensor<2x3xf32>
  return
}

// -----

func.func @slice_stride(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{expects sizes of at least zero and strides that are not, found 3 and 0 in dimension 1}}
  %y = edge.slice %x offsets [0, 1] sizes [2, 3] strides [1, 0] : tensor<2x4xf32> -> tensor<2x3xf32>
  return
}

// -----

func.func @pad_count(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{'edge.pad' expects a low and a high border for each of 2 dimensions}}
  %y = edge.pad %x constant low [1] high [1, 1] : tensor<2x4xf32> -> tensor<4x6xf32>
  return
}

// -----

func.func @pad_negative(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{expects borders of at least zero, found -1 in dimension 1}}
  %y = edge.pad %x constant low [0, -1] high [0, 0] : tensor<2x4xf32> -> tensor<2x3xf32>
  return
}

// -----

func.func @pad_reflect(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{cannot fill a border of 2 from 2 elements in dimension 0}}
  %y = edge.pad %x reflect low [2, 0] high [0, 0] : tensor<2x4xf32> -> tensor<4x4xf32>
  return
}

// -----

func.func @pad_wrap(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{cannot fill a border of 3 from 2 elements in dimension 0}}
  %y = edge.pad %x wrap low [3, 0] high [0, 0] : tensor<2x4xf32> -> tensor<5x4xf32>
  return
}

// -----

func.func @pad_edge(%x: tensor<2x0xf32>) {
  // expected-error @+1 {{cannot fill a border of 1 from 0 elements in dimension 1}}
  %y = edge.pad %x edge low [0, 1] high [0, 0] : tensor<2x0xf32> -> tensor<2x1xf32>
  return
}

// -----

func.func @concat_nothing() {
  // expected-error @+1 {{'edge.concat' expects an operand}}
  %y = "edge.concat"() {axis = 0 : i64} : () -> tensor<2xf32>
  return
}

// -----

func.func @concat_axis(%x: tensor<2xf32>) {
  // expected-error @+1 {{'edge.concat' axis 1 is outside [0, 1)}}
  %y = edge.concat(%x, %x) {axis = 1 : i64} : (tensor<2xf32>, tensor<2xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @concat_shape(%x: tensor<2x3xf32>, %y: tensor<3x3xf32>) {
  // expected-error @+1 {{'edge.concat' cannot join 'tensor<2x3xf32>' and 'tensor<3x3xf32>' along dimension 1}}
  %z = edge.concat(%x, %y) {axis = 1 : i64} : (tensor<2x3xf32>, tensor<3x3xf32>) -> tensor<2x6xf32>
  return
}

// -----

func.func @concat_type(%x: tensor<2xf32>, %y: tensor<2xf16>) {
  // expected-error @+1 {{'edge.concat' cannot join 'tensor<2xf32>' and 'tensor<2xf16>' along dimension 0}}
  %z = edge.concat(%x, %y) {axis = 0 : i64} : (tensor<2xf32>, tensor<2xf16>) -> tensor<4xf32>
  return
}

// -----

func.func @gather_axis(%x: tensor<4xf32>, %i: tensor<2xi64>) {
  // expected-error @+1 {{'edge.gather' axis 1 is outside [0, 1)}}
  %y = edge.gather %x[%i] {axis = 1 : i64} : tensor<4xf32>, tensor<2xi64> -> tensor<2xf32>
  return
}

// -----

func.func @gather_index_type(%x: tensor<4xf32>, %i: tensor<2xi8>) {
  // expected-error @+1 {{operand #1 must be statically shaped tensor of 32-bit signless integer or 64-bit signless integer values}}
  %y = edge.gather %x[%i] {axis = 0 : i64} : tensor<4xf32>, tensor<2xi8> -> tensor<2xf32>
  return
}

// -----

func.func @gather_elements_rank(%x: tensor<4x4xf32>, %i: tensor<2xi64>) {
  // expected-error @+1 {{expects input and indices of one rank, found 'tensor<4x4xf32>' and 'tensor<2xi64>'}}
  %y = edge.gather_elements %x[%i] {axis = 0 : i64} : tensor<4x4xf32>, tensor<2xi64> -> tensor<2xf32>
  return
}

// -----

func.func @gather_elements_axis(%x: tensor<4xf32>, %i: tensor<2xi64>) {
  // expected-error @+1 {{axis 1 is outside [0, 1)}}
  %y = edge.gather_elements %x[%i] {axis = 1 : i64} : tensor<4xf32>, tensor<2xi64> -> tensor<2xf32>
  return
}

// -----

func.func @gather_elements_reach(%x: tensor<4x4xf32>, %i: tensor<2x5xi64>) {
  // expected-error @+1 {{indices of type 'tensor<2x5xi64>' reach beyond 'tensor<4x4xf32>' in dimension 1}}
  %y = edge.gather_elements %x[%i] {axis = 0 : i64} : tensor<4x4xf32>, tensor<2x5xi64> -> tensor<2x5xf32>
  return
}

// -----

func.func @gather_nd_tuple(%x: tensor<4x4xf32>, %i: tensor<2x3xi64>) {
  // expected-error @+1 {{'edge.gather_nd' indices of type 'tensor<2x3xi64>' do not address 'tensor<4x4xf32>' after 0 batch dimensions}}
  %y = edge.gather_nd %x[%i] : tensor<4x4xf32>, tensor<2x3xi64> -> tensor<2xf32>
  return
}

// -----

func.func @gather_nd_batch(%x: tensor<4x4xf32>, %i: tensor<2x1xi64>) {
  // expected-error @+1 {{expects equal batch dimensions, found 'tensor<4x4xf32>' and 'tensor<2x1xi64>'}}
  %y = edge.gather_nd %x[%i] {batch_dims = 1 : i64} : tensor<4x4xf32>, tensor<2x1xi64> -> tensor<2xf32>
  return
}

// -----

func.func @scatter_elements_shape(%x: tensor<4x4xf32>, %u: tensor<2x3xf32>, %i: tensor<2x4xi64>) {
  // expected-error @+1 {{expects updates and indices of one shape and the input's rank, found 'tensor<2x3xf32>' and 'tensor<2x4xi64>'}}
  %y = edge.scatter_elements none %u into %x[%i] {axis = 0 : i64} : tensor<2x3xf32> into tensor<4x4xf32>, tensor<2x4xi64> -> tensor<4x4xf32>
  return
}

// -----

func.func @scatter_elements_type(%x: tensor<4x4xf32>, %u: tensor<2x3xf16>, %i: tensor<2x3xi64>) {
  // expected-error @+1 {{expects updates of the input's element type, found 'tensor<2x3xf16>' and 'tensor<4x4xf32>'}}
  %y = edge.scatter_elements none %u into %x[%i] {axis = 0 : i64} : tensor<2x3xf16> into tensor<4x4xf32>, tensor<2x3xi64> -> tensor<4x4xf32>
  return
}

// -----

func.func @scatter_elements_axis(%x: tensor<4x4xf32>, %u: tensor<2x3xf32>, %i: tensor<2x3xi64>) {
  // expected-error @+1 {{axis 2 is outside [0, 2)}}
  %y = edge.scatter_elements none %u into %x[%i] {axis = 2 : i64} : tensor<2x3xf32> into tensor<4x4xf32>, tensor<2x3xi64> -> tensor<4x4xf32>
  return
}

// -----

func.func @scatter_elements_reach(%x: tensor<4x4xf32>, %u: tensor<2x5xf32>, %i: tensor<2x5xi64>) {
  // expected-error @+1 {{indices of type 'tensor<2x5xi64>' reach beyond 'tensor<4x4xf32>' in dimension 1}}
  %y = edge.scatter_elements none %u into %x[%i] {axis = 0 : i64} : tensor<2x5xf32> into tensor<4x4xf32>, tensor<2x5xi64> -> tensor<4x4xf32>
  return
}

// -----

func.func @scatter_nd_tuple(%x: tensor<4xf32>, %u: tensor<2xf32>, %i: tensor<2x2xi64>) {
  // expected-error @+1 {{indices of type 'tensor<2x2xi64>' do not address 'tensor<4xf32>'}}
  %y = edge.scatter_nd none %u into %x[%i] : tensor<2xf32> into tensor<4xf32>, tensor<2x2xi64> -> tensor<4xf32>
  return
}

// -----

func.func @scatter_nd_updates(%x: tensor<4x4xf32>, %u: tensor<2x3xf32>, %i: tensor<2x1xi64>) {
  // expected-error @+1 {{expects updates of shape [2, 4], found 'tensor<2x3xf32>'}}
  %y = edge.scatter_nd none %u into %x[%i] : tensor<2x3xf32> into tensor<4x4xf32>, tensor<2x1xi64> -> tensor<4x4xf32>
  return
}

// -----

func.func @scatter_nd_type(%x: tensor<4x4xf32>, %u: tensor<2x4xf16>, %i: tensor<2x1xi64>) {
  // expected-error @+1 {{expects updates of the input's element type, found 'tensor<2x4xf16>' and 'tensor<4x4xf32>'}}
  %y = edge.scatter_nd none %u into %x[%i] : tensor<2x4xf16> into tensor<4x4xf32>, tensor<2x1xi64> -> tensor<4x4xf32>
  return
}

// -----

func.func @top_k_axis(%x: tensor<4xf32>) {
  // expected-error @+1 {{'edge.top_k' axis 1 is outside [0, 1)}}
  %v, %i = edge.top_k max %x {axis = 1 : i64, k = 1 : i64} : tensor<4xf32> -> tensor<1xf32>, tensor<1xi64>
  return
}

// -----

func.func @top_k_count(%x: tensor<4xf32>) {
  // expected-error @+1 {{cannot pick 5 of 4 elements}}
  %v, %i = edge.top_k max %x {axis = 0 : i64, k = 5 : i64} : tensor<4xf32> -> tensor<5xf32>, tensor<5xi64>
  return
}

// -----

func.func @conv_rank(%x: tensor<1x8x8x4xf32>, %w: tensor<3x4x2xf32>) {
  // expected-error @+1 {{'edge.conv' with 2 strides cannot apply 'tensor<3x4x2xf32>' to 'tensor<1x8x8x4xf32>'}}
  %y = edge.conv(%x, %w) strides [1, 1] pads_low [0, 0] pads_high [0, 0] : (tensor<1x8x8x4xf32>, tensor<3x4x2xf32>) -> tensor<1x6x6x2xf32>
  return
}

// -----

func.func @conv_pads(%x: tensor<1x8x8x4xf32>, %w: tensor<3x3x4x2xf32>) {
  // expected-error @+1 {{'edge.conv' with 2 strides cannot apply}}
  %y = edge.conv(%x, %w) strides [1, 1] pads_low [0] pads_high [0, 0] : (tensor<1x8x8x4xf32>, tensor<3x3x4x2xf32>) -> tensor<1x6x6x2xf32>
  return
}

// -----

func.func @conv_stride_zero(%x: tensor<1x8x8x4xf32>, %w: tensor<3x3x4x2xf32>) {
  // expected-error @+1 {{'edge.conv' with 2 strides cannot apply}}
  %y = edge.conv(%x, %w) strides [0, 1] pads_low [0, 0] pads_high [0, 0] : (tensor<1x8x8x4xf32>, tensor<3x3x4x2xf32>) -> tensor<1x6x6x2xf32>
  return
}

// -----

func.func @conv_dilations(%x: tensor<1x8x8x4xf32>, %w: tensor<3x3x4x2xf32>) {
  // expected-error @+1 {{'edge.conv' with 2 strides cannot apply}}
  %y = edge.conv(%x, %w) strides [1, 1] dilations [1] pads_low [0, 0] pads_high [0, 0] : (tensor<1x8x8x4xf32>, tensor<3x3x4x2xf32>) -> tensor<1x6x6x2xf32>
  return
}

// -----

func.func @conv_large_window(%x: tensor<1x2x8x4xf32>, %w: tensor<3x3x4x2xf32>) {
  // expected-error @+1 {{'edge.conv' window 'tensor<3x3x4x2xf32>' is larger than the padded input 'tensor<1x2x8x4xf32>'}}
  %y = edge.conv(%x, %w) strides [2, 1] pads_low [0, 0] pads_high [0, 0] : (tensor<1x2x8x4xf32>, tensor<3x3x4x2xf32>) -> tensor<1x1x6x2xf32>
  return
}

// -----

func.func @conv_groups(%x: tensor<1x8x8x4xf32>, %w: tensor<3x3x4x2xf32>) {
  // expected-error @+1 {{cannot split 4 input and 2 output channels into 3 groups}}
  %y = edge.conv(%x, %w) strides [1, 1] pads_low [0, 0] pads_high [0, 0] groups 3 : (tensor<1x8x8x4xf32>, tensor<3x3x4x2xf32>) -> tensor<1x6x6x2xf32>
  return
}

// -----

func.func @conv_channels(%x: tensor<1x8x8x4xf32>, %w: tensor<3x3x3x2xf32>) {
  // expected-error @+1 {{expects weights for 4 input channels, found 3}}
  %y = edge.conv(%x, %w) strides [1, 1] pads_low [0, 0] pads_high [0, 0] : (tensor<1x8x8x4xf32>, tensor<3x3x3x2xf32>) -> tensor<1x6x6x2xf32>
  return
}

// -----

func.func @conv_bias(%x: tensor<1x8x8x4xf32>, %w: tensor<3x3x4x2xf32>, %b: tensor<3xf32>) {
  // expected-error @+1 {{expects a bias of 2 elements, found 'tensor<3xf32>'}}
  %y = edge.conv(%x, %w, %b) strides [1, 1] pads_low [0, 0] pads_high [0, 0] : (tensor<1x8x8x4xf32>, tensor<3x3x4x2xf32>, tensor<3xf32>) -> tensor<1x6x6x2xf32>
  return
}

// -----

func.func @conv_types(%x: tensor<1x8x8x4xf32>, %w: tensor<3x3x4x2xf16>) {
  // expected-error @+1 {{expects floats of one type, integers or quantised values, found 'f32' and 'f16'}}
  %y = edge.conv(%x, %w) strides [1, 1] pads_low [0, 0] pads_high [0, 0] : (tensor<1x8x8x4xf32>, tensor<3x3x4x2xf16>) -> tensor<1x6x6x2xf32>
  return
}

// -----

func.func @conv_transpose_rank(%x: tensor<1x4x4x8xf32>, %w: tensor<2x8x16xf32>) {
  // expected-error @+1 {{'edge.conv_transpose' with 2 strides cannot apply}}
  %y = edge.conv_transpose(%x, %w) strides [2, 2] pads_low [0, 0] pads_high [0, 0] output_padding [0, 0] : (tensor<1x4x4x8xf32>, tensor<2x8x16xf32>) -> tensor<1x8x8x16xf32>
  return
}

// -----

func.func @conv_transpose_padding(%x: tensor<1x4x4x8xf32>, %w: tensor<2x2x8x16xf32>) {
  // expected-error @+1 {{'edge.conv_transpose' with 2 strides cannot apply}}
  %y = edge.conv_transpose(%x, %w) strides [2, 2] pads_low [0, 0] pads_high [0, 0] output_padding [0] : (tensor<1x4x4x8xf32>, tensor<2x2x8x16xf32>) -> tensor<1x8x8x16xf32>
  return
}

// -----

func.func @conv_transpose_empty(%x: tensor<1x1x4x8xf32>, %w: tensor<2x2x8x16xf32>) {
  // expected-error @+1 {{'edge.conv_transpose' has no output in spatial dimension 0}}
  %y = edge.conv_transpose(%x, %w) strides [2, 2] pads_low [1, 0] pads_high [1, 0] output_padding [0, 0] : (tensor<1x1x4x8xf32>, tensor<2x2x8x16xf32>) -> tensor<1x8x8x16xf32>
  return
}

// -----

func.func @conv_transpose_groups(%x: tensor<1x4x4x8xf32>, %w: tensor<2x2x8x16xf32>) {
  // expected-error @+1 {{cannot split 8 input channels into 3 groups}}
  %y = edge.conv_transpose(%x, %w) strides [2, 2] pads_low [0, 0] pads_high [0, 0] output_padding [0, 0] groups 3 : (tensor<1x4x4x8xf32>, tensor<2x2x8x16xf32>) -> tensor<1x8x8x48xf32>
  return
}

// -----

func.func @conv_transpose_channels(%x: tensor<1x4x4x8xf32>, %w: tensor<2x2x4x16xf32>) {
  // expected-error @+1 {{expects weights for 8 input channels, found 4}}
  %y = edge.conv_transpose(%x, %w) strides [2, 2] pads_low [0, 0] pads_high [0, 0] output_padding [0, 0] : (tensor<1x4x4x8xf32>, tensor<2x2x4x16xf32>) -> tensor<1x8x8x16xf32>
  return
}

// -----

func.func @matmul_inner(%a: tensor<2x3xf32>, %b: tensor<4x5xf32>) {
  // expected-error @+1 {{'edge.matmul' cannot multiply 'tensor<2x3xf32>' and 'tensor<4x5xf32>'}}
  %y = edge.matmul(%a, %b) : (tensor<2x3xf32>, tensor<4x5xf32>) -> tensor<2x5xf32>
  return
}

// -----

func.func @matmul_rank(%a: tensor<3xf32>, %b: tensor<3x5xf32>) {
  // expected-error @+1 {{'edge.matmul' cannot multiply 'tensor<3xf32>' and 'tensor<3x5xf32>'}}
  %y = edge.matmul(%a, %b) : (tensor<3xf32>, tensor<3x5xf32>) -> tensor<5xf32>
  return
}

// -----

func.func @matmul_batch(%a: tensor<2x2x3xf32>, %b: tensor<3x3x5xf32>) {
  // expected-error @+1 {{'edge.matmul' batches of 'tensor<2x2x3xf32>' and 'tensor<3x3x5xf32>' do not broadcast}}
  %y = edge.matmul(%a, %b) : (tensor<2x2x3xf32>, tensor<3x3x5xf32>) -> tensor<2x2x5xf32>
  return
}

// -----

func.func @matmul_bias(%a: tensor<2x3xf32>, %b: tensor<3x5xf32>, %c: tensor<1x5xf32>) {
  // expected-error @+1 {{expects a bias of 5 elements, found 'tensor<1x5xf32>'}}
  %y = edge.matmul(%a, %b, %c) : (tensor<2x3xf32>, tensor<3x5xf32>, tensor<1x5xf32>) -> tensor<2x5xf32>
  return
}

// -----

func.func @matmul_types(%a: tensor<2x3xf32>, %b: tensor<3x5xi8>) {
  // expected-error @+1 {{expects floats of one type, integers or quantised values, found 'f32' and 'i8'}}
  %y = edge.matmul(%a, %b) : (tensor<2x3xf32>, tensor<3x5xi8>) -> tensor<2x5xf32>
  return
}

// -----

func.func @epilogue_missing(%a: tensor<2x3xf32>, %b: tensor<3x5xf32>, %e: tensor<5xf32>) {
  // expected-error @+1 {{has epilogue operands but no epilogue}}
  %y = edge.matmul(%a, %b) with(%e) : (tensor<2x3xf32>, tensor<3x5xf32>, tensor<5xf32>) -> tensor<2x5xf32>
  return
}

// -----

func.func @epilogue_arguments(%a: tensor<2x3xf32>, %b: tensor<3x5xf32>, %e: tensor<5xf32>) {
  // expected-error @+1 {{expects an epilogue with 2 arguments, found 1}}
  %y = edge.matmul(%a, %b) with(%e) : (tensor<2x3xf32>, tensor<3x5xf32>, tensor<5xf32>) -> tensor<2x5xf32> {
  ^bb0(%s: f32):
    edge.yield %s : f32
  }
  return
}

// -----

func.func @epilogue_accumulator(%a: tensor<2x3xf32>, %b: tensor<3x5xf32>) {
  // expected-error @+1 {{expects an epilogue on 'f32', found 'f64'}}
  %y = edge.matmul(%a, %b) : (tensor<2x3xf32>, tensor<3x5xf32>) -> tensor<2x5xf64> {
  ^bb0(%s: f64):
    edge.yield %s : f64
  }
  return
}

// -----

func.func @epilogue_broadcast(%a: tensor<2x3xf32>, %b: tensor<3x5xf32>, %e: tensor<2xf32>) {
  // expected-error @+1 {{epilogue operand of type 'tensor<2xf32>' does not broadcast to 'tensor<2x5xf32>'}}
  %y = edge.matmul(%a, %b) with(%e) : (tensor<2x3xf32>, tensor<3x5xf32>, tensor<2xf32>) -> tensor<2x5xf32> {
  ^bb0(%s: f32, %t: f32):
    edge.yield %s : f32
  }
  return
}

// -----

func.func @epilogue_argument_type(%a: tensor<2x3xf32>, %b: tensor<3x5xf32>, %e: tensor<5xui8>) {
  // expected-error @+1 {{expects epilogue argument 1 of type 'i8', found 'f32'}}
  %y = edge.matmul(%a, %b) with(%e) : (tensor<2x3xf32>, tensor<3x5xf32>, tensor<5xui8>) -> tensor<2x5xf32> {
  ^bb0(%s: f32, %t: f32):
    edge.yield %s : f32
  }
  return
}

// -----

func.func @epilogue_yield(%a: tensor<2x3xf32>, %b: tensor<3x5xf32>) {
  // expected-error @+1 {{expects an epilogue that yields one scalar}}
  %y = edge.matmul(%a, %b) : (tensor<2x3xf32>, tensor<3x5xf32>) -> tensor<2x5xf32> {
  ^bb0(%s: f32):
    edge.yield %s, %s : f32, f32
  }
  return
}

// -----

func.func @epilogue_without_end(%a: tensor<2x3xf32>, %b: tensor<3x5xf32>) {
  // expected-error @+1 {{expects an epilogue that yields one scalar}}
  %y = edge.matmul(%a, %b) : (tensor<2x3xf32>, tensor<3x5xf32>) -> tensor<2x5xf32> {
  ^bb0(%s: f32):
  }
  return
}

// -----

func.func @pool_window(%x: tensor<1x8x8x4xf32>) {
  // expected-error @+1 {{'edge.pool' with a window of 1 dimensions cannot slide over 'tensor<1x8x8x4xf32>'}}
  %y = edge.pool max(%x) kernel [3] strides [1] pads_low [0] pads_high [0] : (tensor<1x8x8x4xf32>) -> tensor<1x6x8x4xf32>
  return
}

// -----

func.func @pool_large_window(%x: tensor<1x2x4xf32>) {
  // expected-error @+1 {{'edge.pool' window is larger than the padded input 'tensor<1x2x4xf32>'}}
  %y = edge.pool max(%x) kernel [3] strides [2] pads_low [0] pads_high [0] : (tensor<1x2x4xf32>) -> tensor<1x1x4xf32>
  return
}

// -----

func.func @reduce_axis(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{'edge.reduce' axis 2 is outside [0, 2)}}
  %y = edge.reduce sum(%x) axes [2] : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @reduce_order(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{expects rising axes, found [1, 0]}}
  %y = edge.reduce sum(%x) axes [1, 0] : (tensor<2x4xf32>) -> tensor<1x1xf32>
  return
}

// -----

func.func @reduce_twice(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{expects rising axes, found [1, 1]}}
  %y = edge.reduce sum(%x) axes [1, 1] : (tensor<2x4xf32>) -> tensor<2x1xf32>
  return
}

// -----

func.func @arg_reduce_axis(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{'edge.arg_reduce' axis -1 is outside [0, 2)}}
  %y = edge.arg_reduce max %x {axis = -1 : i64} : tensor<2x4xf32> -> tensor<2x1xi64>
  return
}

// -----

func.func @cumulative_axis(%x: tensor<4xf32>) {
  // expected-error @+1 {{axis 1 is outside [0, 1)}}
  %y = edge.cumulative sum %x {axis = 1 : i64} : tensor<4xf32> -> tensor<4xf32>
  return
}

// -----

func.func @softmax_axis(%x: tensor<4xf32>) {
  // expected-error @+1 {{axis 1 is outside [0, 1)}}
  %y = edge.softmax %x {axis = 1 : i64} : tensor<4xf32> -> tensor<4xf32>
  return
}

// -----

func.func @softmax_result(%x: tensor<4xf32>) {
  // expected-error @+1 {{expects results of type 'tensor<4xf32>', found 'tensor<5xf32>'}}
  %y = edge.softmax %x {axis = 0 : i64} : tensor<4xf32> -> tensor<5xf32>
  return
}

// -----

func.func @layer_norm_axis(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{axis 2 is outside [0, 2)}}
  %y = edge.layer_norm(%x) {axis = 2 : i64, epsilon = 0.0 : f64} : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @layer_norm_scale(%x: tensor<2x4xf32>, %s: tensor<2xf32>) {
  // expected-error @+1 {{expects scale and bias of shape [4], found 'tensor<2xf32>'}}
  %y = edge.layer_norm(%x, %s) {axis = 1 : i64, epsilon = 0.0 : f64} : (tensor<2x4xf32>, tensor<2xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @layer_norm_types(%x: tensor<2x4xf16>, %s: tensor<4xf32>) {
  // expected-error @+1 {{expects floats of one type, integers or quantised values, found 'f16' and 'f32'}}
  %y = edge.layer_norm(%x, %s) {axis = 1 : i64, epsilon = 0.0 : f64} : (tensor<2x4xf16>, tensor<4xf32>) -> tensor<2x4xf16>
  return
}

// -----

func.func @resample_axis(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{'edge.resample' axis 2 is outside [0, 2)}}
  %y = edge.resample %x {axis = 2 : i64, indices = dense<0> : tensor<3x2xi32>, weights = dense<0.5> : tensor<3x2xf32>} : tensor<2x4xf32> -> tensor<2x4xf32>
  return
}

// -----

func.func @resample_shapes(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{expects i32 indices and f32 weights of one shape, found}}
  %y = edge.resample %x {axis = 0 : i64, indices = dense<0> : tensor<3x2xi32>, weights = dense<0.5> : tensor<3x1xf32>} : tensor<2x4xf32> -> tensor<3x4xf32>
  return
}

// -----

func.func @resample_types(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{expects i32 indices and f32 weights of one shape, found}}
  %y = edge.resample %x {axis = 0 : i64, indices = dense<0> : tensor<3x2xi64>, weights = dense<0.5> : tensor<3x2xf32>} : tensor<2x4xf32> -> tensor<3x4xf32>
  return
}

// -----

func.func @resample_index(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{index 2 is outside [0, 2)}}
  %y = edge.resample %x {axis = 0 : i64, indices = dense<2> : tensor<3x2xi32>, weights = dense<0.5> : tensor<3x2xf32>} : tensor<2x4xf32> -> tensor<3x4xf32>
  return
}

// -----

func.func @lstm_projected(%v0: tensor<5x1x30xf32>, %v1: tensor<8x32xf32>, %v2: tensor<1x8xf32>, %v3: tensor<1x8xf32>) {
  // expected-error @+1 {{'edge.lstm' expects projected inputs (T, N, 4 * H), found 'tensor<5x1x30xf32>'}}
  %y:3 = edge.lstm(%v0, %v1, %v2, %v3) : (tensor<5x1x30xf32>, tensor<8x32xf32>, tensor<1x8xf32>, tensor<1x8xf32>) -> (tensor<5x1x8xf32>, tensor<1x8xf32>, tensor<1x8xf32>)
  return
}

// -----

func.func @lstm_weights(%v0: tensor<5x1x32xf32>, %v1: tensor<8x30xf32>, %v2: tensor<1x8xf32>, %v3: tensor<1x8xf32>) {
  // expected-error @+1 {{expects weights of shape [8, 32], found 'tensor<8x30xf32>'}}
  %y:3 = edge.lstm(%v0, %v1, %v2, %v3) : (tensor<5x1x32xf32>, tensor<8x30xf32>, tensor<1x8xf32>, tensor<1x8xf32>) -> (tensor<5x1x8xf32>, tensor<1x8xf32>, tensor<1x8xf32>)
  return
}

// -----

func.func @lstm_hidden(%v0: tensor<5x1x32xf32>, %v1: tensor<8x32xf32>, %v2: tensor<2x8xf32>, %v3: tensor<1x8xf32>) {
  // expected-error @+1 {{expects h of shape [1, 8], found 'tensor<2x8xf32>'}}
  %y:3 = edge.lstm(%v0, %v1, %v2, %v3) : (tensor<5x1x32xf32>, tensor<8x32xf32>, tensor<2x8xf32>, tensor<1x8xf32>) -> (tensor<5x1x8xf32>, tensor<1x8xf32>, tensor<1x8xf32>)
  return
}

// -----

func.func @lstm_cell(%v0: tensor<5x1x32xf32>, %v1: tensor<8x32xf32>, %v2: tensor<1x8xf32>, %v3: tensor<8xf32>) {
  // expected-error @+1 {{expects c of shape [1, 8], found 'tensor<8xf32>'}}
  %y:3 = edge.lstm(%v0, %v1, %v2, %v3) : (tensor<5x1x32xf32>, tensor<8x32xf32>, tensor<1x8xf32>, tensor<8xf32>) -> (tensor<5x1x8xf32>, tensor<1x8xf32>, tensor<1x8xf32>)
  return
}

// -----

func.func @lstm_peepholes(%v0: tensor<5x1x32xf32>, %v1: tensor<8x32xf32>, %v2: tensor<1x8xf32>, %v3: tensor<1x8xf32>, %v4: tensor<8xf32>) {
  // expected-error @+1 {{expects peepholes of shape [24], found 'tensor<8xf32>'}}
  %y:3 = edge.lstm(%v0, %v1, %v2, %v3, %v4) : (tensor<5x1x32xf32>, tensor<8x32xf32>, tensor<1x8xf32>, tensor<1x8xf32>, tensor<8xf32>) -> (tensor<5x1x8xf32>, tensor<1x8xf32>, tensor<1x8xf32>)
  return
}

// -----

func.func @gru_projected(%v0: tensor<5x24xf32>, %v1: tensor<8x24xf32>, %v2: tensor<1x8xf32>) {
  // expected-error @+1 {{'edge.gru' expects projected inputs (T, N, 3 * H), found 'tensor<5x24xf32>'}}
  %y:2 = edge.gru(%v0, %v1, %v2) : (tensor<5x24xf32>, tensor<8x24xf32>, tensor<1x8xf32>) -> (tensor<5x1x8xf32>, tensor<1x8xf32>)
  return
}

// -----

func.func @gru_weights(%v0: tensor<5x1x24xf32>, %v1: tensor<8x8xf32>, %v2: tensor<1x8xf32>) {
  // expected-error @+1 {{expects weights of shape [8, 24], found 'tensor<8x8xf32>'}}
  %y:2 = edge.gru(%v0, %v1, %v2) : (tensor<5x1x24xf32>, tensor<8x8xf32>, tensor<1x8xf32>) -> (tensor<5x1x8xf32>, tensor<1x8xf32>)
  return
}

// -----

func.func @gru_hidden(%v0: tensor<5x1x24xf32>, %v1: tensor<8x24xf32>, %v2: tensor<1x4xf32>) {
  // expected-error @+1 {{expects h of shape [1, 8], found 'tensor<1x4xf32>'}}
  %y:2 = edge.gru(%v0, %v1, %v2) : (tensor<5x1x24xf32>, tensor<8x24xf32>, tensor<1x4xf32>) -> (tensor<5x1x8xf32>, tensor<1x8xf32>)
  return
}

// -----

func.func @gru_bias(%v0: tensor<5x1x24xf32>, %v1: tensor<8x24xf32>, %v2: tensor<1x8xf32>, %v3: tensor<8xf32>) {
  // expected-error @+1 {{expects recurrent_bias of shape [24], found 'tensor<8xf32>'}}
  %y:2 = edge.gru(%v0, %v1, %v2, %v3) : (tensor<5x1x24xf32>, tensor<8x24xf32>, tensor<1x8xf32>, tensor<8xf32>) -> (tensor<5x1x8xf32>, tensor<1x8xf32>)
  return
}

// -----

func.func @rnn_weights(%v0: tensor<5x1x8xf32>, %v1: tensor<8x4xf32>, %v2: tensor<1x8xf32>) {
  // expected-error @+1 {{expects weights of shape [8, 8], found 'tensor<8x4xf32>'}}
  %y:2 = edge.rnn tanh(%v0, %v1, %v2) : (tensor<5x1x8xf32>, tensor<8x4xf32>, tensor<1x8xf32>) -> (tensor<5x1x8xf32>, tensor<1x8xf32>)
  return
}

// -----

func.func @rnn_hidden(%v0: tensor<5x1x8xf32>, %v1: tensor<8x8xf32>, %v2: tensor<2x8xf32>) {
  // expected-error @+1 {{expects h of shape [1, 8], found 'tensor<2x8xf32>'}}
  %y:2 = edge.rnn tanh(%v0, %v1, %v2) : (tensor<5x1x8xf32>, tensor<8x8xf32>, tensor<2x8xf32>) -> (tensor<5x1x8xf32>, tensor<1x8xf32>)
  return
}

// -----

func.func @if_condition(%c: tensor<2xi1>, %x: tensor<4xf32>) {
  // expected-error @+1 {{expects a condition of one element, found 'tensor<2xi1>'}}
  %y = edge.if %c -> (tensor<4xf32>) {
    edge.yield %x : tensor<4xf32>
  } else {
    edge.yield %x : tensor<4xf32>
  } : tensor<2xi1>
  return
}

// -----

func.func @if_branch(%c: tensor<i1>, %x: tensor<4xf32>, %z: tensor<5xf32>) {
  // expected-error @+2 {{expects branches that yield its results' types}}
  // expected-note @+1 {{this one does not}}
  %y = edge.if %c -> (tensor<4xf32>) {
    edge.yield %x : tensor<4xf32>
  } else {
    edge.yield %z : tensor<5xf32>
  } : tensor<i1>
  return
}

// -----

func.func @if_without_end(%c: tensor<i1>, %x: tensor<4xf32>) {
  // expected-error @+2 {{expects branches that yield its results' types}}
  // expected-note @+1 {{this one does not}}
  %y = edge.if %c -> (tensor<4xf32>) {
  ^bb0:
  } else {
    edge.yield %x : tensor<4xf32>
  } : tensor<i1>
  return
}

// -----

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

func.func @bitcast_width(%x: tensor<4xf32>) {
  // expected-error @+1 {{expects element types of one width, found 'f32' and 'i16'}}
  %y = edge.bitcast %x to i16 : tensor<4xf32> -> tensor<4xi16>
  return
}

// -----

func.func @loop_trips(%n: tensor<2xi64>, %x: tensor<4xf32>) {
  // expected-error @+1 {{expects trips and a condition of one element, found 'tensor<2xi64>'}}
  %y = edge.loop 5 trips %n : tensor<2xi64> from (%x) : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%i: tensor<i64>, %v: tensor<4xf32>):
    edge.yield %v : tensor<4xf32>
  }
  return
}

// -----

func.func @loop_arguments(%x: tensor<4xf32>) {
  // expected-error @+1 {{expects a body that takes 'tensor<i64>', 'tensor<4xf32>', found 'tensor<4xf32>'}}
  %y = edge.loop 5 from (%x) : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%v: tensor<4xf32>):
    edge.yield %v : tensor<4xf32>
  }
  return
}

// -----

func.func @loop_yields(%x: tensor<4xf32>, %z: tensor<5xf32>) {
  // expected-error @+1 {{expects a body that yields what it takes}}
  %y = edge.loop 5 from (%x) : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%i: tensor<i64>, %v: tensor<4xf32>):
    edge.yield %z : tensor<5xf32>
  }
  return
}

// -----

func.func @loop_collects(%c: tensor<i1>, %x: tensor<4xf32>) {
  // expected-error @+1 {{collects, so it takes neither trips nor a condition}}
  %y, %all = edge.loop 5 while %c : tensor<i1> from (%x) : (tensor<4xf32>) -> (tensor<4xf32>, tensor<5x4xf32>) {
  ^bb0(%i: tensor<i64>, %v: tensor<4xf32>):
    edge.yield %c, %v, %v : tensor<i1>, tensor<4xf32>, tensor<4xf32>
  }
  return
}

// -----

func.func @loop_results(%x: tensor<4xf32>) {
  // expected-error @+1 {{expects results of type 'tensor<4xf32>', 'tensor<5x4xf32>', found 'tensor<4xf32>', 'tensor<6x4xf32>'}}
  %y, %all = edge.loop 5 from (%x) : (tensor<4xf32>) -> (tensor<4xf32>, tensor<6x4xf32>) {
  ^bb0(%i: tensor<i64>, %v: tensor<4xf32>):
    edge.yield %v, %v : tensor<4xf32>, tensor<4xf32>
  }
  return
}

// -----

func.func @row_bands_without_window(%x: tensor<1x8x8x4xf32>) {
  // expected-error @+1 {{expects a window, after a producer, before a consumer, or both}}
  %y = edge.row_bands(%x) rows 2 : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32> {
  ^bb0(%a: tensor<1x8x8x4xf32>):
    %w = edge.constant dense<1.0> : tensor<1x1x4x4xf32>
    %e = edge.conv(%a, %w) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
        : (tensor<1x8x8x4xf32>, tensor<1x1x4x4xf32>) -> tensor<1x8x8x4xf32>
    edge.yield %e : tensor<1x8x8x4xf32>
  }
  return
}

// -----

func.func @row_bands_that_do_not_divide(%x: tensor<1x8x8x4xf32>) {
  // expected-error @+1 {{cannot cut 8 rows into bands of 3}}
  %y = edge.row_bands(%x) rows 3 : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32> {
  ^bb0(%a: tensor<1x8x8x4xf32>):
    %w = edge.constant dense<1.0> : tensor<1x1x4x4xf32>
    %e = edge.conv(%a, %w) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
        : (tensor<1x8x8x4xf32>, tensor<1x1x4x4xf32>) -> tensor<1x8x8x4xf32>
    %p = edge.pool max(%e) kernel [3, 3] strides [1, 1] pads_low [1, 1]
        pads_high [1, 1] : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
    edge.yield %p : tensor<1x8x8x4xf32>
  }
  return
}

// -----

func.func @row_bands_with_strided_consumer(%x: tensor<1x8x8x4xf32>) {
  %y = edge.row_bands(%x) rows 2 : (tensor<1x8x8x4xf32>) -> tensor<1x4x4x4xf32> {
  ^bb0(%a: tensor<1x8x8x4xf32>):
    %w = edge.constant dense<1.0> : tensor<1x1x4x4xf32>
    %p = edge.pool max(%a) kernel [3, 3] strides [1, 1] pads_low [1, 1]
        pads_high [1, 1] : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
    // expected-error @+1 {{expects to be pointwise, without strides, after a window}}
    %e = edge.conv(%p, %w) strides [2, 2] pads_low [0, 0] pads_high [0, 0]
        : (tensor<1x8x8x4xf32>, tensor<1x1x4x4xf32>) -> tensor<1x4x4x4xf32>
    edge.yield %e : tensor<1x4x4x4xf32>
  }
  return
}

// -----

func.func @row_bands_of_scalars(%x: tensor<1x8x8x4xf32>) {
  %y = edge.row_bands(%x) rows 2 : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32> {
  ^bb0(%a: tensor<1x8x8x4xf32>):
    // expected-error @+1 {{cannot be computed by rows}}
    %e = edge.neg %a : tensor<1x8x8x4xf32> -> tensor<1x8x8x4xf32>
    edge.yield %e : tensor<1x8x8x4xf32>
  }
  return
}

// -----

func.func @row_bands_of_another_transposition(%x: tensor<1x8x8x4xf32>) {
  %y = edge.row_bands(%x) rows 2 : (tensor<1x8x8x4xf32>) -> tensor<1x8x4x8xf32> {
  ^bb0(%a: tensor<1x8x8x4xf32>):
    // expected-error @+1 {{cannot produce what a window reads}}
    %t = edge.transpose %a [0, 3, 1, 2]
        : tensor<1x8x8x4xf32> -> tensor<1x4x8x8xf32>
    %p = edge.pool max(%t) kernel [3, 3] strides [1, 1] pads_low [1, 1]
        pads_high [1, 1] : (tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32>
    edge.yield %p : tensor<1x4x8x8xf32>
  }
  return
}
