package addr

import (
	"math"
	"net/netip"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/rtnl"
)

// ListOption chooses which addresses [List] and [All] return and [Flush] removes. An
// address must match all of them. The kernel filters by link and family, where it checks
// requests strictly (Linux 4.20); what it returns is always checked again.
type ListOption interface{ applyList(*filter) }

type listOption func(*filter)

func (o listOption) applyList(f *filter) { o(f) }

// LinkOption is an option for addresses and for memberships.
type LinkOption interface {
	ListOption
	MembershipOption
}

type linkOption func(*filter)

func (o linkOption) applyList(f *filter)       { o(f) }
func (o linkOption) applyMembership(f *filter) { o(f) }

// filter is what the options of a list fill in.
type filter struct {
	link    int
	hasLink bool
	family  rtnl.Family

	scope    rtnl.Scope
	hasScope bool
	prefix   netip.Prefix
	within   netip.Prefix
	label    string
	flags    Flags
	noFlags  Flags
	protocol Protocol
	hasProto bool
	nsid     int32
	hasNSID  bool

	err error // the first option that makes no sense
}

func (f *filter) refuse(format string, args ...any) {
	if f.err == nil {
		f.err = attr.Refuse(format, args...)
	}
}

// MatchLink chooses the addresses, or the memberships, of the link with this index.
// No link of that index has none, which is not an error. `ip address show dev …`
func MatchLink(index int) LinkOption {
	return linkOption(func(f *filter) { f.link, f.hasLink = index, true })
}

// MatchFamily chooses the addresses of one family: rtnl.FamilyIPv4 or
// rtnl.FamilyIPv6. `ip -family … address show`
func MatchFamily(family rtnl.Family) ListOption {
	return listOption(func(f *filter) { f.family = family })
}

// MatchScope chooses the addresses of one scope. `ip address show scope …`
func MatchScope(scope rtnl.Scope) ListOption {
	return listOption(func(f *filter) { f.scope, f.hasScope = scope, true })
}

// MatchPrefix chooses the addresses whose [Address].Prefix is p: the same address
// with the same length.
func MatchPrefix(p netip.Prefix) ListOption {
	return listOption(func(f *filter) {
		if f.prefix = p; !p.IsValid() {
			f.refuse("MatchPrefix of an invalid prefix")
		}
	})
}

// MatchWithin chooses the addresses that lie within the network p.
// `ip address show to …`
func MatchWithin(p netip.Prefix) ListOption {
	return listOption(func(f *filter) {
		if f.within = p; !p.IsValid() {
			f.refuse("MatchWithin an invalid prefix")
		}
	})
}

// MatchLabel chooses the IPv4 addresses with this label. `ip address show label …`
func MatchLabel(label string) ListOption {
	return listOption(func(f *filter) { f.label = label })
}

// MatchFlags chooses the addresses that have all these flags: FlagPermanent,
// FlagTentative, …. `ip address show permanent`
func MatchFlags(flags Flags) ListOption {
	return listOption(func(f *filter) { f.flags |= flags })
}

// MatchNoFlags chooses the addresses that have none of these flags.
// `ip address show -tentative`
func MatchNoFlags(flags Flags) ListOption {
	return listOption(func(f *filter) { f.noFlags |= flags })
}

// MatchProtocol chooses the addresses that this protocol made: a program that gives its
// own number to [Address].Protocol finds again, or flushes, what it has made before it
// was started anew. Kernels before Linux 5.18 keep no protocol: all is ProtocolUnspec.
// `ip address show proto …`
func MatchProtocol(p Protocol) ListOption {
	return listOption(func(f *filter) { f.protocol, f.hasProto = p, true })
}

// WithTargetNSID lists the addresses of another network namespace, by the id that
// it has in the client's (IFA_TARGET_NETNSID, Linux 4.20). It takes CAP_NET_ADMIN
// there. List then returns an error that is errors.ErrUnsupported where the
// kernel is older or the client has strict checking switched off, and
// fs.ErrInvalid for an id that is not there.
func WithTargetNSID(id int) ListOption {
	return listOption(func(f *filter) {
		if f.nsid, f.hasNSID = int32(id), true; id < 0 || id > math.MaxInt32 {
			f.refuse("WithTargetNSID(%d), which is no id of a network namespace", id)
		}
	})
}

// WriteOption changes how [Add] and [Replace] work.
type WriteOption interface{ applyWrite(*writeConfig) }

type writeOption func(*writeConfig)

func (o writeOption) applyWrite(c *writeConfig) { o(c) }

type writeConfig struct{ into *Address }

// Into stores the address as the kernel made it, with its flags, label and
// stamps, into a: with a batch when the batch is sent. IPv4 addresses come with
// the kernel's answer, IPv6 ones by one more look-up.
func Into(a *Address) WriteOption {
	return writeOption(func(c *writeConfig) { c.into = a })
}
