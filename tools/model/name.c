/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * name.c - the brackets in names of functions, and what they hold
 *
 * Shortening walks the name once, from left to right, and copies what names the function:
 *
 *     name      copied
 *     ( ... )   at the top level a parameter list: left out, but for "(anonymous namespace)" and
 *               the parentheses of operator()
 *     < ... >   template arguments: shortened one by one, defaults dropped
 *     { ... }   a lambda: "{lambda(int)#1}" becomes "{lambda#1}"
 *     [ ... ]   an ABI tag or a clone: left out, but for operator[]
 */
#include "config.h"

#include "model/name.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "util/buffer.h"
#include "util/text.h"
#include "util/xalloc.h"

#define DEPTH_MAX 32

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
		if (text_starts_with(text, operators[i]))
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
		if (text_starts_with(text, defaults[i]))
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
		if (text_starts_with(text, table[i].from)) {
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
			const char *last = stop;

			while (last > argument && last[-1] == ' ')
				last--;
			if (!first)
				buffer_insert_string(&arguments, ", ");
			shorten(argument, last, depth + 1, &arguments);
		}
		first = false;
		argument = stop + 1;
	}
	buffer_insert_byte(out, '<');
	buffer_insert(out, arguments.bytes, arguments.length);
	buffer_insert_byte(out, '>');
	buffer_release(&arguments);
}

/* text is at an opening bracket, end after the closing one. */
static void
shorten_brackets(const char *text, const char *end, unsigned depth, struct buffer *out)
{
	const char *number;

	if (*text == '<' && depth < DEPTH_MAX) {
		shorten_arguments(text, end, depth, out);
	} else if (*text == '(' && (text_starts_with(text, "(anonymous namespace)") ||
				    (depth > 0 && text[-1] == ' '))) {
		/* Within arguments, "void ()" is a type. */
		buffer_insert(out, text, (size_t)(end - text));
	} else if (*text == '{' && text_starts_with(text, "{lambda(")) {
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

	while (stop < end - 1 && !text_starts_with(stop, " as "))
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
		if (text_starts_with(text, "::<") && depth == 0) {
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
name_shorten(const char *function)
{
	struct buffer out = BUFFER_INIT;
	char *result;

	if (!strpbrk(function, "<([{:"))
		return xstrdup(function);
	shorten(function, find_name_end(function), 0, &out);
	result = xstrdup(buffer_string(&out));
	buffer_release(&out);
	return result;
}

/*** parts of a shortened name ***/

/* The byte after what stands at text: a bracket with its contents, an operator, or one byte. */
static char *
skip_part(char *text, bool is_start)
{
	size_t length = *text == 'o' && is_start ? operator_length(text) : 0;

	if (length > 0)
		return text + length;
	return strchr("(<[{", *text) ? text + (skip_brackets(text) - text) : text + 1;
}

/* The first list of template arguments from text on; NULL if there is none. */
static char *
find_arguments(char *text)
{
	bool is_start = true;

	while (*text) {
		/* What a name begins with is a type: "<[u8]>::to_vec". */
		if (*text == '<' && !is_start)
			return text;
		char *next = skip_part(text, is_start);

		is_start = next == text + 1 && strchr(": ", *text) != NULL;
		text = next;
	}
	return NULL;
}

bool
name_drop_arguments(char *name)
{
	char *arguments = name;

	while ((arguments = find_arguments(arguments)) != NULL) {
		const char *end = skip_brackets(arguments);

		if (end - arguments > (ptrdiff_t)strlen(NAME_ARGUMENTS)) {
			memmove(arguments + strlen(NAME_ARGUMENTS), end, strlen(end) + 1);
			memcpy(arguments, NAME_ARGUMENTS, strlen(NAME_ARGUMENTS));
			return true;
		}
		arguments += end - arguments;
		if (*arguments == '<')
			return false; /* brackets that make no sense */
	}
	return false;
}

bool
name_drop_mark(char *name)
{
	char *mark = strstr(name, NAME_ARGUMENTS);

	if (mark == NULL)
		return false;
	memmove(mark, mark + strlen(NAME_ARGUMENTS), strlen(mark + strlen(NAME_ARGUMENTS)) + 1);
	return true;
}

char *
name_generalize(const char *function)
{
	char *rest = name_shorten(function), *name = rest, *arguments;
	struct buffer out = BUFFER_INIT;

	while ((arguments = find_arguments(rest)) != NULL) {
		buffer_insert(&out, rest, (size_t)(arguments - rest));
		buffer_insert_string(&out, NAME_ARGUMENTS);
		rest = arguments + (skip_brackets(arguments) - arguments);
		if (*rest == '<')
			break;
	}
	buffer_insert_string(&out, rest);
	free(name);
	name = xstrdup(buffer_string(&out));
	buffer_release(&out);
	return name;
}

/* Where the next part of a qualified name begins, or NULL. */
static char *
find_next_part(char *text)
{
	bool is_start = true;

	while (*text) {
		char *next;

		if (text[0] == ':' && text[1] == ':')
			return text + 2;
		next = skip_part(text, is_start);
		is_start = next == text + 1 && *text == ' ';
		text = next;
	}
	return NULL;
}

/* A lambda, or the operator that calls it, belongs to the function that it is in. */
static bool
is_nameless(const char *part, bool after_nameless)
{
	return *part == '{' || (after_nameless && text_starts_with(part, "operator()"));
}

/* The last two parts with names of their own: the class and the method; or twice the only one. */
static void
find_own_parts(char *start, char *own[2])
{
	bool nameless = false;

	own[0] = own[1] = start;
	for (char *part = start; part != NULL; part = find_next_part(part)) {
		nameless = is_nameless(part, nameless);
		if (!nameless) {
			own[0] = own[1];
			own[1] = part;
		}
	}
}

bool
name_drop_outer(char *name)
{
	char *start = text_starts_with(name, NAME_OUTER) ? name + strlen(NAME_OUTER) : name;
	char *own[2];

	find_own_parts(start, own);
	if (own[0] == name)
		return false;
	memmove(name, own[0], strlen(own[0]) + 1);
	return true;
}

char *
name_find_method(char *name)
{
	char *own[2];

	find_own_parts(name, own);
	return own[1] > name ? own[1] : NULL;
}

bool
name_drop_namespace(char *name)
{
	char *start = text_starts_with(name, NAME_OUTER) ? name + strlen(NAME_OUTER) : name;
	char *part, *own[2];

	find_own_parts(start, own);
	for (part = find_next_part(start); part != NULL && part <= own[0];
	     part = find_next_part(part)) {
		if (part - name <= (ptrdiff_t)strlen(NAME_OUTER))
			continue;
		memmove(name + strlen(NAME_OUTER), part, strlen(part) + 1);
		memcpy(name, NAME_OUTER, strlen(NAME_OUTER));
		return true;
	}
	return false;
}
