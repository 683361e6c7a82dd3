/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * name_file.c - what was found at addresses of one module, as bytes to keep
 *
 * What was read stays as it came and is searched there; what is added is a table beside it, until
 * both are written as one.
 */
#include "config.h"

#include "symbols/name_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/buffer.h"
#include "util/hash_map.h"
#include "util/intern.h"
#include "util/xalloc.h"

#define MAGIC  "htnames"
#define FORMAT 3u /* what a name says, or how it stands there, is not that of before */
#define ORDER  0x01020304u

struct header {
	char magic[8];
	uint32_t version, byte_order;
	uint64_t checksum; /* of all behind it */
	uint64_t sources, addresses, locations, string_bytes;
	char maker[64];
};

struct source_row {
	uint64_t device, inode, bytes, modified_ns, changed_ns, path;
};

struct address_row {
	uint64_t address;
	uint32_t first, count;
};

struct location_row {
	uint32_t function, symbol, file; /* in the strings; 0: none */
	uint32_t line, column, function_line, inlined;
};

/* Added since. */
struct added {
	UT_hash_handle hh;
	uint64_t address;
	size_t count;
	struct profile_location locations[];
};

struct name_file {
	char maker[64];
	struct name_source sources[NAME_SOURCES_MAX];
	size_t source_count;
	struct buffer bytes; /* that the tables below are in; of a new one empty */
	const struct address_row *addresses;
	const struct location_row *locations;
	const char *strings;
	size_t address_count;
	struct added *added;
	struct intern *intern; /* of what is added, and of the sources of a new one */
};

static struct name_file *
new_file(const char *maker)
{
	struct name_file *names = xcalloc(1, sizeof(*names));

	strncpy(names->maker, maker, sizeof(names->maker) - 1);
	names->intern = intern_new();
	return names;
}

struct name_file *
name_file_new(const char *maker, const struct name_source *sources, size_t count)
{
	struct name_file *names = new_file(maker);

	for (size_t i = 0; i < count && i < NAME_SOURCES_MAX; i++) {
		names->sources[i] = sources[i];
		names->sources[i].path = intern_insert_string(names->intern, sources[i].path);
	}
	names->source_count = count < NAME_SOURCES_MAX ? count : NAME_SOURCES_MAX;
	return names;
}

void
name_file_free(struct name_file *names)
{
	struct added *added, *next;

	if (names == NULL)
		return;
	HASH_ITER (hh, names->added, added, next) {
		HASH_DEL(names->added, added);
		free(added);
	}
	intern_free(names->intern);
	buffer_release(&names->bytes);
	free(names);
}

/*** reading ***/

static bool
is_whole(const struct header *header, const struct buffer *bytes, const char *maker)
{
	const uint64_t most = bytes->length;
	const uint8_t *behind = bytes->bytes + sizeof(*header);
	char wanted[sizeof(header->maker)] = "";

	strncpy(wanted, maker, sizeof(wanted) - 1);
	return memcmp(header->magic, MAGIC, sizeof(header->magic)) == 0 &&
	       header->version == FORMAT && header->byte_order == ORDER &&
	       memcmp(header->maker, wanted, sizeof(wanted)) == 0 &&
	       header->sources <= NAME_SOURCES_MAX && header->addresses <= most &&
	       header->locations <= most && header->string_bytes <= most &&
	       header->string_bytes > 0 &&
	       sizeof(*header) + header->sources * sizeof(struct source_row) +
			       header->addresses * sizeof(struct address_row) +
			       header->locations * sizeof(struct location_row) +
			       header->string_bytes ==
		       bytes->length &&
	       XXH3_64bits(behind, bytes->length - sizeof(*header)) == header->checksum;
}

static bool
addresses_are_valid(const struct name_file *names, uint64_t locations)
{
	for (size_t i = 0; i < names->address_count; i++) {
		const struct address_row *row = &names->addresses[i];

		if (row->count > NAME_LOCATIONS_MAX || row->first > locations ||
		    row->count > locations - row->first ||
		    (i > 0 && row->address <= names->addresses[i - 1].address))
			return false;
	}
	return true;
}

static bool
locations_are_valid(const struct name_file *names, const struct header *header)
{
	for (size_t i = 0; i < header->locations; i++)
		if (names->locations[i].function >= header->string_bytes ||
		    names->locations[i].symbol >= header->string_bytes ||
		    names->locations[i].file >= header->string_bytes ||
		    names->locations[i].inlined > 1)
			return false;
	return names->strings[0] == '\0' && names->strings[header->string_bytes - 1] == '\0';
}

