// SPDX-License-Identifier: BSD-3-Clause
// JSON-RPC 2.0 (jsonrpc.org, 2013-01-04), both ends, as pure functions of a line.
#include "control/rpc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/command.h"

#define RPC_FLAGS (JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_ENCODE_ANY)

static const struct {
	enum rpc_code code;
	const char *reason;
} reasons[] = {
	{RPC_PARSE_ERROR, "parse-error"},
	{RPC_INVALID_REQUEST, "invalid-request"},
	{RPC_UNKNOWN_METHOD, "unknown-method"},
	{RPC_INVALID_PARAMS, "invalid-params"},
	{RPC_INTERNAL, "internal"},
	{RPC_REFUSED, "refused"},
	{RPC_MACHINE, "machine"},
	{RPC_TOO_LONG, "too-long"},
	{RPC_BUSY, "busy"},
};

const char *rpc_reason(enum rpc_code code)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].code == code)
			return reasons[i].reason;
	return "internal";
}

static enum rpc_code code_of(const struct error *error)
{
	if (error->code == -EPROTO)
		return RPC_INVALID_PARAMS;
	switch (exit_status_of(error->code)) {
	case EXIT_REQUEST:
		return RPC_REFUSED;
	case EXIT_MACHINE:
		return RPC_MACHINE;
	default:
		return RPC_INTERNAL;
	}
}

// The object of a fault. `where` may be NULL. Takes its own reference of `id` (NULL: null).
static json_t *fault_object(enum rpc_code code, const char *what, const char *where, json_t *id)
{
	int status = EXIT_REQUEST;
	if (code == RPC_INTERNAL)
		status = EXIT_INTERNAL;
	else if (code == RPC_MACHINE || code == RPC_BUSY)
		status = EXIT_MACHINE;
	// Names in a sentence come from users' files; what is not UTF-8 must not lose the answer.
	json_t *message = json_string(what);
	if (message == NULL)
		message = json_string("the fault cannot be told in UTF-8");
	json_t *place = where != NULL && where[0] != '\0' ? json_string(where) : NULL;
	json_t *data = json_pack("{s:s, s:i, s:o*}", "reason", rpc_reason(code), "exit_status",
				 status, "where", place);
	return json_pack("{s:s, s:{s:i, s:o, s:o}, s:O?}", "jsonrpc", "2.0", "error", "code",
			 (int)code, "message", message, "data", data, "id", id);
}

static json_t *answer_call(const struct rpc_method *method, void *context, const json_t *params,
			   json_t *id)
{
	struct error error = {.code = -EFAULT, .what = "the method gave no answer"};
	json_t *result = method->call(context, params, &error);
	if (result == NULL)
		return fault_object(code_of(&error), error.what, error.where, id);
	return json_pack("{s:s, s:o, s:O?}", "jsonrpc", "2.0", "result", result, "id", id);
}

static json_t *unknown_method(const struct rpc_method *methods, const char *name, json_t *id)
{
	char what[400];
	size_t used = (size_t)snprintf(what, sizeof(what),
				       "there is no method \"%.60s\"; there are", name);
	for (const struct rpc_method *method = methods; method->name != NULL; method++) {
		if (used + strlen(method->name) + 3 > sizeof(what))
			break;
		used += (size_t)snprintf(what + used, sizeof(what) - used, "%s %s",
					 method == methods ? "" : ",", method->name);
	}
	return fault_object(RPC_UNKNOWN_METHOD, what, NULL, id);
}

// The answer to one request object, or NULL for a notification.
static json_t *answer_one(const struct rpc_method *methods, void *context, json_t *request)
{
	json_t *id = json_object_get(request, "id"); // NULL for all but objects
	const char *version = json_string_value(json_object_get(request, "jsonrpc"));
	const char *name = json_string_value(json_object_get(request, "method"));
	json_t *params = json_object_get(request, "params");
	bool id_is_valid =
		id == NULL || json_is_string(id) || json_is_number(id) || json_is_null(id);
	if (version == NULL || strcmp(version, "2.0") != 0 || name == NULL || !id_is_valid ||
	    (params != NULL && !json_is_object(params) && !json_is_array(params)))
		return fault_object(RPC_INVALID_REQUEST,
				    "a request is {\"jsonrpc\": \"2.0\", \"method\": NAME, "
				    "\"params\": {...}, \"id\": N}",
				    NULL, id_is_valid ? id : NULL);
	const struct rpc_method *method = methods;
	while (method->name != NULL && strcmp(method->name, name) != 0)
		method++;
	json_t *answer = method->name == NULL ? unknown_method(methods, name, id)
					      : answer_call(method, context, params, id);
	if (id != NULL)
		return answer;
	json_decref(answer); // a notification is carried out and not answered
	return NULL;
}

