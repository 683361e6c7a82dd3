/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "model/process.h"

#include <stdlib.h>
#include <string.h>

#include "model/trouble.h"
#include "util/text.h"
#include "util/xalloc.h"

/* So much more than the program that was run makes another one worth showing. */
#define OUTWEIGHS 4

/* Resident memory that a program without allocations of its own does not have. */
#define BLIND_RESIDENT ((uint64_t)16 << 20)

static void
insert_unseen(struct process_list *list, const struct profile *profile)
{
	*array_push(&list->unseen) = (struct process_unseen){
		.command = xstrdup(profile->command),
		.executable = xstrdup(profile->executable),
		.why = xstrdup(profile->note_count != 0 ? profile->notes[0] : "left no recording"),
		.pid = profile->pid,
		.count = profile->unseen,
	};
}

void
process_list_insert(struct process_list *list, const struct profile *profile)
{
	struct process *process;

	if (profile->unseen != 0) {
		insert_unseen(list, profile);
		return;
	}
	process = array_push(&list->all);
	*process = (struct process){
		.pid = profile->pid,
		.parent_pid = profile->parent_pid,
		.command = xstrdup(profile->command),
		.executable = xstrdup(profile->executable),
		.arguments = xstrdup(profile->arguments),
		.state = profile->state,
		.has_wait_status = profile->has_wait_status,
		.wait_status = profile->wait_status,
		.start_ns = profile->start_realtime_ns,
		.duration_ns = profile->duration_ns,
		.trouble = profile->trouble,
		.resident_bytes = profile_get_resident_peak(profile),
	};
	if (profile->moment_count != 0)
		process->sum = profile->moments[profile->moment_count - 1].sum;
}

bool
process_is_blind(const struct process *process)
{
	uint32_t reasons = PROFILE_TROUBLE_FOREIGN_MALLOC | PROFILE_TROUBLE_NOTHING_SEEN;

	return (process->trouble & reasons) != 0 ||
	       (process->sum.total_blocks == 0 && process->resident_bytes >= BLIND_RESIDENT);
}

bool
process_hides_much(const struct process *process)
{
	return process_is_blind(process) &&
	       ((process->trouble & PROFILE_TROUBLE_FOREIGN_MALLOC) != 0 ||
		process->resident_bytes >= BLIND_RESIDENT);
}

static bool
is_shell(const struct process *process)
{
	static const char *const shells[] = {"sh",  "bash", "dash", "ksh", "mksh",
					     "zsh", "fish", "tcsh", "csh", "busybox"};
	const char *name = text_base_name(process->executable);

	for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++)
		if (strcmp(name, shells[i]) == 0)
			return true;
	return false;
}

/* The largest of those that are meant; SIZE_MAX if there are none. */
static size_t
find_largest(const struct process_list *list,
	     bool (*is_meant)(const struct process *, const void *), const void *context)
{
	size_t found = SIZE_MAX;

	for (size_t i = 0; i < list->all.count; i++)
		if (is_meant(&list->all.items[i], context) &&
		    (found == SIZE_MAX ||
		     list->all.items[i].sum.peak_bytes > list->all.items[found].sum.peak_bytes))
			found = i;
	return found;
}

static bool
is_any(const struct process *process, const void *context)
{
	(void)process;
	(void)context;
	return true;
}

static bool
is_no_shell(const struct process *process, const void *context)
{
	(void)context;
	return !is_shell(process);
}

static bool
has_executable(const struct process *process, const void *context)
{
	return strcmp(process->executable, context) == 0;
}

static const struct process *
find_main(const struct process_list *list)
{
	array_each (&list->all, process) {
		if (process->has_wait_status)
			return process;
	}
	return NULL;
}

size_t
process_list_choose(const struct process_list *list)
{
	const struct process *main = find_main(list);
	size_t largest = find_largest(list, is_any, NULL), own;
	int64_t most;

	if (largest == SIZE_MAX || main == NULL)
		return largest;
	most = list->all.items[largest].sum.peak_bytes;
	own = is_shell(main) ? find_largest(list, is_no_shell, NULL)
			     : find_largest(list, has_executable, main->executable);
	if (own == SIZE_MAX)
		return largest;
	if (process_is_blind(&list->all.items[own]) && !is_shell(main))
		return own;
	return list->all.items[own].sum.peak_bytes >= most / OUTWEIGHS ? own : largest;
}

struct by_peak {
	int64_t peak_bytes;
	size_t index;
};

static int
compare_peaks(const void *left, const void *right)
{
	const struct by_peak *a = left, *b = right;

	if (a->peak_bytes != b->peak_bytes)
		return a->peak_bytes < b->peak_bytes ? 1 : -1;
	return (a->index > b->index) - (a->index < b->index);
}

static int
compare_pids(const void *left, const void *right, void *context)
{
	const struct process_list *list = context;
	const struct by_peak *a = left, *b = right;
	uint32_t one = list->all.items[a->index].pid, other = list->all.items[b->index].pid;

	return one != other ? (one > other ? 1 : -1) : compare_peaks(left, right);
}

size_t *
process_list_rank(const struct process_list *list, size_t *ret_count)
{
	size_t *order = xcalloc(list->all.count + 1, sizeof(*order)), count = 0;
	struct by_peak *rows = xcalloc(list->all.count + 1, sizeof(*rows));

	for (size_t i = 0; i < list->all.count; i++)
		rows[i] = (struct by_peak){list->all.items[i].sum.peak_bytes, i};
	qsort_r(rows, list->all.count, sizeof(*rows), compare_pids, (void *)list);
	for (size_t i = 0; i < list->all.count; i++)
		if (count == 0 || list->all.items[rows[i].index].pid !=
					  list->all.items[rows[count - 1].index].pid)
			rows[count++] = rows[i];
	qsort(rows, count, sizeof(*rows), compare_peaks);
	for (size_t i = 0; i < count; i++)
		order[i] = rows[i].index;
	free(rows);
	*ret_count = count;
	return order;
}

size_t
process_list_count(const struct process_list *list)
{
	size_t count;

	free(process_list_rank(list, &count));
	return count;
}

uint64_t
process_list_count_unseen(const struct process_list *list)
{
	uint64_t count = 0;

	array_each (&list->unseen, unseen)
		count += unseen->count;
	return count;
}

const char *
process_get_title(const struct process *process)
{
	return process->arguments[0] != '\0' ? process->arguments : process->command;
}

void
process_list_release(struct process_list *list)
{
	array_each (&list->all, process) {
		free(process->command);
		free(process->executable);
		free(process->arguments);
	}
	array_each (&list->unseen, unseen) {
		free(unseen->command);
		free(unseen->executable);
		free(unseen->why);
	}
	array_release(&list->all);
	array_release(&list->unseen);
}
