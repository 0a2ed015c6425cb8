// RUN: edgecc-opt %s -split-input-file -verify-diagnostics

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

func.func @row_bands_planar_without_transposition(%x: tensor<1x8x8x4xf32>) {
  // expected-error @+1 {{is planar, and expects a window between two transpositions}}
  %y = edge.row_bands(%x) rows 8 planar
      : (tensor<1x8x8x4xf32>) -> tensor<1x4x8x8xf32> {
  ^bb0(%a: tensor<1x8x8x4xf32>):
    %p = edge.pool max(%a) kernel [3, 3] strides [1, 1] pads_low [1, 1]
        pads_high [1, 1] : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
    %t = edge.transpose %p [0, 3, 1, 2]
        : tensor<1x8x8x4xf32> -> tensor<1x4x8x8xf32>
    edge.yield %t : tensor<1x4x8x8xf32>
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

// -----

func.func @attention_sizes(%q: tensor<16x8xf32>, %k: tensor<12x8xf32>, %v: tensor<16x8xf32>) {
  // expected-error @+1 {{expects sizes that agree, found queries of 16, 8, keys of 12, 8, values of 16, 8 and a result of 16, 8}}
  %y = edge.attention(%q, %k, %v) query_dims [0, 1] key_dims [0, 1] value_dims [0, 1] result_dims [0, 1]
      : (tensor<16x8xf32>, tensor<12x8xf32>, tensor<16x8xf32>) -> tensor<16x8xf32>
  return
}

// -----

func.func @attention_dims(%q: tensor<16x8xf32>, %k: tensor<16x8xf32>, %v: tensor<16x8xf32>) {
  // expected-error @+1 {{expects dimensions that name each one of 'tensor<16x8xf32>' once}}
  %y = edge.attention(%q, %k, %v) query_dims [0, 1] key_dims [1, 1] value_dims [0, 1] result_dims [0, 1]
      : (tensor<16x8xf32>, tensor<16x8xf32>, tensor<16x8xf32>) -> tensor<16x8xf32>
  return
}

// -----

func.func @attention_type(%q: tensor<16x8xf16>, %k: tensor<16x8xf32>, %v: tensor<16x8xf32>) {
  // expected-error @+1 {{expects tensors of f32 or of f16}}
  %y = edge.attention(%q, %k, %v) query_dims [0, 1] key_dims [0, 1] value_dims [0, 1] result_dims [0, 1]
      : (tensor<16x8xf16>, tensor<16x8xf32>, tensor<16x8xf32>) -> tensor<16x8xf32>
  return
}

// -----

func.func @attention_scores(%q: tensor<16x8xf32>, %k: tensor<16x8xf32>, %v: tensor<16x8xf32>) {
  // expected-error @+1 {{expects a region of 1 arguments}}
  %y = edge.attention(%q, %k, %v) query_dims [0, 1] key_dims [0, 1] value_dims [0, 1] result_dims [0, 1]
      : (tensor<16x8xf32>, tensor<16x8xf32>, tensor<16x8xf32>) -> tensor<16x8xf32> {
  ^bb0(%a: f32, %b: f32):
    edge.yield %a : f32
  }
  return
}
