/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * name.h - the names of functions, shorter
 *
 * A demangled name is as long as its template arguments. What tells functions apart is the class
 * and the method; the arguments and the outer namespaces go first when there is little room.
 */
#ifndef NAME_H
#define NAME_H

#include <stdbool.h>

#define NAME_ARGUMENTS "<...>" /* template arguments that were left out */
#define NAME_OUTER     "...::" /* namespaces that were left out */

/*
 * A demangled name without what nobody wrote: parameters, clone suffixes and default template
 * arguments.
 *
 *	std::vector<Row, std::allocator<Row> >::reserve(unsigned long)  -> std::vector<Row>::reserve
 *	load(int)::{lambda(Row const&)#2}::operator()(Row const&) const ->
 *		load::{lambda#2}::operator()
 *
 * The caller frees it.
 */
char *name_shorten(const char *function);

/*
 * The name that all instances of a template have: "Buf<...>::grow". The caller frees it.
 */
char *name_generalize(const char *function);

/*
 * Leave out the first template arguments that are longer than NAME_ARGUMENTS, in the place of a
 * shortened name. False if there are none.
 */
bool name_drop_arguments(char *name);

/* Leave out the first NAME_ARGUMENTS itself likewise. */
bool name_drop_mark(char *name);

/*
 * Leave out the outermost namespace likewise: "...::Class::method". False if only the class and the
 * method are left, or nothing would be won.
 */
bool name_drop_namespace(char *name);

/* Leave out all that is before the class likewise, NAME_OUTER too. */
bool name_drop_outer(char *name);

/* Where the method begins, behind the class and its "::"; NULL if there is no class. */
char *name_find_method(char *name);

#endif
