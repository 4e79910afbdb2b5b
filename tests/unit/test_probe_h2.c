/* Looks at our own services over HTTP/2 and gRPC, new connections and kept ones, over the in-memory
 * network: what each comes to, and the phase that a delay is in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/units.h"
#include "probe/pinger.h"
#include "proto/grpc.h"
#include "support/service_bench.h"

#define H2C_PORT   8080
#define GRPC_PORT  50051
#define ONE_WAY_NS NS_PER_MS

struct scene {
	struct bench bench;
	struct probe_target target;
	struct pinger_target pinged;
	struct pinger *pinger;
	struct buffer told;
	bool is_finished;
};

static unsigned ms_of(const struct probe_result *result, enum probe_phase phase)
{
	return (unsigned)((result->phase_ns[phase] + NS_PER_MS / 2) / NS_PER_MS);
}

/* "done 200 11 bytes kept, 0 + 2 + 0|": connect, wait and transfer in ms. */
static void note(void *context, const struct probe_result *result)
{
	struct scene *scene = context;

	buffer_append_text(&scene->told, outcome_name(result->outcome));
	if (result->status_of != PROBE_STATUS_NONE)
		buffer_append_format(&scene->told, " %u", result->status);
	if (result->health >= 0)
		buffer_append_format(&scene->told, " health %d", (int)result->health);
	else if (result->status_of != PROBE_STATUS_NONE)
		buffer_append_format(&scene->told, " %u bytes", (unsigned)result->body_bytes);
	buffer_append_format(&scene->told, "%s%s", result->is_cut ? " cut" : "",
			     result->is_kept ? " kept" : "");
	if (result->why[0] != '\0')
		buffer_append_format(&scene->told, ": %s", result->why);
	if (result->outcome == OUTCOME_DONE)
		buffer_append_format(&scene->told, ", %u + %u + %u", ms_of(result, PROBE_CONNECT),
				     ms_of(result, PROBE_WAIT), ms_of(result, PROBE_TRANSFER));
	buffer_append_text(&scene->told, "|");
	assert_string_equal(result->protocol, "h2");
}

static void finished(void *context)
{
	((struct scene *)context)->is_finished = true;
}

static void scene_init(struct scene *scene, const char *uri)
{
	static const struct memory_options network = { .delay_ns = ONE_WAY_NS };
	static const struct uri_defaults defaults = { .service = SERVICE_HTTP };
	static const struct plan_health healths[] = { { "db", GRPC_HEALTH_NOT_SERVING } };

	*scene = (struct scene){ .told = { 0 } };
	buffer_init(&scene->told, 1 << 16);
	bench_init(&scene->bench, &network);
	bench_listen(&scene->bench, SERVICE_H2C, TRANSPORT_TCP, H2C_PORT);
	bench_listen(&scene->bench, SERVICE_GRPC, TRANSPORT_TCP, GRPC_PORT);
	scene->bench.plan.serve.health = healths;
	scene->bench.plan.serve.health_count = 1;
	bench_start(&scene->bench);
	assert_int_equal(uri_parse(uri, &defaults, NULL, &scene->target.uri), 0);
	scene->target.stream = &stream_memory;
	scene->target.network = scene->bench.network;
	scene->pinged = (struct pinger_target){
		.target = &scene->target,
		.interval_ns = 100 * NS_PER_MS,
		.timeout_ns = NS_PER_S,
		.count = 3,
		.in_flight_max = 10,
	};
}

static void look(struct scene *scene)
{
	const struct pinger_setup setup = {
		.loop = scene->bench.loop,
		.targets = &scene->pinged,
		.target_count = 1,
		.done = note,
		.finished = finished,
		.context = scene,
	};
	struct error error = { .text = "" };

	assert_int_equal(pinger_new(&setup, &error, &scene->pinger), 0);
	pinger_start(scene->pinger, loop_now(scene->bench.loop));
	bench_run(&scene->bench, 5000);
	assert_true(scene->is_finished);
	pinger_free(scene->pinger);
}

static void scene_free(struct scene *scene)
{
	bench_run(&scene->bench, 100);
	bench_assert_settled(&scene->bench);
	bench_free(&scene->bench);
	buffer_deinit(&scene->told);
}

/* clang-format off */
static const struct {
	const char *uri;
	bool is_kept;
	const char *wanted;
} rows[] = {
	{ "h2c://127.0.0.1:8080/bytes/5", false,
	  "done 200 5 bytes, 2 + 2 + 0|done 200 5 bytes, 2 + 2 + 0|done 200 5 bytes, 2 + 2 + 0|" },
	{ "h2c://127.0.0.1:8080/delay/20", true,
	  "done 200 11 bytes, 2 + 22 + 0|done 200 11 bytes kept, 0 + 22 + 0|"
	  "done 200 11 bytes kept, 0 + 22 + 0|" },
	/* Longer than the interval: each has a connection, and one is kept. */
	{ "h2c://127.0.0.1:8080/delay/250", true,
	  "done 200 11 bytes, 2 + 252 + 0|done 200 11 bytes, 2 + 252 + 0|"
	  "done 200 11 bytes, 2 + 252 + 0|" },
	{ "h2c://127.0.0.1:8080/bytes/100M", true,
	  "done 200 1000 bytes cut, 2 + 2 + 0|done 200 1000 bytes cut kept, 0 + 2 + 0|"
	  "done 200 1000 bytes cut kept, 0 + 2 + 0|" },
	{ "h2c://127.0.0.1:8080/status/503", true,
	  "rejected 503 24 bytes: status 503 Service Unavailable|"
	  "rejected 503 24 bytes kept: status 503 Service Unavailable|"
	  "rejected 503 24 bytes kept: status 503 Service Unavailable|" },
	{ "grpc://127.0.0.1:50051", false,
	  "done 0 health 1, 2 + 2 + 0|done 0 health 1, 2 + 2 + 0|done 0 health 1, 2 + 2 + 0|" },
	{ "grpc://127.0.0.1:50051/db", true,
	  "rejected 0 health 2: health NOT_SERVING|rejected 0 health 2 kept: health NOT_SERVING|"
	  "rejected 0 health 2 kept: health NOT_SERVING|" },
	{ "grpc://127.0.0.1:50051/nobody", true,
	  "rejected 5 0 bytes: grpc NOT_FOUND: unknown service|rejected 5 0 bytes kept: grpc NOT_FOUND: unknown service|"
	  "rejected 5 0 bytes kept: grpc NOT_FOUND: unknown service|" },
};
/* clang-format on */

static void each_look_comes_to_what_was_answered(void **state)
{
	for (size_t i = 0; i < array_size(rows); i++) {
		struct scene scene;
		scene_init(&scene, rows[i].uri);
		scene.target.is_kept = rows[i].is_kept;
		scene.target.body_max_bytes = 1000;
		look(&scene);
		assert_string_equal(buffer_text(&scene.told), rows[i].wanted);
		scene_free(&scene);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_look_comes_to_what_was_answered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
