// SPDX-License-Identifier: BSD-3-Clause
// The card that knows the time.
#include "tests/engine/timed_device.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>

#include "tests/engine/lab_plan.h"

#define FIRST_UNIT  8
#define UNITS       2
#define FRAMES_MOST 4096
#define FRAME_BYTES 60

struct incoming {
	uint8_t number;
	bool stamped;
	uint64_t stamp;
};

static struct card {
	bool exists; // reset at least once
	struct timed_clock clock;
	uint64_t (*now_ns)(void *context);
	void *context;
	unsigned looks;
	bool asked_pacing, asked_stamps, configured;
	bool refuses;
	struct timed_frame sent[FRAMES_MOST];
	unsigned sent_count;
	struct incoming in[FRAMES_MOST];
	unsigned in_count, in_next;
} cards[UNITS];

static bool offers_pacing = true, offers_stamps = true;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static struct rte_mempool *pool;

static struct card *card_of(unsigned unit)
{
	return &cards[unit - FIRST_UNIT];
}

static struct card *card_of_port(uint16_t port)
{
	char name[RTE_ETH_NAME_MAX_LEN];
	unsigned unit;

	if (rte_eth_dev_get_name_by_port(port, name) || sscanf(name, "net_null%u", &unit) != 1 ||
	    unit < FIRST_UNIT || unit >= FIRST_UNIT + UNITS || !card_of(unit)->exists)
		return NULL;
	return card_of(unit);
}

void timed_device_reset(unsigned unit, const struct timed_clock *clock,
			uint64_t (*now_ns)(void *context), void *context)
{
	struct card *card = card_of(unit);

	pthread_mutex_lock(&gate);
	memset(card, 0, sizeof(*card));
	card->exists = true;
	card->clock = *clock;
	card->now_ns = now_ns;
	card->context = context;
	pthread_mutex_unlock(&gate);
}

void timed_device_offer(bool pacing, bool stamps)
{
	offers_pacing = pacing;
	offers_stamps = stamps;
}

bool timed_device_was_asked(unsigned unit, bool *pacing, bool *stamps)
{
	*pacing = card_of(unit)->asked_pacing;
	*stamps = card_of(unit)->asked_stamps;
	return card_of(unit)->configured;
}

static uint64_t ticks_at(const struct timed_clock *clock, uint64_t at_ns)
{
	unsigned __int128 pace =
		(unsigned __int128)clock->hz * (uint64_t)(1000000000 + clock->off_ppb);

	return clock->offset + (uint64_t)(pace * at_ns / 1000000000 / 1000000000);
}

uint64_t timed_device_ticks(unsigned unit, uint64_t at_ns)
{
	return ticks_at(&card_of(unit)->clock, at_ns);
}

