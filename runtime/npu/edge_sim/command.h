/* What the simulator of edge-sim reads of a program of
 * runtime/schema/edge_sim.fbs.
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */

#ifndef EDGE_SIM_COMMAND_H
#define EDGE_SIM_COMMAND_H

#include "edgecc/flatbuffer.h"
#include "edgecc/npu.h"

/* The most rows, columns and depth of an array that can be simulated. */
#define EDGE_SIM_MOST 32
/* The most commands of a unit that can be waited for. */
#define EDGE_SIM_HISTORY 32
#define EDGE_SIM_NO_WAIT 255

enum opcode {
  OP_LOAD,
  OP_STORE,
  OP_CONVOLVE,
  OP_CONVOLVE_DEPTHWISE,
  OP_ADD,
  OP_SUBTRACT,
  OP_MULTIPLY,
  OP_MAX_POOL,
  OP_SUM_POOL,
  OP_LOOKUP,
  OP_COPY,
  OP_FILL
};

enum unit { UNIT_LOAD, UNIT_STORE, UNIT_COMPUTE, NUM_UNITS };

enum memory { MEMORY_INPUT, MEMORY_OUTPUT, MEMORY_CONSTANTS };

typedef struct machine {
  uint32_t rows, columns, depth, array_start_cycles;
  uint32_t lanes, vector_start_cycles;
  uint32_t scratchpad_bytes;
  uint32_t dma_bytes_per_cycle, dma_start_cycles;
} machine_t;

typedef struct tensor {
  uint32_t address, height, width, channels, row_pitch, pixel_pitch;
  uint32_t is_unsigned;
  int32_t zero_point;
  float scale;
} tensor_t;

typedef struct window {
  uint32_t kernel_height, kernel_width, stride_y, stride_x;
  uint32_t dilation_y, dilation_x, pad_top, pad_left;
} window_t;

typedef struct command {
  uint32_t opcode;
  /* By unit. */
  uint32_t wait[NUM_UNITS];
  uint32_t memory, number, offset, address, bytes;
  tensor_t a, b, result;
  window_t window;
  uint32_t weights, parameters, value;
  int32_t weight_zero_point;
  float multiplier;
} command_t;

typedef struct program {
  edgecc_npu_reader_t reader;
  machine_t machine;
  edgecc_npu_list_t commands, constants;
  uint64_t predicted_cycles;
} program_t;

/* Zeros, without the library that `= {0}` may call. */
static inline void edge_sim_clear(void *data, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i)
    ((uint8_t *)data)[i] = 0;
}

/* The unit that a command is for. */
enum unit edge_sim_unit(const command_t *c);

/* How many cycles a command takes once it has started. */
uint64_t edge_sim_cycles(const machine_t *m, const command_t *c);

/* Begins to read the program of a call; EDGE_SIM_OK if its bytes are whole and
 * the accelerator is one that can be simulated. */
int32_t edge_sim_open(program_t *p, const edgecc_npu_call_v0_t *call);

/* The command of that number; the reader may be broken afterwards. */
void edge_sim_read(program_t *p, uint32_t number, command_t *c);

#endif /* EDGE_SIM_COMMAND_H */
