// SPDX-License-Identifier: BSD-3-Clause
// Figures and their ranges.
#include "dataplane/physics/range.h"

#include <stdio.h>

bool range_holds(double found, double least, double most, const char *quantity, const char *unit,
		 struct range_fault *fault)
{
	if (found >= least && found <= most)
		return true;
	if (fault)
		*fault = (struct range_fault){quantity, unit, found, least, most};
	return false;
}

int range_format(const struct range_fault *fault, char *text, size_t bytes)
{
	const char *space = *fault->unit ? " " : "";

	return snprintf(text, bytes, "%s is %.10g%s%s; expected %.10g to %.10g%s%s",
			fault->quantity, fault->found, space, fault->unit, fault->least,
			fault->most, space, fault->unit);
}
