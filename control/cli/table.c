// SPDX-License-Identifier: BSD-3-Clause
// Aligned tables: rows are kept until the widths are known, then printed.
#include "control/cli/table.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct table {
	size_t columns;
	size_t rows; // the heading is row 0
	size_t capacity;
	char **cells;
	bool *right;
	bool failed; // memory ran out: what is there is printed, and said
};

static bool table_grow(struct table *table)
{
	if (table->rows < table->capacity)
		return true;
	size_t capacity = table->capacity == 0 ? 16 : table->capacity * 2;
	char **cells = reallocarray(table->cells, capacity * table->columns, sizeof(*cells));
	if (cells == NULL)
		return false;
	table->cells = cells;
	table->capacity = capacity;
	return true;
}

// strlen in characters, for names with UTF-8 in them.
static size_t text_width(const char *text)
{
	size_t width = 0;
	for (; *text != '\0'; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

struct table *table_create(const char *const *headings)
{
	size_t columns = 0;
	while (headings[columns] != NULL)
		columns++;
	struct table *table = calloc(1, sizeof(*table));
	bool *right = calloc(columns, sizeof(*right));
	const char **names = calloc(columns, sizeof(*names));
	if (table == NULL || right == NULL || names == NULL) {
		free(table);
		free(right);
		free(names);
		return NULL;
	}
	for (size_t i = 0; i < columns; i++) {
		right[i] = headings[i][0] == '>';
		names[i] = headings[i] + (right[i] ? 1 : 0);
	}
	table->columns = columns;
	table->right = right;
	table_row(table, names);
	free(names);
	return table;
}

void table_row(struct table *table, const char *const *cells)
{
	if (table == NULL || table->failed)
		return;
	if (!table_grow(table)) {
		table->failed = true;
		return;
	}
	char **row = table->cells + table->rows * table->columns;
	for (size_t i = 0; i < table->columns; i++) {
		row[i] = strdup(cells[i] == NULL ? "-" : cells[i]);
		if (row[i] == NULL) {
			while (i > 0)
				free(row[--i]);
			table->failed = true;
			return;
		}
	}
	table->rows++;
}

static void print_cell(const char *text, size_t width, bool right, bool last, FILE *out)
{
	size_t pad = width - text_width(text);
	if (right)
		fprintf(out, "%*s", (int)pad, "");
	fputs(text, out);
	// No spaces at the end of a line.
	if (!right && !last)
		fprintf(out, "%*s", (int)pad, "");
	fputs(last ? "\n" : "  ", out);
}

void table_free(struct table *table)
{
	if (table == NULL)
		return;
	for (size_t i = 0; i < table->rows * table->columns; i++)
		free(table->cells[i]);
	free(table->cells);
	free(table->right);
	free(table);
}

void table_print(struct table *table, FILE *out)
{
	if (table == NULL) {
		fputs("(no memory for the table)\n", out);
		return;
	}
	size_t *widths = calloc(table->columns, sizeof(*widths));
	table->failed = table->failed || widths == NULL;
	for (size_t i = 0; widths != NULL && i < table->rows * table->columns; i++) {
		size_t width = text_width(table->cells[i]);
		if (width > widths[i % table->columns])
			widths[i % table->columns] = width;
	}
	for (size_t i = 0; i < table->rows * table->columns; i++) {
		size_t column = i % table->columns;
		if (widths != NULL)
			print_cell(table->cells[i], widths[column], table->right[column],
				   column + 1 == table->columns, out);
	}
	if (table->failed)
		fputs("(the table is cut short: no memory)\n", out);
	free(widths);
	table_free(table);
}
