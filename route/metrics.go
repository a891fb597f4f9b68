package route

import (
	"time"

	"github.com/nlkit/nlkit/internal/enum"
	"github.com/nlkit/nlkit/internal/uapi"
)

// Metrics are parameters for connections that use a route: RTAX_… in
// include/uapi/linux/rtnetlink.h. Zero fields are not set: the kernel uses its own.
type Metrics struct {
	// Lock names metrics that the kernel must not change by itself: with the MTU
	// locked there is no path MTU discovery. `mtu lock 1400` An RTOMin is always
	// sent locked, as by `ip`: else the kernel does not heed it. (RTAX_LOCK)
	Lock MetricSet
	// MTU is the largest packet, in bytes. (RTAX_MTU)
	MTU uint32
	// Window is the largest TCP window that is advertised, in bytes. (RTAX_WINDOW)
	Window uint32
	// RTT is the initial estimate of the round-trip time, in steps of 1/8 ms,
	// rounded up. (RTAX_RTT)
	RTT time.Duration
	// RTTVar is the initial estimate of the round-trip time's variance, in steps
	// of 1/4 ms, rounded up. (RTAX_RTTVAR)
	RTTVar time.Duration
	// SSThresh is the initial slow start threshold, in packets. (RTAX_SSTHRESH)
	SSThresh uint32
	// CWND is the largest congestion window, in packets; the kernel heeds it only
	// if it is locked. (RTAX_CWND)
	CWND uint32
	// AdvMSS is the TCP maximum segment size that is advertised, in bytes.
	// (RTAX_ADVMSS)
	AdvMSS uint32
	// Reordering is how far TCP packets may overtake each other before one counts
	// as lost. (RTAX_REORDERING)
	Reordering uint32
	// HopLimit is the TTL or hop limit of packets, at most 255. (RTAX_HOPLIMIT)
	HopLimit uint32
	// InitCWND is the initial congestion window, in packets. (RTAX_INITCWND)
	InitCWND uint32
	// Features are things to do on connections. (RTAX_FEATURES)
	Features Features
	// RTOMin is the least retransmission time-out, in whole milliseconds, rounded
	// up. (RTAX_RTO_MIN)
	RTOMin time.Duration
	// InitRWND is the initial receive window, in packets. (RTAX_INITRWND)
	InitRWND uint32
	// QuickACK switches delayed acknowledgements off. (RTAX_QUICKACK)
	QuickACK bool
	// CCAlgo is the TCP congestion control algorithm: "bbr". (RTAX_CC_ALGO)
	CCAlgo string
	// FastOpenNoCookie allows TCP fast open without a cookie. Linux 4.15.
	// (RTAX_FASTOPEN_NO_COOKIE)
	FastOpenNoCookie bool
}

// MetricSet is a set of metrics, for [Metrics].Lock: bit n stands for the RTAX_…
// of number n.
type MetricSet uint32

