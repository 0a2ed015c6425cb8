// RUN: edgecc-opt %s -split-input-file -edgecc-merge-kernels | FileCheck %s --check-prefixes=CHECK,REAL
// RUN: edgecc-opt %s -split-input-file -edgecc-merge-kernels=any-constants | FileCheck %s --check-prefixes=CHECK,ANY

// Kernels that differ in a real number become one, whose argument it is.

// CHECK: module attributes {edge.merged = {scale_1 = "scale_0"}}
// CHECK-LABEL: llvm.func @scales
// CHECK: %[[TWO:.*]] = llvm.mlir.constant(2.0{{.*}} : f32)
// CHECK: llvm.call @scale_0(%{{.*}}, %[[TWO]]) : (!llvm.ptr, f32) -> ()
// CHECK: %[[THREE:.*]] = llvm.mlir.constant(3.0{{.*}} : f32)
// CHECK: llvm.call @scale_0(%{{.*}}, %[[THREE]]) : (!llvm.ptr, f32) -> ()
llvm.func @scales(%x: !llvm.ptr) {
  llvm.call @scale_0(%x) : (!llvm.ptr) -> ()
  llvm.call @scale_1(%x) : (!llvm.ptr) -> ()
  llvm.return
}
// CHECK: llvm.func internal @scale_0(%[[X:.*]]: !llvm.ptr, %[[SCALE:.*]]: f32)
// CHECK: %[[ALL:.*]] = llvm.shufflevector
// CHECK: %[[PRODUCT:.*]] = llvm.fmul %{{.*}}, %[[ALL]]
// CHECK: llvm.fmul %[[PRODUCT]], %[[ALL]]
// CHECK-NOT: @scale_1
llvm.func internal @scale_0(%x: !llvm.ptr) {
  %scale = llvm.mlir.constant(dense<2.0> : vector<4xf32>) : vector<4xf32>
  %0 = llvm.load %x : !llvm.ptr -> vector<4xf32>
  %1 = llvm.fmul %0, %scale : vector<4xf32>
  %2 = llvm.fmul %1, %scale : vector<4xf32>
  %3 = llvm.fadd %2, %0 : vector<4xf32>
  %4 = llvm.fadd %3, %1 : vector<4xf32>
  llvm.store %4, %x : vector<4xf32>, !llvm.ptr
  llvm.return
}
llvm.func internal @scale_1(%x: !llvm.ptr) {
  %scale = llvm.mlir.constant(dense<3.0> : vector<4xf32>) : vector<4xf32>
  %0 = llvm.load %x : !llvm.ptr -> vector<4xf32>
  %1 = llvm.fmul %0, %scale : vector<4xf32>
  %2 = llvm.fmul %1, %scale : vector<4xf32>
  %3 = llvm.fadd %2, %0 : vector<4xf32>
  %4 = llvm.fadd %3, %1 : vector<4xf32>
  llvm.store %4, %x : vector<4xf32>, !llvm.ptr
  llvm.return
}

// -----

// Numbers of trips, only if it may be slower. What is equal in all kernels stays
// a constant, and what follows from another number is computed: the offset of
// an address is twice the number of trips.

