// RUN: edgecc-opt %s -split-input-file -verify-diagnostics

// expected-error @+1 {{indexBits must be 32 or 64, but is 16}}
module attributes {target.cpu = #target.cpu<triple = "avr", cpu = "avr5", indexBits = 16>} {}

// -----

// expected-error @+1 {{vectorBytes must be 0 or a power of two, but is 12}}
module attributes {target.cpu = #target.cpu<triple = "x86_64", cpu = "x86-64", vectorBytes = 12, vectorRegs = 4>} {}

// -----

// expected-error @+1 {{vectorBytes and vectorRegs go together, but are 16 and 0}}
module attributes {target.cpu = #target.cpu<triple = "x86_64", cpu = "x86-64", vectorBytes = 16>} {}

// -----

// expected-error @+1 {{'target.cpu' must be a #target.cpu, but is "haswell"}}
module attributes {target.cpu = "haswell"} {}

// -----

// expected-error @+1 {{unknown attribute 'target.gpu' of the target dialect}}
module attributes {target.gpu = 1 : i32} {}

// -----

// expected-error @+1 {{'target.cpu' belongs on a module}}
func.func @f() attributes {target.cpu = #target.cpu<triple = "x86_64", cpu = "x86-64">} {
  return
}
