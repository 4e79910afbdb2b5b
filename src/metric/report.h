/* The record of a whole run, conntest.report/1 (doc/report.schema.json): plain data that every
 * view reads. Moments are signed ns from `started` (the beginning of -T), negative in the ramp.
 * Built by run/ or read from a file; all memory is the report's own (one arena). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attributes.h"
#include "base/endpoint.h"
#include "base/outcome.h"
#include "metric/counters.h"
#include "metric/path_result.h"
#include "metric/recorder.h"
#include "metric/report_mesh.h"
#include "metric/report_ping.h"
#include "metric/survival.h"

#define REPORT_SCHEMA "conntest.report/1"
/* Bytes that its file may have, written and read. */
#define REPORT_FILE_MAX ((size_t)64 << 20)

/* Percentiles and sums of one histogram. null in JSON where count is 0. */
struct report_latency {
	uint64_t count;
	uint64_t censored; /* of these: lower bounds of unanswered messages */
	uint64_t
		censored_min_ns; /* the smallest bound: text prints ">reply timeout" from here on */
	uint64_t min_ns;
	uint64_t mean_ns;
	uint64_t p50_ns;
	uint64_t p90_ns;
	uint64_t p99_ns;
	uint64_t p99_9_ns;
	uint64_t p99_99_ns;
	uint64_t max_ns;
	bool is_measured; /* false: this stream has no such histogram; left out everywhere */
	const char *hdr;  /* all counts (report_latency.h); NULL: empty, or not known */
};

struct report_interval {
	int64_t start_ns;
	int64_t end_ns;
	uint64_t unanswered;
	uint64_t forward_lost;
	uint32_t slot;       /* slot, flow, or number of the attempt */
	const char *backend; /* NULL: unknown */
	bool is_open;
	bool has_forward;
};

/* An attempt of the stream of new connections: what became of it, and when. */
struct report_attempt {
	int64_t at_ns;      /* when it was due */
	uint64_t reply_ns;  /* from then to its first reply; 0: none */
	uint64_t failed_ns; /* from then to its failure; 0: answered */
	enum outcome outcome;
};

#define REPORT_INTERVALS_MAX 10000
struct report_intervals {
	bool is_measured;
	const char *reason; /* why not, where it is not measured */
	uint64_t count;
	uint64_t max_ns;
	uint64_t total_ns;
	uint64_t open;
	uint64_t slots;         /* different slots or flows that had one */
	double expected_false;  /* path outages: to be expected from the loss outside outages */
	uint64_t resolution_ns; /* the ± of each: one sending interval */
	/* Path outages over all flows: the span of any flow out, of all out, and the largest share.
	 */
	uint64_t any_ns;
	uint64_t all_ns;
	double largest_share;
	struct report_interval *list; /* worst first */
	uint32_t list_count;
	uint64_t list_omitted;
};

/* A1's table: what became of the slots that a backend had when the run began. */
struct report_backend {
	const char *name; /* NULL: the slots without one */
	uint64_t slots;   /* at the beginning */
	uint64_t slots_at_end;
	uint64_t survival[SURVIVAL_COUNT];
	uint64_t lost;
	uint64_t longest_ns; /* interruption */
	bool is_longest_open;
};

/* One point of time. Counts are of this interval, gauges at its end; where a long run made one of
 * several, at the worst of their ends. */
struct report_sample {
	int64_t at_ns; /* the end of the interval */
	uint64_t scheduled, sent, received, lost, missed;
	uint64_t connections, connecting, silent, interrupted;
	uint64_t connects, failed; /* attempts that came up, that did not */
	uint64_t response_p50_ns, response_p99_ns, response_max_ns; /* of answers in it; 0: none */
	uint64_t unanswered; /* given up in it: lost and missed */
	uint64_t bytes_sent, bytes_received;
	/* As the kernel tells of connections that were looked at in it. */
	uint64_t bytes_acked;
	uint64_t retransmits;            /* segments sent again */
	uint64_t cwnd_bytes;             /* congestion window, the mean of them; 0: none */
	uint64_t rtt_p50_ns, rtt_max_ns; /* 0: none */
};

/* Datagrams of slots that were lost one after the other, and where (report_datagrams.h). */
struct report_datagrams {
	bool is_measured;
	const char *counted_by; /* "receiver", "here" */
	uint64_t lost;          /* as counted there */
	uint64_t bursts;
	uint64_t longest_burst; /* datagrams */
	uint64_t longest_burst_ns;
	uint64_t median_burst;
	int64_t first_lost_ns; /* INT64_MIN: none was lost */
	int64_t last_lost_ns;
	/* Lost at the receiver's host, as its queue tells (false: it does not), and the rest, where
	 * the queue counted each datagram: one that came with others is dropped with them, as one.
	 */
	bool has_overflows;
	uint64_t receiver_overflows;
	bool has_network_lost;
	uint64_t network_lost;
};

