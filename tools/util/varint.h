/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * varint.h - numbers in as few bytes as they need
 *
 * Seven bits a byte, low ones first; signed ones in zigzag, so that small negative numbers are
 * short too. Differences wrap around: any two numbers have one.
 */
#ifndef VARINT_H
#define VARINT_H

#include <stdbool.h>
#include <stdint.h>

struct buffer;

void varint_put(struct buffer *out, uint64_t value);
void varint_put_signed(struct buffer *out, int64_t value);

/* Bytes to read from. Reading beyond their end gives zeros and sets `bad`, as do wrong bytes. */
struct varint_input {
	const uint8_t *next, *end;
	bool bad;
};

uint64_t varint_get(struct varint_input *input);
uint64_t varint_get_signed(struct varint_input *input);

/* 0, and the input is bad, when it does not fit. */
uint32_t varint_get_32(struct varint_input *input);

bool varint_has_more(const struct varint_input *input);

#endif
