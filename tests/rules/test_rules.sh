#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Rules that cannot fail prove nothing: builds a small tree that keeps all of them, then breaks one
# rule at a time and expects exactly that rule to say so.
set -eu
rules=$(cd "$(dirname "$0")" && pwd)/rules.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
licence='SPDX-License-Identifier: BSD-3-Clause'

# put FILE LINE...: writes a source with its opening lines.
put() {
	local file=$work/tree/$1
	shift
	mkdir -p "${file%/*}"
	printf '%s\n' "// $licence" "// A file of the made-up tree." "$@" >"$file"
}
good_tree() {
	rm -rf "$work/tree"
	put dataplane/model/loss.h '#pragma once' 'int loss(void);'
	put dataplane/model/loss.c '#include "dataplane/model/loss.h"' '#include <math.h>'
	put dataplane/physics/fibre.h '#pragma once' 'int fibre(void);'
	put dataplane/engine/engine.h '#pragma once' '#include "dataplane/model/loss.h"'
	put dataplane/engine/worker.h '#pragma once' 'struct worker;'
	put dataplane/engine/worker.c '#include "dataplane/engine/worker.h"' '#include <rte_mbuf.h>'
	put topologies/load.c '#include <iniparser.h>' '#include "dataplane/physics/fibre.h"'
	put pcaps/trace.c '#include <pcap/pcap.h>' '#include "dataplane/model/loss.h"'
	put control/cli/main.c '#include <jansson.h>' '#include "dataplane/engine/engine.h"'
	put tests/model/test_loss.c '#include "dataplane/model/loss.h"'
	local folder
	for folder in dataplane/model:loss.c dataplane/engine:worker.c topologies:load.c \
		pcaps:trace.c control:cli/main.c tests/model:loss; do
		printf '%s\n' "# $licence" "files('${folder#*:}')" >"$work/tree/${folder%:*}/meson.build"
	done
}

count=0 failures=0
report() {
	count=$((count + 1))
	if [ "$1" = yes ]; then echo "ok $count - $2"; else
		echo "not ok $count - $2"
		failures=$((failures + 1))
		awk '{ print "# " $0 }' "$work/out"
	fi
}
# breaks NAME RULE: of all rules only the one whose name holds RULE fails on the tree as it stands.
breaks() {
	"$rules" "$work/tree" >"$work/out" 2>&1 || true
	if [ "$(grep -c '^not ok' "$work/out")" = 1 ] && grep -q "^not ok.*$2" "$work/out"; then
		report yes "$1"
	else
		report no "$1"
	fi
	good_tree
}

good_tree
"$rules" "$work/tree" >"$work/out" 2>&1 || true
if ! grep -q '^not ok' "$work/out" && grep -q '^1\.\.[1-9]' "$work/out"; then
	report yes "a tree that keeps the rules passes"
else
	report no "a tree that keeps the rules passes"
fi

put dataplane/model/loss.c '#include "dataplane/engine/engine.h"'
breaks "an include that points up is found" "down the page"
put dataplane/model/loss.c '#include "dataplane/physics/fibre.h"'
breaks "an include that points sideways is found" "down the page"
put pcaps/trace.c '#include "dataplane/engine/engine.h"'
breaks "a judge that looks at the accused is found" "down the page"
put dataplane/model/loss.c '#include "loss.h"'
sed -i 's/"loss\.h"/"dataplane\/model\/nothing.h"/' "$work/tree/dataplane/model/loss.c"
breaks "an include of a file that is not there is found" "from the root"
put control/cli/main.c '#include <pcap.h>'
breaks "pcap.h outside its door is found" "one door"
put topologies/load.c '#include <rte_mbuf.h>'
breaks "DPDK outside the engine is found" "one door"
put pcaps/trace.c '#include <jansson.h>'
breaks "JSON outside control is found" "one door"
put control/cli/main.c '#include "dataplane/engine/worker.h"'
breaks "a private header of the engine in control is found" "public headers"
put dataplane/engine/engine.h '#pragma once' '// struct rte_mbuf' 'int engine(void);'
breaks "a DPDK type in the public header is found" "public headers"
put dataplane/model/loss.c '#include <time.h>'
breaks "a model with a clock is found" "plain C"
put dataplane/model/loss.c '#include <immintrin.h>'
breaks "vectors outside their one file are found" "plain C"
put dataplane/model/loss.h '#pragma once' 'uint64_t loss(void);'
breaks "a header that leans on another is found" "compiles alone"
put dataplane/model/loss.h 'enum loss { LOSS };'
breaks "a header that cannot be included twice is found" "compiles alone"
sed -i 1d "$work/tree/pcaps/trace.c"
breaks "a file without licence is found" "licence"
sed -i 2d "$work/tree/topologies/load.c"
breaks "a file without opening sentence is found" "licence"
put control/forgotten.c 'int forgotten;'
breaks "a source that is in no build is found" "meson.build"
put control/cli/main.c '// TO''DO: later'
breaks "something left for later is found" "left for later"
put control/cli/main.c '// see ../sha''red/notes'
breaks "a path of somebody's machine is found" "machine"
for ((i = 0; i < 600; i++)); do echo '// long'; done >>"$work/tree/pcaps/trace.c"
breaks "a file that nobody reads in one sitting is found" "600"
echo "1..$count"
[ "$failures" = 0 ]
