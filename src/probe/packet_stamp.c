/* Looks by STAMP and TWAMP-light: a session of numbered test packets to a reflector, which says
 * when each came there and when its answer left. So the round trip is without the reflector's own
 * time, each way has a delay of its own by both clocks, and where the reflector counts a loss of
 * its own.
 *
 * Options in the target's query: key-file=FILE (authenticated mode), stateful (the reflector
 * counts; else that is believed once its numbers differ from ours), counts (it is asked for its
 * counts, by an extension of RFC 8972). */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/big_endian.h"
#include "base/units.h"
#include "probe/kinds.h"
#include "probe/packet_prober.h"
#include "proto/stamp_tlv.h"
#include "sys/fd.h"

/* The kernel's word on its clock holds for so long. */
#define QUALITY_NS NS_PER_S
#define BYTES_MAX  65507

struct stamp_session {
	struct stamp_key *key; /* NULL: packets are open */
	uint16_t ssid;
	bool is_stateful; /* the reflector numbers its answers by itself */
	bool asks_counts;
	struct stamp_clock clock;
	uint64_t clock_read_ns;
	/* When something came that was no answer of this reflector. */
	uint64_t forged_ns;
	uint64_t malformed_ns;
};

/* ---- options ---- */

static int read_key(const char *path, struct stamp_session *session, struct error *error)
{
	uint8_t bytes[STAMP_KEY_MAX + 3]; /* a line's end is not of the key */
	owned_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : read(fd, bytes, sizeof(bytes));
	if (size < 0)
		return error_set(error, EINVAL, "key-file=%s: %s", path, strerrordesc_np(errno));
	while (size > 0 && (bytes[size - 1] == '\n' || bytes[size - 1] == '\r'))
		size--;
	int result = stamp_key_new(bytes, (size_t)size, &session->key);
	explicit_bzero(bytes, sizeof(bytes));
	if (result == -EINVAL)
		return error_set(error, EINVAL, "key-file=%s: a key has %d to %d bytes", path,
				 STAMP_KEY_MIN, STAMP_KEY_MAX);
	return result < 0 ? error_set(error, -result, "out of memory") : 0;
}

static int read_option(const char *option, struct stamp_session *session, struct error *error)
{
	static const char key_file[] = "key-file=";
	if (strcmp(option, "stateful") == 0)
		session->is_stateful = true;
	else if (strcmp(option, "counts") == 0)
		session->asks_counts = true;
	else if (strncmp(option, key_file, sizeof(key_file) - 1) == 0 && !session->key)
		return read_key(option + sizeof(key_file) - 1, session, error);
	else
		return error_set(error, EINVAL,
				 "\"%s\" is no option of stamp:// (key-file=FILE, stateful, "
				 "counts)",
				 option);
	return 0;
}

/* Behind "/?", apart by "&". */
static int read_options(const struct probe_target *target, struct stamp_session *session,
			struct error *error)
{
	char text[URI_PATH_MAX];
	const char *path = target->uri.path;
	int result = 0;
	if (strcmp(path, "") == 0 || strcmp(path, "/") == 0)
		return 0;
	if (strncmp(path, "/?", 2) != 0)
		return error_set(error, EINVAL, "stamp takes no path: leave out %s", path);
	(void)snprintf(text, sizeof(text), "%s", path + 2);
	for (char *rest = text, *option; result == 0 && (option = strsep(&rest, "&")) != NULL;)
		result = read_option(option, session, error);
	return result;
}

static int check_port(const struct probe_target *target, struct error *error)
{
	if (target->source.port != STAMP_PORT)
		return 0;
	return error_set(error, EINVAL,
			 "nothing from port %d is answered: it is a reflector's, and two could "
			 "answer each other for ever",
			 STAMP_PORT);
}

static int open_session(struct packet_prober *owner, struct error *error)
{
	const struct probe_target *target = owner->prober->target;
	struct stamp_session *session = calloc(1, sizeof(*session));
	if (!session)
		return error_set(error, ENOMEM, "out of memory");
	owner->own = session;
	session->ssid = get_u16(owner->cookie) | 1; /* 0 is none */
	int result = read_options(target, session, error);
	if (result == 0)
		result = check_port(target, error);
	if (result < 0)
		error_prefix(error, "%s", target->uri.text);
	return result;
}

static void close_session(struct packet_prober *owner)
{
	struct stamp_session *session = owner->own;
	if (session)
		stamp_key_free(session->key);
	free(session);
}

