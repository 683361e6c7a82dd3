# SPDX-License-Identifier: LGPL-2.1-or-later
# `make breadth` compares real programs bare and traced; tests/breadth/README.md is its manual.

breadth: all
	$(PYTHON3) $(srcdir)/tests/breadth/breadth --build $(abs_top_builddir) $(BREADTH_FLAGS)

.PHONY: breadth

EXTRA_DIST += \
	tests/breadth/README.md \
	tests/breadth/breadth \
	tests/breadth/compilers.py \
	tests/breadth/interpreters.py \
	tests/breadth/judging.py \
	tests/breadth/media.py \
	tests/breadth/row.py \
	tests/breadth/running.py \
	tests/breadth/servers.py \
	tests/breadth/tools.py
