//===- RunnerProgram.cjs - runs one WebAssembly network ----------*- js -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// edgecc-run puts a description of a network called "network" before this and
// runs it under Node:
//   program.cjs INPUTS OUTPUTS REPS
// as it does with RunnerProgram.c. The description has the path of the module,
// the bytes of each input and output, and the bytes of the arena.
//===----------------------------------------------------------------------===//

const fs = require('fs');

const warmUpMs = 100;
const pageBytes = 65536;

const [inputFile, outputFile, reps] = process.argv.slice(2);
const wasm = new WebAssembly.Instance(
    new WebAssembly.Module(fs.readFileSync(network.module))).exports;

// What follows the stack and the constants of the module is free.
let end = wasm.__heap_base.value;

// The address of new memory at a multiple of 64.
function allocate(bytes) {
  const begin = Math.ceil(end / 64) * 64;
  end = begin + bytes + 1;
  const missing = end - wasm.memory.buffer.byteLength;
  if (missing > 0)
    wasm.memory.grow(Math.ceil(missing / pageBytes));
  return begin;
}

const inputs = network.inputs.map(allocate);
const outputs = network.outputs.map(allocate);
const arena = allocate(network.arenaBytes);
const memory = new Uint8Array(wasm.memory.buffer);

const given = fs.readFileSync(inputFile);
let position = 0;
network.inputs.forEach((bytes, n) => {
  memory.set(given.subarray(position, position + bytes), inputs[n]);
  position += bytes;
});
if (position !== given.length)
  throw new Error('the inputs have another size');

function run() {
  return wasm.network_run(...inputs, ...outputs, arena, network.arenaBytes);
}

const begin = performance.now();
do {
  if (run() !== 0)
    throw new Error('the network refused to run');
} while (reps > 0 && performance.now() - begin < warmUpMs);
for (let i = 0; i < reps; ++i) {
  const start = performance.now();
  run();
  console.log(((performance.now() - start) * 1000).toFixed(3));
}

fs.writeFileSync(outputFile, Buffer.concat(network.outputs.map(
    (bytes, n) => memory.subarray(outputs[n], outputs[n] + bytes))));
