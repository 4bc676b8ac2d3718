// SPDX-License-Identifier: BSD-3-Clause
// The lab's socket among its clients: several at once, halves of lines, lines without end, those
// who do not read, those who die.
#include "control/server.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "control/socket.h"
#include "tests/control/line_client.h"

#define BIG 300000 // bytes of the answer "big"

static unsigned counted;

static json_t *call_echo(void *context, const json_t *params, struct error *error)
{
	(void)context;
	(void)error;
	return params != NULL ? json_deep_copy(params) : json_null();
}

static json_t *call_count(void *context, const json_t *params, struct error *error)
{
	(void)context;
	(void)params;
	(void)error;
	return json_integer(++counted);
}

static json_t *call_big(void *context, const json_t *params, struct error *error)
{
	(void)context;
	(void)params;
	(void)error;
	counted++;
	char *text = malloc(BIG + 1);
	memset(text, 'x', BIG);
	text[BIG] = '\0';
	json_t *value = json_string(text);
	free(text);
	return value;
}

static const struct rpc_method methods[] = {
	{"echo", "its params", call_echo},
	{"count", "how often it was called", call_count},
	{"big", "a long answer", call_big},
	{NULL, NULL, NULL},
};

static struct server *start(void)
{
	struct error error;
	struct server *server = server_create("west", methods, NULL, &error);
	if (server == NULL)
		fail_msg("%s: %s", error.where, error.what);
	counted = 0;
	return server;
}

// A client that has been greeted.
static struct line_client greeted(struct server *server)
{
	struct line_client client = line_client_open("west");
	json_t *hello = line_client_read(&client, server);
	assert_string_equal(json_string_value(json_object_get(hello, "method")), "hello");
	json_decref(hello);
	return client;
}

static void say(struct line_client *client, struct server *server, const char *text)
{
	line_client_send(client, server, text, strlen(text));
}

#define CALL(method, id) "{\"jsonrpc\":\"2.0\",\"method\":\"" method "\",\"id\":" #id "}\n"

// The next answer is the one to request `id`; its result, or its fault's code.
static void assert_answer(struct line_client *client, struct server *server, int id)
{
	json_t *answer = line_client_read(client, server);
	assert_non_null(answer);
	assert_non_null(json_object_get(answer, "result"));
	assert_int_equal(json_integer_value(json_object_get(answer, "id")), id);
	json_decref(answer);
}

static void assert_fault(struct line_client *client, struct server *server, enum rpc_code code)
{
	json_t *answer = line_client_read(client, server);
	const json_t *fault = json_object_get(answer, "error");
	assert_int_equal(json_integer_value(json_object_get(fault, "code")), code);
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(fault, "data"), "reason")),
		rpc_reason(code));
	assert_true(json_is_null(json_object_get(answer, "id")));
	json_decref(answer);
}

// ---- Lines ----

static void a_line_that_comes_in_pieces_is_one_request(void **state)
{
	(void)state;
	struct server *server = start();
	struct line_client client = greeted(server);
	static const char request[] = CALL("echo", 1);
	for (size_t i = 0; i < sizeof(request) - 1; i++) {
		line_client_send(&client, server, request + i, 1);
		if (i + 2 < sizeof(request))
			assert_null(line_client_read(&client, server));
	}
	assert_answer(&client, server, 1);
	line_client_close(&client);
	server_destroy(server);
}

// `count` calls of a method in one send, their ids 1 to count.
static void send_calls(struct line_client *client, const char *method, int count)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);
	for (int i = 1; i <= count; i++)
		fprintf(stream, "{\"jsonrpc\":\"2.0\",\"method\":\"%s\",\"id\":%d}\n", method, i);
	fclose(stream);
	assert_int_equal(send(client->fd, text, size, 0), size);
	free(text);
}

static void many_lines_in_one_piece_are_answered_in_order(void **state)
{
	(void)state;
	struct server *server = start();
	struct line_client client = greeted(server);
	// The server says itself that lines are left over from a turn: nobody calls it again.
	send_calls(&client, "count", 1000);
	line_client_pump(server, 0);
	assert_int_equal(counted, 1000);
	for (int i = 1; i <= 1000; i++)
		assert_answer(&client, server, i);
	line_client_close(&client);
	server_destroy(server);
}

static void empty_lines_and_carriage_returns_are_nothing(void **state)
{
	(void)state;
	struct server *server = start();
	struct line_client client = greeted(server);
	say(&client, server, "\n\r\n  \t\n{\"jsonrpc\":\"2.0\",\"method\":\"echo\",\"id\":1}\r\n");
	assert_answer(&client, server, 1);
	assert_null(line_client_read(&client, server));
	line_client_close(&client);
	server_destroy(server);
}

