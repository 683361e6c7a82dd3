/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * frame.h - x86_64: where a function was called from, and how the frames of a stack are linked
 *
 *         lower addresses
 *         | ...            |
 *     bp->| caller's bp    |    of a function with a frame pointer
 *         | return address |
 *    cfa->| caller's frame |
 */
#ifndef ARCH_FRAME_H
#define ARCH_FRAME_H

#include <stdbool.h>
#include <stdint.h>

/* Where a hook was called from: its return address, the stack pointer after its return, and the
 * frame pointer (rbp) at the call. */
struct caller {
	uintptr_t ip;
	uintptr_t sp;
	uintptr_t bp;
};

/* That of the function that this stands in, and the place of that function. Our own frame pointer
 * is there (-fno-omit-frame-pointer, see `runtime_last_cflags`), so the caller's is what it points
 * to. */
#define CALLER                                            \
	(&(struct caller){                                \
		(uintptr_t)__builtin_return_address(0),   \
		(uintptr_t)__builtin_dwarf_cfa(),         \
		*(uintptr_t *)__builtin_frame_address(0), \
	})
#define STACK ((uintptr_t)__builtin_frame_address(0))

/* The saved frame pointer and the return address. */
#define ARCH_FRAME_BYTES 16

/* STACK of the function that has this caller. */
static inline uintptr_t
arch_stack_of(const struct caller *caller)
{
	return caller->sp - ARCH_FRAME_BYTES;
}

/* The caller of the function that has this STACK. */
static inline struct caller
arch_caller_of(uintptr_t stack)
{
	const uintptr_t *frame = (const uintptr_t *)stack;

	return (struct caller){frame[1], stack + ARCH_FRAME_BYTES, frame[0]};
}

/* Where the return address is that leads out of a frame which ends at `cfa`. [hot] */
static inline __attribute__((always_inline)) uint64_t
arch_return_slot(uint64_t cfa)
{
	return cfa - 8;
}

/* Where the kernel left the interrupted state, from the stack pointer at the handler's return. */
#define ARCH_SIGNAL_BP         120
#define ARCH_SIGNAL_SP         160
#define ARCH_SIGNAL_IP         168

#define ARCH_SIGNAL_CODE_BYTES 9

/* Whether it is the code that a signal handler returns to: mov $15, %rax; syscall. */
static inline bool
arch_is_signal_return(const uint8_t *code)
{
	static const uint8_t expected[ARCH_SIGNAL_CODE_BYTES] = {0x48, 0xc7, 0xc0, 0x0f, 0,
								 0,    0,    0x0f, 0x05};

	for (int i = 0; i < ARCH_SIGNAL_CODE_BYTES; i++) {
		if (code[i] != expected[i])
			return false;
	}
	return true;
}

/* The longest call: opcode, ModRM, SIB, a displacement of four bytes. */
#define ARCH_CALL_BYTES 7

/* Whether the ARCH_CALL_BYTES bytes before `ip` end in a call: without it nothing returns there. */
static inline bool
arch_follows_call(const uint8_t *ip)
{
	if (ip[-5] == 0xe8)
		return true;
	/* ff /2, by register or through memory. */
	for (int bytes = 2; bytes <= ARCH_CALL_BYTES; bytes++) {
		unsigned mode = ip[1 - bytes] >> 6, base = ip[1 - bytes] & 7;
		int expected = 2;

		if (ip[-bytes] != 0xff || (ip[1 - bytes] >> 3 & 7) != 2)
			continue;
		if (mode != 3 && base == 4) {
			expected++;
			base = bytes > 2 ? ip[2 - bytes] & 7 : 0;
		}
		if (mode == 1)
			expected += 1;
		else if (mode == 2 || (mode == 0 && base == 5))
			expected += 4;
		if (bytes == expected)
			return true;
	}
	return false;
}

#endif
