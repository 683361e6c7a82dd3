# SPDX-License-Identifier: LGPL-2.1-or-later
# A Check program for each module. Tests of the command link its library, tests of the runtime its
# modules without the hooks.

unit_tests = \
	$(runtime_unit_tests) \
	$(tools_unit_tests)

runtime_unit_tests = \
	tests/unit/test_block_table \
	tests/unit/test_counters \
	tests/unit/test_lock \
	tests/unit/test_mapping_table \
	tests/unit/test_memory_map \
	tests/unit/test_memory_room \
	tests/unit/test_module_table \
	tests/unit/test_options \
	tests/unit/test_races \
	tests/unit/test_trace_table

tools_unit_tests = \
	tests/unit/test_annotate \
	tests/unit/test_blocks \
	tests/unit/test_changes \
	tests/unit/test_collect \
	tests/unit/test_delta \
	tests/unit/test_diff \
	tests/unit/test_dominators \
	tests/unit/test_exec_reader \
	tests/unit/test_filter \
	tests/unit/test_folder \
	tests/unit/test_graph_beside \
	tests/unit/test_graph_file \
	tests/unit/test_group \
	tests/unit/test_human \
	tests/unit/test_launch \
	tests/unit/test_likeness \
	tests/unit/test_listing \
	tests/unit/test_living_access \
	tests/unit/test_meant \
	tests/unit/test_moment \
	tests/unit/test_name_file \
	tests/unit/test_option_words \
	tests/unit/test_output \
	tests/unit/test_path_ends \
	tests/unit/test_path_map \
	tests/unit/test_profile \
	tests/unit/test_quality \
	tests/unit/test_resident \
	tests/unit/test_reach \
	tests/unit/test_site_match \
	tests/unit/test_snapshot \
	tests/unit/test_source \
	tests/unit/test_suppress \
	tests/unit/test_table \
	tests/unit/test_tally \
	tests/unit/test_tally_bounds \
	tests/unit/test_tally_format \
	tests/unit/test_text \
	tests/unit/test_timeline \
	tests/unit/test_util \
	tests/unit/test_verdict

if HAVE_CHECK
check_LIBRARIES += tests/unit/libruntime.a
check_PROGRAMS += $(unit_tests)
TESTS += $(unit_tests)
endif

tests_unit_libruntime_a_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/lib -D_GNU_SOURCE $(CHECK_CFLAGS)
tests_unit_libruntime_a_CFLAGS = $(AM_CFLAGS)
$(tests_unit_libruntime_a_OBJECTS): override CFLAGS += $(runtime_last_cflags)
tests_unit_libruntime_a_SOURCES = $(runtime_modules) tests/unit/runtime.c tests/unit/runtime.h

runtime_unit_cppflags = $(tests_unit_libruntime_a_CPPFLAGS)
runtime_unit_libs = tests/unit/libruntime.a $(CHECK_LIBS)

tests_unit_test_block_table_CPPFLAGS = $(runtime_unit_cppflags)
tests_unit_test_block_table_LDADD = $(runtime_unit_libs)
tests_unit_test_block_table_SOURCES = tests/unit/test_block_table.c
tests_unit_test_counters_CPPFLAGS = $(runtime_unit_cppflags)
tests_unit_test_counters_LDADD = $(runtime_unit_libs)
tests_unit_test_counters_SOURCES = tests/unit/test_counters.c
tests_unit_test_lock_CPPFLAGS = $(runtime_unit_cppflags)
tests_unit_test_lock_LDADD = $(runtime_unit_libs)
tests_unit_test_lock_SOURCES = tests/unit/test_lock.c
tests_unit_test_mapping_table_CPPFLAGS = $(runtime_unit_cppflags)
tests_unit_test_mapping_table_LDADD = $(runtime_unit_libs)
tests_unit_test_mapping_table_SOURCES = tests/unit/test_mapping_table.c
tests_unit_test_memory_map_CPPFLAGS = $(runtime_unit_cppflags)
tests_unit_test_memory_map_LDADD = $(runtime_unit_libs)
tests_unit_test_memory_map_SOURCES = tests/unit/test_memory_map.c $(scratch)
tests_unit_test_memory_room_CPPFLAGS = $(runtime_unit_cppflags)
tests_unit_test_memory_room_LDADD = $(runtime_unit_libs)
tests_unit_test_memory_room_SOURCES = tests/unit/test_memory_room.c $(scratch)
tests_unit_test_module_table_CPPFLAGS = $(runtime_unit_cppflags)
tests_unit_test_module_table_LDADD = $(runtime_unit_libs)
tests_unit_test_module_table_SOURCES = tests/unit/test_module_table.c
tests_unit_test_options_CPPFLAGS = $(runtime_unit_cppflags)
tests_unit_test_options_LDADD = $(runtime_unit_libs)
tests_unit_test_options_SOURCES = tests/unit/test_options.c
tests_unit_test_races_CPPFLAGS = $(runtime_unit_cppflags)
tests_unit_test_races_LDADD = $(runtime_unit_libs)
tests_unit_test_races_SOURCES = tests/unit/test_races.c
tests_unit_test_trace_table_CPPFLAGS = $(runtime_unit_cppflags)
tests_unit_test_trace_table_LDADD = $(runtime_unit_libs)
tests_unit_test_trace_table_SOURCES = tests/unit/test_trace_table.c

