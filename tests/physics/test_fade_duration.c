// SPDX-License-Identifier: BSD-3-Clause
// Fade durations against the validation examples of ITU-R study group 3.
#include "dataplane/physics/fade_duration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/physics/vectors.h"

// D, A, elevation, f, p, T_tot, P, F, N, T
static void duration_row(const double *row, void *context)
{
	struct fade_law law = fade_law_at(row[3], row[2], row[1]);

	(void)context;
	vectors_close(fade_longer_probability(&law, row[0]), row[6], 1e-6);
	vectors_close(fade_longer_time(&law, row[0]), row[7], 1e-6);
	vectors_close(fade_count(&law, row[0], row[5]), row[8], 1e-6);
	vectors_close(fade_longer_time(&law, row[0]) * row[5], row[9], 1e-6);
}

static void every_duration_of_p1623_is_met(void **state)
{
	(void)state;
	assert_int_equal(
		vectors_read("itu/1623/ITURP1623-1_fade_duration_params.csv", duration_row, NULL),
		11);
}

static void count_row(const double *row, void *context)
{
	struct fade_law law = fade_law_at(row[3], row[2], row[1]);

	(void)context;
	vectors_close(fade_count(&law, row[0], row[5]), row[6], 1e-6);
}

static void every_number_of_p1623_is_met(void **state)
{
	(void)state;
	assert_int_equal(vectors_read("itu/1623/ITURP1623-1_number_of_fades.csv", count_row, NULL),
			 89);
}

static void examples_of_p1623(void **state)
{
	const double rows[][10] = {{30, 12.51, 20.33, 30, 1, 315576, 0.183841589, 0.923603873,
				    810.1909872, 291467.215960567},
				   {10, 7.64, 20.33, 14.5, 0.1, 31557.6, 0.48877948, 0.973161222,
				    187.7390061, 30710.632580807},
				   {3600, 11.59, 37.63, 39.6, 0.5, 157788, 0.001439256, 0.19379101,
				    4.425826576, 30577.895883992}};

	(void)state;
	for (size_t i = 0; i < 3; i++)
		duration_row(rows[i], NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_duration_of_p1623_is_met),
		cmocka_unit_test(every_number_of_p1623_is_met),
		cmocka_unit_test(examples_of_p1623),
	};

	return cmocka_run_group_tests_name("fade_duration", tests, NULL, NULL);
}
