// SPDX-License-Identifier: BSD-3-Clause
// Faults as values: one, or all of a file. Nothing here prints.
#include "dataplane/model/error.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static void error_fill(struct error *error, int code, const char *where, const char *format,
		       va_list arguments)
{
	error->code = code;
	snprintf(error->where, sizeof(error->where), "%s", where != NULL ? where : "");
	vsnprintf(error->what, sizeof(error->what), format, arguments);
}

int error_set(struct error *error, int code, const char *where, const char *format, ...)
{
	va_list arguments;

	if (error == NULL)
		return code;
	va_start(arguments, format);
	error_fill(error, code, where, format, arguments);
	va_end(arguments);
	return code;
}

// Room for one more, doubling from 16; false when memory is short or the list is long enough.
// The room is a power of two (or the limit), so it follows from `kept` and needs no field.
static bool errors_make_room(struct errors *errors)
{
	size_t room = 16;
	struct error *items;

	if (errors->kept >= ERRORS_KEPT)
		return false;
	while (room < errors->kept)
		room *= 2;
	if (errors->items != NULL && errors->kept < room)
		return true;
	if (errors->items != NULL)
		room *= 2;
	items = realloc(errors->items, room * sizeof(*items));
	if (items == NULL)
		return false;
	errors->items = items;
	return true;
}

void errors_add(struct errors *errors, int code, const char *where, const char *format, ...)
{
	va_list arguments;

	errors->count++;
	if (!errors_make_room(errors))
		return;
	va_start(arguments, format);
	error_fill(&errors->items[errors->kept], code, where, format, arguments);
	va_end(arguments);
	errors->kept++;
}

void errors_fini(struct errors *errors)
{
	free(errors->items);
	errors->items = NULL;
	errors->count = 0;
	errors->kept = 0;
}
