// SPDX-License-Identifier: BSD-3-Clause
// Reads the radio of a satellite [link]: stations, satellite, carrier, modem.
#include "topologies/load_radio.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct radio_unit decibels[] = {{"dB", 1}, {NULL, 0}};
static const struct radio_unit g_t[] = {{"dB/K", 1}, {"dB", 1}, {NULL, 0}};
static const struct radio_unit metres[] = {{"m", 1}, {"cm", 0.01}, {NULL, 0}};
static const struct radio_unit percent[] = {{"%", 0.01}, {NULL, 0}};
static const struct radio_unit watts[] = {{"kW", 1e3}, {"mW", 1e-3}, {"W", 1}, {NULL, 0}};
static const struct radio_unit kelvin[] = {{"K", 1}, {NULL, 0}};
static const struct radio_unit degrees[] = {{"deg", 1}, {NULL, 0}};
static const struct radio_unit symbols[] = {
	{"Gbaud", 1e9}, {"Mbaud", 1e6}, {"kbaud", 1e3}, {NULL, 0}};
static const struct radio_unit hertz[] = {{"GHz", 1e9}, {"MHz", 1e6}, {"kHz", 1e3}, {NULL, 0}};
static const struct radio_unit dbw[] = {{"dBW", 1}, {NULL, 0}};

bool radio_quantity(const char *text, const struct radio_unit *units, double *value)
{
	size_t length = strlen(text);
	char number[64];

	for (; units->name; units++) {
		size_t unit = strlen(units->name);

		if (length <= unit || length - unit >= sizeof(number) ||
		    strcmp(text + length - unit, units->name) != 0)
			continue;
		memcpy(number, text, length - unit);
		number[length - unit] = '\0';
		if (!reader_decimal(number, value))
			continue;
		*value *= units->factor;
		return true;
	}
	return false;
}

static struct radio *radio_of(void *thing)
{
	struct radio *radio = &((struct link_draft *)thing)->link->radio;

	radio->given = true;
	return radio;
}

// A quantity from least to most; else the fault says which, as `example` is written.
static bool take(struct reader *reader, const struct ini_entry *entry,
		 const struct radio_unit *units, double least, double most, const char *range,
		 const char *example, double *value)
{
	double found;

	if (radio_quantity(entry->value, units, &found) && found >= least && found <= most) {
		*value = found;
		return true;
	}
	reader_fail(reader, entry, "\"%s\" is not a %s from %s; write e.g. %s", entry->value,
		    entry->key, range, example);
	return false;
}

// One value into both directions, or into the one that the key names. A direction's own stands.
static void spread(const struct ini_entry *entry, double value, double *forward, double *reverse,
		   bool *own)
{
	if (entry->direction != LINK_REVERSE && (entry->direction >= 0 || !own[LINK_FORWARD]))
		*forward = value;
	if (entry->direction != LINK_FORWARD && (entry->direction >= 0 || !own[LINK_REVERSE]))
		*reverse = value;
	if (entry->direction >= 0)
		own[entry->direction] = true;
}

#define DIRECTED(field) &radio->field[0], &radio->field[1]
#define STATIONS(field) &radio->stations[0].field, &radio->stations[1].field

void read_antenna(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct radio *radio = radio_of(thing);
	bool *own = ((struct link_draft *)thing)->radio_own[RADIO_ANTENNA];
	bool again[2] = {own[0], own[1]};
	char diameter[32], efficiency[32] = "65%";
	double diameter_m, ratio;
	int end = 0;
	int words = sscanf(entry->value, "%31s %n%31s %n", diameter, &end, efficiency, &end);

	if (words < 1 || entry->value[end] != '\0' ||
	    !radio_quantity(diameter, metres, &diameter_m) || diameter_m < 0.05 ||
	    diameter_m > 100 || !radio_quantity(efficiency, percent, &ratio) || ratio < 0.01 ||
	    ratio > 1) {
		reader_fail(reader, entry,
			    "\"%s\" is not an antenna; write its diameter, 5cm to 100m, and its "
			    "efficiency, 1%% to 100%%: e.g. 9.5m 65%%",
			    entry->value);
		return;
	}
	spread(entry, diameter_m, STATIONS(diameter_m), own);
	spread(entry, ratio, STATIONS(efficiency), again);
}

