/* Budgets: no allocation in steady state, and bytes a connection. The linker has every malloc(),
 * calloc(), realloc() and free() of ours go through here (tests/CMakeLists.txt). One worker holds
 * both ends, connected over loopback by the kernel's TCP. */
#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/units.h"
#include "engine/http_script.h"
#include "engine/script.h"
#include "engine/service.h"
#include "engine/speaker.h"
#include "engine/worker.h"
#include "engine/ws_script.h"
#include "support/certificate.h"
#include "sys/limits.h"

static uint64_t allocations;

/* Those of ours that are not freed. */
static struct allocation {
	const uint8_t *data; /* NULL: free */
	size_t size;
} live[4096];

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void __real_free(void *data);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *data);

static void *note(void *data, size_t size)
{
	struct allocation *free_one = live;
	allocations++;
	while (free_one->data)
		free_one++;
	assert(free_one < live + array_size(live) - 1);
	*free_one = (struct allocation){ data, size };
	return data;
}

static void forget(const void *data)
{
	for (size_t i = 0; data && i < array_size(live); i++) {
		if (live[i].data == data)
			live[i].data = NULL;
	}
}

void *__wrap_malloc(size_t size)
{
	return note(__real_malloc(size), size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return note(__real_calloc(count, size), count * size);
}

void *__wrap_realloc(void *old, size_t size)
{
	forget(old);
	return note(__real_realloc(old, size), size);
}

void __wrap_free(void *data)
{
	forget(data);
	__real_free(data);
}

/* A page that holds nothing but zeros was never touched, or need not have been. */
#define PAGE 4096

static bool is_zero(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (data[i] != 0)
			return false;
	}
	return true;
}

static uint64_t touched_bytes(void)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < array_size(live); i++) {
		size_t size = live[i].data ? live[i].size : 0;
		for (size_t at = 0; at < size; at += PAGE) {
			size_t piece = size - at < PAGE ? size - at : PAGE;
			sum += is_zero(live[i].data + at, piece) ? 0 : piece;
		}
	}
	return sum;
}

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
	run_for(both, 100 * NS_PER_MS);
}

static void tear_down(struct both_ends *both)
{
	worker_want_abort(both->worker);
	assert_int_equal(loop_run(both->loop, UINT64_MAX), 0);
	worker_free(both->worker);
	loop_free(both->loop);
}

/* ---- streams */

static const struct reply_rule echoed = { .kind = REPLY_ECHO };
static const struct reply_rule by_bytes = { .kind = REPLY_BYTES, .bytes = 40 };
static struct reply_rule by_regex;
static struct reply_rule by_marker;
static struct backend_rule by_body;

static const struct http_script http_plain = {
	.request = { .method = "GET", .path = "/", .authority = "web" },
};
static const struct http_script http_bodies = {
	.request = { .method = "GET", .path = "/", .authority = "web" },
	.backend = &by_body,
};
static const struct ws_script ws = { .request = { .path = "/", .authority = "web" } };

static const struct template *constant[1];
static const struct template *varying[1];

/* A message of `constant` or `varying`, and what answers it. */
#define RAW(texts, rule)                                                       \
	{                                                                      \
		.kind = &speaker_raw, .messages = (texts), .message_count = 1, \
		.is_answered = true, .reply = (rule)                           \
	}
#define WS(texts, rule)                                                                            \
	{                                                                                          \
		.kind = &speaker_ws, .messages = (texts), .message_count = 1, .is_answered = true, \
		.reply = (rule), .ws = &ws                                                         \
	}

static const struct stream_row {
	const char *name;
	struct script script;
	enum service service;
} stream_rows[] = {
	{ "traffic",
	  { .kind = &speaker_echo, .message_bytes = 1024, .is_answered = true },
	  SERVICE_TRAFFIC },
	{ "raw", RAW(constant, &echoed), SERVICE_ECHO },
	{ "template", RAW(varying, &echoed), SERVICE_ECHO },
	{ "bytes", RAW(constant, &by_bytes), SERVICE_ECHO },
	{ "regex", RAW(varying, &by_regex), SERVICE_ECHO },
	{ "marker", RAW(varying, &by_marker), SERVICE_ECHO },
	{ "one way",
	  { .kind = &speaker_raw, .messages = constant, .message_count = 1 },
	  SERVICE_DISCARD },
	{ "discard", { .kind = &speaker_raw, .bulk_bytes = 16384 }, SERVICE_DISCARD },
	{ "source", { .kind = &speaker_raw }, SERVICE_SOURCE },
	{ "http",
	  { .kind = &speaker_http, .is_answered = true, .http = &http_plain },
	  SERVICE_HTTP },
	{ "http backend",
	  { .kind = &speaker_http, .is_answered = true, .http = &http_bodies },
	  SERVICE_HTTP },
	{ "ws", WS(constant, &echoed), SERVICE_WS },
	{ "ws template", WS(varying, &echoed), SERVICE_WS },
};

