# SPDX-License-Identifier: LGPL-2.1-or-later
# Stacks that are made to deceive a capture that remembers.

capture_plugins = \
	tests/capture/alpha.so \
	tests/capture/beta.so

check_PROGRAMS += \
	tests/capture/reload \
	tests/capture/shapes

if HAVE_CXX
check_PROGRAMS += tests/capture/throw
endif

check_DATA += $(capture_plugins)
CLEANFILES += $(capture_plugins)
EXTRA_DIST += tests/capture/reload_plugin.c

tests_capture_reload_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE
tests_capture_reload_SOURCES = tests/capture/reload.c
tests_capture_shapes_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE
tests_capture_shapes_CFLAGS = -std=gnu11 -O2 -g -fno-builtin -pthread
tests_capture_shapes_SOURCES = tests/capture/shapes.c
tests_capture_throw_CXXFLAGS = -O2 -g
tests_capture_throw_SOURCES = tests/capture/throw.cpp

capture_plugin = $(CC) -std=gnu11 -O2 -g -fPIC -shared
capture_plugin_source = $(srcdir)/tests/capture/reload_plugin.c

tests/capture/alpha.so: tests/capture/reload_plugin.c
	@$(MKDIR_P) tests/capture
	$(AM_V_CCLD)$(capture_plugin) -DFRAME_BYTES=24 -DBLOCK_BYTES=1111 -o $@ $(capture_plugin_source)

tests/capture/beta.so: tests/capture/reload_plugin.c
	@$(MKDIR_P) tests/capture
	$(AM_V_CCLD)$(capture_plugin) -DFRAME_BYTES=8216 -DBLOCK_BYTES=2222 -o $@ $(capture_plugin_source)
