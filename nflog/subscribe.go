package nflog

import (
	"context"
	"errors"
	"iter"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/uapi"
)

const op = "nflog.Subscribe"

// ErrInUse says that another socket receives the group: of another program, or
// another subscription of this one. Close that one, or choose another group for
// the rule and the subscription.
var ErrInUse = errors.New("the group has another receiver: close that, or use another group")

// What the kernel's refusals mean, and what can be done.
var (
	errNoNFLOG     = errors.New("the kernel has no NFLOG: it takes the module nfnetlink_log")
	errNoConntrack = errors.New("the kernel has no conntrack to report: it takes the module nf_conntrack_netlink")
	errNoRight     = errors.New("it takes CAP_NET_ADMIN in the user namespace that owns the network namespace")
)

// Subscription receives the packets of one or more groups until it is closed or its
// context ends. It starts no goroutine: whoever reads it waits for the socket.
// Reading belongs to one goroutine at a time; Close and the counters to any.
type Subscription struct {
	sub    *nlkit.Subscription[Packet]
	groups []counter // by group
	last   int       // the one that the last packet belonged to
	names  intern

	lowGlobal, highGlobal int64         // counted on where the kernel's number begins anew
	globals               atomic.Uint64 // how many numbers of all groups were read
	globalSpan            atomic.Uint64 // how many there are from the lowest to the highest

	lossReports bool
	gap         uint32  // in front of the packet that was decoded last
	held        *Packet // it, while its gap is reported

	closed    atomic.Bool
	malformed atomic.Uint64

	settings sync.Mutex
	cfg      config // what the kernel was told
}

// counter follows the numbers of a group's packets.
type counter struct {
	group    uint16
	next     uint32
	received atomic.Uint64 // not if the group is the only one: counting twice takes time
	lost     atomic.Uint64
}

// Subscribe receives the packets that the firewall's rules log to a group, and to
// those of [WithGroups]. What is logged from when it returns is received. ctx ends
// the subscription, not only this call. It takes CAP_NET_ADMIN in the client's
// network namespace. Rules that log to the group need not be there yet.
//
// Errors: fs.ErrPermission; [ErrInUse], which is EBUSY, for a group that has
// another receiver (the kernel itself says EPERM for both); [errors.ErrUnsupported]
// where the kernel has no NFLOG, or no connections for [WithConntrack];
// fs.ErrInvalid for options out of range; [nlkit.ErrOverrun] if more packets came
// meanwhile than the receive buffer holds; that of ctx.
func Subscribe(ctx context.Context, c *nlkit.Client, group uint16, opts ...Option) (*Subscription, error) {
	cfg := newConfig(group, opts)
	if err := cfg.check(); err != nil {
		return nil, nlkit.Request{Op: op}.Fail(err)
	}
	s := &Subscription{groups: make([]counter, len(cfg.groups)), cfg: cfg, lossReports: cfg.lossReports}
	for i, g := range cfg.groups {
		s.groups[i].group = g
	}
	o, listen := cfg.listen()
	var err error
	if s.sub, err = nlkit.Subscribe(ctx, c, listen, s.decode, o...); err != nil {
		return nil, err
	}
	for _, g := range cfg.groups {
		if err := s.configure(ctx, op, g, &cfg, uapi.NFULNL_CFG_CMD_BIND); err != nil {
			_ = s.Close()
			return nil, err
		}
	}
	return s, nil
}

// Set changes settings of all groups of the subscription while it runs; it may be
// called while another goroutine reads. Packets that the kernel has collected come
// with the settings that they were logged with. What is not given stays as it is.
//
// Errors: fs.ErrInvalid for options out of range, before anything is changed;
// [errors.ErrUnsupported] where the kernel has no connections for [WithConntrack];
// that of ctx; [net.ErrClosed]. An error names the group that it happened at; those
// before it have the new settings, those after it the old ones.
func (s *Subscription) Set(ctx context.Context, opts ...SetOption) error {
	const op = "nflog.Set"
	s.settings.Lock()
	defer s.settings.Unlock()
	cfg := s.cfg
	for _, o := range opts {
		if o != nil {
			o.applySet(&cfg)
		}
	}
	if err := cfg.check(); err != nil {
		return nlkit.Request{Op: op}.Fail(err)
	}
	for _, g := range cfg.groups {
		if err := s.configure(ctx, op, g, &cfg, 0); err != nil {
			return err
		}
	}
	s.cfg = cfg
	return nil
}

