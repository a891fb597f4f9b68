// The decoders: each takes the usual values of a message into a struct, as any caller
// wants them, and tells whether the message is one of those that count.
#include <linux/fib_rules.h>
#include <linux/nexthop.h>

enum { ours = RTPROT_STATIC };

struct route {
	uint8_t family, dst_len, src_len, tos, protocol, scope, type;
	uint8_t dst[16], gateway[16], prefsrc[16];
	uint32_t table, link, priority, flags, nexthop;
};

static inline int walk_route(struct nlmsghdr *nlh)
{
	struct rtmsg *h = NLMSG_DATA(nlh);
	struct route r = { .family = h->rtm_family, .dst_len = h->rtm_dst_len, .src_len = h->rtm_src_len, .tos = h->rtm_tos,
			   .protocol = h->rtm_protocol, .scope = h->rtm_scope, .type = h->rtm_type, .table = h->rtm_table, .flags = h->rtm_flags };
	struct nlattr *nla;
	int rest;

	each_attr((char *)h + NLMSG_ALIGN(sizeof *h), (int)nlh->nlmsg_len - NLMSG_SPACE((int)sizeof *h), nla, rest) {
		switch (nla->nla_type & NLA_TYPE_MASK) {
		case RTA_DST: get_bytes(r.dst, sizeof r.dst, nla); break;
		case RTA_GATEWAY: get_bytes(r.gateway, sizeof r.gateway, nla); break;
		case RTA_PREFSRC: get_bytes(r.prefsrc, sizeof r.prefsrc, nla); break;
		case RTA_TABLE: r.table = get_u32(nla); break;
		case RTA_OIF: r.link = get_u32(nla); break;
		case RTA_PRIORITY: r.priority = get_u32(nla); break;
		case RTA_NH_ID: r.nexthop = get_u32(nla); break;
		}
	}
	keep(&r);
	return r.protocol == ours;
}

struct link {
	int index;
	uint32_t flags, mtu, txqlen, master, group, other;
	uint8_t address[32], broadcast[32], state, carrier;
	char name[IFNAMSIZ], kind[16], qdisc[IFNAMSIZ];
	struct rtnl_link_stats64 stats;
};

static inline int walk_link(struct nlmsghdr *nlh)
{
	struct ifinfomsg *h = NLMSG_DATA(nlh);
	struct link l = { .index = h->ifi_index, .flags = h->ifi_flags };
	struct nlattr *nla, *sub;
	int rest, left;

	each_attr((char *)h + NLMSG_ALIGN(sizeof *h), (int)nlh->nlmsg_len - NLMSG_SPACE((int)sizeof *h), nla, rest) {
		switch (nla->nla_type & NLA_TYPE_MASK) {
		case IFLA_IFNAME: get_bytes(l.name, sizeof l.name, nla); break;
		case IFLA_ADDRESS: get_bytes(l.address, sizeof l.address, nla); break;
		case IFLA_BROADCAST: get_bytes(l.broadcast, sizeof l.broadcast, nla); break;
		case IFLA_QDISC: get_bytes(l.qdisc, sizeof l.qdisc, nla); break;
		case IFLA_MTU: l.mtu = get_u32(nla); break;
		case IFLA_TXQLEN: l.txqlen = get_u32(nla); break;
		case IFLA_MASTER: l.master = get_u32(nla); break;
		case IFLA_GROUP: l.group = get_u32(nla); break;
		case IFLA_LINK: l.other = get_u32(nla); break;
		case IFLA_OPERSTATE: get_bytes(&l.state, 1, nla); break;
		case IFLA_CARRIER: get_bytes(&l.carrier, 1, nla); break;
		case IFLA_STATS64: get_bytes(&l.stats, sizeof l.stats, nla); break;
		case IFLA_LINKINFO:
			each_attr(attr_data(nla), attr_size(nla), sub, left)
				if ((sub->nla_type & NLA_TYPE_MASK) == IFLA_INFO_KIND)
					get_bytes(l.kind, sizeof l.kind, sub);
			break;
		}
	}
	keep(&l);
	return l.index != 1;
}

