// SPDX-License-Identifier: BSD-3-Clause
// corridor verify: what two captures show, and whether a topology's promise was kept.
#include "control/verify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "control/verify_fit.h"
#include "control/verify_geometry.h"
#include "pcaps/aside.h"
#include "pcaps/damage.h"
#include "topologies/quantity.h"

// Fewer bytes of a cut frame do not tell it from others.
#define CUT_LEAST 40
#define HEADERS   62 // Ethernet, two tags and IPv6: where a capture has DSCPs for certain

struct request {
	const char *sent;
	const char *received;
	const char *sent_interface;
	const char *received_interface;
	const char *topology;
	const char *journal;
	const char *from;
	const char *to;
	const char *report;
	uint64_t tolerance_ns;
	uint64_t loss_threshold_ns;
	uint64_t clock_ns;
	uint64_t first_packet;
	double alpha;
	bool has_clock;
	bool no_law;
	bool fits;
	bool ignore_ids;
	bool ignore_addresses;
	struct verify_home home; // maps only
};

// What is made on the way, all freed by work_fini.
struct work {
	struct topology *topology;
	struct network *network; // routed ports: knows where addresses live
	uint32_t from_port;
	uint32_t to_port;
	uint32_t wire; // channel, or TOPOLOGY_NONE: routed
	struct frames sent;
	struct frames received;
	struct journal journal;
	struct oracle oracle;
	size_t others; // frames that may have shared the way
	struct judge_geometry geometry;
	bool has_geometry;
	uint64_t *expected;
	uint8_t *expected_dscp; // of the exact oracle, where all headers can be read
	struct match match;
	bool *otherwise; // of damage_compare
	struct measure measure;
	struct judge judge;
	struct fit fit;
};

static void work_fini(struct work *work)
{
	free(work->otherwise);
	match_free(&work->match);
	free(work->expected);
	free(work->expected_dscp);
	verify_free_geometry(&work->geometry);
	oracle_free(&work->oracle);
	journal_fini(&work->journal);
	frames_free(&work->sent);
	frames_free(&work->received);
	network_free(work->network);
	topology_free(work->topology);
}

static int parse_alpha(const char *text, double *alpha, struct error *error)
{
	char *end;

	*alpha = strtod(text, &end);
	if (end == text || *end != '\0' || !(*alpha > 0 && *alpha < 1))
		return error_set(error, -EINVAL, "--alpha",
				 "\"%.60s\" is no chance of a false alarm: give a number between 0 "
				 "and 1, such as 1e-6",
				 text);
	return 0;
}

// OLD-PREFIX=NEW-PREFIX of equal lengths, as replay's.
static int parse_map(const char *text, struct verify_home *home, struct error *error)
{
	char old[64];
	const char *equals = strchr(text, '=');
	struct prefix *from = &home->map_from[home->map_count];
	struct prefix *to = &home->map_to[home->map_count];

	if (home->map_count == VERIFY_MAPS)
		return error_set(error, -EINVAL, "--map", "is given more than %d times",
				 VERIFY_MAPS);
	if (!equals || (size_t)(equals - text) >= sizeof(old))
		return error_set(error, -EINVAL, "--map", "\"%.60s\" is not OLD-PREFIX=NEW-PREFIX",
				 text);
	memcpy(old, text, (size_t)(equals - text));
	old[equals - text] = '\0';
	if (prefix_parse(old, from) < 0 || prefix_parse(equals + 1, to) < 0 ||
	    from->address.family != to->address.family || from->length != to->length)
		return error_set(error, -EINVAL, "--map",
				 "\"%.60s\" is not two prefixes of one family and one length",
				 text);
	home->map_count++;
	return 0;
}

static int parse_quantities(struct invocation *invocation, struct request *request,
			    struct error *error)
{
	const char *text;
	int code = 0;

