// SPDX-License-Identifier: BSD-3-Clause
// One live port: a DPDK ethdev with one receive and one transmit queue. Private to the engine.
//
// Opened, closed and asked about by control; received from, queued to and flushed by the one worker
// that owns the port, between engine_start and engine_stop.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/engine/engine.h"
#include "dataplane/model/error.h"
#include "dataplane/model/histogram.h"

struct live_clock;
struct port_device;

#define PORT_BURST 32

struct port_frame {
	const uint8_t *bytes;
	uint32_t length;
};

// Creates the device, starts it and, for a tap, puts its kernel end where it belongs, under its
// name, with its MTU and up. EAL runs already (eal.h). `device` is needed during the call only.
// NULL and a sentence that names the port, the reason and the remedy; nothing is left then.
struct port_device *port_device_open(uint32_t number, const struct engine_device *device,
				     struct error *error);

// Stops and removes the device, and undoes what was set on the kernel's interface. NULL is allowed.
void port_device_close(struct port_device *port);

// ---- About it ----

// What works less well than asked (an offload that stays on, a smaller MTU), one line; "" when all
// is well.
const char *port_device_warning(const struct port_device *port);

// The longest layer-3 packet that it carries: the MTU asked for, or less where the driver or the
// interface takes no more (then the warning says so).
uint32_t port_device_mtu_bytes(const struct port_device *port);

// Becomes readable when frames wait (poll it, do not read it); -1: the port must be polled.
int port_device_wait_fd(const struct port_device *port);

// Carrier of a tap's kernel end, wherever it was moved. 0 or a negative errno; -EOPNOTSUPP where
// the device has no such end.
int port_device_carrier(struct port_device *port, bool up, struct error *error);

// ---- Devices that know the time (port_timed.c) ----

// Maps the device's clock to the lab's: once the lab's runs, and before the worker does. Takes
// about 20 ms where the device sends at a given time or stamps what it receives, and nothing
// elsewhere. A clock that cannot be read, stands or runs unevenly is not used; the warning says so.
void port_device_begin_timing(struct port_device *port, const struct live_clock *clock);

// The device sends at the time it is given: frames may be queued before they are due.
bool port_device_is_paced(const struct port_device *port);

// Has a paced device room for a burst of frames that are not due yet at `now_ns`? It holds some
// hundreds.
bool port_device_takes_ahead(const struct port_device *port, uint64_t now_ns);

// When the frames that the last port_device_receive gave came in, by the device's clock, in order
// and not after now; NULL when the device does not say.
const uint64_t *port_device_arrivals(const struct port_device *port);

// About ten times a second, between bursts: follows the device's clock. Two readings; nothing on
// other ports.
void port_device_steer(struct port_device *port);

// How a device keeps time. Any thread.
void port_device_timing(const struct port_device *port, struct engine_port_timing *timing);

// ---- Packets ----

// From now on lateness (clock at departure - due) goes into `lateness`, one record a frame; NULL
// stops that. The clock is read after the driver has taken the burst, so it never flatters. Frames
// that a device was given in time, to send by its own clock, are counted instead
// (port_device_timing): when they left is not known here.
void port_device_measure(struct port_device *port, const struct live_clock *clock,
			 struct histogram *lateness);

// Up to `most` (at most PORT_BURST) frames that have arrived; valid until the next call for this
// port. VLAN tags are in the bytes. Frames that do not fit are left out and counted (refused).
unsigned port_device_receive(struct port_device *port, struct port_frame *frames, unsigned most);

// About once a second, between bursts: a memif client whose server is not there, or has gone, tries
// to connect (some system calls; nothing at all on other ports).
void port_device_tick(struct port_device *port);

// Frames that arrived and could not be taken: longer than the port's MTU allows.
uint64_t port_device_refused(const struct port_device *port);

// Copies a frame for transmission; `due_at_ns` is when it should depart, for the lateness. A full
// burst is sent at once, and must be due unless the port is paced. False when it is too long or
// memory is out: the caller counts it as lost.
bool port_device_queue(struct port_device *port, const uint8_t *bytes, uint32_t length,
		       uint64_t due_at_ns);

// The same for up to PORT_BURST frames; bit n of the result: frame n was not taken.
uint32_t port_device_queue_burst(struct port_device *port, const struct port_frame *frames,
				 const uint64_t *due_at_ns, unsigned count);

// Frames that leave soon, made ready before they are due, in order: a copy each, at most
// PORT_READY. Gives the copy's bytes; NULL when it is too long for the driver, or memory or places
// are out: then it is to be queued when it is due.
#define PORT_READY 4
uint8_t *port_device_make_ready(struct port_device *port, const uint8_t *bytes, uint32_t length,
				uint64_t due_at_ns);
// Sends the first `count` of those that are ready, after what is queued. They are due. What cannot
// be sent is counted as in port_device_flush.
void port_device_send_ready(struct port_device *port, unsigned count);
// Forgets those that are ready.
void port_device_drop_ready(struct port_device *port);

// Sends what is queued. Gives the number of frames, since the last flush, that were queued but
// could not be sent after a few tries: the caller counts them as lost, not sent.
unsigned port_device_flush(struct port_device *port);
