// SPDX-License-Identifier: BSD-3-Clause
// A live port's frames that are ready before they are due.
#include "dataplane/engine/port.h"

#include <string.h>

#include <rte_mbuf.h>
#include <rte_memcpy.h>

#include "dataplane/engine/port_private.h"

uint8_t *port_device_make_ready(struct port_device *port, const uint8_t *bytes, uint32_t length,
				uint64_t due_at_ns)
{
	struct rte_mbuf *mbuf;

	// A device that sends at a time is given its frames ahead of it anyway (ahead.h).
	if (length > port->driver_most || port->ready_count == PORT_READY || port->timed)
		return NULL;
	mbuf = rte_pktmbuf_alloc(port->pool);
	if (mbuf == NULL)
		return NULL;
	mbuf->data_len = (uint16_t)length;
	mbuf->pkt_len = length;
	rte_memcpy(rte_pktmbuf_mtod(mbuf, void *), bytes, length);
	port->ready_due_at_ns[port->ready_count] = due_at_ns;
	port->ready[port->ready_count++] = mbuf;
	return rte_pktmbuf_mtod(mbuf, uint8_t *);
}

void port_device_send_ready(struct port_device *port, unsigned count)
{
	unsigned left = port->ready_count - count;

	if (port->queued_count > 0)
		port_send_queued(port); // order
	port_hand_over(port, port->ready, port->ready_due_at_ns, count);
	for (unsigned i = 0; i < left; i++) {
		port->ready[i] = port->ready[count + i];
		port->ready_due_at_ns[i] = port->ready_due_at_ns[count + i];
	}
	port->ready_count = left;
}

void port_device_drop_ready(struct port_device *port)
{
	rte_pktmbuf_free_bulk(port->ready, port->ready_count);
	port->ready_count = 0;
}
