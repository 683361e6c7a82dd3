/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "util/varint.h"

#include "util/buffer.h"

void
varint_put(struct buffer *out, uint64_t value)
{
	while (value >= 0x80) {
		buffer_insert_byte(out, (uint8_t)(value | 0x80));
		value >>= 7;
	}
	buffer_insert_byte(out, (uint8_t)value);
}

void
varint_put_signed(struct buffer *out, int64_t value)
{
	varint_put(out, (uint64_t)value << 1 ^ (uint64_t)(value >> 63));
}

uint64_t
varint_get(struct varint_input *input)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint8_t byte;

		if (input->next == input->end)
			break;
		byte = *input->next++;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if ((byte & 0x80) == 0)
			return value;
	}
	input->bad = true;
	return 0;
}

uint64_t
varint_get_signed(struct varint_input *input)
{
	uint64_t value = varint_get(input);

	return value >> 1 ^ -(value & 1);
}

uint32_t
varint_get_32(struct varint_input *input)
{
	uint64_t value = varint_get(input);

	if (value > UINT32_MAX) {
		input->bad = true;
		return 0;
	}
	return (uint32_t)value;
}

bool
varint_has_more(const struct varint_input *input)
{
	return !input->bad && input->next != input->end;
}
