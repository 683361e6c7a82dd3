/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "capture/unwind_rules.h"

#include <dlfcn.h>
#include <string.h>

#include "memory/arena.h"
#include "data/frame_table.h"
#include "base/hash.h"
#include "base/lock.h"
#include "base/loader.h"
#include "base/os_memory.h"
#include "capture/python.h"
#include "data/module_table.h"
#include "recording/recording_map.h"
#include "capture/unwind_library.h"

#define FIRST_SHIFT 54 /* 1024 entries */
#define GUESSES_MAX (1u << 16)
#define LAST_SHIFT  41 /* 8 million */

struct rule_table *unwind_rules_table;
uint32_t unwind_rules_generation = 1;

static struct lock insert_lock;
#define RECENT_NAMES 256

static uint32_t recent_names[RECENT_NAMES]; /* in the strings, of threads; 0: none */
static uint32_t guesses;                    /* learnt; rules of RULE_GUESS */
static const struct link_map *met;          /* an object that is new */

/*
 * The synthetic machine. An address is (level, plane, offset): plane 1 is around the stack pointer,
 * 2 around the frame pointer, 3 around every other register. The word at an address is the address
 * one level up. The planes are 2^56 apart, so frames of any size stay in theirs.
 */
#define LEVEL             ((uint64_t)1 << 60)
#define PLANE             ((uint64_t)1 << 56)
#define MIDDLE            ((uint64_t)1 << 40)
#define SYNTHETIC_SP      (1 * PLANE + MIDDLE)
#define SYNTHETIC_BP      (2 * PLANE + MIDDLE)
#define SYNTHETIC_OTHER   (3 * PLANE + MIDDLE)
#define LEVEL_OF(address) ((address) / LEVEL)
#define PLANE_OF(address) ((address) % LEVEL / PLANE)

static bool
read_synthetic(struct unwind_view *view, uint64_t address, uint64_t *ret_word)
{
	if (PLANE_OF(address) >= 1 && PLANE_OF(address) <= 3) {
		*ret_word = address + LEVEL;
		return true;
	}
	/* Unwind tables and code, and whatever an expression in a table names. */
	return unwind_view_read(view, address, ret_word);
}

static bool
fits(int64_t offset, unsigned bits)
{
	int64_t limit = (int64_t)1 << (bits + 2); /* in units of eight bytes, signed */

	return offset % 8 == 0 && offset >= -limit && offset < limit;
}

static struct rule
make_rule(enum rule_kind kind, int64_t cfa_offset, int64_t bp_offset)
{
	uint64_t cfa = (uint64_t)(cfa_offset >> 3) & ((1u << RULE_CFA_BITS) - 1);
	uint64_t bp = (uint64_t)(bp_offset >> 3) & ((1u << RULE_BP_BITS) - 1);

	return (struct rule){(uint64_t)kind | cfa << (RULE_FRAME_BITS + RULE_KIND_BITS) |
			     bp << (64 - RULE_BP_BITS)};
}

/* Read the rule off the state after one step. */
static struct rule
decode(const struct unwind_view *view)
{
	const struct rule irregular = make_rule(RULE_IRREGULAR, 0, 0);
	uint64_t cfa = view->registers[ARCH_REGISTER_SP], ip = view->registers[ARCH_REGISTER_IP];
	uint64_t bp = view->registers[ARCH_REGISTER_BP];
	enum rule_kind kind;
	int64_t cfa_offset, bp_offset = RULE_BP_UNSAVED;

	if (LEVEL_OF(cfa) == 0 && PLANE_OF(cfa) == 1) {
		kind = RULE_FROM_SP;
		cfa_offset = (int64_t)(cfa - SYNTHETIC_SP);
	} else if (LEVEL_OF(cfa) == 0 && PLANE_OF(cfa) == 2) {
		kind = RULE_FROM_BP;
		cfa_offset = (int64_t)(cfa - SYNTHETIC_BP);
	} else if (LEVEL_OF(cfa) == 1 && PLANE_OF(cfa) == 2) {
		kind = RULE_REALIGNED;
		cfa_offset = (int64_t)(cfa - LEVEL - SYNTHETIC_BP);
	} else {
		return irregular;
	}
	if (ip != arch_return_slot(cfa) + LEVEL || !fits(cfa_offset, RULE_CFA_BITS))
		return irregular;
	if (bp != SYNTHETIC_BP) {
		bp_offset = (int64_t)(bp - LEVEL - (kind == RULE_REALIGNED ? SYNTHETIC_BP : cfa));
		/* A realigned frame has the frame pointer saved where that points to itself, which
		 * would read as unsaved: keep that offset one word up and take it off again when it
		 * is used. */
		if (kind == RULE_REALIGNED)
			bp_offset += 8;
		if (!fits(bp_offset, RULE_BP_BITS) || bp_offset == RULE_BP_UNSAVED)
			return irregular;
	}
	return make_rule(kind, cfa_offset, bp_offset);
}

