/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * living.c - /proc/PID/maps, task/T/syscall, fdinfo, timers; memory by process_vm_readv(2)
 *
 * A thread that waits at the same place before and after its stack was read has most likely not run
 * meanwhile.
 */
#include "config.h"
#include "image/living.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "image/image.h"
#include "util/intern.h"
#include "util/xalloc.h"

enum {
	PATH_BYTES = 96,
	THREADS_MAX = 1 << 16,
	KERNEL_WORDS_MAX = 1 << 20,
};

static FILE *
open_file(pid_t pid, const char *name)
{
	char *path = xasprintf("/proc/%d/%s", (int)pid, name);
	FILE *file = fopen(path, "re");
	int error = errno;

	free(path);
	errno = error;
	return file;
}

/* --- mappings --- */

/* "5581e000-5583f000 rw-p 00000000 00:00 0      [heap]" */
static void
take_line(struct image *image, char *line)
{
	struct image_mapping mapping = {0};
	char flags[5] = "";
	uint64_t inode = 0;
	int name = 0;

	line[strcspn(line, "\n")] = '\0';
	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %*x %*s %" SCNu64 " %n", &mapping.start,
		   &mapping.end, flags, &inode, &name) < 4)
		return;
	mapping.known_end = mapping.end;
	mapping.name = intern_insert_string(image->strings, name != 0 ? line + name : "");
	mapping.readable = flags[0] == 'r';
	mapping.writable = flags[1] == 'w';
	mapping.executable = flags[2] == 'x';
	mapping.is_shared = flags[3] == 's';
	mapping.is_file = inode != 0;
	mapping.is_device = image_is_device(mapping.name);
	*array_push(&image->mappings) = mapping;
}

/* Where the heap of brk(2) begins: the kernel makes one mapping of it and the variables before it
 * when they touch. The 47th word of /proc/PID/stat. */
static uint64_t
get_heap_start(pid_t pid)
{
	FILE *file = open_file(pid, "stat");
	char line[1024];
	char *word = NULL;

	if (file == NULL)
		return 0;
	if (fgets(line, sizeof(line), file) != NULL)
		word = strrchr(line, ')');
	fclose(file);
	for (int i = 2; word != NULL && i < 47; i++) {
		word = strchr(word, ' ');
		if (word != NULL)
			word++;
	}
	return word != NULL ? strtoull(word, NULL, 10) : 0;
}

static void
part_heap(struct image *image)
{
	uint64_t start = get_heap_start(image->process);
	size_t count = image->mappings.count;

	for (size_t i = 0; i < count; i++) {
		struct image_mapping *mapping = &image->mappings.items[i], variables = *mapping;

		if (strcmp(mapping->name, "[heap]") != 0 || start <= mapping->start ||
		    start >= mapping->end)
			continue;
		mapping->start = variables.end = variables.known_end = start;
		variables.name = intern_insert(image->strings, "", 0);
		*array_push(&image->mappings) = variables;
		break;
	}
}

static int
read_mappings(struct image *image)
{
	FILE *file = open_file(image->process, "maps");
	char *line = NULL;
	size_t bytes = 0;

	if (file == NULL)
		return errno == ENOENT ? -ESRCH : -EPERM;
	while (getline(&line, &bytes, file) > 0)
		take_line(image, line);
	free(line);
	fclose(file);
	part_heap(image);
	image_finish_mappings(image);
	/* Of one that has ended, and is not collected yet, there are none. */
	return image->mappings.count != 0 ? 0 : -ESRCH;
}

/* --- threads --- */

/* "202 0x7f.. 0x0 ... SP PC", "-1 SP PC", or "running". 0: it is not known. */
static uint64_t
ask_stack_pointer(pid_t pid, uint32_t thread)
{
	char name[PATH_BYTES], line[512] = "", *last;
	FILE *file;

	snprintf(name, sizeof(name), "task/%" PRIu32 "/syscall", thread);
	file = open_file(pid, name);
	if (file == NULL)
		return 0;
	if (fgets(line, sizeof(line), file) == NULL)
		line[0] = '\0';
	fclose(file);
	last = strrchr(line, ' ');
	if (last == NULL || line[0] == 'r')
		return 0;
	*last = '\0';
	last = strrchr(line, ' ');
	return last != NULL ? strtoull(last + 1, NULL, 16) : 0;
}

