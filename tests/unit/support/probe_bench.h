/* Probers under test: a scripted server over the in-memory network, the simulated clock, and a
 * pinger that looks at it. One at a time: `probe_bench`. */
#pragma once

#include "base/buffer.h"
#include "net/memory.h"
#include "net/tls.h"
#include "probe/pinger.h"

#define PROBE_START_NS   UINT64_C(1000000000)
#define PROBE_ADDRESS    "192.0.2.1"
#define PROBE_PORT       8080
#define PROBE_MUTE_PORT  8081 /* accepts, reads, and never says a word */
#define PROBE_RTT_NS     UINT64_C(2000000)
#define PROBE_SERVED_MAX 64
#define PROBE_TOLD_MAX   64

/* What the server does with one request. */
struct probe_script {
	struct {
		const char *text;  /* NULL: there are no more */
		size_t size;       /* 0: that of the text */
		uint64_t after_ns; /* the part before, or the request */
	} parts[4];
	uint64_t reads_after_ns; /* the connection was accepted */
	size_t request_bytes;    /* 0: up to the end of a head */
	enum { PROBE_STAYS, PROBE_ENDS, PROBE_RESETS } then;
	uint64_t then_after_ns;
	bool is_echo;  /* sends back what comes, before its parts */
	bool is_hasty; /* answers what it has not read; `reads_after_ns` is not 0 and never */
};

struct probe_served {
	struct stream stream;
	struct timer timer;
	struct buffer got; /* of the request that is to be answered next */
	const struct probe_script *script;
	unsigned part;
	bool is_reading;
	bool is_answering;
	bool is_over;
};

struct probe_bench {
	struct loop *loop;
	struct memory_network *network;
	struct tls_client *client_tls;
	struct tls_server *server_tls;
	struct listener listeners[2];
	/* One a request, in the order in which they are accepted; the last for all that follow. */
	const struct probe_script *scripts;
	unsigned script_count;
	unsigned requests;
	struct buffer last_request;
	struct probe_served served[PROBE_SERVED_MAX];
	unsigned accepted;
	const char *servers; /* of DNS */
	struct pinger *pinger;
	struct probe_target target; /* of the first two; the second only has another URI */
	struct probe_target other;
	struct pinger_target targets[2];
	struct probe_result results[PROBE_TOLD_MAX];
	unsigned told;
	bool is_finished;
};
extern struct probe_bench probe_bench;

/* A server at PROBE_ADDRESS; `is_tls` as support/certificate.h has it: "web" signed by "ca". */
enum probe_transport { PROBE_OVER_TCP, PROBE_OVER_TLS };
void probe_bench_open(const struct memory_options *options, enum probe_transport transport,
		      const struct probe_script *scripts, unsigned script_count);
/* The same over TCP, under the real clock. */
void probe_bench_open_real(const struct probe_script *scripts, unsigned script_count);
void probe_bench_close(void);
struct uri probe_bench_uri(const char *text);
/* One probe a second, one in all, 2 s each; then as the test changes it. */
void probe_bench_target(const char *uri);
int probe_bench_new(uint32_t target_count, struct error *error);
/* Until everything is told. */
void probe_bench_run(uint32_t target_count);
void probe_bench_start(uint32_t target_count);
void probe_bench_run_until(uint64_t at_ns);
