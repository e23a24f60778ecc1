/*
 * arch/sim/spec/hardware.c - what the MMUs and the frame source do, as steps.
 *
 * An instruction that accesses user memory looks into the TLB, walks the tables word by
 * word and then accesses the frame; other CPUs act in between. But interrupts come only
 * before or after it, and a flush that reaches every CPU waits for it: with all of it
 * done, its translation is what the flush removes.
 */
#include "arch/contract/page.h"
#include "arch/sim/explore/explore.h"

static bool in_instruction[SIM_CPUS];

void sim_mmu_lock(void)
{
}

void sim_mmu_unlock(void)
{
}

static u64 frame_at(unsigned long address)
{
	return (address - (unsigned long)sim_ram) / PAGE_SIZE;
}

static bool none_in_instruction(void *none)
{
	for (unsigned int cpu = 0; cpu < SIM_CPUS; cpu++)
		if (in_instruction[cpu])
			return false;
	return true;
}

static void begin_instruction(unsigned int cpu)
{
	op_set(OP_USER, "begins");
	op_touch(OBJECT_IRQ(cpu), 4, TOUCH_WRITE);
	op_touch(OBJECT_MMU(cpu), 4, TOUCH_WRITE);
	op_drains();
	ipi_stop_unhandled();
	in_instruction[cpu] = true;
	sim_me.in_hardware = true;
}

static void end_instruction(
	unsigned int cpu, unsigned long address, enum touch_mode mode, const char *name)
{
	op_set(OP_USER, name);
	op_touch(OBJECT_IRQ(cpu), 4, TOUCH_ENABLE);
	op_touch(OBJECT_MMU(cpu), 4, TOUCH_WRITE);
	op_touch(OBJECT_MMU(cpu), 4, TOUCH_ENABLE);
	if (address) {
		op_touch(address, sizeof(u64), mode);
		op_touch(OBJECT_FRAME(frame_at(address)), 4, TOUCH_READ);
	}
	actor_stop();
	in_instruction[cpu] = false;
}

static void walk(unsigned long address)
{
	op_set(OP_WALK, NULL);
	op_touch(address, sizeof(u64), TOUCH_READ);
	op_touch(OBJECT_FRAME(frame_at(address)), 4, TOUCH_READ);
	actor_stop();
	memory_check(address, sizeof(u64));
}

static void touch_frames(unsigned long address, unsigned long bytes)
{
	if (address)
		op_touch(OBJECT_FRAME(frame_at(address)), 4 * (bytes / PAGE_SIZE),
			TOUCH_WRITE);
	op_drains();
}

void sim_hardware(enum sim_hardware what, unsigned long address, unsigned long bytes)
{
	unsigned int cpu = sim_me.cpu;

	if (!running)
		return;
	switch (what) {
	case HARDWARE_LOAD_ROOT:
	case HARDWARE_FLUSH:
		op_set(OP_FLUSH, what == HARDWARE_FLUSH ? "this CPU" : "loads a root");
		op_touch(OBJECT_MMU(cpu), 4, TOUCH_WRITE);
		op_drains();
		actor_stop();
		break;
	case HARDWARE_FLUSH_ALL:
		op_set(OP_FLUSH, "all CPUs");
		op_touch(OBJECT_MMU(0), 4 * SIM_CPUS, TOUCH_WRITE);
		op_drains();
		actor_wait("instructions", none_in_instruction, NULL);
		break;
	case HARDWARE_USER_BEGIN:
		begin_instruction(cpu);
		break;
	case HARDWARE_WALK:
		walk(address);
		break;
	case HARDWARE_USER_LOAD:
		end_instruction(cpu, address, TOUCH_READ, "loads");
		break;
	case HARDWARE_USER_STORE:
		end_instruction(cpu, address, TOUCH_WRITE, "stores");
		break;
	case HARDWARE_USER_END:
		end_instruction(cpu, 0, TOUCH_READ, "faults");
		break;
	case HARDWARE_COPY:
		op_set(OP_USER, "copies");
		op_touch(address, bytes, TOUCH_READ);
		op_touch(OBJECT_FRAME(frame_at(address)), 4, TOUCH_READ);
		actor_stop();
		break;
	case HARDWARE_ALLOC:
		op_set(OP_ALLOC, NULL);
		touch_frames(address, bytes);
		actor_stop();
		break;
	case HARDWARE_FREE:
		op_set(OP_FREE, "frames");
		touch_frames(address, bytes);
		op_touch(OBJECT_MMU(0), 4 * SIM_CPUS, TOUCH_READ);
		actor_stop();
		break;
	}
}
