/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * demangle.c - function names as people know them
 *
 * libiberty does it, and is kept from doing too much.
 */
#include "config.h"

#include "symbols/demangle.h"

#ifdef HAVE_LIBIBERTY_DEMANGLE_H
#include <libiberty/demangle.h>
#else
/* A plain <demangle.h> would be our own header: these are the lines of it that are needed. */
#define DMGL_PARAMS   (1 << 0)
#define DMGL_ANSI     (1 << 1)
#define DMGL_RET_DROP (1 << 6)
#define DMGL_DLANG    (1 << 16)
typedef void (*demangle_callbackref)(const char *, size_t, void *);
extern char *cplus_demangle(const char *mangled, int options);
extern int cplus_demangle_v3_callback(const char *mangled, int options,
				      demangle_callbackref callback, void *opaque);
extern int rust_demangle_callback(const char *mangled, int options, demangle_callbackref callback,
				  void *opaque);
#endif
#include <setjmp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "util/buffer.h"
#include "util/text.h"

#define SYMBOL_MAX    4096  /* longer ones are shown mangled */
#define DEMANGLED_MAX 16384 /* so are those that become longer than this */

struct output {
	struct buffer text;
	jmp_buf too_long;
};

/*
 * A symbol of 300 bytes can stand for gigabytes of text, by substitutions that double at each step.
 * libiberty cannot be told to stop, but it holds no memory while it calls here, so a jump does it.
 */
static void
keep_output(const char *text, size_t length, void *opaque)
{
	struct output *output = opaque;

	if (output->text.length + length > DEMANGLED_MAX)
		longjmp(output->too_long, 1);
	buffer_insert(&output->text, text, length);
}

static bool
demangle_into(const char *symbol, struct output *output)
{
	const int options = DMGL_PARAMS | DMGL_ANSI | DMGL_RET_DROP;

	if (setjmp(output->too_long))
		return false;
	if (rust_demangle_callback(symbol, options, keep_output, output))
		return true;
	buffer_clear(&output->text);
	return cplus_demangle_v3_callback(symbol, options, keep_output, output);
}

char *
demangle(const char *symbol, enum encoding_language language)
{
	struct output output = {.text = BUFFER_INIT};
	char *name = NULL;

	if (strlen(symbol) > SYMBOL_MAX)
		return NULL;
	if (text_starts_with(symbol, "_D"))
		return cplus_demangle(symbol, DMGL_DLANG | DMGL_PARAMS);
	if (!text_starts_with(symbol, "_Z") && !text_starts_with(symbol, "_R") &&
	    !text_starts_with(symbol, "___Z"))
		return encoding_decode(symbol, language);
	if (demangle_into(symbol, &output))
		name = strdup(buffer_string(&output.text));
	buffer_release(&output.text);
	return name;
}
