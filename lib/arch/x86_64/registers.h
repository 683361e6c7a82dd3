/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * registers.h - x86_64: the registers as unwind tables number them, and a call on another stack
 */
#ifndef ARCH_REGISTERS_H
#define ARCH_REGISTERS_H

#include <stdint.h>

enum arch_register {
	ARCH_REGISTER_BP = 6,
	ARCH_REGISTER_SP = 7,
	ARCH_REGISTER_IP = 16,
	ARCH_REGISTERS
};

/* What a caller may expect to be kept, as it is at this very place. The others stay as they are. */
static inline __attribute__((always_inline)) void
arch_save_registers(uint64_t registers[ARCH_REGISTERS])
{
	__asm__ volatile("movq %%rbx, 0x18(%[r])\n\t"
			 "movq %%rbp, 0x30(%[r])\n\t"
			 "movq %%rsp, 0x38(%[r])\n\t"
			 "movq %%r12, 0x60(%[r])\n\t"
			 "movq %%r13, 0x68(%[r])\n\t"
			 "movq %%r14, 0x70(%[r])\n\t"
			 "movq %%r15, 0x78(%[r])\n\t"
			 "leaq 1f(%%rip), %%rax\n\t"
			 "movq %%rax, 0x80(%[r])\n"
			 "1:"
			 :
			 : [r] "r"(registers)
			 : "rax", "memory");
}

/* The stack pointer before the call of the function that this stands in. */
#define arch_stack_of_caller() ((uint64_t)(uintptr_t)__builtin_dwarf_cfa())

/* Run function(argument) on the stack that ends at `top`. The vector registers that it may change
 * need no mention: the runtime is built without them (see `RUNTIME_CFLAGS`). */
static inline void
arch_call_on_stack(void *top, void (*function)(void *), void *argument)
{
	__asm__ volatile("movq %%rsp, %%rbx\n\t"
			 "movq %[top], %%rsp\n\t"
			 "call *%[function]\n\t"
			 "movq %%rbx, %%rsp"
			 : [function] "+r"(function), "+D"(argument)
			 : [top] "r"(top)
			 : "rax", "rbx", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "memory",
			   "cc");
}

#endif
