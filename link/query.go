package link

import (
	"path"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

// GetOption says what [Get] returns of a link.
type GetOption interface{ applyGet(*query) }

// ListOption says which links [List] and [All] return, and what of them.
type ListOption interface{ applyList(*query) }

// ReadOption is an option of [Get], [List] and [All].
type ReadOption interface {
	GetOption
	ListOption
}

type (
	readOption func(*query)
	listOption func(*query)
)

func (o readOption) applyGet(q *query)  { o(q) }
func (o readOption) applyList(q *query) { o(q) }
func (o listOption) applyList(q *query) { o(q) }

// query is what the options fill in: one predicate, which the kernel is asked for
// where it can filter and which is checked again here, since it does not say
// whether it did.
type query struct {
	reading
	vfs  bool
	nsid *int // the namespace that is read

	kind     string
	master   int
	noMaster bool
	up       bool
	pattern  string

	err error
}

func (q *query) refuse(err error) {
	if q.err == nil {
		q.err = err
	}
}

// WithStats returns the counters too: [Link.Stats]. They are a quarter of what the
// kernel sends.
func WithStats() ReadOption { return readOption(func(q *query) { q.stats = true }) }

// WithInet6Stats returns the counters of IPv6 too: [Inet6.Stats].
func WithInet6Stats() ReadOption { return readOption(func(q *query) { q.inet6Stats = true }) }

// WithSettings returns every setting of IPv4 and IPv6: [Inet.Settings] and
// [Inet6.Settings].
func WithSettings() ReadOption { return readOption(func(q *query) { q.settings = true }) }

// WithVFs returns the virtual functions too: [Link.NumVFs] and [Link.VFs], with their
// counters if [WithStats] is asked for. Drivers may take long to tell. `ip -d link
// show`
func WithVFs() ReadOption { return readOption(func(q *query) { q.vfs = true }) }

// WithTargetNSID reads the links of another network namespace, by the id that it has
// here: see [Link.ParentNSID]. It takes CAP_NET_ADMIN there, or the error is
// [io/fs.ErrPermission]; it is [io/fs.ErrInvalid] if no namespace has this id. `ip
// link show target-nsid ID`
func WithTargetNSID(id int) ReadOption {
	return readOption(func(q *query) {
		if !isNSID(id) {
			q.refuse(attr.Invalid("IFLA_TARGET_NETNSID", "%d is not the id of a network namespace", id))
		}
		q.nsid = &id
	})
}

// MatchKind returns the links of one kind, by the kernel's name: "veth". `ip link
// show type KIND`
func MatchKind(kind string) ListOption {
	return listOption(func(q *query) {
		if !isKindName(kind) {
			q.refuse(attr.Invalid("IFLA_LINKINFO.IFLA_INFO_KIND", "%q is not the name of a kind", kind))
		}
		if q.kind != "" && q.kind != kind {
			q.refuse(attr.Invalid("IFLA_LINKINFO.IFLA_INFO_KIND", "both %q and %q", q.kind, kind))
		}
		q.kind = kind
	})
}

// MatchMaster returns the ports of a bridge, bond, VRF, …, by its index. `ip link
// show master BRIDGE`
func MatchMaster(index int) ListOption {
	return listOption(func(q *query) {
		if err := checkIndex("IFLA_MASTER", index); err != nil {
			q.refuse(err)
		}
		if q.noMaster || q.master != 0 && q.master != index {
			q.refuse(attr.Invalid("IFLA_MASTER", "more than one master is asked for"))
		}
		q.master = index
	})
}

// MatchNoMaster returns the links that are ports of nothing. `ip link show
// nomaster`
func MatchNoMaster() ListOption {
	return listOption(func(q *query) {
		if q.master != 0 {
			q.refuse(attr.Invalid("IFLA_MASTER", "both a master and none are asked for"))
		}
		q.noMaster = true
	})
}

// MatchUp returns the links that the administrator has brought up. `ip link show
// up`
func MatchUp() ListOption { return listOption(func(q *query) { q.up = true }) }

// MatchName returns the links that have a name, or an alternative name, which
// matches the pattern: see [path.Match].
func MatchName(pattern string) ListOption {
	return listOption(func(q *query) {
		if _, err := path.Match(pattern, ""); err != nil || pattern == "" {
			q.refuse(attr.Invalid("IFLA_IFNAME", "%q is not a pattern", pattern))
		}
		if q.pattern != "" && q.pattern != pattern {
			q.refuse(attr.Invalid("IFLA_IFNAME", "two patterns"))
		}
		q.pattern = pattern
	})
}

// mask is IFLA_EXT_MASK.
func (q *query) mask() uint32 {
	var mask uint32
	if !q.stats && !q.inet6Stats {
		mask |= uapi.RTEXT_FILTER_SKIP_STATS
	}
	if q.vfs {
		mask |= uapi.RTEXT_FILTER_VF
	}
	return mask
}

// appendCommon appends what requests for one and for all links have in common.
func (q *query) appendCommon(b []byte) []byte {
	b = attr.AppendUint32(b, uapi.IFLA_EXT_MASK, q.mask())
	if q.nsid != nil {
		b = attr.AppendUint32(b, uapi.IFLA_TARGET_NETNSID, uint32(*q.nsid))
	}
	return b
}

// appendTo appends the request for a dump. That for links without a master is not
// sent: an old kernel would take its -1 for an index, and return nothing.
func (q *query) appendTo(b []byte) ([]byte, error) {
	b = header{}.appendTo(b)
	b = q.appendCommon(b)
	if q.master != 0 {
		b = attr.AppendUint32(b, uapi.IFLA_MASTER, uint32(q.master))
	}
	if q.kind != "" {
		info := linkInfo{kind: &Unknown{Name: q.kind}}
		nest, start := attr.BeginNested(b, uapi.IFLA_LINKINFO)
		nest, err := infoAttrs.Append(nest, &info)
		if err != nil {
			return b, within("IFLA_LINKINFO", err)
		}
		return attr.EndNested(nest, start)
	}
	return b, nil
}

// decode is the [nlkit.Decode] of a dump.
func (q *query) decode(m nlkit.Message, l *Link) (bool, error) {
	if m.Type != uapi.RTM_NEWLINK {
		return false, nil
	}
	if err := l.decodeFor(m.Data, q.reading); err != nil {
		return false, err
	}
	return q.matches(l), nil
}

func (q *query) matches(l *Link) bool {
	switch {
	case q.kind != "" && (l.Kind == nil || l.Kind.Kind() != q.kind):
		return false
	case q.master != 0 && l.Master != q.master:
		return false
	case q.noMaster && l.Master != 0:
		return false
	case q.up && !l.Flags.Has(FlagUp):
		return false
	}
	return q.pattern == "" || q.matchesName(l)
}

func (q *query) matchesName(l *Link) bool {
	if ok, _ := path.Match(q.pattern, l.Name); ok {
		return true
	}
	for _, n := range l.AltNames {
		if ok, _ := path.Match(q.pattern, n); ok {
			return true
		}
	}
	return false
}