struct report_error {
	enum phase phase;
	enum outcome outcome;
	uint32_t code; /* errno; of a reply its HTTP status, of a close its WebSocket code */
	uint64_t count;
	int64_t first_ns, last_ns;
	const char *why; /* what the peer did wrong: "sent a chunk size that overflows"; or NULL */
};

/* Answers with this HTTP status; 0: of those beyond what a row was kept for. */
struct report_status {
	uint32_t code;
	uint64_t count;
};

struct report_schedule {
	bool is_open_loop;
	double rate_per_second; /* of the whole stream, as planned */
	uint64_t interval_ns;   /* between two messages of one slot or flow; 0: not paced, or the
				   rate changed */
	uint64_t changed;       /* so often, by the user while it ran */
	uint64_t paused_ns;     /* the same */
};

/* What the kernel tells of the stream's TCP connections; its times and counts are in the totals. */
struct report_tcp {
	bool is_measured;
	const char *congestion; /* NULL: unknown */
	struct tcp_facts facts; /* without the name */
	/* 0: not asked for, the kernel tunes it. */
	uint64_t send_buffer_asked_bytes;
	uint64_t receive_buffer_asked_bytes;
};

/* What the other side says has arrived of messages that nobody answers. */
struct report_receiver {
	bool is_asked; /* the stream has such messages, and somebody could be asked */
	bool is_known;
	const char *source; /* "control" (its service of that name), "end" (discard's answer to the
			       end of a connection); NULL: neither told */
	const char *reason; /* why it is not known */
	uint64_t connections;       /* or flows, that something was sent on */
	uint64_t connections_known; /* of these */
	uint64_t bytes;             /* without those of the warm-up */
	uint64_t messages;          /* 0 where it can't tell them apart (TCP) */
	uint64_t queue_overflows;   /* datagrams that its sockets dropped */
	double bits_per_second;     /* while it received, the warm-up included; 0: unknown */
};

struct report_stream {
	const char *name; /* persistent, new, path; load: load, probe; serve: served; ping: ping,
			     of several targets ping1, ping2 ... */
	const char *kind; /* slots, probe, attempts, probes, service, ping, mesh */
	const char *target;
	const char *transport; /* tcp, udp, tls */
	uint64_t slots;        /* slots or flows */
	uint64_t message_bytes;
	struct counters totals;
	struct report_schedule schedule;
	struct report_latency latency[LATENCY_COUNT];
	struct report_tcp tcp;
	struct report_receiver receiver;
	struct report_intervals interruptions;
	struct report_intervals stalls;
	struct report_intervals outages;
	struct report_datagrams datagrams;
	bool has_survival;
	uint64_t survival[SURVIVAL_COUNT];
	uint64_t reconnected;
	uint64_t backend_changed;
	struct report_backend *backends; /* worst first */
	uint32_t backend_count;
	struct report_sample *samples;
	uint32_t sample_count;
	uint64_t sample_interval_ns;
	/* New connections as they were due: every nth that was answered, the others all. */
	struct report_attempt *attempts;
	uint32_t attempt_count;
	uint64_t attempts_omitted;
	uint64_t rate_bytes;         /* of a merged report: received while all runs went on */
	struct report_error *errors; /* most frequent first */
	uint32_t error_count;
	struct report_status *statuses; /* most frequent first */
	uint32_t status_count;
	bool has_ping;
	struct report_ping ping;
	bool is_measured;   /* false: planned and then not possible (path without answers) */
	const char *reason; /* why not */
};
#define REPORT_STREAMS_MAX 10000 /* a target of ping is one */

struct report_connection {
	uint64_t id;
	uint32_t slot;
	const char *stream;
	struct endpoint local;
	struct endpoint remote;
	const char *backend;
	int64_t started_ns;
	int64_t connected_ns; /* INT64_MIN: never */
	int64_t ended_ns;     /* INT64_MIN: open at the end */
	enum outcome outcome;
	uint64_t sent, received, lost, retransmits;
	uint64_t rtt_ns;
};

struct report_setting {
	const char *name;
	const char *value; /* as typed, normalised; secrets are *** */
};

