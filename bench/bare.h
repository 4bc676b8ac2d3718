// SPDX-License-Identifier: BSD-3-Clause
// References for packets in flight: the two barest ways to keep 64-byte packets for a while, with
// no device, clock, model or counter around them. One thread, the caller's; pinned while it runs.
#pragma once

#include <stdint.h>

#include "dataplane/model/error.h"

#define BARE_FIFO_NAME "bare FIFO of mbufs: allocate, write 64 bytes, keep, read them, free"
#define BARE_RING_NAME "bare compact ring: copy 64 bytes in behind a header, keep, copy out"
// What one packet takes in the ring, and an mbuf of the default size.
#define BARE_RING_BYTES 96
#define BARE_MBUF_BYTES (128 + 128 + 2048)

// Millions of packets a second, in the process's own time, through a queue that holds `in_flight`
// packets, over about `seconds` once it is full. In bursts of 32. 0, or a negative errno with a
// sentence. EAL runs already for the FIFO, whose buffers (of 64 bytes and a headroom) lie in memory
// of its own.
int bare_fifo_measure(uint32_t in_flight, double seconds, double *mpps, struct error *error);
int bare_ring_measure(uint32_t in_flight, double seconds, double *mpps, struct error *error);
