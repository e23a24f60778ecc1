/*
 * kernel/main.c - the table of contents of a boot.
 */
#include "boot/info.h"
#include "kernel/base/cpu.h"
#include "kernel/base/options.h"
#include "kernel/base/print.h"
#include "arch/contract/console.h"
#include "arch/contract/page.h"
#include "arch/contract/timer.h"
#include "arch/contract/trap.h"
#include "kernel/linux/start.h"
#include "kernel/sched/rcu.h"
#include "kernel/sched/smp.h"
#include "kernel/sched/thread.h"
#include "kernel/task/start.h"
#include "mm/space/cache.h"
#include "mm/space/frame.h"
#include "mm/space/mm.h"

__noreturn void kernel_main(void);

/* CPU 0, interrupts off, boot_info filled, consoles usable (polled). */
__noreturn void kernel_main(void)
{
	sched_init();     /* this is a thread */
	arch_trap_init(); /* faults get reported */
	print("Origami on %s, booted by %s\n", arch_cpu_describe(), boot_info.path);
	options_parse(boot_info.cmdline); /* complain early */
	arch_kernel_map_init();           /* W^X, direct map */
	frame_init();                     /* page frames */
	cache_init();                     /* kernel objects */
	cpu_count = arch_cpu_discover();  /* who is there */
	frame_init_percpu();              /* per-CPU areas */
	arch_timer_init();                /* clock and ticks */
	rcu_init();                       /* grace periods */
	mm_init();                        /* address spaces */
	task_init();                      /* thread memory, upcalls */
#ifdef ORIGAMI_LINUX
	linux_init(); /* Linux's system calls */
#endif
	sched_init_others();         /* idle threads */
	cpu_start_others();          /* SMP */
	rcu_start_thread();          /* callbacks run */
	arch_console_enable_input(); /* the keyboard */
	task_start_first();          /* ramdisk, tests or init */
	sched_idle_loop();
}
