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
	tools/main.c

# Readers and the model.
tools_libtools_a_SOURCES += \
	tools/locate.c \
	tools/locate.h \
	tools/profile.c \
	tools/snapshot.c \
	tools/snapshot.h \
	tools/source.c \
	tools/source.h \
	tools/tally.h \
	tools/tally_format.h \
	tools/tally_read.c \
	tools/tally_write.c \
	tools/util/array.h \
	tools/util/buffer.c \
	tools/util/buffer.h \
	tools/util/error.c \
	tools/util/error.h \
	tools/util/intern.c \
	tools/util/intern.h \
	tools/util/xalloc.c \
	tools/util/xalloc.h
