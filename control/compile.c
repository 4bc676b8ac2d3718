// SPDX-License-Identifier: BSD-3-Clause
// From the network on paper to the plan that the engine runs.
#include "control/compile.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/compile_prefixes.h"
#include "topologies/impairment_params.h"

// Flows talk between these ports: one source port each, and the one of RFC 8762 (STAMP).
#define FLOW_SOURCE_PORT 49152
#define FLOW_SOURCE_MASK 0x3fff
#define FLOW_TARGET_PORT 862

char *compile_where(const struct source *source, const char *kind, const char *name, char *buffer,
		    size_t size)
{
	if (source->file)
		snprintf(buffer, size, "%s:%u [%s %s]", source->file, source->line, kind, name);
	else
		snprintf(buffer, size, "[%s %s]", kind, name);
	return buffer;
}

struct plan_address compile_address(const struct address *address, uint8_t prefix_length)
{
	struct plan_address result = {.family = (uint8_t)address->family};

	if (address->family != ADDRESS_NONE) {
		result.prefix_length = prefix_length;
		memcpy(result.bytes, address->bytes, address->family == ADDRESS_IPV4 ? 4 : 16);
	}
	return result;
}

uint64_t compile_delay_ns(const struct link *link, const struct impairment *impairment)
{
	if (impairment->given & IMPAIRMENT(GROUP_DELAY))
		return impairment->delay.delay_ns;
	return link->propagation_ns + link->equipment_ns;
}

int compile_channel_params(const struct topology *topology, uint32_t channel,
			   const struct impairment *impairment, bool up,
			   struct channel_params *params, struct error *error)
{
	const struct link *link = &topology->links[channel / 2];
	struct channel_params made = {
		.seed = topology->seed,
		.random_key = channel,
		.carrier = up,
		.mtu_bytes = link->mtu_bytes,
		.delay_ns = compile_delay_ns(link, impairment),
	};
	char name[TOPOLOGY_NAME_MAX + 16];
	char where[sizeof(error->where)];
	int rc = impairment_params(impairment, "", topology->tables, &made, NULL);

	if (!rc && made.delay_ns <= TOPOLOGY_DELAY_MOST_NS) {
		*params = made;
		return 0;
	}
	// Once more, for the sentence: to name the place takes longer than all else.
	topology_channel_name(topology, channel, name, sizeof(name));
	compile_where(&link->source, "link", name, where, sizeof(where));
	if (!rc)
		return error_set(error, -EINVAL, where, "its delay is too long; 30d are the most");
	rc = impairment_params(impairment, where, topology->tables, &made, error);
	return rc ? rc : error_set(error, -ENOMEM, where, "no memory for its parameters");
}

static bool routes_itself(const struct topology *topology, uint32_t site)
{
	return site != TOPOLOGY_NONE && topology->sites[site].kind != SITE_EXCHANGE;
}

// Does channel c lead from a site that routes to an exchange?
static bool joins_exchange(const struct topology *topology, uint32_t channel)
{
	const struct link *link = &topology->links[channel / 2];
	uint32_t from = link->ends[channel % 2].site;
	uint32_t to = link->ends[1 - channel % 2].site;

	return routes_itself(topology, from) && to != TOPOLOGY_NONE &&
	       topology->sites[to].kind == SITE_EXCHANGE;
}

uint32_t compile_interface_of_mac(const uint8_t mac[6])
{
	return (uint32_t)mac[2] << 24 | (uint32_t)mac[3] << 16 | (uint32_t)mac[4] << 8 | mac[5];
}

// Makes an interface and returns its number. MAC 02:c0 and the number; the link-local address is
// made from it as RFC 4291, appendix A says.
static uint32_t add_interface(struct plan *plan, uint32_t site, uint32_t port, uint32_t channel,
			      const struct prefix addresses[2], bool files)
{
	uint32_t index = (uint32_t)plan->interface_count++;
	struct plan_interface *interface = &plan->interfaces[index];
	const uint8_t mac[6] = {0x02,
				0xc0,
				(uint8_t)(index >> 24),
				(uint8_t)(index >> 16),
				(uint8_t)(index >> 8),
				(uint8_t)index};
	const uint8_t identifier[8] = {mac[0] ^ 0x02, mac[1], mac[2], 0xff,
				       0xfe,          mac[3], mac[4], mac[5]};

	interface->site = site;
	interface->port = port;
	interface->channel = channel;
	memcpy(interface->mac, mac, sizeof(mac));
	interface->address4 = compile_address(&addresses[0].address, addresses[0].length);
	interface->address6 = compile_address(&addresses[1].address, addresses[1].length);
	interface->link_local[0] = 0xfe;
	interface->link_local[1] = 0x80;
	memcpy(interface->link_local + 8, identifier, sizeof(identifier));
	interface->resolves = !files;
	interface->promiscuous = files && port != PLAN_NONE;
	return index;
}

