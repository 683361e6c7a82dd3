/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * odd_stacks.c - allocations below frames that mislead who walks the stack
 *
 * guard: a handler interrupts code without a table, whose rbp points into a page of .bss that
 * cannot be read. skip, null, same: unwind tables with an expression that never ends, with one that
 * reads address 0, and one that says the caller is at the same instruction. data: rbp points to a
 * local table of functions, where no table says so. zero: rbp is zero there. forbidden:
 * from half of the blocks on, nobody may read libc's unwind table. other: the caller is
 * on another stack, as a table says. signal: a handler allocates. deep: at each of 5,000 levels of
 * a recursion on the way in, and on the way out.
 */
#define _GNU_SOURCE
#include <link.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BLOCKS 100
#define BYTES  40
#define LEVELS 5000

static char other_stack[64 << 10] __attribute__((aligned(4096)));
static char guarded[3 * 4096] __attribute__((aligned(4096)));

/* Call with rbp as it is told. */
void call_with_rbp(uintptr_t rbp, void (*function)(void));

/* Signal itself with rbp as it is told; no table covers it. */
void raise_with_rbp(uintptr_t rbp);

void call_skip(void (*function)(void));
void call_null(void (*function)(void));
void call_same(void (*function)(void));

/* Call on the stack that ends at `top`. */
void call_on(char *top, void (*function)(void));

void return_untold(void), return_told(void);

#define CALL_WITH_TABLE(name, table)                             \
	".type " name ", @function\n" name ":\n.cfi_startproc\n" \
	"	sub $24, %rsp\n	.cfi_def_cfa_offset 32\n" table  \
	"	call *%rdi\n	add $24, %rsp\n	ret\n.cfi_endproc\n"

__asm__(".text\n"
	".type call_with_rbp, @function\n"
	"call_with_rbp:\n"
	"	push %rbp\n"
	"	mov %rdi, %rbp\n"
	"	call *%rsi\n"
	"	pop %rbp\n"
	"	ret\n"
	".size call_with_rbp, . - call_with_rbp\n"
	/* kill(getpid(), SIGUSR1) */
	".type raise_with_rbp, @function\n"
	"raise_with_rbp:\n"
	"	push %rbp\n"
	"	mov %rdi, %rbp\n"
	"	mov $39, %eax\n"
	"	syscall\n"
	"	mov %eax, %edi\n"
	"	mov $10, %esi\n"
	"	mov $62, %eax\n"
	"	syscall\n"
	"	pop %rbp\n"
	"	ret\n"
	".type call_on, @function\ncall_on:\n.cfi_startproc\n"
	"	push %rbp\n"
	"	.cfi_def_cfa_offset 16\n"
	"	.cfi_offset %rbp, -16\n"
	"	mov %rsp, %rbp\n"
	"	.cfi_def_cfa_register %rbp\n"
	"	mov %rdi, %rsp\n"
	"	call *%rsi\n"
	"	leave\n"
	"	.cfi_def_cfa %rsp, 8\n"
	"	ret\n"
	".cfi_endproc\n"
	/* rt_sigreturn(), right behind a function that has a table. */
	".type return_untold, @function\nreturn_untold:\n"
	"	mov $15, %rax\n	syscall\n"
	".type return_told, @function\nreturn_told:\n.cfi_startproc\n"
	"	mov $15, %rax\n	syscall\n.cfi_endproc\n"
	/* DW_OP_skip to itself; DW_OP_lit0 DW_OP_deref. */
	CALL_WITH_TABLE("call_skip", "	.cfi_escape 0x0f, 3, 0x2f, 0xfd, 0xff\n")
		CALL_WITH_TABLE("call_null", "	.cfi_escape 0x0f, 2, 0x30, 0x06\n")
			CALL_WITH_TABLE("call_same", "	.cfi_same_value rip\n"));

void site(void);
int bystander(int n), never_called(int n), recurse(int levels);

__attribute__((noinline)) void
site(void)
{
	void *volatile block = malloc(BYTES);

	free(block);
}

/* Lies before `never_called`: who takes its address for a return address finds this one. */
__attribute__((noinline)) int
bystander(int n)
{
	return n * 3 + 7;
}

