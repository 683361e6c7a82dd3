/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/source_code.c - lines of source files, for reports that quote them
 *
 * A report shows few distinct files many times: each is read once and kept.
 */
#include "config.h"

#include "view/source_code.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/buffer.h"
#include "util/clock.h"
#include "util/hash_map.h"
#include "util/output.h"
#include "util/term.h"
#include "util/xalloc.h"

#define THE_RECORDING  "the recording"
#define FILE_BYTES_MAX (16u << 20) /* generated sources beyond this are not quoted */

struct source_file {
	char *path;
	struct buffer text;
	uint64_t changed_ns; /* 0 if it could not be read */
	UT_hash_handle hh;
};

struct view_source_code {
	struct source_file *files;
	uint64_t newer_than_ns;
	char *newer;
	char *line;
};

struct view_source_code *
view_source_code_new(uint64_t newer_than_ns)
{
	struct view_source_code *source = xcalloc(1, sizeof(*source));

	source->newer_than_ns = newer_than_ns;
	return source;
}

void
view_source_code_free(struct view_source_code *source)
{
	struct source_file *file, *next;

	HASH_ITER (hh, source->files, file, next) {
		HASH_DEL(source->files, file);
		buffer_release(&file->text);
		free(file->path);
		free(file);
	}
	free(source->newer);
	free(source->line);
	free(source);
}

/* One is enough to say that quoted lines may be others than those that allocated. */
static void
note_newer(struct view_source_code *source, const char *path, const char *than)
{
	char *sentence;

	if (source->newer)
		return;
	sentence = xasprintf("%s is newer than %s: lines may have moved", path, than);
	source->newer = term_escape(sentence);
	free(sentence);
}

static bool
is_newer_than_recording(const struct view_source_code *source, const struct source_file *file)
{
	return source->newer_than_ns && file->changed_ns > source->newer_than_ns;
}

/* An unreadable file is an empty one. The path comes from debug information: only plain files. */
static void
read_file(struct view_source_code *source, struct source_file *file)
{
	int fd = open(file->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat info;
	ssize_t got;

	if (fd < 0)
		return;
	if (fstat(fd, &info) < 0 || !S_ISREG(info.st_mode) || info.st_size > FILE_BYTES_MAX) {
		close(fd);
		return;
	}
	output_note_input(fd);
	do {
		uint8_t *bytes = buffer_reserve(&file->text, 65536);

		got = read(fd, bytes, 65536);
		if (got > 0)
			file->text.length += (size_t)got;
	} while (got > 0 && file->text.length <= FILE_BYTES_MAX);
	close(fd);
	file->changed_ns = clock_from(info.st_mtim);
	if (is_newer_than_recording(source, file))
		note_newer(source, file->path, THE_RECORDING);
}

static struct source_file *
find_file(struct view_source_code *source, const char *path)
{
	struct source_file *file;

	HASH_FIND_STR(source->files, path, file);
	if (file)
		return file;
	file = xcalloc(1, sizeof(*file));
	file->path = xstrdup(path);
	read_file(source, file);
	HASH_ADD_KEYPTR(hh, source->files, file->path, strlen(file->path), file);
	return file;
}

const char *
view_source_code_get(struct view_source_code *source, const char *path, uint32_t line)
{
	const struct source_file *file = find_file(source, path);
	const char *at = (const char *)file->text.bytes;
	const char *end = at + file->text.length;
	const char *stop;
	char *copy;

	if (!at || line == 0)
		return NULL;
	for (; line > 1; line--) {
		at = memchr(at, '\n', (size_t)(end - at));
		if (!at)
			return NULL;
		at++;
	}
	if (at == end)
		return NULL;
	stop = memchr(at, '\n', (size_t)(end - at));
	stop = stop ? stop : end;
	while (at < stop && strchr(" \t\r\f\v", *at))
		at++;
	while (at < stop && strchr(" \t\r\f\v", stop[-1]))
		stop--;
	copy = xstrndup(at, (size_t)(stop - at));
	free(source->line);
	source->line = term_escape(copy);
	free(copy);
	return source->line;
}

const char *
view_source_code_get_text(struct view_source_code *source, const char *path, size_t *ret_length)
{
	const struct source_file *file = find_file(source, path);

	*ret_length = file->text.length;
	return (const char *)file->text.bytes;
}

const char *
view_source_code_newer_than(struct view_source_code *source, const char *path, const char *module)
{
	const struct source_file *file = find_file(source, path);
	struct stat info;

	if (is_newer_than_recording(source, file))
		return THE_RECORDING;
	if (!file->changed_ns || !module || stat(module, &info) < 0)
		return NULL;
	return file->changed_ns > clock_from(info.st_mtim) ? module : NULL;
}

void
view_source_code_compare(struct view_source_code *source, const char *path, const char *module)
{
	const char *than;

	if (source->newer || !source->newer_than_ns)
		return;
	than = view_source_code_newer_than(source, path, module);
	if (than)
		note_newer(source, path, than);
}

const char *
view_source_code_get_newer(const struct view_source_code *source)
{
	return source->newer;
}