static void fill_sites(const struct topology *topology, struct plan *plan)
{
	for (size_t s = 0; s < topology->site_count; s++) {
		const struct site *site = &topology->sites[s];

		plan->sites[s].switches = site->kind == SITE_EXCHANGE;
		plan->sites[s].carrier = true;
		if (site->kind == SITE_EXCHANGE)
			continue;
		plan->sites[s].address4 = compile_address(&site->address, 32);
		plan->sites[s].address6 = compile_address(&site->address6, 128);
	}
}

static void fill_ports(const struct topology *topology, struct plan *plan, bool files)
{
	for (uint32_t p = 0; p < topology->port_count; p++) {
		const struct port *port = &topology->ports[p];

		plan->ports[p] = (struct plan_port){.site = port->site,
						    .wire_channel = PLAN_NONE,
						    .interface = PLAN_NONE,
						    .mtu_bytes = port->mtu_bytes};
		if (routes_itself(topology, port->site))
			plan->ports[p].interface = add_interface(plan, port->site, p, PLAN_NONE,
								 port->addresses, files);
	}
}

static int fill_channels(const struct topology *topology, struct plan *plan, bool files,
			 struct error *error)
{
	for (uint32_t c = 0; c < plan->channel_count; c++) {
		const struct link *link = &topology->links[c / 2];
		const struct link_end *from = &link->ends[c % 2];
		const struct link_end *to = &link->ends[1 - c % 2];
		struct plan_channel *channel = &plan->channels[c];
		int rc = compile_channel_params(topology, c, &link->impairments[c % 2], true,
						&channel->params, error);

		if (rc)
			return rc;
		channel->from_site = from->site;
		channel->to_site = to->site;
		channel->from_port = from->port;
		channel->to_port = to->port;
		channel->from_interface = PLAN_NONE;
		channel->to_interface = PLAN_NONE;
		if (from->port != TOPOLOGY_NONE)
			plan->ports[from->port].wire_channel = c;
	}
	for (uint32_t c = 0; c < plan->channel_count; c++) {
		if (!joins_exchange(topology, c))
			continue;
		plan->channels[c].from_interface =
			add_interface(plan, plan->channels[c].from_site, PLAN_NONE, c,
				      topology->links[c / 2].addresses, files);
		plan->channels[c ^ 1].to_interface = plan->channels[c].from_interface;
	}
	return 0;
}

// The site's own address of the family, else the first that a host behind it could have.
static struct plan_address address_for_flows(const struct site *site, enum address_family family)
{
	const struct address *own = family == ADDRESS_IPV4 ? &site->address : &site->address6;
	uint8_t bits = family == ADDRESS_IPV4 ? 32 : 128;

	if (own->family == family)
		return compile_address(own, bits);
	for (size_t i = 0; i < site->subnet_count; i++) {
		struct address first = site->subnets[i].address;
		uint8_t length = site->subnets[i].length;

		if (first.family != family || site->kind == SITE_EXCHANGE)
			continue;
		for (uint8_t bit = length; bit < bits; bit++)
			first.bytes[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
		if (length < bits - 1) // RFC 3021: in the longest two, each address is a host's
			first.bytes[bits / 8 - 1] |= 1;
		return compile_address(&first, bits);
	}
	return (struct plan_address){.family = 0};
}

// Mean time between packets times 2^16, to the nearest. 0 or above 2^63: not possible.
static uint64_t interval_q16(const struct flow *flow)
{
	// Sizes are twelfths, so that the mean of the mix is whole.
	uint64_t twelfths = flow->pattern == FLOW_IMIX
				    ? 7 * PLAN_IMIX_SMALL + 4 * PLAN_IMIX_MEDIUM + PLAN_IMIX_LARGE
				    : 12 * (uint64_t)flow->size_bytes;
	unsigned __int128 bits_q16 = (unsigned __int128)twelfths * 8 * 1000000000 << 16;
	unsigned __int128 rate = (unsigned __int128)12 * flow->rate_bps;
	unsigned __int128 interval;
	double by_count;

	if (flow->rate_bps > 0) {
		interval = (bits_q16 + rate / 2) / rate;
		return interval >> 63 ? 0 : (uint64_t)interval;
	}
	by_count = flow->packets_per_second > 0 ? 65536e9 / flow->packets_per_second : 0;
	return by_count < 0x1p63 ? (uint64_t)llround(by_count) : 0;
}

static int fill_flow(const struct topology *topology, uint32_t index, struct plan *plan,
		     struct error *error)
{
	static const enum plan_flow_pattern patterns[] = {
		[FLOW_CONSTANT] = PLAN_FLOW_CONSTANT,
		[FLOW_POISSON] = PLAN_FLOW_POISSON,
		[FLOW_ONOFF] = PLAN_FLOW_ONOFF,
		[FLOW_IMIX] = PLAN_FLOW_IMIX,
	};
	const struct flow *flow = &topology->flows[index];
	enum address_family family = flow->ipv6 ? ADDRESS_IPV6 : ADDRESS_IPV4;
	uint32_t minimum = flow->ipv6 ? PLAN_FLOW_MINIMUM_IPV6 : PLAN_FLOW_MINIMUM_IPV4;
	char where[sizeof(error->where)];