__attribute__((noinline)) int
never_called(int n)
{
	return n * 5 + 1;
}

static void
handle(int number)
{
	(void)number;
	site();
}

__attribute__((noinline)) int
recurse(int levels)
{
	int below;

	site();
	below = levels > 0 ? recurse(levels - 1) : 0;
	site();
	return below + 1;
}

static void
with_data(void)
{
	int (*volatile table[4])(int) = {never_called, never_called, never_called, never_called};

	call_with_rbp((uintptr_t)table, site);
}

/* The whole pages of the table of the object that holds `data`, which is the address of a function.
 */
static int
forbid_table(struct dl_phdr_info *object, size_t size, void *data)
{
	uintptr_t table = 0, bytes = 0;
	int holds = 0;

	(void)size;
	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &object->dlpi_phdr[i];
		uintptr_t start = object->dlpi_addr + p->p_vaddr;

		holds |= p->p_type == PT_LOAD && (uintptr_t)data - start < p->p_memsz;
		if (p->p_type == PT_GNU_EH_FRAME) {
			table = (start + 4095) & ~(uintptr_t)4095;
			bytes = (start + p->p_memsz - table) & ~(uintptr_t)4095;
		}
	}
	return holds && mprotect((void *)table, bytes, PROT_NONE) == 0;
}

static int
compare(const void *left, const void *right)
{
	free(strdup("before it compares"));
	return memcmp(left, right, 1);
}

/* Calls from libc that it has not called from before. */
static void
allocate_by_libc(void)
{
	char letters[] = "unsorted", *line = NULL;
	FILE *memory;
	size_t bytes;

	qsort(letters, sizeof letters - 1, 1, compare);
	memory = fmemopen(letters, sizeof letters, "r");
	if (memory == NULL || getdelim(&line, &bytes, 0, memory) < 0)
		abort();
	fclose(memory);
	free(line);
	free(realpath(".", NULL));
}

/* What the kernel takes; libc would put in its own code to return to. */
static int
handle_and_return_to(void (*code)(void))
{
	const struct {
		void (*handler)(int);
		unsigned long flags;
		void (*restorer)(void);
		unsigned long mask;
	} action = {handle, 0x04000000, code, 0}; /* SA_RESTORER */

	return (int)syscall(SYS_rt_sigaction, SIGUSR1, &action, NULL, sizeof action.mask);
}

int
main(int count, char **arguments)
{
	const char *mode = count > 1 ? arguments[1] : "";

	signal(SIGUSR1, handle);
	if (strcmp(mode, "deep") == 0)
		return recurse(LEVELS) == LEVELS + 1 ? EXIT_SUCCESS : EXIT_FAILURE;
	if (strcmp(mode, "untold") == 0 && handle_and_return_to(return_untold) != 0)
		return EXIT_FAILURE;
	if (strcmp(mode, "told") == 0 && handle_and_return_to(return_told) != 0)
		return EXIT_FAILURE;
	mprotect(guarded + 4096, 4096, PROT_NONE);
	for (int i = 0; i < BLOCKS; i++) {
		if (strcmp(mode, "forbidden") == 0) {
			if (i == BLOCKS / 2 &&
			    !dl_iterate_phdr(forbid_table, (void *)(uintptr_t)qsort))
				return EXIT_FAILURE;
			site();
			if (i >= BLOCKS / 2)
				allocate_by_libc();
			continue;
		}
		if (strcmp(mode, "guard") == 0)
			raise_with_rbp((uintptr_t)guarded + 4096 + 128);
		else if (strcmp(mode, "skip") == 0)
			call_skip(site);
		else if (strcmp(mode, "null") == 0)
			call_null(site);
		else if (strcmp(mode, "same") == 0)
			call_same(site);
		else if (strcmp(mode, "other") == 0)
			call_on(other_stack + sizeof other_stack, site);
		else if (strcmp(mode, "signal") == 0 || strcmp(mode, "untold") == 0 ||
			 strcmp(mode, "told") == 0)
			raise(SIGUSR1);
		else if (strcmp(mode, "data") == 0)
			with_data();
		else
			call_with_rbp(0, site);
	}
	puts("done");
	return bystander(0) == 7 ? EXIT_SUCCESS : EXIT_FAILURE;
}
