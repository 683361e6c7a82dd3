/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * snapshot_life.c - the kernel drops the lock with the process, however that ends
 */
#include "config.h"
#include "read/snapshot_life.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "read/snapshot_file.h"

bool
snapshot_life_is_locked(const struct snapshot_file *file)
{
	struct flock lock = {
		.l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = RECORDING_LIFE_LOCK,
		.l_len = 1,
	};

	return fcntl(file->fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

bool
snapshot_life_is_this_boot(const struct recording_header *header)
{
	static const uint8_t unknown[sizeof(header->boot_id)];
	uint8_t ours[sizeof(header->boot_id)] = {0};
	char text[64] = "";
	FILE *stream = fopen("/proc/sys/kernel/random/boot_id", "re");
	unsigned digits = 0;

	if (stream == NULL || fgets(text, sizeof(text), stream) == NULL)
		text[0] = '\0';
	if (stream != NULL)
		fclose(stream);
	for (const char *c = text; *c != '\0' && digits < 32; c++) {
		if (isxdigit((unsigned char)*c)) {
			int digit = *c <= '9' ? *c - '0' : (*c | 0x20) - 'a' + 10;

			ours[digits / 2] = (uint8_t)(ours[digits / 2] << 4 | digit);
			digits++;
		}
	}
	return memcmp(header->boot_id, unknown, sizeof(ours)) == 0 || digits < 32 ||
	       memcmp(header->boot_id, ours, sizeof(ours)) == 0;
}

bool
snapshot_life_is_this_namespace(const struct recording_header *header)
{
	struct stat status;

	return header->pid_namespace == 0 || stat("/proc/self/ns/pid", &status) != 0 ||
	       status.st_ino == header->pid_namespace;
}

bool
snapshot_life_is_mapped(const struct snapshot_file *file, const struct recording_header *header)
{
	char path[64], *line = NULL;
	size_t bytes = 0;
	struct stat status;
	bool found = false;
	FILE *stream;

	if (!snapshot_life_is_this_boot(header) || !snapshot_life_is_this_namespace(header))
		return false;
	snprintf(path, sizeof(path), "/proc/%u/maps", header->pid);
	stream = fopen(path, "re");
	if (stream == NULL)
		return errno == EACCES || errno == EPERM;
	if (fstat(file->fd, &status) != 0)
		status.st_ino = 0;
	while (!found && getline(&line, &bytes, stream) > 0) {
		unsigned long long inode = 0;

		found = sscanf(line, "%*s %*s %*s %*s %llu", &inode) == 1 && inode != 0 &&
			inode == status.st_ino;
	}
	free(line);
	fclose(stream);
	return found;
}

/* The last number of NSpid: the id that the process has for itself. */
static uint32_t
get_own_pid(const char *number)
{
	char path[64], *line = NULL;
	uint32_t own = 0;
	size_t bytes = 0;
	FILE *stream;

	snprintf(path, sizeof(path), "/proc/%.16s/status", number);
	stream = fopen(path, "re");
	if (stream == NULL)
		return 0;
	while (own == 0 && getline(&line, &bytes, stream) > 0) {
		const char *last = strrchr(line, '\t');

		if (strncmp(line, "NSpid:", 6) == 0 && last != NULL)
			own = (uint32_t)strtoul(last + 1, NULL, 10);
	}
	free(line);
	fclose(stream);
	return own;
}

static bool
is_in_namespace(const char *number, uint64_t inode)
{
	struct stat status;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%.16s/ns/pid", number);
	return stat(path, &status) == 0 && status.st_ino == inode;
}

uint32_t
snapshot_life_get_pid(const struct recording_header *header)
{
	struct dirent *entry;
	uint32_t pid = 0;
	DIR *entries;

	if (!snapshot_life_is_this_boot(header))
		return 0;
	if (snapshot_life_is_this_namespace(header))
		return header->pid;
	entries = opendir("/proc");
	if (entries == NULL)
		return 0;
	while (pid == 0 && (entry = readdir(entries)) != NULL)
		if (isdigit((unsigned char)entry->d_name[0]) &&
		    is_in_namespace(entry->d_name, header->pid_namespace) &&
		    get_own_pid(entry->d_name) == header->pid)
			pid = (uint32_t)strtoul(entry->d_name, NULL, 10);
	closedir(entries);
	return pid;
}