/* One of several processes that shared a run. */
struct report_process {
	uint64_t index; /* from 1 */
	uint64_t pid;
	uint64_t workers;
	uint64_t slots;
	/* Of one that was lost: how it ended, when, and what it had open; it counts until then. */
	const char *lost; /* "killed by signal 9 (SIGKILL)"; NULL: it was not */
	int64_t lost_ns;  /* INT64_MIN: not */
	uint64_t connections;
};
#define REPORT_PROCESSES_MAX 4096 /* of merged reports */

struct report_generator {
	double cpu_seconds;
	uint64_t cpus;
	uint64_t loop_lag_p99_ns;
	uint64_t loop_lag_max_ns;
	uint64_t send_error_p99_ns;
	uint64_t receive_queue_overflows;
	uint64_t events_dropped;
	uint64_t listen_overflows; /* serve */
	uint64_t listen_queue;     /* net.core.somaxconn; 0: unknown. Not in the JSON */
	double worker_cpu_max;     /* share of a cpu that the busiest worker used */
	double worker_wait_max;    /* share of the time that one was ready and had no cpu */
	double throttled;          /* time that the cpu quota stopped threads, by that of the run */
	uint64_t pairs;            /* load --serve: workers with both ends of their connections */
	bool has_processes;        /* more than one */
	struct report_process *processes;
	uint32_t process_count;
	const char *verdict;    /* good, weak, bad */
	const char *evidence;   /* the sentence behind it */
	const char *limited_by; /* of load (metric/limit.h): who, NULL: not judged */
	const char *limited_cause;
	double limited_share;
};

struct report_expectation {
	const char *text;
	const char *set; /* graceful, hitless; NULL: given by itself */
	double value;    /* in the figure's unit */
	double whole;    /* what a percentage of it is of; 0: takes none */
	bool is_measured;
	bool is_held;
	const char *reason; /* why not measured */
};

/* One measurement at one rate, of several that look for the highest (metric/rate_search.h). */
struct report_trial {
	double rate_per_second;
	uint64_t length_ns;
	const char *verdict; /* of rate_verdict_name() */
	const char *figures; /* "response.p99 9.10 ms, lost 0" */
	const char *reason;  /* why it did not hold; NULL: it did */
	struct report_expectation *conditions;
	uint32_t condition_count;
};

struct report_search {
	bool is_found;
	double rate_per_second; /* that held; what else the report tells is of this trial */
	/* Where the highest lies, 19 times in 20. 0: nothing held, nothing failed. */
	double low;
	double high;
	const char *end; /* of rate_search_end_name(), or "interrupted" */
	const char
		*limit; /* why this host, and not the target, sets the limit; NULL: it does not */
	uint64_t held_trial;   /* number of the one that stands for the rate, from 1; 0: none */
	uint64_t failed_trial; /* of the nearest above that did not hold; 0: none */
	uint64_t trials_max;
	uint64_t length_ns; /* of the longest */
	uint64_t sending_max_ns;
	uint64_t sent_ns; /* all trials together */
	struct report_trial *trials;
	uint32_t trial_count;
};

/* The command of a mark: what --exec ran, or the one that the run wrapped. */
struct report_command {
	const char *text; /* as given */
	/* As of timeout(1): 124 where we had to end it, 126 and 127 where it could not be started,
	 * 128 + n where signal n ended it. */
	uint64_t exit_status;
	bool has_exit_status;    /* false: it did not end */
	const char *signal;      /* what ended it: "SIGKILL" */
	const char *reason;      /* why it could not be started, or was ended by us */
	int64_t ended_ns;        /* INT64_MIN: it had not ended */
	const char *output;      /* stdout and stderr, the last REPORT_OUTPUT_MAX bytes */
	uint64_t output_omitted; /* bytes before these */
};
#define REPORT_OUTPUT_MAX ((size_t)64 << 10)

/* How the run came back after a mark (metric/convergence.h): times from the mark, ± 100 ms and a
 * sending interval; INT64_MIN: not before the end, or nothing to measure it by. */
struct report_convergence {
	bool is_measured;
	const char *reason;    /* why not; where it is: why there is no throughput */
	uint64_t affected;     /* slots that broke or stalled between this mark and the next */
	uint64_t not_good;     /* of these: not answered again by the end */
	int64_t first_good_ns; /* the first of them was answered again */
	int64_t all_good_ns;   /* the last */
	int64_t throughput_90_ns;
	int64_t throughput_95_ns;
	int64_t throughput_99_ns;
};

/* A moment that the user named. */
struct report_mark {
	const char *name; /* "USR1"; of a command its text */
	/* signal, time, exec, command (the wrapped one starts), command_end, key (the user changed
	 * the run: nothing is measured by it) */
	const char *kind;
	int64_t at_ns;
	bool has_command;
	struct report_command command;
	struct report_convergence convergence;
};
#define REPORT_MARKS_MAX 1000

