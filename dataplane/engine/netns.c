// SPDX-License-Identifier: BSD-3-Clause
// Interfaces and namespaces over netlink.
#include "dataplane/engine/netns.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>

#define NETNS_DIRECTORY "/run/netns"

static bool is_own(const char *netns)
{
	return netns == NULL || netns[0] == '\0';
}

// libnl's codes back to errno.
static int code_of(int netlink_error)
{
	switch (netlink_error < 0 ? -netlink_error : netlink_error) {
	case 0:
		return 0;
	case NLE_PERM:
	case NLE_NOACCESS:
		return -EPERM;
	case NLE_EXIST:
		return -EEXIST;
	case NLE_NODEV:
	case NLE_OBJ_NOTFOUND:
		return -ENODEV;
	case NLE_NOMEM:
		return -ENOMEM;
	case NLE_BUSY:
		return -EBUSY;
	case NLE_RANGE:
		return -ERANGE;
	case NLE_OPNOTSUPP:
		return -EOPNOTSUPP;
	default:
		return -EINVAL;
	}
}

int netns_open(const char *netns, struct error *error)
{
	char path[PATH_MAX];
	if (is_own(netns))
		snprintf(path, sizeof(path), "/proc/thread-self/ns/net");
	else if (strchr(netns, '/'))
		snprintf(path, sizeof(path), "%s", netns);
	else
		snprintf(path, sizeof(path), "%s/%s", NETNS_DIRECTORY, netns);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	int code = -errno;
	if (code == -ENOENT && !is_own(netns) && !strchr(netns, '/'))
		return error_set(
			error, code, netns,
			"there is no namespace of this name; make it with `ip netns add %s`",
			netns);
	return error_set(error, code, is_own(netns) ? "namespace" : netns,
			 "the namespace could not be opened (%s: %s); %s", path, strerror(-code),
			 code == -EACCES ? "run as root" : "check the path");
}

// ---- A thread inside ----

struct visit {
	int fd;
	int (*run)(void *context);
	void *context;
	int entered;
	int result;
};

static void *visit_run(void *argument)
{
	struct visit *visit = argument;
	if (setns(visit->fd, CLONE_NEWNET)) {
		visit->entered = -errno;
		return NULL;
	}
	visit->result = visit->run(visit->context);
	return NULL;
}

int netns_run(const char *netns, int (*run)(void *context), void *context, struct error *error)
{
	if (is_own(netns))
		return run(context);
	struct visit visit = {.run = run, .context = context};
	visit.fd = netns_open(netns, error);
	if (visit.fd < 0)
		return visit.fd;
	// The thread takes no signals: they are for the process's own threads.
	sigset_t all, mask;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &mask);
	pthread_t thread;
	int code = -pthread_create(&thread, NULL, visit_run, &visit);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	if (code == 0)
		pthread_join(thread, NULL);
	close(visit.fd);
	if (code)
		return error_set(error, code, netns, "no thread could be started (%s)",
				 strerror(-code));
	if (visit.entered)
		return error_set(error, visit.entered, netns,
				 "the namespace could not be entered (%s); run as root, or give "
				 "the program CAP_SYS_ADMIN",
				 strerror(-visit.entered));
	return visit.result;
}

// ---- Links ----

static struct nl_sock *connect_route(void)
{
	struct nl_sock *socket = nl_socket_alloc();
	if (socket && nl_connect(socket, NETLINK_ROUTE) < 0) {
		nl_socket_free(socket);
		return NULL;
	}
	return socket;
}

// One request about one link, made inside its namespace.
struct request {
	const char *name;
	struct rtnl_link *change; // NULL: read into `read`
	struct netns_link *read;
};

static int request_run(void *context)
{
	struct request *request = context;
	struct rtnl_link *link = NULL;
	struct nl_sock *socket = connect_route();
	if (socket == NULL)
		return -ENOMEM;
	int result = rtnl_link_get_kernel(socket, 0, request->name, &link);
	if (result == 0 && request->change)
		result = rtnl_link_change(socket, link, request->change, 0);
	if (result == 0 && request->read) {
		int32_t number = -1;
		unsigned flags = rtnl_link_get_flags(link);
		if (rtnl_link_get_link_netnsid(link, &number))
			number = -1;
		*request->read = (struct netns_link){
			.index = (unsigned)rtnl_link_get_ifindex(link),
			.up = flags & IFF_UP,
			.carrier = rtnl_link_get_carrier(link),
			.mtu_bytes = rtnl_link_get_mtu(link),
			.peer_index = (unsigned)rtnl_link_get_link(link),
			.peer_netns = number,
		};
	}
	rtnl_link_put(link);
	nl_socket_free(socket);
	return code_of(result);
}

