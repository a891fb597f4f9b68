package neigh

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/rtnl"
)

const (
	tableHeaderLen = 4  // struct ndtmsg
	configLen      = 32 // struct ndt_config
)

// tableAttrs are the attributes behind struct ndtmsg.
var tableAttrs = attr.Table[Table]{
	attr.String(uapi.NDTA_NAME, "NDTA_NAME", func(t *Table) *string { return &t.Name }),
	attr.OptU32(uapi.NDTA_THRESH1, "NDTA_THRESH1", func(t *Table) **uint32 { return &t.Threshold1 }),
	attr.OptU32(uapi.NDTA_THRESH2, "NDTA_THRESH2", func(t *Table) **uint32 { return &t.Threshold2 }),
	attr.OptU32(uapi.NDTA_THRESH3, "NDTA_THRESH3", func(t *Table) **uint32 { return &t.Threshold3 }),
	attr.Custom(uapi.NDTA_CONFIG, "NDTA_CONFIG", nil, func(p []byte, t *Table) error {
		t.Config = new(TableConfig)
		return t.Config.decode(p)
	}).Sample(func(r *rand.Rand, t *Table) { t.Config = &TableConfig{Entries: r.Uint32()} }).ReadOnly(),
	attr.Inline(uapi.NDTA_PARMS, "NDTA_PARMS", parmAttrs, func(t *Table) *Table { return t }),
	attr.Custom(uapi.NDTA_STATS, "NDTA_STATS", nil, func(p []byte, t *Table) error {
		t.Stats = new(TableStats)
		return t.Stats.decode(p)
	}).Sample(func(r *rand.Rand, t *Table) { t.Stats = &TableStats{Allocs: r.Uint64()} }).ReadOnly(),
	attr.OptMillis64(uapi.NDTA_GC_INTERVAL, "NDTA_GC_INTERVAL", func(t *Table) **time.Duration { return &t.GCInterval }),
	attr.Custom[Table](uapi.NDTA_PAD, "NDTA_PAD", nil, nil), // aligns the next attribute
	attr.Rest(func(t *Table) *[]attr.Raw { return &t.Unknown }),
}

// parmAttrs are those inside NDTA_PARMS.
var parmAttrs = attr.Table[Table]{
	attr.U32(uapi.NDTPA_IFINDEX, "NDTPA_IFINDEX", func(t *Table) *int { return &t.Link }).Max(math.MaxInt32),
	attr.U32(uapi.NDTPA_REFCNT, "NDTPA_REFCNT", func(t *Table) *uint32 { return &t.Refs }).ReadOnly(),
	attr.Millis64(uapi.NDTPA_REACHABLE_TIME, "NDTPA_REACHABLE_TIME", func(t *Table) *time.Duration { return &t.ReachableTime }).ReadOnly(),
	attr.OptMillis64(uapi.NDTPA_BASE_REACHABLE_TIME, "NDTPA_BASE_REACHABLE_TIME", func(t *Table) **time.Duration { return &t.BaseReachableTime }),
	attr.OptMillis64(uapi.NDTPA_RETRANS_TIME, "NDTPA_RETRANS_TIME", func(t *Table) **time.Duration { return &t.RetransmitTime }),
	attr.OptMillis64(uapi.NDTPA_GC_STALETIME, "NDTPA_GC_STALETIME", func(t *Table) **time.Duration { return &t.StaleTime }),
	attr.OptMillis64(uapi.NDTPA_DELAY_PROBE_TIME, "NDTPA_DELAY_PROBE_TIME", func(t *Table) **time.Duration { return &t.DelayProbeTime }),
	attr.OptU32(uapi.NDTPA_QUEUE_LEN, "NDTPA_QUEUE_LEN", func(t *Table) **uint32 { return &t.QueueLen }),
	attr.OptU32(uapi.NDTPA_APP_PROBES, "NDTPA_APP_PROBES", func(t *Table) **uint32 { return &t.AppProbes }),
	attr.OptU32(uapi.NDTPA_UCAST_PROBES, "NDTPA_UCAST_PROBES", func(t *Table) **uint32 { return &t.UnicastProbes }),
	attr.OptU32(uapi.NDTPA_MCAST_PROBES, "NDTPA_MCAST_PROBES", func(t *Table) **uint32 { return &t.MulticastProbes }),
	attr.OptMillis64(uapi.NDTPA_ANYCAST_DELAY, "NDTPA_ANYCAST_DELAY", func(t *Table) **time.Duration { return &t.AnycastDelay }),
	attr.OptMillis64(uapi.NDTPA_PROXY_DELAY, "NDTPA_PROXY_DELAY", func(t *Table) **time.Duration { return &t.ProxyDelay }),
	attr.OptU32(uapi.NDTPA_PROXY_QLEN, "NDTPA_PROXY_QLEN", func(t *Table) **uint32 { return &t.ProxyQueueLen }),
	attr.OptMillis64(uapi.NDTPA_LOCKTIME, "NDTPA_LOCKTIME", func(t *Table) **time.Duration { return &t.LockTime }),
	attr.OptU32(uapi.NDTPA_QUEUE_LENBYTES, "NDTPA_QUEUE_LENBYTES", func(t *Table) **uint32 { return &t.QueueBytes }),
	attr.OptU32(uapi.NDTPA_MCAST_REPROBES, "NDTPA_MCAST_REPROBES", func(t *Table) **uint32 { return &t.MulticastReprobes }),
	attr.OptMillis64(uapi.NDTPA_INTERVAL_PROBE_TIME_MS, "NDTPA_INTERVAL_PROBE_TIME_MS", func(t *Table) **time.Duration { return &t.IntervalProbeTime }),
}

