// RUN: edgecc-opt %s | edgecc-opt | FileCheck %s
// RUN: edgecc-opt %s -mlir-print-op-generic | edgecc-opt | FileCheck %s

// Every operation of the dialect, in every form of its syntax.

// CHECK-LABEL: func @unary
func.func @unary(%x: tensor<2x3xf32>, %b: tensor<4xi1>) {
  // CHECK: edge.abs %{{.*}} : tensor<2x3xf32> -> tensor<2x3xf32>
  %abs = edge.abs %x : tensor<2x3xf32> -> tensor<2x3xf32>
  // CHECK: edge.neg %{{.*}} : tensor<2x3xf32> -> tensor<2x3xf32>
  %neg = edge.neg %x : tensor<2x3xf32> -> tensor<2x3xf32>
  // CHECK: edge.exp %{{.*}} : tensor<2x3xf32> -> tensor<2x3xf32>
  %exp = edge.exp %x : tensor<2x3xf32> -> tensor<2x3xf32>
  // CHECK: edge.log %{{.*}} : tensor<2x3xf32> -> tensor<2x3xf32>
  %log = edge.log %x : tensor<2x3xf32> -> tensor<2x3xf32>
  // CHECK: edge.sqrt %{{.*}} : tensor<2x3xf32> -> tensor<2x3xf32>
  %sqrt = edge.sqrt %x : tensor<2x3xf32> -> tensor<2x3xf32>
  // CHECK: edge.rsqrt %{{.*}} : tensor<2x3xf32> -> tensor<2x3xf32>
  %rsqrt = edge.rsqrt %x : tensor<2x3xf32> -> tensor<2x3xf32>
  // CHECK: edge.reciprocal %{{.*}} : tensor<2x3xf32> -> tensor<2x3xf32>
  %reciprocal = edge.reciprocal %x : tensor<2x3xf32> -> tensor<2x3xf32>
  // CHECK: edge.erf %{{.*}} : tensor<2x3xf32> -> tensor<2x3xf32>
  %erf = edge.erf %x : tensor<2x3xf32> -> tensor<2x3xf32>
  // CHECK: edge.tanh %{{.*}} : tensor<2x3xf32> -> tensor<2x3xf32>
  %tanh = edge.tanh %x : tensor<2x3xf32> -> tensor<2x3xf32>
  // CHECK: edge.sigmoid %{{.*}} : tensor<2x3xf32> -> tensor<2x3xf32>
  %sigmoid = edge.sigmoid %x : tensor<2x3xf32> -> tensor<2x3xf32>
  // CHECK: edge.sin %{{.*}} : tensor<2x3xf32> -> tensor<2x3xf32>
  %sin = edge.sin %x : tensor<2x3xf32> -> tensor<2x3xf32>
  // CHECK: edge.cos %{{.*}} : tensor<2x3xf32> -> tensor<2x3xf32>
  %cos = edge.cos %x : tensor<2x3xf32> -> tensor<2x3xf32>
  // CHECK: edge.tan %{{.*}} : tensor<2x3xf32> -> tensor<2x3xf32>
  %tan = edge.tan %x : tensor<2x3xf32> -> tensor<2x3xf32>
  // CHECK: edge.asin %{{.*}} : tensor<2x3xf32> -> tensor<2x3xf32>
  %asin = edge.asin %x : tensor<2x3xf32> -> tensor<2x3xf32>
  // CHECK: edge.acos %{{.*}} : tensor<2x3xf32> -> tensor<2x3xf32>
  %acos = edge.acos %x : tensor<2x3xf32> -> tensor<2x3xf32>
  // CHECK: edge.atan %{{.*}} : tensor<2x3xf32> -> tensor<2x3xf32>
  %atan = edge.atan %x : tensor<2x3xf32> -> tensor<2x3xf32>
  // CHECK: edge.sinh %{{.*}} : tensor<2x3xf32> -> tensor<2x3xf32>
  %sinh = edge.sinh %x : tensor<2x3xf32> -> tensor<2x3xf32>
  // CHECK: edge.cosh %{{.*}} : tensor<2x3xf32> -> tensor<2x3xf32>
  %cosh = edge.cosh %x : tensor<2x3xf32> -> tensor<2x3xf32>
  // CHECK: edge.asinh %{{.*}} : tensor<2x3xf32> -> tensor<2x3xf32>
  %asinh = edge.asinh %x : tensor<2x3xf32> -> tensor<2x3xf32>
  // CHECK: edge.acosh %{{.*}} : tensor<2x3xf32> -> tensor<2x3xf32>
  %acosh = edge.acosh %x : tensor<2x3xf32> -> tensor<2x3xf32>
  // CHECK: edge.atanh %{{.*}} : tensor<2x3xf32> -> tensor<2x3xf32>
  %atanh = edge.atanh %x : tensor<2x3xf32> -> tensor<2x3xf32>
  // CHECK: edge.log1p %{{.*}} : tensor<2x3xf32> -> tensor<2x3xf32>
  %log1p = edge.log1p %x : tensor<2x3xf32> -> tensor<2x3xf32>
  // CHECK: edge.ceil %{{.*}} : tensor<2x3xf32> -> tensor<2x3xf32>
  %ceil = edge.ceil %x : tensor<2x3xf32> -> tensor<2x3xf32>
  // CHECK: edge.floor %{{.*}} : tensor<2x3xf32> -> tensor<2x3xf32>
  %floor = edge.floor %x : tensor<2x3xf32> -> tensor<2x3xf32>
  // CHECK: edge.round %{{.*}} : tensor<2x3xf32> -> tensor<2x3xf32>
  %round = edge.round %x : tensor<2x3xf32> -> tensor<2x3xf32>
  // CHECK: edge.trunc %{{.*}} : tensor<2x3xf32> -> tensor<2x3xf32>
  %trunc = edge.trunc %x : tensor<2x3xf32> -> tensor<2x3xf32>
  // CHECK: edge.sign %{{.*}} : tensor<2x3xf32> -> tensor<2x3xf32>
  %sign = edge.sign %x : tensor<2x3xf32> -> tensor<2x3xf32>
  // CHECK: edge.is_nan %{{.*}} : tensor<2x3xf32> -> tensor<2x3xi1>
  %is_nan = edge.is_nan %x : tensor<2x3xf32> -> tensor<2x3xi1>
  // CHECK: edge.is_inf %{{.*}} : tensor<2x3xf32> -> tensor<2x3xi1>
  %is_inf = edge.is_inf %x : tensor<2x3xf32> -> tensor<2x3xi1>
  // CHECK: edge.not %{{.*}} : tensor<4xi1> -> tensor<4xi1>
  %not = edge.not %b : tensor<4xi1> -> tensor<4xi1>
  // CHECK: edge.clamp %{{.*}} {max = 6.000000e+00 : f64, min = 0.000000e+00 : f64} : tensor<2x3xf32> -> tensor<2x3xf32>
  %clamp = edge.clamp %x {min = 0.0 : f64, max = 6.0 : f64} : tensor<2x3xf32> -> tensor<2x3xf32>
  // CHECK: edge.cast %{{.*}} to ui8 : tensor<2x3xf32> -> tensor<2x3xui8>
  %cast = edge.cast %x to ui8 : tensor<2x3xf32> -> tensor<2x3xui8>
  return
}

