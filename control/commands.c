// SPDX-License-Identifier: BSD-3-Clause
// The table: every command, once.
#include "control/command.h"

const struct command commands[] = {
	{
		.name = "check",
		.arguments = "TOPOLOGY",
		.summary = "validates a topology and sums it up",
		.help = "Every fault of the file is said in one go, each with file, line, section, "
			"key and remedy. Warnings say where netem's correlation makes the share "
			"of packets that are lost, copied, damaged or reordered another one than "
			"was asked for, and what to write instead; where the mean or the deviation "
			"of "
			"a delay cannot be what was asked for; and where a limit or a queue stands "
			"without a rate.",
		.examples = {"corridor check topologies/wire.ini"},
		.run = command_check,
	},
	{
		.name = "path",
		.arguments = "TOPOLOGY FROM TO [--at T]",
		.summary = "the way between two sites, hop by hop",
		.help = "Delays are propagation and equipment, without serialisation or queues. "
			"The "
			"RTT adds the way back, which may be another. Exit status 1 when there is "
			"no path.",
		.options = {{"--at", "T",
			     "after the topology's timeline up to T, a time of the "
			     "lab's clock or an instant of UTC"}},
		.examples = {"corridor path topologies/triangle.ini a c",
			     "corridor path topologies/o3b-day.ini betzdorf thermopylae --at "
			     "2026-06-14T12:00:00Z"},
		.run = command_path,
	},
	{
		.name = "budget",
		.arguments = "TOPOLOGY LINK [--at T] [--exceeded P%]",
		.summary = "the link budget of a satellite link, line by line",
		.help = "Elevation, range, each loss, C/N0, Es/N0, and the MODCOD and the rate "
			"that "
			"follow, for both directions, or for one with LINK:forward or "
			"LINK:reverse. "
			"Rain is that of the topology's weather at the instant; with --exceeded it "
			"is what ITU-R P.618 expects to be exceeded for so much of an average "
			"year, "
			"at both stations at once; of a station with a second site the one that "
			"loses less counts, or the year's gain. Also how long a first frame waits "
			"where a terminal asks for its capacity. Exit status 1 when a direction is "
			"below its lowest MODCOD.",
		.options = {{"--at", "T",
			     "the geometry and the weather at T, as with path (default 0)"},
			    {"--exceeded", "P%",
			     "rain and scintillation of the year, 0.001% to 5%"}},
		.examples =
			{"corridor budget topologies/storm.ini betzdorf-redu-ka --at 20min",
			 "corridor budget topologies/storm.ini betzdorf-redu-ka --exceeded 0.01%"},
		.run = command_budget,
	},
	{
		.name = "replay",
		.arguments = "TOPOLOGY --in PORT=FILE ... --out PORT=FILE ...",
		.summary = "runs captures and flows through a topology in virtual time",
		.help = "Reads each capture into its port at the captured times, and writes what "
			"leaves a port with the release times, on the clock of the captures. The "
			"lab's zero is the earliest packet. Same topology, captures and seed: same "
			"bytes, for any number of workers. Files named .pcap are written as "
			"nanosecond pcap, all others as pcapng. Several ports may name one pcapng "
			"file: each has its interface in it.\n"
			"\n"
			"--capture writes a pcapng file with two interfaces for each point: where "
			"packets come in and, with \" out\" behind its name, where they leave. "
			"What is lost stands there, or at its \"site NAME\", with a comment that "
			"says where, why and, of what was sent, when it was due (but for its "
			"jitter, "
			"if the loss came before that). NAMEs are links, "
			"channels (LINK:forward) and ports, with commas between; without them it "
			"is all.\n"
			"\n"
			"It ends when captures, flows and events are done and all in flight has "
			"arrived, or at --until. Files are written aside and renamed at the end: "
			"after a fault or Ctrl-C none is there. Of an input with several "
			"interfaces the one that is named like the port counts; else all do, "
			"and a warning says so.",
		.options = {{"--in", "PORT=FILE", "a capture that enters at a port"},
			    {"--out", "PORT=FILE", "what leaves a port"},
			    {"--until", "T",
			     "ends at T of the lab's clock, or of UTC with an `epoch`"},
			    {"--seed", "N", "instead of the topology's"},
			    {"--workers", "N", "threads, 1 to 16 (1)"},
			    {"--map", "OLD=NEW", "rewrites addresses from one prefix to another"},
			    {"--capture", "[NAME,...=]FILE",
			     "packets at links, channels and ports, or at all of them"},
			    {"--journal", "FILE", "parameters and paths in force, for verify"}},
		.examples = {"corridor replay topologies/wire.ini --in west=in.pcap --out "
			     "east=out.pcapng"},
		.run = command_replay,
	},
	{
		.name = "verify",
		.arguments = "--sent FILE --received FILE [--topology T --from PORT --to PORT]",
		.summary = "judges a pair of captures",
		.help = "Matches packets, measures delay, loss, duplication and reordering, and "
			"with a topology tests them against what the models promise. Exit status 1 "
			"when the verdict is fail, with the clause that failed.",
		.options = {{"--sent", "FILE", "what went in"},
			    {"--received", "FILE", "what came out"},
			    {"--topology", "T", "what should have happened"},
			    {"--from", "PORT", "where it went in"},
			    {"--to", "PORT", "where it came out"},
			    {"--journal", "FILE", "written by replay, instead of the timeline"},
			    {"--clock", "T", "instant of the captures at which the lab began"},
			    {"--tolerance", "T", "of the captures' clocks (0ns)"},
			    {"--alpha", "X", "false-alarm rate of all tests together (1e-6)"},
			    {"--loss-threshold", "T", "what comes later counts as lost"},
			    {"--first-packet", "N",
			     "number of the first packet on its channel (0)"},
			    {"--sent-interface", "NAME", "of a pcapng file with several"},
			    {"--received-interface", "NAME", "of a pcapng file with several"},
			    {"--map", "OLD=NEW", "addresses were rewritten, as by replay"},
			    {"--ignore-addresses", NULL, "match whatever the addresses are"},
			    {"--ignore-packet-ids", NULL, "match by content alone"},
			    {"--fit", NULL,
			     "estimates the channel, and prints a [link] section for it"},
			    {"--no-law", NULL, "on a wire: test the statistics, not each packet"},
			    {"--report", "FILE", "writes the JSON"}},
		.examples = {"corridor verify --sent in.pcap --received out.pcapng --topology "
			     "topologies/wire.ini --from west --to east",
			     "corridor verify --sent a.pcap --received b.pcap --fit"},
		.run = command_verify,
	},
	{
		.name = "satellites",
		.arguments = "TOPOLOGY [--from T] [--to T] [--dish D]",
		.summary = "passes, handovers, gaps, sun outages and delays",
		.help = "Who serves each satellite link over a span, a day unless --to says else; "
			"when each site sees each of its satellites above the link's elevation; "
			"and when the sun stands behind one. T is a time of the lab's clock or an "
			"instant of UTC, which needs `epoch` in [network]. Geometry alone: no "
			"weather, no link budget. The sun's outages are those of a dish of "
			"diameter D, else of the antennas of a link with a radio (the first that "
			"uses the satellite), at the band's "
			"downlink, or at 11.7 GHz where no band is "
			"given. Elements more than 14 days from what is asked about are used with "
			"a warning.",
		.options = {{"--from", "T", "the lab's beginning unless given"},
			    {"--to", "T", "a day later unless given"},
			    {"--dish", "D",
			     "diameter of all dishes, for the sun's outages (3.7m, or the "
			     "link's antennas)"}},
		.examples = {"corridor satellites topologies/o3b-day.ini",
			     "corridor satellites topologies/equinox.ini --to 20d --dish 2.4m"},
		.run = command_satellites,
	},
	{
		.name = "import",
		.arguments = "FILE TRACE [--format csv|hypatia|theaterq]",
		.summary = "makes a trace of a series that others recorded",
		.help = "Writes TRACE, a CSV file for `trace =`, and prints that line. csv has "
			"headings with units: time_s (or _ms, _us, _ns) and any of delay_ms, "
			"rtt_ms (half of it is taken), rate_mbps, loss_percent, carrier and their "
			"other units. hypatia is its table of nanoseconds and round-trip "
			"nanoseconds. theaterq is a trace of that queueing discipline, simple or "
			"extended; its jitter, limit and copies are left out.",
		.options = {{"--format", "F", "csv unless given"}},
		.examples = {"corridor import rtt.txt day.csv --format hypatia"},
		.run = command_import,
	},
	{
		.name = "demo",
		.arguments = "[--dir DIR] [--workers N]",
		.summary = "the Benelux corridor: cuts, convergence, and a verdict",
		.help = "Replays two captures of real programs and built-in flows through the "
			"Benelux corridor, whose timeline cuts both fibres in turn and mends them, "
			"prints a table per flow and phase, and judges both captures. The exit "
			"status is 0 only if both verdicts are pass.\n"
			"\n"
			"Topology and captures come with the program. They are put into DIR, next "
			"to what comes out; the last lines are the commands that do the same by "
			"hand. A file of DIR that is not as the demo wants it is kept, with ~ "
			"after its name.",
		.options = {{"--dir", "DIR",
			     "topology, captures and journal go there (corridor-demo)"},
			    {"--workers", "N", "threads, 1 to 16 (1)"}},
		.examples = {"corridor demo", "corridor demo --dir /tmp/demo -j"},
		.run = command_demo,
	},
	{
		.name = "run",
		.arguments = "TOPOLOGY [--for T] [--spin] [--workers N] [-- EAL-OPTIONS]",
		.summary = "runs a topology as a live lab, in the foreground",
		.help = "Makes the ports' devices, starts the engine and prints one line when the "
			"lab "
			"is ready; on a terminal it then shows a table of the busiest channels, "
			"renewed each second. Ctrl-C, `corridor stop` or --for end the lab and "
			"remove "
			"what it made: devices, socket, run-time files.\n"
			"\n"
			"Every port needs a device other than none. The engine sleeps until the "
			"next "
			"packet is due or arrives, so a lab shares a small machine; --spin makes "
			"it "
			"poll. The options that DPDK needs are made for you; those after -- "
			"override "
			"them.\n"
			"\n"
			"A sleeping engine is late by up to 60 us, and looks at ports that have no "
			"descriptor to wait on (net_null, memif, vhost) every 50 to 200 us, or, "
			"after three seconds of silence, every 2 ms. Memory that is too small for "
			"bandwidth times delay is "
			"said at the start.\n"
			"\n"
			"A second lab of the same name is refused (exit status 3); --lab gives it "
			"another.",
		.options = {{"--for", "T", "ends after T of the lab's clock"},
			    {"--spin", NULL,
			     "the engine never sleeps: punctual, and a core is busy"},
			    {"--workers", "N", "threads of the engine, 1 to 16 (1)"}},
		.examples = {"corridor run topologies/benelux.ini",
			     "corridor run lab.ini --lab west --for 10min -- --log-level=8"},
		.run = command_run,
	},
	{
		.name = "show",
		.arguments = "WHAT [NAME ...]",
		.summary = "shows a running lab",
		.help = "WHAT is one of:\n"
			"  sites       addresses, and what ended there\n"
			"  links       both directions' state, delay and rate\n"
			"  channels    each direction: impairments, counters, every cause of loss\n"
			"  ports       devices, what paces and stamps their frames, counters\n"
			"  routes      each site's way to each other, and when it changed\n"
			"  flows       built-in traffic: counters, one-way delay, longest gap\n"
			"  satellites  how their teleports see them\n"
			"  events      what happened (the last thousand), what is scheduled, what "
			"is pending\n"
			"  stats       the lab as a whole: clock, memory, sums of all counters\n"
			"  lateness    actual minus intended departure at the ports\n"
			"NAMEs pick some of the sites, links, channels (a link's name stands for "
			"both "
			"of its own), ports, flows, satellites, or the sites whose routes are "
			"shown.\n"
			"\n"
			"With -j each is an array of objects. Keys name their units; impairments "
			"are "
			"under tc's own keys and in its base units (delay in seconds, loss as a "
			"ratio, rate in bytes per second), and `words` can be pasted after "
			"`corridor link NAME set`. A percentile with fewer than ten samples beyond "
			"it is null.",
		.examples = {"corridor show channels",
			     "corridor sh ch bettembourg-brussels:forward",
			     "corridor -j show stats | jq .[0].lost"},
		.run = command_show,
	},
	{
		.name = "link",
		.arguments = "NAME[:forward|:reverse] set WORDS... | reset | up | down [at T]",
		.summary = "changes a link of a running lab",
		.help = "set takes the words of tc-netem(8): delay, distribution, loss, "
			"duplicate, corrupt, reorder, gap, rate, slot, limit, ecn; and order, "
			"halflife, jitter, overhead, burst, police, queue, access, trace and wave, "
			"which "
			"topologies/README.md explains. It changes what "
			"is named and leaves the rest; reset takes all impairments off: what stays "
			"is the "
			"topology's own delay without jitter, its rate and its queue. down and up "
			"cut and mend the link. Without a direction, both are meant.\n"
			"\n"
			"What becomes of packets in flight can be said at the end: inflight new "
			"(they "
			"keep their promise; the default), retime (they move to the new delay), "
			"cut "
			"(they are lost). A change applies to all its packets from one instant on, "
			"or not at all.",
		.examples = {"corridor link bettembourg-brussels set delay 10ms 1ms distribution "
			     "normal",
			     "corridor link bettembourg-brussels:reverse set loss gemodel 1% 25%",
			     "corridor link bettembourg-brussels set delay 20ms inflight retime",
			     "corridor link bettembourg-brussels down at 60s"},
		.run = command_link,
	},
	{
		.name = "site",
		.arguments = "NAME up | down [at T]",
		.summary = "takes a site of a running lab down, or up again",
		.help = "A site that is down loses everything that reaches it, and its neighbours "
			"find another way.",
		.examples = {"corridor site brussels down"},
		.run = command_site,
	},
	{
		.name = "conduit",
		.arguments = "NAME up | down [inflight new|cut] [at T]",
		.summary = "cuts all links of a trench in a running lab, or mends them",
		.help = "The links of a conduit go down at the same instant.",
		.examples = {"corridor conduit ardennes down inflight cut"},
		.run = command_conduit,
	},
	{
		.name = "batch",
		.arguments = "FILE|- [--at T]",
		.summary = "many changes of a running lab as one",
		.help = "Reads control lines (link ..., site ..., conduit ...), one a line, # for "
			"comments, and carries them out at one instant, all or none: now, or at "
			"the instant T of the lab's clock. A single change takes `at T` at its "
			"end.",
		.options = {{"--at", "T", "on the lab's clock, which `corridor show stats` tells"}},
		.examples = {"corridor batch failover.txt",
			     "echo link bettembourg-brussels down | corridor batch - --at 60s"},
		.run = command_batch,
	},
	{
		.name = "stop",
		.arguments = "",
		.summary = "ends a running lab",
		.help = "Returns when the lab has removed its devices, its socket and its run-time "
			"files.",
		.examples = {"corridor stop --lab benelux"},
		.run = command_stop,
	},
	{
		.name = "doctor",
		.arguments = "[--live]",
		.summary = "says what this machine can and cannot do",
		.help = "Looks at /dev/net/tun, capabilities, the directory for sockets, cores, "
			"clock, "
			"memory, hugepages, kernel and DPDK drivers and offloads. `ok` is there, "
			"`lacks` is missed by live labs with tap ports, `note` concerns other "
			"kinds "
			"of port or accuracy; below the table stands the command that mends each. "
			"It "
			"changes nothing.\n"
			"\n"
			"The exit status is 0, whatever was found; with --live it is 3 when a lab "
			"with tap ports "
			"cannot run here.",
		.options = {{"--live", NULL, "exit status 3 unless a live lab can run here"}},
		.examples = {"corridor doctor", "corridor doctor --live -j"},
		.run = command_doctor,
	},
	{
		.name = "help",
		.arguments = "[COMMAND] | --man",
		.summary = "prints this list, or what one command does",
		.help = "The same as --help. --man prints the manual page corridor(1).",
		.options = {{"--man", NULL, "the manual page, as mdoc"}},
		.examples = {"corridor help show", "corridor help --man | man -l -"},
		.run = command_help,
	},
	{.name = NULL},
};
