/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * python_code.c - open addressing by address; a removal moves up what follows
 *
 * Until the first frames have been looked at, everything is read by way of the kernel, which
 * refuses what is not mapped: what is no code object does no harm.
 */
#include "capture/python_code.h"

#include <string.h>

#include "base/hash.h"
#include "base/lock.h"
#include "base/os_memory.h"
#include "capture/python.h"
#include "capture/unwind_rules.h"
#include "memory/arena.h"
#include "recording/recording_map.h"

#define CAPACITY_FIRST 1024u
#define NAME_MAX_CHARS 4096
#define TABLE_MAX      (1u << 20)
#define FILES          64u
#define FORGOTTEN_MAX  (1u << 14) /* until the filter is made anew */

struct code {
	const char *address;
	uint32_t number;  /* in SECTION_CODES, plus one */
	uint32_t version; /* from 3.12 on */
};

static struct {
	struct lock lock;
	struct code *entries;
	uint32_t capacity, used, forgotten;
	const void *code_type;
	/* The files that were named last: most code is of few. */
	struct file {
		uint32_t hash, bytes, offset;
	} files[FILES];
} table;

uint32_t python_code_generation = 1;
uint8_t python_code_filter[1 << (PYTHON_CODE_FILTER_BITS - 3)];

/* Once the first frames were what they should be, so are the others. */
static bool
read_memory(const void *address, void *value, size_t bytes)
{
	if (unlikely(load(&python.state) != PYTHON_CHECKED))
		return os_read_memory(address, value, bytes);
	memcpy(value, address, bytes);
	return true;
}

static bool
peek(const char *object, int offset, void *value, size_t bytes)
{
	return read_memory(object + offset, value, bytes);
}

static const void *
type_of(const char *object)
{
	const void *type = NULL;

	return object != NULL && peek(object, PYTHON_OBJECT_TYPE, &type, sizeof type) ? type : NULL;
}

/* Whether an object's type is called so. */
static bool
is_a(const char *object, const char *name)
{
	const char *type = type_of(object), *type_name;
	char text[8] = "";

	return type != NULL && peek(type, PYTHON_TYPE_NAME, &type_name, sizeof type_name) &&
	       read_memory(type_name, text, strlen(name) + 1) && strcmp(text, name) == 0;
}

/*** text ***/

static char *
put_character(char *to, uint32_t c)
{
	if (c < 0x80) {
		*to++ = (char)c;
		return to;
	}
	if (c < 0x800) {
		*to++ = (char)(0xc0 | c >> 6);
	} else {
		if (c < 0x10000) {
			*to++ = (char)(0xe0 | c >> 12);
		} else {
			*to++ = (char)(0xf0 | (c >> 18 & 7));
			*to++ = (char)(0x80 | (c >> 12 & 63));
		}
		*to++ = (char)(0x80 | (c >> 6 & 63));
	}
	*to++ = (char)(0x80 | (c & 63));
	return to;
}

/* Room in SECTION_CODE_TEXT, behind what is in use; NULL if there is none. */
static char *
reserve_text(uint64_t bytes)
{
	struct recording_extent *text = &recording.header->sections[SECTION_CODE_TEXT];
	uint64_t start = text->count == 0 ? 1 : text->count;

	if (!recording_reserve(SECTION_CODE_TEXT, start + bytes))
		return NULL;
	return recording.code_text + start;
}

static uint32_t
keep_text(const char *start, uint64_t bytes)
{
	/* Release: a reader that sees the count sees the bytes. */
	store_release(&recording.header->sections[SECTION_CODE_TEXT].count,
		      (uint64_t)(start - recording.code_text) + bytes);
	return (uint32_t)(start - recording.code_text);
}

static const char *
string_data(const char *string, unsigned state)
{
	const char *data = NULL;

	if ((state >> 5 & 1) == 0) {
		peek(string, python.layout.string_compact, &data, sizeof data);
		return data;
	}
	return string +
	       ((state >> 6 & 1) != 0 ? python.layout.string_ascii : python.layout.string_compact);
}

/* Put a string behind the text. NULL if it is none, or too long. */
static char *
convert_string(const char *string, uint64_t *ret_bytes)
{
	uint32_t characters[64];
	uint64_t length = 0;
	uint32_t state = 0;
	const char *data;
	char *start, *to;

	if (!peek(string, PYTHON_STRING_LENGTH, &length, sizeof length) ||
	    !peek(string, PYTHON_STRING_STATE, &state, sizeof state) || length > NAME_MAX_CHARS)
		return NULL;
	data = string_data(string, state);
	start = to = reserve_text(length * 4);
	state = state >> 2 & 7; /* bytes of a character */
	if (start == NULL || data == NULL || (state != 1 && state != 2 && state != 4))
		return NULL;
	for (uint64_t i = 0, n; i < length; i += n) {
		n = length - i < 64 ? length - i : 64;
		if (!read_memory(data + i * state, characters, n * state))
			return NULL;
		for (uint64_t j = 0; j < n; j++)
			to = put_character(to, state == 1 ? ((const uint8_t *)characters)[j]
					       : state == 2
						       ? ((const uint16_t *)(void *)characters)[j]
						       : characters[j]);
	}
	*ret_bytes = (uint64_t)(to - start);
	return start;
}

