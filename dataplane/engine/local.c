// SPDX-License-Identifier: BSD-3-Clause
// Packets for the site itself.
#include "dataplane/engine/local.h"

#include "dataplane/engine/icmp.h"
#include "dataplane/engine/parse.h"

void local_deliver(const struct site_context *context, packet_ref ref)
{
	struct packet *packet = worker_packet(context->worker, ref);
	struct parse_upper upper;

	if (parse_upper(packet, &upper) && !upper.fragment) {
		if (upper.protocol == PARSE_UDP)
			icmp_port_unreachable(context, packet);
		else
			icmp_answer_echo(context, packet, &upper);
	}
	worker_consume(context->worker, context->site, ref);
}
