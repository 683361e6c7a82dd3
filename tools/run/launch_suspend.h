/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * launch_suspend.h - stop and go on with the program
 *
 * A shell waits for us and not for the program: a program that stops itself, or reads from the
 * terminal in the background, would leave the shell waiting for ever.
 */
#ifndef LAUNCH_SUSPEND_H
#define LAUNCH_SUSPEND_H

#include <sys/types.h>

/*
 * If the program, our child, is stopped: stop ourselves, too, until we are continued or the program
 * is by somebody who knows only its number; then see to it that both run. Returns at once
 * otherwise.
 */
void launch_suspend(pid_t program);

#endif
