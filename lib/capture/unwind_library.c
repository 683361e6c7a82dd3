/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "capture/unwind_library.h"

#include <dlfcn.h>
#include <libunwind.h>
#include <link.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "base/elf_patch.h"
#include "base/elf_symbol.h"
#include "base/lock.h"
#include "base/loader.h"
#include "base/os.h"
#include "base/os_memory.h"
#include "capture/unwind_copies.h"
#include "recording/recording_map.h"

_Static_assert((int)ARCH_REGISTER_IP == (int)UNW_REG_IP && (int)ARCH_REGISTER_SP == (int)UNW_REG_SP,
	       "libunwind numbers them as unwind tables do");

#define STACK_BYTES ((size_t)256 << 10)

/* Words that one step may read: a table may hold an expression that never ends. */
#define READS_MAX   65536u

#define KNOWN_PAGES 64u

/* DWARF pointer encodings of the only kind of `.eh_frame_hdr` table that is in use. */
#define ENCODED_UDATA4         0x03
#define ENCODED_DATAREL_SDATA4 0x3b

static struct {
	unw_addr_space_t (*create_addr_space)(unw_accessors_t *, int);
	int (*set_caching_policy)(unw_addr_space_t, unw_caching_policy_t);
	int (*init_remote)(unw_cursor_t *, unw_addr_space_t, void *);
	int (*step)(unw_cursor_t *);
	int (*get_reg)(unw_cursor_t *, unw_regnum_t, unw_word_t *);
	int (*search_unwind_table)(unw_addr_space_t, unw_word_t, unw_dyn_info_t *,
				   unw_proc_info_t *, int, void *);
	unw_addr_space_t space;
	char *stack_top;
	bool can_be_left; /* and entered again */
} library;

int (*unwind_library_backtrace)(void **, int);

/* Not wiped by a fork: a child must see that it was held. */
static struct lock lock;

/* Pages that could be read in this call, each at its place with the lowest bit set; and the words
 * that the step may still read. Under the lock. */
static uint64_t known_pages[KNOWN_PAGES];
static uint32_t reads_left;

/* While a rule is learnt: the object whose table is read. No stack is read meanwhile, which may lie
 * in an object, too. */
static struct {
	bool is_on;
	uint64_t start, bytes;
} kept;

/* Outcome of the last look-up of a table, which libunwind turns into a guess of its own. */
static bool found_no_info;

static int
find_proc_info(unw_addr_space_t space, unw_word_t ip, unw_proc_info_t *info, int need, void *arg)
{
	struct unwind_view *view = arg;
	struct dl_find_object object;
	const uint8_t *header;
	unw_dyn_info_t table;
	uint64_t word;

	if (loader_find_object((const void *)ip, &object) != 0 || object.dlfo_eh_frame == NULL)
		goto none;
	header = object.dlfo_eh_frame;
	if (kept.is_on && unwind_copies_may_keep(object.dlfo_link_map)) {
		kept.start = (uint64_t)object.dlfo_map_start;
		kept.bytes = (uint64_t)object.dlfo_map_end - kept.start;
	}
	if (!unwind_view_read(view, (uint64_t)header, &word) ||
	    !unwind_view_read(view, (uint64_t)header + 8, &word))
		goto none;
	if (header[0] != 1 || header[2] != ENCODED_UDATA4 || header[3] != ENCODED_DATAREL_SDATA4)
		goto none;
	memset(&table, 0, sizeof table);
	table.format = UNW_INFO_FORMAT_REMOTE_TABLE;
	table.start_ip = (unw_word_t)object.dlfo_map_start;
	table.end_ip = (unw_word_t)object.dlfo_map_end;
	table.u.rti.segbase = (unw_word_t)header;
	table.u.rti.table_data = (unw_word_t)header + 12;
	table.u.rti.table_len = *(const uint32_t *)(header + 8) * (uint64_t)8 / sizeof(unw_word_t);
	if (library.search_unwind_table(space, ip, &table, info, need, arg) == 0) {
		view->code_start = info->start_ip;
		view->code_end = info->end_ip;
		return 0;
	}
none:
	found_no_info = true;
	return -UNW_ENOINFO;
}

