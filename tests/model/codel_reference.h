// SPDX-License-Identifier: BSD-3-Clause
// CoDel as RFC 8289, sections 5.5 and 5.6, has it, in double precision and with plain lists: what
// the model is compared with. It shares nothing with the model.
#pragma once

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

struct reference_packet {
	double arrives; // nanoseconds, as all times
	uint32_t bytes;
	uint32_t flow;
	uint8_t ecn;
	int behind; // number of the packet behind it, -1 for none
	bool lost;  // by CoDel
	bool full;  // by a limit
	bool marked;
	double departs;
};

struct reference_codel {
	struct reference_packet *packets;
	int head, tail; // -1: empty
	int waiting;
	double backlog;
	double first_above, drop_next;
	double count, last_count;
	bool dropping;
	bool marks;
	double nearest; // least distance of an instant to a drop_next that it was compared with
};

static inline struct reference_codel reference_codel(struct reference_packet *packets, bool marks)
{
	return (struct reference_codel){
		.packets = packets, .head = -1, .tail = -1, .marks = marks, .nearest = 1e18};
}

static inline void reference_push(struct reference_codel *r, int packet)
{
	r->packets[packet].behind = -1;
	if (r->head < 0)
		r->head = packet;
	else
		r->packets[r->tail].behind = packet;
	r->tail = packet;
	r->waiting++;
	r->backlog += r->packets[packet].bytes;
}

static inline int reference_pop(struct reference_codel *r)
{
	int packet = r->head;

	if (packet >= 0) {
		r->head = r->packets[packet].behind;
		r->waiting--;
		r->backlog -= r->packets[packet].bytes;
	}
	return packet;
}

static inline int reference_dodequeue(struct reference_codel *r, double now, bool *ok_to_drop)
{
	int packet = reference_pop(r);

	*ok_to_drop = false;
	if (packet < 0)
		r->first_above = 0;
	else if (now - r->packets[packet].arrives < 5e6 || r->backlog <= 1514)
		r->first_above = 0;
	else if (r->first_above == 0)
		r->first_above = now + 100e6;
	else if (now >= r->first_above)
		*ok_to_drop = true;
	return packet;
}

// Drops the packet, or marks it: then it is the one that goes.
static inline bool reference_drops(const struct reference_codel *r, int packet)
{
	struct reference_packet *told = &r->packets[packet];
	bool capable = told->ecn != 0; // Not-ECT is 0, CE is 3

	told->marked = r->marks && capable && told->ecn != 3;
	told->lost = !(r->marks && capable);
	return told->lost;
}

// deque() of the RFC: the packet to send, or -1.
static inline int reference_dequeue(struct reference_codel *r, double now)
{
	bool ok_to_drop;
	int packet = reference_dodequeue(r, now, &ok_to_drop);

	if (r->dropping) {
		if (!ok_to_drop)
			r->dropping = false;
		while (r->dropping) {
			r->nearest = fmin(r->nearest, fabs(now - r->drop_next));
			if (now < r->drop_next)
				break;
			r->count++;
			if (!reference_drops(r, packet)) {
				r->drop_next += 100e6 / sqrt(r->count);
				break;
			}
			packet = reference_dodequeue(r, now, &ok_to_drop);
			if (!ok_to_drop)
				r->dropping = false;
			else
				r->drop_next += 100e6 / sqrt(r->count);
		}
	} else if (ok_to_drop) {
		double delta = r->count - r->last_count;

		if (reference_drops(r, packet))
			packet = reference_dodequeue(r, now, &ok_to_drop);
		r->dropping = true;
		r->count = 1;
		if (delta > 1 && now - r->drop_next < 16 * 100e6)
			r->count = delta;
		r->drop_next = now + 100e6 / sqrt(r->count);
		r->last_count = r->count;
	}
	return packet;
}