void read_power(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct radio *radio = radio_of(thing);
	double value;

	if (take(reader, entry, watts, 1e-3, 1e5, "1mW to 100kW", "100W", &value))
		spread(entry, value, STATIONS(power_w),
		       ((struct link_draft *)thing)->radio_own[RADIO_POWER]);
}

void read_noise(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct radio *radio = radio_of(thing);
	double value;

	if (take(reader, entry, kelvin, 5, 1e5, "5K to 100000K", "150K", &value))
		spread(entry, value, STATIONS(noise_k),
		       ((struct link_draft *)thing)->radio_own[RADIO_NOISE]);
}

void read_pointing(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct radio *radio = radio_of(thing);
	double value;

	if (take(reader, entry, degrees, 0, 5, "0deg to 5deg", "0.02deg", &value))
		spread(entry, value, STATIONS(pointing_deg),
		       ((struct link_draft *)thing)->radio_own[RADIO_POINTING]);
}

void read_satellite_gt(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct radio *radio = radio_of(thing);
	double value;

	if (take(reader, entry, g_t, -40, 40, "-40dB/K to 40dB/K", "5dB/K", &value))
		spread(entry, value, DIRECTED(satellite_g_t_db),
		       ((struct link_draft *)thing)->radio_own[RADIO_GT]);
}

void read_satellite_eirp(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct radio *radio = radio_of(thing);
	double value;

	if (take(reader, entry, dbw, -20, 90, "-20dBW to 90dBW", "50dBW", &value))
		spread(entry, value, DIRECTED(satellite_eirp_dbw),
		       ((struct link_draft *)thing)->radio_own[RADIO_EIRP]);
}

void read_symbol_rate(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct radio *radio = radio_of(thing);
	double value;

	if (take(reader, entry, symbols, 1e3, 5e9, "1kbaud to 5Gbaud", "30Mbaud", &value))
		spread(entry, value, DIRECTED(symbol_rate_per_s),
		       ((struct link_draft *)thing)->radio_own[RADIO_SYMBOLS]);
}

void read_rolloff(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	take(reader, entry, percent, 0.01, 0.5, "1% to 50%", "20%", &radio_of(thing)->rolloff);
}

void read_bandwidth(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	take(reader, entry, hertz, 1e3, 1e10, "1kHz to 10GHz", "36MHz",
	     &radio_of(thing)->bandwidth_hz);
}

void read_transponder(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	static const char *const words[] = {"linear", "levelled", "regenerative", NULL};
	struct radio *radio = radio_of(thing);
	unsigned choice;

	if (reader_choice(reader, entry, words, &choice))
		radio->transponder = (enum transponder)choice;
}

void read_modcods(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	static const char *const words[] = {"dvb-s2", "dvb-s2x", NULL};
	struct radio *radio = radio_of(thing);
	unsigned choice;

	if (reader_choice(reader, entry, words, &choice))
		radio->standard = (enum modem_standard)choice;
}

void read_margin(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	take(reader, entry, decibels, 0, 20, "0dB to 20dB", "1dB",
	     &radio_of(thing)->control.margin_db);
}

void read_hysteresis(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	take(reader, entry, decibels, 0, 20, "0dB to 20dB", "0.5dB",
	     &radio_of(thing)->control.hysteresis_db);
}

void read_implementation(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	take(reader, entry, decibels, 0, 20, "0dB to 20dB", "1dB",
	     &radio_of(thing)->implementation_db);
}

void read_acm_loop(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct radio *radio = radio_of(thing);
	uint64_t loop_ns;

	if (!reader_time(reader, entry, &loop_ns))
		return;
	if (loop_ns > UINT64_C(60000000000))
		reader_fail(reader, entry, "\"%s\" is longer than 60s; write e.g. 1.5s",
			    entry->value);
	else
		radio->loop_ns = loop_ns;
}

void read_polarisation(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct radio *radio = radio_of(thing);
	double tilt_deg;

	if (strcmp(entry->value, "circular") == 0)
		radio->tilt_deg = 45;
	else if (strcmp(entry->value, "horizontal") == 0)
		radio->tilt_deg = 0;
	else if (strcmp(entry->value, "vertical") == 0)
		radio->tilt_deg = 90;
	else if (radio_quantity(entry->value, degrees, &tilt_deg) && fabs(tilt_deg) <= 90)
		radio->tilt_deg = tilt_deg;
	else
		reader_fail(reader, entry,
			    "\"%s\" is not a polarisation; write circular, horizontal, vertical or "
			    "its tilt, e.g. 22deg",
			    entry->value);
}