struct address {
	uint8_t family, prefix, scope;
	uint8_t address[16], local[16], broadcast[16];
	char label[IFNAMSIZ];
	uint32_t link, flags;
	struct ifa_cacheinfo times;
};

static inline int walk_address(struct nlmsghdr *nlh)
{
	struct ifaddrmsg *h = NLMSG_DATA(nlh);
	struct address a = { .family = h->ifa_family, .prefix = h->ifa_prefixlen, .scope = h->ifa_scope, .link = h->ifa_index, .flags = h->ifa_flags };
	struct nlattr *nla;
	int rest;

	each_attr((char *)h + NLMSG_ALIGN(sizeof *h), (int)nlh->nlmsg_len - NLMSG_SPACE((int)sizeof *h), nla, rest) {
		switch (nla->nla_type & NLA_TYPE_MASK) {
		case IFA_ADDRESS: get_bytes(a.address, sizeof a.address, nla); break;
		case IFA_LOCAL: get_bytes(a.local, sizeof a.local, nla); break;
		case IFA_BROADCAST: get_bytes(a.broadcast, sizeof a.broadcast, nla); break;
		case IFA_LABEL: get_bytes(a.label, sizeof a.label, nla); break;
		case IFA_FLAGS: a.flags = get_u32(nla); break;
		case IFA_CACHEINFO: get_bytes(&a.times, sizeof a.times, nla); break;
		}
	}
	keep(&a);
	return a.prefix == 32;
}

struct neighbour {
	uint8_t family, flags, type, address[16], mac[32];
	uint16_t state;
	uint32_t link, probes;
	struct nda_cacheinfo times;
};

static inline int walk_neighbour(struct nlmsghdr *nlh)
{
	struct ndmsg *h = NLMSG_DATA(nlh);
	struct neighbour n = { .family = h->ndm_family, .flags = h->ndm_flags, .type = h->ndm_type, .state = h->ndm_state, .link = h->ndm_ifindex };
	struct nlattr *nla;
	int rest;

	each_attr((char *)h + NLMSG_ALIGN(sizeof *h), (int)nlh->nlmsg_len - NLMSG_SPACE((int)sizeof *h), nla, rest) {
		switch (nla->nla_type & NLA_TYPE_MASK) {
		case NDA_DST: get_bytes(n.address, sizeof n.address, nla); break;
		case NDA_LLADDR: get_bytes(n.mac, sizeof n.mac, nla); break;
		case NDA_PROBES: n.probes = get_u32(nla); break;
		case NDA_CACHEINFO: get_bytes(&n.times, sizeof n.times, nla); break;
		}
	}
	keep(&n);
	return n.state == NUD_PERMANENT;
}

struct rule {
	uint8_t family, tos, action, src[16], dst[16], protocol;
	uint32_t priority, table, mark, mask, flags;
	char iif[IFNAMSIZ], oif[IFNAMSIZ];
};

static inline int walk_rule(struct nlmsghdr *nlh)
{
	struct fib_rule_hdr *h = NLMSG_DATA(nlh);
	struct rule r = { .family = h->family, .tos = h->tos, .action = h->action, .table = h->table, .flags = h->flags };
	struct nlattr *nla;
	int rest;

	each_attr((char *)h + NLMSG_ALIGN(sizeof *h), (int)nlh->nlmsg_len - NLMSG_SPACE((int)sizeof *h), nla, rest) {
		switch (nla->nla_type & NLA_TYPE_MASK) {
		case FRA_PRIORITY: r.priority = get_u32(nla); break;
		case FRA_TABLE: r.table = get_u32(nla); break;
		case FRA_FWMARK: r.mark = get_u32(nla); break;
		case FRA_FWMASK: r.mask = get_u32(nla); break;
		case FRA_SRC: get_bytes(r.src, sizeof r.src, nla); break;
		case FRA_DST: get_bytes(r.dst, sizeof r.dst, nla); break;
		case FRA_IIFNAME: get_bytes(r.iif, sizeof r.iif, nla); break;
		case FRA_OIFNAME: get_bytes(r.oif, sizeof r.oif, nla); break;
		case FRA_PROTOCOL: get_bytes(&r.protocol, 1, nla); break;
		}
	}
	keep(&r);
	return r.mark != 0;
}