// CHECK-LABEL: llvm.func @loops
// REAL: llvm.call @loop_1(%{{.*}}) : (!llvm.ptr) -> ()
// ANY: llvm.call @loop_0(%{{.*}}) : (!llvm.ptr, i64) -> ()
// ANY: llvm.call @loop_0(%{{.*}}) : (!llvm.ptr, i64) -> ()
llvm.func @loops(%x: !llvm.ptr) {
  llvm.call @loop_0(%x) : (!llvm.ptr) -> ()
  llvm.call @loop_1(%x) : (!llvm.ptr) -> ()
  llvm.return
}
// ANY: llvm.func internal @loop_0(%{{.*}}: !llvm.ptr, %[[TRIPS:.*]]: i64)
// ANY-DAG: %[[ZERO:.*]] = llvm.mlir.constant(0 : i64)
// ANY-DAG: %[[TWO:.*]] = llvm.mlir.constant(2 : i64)
// ANY-DAG: %[[OFFSET:.*]] = llvm.mul %[[TRIPS]], %[[TWO]]
// ANY: llvm.br ^{{.*}}(%[[ZERO]] : i64)
// ANY: llvm.icmp "slt" %{{.*}}, %[[TRIPS]]
// ANY: llvm.getelementptr %{{.*}}[%[[OFFSET]]]
// ANY-NOT: @loop_1
llvm.func internal @loop_0(%x: !llvm.ptr) {
  %first = llvm.mlir.constant(0 : i64) : i64
  %step = llvm.mlir.constant(1 : i64) : i64
  %trips = llvm.mlir.constant(20 : i64) : i64
  llvm.br ^bb1(%first : i64)
^bb1(%i: i64):
  %0 = llvm.icmp "slt" %i, %trips : i64
  llvm.cond_br %0, ^bb2, ^bb3
^bb2:
  %1 = llvm.getelementptr %x[%i] : (!llvm.ptr, i64) -> !llvm.ptr, f32
  %2 = llvm.getelementptr %1[40] : (!llvm.ptr) -> !llvm.ptr, f32
  %3 = llvm.load %2 : !llvm.ptr -> f32
  %4 = llvm.fadd %3, %3 : f32
  llvm.store %4, %1 : f32, !llvm.ptr
  %5 = llvm.add %i, %step : i64
  llvm.br ^bb1(%5 : i64)
^bb3:
  llvm.return
}
llvm.func internal @loop_1(%x: !llvm.ptr) {
  %first = llvm.mlir.constant(0 : i64) : i64
  %step = llvm.mlir.constant(1 : i64) : i64
  %trips = llvm.mlir.constant(30 : i64) : i64
  llvm.br ^bb1(%first : i64)
^bb1(%i: i64):
  %0 = llvm.icmp "slt" %i, %trips : i64
  llvm.cond_br %0, ^bb2, ^bb3
^bb2:
  %1 = llvm.getelementptr %x[%i] : (!llvm.ptr, i64) -> !llvm.ptr, f32
  %2 = llvm.getelementptr %1[60] : (!llvm.ptr) -> !llvm.ptr, f32
  %3 = llvm.load %2 : !llvm.ptr -> f32
  %4 = llvm.fadd %3, %3 : f32
  llvm.store %4, %1 : f32, !llvm.ptr
  %5 = llvm.add %i, %step : i64
  llvm.br ^bb1(%5 : i64)
^bb3:
  llvm.return
}

// -----

// Other operations are another kernel; one whose address is taken stays, and so
// do kernels that are shorter than what their arguments take.

// CHECK-LABEL: llvm.func @others_unchanged
// CHECK: llvm.call @add_0(%{{.*}}) : (!llvm.ptr) -> ()
// CHECK: llvm.call @subtract_1(%{{.*}}) : (!llvm.ptr) -> ()
// CHECK: llvm.call @add_2(%{{.*}}) : (!llvm.ptr) -> ()
// CHECK: llvm.call @add_3(%{{.*}}) : (!llvm.ptr) -> ()
llvm.func @others_unchanged(%x: !llvm.ptr) -> !llvm.ptr {
  llvm.call @add_0(%x) : (!llvm.ptr) -> ()
  llvm.call @subtract_1(%x) : (!llvm.ptr) -> ()
  llvm.call @add_2(%x) : (!llvm.ptr) -> ()
  llvm.call @add_3(%x) : (!llvm.ptr) -> ()
  %address = llvm.mlir.addressof @add_3 : !llvm.ptr
  llvm.return %address : !llvm.ptr
}
llvm.func internal @add_0(%x: !llvm.ptr) {
  %one = llvm.mlir.constant(1.0 : f32) : f32
  %0 = llvm.load %x : !llvm.ptr -> f32
  %1 = llvm.fadd %0, %one : f32
  llvm.store %1, %x : f32, !llvm.ptr
  llvm.return
}
llvm.func internal @subtract_1(%x: !llvm.ptr) {
  %two = llvm.mlir.constant(2.0 : f32) : f32
  %0 = llvm.load %x : !llvm.ptr -> f32
  %1 = llvm.fsub %0, %two : f32
  llvm.store %1, %x : f32, !llvm.ptr
  llvm.return
}
llvm.func internal @add_2(%x: !llvm.ptr) {
  %two = llvm.mlir.constant(2.0 : f32) : f32
  %0 = llvm.load %x : !llvm.ptr -> f32
  %1 = llvm.fadd %0, %two : f32
  llvm.store %1, %x : f32, !llvm.ptr
  llvm.return
}
llvm.func internal @add_3(%x: !llvm.ptr) {
  %three = llvm.mlir.constant(3.0 : f32) : f32
  %0 = llvm.load %x : !llvm.ptr -> f32
  %1 = llvm.fadd %0, %three : f32
  llvm.store %1, %x : f32, !llvm.ptr
  llvm.return
}
