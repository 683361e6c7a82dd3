/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "read/process_memory.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/uio.h>

#include "image/image.h"
#include "model/memory.h"
#include "read/memory_read.h"

#define PAGE ((uint64_t)MEMORY_PAGE_BYTES)

int
process_memory_read(const struct process_memory *process, uint64_t address, void *buffer,
		    size_t bytes)
{
	struct iovec local = {buffer, bytes}, remote = {(void *)(uintptr_t)address, bytes};
	ssize_t got;

	if (process->image != NULL)
		return image_read(process->image, address, buffer, bytes) == bytes ? 0 : -EFAULT;
	got = process_vm_readv(process->pid, &local, 1, &remote, 1, 0);
	if (got < 0)
		return -errno;
	return (size_t)got == bytes ? 0 : -EFAULT;
}

int
process_memory_read_sparse(struct process_memory *process, uint64_t address, void *buffer,
			   size_t bytes)
{
	uint64_t start = address & ~(PAGE - 1), end = (address + bytes + PAGE - 1) & ~(PAGE - 1);
	size_t count = (size_t)((end - start) / PAGE);
	bool present[PROCESS_MEMORY_SPARSE_MAX / MEMORY_PAGE_BYTES + 2];
	int result;

	/* A core has them whole, and each once: where it says otherwise it is damaged. */
	if (process->image != NULL && process->image->is_core) {
		if (process->budget < bytes)
			return -EBADMSG;
		process->budget -= bytes;
		return process_memory_read(process, address, buffer, bytes);
	}
	result = memory_read_present(process->pagemap, start, count, present);
	if (result != 0)
		return result;
	memset(buffer, 0, bytes);
	for (size_t i = 0; i < count;) {
		uint64_t from = start + i * PAGE, to;

		if (!present[i]) {
			i++;
			continue;
		}
		while (i < count && present[i])
			i++;
		to = start + i * PAGE;
		from = from > address ? from : address;
		to = to < address + bytes ? to : address + bytes;
		result = process_memory_read(process, from, (uint8_t *)buffer + (from - address),
					     (size_t)(to - from));
		if (result != 0)
			return result;
	}
	return 0;
}
