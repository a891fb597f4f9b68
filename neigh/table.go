package neigh

import (
	"strconv"
	"time"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/rtnl"
)

// Table is a table of neighbours, or how neighbours are treated on one link. The
// kernel has a table for each family. Fields that are nil are not set, or were not
// reported; times are kept in the kernel's ticks, of 1 to 10 ms.
type Table struct {
	// Family is rtnl.FamilyIPv4 or rtnl.FamilyIPv6. (ndtm_family)
	Family rtnl.Family
	// Name is "arp_cache" or "ndisc_cache". Zero is that of Family. (NDTA_NAME)
	Name string
	// Link is the index of the link that the settings below it are for. Zero is
	// the table itself with the settings that new links get; the kernel changes
	// those only from the initial network namespace. (NDTPA_IFINDEX)
	Link int

	// Threshold1 is the number of entries below which none is removed, 128 by
	// default. This and the next three are of the whole system, and the kernel
	// changes them only from the initial network namespace. (NDTA_THRESH1)
	Threshold1 *uint32
	// Threshold2 is the number above which entries go after 5 seconds, 512 by
	// default. (NDTA_THRESH2)
	Threshold2 *uint32
	// Threshold3 is the largest number of entries, 1024 by default.
	// (NDTA_THRESH3)
	Threshold3 *uint32
	// GCInterval is how often entries without a use are looked for, 30 s by
	// default. (NDTA_GC_INTERVAL)
	GCInterval *time.Duration
	// Config is the inside of the table, nil for a link. Read only. (NDTA_CONFIG)
	Config *TableConfig
	// Stats are the counters of the table, nil for a link. Read only.
	// (NDTA_STATS)
	Stats *TableStats

	// Refs is how many users in the kernel hold the settings. Read only.
	// (NDTPA_REFCNT)
	Refs uint32
	// ReachableTime is how long a neighbour stays reachable now, which is random
	// around BaseReachableTime. Read only. (NDTPA_REACHABLE_TIME)
	ReachableTime time.Duration
	// BaseReachableTime is the mean of how long a confirmed neighbour stays
	// reachable, 30 s by default. `base_reachable` (NDTPA_BASE_REACHABLE_TIME)
	BaseReachableTime *time.Duration
	// RetransmitTime is the pause between questions, 1 s by default. `retrans`
	// (NDTPA_RETRANS_TIME)
	RetransmitTime *time.Duration
	// StaleTime is how long an entry without a use is kept, 60 s by default.
	// `gc_stale` (NDTPA_GC_STALETIME)
	StaleTime *time.Duration
	// DelayProbeTime is how long a stale entry in use waits to be asked for, 5 s
	// by default. `delay_probe` (NDTPA_DELAY_PROBE_TIME)
	DelayProbeTime *time.Duration
	// QueueLen is how many packets wait for an answer, about, as the kernel counts
	// bytes. If QueueBytes is set too, that holds. `queue` (NDTPA_QUEUE_LEN)
	QueueLen *uint32
	// AppProbes is how often a program is asked before the network is, 0 by
	// default; see [SubscribeMisses]. `app_probes` (NDTPA_APP_PROBES)
	AppProbes *uint32
	// UnicastProbes is how often a neighbour is asked itself, 3 by default.
	// `ucast_probes` (NDTPA_UCAST_PROBES)
	UnicastProbes *uint32
	// MulticastProbes is how often all are asked, 3 by default. `mcast_probes`
	// (NDTPA_MCAST_PROBES)
	MulticastProbes *uint32
	// AnycastDelay is the longest that an answer for an anycast address waits, 1 s
	// by default. `anycast_delay` (NDTPA_ANYCAST_DELAY)
	AnycastDelay *time.Duration
	// ProxyDelay is the longest that an answer for a proxy waits, 0.8 s by
	// default. `proxy_delay` (NDTPA_PROXY_DELAY)
	ProxyDelay *time.Duration
	// ProxyQueueLen is how many such answers wait, 64 by default. `proxy_queue`
	// (NDTPA_PROXY_QLEN)
	ProxyQueueLen *uint32
	// LockTime is how long an entry is not overwritten again, 1 s for ARP by
	// default. `locktime` (NDTPA_LOCKTIME)
	LockTime *time.Duration
	// QueueBytes is how many bytes of packets wait for an answer, 212992 by
	// default. (NDTPA_QUEUE_LENBYTES)
	QueueBytes *uint32
	// MulticastReprobes is how often all are asked again after the neighbour did
	// not answer, 0 by default. (NDTPA_MCAST_REPROBES)
	MulticastReprobes *uint32
	// IntervalProbeTime is how often neighbours with FlagManaged are asked for,
	// 5 s by default, not below 1 ms. Linux 6.0; older kernels ignore it.
	// (NDTPA_INTERVAL_PROBE_TIME_MS)
	IntervalProbeTime *time.Duration

	// Unknown are attributes that this package does not know. They are not sent.
	Unknown []attr.Raw
}

