// SPDX-License-Identifier: BSD-3-Clause
// A live port's packet path: bursts in, bursts out, and how late they were.
#include "dataplane/engine/port.h"

#include <linux/if_tun.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <rte_ethdev.h>
#include <rte_ether.h>
#include <rte_mbuf.h>

#include "dataplane/engine/clock.h"
#include "dataplane/engine/frame_copy.h"
#include "dataplane/engine/port_private.h"

#define SEND_TRIES 4

void port_device_measure(struct port_device *port, const struct live_clock *clock,
			 struct histogram *lateness)
{
	port->clock = clock;
	port->lateness = lateness;
}

// Longer than the port carries: a giant, as network cards say. af_packet has cut it off at the end
// of its ring's slot, which lies beyond this bound.
static bool is_giant(const struct port_device *port, const struct rte_mbuf *mbuf)
{
	return mbuf->pkt_len > port->mtu_bytes + PORT_HEADER_BYTES;
}

static bool is_plain(const struct port_device *port, const struct rte_mbuf *mbuf)
{
	return mbuf->nb_segs == 1 && !(mbuf->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) &&
	       !is_giant(port, mbuf);
}

// The tag back into the frame and the frame in one piece. False when it cannot be taken.
static bool straighten(const struct port_device *port, struct rte_mbuf **mbuf)
{
	if (((*mbuf)->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) && rte_vlan_insert(mbuf))
		return false;
	return !is_giant(port, *mbuf) &&
	       ((*mbuf)->nb_segs == 1 || rte_pktmbuf_linearize(*mbuf) == 0);
}

// Nobody else has it, and it goes back as it is.
static bool is_simple(const struct rte_mbuf *mbuf, const struct rte_mempool *pool)
{
	return mbuf->pool == pool && mbuf->nb_segs == 1 && RTE_MBUF_DIRECT(mbuf) &&
	       rte_mbuf_refcnt_read(mbuf) == 1;
}

static void free_received(struct port_device *port)
{
	if (port->received_count == 0)
		return;
	if (port->received_simply)
		rte_mempool_put_bulk(port->received[0]->pool, (void *const *)port->received,
				     port->received_count);
	else
		rte_pktmbuf_free_bulk(port->received, port->received_count);
	port->received_count = 0;
}

// Are all plain and simple, as they mostly are? Without a branch for each, and with one look at
// what the driver has written of reference count and segments.
static bool are_simple(const struct port_device *port, unsigned count)
{
	const uint64_t apart =
		RTE_MBUF_F_RX_VLAN_STRIPPED | RTE_MBUF_F_INDIRECT | RTE_MBUF_F_EXTERNAL;
	const uint64_t one_of_each = UINT64_C(1) | UINT64_C(1) << 16;
	const struct rte_mempool *pool = port->received[0]->pool;
	uint64_t differences = 0;
	uint32_t longest = 0;

	for (unsigned i = 0; i < count; i++) {
		const struct rte_mbuf *mbuf = port->received[i];
		uint64_t counts = (uint64_t)rte_mbuf_refcnt_read(mbuf) | (uint64_t)mbuf->nb_segs
										 << 16;

		differences |= (mbuf->ol_flags & apart) | (counts ^ one_of_each) |
			       ((uintptr_t)mbuf->pool ^ (uintptr_t)pool);
		longest = mbuf->pkt_len > longest ? mbuf->pkt_len : longest;
	}
	return differences == 0 && longest <= port->mtu_bytes + PORT_HEADER_BYTES;
}

// Each as it is, but for those that are refused. Gives how many are left.
static unsigned straighten_each(struct port_device *port, unsigned count)
{
	unsigned kept = 0;
	bool simply = true;

	for (unsigned i = 0; i < count; i++) {
		struct rte_mbuf *mbuf = port->received[i];
		if (!is_plain(port, mbuf) && !straighten(port, &mbuf)) {
			rte_pktmbuf_free(mbuf);
			port->refused++;
			continue;
		}
		port->received[kept] = mbuf;
		simply &= is_simple(mbuf, port->received[0]->pool);
		kept++;
	}
	port->received_simply = simply;
	return kept;
}

unsigned port_device_receive(struct port_device *port, struct port_frame *frames, unsigned most)
{
	free_received(port);
	if (most > PORT_BURST)
		most = PORT_BURST;
	if (!port->started)
		return 0;
	unsigned count = rte_eth_rx_burst(port->id, 0, port->received, (uint16_t)most);
	if (count == 0)
		return 0;
	port->received_simply = are_simple(port, count);
	if (!port->received_simply)
		count = straighten_each(port, count);
	port->received_count = count;
	if (__builtin_expect(port->timed != NULL, 0))
		port_timed_received(port);
	for (unsigned i = 0; i < count; i++)
		frames[i] = (struct port_frame){
			.bytes = rte_pktmbuf_mtod(port->received[i], const uint8_t *),
			.length = rte_pktmbuf_data_len(port->received[i])};
	return count;
}

// DPDK's memif connects when it is started, and never again.
void port_device_tick(struct port_device *port)
{
	struct rte_eth_link link = {.link_status = RTE_ETH_LINK_DOWN};
	if (!port->reconnects)
		return;
	if (port->started && rte_eth_link_get_nowait(port->id, &link) == 0 &&
	    link.link_status == RTE_ETH_LINK_UP)
		return;
	if (port->started)
		rte_eth_dev_stop(port->id);
	port->started = rte_eth_dev_start(port->id) == 0;
}

uint64_t port_device_refused(const struct port_device *port)
{
	return __atomic_load_n(&port->refused, __ATOMIC_RELAXED);
}

