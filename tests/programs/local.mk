# SPDX-License-Identifier: LGPL-2.1-or-later
# Small programs to trace. Tests know their lines, so they have debug information in any build.

check_PROGRAMS += \
	tests/programs/blocks \
	tests/programs/churn \
	tests/programs/commanded \
	tests/programs/edges \
	tests/programs/api \
	tests/programs/exits \
	tests/programs/forks \
	tests/programs/grows \
	tests/programs/handover \
	tests/programs/leaks \
	tests/programs/mappings \
	tests/programs/meanings \
	tests/programs/own_malloc \
	tests/programs/resident \
	tests/programs/starts \
	tests/programs/server \
	tests/programs/static \
	tests/programs/threads \
	tests/programs/twins \
	tests/programs/wordindex

if HAVE_CXX
check_PROGRAMS += \
	tests/programs/apixx \
	tests/programs/leaksxx \
	tests/programs/scope \
	tests/programs/scope_O0 \
	tests/programs/tree
endif

traced_cflags = -std=gnu11 $(WARN_CFLAGS) -g -O2 -fno-builtin

tests_programs_blocks_CFLAGS = $(traced_cflags) -pthread
tests_programs_blocks_SOURCES = tests/programs/blocks.c
tests_programs_churn_CFLAGS = $(traced_cflags) -pthread
tests_programs_churn_SOURCES = tests/programs/churn.c
tests_programs_commanded_CFLAGS = $(traced_cflags)
tests_programs_commanded_SOURCES = tests/programs/commanded.c
tests_programs_edges_CFLAGS = $(traced_cflags) -pthread
tests_programs_edges_SOURCES = tests/programs/edges.c tests/programs/expect.h
tests_programs_api_CFLAGS = $(traced_cflags)
tests_programs_api_SOURCES = tests/programs/api.c tests/programs/expect.h
tests_programs_apixx_CXXFLAGS = -g -O2 -Wall -Wextra
tests_programs_apixx_SOURCES = tests/programs/apixx.cpp
tests_programs_scope_CXXFLAGS = -g -O2 -Wall -Wextra
tests_programs_scope_SOURCES = tests/programs/scope.cpp
tests_programs_scope_O0_CXXFLAGS = -g -O0 -Wall -Wextra
tests_programs_scope_O0_SOURCES = tests/programs/scope.cpp
tests_programs_exits_CFLAGS = $(traced_cflags)
tests_programs_exits_SOURCES = tests/programs/exits.c
tests_programs_forks_CFLAGS = $(traced_cflags)
tests_programs_forks_SOURCES = tests/programs/forks.c
tests_programs_grows_CFLAGS = $(traced_cflags) -pthread
tests_programs_grows_SOURCES = tests/programs/grows.c
tests_programs_leaks_CFLAGS = $(traced_cflags) -pthread
tests_programs_leaks_SOURCES = tests/programs/leaks.c
tests_programs_mappings_CFLAGS = $(traced_cflags) -pthread
tests_programs_mappings_LDADD = -ldl
tests_programs_mappings_SOURCES = tests/programs/mappings.c
tests_programs_leaksxx_CXXFLAGS = -g -O2 -fno-builtin -Wall -Wextra
tests_programs_leaksxx_SOURCES = tests/programs/leaksxx.cpp
tests_programs_meanings_CFLAGS = $(traced_cflags) -pthread
tests_programs_meanings_SOURCES = tests/programs/meanings.c
tests_programs_own_malloc_CFLAGS = $(traced_cflags)
tests_programs_own_malloc_SOURCES = tests/programs/own_malloc.c
tests_programs_resident_CFLAGS = $(traced_cflags) -pthread
tests_programs_resident_SOURCES = tests/programs/resident.c
tests_programs_starts_CFLAGS = $(traced_cflags)
tests_programs_starts_SOURCES = tests/programs/starts.c
tests_programs_server_CFLAGS = $(traced_cflags)
tests_programs_server_SOURCES = tests/programs/server.c
tests_programs_static_CFLAGS = $(traced_cflags)
tests_programs_static_LDFLAGS = -all-static
tests_programs_static_SOURCES = tests/programs/exits.c
tests_programs_handover_CFLAGS = $(traced_cflags) -pthread
tests_programs_handover_SOURCES = tests/programs/handover.c
tests_programs_threads_CFLAGS = $(traced_cflags) -pthread
tests_programs_threads_SOURCES = tests/programs/threads.c
tests_programs_twins_CFLAGS = $(traced_cflags) -pthread
tests_programs_twins_SOURCES = tests/programs/twins.c
tests_programs_tree_CXXFLAGS = -g -O2
tests_programs_tree_SOURCES = tests/programs/tree.cpp
tests_programs_wordindex_CFLAGS = $(traced_cflags)
tests_programs_wordindex_SOURCES = tests/programs/wordindex.c
