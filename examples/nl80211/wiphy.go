//go:build linux

package main

import (
	"context"
	"fmt"
	"maps"
	"net"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/genl"
)

const nl80211 genl.Name = unix.NL80211_GENL_NAME

// Wiphy is a Wi-Fi device.
type Wiphy struct {
	Index     uint32
	Name      string
	Supported map[InterfaceType]bool
	Bands     map[uint16]Band // 0 is 2.4 GHz, 1 is 5 GHz
}

// Types returns what the device's interfaces can be.
func (w *Wiphy) Types() []InterfaceType { return slices.Sorted(maps.Keys(w.Supported)) }

// Band is a part of the spectrum.
type Band struct {
	Frequencies []Frequency
}

// Frequency is a channel.
type Frequency struct {
	MHz      uint32
	Disabled bool // not allowed where the device is
}

// Interface is a network interface of a Wi-Fi device.
type Interface struct {
	Wiphy uint32
	Index uint32 // as in package link
	Name  string
	Type  InterfaceType
	MAC   net.HardwareAddr
	SSID  string // of the network that it is in
}

// InterfaceType is what an interface does.
//
// enum nl80211_iftype in include/uapi/linux/nl80211.h.
type InterfaceType uint32

var typeNames = []string{
	"unspecified", "IBSS", "managed", "AP", "AP/VLAN", "WDS", "monitor", "mesh point", "P2P-client", "P2P-GO",
	"P2P-device", "outside context of a BSS", "NAN",
}

// String returns iw's word.
func (t InterfaceType) String() string {
	if int(t) < len(typeNames) {
		return typeNames[t]
	}
	return fmt.Sprintf("InterfaceType(%d)", uint32(t))
}

// query asks for all devices, each in several messages: it has become too large for
// one.
type query struct {
	Split bool
}

var queryAttrs = attr.Table[query]{
	attr.Flag(unix.NL80211_ATTR_SPLIT_WIPHY_DUMP, "NL80211_ATTR_SPLIT_WIPHY_DUMP", func(q *query) *bool { return &q.Split }),
}

// Types and bands are nests whose members have the type or band as their number.
var wiphyAttrs = attr.Table[Wiphy]{
	attr.U32(unix.NL80211_ATTR_WIPHY, "NL80211_ATTR_WIPHY", func(w *Wiphy) *uint32 { return &w.Index }),
	attr.String(unix.NL80211_ATTR_WIPHY_NAME, "NL80211_ATTR_WIPHY_NAME", func(w *Wiphy) *string { return &w.Name }),
	attr.Map(unix.NL80211_ATTR_SUPPORTED_IFTYPES, "NL80211_ATTR_SUPPORTED_IFTYPES",
		attr.Flag(0, "", attr.Self[bool]), func(w *Wiphy) *map[InterfaceType]bool { return &w.Supported }).ReadOnly(),
	attr.Map(unix.NL80211_ATTR_WIPHY_BANDS, "NL80211_ATTR_WIPHY_BANDS",
		attr.Inline(0, "", bandAttrs, attr.Self[Band]), func(w *Wiphy) *map[uint16]Band { return &w.Bands }),
}

var bandAttrs = attr.Table[Band]{
	attr.List(unix.NL80211_BAND_ATTR_FREQS, "NL80211_BAND_ATTR_FREQS", frequencyAttrs, func(b *Band) *[]Frequency { return &b.Frequencies }),
}

var frequencyAttrs = attr.Table[Frequency]{
	attr.U32(unix.NL80211_FREQUENCY_ATTR_FREQ, "NL80211_FREQUENCY_ATTR_FREQ", func(f *Frequency) *uint32 { return &f.MHz }),
	attr.Flag(unix.NL80211_FREQUENCY_ATTR_DISABLED, "NL80211_FREQUENCY_ATTR_DISABLED", func(f *Frequency) *bool { return &f.Disabled }),
}

var interfaceAttrs = attr.Table[Interface]{
	attr.U32(unix.NL80211_ATTR_WIPHY, "NL80211_ATTR_WIPHY", func(i *Interface) *uint32 { return &i.Wiphy }),
	attr.U32(unix.NL80211_ATTR_IFINDEX, "NL80211_ATTR_IFINDEX", func(i *Interface) *uint32 { return &i.Index }),
	attr.String(unix.NL80211_ATTR_IFNAME, "NL80211_ATTR_IFNAME", func(i *Interface) *string { return &i.Name }),
	attr.U32(unix.NL80211_ATTR_IFTYPE, "NL80211_ATTR_IFTYPE", func(i *Interface) *InterfaceType { return &i.Type }),
	attr.MAC(unix.NL80211_ATTR_MAC, "NL80211_ATTR_MAC", func(i *Interface) *net.HardwareAddr { return &i.MAC }),
	attr.Text(unix.NL80211_ATTR_SSID, "NL80211_ATTR_SSID", func(i *Interface) *string { return &i.SSID }),
}

// The commands of the family.
var (
	getWiphy = genl.Call[query, Wiphy]{
		Op: "nl80211.Wiphys", Command: unix.NL80211_CMD_GET_WIPHY, Request: queryAttrs, Reply: wiphyAttrs,
	}
	getInterface = genl.Call[struct{}, Interface]{
		Op: "nl80211.Interfaces", Command: unix.NL80211_CMD_GET_INTERFACE, Reply: interfaceAttrs,
	}
)

// Wiphys returns the Wi-Fi devices of the client's network namespace. `iw list`
func Wiphys(ctx context.Context, c *nlkit.Client) ([]Wiphy, error) {
	parts, err := getWiphy.List(ctx, c, nl80211, &query{Split: true})
	if err != nil {
		return nil, err
	}
	return join(parts), nil
}

// join puts together what the kernel sent of each device in parts.
func join(parts []Wiphy) (all []Wiphy) {
	for _, part := range parts {
		i := slices.IndexFunc(all, func(w Wiphy) bool { return w.Index == part.Index })
		if i < 0 {
			all = append(all, Wiphy{Index: part.Index, Supported: map[InterfaceType]bool{}, Bands: map[uint16]Band{}})
			i = len(all) - 1
		}
		w := &all[i]
		if part.Name != "" {
			w.Name = part.Name
		}
		maps.Copy(w.Supported, part.Supported)
		for number, band := range part.Bands {
			band.Frequencies = slices.Concat(w.Bands[number].Frequencies, band.Frequencies)
			w.Bands[number] = band
		}
	}
	return all
}

// Interfaces returns the interfaces of all Wi-Fi devices. `iw dev`
func Interfaces(ctx context.Context, c *nlkit.Client) ([]Interface, error) {
	return getInterface.List(ctx, c, nl80211, nil)
}
