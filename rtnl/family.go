package rtnl

import (
	"net/netip"

	"github.com/nlkit/nlkit/internal/enum"
	"github.com/nlkit/nlkit/internal/uapi"
)

// Family is an address family: AF_… in include/linux/socket.h.
type Family uint8

// Address families, with the words of `ip -family`; those of multicast routing, which
// it has no words for, with the kernel's.
const (
	FamilyUnspec Family = uapi.AF_UNSPEC // AF_UNSPEC, "unspec": any, or not set
	FamilyIPv4   Family = uapi.AF_INET   // AF_INET, "inet"
	FamilyIPv6   Family = uapi.AF_INET6  // AF_INET6, "inet6"
	FamilyBridge Family = uapi.AF_BRIDGE // AF_BRIDGE, "bridge"
	FamilyPacket Family = uapi.AF_PACKET // AF_PACKET, "link"
	FamilyMPLS   Family = uapi.AF_MPLS   // AF_MPLS, "mpls"

	FamilyIPMR  Family = uapi.RTNL_FAMILY_IPMR  // RTNL_FAMILY_IPMR, "ipmr": multicast routing of IPv4, its rules and routes
	FamilyIP6MR Family = uapi.RTNL_FAMILY_IP6MR // RTNL_FAMILY_IP6MR, "ip6mr": multicast routing of IPv6
)

var families = enum.Words[Family]{Type: "Family", Words: []enum.Word[Family]{
	{Value: FamilyUnspec, Name: "unspec"},
	{Value: FamilyIPv4, Name: "inet"},
	{Value: FamilyIPv6, Name: "inet6"},
	{Value: FamilyBridge, Name: "bridge"},
	{Value: FamilyPacket, Name: "link"},
	{Value: FamilyMPLS, Name: "mpls"},
	{Value: FamilyIPMR, Name: "ipmr"},
	{Value: FamilyIP6MR, Name: "ip6mr"},
}}

// FamilyOf returns the family of a: FamilyUnspec for the zero Addr, FamilyIPv6
// for an IPv4 address in IPv6 form.
func FamilyOf(a netip.Addr) Family {
	switch {
	case a.Is4():
		return FamilyIPv4
	case a.Is6():
		return FamilyIPv6
	}
	return FamilyUnspec
}

// ParseFamily returns the family for a word of iproute2, or a number.
func ParseFamily(s string) (Family, error) {
	var f Family
	err := families.Parse([]byte(s), &f)
	return f, err
}

// Bits returns the length of an IP address of the family, in bits; 0 for families
// that have none.
func (f Family) Bits() int {
	switch f {
	case FamilyIPv4, FamilyIPMR:
		return 32
	case FamilyIPv6, FamilyIP6MR:
		return 128
	}
	return 0
}

// String returns iproute2's word, "Family(9)" for a number without one.
func (f Family) String() string { return families.String(f) }

// MarshalText returns the same as String.
func (f Family) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText takes what [ParseFamily] takes.
func (f *Family) UnmarshalText(text []byte) error { return families.Parse(text, f) }