static uint32_t
add_string(const char *string, uint32_t *ret_bytes)
{
	uint64_t bytes;
	char *start = convert_string(string, &bytes);

	*ret_bytes = start != NULL ? (uint32_t)bytes : 0;
	return start != NULL ? keep_text(start, bytes) : 0;
}

/* The same of a string that was most likely added before. */
static uint32_t
add_file(const char *string, uint32_t *ret_bytes)
{
	uint64_t bytes;
	uint32_t hash = 0;
	char *start = convert_string(string, &bytes);
	struct file *known;

	*ret_bytes = 0;
	if (start == NULL)
		return 0;
	for (uint64_t i = 0; i < bytes; i++)
		hash = hash * 31 + (uint8_t)start[i];
	hash = hash_u64(hash);
	known = &table.files[hash % FILES];
	*ret_bytes = (uint32_t)bytes;
	if (known->hash != hash || known->bytes != bytes ||
	    memcmp(recording.code_text + known->offset, start, bytes) != 0)
		*known = (struct file){hash, (uint32_t)bytes, keep_text(start, bytes)};
	return known->offset;
}

/*** code ***/

static void
add_lines(const char *lines, struct recording_code *code)
{
	uint64_t bytes = 0;
	char *start;

	if (!is_a(lines, "bytes") || !peek(lines, PYTHON_BYTES_LENGTH, &bytes, sizeof bytes) ||
	    bytes > TABLE_MAX)
		return;
	start = reserve_text(bytes);
	if (start == NULL || !read_memory(lines + PYTHON_BYTES_DATA, start, bytes))
		return;
	code->table = keep_text(start, bytes);
	code->table_bytes = (uint32_t)bytes;
}

/* Whether all of the struct can be read from here on, and looks like a code object. */
static bool
is_code(const char *code)
{
	const struct python_layout *l = &python.layout;
	const char *file = NULL;

	if (table.code_type != NULL)
		return type_of(code) == table.code_type;
	if (!is_a(code, "code") || !peek(code, l->code_file, &file, sizeof file) ||
	    !is_a(file, "str"))
		return false;
	table.code_type = type_of(code);
	return true;
}

/* The number of a new record, plus one; 0 when there is no room. */
static uint32_t
add_code(const char *object)
{
	const struct python_layout *l = &python.layout;
	struct recording_extent *codes = &recording.header->sections[SECTION_CODES];
	struct recording_code code = {.minor = l->minor};
	const char *file = NULL, *name = NULL, *lines = NULL;
	uint64_t number = codes->count;

	if (!recording_reserve(SECTION_CODES, number + 1) ||
	    !peek(object, l->code_file, &file, sizeof file) ||
	    !peek(object, l->code_name, &name, sizeof name) ||
	    !peek(object, l->code_lines, &lines, sizeof lines) ||
	    !peek(object, l->code_first_line, &code.first_line, sizeof code.first_line))
		return 0;
	code.file = add_file(file, &code.file_bytes);
	code.name = add_string(name, &code.name_bytes);
	add_lines(lines, &code);
	recording.codes[number] = code;
	/* Release: a reader that sees the count sees the record. */
	store_release(&codes->count, number + 1);
	return (uint32_t)number + 1;
}

static uint32_t
home_of(const char *address)
{
	return hash_u64((uintptr_t)address >> 4) & (table.capacity - 1);
}

/* The entry of an address, or the free one where it belongs. */
static struct code *
entry_of(const char *address)
{
	uint32_t mask = table.capacity - 1, i = home_of(address);

	while (table.entries[i].address != NULL && table.entries[i].address != address)
		i = (i + 1) & mask;
	return &table.entries[i];
}

static bool
grow(void)
{
	struct code *old = table.entries;
	uint32_t old_capacity = table.capacity;
	uint32_t capacity = old_capacity == 0 ? CAPACITY_FIRST : old_capacity * 2;
	struct code *entries = arena_allocate_lasting(capacity * sizeof *entries, true);

	if (entries == NULL)
		return false;
	table.entries = entries;
	/* In this order: a handler may leave in between by siglongjmp. */
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	table.capacity = capacity;
	for (uint32_t i = 0; i < old_capacity; i++) {
		if (old[i].address != NULL)
			*entry_of(old[i].address) = old[i];
	}
	return true;
}

static void
set_filter(const char *address)
{
	uint32_t bit = python_code_bit(address);

	python_code_filter[bit / 8] |= (uint8_t)(1u << bit % 8);
}

static uint32_t
version_of(const char *code)
{
	uint32_t version = 0;

	if (python.layout.code_version != PYTHON_NO_FIELD)
		peek(code, python.layout.code_version, &version, sizeof version);
	return version;
}

