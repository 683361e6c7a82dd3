/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * export/pprof.h - the profile of pprof: go tool pprof, Parca, Pyroscope and others read it
 *
 * Objects and bytes that were allocated ever, and those in use at the moment. It is a gzipped
 * protocol buffer; ids are 1, 2, 3 and so on in the order of the file, as Parca wants them.
 */
#ifndef EXPORT_PPROF_H
#define EXPORT_PPROF_H

struct export_input;
struct term;

void export_pprof(const struct term *term, const struct export_input *input);

#endif
