/*
 * tests/races/follow.c - see follow.h.
 *
 * An actor is a thread of its own CPU. At each point (kernel/base/park.h) it asks whose
 * turn it is; if it is not its own any more, it STANDS there, with its locks and its
 * interrupt mask as they are. The controller, on a CPU without actors, hands out the
 * turns: a part is over when its actor has come to its point or to its end, or when it is
 * proved that it waits for one who stands:
 *
 *     spinlock      it is about to take a lock whose holder is the other's CPU
 *     rwsem         it sleeps, and the other is inside
 *     vma           it sleeps, and the other holds the VMA
 *     cross-call    it has called the other's CPU, whose interrupts are off
 *     grace period  RCU waits for the other
 *
 * The proof is a look at what lab builds keep anyway: who stands does not move, so what
 * it holds it goes on holding. Who waits for one who waits in turn is found likewise.
 *
 * Data: the actors; `turn` (a), written by the controller.
 */
#include "tests/races/follow.h"
#include "arch/contract/irq.h"
#include "kernel/base/ipi.h"
#include "kernel/base/panic.h"
#include "kernel/base/park.h"
#include "kernel/base/print.h"
#include "kernel/sched/thread.h"
#include "kernel/sched/wait.h"
#include "mm/space/mm.h"

enum actor_state {
	RUNS,
	STANDS, /* at a point, or before its beginning */
	DONE,
};

static struct actor {
	struct thread *thread; /* (c) NULL: there is no such actor */
	void (*fn)(void);      /* (c) */
	u32 state;             /* (a) enum actor_state */
	u32 reached;         /* (a) the last turn of its own that it came to the end of */
	bool irqs_on;        /* (p) where it stands; interrupts there do not count */
	bool preemptible;    /* (p) likewise */
	u32 counts;          /* (p) the turn in which it has passed ... */
	unsigned int passed; /* (p) ... its event so often */
} actors[RACE_ACTORS];

#define POLL_NS 100000

#define TURN_BEFORE 0U /* part n of the script is turn n + 1 */
#define TURN_FREE   (~0U)

static struct script followed; /* (c) while actors run: the script, then all in turn */
static u32 turn;               /* (a) */

static struct rcu_head periods[SCRIPT_PARTS]; /* one for each part `r` */
static u32 periods_asked, periods_over;       /* (p) the controller, (a) */

/* The controller waits: for others on its CPU, and leaves the host's to the actors. */
static void give_way(void)
{
	thread_sleep_until(arch_clock_ns() + POLL_NS);
}

static int number_of(const struct actor *actor)
{
	return (int)(actor - actors);
}

static const struct script_part *part_of(u32 which)
{
	return &followed.part[which - 1];
}

/* --- the actors ------------------------------------------------------------------- */

static struct actor *this_actor(void)
{
	for (struct actor *actor = actors; actor < actors + RACE_ACTORS; actor++)
		if (actor->thread && (void *)actor->thread == arch_current())
			return actor;
	return NULL;
}

static bool may_go(const struct actor *me, u32 now)
{
	if (now == TURN_BEFORE || now == TURN_FREE)
		return now == TURN_FREE;
	return part_of(now)->actor == number_of(me) && atomic_load(&me->reached) != now;
}

static void stand(struct actor *me)
{
	me->irqs_on = arch_irq_enabled();
	me->preemptible = me->irqs_on && !current_info()->preempt_count;
	atomic_store(&me->state, STANDS);
	while (!may_go(me, atomic_load(&turn)))
		arch_cpu_relax();
	atomic_store(&me->state, RUNS);
}

/* Is this the point of its turn? */
static bool comes_to_its_point(struct actor *me, u32 now, enum trace_event event)
{
	if (now == TURN_FREE || part_of(now)->event != (int)event)
		return false;
	if (me->counts != now)
		me->passed = 0;
	me->counts = now;
	return ++me->passed == part_of(now)->times;
}

/* The scheduler's own points: who passes them is on its way from or to another thread. */
static bool is_switching(enum trace_event event)
{
	return event == TRACE_switch || event == TRACE_look || event == TRACE_wake;
}

static void pass(enum trace_event event)
{
	struct actor *me = this_actor();
	u32 now = atomic_load(&turn);

	if (!me || atomic_load(&me->state) != RUNS || irq_active() || is_switching(event))
		return;
	if (may_go(me, now)) {
		if (!comes_to_its_point(me, now, event))
			return;
		atomic_store(&me->reached, now);
	}
	stand(me);
}