// Sends the change, frees it, and says in a sentence what did not work.
static int change(const char *netns, const char *name, struct rtnl_link *wanted, const char *what,
		  struct error *error)
{
	if (wanted == NULL)
		return error_set(error, -ENOMEM, name, "memory is short; free some");
	struct request request = {.name = name, .change = wanted};
	struct error inner = {0};
	int code = netns_run(netns, request_run, &request, &inner);
	rtnl_link_put(wanted);
	if (code == 0)
		return 0;
	if (inner.code)
		return error_set(error, inner.code, inner.where, "%s", inner.what);
	return error_set(error, code, name, "the interface could not be %s%s%s (%s); %s", what,
			 is_own(netns) ? "" : " in namespace ", is_own(netns) ? "" : netns,
			 strerror(-code),
			 code == -EPERM    ? "run as root, or give the program CAP_NET_ADMIN"
			 : code == -ENODEV ? "it is gone: see `ip link`"
					   : "see `ip link`");
}

int netns_link_read(const char *netns, const char *name, struct netns_link *link)
{
	struct request request = {.name = name, .read = link};
	return netns_run(netns, request_run, &request, NULL);
}

int netns_link_move(const char *name, const char *netns, const char *new_name, struct error *error)
{
	int fd = netns_open(netns, error);
	if (fd < 0)
		return fd;
	struct rtnl_link *wanted = rtnl_link_alloc();
	if (wanted) {
		rtnl_link_set_ns_fd(wanted, fd);
		rtnl_link_set_name(wanted, new_name);
	}
	struct error inner = {0};
	int code = change(NULL, name, wanted, "moved", &inner);
	close(fd);
	if (code == -EEXIST)
		return error_set(error, code, new_name,
				 "another interface of namespace %s has this name; choose another "
				 "ifname, or remove it with `ip -n %s link del %s`",
				 netns, netns, new_name);
	if (code)
		return error_set(error, code, new_name, "%s", inner.what);
	return 0;
}

int netns_link_set(const char *netns, const char *name, uint32_t mtu_bytes, bool up,
		   struct error *error)
{
	struct rtnl_link *wanted = rtnl_link_alloc();
	if (wanted && mtu_bytes)
		rtnl_link_set_mtu(wanted, mtu_bytes);
	if (wanted && up)
		rtnl_link_set_flags(wanted, IFF_UP);
	return change(netns, name, wanted, up ? "brought up" : "given its MTU", error);
}

int netns_link_carrier(const char *netns, const char *name, bool carrier, struct error *error)
{
	struct rtnl_link *wanted = rtnl_link_alloc();
	if (wanted)
		rtnl_link_set_carrier(wanted, carrier);
	return change(netns, name, wanted, carrier ? "given its carrier" : "taken its carrier",
		      error);
}

// ---- Numbers of namespaces ----

// Our number for the namespace behind a descriptor, -1 when it has none. libnl has no call for it.
static int number_of(int socket, int fd)
{
	struct {
		struct nlmsghdr header;
		struct rtgenmsg message;
		struct rtattr attribute __attribute__((aligned(RTA_ALIGNTO)));
		uint32_t fd;
	} ask = {.header = {.nlmsg_len = sizeof(ask),
			    .nlmsg_type = RTM_GETNSID,
			    .nlmsg_flags = NLM_F_REQUEST},
		 .message = {.rtgen_family = AF_UNSPEC},
		 .attribute = {.rta_len = RTA_LENGTH(sizeof(uint32_t)), .rta_type = NETNSA_FD},
		 .fd = (uint32_t)fd};
	_Alignas(struct nlmsghdr) char answer[1024];
	if (send(socket, &ask, sizeof(ask), 0) != (ssize_t)sizeof(ask))
		return -1;
	ssize_t length = recv(socket, answer, sizeof(answer), 0);
	const struct nlmsghdr *header = (const struct nlmsghdr *)answer;
	if (length < 0 || !NLMSG_OK(header, (size_t)length) || header->nlmsg_type != RTM_NEWNSID)
		return -1;
	int left = (int)header->nlmsg_len - (int)NLMSG_SPACE(sizeof(struct rtgenmsg));
	const struct rtattr *at =
		(const struct rtattr *)(answer + NLMSG_SPACE(sizeof(struct rtgenmsg)));
	for (; RTA_OK(at, left); at = RTA_NEXT(at, left))
		if (at->rta_type == NETNSA_NSID) {
			int number;
			memcpy(&number, RTA_DATA(at), sizeof(number));
			return number;
		}
	return -1;
}

int netns_find(int number, char *name, size_t size)
{
	int result = -ENOENT;
	DIR *directory = opendir(NETNS_DIRECTORY);
	int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct dirent *entry;
	while (directory && netlink >= 0 && result && (entry = readdir(directory))) {
		if (entry->d_name[0] == '.')
			continue;
		int fd = netns_open(entry->d_name, NULL);
		if (fd < 0)
			continue;
		if (number_of(netlink, fd) == number) {
			snprintf(name, size, "%s", entry->d_name);
			result = 0;
		}
		close(fd);
	}
	if (netlink >= 0)
		close(netlink);
	if (directory)
		closedir(directory);
	return result;
}
