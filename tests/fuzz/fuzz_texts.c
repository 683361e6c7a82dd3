/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_texts.c - any bytes as what the command and the runtime parse beside their own files
 *
 * For libFuzzer; fuzz.sh builds and runs it. The first byte chooses the parser, the rest is its
 * text, cut at a newline where there are two. An executable begins with its own magic number.
 */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "model/budget.h"
#include "model/name.h"
#include "symbols/demangle.h"
#include "model/filter.h"
#include "base/options.h"
#include "model/suppress.h"
#include "run/elf_facts.h"
#include "run/target.h"
#include "util/glob.h"
#include "util/human.h"
#include "util/json_writer.h"
#include "util/term.h"
#include "util/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void
require(bool holds)
{
	if (!holds)
		abort();
}

/* Nothing in it drives a terminal, and all is UTF-8. */
static void
require_harmless(const char *text)
{
	uint32_t code;
	unsigned used;

	for (; *text; text += used) {
		used = utf8_decode(text, &code);
		require(used != 0 && !utf8_is_control(code));
	}
}

static void
parse_filter(const char *text, const char *name)
{
	static const struct filter_stack stack = {"malloc", "7", "malloc"};
	struct filter_list list = {NULL, 0};
	struct place place = {.function = name, .file = name, .module = name, .line = 3};
	uint64_t bits;
	char *why = NULL;

	if (filter_list_insert(&list, text, true, false, &why) == 0) {
		filter_list_has_thread(&list);
		bits = filter_list_match_place(&list, &place);
		filter_list_keep(&list, bits, bits, &stack);
	}
	free(why);
	filter_list_release(&list);
}

static void
parse_suppression(const char *text, const char *name)
{
	struct suppress_list list = {NULL, 0};
	struct place place = {.function = name, .file = name, .module = name};
	char *why = NULL;

	if (suppress_list_insert(&list, text, &why) == 0)
		suppress_list_match_place(&list, &place);
	free(why);
	suppress_list_release(&list);
}

static void
parse_budget(const char *text)
{
	struct budget budget;
	char *why = NULL;

	if (budget_parse(text, false, &budget, &why) == 0) {
		budget_judge(&budget, INT64_MIN, INT64_MAX);
		budget_judge(&budget, 1000, 1001);
		budget_release(&budget);
	}
	free(why);
}

static void
parse_numbers(const char *text)
{
	char out[HUMAN_BYTES];
	int64_t bytes;
	uint64_t duration;

	if (human_parse_size(text, &bytes) == 0) {
		require(bytes >= 0);
		human_size(bytes, out);
		human_tracemalloc_size((double)bytes, true, out);
	}
	if (human_parse_duration(text, &duration) == 0)
		human_duration(duration, out);
}

static void
parse_options(const char *text)
{
	struct options options;
	char *word;
	char *environment[] = {NULL, NULL};

	if (asprintf(&word, "HEAPTALLY=%s", text) < 0)
		abort();
	environment[0] = word;
	options_read(environment, &options);
	require(options.frames <= 65535);
	require(memchr(options.directory, '\0', sizeof(options.directory)) != NULL);
	require(memchr(options.out, '\0', sizeof(options.out)) != NULL);
	options_mark_process(environment, 77);
	free(word);
}

static void
parse_symbol(const char *text)
{
	char *name = demangle(text, ENCODING_ANY);
	char *brief = name_shorten(name ? name : text);

	require(strlen(brief) <= 2 * strlen(name ? name : text) + 16);
	free(brief);
	free(name);
}

static void
write_text(const char *text)
{
	char *escaped = term_escape(text), *json = NULL;
	size_t json_bytes;
	FILE *stream = open_memstream(&json, &json_bytes);
	struct json_writer writer;

	require_harmless(escaped);
	term_columns(escaped);
	json_writer_init(&writer, stream);
	json_writer_begin_object(&writer, NULL);
	json_writer_string(&writer, "name", text);
	json_writer_end_object(&writer);
	fclose(stream);
	for (size_t i = 0; i < json_bytes; i++)
		require((unsigned char)json[i] >= 0x20 || json[i] == '\n');
	free(json);
	free(escaped);
}

static void
inspect(const uint8_t *bytes, size_t length)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	struct target target;
	char path[64];

	if (write(fd, bytes, length) != (ssize_t)length)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	target_inspect((char *[]){path, NULL}, &target);
	target_release(&target);
	free(elf_facts_find_allocator(path));
	close(fd);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char *text, *name;

	if (length < 2)
		return 0;
	text = strndup((const char *)bytes + 1, length - 1);
	name = strchr(text, '\n');
	if (name)
		*name++ = '\0';
	else
		name = text;
	switch (bytes[0]) {
	case '\177':
	case '#':
		inspect(bytes, length);
		break;
	case 'f':
		parse_filter(text, name);
		break;
	case 's':
		parse_suppression(text, name);
		break;
	case 'b':
		parse_budget(text);
		break;
	case 'n':
		parse_numbers(text);
		break;
	case 'o':
		parse_options(text);
		break;
	case 'g':
		glob_match(text, name);
		break;
	case 'd':
		parse_symbol(text);
		break;
	default:
		write_text(text);
	}
	free(text);
	return 0;
}
