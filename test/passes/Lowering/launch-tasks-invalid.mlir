// RUN: edgecc-opt %s -verify-diagnostics -edgecc-launch-tasks

// expected-error @+1 {{with 'edge.tasks' must call one function with its own arguments and a number}}
llvm.func internal @kernel(%x: !llvm.ptr) attributes {edge.tasks = 2 : i64} {
  llvm.return
}
