/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "view/owner.h"

#include <inttypes.h>
#include <stdlib.h>

#include "util/buffer.h"
#include "util/human.h"
#include "util/json_writer.h"
#include "util/term.h"
#include "util/text.h"
#include "util/xalloc.h"
#include "view/place.h"

static char *
format_variable(const struct owner *owner)
{
	const char *module = owner->module != NULL ? text_base_name(owner->module) : "?";

	if (owner->kind == OWNER_THREAD_LOCAL && owner->name == NULL)
		return xasprintf("thread-local %s+%#" PRIx64 " of thread %" PRIu32, module,
				 owner->offset, owner->thread);
	if (owner->kind == OWNER_THREAD_LOCAL)
		return xasprintf("thread-local %s of thread %" PRIu32, owner->name, owner->thread);
	if (owner->name != NULL)
		return xasprintf("global %s", owner->name);
	return xasprintf("global %s+%#" PRIx64, module, owner->offset);
}

static char *
format_mapping(const struct owner *owner)
{
	char size[HUMAN_BYTES];

	return xasprintf("mapping of %s at %#" PRIx64 "%s%s",
			 human_size((int64_t)(owner->end - owner->start), size), owner->start,
			 owner->name != NULL ? ", " : "", owner->name != NULL ? owner->name : "");
}

static char *
format(const struct owner *owner)
{
	switch (owner->kind) {
	case OWNER_GLOBAL:
	case OWNER_THREAD_LOCAL:
		return format_variable(owner);
	case OWNER_THREAD:
		return xasprintf("libc's data of thread %" PRIu32 ": its argument, its keys",
				 owner->thread);
	case OWNER_STACK:
		if (owner->thread != 0)
			return xasprintf("stack of thread %" PRIu32, owner->thread);
		return xasprintf("stack at %#" PRIx64, owner->start);
	case OWNER_MAPPING:
		return format_mapping(owner);
	case OWNER_REGISTERS:
		return xstrdup("registers of the thread that looked");
	case OWNER_KERNEL:
		return xstrdup("kernel: timers, epoll");
	default:
		return xstrdup("loader");
	}
}

char *
view_owner_name(const struct owner *owner)
{
	char *text = format(owner), *safe = term_escape(text);

	free(text);
	return safe;
}

char *
view_owner_position(const struct owner *owner, bool full_names)
{
	struct buffer text = BUFFER_INIT;
	bool is_own;
	char *safe;

	if (owner->module != NULL && owner->name != NULL) {
		buffer_insert_format(&text, "(%s", text_base_name(owner->module));
		if (owner->file != NULL) {
			buffer_insert_string(&text, ", ");
			view_place_format_file(owner->file, full_names, &text, &is_own);
			buffer_insert_format(&text, ":%" PRIu32, owner->line);
		}
		buffer_insert_string(&text, ")");
	}
	safe = term_escape(buffer_string(&text));
	buffer_release(&text);
	return safe;
}

void
view_owner_json(struct json_writer *json, const struct owner *owner)
{
	json_writer_string(json, "kind", owner_kind_names[owner->kind]);
	json_writer_string(json, "name", owner->name);
	json_writer_string(json, "module", owner->module);
	json_writer_string(json, "file", owner->file);
	if (owner->file != NULL)
		json_writer_unsigned(json, "line", owner->line);
	else
		json_writer_null(json, "line");
	if (owner->thread != 0)
		json_writer_unsigned(json, "thread", owner->thread);
	else
		json_writer_null(json, "thread");
	if (owner->start != 0)
		json_writer_hex(json, "address", owner->start);
	else
		json_writer_null(json, "address");
}
