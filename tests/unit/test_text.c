/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_text.c - names made readable, and safe for terminals and JSON
 */
#include "config.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/name.h"
#include "symbols/demangle.h"
#include "scratch.h"
#include "util/json_writer.h"
#include "util/range_index.h"
#include "util/term.h"
#include "util/xalloc.h"
#include "view/place.h"
#include "view/place_fit.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

START_TEST(names_are_demangled_and_shortened)
{
	static const struct {
		const char *symbol, *full, *shorter;
	} rows[] = {
		{"_ZNSt6vectorI3RowSaIS0_EE7reserveEm",
		 "std::vector<Row, std::allocator<Row> >::reserve(unsigned long)",
		 "std::vector<Row>::reserve"},
		{"_ZZ4mainENKUliE_clEi", "main::{lambda(int)#1}::operator()(int) const",
		 "main::{lambda#1}::operator()"},
		{"_Znwm", "operator new(unsigned long)", "operator new"},
		{"_Znam", "operator new[](unsigned long)", "operator new[]"},
		{"_ZN3fooILi3EEclEv", "foo<3>::operator()()", "foo<3>::operator()"},
		{"_Z1fIiEvT_", "f<int>(int)", "f<int>"},
		{"_ZN12_GLOBAL__N_11gEi", "(anonymous namespace)::g(int)",
		 "(anonymous namespace)::g"},
		{"_ZNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEE9_M_createERmm",
		 "std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> "
		 ">::_M_create(unsigned long&, unsigned long)",
		 "std::string::_M_create"},
		{"_RNvCs1234_7mycrate3foo", "mycrate::foo", "mycrate::foo"},
		{"_ZN4core3fmt9Formatter3pad17h0123456789abcdefE", "core::fmt::Formatter::pad",
		 "core::fmt::Formatter::pad"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char *full = demangle(rows[i].symbol, ENCODING_ANY);
		char *shorter;

		ck_assert_str_eq(full, rows[i].full);
		shorter = name_shorten(full);
		ck_assert_str_eq(shorter, rows[i].shorter);
		free(shorter);
		free(full);
	}
	ck_assert_ptr_null(demangle("main", ENCODING_ANY));
	ck_assert_ptr_null(demangle("_Zzz", ENCODING_ANY));
}
END_TEST

START_TEST(shortening_takes_any_name)
{
	static const struct {
		const char *function, *shorter;
	} rows[] = {
		{"main", "main"},
		{"", ""},
		{"<r::Item as core::clone::Clone>::clone", "r::Item::clone"},
		{"<[u8]>::to_vec::<alloc::alloc::Global>", "<[u8]>::to_vec"},
		{"a::operator<<(std::ostream&)", "a::operator<<"},
		{"f(int) [clone .cold]", "f"},
		{"C::g() const &", "C::g"},
		{"m<std::map<std::pair<long, long>, std::vector<std::pair<int, int>>>>::f()",
		 "m<std::map<std::pair<long, long>, std::vector<std::pair<int, int>>>>::f"},
	};
	static const char *const broken[] = {"<",     ">",   "a<",      "a<b",      "f(",
					     "{",     "::<", "(((((((", "operator", "operator<",
					     "<<<<>", "a>b", "[",       "]x["};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char *shorter = name_shorten(rows[i].function);

		ck_assert_str_eq(shorter, rows[i].shorter);
		free(shorter);
	}
	for (size_t i = 0; i < COUNT(broken); i++) {
		char *shorter = name_shorten(broken[i]);

		ck_assert_ptr_nonnull(shorter);
		free(shorter);
	}
}
END_TEST

struct encoded {
	enum encoding_language language;
	const char *symbol, *name;
};

static void
check_decoded(const struct encoded *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char *name = demangle(rows[i].symbol, rows[i].language);

		if (rows[i].name == NULL)
			ck_assert_msg(name == NULL, "%s: %s", rows[i].symbol, name);
		else
			ck_assert_str_eq(name, rows[i].name);
		free(name);
	}
}

START_TEST(names_of_ada_are_decoded)
{
	static const struct encoded rows[] = {
		{ENCODING_ADA, "c__bb__make", "c.bb.make"},
		{ENCODING_ADA, "_ada_c", "c"},
		{ENCODING_ADA, "c__vecs__insert__P2305b__4.351", "c.vecs.insert"},
		{ENCODING_ADA, "c__B_1__make$2", "c.make"},
		{ENCODING_ADA, "c__workerTB", "c.worker"},
		{ENCODING_ADA, "c__workerTKB", "c.worker"},
		{ENCODING_ADA, "c__P1", "c"},
		{ENCODING_ADA, "c__vecs__Oeq", "c.vecs.\"=\""},
		{ENCODING_ADA, "__gnat_malloc", NULL},
		{ENCODING_ADA, "main", NULL},
	};

	check_decoded(rows, COUNT(rows));
}
END_TEST

