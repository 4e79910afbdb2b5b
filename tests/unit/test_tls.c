/* What a client and a server of TLS are made from: files that are good and bad, the throw-away
 * certificate, and one client for many threads over the kernel's TCP. */
#include <errno.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/units.h"
#include "net/loop.h"
#include "net/stream.h"
#include "net/tls.h"
#include "support/certificate.h"

/* ---- files */

struct file_row {
	const char *certificate;
	const char *key;
	const char *ca;
	int code;
	const char
		*sentence; /* %1 and %2: the paths of the certificate and the key; %3: of the CA */
};

static const struct file_row file_rows[] = {
	{ "web.crt", "web.key", "ca.crt", 0, "" },
	{ "both.pem", NULL, NULL, 0, "" },
	{ "none.crt", "web.key", NULL, ENOENT,
	  "--cert: cannot read %1: No such file or directory" },
	{ "web.crt", "none.key", NULL, ENOENT, "--key: cannot read %2: No such file or directory" },
	{ "folder", "web.key", NULL, EISDIR, "--cert: cannot read %1: Is a directory" },
	{ "web.crt", NULL, NULL, EINVAL, "--cert: %1 holds no key: give it with --key FILE" },
	{ "web.crt", "old.key", NULL, EINVAL, "--key: %2 is not the key of the certificate in %1" },
	{ "web.crt", "text.pem", NULL, EINVAL, "--key: %2 holds no key in PEM" },
	{ "web.crt", "empty.pem", NULL, EINVAL, "--key: %2 holds no key in PEM" },
	{ "web.crt", "secret.key", NULL, EINVAL,
	  "--key: %2 is encrypted: give it decrypted (openssl pkey)" },
	{ "text.pem", "web.key", NULL, EINVAL, "--cert: %1 holds no certificate in PEM" },
	{ "web.key", "web.key", NULL, EINVAL, "--cert: %1 holds no certificate in PEM" },
	{ "broken.pem", "web.key", NULL, EINVAL, "--cert: %1 holds no certificate in PEM" },
	{ NULL, "web.key", NULL, EINVAL, "--key: name the certificate of %2 with --cert FILE" },
	{ "web.crt", "web.key", "none.crt", ENOENT,
	  "--ca: cannot read %3: No such file or directory" },
	{ "web.crt", "web.key", "text.pem", EINVAL, "--ca: %3 holds no certificate in PEM" },
};

static void expand(const char *sentence, const char *const files[3], char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (; *sentence != '\0'; sentence++) {
		const char *piece = sentence[0] == '%' ? files[*++sentence - '1'] : NULL;
		used += (size_t)snprintf(text + used, size - used, "%.*s",
					 piece != NULL ? (int)strlen(piece) : 1,
					 piece != NULL ? piece : sentence);
	}
}

static void check_row(const struct file_row *row, int rc, const struct error *error,
		      const char *const files[3])
{
	char expected[512];

	expand(row->sentence, files, expected, sizeof(expected));
	assert_string_equal(error->text, expected);
	assert_int_equal(rc, -row->code);
}

static void test_files(void **state)
{
	for (size_t i = 0; i < array_size(file_rows); i++) {
		const struct file_row *row = &file_rows[i];
		const char *const files[] = {
			row->certificate != NULL ? certificate_path(row->certificate) : NULL,
			row->key != NULL ? certificate_path(row->key) : NULL,
			row->ca != NULL ? certificate_path(row->ca) : NULL,
		};
		struct tls_client_options client_options = { .certificate_file = files[0],
							     .key_file = files[1],
							     .ca_file = files[2] };
		struct tls_server_options server_options = { .certificate_file = files[0],
							     .key_file = files[1],
							     .client_ca_file = files[2] };
		struct error error = { "" };
		struct tls_client *client = NULL;
		struct tls_server *server = NULL;
		check_row(row, tls_client_new(&client_options, &error, &client), &error, files);
		error.text[0] = '\0';
		check_row(row, tls_server_new(&server_options, &error, &server), &error, files);
		assert_int_equal(client != NULL, row->code == 0);
		assert_int_equal(server != NULL, row->code == 0);
		if (server != NULL) {
			assert_string_equal(tls_server_certificate_path(server), files[0]);
			assert_false(tls_server_is_throw_away(server));
			assert_null(tls_server_warning(server));
		}
		tls_client_free(client);
		tls_server_free(server);
	}
}

