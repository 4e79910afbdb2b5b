/* The reflector of STAMP over the memory network: whom it answers, with which times and numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/units.h"
#include "proto/stamp_tlv.h"
#include "proto/stamp_wire.h"
#include "support/service_bench.h"

#define DELAY_NS (3 * NS_PER_MS)
#define AHEAD_NS INT64_C(250000000) /* of the reflector's clock */
#define GOT_MAX  16

static const uint8_t key_bytes[] = "0123456789abcdef";

struct sender {
	struct datagram_socket socket;
	struct stamp_key *key;
	uint8_t data[GOT_MAX][256];
	struct datagram got[GOT_MAX];
	unsigned count;
};

static void sender_ready(struct datagram_socket *socket, unsigned events)
{
	struct sender *sender = container_of(socket, struct sender, socket);
	int rc = 1;
	while (rc > 0 && sender->count < GOT_MAX) {
		struct datagram *got = &sender->got[sender->count];
		*got = (struct datagram){ .data = sender->data[sender->count], .capacity = 256 };
		rc = datagram_receive(socket, got, 1);
		sender->count += rc > 0;
	}
}

struct scene {
	struct bench bench;
	struct sender sender;
};

static void open_sender(struct scene *scene, struct sender *sender, const char *local)
{
	struct datagram_options options = {
		.local = bench_endpoint(local),
		.network = scene->bench.network,
		.wants_header = true,
	};
	*sender = (struct sender){ 0 };
	assert_int_equal(datagram_open(&sender->socket, &datagram_memory, scene->bench.loop,
				       &options, sender_ready),
			 0);
}

static struct scene *open_scene(const struct plan_stamp *plan)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	struct endpoint reflector = bench_endpoint("127.0.0.1:862");
	assert_non_null(scene);
	bench_init(&scene->bench,
		   &(struct memory_options){ .delay_ns = DELAY_NS, .wall_error_ns = NS_PER_MS });
	memory_network_set_clock(scene->bench.network, &reflector, AHEAD_NS);
	bench_listen(&scene->bench, SERVICE_STAMP, TRANSPORT_UDP, STAMP_PORT);
	scene->bench.plan.serve.stamp = *plan;
	bench_start(&scene->bench);
	open_sender(scene, &scene->sender, "127.0.0.2");
	if (plan->key != NULL)
		assert_int_equal(stamp_key_new(key_bytes, 16, &scene->sender.key), 0);
	return scene;
}

static void close_scene(struct scene *scene)
{
	bench_assert_settled(&scene->bench);
	datagram_close(&scene->sender.socket);
	stamp_key_free(scene->sender.key);
	bench_free(&scene->bench);
	free(scene);
}

static void send_bytes(struct sender *sender, const uint8_t *data, size_t size)
{
	struct datagram datagram = {
		.data = (void *)data,
		.size = size,
		.remote = bench_endpoint("127.0.0.1:862"),
		.traffic_class = 0x2b, /* DSCP 10, ECN 3 */
	};
	assert_int_equal(datagram_send(&sender->socket, &datagram, 1), 1);
}

static void ask(struct sender *sender, uint32_t sequence, uint16_t ssid, size_t size)
{
	uint8_t data[256] = { 0 };
	struct stamp_packet request = {
		.sequence = sequence,
		.sent_unix_ns = datagram_wall(&sender->socket).unix_ns,
		.ssid = ssid,
	};
	stamp_request_write(data, size, &request, sender->key);
	send_bytes(sender, data, size);
}

static struct stamp_reply reply_of(const struct sender *sender, unsigned index)
{
	struct stamp_reply reply;
	assert_in_range(index, 0, sender->count - 1);
	assert_int_equal(stamp_reply_read(sender->data[index], sender->got[index].size, sender->key,
					  0, &reply),
			 STAMP_GOOD);
	return reply;
}

static void answers_say_when_and_whom(void **state)
{
	static const struct {
		const uint8_t *key;
		size_t size;
		size_t answered;
	} rows[] = {
		{ NULL, 44, 44 },   { NULL, 14, 41 },        { NULL, 41, 41 },
		{ NULL, 200, 200 }, { key_bytes, 112, 112 }, { key_bytes, 130, 130 },
	};
	for (size_t i = 0; i < array_size(rows); i++) {
		struct scene *scene = open_scene(&(struct plan_stamp){
			.key = rows[i].key,
			.key_size = 16,
		});
		int64_t start_ns = (int64_t)loop_now(scene->bench.loop);
		ask(&scene->sender, 77, 0xabcd, rows[i].size);
		bench_run(&scene->bench, 20);
		assert_int_equal(scene->sender.count, 1);
		assert_int_equal(scene->sender.got[0].size, rows[i].answered);
		assert_int_equal(scene->sender.got[0].traffic_class, 0x28);
		struct stamp_reply reply = reply_of(&scene->sender, 0);
		assert_int_equal(reply.own.sequence, 77);
		assert_int_equal(reply.request.sequence, 77);
		assert_int_equal(reply.own.ssid, rows[i].size == 14 ? 0 : 0xabcd);
		assert_int_equal(reply.ttl, 64);
		assert_int_equal(reply.request.sent_unix_ns, start_ns);
		assert_int_equal(reply.received_unix_ns, start_ns + (int64_t)DELAY_NS + AHEAD_NS);
		assert_int_equal(reply.own.sent_unix_ns, reply.received_unix_ns);
		assert_true(reply.own.clock.is_synchronised);
		assert_in_range(reply.own.clock.error_ns, NS_PER_MS, NS_PER_MS + NS_PER_MS / 100);
		close_scene(scene);
	}
}

