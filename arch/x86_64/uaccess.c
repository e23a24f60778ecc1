/*
 * arch/x86_64/uaccess.c - user memory through checked, fault-tolerant copies.
 *
 * Every range is checked against the user half first: with that, a kernel address is just
 * an address that fails. SMAP makes any other kernel access to user memory fault.
 */
#include "arch/contract/uaccess.h"
#include "arch/x86_64/x86.h"
#include "kernel/base/errno.h"
#include "kernel/base/spin.h"

struct fixup {
	unsigned long at, go_on;
};

extern const struct fixup __start_ex_table[], __stop_ex_table[];

/* uaccess.asm: bytes not done; 0 or -EFAULT */
size_t user_copy(void *to, const void *from, size_t size);
size_t user_clear(void *to, size_t size);
int user_load_u32(const void *from, u32 *value);
int user_cas_u32(void *at, u32 expected, u32 value, u32 *old);

unsigned long uaccess_fixup(unsigned long rip)
{
	for (const struct fixup *f = __start_ex_table; f < __stop_ex_table; f++)
		if (f->at == rip)
			return f->go_on;
	return 0;
}

unsigned long arch_user_end(void)
{
	return user_end();
}

/* SAFE(user_range): a kernel address from a program would be read or written with the
 * kernel's rights; pairs with the fix-up in trap.c, which is for user addresses only. */
static bool user_range_ok(unsigned long address, size_t size)
{
	return size <= user_end() && address <= user_end() - size;
}

static void gate_open(void)
{
	rank_assert_may_fault("a user copy");
	if (cpu_smap)
		asm volatile("stac" ::: "memory");
}

static void gate_close(void)
{
	if (cpu_smap)
		asm volatile("clac" ::: "memory");
}

/* The value of `access`, made with the gate open, or `refused` for a bad range. */
#define GUARDED(address, size, refused, access)                                          \
	({                                                                               \
		typeof(refused) _result = (refused);                                     \
		if (user_range_ok((address), (size))) {                                  \
			gate_open();                                                     \
			_result = (access);                                              \
			gate_close();                                                    \
		}                                                                        \
		_result;                                                                 \
	})

size_t arch_copy_from_user(void *to, unsigned long from, size_t size)
{
	return GUARDED(from, size, size, user_copy(to, (const void *)from, size));
}

size_t arch_copy_to_user(unsigned long to, const void *from, size_t size)
{
	return GUARDED(to, size, size, user_copy((void *)to, from, size));
}

size_t arch_clear_user(unsigned long to, size_t size)
{
	return GUARDED(to, size, size, user_clear((void *)to, size));
}

int arch_user_load_u32(unsigned long address, u32 *value)
{
	return GUARDED(address, sizeof(u32), -EFAULT,
		user_load_u32((const void *)address, value));
}

int arch_user_cas_u32(unsigned long address, u32 expected, u32 value, u32 *old)
{
	return GUARDED(address, sizeof(u32), -EFAULT,
		user_cas_u32((void *)address, expected, value, old));
}
