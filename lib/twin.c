/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "twin.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>

#include "base/os.h"
#include "base/os_file.h"
#include "data/block_table.h"

#define SECOND_NS 1000000000u
#define MINUTE_NS (60ull * SECOND_NS)
#define NICE      5 /* more, on a busy machine, and the copies of pages are kept for long */

static uint32_t started; /* and not collected yet; 0 is none */
static uint32_t
	starter; /* whose child that is; a vfork child sees it, too, and has no such child */

/* It must be the copy that is killed, not the process. */
static void
offer_to_die(void)
{
	int fd = os_open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC, 0);

	if (fd < 0)
		return;
	os_write_at(fd, "1000", 4, 0);
	os_close(fd);
}

static _Noreturn void
be_a_twin(struct look *look, struct parked *parked)
{
	os_close_all();
	os_forbid_cores();
	offer_to_die();
	os_lower_priority(NICE);
	look->deadline_ns = os_monotonic_ns() + MINUTE_NS;
	/* It has ended already, or another process has taken its place: nobody asks any more. */
	if (os_parent_id() != look->parent)
		os_leave(1);
	if (parked != NULL)
		look->roots.stacks = parked_await(parked, &look->roots.stack_count);
	/* Threads may have come since they were counted. */
	if (look->header.unseen > look->roots.stack_count)
		look->header.unseen -= (uint32_t)look->roots.stack_count;
	else
		look->header.unseen = 0;
	os_leave(-look_make(look));
}

int
twin_start(struct look *look, struct parked *parked, uint64_t *ret_pause_ns)
{
	uint64_t start_ns = os_monotonic_ns();
	int twin;

	look->parent = os_process_id();
	block_table_keep_on_fork(true);
	twin = os_copy_process();
	if (twin == 0)
		be_a_twin(look, parked);
	block_table_keep_on_fork(false);
	if (parked != NULL)
		parked_confirm(parked);
	*ret_pause_ns = os_monotonic_ns() - start_ns;
	if (twin > 0) {
		store(&starter, look->parent);
		store(&started, (uint32_t)twin);
	}
	return twin;
}

/* False if it goes on for so long: the program must not wait for it without end, whatever stops it.
 */
static bool
wait_until(int twin, uint64_t deadline_ns, int *ret_status)
{
	uint32_t none = 0;

	while (os_collect_copy((uint32_t)twin, ret_status) == 0) {
		if (os_monotonic_ns() > deadline_ns)
			return false;
		os_wait(&none, 0);
	}
	return true;
}

static void
kill_it(int twin)
{
	int status;

	os_kill((uint32_t)twin);
	/* It ends for certain, but to give back much memory takes time. */
	wait_until(twin, os_monotonic_ns() + 5 * SECOND_NS, &status);
}

int
twin_wait(int twin)
{
	int status = -1;

	/* It looks at the clock itself. */
	if (!wait_until(twin, os_monotonic_ns() + MINUTE_NS + SECOND_NS, &status))
		kill_it(twin);
	store(&started, 0);
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -ECHILD;
}

bool
twin_collect(void)
{
	uint32_t twin = load(&started);
	int status;

	if (twin == 0 || load(&starter) != os_process_id())
		return true;
	if (os_collect_copy(twin, &status) == 0)
		return false;
	store(&started, 0);
	return true;
}

void
twin_end(void)
{
	uint32_t twin = load(&started);

	if (twin_collect())
		return;
	kill_it((int)twin);
	store(&started, 0);
}
