// SPDX-License-Identifier: BSD-3-Clause
// corridor doctor: what this machine can and cannot do, each lack with the command that mends it.
#include "control/cli/table.h"
#include "control/command.h"
#include "control/machine.h"

static const char *const need_words[] = {[MACHINE_REPLAY] = "replay",
					 [MACHINE_LIVE] = "live",
					 [MACHINE_OPTION] = "option",
					 [MACHINE_FACT] = "fact"};

static json_t *findings_json(const struct machine_finding *findings, size_t count, bool offline,
			     bool live)
{
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++) {
		const struct machine_finding *finding = &findings[i];
		json_array_append_new(list, json_pack("{s:s, s:b, s:s, s:s, s:s, s:s?}", "name",
						      finding->name, "ok", finding->ok, "need",
						      need_words[finding->need], "found",
						      finding->found, "purpose", finding->purpose,
						      "mend", finding->ok ? NULL : finding->mend));
	}
	return json_pack("{s:b, s:b, s:o}", "offline", offline, "live", live, "findings", list);
}

static void print_findings(const struct machine_finding *findings, size_t count, bool offline,
			   bool live, FILE *out)
{
	static const char *const headings[] = {"WHAT", "", "FOUND", "FOR", NULL};
	struct table *table = table_create(headings);
	for (size_t i = 0; i < count; i++) {
		const struct machine_finding *finding = &findings[i];
		const char *mark = finding->ok                     ? "ok"
				   : finding->need <= MACHINE_LIVE ? "lacks"
								   : "note";
		table_row(table, (const char *const[]){finding->name, mark, finding->found,
						       finding->purpose});
	}
	table_print(table, out);
	for (size_t i = 0; i < count; i++)
		if (!findings[i].ok && findings[i].mend[0] != '\0')
			fprintf(out, "%s: %s\n", findings[i].name, findings[i].mend);
	fprintf(out, "%s; a live lab with tap ports %s.\n",
		offline ? "offline commands work" : "replay and demo cannot run",
		live ? "can run" : "cannot run");
}

int command_doctor(struct invocation *invocation)
{
	bool must_live = take_flag(invocation, "--live");
	int status = expect_words(invocation, 0, 0);
	if (status != EXIT_TRUE)
		return status;

	struct machine_finding findings[MACHINE_FINDINGS];
	size_t count = machine_look(findings);
	bool offline = true;
	bool live = true;
	for (size_t i = 0; i < count; i++) {
		offline = offline && (findings[i].ok || findings[i].need != MACHINE_REPLAY);
		live = live && (findings[i].ok || findings[i].need > MACHINE_LIVE);
	}
	if (invocation->json)
		print_json(invocation, findings_json(findings, count, offline, live));
	else
		print_findings(findings, count, offline, live, invocation->out);
	return must_live && !live ? EXIT_MACHINE : EXIT_TRUE;
}
