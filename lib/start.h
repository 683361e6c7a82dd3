/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * start.h - begin a recording, in a new program and in a forked child
 *
 * Above everything that keeps a table: here all of them are made empty, in their order.
 */
#ifndef START_H
#define START_H

#include "base/base.h"

/* Start recording in this process, unless that has been done or it is too early for it. [init] */
void start_process(void);

/* Whether events can be recorded, after starting if it is time: a process at its first event, and a
 * forked child at the first that `allocates`. [signal] */
bool start_is_ready(bool allocates);

/* Let the hooks see what the allocator offers besides malloc. Absent where the hooks are: in a test
 * of the runtime. [init] */
void start_take_own(void) __attribute__((weak));

/* Let the calls that map memory pass through the hooks: those of all objects up to `last`, and what
 * is looked up later. False if not all could. Absent likewise. [init] */
struct link_map;
bool start_take_mappings(const struct link_map *last) __attribute__((weak));

/* Find CPython and read it as far as `mode` (enum python_mode) says; and begin anew with what was
 * recorded of it. Absent likewise. [init] */
void start_python(uint32_t mode) __attribute__((weak));
void start_python_tables(void) __attribute__((weak));

#endif
