// What the programs share: a netlink socket, appending attributes, a dump, a meter and
// the report that each prints in the end. Nothing here is clever: it is the least that
// a program must do.
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

// keep makes the compiler believe that what p points at is looked at.
#define keep(p) __asm__ volatile("" : : "r"(p) : "memory")

static inline void fail(const char *what)
{
	perror(what);
	exit(1);
}

static inline int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static inline int64_t cpu(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000000LL + (u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1000LL;
}

// peak returns the most memory that this program ever had, in bytes.
static inline long long peak(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[256];
	long long kib = 0;

	while (f && fgets(line, sizeof line, f))
		if (sscanf(line, "VmHWM: %lld", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib << 10;
}

struct meter {
	int64_t wall, cpu;
};

static inline struct meter start(void)
{
	struct meter m = { .cpu = cpu(), .wall = now() };

	return m;
}

struct report {
	unsigned long long items, lost, overruns, datagrams;
	const char *wrong;
};

// stop prints the report.
static inline void stop(struct meter m, struct report r)
{
	long long wall = now() - m.wall, used = cpu() - m.cpu;

	printf("{\"items\":%llu,\"lost\":%llu,\"overruns\":%llu,\"datagrams\":%llu,\"cpu\":%lld,\"wall\":%lld,\"peak\":%lld,\"wrong\":\"%s\"}\n",
	       r.items, r.lost, r.overruns, r.datagrams, used, wall, peak(), r.wrong ? r.wrong : "");
}

// open_netlink opens a socket; strict makes the kernel heed what a dump asks for.
static inline int open_netlink(int protocol)
{
	int fd = socket(AF_NETLINK, SOCK_RAW, protocol), on = 1;
	struct sockaddr_nl any = { .nl_family = AF_NETLINK };

	if (fd < 0 || bind(fd, (void *)&any, sizeof any) < 0)
		fail("socket");
	if (setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof on) < 0)
		fail("NETLINK_GET_STRICT_CHK");
	return fd;
}

static inline void receive_buffer(int fd, int size)
{
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size) < 0)
		fail("SO_RCVBUF");
}

// begin starts a message at p with a header of its protocol, which is zero.
static inline struct nlmsghdr *begin(void *p, int type, int flags, int header)
{
	struct nlmsghdr *nlh = p;

	memset(nlh, 0, NLMSG_SPACE(header));
	nlh->nlmsg_len = NLMSG_SPACE(header);
	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	return nlh;
}

static inline void put(struct nlmsghdr *nlh, int type, const void *data, int len)
{
	struct nlattr *nla = (void *)((char *)nlh + NLMSG_ALIGN(nlh->nlmsg_len));

	nla->nla_type = type;
	nla->nla_len = NLA_HDRLEN + len;
	memcpy((char *)nla + NLA_HDRLEN, data, len);
	nlh->nlmsg_len = NLMSG_ALIGN(nlh->nlmsg_len) + NLA_ALIGN(nla->nla_len);
}

static inline void put_u32(struct nlmsghdr *nlh, int type, uint32_t v)
{
	put(nlh, type, &v, sizeof v);
}

// each_attr walks the attributes behind a header of that size; body names the payload
// data and its length size.
#define each_attr(p, len, nla, rest)                                                                                     \
	for (nla = (void *)(p), rest = (len); rest >= NLA_HDRLEN && nla->nla_len >= NLA_HDRLEN && nla->nla_len <= rest; \
	     rest -= NLA_ALIGN(nla->nla_len), nla = (void *)((char *)nla + NLA_ALIGN(nla->nla_len)))

#define attr_data(nla) ((void *)((char *)(nla) + NLA_HDRLEN))
#define attr_size(nla) ((nla)->nla_len - NLA_HDRLEN)

static inline uint32_t get_u32(const struct nlattr *nla)
{
	uint32_t v = 0;

	memcpy(&v, attr_data(nla), attr_size(nla) < 4 ? attr_size(nla) : 4);
	return v;
}

static inline void get_bytes(void *to, int room, const struct nlattr *nla)
{
	memcpy(to, attr_data(nla), attr_size(nla) < room ? attr_size(nla) : room);
}

// failed returns the errno of an answer that is one, or 0.
static inline int failed(struct nlmsghdr *nlh)
{
	return nlh->nlmsg_type == NLMSG_ERROR ? -((struct nlmsgerr *)NLMSG_DATA(nlh))->error : 0;
}

// acknowledged reads one acknowledgement.
static inline void acknowledged(int fd, char *buf, int room)
{
	int len = recv(fd, buf, room, 0);
	struct nlmsghdr *nlh = (void *)buf;

	if (len < 0)
		fail("recv");
	errno = failed(nlh);
	if (nlh->nlmsg_type != NLMSG_ERROR || errno)
		fail("answer");
}
