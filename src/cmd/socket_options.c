/* See socket_options.h. */
#include "cmd/socket_options.h"

#include <errno.h>
#include <string.h>

#include "base/dscp.h"
#include "base/units.h"

/* Room above the payload's rate, so that the kernel only spreads what the schedule sends and never
 * falls behind it: headers (40 to 72 of 1,500 bytes) and what is sent again count too. */
#define PACING_ROOM 1.08

static bool is(const char *text, const char *word)
{
	return text != NULL && strcmp(text, word) == 0;
}

/* What only TCP has says so where the target is over UDP. */
static int check_transport(const struct socket_choice *choice, struct error *error)
{
	const struct {
		const char *option;
		bool is_asked;
	} of_tcp[] = {
		{ "--nodelay off", is(choice->nodelay, "off") },
		{ "--congestion", choice->congestion != NULL },
		{ "--mss", choice->segment_bytes > 0 },
		{ "--user-timeout", choice->user_timeout_ns > 0 },
		{ "--fastopen", choice->is_fast_open },
		{ "--mptcp", choice->is_multipath },
		{ "--pacing kernel", is(choice->pacing, "kernel") },
		{ "--close rst", is(choice->close, "rst") },
	};
	for (size_t i = 0; i < array_size(of_tcp); i++)
		if (of_tcp[i].is_asked)
			return error_set(error, EINVAL,
					 "%s is for TCP, and this target is over UDP",
					 of_tcp[i].option);
	return 0;
}

static int read_dscp(const struct socket_choice *choice, struct socket_options *options,
		     struct error *error)
{
	if (choice->dscp == NULL)
		return 0;
	options->has_dscp = true;
	int rc = dscp_parse(choice->dscp, error, &options->dscp);
	if (rc < 0)
		error_prefix(error, "--dscp");
	return rc;
}

static int read_pacing(const struct socket_choice *choice, double bits_per_second,
		       struct socket_options *options, struct error *error)
{
	if (!is(choice->pacing, "kernel"))
		return 0;
	if (bits_per_second <= 0)
		return error_set(error, EINVAL,
				 "--pacing kernel: at which bandwidth? Say it with -b");
	options->pacing_bytes_per_s = (uint64_t)(bits_per_second / 8 * PACING_ROOM) + 1;
	return 0;
}

static int try_options(const struct plan *plan, struct error *error)
{
	const struct socket_options *options = &plan->socket_options;
	bool has_streams = plan->serve.listen_count > 0 || plan->slots.transport != TRANSPORT_UDP;
	bool has_datagrams = plan->slots.transport == TRANSPORT_UDP ||
			     plan->path.mode != PLAN_PROBE_OFF || plan->serve.listen_count > 0;
	int rc = 0;
	if (has_streams)
		rc = socket_options_try(
			options, plan->serve.listen_count > 0 ? SOCKET_LISTENS : SOCKET_CONNECTS,
			error);
	return rc == 0 && has_datagrams ? socket_options_try(options, SOCKET_DATAGRAM, error) : rc;
}

int socket_choice_read(const struct socket_choice *choice, enum transport transport,
		       struct error *error, struct socket_options *ret)
{
	*ret = (struct socket_options){
		.has_no_delay = !is(choice->nodelay, "off"),
		.is_fast_open = choice->is_fast_open,
		.is_multipath = choice->is_multipath,
		.segment_bytes = (int)choice->segment_bytes,
		.send_buffer_bytes = (int)choice->send_buffer_bytes,
		.receive_buffer_bytes = (int)choice->receive_buffer_bytes,
		.congestion = choice->congestion,
		.device = choice->device,
		.user_timeout_ms = (unsigned)(choice->user_timeout_ns / NS_PER_MS),
	};
	int rc = transport == TRANSPORT_UDP ? check_transport(choice, error) : 0;
	return rc == 0 ? read_dscp(choice, ret, error) : rc;
}

int socket_choice_plan(const struct socket_choice *choice, double bits_per_second,
		       struct plan *plan, struct error *error)
{
	struct socket_options *options = &plan->socket_options;
	bool is_udp = plan->serve.listen_count == 0 && plan->slots.transport == TRANSPORT_UDP;
	plan->slots.is_reset_at_close = plan->attempts.is_reset_at_close = is(choice->close, "rst");
	int rc = socket_choice_read(choice, is_udp ? TRANSPORT_UDP : TRANSPORT_TCP, error, options);
	if (rc == 0)
		rc = read_pacing(choice, bits_per_second, options, error);
	return rc == 0 ? try_options(plan, error) : rc;
}