// CHECK-LABEL: func @binary
func.func @binary(%x: tensor<2x3xf32>, %y: tensor<3xf32>, %b: tensor<4xi1>,
                  %u: tensor<4xui32>, %s: tensor<ui32>, %e: tensor<0xf32>, %o: tensor<1xf32>) {
  // CHECK: edge.add %{{.*}}, %{{.*}} : tensor<2x3xf32>, tensor<3xf32> -> tensor<2x3xf32>
  %add = edge.add %x, %y : tensor<2x3xf32>, tensor<3xf32> -> tensor<2x3xf32>
  // CHECK: edge.sub %{{.*}}, %{{.*}} : tensor<2x3xf32>, tensor<3xf32> -> tensor<2x3xf32>
  %sub = edge.sub %x, %y : tensor<2x3xf32>, tensor<3xf32> -> tensor<2x3xf32>
  // CHECK: edge.mul %{{.*}}, %{{.*}} : tensor<2x3xf32>, tensor<3xf32> -> tensor<2x3xf32>
  %mul = edge.mul %x, %y : tensor<2x3xf32>, tensor<3xf32> -> tensor<2x3xf32>
  // CHECK: edge.div %{{.*}}, %{{.*}} : tensor<2x3xf32>, tensor<3xf32> -> tensor<2x3xf32>
  %div = edge.div %x, %y : tensor<2x3xf32>, tensor<3xf32> -> tensor<2x3xf32>
  // CHECK: edge.mod %{{.*}}, %{{.*}} : tensor<2x3xf32>, tensor<3xf32> -> tensor<2x3xf32>
  %mod = edge.mod %x, %y : tensor<2x3xf32>, tensor<3xf32> -> tensor<2x3xf32>
  // CHECK: edge.fmod %{{.*}}, %{{.*}} : tensor<2x3xf32>, tensor<3xf32> -> tensor<2x3xf32>
  %fmod = edge.fmod %x, %y : tensor<2x3xf32>, tensor<3xf32> -> tensor<2x3xf32>
  // CHECK: edge.pow %{{.*}}, %{{.*}} : tensor<2x3xf32>, tensor<3xf32> -> tensor<2x3xf32>
  %pow = edge.pow %x, %y : tensor<2x3xf32>, tensor<3xf32> -> tensor<2x3xf32>
  // CHECK: edge.max %{{.*}}, %{{.*}} : tensor<2x3xf32>, tensor<3xf32> -> tensor<2x3xf32>
  %max = edge.max %x, %y : tensor<2x3xf32>, tensor<3xf32> -> tensor<2x3xf32>
  // CHECK: edge.min %{{.*}}, %{{.*}} : tensor<2x3xf32>, tensor<3xf32> -> tensor<2x3xf32>
  %min = edge.min %x, %y : tensor<2x3xf32>, tensor<3xf32> -> tensor<2x3xf32>
  // CHECK: edge.and %{{.*}}, %{{.*}} : tensor<4xi1>, tensor<4xi1> -> tensor<4xi1>
  %and = edge.and %b, %b : tensor<4xi1>, tensor<4xi1> -> tensor<4xi1>
  // CHECK: edge.or %{{.*}}, %{{.*}} : tensor<4xi1>, tensor<4xi1> -> tensor<4xi1>
  %or = edge.or %b, %b : tensor<4xi1>, tensor<4xi1> -> tensor<4xi1>
  // CHECK: edge.xor %{{.*}}, %{{.*}} : tensor<4xi1>, tensor<4xi1> -> tensor<4xi1>
  %xor = edge.xor %b, %b : tensor<4xi1>, tensor<4xi1> -> tensor<4xi1>
  // CHECK: edge.shift_left %{{.*}}, %{{.*}} : tensor<4xui32>, tensor<ui32> -> tensor<4xui32>
  %shift_left = edge.shift_left %u, %s : tensor<4xui32>, tensor<ui32> -> tensor<4xui32>
  // CHECK: edge.shift_right %{{.*}}, %{{.*}} : tensor<4xui32>, tensor<ui32> -> tensor<4xui32>
  %shift_right = edge.shift_right %u, %s : tensor<4xui32>, tensor<ui32> -> tensor<4xui32>
  // CHECK: edge.compare eq %{{.*}}, %{{.*}} : tensor<2x3xf32>, tensor<3xf32> -> tensor<2x3xi1>
  %eq = edge.compare eq %x, %y : tensor<2x3xf32>, tensor<3xf32> -> tensor<2x3xi1>
  // CHECK: edge.compare ne %{{.*}}, %{{.*}} : tensor<2x3xf32>, tensor<3xf32> -> tensor<2x3xi1>
  %ne = edge.compare ne %x, %y : tensor<2x3xf32>, tensor<3xf32> -> tensor<2x3xi1>
  // CHECK: edge.compare lt %{{.*}}, %{{.*}} : tensor<2x3xf32>, tensor<3xf32> -> tensor<2x3xi1>
  %lt = edge.compare lt %x, %y : tensor<2x3xf32>, tensor<3xf32> -> tensor<2x3xi1>
  // CHECK: edge.compare le %{{.*}}, %{{.*}} : tensor<2x3xf32>, tensor<3xf32> -> tensor<2x3xi1>
  %le = edge.compare le %x, %y : tensor<2x3xf32>, tensor<3xf32> -> tensor<2x3xi1>
  // CHECK: edge.select %{{.*}}, %{{.*}}, %{{.*}} : tensor<2x3xi1>, tensor<2x3xf32>, tensor<3xf32> -> tensor<2x3xf32>
  %select = edge.select %lt, %x, %y : tensor<2x3xi1>, tensor<2x3xf32>, tensor<3xf32> -> tensor<2x3xf32>
  // A size of one broadcasts to none as well.
  // CHECK: edge.add %{{.*}}, %{{.*}} : tensor<0xf32>, tensor<1xf32> -> tensor<0xf32>
  %none = edge.add %e, %o : tensor<0xf32>, tensor<1xf32> -> tensor<0xf32>
  return
}

