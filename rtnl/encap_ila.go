package rtnl

import (
	"strconv"
	"strings"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/enum"
	"github.com/nlkit/nlkit/internal/uapi"
)

// ILAEncap replaces the upper half of the destination of IPv6 packets: identifier
// locator addressing. `ip -6 route add … encap ila 2001:db8:0:1`
//
// Source: ILA_ATTR_*, include/uapi/linux/ila.h.
type ILAEncap struct {
	// Locator is what the upper 64 bits become: 0x20010db800000001 for
	// 2001:db8:0:1::/64. (ILA_ATTR_LOCATOR)
	Locator uint64
	// CsumMode says what keeps transport checksums right; nil is [ILANoAction].
	// (ILA_ATTR_CSUM_MODE)
	CsumMode *ILACsumMode
	// IdentType is the type of the lower half; nil is [ILAUseFormat].
	// (ILA_ATTR_IDENT_TYPE)
	IdentType *ILAIdentType
	// HookType says which packets are changed. Zero is [ILAOutput].
	// (ILA_ATTR_HOOK_TYPE)
	HookType ILAHookType
}

// ILACsumMode says what keeps the checksums of TCP and UDP right when the
// destination changes: ILA_CSUM_… in include/uapi/linux/ila.h.
type ILACsumMode uint8

// What keeps checksums right, with the words of iproute2.
const (
	ILAAdjustTransport ILACsumMode = uapi.ILA_CSUM_ADJUST_TRANSPORT // ILA_CSUM_ADJUST_TRANSPORT, "adj-transport": the checksum changes
	ILANeutralMap      ILACsumMode = uapi.ILA_CSUM_NEUTRAL_MAP      // ILA_CSUM_NEUTRAL_MAP, "neutral-map": the identifier changes, and says so
	ILANoAction        ILACsumMode = uapi.ILA_CSUM_NO_ACTION        // ILA_CSUM_NO_ACTION, "no-action": nothing
	ILANeutralMapAuto  ILACsumMode = uapi.ILA_CSUM_NEUTRAL_MAP_AUTO // ILA_CSUM_NEUTRAL_MAP_AUTO, "neutral-map-auto": the identifier changes
)

var ilaCsumModes = enum.Words[ILACsumMode]{Type: "ILACsumMode", Words: []enum.Word[ILACsumMode]{
	{Value: ILAAdjustTransport, Name: "adj-transport"},
	{Value: ILANeutralMap, Name: "neutral-map"},
	{Value: ILANoAction, Name: "no-action"},
	{Value: ILANeutralMapAuto, Name: "neutral-map-auto"},
}}

// String returns iproute2's word, "ILACsumMode(9)" for a number without one.
func (m ILACsumMode) String() string { return ilaCsumModes.String(m) }

// MarshalText returns the same as String.
func (m ILACsumMode) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText parses a word or a number.
func (m *ILACsumMode) UnmarshalText(text []byte) error { return ilaCsumModes.Parse(text, m) }

// ILAIdentType is the type of an identifier: ILA_ATYPE_… in
// include/uapi/linux/ila.h.
type ILAIdentType uint8

// Types of identifiers, with the words of iproute2. Of these the kernel takes
// ILALUID and ILAUseFormat.
const (
	ILAIID          ILAIdentType = uapi.ILA_ATYPE_IID           // ILA_ATYPE_IID, "iid": an interface identifier, which is never changed
	ILALUID         ILAIdentType = uapi.ILA_ATYPE_LUID          // ILA_ATYPE_LUID, "luid": locally unique
	ILAVirtV4       ILAIdentType = uapi.ILA_ATYPE_VIRT_V4       // ILA_ATYPE_VIRT_V4, "virt-v4": of a virtual IPv4 network
	ILAVirtUniV6    ILAIdentType = uapi.ILA_ATYPE_VIRT_UNI_V6   // ILA_ATYPE_VIRT_UNI_V6, "virt-uni-v6": of a virtual IPv6 network, unicast
	ILAVirtMultiV6  ILAIdentType = uapi.ILA_ATYPE_VIRT_MULTI_V6 // ILA_ATYPE_VIRT_MULTI_V6, "virt-multi-v6": of a virtual IPv6 network, multicast
	ILANonlocalAddr ILAIdentType = uapi.ILA_ATYPE_NONLOCAL_ADDR // ILA_ATYPE_NONLOCAL_ADDR, "nonlocal-addr"
	ILAUseFormat    ILAIdentType = uapi.ILA_ATYPE_USE_FORMAT    // ILA_ATYPE_USE_FORMAT, "use-format": the identifier says it in its first bits
)