/* What the connections of a client came to over TLS. */
struct report_tls {
	const char *version; /* of the first handshake, "TLSv1.3"; NULL: none was done */
	const char *cipher;
	const char *protocol; /* agreed on by ALPN */
	bool is_verified;
	uint64_t handshakes;
	uint64_t resumed;      /* of these */
	uint64_t cut_short;    /* connections that ended without TLS's goodbye */
	const char *complaint; /* why the first that failed did */
};

struct report_limit { /* serve: a limit that turned clients away */
	const char *name;
	uint64_t count;
};

/* Where figures were sent while it ran. What was not taken there changes nothing of the run. */
struct report_push {
	const char *kind; /* "StatsD", whose datagrams are counted, "OTLP", whose requests are */
	const char *to;   /* as typed */
	uint64_t sent;
	uint64_t dropped;    /* of these: not taken */
	const char *trouble; /* the last; NULL: none */
};
#define REPORT_PUSHES_MAX 2

struct report {
	struct arena arena;
	const char *tool_name; /* "conntest", or whose file it was read from */
	const char *tool_version;
	const char *command;
	const char *target;   /* as used; several with blanks between */
	const char *headline; /* line 1 of the text */
	const char *result;   /* the sentence after "Result:" */
	const char *trust;
	struct report_setting *settings;
	uint32_t setting_count;
	const char *host_name;
	const char *kernel;
	int64_t started_unix_ns;
	uint64_t duration_ns;
	uint64_t planned_duration_ns; /* 0: until interrupted */
	uint64_t reply_timeout_ns;
	uint64_t stall_after_ns;
	bool is_interrupted;
	bool has_nothing_answered;
	const char *not_measured;      /* why it could not begin; NULL: it did. Not in the JSON */
	struct report_stream *streams; /* of report_add_stream() */
	uint32_t stream_count;
	uint32_t stream_capacity;
	struct report_mark *marks; /* in order of time */
	uint32_t mark_count;
	uint64_t marks_omitted;
	struct report_connection *connections;
	uint32_t connection_count;
	uint64_t connections_omitted;
	struct report_generator generator;
	struct report_expectation *expectations;
	uint32_t expectation_count;
	/* report merge: rates are those of the time in which all runs went on; 0: there is none */
	uint64_t merged_from; /* so many reports; 0: this is one run's */
	uint64_t overlap_ns;
	bool has_tls;
	struct report_tls tls;
	bool has_search;
	struct report_search search;
	struct report_push pushes[REPORT_PUSHES_MAX];
	uint32_t push_count;
	bool has_path;
	struct path_result path;
	bool has_mesh;
	struct report_mesh mesh;
	/* serve */
	uint64_t drained, cut_off, drain_ns;
	struct report_limit *limits;
	uint32_t limit_count;
};

/* All zero but the arena and the name of the tool, this one; report_free() takes NULL. */
nodiscard int report_new(struct report **ret);
void report_free(struct report *report);

/* One more, all zero, of REPORT_STREAMS_MAX at most. Earlier ones may move: their pointers end. */
struct report_stream *report_add_stream(struct report *report);

/* How many of its processes were lost. */
uint32_t report_processes_lost(const struct report *report);
/* The stream of this name, or NULL. */
const struct report_stream *report_stream(const struct report *report, const char *name);
/* The stream that the run is about, of kind "slots": persistent (traffic) or load (not
 * that of other programs); NULL: none. */
const struct report_stream *report_main_stream(const struct report *report);
/* How many answered messages its rate counts. Of a closed loop these are those of the time in which
 * it sent, as an answer that comes later would be one of the next second; of an open loop all, each
 * is one of those that were due. */
uint64_t report_answered(const struct report_stream *stream);
/* Is it of a process that served others, and did nothing besides? */
bool report_is_serving(const struct report *report);
/* Is it one of `ping`: every stream is a target? */
bool report_is_ping(const struct report *report);
/* How many attempts and probes failed because this host had no descriptor, port or memory left. */
uint64_t report_lacked(const struct report *report);
/* How many messages and probes were due and missed for want of cpu here, over all streams. */
uint64_t report_missed_here(const struct report *report);
/* Was any stream measured? Not where a signal ended the run in the ramp. */
bool report_is_measured(const struct report *report);
/* The first mark of this kind, or NULL. */
const struct report_mark *report_mark_of(const struct report *report, const char *kind);
/* Does any backend of the stream have a name? */
bool report_has_backend_names(const struct report_stream *stream);