// CHECK-LABEL: func @map
func.func @map(%a: tensor<2x3xf32>, %b: tensor<3xui8>) -> tensor<2x3xui8> {
  // CHECK: edge.map(%{{.*}}, %{{.*}}) : (tensor<2x3xf32>, tensor<3xui8>) -> tensor<2x3xui8> {
  // CHECK-NEXT: ^bb0(%{{.*}}: f32, %{{.*}}: i8):
  // CHECK: edge.yield %{{.*}} : i8
  %y = edge.map(%a, %b) : (tensor<2x3xf32>, tensor<3xui8>) -> tensor<2x3xui8> {
  ^bb0(%s: f32, %t: i8):
    %u = arith.fptoui %s : f32 to i8
    %v = arith.addi %u, %t : i8
    edge.yield %v : i8
  }
  return %y : tensor<2x3xui8>
}

// CHECK-LABEL: func @movement
func.func @movement(%x: tensor<2x4xf32>, %c: tensor<2x1xf32>) {
  // CHECK: edge.constant dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32>
  %constant = edge.constant dense<[1.0, 2.0]> : tensor<2xf32>
  // CHECK: edge.constant dense<> : tensor<0x4xi64>
  %empty = edge.constant dense<> : tensor<0x4xi64>
  // CHECK: edge.reshape %{{.*}} : tensor<2x4xf32> -> tensor<8xf32>
  %reshape = edge.reshape %x : tensor<2x4xf32> -> tensor<8xf32>
  // CHECK: edge.reshape %{{.*}} : tensor<0x4xi64> -> tensor<2x0xi64>
  %reshape_empty = edge.reshape %empty : tensor<0x4xi64> -> tensor<2x0xi64>
  // CHECK: edge.transpose %{{.*}} [1, 0] : tensor<2x4xf32> -> tensor<4x2xf32>
  %transpose = edge.transpose %x [1, 0] : tensor<2x4xf32> -> tensor<4x2xf32>
  // CHECK: edge.broadcast %{{.*}} : tensor<2x1xf32> -> tensor<3x2x5xf32>
  %broadcast = edge.broadcast %c : tensor<2x1xf32> -> tensor<3x2x5xf32>
  // CHECK: edge.slice %{{.*}} offsets [0, 3] sizes [2, 2] strides [1, -2] : tensor<2x4xf32> -> tensor<2x2xf32>
  %slice = edge.slice %x offsets [0, 3] sizes [2, 2] strides [1, -2] : tensor<2x4xf32> -> tensor<2x2xf32>
  // CHECK: edge.slice %{{.*}} offsets [0, 4] sizes [2, 0] strides [1, 1] : tensor<2x4xf32> -> tensor<2x0xf32>
  %nothing = edge.slice %x offsets [0, 4] sizes [2, 0] strides [1, 1] : tensor<2x4xf32> -> tensor<2x0xf32>
  // CHECK: edge.pad %{{.*}} constant low [0, 1] high [1, 2] : tensor<2x4xf32> -> tensor<3x7xf32>
  %pad = edge.pad %x constant low [0, 1] high [1, 2] : tensor<2x4xf32> -> tensor<3x7xf32>
  // CHECK: edge.pad %{{.*}} constant low [0, 1] high [1, 2] {value = -1.000000e+00 : f64} : tensor<2x4xf32> -> tensor<3x7xf32>
  %pad_value = edge.pad %x constant low [0, 1] high [1, 2] {value = -1.0 : f64} : tensor<2x4xf32> -> tensor<3x7xf32>
  // CHECK: edge.pad %{{.*}} reflect low [0, 3] high [1, 0] : tensor<2x4xf32> -> tensor<3x7xf32>
  %reflect = edge.pad %x reflect low [0, 3] high [1, 0] : tensor<2x4xf32> -> tensor<3x7xf32>
  // CHECK: edge.pad %{{.*}} edge low [0, 9] high [0, 0] : tensor<2x4xf32> -> tensor<2x13xf32>
  %edge = edge.pad %x edge low [0, 9] high [0, 0] : tensor<2x4xf32> -> tensor<2x13xf32>
  // CHECK: edge.pad %{{.*}} wrap low [2, 0] high [0, 4] : tensor<2x4xf32> -> tensor<4x8xf32>
  %wrap = edge.pad %x wrap low [2, 0] high [0, 4] : tensor<2x4xf32> -> tensor<4x8xf32>
  // CHECK: edge.concat(%{{.*}}, %{{.*}}, %{{.*}}) {axis = 1 : i64} : (tensor<2x4xf32>, tensor<2x1xf32>, tensor<2x0xf32>) -> tensor<2x5xf32>
  %concat = edge.concat(%x, %c, %nothing) {axis = 1 : i64} : (tensor<2x4xf32>, tensor<2x1xf32>, tensor<2x0xf32>) -> tensor<2x5xf32>
  return
}

