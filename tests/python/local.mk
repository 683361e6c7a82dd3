# SPDX-License-Identifier: LGPL-2.1-or-later
# Lines of Python against tracemalloc and the interpreter itself, on every CPython in PYTHONS.

check_PROGRAMS += \
	tests/python/embed \
	tests/python/line_decoder \
	tests/python/new_python \
	tests/python/pypy \
	tests/python/strange_python \
	tests/python/threaded_python

tests_python_embed_SOURCES = tests/python/embed.c
tests_python_embed_LDADD = -ldl
tests_python_new_python_CPPFLAGS = -DVERSION='"3.99.1"' -DWITHOUT_LOCK=0
tests_python_new_python_SOURCES = tests/python/not_python.c
tests_python_new_python_LDFLAGS = -rdynamic
tests_python_strange_python_CPPFLAGS = -DVERSION='"3.11.2"' -DWITHOUT_LOCK=0
tests_python_strange_python_SOURCES = tests/python/not_python.c
tests_python_strange_python_LDFLAGS = -rdynamic
tests_python_threaded_python_CPPFLAGS = -DVERSION='"3.13.0"' -DWITHOUT_LOCK=1
tests_python_threaded_python_SOURCES = tests/python/not_python.c
tests_python_threaded_python_LDFLAGS = -rdynamic
tests_python_pypy_SOURCES = tests/python/not_python.c
tests_python_pypy_LDFLAGS = -rdynamic

tests_python_line_decoder_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tools
tests_python_line_decoder_LDADD = $(tools_libs)
tests_python_line_decoder_SOURCES = tests/python/line_decoder.c

python_interpreter_tests = \
	tests/python/behaviour.py \
	tests/python/lines.py \
	tests/python/oracle.py \
	tests/python/oracle_modules.py \
	tests/python/reports.py

if HAVE_PYTHON3
TESTS += $(python_interpreter_tests)
endif

EXTRA_DIST += \
	$(python_interpreter_tests) \
	tests/python/extensions.py \
	tests/python/interpreters.py \
	tests/python/line_tables.py \
	tests/python/measured.py \
	tests/python/tracebacks.py \
	tests/python/workloads.py
