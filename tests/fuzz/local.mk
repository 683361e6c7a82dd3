# SPDX-License-Identifier: LGPL-2.1-or-later
# Readers against any bytes. The fuzzer itself is built by fuzz.sh, because it needs clang.

check_PROGRAMS += tests/fuzz/make_corpus
tests_fuzz_make_corpus_CPPFLAGS = $(tools_cppflags) -I$(srcdir)/tests/unit
tests_fuzz_make_corpus_LDADD = $(tools_libs)
tests_fuzz_make_corpus_SOURCES = tests/fuzz/make_corpus.c $(recordings) $(graphs)

TESTS += tests/fuzz/fuzz.sh
EXTRA_DIST += tests/fuzz/fuzz.sh tests/fuzz/fuzz_readers.c \
	tests/fuzz/fuzz_reports.c tests/fuzz/fuzz_reports.h tests/fuzz/fuzz_texts.c

.PHONY: fuzz

# make fuzz FUZZ_SECONDS=3600 FUZZ_ONLY=texts; what breaks one is left in the build directory.
FUZZ_SECONDS = 60
FUZZ_ONLY = readers reports texts
fuzz: tests/fuzz/make_corpus
	srcdir='$(abs_top_srcdir)' builddir='$(abs_top_builddir)' \
	FUZZ_KEEP='$(abs_top_builddir)' FUZZ_SECONDS='$(FUZZ_SECONDS)' FUZZ_ONLY='$(FUZZ_ONLY)' \
	bash $(srcdir)/tests/fuzz/fuzz.sh