/* An address within the code that the frame is in. The call, not what follows it: a call that does
 * not return may end its function. */
static uintptr_t
code_address(uint64_t ip)
{
	return (ip & UNWIND_INTERRUPTED) != 0 ? ip & ~UNWIND_INTERRUPTED : ip - 1;
}

/* Whether a signal handler returns to this code. */
static bool
is_signal_return(uint64_t code)
{
	uint64_t last = code + ARCH_SIGNAL_CODE_BYTES - 1;

	return os_readable(page_of(code)) &&
	       (page_of(last) == page_of(code) || os_readable(page_of(last))) &&
	       arch_is_signal_return((const uint8_t *)code);
}

/* The rule that libunwind's step tells; `view` has the function then. */
static struct rule
learn_from_table(uintptr_t ip, struct unwind_view *view)
{
	for (int i = 0; i < ARCH_REGISTERS; i++)
		view->registers[i] = SYNTHETIC_OTHER + (uint64_t)i * 4096;
	view->registers[ARCH_REGISTER_SP] = SYNTHETIC_SP;
	view->registers[ARCH_REGISTER_BP] = SYNTHETIC_BP;
	view->registers[ARCH_REGISTER_IP] = code_address(ip);
	switch (unwind_library_step(view)) {
	case UNWIND_STEP_OK:
		return decode(view);
	case UNWIND_STEP_END:
		return make_rule(RULE_END, 0, 0);
	case UNWIND_STEP_NO_INFO:
		return make_rule(RULE_GUESS, 0, 0);
	case UNWIND_STEP_FAILED:
		break;
	}
	return make_rule(RULE_IRREGULAR, 0, 0);
}

/*
 * Code that a signal handler returns to is known by its instructions, for which the kernel has to
 * be asked. What is well within a function that its table describes as any other need not be
 * looked at: such code begins one, or has no table, or one that is not regular.
 */
static struct rule
learn_shape(uintptr_t ip)
{
	struct unwind_view view = {.read_word = read_synthetic};
	struct rule rule = make_rule(RULE_GUESS, 0, 0);
	uint64_t code = ip & ~UNWIND_INTERRUPTED;
	struct dl_find_object object;

	/* Where no table is, libunwind looks at the code itself, which need not be mapped. */
	if (loader_find_object((const void *)code_address(ip), &object) == 0)
		rule = learn_from_table(ip, &view);
	if (rule_kind(rule) != RULE_GUESS && rule_kind(rule) != RULE_IRREGULAR &&
	    view.code_start < code && code < view.code_end)
		return rule;
	if (!is_signal_return(code))
		return rule;
	/* What interrupted the very return of another signal is libunwind's business. */
	return make_rule(code == ip ? RULE_SIGNAL : RULE_IRREGULAR, 0, 0);
}

static size_t
table_bytes(unsigned shift)
{
	return sizeof(struct rule_table) + ((size_t)1 << (64 - shift)) * sizeof(struct rule_entry);
}

static void
set_size(struct rule_table *table, unsigned shift)
{
	table->shift = shift;
	table->mask = (uint32_t)(((size_t)1 << (64 - shift)) - 1);
}

static struct rule_table *
new_table(unsigned shift)
{
	struct rule_table *table = arena_allocate_lasting(table_bytes(shift), true);

	if (table != NULL)
		set_size(table, shift);
	return table;
}

static bool
empty_table(struct rule_table *table)
{
	unsigned shift = table->shift;

	if (!arena_wipe(table, table_bytes(shift)))
		return false;
	set_size(table, shift);
	return true;
}

/* The entry of an address, or the free one where it belongs. */
static inline struct rule_entry *
entry_of(struct rule_table *table, uintptr_t ip)
{
	uint32_t i = (uint32_t)(ip * HASH_MULTIPLIER >> table->shift);

	for (;; i = (i + 1) & table->mask) {
		struct rule_entry *e = &table->entries[i];
		uint64_t key = load_acquire(&e->ip);

		if (likely(key == ip) || key == 0)
			return e;
	}
}

static bool
grow(void)
{
	struct rule_table *old = unwind_rules_table, *new;

	if (old->shift <= LAST_SHIFT)
		return false;
	new = new_table(old->shift - 1);
	if (new == NULL)
		return false;
	for (uint32_t i = 0; i <= old->mask; i++) {
		struct rule_entry *e = &old->entries[i];

		if (e->ip != 0) {
			*entry_of(new, e->ip) = *e;
			new->used++;
		}
	}
	/* Release: a reader sees the new table filled, or goes on with the old one, which stays. */
	store_release(&unwind_rules_table, new);
	return true;
}

