/*
 * Lets User-Mode Linux 6.1 run on a CPU whose register state is larger than its
 * buffer, which ends with AVX-512: on one with AMX. It saves and restores the
 * registers of its processes by ptrace. Reading a part of them works, but the
 * host takes back the whole only, and the guest dies with its first process.
 *
 * To be preloaded: adds to what is restored the part that was not saved. No
 * process in the guest can use that part, as it takes a permission to.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>

enum { GETREGSET = 0x4204, SETREGSET = 0x4205 };

long ptrace(long request, pid_t pid, void *addr, void *data)
{
	static long (*next)(long, pid_t, void *, void *);
	static char state[1 << 16];
	struct iovec whole = { state, sizeof(state) }, *part = data;

	if (!next)
		next = dlsym(RTLD_NEXT, "ptrace");
	if ((request != GETREGSET && request != SETREGSET) || (long)addr != NT_X86_XSTATE)
		return next(request, pid, addr, data);

	if (next(GETREGSET, pid, addr, &whole) < 0)
		return -1;
	if (part->iov_len > whole.iov_len)
		part->iov_len = whole.iov_len;
	if (request == GETREGSET) {
		memcpy(part->iov_base, state, part->iov_len);
		return 0;
	}
	memcpy(state, part->iov_base, part->iov_len);
	return next(SETREGSET, pid, addr, &whole);
}
