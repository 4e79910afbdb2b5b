/* Certificates made for a test, in a folder that is gone with certificates_remove(). Every helper
 * aborts when something can't be. */
#pragma once

#include <stdbool.h>

#include "net/tls.h"

struct certificate {
	const char *name;   /* its files are NAME.crt and NAME.key */
	const char *hosts;  /* "DNS:web.test,IP:127.0.0.1"; NULL: a CA */
	const char *signer; /* the name of another one; NULL: itself */
	long from_days;     /* valid from so many days from now... */
	long to_days;       /* ...until then */
};

/* Makes the folder if there is none yet, the key (EC P-256) and both files. */
void certificate_make(const struct certificate *certificate);
/* "FOLDER/FILE"; a few of them stay valid at once. */
const char *certificate_path(const char *file);
void certificate_write(const char *file, const char *text);
void certificates_remove(void);

/* A server that shows NAME. */
struct tls_server *certificate_server(const char *name);
/* A client that trusts the CA `ca`, NULL: this host's. */
struct tls_client *certificate_client(const char *ca);
