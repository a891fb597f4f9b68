package link

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/nstest"
)

// A setting is a file of /proc/sys/net/ipv4/conf/LINK or …/ipv6/…, and the field that
// holds the same.
type setting[T any] struct {
	field func(*T) any
	unit  time.Duration // of the file, for a Duration
	other int64         // a value that it can be given
}

const readOnly = -1 << 62 // in place of another value

var inetSettings = map[string]setting[Inet]{
	"forwarding":                         {field: func(i *Inet) any { return i.Forwarding }},
	"mc_forwarding":                      {field: func(i *Inet) any { return i.MulticastForwarding }, other: readOnly},
	"bc_forwarding":                      {field: func(i *Inet) any { return i.Settings.BroadcastForwarding }},
	"proxy_arp":                          {field: func(i *Inet) any { return i.ProxyARP }},
	"proxy_arp_pvlan":                    {field: func(i *Inet) any { return i.ProxyARPPVLAN }},
	"accept_redirects":                   {field: func(i *Inet) any { return i.AcceptRedirects }},
	"secure_redirects":                   {field: func(i *Inet) any { return i.SecureRedirects }},
	"shared_media":                       {field: func(i *Inet) any { return i.Settings.SharedMedia }},
	"send_redirects":                     {field: func(i *Inet) any { return i.SendRedirects }},
	"accept_source_route":                {field: func(i *Inet) any { return i.AcceptSourceRoute }},
	"accept_local":                       {field: func(i *Inet) any { return i.AcceptLocal }},
	"route_localnet":                     {field: func(i *Inet) any { return i.RouteLocalnet }},
	"bootp_relay":                        {field: func(i *Inet) any { return i.Settings.BootpRelay }},
	"log_martians":                       {field: func(i *Inet) any { return i.LogMartians }},
	"promote_secondaries":                {field: func(i *Inet) any { return i.PromoteSecondaries }},
	"src_valid_mark":                     {field: func(i *Inet) any { return i.Settings.SourceValidMark }},
	"disable_xfrm":                       {field: func(i *Inet) any { return i.Settings.NoXFRM }},
	"disable_policy":                     {field: func(i *Inet) any { return i.Settings.NoPolicy }},
	"ignore_routes_with_linkdown":        {field: func(i *Inet) any { return i.Settings.IgnoreLinkDown }},
	"drop_unicast_in_l2_multicast":       {field: func(i *Inet) any { return i.Settings.DropUnicastInL2 }},
	"drop_gratuitous_arp":                {field: func(i *Inet) any { return i.Settings.DropGratuitousARP }},
	"arp_filter":                         {field: func(i *Inet) any { return i.ARPFilter }},
	"arp_notify":                         {field: func(i *Inet) any { return i.ARPNotify }},
	"arp_evict_nocarrier":                {field: func(i *Inet) any { return i.Settings.ARPEvictNoCarrier }},
	"rp_filter":                          {field: func(i *Inet) any { return i.RPFilter }, other: 2},
	"arp_announce":                       {field: func(i *Inet) any { return i.ARPAnnounce }, other: 2},
	"arp_ignore":                         {field: func(i *Inet) any { return i.ARPIgnore }, other: 8},
	"arp_accept":                         {field: func(i *Inet) any { return i.ARPAccept }, other: 2},
	"medium_id":                          {field: func(i *Inet) any { return i.Settings.MediumID }, other: -1},
	"force_igmp_version":                 {field: func(i *Inet) any { return i.Settings.ForceIGMPVersion }, other: 2},
	"tag":                                {field: func(i *Inet) any { return i.Settings.Tag }, other: 77},
	"igmpv2_unsolicited_report_interval": {field: func(i *Inet) any { return i.Settings.IGMPv2ReportInterval }, unit: time.Millisecond, other: 1234},
	"igmpv3_unsolicited_report_interval": {field: func(i *Inet) any { return i.Settings.IGMPv3ReportInterval }, unit: time.Millisecond, other: 2345},
}