// String returns the table as in errors and logs: "arp_cache", "ndisc_cache dev 2".
// The number is the link's index.
func (t Table) String() string {
	s := t.Name
	if s == "" {
		s = tableName(t.Family)
	}
	if t.Link != 0 {
		s += " dev " + strconv.Itoa(t.Link)
	}
	return s
}

// TableConfig is the inside of a neighbour table: struct ndt_config in
// include/uapi/linux/neighbour.h.
type TableConfig struct {
	// KeyLen is the length of an address in bytes. (ndtc_key_len)
	KeyLen uint16
	// EntrySize is the size of an entry in the kernel's memory, in bytes.
	// (ndtc_entry_size)
	EntrySize uint16
	// Entries is the number of entries, in all network namespaces. (ndtc_entries)
	Entries uint32
	// LastFlush is the time since entries were last removed because there were
	// too many. (ndtc_last_flush)
	LastFlush time.Duration
	// LastRand is the time since the random times were last drawn.
	// (ndtc_last_rand)
	LastRand time.Duration
	// HashRandom is what addresses are hashed with; the kernel shows it to
	// everyone. (ndtc_hash_rnd)
	HashRandom uint32
	// HashMask is the size of the hash table less one. (ndtc_hash_mask)
	HashMask uint32
	// HashChainGC is without a use. (ndtc_hash_chain_gc)
	HashChainGC uint32
	// ProxyQueueLen is how many answers for proxies wait now.
	// (ndtc_proxy_qlen)
	ProxyQueueLen uint32
}

// TableStats are the counters of a neighbour table since the system started, in
// all network namespaces: struct ndt_stats in include/uapi/linux/neighbour.h.
type TableStats struct {
	// Allocs counts entries made. (ndts_allocs)
	Allocs uint64
	// Destroys counts entries removed. (ndts_destroys)
	Destroys uint64
	// HashGrows counts how often the hash table grew. (ndts_hash_grows)
	HashGrows uint64
	// ResolveFailed counts neighbours that did not answer. (ndts_res_failed)
	ResolveFailed uint64
	// Lookups counts look-ups. (ndts_lookups)
	Lookups uint64
	// Hits counts look-ups that found an entry. (ndts_hits)
	Hits uint64
	// MulticastProbes counts questions received that were for all.
	// (ndts_rcv_probes_mcast)
	MulticastProbes uint64
	// UnicastProbes counts questions received that were for this host.
	// (ndts_rcv_probes_ucast)
	UnicastProbes uint64
	// PeriodicGCRuns counts how often entries without a use were looked for.
	// (ndts_periodic_gc_runs)
	PeriodicGCRuns uint64
	// ForcedGCRuns counts how often that was done because there were too many.
	// (ndts_forced_gc_runs)
	ForcedGCRuns uint64
	// TableFulls counts entries that could not be made for lack of room.
	// (ndts_table_fulls)
	TableFulls uint64
}
