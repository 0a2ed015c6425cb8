// RUN: edgecc-opt %s -canonicalize | FileCheck %s

// Shape arithmetic and other small constants fold through the scalar code of
// the operations themselves.

// CHECK-LABEL: func @arithmetic
func.func @arithmetic() -> (tensor<2xi64>, tensor<3xf32>, tensor<2x2xi32>, tensor<i64>) {
  %shape = edge.constant dense<[7, -7]> : tensor<2xi64>
  %two = edge.constant dense<2> : tensor<i64>
  %x = edge.constant dense<[1.0, 2.0, 4.0]> : tensor<3xf32>
  %column = edge.constant dense<[[10], [20]]> : tensor<2x1xi32>
  %row = edge.constant dense<[1, 2]> : tensor<2xi32>
  // Division truncates toward zero.
  // CHECK-DAG: %[[DIV:.*]] = edge.constant dense<[3, -3]> : tensor<2xi64>
  %div = edge.div %shape, %two : tensor<2xi64>, tensor<i64> -> tensor<2xi64>
  // CHECK-DAG: %[[SQRT:.*]] = edge.constant dense<[1.000000e+00, 5.000000e-01, 2.500000e-01]> : tensor<3xf32>
  %reciprocal = edge.reciprocal %x : tensor<3xf32> -> tensor<3xf32>
  // CHECK-DAG: %[[SUM:.*]] = edge.constant dense<{{\[\[}}11, 12], [21, 22]]> : tensor<2x2xi32>
  %sum = edge.add %column, %row : tensor<2x1xi32>, tensor<2xi32> -> tensor<2x2xi32>
  // CHECK-DAG: %[[MOD:.*]] = edge.constant dense<1> : tensor<i64>
  %minus = edge.constant dense<-7> : tensor<i64>
  %mod = edge.mod %minus, %two : tensor<i64>, tensor<i64> -> tensor<i64>
  // CHECK: return %[[DIV]], %[[SQRT]], %[[SUM]], %[[MOD]]
  return %div, %reciprocal, %sum, %mod : tensor<2xi64>, tensor<3xf32>, tensor<2x2xi32>, tensor<i64>
}

// CHECK-LABEL: func @casts
func.func @casts() -> (tensor<4xui8>, tensor<3xi32>, tensor<2xi1>, tensor<2xf16>, tensor<2xf32>) {
  %x = edge.constant dense<[-1.5, 2.9, 300.0, 0x7FC00000]> : tensor<4xf32>
  %i = edge.constant dense<[4294967296, -1, 5]> : tensor<3xi64>
  %b = edge.constant dense<[0.0, 0.5]> : tensor<2xf32>
  %u = edge.constant dense<[255, 3]> : tensor<2xui8>
  // A float saturates, truncates; an integer wraps.
  // CHECK-DAG: %[[A:.*]] = edge.constant dense<[0, 2, 255, 0]> : tensor<4xui8>
  %a = edge.cast %x to ui8 : tensor<4xf32> -> tensor<4xui8>
  // CHECK-DAG: %[[B:.*]] = edge.constant dense<[0, -1, 5]> : tensor<3xi32>
  %c = edge.cast %i to i32 : tensor<3xi64> -> tensor<3xi32>
  // CHECK-DAG: %[[C:.*]] = edge.constant dense<[false, true]> : tensor<2xi1>
  %d = edge.cast %b to i1 : tensor<2xf32> -> tensor<2xi1>
  // CHECK-DAG: %[[D:.*]] = edge.constant dense<[0.000000e+00, 5.000000e-01]> : tensor<2xf16>
  %e = edge.cast %b to f16 : tensor<2xf32> -> tensor<2xf16>
  // CHECK-DAG: %[[E:.*]] = edge.constant dense<[2.550000e+02, 3.000000e+00]> : tensor<2xf32>
  %f = edge.cast %u to f32 : tensor<2xui8> -> tensor<2xf32>
  // CHECK: return %[[A]], %[[B]], %[[C]], %[[D]], %[[E]]
  return %a, %c, %d, %e, %f : tensor<4xui8>, tensor<3xi32>, tensor<2xi1>, tensor<2xf16>, tensor<2xf32>
}

// A distance of the width or more shifts everything out; to the right, the sign
// of a signed number stays.
// CHECK-LABEL: func @shifts
func.func @shifts() -> (tensor<3xi8>, tensor<3xui8>, tensor<3xi8>) {
  %x = edge.constant dense<[-8, 5, -1]> : tensor<3xi8>
  %u = edge.constant dense<[248, 5, 255]> : tensor<3xui8>
  %n = edge.constant dense<[1, 8, -1]> : tensor<3xi8>
  %m = edge.constant dense<[1, 8, 255]> : tensor<3xui8>
  // CHECK-DAG: %[[L:.*]] = edge.constant dense<[-16, 0, 0]> : tensor<3xi8>
  %l = edge.shift_left %x, %n : tensor<3xi8>, tensor<3xi8> -> tensor<3xi8>
  // CHECK-DAG: %[[U:.*]] = edge.constant dense<[124, 0, 0]> : tensor<3xui8>
  %r = edge.shift_right %u, %m : tensor<3xui8>, tensor<3xui8> -> tensor<3xui8>
  // CHECK-DAG: %[[S:.*]] = edge.constant dense<[-4, 0, -1]> : tensor<3xi8>
  %s = edge.shift_right %x, %n : tensor<3xi8>, tensor<3xi8> -> tensor<3xi8>
  // CHECK: return %[[L]], %[[U]], %[[S]]
  return %l, %r, %s : tensor<3xi8>, tensor<3xui8>, tensor<3xi8>
}

