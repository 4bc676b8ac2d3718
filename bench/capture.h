// SPDX-License-Identifier: BSD-3-Clause
// Captures by libpcap alone, without a line of ours between: what a replay is fed with, and the
// bare copy that it is measured beside.
#pragma once

#include <signal.h>
#include <stdint.h>

#include "dataplane/model/error.h"

#define CAPTURE_FRAME_BYTES 64
#define CAPTURE_GAP_NS      1000

// Writes a .pcap (nanoseconds) of `packets` UDP frames, CAPTURE_GAP_NS apart, each with its number
// in it. 0 or a negative errno with a sentence; -EINTR when *interrupted becomes true.
int capture_generate(const char *path, uint64_t packets, const volatile sig_atomic_t *interrupted,
		     struct error *error);

// Reads one packet after the other and writes it to another file. The number of packets, or a
// negative errno with a sentence.
int64_t capture_copy(const char *from, const char *to, struct error *error);
