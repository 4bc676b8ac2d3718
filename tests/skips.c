// SPDX-License-Identifier: BSD-3-Clause
// What cmocka prints, with one correction: of a test that was skipped cmocka 1.1.5 says `not ok #
// SKIP`, which meson and other readers of TAP take as a failure. This stands before the library's
// own.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

void print_message(const char *const format, ...)
{
	static const char wrong[] = "not ok %u # SKIP";
	const char *said = format;
	va_list arguments;

	if (strncmp(format, wrong, sizeof(wrong) - 1) == 0)
		said = format + strlen("not ");
	va_start(arguments, format);
	vprint_message(said, arguments);
	va_end(arguments);
}
