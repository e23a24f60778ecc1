/*
 * arch/s390x/uaccess.c - reading and writing user memory.
 *
 * The kernel runs in home space, where user addresses mean nothing: there is no user
 * pointer that could reach kernel memory. MVCOS ("move with optional specifications")
 * copies between two spaces, named by bits in r0. Atomic operations have no such form;
 * they run in secondary-space mode, where instructions come from the primary space and
 * operands from the secondary: for these few instructions primary is the kernel,
 * secondary the user, and interrupts are off.
 *
 * A fault in one of these instructions is looked up in ex_table (trap.c).
 */
#include "arch/s390x/machine.h"
#include "arch/contract/irq.h"
#include "arch/contract/uaccess.h"
#include "kernel/base/errno.h"
#include "kernel/base/panic.h"
#include "kernel/base/spin.h"
#include "kernel/base/trace.h"

/* Operand access control: in the primary space; 0: where the PSW says. */
#define OAC_PRIMARY 0x0001UL

/* The instruction at label `from` continues at `to` if its fault cannot be helped. */
#define ON_FAULT(from, to)                                                               \
	"	.pushsection ex_table,\"a\"\n"                                                 \
	"	.quad	" #from "," #to "\n"                                             \
	"	.popsection\n"

struct fixup {
	unsigned long from, to;
};

extern const struct fixup __start_ex_table[], __stop_ex_table[];

unsigned long uaccess_fixup(unsigned long address)
{
	for (const struct fixup *f = __start_ex_table; f < __stop_ex_table; f++)
		if (f->from == address)
			return f->to;
	return 0;
}

/* At most a page, and within one user page: all or nothing. */
static bool move(unsigned long to, unsigned long from, size_t size, unsigned long spaces)
{
	register unsigned long oac asm("0") = spaces;
	int failed = 1;

	asm volatile("0:	mvcos	0(%1),0(%2),%3\n"
		     "	lhi	%0,0\n"
		     "1:\n" ON_FAULT(0b, 1b)
		     : "+d"(failed)
		     : "a"(to), "a"(from), "d"(size), "d"(oac)
		     : "cc", "memory");
	return !failed;
}

static size_t copy(unsigned long user, unsigned long kernel, size_t size, bool to_user)
{
	rank_assert_may_fault("a user copy");
	while (size) {
		size_t n = min(size, PAGE_SIZE - (user & ~PAGE_MASK));

		if (to_user ? !move(user, kernel, n, OAC_PRIMARY << 16)
			    : !move(kernel, user, n, OAC_PRIMARY))
			break;
		user += n;
		kernel += n;
		size -= n;
	}
	return size;
}

size_t arch_copy_from_user(void *to, unsigned long from, size_t size)
{
	return copy(from, (unsigned long)to, size, false);
}

size_t arch_copy_to_user(unsigned long to, const void *from, size_t size)
{
	return copy(to, (unsigned long)from, size, true);
}

size_t arch_clear_user(unsigned long to, size_t size)
{
	static const char zeros[PAGE_SIZE];
	size_t n, left = 0;

	for (; size && !left; size -= n, to += n) {
		n = min(size, PAGE_SIZE);
		left = copy(to, (unsigned long)zeros, n, true);
	}
	return size + left;
}

/*
 * SAFE(secondary_irqs_off): an interrupt in here that loads CR1, because it switches
 * threads or another CPU has made the mm's root grow, would make secondary-space mode
 * fetch its instructions from the user's memory; and one that switches threads would
 * leave the next user program with the kernel as its primary space. Pairs with
 * arch_root_load(). The program check of a fault comes in home space and goes straight to
 * label 1.
 */
static int user_atomic(unsigned long address, u32 *word, u32 value, bool swap)
{
	unsigned long flags = arch_irq_save();
	unsigned long kernel = control_store(13), user = control_store(1);
	int error = -EFAULT;

	control_load(1, kernel);
	TRACE_POINT(secondary);
	LAB_ASSERT(control_store(1) == kernel, "instructions would be fetched from %lx",
		control_store(1));
	asm volatile("	sacf	256\n"
		     "	tmll	%[swap],1\n"
		     "	jz	2f\n"
		     "0:	cs	%[word],%[value],0(%[address])\n"
		     "	j	3f\n"
		     "2:	l	%[word],0(%[address])\n"
		     "3:	lhi	%[error],0\n"
		     "1:	sacf	768\n" ON_FAULT(0b, 1b) ON_FAULT(2b, 1b)
		     : [error] "+d"(error), [word] "+d"(*word)
		     : [swap] "d"((int)swap), [value] "d"(value), [address] "a"(address)
		     : "cc", "memory");
	control_load(1, user);
	arch_irq_restore(flags);
	return error;
}

/* The fault is resolved here, with interrupts on; then it is tried again. */
static int user_atomic_retry(unsigned long address, u32 *word, u32 value, bool swap)
{
	u32 expected = *word;

	rank_assert_may_fault("a user atomic");
	if (!IS_ALIGNED(address, sizeof(u32)))
		return -EFAULT;
	while (user_atomic(address, word, value, swap)) {
		if (trap_ops.page_fault(
			    address & PAGE_MASK, swap ? ACCESS_WRITE : ACCESS_READ))
			return -EFAULT;
		*word = expected;
	}
	return 0;
}

int arch_user_load_u32(unsigned long address, u32 *value)
{
	return user_atomic_retry(address, value, 0, false);
}

int arch_user_cas_u32(unsigned long address, u32 expected, u32 value, u32 *old)
{
	*old = expected;
	return user_atomic_retry(address, old, value, true);
}
