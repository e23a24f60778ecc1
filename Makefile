# Origami: one non-recursive Makefile. `make help` lists the targets.
#
# Everything generated goes under build/<arch>-<flavour>/; sources are found by room, so a
# new file needs no change here.

ARCH   ?= x86_64
BUILD  ?= lab
LINUX  ?= y
O      := build/$(ARCH)-$(BUILD)$(if $(filter n,$(LINUX)),-native)$(if $(MUTANT),-$(MUTANT))
Q      := $(if $(filter 1,$(V)),,@)

.DEFAULT_GOAL := kernel
.DELETE_ON_ERROR:
.SUFFIXES:

# --- sources, by room ------------------------------------------------------------------
BOOT_x86_64 := boot/grub
BOOT_s390x  := boot/s390x
ROOMS := kernel kernel/base kernel/sched kernel/task kernel/ipc \
	$(if $(filter y,$(LINUX)),kernel/linux) \
	mm/table mm/space mm/huge mm/rivals arch/$(ARCH) boot $(BOOT_$(ARCH)) \
	$(if $(filter lab,$(BUILD)),tests/unit)
SRC := $(foreach room,$(ROOMS),$(wildcard $(room)/*.c $(room)/*.S $(room)/*.asm))
OBJ := $(addprefix $O/,$(addsuffix .o,$(SRC)))

# --- tools and flags -------------------------------------------------------------------
CROSS_x86_64 :=
CROSS_s390x  := s390x-linux-gnu-
CC      := $(CROSS_$(ARCH))gcc
NM      := $(CROSS_$(ARCH))nm
OBJCOPY := $(CROSS_$(ARCH))objcopy

WARN := -Wall -Wextra -Werror -Wstrict-prototypes -Wmissing-prototypes -Wvla \
	-Wno-unused-parameter -Wframe-larger-than=2048
CFLAGS_x86_64 := -mcmodel=kernel -mno-red-zone -mgeneral-regs-only -fcf-protection=none
CFLAGS_s390x  := -march=z13 -mno-vx -msoft-float -mbackchain \
	-fno-delete-null-pointer-checks --param=min-pagesize=0
CPPFLAGS := -I. -Iarch/$(ARCH)/include $(if $(filter lab,$(BUILD)),-DORIGAMI_LAB) \
	$(if $(filter y,$(LINUX)),-DORIGAMI_LINUX)
CFLAGS := -std=gnu11 -O2 -g $(WARN) -ffreestanding -fno-pic -fno-pie -fno-common \
	-fno-stack-protector -fno-strict-aliasing -fno-omit-frame-pointer \
	-fno-asynchronous-unwind-tables $(CFLAGS_$(ARCH)) $(CPPFLAGS)
LDFLAGS := -nostdlib -static -no-pie -Wl,-T,arch/$(ARCH)/kernel.lds -Wl,--build-id=none \
	-Wl,-z,noexecstack -Wl,-z,max-page-size=4096 -Wl,--no-warn-rwx-segments

# --- the kernel ------------------------------------------------------------------------
# Linked twice: the first link's symbols become the table that names addresses in
# backtraces. The table lies behind .text, so it does not move what it describes.
KERNEL := $O/kernel.elf

.PHONY: kernel
kernel: $(KERNEL) ## build the kernel

$O/%.c.o: %.c Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -MMD -MP -c $< -o $@
$O/%.S.o: %.S Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) -g -D__ASSEMBLY__ -MMD -MP -c $< -o $@
$O/%.asm.o: %.asm Makefile
	@mkdir -p $(@D)
	$(Q)nasm -f elf64 -g -F dwarf -I. -MD $(@:.o=.d) -MP -o $@ $<

$O/symbols-none.c:
	@mkdir -p $(@D)
	@echo '#include "kernel/base/symbols.h"' > $@
	@echo 'const struct symbol symbol_table[1]; const unsigned int symbol_count;' >> $@
$O/kernel-pass1.elf: $(OBJ) $O/symbols-none.c arch/$(ARCH)/kernel.lds
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -Wno-missing-prototypes $(OBJ) $O/symbols-none.c -o $@
$O/symbols.c: $O/kernel-pass1.elf kernel/base/symbols.awk
	$(Q)$(NM) -n $< | awk -f kernel/base/symbols.awk > $@
$(KERNEL): $(OBJ) $O/symbols.c
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(OBJ) $O/symbols.c -o $@
	@echo "  built $@"

-include $(OBJ:.o=.d)

.PHONY: clean help
clean: ## remove everything built
	rm -rf build
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
