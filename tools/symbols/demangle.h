/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * demangle.h - function names as people know them
 */
#ifndef FUNCTION_DEMANGLE_H
#define FUNCTION_DEMANGLE_H

/*
 * The name behind a mangled symbol of C++, Rust or D, with parameters and without the return
 * type. NULL if symbol is not mangled, or too long or too deep to be worth it. The caller frees it.
 */
char *demangle(const char *symbol);

/*
 * The same name short enough for a table: parameters, clone suffixes and default template
 * arguments go, long template arguments become `<...>`.
 *
 *	std::vector<Row, std::allocator<Row> >::reserve(unsigned long)  -> std::vector<Row>::reserve
 *	load(int)::{lambda(Row const&)#2}::operator()(Row const&) const ->
 *		load::{lambda#2}::operator()
 *
 * The caller frees it.
 */
char *demangle_shorten(const char *function);

#endif
