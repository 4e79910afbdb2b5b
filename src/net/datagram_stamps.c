#include "net/datagram_stamps.h"

#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <string.h>
#include <sys/socket.h>

#include "base/units.h"
#include "net/datagram_control.h"
#include "sys/error_queue.h"
#include "sys/ip_socket.h"

/* What leaves is stamped only where a datagram asks for it. */
#define STAMPS_RECEIVED (SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE)
#define STAMPS_SENT     (SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY)

void datagram_stamps_sample(struct datagram_socket *socket)
{
	struct clock_reading reading = clock_read_both();
	clock_offset_take(&socket->clock, &reading);
}

int datagram_stamps_open(struct datagram_socket *socket, int fd)
{
	struct clock_reading reading = clock_read_both();

	clock_offset_init(&socket->clock, &reading);
	return ip_socket_set(fd, SOL_SOCKET, SO_TIMESTAMPING, STAMPS_RECEIVED | STAMPS_SENT);
}

struct wall_time datagram_stamps_wall(const void *data)
{
	struct scm_timestamping stamps;

	memcpy(&stamps, data, sizeof(stamps));
	int64_t seconds = stamps.ts[0].tv_sec;
	return (struct wall_time){ seconds * (int64_t)NS_PER_S + stamps.ts[0].tv_nsec };
}

/* A stamp that can't be turned is as none. */
static void turn(struct datagram_socket *socket, struct datagram_stamp *stamp)
{
	if (stamp->wall.unix_ns == 0)
		return;
	stamp->at_ns = clock_offset_turn(&socket->clock, stamp->wall);
	if (stamp->at_ns != 0)
		return;
	stamp->wall.unix_ns = 0;
	socket->stamps_discarded++;
}

void datagram_stamps_turn(struct datagram_socket *socket, struct datagram *batch, int count)
{
	datagram_stamps_sample(socket);
	for (int i = 0; i < count; i++)
		turn(socket, &batch[i].stamp);
}

/* ---- sent */

/* The kernel numbers from 0 again. What it still owes comes under numbers that nobody has yet. */
static void count_anew(struct datagram_socket *socket)
{
	int fd = socket->watch.fd;

	if (ip_socket_set(fd, SOL_SOCKET, SO_TIMESTAMPING, STAMPS_RECEIVED) == 0)
		(void)ip_socket_set(fd, SOL_SOCKET, SO_TIMESTAMPING, STAMPS_RECEIVED | STAMPS_SENT);
	socket->stamps_base = socket->stamps_asked;
	socket->stamps_told = socket->stamps_asked;
}

void datagram_stamps_sent(struct datagram_socket *socket, const struct datagram *batch, int sent,
			  int count)
{
	for (int i = 0; i < sent; i++)
		socket->stamps_asked += batch[i].wants_stamp;
	/* One that failed may have taken a number or not, by the kernel's version and the place. */
	if (sent < count && batch[sent].wants_stamp)
		count_anew(socket);
}

struct told {
	bool is_stamp;
	uint32_t number; /* the kernel's */
	struct wall_time wall;
};

static struct told read_told(struct msghdr *message)
{
	struct told told = { 0 };

	for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header != NULL;
	     header = CMSG_NXTHDR(message, header)) {
		struct sock_extended_err error;
		if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_TIMESTAMPING)
			told.wall = datagram_stamps_wall(CMSG_DATA(header));
		if (!error_queue_is_word(header))
			continue;
		memcpy(&error, CMSG_DATA(header), sizeof(error));
		told.is_stamp = error.ee_origin == SO_EE_ORIGIN_TIMESTAMPING;
		told.number = error.ee_data;
	}
	return told;
}

/* Room for the stamp and for an error with the address of who sent it. */
union told_control {
	struct cmsghdr alignment;
	char room[CMSG_SPACE(sizeof(struct scm_timestamping)) +
		  CMSG_SPACE(sizeof(struct sock_extended_err) + sizeof(struct sockaddr_in6)) +
		  sizeof(union datagram_control)];
};

bool datagram_stamps_take(struct datagram_socket *socket, uint32_t kernel_number,
			  struct wall_time wall, struct datagram_sent *ret)
{
	uint32_t number = socket->stamps_base + kernel_number;

	if (socket->stamps_asked - number - 1 > INT32_MAX)
		return false;
	*ret = (struct datagram_sent){ .number = number, .stamp.wall = wall };
	turn(socket, &ret->stamp);
	socket->stamps_told = number + 1;
	return ret->stamp.at_ns != 0;
}

#define TOLD_AT_ONCE 16

static int receive_told(int fd, int count, struct told *ret)
{
	struct mmsghdr messages[TOLD_AT_ONCE];
	union told_control controls[TOLD_AT_ONCE];

	for (int i = 0; i < count; i++)
		messages[i].msg_hdr = (struct msghdr){
			.msg_control = &controls[i],
			.msg_controllen = sizeof(controls[i]),
		};
	int received = recvmmsg(fd, messages, (unsigned)count, MSG_ERRQUEUE | MSG_DONTWAIT, NULL);
	for (int i = 0; i < received; i++)
		ret[i] = read_told(&messages[i].msg_hdr);
	return received;
}

int datagram_stamps_read(struct datagram_socket *socket, struct datagram_sent *ret, int count)
{
	struct told told[TOLD_AT_ONCE];
	int taken = 0;
	int received;

	do {
		int most = count < TOLD_AT_ONCE ? count : TOLD_AT_ONCE;
		received = receive_told(socket->watch.fd, most, told);
		if (received <= 0)
			return 0;
		datagram_stamps_sample(socket);
		for (int i = 0; i < received; i++)
			taken +=
				told[i].is_stamp && datagram_stamps_take(socket, told[i].number,
									 told[i].wall, &ret[taken]);
	} while (taken == 0);
	return taken;
}