// CHECK-LABEL: func @indexing
func.func @indexing(%x: tensor<5x4x3xf32>, %i: tensor<2x6xi64>, %n: tensor<i32>,
                    %m: tensor<5x4xf32>, %e: tensor<2x4xi64>,
                    %t: tensor<7x2xi64>, %u: tensor<7x3xf32>,
                    %w: tensor<2x4xf32>, %b: tensor<5x7x1xi64>) {
  // CHECK: edge.gather %{{.*}}[%{{.*}}] {axis = 1 : i64} : tensor<5x4x3xf32>, tensor<2x6xi64> -> tensor<5x2x6x3xf32>
  %gather = edge.gather %x[%i] {axis = 1 : i64} : tensor<5x4x3xf32>, tensor<2x6xi64> -> tensor<5x2x6x3xf32>
  // CHECK: edge.gather %{{.*}}[%{{.*}}] {axis = 0 : i64} : tensor<5x4x3xf32>, tensor<i32> -> tensor<4x3xf32>
  %one = edge.gather %x[%n] {axis = 0 : i64} : tensor<5x4x3xf32>, tensor<i32> -> tensor<4x3xf32>
  // CHECK: edge.gather_elements %{{.*}}[%{{.*}}] {axis = 0 : i64} : tensor<5x4xf32>, tensor<2x4xi64> -> tensor<2x4xf32>
  %elements = edge.gather_elements %m[%e] {axis = 0 : i64} : tensor<5x4xf32>, tensor<2x4xi64> -> tensor<2x4xf32>
  // CHECK: edge.gather_nd %{{.*}}[%{{.*}}] : tensor<5x4x3xf32>, tensor<7x2xi64> -> tensor<7x3xf32>
  %nd = edge.gather_nd %x[%t] : tensor<5x4x3xf32>, tensor<7x2xi64> -> tensor<7x3xf32>
  // CHECK: edge.gather_nd %{{.*}}[%{{.*}}] {batch_dims = 1 : i64} : tensor<5x4x3xf32>, tensor<5x7x1xi64> -> tensor<5x7x3xf32>
  %batched = edge.gather_nd %x[%b] {batch_dims = 1 : i64} : tensor<5x4x3xf32>, tensor<5x7x1xi64> -> tensor<5x7x3xf32>

  // CHECK: edge.scatter_elements none %{{.*}} into %{{.*}}[%{{.*}}] {axis = 0 : i64} : tensor<2x4xf32> into tensor<5x4xf32>, tensor<2x4xi64> -> tensor<5x4xf32>
  %elements_none = edge.scatter_elements none %w into %m[%e] {axis = 0 : i64} : tensor<2x4xf32> into tensor<5x4xf32>, tensor<2x4xi64> -> tensor<5x4xf32>
  // CHECK: edge.scatter_elements add %{{.*}} into %{{.*}}[%{{.*}}] {axis = 0 : i64} : tensor<2x4xf32> into tensor<5x4xf32>, tensor<2x4xi64> -> tensor<5x4xf32>
  %elements_add = edge.scatter_elements add %w into %m[%e] {axis = 0 : i64} : tensor<2x4xf32> into tensor<5x4xf32>, tensor<2x4xi64> -> tensor<5x4xf32>
  // CHECK: edge.scatter_elements mul %{{.*}} into %{{.*}}[%{{.*}}] {axis = 0 : i64} : tensor<2x4xf32> into tensor<5x4xf32>, tensor<2x4xi64> -> tensor<5x4xf32>
  %elements_mul = edge.scatter_elements mul %w into %m[%e] {axis = 0 : i64} : tensor<2x4xf32> into tensor<5x4xf32>, tensor<2x4xi64> -> tensor<5x4xf32>
  // CHECK: edge.scatter_elements max %{{.*}} into %{{.*}}[%{{.*}}] {axis = 0 : i64} : tensor<2x4xf32> into tensor<5x4xf32>, tensor<2x4xi64> -> tensor<5x4xf32>
  %elements_max = edge.scatter_elements max %w into %m[%e] {axis = 0 : i64} : tensor<2x4xf32> into tensor<5x4xf32>, tensor<2x4xi64> -> tensor<5x4xf32>
  // CHECK: edge.scatter_elements min %{{.*}} into %{{.*}}[%{{.*}}] {axis = 0 : i64} : tensor<2x4xf32> into tensor<5x4xf32>, tensor<2x4xi64> -> tensor<5x4xf32>
  %elements_min = edge.scatter_elements min %w into %m[%e] {axis = 0 : i64} : tensor<2x4xf32> into tensor<5x4xf32>, tensor<2x4xi64> -> tensor<5x4xf32>
  // CHECK: edge.scatter_nd add %{{.*}} into %{{.*}}[%{{.*}}] : tensor<7x3xf32> into tensor<5x4x3xf32>, tensor<7x2xi64> -> tensor<5x4x3xf32>
  %scatter_nd = edge.scatter_nd add %u into %x[%t] : tensor<7x3xf32> into tensor<5x4x3xf32>, tensor<7x2xi64> -> tensor<5x4x3xf32>
  // CHECK: edge.top_k max %{{.*}} {axis = 1 : i64, k = 3 : i64} : tensor<5x4x3xf32> -> tensor<5x3x3xf32>, tensor<5x3x3xi64>
  %v, %p = edge.top_k max %x {axis = 1 : i64, k = 3 : i64} : tensor<5x4x3xf32> -> tensor<5x3x3xf32>, tensor<5x3x3xi64>
  // CHECK: edge.top_k min %{{.*}} {axis = 2 : i64, k = 0 : i64} : tensor<5x4x3xf32> -> tensor<5x4x0xf32>, tensor<5x4x0xi64>
  %v0, %p0 = edge.top_k min %x {axis = 2 : i64, k = 0 : i64} : tensor<5x4x3xf32> -> tensor<5x4x0xf32>, tensor<5x4x0xi64>
  return
}