static char *finish_line(char *text, size_t *length)
{
	if (text == NULL)
		return NULL;
	*length = strlen(text);
	char *line = realloc(text, *length + 2);
	if (line == NULL) {
		free(text);
		return NULL;
	}
	memcpy(line + *length, "\n", 2);
	++*length;
	return line;
}

static char *dump_line(json_t *value, size_t *length)
{
	char *text = value == NULL ? NULL : json_dumps(value, RPC_FLAGS);
	json_decref(value);
	return finish_line(text, length);
}

// Answers are written one by one, so that a batch of large ones is never held as values.
static char *answer_batch(const struct rpc_method *methods, void *context, json_t *batch,
			  size_t *length)
{
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);
	if (stream == NULL)
		return NULL;
	size_t index, answers = 0;
	json_t *request;
	json_array_foreach(batch, index, request)
	{
		json_t *answer;
		if (ftell(stream) > (long)RPC_ANSWER_MOST)
			answer = fault_object(RPC_TOO_LONG, "the batch's answers are too long",
					      NULL, json_object_get(request, "id"));
		else
			answer = answer_one(methods, context, request);
		if (answer == NULL)
			continue;
		fputs(answers++ == 0 ? "[" : ",", stream);
		json_dumpf(answer, stream, RPC_FLAGS);
		json_decref(answer);
	}
	fputc(']', stream);
	bool failed = ferror(stream) != 0;
	if (fclose(stream) != 0 || failed || answers == 0) {
		free(text);
		return NULL;
	}
	return finish_line(text, length);
}

char *rpc_answer(const struct rpc_method *methods, void *context, const char *line, size_t length,
		 size_t *answer_length)
{
	json_error_t fault;
	json_t *request =
		json_loadb(line, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &fault);
	if (request == NULL) {
		char what[256];
		snprintf(what, sizeof(what), "no JSON at character %d: %.180s", fault.position,
			 fault.text);
		return dump_line(fault_object(RPC_PARSE_ERROR, what, NULL, NULL), answer_length);
	}
	char *answer = NULL;
	size_t count = json_array_size(request);
	if (json_is_array(request) && (count == 0 || count > RPC_BATCH_MOST)) {
		char what[80];
		snprintf(what, sizeof(what), "a batch holds 1 to %d requests", RPC_BATCH_MOST);
		answer = dump_line(fault_object(RPC_INVALID_REQUEST, what, NULL, NULL),
				   answer_length);
	} else if (json_is_array(request)) {
		answer = answer_batch(methods, context, request, answer_length);
	} else {
		answer = dump_line(answer_one(methods, context, request), answer_length);
	}
	json_decref(request);
	return answer;
}

char *rpc_fault(enum rpc_code code, const char *what)
{
	size_t length;
	return dump_line(fault_object(code, what, NULL, NULL), &length);
}

char *rpc_hello(const char *lab)
{
	size_t length;
	return dump_line(json_pack("{s:s, s:s, s:{s:i, s:s, s:s, s:i}}", "jsonrpc", "2.0", "method",
				   "hello", "params", "protocol", RPC_PROTOCOL, "version",
				   CORRIDOR_VERSION, "lab", lab, "pid", (int)getpid()),
			 &length);
}

char *rpc_request(const char *method, json_t *params, int id)
{
	size_t length;
	return dump_line(json_pack("{s:s, s:s, s:o*, s:i}", "jsonrpc", "2.0", "method", method,
				   "params", params, "id", id),
			 &length);
}

// The errno that leads to the exit status which the lab meant.
static int errno_of_status(json_int_t status)
{
	switch (status) {
	case EXIT_REQUEST:
		return -EINVAL;
	case EXIT_MACHINE:
		return -EBUSY;
	default:
		return -EFAULT;
	}
}

json_t *rpc_result(const char *line, size_t length, int id, struct error *error)
{
	json_error_t fault;
	json_t *answer = json_loadb(line, length, 0, &fault);
	json_t *result = json_object_get(answer, "result");
	const json_t *refusal = json_object_get(answer, "error");
	const char *message = json_string_value(json_object_get(refusal, "message"));
	if (result != NULL && json_integer_value(json_object_get(answer, "id")) == id) {
		json_incref(result);
	} else if (message != NULL) {
		const json_t *data = json_object_get(refusal, "data");
		const char *where = json_string_value(json_object_get(data, "where"));
		json_t *status = json_object_get(data, "exit_status");
		error_set(error, errno_of_status(json_integer_value(status)),
			  where != NULL ? where : "lab", "%s", message);
		result = NULL;
	} else {
		error_set(error, -ECONNREFUSED, "lab",
			  "the answer is none of ours (is this socket a lab's?)");
		result = NULL;
	}
	json_decref(answer);
	return result;
}
