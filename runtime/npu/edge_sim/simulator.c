/* Computes what edge-sim computes, command by command, and counts its cycles.
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * C11 without a heap and without a library. A fused multiply-add would round
 * once where the accelerator rounds twice: compile with -ffp-contract=off.
 */

#include "command.h"
#include "edge_sim.h"

#pragma STDC FP_CONTRACT OFF

edge_sim_counts_t edge_sim_counts;
uint32_t edge_sim_fails_at;
uint64_t (*edge_sim_clock)(void);

/*===-- The vector unit
 * -----------------------------------------------------===*/

static int32_t load(const uint8_t *byte, const tensor_t *t) {
  return t->is_unsigned ? *byte : (int8_t)*byte;
}

/* What `byte` stands for. */
static float real(const uint8_t *byte, const tensor_t *t) {
  return (float)(load(byte, t) - t->zero_point) * t->scale;
}

/* The byte for `value`: rounded to even, and saturated. */
static uint8_t quantize(float value, const tensor_t *t) {
  const float most = 65536, ulp_is_one = 12582912; /* 1.5 * 2^23 */
  int32_t low = t->is_unsigned ? 0 : -128, high = t->is_unsigned ? 255 : 127;
  /* What is not a number becomes the least. */
  value = !(value > -most) ? -most : value > most ? most : value;
  int32_t q = (int32_t)((value + ulp_is_one) - ulp_is_one) + t->zero_point;
  return (uint8_t)(q < low ? low : q > high ? high : q);
}

static uint8_t *at(uint8_t *scratchpad, const tensor_t *t, uint32_t y,
                   uint32_t x) {
  return scratchpad + t->address + (size_t)y * t->row_pitch +
         (size_t)x * t->pixel_pitch;
}

static uint8_t compute_byte(const command_t *c, const uint8_t *table,
                            const uint8_t *a, const uint8_t *b) {
  switch (c->opcode) {
  case OP_ADD:
    return quantize((real(a, &c->a) + real(b, &c->b)) / c->result.scale,
                    &c->result);
  case OP_SUBTRACT:
    return quantize((real(a, &c->a) - real(b, &c->b)) / c->result.scale,
                    &c->result);
  case OP_MULTIPLY:
    return quantize(real(a, &c->a) * real(b, &c->b) / c->result.scale,
                    &c->result);
  case OP_LOOKUP:
    return table[*a];
  case OP_COPY:
    return *a;
  default:
    return (uint8_t)c->value;
  }
}

static void compute_bytes(uint8_t *scratchpad, const command_t *c) {
  const tensor_t *r = &c->result;
  for (uint32_t y = 0; y < r->height; ++y)
    for (uint32_t x = 0; x < r->width; ++x)
      for (uint32_t i = 0; i < r->channels; ++i)
        at(scratchpad, r, y, x)[i] = compute_byte(
            c, scratchpad + c->weights, at(scratchpad, &c->a, y, x) + i,
            at(scratchpad, &c->b, y, x) + i);
}

/* The pixel of the input that tap (ky, kx) of (y, x) sees; null outside. */
static const uint8_t *tap(uint8_t *scratchpad, const command_t *c, uint32_t y,
                          uint32_t x, uint32_t ky, uint32_t kx) {
  const window_t *w = &c->window;
  int64_t iy = (int64_t)y * w->stride_y + ky * w->dilation_y - w->pad_top;
  int64_t ix = (int64_t)x * w->stride_x + kx * w->dilation_x - w->pad_left;
  if (iy < 0 || iy >= c->a.height || ix < 0 || ix >= c->a.width)
    return 0;
  return at(scratchpad, &c->a, (uint32_t)iy, (uint32_t)ix);
}

static void pool(uint8_t *scratchpad, const command_t *c) {
  const tensor_t *r = &c->result;
  for (uint32_t y = 0; y < r->height; ++y)
    for (uint32_t x = 0; x < r->width; ++x)
      for (uint32_t i = 0; i < r->channels; ++i) {
        int32_t most = r->is_unsigned ? 0 : -128;
        uint32_t sum = 0;
        for (uint32_t ky = 0; ky < c->window.kernel_height; ++ky)
          for (uint32_t kx = 0; kx < c->window.kernel_width; ++kx) {
            const uint8_t *pixel = tap(scratchpad, c, y, x, ky, kx);
            if (!pixel)
              continue;
            int32_t q = load(pixel + i, &c->a);
            most = q > most ? q : most;
            sum += (uint32_t)(q - c->a.zero_point);
          }
        at(scratchpad, r, y, x)[i] =
            c->opcode == OP_MAX_POOL
                ? (uint8_t)most
                : quantize((float)(int32_t)sum * c->multiplier, r);
      }
}

