// SPDX-License-Identifier: BSD-3-Clause
// Reading a journal back, strictly: every line, word and number is checked.
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pcaps/journal.h"
#include "pcaps/journal_tables.h"
#include "pcaps/journal_text.h"

#define FIELDS_MOST 256

// A line being read, and where a complaint about it points.
struct line {
	const char *path;
	unsigned number;
	char *rest; // words not yet taken
	bool ended; // the `end` line was seen
	struct journal_tables tables;
	struct error *error;
};

__attribute__((format(printf, 2, 3))) static int refuse(const struct line *line, const char *format,
							...)
{
	char what[400];
	char where[192];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(what, sizeof(what), format, arguments);
	va_end(arguments);
	snprintf(where, sizeof(where), "%.150s:%u", line->path, line->number);
	return error_set(line->error, -EINVAL, where, "%s", what);
}

static char *take_word(struct line *line)
{
	char *word;

	while ((word = strsep(&line->rest, " ")) && *word == '\0')
		;
	return word;
}

// A whole decimal number of at most `most`; false otherwise.
static bool parse_number(const char *text, uint64_t most, uint64_t *number)
{
	char *end;

	if (!text || text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	*number = strtoull(text, &end, 10);
	return *end == '\0' && errno == 0 && *number <= most;
}

static int take_number(struct line *line, uint64_t most, uint64_t *number)
{
	const char *word = take_word(line);

	if (parse_number(word, most, number))
		return 0;
	return refuse(line, "found \"%.60s\" where a number up to %llu is expected",
		      word ? word : "", (unsigned long long)most);
}

// Index of a word in a list, or -1.
static int find_word(const char *const *words, const char *text)
{
	for (int i = 0; text && words[i]; i++)
		if (strcmp(words[i], text) == 0)
			return i;
	return -1;
}

// A number of the field's type, at its place.
static bool set_number(const struct journal_field *field, const char *value, char *at)
{
	bool minus = (field->type == JOURNAL_I32 || field->type == JOURNAL_I64) && value[0] == '-';
	uint64_t most = field->type == JOURNAL_U64   ? UINT64_MAX
			: field->type == JOURNAL_U32 ? UINT32_MAX
			: field->type == JOURNAL_I32 ? INT32_MAX
			: field->type == JOURNAL_I64 ? INT64_MAX
			: field->type == JOURNAL_U8  ? UINT8_MAX
						     : 1;
	uint64_t wide;
	uint32_t narrow;

	if (!parse_number(value + minus, most, &wide))
		return false;
	if (minus)
		wide = -wide;
	narrow = (uint32_t)wide;
	if (field->type == JOURNAL_U64 || field->type == JOURNAL_I64)
		memcpy(at, &wide, sizeof(wide));
	else if (field->type == JOURNAL_BOOL || field->type == JOURNAL_U8)
		*at = (char)wide;
	else
		memcpy(at, &narrow, sizeof(narrow));
	return true;
}

static bool set_bytes(const struct journal_field *field, const char *value, char *at)
{
	if (strlen(value) != 2 * field->bytes ||
	    strspn(value, "0123456789abcdef") != 2 * field->bytes)
		return false;
	for (size_t i = 0; i < field->bytes; i++) {
		const char digits[3] = {value[2 * i], value[2 * i + 1], '\0'};

		at[i] = (char)strtoul(digits, NULL, 16);
	}
	return true;
}

static bool set_table(const struct journal_field *field, const char *value,
		      const struct journal_tables *tables, char *at)
{
	uint64_t number;

	if (strcmp(value, "-") == 0)
		return true; // none, as the zeroed parameters say (a pattern lies in a union)
	if (!parse_number(value, UINT32_MAX, &number) || number >= tables->count ||
	    tables->tables[number].kind != (enum journal_table_kind)field->table)
		return false;
	memcpy(at, &tables->tables[number].at, sizeof(void *));
	return true;
}

// Stores the value of one `name=value`; false when it is none of the field.
static bool set_field(const struct journal_field *field, const char *value,
		      const struct journal_tables *tables, struct channel_params *params)
{
	char *at = (char *)params + field->offset;
	int word;

	switch (field->type) {
	case JOURNAL_ENUM:
		word = find_word(field->words, value);
		if (word < 0)
			return false;
		memcpy(at, &(uint32_t){(uint32_t)word}, sizeof(uint32_t));
		return true;
	case JOURNAL_BYTES:
		return set_bytes(field, value, at);
	case JOURNAL_TABLE:
		return set_table(field, value, tables, at);
	default:
		return set_number(field, value, at);
	}
}

static int read_params(struct line *line, struct channel_params *params)
{
	bool seen[FIELDS_MOST] = {false};
	size_t count = 0;
	char *word;

	while ((word = take_word(line))) {
		char *value = strchr(word, '=');
		size_t i = 0;

		if (!value)
			return refuse(line, "found \"%.60s\" where NAME=VALUE is expected", word);
		*value++ = '\0';
		while (i < journal_field_count && strcmp(journal_fields[i].name, word) != 0)
			i++;
		if (i == journal_field_count || seen[i])
			return refuse(line, "\"%.60s\" is unknown or given twice", word);
		if (!set_field(&journal_fields[i], value, &line->tables, params))
			return refuse(line, "\"%.60s\" is no value of %s", value, word);
		seen[i] = true;
		count++;
	}
	if (count != journal_field_count)
		return refuse(line, "a channel's parameters are not complete");
	return 0;
}

static bool fits_table(const struct jitter_params *jitter)
{
	return jitter->table && jitter->table->kind == jitter->kind;
}

static bool fits_rate(const struct rate_params *rate)
{
	const struct access_params *access = &rate->access;
	enum rate_kind line = rate->kind == RATE_ACCESS ? rate->modem : rate->kind;
	struct access_params made;

	if ((line == RATE_PROFILE && !rate->profile) ||
	    (line == RATE_OPPORTUNITIES && !rate->opportunities))
		return false;
	if (rate->kind != RATE_ACCESS)
		return true;
	return (line == RATE_CONSTANT || line == RATE_PROFILE) && rate->ns_per_byte_q32 > 0 &&
	       access_make(access->cra_bps, access->rbdc_bps, access->superframe_ns,
			   access->schedule_ns, access->timeout_ns, "", &made, NULL) == 0;
}

// What was written can only have come from params that were made; what follows is made anew, so
// that no file takes more memory, or divides by less, than a topology could.
static int check_params(struct line *line, struct channel_params *params)
{
	struct queue_params queue = params->queue;

	if ((params->jitter.kind > JITTER_NORMAL && !fits_table(&params->jitter)) ||
	    (params->slot.by.kind > JITTER_NORMAL && !fits_table(&params->slot.by)))
		return refuse(line, "a distribution without its table");
	if (params->loss.kind == LOSS_PATTERN && !params->loss.pattern)
		return refuse(line, "a loss pattern without its table");
	if (!fits_rate(&params->rate))
		return refuse(line, "a rate without its table, or access to none");
	if (params->queue.kind == QUEUE_TAIL && params->queue.limit == QUEUE_UNLIMITED)
		return 0;
	return queue_finish(&queue, &params->rate, line->path, line->error);
}

static int read_channel_entry(struct line *line, struct journal *journal)
{
	struct journal_channel entry = {0};
	uint64_t channel;
	int inflight;

	if (take_number(line, UINT64_MAX, &entry.from_ns) < 0 ||
	    take_number(line, UINT32_MAX, &channel) < 0)
		return -EINVAL;
	if (channel >= journal->channel_count)
		return refuse(line, "there is no channel %llu", (unsigned long long)channel);
	inflight = find_word(journal_inflight_words, take_word(line));
	if (inflight < 0)
		return refuse(line, "new, retime or cut is expected behind the channel");
	entry.channel = (uint32_t)channel;
	entry.inflight = (enum journal_inflight)inflight;
	if (read_params(line, &entry.params) < 0 || check_params(line, &entry.params) < 0)
		return -EINVAL;
	jitter_finish(&entry.params.slot.by);
	channel_finish(&entry.params); // what follows from the rest is not written
	if (journal->channel_entry_count &&
	    journal->channels[journal->channel_entry_count - 1].from_ns > entry.from_ns)
		return refuse(line, "goes back in time");
	return journal_add_channel(journal, &entry);
}

static int read_path_entry(struct line *line, struct journal *journal)
{
	static const char *const states[] = {"converging", "settled", NULL};
	uint32_t hops[1024];
	struct journal_path entry = {.hops = hops};
	uint64_t number;
	char *word;

	if (take_number(line, UINT64_MAX, &entry.from_ns) < 0 ||
	    take_number(line, journal->port_count - 1, &number) < 0)
		return -EINVAL;
	entry.from_port = (uint32_t)number;
	if (take_number(line, journal->port_count - 1, &number) < 0)
		return -EINVAL;
	entry.to_port = (uint32_t)number;
	entry.settled = find_word(states, take_word(line));
	if (entry.settled < 0)
		return refuse(line, "settled or converging is expected behind the ports");
	while ((word = take_word(line))) {
		if (entry.hop_count == sizeof(hops) / sizeof(hops[0]) ||
		    !parse_number(word, UINT32_MAX, &number) || number >= journal->channel_count)
			return refuse(line, "\"%.60s\" is no hop", word);
		hops[entry.hop_count++] = (uint32_t)number;
	}
	if (journal->path_entry_count &&
	    journal->paths[journal->path_entry_count - 1].from_ns > entry.from_ns)
		return refuse(line, "goes back in time");
	return journal_add_path(journal, &entry);
}

static int read_end(struct line *line, const struct journal *journal)
{
	uint64_t count;

	if (take_number(line, UINT64_MAX, &count) < 0)
		return -EINVAL;
	if (count != journal->channel_entry_count + journal->path_entry_count)
		return refuse(line, "%llu entries are announced, but there are %zu",
			      (unsigned long long)count,
			      journal->channel_entry_count + journal->path_entry_count);
	line->ended = true;
	return 0;
}

static int read_name(struct line *line, struct journal *journal,
		     int (*add)(struct journal *, const char *))
{
	const char *name = take_word(line);

	return name ? add(journal, name) : refuse(line, "a name is missing");
}

static int read_table(struct line *line, const char *word, struct journal *journal)
{
	char where[192];
	struct journal_table_line table = {.word = word, .rest = line->rest, .where = where};

	snprintf(where, sizeof(where), "%.150s:%u", line->path, line->number);
	line->rest = NULL;
	return journal_table_read(&table, journal, &line->tables, line->error);
}

static int read_line(struct line *line, struct journal *journal)
{
	const char *word = take_word(line);
	int code;

	if (!word || line->ended)
		return refuse(line, "nothing may stand here");
	if (strcmp(word, "seed") == 0)
		code = take_number(line, UINT64_MAX, &journal->seed);
	else if (strcmp(word, "clock_ns") == 0)
		code = take_number(line, UINT64_MAX, &journal->clock_ns);
	else if (strcmp(word, "channel") == 0)
		code = read_name(line, journal, journal_add_channel_name);
	else if (strcmp(word, "port") == 0)
		code = read_name(line, journal, journal_add_port_name);
	else if (strcmp(word, "params") == 0)
		code = read_channel_entry(line, journal);
	else if (strcmp(word, "path") == 0)
		code = journal->port_count ? read_path_entry(line, journal)
					   : refuse(line, "a path comes before any port");
	else if (journal_table_is(word))
		code = read_table(line, word, journal);
	else if (strcmp(word, "end") == 0)
		code = read_end(line, journal);
	else
		code = refuse(line, "\"%.60s\" begins no line of a journal", word);
	if (code == 0 && take_word(line))
		code = refuse(line, "there are words too many");
	return code;
}

static int read_lines(FILE *in, struct line *line, struct journal *journal)
{
	char *text = NULL;
	size_t room = 0;
	ssize_t length;
	int code = 0;

	while (code == 0 && (length = getline(&text, &room, in)) > 0) {
		line->number++;
		if (text[length - 1] != '\n' || strlen(text) != (size_t)length) {
			code = refuse(line, "the line is cut off or binary");
			break;
		}
		text[length - 1] = '\0';
		line->rest = text;
		if (line->number > 1)
			code = read_line(line, journal);
		else if (strcmp(text, JOURNAL_MAGIC) != 0)
			code = refuse(line, "is no journal: \"" JOURNAL_MAGIC "\" is expected");
	}
	if (code == 0 && ferror(in))
		code = error_set(line->error, -EIO, line->path, "cannot be read: %s",
				 strerror(errno));
	if (code == 0 && !line->ended)
		code = refuse(line, "the journal breaks off: its last line is to be \"end COUNT\"");
	if (code == -ENOMEM)
		error_set(line->error, code, line->path, "no memory");
	free(text);
	return code;
}

int journal_load(const char *path, struct journal *journal, struct error *error)
{
	struct line line = {.path = path, .error = error};
	FILE *in = fopen(path, "re");
	int code;

	*journal = (struct journal){0};
	if (!in)
		return error_set(error, -errno, path, "cannot be opened: %s", strerror(errno));
	code = read_lines(in, &line, journal);
	journal_tables_fini(&line.tables);
	fclose(in);
	if (code < 0)
		journal_fini(journal);
	return code;
}