static void
put_unwind_info(unw_addr_space_t space, unw_proc_info_t *info, void *arg)
{
	(void)space, (void)info, (void)arg;
}

static int
get_dyn_info_list(unw_addr_space_t space, unw_word_t *list, void *arg)
{
	(void)space, (void)list, (void)arg;
	return -UNW_ENOINFO;
}

static int
access_mem(unw_addr_space_t space, unw_word_t address, unw_word_t *value, int write, void *arg)
{
	struct unwind_view *view = arg;

	(void)space;
	if (write || reads_left == 0)
		return -UNW_EINVAL;
	reads_left--;
	return view->read_word(view, address, value) ? 0 : -UNW_EINVAL;
}

static int
access_reg(unw_addr_space_t space, unw_regnum_t number, unw_word_t *value, int write, void *arg)
{
	struct unwind_view *view = arg;

	(void)space;
	if (write || number < 0 || number >= ARCH_REGISTERS)
		return -UNW_EBADREG;
	*value = view->registers[number];
	return 0;
}

static int
access_fpreg(unw_addr_space_t space, unw_regnum_t number, unw_fpreg_t *value, int write, void *arg)
{
	(void)space, (void)number, (void)value, (void)write, (void)arg;
	return -UNW_EBADREG;
}

static int
resume(unw_addr_space_t space, unw_cursor_t *cursor, void *arg)
{
	(void)space, (void)cursor, (void)arg;
	return -UNW_EINVAL;
}

static int
get_proc_name(unw_addr_space_t space, unw_word_t ip, char *name, size_t bytes, unw_word_t *offset,
	      void *arg)
{
	(void)space, (void)ip, (void)name, (void)bytes, (void)offset, (void)arg;
	return -UNW_ENOINFO;
}

static unw_accessors_t accessors = {
	.find_proc_info = find_proc_info,
	.put_unwind_info = put_unwind_info,
	.get_dyn_info_list_addr = get_dyn_info_list,
	.access_mem = access_mem,
	.access_reg = access_reg,
	.access_fpreg = access_fpreg,
	.resume = resume,
	.get_proc_name = get_proc_name,
};

static bool
find_functions(const struct link_map *object, const struct link_map *local)
{
	const struct {
		const char *name;
		void **place;
	} wanted[] = {
		{ARCH_UNWIND_FUNCTION("create_addr_space"), (void **)&library.create_addr_space},
		{ARCH_UNWIND_FUNCTION("set_caching_policy"), (void **)&library.set_caching_policy},
		{ARCH_UNWIND_FUNCTION("init_remote"), (void **)&library.init_remote},
		{ARCH_UNWIND_FUNCTION("step"), (void **)&library.step},
		{ARCH_UNWIND_FUNCTION("get_reg"), (void **)&library.get_reg},
		{ARCH_UNWIND_FUNCTION("dwarf_search_unwind_table"),
		 (void **)&library.search_unwind_table},
	};

	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
		*wanted[i].place = elf_symbol_find(object, wanted[i].name);
		if (*wanted[i].place == NULL)
			return false;
	}
	if (local != NULL)
		*(void **)&unwind_library_backtrace = elf_symbol_find(local, "unw_backtrace");
	return true;
}

/*
 * The first address space makes libunwind open a pipe, for checking memory before it is read, which
 * our accessors never let it do. It takes a failure for an answer, and without the pipe it has no
 * numbers of descriptors that the program may come to use for its own.
 */
static unw_addr_space_t
create_space(void)
{
	uint64_t limit = os_set_limit(RLIMIT_NOFILE, 0);
	unw_addr_space_t space = library.create_addr_space(&accessors, 0);

	if (space != NULL)
		library.set_caching_policy(space, UNW_CACHE_NONE);
	os_set_limit(RLIMIT_NOFILE, limit);
	return space;
}

/* In the place of libunwind's `sigprocmask`. */
static int
keep_signal_mask(int how, const sigset_t *set, sigset_t *old)
{
	(void)how, (void)set, (void)old;
	return 0;
}

/* In the place of its `pthread_mutex_lock` and `pthread_mutex_unlock`. */
static int
leave_mutex(void *mutex)
{
	(void)mutex;
	return 0;
}

