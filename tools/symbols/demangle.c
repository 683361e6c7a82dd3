/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * demangle.c - function names as people know them
 *
 * libiberty does the demangling. Shortening walks the demangled name once, from left to right, and
 * copies what names the function:
 *
 *     name      copied
 *     ( ... )   at the top level a parameter list: left out, but for "(anonymous namespace)" and
 *               the parentheses of operator()
 *     < ... >   template arguments: shortened one by one, defaults dropped, "<...>" when too long
 *     { ... }   a lambda: "{lambda(int)#1}" becomes "{lambda#1}"
 *     [ ... ]   an ABI tag or a clone: left out, but for operator[]
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

#define SYMBOL_MAX    4096  /* longer ones are shown mangled */
#define DEMANGLED_MAX 16384 /* so are those that become longer than this */
#define ARGUMENTS_MAX 28    /* longer template argument lists are shown as <...> */
#define DEPTH_MAX     32

static bool
starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

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
demangle(const char *symbol)
{
	struct output output = {.text = BUFFER_INIT};
	char *name = NULL;

	if (strlen(symbol) > SYMBOL_MAX)
		return NULL;
	if (starts_with(symbol, "_D"))
		return cplus_demangle(symbol, DMGL_DLANG | DMGL_PARAMS);
	if (!starts_with(symbol, "_Z") && !starts_with(symbol, "_R") &&
	    !starts_with(symbol, "___Z"))
		return NULL;
	if (demangle_into(symbol, &output))
		name = strdup(buffer_string(&output.text));
	buffer_release(&output.text);
	return name;
}

/* The byte after the bracket that closes the one at text, or the end. */
static const char *
skip_brackets(const char *text)
{
	unsigned depth = 0;

	for (; *text; text++) {
		if (strchr("(<[{", *text)) {
			depth++;
		} else if (*text == '>' && text[-1] == '-') {
			continue;
		} else if (strchr(")>]}", *text)) {
			if (--depth == 0)
				return text + 1;
		}
	}
	return text;
}

/* The names of operators hold brackets that are none. Returns the bytes to copy as they are. */
static size_t
operator_length(const char *text)
{
	static const char *const operators[] = {
		"operator()",  "operator[]",     "operator<=>",       "operator<<=", "operator>>=",
		"operator->*", "operator<<",     "operator>>",        "operator<=",  "operator>=",
		"operator->",  "operator new[]", "operator delete[]", "operator<",   "operator>",
	};

	for (size_t i = 0; i < sizeof(operators) / sizeof(*operators); i++) {
		if (starts_with(text, operators[i]))
			return strlen(operators[i]);
	}
	return 0;
}

/* Template arguments that nobody wrote. */
static bool
is_default_argument(const char *text)
{
	static const char *const defaults[] = {
		"std::allocator<",      "std::char_traits<",
		"std::less<",           "std::hash<",
		"std::equal_to<",       "std::default_delete<",
		"alloc::alloc::Global", "std::pmr::polymorphic_allocator<",
	};

	for (size_t i = 0; i < sizeof(defaults) / sizeof(*defaults); i++) {
		if (starts_with(text, defaults[i]))
			return true;
	}
	return false;
}

/* Names that stand for longer ones, and inline namespaces that nobody writes. */
static size_t
replace_prefix(const char *text, const char **ret_replacement)
{
	static const struct {
		const char *from, *to;
	} table[] = {
		{"std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >",
		 "std::string"},
		{"std::__1::basic_string<char, std::__1::char_traits<char>, "
		 "std::__1::allocator<char> >",
		 "std::string"},
		{"std::__cxx11::basic_string<char>", "std::string"},
		{"std::__cxx11::", "std::"},
		{"std::__1::", "std::"},
		{"std::__detail::", "std::"},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		if (starts_with(text, table[i].from)) {
			*ret_replacement = table[i].to;
			return strlen(table[i].from);
		}
	}
	return 0;
}

static void shorten(const char *text, const char *end, unsigned depth, struct buffer *out);

