/*
 * kernel/ipc/server.h - names of servers, and the files that those serve.
 *
 *   name --server_register()--> endpoint         (the server calls NATIVE_NAME)
 *   path --server_lookup()----> file number, size       by asking the server
 *   path --server_open()------> memory object           whose pages come from it
 * (pager.h)
 *
 * The kernel keeps the object of each file that was opened as long as the server lives,
 * and with it the file's pages. When the last who can receive at the endpoint is gone,
 * its name is free again; who still has objects of it keeps the pages that are there, and
 * gets errors for all others. Everything that asks a server can be waited for with no
 * lock held only, and is given up for a signal (-EINTR); a page-in, when the thread is to
 * end.
 */
#pragma once

#include "kernel/task/handle.h"
#include "mm/space/object.h"

#define SERVER_NAME_MAX 31

/* The endpoint's name from now on. 0, -EACCES (it may not receive), -EEXIST, -EINVAL (no
 * name), -ENOMEM. */
int server_register(const char *name, struct open *endpoint);

/* An open object that may call the server of this name; -ENOENT, -ENOMEM. */
int server_connect(const char *name, struct open **open);

/* Those that have died are forgotten. From the close of an endpoint. */
void servers_forget_dead(void);

/* The name of number `index` of the servers; false: there are not so many. */
bool server_name(u64 index, char *name);

/* `path`: "NAME/rest". */
struct file_lookup {
	u64 file, size;
};
int server_lookup(const char *path, unsigned int flags, struct file_lookup *found);

/* The file's object, with a reference. */
int server_open(const char *path, struct object **object);

/* The object of a server's file: what was written goes to the server: 0, or its error.
 * Of other objects: 0. */
int server_sync(struct object *object);

/* object_resize(), of a server's file if the server agrees. */
int server_resize(struct object *object, u64 size);
