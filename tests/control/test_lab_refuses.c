// SPDX-License-Identifier: BSD-3-Clause
// What a running lab refuses leaves it as it was: the plan of the engine to the byte, what is there
// to see, and the clock of changes.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/control/fake_lab.h"

#define SET "link ab set "

static char folder[] = "/tmp/corridor-refuses-XXXXXX";

static void write_file(const char *name, const char *text)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

// Files that look right and are not.
static const struct {
	const char *name, *text;
} files[] = {
	{"./empty.dist", ""},
	{"./words.dist", "# a table\n1 2 three\n"},
	{"./huge.dist", "99999999999999999999 1 2 3\n"},
	{"./empty.down", ""},
	{"./back.down", "5\n3\n"},
	{"./letters.down", "1\n2\nx\n"},
	{"./back.csv", "time_s,delay\n0,5ms\n2,6ms\n1,7ms\n"},
	{"./unit.csv", "time_s,delay\n0,5ms\n1,6\n"},
	{"./column.csv", "time_s,colour\n0,5ms\n"},
	{"./two.pattern", "0102\n"},
};

static const char *const lines[] = {
	"",
	"link",
	"link ab",
	"link nowhere set delay 5ms",
	"link ab:sideways set delay 5ms",
	"link ab set",
	SET "delay",
	SET "delay 5",
	SET "delay 5mss",
	SET "delay -5ms",
	SET "delay 99999999999999999999s",
	SET "delay 600000d",
	SET "delay 5ms nan",
	SET "delay 5ms 1ms 101%",
	SET "delay 5ms 1ms distribution normla",
	SET "delay 5ms distribution normal",
	SET "delay 5ms 1ms 25% halflife 10ms order free",
	SET "delay 5ms 1ms distribution ./missing.dist",
	SET "delay 5ms 1ms distribution ./empty.dist",
	SET "delay 5ms 1ms distribution ./words.dist",
	SET "delay 5ms 1ms distribution ./huge.dist",
	SET "delay 5ms 1ms distribution /",
	SET "delay 5ms delay 6ms",
	SET "loss 101%",
	SET "loss -1%",
	SET "loss 1e-30%",
	SET "loss nan",
	SET "loss random 1% 25% 3%",
	SET "loss gemodel 1% 200%",
	SET "loss state 60% 10% 10% 10% 60%",
	SET "loss ber 2",
	SET "loss every 0",
	SET "loss pattern ./missing.pattern",
	SET "loss pattern ./two.pattern",
	SET "loss packet 3,2",
	SET "loss outage 2s every 1s",
	SET "duplicate 1e-30%",
	SET "corrupt 150%",
	SET "corrupt 1% bits 0",
	SET "rate 0.001bit",
	SET "rate 99999999999gbit",
	SET "rate 1mbit 999999999",
	SET "limit 0",
	SET "limit 99999999999",
	SET "rate 1mbit queue red min 90kb max 30kb limit 100kb",
	SET "rate 1mbit limit 100 queue drr weights 0,0",
	SET "rate 1mbit limit 100 queue prio bands 99",
	SET "rate 1mbit limit 100 queue fq_codel flows 0",
	SET "rate 1mbit limit 100 queue codle",
	SET "rate 1mbit limit 100 queue codel target 0ms",
	SET "rate 1mbit limit 100 queue pie tupdate 0ms",
	SET "rate 1mbit limit 100 queue fq_codel memory_limit 0b",
	SET "rate 1mbit limit 100 queue drr weights 1,1 quantum 0",
	SET "rate 1mbit limit 100kb queue red min 0 max 30kb",
	// Right by itself, and wrong with the limit that the link has now: gets as far as there.
	SET "rate 40gbit queue prio",
	SET "delay 0ms reorder 25%",
	SET "slot 5ms 1ms",
	SET "police 1mbit 0b",
	SET "trace ./missing.down",
	SET "trace ./empty.down",
	SET "trace ./back.down",
	SET "trace ./letters.down",
	SET "trace ./back.csv",
	SET "trace ./unit.csv",
	SET "trace ./column.csv",
	SET "delay 5ms inflight",
	SET "delay 5ms inflight sideways",
	"link ab down inflight retime",
	"link ab reset now",
	"site nowhere down",
	"site a down inflight cut",
	"conduit ab down",
};
#define LINES (sizeof(lines) / sizeof(lines[0]))

static int enter_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder) || chdir(folder))
		return -1;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		write_file(files[i].name, files[i].text);
	return 0;
}

static int leave_folder(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		unlink(files[i].name);
	return chdir("/") == 0 && rmdir(folder) == 0 ? 0 : -1;
}

// What must not move.
struct picture {
	struct plan *plan; // the engine's own, and a copy of its channels
	struct plan_channel channels[6];
	unsigned published;
	uint64_t version, now_ns, next_ns;
	size_t events;
	char words[6][512];
};

static struct picture take(const struct fake_lab *fake)
{
	const struct network *network = lab_network(fake->lab);
	struct picture picture = {.plan = fake_engine.plan,
				  .published = fake_engine.published,
				  .version = network_plan_version(network),
				  .now_ns = network_plan(network)->valid_from_ns,
				  .next_ns = lab_next_step_ns(fake->lab),
				  .events = network_event_count(network)};