START_TEST(names_that_compilers_encode_are_decoded)
{
	static const struct encoded rows[] = {
		{ENCODING_ANY, "c__bb__make", NULL},
		{ENCODING_ANY, "__store_MOD_hoard", "store::hoard"},
		{ENCODING_ANY, "__store_MOD_", NULL},
		{ENCODING_ANY, "__MOD_hoard", NULL},
		{ENCODING_ANY, "__Store_MOD_Hoard", NULL},
		{ENCODING_ANY, "_QMstorePhoard", "store::hoard"},
		{ENCODING_ANY, "_QMstoreFouterPinner", "store::outer::inner"},
		{ENCODING_ANY, "_QQmain", NULL},
		{ENCODING_ANY, "camlStdlib__List__map_520", "Stdlib.List.map"},
		{ENCODING_ANY, "camlV__hoard_268", "V.hoard"},
		{ENCODING_ANY, "camlV.hoard_268", "V.hoard"},
		{ENCODING_ANY, "camlV__$2b$2b_12", "V.++"},
		{ENCODING_ANY, "camlV__entry", "V.entry"},
		{ENCODING_ANY, "caml_alloc_shr", NULL},
		{ENCODING_ANY, "camlV", NULL},
		{ENCODING_ANY, "F636f6d6d616e642d6c696e652d31_command_line_1_0", "command-line-1"},
		{ENCODING_ANY, "F_0", NULL},
		{ENCODING_ANY, "Fcar", NULL},
		{ENCODING_ANY, "F6_x_0", NULL},
		{ENCODING_ANY, "F0a0b_x_0", NULL},
		{ENCODING_HASKELL, "base_GHCziBase_zpzp_info", "GHC.Base.++"},
		{ENCODING_HASKELL, "Main_main1_info", "Main.main1"},
		{ENCODING_HASKELL, "ghczmprim_GHCziTuple_Z2T_con_info", "GHC.Tuple.(,)"},
		{ENCODING_HASKELL, "stg_ap_p_info", NULL},
		{ENCODING_ANY, "Main_main1_info", NULL},
		{ENCODING_ANY, "", NULL},
	};

	check_decoded(rows, COUNT(rows));
	ck_assert_int_eq(encoding_guess_language("__gnat_malloc"), ENCODING_ADA);
	ck_assert_int_eq(encoding_guess_language("hs_main"), ENCODING_HASKELL);
	ck_assert_int_eq(encoding_guess_language("main"), ENCODING_ANY);
}
END_TEST

/* Each argument doubles the one before: 280 MB from 250 bytes, were it not cut off. */
START_TEST(a_small_symbol_cannot_become_huge)
{
	char symbol[512] = "_Z1f1AIiiE";
	char *name;

	strcat(symbol, "S_IS0_S0_E");
	for (int i = 1; i < 24; i++) {
		char part[32], digit = (char)(i < 10 ? '0' + i : 'A' + i - 10);

		snprintf(part, sizeof(part), "S_IS%c_S%c_E", digit, digit);
		strcat(symbol, part);
	}
	name = demangle(symbol, ENCODING_ANY);
	ck_assert_ptr_null(name);
}
END_TEST