// setTries is how often a setting is sent whose acknowledgement was lost among
// packets.
const setTries = 5

// configure tells the kernel how a group's packets are to come; with the command to
// bind, that the subscription's socket receives them. All settings are in one
// message, so that no packet is logged with only some of them.
func (s *Subscription) configure(ctx context.Context, op string, group uint16, cfg *config, command uint8) error {
	req := nlkit.Request{
		Op: op, Protocol: uapi.NETLINK_NETFILTER, Type: configType,
		Header: headerLen, Schema: configAttrs, Describe: describe,
	}
	var err error
	if req.Data, err = configAttrs.Append(header(nil, FamilyUnspec, group), cfg.settings(command)); err != nil {
		return req.Fail(err)
	}
	for range setTries {
		// A socket may bind a group that it has bound, and set what is set.
		if err = s.sub.Do(ctx, req); !errors.Is(err, nlkit.ErrOverrun) {
			break
		}
	}
	return explain(err, cfg, func() error { return s.sub.Do(ctx, probe(op)) })
}

// explain tells apart what the kernel gives one errno for; ask sends a probe.
func explain(err error, cfg *config, ask func() error) error {
	e, ok := errors.AsType[*nlkit.Error](err)
	if !ok {
		return err
	}
	switch e.Errno {
	case syscall.EPERM:
		if errno(ask()) == uapi.ENOTSUPP {
			e.Errno, e.Err = syscall.EBUSY, ErrInUse
		} else {
			e.Err = errNoRight
		}
	case syscall.EBUSY:
		e.Err = ErrInUse
	case syscall.EINVAL:
		if errno(ask()) == syscall.EINVAL {
			e.Errno, e.Err = syscall.EOPNOTSUPP, errNoNFLOG
		}
	case syscall.EOPNOTSUPP:
		if cfg.flags&uapi.NFULNL_CFG_F_CONNTRACK != 0 {
			e.Err, e.Attr = errNoConntrack, "NFULA_CFG_FLAGS"
		}
	}
	return err
}

// Loss is the cause of an error that [WithLossReports] asks for: packets of a group
// were logged and not received. It matches [nlkit.ErrOverrun].
type Loss struct {
	// Group is the group that they belonged to.
	Group uint16
	// Packets is how many are missing in front of the packet that comes next.
	Packets uint32
}

// Error returns how many packets were lost.
func (l *Loss) Error() string {
	if l.Packets == 1 {
		return "1 packet was lost"
	}
	return strconv.FormatUint(uint64(l.Packets), 10) + " packets were lost"
}

// Is reports whether target is [nlkit.ErrOverrun].
func (l *Loss) Is(target error) bool { return target == nlkit.ErrOverrun }

// All yields the packets until the subscription ends:
//
//   - by Close, or the client's: the loop ends without an error, with
//     [net.ErrClosed] if it was the client's
//   - by its context: the last pair has the context's error
//   - by a failure of the socket: the last pair has that error
//
// [nlkit.ErrOverrun] is the only error after which the loop goes on: packets were
// lost. Each packet has memory of its own; [Subscription.ReadInto] allocates none.
func (s *Subscription) All() iter.Seq2[Packet, error] {
	return func(yield func(Packet, error) bool) {
		var p Packet
		for {
			p = Packet{} // the last one's memory is the consumer's
			err := s.ReadInto(&p)
			switch {
			case err == nil:
				if !yield(p, nil) {
					return
				}
			case s.closed.Load() && errors.Is(err, net.ErrClosed):
				return
			case !yield(Packet{}, err) || !errors.Is(err, nlkit.ErrOverrun):
				return
			}
		}
	}
}

// ReadInto waits for the next packet and stores it into p. It uses the memory of p
// again, so that what p held before is gone: slices of it must not be kept. Once p
// has held a packet of the size, nothing is allocated. Its errors are those of
// All, and [net.ErrClosed] after Close; with an error p is undefined.
func (s *Subscription) ReadInto(p *Packet) error {
	if s.held != nil {
		*p, s.held = *s.held, nil
		return nil
	}
	for {
		err := s.sub.ReadInto(p)
		if err != nil && errors.Is(err, nlkit.ErrMalformed) {
			// What is behind the damage in its datagram is lost, and counted
			// so when the next packet comes.
			s.malformed.Add(1)
			continue
		}
		if err == nil && s.lossReports && s.gap > 0 {
			held := p.Clone()
			s.held = &held
			return nlkit.Request{
				Op: op, Describe: func([]byte) string { return describeGroup(p.Group) },
			}.Fail(&Loss{Group: p.Group, Packets: s.gap})
		}
		return err
	}
}