/*
 * Its references to itself and to libc are bound to itself and to libc, whatever the program
 * exports by the same names. So must ours be to libc.
 */
static struct link_map *
open_library(const char *name, int flags)
{
	const struct link_map *libc = loader_libc();
	struct link_map *(*function)(const char *, int) = NULL;

	if (libc != NULL)
		*(void **)&function = elf_symbol_find(libc, "dlopen");
	return function != NULL ? function(name, RTLD_NOW | flags) : NULL;
}

/*
 * In this order, and the second only after all of the first: where memory cannot be made writable
 * in between, mutexes that were not taken are released, which libc bears; the other way round they
 * would be held for ever.
 */
static bool
leave_mutexes(const struct link_map *object)
{
	static const char *const names[] = {"pthread_mutex_lock", "pthread_mutex_unlock"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const struct elf_patch patch = {elf_symbol_find(loader_libc(), names[i]),
						(void *)leave_mutex};

		if (patch.from == NULL || !elf_patch_slots(object, &patch, 1))
			return false;
	}
	return true;
}

/*
 * libunwind blocks all signals while it holds its lock. Two system calls for each new rule are
 * slow, and the end of a program whose filter does not allow them. Our own lock does not let a
 * handler in. Nor is there a need for its mutexes, which one who dies inside, or leaves by
 * siglongjmp, would hold for ever; the lists that they guard bear that. A copy that the program
 * uses itself is left alone.
 */
static const struct link_map *
open_without_masks(void)
{
	bool is_ours = open_library(ARCH_UNWIND_LIBRARY, RTLD_NOLOAD) == NULL;
	const struct link_map *object =
		open_library(ARCH_UNWIND_LIBRARY, RTLD_LOCAL | RTLD_DEEPBIND);

	if (object == NULL || !is_ours)
		return object;
	elf_symbol_replace(object, "sigprocmask", (void *)keep_signal_mask);
	library.can_be_left = leave_mutexes(object);
	return object;
}

bool
unwind_library_open(void)
{
	const struct link_map *object = open_without_masks();
	const struct link_map *local = open_library("libunwind.so.8", RTLD_LOCAL | RTLD_DEEPBIND);

	if (object == NULL || !find_functions(object, local))
		return false;
	library.stack_top = os_map(PAGE_BYTES + STACK_BYTES, false);
	if (library.stack_top == NULL)
		return false;
	/* A stack that is too small ends here, and not in what happens to be below. */
	os_forbid(library.stack_top, PAGE_BYTES);
	library.stack_top += PAGE_BYTES + STACK_BYTES;
	unwind_copies_init();
	library.space = create_space();
	return library.space != NULL;
}

bool
unwind_library_is_open(void)
{
	return library.space != NULL;
}

bool
unwind_library_enter(void)
{
	if (!unwind_library_is_open() || !lock_take(&lock))
		return false;
	/* Whoever was here last may have left in the middle. */
	kept.bytes = 0;
	if (likely(lock.robbed == 0 || library.can_be_left))
		return true;
	/* A thread died inside, or was of the parent: libunwind's own locks may be held for ever.
	 */
	recording_note(TROUBLE_UNWINDER_FORKED);
	lock_drop(&lock);
	return false;
}

void
unwind_library_leave(void)
{
	lock_drop(&lock);
}

static bool
page_readable(uint64_t page)
{
	uint64_t *known = &known_pages[page / PAGE_BYTES % KNOWN_PAGES];

	if (*known == (page | 1))
		return true;
	if (!os_readable(page))
		return false;
	*known = page | 1;
	return true;
}

bool
unwind_view_read(struct unwind_view *view, uint64_t address, uint64_t *ret_word)
{
	uint64_t first = page_of(address), last = page_of(address + 7);

	(void)view;
	if (address - kept.start < kept.bytes)
		return unwind_copies_read(address, ret_word);
	/* What belongs to a loaded object is no exception: a program may forbid any page of it. */
	if (!page_readable(first) || (last != first && !page_readable(last)))
		return false;
	*ret_word = *(const uint64_t *)address;
	return true;
}

static void
begin(void)
{
	memset(known_pages, 0, sizeof known_pages);
	reads_left = READS_MAX;
	kept.is_on = false;
	kept.bytes = 0;
}

