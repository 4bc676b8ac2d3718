// SPDX-License-Identifier: BSD-3-Clause
// A control line that changes the network, taken apart and checked against the topology.
#include "control/change.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topologies/impairment_params.h"

#define WORDS_MAX 64

static const char *const objects[] = {"link", "site", "conduit", NULL};
static const char *const actions[] = {"set", "reset", "up", "down", NULL};
static const char *const inflights[] = {"new", "retime", "cut", NULL};

struct words {
	char *text; // owned; `at` points into it
	const char *at[WORDS_MAX];
	size_t count;
};

// The word of the list that `text` shortens, or -1 if it is none or could be several.
static int find_word(const char *text, const char *const *list)
{
	int found = -1;

	for (int i = 0; list[i]; i++) {
		if (strcmp(text, list[i]) == 0)
			return i;
		if (strncmp(text, list[i], strlen(text)) == 0) {
			if (found >= 0)
				return -1;
			found = i;
		}
	}
	return found;
}

static int refuse_word(const char *text, const char *const *list, const char *wanted,
		       const char *where, struct error *error)
{
	const char *nearest = nearest_word(text, list);
	char all[128] = "";

	for (int i = 0; list[i]; i++) {
		strncat(all, i ? ", " : "", sizeof(all) - strlen(all) - 1);
		strncat(all, list[i], sizeof(all) - strlen(all) - 1);
	}
	if (nearest)
		return error_set(error, -EINVAL, where,
				 "\"%s\" is no %s (did you mean \"%s\"? there are %s)", text,
				 wanted, nearest, all);
	return error_set(error, -EINVAL, where, "\"%s\" is no %s (there are %s)", text, wanted,
			 all);
}

static int split(const char *line, const char *where, struct words *words, struct error *error)
{
	char *rest = NULL;

	words->text = strdup(line);
	if (!words->text)
		return error_set(error, -ENOMEM, where, "no memory for the command");
	for (char *word = strtok_r(words->text, " \t\r\n", &rest); word;
	     word = strtok_r(NULL, " \t\r\n", &rest)) {
		if (words->count == WORDS_MAX)
			return error_set(error, -EINVAL, where, "more than %d words are no command",
					 WORDS_MAX);
		words->at[words->count++] = word;
	}
	return 0;
}

// The names of all things of a kind, for the nearest one. NULL when memory is short.
static const char **names_of(const struct topology *topology, enum change_object object)
{
	size_t count = object == CHANGE_LINK   ? topology->link_count
		       : object == CHANGE_SITE ? topology->site_count
					       : topology->conduit_count;
	const char **names = calloc(count + 1, sizeof(*names));

	for (size_t i = 0; names && i < count; i++)
		names[i] = object == CHANGE_LINK   ? topology->links[i].name
			   : object == CHANGE_SITE ? topology->sites[i].name
						   : topology->conduits[i].name;
	return names;
}

static int find_object(const struct topology *topology, const char *name, const char *where,
		       struct change *change, struct error *error)
{
	const char **names;
	const char *nearest;

	if (change->object == CHANGE_LINK)
		change->index =
			topology_parse_channel(topology, name, &change->first, &change->last);
	else if (change->object == CHANGE_SITE)
		change->index = topology_find_site(topology, name);
	else
		change->index = topology_find_conduit(topology, name);
	if (change->index != TOPOLOGY_NONE)
		return 0;
	names = names_of(topology, change->object);
	nearest = names ? nearest_word(name, names) : NULL;
	if (nearest)
		error_set(error, -EINVAL, where, "there is no %s \"%s\" (did you mean \"%s\"?)",
			  objects[change->object], name, nearest);
	else
		error_set(error, -EINVAL, where, "there is no %s \"%s\"%s", objects[change->object],
			  name,
			  change->object == CHANGE_LINK
				  ? " (write LINK, LINK:forward or LINK:reverse)"
				  : "");
	free(names);
	return -EINVAL;
}

