// SPDX-License-Identifier: BSD-3-Clause
// A live port whose device knows the time: it sends at the instant that it is given
// (RTE_ETH_TX_OFFLOAD_SEND_ON_TIMESTAMP) or says when frames came in
// (RTE_ETH_RX_OFFLOAD_TIMESTAMP), by a clock of its own, which rte_eth_read_clock reads.

// rte_eth_read_clock is marked experimental in 22.11, though nothing else tells what a device's
// timestamps mean.
#define ALLOW_EXPERIMENTAL_API

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>

#include "dataplane/engine/clock.h"
#include "dataplane/engine/device_clock.h"
#include "dataplane/engine/port_private.h"

#define CALIBRATION_LOOKS   16
#define CALIBRATION_REST_NS 10000000
// Frames that the device holds until they are due, at most: no more than half of what its queue
// takes.
#define AHEAD_MOST 512
// A stamp further back than this means something else than we think.
#define OLDEST_STAMP_NS 1000000000

// The worker's, but for what other threads read of it.
struct port_timed {
	bool offers_pacing;
	bool offers_stamps;
	bool paces; // the same, and its clock is good
	bool stamps;
	int field; // offset of the timestamp in an mbuf
	uint64_t send_flag;
	uint64_t stamp_flag;
	struct device_clock clock;
	uint64_t last_ticks;  // asked for last
	uint64_t last_due_ns; // what is behind it leaves after this
	uint64_t last_arrival_ns;
	uint64_t held_due_ns[AHEAD_MOST]; // of the last frames handed over
	unsigned held_most;               // of these
	unsigned held_next;
	struct engine_port_timing counters;
	uint64_t arrivals_ns[PORT_BURST];
};

static uint64_t *timestamp(const struct port_timed *timed, struct rte_mbuf *mbuf)
{
	return RTE_MBUF_DYNFIELD(mbuf, timed->field, uint64_t *);
}

__attribute__((format(printf, 2, 3))) static void warn(struct port_device *port, const char *format,
						       ...)
{
	size_t used = strlen(port->warning);
	va_list arguments;

	if (used > 0 && used + 2 < sizeof(port->warning)) {
		memcpy(port->warning + used, "; ", 3);
		used += 2;
	}
	va_start(arguments, format);
	vsnprintf(port->warning + used, sizeof(port->warning) - used, format, arguments);
	va_end(arguments);
}

// ---- Opening ----

// What its frames carry: drivers look for the field and flags when they are started.
static void register_fields(struct port_device *port, struct port_timed *timed)
{
	if (timed->offers_pacing &&
	    rte_mbuf_dyn_tx_timestamp_register(&timed->field, &timed->send_flag)) {
		warn(port, "frames have no room for times to be sent at (%s)",
		     rte_strerror(rte_errno));
		timed->offers_pacing = false;
	}
	if (timed->offers_stamps &&
	    rte_mbuf_dyn_rx_timestamp_register(&timed->field, &timed->stamp_flag)) {
		warn(port, "frames have no room for receive timestamps (%s)",
		     rte_strerror(rte_errno));
		timed->offers_stamps = false;
	}
}

int port_timed_ask(struct port_device *port, const struct rte_eth_dev_info *info,
		   struct rte_eth_conf *configuration)
{
	bool paces = info->tx_offload_capa & RTE_ETH_TX_OFFLOAD_SEND_ON_TIMESTAMP;
	bool stamps = info->rx_offload_capa & RTE_ETH_RX_OFFLOAD_TIMESTAMP;

	if (!paces && !stamps)
		return 0;
	port->timed = calloc(1, sizeof(*port->timed));
	if (port->timed == NULL)
		return -ENOMEM;
	port->timed->offers_pacing = paces;
	port->timed->offers_stamps = stamps;
	register_fields(port, port->timed);
	if (port->timed->offers_pacing)
		configuration->txmode.offloads |= RTE_ETH_TX_OFFLOAD_SEND_ON_TIMESTAMP;
	if (port->timed->offers_stamps)
		configuration->rxmode.offloads |= RTE_ETH_RX_OFFLOAD_TIMESTAMP;
	return 0;
}

