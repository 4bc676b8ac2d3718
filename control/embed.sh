#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Files that the program carries with it: writes an assembler source that takes them in whole, and
# the table of them that control/embedded.h declares. Usage: embed.sh SOURCE FILE...
# Any assembler that knows the directives of GNU will do, that of clang among them; numbers are as wide as
# pointers (.dc.a).
set -eu
source=$1
shift

{
	count=0
	echo '	.section .rodata,"a"'
	for file in "$@"; do
		count=$((count + 1))
		# Quotes and backslashes in the tree's path.
		path=$(printf '%s' "$file" | sed 's/[\\"]/\\&/g')
		printf 'name_%d:\n\t.asciz "%s"\n' $count "${path##*/}"
		printf '\t.balign 16\ndata_%d:\n\t.incbin "%s"\nend_%d:\n' $count "$path" $count
	done
	# Holds addresses, which a position-independent program fills in as it starts.
	printf '\t.section .data.rel.ro,"aw"\n\t.balign 16\n'
	printf '\t.globl embedded_files\n\t.type embedded_files, %%object\nembedded_files:\n'
	for n in $(seq $count); do
		printf '\t.dc.a name_%d, data_%d, end_%d - data_%d\n' "$n" "$n" "$n" "$n"
	done
	printf '\t.dc.a 0, 0, 0\n\t.size embedded_files, . - embedded_files\n'
	printf '\t.section .note.GNU-stack,"",%%progbits\n'
} >"$source"
