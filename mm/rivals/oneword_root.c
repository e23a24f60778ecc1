/*
 * mm/rivals/oneword_root.c - step=oneword-root: one word tells origin and size.
 *
 * The reference reads two words, mm->limit and then mm->root, and lives by their order:
 * growth publishes them the other way round. Here the walk reads mm->root alone. How far
 * it reaches follows from it, as with an ASCE, which has origin and type in one word: the
 * type stands in the entries of the table that was read, and a table never changes its
 * level. Whatever root a walk has got, old or new, it knows what that one can express.
 *
 * For: no order between two words, on either side, so none to get wrong.
 * Against: the root's first entry must be looked at before the range is known to be
 * allowed (here the first step needs it anyway); and a machine whose entries do not tell
 * their level must put the type into the pointer's low bits.
 *
 * Verdict: the right pages everywhere; right with growth in either order of publishing.
 */
#include "mm/rivals/rivals.h"

bool oneword_root_walk(struct gup_walk *walk, pxd_t *root, pxd_t first,
	unsigned long address, unsigned long end)
{
	if (end > arch_root_limit(arch_root_level(first)))
		return false;
	return gup_lockless(walk, root, first, address, end);
}
