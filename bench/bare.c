// SPDX-License-Identifier: BSD-3-Clause
// A FIFO of mbufs and a ring of bytes.
#include "bench/bare.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <rte_errno.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>

#include "bench/machine.h"

#define BURST       32
#define FRAME_BYTES 64
#define CACHE       256
#define ROOM        (RTE_PKTMBUF_HEADROOM + FRAME_BYTES)
#define HUGE_BYTES  (UINT64_C(1) << 21)
#define CHECK_EVERY 4096 // bursts between two looks at the clock

// Memory that the kernel may back with large pages, as the engine's is.
static void *take(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		return NULL;
	madvise(memory, bytes, MADV_HUGEPAGE);
	return memory;
}

// Bursts through `step` until it is full, and then for `seconds`.
static double run(void (*step)(void *context), void *context, uint32_t in_flight, double seconds)
{
	struct machine_watch watch;
	uint64_t bursts = 0;
	double passed;
	cpu_set_t before;

	machine_pin(&before);
	for (uint32_t i = 0; i < in_flight / BURST + CHECK_EVERY; i++)
		step(context);
	watch = machine_watch_start(getpid());
	do {
		for (unsigned i = 0; i < CHECK_EVERY; i++)
			step(context);
		bursts += CHECK_EVERY;
		passed = machine_watch_seconds(&watch, NULL);
	} while (passed < seconds);
	machine_unpin(&before);
	return (double)(bursts * BURST) / passed / 1e6;
}

struct fifo {
	struct rte_mempool *pool;
	struct rte_mbuf **ring;
	uint32_t mask;
	uint32_t head, tail;
	uint32_t in_flight;
	uint64_t sum; // of what was read
};

static void fifo_step(void *context)
{
	struct fifo *fifo = context;
	struct rte_mbuf *burst[BURST];

	if (rte_pktmbuf_alloc_bulk(fifo->pool, burst, BURST) == 0) {
		for (unsigned i = 0; i < BURST; i++) {
			memset(rte_pktmbuf_mtod(burst[i], void *), (int)fifo->head, FRAME_BYTES);
			fifo->ring[fifo->head++ & fifo->mask] = burst[i];
		}
	}
	if (fifo->head - fifo->tail <= fifo->in_flight)
		return;
	for (unsigned i = 0; i < BURST; i++) {
		uint64_t words[FRAME_BYTES / 8];

		rte_prefetch0(
			rte_pktmbuf_mtod(fifo->ring[(fifo->tail + BURST) & fifo->mask], void *));
		rte_prefetch0(fifo->ring[(fifo->tail + BURST) & fifo->mask]);
		burst[i] = fifo->ring[fifo->tail++ & fifo->mask];
		memcpy(words, rte_pktmbuf_mtod(burst[i], void *), FRAME_BYTES);
		for (unsigned word = 0; word < FRAME_BYTES / 8; word++)
			fifo->sum += words[word];
	}
	rte_pktmbuf_free_bulk(burst, BURST);
}

static uint32_t ring_size(uint32_t in_flight)
{
	uint32_t size = 1;

	while (size < in_flight + 4 * BURST)
		size *= 2;
	return size;
}

// No device reads them: they may lie across the pages of any size.
static struct rte_mempool *make_pool(uint32_t count, void **memory, size_t *bytes)
{
	struct rte_mempool *pool =
		rte_mempool_create_empty("bare", count, sizeof(struct rte_mbuf) + ROOM, CACHE,
					 sizeof(struct rte_pktmbuf_pool_private), SOCKET_ID_ANY,
					 RTE_MEMPOOL_F_NO_IOVA_CONTIG);
	struct rte_mempool_objsz size;

	if (pool == NULL)
		return NULL;
	rte_mempool_calc_obj_size(sizeof(struct rte_mbuf) + ROOM, 0, &size);
	*bytes = (size_t)count * size.total_size + 2 * HUGE_BYTES;
	*memory = take(*bytes);
	rte_pktmbuf_pool_init(pool,
			      &(struct rte_pktmbuf_pool_private){.mbuf_data_room_size = ROOM});
	if (*memory == NULL || rte_mempool_populate_iova(pool, *memory, RTE_BAD_IOVA, *bytes, NULL,
							 NULL) < (int)count) {
		rte_mempool_free(pool);
		return NULL;
	}
	rte_mempool_obj_iter(pool, rte_pktmbuf_init, NULL);
	return pool;
}

int bare_fifo_measure(uint32_t in_flight, double seconds, double *mpps, struct error *error)
{
	uint32_t size = ring_size(in_flight);
	struct fifo fifo = {.mask = size - 1, .in_flight = in_flight};
	void *memory = NULL;
	size_t bytes = 0;
	int code = 0;

	fifo.ring = calloc(size, sizeof(struct rte_mbuf *));
	fifo.pool = make_pool(in_flight + 4 * CACHE, &memory, &bytes);
	if (fifo.ring == NULL || fifo.pool == NULL) {
		code = error_set(error, -ENOMEM, "bare FIFO", "no memory for %u mbufs", in_flight);
	} else {
		*mpps = run(fifo_step, &fifo, in_flight, seconds);
		rte_mempool_free(fifo.pool);
	}
	free(fifo.ring);
	if (memory != NULL)
		munmap(memory, bytes);
	return code;
}

struct ring {
	uint8_t *memory;
	uint32_t mask;
	uint32_t head, tail;
	uint32_t in_flight;
};

struct ring_header {
	uint64_t release_at_ns;
	uint64_t id;
	uint32_t length;
	uint32_t unused[3];
};

static void ring_step(void *context)
{
	static uint8_t in[BURST][FRAME_BYTES], out[BURST][FRAME_BYTES];
	struct ring *ring = context;
	uint64_t released = 0;

	for (unsigned i = 0; i < BURST; i++) {
		uint8_t *slot =
			ring->memory + (uint64_t)(ring->head & ring->mask) * BARE_RING_BYTES;
		struct ring_header header = {ring->head, ring->head, FRAME_BYTES, {0}};

		memcpy(slot, &header, sizeof(header));
		memcpy(slot + sizeof(header), in[i], FRAME_BYTES);
		ring->head++;
	}
	if (ring->head - ring->tail > ring->in_flight) {
		for (unsigned i = 0; i < BURST; i++) {
			const uint8_t *slot = ring->memory +
					      (uint64_t)(ring->tail & ring->mask) * BARE_RING_BYTES;
			struct ring_header header;

			memcpy(&header, slot, sizeof(header));
			memcpy(out[i], slot + sizeof(header), FRAME_BYTES);
			released += header.release_at_ns;
			ring->tail++;
		}
	}
	// Frames and instants count as changed and used, so the compiler cannot leave them out.
	__asm__ volatile("" : : "r"(in), "r"(out), "r"(released) : "memory");
}

int bare_ring_measure(uint32_t in_flight, double seconds, double *mpps, struct error *error)
{
	uint32_t size = ring_size(in_flight);
	struct ring ring = {.mask = size - 1, .in_flight = in_flight};
	size_t bytes = (size_t)size * BARE_RING_BYTES;

	ring.memory = take(bytes);
	if (ring.memory == NULL)
		return error_set(error, -ENOMEM, "bare ring", "no memory for %u packets",
				 in_flight);
	*mpps = run(ring_step, &ring, in_flight, seconds);
	munmap(ring.memory, bytes);
	return 0;
}
