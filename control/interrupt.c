// SPDX-License-Identifier: BSD-3-Clause
// A flag that signals set, for runs that end in order.
#include "control/interrupt.h"

#include <stddef.h>

static const int signals[3] = {SIGINT, SIGTERM, SIGHUP};
static volatile sig_atomic_t interrupted;

static void note(int number)
{
	interrupted = number;
}

const volatile sig_atomic_t *interrupt_watch(struct interrupt *interrupt)
{
	const struct sigaction action = {.sa_handler = note};

	interrupted = 0;
	for (size_t i = 0; i < 3; i++) {
		sigaction(signals[i], &action, &interrupt->old[i]);
		if (signals[i] == SIGHUP && interrupt->old[i].sa_handler == SIG_IGN)
			sigaction(SIGHUP, &interrupt->old[i], NULL);
	}
	return &interrupted;
}

void interrupt_unwatch(const struct interrupt *interrupt)
{
	for (size_t i = 0; i < 3; i++)
		sigaction(signals[i], &interrupt->old[i], NULL);
}

int interrupt_status(void)
{
	return 128 + interrupted;
}
