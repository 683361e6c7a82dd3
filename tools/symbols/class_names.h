/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * class_names.h - the classes of the tables of virtual functions that a process has
 */
#ifndef CLASS_NAMES_H
#define CLASS_NAMES_H

#include <stdbool.h>

#include "model/likeness.h"

struct class_names;
struct profile;

/* Of the modules of profile, which must outlive it. Never NULL. */
struct class_names *class_names_new(const struct profile *profile, bool online);

/* NULL is accepted. */
void class_names_free(struct class_names *names);

/* Name the classes that `profile->leaks` has, those that have no name yet. */
void class_names_take_leaks(struct profile *profile, bool online);

/* How to look them up; valid until it is freed. */
struct likeness_naming class_names_get(struct class_names *names);

#endif
