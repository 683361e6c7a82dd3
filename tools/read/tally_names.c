/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "read/tally_names.h"

#include <string.h>

#include "model/profile.h"
#include "read/tally_draft.h"
#include "read/tally_format.h"
#include "read/tally_output.h"
#include "util/varint.h"

static void
write_strings(struct tally_output *out, const struct profile *profile)
{
	for (uint32_t i = 0; i < profile->module_count; i++)
		tally_output_insert_name(out, profile->modules[i].path);
	for (uint32_t i = 0; i < profile->location_count; i++) {
		tally_output_insert_name(out, profile->locations[i].function);
		tally_output_insert_name(out, profile->locations[i].symbol);
		tally_output_insert_name(out, profile->locations[i].file);
	}
	for (uint32_t i = 0; i < profile->frame_count; i++)
		tally_output_insert_name(out, profile->frames[i].name);
	tally_output_end_chunk(out, TALLY_STRINGS);
}

void
tally_names_decode_strings(struct tally_draft *draft, struct varint_input *input)
{
	while (varint_has_more(input))
		*array_push(&draft->names) = tally_draft_get_text(draft, input);
}

static void
write_modules(struct tally_output *out, const struct profile *profile)
{
	for (uint32_t i = 0; i < profile->module_count; i++) {
		const struct profile_module *module = &profile->modules[i];

		tally_output_split_chunk(out, TALLY_MODULES);
		tally_output_put_name(out, module->path);
		tally_output_put(out, (module->unloaded ? TALLY_MODULE_UNLOADED : 0u) |
					      (module->is_main ? TALLY_MODULE_MAIN : 0u));
		tally_output_put(out, module->start);
		tally_output_put(out, module->end - module->start);
		tally_output_put(out, module->bias);
		tally_output_put(out, module->build_id_bytes);
		buffer_insert(&out->chunk, module->build_id, module->build_id_bytes);
	}
	tally_output_end_chunk(out, TALLY_MODULES);
}

void
tally_names_decode_modules(struct tally_draft *draft, struct varint_input *input)
{
	while (varint_has_more(input)) {
		struct profile_module module = {.path = tally_draft_get_name(draft, input)};
		uint64_t flags = varint_get(input);

		if (!tally_draft_take_known(draft, (flags & ~(uint64_t)TALLY_MODULE_FLAGS) == 0))
			return;
		module.unloaded = (flags & TALLY_MODULE_UNLOADED) != 0;
		module.is_main = (flags & TALLY_MODULE_MAIN) != 0;
		module.start = varint_get(input);
		module.end = module.start + varint_get(input);
		module.bias = varint_get(input);
		module.build_id_bytes = varint_get_32(input);
		if (module.path == NULL || module.build_id_bytes > sizeof(module.build_id) ||
		    module.build_id_bytes > (size_t)(input->end - input->next)) {
			input->bad = true;
			return;
		}
		memcpy(module.build_id, input->next, module.build_id_bytes);
		input->next += module.build_id_bytes;
		*array_push(&draft->modules) = module;
	}
}

static void
write_files(struct tally_output *out, const struct profile *profile)
{
	for (uint32_t i = 0; i < profile->module_count; i++) {
		const struct profile_module *module = &profile->modules[i];

		if (module->file == PROFILE_FILE_AS_MAPPED && module->seen_ns == 0)
			continue;
		tally_output_split_chunk(out, TALLY_FILES);
		tally_output_put(out, i);
		tally_output_put(out, tally_format_file(module->file));
		tally_output_put(out, module->device);
		tally_output_put(out, module->inode);
		tally_output_put(out, module->file_bytes);
		tally_output_put(out, module->modified_ns);
		tally_output_put(out, module->seen_ns);
	}
	if (out->chunk.length != 0)
		tally_output_end_chunk(out, TALLY_FILES);
}

void
tally_names_decode_files(struct tally_draft *draft, struct varint_input *input)
{
	while (varint_has_more(input)) {
		uint64_t index = varint_get(input);
		struct profile_module *module;

		if (index >= draft->modules.count) {
			input->bad = true;
			return;
		}
		module = &draft->modules.items[index];
		if (!tally_draft_take_known(draft,
					    tally_parse_file(varint_get(input), &module->file)))
			return;
		module->device = varint_get(input);
		module->inode = varint_get(input);
		module->file_bytes = varint_get(input);
		module->modified_ns = varint_get(input);
		module->seen_ns = varint_get(input);
	}
}

static void
write_locations(struct tally_output *out, const struct profile *profile)
{
	for (uint32_t i = 0; i < profile->location_count; i++) {
		const struct profile_location *location = &profile->locations[i];

		tally_output_split_chunk(out, TALLY_LOCATIONS);
		tally_output_put_name(out, location->function);
		tally_output_put_name(out, location->file);
		tally_output_put(out, (uint64_t)location->line << 1 | location->inlined);
		tally_output_put(out, location->column);
		tally_output_put(out, location->function_line);
	}
	tally_output_end_chunk(out, TALLY_LOCATIONS);
}

void
tally_names_decode_locations(struct tally_draft *draft, struct varint_input *input)
{
	while (varint_has_more(input)) {
		struct profile_location location = {.function = tally_draft_get_name(draft, input)};
		uint64_t line;

		location.file = tally_draft_get_name(draft, input);
		line = varint_get(input);
		location.line = (uint32_t)(line >> 1);
		location.inlined = (line & 1) != 0;
		location.column = varint_get_32(input);
		location.function_line = varint_get_32(input);
		*array_push(&draft->locations) = location;
	}
}

/* Mangled names, by location. */
static void
write_symbols(struct tally_output *out, const struct profile *profile)
{
	for (uint32_t i = 0; i < profile->location_count; i++) {
		if (profile->locations[i].symbol == NULL)
			continue;
		tally_output_split_chunk(out, TALLY_SYMBOLS);
		tally_output_put(out, i);
		tally_output_put_name(out, profile->locations[i].symbol);
	}
	if (out->chunk.length != 0)
		tally_output_end_chunk(out, TALLY_SYMBOLS);
}

void
tally_names_decode_symbols(struct tally_draft *draft, struct varint_input *input)
{
	while (varint_has_more(input)) {
		uint32_t index = varint_get_32(input);
		const char *name = tally_draft_get_name(draft, input);

		if (index < draft->locations.count && name != NULL)
			draft->locations.items[index].symbol = name;
		else
			input->bad = true;
	}
}

void
tally_names_encode(struct tally_output *out, const struct profile *profile)
{
	write_strings(out, profile);
	write_modules(out, profile);
	write_files(out, profile);
	write_locations(out, profile);
	write_symbols(out, profile);
}