void read_power_control(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	take(reader, entry, decibels, 0, 30, "0dB to 30dB", "6dB",
	     &radio_of(thing)->power_control_db);
}

void read_interference(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	take(reader, entry, decibels, 0, 80, "0dB to 80dB (C/I)", "25dB",
	     &radio_of(thing)->interference_db);
}

void start_radio(struct radio *radio)
{
	*radio = (struct radio){
		.rolloff = 0.20,
		.standard = MODEM_DVB_S2X,
		.control = {.margin_db = 1, .hysteresis_db = 0.5},
		.implementation_db = 1,
		.loop_ns = UINT64_C(1500000000),
		.tilt_deg = 45,
		.interference_db = INFINITY,
	};
	for (int i = 0; i < 2; i++) {
		radio->stations[i] =
			(struct radio_station){.efficiency = 0.65, .diversity.site = TOPOLOGY_NONE};
		radio->satellite_g_t_db[i] = NAN;
		radio->satellite_eirp_dbw[i] = NAN;
	}
}

static const char *missing(const struct radio *radio)
{
	for (int i = 0; i < 2; i++) {
		const struct radio_station *station = &radio->stations[i];

		if (station->diameter_m == 0)
			return "antenna; write e.g. antenna = 9.5m 65%";
		if (station->power_w == 0)
			return "power; write e.g. power = 100W";
		if (station->noise_k == 0)
			return "noise; write e.g. noise = 150K";
		if (isnan(radio->satellite_g_t_db[i]))
			return "satellite_gt; write e.g. satellite_gt = 5dB/K";
		if (isnan(radio->satellite_eirp_dbw[i]))
			return "satellite_eirp; write e.g. satellite_eirp = 50dBW";
		if (radio->symbol_rate_per_s[i] == 0)
			return "symbol_rate; write e.g. symbol_rate = 30Mbaud";
	}
	return radio->up_hz == 0 ? "band; write e.g. band = X 7.9GHz 7.25GHz" : NULL;
}

void finish_radio(struct reader *reader, struct link_draft *draft)
{
	struct radio *radio = &draft->link->radio;
	char up[64], down[64];
	const char *lack;

	finish_coding(reader, draft);
	if (!radio->given)
		return;
	if (draft->link->medium != MEDIUM_SATELLITE) {
		reader_fail(reader, NULL,
			    "the keys of a radio (antenna, power, symbol_rate ...) belong to a "
			    "satellite link; write medium = satellite");
		return;
	}
	if (draft->band && sscanf(draft->link->band, "%*s %63s %63s", up, down) == 2 &&
	    (!radio_quantity(up, hertz, &radio->up_hz) ||
	     !radio_quantity(down, hertz, &radio->down_hz)))
		return; // said where it was read
	lack = missing(radio);
	if (lack)
		reader_fail(reader, NULL, "the link has keys of a radio, but no %s", lack);
	else if (fmin(radio->up_hz, radio->down_hz) < 1e9 ||
		 fmax(radio->up_hz, radio->down_hz) > 55e9)
		reader_fail(reader, draft->band,
			    "\"%s\" is not from 1GHz to 55GHz, where the models of rain and gases "
			    "hold; mend the band",
			    draft->link->band);
	for (int d = 0; d < 2 && !lack; d++)
		if (radio->bandwidth_hz > 0 && radio->symbol_rate_per_s[d] * (1 + radio->rolloff) >
						       radio->bandwidth_hz * (1 + 1e-9)) {
			reader_fail(reader, NULL,
				    "%g Mbaud with a roll-off of %g %% need %g MHz, and the "
				    "bandwidth is %g MHz; lower symbol_rate",
				    radio->symbol_rate_per_s[d] / 1e6, radio->rolloff * 100,
				    radio->symbol_rate_per_s[d] * (1 + radio->rolloff) / 1e6,
				    radio->bandwidth_hz / 1e6);
			return;
		}
	for (int d = 0; d < 2; d++)
		radio->adaptive[d] = !(draft->link->impairments[d].given & IMPAIRMENT(GROUP_RATE));
	finish_diversity(reader, draft);
}