/*===-- The array
 * -----------------------------------------------------------===*/

/* The sums of a block of pixels and channels, modulo 2^32. */
typedef uint32_t sums_t[EDGE_SIM_MOST][EDGE_SIM_MOST];

/* What one step of the array multiplies: factors of each pixel, less the zero
 * point. ConvolveDepthwise has others in each column. */
typedef int32_t factors_t[EDGE_SIM_MOST][EDGE_SIM_MOST];

/* The factors `first` and following of the sums of a block of pixels, as bytes
 * of `channel` where each channel has its own. */
static void feed(uint8_t *scratchpad, const machine_t *m, const command_t *c,
                 uint32_t pixel, uint32_t channel, uint32_t first,
                 factors_t factors) {
  uint32_t inner = c->opcode == OP_CONVOLVE ? c->a.channels : 1;
  uint32_t taps = c->window.kernel_height * c->window.kernel_width;
  uint32_t pixels = c->result.height * c->result.width;
  for (uint32_t row = 0; row < m->rows; ++row, ++pixel) {
    uint32_t t = first / inner, i = first % inner;
    for (uint32_t d = 0; d < m->depth; ++t, i = 0) {
      const uint8_t *source = 0;
      if (pixel < pixels && t < taps)
        source =
            tap(scratchpad, c, pixel / c->result.width, pixel % c->result.width,
                t / c->window.kernel_width, t % c->window.kernel_width);
      for (; i < inner && d < m->depth; ++i, ++d)
        factors[row][d] =
            source ? load(source + channel + i, &c->a) - c->a.zero_point : 0;
    }
  }
}

/* One step for one column: the products of the factors with the weights less
 * their zero point. */
static void multiply(const machine_t *m, factors_t factors,
                     const int8_t *weights, int32_t zero_point, uint32_t column,
                     sums_t sums) {
  for (uint32_t row = 0; row < m->rows; ++row) {
    int32_t sum = 0;
    for (uint32_t d = 0; d < m->depth; ++d)
      sum += factors[row][d] * (weights[d] - zero_point);
    sums[row][column] += (uint32_t)sum;
  }
}

/* Scales the sums of a block. */
static void scale(uint8_t *scratchpad, const machine_t *m, const command_t *c,
                  uint32_t pixel, uint32_t channel, sums_t sums) {
  const tensor_t *r = &c->result;
  uint32_t pixels = r->height * r->width;
  struct {
    int32_t bias;
    float multiplier;
  } const *parameters = (const void *)(scratchpad + c->parameters);
  for (uint32_t row = 0; row < m->rows && pixel < pixels; ++row, ++pixel) {
    uint8_t *to = at(scratchpad, r, pixel / r->width, pixel % r->width);
    for (uint32_t i = 0; i < m->columns && channel + i < r->channels; ++i) {
      int32_t sum =
          (int32_t)(sums[row][i] + (uint32_t)parameters[channel + i].bias);
      to[channel + i] =
          quantize((float)sum * parameters[channel + i].multiplier, r);
    }
  }
}

static void convolve(uint8_t *scratchpad, const machine_t *m,
                     const command_t *c) {
  int is_depthwise = c->opcode == OP_CONVOLVE_DEPTHWISE;
  uint32_t depth = c->window.kernel_height * c->window.kernel_width *
                   (is_depthwise ? 1 : c->a.channels);
  uint32_t pixels = c->result.height * c->result.width;
  const int8_t *weights = (const int8_t *)scratchpad + c->weights;
  factors_t factors;
  sums_t sums;
  for (uint32_t channel = 0; channel < c->result.channels;
       channel += m->columns) {
    const int8_t *block = weights;
    for (uint32_t pixel = 0; pixel < pixels; pixel += m->rows) {
      weights = block;
      for (uint32_t row = 0; row < m->rows; ++row)
        for (uint32_t column = 0; column < m->columns; ++column)
          sums[row][column] = 0;
      for (uint32_t first = 0; first < depth; first += m->depth) {
        if (!is_depthwise)
          feed(scratchpad, m, c, pixel, 0, first, factors);
        for (uint32_t i = 0; i < m->columns; ++i, weights += m->depth) {
          if (is_depthwise && channel + i < c->result.channels)
            feed(scratchpad, m, c, pixel, channel + i, first, factors);
          multiply(m, factors, weights, c->weight_zero_point, i, sums);
        }
      }
      scale(scratchpad, m, c, pixel, channel, sums);
    }
  }
  edge_sim_counts.macs += (uint64_t)pixels * c->result.channels * depth;
}

/*===-- Units
 * ---------------------------------------------------------------===*/

