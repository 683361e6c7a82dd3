/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * record_mapping.h - one call of the program that maps memory, or gives it back
 *
 * Order. The pages are forgotten before the kernel takes them, because afterwards another thread
 * may be given them, and noted when it has given them.
 */
#ifndef RECORD_MAPPING_H
#define RECORD_MAPPING_H

#include "data/mapping_table.h"
#include "record.h"

/* The program got these pages; `from` is what it gave for them, or NULL. A caller holds the gate of
 * `t`. [signal] */
void record_mapping_insert(struct thread *t, const struct mapping_removal *from,
			   const void *address, size_t bytes, const struct caller *caller);

/* The same without a stack: the call interrupted the runtime, or its thread could not be
 * registered. [signal] */
void record_mapping_nested_insert(const struct mapping_removal *from, const void *address,
				  size_t bytes);

/* An allocator got them, for a heap: whoever had them has them no more. [signal] */
void record_mapping_forget(const void *address, size_t bytes);

/* The program is about to give them back; it did not, if that is refused. [signal] */
void record_mapping_remove(const void *address, size_t bytes, struct mapping_removal *ret_removal);
void record_mapping_restore(const struct mapping_removal *removal);

/* The frame that ends the stack of what is mapped. [signal] */
uint32_t record_mapping_frame(void);

/* Start in a new recording. [init] */
void record_mapping_reset(void);

#endif
