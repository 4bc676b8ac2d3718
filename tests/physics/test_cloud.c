// SPDX-License-Identifier: BSD-3-Clause
// Clouds against the ITU's validation examples of P.840-8, and what must hold by itself.
#include "dataplane/physics/cloud.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dataplane/physics/scintillation.h"
#include "tests/physics/vectors.h"

struct content {
	double latitude_deg, longitude_deg, percent, kg_per_m2;
};

struct contents {
	struct content items[80];
	size_t count, used;
};

static void content_row(const double *row, void *context)
{
	struct contents *contents = context;

	assert_true(contents->count < sizeof(contents->items) / sizeof(contents->items[0]));
	contents->items[contents->count++] = (struct content){row[0], row[1], row[2], row[3]};
}

static void cloud_row(const double *row, void *context)
{
	struct contents *contents = context;

	for (size_t i = 0; i < contents->count; i++) {
		const struct content *content = &contents->items[i];

		if (content->latitude_deg != row[0] || content->longitude_deg != row[1] ||
		    content->percent != row[4])
			continue;
		vectors_close(cloud_slant_db(row[2], row[3], content->kg_per_m2), row[5], 1e-6);
		contents->used++;
		return;
	}
	fail_msg("no liquid water for %g, %g at %g %%", row[0], row[1], row[4]);
}

// Attenuation at 64 places, frequencies and parts of the year, of the water given for them apart.
static void attenuation_is_that_of_the_validation_examples(void **state)
{
	struct contents contents = {.count = 0};

	(void)state;
	assert_int_equal(vectors_read("itu/840/ITURP840-8_columnar_content_reduced_liquid.csv",
				      content_row, &contents),
			 64);
	assert_int_equal(
		vectors_read("itu/840/ITURP840-8_cloud_attenuation.csv", cloud_row, &contents), 64);
	assert_int_equal(contents.used, 64);
}

// A row of each frequency: London and Rome, 1 % of the year; and the total of P.618 over it.
static void a_few_of_them_stand_here(void **state)
{
	double london_db = cloud_slant_db(14.25, 31.07699124, 1.26328615);

	(void)state;
	vectors_close(london_db, 0.45516982, 1e-6);
	vectors_close(cloud_slant_db(14.25, 40.232036, 0.91467189), 0.2633851, 1e-6);
	vectors_close(attenuation_total_db(0.226874038, london_db, 0.495316047, 0.261931889),
		      1.212790721, 1e-6);
}

static void more_water_and_a_longer_way_attenuate_more(void **state)
{
	(void)state;
	vectors_near(cloud_slant_db(20, 30, 0), 0, 0);
	vectors_close(cloud_slant_db(20, 30, 2), 2 * cloud_slant_db(20, 30, 1), 1e-12);
	vectors_close(cloud_slant_db(20, 30, 1), 2 * cloud_slant_db(20, 90, 1), 1e-12);
	// Droplets are small against the wave: about with the square of the frequency.
	vectors_close(cloud_coefficient(2) / cloud_coefficient(1), 4, 1e-2);
	for (double f = 1; f < 200; f++)
		assert_true(cloud_coefficient(f + 1) > cloud_coefficient(f));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attenuation_is_that_of_the_validation_examples),
		cmocka_unit_test(a_few_of_them_stand_here),
		cmocka_unit_test(more_water_and_a_longer_way_attenuate_more),
	};

	return cmocka_run_group_tests_name("cloud", tests, NULL, NULL);
}
