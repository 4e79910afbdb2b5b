/* A mesh as StatsD: names, what is counted between two times, and what has tags. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "support/sample_mesh.h"
#include "view/mesh_statsd.h"

struct sink {
	struct buffer text;
	size_t largest;
};

static void take(void *context, const char *datagram, size_t size)
{
	struct sink *sink = context;
	assert_int_equal(datagram[size - 1], '\n');
	if (size > sink->largest)
		sink->largest = size;
	buffer_append(&sink->text, datagram, size);
}

static void write_once(struct sink *sink, bool has_tags, struct mesh_statsd *told,
		       const struct sample_mesh *sample)
{
	const struct statsd_writer writer = { .name_space = "conntest",
					      .send = take,
					      .context = sink };
	*sink = (struct sink){ .largest = 0 };
	buffer_init(&sink->text, (size_t)1 << 20);
	buffer_append_text(&sink->text, "\n");
	assert_int_equal(mesh_statsd_write(&writer, has_tags, told, &sample->state), 0);
	assert_int_equal(sink->text.error, 0);
	assert_true(sink->largest <= STATSD_DATAGRAM_MAX);
}

static bool has(const struct sink *sink, const char *line)
{
	char whole[256];
	(void)snprintf(whole, sizeof(whole), "\n%s", line);
	return strstr(sink->text.data, whole) != NULL;
}

static struct mesh_pair *pair_of(struct sample_mesh *sample, uint32_t number)
{
	for (uint32_t i = 0; i < sample->snapshot->places; i++)
		if (sample->numbers[i] == number)
			return &sample->snapshot->pairs[i];
	return NULL;
}

static void names_have_the_location_and_the_probe(void **state)
{
	struct sample_mesh *sample = sample_mesh_a4();
	struct mesh_statsd *told = calloc(1, sizeof(*told));
	struct sink sink;
	assert_non_null(told);
	write_once(&sink, false, told, sample);
	assert_true(has(&sink, "conntest.mesh.a.udp.sent:16814|c\n"));
	assert_true(has(&sink, "conntest.mesh.a.udp.in_flight:7|g\n"));
	assert_true(has(&sink, "conntest.mesh.Berlin__DE.http.lost:0|c\n"));
	assert_true(has(&sink, "conntest.mesh.b.mtu_forward_bytes:1400|g\n"));
	assert_true(has(&sink, "conntest.mesh.b.mtu_blackholes_forward:1|g\n"));
	assert_true(has(&sink, "conntest.mesh.b.pairs_mtu_black_hole:1|g\n"));
	assert_true(has(&sink, "conntest.mesh.peers_chosen:13|g\n"));
	assert_true(has(&sink, "conntest.mesh.findings:2|g\n"));
	buffer_deinit(&sink.text);
	free(told);
	sample_mesh_free(sample);
}

static void a_counter_tells_what_is_new(void **state)
{
	struct sample_mesh *sample = sample_mesh_a4();
	struct mesh_statsd *told = calloc(1, sizeof(*told));
	struct mesh_window_series window = { 0 };
	struct sink sink;
	assert_non_null(told);
	write_once(&sink, false, told, sample);
	buffer_deinit(&sink.text);
	write_once(&sink, false, told, sample);
	assert_null(strstr(sink.text.data, "|c"));
	assert_null(strstr(sink.text.data, "rtt_mean"));
	buffer_deinit(&sink.text);
	struct mesh_series *series = &pair_of(sample, 1)->probes[MESH_TCP];
	for (unsigned i = 0; i < 3; i++)
		mesh_series_sent(series);
	mesh_series_received(series, &window, 1000000);
	mesh_series_received(series, &window, 3000000);
	mesh_series_lost(series, &window, MESH_REASON_TIMEOUT);
	write_once(&sink, false, told, sample);
	assert_true(has(&sink, "conntest.mesh.a.tcp.sent:3|c\n"));
	assert_true(has(&sink, "conntest.mesh.a.tcp.received:2|c\n"));
	assert_true(has(&sink, "conntest.mesh.a.tcp.lost:1|c\n"));
	assert_true(has(&sink, "conntest.mesh.a.tcp.rtt_mean_ms:2.000|g\n"));
	assert_true(has(&sink, "conntest.mesh.a.tcp.rtt_p99_ms:3.200|g\n"));
	assert_null(strstr(sink.text.data, "mesh.b.tcp.sent"));
	buffer_deinit(&sink.text);
	free(told);
	sample_mesh_free(sample);
}

static void what_takes_forever_has_an_end(void **state)
{
	struct sample_mesh *sample = sample_mesh_a4();
	struct mesh_statsd *told = calloc(1, sizeof(*told));
	struct mesh_window_series window = { 0 };
	struct sink sink;
	assert_non_null(told);
	write_once(&sink, false, told, sample);
	buffer_deinit(&sink.text);
	struct mesh_series *series = &pair_of(sample, 1)->probes[MESH_GRPC];
	mesh_series_sent(series);
	mesh_series_received(series, &window, UINT64_C(60000000000));
	write_once(&sink, false, told, sample);
	assert_true(has(&sink, "conntest.mesh.a.grpc.rtt_p99_ms:26214.400|g\n"));
	buffer_deinit(&sink.text);
	free(told);
	sample_mesh_free(sample);
}

static void tags_stand_for_levels(void **state)
{
	struct sample_mesh *sample = sample_mesh_a4();
	struct mesh_statsd *told = calloc(1, sizeof(*told));
	struct sink sink;
	assert_non_null(told);
	write_once(&sink, true, told, sample);
	assert_true(has(&sink, "conntest.mesh.sent:16814|c|#group:a,probe:udp\n"));
	assert_true(has(&sink, "conntest.mesh.lost:0|c|#group:Berlin__DE,probe:http\n"));
	assert_true(has(&sink, "conntest.mesh.mtu_forward_bytes:1400|g|#group:b\n"));
	assert_true(has(&sink, "conntest.mesh.findings:2|g\n"));
	buffer_deinit(&sink.text);
	free(told);
	sample_mesh_free(sample);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_have_the_location_and_the_probe),
		cmocka_unit_test(a_counter_tells_what_is_new),
		cmocka_unit_test(what_takes_forever_has_an_end),
		cmocka_unit_test(tags_stand_for_levels),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
