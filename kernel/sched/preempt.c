/*
 * kernel/sched/preempt.c - the points at which a thread may lose its CPU unasked: the end
 * of an interrupt, and the end of a stretch with preemption off. Owns nothing; reads
 * need_resched of this CPU and the counts of the running thread.
 */
#include "kernel/sched/runqueue.h"
#include "arch/contract/trap.h"

void preempt_enable(void)
{
	struct thread_info *me = current_info();
	unsigned long flags;

	LAB_ASSERT(me->preempt_count > 0, "preempt_count %d", me->preempt_count);
	preempt_enable_no_resched();
	/* Preempted right here, it reads another CPU's flag: that CPU has just scheduled,
	 * so at worst once too often. */
	if (!need_resched() || me->preempt_count || !arch_irq_enabled())
		return;
	flags = arch_irq_save();
	schedule();
	arch_irq_restore(flags);
}

/* Counted in the thread, not in the CPU: a preemptible thread that asks irq_active() may
 * migrate between finding its CPU's counter and reading it, and must not read another's.
 */
void irq_enter(void)
{
	current_info()->irq_depth++;
	if (this_cpu(runqueue).in_idle)
		rcu_idle_exit();
}

void irq_exit(struct regs *regs)
{
	struct thread_info *me = current_info();

	me->irq_depth--;
	if (this_cpu(runqueue).in_idle)
		rcu_idle_enter(); /* and the idle loop looks for work itself */
	if (me->preempt_count || !regs_irqs_on(regs))
		return;
	rcu_note_preemptible();
	while (need_resched())
		schedule();
}

bool irq_active(void)
{
	return current_info()->irq_depth > 0;
}