static void test_dates_of_our_own(void **state)
{
	struct tls_server *server = certificate_server("old");

	assert_non_null(tls_server_warning(server));
	assert_int_equal(strncmp(tls_server_warning(server), "expired on 20", 13), 0);
	tls_server_free(server);
	server = certificate_server("early");
	assert_int_equal(strncmp(tls_server_warning(server), "not valid before 20", 19), 0);
	tls_server_free(server);
}

static void test_protocol_lists(void **state)
{
	static const struct {
		const char *text;
		int code;
	} rows[] = {
		{ "h2,http/1.1", 0 },
		{ "x", 0 },
		{ ",", -EINVAL },
		{ "h2,,x", -EINVAL },
	};
	char *long_one = calloc(1, 300);

	memset(long_one, 'x', 299);
	for (size_t i = 0; i <= array_size(rows); i++) {
		bool is_long = i == array_size(rows);
		struct tls_client_options options = { .alpn = is_long ? long_one : rows[i].text };
		struct tls_client *client = NULL;
		struct error error = { "" };
		int rc = tls_client_new(&options, &error, &client);
		assert_int_equal(rc, is_long ? -EINVAL : rows[i].code);
		tls_client_free(client);
	}
	free(long_one);
}

/* ---- the throw-away certificate */

static X509 *read_certificate(const char *path)
{
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	X509 *certificate = PEM_read_X509(file, NULL, NULL, NULL);
	(void)fclose(file);
	assert_non_null(certificate);
	return certificate;
}

static void check_days(const X509 *certificate)
{
	int days = 0;
	int seconds = 0;

	assert_int_equal(ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(certificate)), 1);
	assert_in_range(days, 29, 30);
	assert_true(X509_cmp_current_time(X509_get0_notBefore(certificate)) < 0);
}

static void test_throw_away(void **state)
{
	struct endpoint addresses[3] = { { .family = 0 } };
	struct tls_server_options options = { .host_name = "web-1.example",
					      .addresses = addresses,
					      .address_count = 3 };
	struct tls_server *server = NULL;
	struct error error = { "" };
	struct stat status;
	char path[128];

	assert_int_equal(endpoint_parse("192.0.2.7", 0, &addresses[1]), 0);
	assert_int_equal(endpoint_parse("2001:db8::7", 0, &addresses[2]), 0);
	(void)setenv("XDG_RUNTIME_DIR", certificate_path("folder"), 1);
	assert_int_equal(tls_server_new(&options, &error, &server), 0);
	(void)snprintf(path, sizeof(path), "%s/conntest-%d-cert.pem", certificate_path("folder"),
		       (int)getpid());
	assert_string_equal(tls_server_certificate_path(server), path);
	assert_true(tls_server_is_throw_away(server));
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0644);
	X509 *certificate = read_certificate(path);
	assert_int_equal(X509_check_host(certificate, "localhost", 0, 0, NULL), 1);
	assert_int_equal(X509_check_host(certificate, "web-1.example", 0, 0, NULL), 1);
	assert_int_equal(X509_check_host(certificate, "web-2.example", 0, 0, NULL), 0);
	assert_int_equal(X509_check_ip_asc(certificate, "127.0.0.1", 0), 1);
	assert_int_equal(X509_check_ip_asc(certificate, "::1", 0), 1);
	assert_int_equal(X509_check_ip_asc(certificate, "192.0.2.7", 0), 1);
	assert_int_equal(X509_check_ip_asc(certificate, "2001:db8::7", 0), 1);
	assert_int_equal(X509_check_ip_asc(certificate, "192.0.2.8", 0), 0);
	check_days(certificate);
	X509_free(certificate);
	tls_server_free(server);
	assert_int_equal(stat(path, &status), -1);
}

