// RUN: edgecc-opt %s -split-input-file -verify-diagnostics

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

func.func @gather_index_type(%x: tensor<4xf32>, %i: tensor<2xi16>) {
  // expected-error @+1 {{operand #1 must be statically shaped tensor of 8-bit signless integer or 8-bit unsigned integer or 32-bit signless integer or 64-bit signless integer values}}
  %y = edge.gather %x[%i] {axis = 0 : i64} : tensor<4xf32>, tensor<2xi16> -> tensor<2xf32>
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

func.func @bitcast_width(%x: tensor<4xf32>) {
  // expected-error @+1 {{expects element types of one width, found 'f32' and 'i16'}}
  %y = edge.bitcast %x to i16 : tensor<4xf32> -> tensor<4xi16>
  return
}