	request->alpha = JUDGE_ALPHA;
	request->loss_threshold_ns = UINT64_MAX;
	text = take_option(invocation, "--tolerance");
	if (text)
		code = quantity_parse_time_ns(text, "--tolerance", &request->tolerance_ns, error);
	text = take_option(invocation, "--loss-threshold");
	if (text && code == 0)
		code = quantity_parse_time_ns(text, "--loss-threshold", &request->loss_threshold_ns,
					      error);
	text = take_option(invocation, "--clock");
	request->has_clock = text != NULL;
	if (text && code == 0)
		code = quantity_parse_time_ns(text, "--clock", &request->clock_ns, error);
	text = take_option(invocation, "--first-packet");
	if (text && code == 0)
		code = quantity_parse_count(text, "--first-packet", &request->first_packet, error);
	text = take_option(invocation, "--alpha");
	if (text && code == 0)
		code = parse_alpha(text, &request->alpha, error);
	while (code == 0 && (text = take_option(invocation, "--map")) != NULL)
		code = parse_map(text, &request->home, error);
	return code;
}

// The report must not take the place of what it is about.
static int check_report(const struct request *request, struct error *error)
{
	const char *const read[] = {request->sent, request->received, request->topology,
				    request->journal};

	for (size_t i = 0; request->report && i < sizeof(read) / sizeof(read[0]); i++)
		if (read[i] && strcmp(read[i], "-") != 0 && aside_is_same(read[i], request->report))
			return error_set(error, -EINVAL, "--report",
					 "%s is an input too (name another file)", request->report);
	return 0;
}

// 0 or an exit status.
static int parse_request(struct invocation *invocation, struct request *request)
{
	struct error error = {0};
	int status;

	if (parse_quantities(invocation, request, &error) < 0)
		return report_error(invocation, &error);
	request->sent = take_option(invocation, "--sent");
	request->received = take_option(invocation, "--received");
	request->sent_interface = take_option(invocation, "--sent-interface");
	request->received_interface = take_option(invocation, "--received-interface");
	request->topology = take_option(invocation, "--topology");
	request->journal = take_option(invocation, "--journal");
	request->from = take_option(invocation, "--from");
	request->to = take_option(invocation, "--to");
	request->report = take_option(invocation, "--report");
	request->no_law = take_flag(invocation, "--no-law");
	request->fits = take_flag(invocation, "--fit");
	request->ignore_ids = take_flag(invocation, "--ignore-packet-ids");
	request->ignore_addresses =
		take_flag(invocation, "--ignore-addresses") || request->home.map_count > 0;
	status = expect_words(invocation, 0, 0);
	if (status != EXIT_TRUE)
		return status;
	if (!request->sent || !request->received)
		return report_usage(invocation, "--sent FILE and --received FILE are needed");
	if (strcmp(request->sent, "-") == 0 && strcmp(request->received, "-") == 0)
		return report_usage(invocation, "only one capture can come from standard input");
	if (request->topology ? !request->from || !request->to
			      : request->from || request->to || request->journal)
		return report_usage(invocation,
				    "--topology, --from and --to belong together (and --journal "
				    "with them)");
	if (check_report(request, &error) < 0)
		return report_error(invocation, &error);
	return EXIT_TRUE;
}

static int find_port(const struct topology *topology, const char *option, const char *name,
		     uint32_t *port, struct error *error)
{
	*port = topology_find_port(topology, name);
	if (*port != TOPOLOGY_NONE)
		return 0;
	return error_set(error, -EINVAL, option, "the topology has no port \"%.60s\"", name);
}

// The channel of a wire from one port to another, or TOPOLOGY_NONE.
static uint32_t find_wire(const struct topology *topology, uint32_t from, uint32_t to)
{
	for (uint32_t i = 0; i < topology->link_count; i++) {
		const struct link *link = &topology->links[i];

		for (int end = 0; end < 2; end++)
			if (link->ends[end].port == from && link->ends[1 - end].port == to)
				return topology_channel(i, end == 0 ? LINK_FORWARD : LINK_REVERSE);
	}
	return TOPOLOGY_NONE;
}

