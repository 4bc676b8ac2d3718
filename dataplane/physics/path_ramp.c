// SPDX-License-Identifier: BSD-3-Clause
// From a path to a spline, and from that to lines.
#include "dataplane/physics/path_ramp.h"

#include <errno.h>
#include <stdlib.h>

#include "dataplane/physics/pass.h"
#include "dataplane/physics/spline.h"

// Of the ramp's error: the spline's part, and that of both legs of each satellite, whose place may
// be off by a centimetre when it is tabled.
#define SPLINE_NS 0.1
#define TABLED_NS 0.07

// Pieces that most often do at the first try, from O3B's to the geostationary arc.
#define STEPS_A_PIECE 8

static double delay(void *context, int64_t utc_ns)
{
	return path_delay_ns(context, utc_ns);
}

int path_ramp_draw(const struct path *path, struct ramp *ramp, int64_t from_utc_ns,
		   int64_t to_utc_ns)
{
	struct spline spline = {.pieces = NULL};
	double taken_ns = SPLINE_NS + TABLED_NS * path->satellite_count;
	int64_t piece_ns = to_utc_ns - from_utc_ns;
	int code;

	for (unsigned i = 0; i < path->satellite_count; i++) {
		int64_t own_ns = STEPS_A_PIECE * pass_step_ns(path->satellites[i]);

		piece_ns = own_ns < piece_ns ? own_ns : piece_ns;
	}
	code = spline_make(&spline, delay, (void *)path, from_utc_ns, to_utc_ns, piece_ns,
			   SPLINE_NS);
	if (code == 0)
		code = ramp_draw(ramp, spline_at, &spline, from_utc_ns, to_utc_ns,
				 RAMP_ERROR_NS - taken_ns);
	free(spline.pieces);
	return code;
}
