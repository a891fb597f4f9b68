// Package rule lists, changes and watches routing policy rules, which say by which
// routing table a packet is routed: what `ip rule` does.
//
//	err := rule.Add(ctx, c, rule.Rule{
//		From:     netip.MustParsePrefix("10.0.0.0/8"),
//		Table:    100,
//		Priority: new(uint32(1000)),
//	})
//	rules, err := rule.List(ctx, c, rule.MatchTable(100))
//
// The kernel goes through the rules of a family by ascending priority. The first
// that matches the packet and whose action comes to a result decides. A rule has
// no name or number of its own: it is what it says, and several may have the same
// priority.
//
// A [Rule] is a plain struct whose zero fields are not set; [Add] takes what
// [List] returned. Reading takes no privilege, writing takes CAP_NET_ADMIN. The
// kernel has rules where it was built with CONFIG_IP_MULTIPLE_TABLES (IPv4) and
// CONFIG_IPV6_MULTIPLE_TABLES.
//
// [Watch] follows rules as they come and go, and the states that the kernel does not tell.
//
// # Newer selectors
//
// A kernel that does not know a selector ignores it: the rule is made without that
// condition and so matches more packets. The comments of the fields name the
// kernel that brought each, where it is newer than 5.4; [Into] gives what the
// kernel took.
//
// The messages are RTM_NEWRULE, RTM_DELRULE and RTM_GETRULE with struct
// fib_rule_hdr and the attributes FRA_* of include/uapi/linux/fib_rules.h.
package rule