static void garbage_is_refused_and_the_connection_lives_on(void **state)
{
	(void)state;
	struct server *server = start();
	struct line_client client = greeted(server);
	line_client_send(&client, server, "\0\xff\xfe binary\n", 11);
	assert_fault(&client, server, RPC_PARSE_ERROR);
	say(&client, server, "GET / HTTP/1.1\r\n");
	assert_fault(&client, server, RPC_PARSE_ERROR);
	say(&client, server, CALL("echo", 2));
	assert_answer(&client, server, 2);
	line_client_close(&client);
	server_destroy(server);
}

static void a_notification_is_done_in_silence_and_a_batch_answered_in_one_line(void **state)
{
	(void)state;
	struct server *server = start();
	struct line_client client = greeted(server);
	say(&client, server, "{\"jsonrpc\":\"2.0\",\"method\":\"count\"}\n");
	assert_null(line_client_read(&client, server));
	assert_int_equal(counted, 1);
	say(&client, server,
	    "[{\"jsonrpc\":\"2.0\",\"method\":\"count\",\"id\":1},"
	    "{\"jsonrpc\":\"2.0\",\"method\":\"count\",\"id\":2}]\n");
	json_t *answer = line_client_read(&client, server);
	assert_int_equal(json_array_size(answer), 2);
	json_decref(answer);
	line_client_close(&client);
	server_destroy(server);
}

// One request whose line is `length` bytes long, newline included.
static char *long_request(size_t length)
{
	static const char head[] = "{\"jsonrpc\":\"2.0\",\"method\":\"count\",\"id\":1,\"pad\":\"";
	char *text = malloc(length + 1);
	memset(text, 'x', length);
	memcpy(text, head, sizeof(head) - 1);
	memcpy(text + length - 3, "\"}\n", 4);
	return text;
}

static void a_line_may_be_one_mebibyte_long(void **state)
{
	(void)state;
	struct server *server = start();
	struct line_client client = greeted(server);
	char *text = long_request(RPC_LINE_MOST);
	line_client_send(&client, server, text, RPC_LINE_MOST - 1);
	line_client_send(&client, server, "\n", 1);
	assert_answer(&client, server, 1);
	free(text);
	line_client_close(&client);
	server_destroy(server);
}

static void a_longer_line_is_refused_and_its_client_dropped_alone(void **state)
{
	(void)state;
	struct server *server = start();
	struct line_client client = greeted(server), other = greeted(server);
	char *text = long_request(RPC_LINE_MOST + 1);
	line_client_send(&client, server, text, RPC_LINE_MOST + 1);
	assert_fault(&client, server, RPC_TOO_LONG);
	assert_true(line_client_is_closed(&client, server));
	assert_int_equal(counted, 0);
	say(&other, server, CALL("count", 5));
	assert_answer(&other, server, 5);
	free(text);
	line_client_close(&client);
	line_client_close(&other);
	server_destroy(server);
}

static void a_line_without_end_costs_a_bounded_amount(void **state)
{
	(void)state;
	struct server *server = start();
	struct line_client client = greeted(server);
	char *flood = malloc(8u << 20);
	memset(flood, 'x', 8u << 20);
	line_client_send(&client, server, flood, 8u << 20); // stops when it is refused
	assert_fault(&client, server, RPC_TOO_LONG);
	assert_true(line_client_is_closed(&client, server));
	free(flood);
	line_client_close(&client);
	server_destroy(server);
}

// ---- Clients ----

static void two_clients_at_once_get_each_their_own(void **state)
{
	(void)state;
	struct server *server = start();
	struct line_client one = greeted(server), two = greeted(server);
	say(&one, server, "{\"jsonrpc\":\"2.0\",\"method\":\"echo\",");
	say(&two, server, "{\"jsonrpc\":\"2.0\",\"method\":\"echo\",\"id\":22}");
	say(&one, server, "\"id\":11}\n");
	assert_answer(&one, server, 11);
	assert_null(line_client_read(&two, server));
	say(&two, server, "\n");
	assert_answer(&two, server, 22);
	assert_null(line_client_read(&one, server));
	line_client_close(&one);
	line_client_close(&two);
	server_destroy(server);
}

static void who_sends_half_a_line_and_dies_harms_nobody(void **state)
{
	(void)state;
	struct server *server = start();
	struct line_client other = greeted(server);
	for (int i = 0; i < 3 * SERVER_CLIENTS; i++) { // its place is free again, each time
		struct line_client client = greeted(server);
		say(&client, server, "{\"jsonrpc\":\"2.0\",\"method\":\"count\",\"id\":");
		line_client_close(&client);
		line_client_pump(server, 0);
	}
	assert_int_equal(counted, 0);
	say(&other, server, CALL("count", 1));
	assert_answer(&other, server, 1);
	line_client_close(&other);
	server_destroy(server);
}

