/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_name_file.c - names come back as they were, and bytes that are not in order are refused
 */
#include "config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "symbols/name_file.h"
#include "util/buffer.h"
#include "util/hash_map.h"

enum {
	ADDRESSES = 500,
	ROUNDS = 4000,
	HEADER = 120,
	CHECKSUM = 16 /* where it is */
};

static const struct name_source sources[] = {
	{.device = 1, .inode = 2, .bytes = 3, .modified_ns = 4, .changed_ns = 5, .path = "/a"},
	{.path = "/usr/lib/debug/b"},
};

static size_t
make(uint64_t address, struct profile_location *locations)
{
	static const char *const texts[] = {"", "one", "two", NULL};
	size_t count = address % 5;

	for (size_t i = 0; i < count; i++)
		locations[i] = (struct profile_location){
			.function = texts[(address + i) % 4],
			.symbol = texts[(address + i + 1) % 4],
			.file = texts[(address / 4 + i) % 4],
			.line = (uint32_t)address,
			.column = (uint32_t)i,
			.function_line = 7,
			.inlined = i + 1 < count,
		};
	return count;
}

static bool
is_same_text(const char *left, const char *right)
{
	return left == NULL || right == NULL ? left == right : strcmp(left, right) == 0;
}

static void
check_address(const struct name_file *names, uint64_t address)
{
	struct profile_location found[NAME_LOCATIONS_MAX], wanted[NAME_LOCATIONS_MAX];
	size_t count, wanted_count = make(address, wanted);

	ck_assert(name_file_find(names, address, found, &count));
	ck_assert_uint_eq(count, wanted_count);
	for (size_t i = 0; i < count; i++) {
		ck_assert(is_same_text(found[i].function, wanted[i].function));
		ck_assert(is_same_text(found[i].symbol, wanted[i].symbol));
		ck_assert(is_same_text(found[i].file, wanted[i].file));
		ck_assert_uint_eq(found[i].line, wanted[i].line);
		ck_assert_uint_eq(found[i].column, wanted[i].column);
		ck_assert_uint_eq(found[i].function_line, wanted[i].function_line);
		ck_assert_int_eq(found[i].inlined, wanted[i].inlined);
	}
}

/* Every other address of the range, from the end. */
static void
insert(struct name_file *names, uint64_t first)
{
	struct profile_location locations[NAME_LOCATIONS_MAX];

	for (uint64_t i = ADDRESSES; i-- > 0;) {
		size_t count = make(first + 2 * i, locations);

		name_file_insert(names, first + 2 * i, locations, count);
	}
}

static struct name_file *
write_and_parse(struct name_file *names)
{
	struct buffer bytes = BUFFER_INIT;
	struct name_file *parsed = NULL;

	name_file_write(names, &bytes);
	ck_assert_int_eq(name_file_parse("maker", &bytes, &parsed), 0);
	name_file_free(names);
	return parsed;
}

START_TEST(all_comes_back)
{
	struct name_file *names = name_file_new("maker", sources, 2);
	struct profile_location locations[NAME_LOCATIONS_MAX];
	const struct name_source *read;
	size_t count;

	insert(names, 1000);
	names = write_and_parse(names);
	ck_assert(!name_file_has_changed(names));
	/* Into the gaps. */
	insert(names, 1001);
	ck_assert(name_file_has_changed(names));
	for (uint64_t i = 0; i < 2 * ADDRESSES; i++)
		check_address(names, 1000 + i);
	names = write_and_parse(names);
	for (uint64_t i = 0; i < 2 * ADDRESSES; i++)
		check_address(names, 1000 + i);
	ck_assert(!name_file_find(names, 999, locations, &count));
	ck_assert(!name_file_find(names, 1000 + 2 * ADDRESSES, locations, &count));
	read = name_file_get_sources(names, &count);
	ck_assert_uint_eq(count, 2);
	ck_assert_uint_eq(read[0].changed_ns, 5);
	ck_assert_str_eq(read[0].path, "/a");
	ck_assert_uint_eq(read[1].inode, 0);
	ck_assert_str_eq(read[1].path, "/usr/lib/debug/b");
	name_file_free(names);
}
END_TEST

START_TEST(another_maker_is_refused)
{
	struct name_file *names = name_file_new("maker", sources, 2), *parsed;
	struct buffer bytes = BUFFER_INIT;

	insert(names, 0);
	name_file_write(names, &bytes);
	ck_assert_int_lt(name_file_parse("maker 2", &bytes, &parsed), 0);
	name_file_free(names);
}
END_TEST

/* Also with a checksum that fits. */
static void
try_spoilt(const struct buffer *good, unsigned *seed)
{
	struct buffer bytes = BUFFER_INIT;
	struct profile_location locations[NAME_LOCATIONS_MAX];
	struct name_file *names;
	size_t count;
	uint64_t checksum;

	buffer_insert(&bytes, good->bytes, good->length);
	for (int i = rand_r(seed) % 4; i >= 0; i--) {
		size_t most = rand_r(seed) % 2 == 0 ? HEADER + 96 : bytes.length;

		bytes.bytes[(size_t)rand_r(seed) % most] = (uint8_t)rand_r(seed);
	}
	if (rand_r(seed) % 8 == 0)
		bytes.length = (size_t)rand_r(seed) % bytes.length;
	if (bytes.length > HEADER) {
		checksum = XXH3_64bits(bytes.bytes + HEADER, bytes.length - HEADER);
		memcpy(bytes.bytes + CHECKSUM, &checksum, sizeof(checksum));
	}
	if (name_file_parse("maker", &bytes, &names) != 0)
		return;
	for (uint64_t i = 0; i < 2 * ADDRESSES; i++)
		if (name_file_find(names, i, locations, &count))
			for (size_t j = 0; j < count && locations[j].function != NULL &&
					   locations[j].symbol != NULL;
			     j++) {
				ck_assert_uint_lt(strlen(locations[j].function), good->length);
				ck_assert_uint_lt(strlen(locations[j].symbol), good->length);
			}
	name_file_free(names);
}

START_TEST(any_bytes_do_no_harm)
{
	struct name_file *names = name_file_new("maker", sources, 2), *parsed = NULL;
	struct buffer bytes = BUFFER_INIT, none = BUFFER_INIT;
	unsigned seed = 1;

	insert(names, 0);
	name_file_write(names, &bytes);
	for (int i = 0; i < ROUNDS; i++)
		try_spoilt(&bytes, &seed);
	ck_assert_int_lt(name_file_parse("maker", &none, &parsed), 0);
	buffer_release(&bytes);
	name_file_free(names);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("name_file");
	TCase *tcase = tcase_create("name_file");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, all_comes_back);
	tcase_add_test(tcase, another_maker_is_refused);
	tcase_add_test(tcase, any_bytes_do_no_harm);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
