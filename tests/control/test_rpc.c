// SPDX-License-Identifier: BSD-3-Clause
// JSON-RPC 2.0 as a function of a line: what is answered, with which code and which reason, and
// what the other end makes of it.
#include "control/rpc.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/command.h"

// What the methods below were asked.
static unsigned called;

static json_t *call_echo(void *context, const json_t *params, struct error *error)
{
	(void)context;
	(void)error;
	called++;
	return params != NULL ? json_deep_copy(params) : json_null();
}

// Fails with the errno in params.code.
static json_t *call_fail(void *context, const json_t *params, struct error *error)
{
	(void)context;
	called++;
	error_set(error, -(int)json_integer_value(json_object_get(params, "code")), "link x down",
		  "it was told to fail");
	return NULL;
}

static json_t *call_latin(void *context, const json_t *params, struct error *error)
{
	(void)context;
	(void)params;
	error_set(error, -EINVAL, "r\xe9seau", "le r\xe9seau est tomb\xe9");
	return NULL;
}

static json_t *call_long(void *context, const json_t *params, struct error *error)
{
	(void)context;
	(void)params;
	(void)error;
	size_t length = 1 << 20;
	char *text = malloc(length + 1);
	memset(text, 'x', length);
	text[length] = '\0';
	json_t *value = json_string(text);
	free(text);
	return value;
}

static const struct rpc_method methods[] = {
	{"echo", "its params", call_echo},
	{"fail", "a fault", call_fail},
	{"latin", "a fault that is not UTF-8", call_latin},
	{"long", "one MiB", call_long},
	{NULL, NULL, NULL},
};

// The answer to a line, parsed; NULL when there is none. It is one line and says its version.
static json_t *answer_bytes(const char *line, size_t length)
{
	size_t answer_length = 0;
	char *text = rpc_answer(methods, NULL, line, length, &answer_length);
	if (text == NULL)
		return NULL;
	assert_int_equal(strlen(text), answer_length);
	assert_ptr_equal(strchr(text, '\n'), text + answer_length - 1);
	json_t *value = json_loads(text, 0, NULL);
	assert_non_null(value);
	free(text);
	return value;
}

static json_t *answer(const char *line)
{
	return answer_bytes(line, strlen(line));
}

static json_int_t code_of(const json_t *value)
{
	return json_integer_value(json_object_get(json_object_get(value, "error"), "code"));
}

static const char *data_of(const json_t *value, const char *key)
{
	const json_t *data = json_object_get(json_object_get(value, "error"), "data");
	return json_string_value(json_object_get(data, key));
}

static void assert_fault(json_t *value, enum rpc_code code, const char *reason, json_t *id)
{
	assert_non_null(value);
	assert_string_equal(json_string_value(json_object_get(value, "jsonrpc")), "2.0");
	assert_int_equal(code_of(value), code);
	assert_string_equal(data_of(value, "reason"), reason);
	assert_null(json_object_get(value, "result"));
	assert_true(json_equal(json_object_get(value, "id"), id));
	json_decref(value);
	json_decref(id);
}

// ---- Requests ----

static void a_request_is_answered_under_its_own_id(void **state)
{
	(void)state;
	static const char *const ids[] = {"7", "\"seven\"", "-1", "1.5", "null"};
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		char line[128];
		snprintf(line, sizeof(line),
			 "{\"jsonrpc\":\"2.0\",\"method\":\"echo\",\"params\":[1,2],\"id\":%s}",
			 ids[i]);
		json_t *value = answer(line);
		json_t *expected = json_pack("{s:s, s:[i,i], s:o}", "jsonrpc", "2.0", "result", 1,
					     2, "id", json_loads(ids[i], JSON_DECODE_ANY, NULL));
		assert_true(json_equal(value, expected));
		json_decref(value);
		json_decref(expected);
	}
}

static void a_notification_is_carried_out_and_not_answered(void **state)
{
	(void)state;
	called = 0;
	assert_null(answer("{\"jsonrpc\":\"2.0\",\"method\":\"echo\"}"));
	assert_int_equal(called, 1);
	// Not even its fault, and not that there is no such method.
	assert_null(answer("{\"jsonrpc\":\"2.0\",\"method\":\"fail\",\"params\":{\"code\":22}}"));
	assert_int_equal(called, 2);
	assert_null(answer("{\"jsonrpc\":\"2.0\",\"method\":\"nothing\"}"));
}