static void record(struct port_device *port, const uint64_t *due_at_ns, unsigned count)
{
	if (port->lateness == NULL || count == 0)
		return;
	uint64_t now = live_clock_now_ns(port->clock);
	for (unsigned i = 0, same; i < count; i += same) {
		uint64_t late_ns = now > due_at_ns[i] ? now - due_at_ns[i] : 0;

		for (same = 1; i + same < count && due_at_ns[i + same] == due_at_ns[i]; same++)
			;
		histogram_record_many(port->lateness, late_ns, same);
	}
}

// The driver of af_packet waits without end for room in a full ring (its interface is down, say).
// So look first, and let the kernel try again what lies in the ring.
static bool ring_has_room(const struct port_device *port)
{
	struct pollfd room = {.fd = port->wait_fd, .events = POLLOUT};
	if (port->wait_fd < 0 || (poll(&room, 1, 0) == 1 && (room.revents & POLLOUT)))
		return true;
	int fault;
	socklen_t size = sizeof(fault);
	getsockopt(port->wait_fd, SOL_SOCKET, SO_ERROR, &fault, &size); // reading it clears it
	send(port->wait_fd, NULL, 0, MSG_DONTWAIT);
	return poll(&room, 1, 0) == 1 && (room.revents & POLLOUT);
}

void port_hand_over(struct port_device *port, struct rte_mbuf **frames, const uint64_t *due_at_ns,
		    unsigned count)
{
	unsigned sent = 0;
	if (__builtin_expect(port->timed != NULL, 0))
		port_timed_stamp(port, frames, due_at_ns, count);
	if (port->started && (!port->is_af_packet || ring_has_room(port)))
		for (int tries = 0; sent < count && tries < SEND_TRIES; tries++)
			sent += rte_eth_tx_burst(port->id, 0, frames + sent,
						 (uint16_t)(count - sent));
	if (__builtin_expect(port->timed != NULL, 0))
		port_timed_sent(port, due_at_ns, sent);
	else
		record(port, due_at_ns, sent);
	if (sent < count) {
		rte_pktmbuf_free_bulk(frames + sent, count - sent);
		port->unsent += count - sent;
	}
}

void port_send_queued(struct port_device *port)
{
	port_hand_over(port, port->queued, port->due_at_ns, port->queued_count);
	port->queued_count = 0;
}

// DPDK's tap takes no frame above 1522 bytes, though the interface behind it carries them; it is a
// file, so they can be written to it as the driver itself does it: packet information, then frame.
static bool tap_write(struct port_device *port, const uint8_t *bytes, uint32_t length,
		      uint64_t due_at_ns)
{
	struct tun_pi information = {.flags = 0};
	struct iovec parts[] = {
		{.iov_base = &information, .iov_len = sizeof(information)},
		{.iov_base = (void *)(uintptr_t)bytes, .iov_len = length},
	};
	if (port->queued_count > 0)
		port_send_queued(port); // order
	if (writev(port->wait_fd, parts, 2) != (ssize_t)(sizeof(information) + length))
		return false;
	record(port, &due_at_ns, 1);
	return true;
}

static inline void fill_mbuf(struct rte_mbuf *mbuf, const struct port_frame *frame)
{
	mbuf->data_len = (uint16_t)frame->length;
	mbuf->pkt_len = frame->length;
	frame_copy(rte_pktmbuf_mtod(mbuf, void *), frame->bytes, frame->length);
}

static void queue_mbuf(struct port_device *port, struct rte_mbuf *mbuf,
		       const struct port_frame *frame, uint64_t due_at_ns)
{
	fill_mbuf(mbuf, frame);
	port->queued[port->queued_count] = mbuf;
	port->due_at_ns[port->queued_count++] = due_at_ns;
	if (port->queued_count == PORT_BURST)
		port_send_queued(port);
}

bool port_device_queue(struct port_device *port, const uint8_t *bytes, uint32_t length,
		       uint64_t due_at_ns)
{
	if (length > port->driver_most) {
		if (port->is_tap && port->wait_fd >= 0 && length <= port->length_most)
			return tap_write(port, bytes, length, due_at_ns);
		return false;
	}
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(port->pool);
	if (mbuf == NULL)
		return false;
	queue_mbuf(port, mbuf, &(struct port_frame){bytes, length}, due_at_ns);
	return true;
}

uint32_t port_device_queue_burst(struct port_device *port, const struct port_frame *frames,
				 const uint64_t *due_at_ns, unsigned count)
{
	struct rte_mbuf *mbufs[PORT_BURST];
	uint32_t longest = 0;
	uint32_t refused = 0;

	for (unsigned i = 0; i < count; i++)
		longest = frames[i].length > longest ? frames[i].length : longest;
	if (longest > port->driver_most || rte_pktmbuf_alloc_bulk(port->pool, mbufs, count)) {
		for (unsigned i = 0; i < count; i++)
			refused |= (uint32_t)!port_device_queue(port, frames[i].bytes,
								frames[i].length, due_at_ns[i])
				   << i;
		return refused;
	}
	if (port->queued_count + count > PORT_BURST)
		port_send_queued(port); // order
	for (unsigned i = 0; i < count; i++)
		fill_mbuf(mbufs[i], &frames[i]);
	memcpy(port->queued + port->queued_count, mbufs, count * sizeof(mbufs[0]));
	memcpy(port->due_at_ns + port->queued_count, due_at_ns, count * sizeof(due_at_ns[0]));
	port->queued_count += count;
	if (port->queued_count == PORT_BURST)
		port_send_queued(port);
	return 0;
}

unsigned port_device_flush(struct port_device *port)
{
	if (port->queued_count > 0)
		port_send_queued(port);
	unsigned unsent = port->unsent;
	port->unsent = 0;
	return unsent;
}
