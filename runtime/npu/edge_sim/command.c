/* Reads and checks programs of edge-sim. Nothing is computed before all
 * commands of a program are known to stay inside of the memory that they are
 * given.
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */

#include "command.h"
#include "edge_sim.h"

/* Reads a struct of words. */
static void read_words(edgecc_npu_reader_t *r, uint32_t table, uint32_t field,
                       uint32_t count, void *words) {
  uint32_t at = edgecc_npu_field(r, table, field);
  for (uint32_t i = 0; at && i < count; ++i)
    ((uint32_t *)words)[i] = edgecc_npu_read(r, at + 4 * i, 4);
}

int32_t edge_sim_open(program_t *p, const edgecc_npu_call_v0_t *call) {
  edgecc_npu_reader_t *r = &p->reader;
  const uint8_t *bytes = call->program;
  edge_sim_clear(p, sizeof *p);
  if (call->version != 0 || call->program_bytes < 16 ||
      call->program_bytes > 0x7fffffffu)
    return EDGE_SIM_BAD_PROGRAM;
  r->bytes = bytes;
  r->size = (uint32_t)call->program_bytes;
  if (!edgecc_npu_is_whole(bytes, r->size))
    return EDGE_SIM_BAD_PROGRAM;
  if (bytes[4] != 'E' || bytes[5] != 'S' || bytes[6] != 'M' || bytes[7] != '0')
    return EDGE_SIM_BAD_PROGRAM;
  uint32_t root = edgecc_npu_follow(r, 0);
  machine_t *m = &p->machine;
  read_words(r, root, 1, sizeof *m / 4, m);
  p->commands = edgecc_npu_vector(r, root, 3, 4);
  p->constants = edgecc_npu_vector(r, root, 4, 1);
  uint32_t at = edgecc_npu_field(r, root, 5);
  if (at)
    p->predicted_cycles = edgecc_npu_read(r, at, 4) |
                          (uint64_t)edgecc_npu_read(r, at + 4, 4) << 32;
  if (r->broken || edgecc_npu_number(r, root, 0, 4, 0) != 0 || !m->rows ||
      m->rows > EDGE_SIM_MOST || !m->columns || m->columns > EDGE_SIM_MOST ||
      !m->depth || m->depth > EDGE_SIM_MOST || !m->lanes ||
      !m->dma_bytes_per_cycle || m->scratchpad_bytes > call->scratch_bytes)
    return EDGE_SIM_BAD_PROGRAM;
  return EDGE_SIM_OK;
}

void edge_sim_read(program_t *p, uint32_t number, command_t *c) {
  edgecc_npu_reader_t *r = &p->reader;
  uint32_t t = edgecc_npu_follow(r, p->commands.at + 4 * number);
  edge_sim_clear(c, sizeof *c);
  c->opcode = edgecc_npu_number(r, t, 0, 1, 0);
  c->wait[UNIT_LOAD] = edgecc_npu_number(r, t, 2, 1, EDGE_SIM_NO_WAIT);
  c->wait[UNIT_STORE] = edgecc_npu_number(r, t, 3, 1, EDGE_SIM_NO_WAIT);
  c->wait[UNIT_COMPUTE] = edgecc_npu_number(r, t, 4, 1, EDGE_SIM_NO_WAIT);
  c->memory = edgecc_npu_number(r, t, 5, 1, 0);
  c->number = edgecc_npu_number(r, t, 6, 4, 0);
  c->offset = edgecc_npu_number(r, t, 7, 4, 0);
  c->address = edgecc_npu_number(r, t, 8, 4, 0);
  c->bytes = edgecc_npu_number(r, t, 9, 4, 0);
  read_words(r, t, 10, sizeof(tensor_t) / 4, &c->a);
  read_words(r, t, 11, sizeof(tensor_t) / 4, &c->b);
  read_words(r, t, 12, sizeof(tensor_t) / 4, &c->result);
  read_words(r, t, 13, sizeof(window_t) / 4, &c->window);
  c->weights = edgecc_npu_number(r, t, 14, 4, 0);
  c->parameters = edgecc_npu_number(r, t, 15, 4, 0);
  union {
    uint32_t bits;
    float number;
  } multiplier = {edgecc_npu_number(r, t, 16, 4, 0)};
  c->multiplier = multiplier.number;
  c->value = edgecc_npu_number(r, t, 17, 4, 0);
  c->weight_zero_point = (int32_t)edgecc_npu_number(r, t, 18, 4, 0);
}

enum unit edge_sim_unit(const command_t *c) {
  return c->opcode == OP_LOAD    ? UNIT_LOAD
         : c->opcode == OP_STORE ? UNIT_STORE
                                 : UNIT_COMPUTE;
}

/* How many blocks of that size there are. Without a division of 64 bits, which
 * some CPUs need a library for. */
static uint64_t blocks(uint32_t count, uint32_t size) {
  return (uint64_t)(count / size) + (count % size != 0);
}

/* The factors of a sum of a convolution. */
static uint64_t depth_of(const command_t *c) {
  uint64_t taps = (uint64_t)c->window.kernel_height * c->window.kernel_width;
  return c->opcode == OP_CONVOLVE ? taps * c->a.channels : taps;
}

