# SPDX-License-Identifier: LGPL-2.1-or-later
# Completions are made from what the built command's --help says.

bashcompletiondir = $(datadir)/bash-completion/completions
nodist_bashcompletion_DATA = completions/heaptally
zshcompletiondir = $(datadir)/zsh/site-functions
nodist_zshcompletion_DATA = completions/_heaptally
fishcompletiondir = $(datadir)/fish/vendor_completions.d
nodist_fishcompletion_DATA = completions/heaptally.fish

CLEANFILES += \
	$(nodist_bashcompletion_DATA) \
	$(nodist_zshcompletion_DATA) \
	$(nodist_fishcompletion_DATA)

EXTRA_DIST += scripts/make-completions

make_completions = $(MKDIR_P) completions && \
	bash $(srcdir)/scripts/make-completions

completions/heaptally: tools/heaptally$(EXEEXT) scripts/make-completions
	$(AM_V_GEN)$(make_completions) bash tools/heaptally >$@.new && mv -f $@.new $@

completions/_heaptally: tools/heaptally$(EXEEXT) scripts/make-completions
	$(AM_V_GEN)$(make_completions) zsh tools/heaptally >$@.new && mv -f $@.new $@

completions/heaptally.fish: tools/heaptally$(EXEEXT) scripts/make-completions
	$(AM_V_GEN)$(make_completions) fish tools/heaptally >$@.new && mv -f $@.new $@
