/* Numbers as people read them in the text views: lengths with their uncertainty, moments, rates. */
#pragma once

#include <stdint.h>

#include "metric/report_receiver.h"

#define PHRASE_MAX 128

/* Seconds with the digits that the resolution leaves: "0.7 s ±0.1", "0.31 s ±0.01"; below 1 ms of
 * resolution "4.7 ms ±0.02". Resolution 0: "0.7 s". */
const char *phrase_span(uint64_t ns, uint64_t resolution_ns, char text[PHRASE_MAX]);
/* The uncertainty alone: "±0.1". */
const char *phrase_resolution(uint64_t resolution_ns, char text[PHRASE_MAX]);
/* "1,182.3 s" */
const char *phrase_duration(uint64_t ns, char text[PHRASE_MAX]);
/* "+3.930 s", "-0.200 s" */
const char *phrase_offset(int64_t ns, char text[PHRASE_MAX]);
/* "2,000", "0.5": three digits where it is no whole number. */
const char *phrase_rate(double per_second, char text[PHRASE_MAX]);
/* With commas in thousands, never with an exponent: "333,333", "0.024". Not fewer digits than the
 * whole number has, no zeros at the end. */
const char *phrase_number(double value, int digits, char text[PHRASE_MAX]);
/* Percent, with two digits: "0.97", "100" of all and of nothing less. */
const char *phrase_share(uint64_t part, uint64_t whole, char text[PHRASE_MAX]);
/* A length in the unit that suits it, with three digits: "164 ms", "20,000 s". */
const char *phrase_interval(uint64_t ns, char text[PHRASE_MAX]);
/* "1 KiB": exact. */
const char *phrase_size(uint64_t bytes, char text[PHRASE_MAX]);
/* "411.9 MB": three or four digits, for sums. */
const char *phrase_volume(uint64_t bytes, char text[PHRASE_MAX]);
/* "1 connection", "2,000 connections": `noun` gets an s but for one. */
const char *phrase_count(uint64_t count, const char *noun, char text[PHRASE_MAX]);
/* The same with "none" for 0, without the noun: "none", "13". */
const char *phrase_none(uint64_t count, char text[PHRASE_MAX]);
/* What goes behind a goodput: "received at the far end", "acknowledged by the far end",
 * "received". */
const char *phrase_goodput_source(enum goodput_source source);
/* Host and port of a target: "10.20.0.5:5003" of "tcp://10.20.0.5:5003"; of several the first. */
const char *phrase_host(const char *target, char text[PHRASE_MAX]);
