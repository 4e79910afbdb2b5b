/* The shaper's log: one JSON object a line on stdout, for a test to compare with what was
 * measured. Every line has "at_ns" (CLOCK_MONOTONIC) and "unix_ns" (the same moment by wall time).
 *   {"event":"ready"}
 *   {"event":"set","way":"both","command":"delay 20ms"}
 *   {"event":"cut","way":"both"}   {"event":"join","way":"both"}
 *   {"event":"drop","why":"loss|cut|queue|mtu","way":"ab","bytes":1052,"protocol":"udp",
 *    "source":"10.9.0.1:4000","destination":"10.9.0.2:5003"}   also "duplicate" and "reorder"
 *   {"event":"end","way":"ab","in":10,"out":9,"loss":1,"cut":0,"queue":0,"mtu":0,...} */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

/* Writes a line: `format` gives what follows "event", with its leading comma, or is empty. */
void log_event(uint64_t at_ns, const char *event, const char *format, ...) printf_like(3, 4);

/* What happened to a packet. */
void log_packet(uint64_t at_ns, const char *event, const char *why, const char *way,
		const uint8_t *packet, size_t length);
