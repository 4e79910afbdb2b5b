/* The kinds of probers, for the one table of them (kinds.c). */
#pragma once

struct prober_kind;

extern const struct prober_kind prober_stream; /* all that runs over TCP or TLS */
extern const struct prober_kind prober_udp_echo;
extern const struct prober_kind prober_icmp;
extern const struct prober_kind prober_stamp;
extern const struct prober_kind prober_dns; /* over UDP */