static int find_ports(const struct request *request, struct work *work, struct error *error)
{
	const struct topology *topology = work->topology;
	int code = find_port(topology, "--from", request->from, &work->from_port, error);

	if (code == 0)
		code = find_port(topology, "--to", request->to, &work->to_port, error);
	if (code < 0)
		return code;
	work->wire = find_wire(topology, work->from_port, work->to_port);
	if (work->wire != TOPOLOGY_NONE)
		return 0;
	if (topology->ports[work->from_port].site == TOPOLOGY_NONE ||
	    topology->ports[work->to_port].site == TOPOLOGY_NONE)
		return error_set(error, -EINVAL, "--to",
				 "no wire leads from port %.60s to port %.60s", request->from,
				 request->to);
	work->network = network_create(topology, NETWORK_FILES, error);
	return work->network ? 0 : error->code;
}

static int load_one(const char *path, const char *interface, const char *port,
		    struct verify_home *home, const struct digest_options *options, bool collects,
		    struct frames *frames, struct error *error)
{
	struct frames_choice choice = {.interface = interface ? interface : port,
				       .preferred = interface == NULL};

	choice.collects = collects;
	if (home->plan) {
		choice.takes = verify_takes;
		choice.context = home;
	}
	return frames_load(path, &choice, options, frames, error);
}

// A wire promises every byte.
static bool compares_whole(const struct request *request, const struct work *work)
{
	return request->topology && work->wire != TOPOLOGY_NONE;
}

static int load_both(const struct request *request, struct work *work, uint32_t most_bytes,
		     struct error *error)
{
	struct digest_options options = {
		.scope = compares_whole(request, work) ? DIGEST_WHOLE : DIGEST_ROUTED,
		.ignore_addresses = request->ignore_addresses,
		.most_bytes = most_bytes,
	};
	struct verify_home home = request->home;
	int code;

	if (work->network) {
		home.plan = network_plan(work->network);
		home.from_port = work->from_port;
		home.to_port = work->to_port;
	}
	frames_free(&work->sent);
	frames_free(&work->received);
	code = load_one(request->sent, request->sent_interface, request->from, &home, &options,
			false, &work->sent, error);
	home.map_count = 0; // what was received has been rewritten already
	home.came = true;
	if (code == 0)
		code = load_one(request->received, request->received_interface, request->to, &home,
				&options, true, &work->received, error);
	work->others = home.others;
	return code;
}

// Loads both captures; frames that one of them cut short are compared as far as both reach.
static int load_captures(const struct request *request, struct work *work, struct error *error)
{
	bool whole = compares_whole(request, work);
	uint32_t cut;
	int code = load_both(request, work, 0, error);

	if (code < 0)
		return code;
	cut = work->sent.shortest_cut < work->received.shortest_cut ? work->sent.shortest_cut
								    : work->received.shortest_cut;
	if (cut < CUT_LEAST)
		return error_set(
			error, -EINVAL,
			work->sent.shortest_cut == cut ? request->sent : request->received,
			"frames are cut to %u bytes%s, and %d are the least that tell "
			"packets apart: capture with a longer snapshot length (tcpdump -s)",
			cut, whole ? "" : " of IP", CUT_LEAST);
	if (cut != UINT32_MAX) {
		if (strcmp(request->sent, "-") == 0 || strcmp(request->received, "-") == 0)
			return error_set(error, -EINVAL, "-",
					 "frames are cut short, so both captures must be read "
					 "twice: give files");
		code = load_both(request, work, cut, error);
	}
	if (code == 0)
		code = frames_join(&work->sent, &work->received, error);
	if (code == 0 && work->sent.count == 0)
		code = error_set(error, -EINVAL, request->sent,
				 work->sent.passed_over
					 ? "holds %zu frames, but none that travels from port %s "
					   "to port %s"
					 : "holds no frames, so there is nothing to verify",
				 work->sent.passed_over, request->from, request->to);
	return code;
}

