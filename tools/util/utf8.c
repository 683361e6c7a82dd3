/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "util/utf8.h"

unsigned
utf8_decode(const char *text, uint32_t *ret_code)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *bytes = (const unsigned char *)text;
	unsigned count;
	uint32_t code;

	if (bytes[0] < 0x80) {
		*ret_code = bytes[0];
		return 1;
	}
	if (bytes[0] >= 0xc2 && bytes[0] < 0xe0)
		count = 2;
	else if (bytes[0] >= 0xe0 && bytes[0] < 0xf0)
		count = 3;
	else if (bytes[0] >= 0xf0 && bytes[0] < 0xf5)
		count = 4;
	else
		return 0;

	code = bytes[0] & (0xffu >> (count + 1));
	for (unsigned i = 1; i < count; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0; /* a NUL ends here too */
		code = code << 6 | (bytes[i] & 0x3f);
	}
	if (code < smallest[count] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0;
	*ret_code = code;
	return count;
}

bool
utf8_is_control(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x61c ||
	       (code >= 0x200e && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069) || code == 0xfeff;
}