START_TEST(nothing_drives_the_terminal)
{
	static const struct {
		const char *name, *escaped;
	} rows[] = {
		{"plain", "plain"},
		{"\033]0;x\a", "\\e]0;x\\x07"},
		{"a\nb\tc\rd", "a\\nb\\tc\\rd"},
		{"\xc2\x9b"
		 "31m",
		 "\\xc2\\x9b31m"}, /* C1 */
		{"a\xe2\x80\xae"
		 "b",
		 "a\\xe2\\x80\\xae"
		 "b"}, /* right-to-left override */
		{"a\xe2\x80\xa8"
		 "b",
		 "a\\xe2\\x80\\xa8"
		 "b"}, /* line separator */
		{"\xff\xfe", "\\xff\\xfe"},
		{"\xc0\x80", "\\xc0\\x80"},          /* overlong */
		{"\xed\xa0\x80", "\\xed\\xa0\\x80"}, /* surrogate */
		{"\xc3\xa9\xe4\xb8\xad", "\xc3\xa9\xe4\xb8\xad"},
		{"\x7f", "\\x7f"},
		{"</script>", "</script>"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char *escaped = term_escape(rows[i].name);

		ck_assert_str_eq(escaped, rows[i].escaped);
		free(escaped);
	}
}
END_TEST

START_TEST(columns_are_counted_and_cut)
{
	char ascii[] = "abcdefghij", wide[] = "\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad";
	char name[] = "clang::DiagnosticsEngine::DiagStateMap::getFile";
	char whole[] = "a::b";

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return;
	ck_assert_uint_eq(term_columns("abc"), 3);
	ck_assert_uint_eq(term_columns(wide), 8);
	view_place_cut(ascii, 6);
	ck_assert_str_eq(ascii, "abc...");
	view_place_cut(wide, 6);
	ck_assert_str_eq(wide, "\xe4\xb8\xad...");
	view_place_cut_name(name, 30);
	ck_assert_str_eq(name, "...::DiagStateMap::getFile");
	view_place_cut_name(whole, 30);
	ck_assert_str_eq(whole, "a::b");
}
END_TEST

/* Template arguments go first, then outer namespaces, never the class and the method. */
START_TEST(a_name_is_shortened_from_what_says_least)
{
	static const struct {
		unsigned columns;
		const char *name, *cut;
	} rows[] = {
		{0x10000, "ns::Cache<int, std::map<long, long>>::insert<char>",
		 "ns::Cache<int, std::map<long, long>>::insert<char>"},
		{32, "ns::Cache<int, std::map<long, long>>::insert<char>",
		 "ns::Cache<...>::insert<char>"},
		{27, "ns::Cache<int, std::map<long, long>>::insert<char>",
		 "ns::Cache<...>::insert<...>"},
		{20, "outer::inner::Cache<int>::get", "...::Cache<int>::get"},
		{20, "outer::inner::Cache<long double>::get", "...::Cache<...>::get"},
		{15, "outer::inner::Cache<long double>::get", "...::Cache::get"},
		{40, "outer::inner::Server::load_everything::{lambda#1}::operator()",
		 "Server::load_everything::{lambda#1}::..."},
		{14, "(anonymous namespace)::deep::Class::f", "...::Class::f"},
		{16, "Class::operator<", "Class::operator<"},
		{17, "a::b::Class::initialise_all", "Class::initial..."},
		{30, "a::SessionManager<int>::handleIncomingRequest",
		 "Sess...::handleIncomingRequest"},
		{20, "a::SessionManager<int>::handleIncomingRequest", "Ses...::handleInc..."},
		{12, "a::SessionManager<int>::handleIncomingRequest", "handleInc..."},
		{9, "handleIncomingRequest", "handle..."},
	};
	static const char *const odd[] = {"<",           "<<<<<<<<", "a<b",       "a<b<c",
					  "::::::::",    "a::<b>::", "operator<", "operator<<<",
					  "<a<b>>::c<d", ">>>::<<<"};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char *name = xstrdup(rows[i].name);

		view_place_cut_name(name, rows[i].columns);
		ck_assert_str_eq(name, rows[i].cut);
		ck_assert_uint_le(term_columns(name), rows[i].columns);
		free(name);
	}
	for (size_t i = 0; i < COUNT(odd); i++) {
		for (unsigned columns = 0; columns < 10; columns++) {
			char *name = xstrdup(odd[i]);

			view_place_cut_name(name, columns);
			free(name);
			free(name_generalize(odd[i]));
		}
	}
}
END_TEST

