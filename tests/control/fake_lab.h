// SPDX-License-Identifier: BSD-3-Clause
// A live lab on the fake engine: a triangle of routers with two ports, and steps that its tests
// share.
#pragma once

#include "control/lab.h"
#include "tests/control/network_steps.h"
#include "tests/control/paper.h"
#include "tests/fake_engine.h"

// The triangle of network_steps.h, a port at a and one at b, and a conduit of ab and cb.
#define LAB_TRIANGLE                                                                               \
	TIMES ROUTER("a") ROUTER("b") ROUTER("c") LINK("ab", "a", "b", "1ms", "1")                 \
		LINK("ac", "a", "c", "2ms", "1") LINK("cb", "c", "b", "3ms", "5") LAB_PORTS        \
		"[conduit trench]\nlinks = ab, cb\n"
#define LAB_PORTS                                                                                  \
	"[port west]\nsite = a\ndevice = net_null0\naddress = 10.1.0.1/24\n"                       \
	"[port east]\nsite = b\ndevice = net_null1\naddress = 10.2.0.1/24\n"

// How far ahead of its instant a plan is handed over.
#define LAB_LEAD_NS (2 * MS)

struct fake_lab {
	struct topology *topology;
	struct lab *lab;
};

// Made, not started; the fake engine is reset first. The test fails with the lab's own words.
struct fake_lab fake_lab_make(const char *text);
// Made and started, at instant 0 of the engine's clock.
struct fake_lab fake_lab_start(const char *text);
void fake_lab_end(struct fake_lab *fake);

// Carries out one line; the test fails with the lab's words. The instant at which it applies.
uint64_t fake_lab_change(struct fake_lab *fake, const char *line);
// Moves the clock to `now_ns` and lets the lab do all that is due on the way, each thing in its
// time.
void fake_lab_run_to(struct fake_lab *fake, uint64_t now_ns);
// The parameters of a channel ("ab:forward") in the plan that the engine has.
const struct channel_params *fake_lab_params(const struct fake_lab *fake, const char *channel);
