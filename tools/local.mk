# SPDX-License-Identifier: LGPL-2.1-or-later
# The command. Everything but main.c is in a library, so that the unit tests link what they test.

bin_PROGRAMS += tools/heaptally
noinst_LIBRARIES += tools/libtools.a

tools_cppflags = $(AM_CPPFLAGS) \
	-I$(srcdir)/tools \
	-DPKGLIBDIR='"$(pkglibdir)"' \
	$(ELFUTILS_CFLAGS) $(ZSTD_CFLAGS) $(XXHASH_CFLAGS)
tools_libs = tools/libtools.a $(ELFUTILS_LIBS) $(ZSTD_LIBS) $(IBERTY_LIBS)

tools_libtools_a_CPPFLAGS = $(tools_cppflags)
tools_libtools_a_SOURCES = \
	tools/profile.h

tools_heaptally_CPPFLAGS = $(tools_cppflags)
tools_heaptally_LDADD = $(tools_libs)
tools_heaptally_SOURCES = \
	tools/command.h \
	tools/main.c

# Readers, the launcher, and their commands.
tools_libtools_a_SOURCES += \
	tools/cmd_block.c \
	tools/cmd_blocks.c \
	tools/cmd_info.c \
	tools/cmd_library.c \
	tools/cmd_list.c \
	tools/cmd_run.c \
	tools/cmd_snapshot.c \
	tools/collect.c \
	tools/collect.h \
	tools/launch.c \
	tools/launch.h \
	tools/locate.c \
	tools/locate.h \
	tools/profile.c \
	tools/request.c \
	tools/request.h \
	tools/snapshot.c \
	tools/snapshot.h \
	tools/snapshot_blocks.c \
	tools/snapshot_counters.c \
	tools/snapshot_lifetimes.c \
	tools/snapshot_private.h \
	tools/snapshot_tables.c \
	tools/source.c \
	tools/source.h \
	tools/tally.h \
	tools/tally_blocks.c \
	tools/tally_blocks.h \
	tools/tally_file.c \
	tools/tally_file.h \
	tools/tally_format.h \
	tools/tally_read.c \
	tools/tally_write.c \
	tools/target.c \
	tools/target.h \
	tools/util/array.h \
	tools/util/buffer.c \
	tools/util/buffer.h \
	tools/util/clock.c \
	tools/util/clock.h \
	tools/util/error.c \
	tools/util/error.h \
	tools/util/intern.c \
	tools/util/intern.h \
	tools/util/xalloc.c \
	tools/util/xalloc.h \
	tools/view_card.c \
	tools/view_card.h

# The model, symbols and views.
tools_libtools_a_SOURCES += \
	tools/annotate.c \
	tools/annotate.h \
	tools/block.c \
	tools/block.h \
	tools/budget.c \
	tools/budget.h \
	tools/column.c \
	tools/column.h \
	tools/curve.c \
	tools/curve.h \
	tools/debuginfo.c \
	tools/debuginfo.h \
	tools/debuginfo_cache.c \
	tools/debuginfo_cache.h \
	tools/debuginfo_search.c \
	tools/debuginfo_search.h \
	tools/demangle.c \
	tools/demangle.h \
	tools/diff.c \
	tools/diff.h \
	tools/filter.c \
	tools/filter.h \
	tools/filter_hint.c \
	tools/filter_hint.h \
	tools/filter_private.h \
	tools/group.c \
	tools/group.h \
	tools/group_blocks.c \
	tools/group_blocks.h \
	tools/listing.c \
	tools/listing.h \
	tools/naming.c \
	tools/naming.h \
	tools/place.c \
	tools/place.h \
	tools/rank.c \
	tools/rank.h \
	tools/suppress.c \
	tools/suppress.h \
	tools/symbolize.c \
	tools/symbolize.h \
	tools/util/glob.c \
	tools/util/glob.h \
	tools/util/human.c \
	tools/util/human.h \
	tools/util/json_writer.c \
	tools/util/json_writer.h \
	tools/util/range_index.c \
	tools/util/range_index.h \
	tools/util/screen.c \
	tools/util/screen.h \
	tools/util/term.c \
	tools/util/term.h \
	tools/util/utf8.c \
	tools/util/utf8.h \
	tools/util/varint.c \
	tools/util/varint.h \
	tools/view_annotate.c \
	tools/view_annotate.h \
	tools/view_csv.c \
	tools/view_csv.h \
	tools/view_diff.c \
	tools/view_diff.h \
	tools/view_filters.c \
	tools/view_filters.h \
	tools/view_marks.c \
	tools/view_marks.h \
	tools/view_block.c \
	tools/view_block.h \
	tools/view_blocks.c \
	tools/view_blocks.h \
	tools/view_lifetimes.c \
	tools/view_lifetimes.h \
	tools/view_place.c \
	tools/view_place.h \
	tools/view_quality.c \
	tools/view_quality.h \
	tools/view_source.c \
	tools/view_source.h \
	tools/view_stack.c \
	tools/view_stack.h \
	tools/view_suppressed.c \
	tools/view_suppressed.h \
	tools/view_table.c \
	tools/view_table.h \
	tools/view_timeline.c \
	tools/view_timeline.h \
	tools/view_timeline_svg.c \
	tools/view_top.c \
	tools/view_top.h \
	tools/wrapper.c \
	tools/wrapper.h

# The commands.
tools_heaptally_SOURCES += \
	tools/cmd_annotate.c \
	tools/cmd_diff.c \
	tools/cmd_report.c \
	tools/cmd_report.h \
	tools/cmd_request.c \
	tools/cmd_timeline.c \
	tools/cmd_top.c \
	tools/cmd_top_refresh.c \
	tools/cmd_top_refresh.h
