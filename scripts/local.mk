# SPDX-License-Identifier: LGPL-2.1-or-later

EXTRA_DIST += \
	.ci/run \
	scripts/check \
	scripts/check-chroot \
	scripts/check-comments \
	scripts/check-deps \
	scripts/check-docs \
	scripts/check-exports \
	scripts/check-format \
	scripts/check-tls \
	scripts/count-results \
	scripts/gate.py \
	scripts/litter.sh \
	scripts/quickstart \
	scripts/runtime-symbols \
	scripts/sanitize.sh \
	scripts/setup.sh \
	tests/plan \
	tests/unit/tsan.suppressions
