// SPDX-License-Identifier: BSD-3-Clause
// The modem of DVB-S2 and S2X: which modulation and coding an Es/N0 allows, what it carries, what
// it loses near its threshold, and how adaptive coding follows a fade.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Which tables a modem knows.
enum modem_standard { MODEM_DVB_S2, MODEM_DVB_S2X };

struct modcod {
	const char *name;       // "8PSK 2/3"
	double bits_per_symbol; // of user data, normal frames, no pilots
	double threshold_db;    // Es/N0 for a frame error ratio of 1e-7
};

#define MODCODS_MOST 68

// The modulations and codings worth using: each carries more than all that need less. From the
// weakest up.
struct modem_ladder {
	struct modcod rungs[MODCODS_MOST];
	size_t count;
};

// Source: EN 302 307-1 V1.4.1, table 13; with S2X also EN 302 307-2 V1.1.1, table 20a. Cannot fail.
void modem_ladder_make(struct modem_ladder *ladder, enum modem_standard standard);

// A ladder of one rung, for a modem that keeps to a modulation and coding: any of the standard's,
// by its name in small or capital letters. False when there is none of that name.
bool modem_ladder_fix(struct modem_ladder *ladder, enum modem_standard standard, const char *name);

// The names of all of a standard, ended by NULL; the text is static. Cannot fail.
#define MODCOD_NAMES_MOST (MODCODS_MOST + 1)
void modem_names(enum modem_standard standard, const char *names[MODCOD_NAMES_MOST]);

// The highest rung whose threshold + margin_db is at or below es_n0_db; -1 when there is none.
int modem_select(const struct modem_ladder *ladder, double es_n0_db, double margin_db);

// Frame error ratio of a rung at an Es/N0: 1e-7 at the threshold, ten times that for each
// MODEM_DECADE_DB below it, at most 1. A model: the standard gives the one point only, and the
// curves of LDPC codes fall so steeply.
#define MODEM_QEF       1e-7
#define MODEM_DECADE_DB 0.1
double modem_frame_error_ratio(const struct modcod *rung, double es_n0_db);

// Adaptive coding: the sender uses what the receiver told it a loop delay ago.
struct modem_control {
	double margin_db;     // over the threshold
	double hysteresis_db; // more than that before it goes up a rung
};

// The rung for the next span: down at once when the rung in use lacks its margin, up when the
// better one has margin and hysteresis. now -1: out of lock, locks at margin and hysteresis over
// the lowest. Gives -1 when the lowest rung is below its threshold.
int modem_adapt(const struct modem_ladder *ladder, const struct modem_control *control, int now,
		double es_n0_db);

// Bits per second of user data on a rung.
double modem_rate_bps(const struct modcod *rung, double symbol_rate_per_s);
