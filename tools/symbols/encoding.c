/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "symbols/encoding.h"

#include <ctype.h>
#include <dwarf.h>
#ifdef HAVE_LIBIBERTY_DEMANGLE_H
#include <libiberty/demangle.h>
#else
#define DMGL_GNAT (1 << 15)
extern char *cplus_demangle(const char *mangled, int options);
#endif
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "util/buffer.h"
#include "util/text.h"
#include "util/xalloc.h"

static char *
take_string(struct buffer *out)
{
	char *text = xstrdup(buffer_string(out));

	buffer_release(out);
	return text;
}

enum encoding_language
encoding_get_language(int dwarf_language)
{
	switch (dwarf_language) {
	case DW_LANG_Ada83:
	case DW_LANG_Ada95:
	case 0x2e: /* DW_LANG_Ada2005 and 2012, of DWARF 6 */
	case 0x2f:
		return ENCODING_ADA;
	case DW_LANG_Haskell:
		return ENCODING_HASKELL;
	default:
		return ENCODING_ANY;
	}
}

enum encoding_language
encoding_guess_language(const char *symbol)
{
	if (text_starts_with(symbol, "__gnat_") || text_starts_with(symbol, "_ada_"))
		return ENCODING_ADA;
	if (strcmp(symbol, "hs_main") == 0 || text_starts_with(symbol, "stg_ap_"))
		return ENCODING_HASKELL;
	return ENCODING_ANY;
}

/*** Ada ***/

/* What the demangler does not know of GNAT's names (exp_dbug.ads): blocks and loops without a name
 * of their own, "__P2305b", "__B_1"; numbers of copies and overloads at the end, ".351", "$2"; and
 * "TB", the body of a task. */
static bool
is_ada_block(const char *part, size_t length)
{
	size_t i = part[0] != '\0' && part[1] == '_' ? 2 : 1, first = i;

	if (length <= i || strchr("BLP", part[0]) == NULL)
		return false;
	while (i < length && isdigit((unsigned char)part[i]))
		i++;
	return i > first && (i == length || (i + 1 == length && part[i] == 'b'));
}

static char *
simplify_ada(const char *symbol)
{
	struct buffer out = {0};
	size_t rest = strlen(symbol), digits = rest;

	while (digits > 0 && isdigit((unsigned char)symbol[digits - 1]))
		digits--;
	if (digits < rest && digits > 0 && strchr(".$", symbol[digits - 1]) != NULL)
		rest = digits - 1;
	if (rest > 2 && strncmp(symbol + rest - 2, "TB", 2) == 0)
		rest -= 2;
	for (size_t at = 0; at < rest;) {
		const char *next = strstr(symbol + at + 1, "__");
		size_t length = next != NULL && next < symbol + rest ? (size_t)(next - symbol) - at
								     : rest - at;

		if (at == 0 || length <= 2 || !is_ada_block(symbol + at + 2, length - 2))
			buffer_insert(&out, symbol + at, length);
		at += length;
	}
	return take_string(&out);
}

/* GNAT's own functions in C are called so: they are no names of Ada. */
static char *
decode_ada(const char *symbol)
{
	char *name, *simple;

	if (!islower((unsigned char)symbol[0]) && !text_starts_with(symbol, "_ada_"))
		return NULL;
	if (strstr(symbol, "__") == NULL && !text_starts_with(symbol, "_ada_"))
		return NULL;
	simple = simplify_ada(symbol);
	name = cplus_demangle(simple, DMGL_GNAT);
	free(simple);
	/* What it does not know comes back in angle brackets. */
	if (name != NULL && name[0] == '<') {
		free(name);
		return NULL;
	}
	return name;
}

/*** Fortran ***/

static bool
is_fortran_name(const char *name, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!islower((unsigned char)name[i]) && !isdigit((unsigned char)name[i]) &&
		    name[i] != '_')
			return false;
	return length > 0;
}