var inet6Settings = map[string]setting[Inet6]{
	"forwarding":                        {field: func(i *Inet6) any { return i.Forwarding }},
	"force_forwarding":                  {field: func(i *Inet6) any { return i.Settings.ForceForwarding }},
	"mc_forwarding":                     {field: func(i *Inet6) any { return i.MulticastForwarding }, other: readOnly},
	"accept_redirects":                  {field: func(i *Inet6) any { return i.AcceptRedirects }},
	"autoconf":                          {field: func(i *Inet6) any { return i.Autoconf }},
	"optimistic_dad":                    {field: func(i *Inet6) any { return i.OptimisticDAD }},
	"use_optimistic":                    {field: func(i *Inet6) any { return i.Settings.UseOptimistic }},
	"enhanced_dad":                      {field: func(i *Inet6) any { return i.Settings.EnhancedDAD }},
	"proxy_ndp":                         {field: func(i *Inet6) any { return i.ProxyNDP }},
	"ndisc_notify":                      {field: func(i *Inet6) any { return i.Settings.NDISCNotify }},
	"ndisc_evict_nocarrier":             {field: func(i *Inet6) any { return i.Settings.NDISCEvictNoCarrier }},
	"suppress_frag_ndisc":               {field: func(i *Inet6) any { return i.Settings.SuppressFragNDISC }},
	"force_tllao":                       {field: func(i *Inet6) any { return i.Settings.ForceTLLAO }},
	"drop_unsolicited_na":               {field: func(i *Inet6) any { return i.Settings.DropUnsolicitedNA }},
	"drop_unicast_in_l2_multicast":      {field: func(i *Inet6) any { return i.Settings.DropUnicastInL2 }},
	"ignore_routes_with_linkdown":       {field: func(i *Inet6) any { return i.Settings.IgnoreLinkDown }},
	"use_oif_addrs_only":                {field: func(i *Inet6) any { return i.Settings.UseOwnAddrsOnly }},
	"disable_ipv6":                      {field: func(i *Inet6) any { return i.Disabled }},
	"disable_policy":                    {field: func(i *Inet6) any { return i.Settings.NoPolicy }},
	"accept_ra_defrtr":                  {field: func(i *Inet6) any { return i.Settings.AcceptRADefaultRtr }},
	"accept_ra_pinfo":                   {field: func(i *Inet6) any { return i.Settings.AcceptRAPrefixes }},
	"accept_ra_rtr_pref":                {field: func(i *Inet6) any { return i.Settings.AcceptRARtrPref }},
	"accept_ra_mtu":                     {field: func(i *Inet6) any { return i.Settings.AcceptRAMTU }},
	"accept_ra_from_local":              {field: func(i *Inet6) any { return i.Settings.AcceptRAFromLocal }},
	"seg6_enabled":                      {field: func(i *Inet6) any { return i.Settings.Seg6 }},
	"rpl_seg_enabled":                   {field: func(i *Inet6) any { return i.Settings.RPL }},
	"ioam6_enabled":                     {field: func(i *Inet6) any { return i.Settings.IOAM6 }},
	"hop_limit":                         {field: func(i *Inet6) any { return i.HopLimit }, other: 77},
	"mtu":                               {field: func(i *Inet6) any { return i.MTU }, other: 1300},
	"accept_ra":                         {field: func(i *Inet6) any { return i.AcceptRA }, other: 2},
	"accept_ra_min_hop_limit":           {field: func(i *Inet6) any { return i.Settings.AcceptRAMinHopLimit }, other: 9},
	"accept_ra_rt_info_min_plen":        {field: func(i *Inet6) any { return i.Settings.AcceptRAMinPrefix }, other: 17},
	"accept_ra_rt_info_max_plen":        {field: func(i *Inet6) any { return i.Settings.AcceptRAMaxPrefix }, other: 65},
	"accept_ra_min_lft":                 {field: func(i *Inet6) any { return i.Settings.AcceptRAMinLifetime }, unit: time.Second, other: 30},
	"accept_dad":                        {field: func(i *Inet6) any { return i.AcceptDAD }, other: 2},
	"dad_transmits":                     {field: func(i *Inet6) any { return i.DADTransmits }, other: 5},
	"accept_source_route":               {field: func(i *Inet6) any { return i.Settings.AcceptSourceRoute }, other: -1},
	"accept_untracked_na":               {field: func(i *Inet6) any { return i.Settings.AcceptUntrackedNA }, other: 1},
	"router_solicitations":              {field: func(i *Inet6) any { return i.RouterSolicitations }, other: 4},
	"router_solicitation_delay":         {field: func(i *Inet6) any { return i.Settings.RouterSolicitationDelay }, unit: time.Second, other: 3},
	"router_solicitation_interval":      {field: func(i *Inet6) any { return i.Settings.RouterSolicitationInterval }, unit: time.Second, other: 6},
	"router_solicitation_max_interval":  {field: func(i *Inet6) any { return i.Settings.RouterSolicitationMaxInterval }, unit: time.Second, other: 50},
	"router_probe_interval":             {field: func(i *Inet6) any { return i.Settings.RouterProbeInterval }, unit: time.Second, other: 61},
	"ra_defrtr_metric":                  {field: func(i *Inet6) any { return i.Settings.DefaultRouterMetric }, other: 1025},
	"use_tempaddr":                      {field: func(i *Inet6) any { return i.UseTempAddr }, other: 2},
	"temp_valid_lft":                    {field: func(i *Inet6) any { return i.Settings.TempValidLifetime }, unit: time.Second, other: 86401},
	"temp_prefered_lft":                 {field: func(i *Inet6) any { return i.Settings.TempPreferredLifetime }, unit: time.Second, other: 7201},
	"regen_max_retry":                   {field: func(i *Inet6) any { return i.Settings.RegenMaxRetry }, other: 8},
	"max_desync_factor":                 {field: func(i *Inet6) any { return i.Settings.MaxDesyncFactor }, unit: time.Second, other: 601},
	"max_addresses":                     {field: func(i *Inet6) any { return i.Settings.MaxAddresses }, other: 33},
	"keep_addr_on_down":                 {field: func(i *Inet6) any { return i.KeepAddrOnDown }, other: -1},
	"force_mld_version":                 {field: func(i *Inet6) any { return i.Settings.ForceMLDVersion }, other: 2},
	"mldv1_unsolicited_report_interval": {field: func(i *Inet6) any { return i.Settings.MLDv1ReportInterval }, unit: time.Millisecond, other: 3440},
	"mldv2_unsolicited_report_interval": {field: func(i *Inet6) any { return i.Settings.MLDv2ReportInterval }, unit: time.Millisecond, other: 4560},
	"ndisc_tclass":                      {field: func(i *Inet6) any { return i.Settings.NDISCTrafficClass }, other: 192},
	"seg6_require_hmac":                 {field: func(i *Inet6) any { return i.Settings.Seg6RequireHMAC }, other: -1},
	"ioam6_id":                          {field: func(i *Inet6) any { return i.Settings.IOAM6ID }, other: 4711},
	"ioam6_id_wide":                     {field: func(i *Inet6) any { return i.Settings.IOAM6IDWide }, other: 47110000},
	"addr_gen_mode":                     {field: func(i *Inet6) any { return i.AddrGenMode }, other: 1},
}

