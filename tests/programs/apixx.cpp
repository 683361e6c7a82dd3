/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * apixx.cpp - api.c as C++: the header is for both
 */
#include "api.c"