/* gfortran: "__MODULE_MOD_PROCEDURE". */
static char *
decode_gfortran(const char *symbol)
{
	const char *separator = text_starts_with(symbol, "__") ? strstr(symbol + 2, "_MOD_") : NULL;
	const char *procedure;

	if (separator == NULL)
		return NULL;
	procedure = separator + strlen("_MOD_");
	if (!is_fortran_name(symbol + 2, (size_t)(separator - symbol) - 2) ||
	    !is_fortran_name(procedure, strcspn(procedure, ".")) || *procedure == '\0')
		return NULL;
	return xasprintf("%.*s::%s", (int)(separator - symbol) - 2, symbol + 2, procedure);
}

/* flang: "_Q", then each name after a letter that tells its kind. */
static char *
decode_flang(const char *symbol)
{
	struct buffer out = BUFFER_INIT;
	const char *at = symbol + 2;
	char kind = '\0';

	if (!text_starts_with(symbol, "_Q"))
		return NULL;
	while (*at != '\0' && strchr("MSFP", *at) != NULL) {
		size_t length = strspn(at + 1, "abcdefghijklmnopqrstuvwxyz0123456789_");

		if (length == 0)
			break;
		kind = *at;
		buffer_insert_format(&out, "%s%.*s", out.length > 0 ? "::" : "", (int)length,
				     at + 1);
		at += 1 + length;
	}
	if (*at == '\0' && kind == 'P')
		return take_string(&out);
	buffer_release(&out);
	return NULL;
}

/*** OCaml ***/

/* Characters that a name cannot have are "$" and two hexadecimal digits. */
static void
insert_ocaml_part(struct buffer *out, const char *part, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (part[i] == '$' && i + 2 < length && isxdigit((unsigned char)part[i + 1]) &&
		    isxdigit((unsigned char)part[i + 2])) {
			char digits[3] = {part[i + 1], part[i + 2], '\0'};

			buffer_insert_byte(out, (uint8_t)strtoul(digits, NULL, 16));
			i += 2;
		} else {
			buffer_insert_byte(out, (uint8_t)part[i]);
		}
	}
}

/* "camlMODULE__MODULE__function_NUMBER", or with a dot before the function since 5.1. */
static char *
decode_ocaml(const char *symbol)
{
	const char *at = symbol + 4, *end = symbol + strlen(symbol);
	struct buffer out = BUFFER_INIT;
	bool qualified = false;

	if (!text_starts_with(symbol, "caml") || !isupper((unsigned char)*at))
		return NULL;
	while (end > at && isdigit((unsigned char)end[-1]))
		end--;
	/* What a module does when it is loaded has no number. */
	if (*end == '\0' && !text_ends_with(symbol, "__entry"))
		return NULL;
	if (*end != '\0' && *--end != '_')
		return NULL;
	while (at < end) {
		const char *stop = at;

		while (stop < end && *stop != '.' && (stop == at || !text_starts_with(stop, "__")))
			stop++;
		insert_ocaml_part(&out, at, (size_t)(stop - at));
		if (stop < end) {
			qualified = true;
			buffer_insert_byte(&out, '.');
			stop += *stop == '.' ? 1 : 2;
		}
		at = stop;
	}
	if (qualified)
		return take_string(&out);
	buffer_release(&out);
	return NULL;
}

/*** Emacs Lisp ***/

/* "F", the name of the function in hexadecimal, what is left of it as a name of C, and a number. */
static char *
decode_emacs(const char *symbol)
{
	size_t digits = strspn(symbol + (symbol[0] != '\0'), "0123456789abcdef");
	const char *rest = symbol + 1 + digits;
	struct buffer out = BUFFER_INIT;

	if (symbol[0] != 'F' || digits < 2 || digits % 2 != 0 || rest[0] != '_' ||
	    !isdigit((unsigned char)symbol[strlen(symbol) - 1]))
		return NULL;
	for (size_t i = 1; i < digits; i += 2) {
		char pair[3] = {symbol[i], symbol[i + 1], '\0'};
		unsigned char byte = (unsigned char)strtoul(pair, NULL, 16);

		if (byte < ' ' || byte == 0x7f) {
			buffer_release(&out);
			return NULL;
		}
		buffer_insert_byte(&out, byte);
	}
	return take_string(&out);
}

/*** Haskell ***/

