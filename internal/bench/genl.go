package main

import (
	"errors"

	"github.com/mdlayher/genetlink"
	mdlayher "github.com/mdlayher/netlink"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/genl"
	"github.com/nlkit/nlkit/internal/uapi"
)

// A call of generic netlink: the one family that every kernel has is asked for itself.
const genlFamily = "nlctrl"

type familyName struct{ Name string }

type family struct {
	ID                           uint16
	Name                         string
	Version, HeaderSize, MaxAttr uint32
}

var getFamily = genl.Call[familyName, family]{
	Op: "bench.GetFamily", Command: uapi.CTRL_CMD_GETFAMILY,
	Request: attr.Table[familyName]{
		attr.String(uapi.CTRL_ATTR_FAMILY_NAME, "CTRL_ATTR_FAMILY_NAME", func(f *familyName) *string { return &f.Name }),
	},
	Reply: attr.Table[family]{
		attr.U16(uapi.CTRL_ATTR_FAMILY_ID, "CTRL_ATTR_FAMILY_ID", func(f *family) *uint16 { return &f.ID }),
		attr.String(uapi.CTRL_ATTR_FAMILY_NAME, "CTRL_ATTR_FAMILY_NAME", func(f *family) *string { return &f.Name }),
		attr.U32(uapi.CTRL_ATTR_VERSION, "CTRL_ATTR_VERSION", func(f *family) *uint32 { return &f.Version }),
		attr.U32(uapi.CTRL_ATTR_HDRSIZE, "CTRL_ATTR_HDRSIZE", func(f *family) *uint32 { return &f.HeaderSize }),
		attr.U32(uapi.CTRL_ATTR_MAXATTR, "CTRL_ATTR_MAXATTR", func(f *family) *uint32 { return &f.MaxAttr }),
	},
}

var errFamily = errors.New("another family than asked for")

func vishFamily() (func(int) error, error) {
	h, err := netlink.NewHandle(unix.NETLINK_GENERIC)
	return func(int) error {
		f, err := h.GenlFamilyGet(genlFamily)
		if err == nil && f.ID != unix.GENL_ID_CTRL {
			err = errFamily
		}
		return err
	}, err
}

// dialGenetlink returns a connection as good as can be had: by default it asks for the
// length of each message first.
func dialGenetlink() (*genetlink.Conn, error) {
	return genetlink.Dial(&mdlayher.Config{MessageBufferSize: 32 << 10})
}

// genetlinkCall is the same as getFamily, with genetlink's encoder and decoder.
func genetlinkCall() (func(int) error, error) {
	c, err := dialGenetlink()
	return func(int) error {
		ae := mdlayher.NewAttributeEncoder()
		ae.String(unix.CTRL_ATTR_FAMILY_NAME, genlFamily)
		data, err := ae.Encode()
		if err != nil {
			return err
		}
		answers, err := c.Execute(genetlink.Message{Header: genetlink.Header{Command: unix.CTRL_CMD_GETFAMILY, Version: 2}, Data: data},
			unix.GENL_ID_CTRL, mdlayher.Request)
		if err != nil {
			return err
		}
		var f family
		ad, err := mdlayher.NewAttributeDecoder(answers[0].Data)
		if err != nil {
			return err
		}
		for ad.Next() {
			switch ad.Type() {
			case unix.CTRL_ATTR_FAMILY_ID:
				f.ID = ad.Uint16()
			case unix.CTRL_ATTR_FAMILY_NAME:
				f.Name = ad.String()
			case unix.CTRL_ATTR_VERSION:
				f.Version = ad.Uint32()
			case unix.CTRL_ATTR_HDRSIZE:
				f.HeaderSize = ad.Uint32()
			case unix.CTRL_ATTR_MAXATTR:
				f.MaxAttr = ad.Uint32()
			}
		}
		if f.ID != unix.GENL_ID_CTRL {
			err = errFamily
		}
		return errors.Join(ad.Err(), err)
	}, err
}

// typedCall is the variant that makes getFamily's call, to the family as it is given.
func typedCall(name string, family func(c *nlkit.Client) (genl.Target, error)) variant {
	return alone(name, byNLKit, func() (func(int) error, error) {
		c, err := nlkit.New()
		if err != nil {
			return nil, err
		}
		target, err := family(c)
		return func(int) error {
			f, err := getFamily.Query(background, c, target, &familyName{genlFamily})
			if err == nil && f.ID != uapi.GENL_ID_CTRL {
				err = errFamily
			}
			return err
		}, err
	})
}

// floorFamily is the C program's variant.
func floorFamily(kind, name string) variant {
	v := floorCall(1, kind, genlFamily)
	v.name = name
	return v
}

var genlWorks = []work{
	{
		name: "genl-call", about: "a call of generic netlink with typed attributes", unit: "call",
		full: scale{n: 10_000}, quick: scale{n: 5000}, least: scale{n: 20}, practice: 100,
		scene: plainScene,
		variants: []variant{
			floorFamily("family-ack", "C"),
			typedCall("genl.Call", func(*nlkit.Client) (genl.Target, error) { return genl.Name(genlFamily), nil }),
			typedCall("genl.Call, resolved", func(c *nlkit.Client) (genl.Target, error) {
				return genl.Resolve(background, c, genlFamily)
			}),
			floorFamily("family", "C, unacknowledged"),
			alone("genetlink Execute", byMdlayher, genetlinkCall),
		},
		goals: []goal{
			{"genl.Call, resolved", wall, "C", 1.8},
			// A call by name looks twice whether the family's number is still its own.
			{"genl.Call", wall, "C", 2.6},
		},
	},
	{
		name: "genl-resolve", about: "look a family of generic netlink up, with its commands and groups", unit: "call",
		full: scale{n: 10_000}, quick: scale{n: 5000}, least: scale{n: 20}, practice: 100,
		scene: plainScene,
		variants: []variant{
			floorCall(1, "family", genlFamily),
			alone("genl.Resolve", byNLKit, func() (func(int) error, error) {
				c, err := nlkit.New()
				return func(int) error {
					f, err := genl.Resolve(background, c, genlFamily)
					if err == nil && f.ID != uapi.GENL_ID_CTRL {
						err = errFamily
					}
					return err
				}, err
			}),
			alone("netlink Handle.GenlFamilyGet", byVishvananda, vishFamily),
			alone("genetlink GetFamily", byMdlayher, func() (func(int) error, error) {
				c, err := dialGenetlink()
				return func(int) error {
					f, err := c.GetFamily(genlFamily)
					if err == nil && f.ID != unix.GENL_ID_CTRL {
						err = errFamily
					}
					return err
				}, err
			}),
		},
	},
}
