#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "engine/receiver_table.h"

static struct receiver_key key_of(uint16_t port, enum transport transport)
{
	return (struct receiver_key){
		.remote = { .address = { 192, 0, 2, 1 }, .port = port, .family = AF_INET },
		.local = { .address = { 192, 0, 2, 9 }, .port = 5009, .family = AF_INET },
		.transport = transport,
	};
}

static struct receiver_table *add_table(struct receiver_tables *all)
{
	struct receiver_table *table = NULL;
	assert_int_equal(receiver_table_new(all, 7, PAGES_PRIVATE, &table), 0);
	return table;
}

static void free_all(struct receiver_tables *all)
{
	while (all->first != NULL)
		receiver_table_free(all, all->first);
}

static void receive(struct receiver_table *table, const struct receiver_datagram *datagram)
{
	receiver_table_begin(table);
	receiver_table_datagram(table, datagram);
	receiver_table_commit(table);
}

static void receive_number(struct receiver_table *table, const struct receiver_key *key,
			   uint32_t run, uint64_t sequence)
{
	receive(table, &(struct receiver_datagram){ .key = key,
						    .size = 100,
						    .is_numbered = true,
						    .run = run,
						    .sequence = sequence,
						    .stamp_ns = 1 + sequence * 1000,
						    .now_ns = 50000 + sequence * 1010 });
}

static void each_flow_has_a_record(void **state)
{
	struct receiver_tables all = { 0 };
	struct receiver_table *table = add_table(&all);
	struct receiver_key udp = key_of(1000, TRANSPORT_UDP);
	struct receiver_key tcp = key_of(1000, TRANSPORT_TCP);
	struct receiver_key other = key_of(1001, TRANSPORT_UDP);
	struct receiver_record record;

	assert_false(receiver_tables_find(&all, &udp, &record, NULL));
	for (uint64_t i = 0; i < 10; i++)
		receive_number(table, &udp, 1, i < 5 ? i : i + 3);
	receive_number(table, &udp, 1, 6);
	receive_number(table, &udp, 1, 6);
	struct receiver_place place = receiver_table_open(table, &tcp, 60000);
	assert_true(receiver_table_stream(table, &place, 5000, 2, 70000));
	assert_true(receiver_table_stream(table, &place, 9000, 3, 80000));
	receive(table, &(struct receiver_datagram){ .key = &other, .size = 7, .now_ns = 90000 });

	assert_true(receiver_tables_find(&all, &udp, &record, NULL));
	assert_true(endpoint_is_equal(&record.key.remote, &udp.remote));
	assert_int_equal(record.messages, 12);
	assert_int_equal(record.numbered, 12);
	assert_int_equal(record.bytes, 1200);
	assert_int_equal(record.next, 13);
	assert_int_equal(record.unique, 11);
	assert_int_equal(record.duplicate, 1);
	assert_int_equal(record.reordered, 1);
	assert_int_equal(record.bursts.count, 2);
	assert_int_equal(record.bursts.lost, 2);
	assert_int_equal(record.first_ns, 50000);
	assert_int_equal(record.last_ns, 50000 + 6 * 1010);
	assert_int_equal(record.delay_count, 12);
	assert_in_range(record.delay_max_ns, 120, 121);

	assert_true(receiver_tables_find(&all, &tcp, &record, NULL));
	assert_int_equal(record.bytes, 9000);
	assert_int_equal(record.messages, 3);
	assert_int_equal(record.first_ns, 70000);
	assert_int_equal(record.last_ns, 80000);

	assert_true(receiver_tables_find(&all, &other, &record, NULL));
	assert_int_equal(record.messages, 1);
	assert_int_equal(record.numbered, 0);
	assert_int_equal(record.delay_count, 0);
	free_all(&all);
}

static void a_new_run_on_the_same_ports_begins_anew(void **state)
{
	struct receiver_tables all = { 0 };
	struct receiver_table *table = add_table(&all);
	struct receiver_key udp = key_of(1000, TRANSPORT_UDP);
	struct receiver_key tcp = key_of(1000, TRANSPORT_TCP);
	struct receiver_record record;

	receive_number(table, &udp, 1, 5);
	receive_number(table, &udp, 2, 0);
	assert_true(receiver_tables_find(&all, &udp, &record, NULL));
	assert_int_equal(record.messages, 1);
	assert_int_equal(record.bursts.count, 0);
	assert_int_equal(record.delay_count, 1);
	struct receiver_place none = { 0 };
	struct receiver_place first = receiver_table_open(table, &tcp, 9);
	assert_true(receiver_table_stream(table, &first, 5000, 2, 10));
	struct receiver_place second = receiver_table_open(table, &tcp, 11);
	assert_true(receiver_table_stream(table, &second, 4000, 1, 20));
	assert_false(receiver_table_stream(table, &first, 6000, 1, 20));
	assert_false(receiver_table_stream(table, &none, 6000, 1, 20));
	assert_true(receiver_tables_find(&all, &tcp, &record, NULL));
	assert_int_equal(record.bytes, 4000);
	assert_int_equal(record.first_ns, 20);
	free_all(&all);
}

