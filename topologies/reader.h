// SPDX-License-Identifier: BSD-3-Clause
// What the readers of sections share: the tables of keys, and values with their faults reported.
// Private to topologies/.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "topologies/ini.h"
#include "topologies/names.h"
#include "topologies/topology.h"

struct reader {
	struct topology *topology;
	struct ini *ini;
	struct errors *errors;
	const struct ini_section *section; // the one that is being read
	size_t sound[NAME_KINDS];          // things whose sections are not faulty
	// Of the command lines in events; NULL: not checked.
	int (*check_line)(const char *line, struct tables *tables, struct error *error);
};

// One key of a kind of section. `thing` is what the section's reader hands to reader_read_keys.
struct key_rule {
	const char *name; // NULL ends a table
	void (*read)(struct reader *reader, void *thing, const struct ini_entry *entry);
	bool directional;   // KEY.forward and KEY.reverse too
	const char *absent; // read is NULL: what to say of a key that this version does not have
};

// One kind of section. The order of `section_kinds` is the order in which they are read, so that
// names are resolved before they are used.
struct section_kind {
	const char *word; // NULL ends the table
	enum name_kind names;
	const struct key_rule *keys;
	int (*allocate)(struct topology *topology, size_t count);
	void (*read)(struct reader *reader, const struct ini_section *section, uint32_t index);
	const char *absent; // read is NULL: as above
};

extern const struct section_kind section_kinds[];

extern const struct key_rule network_keys[];
extern const struct key_rule satellite_keys[];
extern const struct key_rule constellation_keys[];
extern const struct key_rule site_keys[];
extern const struct key_rule port_keys[];
extern const struct key_rule link_keys[];
extern const struct key_rule flow_keys[];
extern const struct key_rule conduit_keys[];
extern const struct key_rule event_keys[];

void read_network(struct reader *reader, const struct ini_section *section, uint32_t index);
void read_satellite(struct reader *reader, const struct ini_section *section, uint32_t index);
void read_constellation(struct reader *reader, const struct ini_section *section, uint32_t index);
void read_site(struct reader *reader, const struct ini_section *section, uint32_t index);
void read_port(struct reader *reader, const struct ini_section *section, uint32_t index);
void read_link(struct reader *reader, const struct ini_section *section, uint32_t index);
void read_flow(struct reader *reader, const struct ini_section *section, uint32_t index);
void read_conduit(struct reader *reader, const struct ini_section *section, uint32_t index);
void read_event(struct reader *reader, const struct ini_section *section, uint32_t index);

// Calls the rule of each sound entry of the section that is being read.
void reader_read_keys(struct reader *reader, void *thing);
// Copies the section's name and place.
void reader_start(const struct ini_section *section, char *name, struct source *source);

// Adds a fault at an entry, or at the section being read when `entry` is NULL.
void reader_fail(struct reader *reader, const struct ini_entry *entry, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
// True when nobody will read another fault: it only counts, and needs no suggestion.
bool reader_is_full(const struct reader *reader);
void reader_no_memory(struct reader *reader);

// Values; false when the fault was reported, and then *value is untouched.
bool reader_time(struct reader *reader, const struct ini_entry *entry, uint64_t *time_ns);
// A time of the lab's clock, or an instant of UTC when [network] says its epoch.
bool reader_instant(struct reader *reader, const struct ini_entry *entry, uint64_t *at_ns);
bool reader_length(struct reader *reader, const struct ini_entry *entry, double *metres);
bool reader_count(struct reader *reader, const struct ini_entry *entry, uint64_t least,
		  uint64_t most, uint64_t *count);
// A plain decimal number from least to most, for factors.
bool reader_factor(struct reader *reader, const struct ini_entry *entry, double least, double most,
		   const char *example, double *factor);
bool reader_flag(struct reader *reader, const struct ini_entry *entry, bool *flag);
// The index in `words` (NULL-terminated) that the value names.
bool reader_choice(struct reader *reader, const struct ini_entry *entry, const char *const *words,
		   unsigned *choice);
// Refuses a value that does not fit.
bool reader_text(struct reader *reader, const struct ini_entry *entry, char *buffer, size_t size);
// Looks up a name; the kind is called `noun`. TOPOLOGY_NONE when the fault was reported.
uint32_t reader_find(struct reader *reader, const struct ini_entry *entry, enum name_kind kind,
		     const char *noun, const char *name);
// Addresses with a prefix length, of either family, separated by commas: into addresses[0] (IPv4)
// and addresses[1] (IPv6). `bare` allows one without its length, which is left 0xff.
void reader_interface_addresses(struct reader *reader, const struct ini_entry *entry, bool bare,
				struct prefix addresses[2]);
bool reader_address(struct reader *reader, const struct ini_entry *entry,
		    enum address_family family, struct address *address);
// True when the whole text is one plain decimal, a sign allowed.
bool reader_decimal(const char *text, double *value);

// Cuts the next item of a comma-separated list out of *rest, white space off; NULL at the end.
char *reader_next_item(char **rest);

// The four convergence keys, shared by [network] and [site]: `thing` begins with a
// struct convergence *.
struct convergence_thing {
	struct convergence *convergence;
};
void read_detection(struct reader *reader, void *thing, const struct ini_entry *entry);
void read_flooding(struct reader *reader, void *thing, const struct ini_entry *entry);
void read_spf_delay(struct reader *reader, void *thing, const struct ini_entry *entry);
void read_fib_update(struct reader *reader, void *thing, const struct ini_entry *entry);