static void what_is_no_json_is_a_parse_error(void **state)
{
	(void)state;
	static const char *const lines[] = {
		"{", "hello", "{\"jsonrpc\":\"2.0\",}", "[1,", "\xff\xfe", "{\"a\":1,\"a\":2}",
	};
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_fault(answer(lines[i]), RPC_PARSE_ERROR, "parse-error", json_null());
	assert_fault(answer_bytes("{\"a\":\0}", 7), RPC_PARSE_ERROR, "parse-error", json_null());
	// Depth does not cost the lab its stack.
	size_t depth = 500000;
	char *nested = malloc(depth);
	memset(nested, '[', depth);
	assert_fault(answer_bytes(nested, depth), RPC_PARSE_ERROR, "parse-error", json_null());
	free(nested);
}

static void what_is_no_request_is_invalid(void **state)
{
	(void)state;
	static const struct {
		const char *line;
		int id;
	} cases[] = {
		{"{}", 0},
		{"{\"method\":\"echo\",\"id\":5}", 5},
		{"{\"jsonrpc\":\"1.0\",\"method\":\"echo\",\"id\":5}", 5},
		{"{\"jsonrpc\":2.0,\"method\":\"echo\",\"id\":5}", 5},
		{"{\"jsonrpc\":\"2.0\",\"id\":5}", 5},
		{"{\"jsonrpc\":\"2.0\",\"method\":3,\"id\":5}", 5},
		{"{\"jsonrpc\":\"2.0\",\"method\":\"echo\",\"params\":3,\"id\":5}", 5},
		{"{\"jsonrpc\":\"2.0\",\"method\":\"echo\",\"params\":null,\"id\":5}", 5},
		{"{\"jsonrpc\":\"2.0\",\"method\":\"echo\",\"id\":{}}", 0},
		{"{\"jsonrpc\":\"2.0\",\"method\":\"echo\",\"id\":[1]}", 0},
		{"{\"jsonrpc\":\"2.0\",\"method\":\"echo\",\"id\":true}", 0},
		{"[]", 0},
		{"1", 0},
		{"\"echo\"", 0},
		{"null", 0},
	};
	called = 0;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_fault(answer(cases[i].line), RPC_INVALID_REQUEST, "invalid-request",
			     cases[i].id == 0 ? json_null() : json_integer(cases[i].id));
	assert_int_equal(called, 0);
}

static void an_unknown_method_is_told_those_that_are(void **state)
{
	(void)state;
	json_t *value = answer("{\"jsonrpc\":\"2.0\",\"method\":\"ecko\",\"id\":1}");
	const char *message =
		json_string_value(json_object_get(json_object_get(value, "error"), "message"));
	assert_string_equal(message,
			    "there is no method \"ecko\"; there are echo, fail, latin, long");
	assert_fault(value, RPC_UNKNOWN_METHOD, "unknown-method", json_integer(1));
}

static void each_class_of_fault_has_its_code_reason_and_exit_status(void **state)
{
	(void)state;
	static const struct {
		int code;
		enum rpc_code rpc;
		const char *reason;
		enum exit_status status;
	} cases[] = {
		{EPROTO, RPC_INVALID_PARAMS, "invalid-params", EXIT_REQUEST},
		{EINVAL, RPC_REFUSED, "refused", EXIT_REQUEST},
		{ENOENT, RPC_REFUSED, "refused", EXIT_REQUEST},
		{EPERM, RPC_MACHINE, "machine", EXIT_MACHINE},
		{ENOMEM, RPC_MACHINE, "machine", EXIT_MACHINE},
		{EFAULT, RPC_INTERNAL, "internal", EXIT_INTERNAL},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char line[128];
		snprintf(line, sizeof(line),
			 "{\"jsonrpc\":\"2.0\",\"method\":\"fail\",\"params\":{\"code\":%d},"
			 "\"id\":1}",
			 cases[i].code);
		json_t *value = answer(line);
		const json_t *data = json_object_get(json_object_get(value, "error"), "data");
		assert_int_equal(json_integer_value(json_object_get(data, "exit_status")),
				 cases[i].status);
		assert_string_equal(data_of(value, "where"), "link x down");
		assert_fault(value, cases[i].rpc, cases[i].reason, json_integer(1));
	}
	// The codes that JSON-RPC gives are its own.
	assert_int_equal(RPC_PARSE_ERROR, -32700);
	assert_int_equal(RPC_INVALID_REQUEST, -32600);
	assert_int_equal(RPC_UNKNOWN_METHOD, -32601);
	assert_int_equal(RPC_INVALID_PARAMS, -32602);
	assert_int_equal(RPC_INTERNAL, -32603);
}