/* One that was killed left its file; a folder that is none is passed over. */
static void test_throw_away_in_odd_places(void **state)
{
	struct tls_server_options options = { .host_name = "not a name" };
	struct tls_server *server = NULL;
	struct error error = { "" };
	char file[64];

	(void)setenv("XDG_RUNTIME_DIR", "/nowhere", 1);
	(void)setenv("TMPDIR", certificate_path("folder"), 1);
	(void)snprintf(file, sizeof(file), "folder/conntest-%d-cert.pem", (int)getpid());
	certificate_write(file, "old");
	assert_int_equal(tls_server_new(&options, &error, &server), 0);
	assert_string_equal(tls_server_certificate_path(server), certificate_path(file));
	X509_free(read_certificate(certificate_path(file)));
	tls_server_free(server);
	assert_int_equal(mkdir(certificate_path(file), 0700), 0);
	assert_int_equal(tls_server_new(&options, &error, &server), -EISDIR);
	assert_non_null(strstr(error.text, "cannot write the throw-away certificate to "));
	assert_int_equal(rmdir(certificate_path(file)), 0);
}

/* ---- many threads */

#define THREADS     4
#define CONNECTIONS 25

struct talker {
	struct stream stream;
	struct loop *loop;
	const struct stream_connect *connect;
	unsigned left;
	unsigned done;
};

struct echo {
	struct listener listener;
	struct stream streams[THREADS * CONNECTIONS + 1]; /* the last accept gets none */
	unsigned count;
	struct loop *loop;
};

static void echo_ready(struct stream *stream, unsigned events)
{
	char data[64];
	ssize_t got = -EAGAIN;

	if ((events & STREAM_READABLE) != 0)
		got = stream_receive(stream, data, sizeof(data));
	if (got > 0) {
		struct iovec part = { data, (size_t)got };
		assert_int_equal(stream_send(stream, &part, 1), got);
	} else if (got != -EAGAIN || (events & STREAM_FAILED) != 0) {
		stream_close(stream);
	}
}

static void echo_arrived(struct listener *listener)
{
	struct echo *echo = container_of(listener, struct echo, listener);

	while (listener_accept(listener, &echo->streams[echo->count], echo_ready) == 0)
		echo->count++;
}

static void stop(void *context)
{
	loop_stop(context);
}

static void *run_echo(void *context)
{
	struct echo *echo = context;

	assert_int_equal(loop_run(echo->loop, UINT64_MAX), 0);
	return NULL;
}

static void talk(struct stream *stream, unsigned events)
{
	struct talker *talker = container_of(stream, struct talker, stream);
	struct iovec part = { "hello", 5 };
	char data[64];

	if ((events & STREAM_CONNECTED) != 0)
		assert_int_equal(stream_send(stream, &part, 1), 5);
	if ((events & STREAM_READABLE) != 0 && stream_receive(stream, data, sizeof(data)) == 5) {
		talker->done++;
		stream_close(stream);
		loop_stop(talker->loop);
	}
	if ((events & STREAM_FAILED) != 0)
		loop_stop(talker->loop);
}

static void *run_talker(void *context)
{
	struct talker *talker = context;
	struct loop_options real = { 0 };

	assert_int_equal(loop_new(&real, &talker->loop), 0);
	for (unsigned i = 0; i < CONNECTIONS; i++) {
		assert_int_equal(stream_connect(&talker->stream, &stream_tls, talker->loop,
						talker->connect, talk),
				 0);
		assert_int_equal(loop_run(talker->loop, loop_now(talker->loop) + 20 * NS_PER_S), 0);
		stream_close(&talker->stream);
	}
	loop_free(talker->loop);
	return NULL;
}

static void open_echo(struct echo *echo, const struct tls_server *server)
{
	struct loop_options real = { 0 };
	struct listen_options listen = {
		.below = &stream_tcp,
		.tls = server,
		.protocols = "\x08http/1.1",
	};

	*echo = (struct echo){ .count = 0 };
	assert_int_equal(endpoint_parse("127.0.0.1", 0, &listen.local), 0);
	assert_int_equal(loop_new(&real, &echo->loop), 0);
	loop_on_wake(echo->loop, stop, echo->loop);
	assert_int_equal(
		listener_open(&echo->listener, &stream_tls, echo->loop, &listen, echo_arrived), 0);
}

static void close_echo(struct echo *echo)
{
	for (unsigned i = 0; i < echo->count; i++)
		stream_close(&echo->streams[i]);
	listener_close(&echo->listener);
	loop_free(echo->loop);
	free(echo);
}