static void who_dies_with_answers_unread_harms_nobody(void **state)
{
	(void)state;
	struct server *server = start();
	struct line_client other = greeted(server);
	for (int i = 0; i < 2 * SERVER_CLIENTS; i++) {
		struct line_client client = line_client_open("west");
		say(&client, server, CALL("big", 1));
		line_client_close(&client);
		line_client_pump(server, 0);
	}
	say(&other, server, CALL("count", 1));
	assert_answer(&other, server, 1);
	line_client_close(&other);
	server_destroy(server);
}

static void who_has_only_stopped_sending_is_answered_to_the_end(void **state)
{
	(void)state;
	struct server *server = start();
	struct line_client client = greeted(server);
	say(&client, server, CALL("big", 0) CALL("big", 1) CALL("big", 2));
	say(&client, server, "{\"jsonrpc\":\"2.0\",\"method\":\"echo\",\"id\":3}");
	assert_int_equal(shutdown(client.fd, SHUT_WR), 0);
	for (int i = 0; i <= 3; i++) // more than the kernel holds; a last line needs no newline
		assert_answer(&client, server, i);
	assert_true(line_client_is_closed(&client, server));
	line_client_close(&client);
	server_destroy(server);
}

static void one_client_too_many_is_told_so(void **state)
{
	(void)state;
	struct server *server = start();
	struct line_client clients[SERVER_CLIENTS];
	for (int i = 0; i < SERVER_CLIENTS; i++)
		clients[i] = greeted(server);
	struct line_client more = line_client_open("west");
	assert_fault(&more, server, RPC_BUSY);
	assert_true(line_client_is_closed(&more, server));
	line_client_close(&more);
	say(&clients[SERVER_CLIENTS - 1], server, CALL("echo", 9));
	assert_answer(&clients[SERVER_CLIENTS - 1], server, 9);
	line_client_close(&clients[3]);
	more = greeted(server); // there is room again
	line_client_close(&more);
	for (int i = 0; i < SERVER_CLIENTS; i++)
		if (i != 3)
			line_client_close(&clients[i]);
	server_destroy(server);
}

// Requests for big answers until the server takes no more of them: how many it has carried out.
static unsigned stuff(struct line_client *client, struct server *server)
{
	static const char request[] = CALL("big", 1);
	for (int i = 0; i < 200; i++) {
		(void)!send(client->fd, request, sizeof(request) - 1, MSG_NOSIGNAL);
		line_client_pump(server, 0);
	}
	return counted;
}

static void a_pile_of_requests_is_answered_as_fast_as_it_is_read(void **state)
{
	(void)state;
	struct server *server = start();
	struct line_client client = greeted(server);
	send_calls(&client, "big", 100);
	line_client_pump(server, 0);
	assert_in_range(counted, SERVER_BACKLOG / BIG, SERVER_BACKLOG / BIG + 8);
	for (int i = 1; i <= 100; i++)
		assert_answer(&client, server, i);
	line_client_close(&client);
	server_destroy(server);
}

static void who_does_not_read_waits_without_harm_to_others(void **state)
{
	(void)state;
	struct server *server = start();
	struct line_client mute = greeted(server), other = greeted(server);
	// What is unsent stays within the backlog and one answer, and the kernel's own buffer.
	unsigned carried_out = stuff(&mute, server);
	assert_in_range(carried_out, SERVER_BACKLOG / BIG, SERVER_BACKLOG / BIG + 8);
	say(&other, server, CALL("echo", 3));
	assert_answer(&other, server, 3);
	// As soon as it reads, it gets all.
	for (int i = 0; i < 200; i++)
		assert_answer(&mute, server, 1);
	assert_int_equal(counted, 200);
	line_client_close(&mute);
	line_client_close(&other);
	server_destroy(server);
}

static void who_reads_nothing_for_long_is_dropped(void **state)
{
	(void)state;
	struct server *server = start();
	struct line_client mute = greeted(server), other = greeted(server);
	stuff(&mute, server);
	line_client_pump(server, SERVER_PATIENCE_S);
	unsigned carried_out = counted;
	line_client_pump(server, SERVER_PATIENCE_S + 1);
	struct pollfd polled[SERVER_POLL_MOST];
	assert_int_equal(server_poll(server, polled), 2); // the socket, and the other one
	assert_int_equal(counted, carried_out);
	// One that asks for nothing is not hurried.
	line_client_pump(server, 100 * SERVER_PATIENCE_S);
	say(&other, server, CALL("echo", 3));
	assert_answer(&other, server, 3);
	line_client_close(&mute);
	line_client_close(&other);
	server_destroy(server);
}