static int
read_threads(struct image *image)
{
	char path[PATH_BYTES];
	struct dirent *entry;
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)image->process);
	tasks = opendir(path);
	if (tasks == NULL)
		return -ESRCH;
	while ((entry = readdir(tasks)) != NULL && image->threads.count < THREADS_MAX) {
		uint32_t id = (uint32_t)strtoul(entry->d_name, NULL, 10);

		if (id != 0)
			*array_push(&image->threads) = (struct image_thread){
				.id = id, .sp = ask_stack_pointer(image->process, id)};
	}
	closedir(tasks);
	return 0;
}

/* --- what the kernel keeps --- */

/* The number behind a word, in each line that has it: " data: HEX", "signal: N/HEX". */
static void
take_words(struct image *image, FILE *file, const char *word, char before)
{
	char *line = NULL;
	size_t bytes = 0;

	while (file != NULL && getline(&line, &bytes, file) > 0 &&
	       image->kernel.count < KERNEL_WORDS_MAX) {
		const char *number = strstr(line, word);

		if (number != NULL && before != '\0')
			number = strchr(number, before);
		else if (number != NULL)
			number += strlen(word);
		if (number != NULL)
			*array_push(&image->kernel) = strtoull(number + (before != '\0'), NULL, 16);
	}
	free(line);
	if (file != NULL)
		fclose(file);
}

static void
read_kernel(struct image *image)
{
	char path[PATH_BYTES];
	struct dirent *entry;
	DIR *files;

	take_words(image, open_file(image->process, "timers"), "signal:", '/');
	snprintf(path, sizeof(path), "/proc/%d/fdinfo", (int)image->process);
	files = opendir(path);
	while (files != NULL && (entry = readdir(files)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "fdinfo/%.20s", entry->d_name);
		/* Only epoll's have it. */
		take_words(image, open_file(image->process, path), " data:", '\0');
	}
	if (files != NULL)
		closedir(files);
}

/* --- all of it --- */

/* The list of mappings may be open to more than the memory is. */
static int
check_access(const struct image *image)
{
	uint64_t word;
	struct iovec local = {&word, sizeof(word)}, remote;

	array_each (&image->mappings, mapping) {
		if (!mapping->readable || !mapping->writable || mapping->is_device)
			continue;
		remote = (struct iovec){(void *)(uintptr_t)mapping->start, sizeof(word)};
		if (process_vm_readv(image->process, &local, 1, &remote, 1, 0) >= 0 ||
		    errno == EFAULT)
			return 0;
		return errno == ESRCH ? -ESRCH : -EPERM;
	}
	return -ESRCH;
}

int
living_open(struct image *image, pid_t pid)
{
	char path[PATH_BYTES];
	int result;

	image_init(image);
	image->process = pid;
	snprintf(path, sizeof(path), "/proc/%d/pagemap", (int)pid);
	image->pagemap = open(path, O_RDONLY | O_CLOEXEC);
	if (image->pagemap < 0 && errno != ENOENT)
		result = -EPERM;
	else
		result = image->pagemap < 0 ? -ESRCH : read_threads(image);
	if (result == 0)
		result = read_mappings(image);
	if (result == 0)
		result = check_access(image);
	if (result == 0)
		read_kernel(image);
	else
		image_release(image);
	return result;
}

int
living_confirm(struct image *image)
{
	char path[PATH_BYTES];

	array_each (&image->threads, thread)
		if (thread->sp != 0 && ask_stack_pointer(image->process, thread->id) != thread->sp)
			thread->sp = 0;
	snprintf(path, sizeof(path), "/proc/%d/maps", (int)image->process);
	return access(path, R_OK) == 0 ? 0 : -ESRCH;
}
