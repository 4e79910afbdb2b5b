/* Budgets: no allocation in steady state, and bytes a connection. The linker has every malloc(),
 * calloc() and realloc() of ours go through here (tests/CMakeLists.txt). One worker holds both
 * ends, connected over loopback by the kernel's TCP. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/units.h"
#include "engine/script.h"
#include "engine/service.h"
#include "engine/speaker.h"
#include "engine/worker.h"
#include "sys/limits.h"

static uint64_t allocations;
static uint64_t allocated_bytes;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

static void note(size_t size)
{
	allocations++;
	allocated_bytes += size;
}

void *__wrap_malloc(size_t size)
{
	note(size);
	return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	note(count * size);
	return __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	note(size);
	return __real_realloc(old, size);
}

static const struct script traffic = { .kind = &speaker_echo,
				       .message_bytes = 1024,
				       .is_answered = true };

struct both_ends {
	struct loop *loop;
	struct plan plan;
	struct script script;
	struct plan_target target;
	struct endpoint endpoint;
	struct service_shared shared;
	struct worker *worker;
};

static void make_plan(struct both_ends *both, const struct script *script, enum service service,
		      uint32_t connections, double rate)
{
	*both = (struct both_ends){ .loop = NULL };
	assert_int_equal(loop_new(&(struct loop_options){ 0 }, &both->loop), 0);
	assert_int_equal(endpoint_parse("127.0.0.1", 0, &both->endpoint), 0);
	both->plan = (struct plan){
		.slots = { .count = connections,
			   .message_bytes = 1024,
			   .rate_per_second = rate,
			   .has_greeting = true,
			   .warms_up = true },
		.serve = { .listen = { { .service = service, .local = both->endpoint } },
			   .listen_count = 1,
			   .name = "web-1",
			   .drain_ns = NS_PER_S },
		.remotes = &both->endpoint,
		.remote_count = 1,
		.connect_timeout_ns = 10 * NS_PER_S,
		.reply_timeout_ns = 10 * NS_PER_S,
		.linger_ns = NS_PER_S,
		.stall_after_ns = 200 * NS_PER_MS,
		.give_up_ns = 30 * NS_PER_S,
		.workers = 1,
		.stream = &stream_tcp,
		.datagram = &datagram_udp,
	};
	both->script = *script;
	both->target = (struct plan_target){ .script = &both->script };
	both->plan.targets = &both->target;
	both->plan.target_count = 1;
}

static void make_worker(struct both_ends *both)
{
	struct error error = { "" };
	assert_int_equal(worker_new(&both->plan, 0, both->loop, &both->worker), 0);
	assert_int_equal(service_add(both->worker, &both->shared, &error), 0);
	both->endpoint.port = both->shared.ports[0];
}

/* Over the service that answers `script`. */
static void set_up(struct both_ends *both, const struct script *script, enum service service,
		   uint32_t connections, double rate)
{
	make_plan(both, script, service, connections, rate);
	make_worker(both);
}

static void run_for(struct both_ends *both, uint64_t ns)
{
	assert_int_equal(loop_run(both->loop, loop_read_clock(both->loop) + ns), 0);
}

static void begin(struct both_ends *both)
{
	worker_start(both->worker);
	while (!atomic_load(&both->worker->is_settled))
		run_for(both, 10 * NS_PER_MS);
	worker_want_begin(both->worker, loop_read_clock(both->loop) + NS_PER_MS);
	run_for(both, 300 * NS_PER_MS);
}

static void tear_down(struct both_ends *both)
{
	worker_want_abort(both->worker);
	assert_int_equal(loop_run(both->loop, UINT64_MAX), 0);
	worker_free(both->worker);
	loop_free(both->loop);
}

static void assert_allocates_nothing(const struct script *script, enum service service)
{
	struct both_ends both;
	set_up(&both, script, service, 50, 5000);
	begin(&both);
	const struct counters *counters = &both.worker->recorders[PLAN_PERSISTENT]->counters;
	uint64_t received = counters->received;
	uint64_t before = allocations;
	run_for(&both, NS_PER_S);
	assert_int_equal(allocations - before, 0);
	assert_true(counters->received > received + 1000);
	tear_down(&both);
}

static void steady_state_allocates_nothing(void **state)
{
	assert_allocates_nothing(&traffic, SERVICE_TRAFFIC);
}

static void templates_allocate_nothing(void **state)
{
	static const char text[] = "\\{connection.uid} \\{message.seq} \\{re [a-z]{8}} \\{message."
				   "marker}\n";
	static const struct reply_rule reply = { .kind = REPLY_ECHO };
	struct template *template = NULL;
	struct error error = { "" };
	assert_int_equal(template_compile(text, sizeof(text) - 1, NULL, &error, &template), 0);
	const struct template *messages[] = { template };
	const struct script script = { .kind = &speaker_raw,
				       .messages = messages,
				       .message_count = 1,
				       .is_answered = true,
				       .reply = &reply };
	assert_allocates_nothing(&script, SERVICE_ECHO);
	template_free(template);
}

/* In one direction, with and without trains: to discard, or from source. */
static void assert_datagrams_allocate_nothing(enum service service, bool is_segmented)
{
	static const struct script one_way = { .message_bytes = 1024 };
	struct both_ends both;
	make_plan(&both, &one_way, service, 4, 20000);
	both.plan.slots.transport = TRANSPORT_UDP;
	both.plan.slots.is_receiving = service == SERVICE_SOURCE;
	both.plan.slots.is_segmented = is_segmented;
	both.plan.slots_stream = PLAN_LOAD;
	both.plan.serve.listen[0].transport = TRANSPORT_UDP;
	make_worker(&both);
	begin(&both);
	const struct counters *counters = &both.worker->recorders[PLAN_LOAD]->counters;
	uint64_t bytes = counters->bytes_sent + counters->bytes_received;
	uint64_t before = allocations;
	run_for(&both, NS_PER_S);
	assert_int_equal(allocations - before, 0);
	assert_true(counters->bytes_sent + counters->bytes_received > bytes + 1000000);
	tear_down(&both);
}

static void datagrams_allocate_nothing(void **state)
{
	assert_datagrams_allocate_nothing(SERVICE_DISCARD, true);
	assert_datagrams_allocate_nothing(SERVICE_DISCARD, false);
	assert_datagrams_allocate_nothing(SERVICE_SOURCE, true);
}

static uint64_t bytes_of(uint32_t connections)
{
	struct both_ends both;
	uint64_t before = allocated_bytes;
	set_up(&both, &traffic, SERVICE_TRAFFIC, connections, connections);
	begin(&both);
	assert_int_equal(both.worker->recorders[PLAN_PERSISTENT]->counters.connections,
			 connections);
	uint64_t bytes = allocated_bytes - before;
	tear_down(&both);
	return bytes;
}

static void a_connection_stays_within_its_bytes(void **state)
{
	/* Both ends are in it: at most 512 bytes for the client's and 256 for the server's. */
	if (limits_raise_descriptors() < 5000)
		skip();
	uint64_t few = bytes_of(500);
	uint64_t many = bytes_of(2000);
	uint64_t each = (many - few) / 1500;
	assert_in_range(each, 100, 512 + 256);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steady_state_allocates_nothing),
		cmocka_unit_test(templates_allocate_nothing),
		cmocka_unit_test(datagrams_allocate_nothing),
		cmocka_unit_test(a_connection_stays_within_its_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