/* What of a plan differs. */
static const struct way_row {
	const char *name;
	double rate;
	bool is_tls;
	uint32_t messages_per_connection;
	double new_per_second;
	bool has_probe;
	/* At most, of a new connection: a TLS session has its state from malloc, on either end. */
	uint64_t mallocs_each;
} way_rows[] = {
	{ .name = "closed" },
	{ .name = "open", .rate = 2000 },
	{ .name = "closed, tls", .is_tls = true },
	{ .name = "open, tls", .rate = 2000, .is_tls = true },
	{ .name = "open, probe", .rate = 2000, .has_probe = true },
	{ .name = "open, connections of 5 messages", .rate = 2000, .messages_per_connection = 5 },
	{ .name = "open, new connections", .rate = 200, .new_per_second = 200 },
	{ .name = "new connections, tls",
	  .rate = 200,
	  .is_tls = true,
	  .new_per_second = 20, /* handshakes that a busy machine keeps up with, too */
	  .mallocs_each = 4 },
};

static struct tls_server *tls_server;
static struct tls_client *tls_client;

static void shape_plan(struct both_ends *both, const struct way_row *way)
{
	struct plan *plan = &both->plan;
	plan->slots_stream = PLAN_LOAD;
	plan->slots.in_flight = both->script.is_answered ? 4 : 0;
	plan->slots.messages_per_connection = way->messages_per_connection;
	plan->slots.has_reconnect = true;
	plan->slots.has_greeting = false;
	plan->attempts.rate_per_second = way->new_per_second;
	both->target.name = "127.0.0.1";
	if (way->has_probe) {
		plan->probe = plan->slots;
		plan->probe.count = 1;
		plan->probe.rate_per_second = 100;
		plan->probe_target = &both->target;
		plan->probe_remotes = &both->endpoint;
		plan->probe_remote_count = 1;
	}
	if (!way->is_tls)
		return;
	plan->serve.listen[0].transport = TRANSPORT_TLS;
	plan->serve.tls = tls_server;
	plan->tls = tls_client;
}

/* Once the service listens, over TCP: the client connects over TLS. */
static void shape_client(struct both_ends *both, const struct way_row *way)
{
	if (!way->is_tls)
		return;
	both->plan.stream = &stream_tls;
	both->plan.below = &stream_tcp;
}

/* What has been done on both ends. */
static uint64_t done(const struct both_ends *both)
{
	uint64_t sum = 0;
	for (int i = 0; i < PLAN_STREAMS; i++) {
		const struct recorder *recorder = both->worker->recorders[i];
		sum += recorder ? recorder->counters.bytes_sent + recorder->counters.bytes_received
				: 0;
	}
	return sum;
}

/* While somebody reads what is published. */
static void run_and_read(struct both_ends *both, struct recorder *snapshot)
{
	uint64_t tick = 0;
	for (int i = 0; i < 10; i++) {
		run_for(both, 10 * NS_PER_MS);
		publication_read(both->worker->publications[PLAN_LOAD], snapshot, &tick);
	}
}

/* Connections that were begun, and what may be allocated for them. */
static uint64_t allowed(const struct both_ends *both, const struct way_row *way)
{
	const struct recorder *attempts = both->worker->recorders[PLAN_NEW];
	return attempts ? way->mallocs_each * attempts->counters.connects : 0;
}

/* On a busy machine more is under way at once now and then than ever before, and pools grow: what
 * allocates in steady state does so in each of several windows. Returns the fewest of them that
 * were more than allowed. */
#define WINDOWS_MAX 8
static uint64_t allocations_in_a_window(struct both_ends *both, const struct way_row *way,
					struct recorder *snapshot)
{
	uint64_t fewest = UINT64_MAX;
	for (int i = 0; i < WINDOWS_MAX && fewest > 0; i++) {
		uint64_t before = allocations - allowed(both, way);
		run_and_read(both, snapshot);
		/* One connection may be begun here and up in the next window. */
		uint64_t most = before + allowed(both, way) + way->mallocs_each;
		uint64_t beyond = allocations > most ? allocations - most : 0;
		if (beyond < fewest)
			fewest = beyond;
	}
	return fewest;
}

static void assert_row_allocates_nothing(const struct stream_row *row, const struct way_row *way,
					 struct recorder *snapshot)
{
	struct both_ends both;
	make_plan(&both, &row->script, row->service, 20, way->rate);
	shape_plan(&both, way);
	make_worker(&both);
	shape_client(&both, way);
	begin(&both);
	uint64_t bytes = done(&both);
	uint64_t count = allocations_in_a_window(&both, way, snapshot);
	if (count > 0)
		fail_msg("%s, %s: %llu allocations", row->name, way->name,
			 (unsigned long long)count);
	if (done(&both) < bytes + 100)
		fail_msg("%s, %s: nothing is under way", row->name, way->name);
	tear_down(&both);
}