// CHECK-LABEL: func @contractions
func.func @contractions(%x: tensor<1x8x8x6xf32>, %w: tensor<3x3x6x16xf32>,
                        %b: tensor<16xf32>, %d: tensor<3x3x1x6xf32>,
                        %t: tensor<2x2x6x5xf32>, %l: tensor<1x9x4xf32>,
                        %lw: tensor<3x4x2xf32>, %a: tensor<4x8x16xf32>,
                        %r: tensor<16x32xf32>, %c: tensor<32xf32>,
                        %q: tensor<4x8xui8>, %k: tensor<8x2xi8>) {
  // CHECK: edge.conv(%{{.*}}, %{{.*}}, %{{.*}}) strides [2, 2] pads_low [1, 1] pads_high [1, 1] : (tensor<1x8x8x6xf32>, tensor<3x3x6x16xf32>, tensor<16xf32>) -> tensor<1x4x4x16xf32>
  %conv = edge.conv(%x, %w, %b) strides [2, 2] pads_low [1, 1] pads_high [1, 1]
    : (tensor<1x8x8x6xf32>, tensor<3x3x6x16xf32>, tensor<16xf32>) -> tensor<1x4x4x16xf32>
  // CHECK: edge.conv(%{{.*}}, %{{.*}}) strides [1, 1] dilations [2, 2] pads_low [0, 0] pads_high [0, 0] groups 6 : (tensor<1x8x8x6xf32>, tensor<3x3x1x6xf32>) -> tensor<1x4x4x6xf32>
  %depthwise = edge.conv(%x, %d) strides [1, 1] dilations [2, 2] pads_low [0, 0] pads_high [0, 0] groups 6
    : (tensor<1x8x8x6xf32>, tensor<3x3x1x6xf32>) -> tensor<1x4x4x6xf32>
  // CHECK: edge.conv(%{{.*}}, %{{.*}}) strides [1] pads_low [2] pads_high [0] : (tensor<1x9x4xf32>, tensor<3x4x2xf32>) -> tensor<1x9x2xf32>
  %conv1 = edge.conv(%l, %lw) strides [1] pads_low [2] pads_high [0]
    : (tensor<1x9x4xf32>, tensor<3x4x2xf32>) -> tensor<1x9x2xf32>
  // CHECK: edge.conv(%{{.*}}, %{{.*}}) with(%{{.*}}) strides [1, 1] pads_low [0, 0] pads_high [0, 0] : (tensor<1x8x8x6xf32>, tensor<3x3x6x16xf32>, tensor<16xf32>) -> tensor<1x6x6x16xi8> {
  // CHECK-NEXT: ^bb0(%{{.*}}: f32, %{{.*}}: f32):
  // CHECK: edge.yield %{{.*}} : i8
  %fused = edge.conv(%x, %w) with(%b) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
    : (tensor<1x8x8x6xf32>, tensor<3x3x6x16xf32>, tensor<16xf32>) -> tensor<1x6x6x16xi8> {
  ^bb0(%s: f32, %e: f32):
    %m = arith.mulf %s, %e : f32
    %n = arith.fptosi %m : f32 to i8
    edge.yield %n : i8
  }
  // CHECK: edge.conv_transpose(%{{.*}}, %{{.*}}) strides [2, 2] pads_low [0, 0] pads_high [0, 1] output_padding [0, 1] groups 2 : (tensor<1x8x8x6xf32>, tensor<2x2x6x5xf32>) -> tensor<1x16x16x10xf32>
  %transposed = edge.conv_transpose(%x, %t) strides [2, 2] pads_low [0, 0] pads_high [0, 1] output_padding [0, 1] groups 2
    : (tensor<1x8x8x6xf32>, tensor<2x2x6x5xf32>) -> tensor<1x16x16x10xf32>
  // CHECK: edge.matmul(%{{.*}}, %{{.*}}, %{{.*}}) : (tensor<4x8x16xf32>, tensor<16x32xf32>, tensor<32xf32>) -> tensor<4x8x32xf32>
  %matmul = edge.matmul(%a, %r, %c) : (tensor<4x8x16xf32>, tensor<16x32xf32>, tensor<32xf32>) -> tensor<4x8x32xf32>
  // CHECK: edge.matmul(%{{.*}}, %{{.*}}) : (tensor<4x8xui8>, tensor<8x2xi8>) -> tensor<4x2xi32>
  %quantised = edge.matmul(%q, %k) : (tensor<4x8xui8>, tensor<8x2xi8>) -> tensor<4x2xi32>
  // CHECK: edge.matmul(%{{.*}}, %{{.*}}) with(%{{.*}}) : (tensor<4x8x16xf32>, tensor<16x32xf32>, tensor<32xf32>) -> tensor<4x8x32xf32> {
  %scaled = edge.matmul(%a, %r) with(%c) : (tensor<4x8x16xf32>, tensor<16x32xf32>, tensor<32xf32>) -> tensor<4x8x32xf32> {
  ^bb0(%s: f32, %e: f32):
    %m = arith.mulf %s, %e : f32
    edge.yield %m : f32
  }
  return
}