bool
unwind_follows_call(uint64_t ip, uint64_t *page)
{
	uint64_t first = page_of(ip - ARCH_CALL_BYTES), last = page_of(ip - 1);

	if ((first != *page && !os_readable(first)) || (last != first && !os_readable(last)))
		return false;
	*page = last;
	return arch_follows_call((const uint8_t *)ip);
}

static enum unwind_step
step_cursor(unw_cursor_t *cursor)
{
	int result;

	found_no_info = false;
	result = library.step(cursor);
	if (found_no_info || reads_left == 0)
		return UNWIND_STEP_NO_INFO;
	return result > 0 ? UNWIND_STEP_OK : result == 0 ? UNWIND_STEP_END : UNWIND_STEP_FAILED;
}

struct step_call {
	struct unwind_view *view;
	enum unwind_step result;
};

static void
step_on_own_stack(void *argument)
{
	struct step_call *call = argument;
	struct unwind_view *view = call->view;
	unw_cursor_t cursor;
	unw_word_t ip, sp, bp;

	call->result = UNWIND_STEP_FAILED;
	if (library.init_remote(&cursor, library.space, view) != 0)
		return;
	call->result = step_cursor(&cursor);
	if (call->result != UNWIND_STEP_OK)
		return;
	if (library.get_reg(&cursor, UNW_REG_IP, &ip) != 0 ||
	    library.get_reg(&cursor, UNW_REG_SP, &sp) != 0 ||
	    library.get_reg(&cursor, ARCH_REGISTER_BP, &bp) != 0) {
		call->result = UNWIND_STEP_FAILED;
		return;
	}
	view->registers[ARCH_REGISTER_IP] = ip;
	view->registers[ARCH_REGISTER_SP] = sp;
	view->registers[ARCH_REGISTER_BP] = bp;
}

enum unwind_step
unwind_library_step(struct unwind_view *view)
{
	struct step_call call = {.view = view};

	begin();
	kept.is_on = true;
	arch_call_on_stack(library.stack_top, step_on_own_stack, &call);
	kept.is_on = false;
	kept.bytes = 0;
	return call.result;
}

struct walk_call {
	struct unwind_view *view;
	uint64_t skip_to;
	uint64_t *addresses;
	size_t limit;
	size_t count;
	bool complete;
};

/* Whether a step that came to the instruction it began at may be that of a recursion: then the
 * address was read from the stack. Else it would go on like this for ever. */
static bool
is_recursion(struct unwind_view *view, uint64_t ip, uint64_t sp)
{
	uint64_t word;

	return unwind_view_read(view, arch_return_slot(sp), &word) && word == ip;
}

static void
walk_on_own_stack(void *argument)
{
	struct walk_call *call = argument;
	unw_cursor_t cursor;
	unw_word_t ip, sp, last = 0;
	uint64_t page = 0;
	int result = 1;

	if (library.init_remote(&cursor, library.space, call->view) != 0)
		return;
	while (call->count < call->limit) {
		reads_left = READS_MAX;
		found_no_info = false;
		/* Signal frames are libunwind's own business here. */
		result = library.step(&cursor);
		if (result <= 0)
			break;
		if (library.get_reg(&cursor, UNW_REG_IP, &ip) != 0 ||
		    library.get_reg(&cursor, UNW_REG_SP, &sp) != 0 || ip == 0 ||
		    (ip == last && !is_recursion(call->view, ip, sp)))
			break;
		if (found_no_info && !unwind_follows_call(ip, &page))
			break;
		last = ip;
		if (sp >= call->skip_to || call->count > 0)
			call->addresses[call->count++] = ip;
	}
	call->complete = result == 0 && !found_no_info;
}

size_t
unwind_library_walk(struct unwind_view *view, uint64_t skip_to, uint64_t *addresses, size_t limit,
		    bool *ret_complete)
{
	struct walk_call call = {
		.view = view, .skip_to = skip_to, .addresses = addresses, .limit = limit};

	begin();
	arch_call_on_stack(library.stack_top, walk_on_own_stack, &call);
	*ret_complete = call.complete;
	return call.count;
}