// tableName returns the name of a family's table, "" if it has none.
func tableName(family rtnl.Family) string {
	switch family {
	case rtnl.FamilyIPv4:
		return "arp_cache"
	case rtnl.FamilyIPv6:
		return "ndisc_cache"
	}
	return ""
}

// tableHeader appends struct ndtmsg.
func tableHeader(b []byte, family rtnl.Family) []byte { return append(b, byte(family), 0, 0, 0) }

func decodeTable(b []byte, t *Table) error {
	if len(b) < tableHeaderLen {
		return &attr.Error{Err: fmt.Errorf("%w: %d bytes are no struct ndtmsg", attr.ErrMalformed, len(b))}
	}
	t.Family = rtnl.Family(b[0])
	return tableAttrs.Decode(b[tableHeaderLen:], t)
}

func (c *TableConfig) decode(p []byte) error {
	if len(p) < configLen {
		return fmt.Errorf("%w: %d bytes, want %d", attr.ErrMalformed, len(p), configLen)
	}
	order := binary.NativeEndian
	c.KeyLen, c.EntrySize = order.Uint16(p), order.Uint16(p[2:])
	c.Entries = order.Uint32(p[4:])
	c.LastFlush = time.Duration(order.Uint32(p[8:])) * time.Millisecond
	c.LastRand = time.Duration(order.Uint32(p[12:])) * time.Millisecond
	c.HashRandom, c.HashMask = order.Uint32(p[16:]), order.Uint32(p[20:])
	c.HashChainGC, c.ProxyQueueLen = order.Uint32(p[24:]), order.Uint32(p[28:])
	return nil
}

func (s *TableStats) decode(p []byte) error {
	if len(p)%8 != 0 {
		return fmt.Errorf("%w: %d bytes are no counters", attr.ErrMalformed, len(p))
	}
	for i, v := range []*uint64{
		&s.Allocs, &s.Destroys, &s.HashGrows, &s.ResolveFailed, &s.Lookups, &s.Hits,
		&s.MulticastProbes, &s.UnicastProbes, &s.PeriodicGCRuns, &s.ForcedGCRuns, &s.TableFulls,
	} {
		if len(p) < 8*(i+1) {
			break
		}
		*v = binary.NativeEndian.Uint64(p[8*i:])
	}
	return nil
}

// describeTable says what a message is about.
func describeTable(data []byte) string {
	var t Table
	if decodeTable(data, &t) != nil {
		return ""
	}
	return t.String()
}