# For each test of the command, tests/unit/test_NAME, add it to `tools_unit_tests` and these lines:
#     tests_unit_test_NAME_CPPFLAGS = $(tools_unit_cppflags)
#     tests_unit_test_NAME_LDADD = $(tools_unit_libs)
#     tests_unit_test_NAME_SOURCES = tests/unit/test_NAME.c
tools_unit_cppflags = $(tools_cppflags) $(CHECK_CFLAGS)
tools_unit_libs = $(tools_libs) $(CHECK_LIBS)

scratch = tests/unit/scratch.c tests/unit/scratch.h
recordings = tests/unit/recording_generator.c tests/unit/recording_generator.h
graphs = tests/unit/graph_generator.c tests/unit/graph_generator.h

tests_unit_test_blocks_CPPFLAGS = $(tools_unit_cppflags)
tests_unit_test_blocks_LDADD = $(tools_unit_libs)
tests_unit_test_blocks_SOURCES = tests/unit/test_blocks.c $(scratch) $(recordings)
tests_unit_test_launch_CPPFLAGS = $(tools_unit_cppflags)
tests_unit_test_launch_LDADD = $(tools_unit_libs)
tests_unit_test_launch_SOURCES = tests/unit/test_launch.c $(scratch)
tests_unit_test_name_file_CPPFLAGS = $(tools_unit_cppflags)
tests_unit_test_name_file_LDADD = $(tools_unit_libs)
tests_unit_test_name_file_SOURCES = tests/unit/test_name_file.c
tests_unit_test_option_words_CPPFLAGS = $(tools_unit_cppflags) -I$(srcdir)/lib
tests_unit_test_option_words_LDADD = tests/unit/libruntime.a $(tools_unit_libs)
tests_unit_test_option_words_SOURCES = tests/unit/test_option_words.c
tests_unit_test_output_CPPFLAGS = $(tools_unit_cppflags)
tests_unit_test_output_LDADD = $(tools_unit_libs)
tests_unit_test_output_SOURCES = tests/unit/test_output.c $(scratch)
tests_unit_test_path_ends_CPPFLAGS = $(tools_unit_cppflags)
tests_unit_test_path_ends_LDADD = $(tools_unit_libs)
tests_unit_test_path_ends_SOURCES = tests/unit/test_path_ends.c $(scratch)
tests_unit_test_profile_CPPFLAGS = $(tools_unit_cppflags)
tests_unit_test_profile_LDADD = $(tools_unit_libs)
tests_unit_test_profile_SOURCES = tests/unit/test_profile.c $(scratch)
tests_unit_test_resident_CPPFLAGS = $(tools_unit_cppflags)
tests_unit_test_resident_LDADD = $(tools_unit_libs)
tests_unit_test_resident_SOURCES = tests/unit/test_resident.c $(fixture) $(scratch)
tests_unit_test_snapshot_CPPFLAGS = $(tools_unit_cppflags)
tests_unit_test_snapshot_LDADD = $(tools_unit_libs)
tests_unit_test_snapshot_SOURCES = tests/unit/test_snapshot.c $(scratch) $(recordings)
tests_unit_test_source_CPPFLAGS = $(tools_unit_cppflags)
tests_unit_test_source_LDADD = $(tools_unit_libs)
tests_unit_test_source_SOURCES = tests/unit/test_source.c $(scratch) $(recordings)
tests_unit_test_tally_CPPFLAGS = $(tools_unit_cppflags)
tests_unit_test_tally_LDADD = $(tools_unit_libs)
tests_unit_test_tally_SOURCES = tests/unit/test_tally.c $(scratch) $(recordings)
tests_unit_test_tally_bounds_CPPFLAGS = $(tools_unit_cppflags)
tests_unit_test_tally_bounds_LDADD = $(tools_unit_libs)
tests_unit_test_tally_bounds_SOURCES = tests/unit/test_tally_bounds.c $(scratch)
tests_unit_test_tally_format_CPPFLAGS = $(tools_unit_cppflags)
tests_unit_test_tally_format_LDADD = $(tools_unit_libs)
tests_unit_test_tally_format_SOURCES = tests/unit/test_tally_format.c $(scratch)
tests_unit_test_util_CPPFLAGS = $(tools_unit_cppflags)
tests_unit_test_util_LDADD = $(tools_unit_libs)
tests_unit_test_util_SOURCES = tests/unit/test_util.c $(scratch)