static void a_fault_that_is_not_utf8_still_arrives(void **state)
{
	(void)state;
	assert_fault(answer("{\"jsonrpc\":\"2.0\",\"method\":\"latin\",\"id\":1}"), RPC_REFUSED,
		     "refused", json_integer(1));
}

// ---- Batches ----

static void a_batch_is_answered_in_order_without_its_notifications(void **state)
{
	(void)state;
	called = 0;
	json_t *value =
		answer("[{\"jsonrpc\":\"2.0\",\"method\":\"echo\",\"params\":[1],\"id\":\"a\"},"
		       "{\"jsonrpc\":\"2.0\",\"method\":\"echo\",\"params\":[2]},"
		       "1,"
		       "{\"jsonrpc\":\"2.0\",\"method\":\"nothing\",\"id\":\"b\"},"
		       "{\"jsonrpc\":\"2.0\",\"method\":\"echo\",\"params\":[3],\"id\":\"c\"}]");
	assert_int_equal(json_array_size(value), 4);
	assert_int_equal(called, 3);
	static const char *const ids[] = {"a", NULL, "b", "c"};
	for (size_t i = 0; i < 4; i++) {
		const char *id = json_string_value(json_object_get(json_array_get(value, i), "id"));
		if (ids[i] == NULL)
			assert_null(id);
		else
			assert_string_equal(id, ids[i]);
	}
	assert_int_equal(code_of(json_array_get(value, 1)), RPC_INVALID_REQUEST);
	assert_int_equal(code_of(json_array_get(value, 2)), RPC_UNKNOWN_METHOD);
	json_decref(value);
}

static void a_batch_of_notifications_is_not_answered(void **state)
{
	(void)state;
	called = 0;
	assert_null(answer("[{\"jsonrpc\":\"2.0\",\"method\":\"echo\"},"
			   "{\"jsonrpc\":\"2.0\",\"method\":\"echo\"}]"));
	assert_int_equal(called, 2);
}

// A batch of `count` requests of one method.
static char *make_batch(const char *method, int count)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);
	for (int i = 0; i < count; i++)
		fprintf(stream, "%s{\"jsonrpc\":\"2.0\",\"method\":\"%s\",\"id\":%d}",
			i == 0 ? "[" : ",", method, i);
	fputc(']', stream);
	fclose(stream);
	return text;
}

static void a_batch_has_at_most_256_requests(void **state)
{
	(void)state;
	char *most = make_batch("echo", RPC_BATCH_MOST);
	json_t *value = answer(most);
	assert_int_equal(json_array_size(value), RPC_BATCH_MOST);
	json_decref(value);
	free(most);
	called = 0;
	char *more = make_batch("echo", RPC_BATCH_MOST + 1);
	assert_fault(answer(more), RPC_INVALID_REQUEST, "invalid-request", json_null());
	assert_int_equal(called, 0);
	free(more);
}

static void a_batch_whose_answers_grow_too_long_is_cut_off_and_says_so(void **state)
{
	(void)state;
	char *batch = make_batch("long", 70);
	json_t *value = answer(batch);
	size_t whole = 0, refused = 0, index;
	json_t *one;
	json_array_foreach(value, index, one)
	{
		whole += json_object_get(one, "result") != NULL;
		refused += code_of(one) == RPC_TOO_LONG;
		assert_int_equal(json_integer_value(json_object_get(one, "id")), index);
	}
	assert_int_equal(whole + refused, 70);
	// The one that crosses 64 MiB is still given.
	assert_int_equal(whole, 64);
	json_decref(value);
	free(batch);
}

