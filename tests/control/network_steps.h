// SPDX-License-Identifier: BSD-3-Clause
// Steps that the tests of network share: start, command, run on, and look.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "control/network.h"

#define MS UINT64_C(1000000)

#define TIMES        "[network]\ndetection = 10ms\nflooding = 2ms\nspf_delay = 50ms\nfib_update = 30ms\n"
#define ROUTER(name) "[site " name "]\nkind = router\n"
#define LINK(name, a, b, delay, metric)                                                            \
	"[link " name "]\nends = " a ", " b "\nmedium = ethernet\ndelay = " delay                  \
	"\nmetric = " metric "\n"

// a, b and c, joined by ab (1 ms, cost 1), ac (2 ms, cost 1) and cb (3 ms, cost 5).
extern const char triangle[];

struct network *start(const struct topology *topology);
void command(struct network *network, uint64_t at_ns, const char *line);
// Every scheduled change up to at_ns, and then that instant itself; UINT64_MAX: until nothing is
// left.
void run_to(struct network *network, uint64_t at_ns);
// Event number i is this one.
void assert_event(const struct network *network, size_t i, uint64_t at_ns, const char *what);
// The first five channels of the path, by name; "" for none.
void assert_path(const struct topology *topology, const struct network *network, const char *from,
		 const char *to, const char *expected);
