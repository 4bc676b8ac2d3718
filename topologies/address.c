// SPDX-License-Identifier: BSD-3-Clause
// Addresses and prefixes as text.
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "topologies/topology.h"

char *address_format(const struct address *address, char *buffer, size_t size)
{
	int family = address->family == ADDRESS_IPV6 ? AF_INET6 : AF_INET;

	if (size > 0 && (address->family == ADDRESS_NONE ||
			 !inet_ntop(family, address->bytes, buffer, (socklen_t)size)))
		snprintf(buffer, size, "none");
	return buffer;
}

char *prefix_format(const struct prefix *prefix, char *buffer, size_t size)
{
	size_t length;

	if (size == 0)
		return buffer;
	address_format(&prefix->address, buffer, size);
	length = strlen(buffer);
	if (prefix->address.family != ADDRESS_NONE)
		snprintf(buffer + length, size - length, "/%u", prefix->length);
	return buffer;
}

int address_parse(const char *text, struct address *address)
{
	struct address parsed = {0};

	if (inet_pton(AF_INET, text, parsed.bytes) == 1)
		parsed.family = ADDRESS_IPV4;
	else if (inet_pton(AF_INET6, text, parsed.bytes) == 1)
		parsed.family = ADDRESS_IPV6;
	else
		return -EINVAL;
	*address = parsed;
	return 0;
}

// The part after the slash: one to three digits, no sign, no leading zero.
static int parse_prefix_length(const char *text, unsigned most, uint8_t *length)
{
	unsigned value = 0;
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 3 || text[digits] != '\0' || (digits > 1 && text[0] == '0'))
		return -EINVAL;
	for (; *text; text++)
		value = value * 10 + (unsigned)(*text - '0');
	if (value > most)
		return -EINVAL;
	*length = (uint8_t)value;
	return 0;
}

int prefix_parse(const char *text, struct prefix *prefix)
{
	char address[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	struct prefix parsed = {0};

	if (!slash || (size_t)(slash - text) >= sizeof(address))
		return -EINVAL;
	memcpy(address, text, (size_t)(slash - text));
	address[slash - text] = '\0';
	if (address_parse(address, &parsed.address) < 0 ||
	    parse_prefix_length(slash + 1, parsed.address.family == ADDRESS_IPV4 ? 32 : 128,
				&parsed.length) < 0)
		return -EINVAL;
	*prefix = parsed;
	return 0;
}
