/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * elf_inflate.h - ELF files whose sections are compressed with zstd
 *
 * Compilers and distributions compress debug information with zstd, which elfutils before 0.189, or
 * built without it, does not read.
 */
#ifndef ELF_INFLATE_H
#define ELF_INFLATE_H

/*
 * A descriptor with the same file, its zstd sections inflated: fd itself when it has none, or
 * another one, in memory, for which fd is closed. -errno when such a section is damaged or too
 * large; then fd is as it was.
 */
int elf_inflate(int fd);

#endif
