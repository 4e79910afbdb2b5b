/* The colours of a picture, by what they mean: Okabe and Ito's, which the colour-blind tell apart,
 * for light and for dark paper. One meaning has one colour in every panel, and a form or a word
 * besides. */
#pragma once

#include <stdint.h>

/* INK(symbol, name, light, dark) */
/* clang-format off */
#define INK_TABLE \
	INK(PAPER,  "paper",  0xffffff, 0x14181d) \
	INK(TEXT,   "text",   0x1b1f23, 0xe8eaec) \
	INK(MUTED,  "muted",  0x59636b, 0x9fa8b0) \
	INK(GRID,   "grid",   0xe4e7ea, 0x2a3037) \
	INK(FRAME,  "frame",  0xaab1b7, 0x4d555d) \
	INK(QUIET,  "quiet",  0xeef0f2, 0x20262c) /* time that is drawn compressed */ \
	INK(GOOD,   "good",   0x0072b2, 0x4ba3dc) /* answered */ \
	INK(CALM,   "calm",   0xd3e6f3, 0x1d3b52) /* areas of it */ \
	INK(SILENT, "silent", 0xe69f00, 0xe69f00) /* connected, and no answer comes */ \
	INK(AWAY,   "away",   0x7d868e, 0x8b949c) /* no connection */ \
	INK(NEVER,  "never",  0xc3c8cc, 0x59626a) /* never one */ \
	INK(BAD,    "bad",    0xd55e00, 0xf0772b) /* unanswered, failed, interrupted */ \
	INK(ALARM,  "alarm",  0xa84800, 0xff9a57) /* the same for text */ \
	/* Phases of a probe. */ \
	INK(RESOLVE,  "resolve",  0xe6c800, 0xf0e442) \
	INK(CONNECT,  "connect",  0x56b4e9, 0x56b4e9) \
	INK(TLS,      "tls",      0x009e73, 0x18b98d) \
	INK(SEND,     "send",     0x7a4fa3, 0xa98bd0) \
	INK(WAIT,     "wait",     0x0072b2, 0x2f86c4) \
	INK(TRANSFER, "transfer", 0xcc79a7, 0xd98fb8)

enum ink {
#define INK(symbol, name, light, dark) INK_##symbol,
	INK_TABLE
#undef INK
	INK_COUNT,
};
/* clang-format on */

struct ink_row {
	const char *name;
	uint32_t light; /* 0xrrggbb */
	uint32_t dark;
};
extern const struct ink_row ink_table[INK_COUNT];