// CHECK-LABEL: func @choices
func.func @choices() -> (tensor<3xi1>, tensor<3xi64>, tensor<3xf32>) {
  %x = edge.constant dense<[3, -1, 0]> : tensor<3xi64>
  %one = edge.constant dense<1> : tensor<i64>
  %zero = edge.constant dense<0> : tensor<i64>
  // CHECK-DAG: %[[LT:.*]] = edge.constant dense<[false, true, false]> : tensor<3xi1>
  %lt = edge.compare lt %x, %zero : tensor<3xi64>, tensor<i64> -> tensor<3xi1>
  // CHECK-DAG: %[[SELECT:.*]] = edge.constant dense<[3, 1, 0]> : tensor<3xi64>
  %select = edge.select %lt, %one, %x : tensor<3xi1>, tensor<i64>, tensor<3xi64> -> tensor<3xi64>
  // CHECK-DAG: %[[CLAMP:.*]] = edge.constant dense<[2.000000e+00, 0.000000e+00, 0.000000e+00]> : tensor<3xf32>
  %real = edge.cast %x to f32 : tensor<3xi64> -> tensor<3xf32>
  %clamp = edge.clamp %real {min = 0.0 : f64, max = 2.0 : f64} : tensor<3xf32> -> tensor<3xf32>
  // CHECK: return %[[LT]], %[[SELECT]], %[[CLAMP]]
  return %lt, %select, %clamp : tensor<3xi1>, tensor<3xi64>, tensor<3xf32>
}

// CHECK-LABEL: func @movement
func.func @movement() -> (tensor<3x2xi32>, tensor<2x2xi32>, tensor<4xi32>, tensor<2xi32>, tensor<i32>, tensor<2x2xi32>) {
  %x = edge.constant dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xi32>
  %y = edge.constant dense<[8]> : tensor<1xi32>
  %i = edge.constant dense<-1> : tensor<i64>
  %c = edge.constant dense<[[1], [2]]> : tensor<2x1xi32>
  // CHECK-DAG: %[[T:.*]] = edge.constant dense<{{\[\[}}1, 4], [2, 5], [3, 6]]> : tensor<3x2xi32>
  %t = edge.transpose %x [1, 0] : tensor<2x3xi32> -> tensor<3x2xi32>
  // CHECK-DAG: %[[S:.*]] = edge.constant dense<{{\[\[}}3, 1], [6, 4]]> : tensor<2x2xi32>
  %s = edge.slice %x offsets [0, 2] sizes [2, 2] strides [1, -2] : tensor<2x3xi32> -> tensor<2x2xi32>
  %g = edge.gather %x[%i] {axis = 0 : i64} : tensor<2x3xi32>, tensor<i64> -> tensor<3xi32>
  // CHECK-DAG: %[[J:.*]] = edge.constant dense<[4, 5, 6, 8]> : tensor<4xi32>
  %j = edge.concat(%g, %y) {axis = 0 : i64} : (tensor<3xi32>, tensor<1xi32>) -> tensor<4xi32>
  // CHECK-DAG: %[[K:.*]] = edge.constant dense<[5, 8]> : tensor<2xi32>
  %k = edge.slice %j offsets [1] sizes [2] strides [2] : tensor<4xi32> -> tensor<2xi32>
  // CHECK-DAG: %[[L:.*]] = edge.constant dense<8> : tensor<i32>
  %l = edge.reshape %y : tensor<1xi32> -> tensor<i32>
  // CHECK-DAG: %[[M:.*]] = edge.constant dense<{{\[\[}}1, 1], [2, 2]]> : tensor<2x2xi32>
  %m = edge.broadcast %c : tensor<2x1xi32> -> tensor<2x2xi32>
  // CHECK: return %[[T]], %[[S]], %[[J]], %[[K]], %[[L]], %[[M]]
  return %t, %s, %j, %k, %l, %m : tensor<3x2xi32>, tensor<2x2xi32>, tensor<4xi32>, tensor<2xi32>, tensor<i32>, tensor<2x2xi32>
}