static void act(void *arg)
{
	struct actor *me = arg;

	stand(me);
	me->fn();
	if (current()->mm)
		mm_use(NULL);
	atomic_store(&me->state, DONE);
}

static void start(struct actor *me, void (*fn)(void))
{
	*me = (struct actor){.thread = thread_create("actor", act, me), .fn = fn};
	ASSERT(me->thread, "no memory for actor %d", number_of(me));
	me->thread->allowed = 1U << number_of(me);
	thread_start(me->thread);
	while (atomic_load(&me->state) != STANDS)
		give_way();
}

/* --- who waits for whom ------------------------------------------------------------- */

/* Does the actor, which stands or waits, hold the lock? Or will it, and waits for it
 * itself. Of what interrupts take nothing is asked. */
static bool is_held(const struct held_lock *lock, const struct actor *by)
{
	const struct thread_info *info = &by->thread->info;

	for (int i = 0; i < READ_ONCE(info->held_count); i++)
		if (info->held[i].lock == lock->lock)
			return lock->rank < RANK_RCU;
	return false;
}

static bool waits_for_lock(
	const struct actor *me, const struct held_lock *lock, const struct actor *other)
{
	const struct rwsem *sem = lock->lock;
	const struct spinlock *spin = lock->lock;

	if (!is_held(lock, other))
		return false;
	if (lock->rank > RANK_LAST_SLEEPING)
		return READ_ONCE(spin->holder) == number_of(other) + 1;
	return READ_ONCE(me->thread->state) == THREAD_WAITING &&
	       (lock->rank == RANK_VMA || READ_ONCE(sem->writer) != me->thread);
}

/* It has sent a cross-call: the lock of that is its own. */
static bool waits_for_answer(
	const struct actor *me, const struct held_lock *lock, const struct actor *other)
{
	const struct spinlock *spin = lock->lock;

	return lock->rank == RANK_TLB_WAIT &&
	       READ_ONCE(spin->holder) == number_of(me) + 1 &&
	       atomic_load(&other->state) == STANDS && !other->irqs_on &&
	       ipi_awaited() & 1U << number_of(other);
}

/* Of one who stands, or waits: who waits for a lock spins, or sleeps. */
static bool holds_up_rcu(const struct actor *actor)
{
	bool stands = atomic_load(&actor->state) == STANDS;

	return rcu_awaits(actor->thread,
		stands ? !actor->preemptible
		       : READ_ONCE(actor->thread->state) != THREAD_WAITING);
}

/* The wait of `me` that ends only when `other` goes on, or NULL. A lock is entered in the
 * list of those held before it is waited for. */
static const char *wait_for(const struct actor *me, const struct actor *other)
{
	const struct thread_info *info = &me->thread->info;

	for (int i = READ_ONCE(info->held_count) - 1; i >= 0; i--) {
		struct held_lock lock = info->held[i];

		if (waits_for_lock(me, &lock, other) ||
			waits_for_answer(me, &lock, other))
			return lock.name;
	}
	if (READ_ONCE(me->thread->state) == THREAD_WAITING && holds_up_rcu(other))
		return "grace period";
	return NULL;
}

/* An actor that runs waits for one of the stuck? */
static const char *wait_for_any(const struct actor *me, u32 stuck)
{
	const char *wait = NULL;

	for (int n = 0; n < RACE_ACTORS && !wait; n++)
		if (stuck & 1U << n)
			wait = wait_for(me, &actors[n]);
	return wait;
}

/* Fills in what each actor waits for; returns those who will not move: who stands, and
 * who waits for one of them. In a read section, so that no thread is freed meanwhile. */
static u32 find_stuck(const char *waits[RACE_ACTORS])
{
	u32 stuck = 0;

	for (int n = 0; n < RACE_ACTORS; n++) {
		waits[n] = NULL;
		if (actors[n].thread && atomic_load(&actors[n].state) == STANDS)
			stuck |= 1U << n;
	}
	for (int n = 0; n < RACE_ACTORS * RACE_ACTORS; n++) {
		const struct actor *me = &actors[n % RACE_ACTORS];
		u32 bit = 1U << number_of(me);

		if (!me->thread || stuck & bit || atomic_load(&me->state) != RUNS)
			continue;
		waits[number_of(me)] = wait_for_any(me, stuck);
		if (waits[number_of(me)])
			stuck |= bit;
	}
	return stuck;
}

/* --- the controller ----------------------------------------------------------------- */

