/*
 * kernel/ipc/pager.h - what the kernel asks of a server whose name stands under /srv.
 *
 * Its files are memory objects of the kernel's; the server has what belongs in them. Each
 * request is a call at its endpoint, answered by NATIVE_REPLY. The first word is what is
 * asked for; that of the answer is 0 or a negated error number. Nothing is relied on: an
 * answer that is not as it should be is an error (EIO) of those who need it.
 *
 *   request      words                       bytes     answer: words, bytes
 *   LOOKUP       flags                       the path  file, size
 *   PAGE_IN      file, index                           file, index; one page
 *   WRITE_BACK   file, index, size of all    one page
 *   TRUNCATE     file, size
 *
 * A path is what follows /srv/NAME/, without a NUL. A file is known by a number of the
 * server's choice that stays what it is as long as the server lives. Pages are
 * NATIVE_PAGE bytes; what lies beyond the size is ignored in a page that comes in, and
 * zeros in one that goes out. Also included by user programs: nothing but numbers.
 */
#pragma once

#define PAGER_LOOKUP     1
#define PAGER_PAGE_IN    2
#define PAGER_WRITE_BACK 3
#define PAGER_TRUNCATE   4

#define PAGER_CREATE 1 /* flag of LOOKUP: make the file if there is none */