static int load_journal(const struct request *request, struct work *work, struct error *error)
{
	const struct frame_row *last_sent = &work->sent.rows[work->sent.count - 1];
	uint64_t clock_ns = request->has_clock ? request->clock_ns : work->sent.rows[0].at_ns;
	uint64_t until_ns;
	int code = 0;

	if (request->journal) {
		code = journal_load(request->journal, &work->journal, error);
		if (code == 0 && request->has_clock)
			work->journal.clock_ns = request->clock_ns;
		return code;
	}
	// As long as a packet may be under way.
	until_ns = last_sent->at_ns;
	if (work->received.count && work->received.rows[work->received.count - 1].at_ns > until_ns)
		until_ns = work->received.rows[work->received.count - 1].at_ns;
	until_ns = until_ns > clock_ns ? until_ns - clock_ns : 0;
	code = network_set_epoch(work->topology, (int64_t)clock_ns, error);
	if (code < 0)
		return code;
	code = network_journal(work->topology, work->from_port, work->to_port, until_ns,
			       &work->journal, error);
	work->journal.clock_ns = clock_ns;
	return code;
}

static int consult_wire(const struct request *request, struct work *work, struct error *error)
{
	char name[2 * TOPOLOGY_NAME_MAX];
	int64_t channel;

	topology_channel_name(work->topology, work->wire, name, sizeof(name));
	channel = journal_find_channel(&work->journal, name);
	if (channel < 0)
		return error_set(error, -EINVAL, request->journal ? request->journal : "journal",
				 "knows no channel %s: it belongs to another topology", name);
	return oracle_wire(&work->journal, (uint32_t)channel, request->first_packet, &work->sent,
			   &work->oracle, error);
}

// Is it certain with which DSCP each frame comes, and can it be read?
static bool knows_dscps(const struct request *request, const struct work *work)
{
	if (!work->oracle.exact || work->sent.shortest_cut < HEADERS ||
	    work->received.shortest_cut < HEADERS)
		return false;
	for (size_t i = 0; request->no_law && i < work->oracle.era_count; i++)
		if (work->oracle.eras[i].dscps)
			return false;
	return true;
}

static int consult_oracle(const struct request *request, struct work *work, struct error *error)
{
	int64_t from;
	int64_t to;
	int code = load_journal(request, work, error);

	if (code < 0)
		return code;
	if (work->wire != TOPOLOGY_NONE) {
		code = consult_wire(request, work, error);
	} else {
		from = journal_find_port(&work->journal, request->from);
		to = journal_find_port(&work->journal, request->to);
		if (from < 0 || to < 0)
			return error_set(error, -EINVAL,
					 request->journal ? request->journal : "journal",
					 "knows no port %s: it belongs to another topology",
					 from < 0 ? request->from : request->to);
		code = oracle_path(&work->journal, (uint32_t)from, (uint32_t)to, &work->sent,
				   &work->oracle, error);
		if (code == 0)
			code = verify_make_geometry(work->topology, &work->journal, (uint32_t)from,
						    (uint32_t)to, &work->geometry, error);
		work->has_geometry = code > 0;
	}
	if (code > 0)
		code = 0;
	if (code == 0)
		work->expected = oracle_expected(&work->oracle);
	if (code == 0 && knows_dscps(request, work))
		work->expected_dscp = oracle_expected_dscp(&work->oracle);
	return code;
}

// Frames that were to be damaged, bit by bit; where their bits can be known and read again.
static int compare_damage(const struct request *request, struct work *work, struct error *error)
{
	char name[2 * TOPOLOGY_NAME_MAX];
	struct damage_case wire = {.path = request->sent,
				   .journal = &work->journal,
				   .first_packet = request->first_packet,
				   .sent = &work->sent,
				   .received = &work->received,
				   .oracle = &work->oracle};

	if (!work->oracle.exact || request->no_law || strcmp(request->sent, "-") == 0 ||
	    work->sent.shortest_cut != UINT32_MAX || work->received.shortest_cut != UINT32_MAX)
		return 0;
	topology_channel_name(work->topology, work->wire, name, sizeof(name));
	wire.channel = (uint32_t)journal_find_channel(&work->journal, name);
	return damage_compare(&wire, &work->match, &work->otherwise, error);
}

