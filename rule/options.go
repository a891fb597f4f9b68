package rule

import (
	"net/netip"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/rtnl"
)

// ListOption chooses which rules [List] and [All] return and [Flush] deletes. A
// rule must match all of them; of several of one kind the last holds. The kernel filters
// by family and nothing else; the rest is done on what it returns.
type ListOption interface{ applyList(*filter) }

type listOption func(*filter)

func (o listOption) applyList(f *filter) { o(f) }

// filter is what the options of a list fill in. A pointer that is nil does not
// choose.
type filter struct {
	family   rtnl.Family
	table    *rtnl.Table
	priority *uint32
	protocol *rtnl.Protocol
	action   *Action
	mark     *uint32
	iif, oif *string
	from, to *netip.Prefix

	err error // the first option that makes no sense
}

func (f *filter) checkPrefix(option string, p netip.Prefix) {
	if f.err == nil && !p.IsValid() {
		f.err = attr.Refuse("%s with an invalid prefix", option)
	}
}

// MatchFamily chooses the rules of one family: rtnl.FamilyIPv4 or
// rtnl.FamilyIPv6. Rules for multicast routing, rtnl.FamilyIPMR and rtnl.FamilyIP6MR,
// are listed only with this option. `ip -family … rule show`, `ip mrule show`
func MatchFamily(family rtnl.Family) ListOption {
	return listOption(func(f *filter) { f.family = family })
}

// MatchTable chooses the rules that look into this table. rtnl.TableUnspec
// chooses those without a table. `ip rule show lookup …`
func MatchTable(t rtnl.Table) ListOption {
	return listOption(func(f *filter) { f.table = &t })
}

// MatchPriority chooses the rules with this priority, also 0.
// `ip rule show priority …`
func MatchPriority(p uint32) ListOption {
	return listOption(func(f *filter) { f.priority = &p })
}

// MatchProtocol chooses the rules of one maker. `ip rule show protocol …`
func MatchProtocol(p rtnl.Protocol) ListOption {
	return listOption(func(f *filter) { f.protocol = &p })
}

// MatchAction chooses the rules with this action.
func MatchAction(a Action) ListOption {
	return listOption(func(f *filter) { f.action = &a })
}

// MatchMark chooses the rules with this [Rule].Mark, whatever their mask; zero
// chooses those without one. `ip rule show fwmark …`
func MatchMark(mark uint32) ListOption {
	return listOption(func(f *filter) { f.mark = &mark })
}

// MatchIIF chooses the rules with this [Rule].IIF; "" chooses those without one.
// `ip rule show iif …`
func MatchIIF(name string) ListOption {
	return listOption(func(f *filter) { f.iif = &name })
}

// MatchOIF chooses the rules with this [Rule].OIF; "" chooses those without one.
// `ip rule show oif …`
func MatchOIF(name string) ListOption {
	return listOption(func(f *filter) { f.oif = &name })
}

// MatchFrom chooses the rules from exactly this network; 0.0.0.0/0 and ::/0 choose
// those of the family from all. `ip rule show from …`
func MatchFrom(p netip.Prefix) ListOption {
	return listOption(func(f *filter) {
		f.from = &p
		f.checkPrefix("MatchFrom", p)
	})
}

// MatchTo chooses the rules to exactly this network; 0.0.0.0/0 and ::/0 choose
// those of the family to all. `ip rule show to …`
func MatchTo(p netip.Prefix) ListOption {
	return listOption(func(f *filter) {
		f.to = &p
		f.checkPrefix("MatchTo", p)
	})
}

// WriteOption changes how [Add] and [Replace] work.
type WriteOption interface{ applyWrite(*writeConfig) }

type writeOption func(*writeConfig)

func (o writeOption) applyWrite(c *writeConfig) { o(c) }

type writeConfig struct{ into *Rule }

// Into stores the rule as the kernel made it, with the priority that it chose and
// without the selectors that it does not know, into r: with a batch when the batch
// is sent. The kernel sends it with its answer (NLM_F_ECHO).
func Into(r *Rule) WriteOption {
	return writeOption(func(c *writeConfig) { c.into = r })
}
