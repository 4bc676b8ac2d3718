// SPDX-License-Identifier: BSD-3-Clause
// Reads [link NAME].
#include "topologies/load_link.h"

#include <stdio.h>
#include <string.h>

#include "dataplane/physics/fibre.h"
#include "topologies/load_radio.h"
#include "topologies/quantity.h"

#define METRIC_MOST       UINT32_MAX
#define MTU_LEAST         68
#define MTU_MOST          9216
#define BFD_INTERVAL_MOST 60000000000ULL

static void read_ends(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	(void)reader;
	((struct link_draft *)thing)->ends = entry;
}

static void read_medium(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	static const char *const words[] = {"fibre", "satellite", "ethernet", "wire", NULL};
	struct link_draft *draft = thing;
	unsigned choice;

	draft->medium_given = true;
	if (reader_choice(reader, entry, words, &choice))
		draft->link->medium = (enum link_medium)choice;
}

static void read_length(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct link_draft *draft = thing;

	draft->length = entry;
	if (reader_length(reader, entry, &draft->link->length_m) && draft->link->length_m > 1e9)
		reader_fail(reader, entry, "\"%s\" is longer than any cable; write e.g. 245km",
			    entry->value);
}

static void read_stretch(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct link_draft *draft = thing;

	draft->stretch_entry = entry;
	reader_factor(reader, entry, 1.0, 10.0, "1.35", &draft->stretch);
}

static void read_group_index(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct link_draft *draft = thing;

	draft->group_index = entry;
	reader_factor(reader, entry, 1.0, 2.0, "1.4682", &draft->link->group_index);
}

static void read_equipment(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct link_draft *draft = thing;

	draft->equipment = entry;
	reader_time(reader, entry, &draft->link->equipment_ns);
}

static void read_processing(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct link_draft *draft = thing;

	draft->processing = entry;
	reader_time(reader, entry, &draft->link->processing_ns);
}

static void read_elevation(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct link_draft *draft = thing;
	double degrees;

	draft->elevation = entry;
	if (quantity_parse_angle_deg(entry->value, "", &degrees, NULL) < 0 || degrees < 0.0 ||
	    degrees >= 90.0)
		reader_fail(reader, entry,
			    "\"%s\" is not an elevation mask; write 0deg to 89deg, e.g. 5deg",
			    entry->value);
	else
		draft->link->elevation_mask_deg = degrees;
}

static void read_metric(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct link_draft *draft = thing;
	enum scope scope = entry->direction < 0 ? SCOPE_BOTH : (enum scope)entry->direction;

	reader_count(reader, entry, 1, METRIC_MOST, &draft->metric[scope]);
}

static void read_mtu(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	uint64_t bytes;

	if (reader_count(reader, entry, MTU_LEAST, MTU_MOST, &bytes))
		((struct link_draft *)thing)->link->mtu_bytes = (uint32_t)bytes;
}

static void read_link_detection(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct link_draft *draft = thing;

	if (draft->detection)
		reader_fail(reader, entry, "%s in line %u says so too; give detection or bfd",
			    draft->detection->key, draft->detection->line);
	draft->detection = entry;
	if (reader_time(reader, entry, &draft->link->detection_ns) &&
	    draft->link->detection_ns == 0)
		reader_fail(reader, entry,
			    "\"0\" would mean the site's; write at least 1ns, e.g. 10ms");
}

// BFD: an interval and a multiplier, as in `bfd = 300ms 3`.
static void read_bfd(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct link_draft *draft = thing;
	char interval[64];
	unsigned multiplier;
	uint64_t interval_ns = 0;
	int end = 0;

	if (draft->detection)
		reader_fail(reader, entry, "%s in line %u says so too; give detection or bfd",
			    draft->detection->key, draft->detection->line);
	draft->detection = entry;
	if (sscanf(entry->value, "%63s %3u%n", interval, &multiplier, &end) != 2 ||
	    entry->value[end] != '\0' ||
	    quantity_parse_time_ns(interval, "", &interval_ns, NULL) < 0 || interval_ns == 0 ||
	    interval_ns > BFD_INTERVAL_MOST || multiplier < 1 || multiplier > 255)
		reader_fail(reader, entry,
			    "\"%s\" is not BFD's interval and multiplier; write e.g. 300ms 3",
			    entry->value);
	else
		draft->link->detection_ns = interval_ns * multiplier;
}

