# SPDX-License-Identifier: LGPL-2.1-or-later

EXTRA_DIST += \
	.ci/nightly \
	.ci/run \
	debian/changelog \
	debian/control \
	debian/copyright \
	debian/heaptally.docs \
	debian/heaptally.install \
	debian/libheaptally-dev.install \
	debian/rules \
	debian/source/format \
	debian/tests/api \
	debian/tests/control \
	debian/tests/trace \
	scripts/check \
	scripts/check-chroot \
	scripts/check-code \
	scripts/check-comments \
	scripts/check-deps \
	scripts/check-docs \
	scripts/check-exports \
	scripts/check-format \
	scripts/check-plan \
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
