// SPDX-License-Identifier: BSD-3-Clause
// How long fades last, given that an attenuation is exceeded.
#pragma once

// The law of durations of fades beyond one attenuation.
struct fade_law {
	double longest_short_s; // D0: median of the log-normal law of fractions of time
	double deviation;       // sigma
	double gamma;           // exponent of the power law of short fades
	double boundary_s;      // Dt, between short and long fades
	double median_s;        // D2, of the log-normal law of numbers of long fades
	double short_share;     // k, fraction of time in fades shorter than the boundary
};

// Of fades beyond attenuation_db at 10 to 50 GHz and 5 to 60 degrees of elevation. Cannot fail.
// Source: P.1623-1, 2.2.
struct fade_law fade_law_at(double frequency_ghz, double elevation_deg, double attenuation_db);

// Of the fades of a second and longer, the fraction longer than duration_s (1 and more).
double fade_longer_probability(const struct fade_law *law, double duration_s);
// The fraction of the faded time that lies in fades longer than duration_s.
double fade_longer_time(const struct fade_law *law, double duration_s);
// How many fades longer than duration_s there are in faded_s of time beyond the attenuation.
double fade_count(const struct fade_law *law, double duration_s, double faded_s);