// What a kernel has in its files and not in netlink.
var notInNetlink = []string{"stable_secret", "ra_honor_pio_life", "ra_honor_pio_pflag", "regen_min_advance"}

// number is the value of a field in the unit of its file.
func (s setting[T]) number(v *T) int64 {
	f := reflect.ValueOf(s.field(v))
	switch {
	case f.Kind() == reflect.Bool && f.Bool():
		return 1
	case f.Kind() == reflect.Bool:
		return 0
	case s.unit != 0:
		return int64(time.Duration(f.Int()) / s.unit)
	case f.CanUint():
		return int64(f.Uint())
	}
	return f.Int()
}

// eachSetting gives each setting of v0 another value and holds what read returns
// against the files.
func eachSetting[T any](t *testing.T, ns *nstest.NS, family string, settings map[string]setting[T], read func() *T) {
	t.Helper()
	dir := "/proc/sys/net/" + family + "/conf/v0"
	ns.Do(t, func() {
		files, err := os.ReadDir(dir)
		must(t, err)
		if len(files) < 20 {
			t.Fatalf("%d files in %s", len(files), dir)
		}
		value := func(name string) int64 {
			t.Helper()
			text, err := os.ReadFile(filepath.Join(dir, name))
			must(t, err)
			n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
			must(t, err)
			return n
		}
		for _, f := range files {
			name := f.Name()
			if slices.Contains(notInNetlink, name) {
				continue
			}
			s, ok := settings[name]
			if !ok {
				t.Errorf("%s of %s has no field", name, family)
				continue
			}
			before := value(name)
			if got := s.number(read()); got != before {
				t.Errorf("%s/%s: got %d, the file says %d", family, name, got, before)
			}
			if s.other == readOnly {
				continue
			}
			other := s.other
			if other == 0 {
				other = 1 - before
			}
			must(t, os.WriteFile(filepath.Join(dir, name), fmt.Append(nil, other), 0o644))
			if got, want := s.number(read()), value(name); got != want || got != other {
				t.Errorf("%s/%s: got %d, the file says %d, written was %d", family, name, got, want, other)
			}
			must(t, os.WriteFile(filepath.Join(dir, name), fmt.Append(nil, before), 0o644))
		}
	})
}

