// RUN: edgecc-opt %s -edgecc-launch-tasks | FileCheck %s

// Main passes the threads on; without them the tasks run in order, as before.

// CHECK: llvm.func @main(%[[X:.*]]: !llvm.ptr, %[[THREADS:.*]]: !llvm.ptr)
// CHECK-NEXT: llvm.call @kernel(%[[X]], %[[THREADS]])
llvm.func @main(%x: !llvm.ptr) {
  llvm.call @kernel(%x) : (!llvm.ptr) -> ()
  llvm.call @alone(%x) : (!llvm.ptr) -> ()
  llvm.return
}

// CHECK: llvm.func internal @kernel_task(%[[CLOSURE:.*]]: !llvm.ptr, %[[NUMBER:.*]]: i32)
// CHECK: %[[AT:.*]] = llvm.getelementptr %[[CLOSURE]][0, 0]
// CHECK: %[[ARGUMENT:.*]] = llvm.load %[[AT]]
// CHECK: %[[INDEX:.*]] = llvm.zext %[[NUMBER]] : i32 to i64
// CHECK: llvm.call @part(%[[ARGUMENT]], %[[INDEX]])

// CHECK: llvm.func internal @kernel(%[[X:.*]]: !llvm.ptr, %[[THREADS:.*]]: !llvm.ptr)
// CHECK: %[[CLOSURE:.*]] = llvm.alloca
// CHECK: llvm.icmp "eq" %[[THREADS]]
// CHECK: llvm.cond_br %{{.*}}, ^[[ORDER:.*]], ^[[LAUNCH:.*]]
// CHECK: ^[[ORDER]]:
// CHECK: llvm.call @part
// CHECK: ^[[LAUNCH]]:
// CHECK: llvm.store %[[X]]
// CHECK: %[[HOOK:.*]] = llvm.load
// CHECK: %[[POOL:.*]] = llvm.load
// CHECK: %[[COUNT:.*]] = llvm.mlir.constant(2 : i32)
// CHECK: %[[TASK:.*]] = llvm.mlir.addressof @kernel_task
// CHECK: llvm.call %[[HOOK]](%[[POOL]], %[[COUNT]], %[[TASK]], %[[CLOSURE]])
llvm.func internal @kernel(%x: !llvm.ptr) attributes {edge.tasks = 2 : i64} {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  %two = llvm.mlir.constant(2 : i64) : i64
  llvm.br ^head(%zero : i64)
^head(%i: i64):
  %goes = llvm.icmp "slt" %i, %two : i64
  llvm.cond_br %goes, ^body, ^end
^body:
  llvm.call @part(%x, %i) : (!llvm.ptr, i64) -> ()
  %next = llvm.add %i, %one : i64
  llvm.br ^head(%next : i64)
^end:
  llvm.return
}

llvm.func internal @part(%x: !llvm.ptr, %i: i64) {
  llvm.return
}

// CHECK: llvm.func internal @alone(%{{[^,]*}}: !llvm.ptr) {
llvm.func internal @alone(%x: !llvm.ptr) {
  llvm.return
}