static void read_link_address(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	reader_interface_addresses(reader, entry, true,
				   ((struct link_draft *)thing)->link->addresses);
}

static void read_framing(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	static const char *const words[] = {"none", "ethernet", NULL};
	struct link_draft *draft = thing;
	unsigned choice;

	draft->framing = entry;
	if (reader_choice(reader, entry, words, &choice))
		draft->framing_ethernet = choice == 1;
}

static void read_state(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	static const char *const words[] = {"up", "down", NULL};
	unsigned choice;

	if (reader_choice(reader, entry, words, &choice))
		((struct link_draft *)thing)->link->starts_down = choice == 1;
}

const struct key_rule link_keys[] = {
	{"ends", read_ends, false, NULL},
	{"medium", read_medium, false, NULL},
	{"length", read_length, false, NULL},
	{"stretch", read_stretch, false, NULL},
	{"group_index", read_group_index, false, NULL},
	{"equipment", read_equipment, false, NULL},
	{"delay", read_link_impairment, true, NULL},
	{"jitter", read_link_impairment, true, NULL},
	{"loss", read_link_impairment, true, NULL},
	{"rate", read_link_rate, true, NULL},
	{"limit", read_link_impairment, true, NULL},
	{"netem", read_link_impairment, true, NULL},
	{"duplicate", read_link_impairment, true, NULL},
	{"corrupt", read_link_impairment, true, NULL},
	{"reorder", read_link_impairment, true, NULL},
	{"police", read_link_impairment, true, NULL},
	{"slot", read_link_impairment, true, NULL},
	{"queue", read_link_impairment, true, NULL},
	{"trace", read_link_impairment, true, NULL},
	{"access", read_link_impairment, true, NULL},
	{"framing", read_framing, false, NULL},
	{"metric", read_metric, true, NULL},
	{"mtu", read_mtu, false, NULL},
	{"state", read_state, false, NULL},
	{"detection", read_link_detection, false, NULL},
	{"bfd", read_bfd, false, NULL},
	{"via", read_via, false, NULL},
	{"choose", read_choose, false, NULL},
	{"handover", read_handover, false, NULL},
	{"band", read_band, false, NULL},
	{"processing", read_processing, false, NULL},
	{"elevation", read_elevation, false, NULL},
	RADIO_KEYS,
	{"address", read_link_address, false, NULL},
	{"address6", read_link_address, false, NULL},
	{NULL, NULL, false, NULL},
};

void read_link(struct reader *reader, const struct ini_section *section, uint32_t index)
{
	struct link *link = &reader->topology->links[index];
	struct link_draft draft = {.link = link};
	size_t before = reader->errors->count;

	reader_start(section, link->name, &link->source);
	link->medium = MEDIUM_ETHERNET;
	link->group_index = FIBRE_GROUP_INDEX_G652;
	link->satellite = TOPOLOGY_NONE;
	link->constellation = TOPOLOGY_NONE;
	link->mtu_bytes = MTU_MOST;
	start_radio(&link->radio);
	for (int end = 0; end < 2; end++)
		link->ends[end] = (struct link_end){TOPOLOGY_NONE, TOPOLOGY_NONE};
	reader_read_keys(reader, &draft);
	for (int direction = 0; direction < LINK_DIRECTIONS; direction++)
		link->metric[direction] = draft.metric[direction] ? draft.metric[direction]
								  : draft.metric[SCOPE_BOTH];
	finish_link_impairments(reader, &draft);
	finish_link(reader, &draft);
	finish_radio(reader, &draft);
	if (reader->errors->count == before)
		check_link_impairments(reader, link);
	if (reader->errors->count != before)
		link->propagation_ns = 0;
}
