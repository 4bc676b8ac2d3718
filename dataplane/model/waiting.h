// SPDX-License-Identifier: BSD-3-Clause
// Frames that wait in a managed queue: one block of the caller's memory with lines of waiting
// frames, one line a class or flow. Only the mechanism; who goes next is the disciplines' matter.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dataplane/model/aqm_codel.h"
#include "dataplane/model/frame.h"

struct waiting_entry {
	struct channel_frame frame;
	uint32_t next; // number of the entry behind it, 0: none
	uint64_t arrival_at_ns;
	uint64_t packet;     // its number on the channel
	uint32_t line_bytes; // that it occupies on the line, where the limit is a time
};

// First in, first out. Entries are numbered from 1.
struct waiting_line {
	uint32_t head;
	uint32_t tail;
	uint32_t packets;
	uint64_t bytes;
	uint64_t line_bytes;
};

// A line with what disciplines remember of it.
struct waiting_class {
	struct waiting_line line;
	struct codel_state codel;
	int64_t deficit_bytes;
	uint32_t next;  // in the round, as number + 1
	uint32_t round; // the discipline's; 0: in none
};

// Classes whose turn comes one after another: numbers + 1, 0 for none.
struct waiting_round {
	uint32_t first;
	uint32_t last;
};

// At the start of the block; behind it the classes, then the entries. No pointers inside, so a
// block may be moved.
struct waiting {
	uint32_t capacity; // entries
	uint32_t class_count;
	uint32_t touched; // entries beyond have never been used
	uint32_t free;    // list of entries given back
	uint32_t count;   // in all classes
	uint64_t bytes;
	uint64_t line_bytes;
	uint64_t since_ns;       // last arrival or change
	struct waiting_line out; // thrown out, not yet handed over
	struct waiting_round rounds[2];
};

// Bytes of a block. Its memory is zeroed and aligned for a uint64_t.
size_t waiting_memory_bytes(uint32_t class_count, uint32_t capacity);
// Lays out zeroed memory of that many bytes.
struct waiting *waiting_init(void *memory, uint32_t class_count, uint32_t capacity);

static inline struct waiting_class *waiting_class(struct waiting *waiting, uint32_t class)
{
	return (struct waiting_class *)(waiting + 1) + class;
}

static inline struct waiting_entry *waiting_entry(struct waiting *waiting, uint32_t entry)
{
	return (struct waiting_entry *)waiting_class(waiting, waiting->class_count) + (entry - 1);
}

// A free entry, or 0.
uint32_t waiting_take(struct waiting *waiting);
void waiting_give(struct waiting *waiting, uint32_t entry);

// At the end and from the front of a line; a line that is popped must not be empty.
void waiting_push(struct waiting *waiting, struct waiting_line *line, uint32_t entry);
uint32_t waiting_pop(struct waiting *waiting, struct waiting_line *line);

// The same in a class, counted in the whole.
void waiting_enter(struct waiting *waiting, uint32_t class, uint32_t entry);
uint32_t waiting_leave(struct waiting *waiting, uint32_t class);

// Throws out the first of a class: it leaves through `out`.
void waiting_throw(struct waiting *waiting, uint32_t class);

// A class to the end of a round, and the first class off it (none: UINT32_MAX).
#define WAITING_NO_CLASS UINT32_MAX
void waiting_round_push(struct waiting *waiting, unsigned round, uint32_t class);
uint32_t waiting_round_first(const struct waiting *waiting, unsigned round);
void waiting_round_pop(struct waiting *waiting, unsigned round);