uint64_t timed_device_instant(unsigned unit, uint64_t ticks)
{
	uint64_t low = 0, high = UINT64_C(1) << 50; // two weeks

	while (low < high) {
		uint64_t middle = low + (high - low) / 2;

		if (timed_device_ticks(unit, middle) >= ticks)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

void timed_device_put(unsigned unit, uint8_t number, bool stamped, uint64_t stamp)
{
	struct card *card = card_of(unit);

	pthread_mutex_lock(&gate);
	if (card->in_count < FRAMES_MOST)
		card->in[card->in_count++] = (struct incoming){number, stamped, stamp};
	pthread_mutex_unlock(&gate);
}

unsigned timed_device_sent(unsigned unit, struct timed_frame *frames, unsigned most)
{
	struct card *card = card_of(unit);
	unsigned count;

	pthread_mutex_lock(&gate);
	count = card->sent_count;
	memcpy(frames, card->sent, (count < most ? count : most) * sizeof(*frames));
	pthread_mutex_unlock(&gate);
	return count;
}

void timed_device_refuse(unsigned unit, bool refuses)
{
	card_of(unit)->refuses = refuses;
}

// ---- The driver ----

static uint64_t *timestamp(struct rte_mbuf *mbuf)
{
	return RTE_MBUF_DYNFIELD(
		mbuf, rte_mbuf_dynfield_lookup(RTE_MBUF_DYNFIELD_TIMESTAMP_NAME, NULL), uint64_t *);
}

static uint64_t flag(const char *name)
{
	int bit = rte_mbuf_dynflag_lookup(name, NULL);

	return bit < 0 ? 0 : UINT64_C(1) << bit;
}

static uint16_t send_burst(void *queue, struct rte_mbuf **mbufs, uint16_t count)
{
	struct card *card = queue;
	uint64_t timed = flag(RTE_MBUF_DYNFLAG_TX_TIMESTAMP_NAME);

	if (card->refuses)
		return 0;
	pthread_mutex_lock(&gate);
	for (unsigned i = 0; i < count && card->sent_count < FRAMES_MOST; i++) {
		struct timed_frame *frame = &card->sent[card->sent_count++];

		*frame = (struct timed_frame){
			.number = rte_pktmbuf_mtod(mbufs[i], uint8_t *)[mbufs[i]->data_len - 1],
			.timed = mbufs[i]->ol_flags & timed,
			.taken_at_ns = card->now_ns(card->context),
		};
		if (frame->timed)
			frame->ticks = *timestamp(mbufs[i]);
	}
	pthread_mutex_unlock(&gate);
	rte_pktmbuf_free_bulk(mbufs, count);
	return count;
}

static uint16_t receive_burst(void *queue, struct rte_mbuf **mbufs, uint16_t most)
{
	struct card *card = queue;
	uint16_t count = 0;

	pthread_mutex_lock(&gate);
	while (count < most && card->in_next < card->in_count) {
		const struct incoming *in = &card->in[card->in_next];
		struct rte_mbuf *mbuf = rte_pktmbuf_alloc(pool);
		uint8_t *bytes;

		if (mbuf == NULL)
			break;
		card->in_next++;
		mbuf->data_len = FRAME_BYTES;
		mbuf->pkt_len = FRAME_BYTES;
		bytes = rte_pktmbuf_mtod(mbuf, uint8_t *);
		make_udp(bytes, "10.0.0.9", "10.1.0.9", 64, in->number, FRAME_BYTES - 42);
		bytes[FRAME_BYTES - 1] = in->number;
		if (in->stamped) {
			mbuf->ol_flags |= flag(RTE_MBUF_DYNFLAG_RX_TIMESTAMP_NAME);
			*timestamp(mbuf) = in->stamp;
		}
		mbufs[count++] = mbuf;
	}
	pthread_mutex_unlock(&gate);
	return count;
}

int __real_rte_eth_dev_info_get(uint16_t port, struct rte_eth_dev_info *info);
int __wrap_rte_eth_dev_info_get(uint16_t port, struct rte_eth_dev_info *info);
int __real_rte_eth_dev_configure(uint16_t port, uint16_t receive, uint16_t transmit,
				 const struct rte_eth_conf *asked);
int __wrap_rte_eth_dev_configure(uint16_t port, uint16_t receive, uint16_t transmit,
				 const struct rte_eth_conf *asked);
int __real_rte_eth_dev_start(uint16_t port);
int __wrap_rte_eth_dev_start(uint16_t port);
int __real_rte_eth_read_clock(uint16_t port, uint64_t *clock);
int __wrap_rte_eth_read_clock(uint16_t port, uint64_t *clock);

int __wrap_rte_eth_dev_info_get(uint16_t port, struct rte_eth_dev_info *info)
{
	int code = __real_rte_eth_dev_info_get(port, info);

	if (card_of_port(port) == NULL)
		return code;
	if (offers_pacing)
		info->tx_offload_capa |= RTE_ETH_TX_OFFLOAD_SEND_ON_TIMESTAMP;
	if (offers_stamps)
		info->rx_offload_capa |= RTE_ETH_RX_OFFLOAD_TIMESTAMP;
	return code;
}

int __wrap_rte_eth_dev_configure(uint16_t port, uint16_t receive, uint16_t transmit,
				 const struct rte_eth_conf *asked)
{
	struct card *card = card_of_port(port);
	struct rte_eth_conf plain = *asked;

	if (card) {
		card->configured = true;
		card->asked_pacing = asked->txmode.offloads & RTE_ETH_TX_OFFLOAD_SEND_ON_TIMESTAMP;
		card->asked_stamps = asked->rxmode.offloads & RTE_ETH_RX_OFFLOAD_TIMESTAMP;
		plain.txmode.offloads &= ~(uint64_t)RTE_ETH_TX_OFFLOAD_SEND_ON_TIMESTAMP;
		plain.rxmode.offloads &= ~(uint64_t)RTE_ETH_RX_OFFLOAD_TIMESTAMP;
	}
	return __real_rte_eth_dev_configure(port, receive, transmit, &plain);
}

// The bursts are in the public table of DPDK's inline functions, for the first queue.
int __wrap_rte_eth_dev_start(uint16_t port)
{
	static void *queues[RTE_MAX_ETHPORTS][1];
	struct card *card = card_of_port(port);
	int code = __real_rte_eth_dev_start(port);

	if (card == NULL || code)
		return code;
	if (pool == NULL)
		pool = rte_pktmbuf_pool_create("timed", 1023, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
					       SOCKET_ID_ANY);
	assert_non_null(pool);
	queues[port][0] = card;
	rte_eth_fp_ops[port].rx_pkt_burst = receive_burst;
	rte_eth_fp_ops[port].rxq.data = queues[port];
	rte_eth_fp_ops[port].tx_pkt_burst = send_burst;
	rte_eth_fp_ops[port].txq.data = queues[port];
	return 0;
}

int __wrap_rte_eth_read_clock(uint16_t port, uint64_t *clock)
{
	struct card *card = card_of_port(port);

	if (card == NULL)
		return __real_rte_eth_read_clock(port, clock);
	*clock = ticks_at(&card->clock, card->now_ns(card->context));
	switch (card->clock.fault) {
	case TIMED_UNREADABLE:
		return -ENOTSUP;
	case TIMED_STANDS:
		*clock = card->clock.offset;
		break;
	case TIMED_LIMPS: // the second ten milliseconds are longer than the first
		*clock += ++card->looks > 32 ? card->clock.hz / 1000 : 0;
		break;
	case TIMED_GOOD:
		break;
	}
	return 0;
}