// ---- The other end ----

static void a_request_comes_back_as_its_result(void **state)
{
	(void)state;
	char *request = rpc_request("echo", json_pack("{s:i}", "n", 5), 12);
	size_t length;
	char *line = rpc_answer(methods, NULL, request, strlen(request), &length);
	struct error error = {0};
	json_t *result = rpc_result(line, length, 12, &error);
	assert_int_equal(json_integer_value(json_object_get(result, "n")), 5);
	json_decref(result);
	// The answer to another request is none of ours.
	assert_null(rpc_result(line, length, 13, &error));
	assert_int_equal(error.code, -ECONNREFUSED);
	free(line);
	free(request);
}

static void a_fault_comes_back_with_its_sentence_and_exit_status(void **state)
{
	(void)state;
	static const int codes[] = {EINVAL, EPERM, EFAULT};
	for (size_t i = 0; i < 3; i++) {
		char *request = rpc_request("fail", json_pack("{s:i}", "code", codes[i]), 1);
		size_t length;
		char *line = rpc_answer(methods, NULL, request, strlen(request), &length);
		struct error error = {0};
		assert_null(rpc_result(line, length, 1, &error));
		assert_int_equal(exit_status_of(error.code), exit_status_of(-codes[i]));
		assert_string_equal(error.what, "it was told to fail");
		assert_string_equal(error.where, "link x down");
		free(line);
		free(request);
	}
}

static void an_answer_that_is_none_is_said_to_be_no_labs(void **state)
{
	(void)state;
	static const char *const lines[] = {"",
					    "HTTP/1.1 400 Bad Request",
					    "{}",
					    "[]",
					    "null",
					    "{\"error\":{}}",
					    "{\"error\":3,\"id\":1}"};
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct error error = {0};
		assert_null(rpc_result(lines[i], strlen(lines[i]), 1, &error));
		assert_int_equal(exit_status_of(error.code), EXIT_MACHINE);
	}
}

static void the_lab_says_hello_with_protocol_and_name(void **state)
{
	(void)state;
	char *hello = rpc_hello("west");
	json_t *value = json_loads(hello, 0, NULL);
	const json_t *params = json_object_get(value, "params");
	assert_string_equal(json_string_value(json_object_get(value, "method")), "hello");
	assert_null(json_object_get(value, "id"));
	assert_int_equal(json_integer_value(json_object_get(params, "protocol")), RPC_PROTOCOL);
	assert_string_equal(json_string_value(json_object_get(params, "lab")), "west");
	assert_string_equal(json_string_value(json_object_get(params, "version")),
			    CORRIDOR_VERSION);
	assert_true(json_is_integer(json_object_get(params, "pid")));
	assert_ptr_equal(strchr(hello, '\n'), hello + strlen(hello) - 1);
	json_decref(value);
	free(hello);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_answered_under_its_own_id),
		cmocka_unit_test(a_notification_is_carried_out_and_not_answered),
		cmocka_unit_test(what_is_no_json_is_a_parse_error),
		cmocka_unit_test(what_is_no_request_is_invalid),
		cmocka_unit_test(an_unknown_method_is_told_those_that_are),
		cmocka_unit_test(each_class_of_fault_has_its_code_reason_and_exit_status),
		cmocka_unit_test(a_fault_that_is_not_utf8_still_arrives),
		cmocka_unit_test(a_batch_is_answered_in_order_without_its_notifications),
		cmocka_unit_test(a_batch_of_notifications_is_not_answered),
		cmocka_unit_test(a_batch_has_at_most_256_requests),
		cmocka_unit_test(a_batch_whose_answers_grow_too_long_is_cut_off_and_says_so),
		cmocka_unit_test(a_request_comes_back_as_its_result),
		cmocka_unit_test(a_fault_comes_back_with_its_sentence_and_exit_status),
		cmocka_unit_test(an_answer_that_is_none_is_said_to_be_no_labs),
		cmocka_unit_test(the_lab_says_hello_with_protocol_and_name),
	};
	return cmocka_run_group_tests_name("rpc", tests, NULL, NULL);
}
