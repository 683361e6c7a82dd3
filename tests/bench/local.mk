# SPDX-License-Identifier: LGPL-2.1-or-later
# `make bench` measures; tests/bench/README.md is its manual. BENCH_FLAGS are the bench's options.

bench_programs = \
	tests/bench/large \
	tests/bench/measure \
	tests/bench/micro \
	tests/bench/pause \
	tests/bench/scaling \
	tests/bench/threads-list

EXTRA_PROGRAMS += $(bench_programs)
CLEANFILES += $(bench_programs)

# The frames that the micro-benchmarks count on exist at this level only.
bench_cflags = $(AM_CFLAGS) -O2 -g -pthread

tests_bench_large_SOURCES = tests/bench/large.c tests/bench/stacks.c tests/bench/stacks.h
tests_bench_large_CFLAGS = $(bench_cflags)
tests_bench_measure_SOURCES = tests/bench/measure.c
tests_bench_micro_SOURCES = tests/bench/micro.c
tests_bench_micro_CFLAGS = $(bench_cflags)
tests_bench_pause_SOURCES = tests/bench/pause.c tests/bench/stacks.c tests/bench/stacks.h
tests_bench_pause_CFLAGS = $(bench_cflags)
tests_bench_scaling_SOURCES = tests/bench/scaling.c tests/bench/stacks.c tests/bench/stacks.h
tests_bench_scaling_CFLAGS = $(bench_cflags)
tests_bench_threads_list_SOURCES = tests/bench/workloads/threads-list.cpp
tests_bench_threads_list_CXXFLAGS = -O2 -g -pthread

bench: all $(bench_programs)
	$(PYTHON3) $(srcdir)/tests/bench/bench --build $(abs_top_builddir) $(BENCH_FLAGS)

.PHONY: bench

EXTRA_DIST += \
	tests/bench/README.md \
	tests/bench/bench \
	tests/bench/crosscheck.py \
	tests/bench/lines.py \
	tests/bench/live.py \
	tests/bench/large.py \
	tests/bench/machine.py \
	tests/bench/micro.py \
	tests/bench/programs.py \
	tests/bench/recording.py \
	tests/bench/reports.py \
	tests/bench/runner.py \
	tests/bench/scaling.py \
	tests/bench/tracers.py \
	tests/bench/workloads/clang-bigfile.cpp \
	tests/bench/workloads/make-big-json \
	tests/bench/workloads/node-objects.js \
	tests/bench/workloads/perl-hashes.pl \
	tests/bench/workloads/python-deep.py \
	tests/bench/workloads/python-json-ast.py \
	tests/bench/workloads/python-lines.py \
	tests/bench/workloads/sqlite-inmemory.sql
