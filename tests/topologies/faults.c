// SPDX-License-Identifier: BSD-3-Clause
// A topology that must be refused, loaded and compared.
#include "tests/topologies/faults.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "topologies/load.h"

void check_fault(const struct fault *fault)
{
	struct errors errors = {0};
	struct topology *topology = topology_load_text(fault->text, "lab.ini", &errors);

	if (topology)
		fail_msg("not refused: %s", fault->text);
	if (errors.count != 1)
		fail_msg("%zu faults (\"%s\", \"%s\") instead of one for: %s", errors.count,
			 errors.items[0].what, errors.items[1].what, fault->text);
	if (strcmp(errors.items[0].where, fault->where) != 0 ||
	    !strstr(errors.items[0].what, fault->says))
		fail_msg("\"%s\": \"%s\" instead of \"%s\": \"...%s...\"", errors.items[0].where,
			 errors.items[0].what, fault->where, fault->says);
	errors_fini(&errors);
}

void check_faults(const struct fault *faults, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check_fault(&faults[i]);
}
