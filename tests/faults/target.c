/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* target.c - what the fault targets share; see target.h */
#include "config.h"
#include "target.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	NOTES_MAX = 256,
	DESCRIPTORS_MAX = 4096
};

static struct {
	const char *key;
	uint64_t value;
} notes[NOTES_MAX];
static unsigned note_count;

void
tally_add(struct tally *tally, const struct tally *other)
{
	tally->allocs += other->allocs;
	tally->bytes += other->bytes;
	tally->frees += other->frees;
	tally->freed_bytes += other->freed_bytes;
	tally->begun += other->begun;
}

static void *branch_right(struct tally *tally, size_t bytes, unsigned path, unsigned depth);

/* The empty asm keeps the compiler from turning the calls into jumps. */
static void *__attribute__((noinline))
branch_left(struct tally *tally, size_t bytes, unsigned path, unsigned depth)
{
	void *block;

	if (depth == 0)
		block = tally_malloc(tally, bytes);
	else if ((path & 1) == 0)
		block = branch_left(tally, bytes, path >> 1, depth - 1);
	else
		block = branch_right(tally, bytes, path >> 1, depth - 1);
	__asm__ volatile("" : "+r"(block));
	return block;
}

static void *__attribute__((noinline))
branch_right(struct tally *tally, size_t bytes, unsigned path, unsigned depth)
{
	void *block;

	if (depth == 0)
		block = tally_malloc(tally, bytes);
	else if ((path & 1) == 0)
		block = branch_left(tally, bytes, path >> 1, depth - 1);
	else
		block = branch_right(tally, bytes, path >> 1, depth - 1);
	__asm__ volatile("" : "+r"(block));
	return block;
}

void *
tally_malloc_at(struct tally *tally, size_t bytes, unsigned path, unsigned depth)
{
	return branch_left(tally, bytes, path, depth);
}

struct tally *
target_shared(unsigned count)
{
	const char *path = getenv("FAULTS_SHARED");
	size_t bytes = count * sizeof(struct tally);
	int flags = MAP_SHARED | MAP_ANONYMOUS;
	int fd = -1;
	void *memory;

	if (path != NULL) {
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		if (fd < 0 || ftruncate(fd, (off_t)bytes) != 0)
			_exit(70);
		flags = MAP_SHARED;
	}
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, fd, 0);
	if (memory == MAP_FAILED)
		_exit(71);
	if (fd >= 0)
		close(fd);
	return memory;
}

void
target_note(const char *key, uint64_t value)
{
	if (note_count == NOTES_MAX)
		_exit(72);
	notes[note_count].key = key;
	notes[note_count++].value = value;
}

static void
put(int fd, const char *format, ...)
{
	char line[256];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	if (write(fd, line, (size_t)length) != length)
		_exit(73);
}

/* fcntl and not /proc/self/fd: a chroot or a full table must not matter. */
static void
put_descriptors(int report)
{
	put(report, "fds ");
	for (int fd = 0; fd < DESCRIPTORS_MAX; fd++)
		if (fd != report && fcntl(fd, F_GETFD) != -1)
			put(report, "%d,", fd);
	put(report, "\n");
}

void
target_report(const struct tally *sum)
{
	const char *path = getenv("FAULTS_REPORT");
	uint64_t threads;
	int fd;

	if (path == NULL)
		return;
	threads = target_proc("/proc/self/status", "Threads");
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (fd < 0)
		_exit(74);
	put_descriptors(fd);
	put(fd, "threads %lu\n", (unsigned long)threads);
	if (sum != NULL) {
		put(fd, "total_blocks %lu\ntotal_bytes %lu\n", (unsigned long)sum->allocs,
		    (unsigned long)sum->bytes);
		put(fd, "freed_blocks %lu\nlive_blocks %ld\nlive_bytes %ld\n",
		    (unsigned long)sum->frees, (long)(sum->allocs - sum->frees),
		    (long)(sum->bytes - sum->freed_bytes));
	}
	for (unsigned i = 0; i < note_count; i++)
		put(fd, "%s %lu\n", notes[i].key, (unsigned long)notes[i].value);
	close(fd);
}

void
say(const char *format, ...)
{
	char line[1000];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	if (length >= (int)sizeof(line))
		length = (int)sizeof(line) - 1;
	if (write(STDOUT_FILENO, line, (size_t)length) != length)
		_exit(75);
}

long
target_argument(int argc, char **argv, int index, long fallback)
{
	return index < argc ? strtol(argv[index], NULL, 10) : fallback;
}

uint64_t
target_proc(const char *path, const char *name)
{
	char text[8192];
	size_t length = strlen(name);
	ssize_t got;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	got = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (got <= 0)
		return 0;
	text[got] = '\0';
	for (char *line = text; line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, length) == 0 && line[length] == ':')
			return strtoul(line + length + 1, NULL, 10);
		if (*line == '\0')
			break;
	}
	return 0;
}

uint64_t
target_lines(const char *path)
{
	char text[8192];
	uint64_t lines = 0;
	ssize_t got;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	while ((got = read(fd, text, sizeof(text))) > 0)
		for (ssize_t i = 0; i < got; i++)
			lines += text[i] == '\n';
	close(fd);
	return lines;
}
