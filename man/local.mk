# SPDX-License-Identifier: LGPL-2.1-or-later

dist_man_MANS += \
	man/heaptally.3 \
	man/heaptally-annotate.1 \
	man/heaptally-block.1 \
	man/heaptally-blocks.1 \
	man/heaptally-clean.1 \
	man/heaptally-clear.1 \
	man/heaptally-diff.1 \
	man/heaptally-export.1 \
	man/heaptally-faults.7 \
	man/heaptally-tutorial.7 \
	man/heaptally-graph.5 \
	man/heaptally-growth.1 \
	man/heaptally-info.1 \
	man/heaptally-leaks.1 \
	man/heaptally-list.1 \
	man/heaptally-live.1 \
	man/heaptally-mark.1 \
	man/heaptally-pause.1 \
	man/heaptally-python.7 \
	man/heaptally-recording.5 \
	man/heaptally-refs.1 \
	man/heaptally-report.1 \
	man/heaptally-reset-peak.1 \
	man/heaptally-resident.1 \
	man/heaptally-resume.1 \
	man/heaptally-retained.1 \
	man/heaptally-run.1 \
	man/heaptally-serve.1 \
	man/heaptally-snapshot.1 \
	man/heaptally-tally.5 \
	man/heaptally-timeline.1 \
	man/heaptally-top.1 \
	man/heaptally.1
