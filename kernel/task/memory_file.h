/*
 * kernel/task/memory_file.h - open objects on memory objects: files without a name,
 * and those of servers.
 */
#pragma once

#include "kernel/task/handle.h"
#include "mm/space/object.h"

/* Readable and writable; takes over the caller's reference to the object. NULL: no
 * memory, and the reference is gone. */
struct open *memory_file_open(struct object *object);

/* The same of a new object, of size 0. */
struct open *memory_file_create(void);

/* See drop_caches.c. */
struct open *drop_caches_open(void);