// Every setting is read from where the kernel has it.
func TestSettings(t *testing.T) {
	c, ns := newClient(t)
	v := add(t, c, "v0", &Veth{})
	read := func() Link {
		l, err := Get(t.Context(), c, Index(v.Index), WithSettings())
		must(t, err)
		return l
	}
	eachSetting(t, ns, "ipv4", inetSettings, func() *Inet { return read().Inet })
	eachSetting(t, ns, "ipv6", inet6Settings, func() *Inet6 { return read().Inet6 })
	l := read()
	if l.Inet6.Settings.MaxReassembly != 65535 || l.Inet6.Settings.UpdatedAt <= 0 || l.Inet6.ReachableTime <= 0 || l.Inet6.RetransTimer != time.Second {
		t.Errorf("got %+v", l.Inet6)
	}
}

// allChanged is a change of every field.
func allChanged() InetChange {
	var c InetChange
	v := reflect.ValueOf(&c).Elem()
	for i := range v.NumField() {
		f := v.Field(i)
		switch f.Interface().(type) {
		case *bool:
			f.Set(reflect.ValueOf(new(true)))
		case *int32:
			f.Set(reflect.ValueOf(new(int32(1 + i%2))))
		case *time.Duration:
			f.Set(reflect.ValueOf(new(time.Duration(i) * time.Millisecond)))
		}
	}
	return c
}

func TestWithInet(t *testing.T) {
	c, ns := newClient(t)
	ctx := t.Context()
	v := add(t, c, "v0", &Veth{})
	change := allChanged()
	ns.Do(t, func() {
		if _, err := os.Stat("/proc/sys/net/ipv4/conf/v0/arp_evict_nocarrier"); errors.Is(err, fs.ErrNotExist) {
			change.ARPEvictNoCarrier = nil
		}
	})
	must(t, Set(ctx, c, Index(v.Index), WithInet(change), WithMTU(1400), WithAddrGenMode(AddrGenNone)))
	l, err := Get(ctx, c, Index(v.Index), WithSettings())
	must(t, err)
	sameFields := func(inet *Inet, want InetChange) {
		t.Helper()
		w, common, others := reflect.ValueOf(want), reflect.ValueOf(*inet), reflect.ValueOf(*inet.Settings)
		for i := range w.NumField() {
			name := w.Type().Field(i).Name
			got := common.FieldByName(name)
			if !got.IsValid() {
				got = others.FieldByName(name)
			}
			if f := w.Field(i); !f.IsNil() && !f.Elem().Equal(got) {
				t.Errorf("%s is %v, want %v", name, got, f.Elem())
			}
		}
	}
	sameFields(l.Inet, change)
	if l.MTU != 1400 || l.Inet6.AddrGenMode != AddrGenNone || l.Inet.MulticastForwarding {
		t.Errorf("got %+v", l)
	}
	// One is changed, back to zero, and the others stay.
	must(t, Set(ctx, c, Index(v.Index), WithInet(InetChange{Forwarding: new(false), IGMPv2ReportInterval: new(time.Duration(0))})))
	change.Forwarding, change.IGMPv2ReportInterval = new(false), new(time.Duration(0))
	l, err = Get(ctx, c, Index(v.Index), WithSettings())
	must(t, err)
	sameFields(l.Inet, change)
	// Nothing is sent of nothing.
	var got []byte
	must(t, Set(ctx, catcher(&got), Index(1), WithInet(InetChange{})))
	if len(got) != headerLen {
		t.Errorf("sent % x", got)
	}
}