// CHECK-LABEL: func @reductions
func.func @reductions(%x: tensor<1x8x8x16xf32>, %y: tensor<2x10xf32>,
                      %s: tensor<10xf32>, %b: tensor<10xf32>) {
  // CHECK: edge.pool max(%{{.*}}) kernel [3, 3] strides [2, 2] pads_low [1, 1] pads_high [1, 1] : (tensor<1x8x8x16xf32>) -> tensor<1x4x4x16xf32>
  %max = edge.pool max(%x) kernel [3, 3] strides [2, 2] pads_low [1, 1] pads_high [1, 1]
    : (tensor<1x8x8x16xf32>) -> tensor<1x4x4x16xf32>
  // CHECK: edge.pool sum(%{{.*}}) kernel [2, 2] strides [1, 1] dilations [3, 3] pads_low [0, 0] pads_high [0, 0] : (tensor<1x8x8x16xf32>) -> tensor<1x5x5x16xf32> {
  %average = edge.pool sum(%x) kernel [2, 2] strides [1, 1] dilations [3, 3] pads_low [0, 0] pads_high [0, 0]
    : (tensor<1x8x8x16xf32>) -> tensor<1x5x5x16xf32> {
  ^bb0(%e: f32):
    %f = arith.constant 0.25 : f32
    %m = arith.mulf %e, %f : f32
    edge.yield %m : f32
  }

  // CHECK: edge.reduce sum(%{{.*}}) axes [1, 2] : (tensor<1x8x8x16xf32>) -> tensor<1x1x1x16xf32>
  %reduce_sum = edge.reduce sum(%x) axes [1, 2] : (tensor<1x8x8x16xf32>) -> tensor<1x1x1x16xf32>
  // CHECK: edge.reduce prod(%{{.*}}) axes [1, 2] : (tensor<1x8x8x16xf32>) -> tensor<1x1x1x16xf32>
  %reduce_prod = edge.reduce prod(%x) axes [1, 2] : (tensor<1x8x8x16xf32>) -> tensor<1x1x1x16xf32>
  // CHECK: edge.reduce max(%{{.*}}) axes [1, 2] : (tensor<1x8x8x16xf32>) -> tensor<1x1x1x16xf32>
  %reduce_max = edge.reduce max(%x) axes [1, 2] : (tensor<1x8x8x16xf32>) -> tensor<1x1x1x16xf32>
  // CHECK: edge.reduce min(%{{.*}}) axes [1, 2] : (tensor<1x8x8x16xf32>) -> tensor<1x1x1x16xf32>
  %reduce_min = edge.reduce min(%x) axes [1, 2] : (tensor<1x8x8x16xf32>) -> tensor<1x1x1x16xf32>
  // CHECK: edge.arg_reduce max %{{.*}} {axis = 1 : i64} : tensor<2x10xf32> -> tensor<2x1xi64>
  %first = edge.arg_reduce max %y {axis = 1 : i64} : tensor<2x10xf32> -> tensor<2x1xi64>
  // CHECK: edge.arg_reduce min %{{.*}} {axis = 0 : i64, last} : tensor<2x10xf32> -> tensor<1x10xi64>
  %last = edge.arg_reduce min %y {axis = 0 : i64, last} : tensor<2x10xf32> -> tensor<1x10xi64>
  // CHECK: edge.cumulative sum %{{.*}} {axis = 1 : i64} : tensor<2x10xf32> -> tensor<2x10xf32>
  %running = edge.cumulative sum %y {axis = 1 : i64} : tensor<2x10xf32> -> tensor<2x10xf32>
  // CHECK: edge.cumulative sum %{{.*}} {axis = 1 : i64, exclusive, reverse} : tensor<2x10xf32> -> tensor<2x10xf32>
  %back = edge.cumulative sum %y {axis = 1 : i64, exclusive, reverse} : tensor<2x10xf32> -> tensor<2x10xf32>
  // CHECK: edge.softmax %{{.*}} {axis = 1 : i64} : tensor<2x10xf32> -> tensor<2x10xf32>
  %softmax = edge.softmax %y {axis = 1 : i64} : tensor<2x10xf32> -> tensor<2x10xf32>
  // CHECK: edge.softmax %{{.*}} {axis = 0 : i64, log} : tensor<2x10xf32> -> tensor<2x10xf32>
  %log = edge.softmax %y {axis = 0 : i64, log} : tensor<2x10xf32> -> tensor<2x10xf32>
  // CHECK: edge.layer_norm(%{{.*}}, %{{.*}}, %{{.*}}) {axis = 1 : i64, epsilon = 1.000000e-05 : f64} : (tensor<2x10xf32>, tensor<10xf32>, tensor<10xf32>) -> tensor<2x10xf32>
  %norm = edge.layer_norm(%y, %s, %b) {axis = 1 : i64, epsilon = 1.0e-5 : f64}
    : (tensor<2x10xf32>, tensor<10xf32>, tensor<10xf32>) -> tensor<2x10xf32>
  // CHECK: edge.layer_norm(%{{.*}}) {axis = 0 : i64, epsilon = 1.000000e-05 : f64, rms} : (tensor<2x10xf32>) -> tensor<2x10xf32>
  %rms = edge.layer_norm(%y) {axis = 0 : i64, epsilon = 1.0e-5 : f64, rms} : (tensor<2x10xf32>) -> tensor<2x10xf32>
  // CHECK: edge.resample %{{.*}} {axis = 0 : i64, indices = dense<{{.*}}> : tensor<3x2xi32>, weights = dense<5.000000e-01> : tensor<3x2xf32>} : tensor<2x10xf32> -> tensor<3x10xf32>
  %resample = edge.resample %y {axis = 0 : i64, indices = dense<[[0, 0], [0, 1], [1, 1]]> : tensor<3x2xi32>,
    weights = dense<0.5> : tensor<3x2xf32>} : tensor<2x10xf32> -> tensor<3x10xf32>
  return
}

// CHECK-LABEL: func @cells
func.func @cells(%x4: tensor<5x1x32xf32>, %r4: tensor<8x32xf32>,
                 %x3: tensor<5x1x24xf32>, %r3: tensor<8x24xf32>,
                 %x1: tensor<5x1x8xf32>, %r1: tensor<8x8xf32>,
                 %h: tensor<1x8xf32>, %c: tensor<1x8xf32>,
                 %b: tensor<24xf32>) {
  // CHECK: edge.lstm(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}) : (tensor<5x1x32xf32>, tensor<8x32xf32>, tensor<1x8xf32>, tensor<1x8xf32>) -> (tensor<5x1x8xf32>, tensor<1x8xf32>, tensor<1x8xf32>)
  %l:3 = edge.lstm(%x4, %r4, %h, %c) : (tensor<5x1x32xf32>, tensor<8x32xf32>, tensor<1x8xf32>, tensor<1x8xf32>)
    -> (tensor<5x1x8xf32>, tensor<1x8xf32>, tensor<1x8xf32>)
  // CHECK: edge.lstm(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}) {reverse}
  %p:3 = edge.lstm(%x4, %r4, %h, %c, %b) {reverse}
    : (tensor<5x1x32xf32>, tensor<8x32xf32>, tensor<1x8xf32>, tensor<1x8xf32>, tensor<24xf32>)
    -> (tensor<5x1x8xf32>, tensor<1x8xf32>, tensor<1x8xf32>)
  // CHECK: edge.gru(%{{.*}}, %{{.*}}, %{{.*}}) : (tensor<5x1x24xf32>, tensor<8x24xf32>, tensor<1x8xf32>) -> (tensor<5x1x8xf32>, tensor<1x8xf32>)
  %g:2 = edge.gru(%x3, %r3, %h) : (tensor<5x1x24xf32>, tensor<8x24xf32>, tensor<1x8xf32>)
    -> (tensor<5x1x8xf32>, tensor<1x8xf32>)
  // CHECK: edge.gru(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}) {linear_before_reset, reverse}
  %f:2 = edge.gru(%x3, %r3, %h, %b) {linear_before_reset, reverse}
    : (tensor<5x1x24xf32>, tensor<8x24xf32>, tensor<1x8xf32>, tensor<24xf32>) -> (tensor<5x1x8xf32>, tensor<1x8xf32>)
  // CHECK: edge.rnn tanh(%{{.*}}, %{{.*}}, %{{.*}}) : (tensor<5x1x8xf32>, tensor<8x8xf32>, tensor<1x8xf32>) -> (tensor<5x1x8xf32>, tensor<1x8xf32>)
  %r:2 = edge.rnn tanh(%x1, %r1, %h) : (tensor<5x1x8xf32>, tensor<8x8xf32>, tensor<1x8xf32>)
    -> (tensor<5x1x8xf32>, tensor<1x8xf32>)
  // CHECK: edge.rnn relu(%{{.*}}, %{{.*}}, %{{.*}}) {reverse}
  %s:2 = edge.rnn relu(%x1, %r1, %h) {reverse} : (tensor<5x1x8xf32>, tensor<8x8xf32>, tensor<1x8xf32>)
    -> (tensor<5x1x8xf32>, tensor<1x8xf32>)
  return
}

