/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "util/term.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wchar.h>

#include "util/clock.h"
#include "util/utf8.h"
#include "util/xalloc.h"

#define PROGRESS_DELAY_NS    500000000u
#define PROGRESS_INTERVAL_NS 100000000u

static bool
is_set(const char *name)
{
	const char *value = getenv(name);

	return value && *value;
}

static bool
is_forced(const char *name)
{
	return is_set(name) && strcmp(getenv(name), "0") != 0;
}

static bool
choose_color(bool is_terminal, enum term_color color)
{
	const char *type = getenv("TERM");

	if (color != TERM_COLOR_AUTO)
		return color == TERM_COLOR_ALWAYS;
	if (is_set("NO_COLOR"))
		return false;
	if (is_forced("CLICOLOR_FORCE") || is_forced("FORCE_COLOR"))
		return true;
	return is_terminal && type && strcmp(type, "dumb") != 0;
}

void
term_init(struct term *term, FILE *stream, enum term_color color)
{
	struct winsize size;

	memset(term, 0, sizeof(*term));
	term->stream = stream;
	term->is_terminal = isatty(fileno(stream));
	term->color = choose_color(term->is_terminal, color);
	term->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	if (term->is_terminal && ioctl(fileno(stream), TIOCGWINSZ, &size) == 0)
		term->width = size.ws_col;
}

int
term_parse_color(const char *word, enum term_color *ret_color)
{
	static const char *const words[] = {
		[TERM_COLOR_AUTO] = "auto",
		[TERM_COLOR_ALWAYS] = "always",
		[TERM_COLOR_NEVER] = "never",
	};

	for (unsigned i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (strcmp(word, words[i]) == 0) {
			*ret_color = (enum term_color)i;
			return 0;
		}
	}
	return -EINVAL;
}

const char *
term_style(const struct term *term, enum term_style style)
{
	static const char *const sequences[] = {
		[TERM_PLAIN] = "\033[0m", [TERM_BOLD] = "\033[1m", [TERM_DIM] = "\033[2m",
		[TERM_GOOD] = "\033[32m", [TERM_BAD] = "\033[31m",
	};

	return term->color ? sequences[style] : "";
}

static char *
escape_byte(char *out, unsigned char byte)
{
	static const char letters[][2] = {{'\n', 'n'}, {'\t', 't'}, {'\r', 'r'}, {'\033', 'e'}};
	static const char digits[] = "0123456789abcdef";

	*out++ = '\\';
	for (size_t i = 0; i < sizeof(letters) / sizeof(*letters); i++) {
		if (byte == letters[i][0]) {
			*out++ = letters[i][1];
			return out;
		}
	}
	*out++ = 'x';
	*out++ = digits[byte >> 4];
	*out++ = digits[byte & 15];
	return out;
}

char *
term_escape(const char *name)
{
	char *escaped = xmalloc(4 * strlen(name) + 1);
	char *out = escaped;

	while (*name) {
		uint32_t code;
		unsigned bytes = utf8_decode(name, &code);
		bool safe = bytes && !utf8_is_control(code);

		if (bytes == 0)
			bytes = 1;
		for (; bytes > 0; bytes--, name++) {
			if (safe)
				*out++ = *name;
			else
				out = escape_byte(out, (unsigned char)*name);
		}
	}
	*out = '\0';
	return escaped;
}

unsigned
term_columns(const char *text)
{
	unsigned columns = 0;

	while (*text) {
		uint32_t code;
		unsigned bytes = utf8_decode(text, &code);
		int width = bytes ? wcwidth((wchar_t)code) : 1;

		columns += width >= 0 ? (unsigned)width : 1;
		text += bytes ? bytes : 1;
	}
	return columns;
}

/* The same of length bytes in which there may be styles. */
static unsigned
styled_columns(const char *text, size_t length)
{
	char *plain = xmalloc(length + 1);
	size_t used = 0;
	unsigned columns;

	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\033')
			i += strcspn(text + i, "m");
		else
			plain[used++] = text[i];
	}
	plain[used] = '\0';
	columns = term_columns(plain);
	free(plain);
	return columns;
}

void
term_wrap(const struct term *term, const char *label, const char *text)
{
	unsigned indent = term_columns(label), used = indent;

	fputs(label, term->stream);
	while (*text) {
		size_t length = strcspn(text, ",");
		unsigned columns;

		length += text[length] == ',';
		columns = styled_columns(text, length);
		if (term->width > 0 && used > indent && used + columns > term->width) {
			text += *text == ' ';
			length = strcspn(text, ",") + (text[strcspn(text, ",")] == ',');
			columns = styled_columns(text, length);
			fprintf(term->stream, "\n%*s", (int)indent, "");
			used = indent;
		}
		fwrite(text, 1, length, term->stream);
		used += columns;
		text += length;
	}
	putc('\n', term->stream);
}

void
term_wrap_words(const struct term *term, const char *label, const char *text)
{
	unsigned indent = styled_columns(label, strlen(label)), used = indent;

	fputs(label, term->stream);
	while (*text) {
		size_t length = strcspn(text, " ");
		unsigned columns = styled_columns(text, length);

		if (used > indent && term->width > 0 && used + 1 + columns > term->width) {
			fprintf(term->stream, "\n%*s", (int)indent, "");
			used = indent;
		} else if (used > indent) {
			putc(' ', term->stream);
			used++;
		}
		fwrite(text, 1, length, term->stream);
		used += columns;
		text += length;
		text += *text == ' ';
	}
	putc('\n', term->stream);
}

