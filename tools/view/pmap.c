/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "view/pmap.h"

#include <inttypes.h>
#include <stdlib.h>

#include "model/resident.h"
#include "util/term.h"

#define KIB(bytes) (((bytes) + 512) >> 10)

static const char *
get_class(const struct resident *resident, size_t index)
{
	static const char *const names[MEMORY_CLASSES] = {
		[MEMORY_MAIN_STACK] = "stack", [MEMORY_THREAD_STACK] = "stack",
		[MEMORY_TEXT] = "text",        [MEMORY_DATA] = "data",
		[MEMORY_SHARED] = "shared",    [MEMORY_JIT] = "jit",
		[MEMORY_ANONYMOUS] = "other",  [MEMORY_TRACER] = "heaptally",
		[MEMORY_HEAP] = "heap",        [MEMORY_OUTSIDE] = "-",
	};
	const struct resident_mapping *mapping = &resident->mappings[index];
	uint64_t heap = mapping->live + mapping->pinned + mapping->kept;

	if (heap != 0 && mapping->outside == 0)
		return "heap";
	return heap != 0 ? "heap, other" : names[resident->memory->mappings.items[index].class];
}

static void
print_mapping(const struct term *term, const struct resident *resident, size_t index)
{
	const struct memory_mapping *mapping = &resident->memory->mappings.items[index];
	const struct resident_mapping *share = &resident->mappings[index];
	uint64_t all = share->outside + share->live + share->pinned + share->kept;
	char *name = term_escape(mapping->name);

	fprintf(term->stream,
		"%016" PRIx64 "%12" PRIu64 "%11" PRIu64 "%11" PRIu64 "%11" PRIu64 "%11" PRIu64
		"  %c%c%c%c  %-11s  %s\n",
		mapping->start, KIB(mapping->end - mapping->start), KIB(all), KIB(share->live),
		KIB(share->pinned), KIB(share->kept), mapping->readable ? 'r' : '-',
		mapping->writable ? 'w' : '-', mapping->executable ? 'x' : '-',
		mapping->shared ? 's' : 'p', get_class(resident, index), name);
	free(name);
}

void
view_pmap_text(const struct term *term, const struct resident *resident)
{
	uint64_t size = 0, live = 0, pinned = 0, kept = 0;

	fprintf(term->stream, "%-16s%12s%11s%11s%11s%11s  %-4s  %-11s  %s\n", "address", "KiB",
		"resident", "live", "pinned", "free", "", "class", "name");
	for (size_t i = 0; i < resident->memory->mappings.count; i++) {
		const struct resident_mapping *share = &resident->mappings[i];

		print_mapping(term, resident, i);
		size += resident->memory->mappings.items[i].end -
			resident->memory->mappings.items[i].start;
		live += share->live;
		pinned += share->pinned;
		kept += share->kept;
	}
	fprintf(term->stream,
		"%-16s%12" PRIu64 "%11" PRIu64 "%11" PRIu64 "%11" PRIu64 "%11" PRIu64 "\n", "total",
		KIB(size), KIB(resident->sum), KIB(live), KIB(pinned), KIB(kept));
}