struct nexthop {
	uint8_t family, protocol, scope, gateway[16];
	uint32_t id, link, flags;
};

static inline int walk_nexthop(struct nlmsghdr *nlh)
{
	struct nhmsg *h = NLMSG_DATA(nlh);
	struct nexthop n = { .family = h->nh_family, .protocol = h->nh_protocol, .scope = h->nh_scope, .flags = h->nh_flags };
	struct nlattr *nla;
	int rest;

	each_attr((char *)h + NLMSG_ALIGN(sizeof *h), (int)nlh->nlmsg_len - NLMSG_SPACE((int)sizeof *h), nla, rest) {
		switch (nla->nla_type & NLA_TYPE_MASK) {
		case NHA_ID: n.id = get_u32(nla); break;
		case NHA_OIF: n.link = get_u32(nla); break;
		case NHA_GATEWAY: get_bytes(n.gateway, sizeof n.gateway, nla); break;
		}
	}
	keep(&n);
	return n.id != 0;
}

// A kind is what can be listed and decoded.
struct kind {
	const char *name;
	int get, new, header, family;
	uint32_t table, ext_mask; // 0 for none
	int (*walk)(struct nlmsghdr *);
};

static const struct kind kinds[] = {
	{ "route", RTM_GETROUTE, RTM_NEWROUTE, sizeof(struct rtmsg), AF_INET, 0, 0, walk_route },
	{ "route6", RTM_GETROUTE, RTM_NEWROUTE, sizeof(struct rtmsg), AF_INET6, 0, 0, walk_route },
	{ "link", RTM_GETLINK, RTM_NEWLINK, sizeof(struct ifinfomsg), AF_UNSPEC, 0, RTEXT_FILTER_SKIP_STATS, walk_link },
	{ "linkstats", RTM_GETLINK, RTM_NEWLINK, sizeof(struct ifinfomsg), AF_UNSPEC, 0, 0, walk_link },
	{ "address", RTM_GETADDR, RTM_NEWADDR, sizeof(struct ifaddrmsg), AF_INET, 0, 0, walk_address },
	{ "neighbour", RTM_GETNEIGH, RTM_NEWNEIGH, sizeof(struct ndmsg), AF_INET, 0, 0, walk_neighbour },
	{ "rule", RTM_GETRULE, RTM_NEWRULE, sizeof(struct fib_rule_hdr), AF_INET, 0, 0, walk_rule },
	{ "nexthop", RTM_GETNEXTHOP, RTM_NEWNEXTHOP, sizeof(struct nhmsg), AF_UNSPEC, 0, 0, walk_nexthop },
};

// find_kind returns a kind by its name, "route:7" for those of table 7.
static inline struct kind find_kind(const char *name)
{
	const char *colon = strchr(name, ':');
	size_t len = colon ? (size_t)(colon - name) : strlen(name);

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		struct kind k = kinds[i];

		if (strlen(k.name) == len && !memcmp(k.name, name, len)) {
			if (colon)
				k.table = atoi(colon + 1);
			return k;
		}
	}
	fprintf(stderr, "no kind %s\n", name);
	exit(2);
}

// request_dump asks for all of a kind.
static inline void request_dump(int fd, const struct kind *k)
{
	static char buf[256];
	struct nlmsghdr *nlh = begin(buf, k->get, NLM_F_DUMP, k->header);

	*(uint8_t *)NLMSG_DATA(nlh) = k->family; // the first byte of each of these headers
	if (k->table)
		put_u32(nlh, RTA_TABLE, k->table);
	if (k->ext_mask)
		put_u32(nlh, IFLA_EXT_MASK, k->ext_mask);
	if (send(fd, buf, nlh->nlmsg_len, 0) < 0)
		fail("send");
}
