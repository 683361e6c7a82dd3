# SPDX-License-Identifier: LGPL-2.1-or-later
# The command. All but tools/cmd/ is in a library, so that the unit tests link what they test.

bin_PROGRAMS += tools/heaptally
noinst_LIBRARIES += tools/libtools.a tools/libpprof.a

tools_cppflags = $(AM_CPPFLAGS) \
	-I$(srcdir)/tools -I$(builddir)/tools \
	-DPKGLIBDIR='"$(pkglibdir)"' \
	$(ELFUTILS_CFLAGS) $(ZSTD_CFLAGS) $(XXHASH_CFLAGS) $(PROTOBUF_C_CFLAGS) $(ZLIB_CFLAGS) \
	$(MICROHTTPD_CFLAGS) $(NCURSES_CFLAGS)
tools_libs = tools/libtools.a tools/libpprof.a \
	$(ELFUTILS_LIBS) $(ZSTD_LIBS) $(IBERTY_LIBS) $(PROTOBUF_C_LIBS) $(ZLIB_LIBS) \
	$(MICROHTTPD_LIBS) $(NCURSES_LIBS)

# What protoc-c writes is not ours to mend.
pprof_generated = tools/export/pprof.pb-c.c tools/export/pprof.pb-c.h
nodist_tools_libpprof_a_SOURCES = $(pprof_generated)
tools_libpprof_a_SOURCES =
tools_libpprof_a_CPPFLAGS = $(tools_cppflags)
tools_libpprof_a_CFLAGS = -w
EXTRA_DIST += tools/export/pprof.proto
CLEANFILES += $(pprof_generated)

tools/export/pprof.pb-c.c: $(srcdir)/tools/export/pprof.proto
	$(AM_V_GEN)$(MKDIR_P) tools/export && \
		$(PROTOC_C) --proto_path=$(srcdir)/tools/export --c_out=tools/export $(srcdir)/tools/export/pprof.proto
tools/export/pprof.pb-c.h: tools/export/pprof.pb-c.c
	@test -e $@ || { rm -f tools/export/pprof.pb-c.c; $(MAKE) tools/export/pprof.pb-c.c; }
tools/export/libtools_a-pprof.$(OBJEXT) tools/export/libpprof_a-pprof.pb-c.$(OBJEXT): tools/export/pprof.pb-c.h

# The HTML page: its parts as strings of C, with nothing but sed. The scripts are one function.
page_scripts = \
	$(srcdir)/tools/page/data.js \
	$(srcdir)/tools/page/flame.js \
	$(srcdir)/tools/page/chart.js \
	$(srcdir)/tools/page/table.js \
	$(srcdir)/tools/page/main.js
page_parts = $(srcdir)/tools/page/page.css $(srcdir)/tools/page/page.html $(page_scripts)
page_quote = sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/"/' -e 's/$$/\\n"/'
nodist_tools_libtools_a_SOURCES = tools/page/assets.c
EXTRA_DIST += $(page_parts)
CLEANFILES += tools/page/assets.c

tools/page/assets.c: $(page_parts) tools/local.mk
	$(AM_V_GEN)$(MKDIR_P) tools/page && { \
		echo '#include "page/assets.h"'; \
		echo 'const char page_style[] ='; $(page_quote) $(srcdir)/tools/page/page.css; echo ';'; \
		echo 'const char page_body[] ='; $(page_quote) $(srcdir)/tools/page/page.html; echo ';'; \
		echo 'const char page_script[] ='; \
		{ echo '(() => {'; echo '"use strict";'; cat $(page_scripts); echo '})();'; } | \
			$(page_quote); echo ';'; \
	} >$@.new && mv -f $@.new $@

# The same as one script, to look at or to check.
bundle: tools/page/bundle.js
tools/page/bundle.js: $(page_scripts) tools/local.mk
	$(AM_V_GEN)$(MKDIR_P) tools/page && \
		{ echo '(() => {'; echo '"use strict";'; cat $(page_scripts); echo '})();'; } >$@.new && mv -f $@.new $@
