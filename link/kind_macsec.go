package link

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/enum"
	"github.com/nlkit/nlkit/internal/uapi"
)

// MACsec encrypts and authenticates Ethernet (IEEE 802.1AE) on top of the link that
// [WithParent] names, which it cannot do without. Its secure associations, with
// their keys, are generic netlink, in the family "macsec". `ip link add link PARENT
// NAME type macsec`
//
// [Set] can change all but SCI, Port, Cipher and ICVLen, for which the error is
// [io/fs.ErrInvalid].
//
// Source: IFLA_MACSEC_*, include/uapi/linux/if_link.h.
type MACsec struct {
	// SCI is the secure channel identifier of what is sent; the kernel's default is
	// the link's address with port 1 (IFLA_MACSEC_SCI).
	SCI MACsecSCI
	// Port takes the link's address for the SCI with another port. It is sent, never
	// read, and goes without SCI (IFLA_MACSEC_PORT).
	Port uint16
	// Cipher is the cipher suite; the default is [MACsecAES128]
	// (IFLA_MACSEC_CIPHER_SUITE).
	Cipher MACsecCipher
	// ICVLen is the length of the check value, 8 to 16 bytes; the default is 16
	// (IFLA_MACSEC_ICV_LEN).
	ICVLen uint8
	// EncodingSA is the secure association that encrypts what is sent, 0 to 3; the
	// kernel's default is 0 (IFLA_MACSEC_ENCODING_SA).
	EncodingSA *uint8
	// Encrypt encrypts what is sent, which is authenticated in any case; the kernel's
	// default is false (IFLA_MACSEC_ENCRYPT).
	Encrypt *bool
	// Protect makes what is sent MACsec at all; the kernel's default is true
	// (IFLA_MACSEC_PROTECT).
	Protect *bool
	// SendSCI puts the SCI into each packet; the kernel's default is true. It goes
	// without EndStation and SCB, and cannot be false where SCI is given
	// (IFLA_MACSEC_INC_SCI).
	SendSCI *bool
	// EndStation says that the SCI can be had from the source address; the kernel's
	// default is false. It goes without SCB (IFLA_MACSEC_ES).
	EndStation *bool
	// SCB marks packets as a single copy broadcast; the kernel's default is false
	// (IFLA_MACSEC_SCB).
	SCB *bool
	// ReplayProtect drops packets that come too late; the kernel's default is false.
	// To turn it on takes Window (IFLA_MACSEC_REPLAY_PROTECT).
	ReplayProtect *bool
	// Window is how many packets late is too late, 0 for strict order; the kernel's
	// default is 0, and it is read where ReplayProtect is true
	// (IFLA_MACSEC_WINDOW).
	Window *uint32
	// Validation tells what becomes of packets that fail the check; the kernel's
	// default is [MACsecStrict] (IFLA_MACSEC_VALIDATION).
	Validation *MACsecValidation
	// Offload tells who does the work; the kernel's default is [MACsecOffloadOff]. It
	// is read since Linux 6.3 (IFLA_MACSEC_OFFLOAD). Linux 5.7.
	Offload *MACsecOffload
}

// MACsecSCI is a secure channel identifier: who sends. The zero value is not sent.
//
// Source: sci_t, include/net/macsec.h.
type MACsecSCI struct {
	Address [6]byte // the hardware address of the sender
	Port    uint16  // which of the sender's channels
}

// String returns the identifier as iproute2 does: "0242ac1100020001".
func (s MACsecSCI) String() string { return fmt.Sprintf("%x%04x", s.Address, s.Port) }

// MACsecCipher is a cipher suite. In all of them the cipher is AES in Galois/Counter
// mode.
//
// Source: MACSEC_CIPHER_ID_*, include/uapi/linux/if_macsec.h.
type MACsecCipher uint64

// The cipher suites.
const (
	MACsecAES128    MACsecCipher = uapi.MACSEC_CIPHER_ID_GCM_AES_128     // MACSEC_CIPHER_ID_GCM_AES_128: keys of 128 bits
	MACsecAES256    MACsecCipher = uapi.MACSEC_CIPHER_ID_GCM_AES_256     // MACSEC_CIPHER_ID_GCM_AES_256: keys of 256 bits
	MACsecAESXPN128 MACsecCipher = uapi.MACSEC_CIPHER_ID_GCM_AES_XPN_128 // MACSEC_CIPHER_ID_GCM_AES_XPN_128: keys of 128 bits, extended packet numbers (Linux 5.7)
	MACsecAESXPN256 MACsecCipher = uapi.MACSEC_CIPHER_ID_GCM_AES_XPN_256 // MACSEC_CIPHER_ID_GCM_AES_XPN_256: keys of 256 bits, extended packet numbers (Linux 5.7)
)

