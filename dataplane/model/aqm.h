// SPDX-License-Identifier: BSD-3-Clause
// What active queue management says of a frame, and when it says so by ECN instead of by a drop.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/model/frame.h"

enum aqm_verdict { AQM_PASS, AQM_MARK, AQM_DROP };

// How congestion is told to a frame whose turn it is: dropped, or marked where `ecn` is on and the
// frame is ECN-capable. One that already is CE passes as it is (RFC 3168, section 5): nothing is
// left to mark. `field` is an enum frame_ecn. Cannot fail.
static inline enum aqm_verdict aqm_signal(bool ecn, uint8_t field)
{
	if (!ecn || field == FRAME_NOT_ECT)
		return AQM_DROP;
	return field == FRAME_CE ? AQM_PASS : AQM_MARK;
}

// May a threshold mark this frame? Those of L4S alone, ECT(1) (RFC 9331), or all that are
// ECN-capable. Cannot fail.
static inline bool aqm_marks(bool ect1_only, uint8_t field)
{
	return field == FRAME_ECT_1 || (field == FRAME_ECT_0 && !ect1_only);
}
