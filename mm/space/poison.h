/*
 * mm/space/poison.h - catching writes to freed frames, in lab builds.
 *
 * A frame is filled with poison when it becomes free. A word that has changed when it is
 * allocated again was written by somebody who had no right to: the check panics with the
 * frame, the offset and the CPU that freed it. Frames that were never allocated
 * (generation 0) hold no poison yet, so that a boot need not touch all memory.
 */
#pragma once

#include "mm/space/frame.h"

void poison_fill(struct page *page, unsigned int order);
void poison_check(struct page *page, unsigned int order);

/* Offset of the first damaged byte of one free frame, or PAGE_SIZE. */
unsigned long poison_find_damage(const struct page *page);
