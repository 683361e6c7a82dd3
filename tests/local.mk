# SPDX-License-Identifier: LGPL-2.1-or-later
# Every test speaks TAP; scripts/check adds up the results.

TEST_EXTENSIONS = .bats .py .sh
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
BATS_LOG_DRIVER = $(LOG_DRIVER)
BATS_LOG_COMPILER = timeout 600 $(BATS) --formatter tap
PY_LOG_DRIVER = $(LOG_DRIVER)
PY_LOG_COMPILER = env PYTHONPATH=$(abs_top_srcdir)/tests timeout 1500 $(PYTHON3) -B
SH_LOG_DRIVER = $(LOG_DRIVER)
SH_LOG_COMPILER = timeout 1500 bash

# A unit test is a Check program; this makes it print TAP, and leaves it time on a busy machine. What
# is kept for the next run would be kept where the user has it: there is no such place.
AM_TESTS_ENVIRONMENT = \
	CK_TAP_LOG_FILE_NAME=-; export CK_TAP_LOG_FILE_NAME; \
	CK_DEFAULT_TIMEOUT=120; export CK_DEFAULT_TIMEOUT; \
	XDG_CACHE_HOME=/dev/null; export XDG_CACHE_HOME; \
	srcdir='$(abs_top_srcdir)'; export srcdir; \
	builddir='$(abs_top_builddir)'; export builddir; \
	HEAPTALLY_COMMAND='$(abs_top_builddir)/tools/heaptally'; export HEAPTALLY_COMMAND; \
	HEAPTALLY_LIBRARY='$(abs_top_builddir)/lib/.libs/libheaptally.so'; export HEAPTALLY_LIBRARY;

if HAVE_BATS
TESTS += $(bats_tests)
endif

bats_tests = \
	tests/cli/annotate.bats \
	tests/cli/bad_input.bats \
	tests/cli/bad_words.bats \
	tests/cli/diff.bats \
	tests/cli/recordings.bats \
	tests/cli/reports.bats \
	tests/cli/suppressions.bats \
	tests/cli/system_rules.bats \
	tests/cli/timeline.bats

if HAVE_PYTHON3
TESTS += $(python_tests)
endif

python_tests = \
	tests/capture/shapes.py \
	tests/cli/blocks.py \
	tests/cli/completions.py \
	tests/cli/core.py \
	tests/cli/exports.py \
	tests/cli/generated.py \
	tests/cli/go_pprof.py \
	tests/cli/growth.py \
	tests/cli/growth_text.py \
	tests/cli/hostile_names.py \
	tests/cli/json_dialect.py \
	tests/cli/leaks.py \
	tests/cli/live.py \
	tests/cli/mappings.py \
	tests/cli/loader.py \
	tests/cli/looks_like.py \
	tests/cli/lost_column.py \
	tests/cli/module_files.py \
	tests/cli/name_cache.py \
	tests/cli/old_tally.py \
	tests/cli/clean.py \
	tests/cli/other_version.py \
	tests/cli/page.py \
	tests/cli/page_html.py \
	tests/cli/refresh.py \
	tests/cli/refs.py \
	tests/cli/requests.py \
	tests/cli/resident.py \
	tests/cli/serve.py \
	tests/cli/pprof_format.py \
	tests/cli/processes.py \
	tests/cli/pushed.py \
	tests/cli/program_api.py \
	tests/cli/suspend.py \
	tests/cli/speedscope_import.py \
	tests/cli/thread_locals.py \
	tests/cli/symbols.py \
	tests/cli/terminal.py \
	tests/cli/threads.py \
	tests/cli/tracemalloc_oracle.py \
	tests/cli/tree.py \
	tests/cli/tutorial.py \
	tests/cli/unrecorded.py \
	tests/cli/widths.py \
	tests/exact/leak_kinds.py \
	tests/exact/memcheck_dhat.py \
	tests/exact/temporary.py \
	tests/gates/counting.py \
	tests/gates/gates.py \
	tests/promises/capture_crosscheck.py \
	tests/promises/fork_and_exec.py \
	tests/promises/keeps_all_at_any_end.py \
	tests/promises/leaves_no_trace.py \
	tests/promises/same_as_untraced.py \
	tests/promises/twin.py \
	tests/semantics/semantics.py

EXTRA_DIST += \
	$(bats_tests) \
	$(python_tests) \
	tests/browser.py \
	tests/cli/commanded.py \
	tests/cli/exported.py \
	tests/cli/feeding.py \
	tests/cli/losing.py \
	tests/cli/go_tool.py \
	tests/cli/growing.py \
	tests/cli/npm_package.py \
	tests/cli/serving.py \
	tests/cli/common.bash \
	tests/data/golden.txt \
	tests/data/hashes.pl \
	tests/data/json-ast.py \
	tests/data/v0.1.c \
	tests/data/v0.1.tally \
	tests/data/words.sql \
	tests/core_writer.py \
	tests/harness.py \
	tests/pprof.py \
	tests/schema.py \
	tests/semantics/calls.py \
	tests/semantics/evidence.py \
	tests/semantics/groups.py \
	tests/semantics/numbers_of_sites.py \
	tests/semantics/profilers.py

# The installed command finds the installed runtime.
installcheck-local:
	unset HEAPTALLY_LIBRARY; \
	$(DESTDIR)$(bindir)/heaptally run -q -o installcheck.tally ls / >/dev/null && \
	$(DESTDIR)$(bindir)/heaptally info --format json installcheck.tally | \
		grep '"total_blocks": [1-9]' >/dev/null && \
	rm -f installcheck.tally && \
	grep -x 'prefix=$(prefix)' '$(DESTDIR)$(pkgconfigdir)/heaptally.pc' >/dev/null
