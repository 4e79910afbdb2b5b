/* See tcp_info.h. */
#include "net/tcp_info.h"

#include <errno.h>
#include <linux/mptcp.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/units.h"
#include "sys/ip_socket.h"

#ifndef SOL_MPTCP
#define SOL_MPTCP 284
#endif

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* An acknowledged FIN counts as a byte, too, behind which nothing is left to acknowledge. */
static void read_bytes(const struct tcp_info *info, enum tcp_side side, struct stream_info *ret)
{
	uint64_t sent = less(info->tcpi_bytes_sent, info->tcpi_bytes_retrans);
	uint64_t acked = less(info->tcpi_bytes_acked, side == TCP_CONNECTED ? 1 : 0);
	ret->bytes_acked = acked < sent ? acked : sent;
	ret->unsent_bytes = info->tcpi_notsent_bytes;
	ret->queued_bytes = sent - ret->bytes_acked + ret->unsent_bytes;
}

static void read_times(const struct tcp_info *info, struct stream_info *ret)
{
	ret->rtt_ns = info->tcpi_rtt * NS_PER_US;
	ret->rtt_variation_ns = info->tcpi_rttvar * NS_PER_US;
	if (info->tcpi_min_rtt != UINT32_MAX) /* = not measured yet */
		ret->rtt_min_ns = info->tcpi_min_rtt * NS_PER_US;
	ret->busy_ns = info->tcpi_busy_time * NS_PER_US;
	ret->receiver_limited_ns = info->tcpi_rwnd_limited * NS_PER_US;
	ret->buffer_limited_ns = info->tcpi_sndbuf_limited * NS_PER_US;
}

static void read_segments(const struct tcp_info *info, struct stream_info *ret)
{
	ret->retransmitted_segments = info->tcpi_total_retrans;
	ret->sent_segments = info->tcpi_segs_out;
	ret->received_segments = info->tcpi_segs_in;
	ret->unacked_segments = info->tcpi_unacked;
	ret->path_mtu = info->tcpi_pmtu;
	ret->mss_bytes = info->tcpi_snd_mss;
	ret->receive_mss_bytes = info->tcpi_rcv_mss;
	ret->timeouts = info->tcpi_retransmits;
	ret->congestion_window_bytes = (uint64_t)info->tcpi_snd_cwnd * info->tcpi_snd_mss;
	ret->reordering_segments = info->tcpi_reordering;
	ret->delivery_bytes_per_s = info->tcpi_delivery_rate;
	ret->is_fast_opened = (info->tcpi_options & TCPI_OPT_SYN_DATA) != 0;
	ret->has_timestamps = (info->tcpi_options & TCPI_OPT_TIMESTAMPS) != 0;
}

int tcp_info_read(int fd, enum tcp_side side, struct stream_info *ret)
{
	/* Kernels differ in how much they fill; what they don't know stays zero. */
	union {
		struct tcp_info info;
		char room[512];
	} kernel = { .room = { 0 } };
	socklen_t size = sizeof(kernel);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &kernel, &size) != 0)
		return -errno;
	ret->is_known = true;
	read_bytes(&kernel.info, side, ret);
	read_times(&kernel.info, ret);
	read_segments(&kernel.info, ret);
	return 0;
}

/* Where the other side had no MPTCP the kernel has none to tell of. */
static bool is_multipath(int fd)
{
	struct mptcp_info info;
	socklen_t size = sizeof(info);
	return getsockopt(fd, SOL_MPTCP, MPTCP_INFO, &info, &size) == 0;
}

int tcp_info_describe(int fd, struct stream_description *ret)
{
	socklen_t size = sizeof(ret->congestion);
	int send_bytes = 0;
	int receive_bytes = 0;
	int rc = ip_socket_get(fd, SOL_SOCKET, SO_SNDBUF, &send_bytes);
	if (rc == 0)
		rc = ip_socket_get(fd, SOL_SOCKET, SO_RCVBUF, &receive_bytes);
	if (rc < 0)
		return rc;
	if (getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, ret->congestion, &size) != 0)
		return -errno;
	ret->congestion[sizeof(ret->congestion) - 1] = '\0';
	ret->send_buffer_bytes = (uint64_t)send_bytes;
	ret->receive_buffer_bytes = (uint64_t)receive_bytes;
	ret->is_multipath = is_multipath(fd);
	ret->is_known = true;
	return 0;
}
