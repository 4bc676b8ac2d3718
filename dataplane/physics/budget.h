// SPDX-License-Identifier: BSD-3-Clause
// The link budget of a satellite hop: from a station's transmitter to the Es/N0 of the modem at the
// other end. Decibels throughout.
#pragma once

#include <stdbool.h>

// Boltzmann's constant, dB(W/(K Hz)).
#define BOLTZMANN_DBW (-228.59916720609137)

// Gain, dBi, of an aperture of diameter_m and efficiency (0 to 1) at frequency_hz. Source: textbook
// (e.g. Maral and Bousquet, 5.3): efficiency (pi D f / c)^2.
double antenna_gain_dbi(double diameter_m, double efficiency, double frequency_hz);
// Half-power beamwidth, degrees: 70 lambda / D.
double antenna_beamwidth_deg(double diameter_m, double frequency_hz);
// Loss, dB, of an antenna that points off by offset_deg: 12 (offset / beamwidth)^2.
double antenna_pointing_db(double diameter_m, double frequency_hz, double offset_deg);

// Free-space loss, dB: 20 log10(4 pi d f / c).
double free_space_db(double range_m, double frequency_hz);

// What one way through the air takes, dB.
struct air_losses {
	double gas_db;
	double rain_db;
	double cloud_db;
	double scintillation_db;
};
double air_losses_db(const struct air_losses *losses);

// One station and one way: up from it, or down to it.
struct hop {
	double frequency_hz;
	double range_m;
	double diameter_m;
	double efficiency;
	double pointing_deg; // error of the antenna's pointing
	struct air_losses air;
};

enum transponder {
	TRANSPONDER_LINEAR,      // transparent with fixed gain: what the way up loses, the way
				 // down lacks
	TRANSPONDER_LEVELLED,    // transparent, its level control holds the power down
	TRANSPONDER_REGENERATIVE // demodulates: noise of the way up does not come down
};

struct budget_input {
	struct hop up, down;
	enum transponder transponder;
	double power_w;            // at the feed of the sending antenna, clear sky
	double power_control_db;   // at most added against fades of the way up; 0: none
	double satellite_g_t_db;   // dB/K towards the sender
	double satellite_eirp_dbw; // for this carrier towards the receiver, clear sky
	double noise_k;            // of the receiving station under a clear sky, with the antenna
	double interference_db;    // C/I of all together; INFINITY: none
	double sun_noise_k;        // added to noise_k; 0 but in an outage
	double symbol_rate_per_s;
	double implementation_db; // modem
};

struct hop_result {
	double gain_dbi;
	double pointing_db;
	double free_space_db;
	double eirp_dbw;
	double g_t_db;
	double c_n0_dbhz;
};

struct budget {
	struct hop_result up, down;
	double power_control_db; // in use
	double rain_noise_k;     // that the receiver has because of rain and clouds
	double c_n0_dbhz;        // up, down and interference together
	double es_n0_db;         // less the modem's implementation loss
};

// Clear-sky attenuation of the way up (gases) is in the satellite's EIRP already; rain, clouds and
// scintillation are a fade. Rain makes noise at 275 K: P.618-13, section 3. Cannot fail.
void budget_compute(const struct budget_input *input, struct budget *budget);

// Noise, K, of air that attenuates by attenuation_db. Source: P.618-13, equation 71, 275 K.
double air_noise_k(double attenuation_db);
