/* The trial of socket_options.h: what the kernel refuses, in words that say what to do. */
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/attributes.h"
#include "net/socket_options.h"
#include "sys/fd.h"
#include "sys/ip_socket.h"
#include "sys/limits.h"

#define PROC_IPV4        "/proc/sys/net/ipv4/"
#define FAST_OPEN_SERVES 2 /* bit of net.ipv4.tcp_fastopen */

static const char *read_line(const char *path, char *text, size_t size)
{
	if (limits_read_text(path, text, size) < 0)
		text[0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return text;
}

static int explain_congestion(const struct socket_options *options, int code, struct error *error)
{
	char list[256];
	if (code == EPERM)
		return error_set(
			error, EPERM,
			"\"%s\" is for the privileged here: needs CAP_NET_ADMIN, or one of: "
			"%s (net.ipv4.tcp_allowed_congestion_control)",
			options->congestion,
			read_line(PROC_IPV4 "tcp_allowed_congestion_control", list, sizeof(list)));
	return error_set(
		error, EINVAL, "this kernel has no congestion control \"%s\"; it has: %s",
		options->congestion,
		read_line(PROC_IPV4 "tcp_available_congestion_control", list, sizeof(list)));
}

/* "lo, eth0" */
static void list_devices(char *text, size_t size)
{
	struct if_nameindex *devices = if_nameindex();
	size_t used = 0;
	text[0] = '\0';
	for (size_t i = 0; devices != NULL && devices[i].if_name != NULL && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%s", i > 0 ? ", " : "",
					 devices[i].if_name);
	if (devices != NULL)
		if_freenameindex(devices);
}

static int explain_device(const struct socket_options *options, int code, struct error *error)
{
	char list[256];
	if (code == EPERM)
		return error_set(error, EPERM, "%s: needs CAP_NET_RAW", options->device);
	list_devices(list, sizeof(list));
	return error_set(error, EINVAL, "there is no device \"%s\" here; there are: %s",
			 options->device, list);
}

static int explain_segment(const struct socket_options *options, int code, struct error *error)
{
	return error_set(error, EINVAL, "the kernel refuses segments of %d bytes: %s",
			 options->segment_bytes, strerrordesc_np(code));
}

static int explain_fast_open(const struct socket_options *options, int code, struct error *error)
{
	(void)options;
	return error_set(error, code,
			 "switched off here: needs `sysctl -w net.ipv4.tcp_fastopen=3` (1 to "
			 "connect, 2 to listen)");
}

static const struct {
	const char *option;
	int (*explain)(const struct socket_options *options, int code, struct error *error);
} explanations[] = {
	{ "congestion", explain_congestion },
	{ "bind-device", explain_device },
	{ "mss", explain_segment },
	{ "fastopen", explain_fast_open },
};

static int explain_other(const struct socket_options *options, int code, struct error *error)
{
	bool is_unknown = code == ENOPROTOOPT || code == EOPNOTSUPP;
	if (is_unknown && options->is_multipath)
		return error_set(error, EINVAL, "this kernel does not take it with --mptcp");
	return error_set(error, code, "the kernel refuses it: %s", strerrordesc_np(code));
}

static int explain(const char *option, const struct socket_options *options, int code,
		   struct error *error)
{
	int (*say)(const struct socket_options *, int, struct error *) = explain_other;
	for (size_t i = 0; i < array_size(explanations); i++)
		if (strcmp(explanations[i].option, option) == 0)
			say = explanations[i].explain;
	int rc = say(options, code, error);
	error_prefix(error, "--%s", option);
	return rc;
}

/* The kernel takes the option on a listener in any case, and then nothing comes of it. */
static bool is_fast_open_refused(const struct socket_options *options, enum socket_role role)
{
	uint64_t bits = 0;
	return options->is_fast_open && role == SOCKET_LISTENS &&
	       limits_read_number(PROC_IPV4 "tcp_fastopen", &bits) == 0 &&
	       (bits & FAST_OPEN_SERVES) == 0;
}

static int open_trial(const struct socket_options *options, enum socket_role role)
{
	int fd = role == SOCKET_DATAGRAM ? ip_socket_open(AF_INET6, SOCK_DGRAM)
					 : socket_options_open(AF_INET6, options);
	if (fd != -EAFNOSUPPORT)
		return fd;
	return role == SOCKET_DATAGRAM ? ip_socket_open(AF_INET, SOCK_DGRAM)
				       : socket_options_open(AF_INET, options);
}

int socket_options_try(const struct socket_options *options, enum socket_role role,
		       struct error *error)
{
	const char *refused = NULL;
	owned_fd int fd = open_trial(options, role);
	if (fd < 0 && options->is_multipath)
		return error_set(error, -fd,
				 "--mptcp: this kernel has it not, or switched off: needs "
				 "`sysctl -w net.mptcp.enabled=1`");
	if (fd < 0)
		return error_set(error, -fd, "no socket to be had: %s", strerrordesc_np(-fd));
	int rc = socket_options_apply(fd, role, options, &refused);
	if (rc < 0)
		return explain(refused, options, -rc, error);
	if (is_fast_open_refused(options, role))
		return explain("fastopen", options, EOPNOTSUPP, error);
	return 0;
}

int socket_options_try_shared(void)
{
	owned_fd int fd = open_trial(NULL, SOCKET_LISTENS);
	return fd < 0 ? fd : ip_socket_set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
}
