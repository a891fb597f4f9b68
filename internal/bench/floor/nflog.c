// Receives packets of NFLOG and finds their sequence numbers: the least that any
// receiver does.
//
//	nflog N ROUNDS PRACTICE BUFFER THRESHOLD
//
// N packets come, then some that say so; see nflog.go. ROUNDS and PRACTICE are not
// used.
#include <endian.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>

#include "floor.h"

enum { group = 5, range = 128, header = 28, buffer = 32 << 20 };

static char buf[512 << 10] __attribute__((aligned(8)));

static void put32(struct nlmsghdr *nlh, int type, uint32_t n)
{
	n = htonl(n);
	put(nlh, type, &n, sizeof n);
}

static void configure(int fd, uint32_t size, uint32_t threshold)
{
	struct nlmsghdr *nlh = (void *)buf;
	struct nfgenmsg *nf = NLMSG_DATA(nlh);
	struct nfulnl_msg_config_mode mode = { .copy_range = htonl(range), .copy_mode = NFULNL_COPY_PACKET };
	uint8_t bind_group = NFULNL_CFG_CMD_BIND;
	uint16_t flags = htons(NFULNL_CFG_F_SEQ);

	nlh->nlmsg_len = NLMSG_LENGTH(sizeof *nf);
	nlh->nlmsg_type = NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_CONFIG;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	nf->version = NFNETLINK_V0;
	nf->res_id = htons(group);
	put(nlh, NFULA_CFG_CMD, &bind_group, sizeof bind_group);
	put(nlh, NFULA_CFG_MODE, &mode, sizeof mode);
	put32(nlh, NFULA_CFG_NLBUFSIZ, size);
	put32(nlh, NFULA_CFG_QTHRESH, threshold);
	put32(nlh, NFULA_CFG_TIMEOUT, 2);
	put(nlh, NFULA_CFG_FLAGS, &flags, sizeof flags);
	if (send(fd, buf, nlh->nlmsg_len, 0) < 0)
		fail("configure");
	acknowledged(fd, buf, sizeof buf);
}

int main(int argc, char **argv)
{
	struct report r = { 0 };
	struct meter m = { 0 };
	uint64_t n, index;
	uint32_t next = 0, seq;
	int fd;

	if (argc != 6)
		return 2;
	n = strtoull(argv[1], NULL, 10);
	fd = open_netlink(NETLINK_NETFILTER);
	receive_buffer(fd, buffer);
	configure(fd, atoi(argv[4]), atoi(argv[5]));
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
		r.datagrams++;
		for (; NLMSG_OK(nlh, (unsigned)len); nlh = NLMSG_NEXT(nlh, len)) {
			struct nlattr *nla;
			int rest;

			if (nlh->nlmsg_type != (NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET))
				continue;
			if (!r.items++)
				m = start();
			seq = next;
			index = 0;
			each_attr((char *)NLMSG_DATA(nlh) + sizeof(struct nfgenmsg), (int)nlh->nlmsg_len - NLMSG_SPACE((int)sizeof(struct nfgenmsg)), nla, rest) {
				switch (nla->nla_type & NLA_TYPE_MASK) {
				case NFULA_SEQ:
					seq = ntohl(get_u32(nla));
					break;
				case NFULA_PAYLOAD:
					memcpy(&index, (char *)attr_data(nla) + header, sizeof index);
					index = be64toh(index);
					break;
				}
			}
			r.lost += (uint32_t)(seq - next);
			next = seq + 1;
			if (index < n)
				continue;
			if (r.items + r.lost != index + 1 || seq != index)
				r.wrong = "received and lost are not what was logged";
			stop(m, r);
			return 0;
		}
	}
}