	assert_int_equal(fake_engine.plan->channel_count, 6);
	for (uint32_t c = 0; c < 6; c++) {
		memcpy(&picture.channels[c], &fake_engine.plan->channels[c],
		       sizeof(picture.channels[c]));
		impairment_format(network_impairment(network, c), picture.words[c],
				  sizeof(picture.words[c]));
	}
	return picture;
}

static void assert_same(const struct fake_lab *fake, const struct picture *before, const char *line)
{
	struct picture after = take(fake);
	bool same = after.plan == before->plan && after.published == before->published &&
		    after.version == before->version && after.now_ns == before->now_ns &&
		    after.next_ns == before->next_ns && after.events == before->events;

	for (uint32_t c = 0; c < 6; c++)
		same = same &&
		       memcmp(&after.channels[c], &before->channels[c],
			      sizeof(struct plan_channel)) == 0 &&
		       strcmp(after.words[c], before->words[c]) == 0;
	if (!same)
		fail_msg("\"%s\" was refused, and has left its mark", line);
}

static void assert_refused(const struct fake_lab *fake, const char *const *some, size_t count,
			   const char *line)
{
	struct error error = {0};
	int result = lab_change(fake->lab, some, count, NULL, &error);

	if (result >= 0)
		fail_msg("\"%s\" was taken", line);
	// A sentence, and never an accident.
	if (error.what[0] == '\0' || result == -ENOMEM || strchr(error.what, '\n'))
		fail_msg("\"%s\": %d \"%s\"", line, result, error.what);
}

static struct fake_lab impaired(void)
{
	struct fake_lab fake = fake_lab_start(LAB_TRIANGLE);

	fake_lab_change(&fake, "link ab set delay 20ms 1ms distribution normal loss gemodel 1% 25% "
			       "rate 10mbit limit 600000 queue codel duplicate 1% corrupt 1%");
	fake_lab_run_to(&fake, 1000 * MS);
	return fake;
}

static void a_refused_line_leaves_no_mark(void **state)
{
	struct fake_lab fake = impaired();
	struct picture before = take(&fake);

	(void)state;
	for (size_t i = 0; i < LINES; i++) {
		assert_refused(&fake, &lines[i], 1, lines[i]);
		assert_same(&fake, &before, lines[i]);
	}
	fake_lab_end(&fake);
}

static void nor_does_a_good_line_beside_it(void **state)
{
	struct fake_lab fake = impaired();
	struct picture before = take(&fake);

	(void)state;
	for (size_t i = 0; i < LINES; i++) {
		const char *const some[] = {
			"link ab set delay 7ms loss 0% inflight retime",
			"link ac down inflight cut", lines[i],
			"link ab:reverse set rate 1gbit limit 10ms queue fq_codel"};
		struct error error;

		assert_refused(&fake, some, 4, lines[i]);
		assert_same(&fake, &before, lines[i]);
		// Asked for ahead, it is refused at once, too, unless it depends on what holds
		// then.
		if (lab_check(fake.lab, some, 4, NULL) < 0)
			assert_true(lab_change_at(fake.lab, 5000 * MS, some, 4, &error) < 0);
		assert_same(&fake, &before, lines[i]);
	}
	// And the lab takes what is right as if nothing had been said.
	assert_int_equal(fake_lab_change(&fake, "link ab set delay 7ms"), 1000 * MS + LAB_LEAD_NS);
	assert_int_equal(fake_lab_params(&fake, "ab:forward")->delay_ns, 7 * MS);
	fake_lab_end(&fake);
}

// The last of ten thousand lines is wrong: whatever those before it were, nothing has happened, and
// the next change finds all as it was.
static void nor_do_ten_thousand_before_it(void **state)
{
	static const char *const kinds[] = {
		"link ab set delay 9ms",
		"link ac set delay 7ms 1ms loss 3%",
		"link cb set rate 5mbit limit 100 queue codel",
		"link ab:reverse set loss gemodel 1% 10% inflight retime",
		"link ab:forward set delay 2ms inflight retime",
		"link ac down inflight cut",
		"link ac up",
		"link cb:reverse down",
		"site c down",
		"site c up",
		"link ab reset",
		"link ab set delay 11ms rate 2mbit inflight cut",
	};
	enum { KINDS = sizeof(kinds) / sizeof(kinds[0]), MANY = 10000 };
	static const char *many[MANY];
	struct fake_lab fake = impaired();
	struct picture before = take(&fake);

	(void)state;
	// Each kind alone, then all in turn; twice, since plans take turns, too.
	for (size_t round = 0; round < 2 * (KINDS + 1); round++) {
		for (size_t i = 0; i < MANY; i++)
			many[i] = kinds[round / 2 < KINDS ? round / 2 : i % KINDS];
		many[MANY - 1] = "link ab set delay 1ms loss 1% 2% 3% 4%";
		assert_refused(&fake, many, MANY, many[0]);
		assert_same(&fake, &before, many[0]);
		assert_ptr_equal(network_plan(lab_network(fake.lab)), fake_engine.plan);
	}
	many[MANY - 1] = kinds[0];
	assert_int_equal(lab_change(fake.lab, many, MANY, NULL, NULL), 0);
	assert_int_equal(fake_lab_params(&fake, "ab:reverse")->delay_ns, 9 * MS);
	assert_int_equal(fake_engine.published, before.published + 1);
	fake_lab_end(&fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_refused_line_leaves_no_mark),
		cmocka_unit_test(nor_does_a_good_line_beside_it),
		cmocka_unit_test(nor_do_ten_thousand_before_it),
	};

	return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
