/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "cmd/report_format.h"

#include <stddef.h>
#include <string.h>

#include "export/callgrind.h"
#include "export/dhat.h"
#include "export/folded.h"
#include "export/massif.h"
#include "export/mprof.h"
#include "export/pprof.h"
#include "export/speedscope.h"
#include "export/svg.h"
#include "export/tracemalloc.h"
#include "util/buffer.h"
#include "util/xalloc.h"
#include "view/annotate.h"
#include "view/block.h"
#include "view/blocks.h"
#include "view/diff.h"
#include "view/growth.h"
#include "view/info.h"
#include "view/leaks.h"
#include "view/list.h"
#include "view/page.h"
#include "view/refs.h"
#include "view/retained.h"
#include "view/timeline.h"
#include "view/top.h"
#include "view/waterfall.h"

static const struct report_format formats[] = {
	{
		.name = "text",
		.extension = "txt",
		.help = "default",
		.is_for_people = true,
		.top = view_top_text,
		.diff = view_diff_text,
		.annotate = view_annotate_text,
		.timeline = view_timeline_text,
		.blocks = view_blocks_text,
		.block = view_block_text,
		.info = view_info_text,
		.list = view_list_text,
		.growth = view_growth_text,
		.resident = view_waterfall_text,
		.leaks = view_leaks_text,
		.retained = view_retained_text,
		.refs = view_refs_text,
	},
	{
		.name = "json",
		.extension = "json",
		.help = "all there is to know",
		.delimits_itself = true,
		.top = view_top_json,
		.diff = view_diff_json,
		.annotate = view_annotate_json,
		.timeline = view_timeline_json,
		.blocks = view_blocks_json,
		.block = view_block_json,
		.info = view_info_json,
		.list = view_list_json,
		.growth = view_growth_json,
		.resident = view_waterfall_json,
		.leaks = view_leaks_json,
		.retained = view_retained_json,
		.refs = view_refs_json,
	},
	{
		.name = "csv",
		.extension = "csv",
		.help = "a table",
		.top = view_top_csv,
		.diff = view_diff_csv,
		.blocks = view_blocks_csv,
		.block = view_block_csv,
		.resident = view_waterfall_csv,
		.retained = view_retained_csv,
	},
	{
		.name = "tracemalloc",
		.extension = "tracemalloc",
		.help = "lines as Python prints them",
		.keeps_lines = true,
		.top = export_tracemalloc_top,
		.diff = export_tracemalloc_diff,
	},
	{
		.name = "md",
		.extension = "md",
		.help = "Markdown",
		.is_for_people = true,
		.page = view_page_markdown,
	},
	{
		.name = "html",
		.extension = "html",
		.help = "one file that any browser opens, offline",
		.is_binary = true,
		.compares_pages = true,
		.page = view_page_html,
	},
	{
		.name = "pprof",
		.extension = "pb.gz",
		.help = "go tool pprof, Parca, Pyroscope, Perfetto",
		.is_binary = true,
		.wants_addresses = true,
		.reader = "go tool pprof -top %s",
		.whole = export_pprof,
	},
	{
		.name = "folded",
		.extension = "folded",
		.help = "flamegraph.pl, inferno",
		.reader = "flamegraph.pl --colors mem --countname bytes %s > heap.svg",
		.whole = export_folded,
	},
	{
		.name = "speedscope",
		.extension = "speedscope.json",
		.help = "speedscope",
		.reader = "speedscope %s",
		.whole = export_speedscope,
	},
	{
		.name = "dhat",
		.extension = "dhat.json",
		.help = "dh_view.html of valgrind, Firefox Profiler",
		.needs_totals = true,
		.wants_lifetimes = true,
		.whole = export_dhat,
	},
	{
		.name = "massif",
		.extension = "massif",
		.help = "ms_print, massif-visualizer",
		.wants_history = true,
		.reader = "ms_print %s",
		.whole = export_massif,
	},
	{
		.name = "callgrind",
		.extension = "callgrind",
		.help = "kcachegrind, callgrind_annotate",
		.reader = "callgrind_annotate --inclusive=yes %s",
		.whole = export_callgrind,
	},
	{
		.name = "mprof",
		.extension = "dat",
		.help = "the file that `mprof plot` reads",
		.has_no_stacks = true,
		.wants_history = true,
		.reader = "mprof plot %s",
		.timeline = export_mprof,
		.whole = export_mprof_profile,
	},
	{
		.name = "svg",
		.extension = "svg",
		.help = "a picture",
		.timeline = export_svg,
	},
};

#define FORMAT_COUNT (sizeof(formats) / sizeof(*formats))

static bool
has_kind(const struct report_format *format, enum report_kind kind)
{
	switch (kind) {
	case REPORT_TOP:
		return format->top != NULL;
	case REPORT_DIFF:
		return format->diff != NULL;
	case REPORT_ANNOTATE:
		return format->annotate != NULL;
	case REPORT_TIMELINE:
		return format->timeline != NULL;
	case REPORT_BLOCKS:
		return format->blocks != NULL;
	case REPORT_BLOCK:
		return format->block != NULL;
	case REPORT_INFO:
		return format->info != NULL;
	case REPORT_LIST:
		return format->list != NULL;
	case REPORT_GROWTH:
		return format->growth != NULL;
	case REPORT_LEAKS:
		return format->leaks != NULL;
	case REPORT_RETAINED:
		return format->retained != NULL;
	case REPORT_REFS:
		return format->refs != NULL;
	case REPORT_PAGE:
		return format->page != NULL;
	case REPORT_RESIDENT:
		return format->resident != NULL;
	case REPORT_EXPORT:
		return format->whole != NULL;
	}
	return false;
}

const struct report_format *
report_format_default(enum report_kind kind)
{
	for (size_t i = 0; i < FORMAT_COUNT; i++)
		if (has_kind(&formats[i], kind) && formats[i].is_for_people)
			return &formats[i];
	return NULL;
}

const struct report_format *
report_format_find(enum report_kind kind, const char *name)
{
	for (size_t i = 0; i < FORMAT_COUNT; i++)
		if (has_kind(&formats[i], kind) && strcmp(formats[i].name, name) == 0)
			return &formats[i];
	return NULL;
}

const struct report_format *
report_format_find_extension(enum report_kind kind, const char *path)
{
	const struct report_format *found = NULL;
	size_t length = strlen(path), longest = 0;

	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		size_t bytes = strlen(formats[i].extension);

		if (!has_kind(&formats[i], kind) || bytes <= longest || bytes + 1 > length ||
		    path[length - bytes - 1] != '.' ||
		    strcmp(path + length - bytes, formats[i].extension) != 0)
			continue;
		found = &formats[i];
		longest = bytes;
	}
	return found;
}

static char *
list_formats(enum report_kind kind, const char *last_gap, bool with_help)
{
	struct buffer list = BUFFER_INIT;
	size_t left = 0;
	char *result;

	for (size_t i = 0; i < FORMAT_COUNT; i++)
		left += has_kind(&formats[i], kind);
	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		if (!has_kind(&formats[i], kind))
			continue;
		if (list.length > 0)
			buffer_insert_string(&list, left == 1 ? last_gap : ", ");
		buffer_insert_string(&list, formats[i].name);
		if (with_help)
			buffer_insert_format(&list, " (%s)", formats[i].help);
		left--;
	}
	result = xstrdup(buffer_string(&list));
	buffer_release(&list);
	return result;
}

char *
report_format_list(enum report_kind kind)
{
	return list_formats(kind, ", ", false);
}

char *
report_format_help(enum report_kind kind)
{
	return list_formats(kind, " or ", true);
}