// decode takes a message of the socket.
func (s *Subscription) decode(m nlkit.Message, p *Packet) (bool, error) {
	if m.Type != packetType {
		return false, nil
	}
	if decode(m.Data, p, &s.names) != nil {
		s.malformed.Add(1)
		return false, nil
	}
	s.gap = s.count(p)
	return true, nil
}

// count follows the numbers of the packet's group, which begin at 0 with the
// subscription, and those of all groups. It returns how many of the group are
// missing in front of the packet.
func (s *Subscription) count(p *Packet) uint32 {
	if s.groups[s.last].group != p.Group {
		i := 0
		for i < len(s.groups) && s.groups[i].group != p.Group {
			i++
		}
		if i == len(s.groups) {
			return 0
		}
		s.last = i
	}
	if p.globalSeq.ok {
		s.countGlobal(p.globalSeq.v)
	}
	c := &s.groups[s.last]
	if len(s.groups) > 1 {
		c.received.Add(1)
	}
	if !p.seq.ok {
		return 0
	}
	// A number that went back is a new beginning: nothing is known to be lost.
	gap := max(int32(p.seq.v-c.next), 0)
	if gap > 0 {
		c.lost.Add(uint64(gap))
	}
	c.next = p.seq.v + 1
	return uint32(gap)
}

// countGlobal follows the numbers that all groups share. Those of several groups do
// not come in order, since the kernel collects each group's packets by themselves.
func (s *Subscription) countGlobal(n uint32) {
	if s.globals.Add(1) == 1 {
		s.lowGlobal, s.highGlobal = int64(n), int64(n)
	}
	at := s.highGlobal + int64(int32(n-uint32(s.highGlobal))) // on from 2^32 - 1
	s.lowGlobal, s.highGlobal = min(s.lowGlobal, at), max(s.highGlobal, at)
	s.globalSpan.Store(uint64(s.highGlobal-s.lowGlobal) + 1)
}

// Close ends the subscription. It never waits for the kernel or a packet, may be
// called at any time and more than once, and ends a read that waits. When it returns,
// the groups are free for others.
func (s *Subscription) Close() error {
	if s == nil {
		return nil
	}
	s.closed.Store(true)
	return s.sub.Close()
}

// Stats counts what became of a subscription's packets.
type Stats struct {
	// Received is how many packets were read.
	Received uint64
	// Lost is how many packets were logged and not received, by the gaps in the
	// kernel's numbers (NFULA_SEQ). Those behind the last packet that was read
	// are not in it yet.
	Lost uint64
	// GlobalMissing is how many of the numbers that all groups of the network
	// namespace share are missing between the lowest and the highest that was read,
	// with [WithGlobalSeq]. They are of packets that were lost, that the kernel
	// still holds back, or that other receivers with such numbers had. Zero
	// without that option. (NFULA_SEQ_GLOBAL)
	GlobalMissing uint64
	// Overruns is how often the kernel reported that the receive buffer was
	// full. It says so once for any number of packets.
	Overruns uint64
	// Malformed is how many messages could not be decoded. They are skipped;
	// their packets are in Lost.
	Malformed uint64
}

// Stats returns the counts of all groups together.
func (s *Subscription) Stats() Stats {
	all := Stats{Overruns: s.sub.Overruns(), Malformed: s.malformed.Load()}
	if read, span := s.globals.Load(), s.globalSpan.Load(); span > read {
		all.GlobalMissing = span - read
	}
	for i := range s.groups {
		g := s.stats(i)
		all.Received += g.Received
		all.Lost += g.Lost
	}
	return all
}

// stats returns the counts of the i-th group.
func (s *Subscription) stats(i int) GroupStats {
	c := &s.groups[i]
	g := GroupStats{Received: c.received.Load(), Lost: c.lost.Load()}
	if len(s.groups) == 1 {
		g.Received = s.sub.Received()
	}
	return g
}

// GroupStats counts what became of one group's packets.
type GroupStats struct {
	// Received is how many packets were read.
	Received uint64
	// Lost is how many packets were logged and not received; see [Stats].
	Lost uint64
}

// GroupStats returns the counts of one group; zero for one that is not received.
func (s *Subscription) GroupStats(group uint16) GroupStats {
	for i := range s.groups {
		if s.groups[i].group == group {
			return s.stats(i)
		}
	}
	return GroupStats{}
}
