/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "cmd/graph_outside.h"

#include <errno.h>
#include <inttypes.h>

#include "cmd/command.h"
#include "image/living_access.h"
#include "read/anchor_graph.h"
#include "read/snapshot.h"
#include "util/error.h"

/* What keeps this user from it, and what would help: as people know it, or NULL for a user. */
static const char *const obstacles[LIVING_OBSTACLES] = {
	[LIVING_OTHER_RIGHTS] =
		"it has other groups or capabilities, or has forbidden it (PR_SET_DUMPABLE); it "
		"takes CAP_SYS_PTRACE, as sudo gives",
	[LIVING_FOR_ANCESTORS] =
		"kernel.yama.ptrace_scope is 1: only who has started it may; else it takes "
		"CAP_SYS_PTRACE, as sudo gives, or leave out --outside",
	[LIVING_FOR_DEBUGGERS] =
		"kernel.yama.ptrace_scope is 2: it takes CAP_SYS_PTRACE, as sudo gives, or leave "
		"out --outside",
	[LIVING_FOR_NOBODY] =
		"kernel.yama.ptrace_scope is 3: nobody may, until the machine starts anew; leave "
		"out --outside",
	[LIVING_FILTERED] =
		"a filter of system calls forbids process_vm_readv, as that of a container does "
		"without CAP_SYS_PTRACE; look from outside the container, or leave out --outside",
	[LIVING_FORBIDDEN] =
		"a rule of the kernel forbids it; it takes CAP_SYS_PTRACE, as sudo gives, or leave "
		"out --outside",
};

static _Noreturn void
refuse_access(const struct snapshot_identity *identity)
{
	struct living_access access;
	enum living_obstacle obstacle;

	living_access_get(&access, (pid_t)identity->pid);
	obstacle = living_access_judge(&access);
	if (obstacle == LIVING_OTHER_USER)
		die(COMMAND_NO_ANSWER,
		    "%s %" PRIu32 ": its memory may not be read: it is that of user %" PRIu32
		    "; look as that user, or with CAP_SYS_PTRACE, as sudo gives",
		    identity->command, identity->pid, access.user);
	die(COMMAND_NO_ANSWER, "%s %" PRIu32 ": its memory may not be read: %s", identity->command,
	    identity->pid, obstacles[obstacle]);
}

static _Noreturn void
refuse(const char *operand, const struct snapshot_identity *identity, int error)
{
	if (error == -EPERM)
		refuse_access(identity);
	if (error == -ESRCH)
		die(COMMAND_NO_ANSWER, "%s: the process ended", operand);
	if (error == -ENOENT)
		die(COMMAND_NO_ANSWER, "%s %" PRIu32 ": the runtime is not found in its memory",
		    identity->command, identity->pid);
	die_errno(COMMAND_NO_ANSWER, error, "%s %" PRIu32 ": its memory cannot be read",
		  identity->command, identity->pid);
}

static void
check_identity(const char *recording, const char *operand, struct snapshot_identity *ret_identity)
{
	if (snapshot_identify(recording, SNAPSHOT_ANY_OWNER, ret_identity) != 0 ||
	    !ret_identity->alive)
		die(COMMAND_NO_ANSWER, "%s: the process ended", operand);
	if (!ret_identity->this_namespace)
		die(COMMAND_NO_ANSWER,
		    "%s is of another namespace of process numbers, in which it has to be asked",
		    operand);
}

void
graph_outside_look(const char *recording, const char *operand, struct graph *ret_graph)
{
	struct snapshot_identity identity;
	int result;

	check_identity(recording, operand, &identity);
	result = anchor_graph_look((pid_t)identity.pid, identity.start_monotonic_ns, ret_graph);
	if (result != 0)
		refuse(operand, &identity, result);
	/* It may have become another program, too. */
	check_identity(recording, operand, &identity);
}
