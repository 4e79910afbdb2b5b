#include "shaper/link.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/units.h"
#include "shaper/log.h"
#include "shaper/packet.h"
#include "sys/clock.h"

#define RECEIVE_BATCH 64
#define PACKET_MAX    65536
#define QUEUE_DEFAULT (1024 * 1024)

struct link_packet {
	uint64_t due_ns;
	uint64_t sequence; /* of two that are due together the earlier goes first */
	int to_fd;
	struct way_counters *counters;
	size_t length;
	uint8_t bytes[];
};

int link_init(struct link *link, int a, int b)
{
	struct way_settings settings = { .queue_bytes = QUEUE_DEFAULT, .sends_icmp = true };

	*link = (struct link){
		.ways = {
			[WAY_AB] = { "ab", settings, .from_fd = a, .to_fd = b },
			[WAY_BA] = { "ba", settings, .from_fd = b, .to_fd = a },
		},
	};
	random_init(&link->random, 1);
	link->heap = calloc(LINK_PACKETS_MAX, sizeof(*link->heap));
	return link->heap ? 0 : -ENOMEM;
}

void link_deinit(struct link *link)
{
	while (link->heap_count > 0)
		free(link->heap[--link->heap_count]);
	free(link->heap);
	link->heap = NULL;
}

static bool is_before(const struct link_packet *a, const struct link_packet *b)
{
	return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->sequence < b->sequence;
}

static void heap_push(struct link *link, struct link_packet *packet)
{
	struct link_packet **heap = link->heap;
	size_t at = link->heap_count++;

	for (; at > 0 && is_before(packet, heap[(at - 1) / 2]); at = (at - 1) / 2)
		heap[at] = heap[(at - 1) / 2];
	heap[at] = packet;
}

static struct link_packet *heap_pop(struct link *link)
{
	struct link_packet **heap = link->heap;
	struct link_packet *first = heap[0];
	size_t count = --link->heap_count;
	struct link_packet *last = heap[count];
	size_t at = 0;

	for (size_t child; (child = 2 * at + 1) < count; at = child) {
		if (child + 1 < count && is_before(heap[child + 1], heap[child]))
			child++;
		if (!is_before(heap[child], last))
			break;
		heap[at] = heap[child];
	}
	heap[at] = last;
	return first;
}

static void hold(struct link *link, struct way *way, const uint8_t *bytes, size_t length,
		 uint64_t due_ns)
{
	struct link_packet *packet = malloc(sizeof(*packet) + length);

	if (!packet)
		abort();
	*packet = (struct link_packet){
		.due_ns = due_ns,
		.sequence = link->sequence++,
		.to_fd = way->to_fd,
		.counters = &way->counters,
		.length = length,
	};
	memcpy(packet->bytes, bytes, length);
	heap_push(link, packet);
}

/* Whether it happens, with this probability. */
static bool happens(struct link *link, double probability)
{
	return probability > 0 && random_unit(&link->random) < probability;
}

/* How long this packet travels. */
static uint64_t travel_ns(struct link *link, struct way *way)
{
	const struct way_settings *settings = &way->settings;
	uint64_t jitter_ns = settings->jitter_ns;
	uint64_t at_most_ns = settings->delay_ns + jitter_ns;

	if (jitter_ns == 0)
		return settings->delay_ns;
	uint64_t less_ns = random_below(&link->random, 2 * jitter_ns + 1);
	return less_ns < at_most_ns ? at_most_ns - less_ns : 0;
}

/* When the last bit has left a way of limited rate; 0: its queue is full. */
static uint64_t departure_ns(struct way *way, size_t length, uint64_t now_ns)
{
	const struct way_settings *settings = &way->settings;

	if (settings->rate_bps <= 0)
		return now_ns;
	if (way->free_at_ns < now_ns)
		way->free_at_ns = now_ns;
	double waiting = (double)(way->free_at_ns - now_ns) * settings->rate_bps / 8 / NS_PER_S;
	if (waiting + (double)length > (double)settings->queue_bytes)
		return 0;
	way->free_at_ns += (uint64_t)((double)length * 8 * NS_PER_S / settings->rate_bps);
	return way->free_at_ns;
}

/* Why this packet ends here and the counter for it, or NULL. */
static const char *refusal(struct link *link, struct way *way, size_t length, uint64_t **ret_count)
{
	const struct way_settings *settings = &way->settings;

	*ret_count = &way->counters.cut;
	if (settings->is_cut)
		return "cut";
	*ret_count = &way->counters.mtu;
	if (settings->mtu != 0 && length > settings->mtu)
		return "mtu";
	*ret_count = &way->counters.loss;
	if (happens(link, settings->loss))
		return "loss";
	*ret_count = &way->counters.queue;
	return link->heap_count + 2 > LINK_PACKETS_MAX ? "queue" : NULL;
}

static void answer_too_big(struct way *way, const uint8_t *bytes, size_t length)
{
	uint8_t reply[PACKET_REPLY_MAX];
	size_t reply_length = packet_too_big(bytes, length, (uint16_t)way->settings.mtu, reply);

	if (way->settings.sends_icmp && reply_length > 0)
		(void)!write(way->from_fd, reply, reply_length);
}

static void pass(struct link *link, struct way *way, const uint8_t *bytes, size_t length,
		 uint64_t now_ns, uint64_t leaves_ns)
{
	uint64_t due_ns = leaves_ns;

	if (happens(link, way->settings.reorder)) {
		way->counters.reorder++;
		log_packet(now_ns, "reorder", "reorder", way->name, bytes, length);
	} else {
		due_ns += travel_ns(link, way);
		if (way->settings.keeps_order && due_ns < way->last_due_ns)
			due_ns = way->last_due_ns;
		way->last_due_ns = due_ns;
	}
	hold(link, way, bytes, length, due_ns);
}

static void take(struct link *link, struct way *way, const uint8_t *bytes, size_t length)
{
	uint64_t now_ns = clock_monotonic_ns();
	uint64_t leaves_ns = 0;
	uint64_t *count;
	const char *why = refusal(link, way, length, &count);

	if (!why && (leaves_ns = departure_ns(way, length, now_ns)) == 0)
		why = "queue";
	if (why) {
		++*count;
		log_packet(now_ns, "drop", why, way->name, bytes, length);
		if (count == &way->counters.mtu)
			answer_too_big(way, bytes, length);
		return;
	}
	pass(link, way, bytes, length, now_ns, leaves_ns);
	if (happens(link, way->settings.duplicate)) {
		way->counters.duplicate++;
		log_packet(now_ns, "duplicate", "duplicate", way->name, bytes, length);
		pass(link, way, bytes, length, now_ns, leaves_ns);
	}
}

void link_receive(struct link *link, struct way *way)
{
	uint8_t bytes[PACKET_MAX];

	for (int i = 0; i < RECEIVE_BATCH; i++) {
		ssize_t length = read(way->from_fd, bytes, sizeof bytes);
		if (length <= 0)
			return;
		way->counters.in++;
		take(link, way, bytes, (size_t)length);
	}
}

void link_release(struct link *link, uint64_t now_ns)
{
	while (link_due_ns(link) <= now_ns) {
		struct link_packet *packet = heap_pop(link);

		if (write(packet->to_fd, packet->bytes, packet->length) == (ssize_t)packet->length)
			packet->counters->out++;
		free(packet);
	}
}

uint64_t link_due_ns(const struct link *link)
{
	return link->heap_count > 0 ? link->heap[0]->due_ns : UINT64_MAX;
}
