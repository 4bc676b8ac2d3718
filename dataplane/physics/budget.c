// SPDX-License-Identifier: BSD-3-Clause
// A link budget, up and down together.
#include "dataplane/physics/budget.h"

#include <math.h>

#include "dataplane/physics/fibre.h"
#include "dataplane/physics/scintillation.h"

#define AIR_K           275.0
#define DECIBELS(ratio) (10 * log10(ratio))
#define RATIO(decibels) pow(10, (decibels) / 10)

double antenna_gain_dbi(double diameter_m, double efficiency, double frequency_hz)
{
	double turns = M_PI * diameter_m * frequency_hz / LIGHT_SPEED_M_S;

	return DECIBELS(efficiency * turns * turns);
}

double antenna_beamwidth_deg(double diameter_m, double frequency_hz)
{
	return 70 * LIGHT_SPEED_M_S / (frequency_hz * diameter_m);
}

double antenna_pointing_db(double diameter_m, double frequency_hz, double offset_deg)
{
	double off = offset_deg / antenna_beamwidth_deg(diameter_m, frequency_hz);

	return 12 * off * off;
}

double free_space_db(double range_m, double frequency_hz)
{
	return 20 * log10(4 * M_PI * range_m * frequency_hz / LIGHT_SPEED_M_S);
}

double air_losses_db(const struct air_losses *losses)
{
	return attenuation_total_db(losses->gas_db, losses->cloud_db, losses->rain_db,
				    losses->scintillation_db);
}

double air_noise_k(double attenuation_db)
{
	return AIR_K * (1 - RATIO(-attenuation_db));
}

static void antenna(const struct hop *hop, struct hop_result *result)
{
	result->gain_dbi = antenna_gain_dbi(hop->diameter_m, hop->efficiency, hop->frequency_hz);
	result->pointing_db =
		antenna_pointing_db(hop->diameter_m, hop->frequency_hz, hop->pointing_deg);
	result->free_space_db = free_space_db(hop->range_m, hop->frequency_hz);
}

static double c_n0_dbhz(const struct hop *hop, const struct hop_result *result)
{
	return result->eirp_dbw - result->free_space_db - air_losses_db(&hop->air) -
	       result->pointing_db + result->g_t_db - BOLTZMANN_DBW;
}

void budget_compute(const struct budget_input *input, struct budget *budget)
{
	const struct hop *up = &input->up, *down = &input->down;
	double fade_db = air_losses_db(&up->air) - up->air.gas_db;
	double symbols_db = DECIBELS(input->symbol_rate_per_s);
	double rain_and_cloud_db = down->air.rain_db + down->air.cloud_db;
	double noise_ratio, up_n_c, down_n_c;

	antenna(up, &budget->up);
	antenna(down, &budget->down);
	budget->power_control_db = fmin(fmax(fade_db, 0), input->power_control_db);

	budget->up.eirp_dbw =
		DECIBELS(input->power_w) + budget->power_control_db + budget->up.gain_dbi;
	budget->up.g_t_db = input->satellite_g_t_db;
	budget->up.c_n0_dbhz = c_n0_dbhz(up, &budget->up);

	// What the gases radiate is in the clear sky's noise; rain before them adds to it.
	budget->rain_noise_k =
		air_noise_k(down->air.gas_db + rain_and_cloud_db) - air_noise_k(down->air.gas_db);
	budget->down.eirp_dbw = input->satellite_eirp_dbw;
	if (input->transponder == TRANSPONDER_LINEAR)
		budget->down.eirp_dbw -= fade_db - budget->power_control_db;
	budget->down.g_t_db = budget->down.gain_dbi -
			      DECIBELS(input->noise_k + budget->rain_noise_k + input->sun_noise_k);
	budget->down.c_n0_dbhz = c_n0_dbhz(down, &budget->down);

	up_n_c = RATIO(-budget->up.c_n0_dbhz);
	down_n_c = RATIO(-budget->down.c_n0_dbhz);
	noise_ratio = input->transponder == TRANSPONDER_REGENERATIVE ? fmax(up_n_c, down_n_c)
								     : up_n_c + down_n_c;
	// C/I is over the symbols' bandwidth.
	noise_ratio += RATIO(-(input->interference_db + symbols_db));
	budget->c_n0_dbhz = -DECIBELS(noise_ratio);
	budget->es_n0_db = budget->c_n0_dbhz - symbols_db - input->implementation_db;
}