static void share_a_client(const struct tls_client_options *options, const char *alpn)
{
	struct tls_server *server = certificate_server("web");
	struct echo *echo = malloc(sizeof(*echo));
	struct talker talkers[THREADS] = { { .left = 0 } };
	struct error error = { "" };
	struct tls_client *client = NULL;
	struct tls_figures figures;
	pthread_t threads[THREADS + 1];

	assert_int_equal(tls_client_new(options, &error, &client), 0);
	open_echo(echo, server);
	struct stream_connect connect = { .remote = echo->listener.local,
					  .below = &stream_tcp,
					  .tls = client,
					  .server_name = "web.test" };
	assert_int_equal(pthread_create(&threads[THREADS], NULL, run_echo, echo), 0);
	for (unsigned i = 0; i < THREADS; i++) {
		talkers[i].connect = &connect;
		assert_int_equal(pthread_create(&threads[i], NULL, run_talker, &talkers[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(talkers[i].done, CONNECTIONS);
	}
	loop_wake(echo->loop);
	assert_int_equal(pthread_join(threads[THREADS], NULL), 0);
	tls_client_describe(client, &figures);
	assert_int_equal(figures.handshakes, THREADS * CONNECTIONS);
	/* Each thread takes up what it was given last, unless another one was faster. */
	assert_in_range(figures.resumed, THREADS * (CONNECTIONS - 2), THREADS * CONNECTIONS);
	assert_string_equal(figures.alpn, alpn);
	assert_null(tls_client_complaint(client));
	close_echo(echo);
	tls_client_free(client);
	tls_server_free(server);
}

static void test_threads_share_a_client(void **state)
{
	struct tls_client_options options = { .ca_file = certificate_path("ca.crt"),
					      .alpn = "h2,http/1.1",
					      .has_resumption = true };

	share_a_client(&options, "http/1.1");
}

/* All of them come to it at once, and one makes what they share. */
static void test_threads_share_a_late_client(void **state)
{
	struct tls_client_options options = { .is_unverified = true,
					      .has_resumption = true,
					      .is_late = true };

	share_a_client(&options, "");
}

static void write_key_with_password(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	FILE *file = fopen(certificate_path("secret.key"), "w");

	assert_non_null(file);
	assert_int_equal(PEM_write_PrivateKey(file, key, EVP_aes_128_cbc(),
					      (const unsigned char *)"secret", 6, NULL, NULL),
			 1);
	(void)fclose(file);
	EVP_PKEY_free(key);
}

/* The certificate and its key in one file. */
static void write_both(void)
{
	static const char *const parts[] = { "web.key", "web.crt" };
	char text[8192];
	size_t used = 0;

	for (size_t i = 0; i < array_size(parts); i++) {
		FILE *file = fopen(certificate_path(parts[i]), "r");
		assert_non_null(file);
		used += fread(text + used, 1, sizeof(text) - used - 1, file);
		(void)fclose(file);
	}
	text[used] = '\0';
	certificate_write("both.pem", text);
}

static int make_files(void **state)
{
	static const struct certificate certificates[] = {
		{ "ca", NULL, NULL, -10, 10 },
		{ "web", "DNS:web.test", "ca", -10, 10 },
		{ "old", "DNS:web.test", "ca", -10, -1 },
		{ "early", "DNS:web.test", "ca", 1, 10 },
	};

	for (size_t i = 0; i < array_size(certificates); i++)
		certificate_make(&certificates[i]);
	write_both();
	write_key_with_password();
	certificate_write("empty.pem", "");
	certificate_write("text.pem", "This is no certificate.\n");
	certificate_write("broken.pem",
			  "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
	return mkdir(certificate_path("folder"), 0700);
}

static int remove_files(void **state)
{
	int rc = rmdir(certificate_path("folder"));

	certificates_remove();
	return rc;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_dates_of_our_own),
		cmocka_unit_test(test_protocol_lists),
		cmocka_unit_test(test_throw_away),
		cmocka_unit_test(test_throw_away_in_odd_places),
		cmocka_unit_test(test_threads_share_a_client),
		cmocka_unit_test(test_threads_share_a_late_client),
	};

	return cmocka_run_group_tests(tests, make_files, remove_files);
}