// Takes "inflight WORD" off the end of the line.
static int take_inflight(struct words *words, const char *where, struct change *change,
			 struct error *error)
{
	static const char *const keyword[] = {"inflight", NULL};
	int word;

	change->inflight = PLAN_NEW;
	if (words->count >= 4 && find_word(words->at[words->count - 1], keyword) == 0)
		return error_set(error, -EINVAL, where,
				 "inflight wants a word (new, retime or cut)");
	if (words->count < 5 || find_word(words->at[words->count - 2], keyword) != 0)
		return 0;
	word = find_word(words->at[words->count - 1], inflights);
	if (word < 0)
		return refuse_word(words->at[words->count - 1], inflights,
				   "fate of packets in flight", where, error);
	change->inflight = (enum plan_inflight)word;
	words->count -= 2;
	if (change->object == CHANGE_SITE)
		return error_set(error, -EINVAL, where,
				 "a site has no packets in flight (leave out inflight)");
	if (change->inflight == PLAN_RETIME && change->action != CHANGE_SET)
		return error_set(error, -EINVAL, where,
				 "inflight retime goes with set only (new or cut)");
	return 0;
}

// `topology` NULL: names are taken on trust.
static int parse_words(const struct topology *topology, struct tables *tables, struct words *words,
		       const char *where, struct change *change, struct error *error)
{
	int word;
	int rc;

	if (words->count == 0)
		return error_set(error, -EINVAL, where,
				 "the command is empty (link, site or conduit, a name, and what "
				 "to do)");
	word = find_word(words->at[0], objects);
	if (word < 0)
		return refuse_word(words->at[0], objects, "kind of thing that can be changed",
				   where, error);
	change->object = (enum change_object)word;
	if (words->count < 2)
		return error_set(error, -EINVAL, where, "%s wants a name", objects[word]);
	rc = topology ? find_object(topology, words->at[1], where, change, error) : 0;
	if (rc)
		return rc;
	if (words->count < 3)
		return error_set(error, -EINVAL, where, "%s %s wants a word: up, down%s",
				 objects[word], words->at[1],
				 change->object == CHANGE_LINK ? ", set or reset" : "");
	word = find_word(words->at[2], actions);
	if (word < 0)
		return refuse_word(words->at[2], actions, "thing to do", where, error);
	change->action = (enum change_action)word;
	if (change->object != CHANGE_LINK && word != CHANGE_UP && word != CHANGE_DOWN)
		return error_set(error, -EINVAL, where, "a %s can only go up or down",
				 objects[change->object]);
	rc = take_inflight(words, where, change, error);
	if (rc)
		return rc;
	if (change->action == CHANGE_SET) {
		if (words->count == 3)
			return error_set(error, -EINVAL, where,
					 "set wants impairments, as after tc's netem (delay 10ms)");
		return impairment_parse(words->at + 3, words->count - 3, where, tables,
					&change->impairment, error);
	}
	if (words->count > 3)
		return error_set(error, -EINVAL, where, "\"%s\" is one word too many",
				 words->at[3]);
	return 0;
}

int change_parse(const struct topology *topology, const char *line, const char *where,
		 struct change *change, struct error *error)
{
	struct words words = {.count = 0};
	struct change parsed = {.inflight = PLAN_NEW};
	int rc = split(line, where, &words, error);

	if (!rc)
		rc = parse_words(topology, topology->tables, &words, where, &parsed, error);
	free(words.text);
	if (!rc)
		*change = parsed;
	return rc;
}

// The name in "link NAME WORDS": its length, 0 when the line is not plainly that.
static size_t name_of(const char *line, const char **name)
{
	static const char begin[] = "link ";

	if (strncmp(line, begin, sizeof(begin) - 1) != 0)
		return 0;
	*name = line + sizeof(begin) - 1;
	return strcspn(*name, " \t\r\n");
}

