/* The kinds of probers, for the one table of them (kinds.c). */
#pragma once

struct prober_kind;

extern const struct prober_kind prober_stream; /* all that runs over TCP or TLS */