static void stateful_ones_count_each_session(void **state)
{
	struct scene *scene = open_scene(&(struct plan_stamp){ .is_stateful = true });
	static const struct {
		uint32_t sequence;
		uint16_t ssid;
		uint32_t answered;
	} rows[] = {
		{ 0, 1, 0 }, { 1, 1, 1 }, { 4, 1, 2 }, /* 2 and 3 were lost */
		{ 0, 2, 0 }, { 5, 1, 3 },
	};
	for (unsigned i = 0; i < array_size(rows); i++) {
		ask(&scene->sender, rows[i].sequence, rows[i].ssid, 44);
		bench_run(&scene->bench, 20);
		struct stamp_reply reply = reply_of(&scene->sender, i);
		assert_int_equal(reply.own.sequence, rows[i].answered);
		assert_int_equal(reply.request.sequence, rows[i].sequence);
	}
	close_scene(scene);
}

static void who_is_not_answered_is_counted(void **state)
{
	struct subnet list[2];
	struct error error;
	assert_int_equal(subnet_parse("127.0.0.0/30", &error, &list[0]), 0);
	assert_int_equal(subnet_parse("::1", &error, &list[1]), 0);
	struct scene *scene = open_scene(&(struct plan_stamp){
		.key = key_bytes, .key_size = 16, .allowed = list, .allowed_count = 2 });
	struct sender *sender = &scene->sender;
	struct sender stranger, reflector;
	uint8_t data[112] = { 0 };
	open_sender(scene, &stranger, "127.0.0.4");
	open_sender(scene, &reflector, "127.0.0.2:862");
	stranger.key = sender->key;
	reflector.key = sender->key;
	ask(&stranger, 0, 1, 112);
	ask(&reflector, 0, 1, 112);
	send_bytes(sender, data, 44);
	send_bytes(sender, data, 0);
	send_bytes(sender, data, 112);
	ask(sender, 0, 1, 112);
	bench_run(&scene->bench, 20);
	const struct counters *counters = bench_counters(&scene->bench);
	assert_int_equal(stranger.count + reflector.count, 0);
	assert_int_equal(sender->count, 1);
	assert_int_equal(counters->stamp_refused, 1);
	assert_int_equal(counters->stamp_looped, 1);
	assert_int_equal(counters->stamp_malformed, 2);
	assert_int_equal(counters->stamp_forged, 1);
	assert_int_equal(counters->sent, 1);
	assert_int_equal(counters->unasked_bytes, 4 * 112 - 112 + 44);
	datagram_close(&stranger.socket);
	datagram_close(&reflector.socket);
	close_scene(scene);
}

/* Asks for class 46 (or 0), and when the answer before left. */
static void ask_more(struct sender *sender, uint32_t sequence, uint8_t dscp)
{
	uint8_t data[44 + 8 + 20] = { 0 };
	struct stamp_packet request = { .sequence = sequence };
	stamp_request_write(data, sizeof(data), &request, NULL);
	memcpy(data + 44, "\x80\x04\x00\x04", 4);
	data[48] = (uint8_t)(dscp << 2);
	memcpy(data + 52, "\x80\x07\x00\x10", 4);
	send_bytes(sender, data, sizeof(data));
}

static void extensions_are_answered(void **state)
{
	struct scene *scene = open_scene(&(struct plan_stamp){ .is_stateful = true });
	struct sender *sender = &scene->sender;
	ask_more(sender, 0, 46);
	bench_run(&scene->bench, 20);
	ask_more(sender, 1, 0);
	bench_run(&scene->bench, 20);
	assert_int_equal(sender->count, 2);
	assert_int_equal(sender->got[0].traffic_class, 46 << 2);
	assert_int_equal(sender->got[1].traffic_class, 0);
	assert_memory_equal(sender->data[0] + 44, "\x00\x04\x00\x04\xb8\xac", 6);
	/* Nothing before the first; then when the first left. */
	static const uint8_t none[16] = { 0 };
	assert_memory_equal(sender->data[0] + 56, none, 16);
	assert_memory_equal(sender->data[1] + 56, none, 4);
	assert_memory_equal(sender->data[1] + 60, sender->data[0] + 4, 8);
	assert_int_equal(sender->data[1][68], 2);
	close_scene(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_say_when_and_whom),
		cmocka_unit_test(stateful_ones_count_each_session),
		cmocka_unit_test(who_is_not_answered_is_counted),
		cmocka_unit_test(extensions_are_answered),
	};
	return cmocka_run_group_tests_name("service_stamp", tests, NULL, NULL);
}
