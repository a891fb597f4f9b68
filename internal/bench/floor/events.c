// Follows the changes of IPv4 routes.
//
//	events N ROUNDS PRACTICE BUFFER
//
// N static routes are added, then routes of another protocol, one after the other,
// which say that there are no more; see events.go. ROUNDS and PRACTICE are not used.
#include "floor.h"
#include "walk.h"

static char buf[64 << 10] __attribute__((aligned(8)));

int main(int argc, char **argv)
{
	struct report r = { 0 };
	struct meter m = { 0 };
	unsigned long long n;
	int fd, group = RTNLGRP_IPV4_ROUTE;

	if (argc != 5)
		return 2;
	n = strtoull(argv[1], NULL, 10);
	fd = open_netlink(NETLINK_ROUTE);
	receive_buffer(fd, atoi(argv[4]));
	if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) < 0)
		fail("NETLINK_ADD_MEMBERSHIP");
	puts("ready");
	fflush(stdout);
	for (;;) {
		int len = recv(fd, buf, sizeof buf, 0);
		struct nlmsghdr *nlh = (void *)buf;

		if (len < 0 && errno == ENOBUFS) {
			r.overruns++;
			continue;
		}
		if (len < 0)
			fail("recv");
		for (; NLMSG_OK(nlh, (unsigned)len); nlh = NLMSG_NEXT(nlh, len)) {
			if (nlh->nlmsg_type != RTM_NEWROUTE)
				continue;
			if (walk_route(nlh)) {
				if (!r.items++)
					m = start();
				continue;
			}
			r.lost = n - r.items;
			stop(m, r);
			return 0;
		}
	}
}
