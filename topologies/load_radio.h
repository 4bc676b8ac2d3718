// SPDX-License-Identifier: BSD-3-Clause
// The keys of a satellite link's radio. Private to topologies/.
#pragma once

#include "topologies/load_link.h"

void read_antenna(struct reader *reader, void *thing, const struct ini_entry *entry);
void read_power(struct reader *reader, void *thing, const struct ini_entry *entry);
void read_noise(struct reader *reader, void *thing, const struct ini_entry *entry);
void read_pointing(struct reader *reader, void *thing, const struct ini_entry *entry);
void read_satellite_gt(struct reader *reader, void *thing, const struct ini_entry *entry);
void read_satellite_eirp(struct reader *reader, void *thing, const struct ini_entry *entry);
void read_symbol_rate(struct reader *reader, void *thing, const struct ini_entry *entry);
void read_rolloff(struct reader *reader, void *thing, const struct ini_entry *entry);
void read_band(struct reader *reader, void *thing, const struct ini_entry *entry);
void read_bandwidth(struct reader *reader, void *thing, const struct ini_entry *entry);
void read_transponder(struct reader *reader, void *thing, const struct ini_entry *entry);
void read_modcods(struct reader *reader, void *thing, const struct ini_entry *entry);
void read_margin(struct reader *reader, void *thing, const struct ini_entry *entry);
void read_hysteresis(struct reader *reader, void *thing, const struct ini_entry *entry);
void read_implementation(struct reader *reader, void *thing, const struct ini_entry *entry);
void read_acm_loop(struct reader *reader, void *thing, const struct ini_entry *entry);
void read_polarisation(struct reader *reader, void *thing, const struct ini_entry *entry);
void read_power_control(struct reader *reader, void *thing, const struct ini_entry *entry);
void read_modcod(struct reader *reader, void *thing, const struct ini_entry *entry);
void read_diversity(struct reader *reader, void *thing, const struct ini_entry *entry);
void read_interference(struct reader *reader, void *thing, const struct ini_entry *entry);

// The link's rate: `acm`, or the words of an impairment.
void read_link_rate(struct reader *reader, void *thing, const struct ini_entry *entry);

// Rows of link_keys.
// clang-format off
#define RADIO_KEYS                                           \
	{"antenna", read_antenna, true, NULL},               \
	{"power", read_power, true, NULL},                   \
	{"noise", read_noise, true, NULL},                   \
	{"pointing", read_pointing, true, NULL},             \
	{"satellite_gt", read_satellite_gt, true, NULL},     \
	{"satellite_eirp", read_satellite_eirp, true, NULL}, \
	{"symbol_rate", read_symbol_rate, true, NULL},       \
	{"rolloff", read_rolloff, false, NULL},              \
	{"bandwidth", read_bandwidth, false, NULL},          \
	{"transponder", read_transponder, false, NULL},      \
	{"modcods", read_modcods, false, NULL},              \
	{"modcod", read_modcod, true, NULL},                 \
	{"diversity", read_diversity, true, NULL},           \
	{"margin", read_margin, false, NULL},                \
	{"hysteresis", read_hysteresis, false, NULL},        \
	{"implementation", read_implementation, false, NULL},\
	{"acm_loop", read_acm_loop, false, NULL},            \
	{"polarisation", read_polarisation, false, NULL},    \
	{"power_control", read_power_control, false, NULL},  \
	{"interference", read_interference, false, NULL}
// clang-format on

// The defaults, before the link's keys are read.
void start_radio(struct radio *radio);
// The band's frequencies, and whether the keys fit the medium and each other.
void finish_radio(struct reader *reader, struct link_draft *draft);

// What the modem's coding (load_coding.c) and the diverse sites (load_diversity.c) have to do with
// the rest of the link, once that is read.
void finish_coding(struct reader *reader, struct link_draft *draft);
void finish_diversity(struct reader *reader, struct link_draft *draft);

// A number with one of the units at its end, times that unit's factor. False when it is none.
struct radio_unit {
	const char *name;
	double factor;
};
bool radio_quantity(const char *text, const struct radio_unit *units, double *value);
