/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * page/assets.h - the parts of the HTML page that are the same for every run
 *
 * Made of the files of this folder by `local.mk`, with nothing but sed: the command holds them, so
 * that one copied binary can write pages.
 */
#ifndef PAGE_ASSETS_H
#define PAGE_ASSETS_H

extern const char page_style[];  /* CSS */
extern const char page_body[];   /* HTML */
extern const char page_script[]; /* JavaScript, which reads the element "data" */

#endif