static void overflows_count_from_the_beginning_of_the_flow(void **state)
{
	struct receiver_tables all = { 0 };
	struct receiver_table *tables[2] = { add_table(&all), add_table(&all) };
	struct receiver_key keys[2] = { key_of(1, TRANSPORT_UDP), key_of(2, TRANSPORT_UDP) };
	struct receiver_record record;
	uint32_t sockets[2];

	(void)receiver_table_socket(tables[0]);
	for (size_t i = 0; i < 2; i++)
		sockets[i] = receiver_table_socket(tables[i]);
	assert_int_not_equal(sockets[0], sockets[1]);
	for (size_t i = 0; i < 2; i++) {
		struct receiver_datagram datagram = {
			.key = &keys[i], .socket = sockets[i], .size = 1, .now_ns = 1
		};
		receiver_table_begin(tables[i]);
		receiver_table_overflows(tables[i], sockets[i], 100 + i);
		receiver_table_datagram(tables[i], &datagram);
		receiver_table_overflows(tables[i], sockets[i], 107);
		receiver_table_commit(tables[i]);
	}
	for (size_t i = 0; i < 2; i++) {
		assert_true(receiver_tables_find(&all, &keys[i], &record, NULL));
		assert_int_equal(record.socket, sockets[i]);
		assert_int_equal(record.overflows, 7 - i);
	}
	free_all(&all);
}

static void the_newest_of_all_workers_is_told(void **state)
{
	struct receiver_tables all = { 0 };
	struct receiver_table *first = add_table(&all);
	struct receiver_table *second = add_table(&all);
	struct receiver_key key = key_of(1, TRANSPORT_TCP);
	struct receiver_record record;

	struct receiver_place places[] = { receiver_table_open(first, &key, 98),
					   receiver_table_open(second, &key, 98) };
	assert_true(receiver_table_stream(first, &places[0], 11, 1, 100));
	assert_true(receiver_table_stream(second, &places[1], 22, 1, 99));
	assert_true(receiver_tables_find(&all, &key, &record, NULL));
	assert_int_equal(record.bytes, 11);
	assert_true(receiver_table_stream(second, &places[1], 33, 1, 101));
	assert_true(receiver_tables_find(&all, &key, &record, NULL));
	assert_int_equal(record.bytes, 33);
	free_all(&all);
}

static void where_it_is_full_the_oldest_is_forgotten(void **state)
{
	struct receiver_tables all = { 0 };
	struct receiver_table *table = add_table(&all);
	struct receiver_key kept = key_of(0, TRANSPORT_UDP);
	struct receiver_key tcp = key_of(0, TRANSPORT_TCP);
	struct receiver_place place = receiver_table_open(table, &tcp, 1);
	struct receiver_record record;
	unsigned found = 0;

	assert_true(receiver_table_stream(table, &place, 1, 0, 1));
	for (uint32_t i = 1; i < 60000; i++) {
		struct receiver_key key = key_of((uint16_t)i, TRANSPORT_UDP);
		receive(table, &(struct receiver_datagram){ .key = &key, .now_ns = 2 * i });
		receive(table, &(struct receiver_datagram){ .key = &kept, .now_ns = 2 * i + 1 });
	}
	for (uint32_t i = 1; i < 60000; i++) {
		struct receiver_key key = key_of((uint16_t)i, TRANSPORT_UDP);
		found += receiver_tables_find(&all, &key, &record, NULL);
	}
	assert_true(receiver_tables_find(&all, &kept, &record, NULL));
	assert_int_equal(record.messages, 59999);
	assert_int_equal(found, RECEIVER_FLOWS_MAX - 1);
	assert_false(receiver_table_stream(table, &place, 2, 0, 300000));
	free_all(&all);
}

/* A flow's bytes are a hundred times its datagrams whenever somebody looks. */
struct stress {
	struct receiver_tables all;
	struct receiver_table *table;
	atomic_bool is_over;
};

static void *ask(void *context)
{
	struct stress *stress = context;
	struct receiver_key key = key_of(1, TRANSPORT_UDP);
	struct hist *hist = calloc(1, hist_size(RECEIVER_DELAY_RANGE));
	uintptr_t wrong = 0;

	assert_non_null(hist);
	hist_init(hist, RECEIVER_DELAY_RANGE);
	while (!atomic_load(&stress->is_over)) {
		struct receiver_record record = { 0 };
		if (!receiver_tables_find(&stress->all, &key, &record, hist))
			continue;
		wrong += record.bytes != 100 * record.messages;
		wrong += record.unique != record.messages;
		wrong += hist->count != record.messages;
	}
	free(hist);
	return (void *)wrong;
}

static void it_may_be_asked_from_another_thread(void **state)
{
	struct stress stress = { 0 };
	struct receiver_key key = key_of(1, TRANSPORT_UDP);
	struct receiver_record record;
	pthread_t asker;
	void *wrong = NULL;

	stress.table = add_table(&stress.all);
	assert_int_equal(pthread_create(&asker, NULL, ask, &stress), 0);
	for (uint64_t i = 0; i < 20000; i++)
		receive_number(stress.table, &key, 1, i);
	atomic_store(&stress.is_over, true);
	assert_int_equal(pthread_join(asker, &wrong), 0);
	assert_null(wrong);
	assert_true(receiver_tables_find(&stress.all, &key, &record, NULL));
	assert_int_equal(record.messages, 20000);
	free_all(&stress.all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_flow_has_a_record),
		cmocka_unit_test(a_new_run_on_the_same_ports_begins_anew),
		cmocka_unit_test(overflows_count_from_the_beginning_of_the_flow),
		cmocka_unit_test(the_newest_of_all_workers_is_told),
		cmocka_unit_test(where_it_is_full_the_oldest_is_forgotten),
		cmocka_unit_test(it_may_be_asked_from_another_thread),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