/* Make the rules of a range stale. */
static void
forget(uintptr_t start, uintptr_t end)
{
	struct rule_table *table = unwind_rules_table;

	/* Before and after: a walk that began with the old rules does not count as verified. */
	fetch_add(&unwind_rules_generation, 1);
	for (uint32_t i = 0; i <= table->mask; i++) {
		struct rule_entry *e = &table->entries[i];

		uint64_t ip = e->ip & ~UNWIND_INTERRUPTED;

		if (ip >= start && ip <= end)
			store(&e->rule.packed, (uint64_t)rule_frame(e->rule) << RULE_KIND_BITS);
	}
	fetch_add(&unwind_rules_generation, 1);
}

/* Under the insert lock. */
static void
forget_unloaded(void)
{
	uintptr_t start, end;

	if (!module_table_sweep(&start, &end))
		return;
	forget(start, end);
	fetch_add(&recording.header->module_unloads, 1);
}

static bool
is_of_loader(uintptr_t ip)
{
	struct dl_find_object object;

	return loader_find_object((const void *)code_address(ip), &object) == 0 &&
	       loader_is(object.dlfo_link_map);
}

static bool
is_frame(uint32_t id, const struct recording_frame *frame)
{
	const struct recording_frame *known = &recording.frames[id];

	return id >= FRAME_FIRST && known->value == frame->value &&
	       known->module == frame->module && known->kind == frame->kind;
}

/* The frame of an address in an object that the loader has found. */
static struct recording_frame
find_frame(const struct dl_find_object *object, uint64_t address)
{
	struct recording_frame frame = module_table_frame(object, address);

	/* libc unloads its own plugins without our hook; that shows when something new comes. */
	if (module_table_has_changed()) {
		forget_unloaded();
		met = frame.kind == FRAME_KIND_MODULE ? object->dlfo_link_map : NULL;
	}
	return frame;
}

/* The id of the frame at an address; `known` is what it was when there was a rule last. What no
 * call has led out of is told as if one stood there that ended before the next byte. */
static uint32_t
intern_frame(uintptr_t ip, enum rule_kind kind, uint32_t known)
{
	bool is_exact = (ip & UNWIND_INTERRUPTED) != 0 || kind == RULE_SIGNAL;
	struct dl_find_object object;
	struct recording_frame frame = {.value = (ip & ~UNWIND_INTERRUPTED) + is_exact,
					.kind = FRAME_KIND_ADDRESS};
	uint32_t id;

	if (loader_find_object((const void *)(uintptr_t)(frame.value - 1), &object) == 0)
		frame = find_frame(&object, frame.value);
	if (is_frame(known, &frame))
		return known;
	id = frame_table_intern(&frame);
	return id != FRAME_NONE ? id : FRAME_UNKNOWN;
}

/* Under the insert lock: nobody else adds an entry meanwhile. */
static struct rule
add(uintptr_t ip)
{
	struct rule_table *table = unwind_rules_table;
	struct rule_entry *entry;
	struct rule rule = make_rule(RULE_IRREGULAR, 0, 0);

	if (table->used >= table->mask / 4 * 3 && !grow())
		return rule;
	entry = entry_of(unwind_rules_table, ip);
	if (entry->ip == ip && rule_kind(entry->rule) != RULE_STALE)
		return entry->rule;
	if (!unwind_library_enter())
		return rule;
	rule = learn_shape(ip);
	unwind_library_leave();
	/* A walk through code without tables may find any number of words that look like addresses.
	 */
	if (rule_kind(rule) == RULE_GUESS && ++guesses > GUESSES_MAX)
		return make_rule(RULE_END, 0, 0);
	rule.packed |= (uint64_t)intern_frame(ip, rule_kind(rule), rule_frame(entry->rule))
		       << RULE_KIND_BITS;
	/* Before it maps an object, the loader allocates. What was there has gone by then, perhaps
	 * by a dlclose that is not ours; so this is asked again whenever a walk comes here. */
	if (is_of_loader(ip)) {
		forget_unloaded();
		entry->rule = make_rule(RULE_STALE, 0, 0);
		entry->rule.packed |= (uint64_t)rule_frame(rule) << RULE_KIND_BITS;
	} else {
		entry->rule = rule;
	}
	if (entry->ip == 0) {
		unwind_rules_table->used++;
		/* Release: who finds the address finds its rule. */
		store_release(&entry->ip, ip);
	}
	fetch_add(&recording.header->rules, 1);
	return rule;
}

