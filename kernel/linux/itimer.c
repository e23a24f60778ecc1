/*
 * kernel/linux/itimer.c - alarm() and setitimer(): SIGALRM, at a time or again and again.
 *
 *   off --setitimer()--> armed --interrupt--> due --alarm thread--> off, or armed again
 *
 * Who sends a signal takes the tree lock, which may sleep: no timer's function may. So it
 * only marks the task, and a thread of the kernel goes through all tasks. That one arms
 * the timer again, not sooner than in a millisecond: or a program could keep it busy.
 *
 * A task has one timer, ITIMER_REAL. It stays over exec; fork's child has one that is
 * off. Lock: the tree lock, but for what is marked.
 */
#include "kernel/linux/linux.h"
#include "kernel/base/atomic.h"
#include "arch/contract/timer.h"
#include <linux/time.h>

#define NS       1000000000UL
#define SHORTEST 1000000UL /* ns, between two alarms */

static struct wait_queue wanted = WAIT_QUEUE_INIT(wanted);
static bool any_due; /* (a) */

/* --- going off --- */

static void go_off(struct timer *timer)
{
	struct itimer *mine = container_of(timer, struct itimer, timer);

	atomic_store(&mine->due, true);
	atomic_store(&any_due, true);
	wake_up(&wanted);
}

/* What was missed is not made up for. Tree lock held. */
static void arm_again(struct itimer *mine)
{
	u64 period = max(mine->interval, SHORTEST);
	u64 missed = (arch_clock_ns() - mine->deadline) / period;

	mine->deadline = mine->interval ? mine->deadline + (missed + 1) * period : 0;
	if (mine->deadline)
		timer_start(&mine->timer, mine->deadline);
}

static void send_alarms(void)
{
	const struct signal_info alarm = {.signal = SIGALRM, .code = SI_KERNEL};
	struct task *task;

	mutex_lock(&task_tree_lock);
	list_for_each (task, &task_list, all) {
		struct linux_task *its = task->linux_data;

		if (its && atomic_exchange(&its->itimer.due, false) &&
			task->state == TASK_ALIVE) {
			signal_send_task(task, &alarm);
			arm_again(&its->itimer);
		}
	}
	mutex_unlock(&task_tree_lock);
}

void itimer_thread(void *unused)
{
	for (;;) {
		wait_event(&wanted, atomic_exchange(&any_due, false));
		send_alarms();
	}
}

void itimer_init(struct itimer *mine)
{
	timer_init(&mine->timer, go_off);
}

/* --- the calls --- */

struct times {
	u64 interval, value; /* ns; value 0: off */
};

/* What was set, and what is left of it; from now on it is *set, if not NULL. */
static struct times exchange(const struct times *set)
{
	struct itimer *mine = &linux_task()->itimer;
	struct times old = {0, 0};
	u64 now;

	mutex_lock(&task_tree_lock);
	now = arch_clock_ns();
	old.interval = mine->interval;
	if (mine->deadline) /* a timer that is not off has something left */
		old.value = max(mine->deadline, now + 1000) - now;
	if (set) {
		(void)timer_stop(&mine->timer);
		mine->due = false; /* or it would come after it was told not to */
		mine->interval = set->interval;
		mine->deadline = set->value ? time_add(now, set->value) : 0;
		if (mine->deadline)
			timer_start(&mine->timer, mine->deadline);
	}
	mutex_unlock(&task_tree_lock);
	return old;
}

/* In seconds, rounded, but never from something to nothing. */
long sys_alarm(struct regs *regs)
{
	const struct times set = {0, (regs_arg(regs, 0) & UINT32_MAX) * NS};
	u64 old = exchange(&set).value;

	return old && old < NS ? 1 : (old + NS / 2) / NS;
}

/* 0, or why there is none: the others would count the time that a program runs. */
static int check_which(int which)
{
	if (which != ITIMER_VIRTUAL && which != ITIMER_PROF)
		return which == ITIMER_REAL ? 0 : -EINVAL;
	linux_note_once("there is no interval timer but ITIMER_REAL (ENOSYS)");
	return -ENOSYS;
}

/* Twice seconds and microseconds: interval, value. */
static int get_times(struct times *times, unsigned long from)
{
	long in[4];
	u64 *const out[] = {&times->interval, &times->value};

	if (user_get(in, from, sizeof(in)))
		return -EFAULT;
	for (int i = 0; i < 2; i++) {
		const struct __kernel_timespec time = {in[2 * i], in[2 * i + 1] * 1000};

		if ((u64)in[2 * i + 1] >= 1000000 || !time_to_ns(&time, out[i]))
			return -EINVAL;
	}
	return 0;
}

static int put_times(unsigned long to, struct times times)
{
	const long out[] = {times.interval / NS, times.interval % NS / 1000,
		times.value / NS, times.value % NS / 1000};

	return user_put(to, out, sizeof(out));
}

long sys_setitimer(struct regs *regs)
{
	unsigned long to = regs_arg(regs, 2);
	struct times set, old;
	int error = get_times(&set, regs_arg(regs, 1));

	if (!error)
		error = check_which(regs_arg(regs, 0));
	if (error)
		return error;
	old = exchange(&set);
	return to ? put_times(to, old) : 0;
}

long sys_getitimer(struct regs *regs)
{
	int error = check_which(regs_arg(regs, 0));

	return error ? error : put_times(regs_arg(regs, 1), exchange(NULL));
}