# Profiles of invented programs; the driver does for tracemalloc_oracle.py what the views do.
fixture = tests/unit/fixture.c tests/unit/fixture.h

check_PROGRAMS += tests/unit/statistics_driver
tests_unit_statistics_driver_CPPFLAGS = $(tools_cppflags)
tests_unit_statistics_driver_LDADD = $(tools_libs)
tests_unit_statistics_driver_SOURCES = tests/unit/statistics_driver.c $(fixture)

tests_unit_test_annotate_CPPFLAGS = $(tools_unit_cppflags)
tests_unit_test_annotate_LDADD = $(tools_unit_libs)
tests_unit_test_annotate_SOURCES = tests/unit/test_annotate.c $(fixture) $(scratch)
tests_unit_test_changes_CPPFLAGS = $(tools_unit_cppflags)
tests_unit_test_changes_LDADD = $(tools_unit_libs)
tests_unit_test_changes_SOURCES = tests/unit/test_changes.c $(fixture) $(scratch)
tests_unit_test_collect_CPPFLAGS = $(tools_unit_cppflags)
tests_unit_test_collect_LDADD = $(tools_unit_libs)
tests_unit_test_collect_SOURCES = tests/unit/test_collect.c $(scratch) $(recordings)
tests_unit_test_delta_CPPFLAGS = $(tools_unit_cppflags)
tests_unit_test_delta_LDADD = $(tools_unit_libs)
tests_unit_test_delta_SOURCES = tests/unit/test_delta.c $(fixture) $(scratch)
tests_unit_test_diff_CPPFLAGS = $(tools_unit_cppflags)
tests_unit_test_diff_LDADD = $(tools_unit_libs)
tests_unit_test_diff_SOURCES = tests/unit/test_diff.c $(fixture) $(scratch)
tests_unit_test_exec_reader_CPPFLAGS = $(tools_unit_cppflags)
tests_unit_test_exec_reader_LDADD = $(tools_unit_libs)
tests_unit_test_exec_reader_SOURCES = tests/unit/test_exec_reader.c $(scratch)
tests_unit_test_filter_CPPFLAGS = $(tools_unit_cppflags)
tests_unit_test_filter_LDADD = $(tools_unit_libs)
tests_unit_test_filter_SOURCES = tests/unit/test_filter.c $(fixture) $(scratch)
tests_unit_test_group_CPPFLAGS = $(tools_unit_cppflags)
tests_unit_test_group_LDADD = $(tools_unit_libs)
tests_unit_test_group_SOURCES = tests/unit/test_group.c $(fixture) $(scratch)
tests_unit_test_human_CPPFLAGS = $(tools_unit_cppflags)
tests_unit_test_human_LDADD = $(tools_unit_libs)
tests_unit_test_human_SOURCES = tests/unit/test_human.c $(scratch)
tests_unit_test_likeness_CPPFLAGS = $(tools_unit_cppflags)
tests_unit_test_likeness_LDADD = $(tools_unit_libs)
tests_unit_test_likeness_SOURCES = tests/unit/test_likeness.c $(scratch)
tests_unit_test_living_access_CPPFLAGS = $(tools_unit_cppflags)
tests_unit_test_living_access_LDADD = $(tools_unit_libs)
tests_unit_test_living_access_SOURCES = tests/unit/test_living_access.c $(scratch)
tests_unit_test_listing_CPPFLAGS = $(tools_unit_cppflags)
tests_unit_test_listing_LDADD = $(tools_unit_libs)
tests_unit_test_listing_SOURCES = tests/unit/test_listing.c $(fixture) $(scratch)
tests_unit_test_moment_CPPFLAGS = $(tools_unit_cppflags)
tests_unit_test_moment_LDADD = $(tools_unit_libs)
tests_unit_test_moment_SOURCES = tests/unit/test_moment.c $(fixture) $(scratch)
tests_unit_test_suppress_CPPFLAGS = $(tools_unit_cppflags)
tests_unit_test_suppress_LDADD = $(tools_unit_libs)
tests_unit_test_suppress_SOURCES = tests/unit/test_suppress.c $(fixture) $(scratch)
tests_unit_test_quality_CPPFLAGS = $(tools_unit_cppflags)
tests_unit_test_quality_LDADD = $(tools_unit_libs)
tests_unit_test_quality_SOURCES = tests/unit/test_quality.c $(fixture) $(scratch)
tests_unit_test_table_CPPFLAGS = $(tools_unit_cppflags)
tests_unit_test_table_LDADD = $(tools_unit_libs)
tests_unit_test_table_SOURCES = tests/unit/test_table.c $(scratch)
tests_unit_test_text_CPPFLAGS = $(tools_unit_cppflags)
tests_unit_test_text_LDADD = $(tools_unit_libs)
tests_unit_test_text_SOURCES = tests/unit/test_text.c $(scratch)
tests_unit_test_verdict_CPPFLAGS = $(tools_unit_cppflags)
tests_unit_test_verdict_LDADD = $(tools_unit_libs) -lm
tests_unit_test_verdict_SOURCES = tests/unit/test_verdict.c $(scratch)
tests_unit_test_timeline_CPPFLAGS = $(tools_unit_cppflags)
tests_unit_test_timeline_LDADD = $(tools_unit_libs)
tests_unit_test_timeline_SOURCES = tests/unit/test_timeline.c $(fixture) $(scratch)
tests_unit_test_reach_CPPFLAGS = $(tools_unit_cppflags)
tests_unit_test_reach_LDADD = $(tools_unit_libs)
tests_unit_test_reach_SOURCES = tests/unit/test_reach.c $(scratch)
tests_unit_test_dominators_CPPFLAGS = $(tools_unit_cppflags)
tests_unit_test_dominators_LDADD = $(tools_unit_libs)
tests_unit_test_dominators_SOURCES = tests/unit/test_dominators.c $(scratch)
tests_unit_test_graph_file_CPPFLAGS = $(tools_unit_cppflags)
tests_unit_test_graph_file_LDADD = $(tools_unit_libs)
tests_unit_test_graph_file_SOURCES = tests/unit/test_graph_file.c $(scratch) $(graphs)
tests_unit_test_folder_CPPFLAGS = $(tools_unit_cppflags)
tests_unit_test_folder_LDADD = $(tools_unit_libs)
tests_unit_test_folder_SOURCES = tests/unit/test_folder.c $(scratch)
tests_unit_test_graph_beside_CPPFLAGS = $(tools_unit_cppflags)
tests_unit_test_graph_beside_LDADD = $(tools_unit_libs)
tests_unit_test_graph_beside_SOURCES = tests/unit/test_graph_beside.c $(scratch) $(recordings) $(graphs)
tests_unit_test_meant_CPPFLAGS = $(tools_unit_cppflags)
tests_unit_test_meant_LDADD = $(tools_unit_libs)
tests_unit_test_meant_SOURCES = tests/unit/test_meant.c $(scratch) $(recordings)
tests_unit_test_path_map_CPPFLAGS = $(tools_unit_cppflags)
tests_unit_test_path_map_LDADD = $(tools_unit_libs)
tests_unit_test_path_map_SOURCES = tests/unit/test_path_map.c $(fixture) $(scratch)
tests_unit_test_site_match_CPPFLAGS = $(tools_unit_cppflags)
tests_unit_test_site_match_LDADD = $(tools_unit_libs)
tests_unit_test_site_match_SOURCES = tests/unit/test_site_match.c $(fixture) $(scratch)