/* Where the words of "quality   0 events lost" begin; 4 of a line without a label. */
static unsigned
find_indent(const char *line)
{
	size_t label = strcspn(line, " \n"), blanks = strspn(line + label, " ");

	return label != 0 && blanks >= 2 && label + blanks <= 14 ? (unsigned)(label + blanks) : 4;
}

/* A piece of text with its blanks before it, up to the next one. */
static size_t
get_piece(const char *text)
{
	size_t blanks = strspn(text, " ");

	return blanks + strcspn(text + blanks, " \n");
}

static const char *
fold_line(FILE *stream, const char *line, unsigned width)
{
	unsigned indent = find_indent(line), used = 0;

	while (*line != '\n' && *line != '\0') {
		size_t length = get_piece(line);
		unsigned columns = styled_columns(line, length);

		if (used > indent && used + columns > width) {
			line += strspn(line, " ");
			length = get_piece(line);
			columns = styled_columns(line, length);
			fprintf(stream, "\n%*s", (int)indent, "");
			used = indent;
		}
		fwrite(line, 1, length, stream);
		used += columns;
		line += length;
	}
	return line;
}

void
term_fold(FILE *stream, const char *text, unsigned width)
{
	while (*text != '\0') {
		size_t length = strcspn(text, "\n");

		if (styled_columns(text, length) > width) {
			text = fold_line(stream, text, width);
		} else {
			fwrite(text, 1, length, stream);
			text += length;
		}
		if (*text == '\n')
			putc(*text++, stream);
	}
}

void
term_pad(FILE *stream, const char *text, int columns)
{
	int width = (int)term_columns(text);
	int blanks = abs(columns) - width;

	if (blanks < 0)
		blanks = 0;
	if (columns < 0)
		fprintf(stream, "%*s%s", blanks, "", text);
	else
		fprintf(stream, "%s%*s", text, blanks, "");
}

/* Whether a regular file ends with a line. */
static bool
ends_with_line(int fd, const struct stat *status)
{
	char path[64], last = '\n';
	int file;

	if (status->st_size == 0)
		return true;
	/* It may be open for writing only. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (file < 0)
		return false;
	if (pread(file, &last, 1, status->st_size - 1) != 1)
		last = '\n';
	close(file);
	return last == '\n';
}

void
term_fresh_line(const struct term *term)
{
	struct stat status;

	fflush(term->stream);
	/* A whole line of blanks leaves the cursor in the line that is empty, if there was one. */
	if (term->is_terminal && term->width > 0)
		fprintf(term->stream, "%*s\r", (int)term->width, "");
	else if (term->is_terminal || fstat(fileno(term->stream), &status) != 0 ||
		 !S_ISREG(status.st_mode) || !ends_with_line(fileno(term->stream), &status))
		putc('\n', term->stream);
}

const char *
term_bar(const struct term *term, unsigned eighths)
{
	static const char *const blocks[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	static const char *const letters[] = {" ", ".", ".", ":", ":", "|", "|", "#", "#"};

	return (term->utf8 ? blocks : letters)[eighths];
}

char *
term_sparkline(const struct term *term, const int64_t *values, size_t count, unsigned columns)
{
	char *line = xmalloc(3 * (size_t)columns + 1);
	int64_t highest = 0;
	size_t used = 0;

	for (size_t i = 0; i < count; i++)
		highest = values[i] > highest ? values[i] : highest;
	for (unsigned column = 0; column < columns; column++) {
		size_t first = count * column / columns;
		size_t last = count * (column + 1) / columns;
		int64_t value = 0;
		const char *bar;
		unsigned height;

		for (size_t i = first; i < last || i == first; i++)
			value = i < count && values[i] > value ? values[i] : value;
		/* What is not zero shows at least the lowest bar. */
		height = highest > 0 ? (unsigned)((double)value / (double)highest * 8 + 0.5) : 0;
		if (value > 0 && height == 0)
			height = 1;
		bar = term_bar(term, height);
		memcpy(line + used, bar, strlen(bar));
		used += strlen(bar);
	}
	line[used] = '\0';
	return line;
}

void
term_progress_init(struct term_progress *progress, const char *what, bool quiet)
{
	memset(progress, 0, sizeof(*progress));
	progress->what = what;
	progress->enabled = !quiet && isatty(STDERR_FILENO);
	if (progress->enabled)
		progress->start_ns = clock_get_ns(CLOCK_MONOTONIC);
}

void
term_progress_update(void *context, uint64_t done, uint64_t all)
{
	struct term_progress *progress = context;
	uint64_t now;

	if (!progress->enabled)
		return;
	now = clock_get_ns(CLOCK_MONOTONIC);
	if (now - progress->start_ns < PROGRESS_DELAY_NS ||
	    now - progress->shown_ns < PROGRESS_INTERVAL_NS)
		return;
	progress->shown_ns = now;
	progress->visible = true;
	fprintf(stderr, "\r\033[Kheaptally: %s %3.0f %%", progress->what,
		all ? 100.0 * (double)done / (double)all : 100.0);
	fflush(stderr);
}

void
term_progress_release(struct term_progress *progress)
{
	if (progress->visible)
		fputs("\r\033[K", stderr);
	progress->visible = false;
}
