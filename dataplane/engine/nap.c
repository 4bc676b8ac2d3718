// SPDX-License-Identifier: BSD-3-Clause
// Learning a quantile of lateness without keeping records: a step up where a sleep ended later, a
// ninety-ninth of it down where it did not, balance where one in a hundred does.
#include "dataplane/engine/nap.h"

#define START_NS     60000ull
#define STEP_DOWN_NS 100ull
#define STEP_UP_NS   (99 * STEP_DOWN_NS)
#define NO_TIMER_NS  500000ull
#define IDLE_SHARE   20

void nap_init(struct nap *nap)
{
	nap->late_ns = START_NS;
}

void nap_learn(struct nap *nap, uint64_t late_ns)
{
	if (late_ns > NO_TIMER_NS)
		return;
	if (late_ns > nap->late_ns)
		nap->late_ns += STEP_UP_NS;
	else if (nap->late_ns > STEP_DOWN_NS)
		nap->late_ns -= STEP_DOWN_NS;
	// What lies beyond would only have to be unlearnt.
	if (nap->late_ns > NAP_ALLOWED_NS + NAP_MARGIN_MOST_NS)
		nap->late_ns = NAP_ALLOWED_NS + NAP_MARGIN_MOST_NS;
}

uint64_t nap_margin_ns(const struct nap *nap)
{
	return nap->late_ns > NAP_ALLOWED_NS ? nap->late_ns - NAP_ALLOWED_NS : 0;
}

uint64_t nap_length_ns(const struct nap *nap, uint64_t left_ns, uint64_t most_ns)
{
	uint64_t margin_ns = nap_margin_ns(nap);

	if (left_ns < margin_ns + NAP_SHORTEST_NS)
		return 0;
	left_ns -= margin_ns;
	return left_ns < most_ns ? left_ns : most_ns;
}

uint64_t nap_poll_ns(uint64_t idle_ns)
{
	uint64_t poll_ns = idle_ns / IDLE_SHARE;

	if (idle_ns >= NAP_QUIET_NS)
		return NAP_POLL_QUIET_NS;
	if (poll_ns < NAP_POLL_LEAST_NS)
		return NAP_POLL_LEAST_NS;
	return poll_ns < NAP_POLL_MOST_NS ? poll_ns : NAP_POLL_MOST_NS;
}
