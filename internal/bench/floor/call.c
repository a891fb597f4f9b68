// Calls: one request, one answer, again and again.
//
//	call N ROUNDS PRACTICE THREADS KIND ARGUMENT
//
// Each of THREADS makes its share of N calls on a socket of its own, after as many of
// PRACTICE. KIND is index or name, which fetch a link of that name; replace, which
// changes a route over that link into itself; or family, which fetches a generic
// netlink family of that name, or family-ack, which asks for an acknowledgement as
// well, as who doesn't know whether there will be an answer must. ROUNDS is not used.
#include <linux/genetlink.h>
#include <pthread.h>

#include "floor.h"
#include "walk.h"
#include "write.h"

static struct call {
	const char *kind, *argument;
	uint32_t link;
	int calls, practice;
	pthread_barrier_t practised, started;
} call;

// request writes the message that is sent.
static struct nlmsghdr *request(void *p)
{
	struct nlmsghdr *nlh;

	if (!strcmp(call.kind, "replace")) {
		nlh = put_route(p, 1, 1, call.link);
		nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE;
		return nlh;
	}
	if (!strncmp(call.kind, "family", 6)) {
		nlh = begin(p, GENL_ID_CTRL, strcmp(call.kind, "family") ? NLM_F_ACK : 0, GENL_HDRLEN);
		((struct genlmsghdr *)NLMSG_DATA(nlh))->cmd = CTRL_CMD_GETFAMILY;
		put(nlh, CTRL_ATTR_FAMILY_NAME, call.argument, strlen(call.argument) + 1);
		return nlh;
	}
	nlh = begin(p, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	if (!strcmp(call.kind, "name"))
		put(nlh, IFLA_IFNAME, call.argument, strlen(call.argument) + 1);
	else
		((struct ifinfomsg *)NLMSG_DATA(nlh))->ifi_index = call.link;
	put_u32(nlh, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	return nlh;
}

struct family {
	uint16_t id;
	uint32_t version, header, most;
	char name[GENL_NAMSIZ];
};

static void walk_family(struct nlmsghdr *nlh)
{
	struct family f = { 0 };
	struct nlattr *nla;
	int rest;

	each_attr((char *)NLMSG_DATA(nlh) + GENL_HDRLEN, (int)nlh->nlmsg_len - NLMSG_SPACE(GENL_HDRLEN), nla, rest) {
		switch (nla->nla_type & NLA_TYPE_MASK) {
		case CTRL_ATTR_FAMILY_ID: f.id = get_u32(nla); break;
		case CTRL_ATTR_FAMILY_NAME: get_bytes(f.name, sizeof f.name, nla); break;
		case CTRL_ATTR_VERSION: f.version = get_u32(nla); break;
		case CTRL_ATTR_HDRSIZE: f.header = get_u32(nla); break;
		case CTRL_ATTR_MAXATTR: f.most = get_u32(nla); break;
		}
	}
	keep(&f);
}

static void once(int fd, char *buf, int room)
{
	struct nlmsghdr *nlh = request(buf);
	int len, ack = nlh->nlmsg_flags & NLM_F_ACK, write = !strcmp(call.kind, "replace");

	if (send(fd, buf, nlh->nlmsg_len, 0) < 0)
		fail("send");
	if (write) {
		acknowledged(fd, buf, room);
		return;
	}
	len = recv(fd, buf, room, 0);
	if (len < 0)
		fail("recv");
	nlh = (void *)buf;
	errno = failed(nlh);
	if (errno)
		fail("answer");
	if (nlh->nlmsg_type == RTM_NEWLINK)
		walk_link(nlh);
	else
		walk_family(nlh);
	if (ack)
		acknowledged(fd, buf, room);
}

// work makes the calls of one thread; the first gives its meter, which it starts when
// all have practised.
static void *work(void *meter)
{
	int fd = open_netlink(strncmp(call.kind, "family", 6) ? NETLINK_ROUTE : NETLINK_GENERIC), room = 64 << 10;
	char *buf = aligned_alloc(8, room);

	for (int i = 0; i < call.practice; i++)
		once(fd, buf, room);
	pthread_barrier_wait(&call.practised);
	if (meter)
		*(struct meter *)meter = start();
	pthread_barrier_wait(&call.started);
	for (int i = 0; i < call.calls; i++)
		once(fd, buf, room);
	return NULL;
}

int main(int argc, char **argv)
{
	struct report r = { 0 };
	struct meter m;
	pthread_t threads[64];
	int n, many;

	if (argc != 7)
		return 2;
	n = atoi(argv[1]);
	many = atoi(argv[4]);
	call.kind = argv[5];
	call.argument = argv[6];
	if (many < 1 || many > 64 || n % many)
		return 2;
	call.calls = n / many;
	call.practice = atoi(argv[3]) / many;
	call.link = if_nametoindex(call.argument);
	pthread_barrier_init(&call.practised, NULL, many);
	pthread_barrier_init(&call.started, NULL, many);
	for (int i = 1; i < many; i++)
		if ((errno = pthread_create(&threads[i], NULL, work, NULL)))
			fail("pthread_create");
	work(&m);
	for (int i = 1; i < many; i++)
		pthread_join(threads[i], NULL);
	r.items = n;
	stop(m, r);
	return 0;
}
