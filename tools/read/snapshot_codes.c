/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * snapshot_codes.c - read Python's code objects of a recording
 *
 * Line tables are kept: later readings may bring more frames of the same code. Together they are
 * not longer than their section, whatever a hostile file says.
 */
#include "config.h"
#include "read/snapshot_private.h"

#include <errno.h>
#include <stdlib.h>

#include "model/profile.h"
#include "model/python_line.h"
#include "util/intern.h"
#include "util/xalloc.h"

#define CODES_MAX  (1u << 20)
#define NAME_BYTES (4u * 4096)

struct snapshot_code {
	const char *file, *name; /* NULL if not known */
	uint8_t *table;
	uint32_t table_bytes;
	int32_t first_line;
	uint32_t minor;
};

/* Where so many bytes of the texts are in the file. */
static int
locate(const struct snapshot *snapshot, uint32_t place, uint32_t bytes, uint64_t *ret_offset)
{
	const struct recording_extent *text = &snapshot->file.header.sections[SECTION_CODE_TEXT];

	if ((uint64_t)place + bytes > text->capacity || text->record_bytes != 1 ||
	    __builtin_add_overflow(text->offset, place, ret_offset))
		return -EBADMSG;
	return 0;
}

static int
read_name(const struct snapshot *snapshot, uint32_t place, uint32_t bytes, const char **ret_name)
{
	char name[NAME_BYTES];
	uint64_t offset;
	int result;

	*ret_name = NULL;
	if (bytes == 0)
		return 0;
	if (bytes > sizeof(name))
		return -EBADMSG;
	result = locate(snapshot, place, bytes, &offset);
	if (result == 0)
		result = snapshot_file_read(&snapshot->file, name, bytes, offset);
	if (result == 0)
		*ret_name = intern_insert(snapshot->profile->strings, name, bytes);
	return result;
}

static int
read_table(struct snapshot *snapshot, const struct recording_code *record,
	   struct snapshot_code *code)
{
	const struct recording_extent *text = &snapshot->file.header.sections[SECTION_CODE_TEXT];
	uint64_t offset, bytes = snapshot->table_bytes + record->table_bytes;
	int result = locate(snapshot, record->table, record->table_bytes, &offset);

	if (result != 0 || bytes > text->capacity || bytes > snapshot->file.bytes)
		return -EBADMSG;
	code->table = xmalloc(record->table_bytes + 1u);
	code->table_bytes = record->table_bytes;
	result = snapshot_file_read(&snapshot->file, code->table, record->table_bytes, offset);
	if (result == 0)
		snapshot->table_bytes = bytes;
	else
		free(code->table);
	return result;
}

static int
read_code(struct snapshot *snapshot, uint64_t offset, struct snapshot_code *code)
{
	struct recording_code record;
	int result = snapshot_file_read(&snapshot->file, &record, sizeof(record), offset);

	if (result != 0)
		return result;
	code->first_line = record.first_line;
	code->minor = record.minor;
	result = read_name(snapshot, record.file, record.file_bytes, &code->file);
	if (result == 0)
		result = read_name(snapshot, record.name, record.name_bytes, &code->name);
	if (result == 0)
		result = read_table(snapshot, &record, code);
	return result;
}

int
snapshot_read_codes(struct snapshot *snapshot)
{
	struct snapshot_extent codes;
	int result = snapshot_file_read_extent(&snapshot->file, SECTION_CODES,
					       sizeof(struct recording_code), CODES_MAX, &codes);

	for (uint32_t i = snapshot->code_count; result == 0 && i < codes.count; i++) {
		struct snapshot_code code = {0};

		result = read_code(snapshot, codes.offset + i * sizeof(struct recording_code),
				   &code);
		if (result != 0)
			break;
		if (i == snapshot->code_capacity) {
			snapshot->code_capacity = i + i / 2 + 64;
			snapshot->codes = xreallocarray(snapshot->codes, snapshot->code_capacity,
							sizeof(*snapshot->codes));
		}
		snapshot->codes[i] = code;
		snapshot->code_count = i + 1;
	}
	return result;
}

int
snapshot_insert_python(struct snapshot *snapshot, uint32_t code_number, struct profile_frame *frame)
{
	struct profile *profile = snapshot->profile;
	const struct snapshot_code *code;

	if (code_number >= snapshot->code_count)
		return -EBADMSG;
	code = &snapshot->codes[code_number];
	frame->kind = PROFILE_FRAME_PYTHON;
	frame->location = profile->location_count;
	frame->location_count = 1;
	profile->locations = xreallocarray(profile->locations, profile->location_count + 1u,
					   sizeof(*profile->locations));
	profile->locations[profile->location_count++] = (struct profile_location){
		.function = code->name,
		.file = code->file,
		.line = python_line_find(&(struct python_lines){code->minor, code->first_line,
								code->table, code->table_bytes},
					 (int64_t)frame->offset),
		.function_line = code->first_line > 0 ? (uint32_t)code->first_line : 0,
	};
	return 0;
}

void
snapshot_free_codes(struct snapshot *snapshot)
{
	for (uint32_t i = 0; i < snapshot->code_count; i++)
		free(snapshot->codes[i].table);
	free(snapshot->codes);
}
