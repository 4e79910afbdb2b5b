/* What answers say became of what they were asked, in one number: HTTP's statuses as they are,
 * those of gRPC, the codes of HTTP/2's resets and DNS behind them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STATUS_GRPC   1000u /* + grpc-status */
#define STATUS_HEALTH 1900u /* + a status of grpc.health.v1 other than SERVING */
#define STATUS_RESET  2000u /* + the code of RST_STREAM or GOAWAY */
#define STATUS_DNS    3000u /* + RCODE */

/* It is no success: an HTTP status from 400 on, a call that was not OK, a reset,
 * a DNS answer other than NOERROR. */
bool status_is_error(uint32_t status);
/* "503", "grpc NOT_FOUND", "health NOT_SERVING", "grpc 99", "RST_STREAM CANCEL", "dns
 * NXDOMAIN"; returns `text`. */
#define STATUS_TEXT_MAX 48
const char *status_format(uint32_t status, char text[STATUS_TEXT_MAX]);