static const struct {
	char code, character;
} z_lower[] =
	{
		{'a', '&'}, {'b', '|'}, {'c', '^'},  {'d', '$'},  {'e', '='},
		{'g', '>'}, {'h', '#'}, {'i', '.'},  {'l', '<'},  {'m', '-'},
		{'n', '!'}, {'p', '+'}, {'q', '\''}, {'r', '\\'}, {'s', '/'},
		{'t', '*'}, {'u', '_'}, {'v', '%'},  {'z', 'z'},
},
  z_upper[] = {
	  {'L', '('}, {'R', ')'}, {'M', '['}, {'N', ']'}, {'C', ':'}, {'Z', 'Z'},
};

#define COUNT(table) (sizeof(table) / sizeof(*(table)))

/* The bytes of one escape at text, or 0. */
static size_t
decode_escape(const char *text, size_t length, struct buffer *out)
{
	size_t digits = 0;

	if (length < 2)
		return 0;
	for (size_t i = 0; text[0] == 'z' && i < COUNT(z_lower); i++) {
		if (z_lower[i].code == text[1]) {
			buffer_insert_byte(out, (uint8_t)z_lower[i].character);
			return 2;
		}
	}
	for (size_t i = 0; text[0] == 'Z' && i < COUNT(z_upper); i++) {
		if (z_upper[i].code == text[1]) {
			buffer_insert_byte(out, (uint8_t)z_upper[i].character);
			return 2;
		}
	}
	/* Tuples: "Z3T" is "(,,)". */
	while (text[0] == 'Z' && digits < 2 && 1 + digits < length &&
	       isdigit((unsigned char)text[1 + digits]))
		digits++;
	if (digits == 0 || 1 + digits >= length || strchr("TH", text[1 + digits]) == NULL)
		return 0;
	buffer_insert_byte(out, '(');
	for (long i = strtol(text + 1, NULL, 10); i > 1; i--)
		buffer_insert_byte(out, ',');
	buffer_insert_byte(out, ')');
	return digits + 2;
}

static void
insert_z(struct buffer *out, const char *text, size_t length)
{
	for (size_t i = 0; i < length;) {
		size_t used = strchr("zZ", text[i]) != NULL
				      ? decode_escape(text + i, length - i, out)
				      : 0;

		if (used == 0)
			buffer_insert_byte(out, (uint8_t)text[i]);
		i += used != 0 ? used : 1;
	}
}

/* "package_Module_name_info": the package is left out. */
static char *
decode_haskell(const char *symbol)
{
	static const char *const suffixes[] = {
		"_con_info", "_static_info", "_info", "_con_entry", "_static_entry",
		"_entry",    "_slow",        "_fast", "_closure",   "_ret"};
	struct buffer out = BUFFER_INIT;
	const char *module = symbol, *name, *end = NULL;

	for (size_t i = 0; i < COUNT(suffixes) && end == NULL; i++)
		if (text_ends_with(symbol, suffixes[i]))
			end = symbol + strlen(symbol) - strlen(suffixes[i]);
	if (end == NULL || text_starts_with(symbol, "stg_"))
		return NULL;
	if (!isupper((unsigned char)*module)) {
		module = memchr(symbol, '_', (size_t)(end - symbol));
		module = module != NULL ? module + 1 : symbol;
	}
	name = memchr(module, '_', (size_t)(end - module));
	if (!isupper((unsigned char)*module) || name == NULL || name + 1 >= end)
		return NULL;
	insert_z(&out, module, (size_t)(name - module));
	buffer_insert_byte(&out, '.');
	insert_z(&out, name + 1, (size_t)(end - name - 1));
	return take_string(&out);
}

char *
encoding_decode(const char *symbol, enum encoding_language language)
{
	char *name = NULL;

	if (language == ENCODING_ADA)
		name = decode_ada(symbol);
	else if (language == ENCODING_HASKELL)
		name = decode_haskell(symbol);
	if (name == NULL)
		name = decode_gfortran(symbol);
	if (name == NULL)
		name = decode_flang(symbol);
	if (name == NULL)
		name = decode_ocaml(symbol);
	if (name == NULL)
		name = decode_emacs(symbol);
	return name;
}