// Can nobody else's packets be on the way? Two ports, and nothing but what went from one to the
// other; pings of the other port's host to the near router would show where they arrive.
static bool is_alone(const struct work *work)
{
	const struct topology *topology = work->topology;
	size_t routed = 0;

	if (!topology || work->wire != TOPOLOGY_NONE || topology->flow_count || work->others)
		return false;
	for (size_t i = 0; i < topology->port_count; i++)
		routed += topology->ports[i].site != TOPOLOGY_NONE;
	return routed == 2;
}

static int judge_all(const struct request *request, struct work *work, struct error *error)
{
	struct match_options options = {.ignore_packet_ids = request->ignore_ids};
	struct judge_case judged = {
		.sent = &work->sent,
		.received = &work->received,
		.match = &work->match,
		.measure = &work->measure,
		.oracle = request->topology ? &work->oracle : NULL,
		.alpha = request->alpha,
		.tolerance_ns = request->tolerance_ns,
		.no_law = request->no_law,
		.alone = is_alone(work),
	};
	int code = 0;

	if (request->topology)
		code = consult_oracle(request, work, error);
	options.expected_at_ns = work->expected;
	options.expected_dscp = work->expected_dscp;
	if (code == 0)
		code = match_frames(&work->sent, &work->received, &options, &work->match, error);
	if (code == 0 && request->topology)
		code = compare_damage(request, work, error);
	judged.otherwise = work->otherwise;
	judged.clock_ns = work->journal.clock_ns;
	judged.geometry = work->has_geometry ? &work->geometry : NULL;
	if (code == 0)
		code = measure_frames(&work->sent, &work->received, &work->match,
				      request->loss_threshold_ns, &work->measure, error);
	if (code == 0)
		code = judge_frames(&judged, &work->judge, error);
	if (code == 0 && request->fits)
		code = fit_frames(&work->sent, &work->received, &work->match, &work->fit, error);
	return code;
}

// The verdict where there is one to give, and the fit if asked for.
static void tell(struct invocation *invocation, const struct request *request,
		 const struct work *work, const struct verification *verification)
{
	bool judged = request->topology || !request->fits;
	json_t *object;

	if (invocation->json) {
		object = judged ? verify_to_json(verification) : json_object();
		if (request->fits)
			json_object_set_new(object, "fit", verify_fit_to_json(&work->fit));
		print_json(invocation, object);
		return;
	}
	if (judged)
		verify_print(verification, invocation->out);
	if (judged && request->fits)
		fprintf(invocation->out, "\n");
	if (request->fits)
		verify_fit_print(&work->fit, request->from, request->to, invocation->out);
}

static int answer(struct invocation *invocation, const struct request *request,
		  const struct work *work)
{
	struct verification verification = {
		.sent = &work->sent,
		.received = &work->received,
		.match = &work->match,
		.measure = &work->measure,
		.oracle = request->topology ? &work->oracle : NULL,
		.judge = &work->judge,
		.clock_ns = work->journal.clock_ns,
		.tolerance_ns = request->tolerance_ns,
	};
	struct error error = {0};

	if (request->report && verify_save(&verification, request->report, &error) < 0)
		return report_error(invocation, &error);
	if (work->sent.warning[0])
		report_warning(invocation, work->sent.warning);
	if (work->received.warning[0])
		report_warning(invocation, work->received.warning);
	tell(invocation, request, work, &verification);
	return work->judge.pass || (request->fits && !request->topology) ? EXIT_TRUE
									 : EXIT_ANSWER_NO;
}

int command_verify(struct invocation *invocation)
{
	struct request request = {0};
	struct work work = {.wire = TOPOLOGY_NONE};
	struct errors errors = {0};
	struct error error = {0};
	int status = parse_request(invocation, &request);

	if (status != EXIT_TRUE)
		return status;
	if (request.topology) {
		work.topology = network_load(request.topology, &errors);
		if (!work.topology) {
			status = report_errors(invocation, &errors);
			errors_fini(&errors);
			return status;
		}
	}
	if ((request.topology && find_ports(&request, &work, &error) < 0) ||
	    load_captures(&request, &work, &error) < 0 || judge_all(&request, &work, &error) < 0)
		status = report_error(invocation, &error);
	else
		status = answer(invocation, &request, &work);
	errors_fini(&errors);
	work_fini(&work);
	return status;
}