// Metrics that can be locked.
const (
	MetricMTU              MetricSet = 1 << uapi.RTAX_MTU                // RTAX_MTU, "mtu"
	MetricWindow           MetricSet = 1 << uapi.RTAX_WINDOW             // RTAX_WINDOW, "window"
	MetricRTT              MetricSet = 1 << uapi.RTAX_RTT                // RTAX_RTT, "rtt"
	MetricRTTVar           MetricSet = 1 << uapi.RTAX_RTTVAR             // RTAX_RTTVAR, "rttvar"
	MetricSSThresh         MetricSet = 1 << uapi.RTAX_SSTHRESH           // RTAX_SSTHRESH, "ssthresh"
	MetricCWND             MetricSet = 1 << uapi.RTAX_CWND               // RTAX_CWND, "cwnd"
	MetricAdvMSS           MetricSet = 1 << uapi.RTAX_ADVMSS             // RTAX_ADVMSS, "advmss"
	MetricReordering       MetricSet = 1 << uapi.RTAX_REORDERING         // RTAX_REORDERING, "reordering"
	MetricHopLimit         MetricSet = 1 << uapi.RTAX_HOPLIMIT           // RTAX_HOPLIMIT, "hoplimit"
	MetricInitCWND         MetricSet = 1 << uapi.RTAX_INITCWND           // RTAX_INITCWND, "initcwnd"
	MetricFeatures         MetricSet = 1 << uapi.RTAX_FEATURES           // RTAX_FEATURES, "features"
	MetricRTOMin           MetricSet = 1 << uapi.RTAX_RTO_MIN            // RTAX_RTO_MIN, "rto_min"
	MetricInitRWND         MetricSet = 1 << uapi.RTAX_INITRWND           // RTAX_INITRWND, "initrwnd"
	MetricQuickACK         MetricSet = 1 << uapi.RTAX_QUICKACK           // RTAX_QUICKACK, "quickack"
	MetricCCAlgo           MetricSet = 1 << uapi.RTAX_CC_ALGO            // RTAX_CC_ALGO, "congctl"
	MetricFastOpenNoCookie MetricSet = 1 << uapi.RTAX_FASTOPEN_NO_COOKIE // RTAX_FASTOPEN_NO_COOKIE, "fastopen_no_cookie"
)

var metricSets = enum.Flags[MetricSet]{Type: "MetricSet", Words: []enum.Word[MetricSet]{
	{Value: MetricMTU, Name: "mtu"},
	{Value: MetricWindow, Name: "window"},
	{Value: MetricRTT, Name: "rtt"},
	{Value: MetricRTTVar, Name: "rttvar"},
	{Value: MetricSSThresh, Name: "ssthresh"},
	{Value: MetricCWND, Name: "cwnd"},
	{Value: MetricAdvMSS, Name: "advmss"},
	{Value: MetricReordering, Name: "reordering"},
	{Value: MetricHopLimit, Name: "hoplimit"},
	{Value: MetricInitCWND, Name: "initcwnd"},
	{Value: MetricFeatures, Name: "features"},
	{Value: MetricRTOMin, Name: "rto_min"},
	{Value: MetricInitRWND, Name: "initrwnd"},
	{Value: MetricQuickACK, Name: "quickack"},
	{Value: MetricCCAlgo, Name: "congctl"},
	{Value: MetricFastOpenNoCookie, Name: "fastopen_no_cookie"},
}}

// Has reports whether all metrics of n are in the set.
func (m MetricSet) Has(n MetricSet) bool { return m&n == n }

// String returns iproute2's words with "|" between them, unknown bits as a number.
func (m MetricSet) String() string { return metricSets.String(m) }

// MarshalText returns the same as String.
func (m MetricSet) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText parses words and numbers with "|" between them.
func (m *MetricSet) UnmarshalText(text []byte) error { return metricSets.Parse(text, m) }

// Features are things to do on connections of a route: RTAX_FEATURE_… in
// include/uapi/linux/rtnetlink.h.
type Features uint32

// Features of a route. The kernel has no use for the others that its header names.
const (
	FeatureECN       Features = uapi.RTAX_FEATURE_ECN         // RTAX_FEATURE_ECN, "ecn": explicit congestion notification
	FeatureTCPUsecTS Features = uapi.RTAX_FEATURE_TCP_USEC_TS // RTAX_FEATURE_TCP_USEC_TS, "tcp_usec_ts": TCP timestamps in microseconds, Linux 6.7
)

var features = enum.Flags[Features]{Type: "Features", Words: []enum.Word[Features]{
	{Value: FeatureECN, Name: "ecn"},
	{Value: FeatureTCPUsecTS, Name: "tcp_usec_ts"},
}}

// Has reports whether all features of g are set.
func (f Features) Has(g Features) bool { return f&g == g }

// String returns iproute2's words with "|" between them, unknown bits as a number.
func (f Features) String() string { return features.String(f) }

// MarshalText returns the same as String.
func (f Features) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText parses words and numbers with "|" between them.
func (f *Features) UnmarshalText(text []byte) error { return features.Parse(text, f) }