bool
unwind_rules_init(void)
{
	guesses = 0;
	memset(recent_names, 0, sizeof recent_names);
	/* A forked child goes on in the memory of its parent's. */
	if (unwind_rules_table == NULL || !empty_table(unwind_rules_table))
		unwind_rules_table = new_table(FIRST_SHIFT);
	return unwind_rules_table != NULL;
}

/* What came meanwhile is looked at when nobody has to wait for it. */
static void
let_go(void)
{
	const struct link_map *object = met;

	met = NULL;
	lock_drop(&insert_lock);
	if (object != NULL)
		python_meet(object);
}

static COLD struct rule
learn(uintptr_t ip)
{
	struct rule rule = make_rule(RULE_IRREGULAR, 0, 0);

	if (lock_take(&insert_lock)) {
		rule = add(ip);
		let_go();
	}
	if (rule_frame(rule) == FRAME_NONE)
		rule.packed |= (uint64_t)FRAME_UNKNOWN << RULE_KIND_BITS;
	return rule;
}

struct rule
unwind_rules_find(uintptr_t ip)
{
	struct rule_entry *e = entry_of(load_acquire(&unwind_rules_table), ip);
	struct rule rule = {load(&e->rule.packed)};

	if (unlikely(e->ip != ip || rule_kind(rule) == RULE_STALE))
		return learn(ip);
	return rule;
}

bool
unwind_rules_has(uintptr_t ip)
{
	const struct rule_entry *e = entry_of(load_acquire(&unwind_rules_table), ip);

	return e->ip == ip && rule_kind(e->rule) != RULE_STALE;
}

uintptr_t
unwind_rules_note_object(const void *address)
{
	struct dl_find_object object;

	if (loader_find_object(address, &object) != 0 || !lock_take(&insert_lock))
		return 0;
	find_frame(&object, (uint64_t)(uintptr_t)address);
	let_go();
	return (uintptr_t)object.dlfo_map_end;
}

uint32_t
unwind_rules_intern(const struct recording_frame *frame)
{
	uint32_t id;

	if (!lock_take(&insert_lock))
		return FRAME_NONE;
	id = frame_table_intern(frame);
	lock_drop(&insert_lock);
	return id;
}

uint32_t
unwind_rules_inherit_frame(const struct recording_module *module, const char *path, uint64_t value)
{
	struct recording_frame frame;
	uint32_t id;

	if (!lock_take(&insert_lock))
		return FRAME_NONE;
	frame = module_table_inherited_frame(module, path, value);
	id = frame_table_intern(&frame);
	lock_drop(&insert_lock);
	return id;
}

uint32_t
unwind_rules_add_frame(uint32_t kind, uint64_t value, const char *name)
{
	struct recording_frame frame = {.value = value, .kind = kind};
	uint32_t id;

	if (!lock_take(&insert_lock))
		return FRAME_NONE;
	/* Strings are added under this lock only, as those of modules are. */
	if (name != NULL)
		frame.module = recording_add_string(name);
	id = frame_table_intern(&frame);
	lock_drop(&insert_lock);
	return id;
}

/* Threads of a pool that comes and goes have the same few names. */
static uint32_t
add_name(const char *name)
{
	uint64_t key = 0;
	uint32_t *recent;

	for (const char *letter = name; *letter != '\0'; letter++)
		key = key * 31 + (unsigned char)*letter;
	recent = &recent_names[hash_u64(key) % RECENT_NAMES];
	if (*recent == 0 || strcmp(recording.strings + *recent, name) != 0)
		*recent = recording_add_string(name);
	return *recent;
}

void
unwind_rules_name_frame(uint32_t frame, const char *name)
{
	uint32_t string;

	if (!lock_take(&insert_lock))
		return;
	string = add_name(name);
	if (string != 0)
		store(&recording.frames[frame].module, string);
	lock_drop(&insert_lock);
}

COLD struct rule
unwind_rules_recheck(uintptr_t ip, struct rule rule)
{
	struct dl_find_object object;

	if (recording.frames[rule_frame(rule)].kind != FRAME_KIND_ADDRESS ||
	    loader_find_object((const void *)code_address(ip), &object) != 0)
		return rule;
	if (lock_take(&insert_lock)) {
		forget(ip & ~UNWIND_INTERRUPTED, ip & ~UNWIND_INTERRUPTED);
		lock_drop(&insert_lock);
	}
	return learn(ip);
}

void
unwind_rules_forget_unloaded(void)
{
	if (!lock_take(&insert_lock))
		return;
	forget_unloaded();
	lock_drop(&insert_lock);
}
