/* HTTP/2 (RFC 9113), either side, by nghttp2's memory interface: bytes in, events out, bytes out.
 * Everything that a peer can make grow has a bound, below; who goes beyond is told to calm down
 * (GOAWAY), and h2_complaint() has the sentence. One owner, no locking. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include "base/attributes.h"

struct h2;

enum h2_role {
	H2_SERVER,
	H2_CLIENT,
};

/* Streams at once: a server announces it, a client begins no more. */
#define H2_SERVER_STREAMS_MAX 128
#define H2_CLIENT_STREAMS_MAX 4096
/* Of one header list: names, values and 32 bytes each (6.5.2). */
#define H2_HEADERS_MAX_BYTES (64 * 1024)
/* CONTINUATION frames behind one HEADERS frame. */
#define H2_CONTINUATIONS_MAX 8
/* Entries of one SETTINGS frame; acknowledgements that wait to be sent. */
#define H2_SETTINGS_MAX 32
#define H2_ACKS_MAX     256
/* Frames a second that bring no headers, no body and no room for it: SETTINGS, PING, PRIORITY,
 * empty DATA, unknown ones. */
#define H2_IDLE_FRAMES_MAX 1000
/* Streams that a client may reset: at once, and more a second. */
#define H2_RESETS_MAX          200
#define H2_RESETS_A_SECOND_MAX 100
/* Of a body that a server has not consumed: of a stream, of all. A client takes all at once. */
#define H2_SERVER_STREAM_BYTES     65535
#define H2_SERVER_CONNECTION_BYTES (256 * 1024)
/* All that nghttp2 keeps of a connection; an idle one has 25 KiB. */
#define H2_SERVER_MEMORY_MAX ((size_t)2 * 1024 * 1024)
#define H2_CLIENT_MEMORY_MAX ((size_t)32 * 1024 * 1024)
/* No more fields can be sent in one head. */
#define H2_FIELDS_MAX 128
/* What h2_write() gives at once is never more. */
#define H2_WRITE_MAX_BYTES (16384 + 9)

struct h2_field {
	const char *name;
	const char *value;
	size_t name_size;
	size_t value_size;
};
#define H2_FIELD(text, content)                                      \
	{                                                            \
		(text), (content), sizeof(text) - 1, strlen(content) \
	}

enum h2_head {
	H2_HEAD_FINAL, /* of a request, or a response with a status from 200 on */
	H2_HEAD_INTERIM,
	H2_HEAD_TRAILERS,
};

/* What comes next of a body: at most `room` bytes are put into `data`. */
struct h2_fill {
	uint8_t *data;
	size_t room;
	size_t size;       /* 0 and not the last: nothing until h2_resume() */
	bool is_last;      /* these end the body, */
	bool has_trailers; /* which h2_trailers() follow, called out of the filling */
};

/* `stream` is the owner's memory of it. None of these may call h2_read() or h2_write(). */
struct h2_handler {
	/* A server's: a request begins. NULL: it is refused. A client's: never called. */
	void *(*begin)(void *owner, int32_t id);
	void (*field)(void *owner, void *stream, const struct h2_field *field);
	void (*head)(void *owner, void *stream, enum h2_head head);
	/* A server's are for h2_consume(). */
	void (*body)(void *owner, void *stream, const uint8_t *data, size_t size);
	/* The peer has said all of it. */
	void (*end)(void *owner, void *stream);
	/* Nothing more comes. `code`: 0, or what it was reset with; REFUSED_STREAM also where the
	 * peer's GOAWAY says that it was not processed. `why`: what the peer did wrong, or NULL. */
	void (*closed)(void *owner, void *stream, uint32_t code, const char *why);
	void (*fill)(void *owner, void *stream, struct h2_fill *ret);
	/* A client's: what h2_write() is about to give begins this stream. NULL: not asked for. */
	void (*begun)(void *owner, void *stream);
	/* The peer takes no new streams and ends when all are answered. NULL: not asked for. */
	void (*going)(void *owner, uint32_t code);
};

/* -ENOMEM. */
nodiscard int h2_new(enum h2_role role, const struct h2_handler *handler, void *owner,
		     struct h2 **ret);
/* Streams that are still open are told `closed`. Harmless on NULL. */
void h2_free(struct h2 *h2);

/* Reads up to the end of a frame, so that little happens at once; returns how many bytes. Behind
 * it ask h2_complaint(). `now_ns` is what floods are measured by. */
size_t h2_read(struct h2 *h2, const uint8_t *data, size_t size, uint64_t now_ns);
/* A server's: these many bytes of a body have gone on, so that as many may come. */
void h2_consume(struct h2 *h2, int32_t id, size_t size);
/* The next bytes to send, valid until the next call of anything; 0: there are none; < 0: -ENOMEM.
 * Behind it ask h2_complaint(). */
nodiscard ssize_t h2_write(struct h2 *h2, const uint8_t **ret);
/* The connection can't go on: what the peer did ("sent ...", behind "the peer "). NULL: it can.
 * What h2_write() still gives tells the peer. */
const char *h2_complaint(const struct h2 *h2);
/* Nothing came but what belongs to whole frames. */
bool h2_is_between(const struct h2 *h2);

/* The peer has said all of this stream, also where that comes with the head that is told now. */
bool h2_has_ended(const struct h2 *h2, int32_t id);

/* A client's: how many more requests may be begun now. */
uint32_t h2_room(const struct h2 *h2);
/* These return -errno or 0, h2_request() the stream's id. `has_body`: what `fill` gives follows. */
nodiscard int32_t h2_request(struct h2 *h2, const struct h2_field *fields, size_t count,
			     bool has_body, void *stream);
nodiscard int h2_answer(struct h2 *h2, int32_t id, const struct h2_field *fields, size_t count,
			bool has_body);
/* 100 Continue. */
nodiscard int h2_continue(struct h2 *h2, int32_t id);
nodiscard int h2_trailers(struct h2 *h2, int32_t id, const struct h2_field *fields, size_t count);
/* There is more of a body. */
void h2_resume(struct h2 *h2, int32_t id);
void h2_reset(struct h2 *h2, int32_t id, uint32_t code);
/* Asks whether the peer is still there. */
void h2_ping(struct h2 *h2);
/* Says that the end is near: new streams are still answered. Once. */
void h2_announce_end(struct h2 *h2);
/* Says which streams were the last. */
void h2_end(struct h2 *h2);

/* "ENHANCE_YOUR_CALM" of 11 (RFC 9113, 7). */
const char *h2_code_name(uint32_t code);
#define H2_NO_ERROR       0
#define H2_PROTOCOL_ERROR 1
#define H2_REFUSED_STREAM 7
#define H2_CANCEL         8

/* What every connection to a server begins with (3.4). */
#define H2_PREFACE       "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#define H2_PREFACE_BYTES 24
