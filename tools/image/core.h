/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * core.h - a core file, as the kernel and gdb's gcore write it
 */
#ifndef CORE_H
#define CORE_H

struct image;

/*
 * Read what the core at path says of its process. 0 with an image to release; -EBADMSG if it is
 * none, or one of another kind of machine, or what open(2) says; then *ret_why is a sentence to
 * free. A core that ends too soon is read as far as it goes: `cut_bytes`.
 */
int core_open(struct image *image, const char *path, char **ret_why);

#endif
