# SPDX-License-Identifier: LGPL-2.1-or-later

EXTRA_DIST += \
	.ci/run \
	scripts/check \
	scripts/check-code \
	scripts/check-comments \
	scripts/check-deps \
	scripts/check-docs \
	scripts/check-exports \
	scripts/check-format \
	scripts/check-tls \
	scripts/gate.py \
	scripts/quickstart \
	scripts/runtime-symbols \
	scripts/sanitize.sh \
	scripts/setup.sh \
	tests/unit/tsan.suppressions
