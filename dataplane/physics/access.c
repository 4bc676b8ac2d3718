// SPDX-License-Identifier: BSD-3-Clause
// Waiting for capacity on a return link.
#include "dataplane/physics/access.h"

// A slot once in a frame is half a frame away on average.
static uint64_t access_wait_ns(const struct access *access, uint64_t round_trip_ns,
			       uint64_t slot_ns)
{
	if (access->kind == ACCESS_CRA)
		return slot_ns;
	return slot_ns + round_trip_ns + access->schedule_ns + slot_ns;
}

uint64_t access_longest_ns(const struct access *access, uint64_t round_trip_ns)
{
	return access_wait_ns(access, round_trip_ns, access->frame_ns);
}

uint64_t access_mean_ns(const struct access *access, uint64_t round_trip_ns)
{
	return access_wait_ns(access, round_trip_ns, access->frame_ns / 2);
}
