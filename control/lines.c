// SPDX-License-Identifier: BSD-3-Clause
// Lines of bounded length, so that a gigabyte of anything is refused at its beginning.
#include "control/lines.h"

#include <errno.h>
#include <string.h>

int lines_next(FILE *file, const char *path, char line[LINE_MOST + 1], struct error *error)
{
	size_t length;

	errno = 0;
	if (!fgets(line, LINE_MOST + 1, file)) {
		if (ferror(file))
			return error_set(error, errno ? -errno : -EIO, path, "cannot be read: %s",
					 strerror(errno ? errno : EIO));
		return 0;
	}
	length = strlen(line);
	if (length > 0 && line[length - 1] == '\n')
		return 1;
	if (length == LINE_MOST)
		return error_set(error, -EINVAL, path, "has a line of more than %d bytes",
				 LINE_MOST);
	// What ends before its line does, and before the file, ends at a zero byte.
	if (length == 0 || !feof(file))
		return error_set(error, -EINVAL, path, "holds a zero byte, which no text does");
	return 1;
}