/* The number of a code object, plus one. Under the lock. */
static uint32_t
number_of(const char *code, bool *ret_strange)
{
	uint32_t version = version_of(code), number;
	struct code *entry;

	if (table.used >= table.capacity / 4 * 3 && !grow())
		return 0;
	entry = entry_of(code);
	if (entry->address != NULL && entry->version == version)
		return entry->number;
	if (!is_code(code)) {
		*ret_strange = true;
		return 0;
	}
	number = add_code(code);
	if (number == 0)
		return 0;
	table.used += entry->address == NULL;
	*entry = (struct code){code, number, version};
	set_filter(code);
	return number;
}

/* Where an instruction is in its code, in bytes. */
static int64_t
offset_of(const char *code, uint64_t instruction)
{
	if (python.layout.frames != PYTHON_FRAME_OBJECTS)
		return (int64_t)((instruction & ~(uint64_t)1) -
				 (uintptr_t)(code + python.layout.code_start));
	return (int32_t)instruction * (python.layout.minor == 10 ? 2 : 1);
}

/* As CPython's own `_PyFrame_IsIncomplete` has it, or what a call prepares would be said to be the
 * called function's. */
static bool
is_incomplete(const char *code, uint64_t instruction, int64_t offset)
{
	int32_t first = 0;

	if (python.layout.frames == PYTHON_FRAME_OBJECTS || (instruction & 1) != 0)
		return false;
	peek(code, python.layout.code_first_traceable, &first, sizeof first);
	return offset < 2 * (int64_t)first;
}

uint32_t
python_code_frame(const char *code, uint64_t instruction, bool *ret_strange)
{
	int64_t offset = offset_of(code, instruction);
	struct recording_frame frame = {.value = (uint64_t)offset, .kind = FRAME_KIND_PYTHON};
	uint32_t number = 0, id;

	if (recording.header == NULL || !lock_take(&table.lock))
		return FRAME_UNKNOWN;
	number = number_of(code, ret_strange);
	lock_drop(&table.lock);
	if (number == 0) {
		recording_note(*ret_strange ? 0 : TROUBLE_PYTHON_FULL);
		return FRAME_UNKNOWN;
	}
	if (is_incomplete(code, instruction, offset))
		return PYTHON_FRAME_SKIPPED;
	frame.module = number - 1;
	id = unwind_rules_intern(&frame);
	return id != FRAME_NONE ? id : FRAME_UNKNOWN;
}

static uint32_t
insert_told(const struct recording_code *code, const char *texts)
{
	struct recording_extent *codes = &recording.header->sections[SECTION_CODES];
	uint64_t number = codes->count;
	size_t bytes = (size_t)code->file_bytes + code->name_bytes + code->table_bytes;
	char *start = reserve_text(bytes);
	struct recording_code told = *code;

	if (start == NULL || !recording_reserve(SECTION_CODES, number + 1))
		return UINT32_MAX;
	memcpy(start, texts, bytes);
	told.file = keep_text(start, bytes);
	told.name = told.file + told.file_bytes;
	told.table = told.name + told.name_bytes;
	recording.codes[number] = told;
	/* Release: as above. */
	store_release(&codes->count, number + 1);
	return (uint32_t)number;
}

uint32_t
python_code_inherit(const struct recording_code *code, const char *texts)
{
	uint32_t number;

	if (!lock_take(&table.lock))
		return UINT32_MAX;
	number = insert_told(code, texts);
	lock_drop(&table.lock);
	return number;
}

static void
remove_entry(struct code *entry)
{
	uint32_t mask = table.capacity - 1, gap = (uint32_t)(entry - table.entries);

	table.used--;
	for (uint32_t i = (gap + 1) & mask; table.entries[i].address != NULL; i = (i + 1) & mask) {
		if (!hash_may_move(home_of(table.entries[i].address), gap, i, mask))
			continue;
		table.entries[gap] = table.entries[i];
		gap = i;
	}
	table.entries[gap].address = NULL;
}

/* Or what was freed long ago would be looked for at more and more frees. */
static void
renew_filter(void)
{
	table.forgotten = 0;
	memset(python_code_filter, 0, sizeof python_code_filter);
	for (uint32_t i = 0; i < table.capacity; i++) {
		if (table.entries[i].address != NULL)
			set_filter(table.entries[i].address);
	}
}

void
python_code_forget(const void *address)
{
	struct code *entry;

	if (table.capacity == 0 || !lock_take(&table.lock))
		return;
	entry = entry_of(address);
	if (entry->address != NULL) {
		remove_entry(entry);
		fetch_add(&python_code_generation, 1);
		if (++table.forgotten == FORGOTTEN_MAX)
			renew_filter();
	}
	lock_drop(&table.lock);
}

void
python_code_reset(void)
{
	table.entries = NULL;
	table.capacity = table.used = table.forgotten = 0;
	memset(table.files, 0, sizeof table.files);
	memset(python_code_filter, 0, sizeof python_code_filter);
	fetch_add(&python_code_generation, 1);
}
