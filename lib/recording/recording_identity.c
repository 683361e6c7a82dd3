/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * recording_identity.c - whose recording it is, as far as /proc can be read
 */
#include "recording/recording_identity.h"

#include <fcntl.h>
#include <string.h>

#include "base/executable.h"
#include "base/os.h"
#include "base/os_file.h"

static void
read_boot_id(uint8_t *boot_id)
{
	char text[37];
	int fd = os_open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC, 0);
	size_t n = 0;

	if (fd < 0)
		return;
	if (os_read(fd, text, 36) == 36) {
		for (int i = 0; i < 36 && n < 32; i++) {
			int c = text[i];
			int digit = c >= 'a' ? c - 'a' + 10 : c - '0';

			if (c == '-')
				continue;
			boot_id[n / 2] = (uint8_t)(boot_id[n / 2] << 4 | (digit & 15));
			n++;
		}
	}
	os_close(fd);
}

void
recording_read_arguments(char *arguments, size_t bytes)
{
	int fd = os_open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC, 0);
	long n = fd < 0 ? -1 : os_read(fd, arguments, bytes - 1);
	bool is_cut = n == (long)bytes - 1;

	if (fd >= 0)
		os_close(fd);
	if (n < 0)
		n = 0;
	/* A title that a process gave itself ends in many. */
	while (n > 0 && arguments[n - 1] == '\0')
		n--;
	for (long i = 0; i < n; i++)
		if (arguments[i] == '\0')
			arguments[i] = ' ';
	arguments[n] = '\0';
	if (is_cut)
		memcpy(arguments + bytes - 4, "...", 4);
}

void
recording_identify(struct recording_header *h)
{
	struct os_stat namespace = {0};

	memcpy(h->magic, RECORDING_MAGIC, sizeof h->magic);
	h->byte_order = RECORDING_BYTE_ORDER;
	h->version = RECORDING_VERSION;
	h->header_bytes = sizeof *h;
	h->page_bytes = PAGE_BYTES;
	h->machine = ARCH_ELF_MACHINE;
	h->pid = os_process_id();
	h->parent_pid = os_parent_id();
	h->uid = os_user_id();
	if (os_stat("/proc/self/ns/pid", true, &namespace) == 0)
		h->pid_namespace = namespace.inode;
	read_boot_id(h->boot_id);
	executable_read_command(h->command, sizeof h->command);
	h->start_realtime_ns = os_realtime_ns();
	h->start_monotonic_ns = os_monotonic_ns();
}
