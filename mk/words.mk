# The words of the command line and of the environment: what is not understood is one line and an end; what
# is taken from the environment, where another program may have put it, is said.
empty :=
space := $(empty) $(empty)
hash  := \#
define newline


endef

makefiles := Makefile $(wildcard mk/*.mk)

# The variables that `make help` lists, found without starting a process: lines that begin with ## and a name.
listed = $(patsubst variable:%,%,$(filter variable:%,$(foreach f,$(makefiles),$(subst $(newline)$(hash)$(hash) ,$(newline)variable:,$(newline)$(file <$(f))))))

# Those of the command line that no makefile names or sets.
given   = $(foreach w,$(subst \ ,,$(MAKEOVERRIDES)),$(if $(findstring =,$(w)),$(patsubst %:,%,$(patsubst %+,%,$(firstword $(subst =, ,$(w)))))))
known   = $(shell sed -nE 's/^(override )?([A-Za-z_][A-Za-z0-9_.-]*) *[:?+]?=.*/\2/p; s/^$(hash)$(hash) ([A-Z0-9_]+) .*/\1/p' $(makefiles))
unknown = $(if $(MAKEOVERRIDES),$(filter-out $(known) MAKE MAKEFLAGS SHELL,$(given)))

# Listed variables that come from the environment; the four that are left out are meant to.
borrowed = $(strip $(foreach v,$(filter-out CIFAR10_DIR IMAGENET_DIR OFFLINE NO_INSTALL,$(listed)),$(if $(filter environment%,$(origin $(v))),$(v))))
said     = $(foreach v,$(borrowed),$(v)=$($(v)))

# A home folder that the shell has left as ~ (zsh and dash do, after a =).
home = $(if $(filter ~ ~/%,$(firstword $(1))),$(HOME)$(subst <~,,<$(1)),$(1))

# make itself cannot name a file with these characters.
unfit := : ; % & * ? [ ] < > | " ' ` ! ~ \ $(hash) $$

# A word for the shell, with any characters in it.
quote = '$(subst ','\'',$(1))'
