// SPDX-License-Identifier: BSD-3-Clause
// The command line of a bench.
#include "bench/options.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/report.h"

static bool parse_rounds(const char *text, unsigned *rounds)
{
	char *end;
	errno = 0;
	unsigned long value = strtoul(text, &end, 10);
	if (errno != 0 || *end != '\0' || text[0] == '-' || value < 1 || value > REPORT_ROUNDS_MOST)
		return false;
	*rounds = (unsigned)value;
	return true;
}

int options_parse(struct options *options, int argc, char **argv, unsigned rounds)
{
	bool wrong = false;
	int option;

	*options = (struct options){.rounds = rounds};
	// A reference that ends early must not end us when we write to it.
	signal(SIGPIPE, SIG_IGN);
	while ((option = getopt(argc, argv, "jqr:")) != -1) {
		if (option == 'j')
			options->json = true;
		else if (option == 'q')
			options->quick = true;
		else if (option != 'r' || !parse_rounds(optarg, &options->rounds))
			wrong = true;
	}
	if (options->quick)
		options->rounds = 1;
	if (!wrong && optind == argc)
		return 0;
	fprintf(stderr,
		"usage: %s [-j] [-q] [-r ROUNDS]\n"
		"  -j  JSON   -q  a quick look: one short round   -r  1 to %d rounds (default "
		"%u)\n",
		argv[0], REPORT_ROUNDS_MOST, rounds);
	return 2;
}

double options_seconds(const struct options *options, double seconds)
{
	return options->quick ? seconds / 10 : seconds;
}
