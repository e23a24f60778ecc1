# Origami: one non-recursive Makefile. `make help` lists the targets.
#
# Everything generated goes under build/<arch>-<flavour>/; sources are found by room, so a
# new file needs no change here.

ARCH   ?= x86_64
BUILD  ?= lab
LINUX  ?= y
FOLD   ?=
STEP   ?=
O      := build/$(ARCH)-$(BUILD)$(if $(filter n,$(LINUX)),-native)$(FOLD:%=-%)$(STEP:%=-%)$(if \
	$(BENCH),-bench)
Q      := $(if $(filter 1,$(V)),,@)
ifeq ($(filter $(ARCH),x86_64 s390x $(if $(filter replay,$(MAKECMDGOALS)),sim))$(filter $(BUILD),lab release),$(ARCH)$(BUILD))
else
$(error ARCH=$(ARCH) BUILD=$(BUILD): choose ARCH=x86_64 or s390x, BUILD=lab or release)
endif
# Levels of page tables, fixed in the build; else the boot option fold= decides.
FOLDS_x86_64 := static4
FOLDS_s390x  := static3 static4 static5
ifneq ($(filter-out $(FOLDS_$(ARCH)),$(FOLD)),)
$(error FOLD=$(FOLD): on $(ARCH) choose one of $(FOLDS_$(ARCH)), or none)
endif
# The lockless walk of a release build, from mm/rivals; a lab build has step=.
STEPS := addrend-folded addrend-value rederef depth oneword-root
RIVAL := $(subst -,_,$(STEP))
RIVAL_FILES := $(sort $(patsubst %,mm/rivals/%.c,$(RIVAL) $(RIVAL:addrend_value=addrend_folded)))
ifneq ($(filter-out $(STEPS),$(STEP))$(and $(STEP),$(filter lab,$(BUILD))),)
$(error STEP=$(STEP): with BUILD=release, choose one of $(STEPS), or none)
endif
# What the programs behind run, exec, debug and test read; CMD reaches them as it was
# typed, dollar signs included.
export ARCH BUILD LINUX FOLD STEP BOOT SMP MEM CPU LA57 EDAT ACCEL APPEND ADD TIMEOUT TIME_SCALE V YES
export override CMD := $(value CMD)

.DEFAULT_GOAL := kernel
# MUTANT=name: the same goals in a copy of the tree with one protection removed.
ifneq ($(and $(MUTANT),$(filter-out mutants races replay explore explore-mutants,$(or $(MAKECMDGOALS),kernel))),)
$(or $(MAKECMDGOALS),kernel): ; @tests/tools/mutant.py $(MUTANT) $@
else
.DELETE_ON_ERROR:
.SUFFIXES:

# --- what the goals need: groups of tools in tests/tools/setup.sh ------------------------
RUN_BOOT_x86_64 := grub
RUN_BOOT_s390x  := direct
MEDIUM     := $(firstword $(subst -, ,$(or $(BOOT),$(if $(filter run,$(MAKECMDGOALS)),\
	$(RUN_BOOT_$(ARCH)),direct))))
NEED_image := $(ARCH) ramdisk
NEED_exec  := $(NEED_image) x86_64 run-$(ARCH) $(filter grub efi ipl,$(MEDIUM)) \
	$(if $(filter iso,$(MEDIUM)),s390x grub efi)
NEED_both  := x86_64 s390x ramdisk
NEED_iso   := $(NEED_both) grub efi
NEED_check := $(NEED_both) efi check
NEED_test  := $(NEED_check) debug run-x86_64 run-s390x grub ipl linux-tests browser
NEED_kernel := $(ARCH)
NEED_run   := $(NEED_exec)
NEED_bench := $(NEED_both) run-x86_64 run-s390x
NEED_debug := $(NEED_exec) debug
NEED_mutants := $(filter-out browser,$(NEED_test))
NEED_torture := $(NEED_both) run-x86_64 run-s390x
NEED_races := $(NEED_torture)
NEED_failing := $(NEED_torture)
NEED_replay := $(NEED_torture)
NEED_conformance := $(NEED_torture) linux-tests linux-module
NEEDED := $(foreach goal,$(or $(MAKECMDGOALS),kernel),$(NEED_$(goal)))