static void make_texts(void)
{
	static const char text[] = "\\{connection.uid} \\{message.seq} \\{re [a-z]{8}} "
				   "\\{message.marker}\n";
	static const char same[] = "0123456789012345678901234567890123456789";
	struct template *template = NULL;
	struct error error = { "" };
	assert_int_equal(template_compile(text, sizeof(text) - 1, NULL, &error, &template), 0);
	varying[0] = template;
	assert_int_equal(template_compile(same, sizeof(same) - 1, NULL, &error, &template), 0);
	constant[0] = template;
	assert_int_equal(reply_rule_parse("regex [a-z]{8} .*$", &error, &by_regex), 0);
	assert_int_equal(reply_rule_parse("marker", &error, &by_marker), 0);
	assert_int_equal(backend_rule_parse("body:(.*)", &error, &by_body), 0);
}

static int make_things(void **state)
{
	certificate_make(&(struct certificate){ "ca", NULL, NULL, -1, 10 });
	certificate_make(&(struct certificate){ "web", "IP:127.0.0.1", "ca", -1, 10 });
	tls_server = certificate_server("web");
	tls_client = certificate_client("ca");
	make_texts();
	return 0;
}

static int remove_things(void **state)
{
	tls_server_free(tls_server);
	tls_client_free(tls_client);
	certificates_remove();
	template_free((struct template *)constant[0]);
	template_free((struct template *)varying[0]);
	reply_rule_deinit(&by_regex);
	reply_rule_deinit(&by_marker);
	backend_rule_deinit(&by_body);
	return 0;
}

static void steady_state_allocates_nothing(void **state)
{
	struct recorder *snapshot = NULL;
	assert_int_equal(recorder_new(&snapshot), 0);
	for (size_t way = 0; way < array_size(way_rows); way++) {
		for (size_t row = 0; row < array_size(stream_rows); row++) {
			/* New connections end with their answer; and what TLS can't send at once
			 * is kept in memory that is allocated then. */
			if (stream_rows[row].script.is_answered ||
			    (!way_rows[way].new_per_second && !way_rows[way].is_tls))
				assert_row_allocates_nothing(&stream_rows[row], &way_rows[way],
							     snapshot);
		}
	}
	recorder_free(snapshot);
}

/* In one direction, with and without trains: to discard, or from source. */
static void assert_datagrams_allocate_nothing(const struct script *script, enum service service,
					      bool is_segmented)
{
	struct both_ends both;
	make_plan(&both, script, service, 4, 20000);
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
	assert_true(counters->bytes_sent + counters->bytes_received > bytes + 50000);
	tear_down(&both);
}

static void datagrams_allocate_nothing(void **state)
{
	static const struct script numbered = { .message_bytes = 1024 };
	struct template *template = NULL;
	struct error error = { "" };
	assert_datagrams_allocate_nothing(&numbered, SERVICE_DISCARD, true);
	assert_datagrams_allocate_nothing(&numbered, SERVICE_DISCARD, false);
	assert_datagrams_allocate_nothing(&numbered, SERVICE_SOURCE, true);
	assert_int_equal(template_compile("\\{message.seq} \\{time}", 22, NULL, &error, &template),
			 0);
	const struct template *messages[] = { template };
	const struct script templated = { .messages = messages, .message_count = 1 };
	assert_datagrams_allocate_nothing(&templated, SERVICE_DISCARD, false);
	template_free(template);
}

/* ---- memory */

static uint64_t bytes_of(const struct stream_row *row, uint32_t connections)
{
	static const struct way_row way = { .name = "idle", .rate = 400 };
	struct both_ends both;
	uint64_t before = touched_bytes();
	make_plan(&both, &row->script, row->service, connections, way.rate);
	shape_plan(&both, &way);
	both.plan.slots.warms_up = false;
	make_worker(&both);
	begin(&both);
	assert_int_equal(both.worker->recorders[PLAN_LOAD]->counters.connections, connections);
	uint64_t bytes = touched_bytes() - before;
	/* Mapped, not allocated. */
	assert_true(is_zero((const uint8_t *)both.worker->slots,
			    connections * sizeof(*both.worker->slots)));
	tear_down(&both);
	return bytes;
}

/* Each of which may have a message under way from time to time. */
static void a_connection_stays_within_its_bytes(void **state)
{
	static const char *const names[] = { "raw", "one way", "http", "ws" };
	if (limits_raise_descriptors() < 3000)
		skip();
	for (size_t i = 0; i < array_size(stream_rows); i++) {
		bool is_wanted = false;
		for (size_t n = 0; n < array_size(names); n++)
			is_wanted |= strcmp(stream_rows[i].name, names[n]) == 0;
		if (!is_wanted)
			continue;
		uint64_t few = bytes_of(&stream_rows[i], 400);
		uint64_t many = bytes_of(&stream_rows[i], 1200);
		uint64_t each = (many - few) / 800;
		print_message("%s: %llu bytes a connection on both ends\n", stream_rows[i].name,
			      (unsigned long long)each);
		assert_in_range(each, 100, 256 + 256);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steady_state_allocates_nothing),
		cmocka_unit_test(datagrams_allocate_nothing),
		cmocka_unit_test(a_connection_stays_within_its_bytes),
	};
	return cmocka_run_group_tests(tests, make_things, remove_things);
}
