// SPDX-License-Identifier: BSD-3-Clause
// The messages of libbpf and libxdp. Only DPDK's driver is linked with them, and it does not pass
// their setting on; so they are looked for among what is loaded.
#include "dataplane/engine/bpf_log.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stddef.h>

static int print_nothing(int level, const char *format, va_list arguments)
{
	(void)level;
	(void)format;
	(void)arguments;
	return 0;
}

static void silence(const char *library, const char *setter)
{
	void *handle = dlopen(library, RTLD_LAZY | RTLD_NOLOAD);
	__typeof__ (&print_nothing) (*set)(__typeof__(&print_nothing));
	if (handle == NULL)
		return;
	// Assigned this way round, as POSIX has it: ISO C knows no cast to a function.
	*(void **)&set = dlsym(handle, setter);
	if (set)
		set(print_nothing);
	dlclose(handle); // the count only: the driver keeps it loaded
}

void bpf_log_silence(void)
{
	silence("libbpf.so.0", "libbpf_set_print");
	silence("libbpf.so.1", "libbpf_set_print");
	silence("libxdp.so.1", "libxdp_set_print");
}