/* ---- requests ---- */

static void read_clock(struct stamp_session *session, struct datagram_socket *socket,
		       uint64_t now_ns)
{
	if (session->clock_read_ns != 0 && now_ns < session->clock_read_ns + QUALITY_NS)
		return;
	struct clock_quality quality = datagram_wall_quality(socket);
	session->clock.error_ns = quality.error_ns;
	session->clock.is_synchronised = quality.is_synchronised;
	session->clock_read_ns = now_ns;
}

/* What is asked for, then padding; fewer bytes than a TLV has are zeros. */
static void write_extensions(const struct packet_look *look, uint8_t *tlvs, size_t size)
{
	const struct stamp_session *session = look->owner->own;
	size_t used = 0;
	if (session->asks_counts) {
		uint8_t sequence[4];
		put_u32(sequence, (uint32_t)look->serial);
		stamp_tlv_ask_counts(tlvs, sequence, (uint32_t)look->serial + 1, session->key);
		used = stamp_tlv_counts_bytes(session->key);
	}
	memset(tlvs + used, 0, size - used);
	if (size >= used + STAMP_TLV_HEAD_BYTES)
		stamp_tlv_pad(tlvs + used, size - used);
}

static size_t write_request(const struct packet_look *look, uint8_t *out)
{
	const struct packet_prober *owner = look->owner;
	struct stamp_session *session = owner->own;
	struct datagram_socket *socket = &look->socket->socket;
	size_t size = owner->payload_bytes;
	size_t base = stamp_base_bytes(session->key);
	struct stamp_packet request = {
		.sequence = (uint32_t)look->serial,
		.ssid = session->ssid,
	};
	read_clock(session, socket, loop_now(owner->prober->host->loop));
	if (size > base)
		write_extensions(look, out + base, size - base);
	/* As late as can be. */
	request.clock = session->clock;
	request.sent_unix_ns = datagram_wall(socket).unix_ns;
	stamp_request_write(out, size, &request, session->key);
	return size;
}

/* ---- answers ---- */

/* The one of those that may be remembered. */
static uint64_t widen(const struct packet_prober *owner, uint32_t sequence)
{
	uint64_t newest = owner->next - 1;
	return newest - (uint32_t)((uint32_t)newest - sequence);
}

static bool read_answer(const struct packet_socket *socket, const uint8_t *data, size_t size,
			uint64_t *ret_serial)
{
	const struct packet_prober *owner = socket->owner;
	struct stamp_session *session = owner->own;
	uint64_t now_ns = loop_now(owner->prober->host->loop);
	struct stamp_reply reply = { 0 };
	enum stamp_verdict verdict = stamp_reply_read(data, size, session->key, 0, &reply);
	/* A reflector of RFC 8762 knows no SSID. */
	bool is_ours = reply.own.ssid == session->ssid || reply.own.ssid == 0;
	if (verdict == STAMP_FORGED)
		session->forged_ns = now_ns;
	if (verdict == STAMP_SHORT || (verdict == STAMP_GOOD && !is_ours))
		session->malformed_ns = now_ns;
	if (verdict != STAMP_GOOD || !is_ours)
		return false;
	*ret_serial = widen(owner, reply.request.sequence);
	return true;
}

/* As much of the request as ICMP quotes has its number in front. */
static bool read_quote(const struct packet_socket *socket, const uint8_t *data, size_t size,
		       uint64_t *ret_serial)
{
	if (size < 4)
		return false;
	*ret_serial = widen(socket->owner, get_u32(data));
	return true;
}

