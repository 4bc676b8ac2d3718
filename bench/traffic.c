// SPDX-License-Identifier: BSD-3-Clause
// The two hooks.
#include "bench/traffic.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "bench/wire.h"

#define POOL_FRAMES 1023
#define POOL_CACHE  64
// Where in a frame its arrival stands: behind the Ethernet header.
#define STAMP_AT 16

static uint64_t now_ns(const struct traffic *traffic)
{
	return engine_now_ns(traffic->engine);
}

// How many frames have arrived by now and were not asked for yet, and when the first one did.
static uint16_t arrivals(struct traffic *traffic, uint64_t at_ns, uint16_t most, uint64_t *first_ns)
{
	uint16_t count = 0;

	if (!traffic->begun || traffic->interval_ns == 0) {
		traffic->begun = true;
		traffic->next_at_ns = at_ns;
	}
	*first_ns = traffic->next_at_ns;
	if (traffic->interval_ns == 0)
		return most;
	for (; count < most && traffic->next_at_ns <= at_ns; count++)
		traffic->next_at_ns += traffic->interval_ns;
	return count;
}

static uint16_t receive(uint16_t port, uint16_t queue, struct rte_mbuf **frames, uint16_t count,
			uint16_t most, void *context)
{
	struct traffic *traffic = context;
	uint64_t arrival_ns;

	(void)port;
	(void)queue;
	if (!__atomic_load_n(&traffic->on, __ATOMIC_RELAXED))
		return count;
	count = arrivals(traffic, now_ns(traffic), most, &arrival_ns);
	if (count == 0 || rte_pktmbuf_alloc_bulk(traffic->pool, frames, count) != 0)
		return 0;
	for (uint16_t i = 0; i < count; i++, arrival_ns += traffic->interval_ns) {
		uint8_t *bytes = rte_pktmbuf_mtod(frames[i], uint8_t *);

		frames[i]->data_len = TRAFFIC_FRAME_BYTES;
		frames[i]->pkt_len = TRAFFIC_FRAME_BYTES;
		memset(bytes, 0x5a, TRAFFIC_FRAME_BYTES);
		memcpy(bytes + STAMP_AT, &arrival_ns, sizeof(arrival_ns));
	}
	traffic->arrived += count;
	return count;
}

static uint16_t transmit(uint16_t port, uint16_t queue, struct rte_mbuf **frames, uint16_t count,
			 void *context)
{
	struct traffic *traffic = context;
	uint64_t leaving_ns;

	(void)port;
	(void)queue;
	if (!__atomic_load_n(&traffic->watches, __ATOMIC_RELAXED))
		return count;
	leaving_ns = now_ns(traffic);
	for (uint16_t i = 0; i < count; i++) {
		uint64_t due_ns;

		memcpy(&due_ns, rte_pktmbuf_mtod(frames[i], uint8_t *) + traffic->stamp_at,
		       sizeof(due_ns));
		due_ns += traffic->delay_ns;
		traffic->left++;
		if (leaving_ns >= due_ns) {
			if (traffic->keeps_excess)
				histogram_record(&traffic->excess, leaving_ns - due_ns);
			continue;
		}
		traffic->early++;
		if (due_ns - leaving_ns > traffic->earliest_ns)
			traffic->earliest_ns = due_ns - leaving_ns;
	}
	return count;
}

static void begin(struct traffic *traffic, const struct engine *engine, uint32_t stamp_at,
		  uint64_t delay_ns)
{
	memset(traffic, 0, sizeof(*traffic));
	traffic->engine = engine;
	traffic->stamp_at = stamp_at;
	traffic->delay_ns = delay_ns;
	histogram_reset(&traffic->excess);
}

static int set_no_hooks(struct traffic *traffic, struct error *error)
{
	traffic_detach(traffic);
	traffic_free(traffic);
	return error_set(error, -ENOTSUP, "traffic", "this DPDK calls no hooks (RXTX_CALLBACKS)");
}

int traffic_attach(struct traffic *traffic, const struct engine *engine, uint64_t interval_ns,
		   uint64_t delay_ns, struct error *error)
{
	begin(traffic, engine, STAMP_AT, delay_ns);
	traffic->interval_ns = interval_ns;
	if (rte_eth_dev_get_port_by_name(WIRE_WEST, &traffic->west) != 0 ||
	    rte_eth_dev_get_port_by_name(WIRE_EAST, &traffic->east) != 0)
		return error_set(error, -ENODEV, "traffic", "the wire's devices are not there");
	traffic->pool = rte_pktmbuf_pool_create("traffic", POOL_FRAMES, POOL_CACHE, 0,
						RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	if (traffic->pool == NULL)
		return error_set(error, -rte_errno, "traffic", "no memory for its frames: %s",
				 rte_strerror(rte_errno));
	traffic->receive = rte_eth_add_rx_callback(traffic->west, 0, receive, traffic);
	traffic->transmit = rte_eth_add_tx_callback(traffic->east, 0, transmit, traffic);
	if (traffic->receive != NULL && traffic->transmit != NULL)
		return 0;
	return set_no_hooks(traffic, error);
}

int traffic_watch(struct traffic *traffic, const struct engine *engine, uint32_t stamp_at,
		  uint64_t delay_ns, struct error *error)
{
	begin(traffic, engine, stamp_at, delay_ns);
	if (rte_eth_dev_get_port_by_name(WIRE_EAST, &traffic->east) != 0)
		return error_set(error, -ENODEV, "traffic", "the device is not there");
	traffic->transmit = rte_eth_add_tx_callback(traffic->east, 0, transmit, traffic);
	return traffic->transmit != NULL ? 0 : set_no_hooks(traffic, error);
}

void traffic_begin(struct traffic *traffic)
{
	__atomic_store_n(&traffic->on, true, __ATOMIC_RELEASE);
}

void traffic_look(struct traffic *traffic)
{
	__atomic_store_n(&traffic->watches, true, __ATOMIC_RELAXED);
}

void traffic_end(struct traffic *traffic)
{
	__atomic_store_n(&traffic->on, false, __ATOMIC_RELEASE);
}

void traffic_detach(struct traffic *traffic)
{
	if (traffic->receive != NULL)
		rte_eth_remove_rx_callback(traffic->west, 0, traffic->receive);
	if (traffic->transmit != NULL)
		rte_eth_remove_tx_callback(traffic->east, 0, traffic->transmit);
	traffic->receive = traffic->transmit = NULL;
}

void traffic_free(struct traffic *traffic)
{
	rte_mempool_free(traffic->pool);
	traffic->pool = NULL;
}