/* text is at '<', end after its '>'. */
static void
shorten_arguments(const char *text, const char *end, unsigned depth, struct buffer *out)
{
	struct buffer arguments = BUFFER_INIT;
	const char *argument = text + 1;
	bool first = true;

	while (argument < end - 1) {
		const char *stop = argument;

		while (stop < end - 1 && *stop != ',')
			stop = strchr("(<[{", *stop) ? skip_brackets(stop) : stop + 1;
		if (stop > end - 1)
			stop = end - 1;
		argument += strspn(argument, " ");
		if (first || !is_default_argument(argument)) {
			if (!first)
				buffer_insert_string(&arguments, ", ");
			shorten(argument, stop, depth + 1, &arguments);
		}
		first = false;
		argument = stop + 1;
	}
	if (arguments.length > ARGUMENTS_MAX) {
		buffer_insert_string(out, "<...>");
	} else {
		buffer_insert_byte(out, '<');
		buffer_insert(out, arguments.bytes, arguments.length);
		buffer_insert_byte(out, '>');
	}
	buffer_release(&arguments);
}

/* text is at an opening bracket, end after the closing one. */
static void
shorten_brackets(const char *text, const char *end, unsigned depth, struct buffer *out)
{
	const char *number;

	if (*text == '<' && depth < DEPTH_MAX) {
		shorten_arguments(text, end, depth, out);
	} else if (*text == '(' && starts_with(text, "(anonymous namespace)")) {
		buffer_insert(out, text, (size_t)(end - text));
	} else if (*text == '{' && starts_with(text, "{lambda(")) {
		for (number = end; number > text && *number != '#'; number--)
			;
		buffer_insert_string(out, "{lambda");
		buffer_insert(out, number, (size_t)(end - number));
	} else if (*text == '{') {
		buffer_insert(out, text, (size_t)(end - text));
	}
}

/*
 * Rust's "<r::Item as core::clone::Clone>::clone" becomes "r::Item::clone"; what is no path, as
 * "<[u8]>::to_vec", keeps its brackets. Returns where the name goes on.
 */
static const char *
shorten_self_type(const char *text, unsigned depth, struct buffer *out)
{
	const char *end = skip_brackets(text);
	const char *stop = text + 1;
	bool is_path = strchr("[&(*<", text[1]) == NULL;

	while (stop < end - 1 && !starts_with(stop, " as "))
		stop = strchr("(<[{", *stop) ? skip_brackets(stop) : stop + 1;
	if (stop > end - 1)
		stop = end - 1;
	if (is_path)
		shorten(text + 1, stop, depth + 1, out);
	else
		buffer_insert(out, text, (size_t)(stop - text));
	if (!is_path)
		buffer_insert_byte(out, '>');
	return end;
}

static void
shorten(const char *text, const char *end, unsigned depth, struct buffer *out)
{
	bool is_start = true;

	if (*text == '<' && depth < DEPTH_MAX)
		text = shorten_self_type(text, depth, out);
	if (text > end)
		return;

	while (text < end) {
		const char *replacement;
		size_t length = is_start ? replace_prefix(text, &replacement) : 0;

		if (length > 0 && length <= (size_t)(end - text)) {
			buffer_insert_string(out, replacement);
			text += length;
			continue;
		}
		length = *text == 'o' && is_start ? operator_length(text) : 0;
		if (length > 0 && length <= (size_t)(end - text)) {
			buffer_insert(out, text, length);
			text += length;
			continue;
		}
		if (starts_with(text, "::<") && depth == 0) {
			text = skip_brackets(text + 2); /* Rust's arguments of a generic function */
			continue;
		}
		if (strchr("(<[{", *text)) {
			const char *next = skip_brackets(text);

			next = next < end ? next : end;
			shorten_brackets(text, next, depth, out);
			text = next;
			continue;
		}
		is_start = strchr(": <(,*&", *text) != NULL;
		buffer_insert_byte(out, (uint8_t)*text++);
	}
}

static bool
ends_with(const char *start, const char *end, const char *suffix)
{
	size_t length = strlen(suffix);

	return (size_t)(end - start) > length && memcmp(end - length, suffix, length) == 0;
}

/* What follows the last parameter list says nothing more about which function it is. */
static const char *
find_name_end(const char *function)
{
	static const char *const suffixes[] = {" const", " volatile", " &&", " &", " noexcept"};
	const char *clone = strstr(function, " [clone ");
	const char *end = clone ? clone : function + strlen(function);
	const char *start = end;

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++) {
		if (ends_with(function, start, suffixes[i])) {
			start -= strlen(suffixes[i]);
			i = (size_t)-1; /* there may be several, in any order */
		}
	}
	return start > function && start[-1] == ')' ? start : end;
}

char *
demangle_shorten(const char *function)
{
	struct buffer out = BUFFER_INIT;
	char *result;

	if (!strpbrk(function, "<([{:"))
		return strdup(function);
	shorten(function, find_name_end(function), 0, &out);
	result = strdup(buffer_string(&out));
	buffer_release(&out);
	return result;
}