void port_timed_room(struct port_device *port, unsigned descriptors)
{
	unsigned half = descriptors / 2 > PORT_BURST ? descriptors / 2 : PORT_BURST;

	if (port->timed)
		port->timed->held_most = half < AHEAD_MOST ? half : AHEAD_MOST;
}

void port_timed_drop(struct port_device *port)
{
	free(port->timed);
	port->timed = NULL;
}

// ---- The clock ----

// Of several looks the one between the two nearest readings of the lab's clock. 0 or a negative
// errno of the driver's.
static int look(const struct port_device *port, const struct live_clock *clock, unsigned tries,
		struct device_reading *best)
{
	uint64_t narrowest_ns = UINT64_MAX;

	for (unsigned i = 0; i < tries; i++) {
		struct device_reading reading = {.before_ns = live_clock_now_ns(clock)};
		int code = rte_eth_read_clock(port->id, &reading.ticks);

		if (code)
			return code < 0 ? code : -EIO;
		reading.after_ns = live_clock_now_ns(clock);
		if (reading.after_ns - reading.before_ns < narrowest_ns) {
			narrowest_ns = reading.after_ns - reading.before_ns;
			*best = reading;
		}
	}
	return 0;
}

static const char *refuse_clock(struct port_device *port, const struct live_clock *clock)
{
	struct device_reading readings[3];

	for (unsigned i = 0; i < 3; i++) {
		struct timespec rest = {.tv_nsec = i ? CALIBRATION_REST_NS : 0};

		clock_nanosleep(CLOCK_MONOTONIC, 0, &rest, NULL);
		if (look(port, clock, CALIBRATION_LOOKS, &readings[i]))
			return "cannot be read";
	}
	switch (device_clock_init(&port->timed->clock, readings)) {
	case DEVICE_CLOCK_STANDS:
		return "stands still";
	case DEVICE_CLOCK_UNEVEN:
		return "runs unevenly";
	case DEVICE_CLOCK_GOOD:
		break;
	}
	return NULL;
}

void port_device_begin_timing(struct port_device *port, const struct live_clock *clock)
{
	struct port_timed *timed = port->timed;
	const char *fault;

	if (timed == NULL || (!timed->offers_pacing && !timed->offers_stamps))
		return;
	timed->paces = false;
	timed->stamps = false;
	timed->last_ticks = 0;
	timed->last_due_ns = 0;
	timed->last_arrival_ns = 0;
	memset(timed->held_due_ns, 0, sizeof(timed->held_due_ns));
	fault = refuse_clock(port, clock);
	if (fault) {
		warn(port, "its clock %s, so that it %s", fault,
		     !timed->offers_pacing   ? "does not say when frames came in"
		     : !timed->offers_stamps ? "is not told when to send"
					     : "neither sends at a time nor says when frames came "
					       "in");
		timed->offers_pacing = false;
		timed->offers_stamps = false;
		return;
	}
	timed->paces = timed->offers_pacing;
	timed->stamps = timed->offers_stamps;
}

void port_device_steer(struct port_device *port)
{
	struct port_timed *timed = port->timed;
	struct device_reading reading;

	if (timed == NULL || (!timed->paces && !timed->stamps) || port->clock == NULL ||
	    look(port, port->clock, 2, &reading)) // the first wakes the caches
		return;
	if (device_clock_follow(&timed->clock, &reading))
		timed->last_ticks = 0; // of the clock before it was set
}

// ---- Out ----

// A frame that is due already goes at once, in its turn. Times never go back within the queue: the
// device keeps its order anyway.
void port_timed_stamp(struct port_device *port, struct rte_mbuf **frames, const uint64_t *due_at_ns,
		      unsigned count)
{
	struct port_timed *timed = port->timed;
	uint64_t now_ns;

	if (!timed->paces || port->clock == NULL)
		return;
	now_ns = live_clock_now_ns(port->clock);
	for (unsigned i = 0; i < count; i++) {
		uint64_t ticks;

		if (due_at_ns[i] <= now_ns)
			continue;
		ticks = device_clock_ticks(&timed->clock, due_at_ns[i]);
		if (ticks < timed->last_ticks)
			ticks = timed->last_ticks;
		timed->last_ticks = ticks;
		*timestamp(timed, frames[i]) = ticks;
		frames[i]->ol_flags |= timed->send_flag;
	}
}