# --- sources, by room ------------------------------------------------------------------
BOOT_x86_64 := boot/grub
BOOT_s390x  := boot/s390x
ROOMS := kernel kernel/base kernel/sched kernel/task kernel/ipc \
	$(if $(filter y,$(LINUX)),kernel/linux) \
	mm/table mm/space mm/huge arch/$(ARCH) boot $(BOOT_$(ARCH)) \
	$(if $(filter lab,$(BUILD)),mm/rivals mm/oracle tests/unit tests/races) $(if $(BENCH),tests/bench)
SRC := $(foreach room,$(ROOMS),$(wildcard $(room)/*.c $(room)/*.S $(room)/*.asm)) \
	$(if $(BENCH),tests/unit/crew.c) $(RIVAL_FILES)
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
CFLAGS_s390x  := -march=z13 -mno-vx -msoft-float -mbackchain -fomit-frame-pointer \
	-fno-delete-null-pointer-checks --param=min-pagesize=0
CPPFLAGS := -I. -Iarch/$(ARCH)/include $(if $(filter lab,$(BUILD)),-DORIGAMI_LAB) \
	$(if $(filter y,$(LINUX)),-DORIGAMI_LINUX) $(FOLD:static%=-DFOLD_LEVELS=%) \
	$(RIVAL:%=-DSTEP_WALK=%_walk -DSTEP_KNOWS_LIMIT=$(if $(filter oneword%,$(RIVAL)),1,0))
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

$O/%.c.o: %.c Makefile | tools
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -MMD -MP -c $< -o $@
$O/%.S.o: %.S Makefile | tools
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) -g -D__ASSEMBLY__ -MMD -MP -c $< -o $@
$O/%.asm.o: %.asm Makefile | tools
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
	@echo "  built $@" >&2

-include $(OBJ:.o=.d)

# --- mm on the host --------------------------------------------------------------------
# mm's own source on the simulated machine (arch/sim), in three geometries: A is shaped
# like x86_64, B like s390x, and in C a leaf is four pages. Three builds, told in
# docs/sim.md:
#   asan     one thread plays all CPUs, under the address and undefined sanitizers
#   threads  a host thread for each CPU, under the thread sanitizer
#   explore  mm's accesses pass hooks: a given schedule says which CPU makes the next one
SIM_MM := $(wildcard mm/table/*.c) mm/oracle/invariant.c mm/oracle/claimed.c \
	$(patsubst %,mm/space/%.c,advise anon brk cow dirty draw fault fill fork gup lock map mapping_dirty mm move mremap object object_copy \
		page pagewalk protect punch reclaim rmap shared soft_dirty speculate unmap vma vma_edit vma_lock) $(wildcard mm/huge/*.c)
SIM_SRC := $(SIM_MM) $(wildcard arch/sim/*.c tests/unit/table_*.c tests/unit/sim/*.c) \
	$(patsubst %,kernel/base/%.c,counters format options percpu rank) \
	$(patsubst %,tests/unit/%.c,mm_calls mm_contig mm_dirty mm_draw mm_flat mm_fork mm_gup mm_huge mm_huge_object mm_khugepaged mm_lock mm_model mm_move mm_mremap mm_object mm_pagewalk mm_reclaim mm_rmap mm_soft_dirty mm_source \
		runner vma_edit)
SIM_SRC += $(wildcard tests/unit/fold_*.c tests/unit/mm_gup_*.c)
SIM_CREW := $(patsubst %,tests/unit/%.c,mm_model_threads mm_threads mm_threads_gup vma_lookup)
SIM_asan := $(wildcard arch/sim/one/*.c) kernel/base/spin.c
SIM_threads := $(wildcard arch/sim/threads/*.c) $(SIM_CREW) \
	$(patsubst %,kernel/base/%.c,ipi spin) $(patsubst %,kernel/sched/%.c,rwsem wait)
SIM_explore := $(wildcard arch/sim/explore/*.c arch/sim/keep/*.c arch/sim/spec/*.c tests/unit/explore/*.c) \
	$(SIM_CREW) $(filter-out %/run.c %/follow.c tests/races/ipc_%.c,\
		$(wildcard tests/races/*.c)) \
	$(wildcard tests/races/sim/*.c)
# Of the rivals all but their picture and their option are explored.
SIM_SRC += $(wildcard mm/rivals/*.c) tests/unit/rivals.c
SIM_MM += $(filter-out %/draw.c %/steps.c,$(wildcard mm/rivals/*.c))
# Oracles only look, and what is in pages is no state of mm's: neither is a step.
SIM_LINT := $(filter-out mm/oracle/% %/object_copy.c,$(SIM_MM))
SIM_FLAGS := -std=gnu11 -g $(filter-out -Wframe%,$(WARN)) -fno-common \
	-fno-strict-aliasing -DORIGAMI_SIM -DORIGAMI_LAB -I. -Iarch/sim/include
SIM_ASAN := -O1 -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize=object-size -fno-sanitize-recover=all
SIM_PLAIN := -O1 -fno-omit-frame-pointer
SIM_TSAN := $(SIM_PLAIN) -fsanitize=thread -Wno-tsan
SIM_HOOKS := -O2 -ffreestanding -mgeneral-regs-only -fno-optimize-sibling-calls \
	-fsanitize=thread --param=tsan-distinguish-volatile=1 \
	--param=tsan-instrument-func-entry-exit=0 -Wno-tsan

# explore: variables of all objects but the explorer's own lie together, to be restored.
SIM_STATE := && objcopy --rename-section .data=simdata \
	--rename-section .bss=simdata,alloc,load,data,contents
SIM_STATIC := $(SIM_PLAIN) -fno-pie -DSIM_RAM_SIZE=67108864UL

# sim_objects: geometry, build, folder ("" or "mm/"), flags, what else to do with the
# object. The longest folder wins.
define sim_objects
build/sim-$1-$2/$3%.o: $3%.c Makefile
	@mkdir -p $$(@D)
	$$(Q)gcc $$(SIM_FLAGS) $4 -Iarch/sim/geometry-$1 -MMD -MP -c $$< -o $$@ \
		$(if $5,$5 $$@)
endef
# sim_program: geometry, build, flags for the link.
define sim_program
build/sim-$1-$2/unit: $$(patsubst %.c,build/sim-$1-$2/%.o,$$(SIM_$2) $$(SIM_SRC)) \
		arch/sim/sim.lds
	$$(Q)gcc $3 $$(filter %.o,$$^) -Wl,-T,arch/sim/sim.lds -o $$@
-include $$(patsubst %.c,build/sim-$1-$2/%.d,$$(SIM_SRC) $$(SIM_$2))
endef
define sim_geometry
$(call sim_objects,$1,asan,,$(SIM_ASAN))
$(call sim_program,$1,asan,$(SIM_ASAN))
$(call sim_objects,$1,threads,,$(SIM_TSAN))
$(call sim_objects,$1,threads,arch/sim/,$(SIM_PLAIN))
$(call sim_objects,$1,threads,arch/sim/threads/,$(SIM_TSAN))
$(call sim_program,$1,threads,$(SIM_TSAN))
$(call sim_objects,$1,explore,,$(SIM_STATIC),$(SIM_STATE))
$(call sim_objects,$1,explore,mm/,$(SIM_STATIC) $(SIM_HOOKS),$(SIM_STATE))
$(call sim_objects,$1,explore,mm/oracle/,$(SIM_STATIC),$(SIM_STATE))
$(call sim_objects,$1,explore,tests/unit/explore/,$(SIM_STATIC) $(SIM_HOOKS),$(SIM_STATE))
$(call sim_objects,$1,explore,tests/races/,$(SIM_STATIC) $(SIM_HOOKS),$(SIM_STATE))
$(call sim_objects,$1,explore,tests/races/sim/,$(SIM_STATIC))
$(call sim_objects,$1,explore,arch/sim/explore/,$(SIM_STATIC))
$(call sim_objects,$1,explore,arch/sim/keep/,$(SIM_STATIC))
$(call sim_program,$1,explore,-no-pie)
endef
$(foreach geometry,A B C,$(eval $(call sim_geometry,$(geometry))))
# With a depth that the build has fixed, for tests/boot/fold.t.
SIM_static3 := $(SIM_asan)
SIM_static4 := $(SIM_asan)
$(eval $(call sim_objects,A,static4,,$(SIM_ASAN) -DFOLD_LEVELS=4))
$(eval $(call sim_program,A,static4,$(SIM_ASAN)))
$(eval $(call sim_objects,B,static3,,$(SIM_ASAN) -DFOLD_LEVELS=3))
$(eval $(call sim_program,B,static3,$(SIM_ASAN)))
SIM_UNITS := build/sim-A-asan/unit build/sim-B-asan/unit
SIM_SMALL := build/sim-C-asan/unit
SIM_EXPLORED := $(patsubst %,build/sim-%-explore/unit,A B C)
SIM_THREADED := build/sim-A-threads/unit build/sim-B-threads/unit

.PHONY: host-test host-model hook-lint
host-test: $(SIM_UNITS) $(SIM_SMALL) $(SIM_EXPLORED) $(SIM_THREADED) ## unit tests of mm on the simulated machine
	$(Q)for unit in $(SIM_UNITS); do for tests in unit "mm_* 3" "mm_* 5" "mm_* fault=vma" \
		"mm_* fault=speculative"; do \
		echo "# $$unit $$tests"; set -f; $$unit $$tests || exit 1; done; done
	$(Q)for tests in unit "mm_* 5" "mm_* fault=vma" "mm_* fault=speculative"; do \
		echo "# $(SIM_SMALL) $$tests"; set -f; $(SIM_SMALL) $$tests || exit 1; done
	$(Q)for unit in $(SIM_EXPLORED) $(SIM_THREADED); do echo "# $$unit"; $$unit || exit 1; done
host-model: $(SIM_UNITS) $(SIM_SMALL) ## OPS=n random mapping calls against a flat model (SEED=s)
	$(Q)for run in "$(firstword $(SIM_UNITS)) sim_mm_model_wanders" \
		"$(lastword $(SIM_UNITS)) sim_mm_model_wanders" \
		"$(SIM_SMALL) sim_mm_model_wanders_blocks"; do echo "# $$run"; \
		$$run ops=$(or $(OPS),1000000) seed=$(or $(SEED),1) || exit 1; done
hook-lint: $(patsubst %.c,build/sim-A-explore/%.o,$(SIM_LINT)) $(patsubst %.c,build/sim-B-explore/%.o,$(SIM_LINT))
	$(Q)tests/tools/hooks.py $^

# --- user programs and the ramdisk -----------------------------------------------------
# Static programs of the stock toolchain; box is all small tools in one (user/box.h).
U       := build/$(ARCH)-user
APPLETS := sh help ls cat echo ps free uptime dmesg pt step fold gup tlb rcu fault store pager true false
UFLAGS  := -std=gnu11 -O2 -D_GNU_SOURCE -I. $(filter-out -Wframe%,$(WARN)) -static
BOX     := $(filter-out $(patsubst %,user/%.c,hello native-init native-ipc bench bench-smp scale),\
	$(wildcard user/*.c))
RAMDISK := $O/ramdisk.cpio
comma   := ,
space   := $(subst ,, )

$U/box: $(BOX) $(wildcard user/*.h) Makefile | tools
	@mkdir -p $(@D)
	$(Q)$(CC) $(UFLAGS) -s $(BOX) -o $@
$U/native-%: user/native-%.c user/native.h kernel/task/native.h Makefile | tools
	@mkdir -p $(@D)
	$(Q)$(CC) $(UFLAGS) -ffreestanding -nostdlib -s $< -o $@
$U/hello: UFLAGS += -s
$U/bench: UFLAGS += -s -Wl,-e,bench_start
$U/bench-smp $U/scale: UFLAGS += -pthread # with symbols: the counter asks for them
build/counter.so build/edat.so: build/%.so: tests/tools/%.c | tools
	@mkdir -p $(@D)
	$(Q)gcc $(WARN) -O2 -shared -fPIC $< -o $@
$U/%: user/%.c Makefile | tools
	@mkdir -p $(@D)
	$(Q)$(CC) $(UFLAGS) $< -o $@
ifeq ($(LINUX),n)
$(RAMDISK): $U/native-init $U/native-ipc tests/tools/ramdisk.py | tools
	@mkdir -p $(@D)
	$(Q)python3 tests/tools/ramdisk.py $@ /init=$< /bin/native-ipc=$U/native-ipc
else
$(RAMDISK): $U/box $U/hello tests/tools/ramdisk.py | tools
	@mkdir -p $(@D)
	$(Q)python3 tests/tools/ramdisk.py $@ /proc/ /dev/ /tmp/ /bin/hello=$U/hello \
		/init$(subst $(space),,$(APPLETS:%=$(comma)/bin/%))=$U/box
endif

# --- the EFI loader and the image for all firmwares ------------------------------------
EFI := build/efi/BOOTX64.EFI
build/efi/%.o: boot/efi/%.c Makefile | tools
	@mkdir -p $(@D)
	$(Q)gcc -std=gnu11 -O2 $(WARN) -I. -isystem /usr/include/efi -isystem /usr/include/efi/x86_64 \
		-fpic -ffreestanding -fno-stack-protector -fno-stack-check -fshort-wchar \
		-mno-red-zone -maccumulate-outgoing-args -DGNU_EFI_USE_MS_ABI -MMD -MP -c $< -o $@
build/efi/%.o: boot/efi/%.asm Makefile | tools
	@mkdir -p $(@D)
	$(Q)nasm -f elf64 -MD $(@:.o=.d) -MP -o $@ $<
$(EFI): $(patsubst boot/efi/%,build/efi/%.o,$(basename $(wildcard boot/efi/*.c boot/efi/*.asm)))
	$(Q)ld -nostdlib -znocombreloc -T /usr/lib/elf_x86_64_efi.lds -shared -Bsymbolic \
		-z noexecstack -L/usr/lib /usr/lib/crt0-efi-x86_64.o $^ -o build/efi/loader.so \
		-lefi -lgnuefi
	$(Q)objcopy $(addprefix -j ,.text .sdata .data .rodata .dynamic .dynsym .rel .rela \
		.reloc) --target=efi-app-x86_64 --subsystem=10 build/efi/loader.so $@
-include $(wildcard build/efi/*.d)

.PHONY: iso both
both: ## build both machines' kernels and ramdisks
	$(Q)$(MAKE) --no-print-directory MUTANT= ARCH=x86_64 image
	$(Q)$(MAKE) --no-print-directory MUTANT= ARCH=s390x image
iso: both $(EFI) ## one image that boots on BIOS, EFI and s390x
	$(Q)python3 tests/tools/media.py iso build/origami.iso $(BUILD) "$(APPEND)"
	@echo "  built build/origami.iso" >&2

# --- run it ----------------------------------------------------------------------------
# What a boot path needs besides kernel and ramdisk.
MEDIA_efi := $(EFI)
MEDIA_iso := both $(EFI)

.PHONY: image run exec debug run-machine exec-machine
image: $(KERNEL) $(RAMDISK)
run: run-machine ## boot to a shell (BOOT= SMP= MEM= APPEND=)
exec: exec-machine ## run CMD="..." with the files ADD="..." in /bin
run-machine: BOOT := $(or $(BOOT),$(RUN_BOOT_$(ARCH)))
run-machine exec-machine: image $(MEDIA_$(MEDIUM)) $(if $(filter 1,$(EDAT)),build/edat.so)
debug: image $(MEDIA_$(MEDIUM)) ## boot under gdb, stopped in kernel_main
	@tests/tools/vm.py debug
# Their exit status is the program's: see tests/tools/make-exit.c. The second line is
# expanded when the machine has ended.
ifneq ($(filter run exec,$(MAKECMDGOALS)),)
STATUS := build/status.$(shell echo $$PPID)
-load build/make_exit.so
build/make_exit.so: tests/tools/make-exit.c | tools
	@mkdir -p $(@D)
	$(Q)gcc $(WARN) -O2 -shared -fPIC $< -o $@
run-machine exec-machine: %-machine:
	@tests/tools/vm.py $*; echo $$? > $(STATUS)
run exec:
	@$(exit-with $(STATUS))
endif

# --- tests -----------------------------------------------------------------------------
# All of `make check` runs without a machine; all of `make test` starts from what it built.
.PHONY: check test mutants torture fuzz bench
check: tools ## builds, rules, style, unit tests on the host: under 2 minutes
	@tests/tools/suite.py tests/check.t
test: tools ## all that CI runs
	@tests/tools/suite.py tests/check.t tests/unit.t $(sort $(wildcard tests/boot/*.t)) \
		$(sort $(wildcard tests/linux/*.t)) tests/show.t tests/explore.t tests/mutants.t
mutants: both $(SIM_UNITS) ## remove one protection at a time: a test must notice
	@ONLY="$(MUTANT)" tests/tools/suite.py tests/mutants.t
bench: tools ## instructions per operation, beside aims and Linux's (ARCH= PRICES=1)
	@tests/tools/bench.py $(if $(filter file,$(origin ARCH)),,\
		$(filter $(ARCH)%,x86_64 x86_64-la57 s390x))
	$(if $(PRICES),@tests/tools/prices.py $(if $(filter file,$(origin ARCH)),,$(ARCH)))
.PHONY: scale
scale: tools ## what a fault and a mapping cost 1, 2 and 4 CPUs under each fault= (ARCH=)
	@tests/tools/scale.py $(if $(filter file,$(origin ARCH)),,$(ARCH))
torture: both ## random load with all oracles on (ARCH= SMP= MINUTES= SEED= EDAT= APPEND=)
	@MINUTES="$(MINUTES)" SEED="$(SEED)" SMP="$(SMP)" \
		ONLY_ARCH="$(if $(filter command% environment%,$(origin ARCH)),$(ARCH))" \
		tests/tools/torture.py
fuzz: both ## random system calls by programs, on both machines (CALLS= ARCH= SMP= SEED=)
	@CALLS="$(CALLS)" SEED="$(SEED)" SMP="$(SMP)" \
		ONLY_ARCH="$(if $(filter command% environment%,$(origin ARCH)),$(ARCH))" \
		tests/tools/fuzz.py
.PHONY: failing
failing: both ## every allocation of whole programs fails once (PROGRAM= PART= ARCH= EVERY= FIRST= SMP=)
	@PROGRAM="$(PROGRAM)" PART="$(PART)" EVERY="$(EVERY)" FIRST="$(FIRST)" SMP="$(SMP)" \
		ONLY_ARCH="$(if $(filter command% environment%,$(origin ARCH)),$(ARCH))" \
		tests/tools/failing.py
# With MUTANT=name they make the tree with the mistake themselves.
.PHONY: races replay
races: tools ## every cell of every race, on the machines (RACE= ARCH= RUNS= MUTANT= APPEND=)
	@RACE="$(RACE)" RUNS="$(RUNS)" MUTANT="$(MUTANT)" \
		ONLY_ARCH="$(if $(filter command% environment%,$(origin ARCH)),$(ARCH))" \
		tests/tools/races.py races
replay: tools $(if $(filter sim,$(ARCH)),$(SIM_EXPLORED)) ## one race by one schedule (RACE= SCHED= ARCH=sim|... CELL= MUTANT=)
	@RACE="$(RACE)" SCHED="$(SCHED)" CELL="$(CELL)" MUTANT="$(MUTANT)" MEMORY="$(MEMORY)" \
		GEOMETRY="$(GEOMETRY)" GDB="$(GDB)" \
		tests/tools/$(if $(filter sim,$(ARCH)),explore,races).py replay
# Every interleaving, on the simulated machine. Who edits mm/ and looks again waits for two
# geometries of it: they are compiled side by side.
.PHONY: explore settle why explore-mutants
ifneq ($(filter explore settle why,$(MAKECMDGOALS)),)
MAKEFLAGS += -j$(shell nproc)
endif
explore settle why explore-mutants: export RACE := $(RACE)
explore: $(SIM_EXPLORED) ## every interleaving of every race (RACE= MUTANT= MEMORY= APPEND= HTML= PERFETTO=)
	@MUTANT="$(MUTANT)" MEMORY="$(MEMORY)" HTML="$(HTML)" PERFETTO="$(PERFETTO)" \
		SEARCH="$(SEARCH)" EVICTS="$(EVICTS)" tests/tools/explore.py explore
settle: $(SIM_EXPLORED) ## what does IRQ-off buy you? one table of explored verdicts
	@tests/tools/settle.py
why: $(SIM_EXPLORED) ## AT=file:line: what goes wrong without the protection there
	@AT="$(AT)" tests/tools/explore.py why
explore-mutants: $(SIM_EXPLORED) ## which mutants the races kill, on the simulated machine
	@MUTANT="$(MUTANT)" tests/tools/explore.py mutants
.PHONY: conformance
conformance: both ## Linux's own tests here and on Linux, side by side (ARCH= RECORD=1)
	@RECORD="$(RECORD)" tests/tools/conformance.py \
		$(if $(filter command% environment%,$(origin ARCH)),$(ARCH))

# --- tools -----------------------------------------------------------------------------
.PHONY: tools doctor
tools:
	@sh tests/tools/setup.sh need $(sort $(NEEDED))
doctor: ## check the tools: versions and exact fixes
	@sh tests/tools/setup.sh doctor

.PHONY: size clean help
size: ## line counts of the rooms against their budgets
	@python3 tests/tools/size.py
clean: ## remove everything built
	rm -rf build
help: ## this list
	@awk -F ':.*## ' '/^[a-z][a-z ]*:.*## /{printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
endif
