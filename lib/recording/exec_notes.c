/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "recording/exec_notes.h"

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/os.h"
#include "base/os_file.h"
#include "base/os_memory.h"
#include "exec_log.h"

/* With less, a recording has no room, whatever is done about it. */
#define FILE_ROOM ((uint64_t)1 << 20)

static struct exec_log *notes;
static const char *library_name = "";

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/* Nobody else may make it shorter while it is mapped. */
static bool
is_ours(const char *path)
{
	struct os_stat st = {0};

	return os_stat(path, false, &st) == 0 && S_ISREG(st.mode) && st.uid == os_user_id() &&
	       (st.mode & 077) == 0 && st.bytes == sizeof(struct exec_log);
}

void
exec_notes_open(const char *directory, const char *library)
{
	static char path[1100];
	size_t length = strlen(directory);
	struct exec_log *log;
	int fd;

	if (length == 0 || length + sizeof EXEC_LOG_NAME + 1 > sizeof path)
		return;
	memcpy(path, directory, length);
	path[length] = '/';
	memcpy(path + length + 1, EXEC_LOG_NAME, sizeof EXEC_LOG_NAME);
	if (!is_ours(path))
		return;
	fd = os_open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0);
	if (fd < 0)
		return;
	log = os_map_file_for_all(fd, sizeof *log);
	os_close(fd);
	if (log == NULL)
		return;
	if (memcmp(log->magic, EXEC_LOG_MAGIC, sizeof log->magic) != 0) {
		os_unmap(log, sizeof *log);
		return;
	}
	library_name = base_name(library);
	store_release(&notes, log);
}

bool
exec_notes_are_kept(void)
{
	return load_acquire(&notes) != NULL;
}

/* The kernel says EFAULT to what a program hands it: only as far as it can be read is it looked at.
 * *page is the one that was asked for last. */
static bool
is_readable(const void *address, uintptr_t *page)
{
	uintptr_t word = (uintptr_t)address & ~(uintptr_t)7;

	if (word / PAGE_BYTES == *page)
		return true;
	if (!os_readable(word))
		return false;
	*page = word / PAGE_BYTES;
	return true;
}

static uint32_t
get_environment_flags(char *const *environment)
{
	uint32_t flags = EXEC_LOG_NO_PRELOAD | EXEC_LOG_NO_OPTIONS;
	uintptr_t list_page = 0, word_page = 0;

	for (; environment != NULL; environment++) {
		const char *word;

		if (!is_readable(environment, &list_page) || *environment == NULL)
			break;
		word = *environment;
		if (!is_readable(word, &word_page))
			break;
		if (strncmp(word, "LD_PRELOAD=", 11) == 0 && strstr(word, library_name) != NULL)
			flags &= ~(uint32_t)EXEC_LOG_NO_PRELOAD;
		else if (strncmp(word, "HEAPTALLY=", 10) == 0)
			flags &= ~(uint32_t)EXEC_LOG_NO_OPTIONS;
	}
	return flags;
}

static uint32_t
get_limit_flags(void)
{
	uint32_t flags = 0;

	if (os_limit(RLIMIT_FSIZE) < FILE_ROOM)
		flags |= EXEC_LOG_FILE_LIMIT;
	if (os_limit(RLIMIT_AS) != UINT64_MAX || os_limit(RLIMIT_DATA) != UINT64_MAX)
		flags |= EXEC_LOG_MEMORY_LIMIT;
	return flags;
}

/* path as it is when it is absolute, or when the directory and it do not fit; its end when that
 * does not fit either. */
static void
fill_path(char *place, size_t bytes, const char *path, bool relative)
{
	size_t length = strlen(path);
	long directory = relative ? os_current_directory(place, bytes) : 0;

	if (directory > 0 && (size_t)directory + length + 1 <= bytes) {
		place[directory - 1] = '/';
		memcpy(place + directory, path, length + 1);
		return;
	}
	if (length >= bytes) {
		path += length - (bytes - 1);
		length = bytes - 1;
	}
	memcpy(place, path, length + 1);
}

static struct exec_log_slot *
begin(struct exec_log *log, uint64_t *ret_serial)
{
	uint64_t serial = fetch_add(&log->count, 1) + 1;
	struct exec_log_slot *slot = &log->slots[(serial - 1) % EXEC_LOG_SLOTS];

	store(&slot->serial, 0);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	*ret_serial = serial;
	return slot;
}

void
exec_notes_insert(uint32_t pid, uint64_t time_ns, const char *path, bool searched,
		  char *const *environment)
{
	struct exec_log *log = load_acquire(&notes);
	struct exec_log_slot *slot;
	uint64_t serial;
	uintptr_t page = 0;

	if (log == NULL || !is_readable(path, &page))
		return;
	searched = searched && strchr(path, '/') == NULL;
	slot = begin(log, &serial);
	slot->time_ns = time_ns;
	slot->pid = pid;
	slot->uid = os_user_id();
	slot->flags = get_environment_flags(environment) | get_limit_flags() |
		      (searched ? EXEC_LOG_SEARCHED : 0);
	fill_path(slot->path, sizeof slot->path, path, path[0] != '/' && !searched);
	store_release(&slot->serial, serial);
}

void
exec_notes_insert_shell(uint64_t time_ns, char *const *environment)
{
	if (load_acquire(&notes) != NULL &&
	    (get_environment_flags(environment) & EXEC_LOG_NO_PRELOAD) != 0)
		exec_notes_insert(EXEC_LOG_PID_UNKNOWN, time_ns, "/bin/sh", false, environment);
}

void
exec_notes_take_back(void)
{
	struct exec_log *log = load_acquire(&notes);
	struct exec_log_slot *slot;
	uint64_t serial;

	if (log == NULL)
		return;
	slot = begin(log, &serial);
	slot->time_ns = os_monotonic_ns();
	slot->pid = os_process_id();
	slot->uid = os_user_id();
	slot->flags = EXEC_LOG_FAILED;
	slot->path[0] = '\0';
	store_release(&slot->serial, serial);
}