static void transfer(const program_t *p, const edgecc_npu_call_v0_t *call,
                     const command_t *c) {
  uint8_t *scratchpad = (uint8_t *)call->scratch + c->address;
  const uint8_t *from = scratchpad;
  uint8_t *to = scratchpad;
  if (c->memory == MEMORY_INPUT)
    from = (const uint8_t *)call->inputs[c->number] + c->offset;
  else if (c->memory == MEMORY_CONSTANTS)
    from = p->reader.bytes + p->constants.at + c->offset;
  else
    to = (uint8_t *)call->outputs[c->number] + c->offset;
  for (uint32_t i = 0; i < c->bytes; ++i)
    to[i] = from[i];
}

static void execute(const program_t *p, const edgecc_npu_call_v0_t *call,
                    const command_t *c) {
  switch (c->opcode) {
  case OP_LOAD:
  case OP_STORE:
    transfer(p, call, c);
    break;
  case OP_CONVOLVE:
  case OP_CONVOLVE_DEPTHWISE:
    convolve(call->scratch, &p->machine, c);
    break;
  case OP_MAX_POOL:
  case OP_SUM_POOL:
    pool(call->scratch, c);
    break;
  default:
    compute_bytes(call->scratch, c);
  }
}

/* When the last commands of each unit are done. */
typedef struct timeline {
  uint64_t done[NUM_UNITS][EDGE_SIM_HISTORY];
  uint32_t issued[NUM_UNITS];
  uint64_t last;
} timeline_t;

/* When all but `most` of the commands of a unit are done. */
static uint64_t when_done(const timeline_t *timeline, int unit, uint32_t most) {
  uint32_t issued = timeline->issued[unit];
  if (most == EDGE_SIM_NO_WAIT || issued <= most)
    return 0;
  return timeline->done[unit][(issued - most - 1) % EDGE_SIM_HISTORY];
}

static void advance(timeline_t *timeline, const machine_t *m,
                    const command_t *c) {
  enum unit own = edge_sim_unit(c);
  uint64_t start = when_done(timeline, own, 0);
  for (int unit = 0; unit < NUM_UNITS; ++unit) {
    uint64_t free = when_done(timeline, unit, c->wait[unit]);
    start = free > start ? free : start;
  }
  uint64_t cycles = edge_sim_cycles(m, c);
  uint64_t end = start + cycles;
  timeline->done[own][timeline->issued[own]++ % EDGE_SIM_HISTORY] = end;
  timeline->last = end > timeline->last ? end : timeline->last;
  if (own == UNIT_LOAD)
    edge_sim_counts.load_cycles += cycles;
  else if (own == UNIT_STORE)
    edge_sim_counts.store_cycles += cycles;
  else if (c->opcode == OP_CONVOLVE || c->opcode == OP_CONVOLVE_DEPTHWISE)
    edge_sim_counts.array_cycles += cycles;
  else
    edge_sim_counts.vector_cycles += cycles;
}

/* Runs a call that has been checked. */
static int32_t run(const edgecc_npu_call_v0_t *call, uint64_t *cycles) {
  program_t program;
  command_t command;
  timeline_t timeline;
  int32_t status = edge_sim_open(&program, call);
  edge_sim_clear(&timeline, sizeof timeline);
  int fails = ++edge_sim_counts.calls == edge_sim_fails_at;
  if (status != EDGE_SIM_OK)
    return status;
  for (uint32_t i = 0; i < program.commands.count; ++i) {
    edge_sim_read(&program, i, &command);
    execute(&program, call, &command);
    advance(&timeline, &program.machine, &command);
    if (fails && command.opcode == OP_STORE)
      return EDGE_SIM_FAILED;
  }
  *cycles = timeline.last;
  edge_sim_counts.cycles += timeline.last;
  edge_sim_counts.predicted_cycles += program.predicted_cycles;
  return EDGE_SIM_OK;
}

int32_t edge_sim_run(const edgecc_npu_call_v0_t *call) {
  uint64_t cycles;
  int32_t status = edge_sim_check(call);
  return status == EDGE_SIM_OK ? run(call, &cycles) : status;
}

int32_t edge_sim_start(edgecc_npu_job_v0_t *job) {
  job->state[0] = edge_sim_clock ? edge_sim_clock() : 0;
  return edge_sim_check(&job->call);
}

int32_t edge_sim_wait(edgecc_npu_job_v0_t *job) {
  uint64_t passed = edge_sim_clock ? edge_sim_clock() - job->state[0] : 0;
  uint64_t cycles = 0;
  int32_t status = run(&job->call, &cycles);
  if (edge_sim_clock) {
    edge_sim_counts.cpu_cycles += passed;
    edge_sim_counts.waited_cycles += cycles > passed ? cycles - passed : 0;
  }
  return status;
}