static void period_over(struct rcu_head *unused)
{
	atomic_add(&periods_over, 1);
}

static const char *wait_of_rcu(void)
{
	const char *waits[RACE_ACTORS], *wait = NULL;
	u32 stuck;

	rcu_read_lock();
	stuck = find_stuck(waits);
	for (int n = 0; n < RACE_ACTORS; n++)
		if (stuck & 1U << n && holds_up_rcu(&actors[n]))
			wait = "grace period";
	rcu_read_unlock();
	return wait;
}

static const char *wait_of(const struct actor *actor)
{
	const char *waits[RACE_ACTORS];

	rcu_read_lock();
	(void)find_stuck(waits);
	rcu_read_unlock();
	return waits[number_of(actor)];
}

/* Callbacks that were queued before have run when this one's turn comes. */
static const char *let_periods_end(void)
{
	const char *wait = NULL;

	call_rcu(&periods[periods_asked++], period_over);
	while (atomic_load(&periods_over) != periods_asked && !(wait = wait_of_rcu()))
		give_way();
	return wait;
}

static bool is_done(const struct actor *actor)
{
	return !actor->thread || atomic_load(&actor->state) == DONE;
}

static const char *let_act(const struct actor *me, u32 now)
{
	const char *wait = NULL, *again;

	while (!is_done(me) && atomic_load(&me->reached) != now) {
		again = wait_of(me);
		/* The same twice: the first look may have met a list that changes. */
		if (wait && wait == again)
			return wait;
		wait = again;
		give_way();
	}
	return NULL;
}

static void tell(const struct script_part *part, u32 now, const char *wait)
{
	char text[40];

	script_part_text(part, text, sizeof(text));
	if (wait)
		print("# %s: waits at \"%s\" for one that stands\n", text, wait);
	else if (part->actor == SCRIPT_RCU)
		print("# %s: callbacks have run\n", text);
	else
		print("# %s: %s\n", text,
			atomic_load(&actors[part->actor].reached) == now ? "stands there"
									 : "is done");
}

/* The first wait that kept one of the script's own parts from being followed. */
static const char *follow_parts(unsigned int parts, bool tells)
{
	const char *first = NULL, *wait;

	for (u32 now = 1; now <= followed.count; now++) {
		const struct script_part *part = part_of(now);

		atomic_store(&turn, now);
		wait = part->actor == SCRIPT_RCU ? let_periods_end()
						 : let_act(&actors[part->actor], now);
		if (now > parts)
			continue;
		if (tells)
			tell(part, now, wait);
		if (!first)
			first = wait;
	}
	return first;
}

const char *race_follow(const struct race *race, const struct script *what, bool tells)
{
	const char *wait;

	followed = *what;
	for (int n = 0; n < RACE_ACTORS; n++)
		followed.part[followed.count++] = (struct script_part){n, -1, 1};
	periods_asked = periods_over = 0;
	atomic_store(&turn, TURN_BEFORE);
	atomic_store(&park_script, pass);
	atomic_add(&parks_armed, 1);
	for (int n = 0; n < RACE_ACTORS; n++)
		if (race->actor[n])
			start(&actors[n], race->actor[n]);
	wait = follow_parts(what->count, tells);
	atomic_store(&turn, TURN_FREE);
	for (int n = 0; n < RACE_ACTORS; n++)
		while (!is_done(&actors[n]))
			give_way();
	while (atomic_load(&periods_over) != periods_asked)
		give_way();
	atomic_sub(&parks_armed, 1);
	atomic_store(&park_script, NULL);
	for (int n = 0; n < RACE_ACTORS; n++)
		actors[n].thread = NULL;
	return wait;
}

/* --- before all -----------------------------------------------------------------------
 */

/* RCU's thread would have to wait for a CPU where an actor stands; so it shares the
 * controller's, which gives way. It is caught where it begins a grace period. */
static void catch_rcu_thread(unsigned int cpu)
{
	struct park *park = park_arm(TRACE_rcu_gp, NULL, PARK_UNTIL_TOLD);

	periods_asked = 1;
	periods_over = 0;
	call_rcu(&periods[0], period_over);
	while (!park_taken(park))
		give_way();
	(void)thread_set_allowed((struct thread *)park_who(park), 1U << cpu);
	park_release(park);
	while (!atomic_load(&periods_over))
		give_way();
}

void follow_init(unsigned int cpu)
{
	(void)thread_set_allowed(current(), 1U << cpu);
	catch_rcu_thread(cpu);
}
