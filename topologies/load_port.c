// SPDX-License-Identifier: BSD-3-Clause
// Reads [port NAME].
#include <stdio.h>
#include <string.h>

#include "topologies/reader.h"

#define MTU_LEAST   68
#define MTU_MOST    9216
#define MTU_TAP     1500
#define DEVICE_NONE "none"

// Devices that interface words name; `arguments` follow the word.
struct device_kind {
	const char *word;
	unsigned arguments;
	const char *example;
};

static const struct device_kind device_kinds[] = {
	{"none", 0, "none"},
	{"tap", 0, "tap"},
	{"af_packet", 1, "af_packet eth0"},
	{"af_xdp", 1, "af_xdp eth0"},
	{"memif", 1, "memif /run/memif.sock"},
	{"vhost", 1, "vhost /run/vhost.sock"},
};

static const char *const device_words[] = {"none",  "tap",   "af_packet", "af_xdp",
					   "memif", "vhost", NULL};

static void read_port_site(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	((struct port *)thing)->site = reader_find(reader, entry, NAME_SITE, "site", entry->value);
}

static size_t count_words(const char *text)
{
	size_t count = 0;

	for (text += strspn(text, " \t"); *text; text += strspn(text, " \t")) {
		count++;
		text += strcspn(text, " \t");
	}
	return count;
}

// A DPDK device string (net_ring0, net_tap0,iface=x) or a PCI address (0000:03:00.0), each perhaps
// with options after a comma.
static bool is_dpdk_device(const char *text)
{
	size_t name = strcspn(text, ",");

	if (strncmp(text, "net_", 4) == 0 || strncmp(text, "eth_", 4) == 0)
		return name > 4;
	return name >= 7 && strspn(text, "0123456789abcdefABCDEF:.") >= name && strchr(text, ':') &&
	       strchr(text, '.');
}

static void read_device(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct port *port = thing;
	size_t words = count_words(entry->value);
	size_t first = strcspn(entry->value, " \t");
	char word[64];
	const char *nearest;

	if (!reader_text(reader, entry, port->device, sizeof(port->device)))
		return;
	for (size_t i = 0; i < sizeof(device_kinds) / sizeof(device_kinds[0]); i++) {
		const struct device_kind *kind = &device_kinds[i];

		if (first != strlen(kind->word) || strncmp(entry->value, kind->word, first) != 0)
			continue;
		if (words != 1 + kind->arguments)
			reader_fail(reader, entry,
				    "\"%s\" is not how this device is given; write "
				    "e.g. %s",
				    entry->value, kind->example);
		return;
	}
	if (words == 1 && is_dpdk_device(entry->value))
		return;
	snprintf(word, sizeof(word), "%.*s", (int)(first < 63 ? first : 63), entry->value);
	nearest = nearest_word(word, device_words);
	reader_fail(reader, entry,
		    "\"%s\" is not a device; write tap, none, af_packet IF, af_xdp IF, memif PATH, "
		    "vhost PATH, a PCI address or a DPDK device such as net_ring0%s%s%s",
		    entry->value, nearest ? " (did you mean " : "", nearest ? nearest : "",
		    nearest ? "?)" : "");
}

static void read_netns(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct port *port = thing;

	if (strpbrk(entry->value, "/ \t") || entry->value[0] == '.')
		reader_fail(reader, entry,
			    "\"%s\" is not the name of a network namespace; write one word as in "
			    "ip netns add",
			    entry->value);
	else
		reader_text(reader, entry, port->netns, sizeof(port->netns));
}

static void read_ifname(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct port *port = thing;

	if (strpbrk(entry->value, "/: \t") || entry->value[0] == '.')
		reader_fail(reader, entry,
			    "\"%s\" is not the name of an interface; write one word of at most 15 "
			    "characters such as eth0",
			    entry->value);
	else
		reader_text(reader, entry, port->ifname, sizeof(port->ifname));
}

static void read_port_address(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	reader_interface_addresses(reader, entry, false, ((struct port *)thing)->addresses);
}

static void read_port_mtu(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	uint64_t bytes;

	if (reader_count(reader, entry, MTU_LEAST, MTU_MOST, &bytes))
		((struct port *)thing)->mtu_bytes = (uint32_t)bytes;
}

const struct key_rule port_keys[] = {
	{"site", read_port_site, false, NULL},       {"device", read_device, false, NULL},
	{"netns", read_netns, false, NULL},          {"ifname", read_ifname, false, NULL},
	{"address", read_port_address, false, NULL}, {"address6", read_port_address, false, NULL},
	{"mtu", read_port_mtu, false, NULL},         {NULL, NULL, false, NULL},
};

void read_port(struct reader *reader, const struct ini_section *section, uint32_t index)
{
	struct port *port = &reader->topology->ports[index];

	reader_start(section, port->name, &port->source);
	port->site = TOPOLOGY_NONE;
	snprintf(port->device, sizeof(port->device), "%s", DEVICE_NONE);
	reader_read_keys(reader, port);
	if (port->ifname[0] == '\0')
		snprintf(port->ifname, sizeof(port->ifname), "%.15s", port->name);
	if (port->mtu_bytes == 0)
		port->mtu_bytes = strcmp(port->device, "tap") == 0 ? MTU_TAP : MTU_MOST;
}
