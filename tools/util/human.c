/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * human.c - numbers as people read and write them
 *
 * The command never sets LC_NUMERIC, so printf and strtod use a point.
 */
#include "config.h"

#include "util/human.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *
format_size(int64_t bytes, const char *plus, char *buffer)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	double value = (double)bytes / 1024;
	size_t unit = 0;

	if (bytes > -1024 && bytes < 1024) {
		snprintf(buffer, HUMAN_BYTES, "%s%" PRId64 " B", plus, bytes);
		return buffer;
	}
	/* 1023.95 would be printed as 1024.0: it is 1.0 of the next unit. */
	while (fabs(value) >= 1023.95 && unit + 1 < sizeof(units) / sizeof(*units)) {
		value /= 1024;
		unit++;
	}
	snprintf(buffer, HUMAN_BYTES, "%s%.1f %s", plus, value, units[unit]);
	return buffer;
}

char *
human_size(int64_t bytes, char *buffer)
{
	return format_size(bytes, "", buffer);
}

char *
human_size_change(int64_t bytes, char *buffer)
{
	return format_size(bytes, bytes < 0 ? "" : "+", buffer);
}

char *
human_count(uint64_t count, char *buffer)
{
	char digits[HUMAN_BYTES];
	int length = snprintf(digits, sizeof(digits), "%" PRIu64, count);
	char *out = buffer;

	for (int i = 0; i < length; i++) {
		*out++ = digits[i];
		if ((length - i) % 3 == 1 && i + 1 < length)
			*out++ = ',';
	}
	*out = '\0';
	return buffer;
}

char *
human_count_change(int64_t count, char *buffer)
{
	buffer[0] = count < 0 ? '-' : '+';
	human_count(count < 0 ? -(uint64_t)count : (uint64_t)count, buffer + 1);
	return buffer;
}

char *
human_rough(double value, char *buffer)
{
	static const char *const units[] = {"", " k", " M", " G", " T"};
	size_t unit = 0;

	while (value >= 999.95 && unit + 1 < sizeof(units) / sizeof(*units)) {
		value /= 1000;
		unit++;
	}
	snprintf(buffer, HUMAN_BYTES, unit ? "%.1f%s" : "%.0f%s", value, units[unit]);
	return buffer;
}

char *
human_duration(uint64_t duration_ns, char *buffer)
{
	uint64_t seconds = (duration_ns + 500000000) / 1000000000;

	if (duration_ns < 1000)
		snprintf(buffer, HUMAN_BYTES, "%" PRIu64 " ns", duration_ns);
	else if (duration_ns < 1000000)
		snprintf(buffer, HUMAN_BYTES, "%" PRIu64 " us", duration_ns / 1000);
	else if (duration_ns < 100000000)
		snprintf(buffer, HUMAN_BYTES, "%" PRIu64 " ms", duration_ns / 1000000);
	else if (seconds < 60)
		snprintf(buffer, HUMAN_BYTES, "%.1f s", (double)duration_ns / 1e9);
	else if (seconds < 3600)
		snprintf(buffer, HUMAN_BYTES, "%" PRIu64 " min %" PRIu64 " s", seconds / 60,
			 seconds % 60);
	else
		snprintf(buffer, HUMAN_BYTES, "%" PRIu64 " h %" PRIu64 " min", seconds / 3600,
			 seconds / 60 % 60);
	return buffer;
}

char *
human_percent(double part, double whole, char *buffer)
{
	if (whole == 0)
		snprintf(buffer, HUMAN_BYTES, "-");
	else
		snprintf(buffer, HUMAN_BYTES, "%.1f", 100 * part / whole);
	return buffer;
}

char *
human_percent_change(double change, double old, char *buffer)
{
	if (old == 0)
		snprintf(buffer, HUMAN_BYTES, "%s", change == 0 ? "+0.0" : "new");
	else
		snprintf(buffer, HUMAN_BYTES, "%+.1f", 100 * change / old);
	return buffer;
}

char *
human_tracemalloc_size(double bytes, bool sign, char *buffer)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	const size_t last = sizeof(units) / sizeof(*units) - 1;
	size_t unit = 0;

	for (;; unit++, bytes /= 1024) {
		if (fabs(bytes) < 100 && unit > 0) {
			snprintf(buffer, HUMAN_BYTES, sign ? "%+.1f %s" : "%.1f %s", bytes,
				 units[unit]);
			return buffer;
		}
		if (fabs(bytes) < 10 * 1024 || unit == last) {
			snprintf(buffer, HUMAN_BYTES, sign ? "%+.0f %s" : "%.0f %s", bytes,
				 units[unit]);
			return buffer;
		}
	}
}

struct unit {
	const char *name;
	double factor;
};

/* A number, blanks and a unit, below 2^63. 0 or -errno. */
static int
parse_with_unit(const char *text, const struct unit *units, size_t count, double *ret_value)
{
	size_t length = strspn(text, "0123456789.");
	char number[HUMAN_BYTES], *end;
	const char *unit = text + length + strspn(text + length, " ");
	double value;

	/* Only digits reach strtod, which also takes "inf", exponents and leading blanks. */
	if (length == 0 || length >= sizeof(number))
		return -EINVAL;
	memcpy(number, text, length);
	number[length] = '\0';
	value = strtod(number, &end);
	if (*end || end == number)
		return -EINVAL;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(unit, units[i].name) != 0)
			continue;
		value *= units[i].factor;
		if (value >= 0x1p63)
			return -ERANGE;
		*ret_value = value;
		return 0;
	}
	return -EINVAL;
}

int
human_parse_size(const char *text, int64_t *ret_bytes)
{
	static const struct unit units[] = {
		{"", 1},         {"B", 1},      {"K", 0x1p10},   {"KiB", 0x1p10},
		{"kB", 1e3},     {"KB", 1e3},   {"k", 0x1p10},   {"M", 0x1p20},
		{"MiB", 0x1p20}, {"MB", 1e6},   {"G", 0x1p30},   {"GiB", 0x1p30},
		{"GB", 1e9},     {"T", 0x1p40}, {"TiB", 0x1p40}, {"TB", 1e12},
	};
	double value;
	int result = parse_with_unit(text, units, sizeof(units) / sizeof(*units), &value);

	if (result == 0)
		*ret_bytes = (int64_t)value;
	return result;
}

int
human_parse_duration(const char *text, uint64_t *ret_ns)
{
	static const struct unit units[] = {
		{"", 1e9}, {"s", 1e9},    {"ms", 1e6},   {"us", 1e3},
		{"ns", 1}, {"min", 60e9}, {"h", 3600e9}, {"d", 86400e9},
	};
	double value;
	int result = parse_with_unit(text, units, sizeof(units) / sizeof(*units), &value);

	if (result == 0)
		*ret_ns = (uint64_t)value;
	return result;
}
