package nexthop

import (
	"strconv"
	"time"

	"github.com/nlkit/nlkit/rtnl"
)

// Bucket is one of the buckets of a resilient group: NHA_RES_BUCKET_… in
// include/uapi/linux/nexthop.h. Linux 5.13. Buckets can be compared with ==.
type Bucket struct {
	// GroupID names the group. (NHA_ID)
	GroupID uint32
	// Index is the bucket's number in its group, from 0. (NHA_RES_BUCKET_INDEX)
	Index int
	// NexthopID names the member that gets the bucket's traffic.
	// (NHA_RES_BUCKET_NH_ID)
	NexthopID uint32
	// IdleTime is how long the bucket has been without traffic, in steps of
	// 10 ms. (NHA_RES_BUCKET_IDLE_TIME)
	IdleTime time.Duration
	// Protocol says who made the group. (nh_protocol)
	Protocol rtnl.Protocol
	// Flags are states of the bucket: [FlagOffload] and [FlagTrap]. (nh_flags)
	Flags Flags
}

// String returns the bucket as in errors and logs, in the words of
// `ip nexthop bucket`: "id 10 index 3 nhid 1".
func (b Bucket) String() string {
	s := "id " + strconv.FormatUint(uint64(b.GroupID), 10) + " index " + strconv.Itoa(b.Index)
	if b.NexthopID != 0 {
		s += " nhid " + strconv.FormatUint(uint64(b.NexthopID), 10)
	}
	return s
}
