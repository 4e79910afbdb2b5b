/* What 10,000 peers cost: bytes that are held, and bytes while they are read. The linker has every
 * allocation of ours go through here (tests/CMakeLists.txt); those of libraries, which keep
 * nothing, are not counted. */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/units.h"
#include "mesh/discovery.h"
#include "mesh/pinglist.h"

#define PEERS 10000
/* Of the 16 MiB of a whole mesh. */
#define HELD_MAX ((int64_t)4 << 20)
/* The file itself, what becomes of it, and the list before. */
#define PEAK_MAX ((int64_t)9 << 20)

static int64_t live_bytes;
static int64_t peak_bytes;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_reallocarray(void *old, size_t count, size_t size);
void __real_free(void *data);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size);
void __wrap_free(void *data);

static void *note(void *data)
{
	live_bytes += (int64_t)malloc_usable_size(data);
	peak_bytes = live_bytes > peak_bytes ? live_bytes : peak_bytes;
	return data;
}

void *__wrap_malloc(size_t size)
{
	return note(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
	return note(__real_calloc(count, size));
}

void *__wrap_realloc(void *old, size_t size)
{
	live_bytes -= (int64_t)malloc_usable_size(old);
	return note(__real_realloc(old, size));
}

void *__wrap_reallocarray(void *old, size_t count, size_t size)
{
	live_bytes -= (int64_t)malloc_usable_size(old);
	return note(__real_reallocarray(old, count, size));
}

void __wrap_free(void *data)
{
	live_bytes -= (int64_t)malloc_usable_size(data);
	__real_free(data);
}

static void write_json(FILE *file)
{
	for (unsigned i = 0; i < PEERS; i++)
		(void)fprintf(file,
			      "%s{\"targets\":[\"10.1.%u.%u:5003\"],\"labels\":{\"node\":"
			      "\"node-%05u.example\",\"zone\":\"zone-%u\",\"rack\":\"rack-%u\"}}",
			      i == 0 ? "[" : ",\n", i / 256, i % 256, i, i % 3, i % 200);
	(void)fputs("]\n", file);
}

static void write_yaml(FILE *file)
{
	for (unsigned i = 0; i < PEERS; i++)
		(void)fprintf(file,
			      "- targets: ['10.1.%u.%u:5003']\n  labels:\n"
			      "    node: node-%05u.example\n    zone: zone-%u\n    rack: rack-%u\n",
			      i / 256, i % 256, i, i % 3, i % 200);
}

static void write_peers(const char *path, void (*write)(FILE *file))
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	write(file);
	assert_int_equal(fclose(file), 0);
}

static void turn(struct loop *loop, const struct mesh_discovery *discovery, uint64_t updates)
{
	uint64_t end_ns = loop_read_clock(loop) + 30 * NS_PER_S;

	while (loop_now(loop) < end_ns &&
	       (mesh_discovery_list(discovery)->sources[0].updates < updates ||
		!mesh_discovery_is_settled(discovery)))
		assert_int_equal(loop_run(loop, loop_now(loop) + NS_PER_MS), 0);
	assert_int_equal(mesh_discovery_list(discovery)->count, PEERS);
	assert_int_equal(mesh_discovery_list(discovery)->sources[0].peers, PEERS);
}

static void check_costs(const char *end, void (*write)(FILE *file))
{
	static const struct loop_options options = { 0 };
	struct mesh_settings settings = { .node = "self" };
	char path[64], source[80];
	const char *const sources[] = { source };
	struct mesh_discovery_setup setup = {
		.settings = &settings,
		.sources = sources,
		.source_count = 1,
		.peers_max = PEERS,
		.k = PINGLIST_K_USUAL,
		.port = 5003,
	};
	struct mesh_discovery *discovery = NULL;
	struct error error = { "" };

	(void)snprintf(path, sizeof(path), "/tmp/test_discovery_budget.%d%s", (int)getpid(), end);
	(void)snprintf(source, sizeof(source), "file:%s", path);
	write_peers(path, write);
	assert_int_equal(loop_new(&options, &setup.loop), 0);
	assert_int_equal(mesh_events_new(&setup.events), 0);
	live_bytes = peak_bytes = 0;
	assert_int_equal(mesh_discovery_new(&setup, &error, &discovery), 0);
	mesh_discovery_start(discovery);
	turn(setup.loop, discovery, 1);
	print_message("%s: %lld bytes held\n", end, (long long)live_bytes);
	assert_in_range(live_bytes, PEERS, HELD_MAX);
	/* Once more, while the old list is there. */
	write_peers(path, write);
	turn(setup.loop, discovery, 2);
	print_message("%s: %lld bytes at most\n", end, (long long)peak_bytes);
	assert_in_range(live_bytes, PEERS, HELD_MAX);
	assert_in_range(peak_bytes, PEERS, PEAK_MAX);
	mesh_discovery_free(discovery);
	/* URLs and texts are copied by the C library, which is not counted. */
	assert_true(live_bytes < 4096);
	mesh_events_free(setup.events);
	loop_free(setup.loop);
	(void)unlink(path);
}

static void ten_thousand_in_json(void **state)
{
	check_costs(".json", write_json);
}

static void ten_thousand_in_yaml(void **state)
{
	check_costs(".yaml", write_yaml);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ten_thousand_in_json),
		cmocka_unit_test(ten_thousand_in_yaml),
	};
	return cmocka_run_group_tests_name("discovery_budget", tests, NULL, NULL);
}