/* The name gives way to the file and the line, and takes what they leave. */
START_TEST(a_place_is_fitted_to_its_columns)
{
	static const struct {
		unsigned columns;
		const char *name, *position, *cut_name, *cut_position;
	} rows[] = {
		{29, "take", "/usr/src/demo/v0.1.c:25", "take", "/usr/src/demo/v0.1.c:25"},
		{25, "take", "/usr/src/demo/v0.1.c:25", "take", ".../demo/v0.1.c:25"},
		{15, "take", "/usr/src/demo/v0.1.c:25", "take", "v0.1.c:25"},
		{30, "handleIncomingRequest", "src/a.c:9", "handleIncomingRe...", "src/a.c:9"},
		{50, "ns::Cache<int, long>::insert", "src/deep/below/file.cpp:12 <- load",
		 "ns::Cache<...>::insert", "src/deep/below/file.cpp:12"},
		{40, "handleIncomingRequest", "src/deep/below/averylongfilename.cpp:12",
		 "handleI...", ".../averylongfilename.cpp:12"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct view_place place = {.name = xstrdup(rows[i].name),
					   .position = xstrdup(rows[i].position)};

		view_place_fit(&place, rows[i].columns);
		ck_assert_str_eq(place.name, rows[i].cut_name);
		ck_assert_str_eq(place.position, rows[i].cut_position);
		ck_assert_uint_le(term_columns(place.name) + 2 + term_columns(place.position),
				  rows[i].columns);
		view_place_release(&place);
	}
}
END_TEST

START_TEST(a_file_and_a_line_are_never_cut)
{
	static const struct {
		unsigned columns;
		const char *position, *cut;
	} rows[] = {
		{40, "src/deep/below/file.cpp:12 <- f <- g",
		 "src/deep/below/file.cpp:12 <- f <- g"},
		{33, "src/deep/below/file.cpp:12 <- f <- g", "src/deep/below/file.cpp:12 <- f"},
		{26, "src/deep/below/file.cpp:12 <- f <- g", "src/deep/below/file.cpp:12"},
		{25, "src/deep/below/file.cpp:12", ".../below/file.cpp:12"},
		{15, "src/deep/below/file.cpp:12", ".../file.cpp:12"},
		{11, "src/deep/below/file.cpp:12", "file.cpp:12"},
		{3, "src/deep/below/file.cpp:12", "file.cpp:12"},
		{28, "src/file.cpp:12  (3 instances)", "src/file.cpp:12"},
		{30, "src/file.cpp:12  (3 instances)", "src/file.cpp:12  (3 instances)"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char *position = xstrdup(rows[i].position);

		view_place_cut_position(position, rows[i].columns);
		ck_assert_str_eq(position, rows[i].cut);
		free(position);
	}
	ck_assert_uint_eq(view_place_least("src/file.cpp:12 <- f"), strlen(".../file.cpp:12"));
	ck_assert_uint_eq(view_place_least("file.cpp:12  (3 instances)"), strlen("file.cpp:12"));
}
END_TEST

START_TEST(color_follows_its_rules)
{
	struct term term;
	enum term_color color;
	FILE *stream = tmpfile();

	unsetenv("NO_COLOR");
	unsetenv("FORCE_COLOR");
	unsetenv("CLICOLOR_FORCE");
	term_init(&term, stream, TERM_COLOR_AUTO);
	ck_assert(!term.color && !term.is_terminal && term.width == 0);
	ck_assert_str_eq(term_style(&term, TERM_BAD), "");
	setenv("CLICOLOR_FORCE", "1", 1);
	term_init(&term, stream, TERM_COLOR_AUTO);
	ck_assert(term.color);
	setenv("NO_COLOR", "1", 1);
	term_init(&term, stream, TERM_COLOR_AUTO);
	ck_assert(!term.color);
	term_init(&term, stream, TERM_COLOR_ALWAYS);
	ck_assert(term.color);
	ck_assert_str_ne(term_style(&term, TERM_BAD), "");
	ck_assert_int_eq(term_parse_color("never", &color), 0);
	ck_assert_int_eq(color, TERM_COLOR_NEVER);
	ck_assert_int_eq(term_parse_color("red", &color), -EINVAL);
	fclose(stream);
}
END_TEST

START_TEST(sparklines_have_their_width)
{
	static const int64_t values[] = {0, 1, 50, 100};
	struct term term = {.utf8 = false};
	char *line = term_sparkline(&term, values, 4, 4);

	ck_assert_str_eq(line, " .:#");
	free(line);
	term.utf8 = true;
	line = term_sparkline(&term, values, 4, 8);
	ck_assert_str_eq(line, "  \u2581\u2581\u2584\u2584\u2588\u2588");
	free(line);
	line = term_sparkline(&term, values, 0, 3);
	ck_assert_str_eq(line, "   ");
	free(line);
}
END_TEST

START_TEST(json_is_valid_for_any_bytes)
{
	struct json_writer json;
	char *text = NULL;
	size_t length;
	FILE *stream = open_memstream(&text, &length);

	json_writer_init(&json, stream);
	json_writer_begin_object(&json, NULL);
	json_writer_string(&json, "a\"\\b", "\x01\xff\xc3\xa9\x7f\n");
	json_writer_string(&json, "none", NULL);
	json_writer_signed(&json, "least", INT64_MIN);
	json_writer_unsigned(&json, "most", UINT64_MAX);
	json_writer_hex(&json, "offset", 0x1f2e);
	json_writer_seconds(&json, "seconds", 1000000001);
	json_writer_begin_array(&json, "empty");
	json_writer_end_array(&json);
	json_writer_begin_array(&json, "two");
	json_writer_bool(&json, NULL, true);
	json_writer_null(&json, NULL);
	json_writer_end_array(&json);
	json_writer_end_object(&json);
	fclose(stream);
	ck_assert_str_eq(text, "{\n"
			       "  \"a\\\"\\\\b\": \"\\u0001\xef\xbf\xbd\xc3\xa9\\u007f\\u000a\",\n"
			       "  \"none\": null,\n"
			       "  \"least\": -9223372036854775808,\n"
			       "  \"most\": 18446744073709551615,\n"
			       "  \"offset\": \"0x1f2e\",\n"
			       "  \"seconds\": 1.000000001,\n"
			       "  \"empty\": [],\n"
			       "  \"two\": [\n"
			       "    true,\n"
			       "    null\n"
			       "  ]\n"
			       "}\n");
	free(text);
}
END_TEST

START_TEST(the_innermost_range_wins)
{
	struct range_index index = {NULL, 0, 0};
	uint32_t item = 99;

	range_index_sort(&index);
	ck_assert(!range_index_find(&index, 5, &item));
	range_index_insert(&index, 0, 100, 1);
	range_index_insert(&index, 10, 20, 2);
	range_index_insert(&index, 10, 20, 3); /* the same range: the higher item */
	range_index_insert(&index, 12, 14, 4);
	range_index_insert(&index, 30, 30, 5); /* empty */
	range_index_insert(&index, 200, 210, 6);
	range_index_sort(&index);
	ck_assert(range_index_find(&index, 0, &item) && item == 1);
	ck_assert(range_index_find(&index, 10, &item) && item == 3);
	ck_assert(range_index_find(&index, 13, &item) && item == 4);
	ck_assert(range_index_find(&index, 14, &item) && item == 3);
	ck_assert(range_index_find(&index, 30, &item) && item == 1);
	ck_assert(range_index_find(&index, 99, &item) && item == 1);
	ck_assert(!range_index_find(&index, 100, &item));
	ck_assert(range_index_find(&index, 209, &item) && item == 6);
	ck_assert(!range_index_find(&index, 210, &item));
	range_index_release(&index);
}
END_TEST

START_TEST(a_method_is_found_behind_its_class)
{
	static const struct {
		const char *name, *method;
	} rows[] = {
		{"main", NULL},
		{"Session::open", "open"},
		{"net::Session<a::b>::open", "open"},
		{"load::{lambda#2}::operator()", NULL},
		{"Pool::load::{lambda#2}::operator()", "load::{lambda#2}::operator()"},
		{"", NULL},
		{"a<b", NULL},
		{"::x", "x"},
	};
	char outer[] = "...::Session::open";

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *name = strdup(rows[i].name);
		const char *method = name_find_method(name);

		ck_assert_msg((method == NULL) == (rows[i].method == NULL), "%s", name);
		if (method != NULL)
			ck_assert_str_eq(method, rows[i].method);
		free(name);
	}
	ck_assert(name_drop_outer(outer));
	ck_assert_str_eq(outer, "Session::open");
	ck_assert(!name_drop_outer(outer));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("text");
	TCase *tcase = tcase_create("text");

	tcase_add_test(tcase, names_are_demangled_and_shortened);
	tcase_add_test(tcase, shortening_takes_any_name);
	tcase_add_test(tcase, names_of_ada_are_decoded);
	tcase_add_test(tcase, names_that_compilers_encode_are_decoded);
	tcase_add_test(tcase, a_small_symbol_cannot_become_huge);
	tcase_add_test(tcase, nothing_drives_the_terminal);
	tcase_add_test(tcase, columns_are_counted_and_cut);
	tcase_add_test(tcase, a_name_is_shortened_from_what_says_least);
	tcase_add_test(tcase, a_place_is_fitted_to_its_columns);
	tcase_add_test(tcase, a_file_and_a_line_are_never_cut);
	tcase_add_test(tcase, color_follows_its_rules);
	tcase_add_test(tcase, sparklines_have_their_width);
	tcase_add_test(tcase, json_is_valid_for_any_bytes);
	tcase_add_test(tcase, a_method_is_found_behind_its_class);
	tcase_add_test(tcase, the_innermost_range_wins);
	suite_add_tcase(suite, tcase);
	return scratch_run(suite);
}