// No elements are constants as well.
// CHECK-LABEL: func @empty
func.func @empty() -> (tensor<0xf32>, tensor<1xi64>, tensor<0x2xi64>) {
  %e = edge.constant dense<> : tensor<0xf32>
  %n = edge.constant dense<> : tensor<0xi64>
  %x = edge.constant dense<3> : tensor<1xi64>
  %one = edge.constant dense<1.0> : tensor<1xf32>
  // CHECK-DAG: %[[A:.*]] = edge.constant dense<> : tensor<0xf32>
  %a = edge.add %e, %one : tensor<0xf32>, tensor<1xf32> -> tensor<0xf32>
  // CHECK-DAG: %[[B:.*]] = edge.constant dense<3> : tensor<1xi64>
  %b = edge.concat(%n, %x) {axis = 0 : i64} : (tensor<0xi64>, tensor<1xi64>) -> tensor<1xi64>
  // CHECK-DAG: %[[C:.*]] = edge.constant dense<> : tensor<0x2xi64>
  %c = edge.reshape %n : tensor<0xi64> -> tensor<0x2xi64>
  // CHECK: return %[[A]], %[[B]], %[[C]]
  return %a, %b, %c : tensor<0xf32>, tensor<1xi64>, tensor<0x2xi64>
}

// A splat folds whatever its size, anything else above 256 elements does not.
// CHECK-LABEL: func @large
func.func @large(%p: tensor<1000x2xf32>) -> (tensor<1000x1000xf32>, tensor<1000x2xf32>) {
  %x = edge.constant dense<2.0> : tensor<1000x1000xf32>
  %s = edge.constant dense<3.0> : tensor<f32>
  // CHECK-DAG: %[[Y:.*]] = edge.constant dense<6.000000e+00> : tensor<1000x1000xf32>
  %y = edge.mul %x, %s : tensor<1000x1000xf32>, tensor<f32> -> tensor<1000x1000xf32>
  // CHECK-DAG: %[[C:.*]] = edge.constant dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32>
  %c = edge.constant dense<[1.0, 2.0]> : tensor<2xf32>
  // CHECK: %[[Z:.*]] = edge.broadcast %[[C]]
  %z = edge.broadcast %c : tensor<2xf32> -> tensor<1000x2xf32>
  // CHECK: return %[[Y]], %[[Z]]
  return %y, %z : tensor<1000x1000xf32>, tensor<1000x2xf32>
}

// What changes nothing goes away.
// CHECK-LABEL: func @neutral
// CHECK-SAME: (%[[X:.*]]: tensor<2x3xf32>)
func.func @neutral(%x: tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>, tensor<3x2x3xf32>) {
  %zero = edge.constant dense<0.0> : tensor<f32>
  %one = edge.constant dense<1.0> : tensor<3xf32>
  %wide = edge.constant dense<0.0> : tensor<3x1x1xf32>
  %a = edge.add %x, %zero : tensor<2x3xf32>, tensor<f32> -> tensor<2x3xf32>
  %b = edge.mul %one, %a : tensor<3xf32>, tensor<2x3xf32> -> tensor<2x3xf32>
  %c = edge.sub %b, %zero : tensor<2x3xf32>, tensor<f32> -> tensor<2x3xf32>
  %d = edge.div %c, %one : tensor<2x3xf32>, tensor<3xf32> -> tensor<2x3xf32>
  %e = edge.cast %d to f32 : tensor<2x3xf32> -> tensor<2x3xf32>
  %f = edge.reshape %e : tensor<2x3xf32> -> tensor<2x3xf32>
  %g = edge.transpose %f [0, 1] : tensor<2x3xf32> -> tensor<2x3xf32>
  %h = edge.slice %g offsets [0, 0] sizes [2, 3] strides [1, 1] : tensor<2x3xf32> -> tensor<2x3xf32>
  %i = edge.broadcast %h : tensor<2x3xf32> -> tensor<2x3xf32>
  %j = edge.pad %i constant low [0, 0] high [0, 0] : tensor<2x3xf32> -> tensor<2x3xf32>
  %k = edge.concat(%j) {axis = 0 : i64} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %l = edge.reshape %k : tensor<2x3xf32> -> tensor<6xf32>
  %m = edge.reshape %l : tensor<6xf32> -> tensor<2x3xf32>
  %n = edge.transpose %m [1, 0] : tensor<2x3xf32> -> tensor<3x2xf32>
  %o = edge.transpose %n [1, 0] : tensor<3x2xf32> -> tensor<2x3xf32>
  // An addition of zero that broadcasts is no copy.
  // CHECK: %[[P:.*]] = edge.add %[[X]]
  %p = edge.add %x, %wide : tensor<2x3xf32>, tensor<3x1x1xf32> -> tensor<3x2x3xf32>
  // CHECK: return %[[X]], %[[X]], %[[P]]
  return %k, %o, %p : tensor<2x3xf32>, tensor<2x3xf32>, tensor<3x2x3xf32>
}

// Indices outside are undefined at run time and stay there.
// CHECK-LABEL: func @index_outside
func.func @index_outside() -> tensor<i32> {
  %x = edge.constant dense<[1, 2]> : tensor<2xi32>
  %i = edge.constant dense<2> : tensor<i64>
  // CHECK: edge.gather
  %g = edge.gather %x[%i] {axis = 0 : i64} : tensor<2xi32>, tensor<i64> -> tensor<i32>
  return %g : tensor<i32>
}
