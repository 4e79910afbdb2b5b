/* Where frames of HTTP/2 begin and end, and whether a peer floods with such as bring nothing. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct h2_watch {
	uint64_t second_ns; /* when the second began in which these are counted */
	uint32_t idle_frames;
	uint32_t left;        /* of the frame under way, behind its head */
	uint8_t head[9];      /* of it, as far as it has come */
	uint8_t head_size;    /* 9: it is whole */
	uint8_t preface_size; /* of the client's preface, as far as it has come */
	uint8_t preface_last;
};

/* `preface_bytes` come before the first frame. */
void h2_watch_init(struct h2_watch *watch, uint8_t preface_bytes);
/* How many of these bytes go up to the end of a frame, or of the preface. */
size_t h2_watch_take(struct h2_watch *watch, const uint8_t *data, size_t size);
/* A frame's head has come whole with the last call. */
uint8_t h2_watch_type(const struct h2_watch *watch);
/* Nothing has come of the next frame. */
bool h2_watch_is_between(const struct h2_watch *watch);
/* The frame that has ended with the last h2_watch_take() is one too many of those in a second. */
bool h2_watch_is_flood(struct h2_watch *watch, uint64_t now_ns, uint32_t most);
