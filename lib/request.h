/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * request.h - what is asked of the runtime while it records
 *
 * By a tool through the mapped file (recording.h, "Requests"), or by the program through
 * heaptally.h. Nobody waits for anybody: an event that finds a request carries it out, unless
 * another one is about to.
 */
#ifndef REQUEST_H
#define REQUEST_H

#include "base/base.h"
#include "include/recording.h"

/* Carry out what a tool asked for. False while the recording is paused. Every block of the
 * program's is in the tables, but for one that is just being made. [signal] */
bool request_attend(void);

/* Whether the recording is not paused: for who has a block in hand. [signal] */
bool request_goes_on(void);

/* Carry out a request of the program itself; label may be NULL. 0, -EAGAIN when another request is
 * being carried out or a table is busy. [signal] */
int request_carry_out(enum recording_request_kind kind, const char *label);

/* Keep tools' requests from being carried out meanwhile. False when one is. [signal] */
bool request_hold(void);
void request_let_go(void);

/* Start with nothing asked. A forked child is paused or not as its parent was. [init] */
void request_reset(void);

/* The first process begins switched off. [init] */
void request_start_stopped(void);

#endif