// ---- Ends ----

static void a_second_server_of_the_name_is_refused(void **state)
{
	(void)state;
	struct server *server = start();
	struct error error = {0};
	assert_null(server_create("west", methods, NULL, &error));
	assert_int_equal(error.code, -EADDRINUSE);
	struct line_client client = greeted(server);
	line_client_close(&client);
	server_destroy(server);
	assert_int_equal(socket_connect("west", &error), -ECONNREFUSED);
}

static void what_is_answered_arrives_although_the_server_ends(void **state)
{
	(void)state;
	struct server *server = start();
	struct line_client client = greeted(server);
	struct pollfd polled[SERVER_POLL_MOST];
	static const char request[] = CALL("big", 4);
	assert_int_equal(send(client.fd, request, sizeof(request) - 1, 0), sizeof(request) - 1);
	size_t count = server_poll(server, polled);
	poll(polled, count, 0);
	server_handle(server, polled, count, 0);
	char bytes[65536];
	size_t length = 0;
	ssize_t got;
	// The kernel takes a part at a time: read, then let the end send the rest.
	while ((got = recv(client.fd, bytes, sizeof(bytes), 0)) > 0)
		length += (size_t)got;
	server_destroy(server);
	while ((got = recv(client.fd, bytes, sizeof(bytes), 0)) > 0)
		length += (size_t)got;
	assert_int_equal(got, 0);
	assert_true(length > BIG);
	line_client_close(&client);
}

static volatile int waiter, sockets_seen;
static char socket_file[SOCKET_PATH_SIZE];

// Whenever something happens at the waiter's connection: closed, and is the name still there?
static void look(int number)
{
	(void)number;
	char byte;
	if (recv(waiter, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0 && access(socket_file, F_OK) == 0)
		sockets_seen++;
}

static void who_waits_for_the_end_finds_the_socket_gone(void **state)
{
	(void)state;
	struct server *server = start();
	struct line_client client = greeted(server);
	struct sigaction action = {.sa_handler = look}, old;
	assert_int_equal(socket_path("west", socket_file, sizeof(socket_file), NULL), 0);
	assert_int_equal(access(socket_file, F_OK), 0);
	waiter = client.fd;
	sockets_seen = 0;
	// The signal comes while the server closes the connection, before it does anything else.
	sigaction(SIGIO, &action, &old);
	assert_int_equal(fcntl(client.fd, F_SETOWN, getpid()), 0);
	assert_int_equal(fcntl(client.fd, F_SETFL, fcntl(client.fd, F_GETFL) | O_ASYNC), 0);
	server_destroy(server);
	assert_int_equal(sockets_seen, 0);
	sigaction(SIGIO, &old, NULL);
	line_client_close(&client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_that_comes_in_pieces_is_one_request),
		cmocka_unit_test(many_lines_in_one_piece_are_answered_in_order),
		cmocka_unit_test(empty_lines_and_carriage_returns_are_nothing),
		cmocka_unit_test(garbage_is_refused_and_the_connection_lives_on),
		cmocka_unit_test(
			a_notification_is_done_in_silence_and_a_batch_answered_in_one_line),
		cmocka_unit_test(a_line_may_be_one_mebibyte_long),
		cmocka_unit_test(a_longer_line_is_refused_and_its_client_dropped_alone),
		cmocka_unit_test(a_line_without_end_costs_a_bounded_amount),
		cmocka_unit_test(two_clients_at_once_get_each_their_own),
		cmocka_unit_test(who_sends_half_a_line_and_dies_harms_nobody),
		cmocka_unit_test(who_dies_with_answers_unread_harms_nobody),
		cmocka_unit_test(who_has_only_stopped_sending_is_answered_to_the_end),
		cmocka_unit_test(one_client_too_many_is_told_so),
		cmocka_unit_test(a_pile_of_requests_is_answered_as_fast_as_it_is_read),
		cmocka_unit_test(who_does_not_read_waits_without_harm_to_others),
		cmocka_unit_test(who_reads_nothing_for_long_is_dropped),
		cmocka_unit_test(a_second_server_of_the_name_is_refused),
		cmocka_unit_test(what_is_answered_arrives_although_the_server_ends),
		cmocka_unit_test(who_waits_for_the_end_finds_the_socket_gone),
	};
	return cmocka_run_group_tests_name("server", tests, line_client_begin, line_client_end);
}
