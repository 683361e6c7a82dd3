# SPDX-License-Identifier: LGPL-2.1-or-later
# The command. All but tools/cmd/ is in a library, so that the unit tests link what they test.

bin_PROGRAMS += tools/heaptally
noinst_LIBRARIES += tools/libtools.a

tools_cppflags = $(AM_CPPFLAGS) \
	-I$(srcdir)/tools \
	-DPKGLIBDIR='"$(pkglibdir)"' \
	$(ELFUTILS_CFLAGS) $(ZSTD_CFLAGS) $(XXHASH_CFLAGS)
tools_libs = tools/libtools.a $(ELFUTILS_LIBS) $(ZSTD_LIBS) $(IBERTY_LIBS)

tools_libtools_a_CPPFLAGS = $(tools_cppflags)
tools_libtools_a_SOURCES = \
	tools/model/annotate.c \
	tools/model/annotate.h \
	tools/model/attribution.c \
	tools/model/attribution.h \
	tools/model/block.c \
	tools/model/block.h \
	tools/model/budget.c \
	tools/model/budget.h \
	tools/model/changes.c \
	tools/model/changes.h \
	tools/model/column.c \
	tools/model/column.h \
	tools/model/curve.c \
	tools/model/curve.h \
	tools/model/diff.c \
	tools/model/diff.h \
	tools/model/filter.c \
	tools/model/filter.h \
	tools/model/filter_condition.c \
	tools/model/filter_condition.h \
	tools/model/filter_hint.c \
	tools/model/filter_hint.h \
	tools/model/group.c \
	tools/model/group.h \
	tools/model/group_blocks.c \
	tools/model/group_blocks.h \
	tools/model/listing.c \
	tools/model/listing.h \
	tools/model/name.c \
	tools/model/name.h \
	tools/model/place.c \
	tools/model/place.h \
	tools/model/profile.c \
	tools/model/profile.h \
	tools/model/rank.c \
	tools/model/rank.h \
	tools/model/selection.h \
	tools/model/suppress.c \
	tools/model/suppress.h \
	tools/model/wrapper.c \
	tools/model/wrapper.h \
	tools/read/locate.c \
	tools/read/locate.h \
	tools/read/request.c \
	tools/read/request.h \
	tools/read/snapshot.c \
	tools/read/snapshot.h \
	tools/read/snapshot_blocks.c \
	tools/read/snapshot_counters.c \
	tools/read/snapshot_lifetimes.c \
	tools/read/snapshot_private.h \
	tools/read/snapshot_tables.c \
	tools/read/source.c \
	tools/read/source.h \
	tools/read/tally.h \
	tools/read/tally_blocks.c \
	tools/read/tally_blocks.h \
	tools/read/tally_file.c \
	tools/read/tally_file.h \
	tools/read/tally_format.h \
	tools/read/tally_read.c \
	tools/read/tally_write.c \
	tools/run/collect.c \
	tools/run/collect.h \
	tools/run/launch.c \
	tools/run/launch.h \
	tools/run/target.c \
	tools/run/target.h \
	tools/symbols/debuginfo.c \
	tools/symbols/debuginfo.h \
	tools/symbols/debuginfo_cache.c \
	tools/symbols/debuginfo_cache.h \
	tools/symbols/debuginfo_search.c \
	tools/symbols/debuginfo_search.h \
	tools/symbols/demangle.c \
	tools/symbols/demangle.h \
	tools/symbols/elf_inflate.c \
	tools/symbols/elf_inflate.h \
	tools/symbols/encoding.c \
	tools/symbols/encoding.h \
	tools/symbols/symbolize.c \
	tools/symbols/symbolize.h \
	tools/util/array.h \
	tools/util/buffer.c \
	tools/util/buffer.h \
	tools/util/clock.c \
	tools/util/clock.h \
	tools/util/error.c \
	tools/util/error.h \
	tools/util/glob.c \
	tools/util/glob.h \
	tools/util/hash_map.h \
	tools/util/human.c \
	tools/util/human.h \
	tools/util/intern.c \
	tools/util/intern.h \
	tools/util/json_writer.c \
	tools/util/json_writer.h \
	tools/util/range_index.c \
	tools/util/range_index.h \
	tools/util/screen.c \
	tools/util/screen.h \
	tools/util/term.c \
	tools/util/term.h \
	tools/util/text.c \
	tools/util/text.h \
	tools/util/utf8.c \
	tools/util/utf8.h \
	tools/util/varint.c \
	tools/util/varint.h \
	tools/util/wrap.h \
	tools/util/xalloc.c \
	tools/util/xalloc.h \
	tools/view/annotate.c \
	tools/view/annotate.h \
	tools/view/block.c \
	tools/view/block.h \
	tools/view/blocks.c \
	tools/view/blocks.h \
	tools/view/card.c \
	tools/view/card.h \
	tools/view/csv.c \
	tools/view/csv.h \
	tools/view/diff.c \
	tools/view/diff.h \
	tools/view/filters.c \
	tools/view/filters.h \
	tools/view/lifetimes.c \
	tools/view/lifetimes.h \
	tools/view/marks.c \
	tools/view/marks.h \
	tools/view/place.c \
	tools/view/place.h \
	tools/view/quality.c \
	tools/view/quality.h \
	tools/view/source.c \
	tools/view/source.h \
	tools/view/stack.c \
	tools/view/stack.h \
	tools/view/suppressed.c \
	tools/view/suppressed.h \
	tools/view/table.c \
	tools/view/table.h \
	tools/view/timeline.c \
	tools/view/timeline.h \
	tools/view/timeline_svg.c \
	tools/view/top.c \
	tools/view/top.h

tools_heaptally_CPPFLAGS = $(tools_cppflags)
tools_heaptally_LDADD = $(tools_libs)
tools_heaptally_SOURCES = \
	tools/cmd/annotate.c \
	tools/cmd/block.c \
	tools/cmd/blocks.c \
	tools/cmd/command.h \
	tools/cmd/diff.c \
	tools/cmd/info.c \
	tools/cmd/library.c \
	tools/cmd/list.c \
	tools/cmd/main.c \
	tools/cmd/report.c \
	tools/cmd/report.h \
	tools/cmd/request.c \
	tools/cmd/run.c \
	tools/cmd/snapshot.c \
	tools/cmd/timeline.c \
	tools/cmd/top.c \
	tools/cmd/top_refresh.c \
	tools/cmd/top_refresh.h
