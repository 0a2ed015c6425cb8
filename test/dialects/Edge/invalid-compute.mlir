// RUN: edgecc-opt %s -split-input-file -verify-diagnostics

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

func.func @conv_types(%x: tensor<1x8x8x4xf16>, %w: tensor<3x3x4x2xf32>) {
  // expected-error @+1 {{expects floats of one type, integers or quantised values, found 'f16' and 'f32'}}
  %y = edge.conv(%x, %w) strides [1, 1] pads_low [0, 0] pads_high [0, 0] : (tensor<1x8x8x4xf16>, tensor<3x3x4x2xf32>) -> tensor<1x6x6x2xf16>
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
