#include "net/datagram_error.h"

#include <errno.h>

#include "net/datagram_stamps.h"
#include "sys/error_queue.h"

/* False: nothing that was asked for. */
static bool tell(struct datagram_socket *socket, const struct queued_error *queued,
		 struct datagram_error *ret)
{
	if (queued->origin == QUEUED_SENT) {
		*ret = (struct datagram_error){ .is_sent = true };
		datagram_stamps_sample(socket);
		return datagram_stamps_take(socket, queued->data, queued->wall, &ret->sent);
	}
	ret->code = queued->code;
	ret->is_local = queued->origin == QUEUED_LOCAL;
	ret->icmp_type = queued->icmp_type;
	ret->icmp_code = queued->icmp_code;
	ret->mtu_bytes = queued->code == EMSGSIZE ? queued->info : 0;
	ret->from = queued->from;
	ret->quote_size = queued->size;
	return queued->code != 0;
}

int datagram_error_take(struct datagram_socket *socket, struct datagram_error *ret)
{
	bool is_told = false;
	int rc = 0;

	while (rc == 0 && !is_told) {
		struct queued_error queued;
		*ret = (struct datagram_error){ 0 };
		rc = error_queue_take(socket->watch.fd, ret->quote, sizeof(ret->quote), &queued);
		is_told = rc == 0 && tell(socket, &queued, ret);
	}
	return rc;
}
