// SPDX-License-Identifier: BSD-3-Clause
// From the words of a topology ("tap", "af_packet eth1", ...) to DPDK's device arguments.
#include "dataplane/engine/device.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

// What af_packet puts before a frame in its ring (headers, alignment, room for the link layer).
#define RING_OVERHEAD_BYTES 128
#define RING_FRAMES         512

static int wrong(const struct engine_device *device, struct error *error, const char *what)
{
	return error_set(
		error, -EINVAL, device->name ? device->name : "port",
		"device = %s: %s; expected tap, af_packet IF, af_xdp IF, memif PATH, vhost "
		"PATH, a PCI address, or a DPDK device string such as net_null0",
		device->device ? device->device : "", what);
}

// A name that the kernel takes for an interface.
static bool is_interface_name(const char *name)
{
	size_t length = strlen(name);
	if (length == 0 || length >= IFNAMSIZ || !strcmp(name, ".") || !strcmp(name, ".."))
		return false;
	for (; *name; name++)
		if (*name == '/' || *name == ':' || *name == ',' || isspace((unsigned char)*name))
			return false;
	return true;
}

// [domain:]bus:device.function, hexadecimal.
static bool is_pci_address(const char *text)
{
	unsigned domain, bus, slot, function;
	int used = 0;
	if (sscanf(text, "%x:%x:%x.%x%n", &domain, &bus, &slot, &function, &used) == 4)
		return text[used] == '\0' || text[used] == ',';
	used = 0;
	if (sscanf(text, "%x:%x.%x%n", &bus, &slot, &function, &used) == 3)
		return text[used] == '\0' || text[used] == ',';
	return false;
}

// The address of the tap's kernel end: like the site's but for one bit, so it is another, local,
// and the same at every start; random where the site has none.
static void kernel_mac(const uint8_t site[6], uint8_t mac[6])
{
	static const uint8_t none[6];
	memcpy(mac, site, 6);
	if (!memcmp(site, none, 6)) {
		if (getrandom(mac, 6, 0) != 6)
			memcpy(mac, (uint8_t[6]){2, (uint8_t)getpid(), 1, 2, 3, 4}, 6);
		mac[0] &= 0xfb;
	}
	mac[0] = (uint8_t)(((mac[0] ^ 4) & 0xfe) | 2);
}

uint32_t device_ring_frame_bytes(uint32_t mtu_bytes)
{
	uint32_t bytes = 2048;
	while (bytes < mtu_bytes + RING_OVERHEAD_BYTES)
		bytes *= 2;
	return bytes;
}

static int parse_tap(uint32_t number, const struct engine_device *device, struct device_spec *spec,
		     struct error *error)
{
	bool moves = device->netns && device->netns[0];
	uint8_t mac[6];
	const char *ifname = device->ifname && device->ifname[0] ? device->ifname : device->name;
	if (ifname == NULL || !is_interface_name(ifname))
		return error_set(error, -EINVAL, device->name ? device->name : "port",
				 "ifname = %s: not a name for an interface; expected up to %d "
				 "characters without blanks, colons and slashes",
				 ifname ? ifname : "", IFNAMSIZ - 1);
	kernel_mac(device->mac, mac);
	spec->kind = DEVICE_TAP;
	snprintf(spec->ifname, sizeof(spec->ifname), "%s", ifname);
	// What moves gets its name there; here it has one that is nobody else's.
	if (moves)
		snprintf(spec->interface, sizeof(spec->interface), "c%x-%x", (unsigned)getpid(),
			 number & 0xffff);
	else
		memcpy(spec->interface, spec->ifname, sizeof(spec->interface));
	snprintf(spec->name, sizeof(spec->name), "net_tap%u", number);
	snprintf(spec->arguments, sizeof(spec->arguments),
		 "iface=%s,mac=%02x:%02x:%02x:%02x:%02x:%02x", spec->interface, mac[0], mac[1],
		 mac[2], mac[3], mac[4], mac[5]);
	return 0;
}

static int parse_interface(uint32_t number, const struct engine_device *device,
			   struct device_spec *spec, const char *rest, struct error *error)
{
	if (!is_interface_name(rest))
		return wrong(device, error, "the name of an interface is missing or not one");
	snprintf(spec->interface, sizeof(spec->interface), "%s", rest);
	if (spec->kind == DEVICE_AF_XDP) {
		snprintf(spec->name, sizeof(spec->name), "net_af_xdp%u", number);
		snprintf(spec->arguments, sizeof(spec->arguments), "iface=%s", rest);
		return 0;
	}
	uint32_t frame = device_ring_frame_bytes(spec->mtu_bytes);
	snprintf(spec->name, sizeof(spec->name), "net_af_packet%u", number);
	snprintf(spec->arguments, sizeof(spec->arguments),
		 "iface=%s,qpairs=1,blocksz=%u,framesz=%u,framecnt=%u,qdisc_bypass=1", rest,
		 frame < 8192 ? 8192 : frame, frame, RING_FRAMES);
	return 0;
}