uint64_t edge_sim_cycles(const machine_t *m, const command_t *c) {
  const tensor_t *y = &c->result;
  /* The scratchpad has all of these bytes. */
  uint32_t pixels = y->height * y->width;
  uint64_t of_vector = blocks(pixels * y->channels, m->lanes), steps, out;
  switch (c->opcode) {
  case OP_LOAD:
  case OP_STORE:
    return m->dma_start_cycles + blocks(c->bytes, m->dma_bytes_per_cycle);
  case OP_CONVOLVE:
  case OP_CONVOLVE_DEPTHWISE:
    /* The array works on a block while the vector unit scales the one before.
     */
    steps = blocks((uint32_t)depth_of(c), m->depth);
    out = blocks(m->rows * m->columns, m->lanes);
    return m->array_start_cycles + blocks(pixels, m->rows) *
                                       blocks(y->channels, m->columns) *
                                       (steps > out ? steps : out);
  case OP_MAX_POOL:
  case OP_SUM_POOL:
    return m->vector_start_cycles +
           of_vector * c->window.kernel_height * c->window.kernel_width;
  default:
    return m->vector_start_cycles + of_vector;
  }
}

static int fits(const machine_t *m, uint32_t address, uint64_t bytes) {
  return address <= m->scratchpad_bytes &&
         bytes <= m->scratchpad_bytes - address;
}

/* Whether all bytes are in the scratchpad, and are different ones. */
static int is_sound(const machine_t *m, const tensor_t *t) {
  const uint32_t most = 1u << 24;
  if (!t->height || !t->width || !t->channels || t->height > most ||
      t->width > most || t->channels > most || t->zero_point < -128 ||
      t->zero_point > 255 || t->pixel_pitch < t->channels)
    return 0;
  uint64_t row = (uint64_t)(t->width - 1) * t->pixel_pitch + t->channels;
  return t->row_pitch >= row &&
         fits(m, t->address, (uint64_t)(t->height - 1) * t->row_pitch + row);
}

static int have_same_shape(const tensor_t *a, const tensor_t *b) {
  return a->height == b->height && a->width == b->width &&
         a->channels == b->channels;
}

static int is_sound_window(const window_t *w) {
  const uint32_t most = 64, most_pad = 1 << 16;
  return w->kernel_height && w->kernel_width && w->kernel_height <= most &&
         w->kernel_width <= most && w->stride_y <= most &&
         w->stride_x <= most && w->dilation_y <= most &&
         w->dilation_x <= most && w->pad_top <= most_pad &&
         w->pad_left <= most_pad;
}

static int is_sound_transfer(const program_t *p, const command_t *c,
                             const edgecc_npu_call_v0_t *call) {
  size_t room = 0;
  if (c->memory == MEMORY_INPUT && c->opcode == OP_LOAD &&
      c->number < call->num_inputs)
    room = call->input_bytes[c->number];
  else if (c->memory == MEMORY_OUTPUT && c->opcode == OP_STORE &&
           c->number < call->num_outputs)
    room = call->output_bytes[c->number];
  else if (c->memory == MEMORY_CONSTANTS && c->opcode == OP_LOAD)
    room = p->constants.count;
  return c->offset <= room && c->bytes <= room - c->offset &&
         fits(&p->machine, c->address, c->bytes);
}

static int is_sound_command(const program_t *p, const command_t *c,
                            const edgecc_npu_call_v0_t *call) {
  const machine_t *m = &p->machine;
  for (int unit = 0; unit < NUM_UNITS; ++unit)
    if (c->wait[unit] >= EDGE_SIM_HISTORY && c->wait[unit] != EDGE_SIM_NO_WAIT)
      return 0;
  if (c->opcode == OP_LOAD || c->opcode == OP_STORE)
    return is_sound_transfer(p, c, call);
  if (!is_sound(m, &c->result))
    return 0;
  if (c->opcode == OP_FILL)
    return 1;
  if (!is_sound(m, &c->a))
    return 0;
  uint64_t channels = c->result.channels;
  switch (c->opcode) {
  case OP_CONVOLVE_DEPTHWISE:
    if (c->a.channels != channels)
      return 0;
    /* fall through */
  case OP_CONVOLVE:
    return c->weight_zero_point == (int8_t)c->weight_zero_point &&
           is_sound_window(&c->window) && depth_of(c) < 1u << 24 &&
           c->parameters % 4 == 0 && fits(m, c->parameters, 8 * channels) &&
           fits(m, c->weights,
                blocks((uint32_t)channels, m->columns) * m->columns *
                    blocks((uint32_t)depth_of(c), m->depth) * m->depth);
  case OP_MAX_POOL:
  case OP_SUM_POOL:
    return is_sound_window(&c->window) && c->a.channels == channels;
  case OP_ADD:
  case OP_SUBTRACT:
  case OP_MULTIPLY:
    return is_sound(m, &c->b) && have_same_shape(&c->a, &c->result) &&
           have_same_shape(&c->b, &c->result);
  case OP_LOOKUP:
    return fits(m, c->weights, 256) && have_same_shape(&c->a, &c->result);
  case OP_COPY:
    return have_same_shape(&c->a, &c->result);
  default:
    return 0;
  }
}

int32_t edge_sim_check(const edgecc_npu_call_v0_t *call) {
  program_t program;
  command_t command;
  int32_t status = edge_sim_open(&program, call);
  for (uint32_t i = 0; status == EDGE_SIM_OK && i < program.commands.count;
       ++i) {
    edge_sim_read(&program, i, &command);
    if (program.reader.broken || !is_sound_command(&program, &command, call))
      status = EDGE_SIM_BAD_PROGRAM;
  }
  return status;
}
