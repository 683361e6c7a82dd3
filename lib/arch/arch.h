/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * arch.h - everything that the runtime has to know of the processor
 *
 * Each processor has a folder with the same four headers, which declare the same names:
 *
 *     machine.h       sizes, names by which others know the processor, single instructions
 *     system_call.h   how the kernel is called
 *     frame.h         where a function was called from, and how the frames of a stack are linked
 *     registers.h     the registers as unwind tables number them, and a call on another stack
 *
 * A port also looks at what is true of all processors so far: little-endian words of eight bytes
 * (`recording.h`), rules of two registers (`unwind_rules.h`), and the system calls of `os.c`, some
 * of which newer processors know under other numbers only.
 */
#ifndef ARCH_H
#define ARCH_H

#ifdef __x86_64__
#include "arch/x86_64/frame.h"
#include "arch/x86_64/machine.h"
#include "arch/x86_64/registers.h"
#include "arch/x86_64/system_call.h"
#else
#error "lib/arch/ has no folder for this processor"
#endif

#endif