var macsecCiphers = enum.Words[MACsecCipher]{
	Type: "MACsecCipher",
	Words: []enum.Word[MACsecCipher]{
		{Value: MACsecAES128, Name: "GCM-AES-128"}, {Value: MACsecAES256, Name: "GCM-AES-256"},
		{Value: MACsecAESXPN128, Name: "GCM-AES-XPN-128"}, {Value: MACsecAESXPN256, Name: "GCM-AES-XPN-256"},
	},
}

// String returns iproute2's word, such as "GCM-AES-128".
func (c MACsecCipher) String() string { return macsecCiphers.String(c) }

// MarshalText is String.
func (c MACsecCipher) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads what String returned.
func (c *MACsecCipher) UnmarshalText(text []byte) error { return macsecCiphers.Parse(text, c) }

// MACsecValidation tells what becomes of received packets that fail the check.
//
// Source: enum macsec_validation_type, include/uapi/linux/if_link.h.
type MACsecValidation uint8

// What becomes of packets that fail.
const (
	MACsecDisabled MACsecValidation = uapi.MACSEC_VALIDATE_DISABLED // MACSEC_VALIDATE_DISABLED: there is no check
	MACsecCheck    MACsecValidation = uapi.MACSEC_VALIDATE_CHECK    // MACSEC_VALIDATE_CHECK: they are counted
	MACsecStrict   MACsecValidation = uapi.MACSEC_VALIDATE_STRICT   // MACSEC_VALIDATE_STRICT: they are dropped
)

var macsecValidations = enum.Words[MACsecValidation]{
	Type: "MACsecValidation",
	Words: []enum.Word[MACsecValidation]{
		{Value: MACsecDisabled, Name: "disabled"}, {Value: MACsecCheck, Name: "check"}, {Value: MACsecStrict, Name: "strict"},
	},
}

// String returns iproute2's word: "disabled", "check" or "strict".
func (v MACsecValidation) String() string { return macsecValidations.String(v) }

// MarshalText is String.
func (v MACsecValidation) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads what String returned.
func (v *MACsecValidation) UnmarshalText(text []byte) error { return macsecValidations.Parse(text, v) }

// MACsecOffload tells who encrypts.
//
// Source: enum macsec_offload, include/uapi/linux/if_link.h, Linux 5.7.
type MACsecOffload uint8

// Who encrypts.
const (
	MACsecOffloadOff MACsecOffload = uapi.MACSEC_OFFLOAD_OFF // MACSEC_OFFLOAD_OFF: the kernel
	MACsecOffloadPHY MACsecOffload = uapi.MACSEC_OFFLOAD_PHY // MACSEC_OFFLOAD_PHY: the hardware's transceiver
	MACsecOffloadMAC MACsecOffload = uapi.MACSEC_OFFLOAD_MAC // MACSEC_OFFLOAD_MAC: the hardware's controller
)

var macsecOffloads = enum.Words[MACsecOffload]{
	Type: "MACsecOffload",
	Words: []enum.Word[MACsecOffload]{
		{Value: MACsecOffloadOff, Name: "off"}, {Value: MACsecOffloadPHY, Name: "phy"}, {Value: MACsecOffloadMAC, Name: "mac"},
	},
}

// String returns iproute2's word: "off", "phy" or "mac".
func (o MACsecOffload) String() string { return macsecOffloads.String(o) }

// MarshalText is String.
func (o MACsecOffload) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText reads what String returned.
func (o *MACsecOffload) UnmarshalText(text []byte) error { return macsecOffloads.Parse(text, o) }

// Kind returns "macsec".
func (*MACsec) Kind() string { return "macsec" }

func (v *MACsec) appendData(b []byte) ([]byte, error) {
	if err := v.check(); err != nil {
		return b, err
	}
	return macsecAttrs.Append(b, v)
}