// CHECK-LABEL: func @branches
func.func @branches(%c: tensor<i1>, %x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  // CHECK: %{{.*}}:2 = edge.if %{{.*}} -> (tensor<4xf32>, tensor<4xf32>) {
  // CHECK-NEXT: edge.yield %{{.*}}, %{{.*}} : tensor<4xf32>, tensor<4xf32>
  // CHECK-NEXT: } else {
  // CHECK: edge.yield
  // CHECK-NEXT: } : tensor<i1>
  %y:2 = edge.if %c -> (tensor<4xf32>, tensor<4xf32>) {
    edge.yield %x, %x : tensor<4xf32>, tensor<4xf32>
  } else {
    %z = edge.neg %x : tensor<4xf32> -> tensor<4xf32>
    edge.yield %z, %x : tensor<4xf32>, tensor<4xf32>
  } : tensor<i1>
  return %y#0, %y#1 : tensor<4xf32>, tensor<4xf32>
}

!u8 = !quant.uniform<u8:f32, 0.5:128>
!i8 = !quant.uniform<i8:f32, 0.25>
!w8 = !quant.uniform<i8:f32:3, {0.5, 0.25}>
!w4 = !quant.uniform<i8<-7:7>:f32:1, {0.5, 0.25}>
!bias = !quant.uniform<i32:f32:0, {0.25, 0.125}>

// CHECK-LABEL: func @quantised
func.func @quantised(%x: tensor<1x8x8x3x!u8>, %w: tensor<3x3x3x2x!w8>,
    %b: tensor<2x!bias>, %m: tensor<4x2x!w4>, %f: tensor<1x6x6x2xf32>) {
  // CHECK: edge.conv({{.*}}) {{.*}} : (tensor<1x8x8x3x!quant.uniform<u8:f32, {{.*}}:128>>, tensor<3x3x3x2x!quant.uniform<i8:f32:3, {{.*}}>>, tensor<2x!quant.uniform<i32:f32:0, {{.*}}>>) -> tensor<1x6x6x2x!quant.uniform<i8:f32, {{.*}}>>
  %0 = edge.conv(%x, %w, %b) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
      : (tensor<1x8x8x3x!u8>, tensor<3x3x3x2x!w8>, tensor<2x!bias>) -> tensor<1x6x6x2x!i8>
  // CHECK: edge.add {{.*}} -> tensor<1x6x6x2x!quant.uniform<u8:f32,
  %1 = edge.add %0, %f : tensor<1x6x6x2x!i8>, tensor<1x6x6x2xf32> -> tensor<1x6x6x2x!u8>
  // CHECK: edge.reshape {{.*}} -> tensor<18x4x!quant.uniform<u8:f32,
  %2 = edge.reshape %1 : tensor<1x6x6x2x!u8> -> tensor<18x4x!u8>
  // CHECK: edge.matmul({{.*}}) {{.*}} -> tensor<18x2xf32>
  %3 = edge.matmul(%2, %m) : (tensor<18x4x!u8>, tensor<4x2x!w4>) -> tensor<18x2xf32>
  // CHECK: edge.transpose {{.*}} -> tensor<2x4x!quant.uniform<i8<-7:7>:f32:0, {{.*}}>>
  %4 = edge.transpose %m [1, 0] : tensor<4x2x!w4> -> tensor<2x4x!quant.uniform<i8<-7:7>:f32:0, {0.5, 0.25}>>
  // CHECK: edge.pool max({{.*}}) {{.*}} -> tensor<1x3x3x2x!quant.uniform<u8:f32, {{.*}}>>
  %5 = edge.pool max(%1) kernel [2, 2] strides [2, 2] pads_low [0, 0]
      pads_high [0, 0] : (tensor<1x6x6x2x!u8>) -> tensor<1x3x3x2x!u8>
  // CHECK: edge.reduce sum({{.*}}) {{.*}} -> tensor<1x1x1x2x!quant.uniform<i8:f32,
  %6 = edge.reduce sum(%5) axes [1, 2] : (tensor<1x3x3x2x!u8>) -> tensor<1x1x1x2x!i8>
  return
}

// CHECK-LABEL: func @quantised_casts
func.func @quantised_casts(%x: tensor<2x4xf32>, %w: tensor<4x2xi8>) {
  // CHECK: edge.quantize %{{.*}} : tensor<2x4xf32> -> tensor<2x4x!quant.uniform<u8:f32, {{.*}}:128>>
  %0 = edge.quantize %x : tensor<2x4xf32> -> tensor<2x4x!u8>
  // CHECK: edge.storage_cast %{{.*}} : tensor<2x4x!quant.uniform<u8:f32, {{.*}}:128>> -> tensor<2x4xui8>
  %1 = edge.storage_cast %0 : tensor<2x4x!u8> -> tensor<2x4xui8>
  // CHECK: edge.storage_cast %{{.*}} : tensor<4x2xi8> -> tensor<4x2x!quant.uniform<i8<-7:7>:f32:1, {{.*}}>>
  %2 = edge.storage_cast %w : tensor<4x2xi8> -> tensor<4x2x!w4>
  // CHECK: edge.dequantize %{{.*}} : tensor<4x2x!quant.uniform<i8<-7:7>:f32:1, {{.*}}>> -> tensor<4x2xf32>
  %3 = edge.dequantize %2 : tensor<4x2x!w4> -> tensor<4x2xf32>
  return
}

