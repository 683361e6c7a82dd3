/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * run/interfaces.h - what a program asks of its allocator past the functions that are hooked
 *
 * mimalloc, tcmalloc, jemalloc, TBB and rpmalloc have functions of their own names. The runtime
 * hooks malloc, operator new and mallocx; what a module takes by another name is not seen.
 */
#ifndef INTERFACES_H
#define INTERFACES_H

struct profile;

/*
 * A sentence for the modules of a program that need such functions: "app calls mi_malloc, mi_free:
 * blocks ...". To free; NULL where none does.
 */
char *interfaces_describe_unseen(const struct profile *profile);

#endif