bool change_parse_alike(const struct topology *topology, const char *line, const char *other,
			struct change *change)
{
	char text[2 * TOPOLOGY_NAME_MAX];
	const char *name, *other_name;
	size_t length = name_of(line, &name);
	size_t other_length = name_of(other, &other_name);
	enum link_direction first, last;
	uint32_t link;

	if (length == 0 || other_length == 0 || length >= sizeof(text) ||
	    strcmp(name + length, other_name + other_length) != 0)
		return false;
	memcpy(text, name, length);
	text[length] = '\0';
	link = topology_parse_channel(topology, text, &first, &last);
	if (link == TOPOLOGY_NONE)
		return false;
	change->index = link;
	change->first = first;
	change->last = last;
	return true;
}

int change_check_words(const char *line, struct tables *tables, struct error *error)
{
	struct words words = {.count = 0};
	struct change change = {.inflight = PLAN_NEW};
	struct channel_params scratch = {0};
	int rc = split(line, line, &words, error);

	if (!rc)
		rc = parse_words(NULL, tables, &words, line, &change, error);
	free(words.text);
	if (rc || change.action != CHANGE_SET)
		return rc;
	// Reordering wants a delay, which the link may have.
	change.impairment.given &= ~IMPAIRMENT(GROUP_REORDER);
	return impairment_params(&change.impairment, line, tables, &scratch, error);
}

char *change_format(const struct topology *topology, const struct change *change, char *buffer,
		    size_t size)
{
	char channel[TOPOLOGY_NAME_MAX + 16];
	char impairment[1024] = "";
	const char *name;

	if (change->object == CHANGE_SITE)
		name = topology->sites[change->index].name;
	else if (change->object == CHANGE_CONDUIT)
		name = topology->conduits[change->index].name;
	else if (change->first != change->last)
		name = topology->links[change->index].name;
	else
		name = topology_channel_name(topology,
					     topology_channel(change->index, change->first),
					     channel, sizeof(channel));
	if (change->action == CHANGE_SET)
		impairment_format(&change->impairment, impairment, sizeof(impairment));
	snprintf(buffer, size, "%s %s %s%s%s%s%s", objects[change->object], name,
		 actions[change->action], impairment[0] ? " " : "", impairment,
		 change->inflight == PLAN_NEW ? "" : " inflight ",
		 change->inflight == PLAN_NEW ? "" : inflights[change->inflight]);
	return buffer;
}

struct impairment change_reset(const struct link *link, enum link_direction direction)
{
	struct impairment impairment = link->impairments[direction];

	if (link->propagation_ns > 0) {
		impairment.given &= ~IMPAIRMENT(GROUP_DELAY);
		impairment.delay = (struct impairment_delay){0};
	}
	impairment.delay.wave = (struct impairment_wave){0};
	impairment.rate.wave = (struct impairment_wave){0};
	impairment.given &= ~(unsigned)(IMPAIRMENT(GROUP_JITTER) | IMPAIRMENT(GROUP_ORDER) |
					IMPAIRMENT(GROUP_LOSS) | IMPAIRMENT(GROUP_DUPLICATE) |
					IMPAIRMENT(GROUP_CORRUPT) | IMPAIRMENT(GROUP_REORDER) |
					IMPAIRMENT(GROUP_POLICE) | IMPAIRMENT(GROUP_SLOT));
	impairment.jitter = (struct impairment_jitter){0};
	impairment.order = ORDER_KEEP;
	impairment.loss = (struct impairment_loss){0};
	impairment.duplicate = (struct impairment_chance){0};
	impairment.corrupt = (struct impairment_corrupt){0};
	impairment.reorder = (struct impairment_reorder){0};
	impairment.police = (struct impairment_police){0};
	impairment.slot = (struct impairment_slot){0};
	// The weather's trace is the link's rate, as what is written under rate.
	if (!link->radio.evolved[direction]) {
		impairment.given &= ~IMPAIRMENT(GROUP_TRACE);
		impairment.trace = (struct impairment_trace){0};
	}
	return impairment;
}