CLEANFILES += tools/page/bundle.js
.PHONY: bundle

tools_libtools_a_CPPFLAGS = $(tools_cppflags)
tools_libtools_a_SOURCES = \
	tools/export/callgrind.c \
	tools/export/callgrind.h \
	tools/export/dhat.c \
	tools/export/dhat.h \
	tools/export/export.c \
	tools/export/export.h \
	tools/export/folded.c \
	tools/export/folded.h \
	tools/export/gzip.c \
	tools/export/gzip.h \
	tools/export/massif.c \
	tools/export/massif.h \
	tools/export/massif_tree.c \
	tools/export/massif_tree.h \
	tools/export/mprof.c \
	tools/export/mprof.h \
	tools/export/pprof.c \
	tools/export/pprof.h \
	tools/export/speedscope.c \
	tools/export/speedscope.h \
	tools/export/svg.c \
	tools/export/svg.h \
	tools/export/svg_sites.c \
	tools/export/svg_sites.h \
	tools/export/tracemalloc.c \
	tools/export/tracemalloc.h \
	tools/image/allocator.c \
	tools/image/allocator.h \
	tools/image/block_index.c \
	tools/image/block_index.h \
	tools/image/core.c \
	tools/image/core.h \
	tools/image/image.c \
	tools/image/image.h \
	tools/image/image_graph.c \
	tools/image/image_graph.h \
	tools/image/image_known.h \
	tools/image/living.c \
	tools/image/living.h \
	tools/image/living_access.c \
	tools/image/living_access.h \
	tools/image/pointer.c \
	tools/image/pointer.h \
	tools/image/proc_status.c \
	tools/image/proc_status.h \
	tools/image/ranges.c \
	tools/image/ranges.h \
	tools/image/roots.c \
	tools/image/roots.h \
	tools/image/scan.c \
	tools/image/scan.h \
	tools/image/shares.c \
	tools/image/shares.h \
	tools/model/annotate.c \
	tools/model/annotate.h \
	tools/model/attribution.c \
	tools/model/attribution.h \
	tools/model/block.c \
	tools/model/block.h \
	tools/model/budget.c \
	tools/model/budget.h \
	tools/model/card.c \
	tools/model/card.h \
	tools/model/changes.c \
	tools/model/changes.h \
	tools/model/column.c \
	tools/model/column.h \
	tools/model/compare.c \
	tools/model/compare.h \
	tools/model/components.c \
	tools/model/components.h \
	tools/model/curve.c \
	tools/model/curve.h \
	tools/model/delta.c \
	tools/model/delta.h \
	tools/model/diff.c \
	tools/model/diff.h \
	tools/model/dominators.c \
	tools/model/dominators.h \
	tools/model/filter.c \
	tools/model/filter.h \
	tools/model/filter_condition.c \
	tools/model/filter_condition.h \
	tools/model/filter_hint.c \
	tools/model/filter_hint.h \
	tools/model/forest.c \
	tools/model/forest.h \
	tools/model/graph.c \
	tools/model/graph.h \
	tools/model/group.c \
	tools/model/group.h \
	tools/model/group_blocks.c \
	tools/model/group_blocks.h \
	tools/model/growth.c \
	tools/model/growth.h \
	tools/model/leak.c \
	tools/model/leak.h \
	tools/model/leak_growth.c \
	tools/model/leak_growth.h \
	tools/model/leak_look.c \
	tools/model/leak_look.h \
	tools/model/leak_report.c \
	tools/model/leak_report.h \
	tools/model/likeness.c \
	tools/model/likeness.h \
	tools/model/listing.c \
	tools/model/listing.h \
	tools/model/managed.c \
	tools/model/managed.h \
	tools/model/mapped.c \
	tools/model/mapped.h \
	tools/model/memory.c \
	tools/model/memory.h \
	tools/model/memory_class.c \
	tools/model/memory_class.h \
	tools/model/merge.c \
	tools/model/merge.h \
	tools/model/moment.c \
	tools/model/moment.h \
	tools/model/name.c \
	tools/model/name.h \
	tools/model/path_ends.c \
	tools/model/path_ends.h \
	tools/model/path_map.c \
	tools/model/path_map.h \
	tools/model/pin.c \
	tools/model/pin.h \
	tools/model/place.c \
	tools/model/place.h \
	tools/model/process.c \
	tools/model/process.h \
	tools/model/profile.c \
	tools/model/profile.h \
	tools/model/python_line.c \
	tools/model/python_line.h \
	tools/model/rank.c \
	tools/model/rank.h \
	tools/model/referrers.c \
	tools/model/referrers.h \
	tools/model/remedy.c \
	tools/model/remedy.h \
	tools/model/resident.c \
	tools/model/resident.h \
	tools/model/resident_look.c \
	tools/model/resident_look.h \
	tools/model/retained.c \
	tools/model/retained.h \
	tools/model/retained_report.c \
	tools/model/retained_report.h \
	tools/model/reach.c \
	tools/model/reach.h \
	tools/model/selection.h \
	tools/model/site_group.c \
	tools/model/site_group.h \
	tools/model/site_match.c \
	tools/model/site_match.h \
	tools/model/std_node.c \
	tools/model/std_node.h \
	tools/model/std_shape.c \
	tools/model/std_shape.h \
	tools/model/suppress.c \
	tools/model/suppress.h \
	tools/model/system_library.c \
	tools/model/system_library.h \
	tools/model/system_rules.c \
	tools/model/system_rules.h \
	tools/model/not_freed.c \
	tools/model/not_freed.h \
	tools/model/owner.c \
	tools/model/owner.h \
	tools/model/owner_growth.c \
	tools/model/owner_growth.h \
	tools/model/owner_path.c \
	tools/model/owner_path.h \
	tools/view/kept.c \
	tools/view/kept.h \
	tools/model/thread_name.c \
	tools/model/thread_name.h \
	tools/model/tree.c \
	tools/model/tree.h \
	tools/model/trouble.c \
	tools/model/trouble.h \
	tools/model/verdict.c \
	tools/model/verdict.h \
	tools/model/wrapper.c \
	tools/model/wrapper.h \
	tools/read/anchor_graph.c \
	tools/read/anchor_graph.h \
	tools/read/anchor_recording.c \
	tools/read/anchor_recording.h \
	tools/read/folder.c \
	tools/read/folder.h \
	tools/read/foreign.c \
	tools/read/foreign.h \
	tools/read/glibc_words.c \
	tools/read/glibc_words.h \
	tools/read/graph_beside.c \
	tools/read/graph_beside.h \
	tools/read/graph_file.c \
	tools/read/graph_file.h \
	tools/read/history.c \
	tools/read/history.h \
	tools/read/identity.h \
	tools/read/locate.c \
	tools/read/locate.h \
	tools/read/look.c \
	tools/read/look.h \
	tools/read/meant.c \
	tools/read/meant.h \
	tools/read/memory_maps.c \
	tools/read/memory_pages.c \
	tools/read/memory_read.h \
	tools/read/named.c \
	tools/read/named.h \
	tools/read/operand.c \
	tools/read/operand.h \
	tools/read/process_memory.c \
	tools/read/process_memory.h \
	tools/read/request.c \
	tools/read/request.h \
	tools/read/snapshot.c \
	tools/read/snapshot_anchor.c \
	tools/read/snapshot_anchor.h \
	tools/read/snapshot.h \
	tools/read/snapshot_blocks.c \
	tools/read/snapshot_counters.c \
	tools/read/snapshot_file.c \
	tools/read/snapshot_file.h \
	tools/read/snapshot_life.c \
	tools/read/snapshot_life.h \
	tools/read/snapshot_lifetimes.c \
	tools/read/snapshot_mappings.c \
	tools/read/snapshot_private.h \
	tools/read/snapshot_process.c \
	tools/read/snapshot_process.h \
	tools/read/snapshot_process_tables.c \
	tools/read/snapshot_resident.c \
	tools/read/snapshot_codes.c \
	tools/read/snapshot_slots.c \
	tools/read/snapshot_slots.h \
	tools/read/snapshot_tables.c \
	tools/read/snapshot_threads.c \
	tools/read/snapshot_title.c \
	tools/read/source.c \
	tools/read/source.h \
	tools/read/source_choice.c \
	tools/read/source_choice.h \
	tools/read/source_explain.c \
	tools/read/source_explain.h \
	tools/read/source_file.c \
	tools/read/source_file.h \
	tools/read/source_recording.c \
	tools/read/source_recording.h \
	tools/read/source_request.h \
	tools/read/tally.h \
	tools/read/tally_blocks.c \
	tools/read/tally_blocks.h \
	tools/read/tally_draft.c \
	tools/read/tally_draft.h \
	tools/read/tally_file.c \
	tools/read/tally_file.h \
	tools/read/tally_format.c \
	tools/read/tally_format.h \
	tools/read/tally_input.c \
	tools/read/tally_input.h \
	tools/read/tally_leaks.c \
	tools/read/tally_leaks.h \
	tools/read/tally_moments.c \
	tools/read/tally_moments.h \
	tools/read/tally_names.c \
	tools/read/tally_names.h \
	tools/read/tally_output.c \
	tools/read/tally_output.h \
	tools/read/tally_process.c \
	tools/read/tally_process.h \
	tools/read/tally_read.c \
	tools/read/tally_resident.c \
	tools/read/tally_resident.h \
	tools/read/tally_stacks.c \
	tools/read/tally_stacks.h \
	tools/read/tally_write.c \
	tools/run/collect.c \
	tools/run/collect.h \
	tools/run/elf_facts.c \
	tools/run/elf_facts.h \
	tools/run/elf_look.c \
	tools/run/elf_look.h \
	tools/run/exec_reader.c \
	tools/run/exec_reader.h \
	tools/run/exit_graphs.c \
	tools/run/exit_graphs.h \
	tools/run/interfaces.c \
	tools/run/interfaces.h \
	tools/run/launch.c \
	tools/run/launch.h \
	tools/run/launch_suspend.c \
	tools/run/launch_suspend.h \
	tools/run/program_path.c \
	tools/run/program_path.h \
	tools/run/spool.c \
	tools/run/spool.h \
	tools/run/target.c \
	tools/run/target.h \
	tools/run/tracked.c \
	tools/run/tracked.h \
	tools/run/unseen.c \
	tools/run/unseen.h \
	tools/run/watch.c \
	tools/run/watch.h \
	tools/serve/answer.c \
	tools/serve/answer.h \
	tools/serve/http.h \
	tools/serve/listen.c \
	tools/serve/listen.h \
	tools/symbols/class_names.c \
	tools/symbols/class_names.h \
	tools/symbols/class_table.c \
	tools/symbols/class_table.h \
	tools/symbols/debuginfo.c \
	tools/symbols/debuginfo.h \
	tools/symbols/debuginfo_cache.c \
	tools/symbols/debuginfo_cache.h \
	tools/symbols/debuginfo_location.h \
	tools/symbols/debuginfo_search.c \
	tools/symbols/debuginfo_search.h \
	tools/symbols/demangle.c \
	tools/symbols/demangle.h \
	tools/symbols/imports.c \
	tools/symbols/imports.h \
	tools/symbols/dwarf_path.c \
	tools/symbols/dwarf_path.h \
	tools/symbols/dwarf_unit.c \
	tools/symbols/dwarf_unit.h \
	tools/symbols/elf_inflate.c \
	tools/symbols/elf_inflate.h \
	tools/symbols/encoding.c \
	tools/symbols/encoding.h \
	tools/symbols/module_file.c \
	tools/symbols/module_file.h \
	tools/symbols/module_open.c \
	tools/symbols/module_open.h \
	tools/symbols/name_cache.c \
	tools/symbols/name_cache.h \
	tools/symbols/name_file.c \
	tools/symbols/name_file.h \
	tools/symbols/name_store.c \
	tools/symbols/name_store.h \
	tools/symbols/owner_names.c \
	tools/symbols/owner_names.h \
	tools/symbols/perf_map.c \
	tools/symbols/perf_map.h \
	tools/symbols/scope_table.c \
	tools/symbols/scope_table.h \
	tools/symbols/symbol_table.c \
	tools/symbols/symbol_table.h \
	tools/symbols/symbolize.c \
	tools/symbols/symbolize.h \
	tools/symbols/variable_table.c \
	tools/symbols/variable_table.h \
	tools/tui/tui.h \
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
	tools/util/markdown.c \
	tools/util/markdown.h \
	tools/util/nearest.c \
	tools/util/nearest.h \
	tools/util/output.c \
	tools/util/output.h \
	tools/util/range_index.c \
	tools/util/range_index.h \
	tools/util/screen.c \
	tools/util/screen.h \
	tools/util/span.c \
	tools/util/span.h \
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
	tools/view/card_next.c \
	tools/view/card_next.h \
	tools/view/card_processes.c \
	tools/view/card_processes.h \
	tools/view/csv.c \
	tools/view/csv.h \
	tools/view/diff.c \
	tools/view/diff.h \
	tools/view/diff_csv.c \
	tools/view/diff_json.c \
	tools/view/diff_text.c \
	tools/view/filters.c \
	tools/view/filters.h \
	tools/view/graph_place.c \
	tools/view/graph_place.h \
	tools/view/graph_quality.c \
	tools/view/graph_quality.h \
	tools/view/growth.c \
	tools/view/growth.h \
	tools/view/info.c \
	tools/view/info.h \
	tools/view/info_json.c \
	tools/view/info_text.c \
	tools/view/json.c \
	tools/view/json.h \
	tools/view/lifetimes.c \
	tools/view/lifetimes.h \
	tools/view/leaks.c \
	tools/view/leaks.h \
	tools/view/list.c \
	tools/view/list.h \
	tools/view/mapped.c \
	tools/view/mapped.h \
	tools/view/marks.c \
	tools/view/marks.h \
	tools/view/moment.c \
	tools/view/moment.h \
	tools/view/owner.c \
	tools/view/owner.h \
	tools/page/assets.h \
	tools/view/page.h \
	tools/view/page_data.c \
	tools/view/page_data.h \
	tools/view/page_html.c \
	tools/view/page_source.c \
	tools/view/page_source.h \
	tools/view/page_markdown.c \
	tools/view/parts.c \
	tools/view/parts.h \
	tools/view/pins.c \
	tools/view/pins.h \
	tools/view/place.c \
	tools/view/place.h \
	tools/view/pmap.c \
	tools/view/pmap.h \
	tools/view/processes.c \
	tools/view/processes.h \
	tools/view/quality.c \
	tools/view/quality.h \
	tools/view/refs.c \
	tools/view/refs.h \
	tools/view/remedy.c \
	tools/view/remedy.h \
	tools/view/resident.c \
	tools/view/resident.h \
	tools/view/retained.c \
	tools/view/retained.h \
	tools/view/site.c \
	tools/view/site.h \
	tools/view/source_code.c \
	tools/view/source_code.h \
	tools/view/stack.c \
	tools/view/stack.h \
	tools/view/suppressed.c \
	tools/view/suppressed.h \
	tools/view/table.c \
	tools/view/table.h \
	tools/view/timeline.c \
	tools/view/timeline.h \
	tools/view/top.c \
	tools/view/top.h \
	tools/view/top_csv.c \
	tools/view/top_json.c \
	tools/view/top_stacks.c \
	tools/view/top_table.c \
	tools/view/top_text.c \
	tools/view/top_tree.c \
	tools/view/top_tree_json.c \
	tools/view/waterfall.c \
	tools/view/waterfall.h