var ilaIdentTypes = enum.Words[ILAIdentType]{Type: "ILAIdentType", Words: []enum.Word[ILAIdentType]{
	{Value: ILAIID, Name: "iid"},
	{Value: ILALUID, Name: "luid"},
	{Value: ILAVirtV4, Name: "virt-v4"},
	{Value: ILAVirtUniV6, Name: "virt-uni-v6"},
	{Value: ILAVirtMultiV6, Name: "virt-multi-v6"},
	{Value: ILANonlocalAddr, Name: "nonlocal-addr"},
	{Value: ILAUseFormat, Name: "use-format"},
}}

// String returns iproute2's word, "ILAIdentType(9)" for a number without one.
func (t ILAIdentType) String() string { return ilaIdentTypes.String(t) }

// MarshalText returns the same as String.
func (t ILAIdentType) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText parses a word or a number.
func (t *ILAIdentType) UnmarshalText(text []byte) error { return ilaIdentTypes.Parse(text, t) }

// ILAHookType says which packets are changed: ILA_HOOK_… in
// include/uapi/linux/ila.h.
type ILAHookType uint8

// Which packets are changed, with the words of iproute2.
const (
	ILAOutput ILAHookType = uapi.ILA_HOOK_ROUTE_OUTPUT // ILA_HOOK_ROUTE_OUTPUT, "output": those that leave
	ILAInput  ILAHookType = uapi.ILA_HOOK_ROUTE_INPUT  // ILA_HOOK_ROUTE_INPUT, "input": those that come in
)

var ilaHookTypes = enum.Words[ILAHookType]{Type: "ILAHookType", Words: []enum.Word[ILAHookType]{
	{Value: ILAOutput, Name: "output"},
	{Value: ILAInput, Name: "input"},
}}

// String returns iproute2's word, "ILAHookType(9)" for a number without one.
func (t ILAHookType) String() string { return ilaHookTypes.String(t) }

// MarshalText returns the same as String.
func (t ILAHookType) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText parses a word or a number.
func (t *ILAHookType) UnmarshalText(text []byte) error { return ilaHookTypes.Parse(text, t) }

// Type returns EncapILA.
func (*ILAEncap) Type() EncapType { return EncapILA }

// String returns the words of `ip`: "ila 2001:db8:0:1 csum-mode no-action".
func (e *ILAEncap) String() string {
	var b strings.Builder
	b.WriteString("ila ")
	for shift := 48; shift >= 0; shift -= 16 {
		b.WriteString(strconv.FormatUint(e.Locator>>shift&0xffff, 16))
		if shift > 0 {
			b.WriteByte(':')
		}
	}
	if e.CsumMode != nil {
		b.WriteString(" csum-mode " + e.CsumMode.String())
	}
	if e.IdentType != nil {
		b.WriteString(" ident-type " + e.IdentType.String())
	}
	if e.HookType != 0 {
		b.WriteString(" hook-type " + e.HookType.String())
	}
	return b.String()
}

func (e *ILAEncap) appendData(b []byte) ([]byte, error) { return ilaAttrs.Append(b, e) }

var ilaAttrs = attr.Table[ILAEncap]{
	attr.BE64(uapi.ILA_ATTR_LOCATOR, "ILA_ATTR_LOCATOR", func(e *ILAEncap) *uint64 { return &e.Locator }).Required(),
	attr.OptU8(uapi.ILA_ATTR_CSUM_MODE, "ILA_ATTR_CSUM_MODE", func(e *ILAEncap) **ILACsumMode { return &e.CsumMode }),
	attr.OptU8(uapi.ILA_ATTR_IDENT_TYPE, "ILA_ATTR_IDENT_TYPE", func(e *ILAEncap) **ILAIdentType { return &e.IdentType }),
	attr.U8(uapi.ILA_ATTR_HOOK_TYPE, "ILA_ATTR_HOOK_TYPE", func(e *ILAEncap) *ILAHookType { return &e.HookType }),
}