// check refuses what the kernel refuses without a word.
func (v *MACsec) check() error {
	set := func(b *bool) bool { return b != nil && *b }
	switch {
	case v.SCI != (MACsecSCI{}) && v.Port != 0:
		return attr.Invalid("IFLA_MACSEC_PORT", "the SCI has a port already")
	case v.SCI != (MACsecSCI{}) && v.SendSCI != nil && !*v.SendSCI:
		return attr.Invalid("IFLA_MACSEC_INC_SCI", "an SCI that is given must be sent")
	case v.ICVLen != 0 && (v.ICVLen < uapi.MACSEC_MIN_ICV_LEN || v.ICVLen > uapi.MACSEC_STD_ICV_LEN):
		return attr.Invalid("IFLA_MACSEC_ICV_LEN", "%d bytes, a check value has 8 to 16", v.ICVLen)
	case set(v.SendSCI) && set(v.EndStation):
		return attr.Invalid("IFLA_MACSEC_ES", "an end station sends no SCI")
	case set(v.SCB) && (set(v.SendSCI) || set(v.EndStation)):
		return attr.Invalid("IFLA_MACSEC_SCB", "a single copy broadcast goes without SCI and end station")
	case set(v.ReplayProtect) && v.Window == nil:
		return attr.Invalid("IFLA_MACSEC_WINDOW", "there is no window for the protection against replay")
	}
	return nil
}

var macsecAttrs = attr.Table[MACsec]{
	macsecSCI,
	attr.BE16(uapi.IFLA_MACSEC_PORT, "IFLA_MACSEC_PORT", func(v *MACsec) *uint16 { return &v.Port }),
	attr.U8(uapi.IFLA_MACSEC_ICV_LEN, "IFLA_MACSEC_ICV_LEN", func(v *MACsec) *uint8 { return &v.ICVLen }),
	attr.U64(uapi.IFLA_MACSEC_CIPHER_SUITE, "IFLA_MACSEC_CIPHER_SUITE", func(v *MACsec) *MACsecCipher { return &v.Cipher }),
	attr.OptU32(uapi.IFLA_MACSEC_WINDOW, "IFLA_MACSEC_WINDOW", func(v *MACsec) **uint32 { return &v.Window }),
	attr.OptU8(uapi.IFLA_MACSEC_ENCODING_SA, "IFLA_MACSEC_ENCODING_SA", func(v *MACsec) **uint8 { return &v.EncodingSA }).Max(3),
	attr.OptBool(uapi.IFLA_MACSEC_ENCRYPT, "IFLA_MACSEC_ENCRYPT", func(v *MACsec) **bool { return &v.Encrypt }),
	attr.OptBool(uapi.IFLA_MACSEC_PROTECT, "IFLA_MACSEC_PROTECT", func(v *MACsec) **bool { return &v.Protect }),
	attr.OptBool(uapi.IFLA_MACSEC_INC_SCI, "IFLA_MACSEC_INC_SCI", func(v *MACsec) **bool { return &v.SendSCI }),
	attr.OptBool(uapi.IFLA_MACSEC_ES, "IFLA_MACSEC_ES", func(v *MACsec) **bool { return &v.EndStation }),
	attr.OptBool(uapi.IFLA_MACSEC_SCB, "IFLA_MACSEC_SCB", func(v *MACsec) **bool { return &v.SCB }),
	attr.OptBool(uapi.IFLA_MACSEC_REPLAY_PROTECT, "IFLA_MACSEC_REPLAY_PROTECT", func(v *MACsec) **bool { return &v.ReplayProtect }),
	attr.OptU8(uapi.IFLA_MACSEC_VALIDATION, "IFLA_MACSEC_VALIDATION", func(v *MACsec) **MACsecValidation { return &v.Validation }),
	attr.OptU8(uapi.IFLA_MACSEC_OFFLOAD, "IFLA_MACSEC_OFFLOAD", func(v *MACsec) **MACsecOffload { return &v.Offload }),
}

var macsecSCI = attr.Custom(uapi.IFLA_MACSEC_SCI, "IFLA_MACSEC_SCI",
	func(b []byte, v *MACsec) ([]byte, error) {
		if v.SCI == (MACsecSCI{}) {
			return b, nil
		}
		return attr.AppendBytes(b, uapi.IFLA_MACSEC_SCI, binary.BigEndian.AppendUint16(v.SCI.Address[:], v.SCI.Port)), nil
	},
	func(p []byte, v *MACsec) error {
		if len(p) < 8 {
			return short(p, 8)
		}
		v.SCI = MACsecSCI{[6]byte(p), binary.BigEndian.Uint16(p[6:])}
		return nil
	}).Sample(func(r *rand.Rand, v *MACsec) {
	v.SCI = MACsecSCI{[6]byte(randomMAC(r)), uint16(r.Uint32())}
})

// afterRead takes the older number of a cipher suite, which kernels report, for the
// newer.
func (v *MACsec) afterRead() {
	if v.Cipher == uapi.MACSEC_DEFAULT_CIPHER_ID {
		v.Cipher = MACsecAES128
	}
}