static bool
take_sources(struct name_file *names, const struct source_row *rows, const struct header *header)
{
	for (size_t i = 0; i < header->sources; i++) {
		if (rows[i].path >= header->string_bytes)
			return false;
		names->sources[i] = (struct name_source){
			.device = rows[i].device,
			.inode = rows[i].inode,
			.bytes = rows[i].bytes,
			.modified_ns = rows[i].modified_ns,
			.changed_ns = rows[i].changed_ns,
			.path = names->strings + rows[i].path,
		};
	}
	names->source_count = header->sources;
	return true;
}

static bool
take_tables(struct name_file *names, const struct header *header)
{
	const uint8_t *next = names->bytes.bytes + sizeof(*header);
	const struct source_row *sources = (const void *)next;

	next += header->sources * sizeof(*sources);
	names->addresses = (const void *)next;
	names->address_count = header->addresses;
	next += header->addresses * sizeof(*names->addresses);
	names->locations = (const void *)next;
	next += header->locations * sizeof(*names->locations);
	names->strings = (const char *)next;
	return locations_are_valid(names, header) &&
	       addresses_are_valid(names, header->locations) &&
	       take_sources(names, sources, header);
}

int
name_file_parse(const char *maker, struct buffer *bytes, struct name_file **ret_names)
{
	struct name_file *names = new_file(maker);
	const struct header *header = (const void *)bytes->bytes;

	names->bytes = *bytes;
	buffer_init(bytes);
	if (names->bytes.length > sizeof(*header) && is_whole(header, &names->bytes, maker) &&
	    take_tables(names, header)) {
		*ret_names = names;
		return 0;
	}
	name_file_free(names);
	return -EBADMSG;
}

const struct name_source *
name_file_get_sources(const struct name_file *names, size_t *ret_count)
{
	*ret_count = names->source_count;
	return names->sources;
}