static uint64_t sum_errors(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static void compare_clocks(const struct packet_look *look, const struct stamp_reply *reply,
			   uint64_t at_ns)
{
	struct datagram_socket *socket = &look->socket->socket;
	struct probe_result *result = &look->probe->result;
	int64_t sent_ns = datagram_wall_of(socket, look->sent_ns).unix_ns;
	int64_t arrived_ns = datagram_wall_of(socket, at_ns).unix_ns;
	if (sent_ns == 0 || arrived_ns == 0)
		return;
	result->forward_ns = reply->received_unix_ns - sent_ns;
	result->backward_ns = arrived_ns - reply->own.sent_unix_ns;
	result->clock_error_ns =
		sum_errors(reply->request.clock.error_ns, reply->own.clock.error_ns);
}

/* What the reflector kept it for; none where its clock was set meanwhile. */
static uint64_t time_at_peer(const struct packet_look *look, const struct stamp_reply *reply,
			     uint64_t at_ns)
{
	int64_t kept_ns = reply->own.sent_unix_ns - reply->received_unix_ns;
	uint64_t elapsed_ns = at_ns - look->sent_ns;
	return kept_ns > 0 && (uint64_t)kept_ns <= elapsed_ns ? (uint64_t)kept_ns : 0;
}

/* Of ours, this one included, as the reflector says; 0: it does not. */
static uint64_t count_at_peer(struct stamp_session *session, const struct stamp_reply *reply,
			      const uint8_t *data, size_t size)
{
	size_t base = stamp_base_bytes(session->key);
	uint32_t counted = 0;
	if (session->asks_counts && size > base &&
	    !stamp_tlv_is_tampered(data + base, size - base, data, session->key))
		counted = stamp_tlv_counted(data + base, size - base);
	if (reply->own.sequence != reply->request.sequence)
		session->is_stateful = true;
	if (counted == 0 && session->is_stateful)
		return (uint64_t)reply->own.sequence + 1;
	return counted;
}

static bool hear_answer(struct packet_look *look, const uint8_t *data, size_t size, uint64_t at_ns)
{
	struct stamp_session *session = look->owner->own;
	struct probe_result *result = &look->probe->result;
	int64_t now_unix_ns = datagram_wall(&look->socket->socket).unix_ns;
	struct stamp_reply reply;
	if (stamp_reply_read(data, size, session->key, now_unix_ns, &reply) != STAMP_GOOD)
		return false;
	result->peer_count = count_at_peer(session, &reply, data, size);
	result->own_count = look->serial + 1;
	result->ttl_at_peer = reply.ttl;
	result->at_peer_ns = time_at_peer(look, &reply, at_ns);
	compare_clocks(look, &reply, at_ns);
	packet_look_done(look, at_ns - result->at_peer_ns);
	return true;
}

/* Says what came instead. */
static void give_up(struct packet_look *look)
{
	const struct stamp_session *session = look->owner->own;
	if (look->sent_ns == 0)
		return;
	if (session->forged_ns >= look->sent_ns)
		look->note = "what came has an HMAC of another key";
	else if (session->malformed_ns >= look->sent_ns)
		look->note = "what came is no STAMP packet of this session";
}

/* Counts are asked for by 16 bytes more, and with a key an HMAC over them by 20. */
#define COUNTS_BYTES    16
#define SIGNATURE_BYTES 20
#define KIND(least, most_usual)                                                                 \
	{                                                                                       \
		.transport = &datagram_udp, .bytes_min = (least), .bytes_usual = (most_usual),  \
		.bytes_max = BYTES_MAX, .room_bytes = STAMP_OPEN_BYTES + 1, .is_session = true, \
		.open = open_session, .close = close_session, .write = write_request,           \
		.read = read_answer, .read_quote = read_quote, .hear = hear_answer,             \
		.give_up = give_up,                                                             \
	}
#define OPEN_COUNTS  (STAMP_OPEN_BYTES + COUNTS_BYTES)
#define KEYED_COUNTS (STAMP_KEYED_BYTES + COUNTS_BYTES + SIGNATURE_BYTES)

/* By whether there is a key, and whether counts are asked for. The shortest is of TWAMP-light. */
static const struct packet_kind kinds[2][2] = {
	{ KIND(STAMP_LIGHT_BYTES, STAMP_OPEN_BYTES), KIND(OPEN_COUNTS, OPEN_COUNTS) },
	{ KIND(STAMP_KEYED_BYTES, STAMP_KEYED_BYTES), KIND(KEYED_COUNTS, KEYED_COUNTS) },
};

/* In the query, at the start of an option. */
static bool has_option(const char *path, const char *start)
{
	const char *found = path;
	while ((found = strstr(found, start)) != NULL) {
		if (found > path && (found[-1] == '?' || found[-1] == '&'))
			return true;
		found++;
	}
	return false;
}

static int stamp_open(struct prober *prober, struct error *error)
{
	const char *path = prober->target->uri.path;
	bool is_keyed = has_option(path, "key-file=");
	bool asks_counts = has_option(path, "counts");
	return packet_open(prober, &kinds[is_keyed][asks_counts], error);
}

const struct prober_kind prober_stamp = {
	.name = "stamp",
	.open = stamp_open,
	.close = packet_close,
	.start = packet_start,
	.give_up = packet_give_up,
};