// PATH, then whatever else the driver takes, after a comma.
static int parse_socket(uint32_t number, const struct engine_device *device,
			struct device_spec *spec, const char *rest, struct error *error)
{
	size_t length = strcspn(rest, ",");
	if (length == 0 || length >= sizeof(spec->path))
		return wrong(device, error, "the socket's path is missing or too long");
	memcpy(spec->path, rest, length);
	spec->path[length] = '\0';
	const char *more = rest + length;
	int used;
	if (spec->kind == DEVICE_MEMIF) {
		// The bytes of a buffer: a frame is never spread over several.
		spec->listens = strstr(more, "role=client") == NULL;
		snprintf(spec->name, sizeof(spec->name), "net_memif%u", number);
		used = snprintf(spec->arguments, sizeof(spec->arguments),
				"socket=%s,socket-abstract=no%s%s%s", spec->path,
				strstr(more, "role=") ? "" : ",role=server",
				strstr(more, "bsize=") ? "" : ",bsize=16384", more);
	} else {
		spec->listens = strstr(more, "client=1") == NULL;
		snprintf(spec->name, sizeof(spec->name), "net_vhost%u", number);
		used = snprintf(spec->arguments, sizeof(spec->arguments), "iface=%s,queues=1%s",
				spec->path, more);
	}
	if (used >= (int)sizeof(spec->arguments))
		return wrong(device, error, "too long");
	return 0;
}

// "net_xxx0,key=value" or a PCI address with arguments: name and arguments as they stand.
static int parse_own(const struct engine_device *device, struct device_spec *spec,
		     struct error *error)
{
	const char *text = device->device;
	size_t length = strcspn(text, ",");
	if (is_pci_address(text)) {
		spec->kind = DEVICE_PCI;
		spec->bus = "pci";
	} else if (strncmp(text, "net_", 4) && strncmp(text, "eth_", 4)) {
		return wrong(device, error, "no device of this kind is known");
	}
	if (strpbrk(text, " \t"))
		return wrong(device, error, "a DPDK device string has no blanks");
	if (length >= sizeof(spec->name) || strlen(text) - length >= sizeof(spec->arguments))
		return wrong(device, error, "too long");
	memcpy(spec->name, text, length);
	spec->name[length] = '\0';
	snprintf(spec->arguments, sizeof(spec->arguments), "%s",
		 text[length] == ',' ? text + length + 1 : "");
	return 0;
}

int device_parse(uint32_t number, const struct engine_device *device, struct device_spec *spec,
		 struct error *error)
{
	static const struct {
		const char *word;
		enum device_kind kind;
	} words[] = {
		{"tap", DEVICE_TAP},     {"af_packet", DEVICE_AF_PACKET}, {"af_xdp", DEVICE_AF_XDP},
		{"memif", DEVICE_MEMIF}, {"vhost", DEVICE_VHOST},
	};
	*spec = (struct device_spec){.kind = DEVICE_OTHER, .bus = "vdev"};
	spec->mtu_bytes = device->mtu_bytes ? device->mtu_bytes : DEVICE_MTU_DEFAULT;
	if (spec->mtu_bytes < 68 || spec->mtu_bytes > DEVICE_MTU_MOST)
		return error_set(error, -EINVAL, device->name ? device->name : "port",
				 "mtu = %u: expected 68 to %u bytes", spec->mtu_bytes,
				 DEVICE_MTU_MOST);
	if (device->device == NULL)
		return wrong(device, error, "missing");

	size_t length = strcspn(device->device, " \t");
	const char *rest = device->device + length + strspn(device->device + length, " \t");
	bool found = false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]) && !found; i++)
		if (strlen(words[i].word) == length &&
		    !strncmp(device->device, words[i].word, length)) {
			spec->kind = words[i].kind;
			found = true;
		}
	if (!found)
		return parse_own(device, spec, error);
	switch (spec->kind) {
	case DEVICE_TAP:
		if (*rest)
			return wrong(device, error, "nothing comes after tap");
		return parse_tap(number, device, spec, error);
	case DEVICE_AF_PACKET:
	case DEVICE_AF_XDP:
		return parse_interface(number, device, spec, rest, error);
	default:
		return parse_socket(number, device, spec, rest, error);
	}
}
