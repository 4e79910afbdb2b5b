/* The wire of the control service: one JSON object a line each way.
 *   {"ask":"hello"}
 *     -> {"version":"0.1.0","name":"web-1","services":[{"service":"discard","transport":"tcp",
 *        "port":5009},...]}
 *   {"ask":"receiver","transport":"tcp","local":"192.0.2.9:41000","remote":"192.0.2.1:5009"}
 *     -> {"known":true,"bytes":...,...}: what has arrived of that flow; `local` is the sender's end
 *     -> {"known":false}: nothing has, or it is forgotten
 *   {"ask":"path","local":"192.0.2.9:41000","remote":"192.0.2.1:5003","cookie":"32 HEX DIGITS",
 *   "run":7,"number":3,"payload_bytes":1472}
 *     -> {"number":3,"sent":true,"too_large":false,"interface_bytes":1500,"route_bytes":1500}: such
 * a datagram was sent to `local` with DF, as path_wire.h says, who gives the cookie; `local` is the
 * asker's own address. With "signal_from", "signal_bytes", "signal_number": ICMP has said since the
 *        last question that this one was too large
 *   {"error":"SENTENCE"} to anything else.
 * Each question may carry "token":"TEXT". Unknown keys are ignored on both sides. No I/O. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/buffer.h"
#include "base/endpoint.h"
#include "base/error.h"
#include "base/service.h"
#include "base/uri.h"
#include "proto/path_wire.h"

/* Bytes of a line with its end. */
#define CONTROL_QUESTION_MAX 4096
#define CONTROL_ANSWER_MAX   16384
#define CONTROL_TOKEN_MAX    256 /* with its NUL */

enum control_ask { CONTROL_HELLO, CONTROL_RECEIVER, CONTROL_PATH };

struct control_question {
	enum control_ask ask;
	enum transport transport; /* of RECEIVER: TCP (TLS too) or UDP */
	struct endpoint local;    /* the sender's */
	struct endpoint remote;   /* what the sender sent to */
	/* Of PATH. */
	uint8_t cookie[PATH_COOKIE_BYTES];
	uint32_t run;
	uint64_t number;
	uint32_t payload_bytes;        /* PATH_WIRE_BYTES or more */
	char token[CONTROL_TOKEN_MAX]; /* "": none; zeros behind its end */
};

/* `line` without its end. -EINVAL with a sentence for who asked. */
nodiscard int control_read_question(const char *line, size_t size, struct error *error,
				    struct control_question *ret);
void control_write_question(const struct control_question *question, struct buffer *out);

/* Takes as long whatever the two are. */
bool control_is_same_token(const char a[CONTROL_TOKEN_MAX], const char b[CONTROL_TOKEN_MAX]);
/* Into zeros. -EINVAL: it is empty, too long, or has other than printable ASCII. */
nodiscard int control_set_token(const char *text, struct error *error,
				char token[CONTROL_TOKEN_MAX]);

struct control_place {
	enum service service;
	enum transport transport;
	uint16_t port;
};
void control_write_hello(const char *version, const char *name, const struct control_place *places,
			 size_t count, struct buffer *out);

#define CONTROL_BURST_LENGTHS 64
#define CONTROL_HDR_MAX       10240

/* What has arrived of a flow. Times are the receiver's monotonic clock; what the flow does not tell
 * is 0. */
struct control_receipt {
	bool is_known; /* else all is 0 */
	uint64_t first_ns;
	uint64_t last_ns;
	uint64_t bytes;
	uint64_t messages; /* datagrams, with duplicates; of TCP as far as their size is known */

	/* What the queue of its socket dropped. Flows with the same `socket` share it, so that it
	 * is not to be added up. */
	uint64_t socket;
	uint64_t overflows;
	uint64_t merged; /* datagrams that came several in one, which the queue drops as one */

	/* Datagrams that carry a number. */
	uint64_t numbered;
	uint64_t next; /* the highest number + 1 */
	uint64_t unique;
	uint64_t duplicate;
	uint64_t reordered;
	uint64_t late;

	/* Losses in a row within [0, next). */
	uint64_t bursts;
	uint64_t bursts_lost;
	uint64_t burst_longest;
	uint64_t burst_longest_at;
	uint64_t burst_first_lost;
	uint64_t burst_last_lost;
	uint64_t burst_lengths[CONTROL_BURST_LENGTHS];

	/* Delay above the least seen. */
	uint64_t delay_count;
	uint64_t delay_p50_ns;
	uint64_t delay_p90_ns;
	uint64_t delay_p99_ns;
	uint64_t delay_p99_9_ns;
	uint64_t delay_max_ns;
	char delay_hdr[CONTROL_HDR_MAX]; /* as in the log of HdrHistogram; "": not told */
};

void control_write_receipt(const struct control_receipt *receipt, struct buffer *out);
/* -EINVAL: it is no such line. -EACCES: the other side's own sentence, made printable. */
nodiscard int control_read_receipt(const char *line, size_t size, struct error *error,
				   struct control_receipt *ret);

/* What became of a datagram on the way back. */
struct control_path {
	uint64_t number;
	bool is_sent;
	bool is_too_large; /* for the interface */
	uint64_t interface_bytes;
	uint64_t route_bytes; /* what the kernel there believed of the path before */
	bool is_signalled;
	uint64_t signal_number; /* 0: not known */
	uint64_t signal_bytes;  /* 0: not told */
	struct endpoint signal_from;
};
void control_write_path(const struct control_path *path, struct buffer *out);
/* As control_read_receipt(). */
nodiscard int control_read_path(const char *line, size_t size, struct error *error,
				struct control_path *ret);

void control_write_error(const char *sentence, struct buffer *out);
