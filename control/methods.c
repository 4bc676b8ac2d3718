// SPDX-License-Identifier: BSD-3-Clause
// What a running lab answers over its socket: each method unpacks its params and asks the lab.
#include "control/methods.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "control/cli/words.h"
#include "control/view.h"

#define LINES_MOST 65536

static json_t *wrong_params(struct error *error, const char *expected)
{
	error_set(error, -EPROTO, NULL, "the params should be %s", expected);
	return NULL;
}

static json_t *call_version(void *context, const json_t *params, struct error *error)
{
	(void)params;
	(void)error;
	const struct lab_service *service = context;
	return json_pack("{s:i, s:s, s:s, s:i}", "protocol", RPC_PROTOCOL, "version",
			 CORRIDOR_VERSION, "lab", lab_name(service->lab), "pid", (int)getpid());
}

static json_t *call_methods(void *context, const json_t *params, struct error *error)
{
	(void)context;
	(void)params;
	(void)error;
	json_t *list = json_array();
	for (const struct rpc_method *method = lab_methods; method->name != NULL; method++)
		json_array_append_new(list, json_pack("{s:s, s:s}", "method", method->name,
						      "summary", method->summary));
	return list;
}

static json_t *call_show(void *context, const json_t *params, struct error *error)
{
	const struct lab_service *service = context;
	const char *what = json_string_value(json_object_get(params, "what"));
	const json_t *names = json_object_get(params, "names");
	size_t index;
	const json_t *name;
	if (what == NULL || (names != NULL && !json_is_array(names)))
		return wrong_params(error, "{\"what\": \"channels\", \"names\": [NAME, ...]}, "
					   "names left out for all");
	json_array_foreach(names, index, name)
	{
		if (!json_is_string(name))
			return wrong_params(error, "{\"what\": ..., \"names\": [\"NAME\", ...]}");
	}
	const char *words[VIEWS_MOST + 1];
	for (size_t i = 0; i <= VIEWS_MOST; i++)
		words[i] = views[i].name;
	int found = words_find(what, words, "view", "show", error);
	if (found < 0)
		return NULL;
	return views[found].make(service->lab, json_array_size(names) > 0 ? names : NULL, error);
}

// The control lines of "change" and "check": an array that the caller frees. NULL: fault.
static const char **take_lines(const json_t *params, size_t *count, struct error *error)
{
	const json_t *lines = json_object_get(params, "lines");
	*count = json_array_size(lines);
	if (*count == 0 || *count > LINES_MOST) {
		wrong_params(error, "{\"lines\": [\"link NAME set delay 5ms\", ...]}, at least "
				    "one line");
		return NULL;
	}
	const char **texts = calloc(*count, sizeof(*texts));
	if (texts == NULL) {
		error_set(error, -ENOMEM, NULL, "no memory for the lines");
		return NULL;
	}
	for (size_t i = 0; i < *count; i++) {
		texts[i] = json_string_value(json_array_get(lines, i));
		if (texts[i] == NULL) {
			wrong_params(error, "{\"lines\": [...]} with a string for each line");
			free(texts);
			return NULL;
		}
	}
	return texts;
}

static json_t *call_change(void *context, const json_t *params, struct error *error)
{
	const struct lab_service *service = context;
	size_t count;
	const char **lines = take_lines(params, &count, error);
	if (lines == NULL)
		return NULL;
	const json_t *at = json_object_get(params, "at_ns");
	uint64_t at_ns = (uint64_t)json_integer_value(at);
	int result;
	if (at != NULL && (!json_is_integer(at) || json_integer_value(at) < 0)) {
		free(lines);
		return wrong_params(error,
				    "{\"lines\": [...], \"at_ns\": N}, N on the lab's clock");
	}
	if (at != NULL)
		result = lab_change_at(service->lab, at_ns, lines, count, error);
	else
		result = lab_change(service->lab, lines, count, &at_ns, error);
	free(lines);
	if (result < 0)
		return NULL;
	return json_pack("{s:I, s:I}", at != NULL ? "applies_at_ns" : "applied_at_ns",
			 (json_int_t)at_ns, "lines", (json_int_t)count);
}

static json_t *call_check(void *context, const json_t *params, struct error *error)
{
	const struct lab_service *service = context;
	size_t count;
	const char **lines = take_lines(params, &count, error);
	if (lines == NULL)
		return NULL;
	int result = lab_check(service->lab, lines, count, error);
	free(lines);
	return result < 0 ? NULL : json_pack("{s:I}", "lines", (json_int_t)count);
}

static json_t *call_stop(void *context, const json_t *params, struct error *error)
{
	(void)params;
	(void)error;
	struct lab_service *service = context;
	service->stop = true;
	return json_pack("{s:s, s:b, s:i}", "lab", lab_name(service->lab), "stopping", 1, "pid",
			 (int)getpid());
}

const struct rpc_method lab_methods[] = {
	{"version", "the greeting again: protocol, version, lab, process", call_version},
	{"methods", "this list", call_methods},
	{"show", "{what, names}: what `corridor show` shows, as an array", call_show},
	{"change",
	 "{lines, at_ns}: control lines, carried out at one instant, all or none; at_ns may be "
	 "left out",
	 call_change},
	{"check", "{lines}: would they be taken?", call_check},
	{"stop", "ends the lab", call_stop},
	{NULL, NULL, NULL},
};
