/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * leaks.h - when the runtime looks who points at whom: at exit, and when it is asked
 */
#ifndef LEAKS_H
#define LEAKS_H

#include "base/base.h"

/* Look at exit, after all exit handlers of the program and all destructors of libraries: to be
 * called while libraries are being started. hold and let_go are those of the lock of requests: one
 * look at a time. [init] */
void leaks_look_at_exit(bool (*hold)(void), void (*let_go)(void));

/* Let a copy of the process look, and say in the recording what came of that; the caller has the
 * lock of requests. [signal] */
void leaks_look(uint32_t serial);

/* From now on blocks may live that nobody knows of. [signal] */
void leaks_note_pause(void);

/* A process begins, or a forked child. [init] */
void leaks_reset(bool forked);

#endif
