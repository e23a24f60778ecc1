/*
 * mm/space/poison.h - catching writes to freed frames (lab builds; nothing in release).
 *
 * poison_fill() when a block becomes free, poison_check() when it is allocated again: a
 * word that changed in between was written by somebody who had no right to, and the check
 * panics with the frame, the offset and the CPU that freed it. Frames that were never
 * allocated (generation 0) hold no poison yet.
 */
#pragma once

#include "mm/space/frame.h"

#ifdef ORIGAMI_LAB
void poison_fill(struct page *page, unsigned int order);
void poison_check(struct page *page, unsigned int order);

/* Offset of the first damaged byte of one free frame, or PAGE_SIZE. For tests, too. */
unsigned long poison_find_damage(const struct page *page);
#else
static inline void poison_fill(struct page *page, unsigned int order)
{
}
static inline void poison_check(struct page *page, unsigned int order)
{
}
#endif
