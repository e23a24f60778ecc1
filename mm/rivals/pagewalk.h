/*
 * mm/rivals/pagewalk.h - other answers to one question: who wants to see what is below an
 * entry, and finds a leaf there. The answer in force is mm/space/pagewalk.c.
 */
#pragma once

#include "mm/space/mm.h"
#include "mm/table/pgtable.h"

/* The slot below the pmd entry that the walk has come to. It was not read yet. */
typedef void pagewalk_fn(const pxd_t *ptr);

/* Both with mm->lock held for reading; `visit` hears of the slot for the address, unless
 * nothing is there. -EAGAIN: often enough. */
int pagewalk_trusting(struct mm *mm, unsigned long address, pagewalk_fn *visit);
int pagewalk_retry(struct mm *mm, unsigned long address, pagewalk_fn *visit);

/* The leaf at the address, if there is one, allows no writing any more. The caller holds
 * a lock that whoever faults takes before he maps a leaf. */
void pagewalk_external(struct mm *mm, unsigned long address);