func TestWithInet6Token(t *testing.T) {
	c, ns := newClient(t)
	ctx := t.Context()
	v := add(t, c, "v0", &Veth{}, Up())
	token := netip.MustParseAddr("::1:2:3:4")
	must(t, Set(ctx, c, Index(v.Index), WithInet6Token(token)))
	l, err := Get(ctx, c, Index(v.Index))
	must(t, err)
	if l.Inet6.Token != token {
		t.Errorf("got %v", l.Inet6.Token)
	}
	if out := string(ns.Run(t, "ip", "token", "get", "dev", "v0")); !strings.Contains(out, "::1:2:3:4") {
		t.Errorf("ip says %s", out)
	}
	must(t, Set(ctx, c, Index(v.Index), WithInet6Token(netip.IPv6Unspecified()), WithAddrGenMode(AddrGenNone)))
	l, err = Get(ctx, c, Index(v.Index))
	must(t, err)
	if l.Inet6.Token.IsValid() || l.Inet6.AddrGenMode != AddrGenNone {
		t.Errorf("got %v", l.Inet6)
	}
	err = Set(ctx, c, Name("lo"), WithInet6Token(token))
	if e, ok := errors.AsType[*nlkit.Error](err); !ok || !errors.Is(err, fs.ErrInvalid) || e.Message == "" {
		t.Errorf("got %v", err)
	}
}

// The counters of IPv6 are those of /proc/net/dev_snmp6, and come if they are asked
// for.
func TestInet6Stats(t *testing.T) {
	c, ns := newClient(t)
	ctx := t.Context()
	ns.SendUDP(t, netip.AddrPort{}, netip.MustParseAddrPort("[::1]:9"), []byte("x"), 20)
	var file map[string]uint64
	ns.Do(t, func() {
		text, err := os.ReadFile("/proc/thread-self/net/dev_snmp6/lo")
		must(t, err)
		file = map[string]uint64{}
		for line := range strings.Lines(string(text)) {
			f := strings.Fields(line)
			file[f[0]], err = strconv.ParseUint(f[1], 10, 64)
			must(t, err)
		}
	})
	l, err := Get(ctx, c, Name("lo"), WithInet6Stats())
	must(t, err)
	s := l.Inet6.Stats
	if s == nil || l.Stats != nil {
		t.Fatalf("got %+v", l)
	}
	// The first three are the same in every kernel.
	if s.IP[0] != uint64(len(s.IP)) || s.IP[1] != file["Ip6InReceives"] || s.IP[2] != file["Ip6InOctets"] || s.IP[3] != file["Ip6InDelivers"] || s.IP[1] < 20 {
		t.Errorf("got %v, the file says %v", s.IP, file)
	}
	if s.ICMPRxMessages != file["Icmp6InMsgs"] || s.ICMPRxErrors != file["Icmp6InErrors"] || s.ICMPTxMessages != file["Icmp6OutMsgs"] ||
		s.ICMPTxErrors != file["Icmp6OutErrors"] || s.ICMPRxCRCErrors != file["Icmp6InCsumErrors"] || s.ICMPTxLimited != file["Icmp6OutRateLimitHost"] ||
		s.ICMPTxMessages == 0 {
		t.Errorf("got %+v, the file says %v", s, file)
	}
	l, err = Get(ctx, c, Name("lo"), WithStats())
	must(t, err)
	if l.Inet6.Stats != nil || l.Stats == nil {
		t.Errorf("got %+v", l)
	}
	links, err := List(ctx, c, WithInet6Stats(), WithStats())
	must(t, err)
	if links[0].Inet6.Stats == nil || links[0].Stats == nil {
		t.Errorf("got %+v", links[0])
	}
}
