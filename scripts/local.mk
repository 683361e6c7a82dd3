# SPDX-License-Identifier: LGPL-2.1-or-later

EXTRA_DIST += \
	.ci/run \
	scripts/check \
	scripts/quickstart \
	scripts/setup.sh