	compile_where(&flow->source, "flow", flow->name, where, sizeof(where));
	plan->flows[index] = (struct plan_flow){
		.from_site = flow->from,
		.to_site = flow->to,
		.random_key = (uint32_t)(plan->channel_count + index),
		.pattern = patterns[flow->pattern],
		.source = address_for_flows(&topology->sites[flow->from], family),
		.target = address_for_flows(&topology->sites[flow->to], family),
		.source_port = (uint16_t)(FLOW_SOURCE_PORT + (index & FLOW_SOURCE_MASK)),
		.target_port = FLOW_TARGET_PORT,
		.frame_bytes = flow->size_bytes,
		.interval_ns_q16 = interval_q16(flow),
		.on_ns = flow->on_ns,
		.off_ns = flow->off_ns,
		.start_ns = flow->start_ns,
		.stop_ns = flow->stop_ns,
	};
	if (!plan->flows[index].source.family || !plan->flows[index].target.family) {
		const char *end = plan->flows[index].source.family ? "to" : "from";
		uint32_t site = plan->flows[index].source.family ? flow->to : flow->from;

		return error_set(error, -EINVAL, where,
				 "%s: site %s has no IPv%d address or subnet (give it one)", end,
				 topology->sites[site].name, family);
	}
	if (flow->pattern != FLOW_IMIX && flow->size_bytes < minimum)
		return error_set(error, -EINVAL, where,
				 "size: %u bytes do not hold the headers and the stamp of an IPv%d "
				 "packet (%u are the least)",
				 flow->size_bytes, family, minimum);
	if (plan->flows[index].interval_ns_q16 == 0)
		return error_set(error, -EINVAL, where,
				 "rate: the time between packets is out of range");
	return 0;
}

static bool allocate(const struct topology *topology, struct plan *plan)
{
	plan->site_count = topology->site_count;
	plan->channel_count = 2 * topology->link_count;
	plan->port_count = topology->port_count;
	plan->flow_count = topology->flow_count;
	plan->sites = calloc(plan->site_count + 1, sizeof(*plan->sites));
	plan->rows = calloc(plan->site_count + 1, sizeof(*plan->rows));
	plan->channels = calloc(plan->channel_count + 1, sizeof(*plan->channels));
	plan->ports = calloc(plan->port_count + 1, sizeof(*plan->ports));
	plan->flows = calloc(plan->flow_count + 1, sizeof(*plan->flows));
	plan->interfaces =
		calloc(plan->port_count + plan->channel_count + 1, sizeof(*plan->interfaces));
	return plan->sites && plan->rows && plan->channels && plan->ports && plan->flows &&
	       plan->interfaces;
}

struct plan *compile_plan(const struct topology *topology, enum network_ports ports,
			  struct error *error)
{
	struct plan *plan = plan_create();
	bool files = ports == NETWORK_FILES;
	int rc = 0;

	if (!plan || !allocate(topology, plan)) {
		error_set(error, -ENOMEM, topology->name, "no memory for the plan");
		plan_free(plan);
		return NULL;
	}
	plan->seed = topology->seed;
	fill_sites(topology, plan);
	fill_ports(topology, plan, files);
	rc = fill_channels(topology, plan, files, error);
	for (uint32_t f = 0; !rc && f < topology->flow_count; f++)
		rc = fill_flow(topology, f, plan, error);
	if (!rc)
		rc = compile_prefixes(topology, plan, error);
	if (rc) {
		plan_free(plan);
		return NULL;
	}
	return plan;
}