static const struct address_row *
find_row(const struct name_file *names, uint64_t address)
{
	size_t low = 0, high = names->address_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (names->addresses[middle].address < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < names->address_count && names->addresses[low].address == address
		       ? &names->addresses[low]
		       : NULL;
}

static const char *
get_string(const struct name_file *names, uint32_t offset)
{
	return offset != 0 ? names->strings + offset : NULL;
}

static void
copy_row(const struct name_file *names, const struct address_row *row,
	 struct profile_location *locations)
{
	for (uint32_t i = 0; i < row->count; i++) {
		const struct location_row *from = &names->locations[row->first + i];

		locations[i] = (struct profile_location){
			.function = get_string(names, from->function),
			.symbol = get_string(names, from->symbol),
			.file = get_string(names, from->file),
			.line = from->line,
			.column = from->column,
			.function_line = from->function_line,
			.inlined = from->inlined != 0,
		};
	}
}

static const struct added *
find_added(const struct name_file *names, uint64_t address)
{
	struct added *added;

	HASH_FIND(hh, names->added, &address, sizeof(address), added);
	return added;
}

bool
name_file_find(const struct name_file *names, uint64_t address,
	       struct profile_location locations[NAME_LOCATIONS_MAX], size_t *ret_count)
{
	const struct address_row *row = find_row(names, address);
	const struct added *added = row == NULL ? find_added(names, address) : NULL;

	if (row != NULL)
		copy_row(names, row, locations);
	else if (added != NULL)
		memcpy(locations, added->locations, added->count * sizeof(*locations));
	else
		return false;
	*ret_count = row != NULL ? row->count : added->count;
	return true;
}

void
name_file_insert(struct name_file *names, uint64_t address,
		 const struct profile_location *locations, size_t count)
{
	struct added *added;

	if (count > NAME_LOCATIONS_MAX)
		return;
	added = xmalloc(sizeof(*added) + count * sizeof(*locations));
	added->address = address;
	added->count = count;
	memcpy(added->locations, locations, count * sizeof(*locations));
	for (size_t i = 0; i < count; i++) {
		struct profile_location *location = &added->locations[i];

		location->function = intern_insert_string(names->intern, location->function);
		location->symbol = intern_insert_string(names->intern, location->symbol);
		location->file = intern_insert_string(names->intern, location->file);
	}
	HASH_ADD(hh, names->added, address, sizeof(added->address), added);
}

bool
name_file_has_changed(const struct name_file *names)
{
	return names->added != NULL;
}

/*** writing ***/

/* Where a string is, once for each. */
struct place {
	UT_hash_handle hh;
	const char *text; /* of `intern` */
	uint32_t offset;
};

struct writing {
	struct intern *intern;
	struct place *places;
	struct buffer addresses, locations, strings;
	uint32_t location_count;
};

static uint32_t
put_string(struct writing *writing, const char *text)
{
	struct place *place;
	const char *one;

	if (text == NULL)
		return 0;
	one = intern_insert_string(writing->intern, text);
	HASH_FIND(hh, writing->places, &one, sizeof(one), place);
	if (place != NULL)
		return place->offset;
	place = xcalloc(1, sizeof(*place));
	place->text = one;
	place->offset = (uint32_t)writing->strings.length;
	HASH_ADD(hh, writing->places, text, sizeof(place->text), place);
	buffer_insert(&writing->strings, one, intern_length(one) + 1);
	return place->offset;
}

static void
put_address(struct writing *writing, uint64_t address, const struct profile_location *locations,
	    size_t count)
{
	struct address_row row = {address, writing->location_count, (uint32_t)count};

	buffer_insert(&writing->addresses, &row, sizeof(row));
	for (size_t i = 0; i < count; i++) {
		const struct location_row location = {
			.function = put_string(writing, locations[i].function),
			.symbol = put_string(writing, locations[i].symbol),
			.file = put_string(writing, locations[i].file),
			.line = locations[i].line,
			.column = locations[i].column,
			.function_line = locations[i].function_line,
			.inlined = locations[i].inlined,
		};

		buffer_insert(&writing->locations, &location, sizeof(location));
	}
	writing->location_count += (uint32_t)count;
}

static int
compare_added(const struct added *left, const struct added *right)
{
	return (left->address > right->address) - (left->address < right->address);
}

/* Both tables as one, in ascending order. */
static void
put_addresses(struct writing *writing, const struct name_file *names)
{
	struct profile_location locations[NAME_LOCATIONS_MAX];
	struct added *added = names->added;
	size_t i = 0;

	while (i < names->address_count || added != NULL) {
		const struct address_row *row = &names->addresses[i];

		if (added != NULL && (i == names->address_count || added->address < row->address)) {
			put_address(writing, added->address, added->locations, added->count);
			added = added->hh.next;
			continue;
		}
		copy_row(names, row, locations);
		put_address(writing, row->address, locations, row->count);
		i++;
	}
}

static void
put_sources(struct writing *writing, const struct name_file *names, struct buffer *bytes)
{
	for (size_t i = 0; i < names->source_count; i++) {
		const struct name_source *source = &names->sources[i];
		const struct source_row row = {
			source->device,      source->inode,      source->bytes,
			source->modified_ns, source->changed_ns, put_string(writing, source->path),
		};

		buffer_insert(bytes, &row, sizeof(row));
	}
}

static void
put_header(const struct name_file *names, const struct writing *writing, struct buffer *bytes,
	   size_t start)
{
	struct header header = {
		.magic = MAGIC,
		.version = FORMAT,
		.byte_order = ORDER,
		.sources = names->source_count,
		.addresses = writing->addresses.length / sizeof(struct address_row),
		.locations = writing->location_count,
		.string_bytes = writing->strings.length,
	};
	size_t behind = start + sizeof(header);

	memcpy(header.maker, names->maker, sizeof(header.maker));
	header.checksum = XXH3_64bits(bytes->bytes + behind, bytes->length - behind);
	memcpy(bytes->bytes + start, &header, sizeof(header));
}

static void
release_writing(struct writing *writing)
{
	struct place *place, *next;

	HASH_ITER (hh, writing->places, place, next) {
		HASH_DEL(writing->places, place);
		free(place);
	}
	intern_free(writing->intern);
	buffer_release(&writing->addresses);
	buffer_release(&writing->locations);
	buffer_release(&writing->strings);
}

void
name_file_write(struct name_file *names, struct buffer *bytes)
{
	struct writing writing = {.intern = intern_new()};
	size_t start = bytes->length;

	HASH_SORT(names->added, compare_added);
	/* Offset 0 is none. */
	buffer_insert_byte(&writing.strings, 0);
	memset(buffer_reserve(bytes, sizeof(struct header)), 0, sizeof(struct header));
	bytes->length += sizeof(struct header);
	put_sources(&writing, names, bytes);
	put_addresses(&writing, names);
	buffer_insert(bytes, writing.addresses.bytes, writing.addresses.length);
	buffer_insert(bytes, writing.locations.bytes, writing.locations.length);
	buffer_insert(bytes, writing.strings.bytes, writing.strings.length);
	put_header(names, &writing, bytes, start);
	release_writing(&writing);
}