void port_timed_sent(struct port_device *port, const uint64_t *due_at_ns, unsigned sent)
{
	struct port_timed *timed = port->timed;
	uint64_t now_ns;

	if (port->clock == NULL || sent == 0)
		return;
	now_ns = live_clock_now_ns(port->clock);
	for (unsigned i = 0; i < sent; i++) {
		uint64_t due_ns = due_at_ns[i];

		uint64_t leaves_ns = now_ns > timed->last_due_ns ? now_ns : timed->last_due_ns;

		timed->held_due_ns[timed->held_next] = due_ns;
		timed->held_next =
			timed->held_next + 1 < timed->held_most ? timed->held_next + 1 : 0;

		if (timed->paces && due_ns >= leaves_ns) {
			timed->last_due_ns = due_ns;
			timed->counters.handed_in_time++;
			continue;
		}
		timed->counters.handed_late += timed->paces;
		if (port->lateness)
			histogram_record(port->lateness,
					 leaves_ns > due_ns ? leaves_ns - due_ns : 0);
	}
}

// Queued here, too, are frames that it will hold.
bool port_device_takes_ahead(const struct port_device *port, uint64_t now_ns)
{
	const struct port_timed *timed = port->timed;
	unsigned oldest = timed->held_next + port->queued_count + PORT_BURST - 1;

	while (oldest >= timed->held_most) // twice at most
		oldest -= timed->held_most;
	return timed->held_due_ns[oldest] <= now_ns;
}

// ---- In ----

// Not after now, not before the frame ahead, and not at all when it makes no sense.
static uint64_t arrival_ns(struct port_timed *timed, struct rte_mbuf *mbuf, uint64_t now_ns)
{
	uint64_t at_ns = now_ns;

	if (mbuf->ol_flags & timed->stamp_flag) {
		at_ns = device_clock_ns(&timed->clock, *timestamp(timed, mbuf));
		if (at_ns > now_ns || now_ns - at_ns > OLDEST_STAMP_NS)
			at_ns = now_ns;
	}
	timed->counters.stamped += at_ns != now_ns;
	timed->counters.unstamped += at_ns == now_ns;
	if (at_ns < timed->last_arrival_ns)
		at_ns = timed->last_arrival_ns;
	timed->last_arrival_ns = at_ns;
	return at_ns;
}

void port_timed_received(struct port_device *port)
{
	struct port_timed *timed = port->timed;
	uint64_t now_ns;

	if (!timed->stamps || port->clock == NULL || port->received_count == 0)
		return;
	now_ns = live_clock_now_ns(port->clock);
	for (unsigned i = 0; i < port->received_count; i++)
		timed->arrivals_ns[i] = arrival_ns(timed, port->received[i], now_ns);
}

// ---- About it ----

bool port_device_is_paced(const struct port_device *port)
{
	return port->timed && port->timed->paces;
}

const uint64_t *port_device_arrivals(const struct port_device *port)
{
	return port->timed && port->timed->stamps && port->clock ? port->timed->arrivals_ns : NULL;
}

void port_device_timing(const struct port_device *port, struct engine_port_timing *timing)
{
	const struct port_timed *timed = port->timed;
	const struct engine_port_timing *counters;

	memset(timing, 0, sizeof(*timing));
	if (timed == NULL || (!timed->paces && !timed->stamps))
		return;
	counters = &timed->counters;
	*timing = (struct engine_port_timing){
		.paces = timed->paces,
		.stamps = timed->stamps,
		.clock_hz = device_clock_hz(&timed->clock),
		.error_ns = __atomic_load_n(&timed->clock.error_ns, __ATOMIC_RELAXED),
		.clock_set = __atomic_load_n(&timed->clock.jumps, __ATOMIC_RELAXED),
		.handed_in_time = __atomic_load_n(&counters->handed_in_time, __ATOMIC_RELAXED),
		.handed_late = __atomic_load_n(&counters->handed_late, __ATOMIC_RELAXED),
		.stamped = __atomic_load_n(&counters->stamped, __ATOMIC_RELAXED),
		.unstamped = __atomic_load_n(&counters->unstamped, __ATOMIC_RELAXED),
	};
}
