/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * encoding.h - the names that compilers encode in a way of their own
 *
 *     Ada         c__bb__make                               c.bb.make
 *     Fortran     __store_MOD_hoard, _QMstorePhoard         store::hoard
 *     Haskell     base_GHCziBase_zpzp_info                  GHC.Base.++
 *     OCaml       camlStdlib__List__map_520                 Stdlib.List.map
 *     Emacs Lisp  F636f6d6d616e642d6c696e65_command_line_0  command-line
 *
 * An encoding that any function of C could have by chance is decoded only where the language is
 * known: from the DWARF of the unit, or from what the module has of the language's runtime.
 */
#ifndef ENCODING_H
#define ENCODING_H

enum encoding_language {
	ENCODING_ANY, /* not known */
	ENCODING_ADA,
	ENCODING_HASKELL,
};

/* The language of a DW_LANG code. */
enum encoding_language encoding_get_language(int dwarf_language);

/* The language whose runtime has this symbol, defined or not; else ENCODING_ANY. */
enum encoding_language encoding_guess_language(const char *symbol);

/* The name behind symbol, to free; NULL if it is none of these. */
char *encoding_decode(const char *symbol, enum encoding_language language);

#endif