// CHECK-LABEL: func @blocks
func.func @blocks(%x: tensor<3x4x6xf32>, %q: tensor<6x2xui8>, %s: tensor<2x2xf32>, %z: tensor<2x2xui8>, %b: tensor<2xf32>) {
  // CHECK: edge.dequantize_blocks %{{.*}}, %{{.*}}, %{{.*}} axis 0 block 4 : (tensor<6x2xui8>, tensor<2x2xf32>, tensor<2x2xui8>) -> tensor<6x2xf32>
  %0 = edge.dequantize_blocks %q, %s, %z axis 0 block 4 : (tensor<6x2xui8>, tensor<2x2xf32>, tensor<2x2xui8>) -> tensor<6x2xf32>
  // CHECK: edge.block_matmul(%{{.*}}, %{{.*}}, %{{.*}} zero_points %{{.*}} bias %{{.*}}) with(%{{.*}}) block 4 : ({{.*}}) -> tensor<3x4x2xf32> {
  %1 = edge.block_matmul(%x, %q, %s zero_points %z bias %b) with(%b) block 4
    : (tensor<3x4x6xf32>, tensor<6x2xui8>, tensor<2x2xf32>, tensor<2x2xui8>, tensor<2xf32>, tensor<2xf32>) -> tensor<3x4x2xf32> {
  ^bb0(%v: f32, %e: f32):
    %m = arith.mulf %v, %e : f32
    edge.yield %m : f32
  }
  return
}

// CHECK-LABEL: func @unsigned_epilogue
func.func @unsigned_epilogue(%x: tensor<4x8xui8>, %w: tensor<8x2xi8>) -> tensor<4x2xui8> {
  // CHECK: edge.matmul({{.*}}) : (tensor<4x8xui8>, tensor<8x2xi8>) -> tensor<4x2xui8>
  %0 = edge.matmul(%x, %w) : (tensor<4x8xui8>, tensor<8x2xi8>) -> tensor<4x2xui8> {
  ^bb0(%a: i32):
    %s = arith.trunci %a : i32 to i8
    edge.yield %s : i8
  }
  return %0 : tensor<4x2xui8>
}

// CHECK-LABEL: func @loops
func.func @loops(%n: tensor<i64>, %c: tensor<i1>, %x: tensor<4xf32>) -> (tensor<4xf32>, tensor<5x4xf32>, tensor<4xf32>) {
  // CHECK: %{{.*}}:2 = edge.loop 5 from(%{{.*}}) : (tensor<4xf32>) -> (tensor<4xf32>, tensor<5x4xf32>) {
  // CHECK-NEXT: ^bb0(%{{.*}}: tensor<i64>, %{{.*}}: tensor<4xf32>):
  // CHECK: edge.yield %{{.*}}, %{{.*}} : tensor<4xf32>, tensor<4xf32>
  %last, %all = edge.loop 5 from (%x) : (tensor<4xf32>) -> (tensor<4xf32>, tensor<5x4xf32>) {
  ^bb0(%i: tensor<i64>, %v: tensor<4xf32>):
    %w = edge.neg %v : tensor<4xf32> -> tensor<4xf32>
    edge.yield %w, %v : tensor<4xf32>, tensor<4xf32>
  }
  // CHECK: edge.loop 100 trips %{{.*}} : tensor<i64> while %{{.*}} : tensor<i1> from(%{{.*}}) : (tensor<4xf32>) -> tensor<4xf32> {
  %some = edge.loop 100 trips %n : tensor<i64> while %c : tensor<i1> from (%x) : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%i: tensor<i64>, %v: tensor<4xf32>):
    %w = edge.neg %v : tensor<4xf32> -> tensor<4xf32>
    edge.yield %c, %w : tensor<i1>, tensor<4xf32>
  }
  return %last, %all, %some : tensor<4xf32>, tensor<5x4xf32>, tensor<4xf32>
}

// CHECK-LABEL: func @same_bits
func.func @same_bits(%x: tensor<4xf32>, %b: tensor<4xi1>) -> (tensor<4xi32>, tensor<4xui8>) {
  // CHECK: edge.bitcast %{{.*}} to i32 : tensor<4xf32> -> tensor<4xi32>
  %y = edge.bitcast %x to i32 : tensor<4xf32> -> tensor<4xi32>
  // CHECK: edge.bitcast %{{.*}} to ui8 : tensor<4xi1> -> tensor<4xui8>
  %z = edge.bitcast %b to ui8 : tensor<4xi1> -> tensor<4xui8>
  return %y, %z : tensor<4xi32>, tensor<4xui8>
}

// CHECK-LABEL: func @bands
func.func @bands(%x: tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32> {
  // CHECK: edge.row_bands(%{{.*}}) rows 2 : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32> {
  // CHECK-NEXT: ^bb0(%{{.*}}: tensor<1x8x8x4xf32>):
  // CHECK: edge.yield %{{.*}} : tensor<1x8x8x4xf32>
  %y = edge.row_bands(%x) rows 2 : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32> {
  ^bb0(%a: tensor<1x8x8x4xf32>):
    %w = edge.constant dense<1.0> : tensor<1x1x4x4xf32>
    %e = edge.conv(%a, %w) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
        : (tensor<1x8x8x4xf32>, tensor<1x1x4x4xf32>) -> tensor<1x8x8x4xf32>
    %p = edge.pool max(%e) kernel [3, 3] strides [1, 1] pads_low [1, 1]
        pads_high [1, 1] : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
    edge.yield %p : tensor<1x8x8x4xf32>
  }
  return %y : tensor<1x8x8x4xf32>
}
