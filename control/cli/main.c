// SPDX-License-Identifier: BSD-3-Clause
// The program's entry. Everything else is in program.c, which tests reach too.
#include <signal.h>
#include <stdio.h>

#include "control/cli/program.h"

int main(int argc, char **argv)
{
	// A client that goes away must not end the lab; each write says so itself.
	signal(SIGPIPE, SIG_IGN);
	return program_run(argc, argv, stdout, stderr);
}