if HAVE_MICROHTTPD
tools_libtools_a_SOURCES += tools/serve/http.c
else
tools_libtools_a_SOURCES += tools/serve/http_none.c
endif

if HAVE_NCURSES
tools_libtools_a_SOURCES += tools/tui/tui.c
else
tools_libtools_a_SOURCES += tools/tui/tui_none.c
endif

tools_heaptally_CPPFLAGS = $(tools_cppflags)
tools_heaptally_LDADD = $(tools_libs)
tools_heaptally_SOURCES = \
	tools/cmd/annotate.c \
	tools/cmd/arguments.c \
	tools/cmd/arguments.h \
	tools/cmd/block.c \
	tools/cmd/blocks.c \
	tools/cmd/clean.c \
	tools/cmd/command.h \
	tools/cmd/diff.c \
	tools/cmd/diff_budgets.c \
	tools/cmd/diff_budgets.h \
	tools/cmd/export.c \
	tools/cmd/graph_ask.c \
	tools/cmd/graph_ask.h \
	tools/cmd/graph_core.c \
	tools/cmd/graph_core.h \
	tools/cmd/graph_kept.c \
	tools/cmd/graph_kept.h \
	tools/cmd/graph_load.c \
	tools/cmd/graph_load.h \
	tools/cmd/graph_outside.c \
	tools/cmd/graph_outside.h \
	tools/cmd/graph_names.c \
	tools/cmd/graph_names.h \
	tools/cmd/growth.c \
	tools/cmd/info.c \
	tools/cmd/library.c \
	tools/cmd/leaks.c \
	tools/cmd/leaks_options.c \
	tools/cmd/leaks_options.h \
	tools/cmd/list.c \
	tools/cmd/live.c \
	tools/cmd/live.h \
	tools/cmd/live_child.c \
	tools/cmd/live_child.h \
	tools/cmd/live_draw.c \
	tools/cmd/live_follow.c \
	tools/cmd/live_keys.c \
	tools/cmd/live_look.c \
	tools/cmd/live_stacks.c \
	tools/cmd/main.c \
	tools/cmd/project_file.c \
	tools/cmd/project_file.h \
	tools/cmd/refs.c \
	tools/cmd/report.c \
	tools/cmd/report_filters.c \
	tools/cmd/report_filters.h \
	tools/cmd/report_format.c \
	tools/cmd/report_format.h \
	tools/cmd/report_load.c \
	tools/cmd/report_load.h \
	tools/cmd/report_mapped.c \
	tools/cmd/report_mapped.h \
	tools/cmd/report_options.c \
	tools/cmd/report_options.h \
	tools/cmd/report_options_check.c \
	tools/cmd/report_output.c \
	tools/cmd/report_output.h \
	tools/cmd/report_tables.c \
	tools/cmd/report_tables.h \
	tools/cmd/request.c \
	tools/cmd/resident.c \
	tools/cmd/retained.c \
	tools/cmd/run.c \
	tools/cmd/run_early.c \
	tools/cmd/run_early.h \
	tools/cmd/run_graphs.c \
	tools/cmd/run_options.c \
	tools/cmd/run_options.h \
	tools/cmd/run_session.h \
	tools/cmd/run_start.c \
	tools/cmd/run_tally.c \
	tools/cmd/serve.c \
	tools/cmd/serve_kind.c \
	tools/cmd/serve_kind.h \
	tools/cmd/serve_looks.c \
	tools/cmd/serve_looks.h \
	tools/cmd/serve_pages.c \
	tools/cmd/serve_pages.h \
	tools/cmd/snapshot.c \
	tools/cmd/snapshot_output.c \
	tools/cmd/snapshot_output.h \
	tools/cmd/timeline.c \
	tools/cmd/top.c \
	tools/cmd/top_options.c \
	tools/cmd/top_options.h \
	tools/cmd/top_refresh.c \
	tools/cmd/top_refresh.h \
	tools/cmd/top_watch.c \
	tools/cmd/top_watch.h
