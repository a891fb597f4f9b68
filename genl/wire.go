package genl

import (
	"fmt"

	"github.com/mdlayher/genetlink"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

const (
	nameAttr = "CTRL_ATTR_FAMILY_NAME"
	maxName  = uapi.GENL_NAMSIZ - 1 // with its NUL it fills the field

	headerLen = uapi.GENL_HDRLEN
	minID     = uapi.GENL_MIN_ID
	maxHeader = 1 << 16 // no message of the kernel is longer
)

// controller is the family that knows the others. Its number is fixed, and with it
// the search for a family begins.
var controller = Family{ID: uapi.GENL_ID_CTRL, Name: "nlctrl", Version: 2}

// familyRequest says which family is asked for.
type familyRequest struct {
	ID   *uint16
	Name string
}

func (r *familyRequest) describe() string {
	switch {
	case r.ID != nil:
		return fmt.Sprintf("family %#x", *r.ID)
	case r.Name != "":
		return quote(r.Name)
	}
	return ""
}

var familyRequestAttrs = attr.Table[familyRequest]{
	attr.OptU16(uapi.CTRL_ATTR_FAMILY_ID, "CTRL_ATTR_FAMILY_ID", func(r *familyRequest) **uint16 { return &r.ID }),
	attr.String(uapi.CTRL_ATTR_FAMILY_NAME, nameAttr, func(r *familyRequest) *string { return &r.Name }),
}

// In the order in which the kernel sends them.
var familyAttrs = attr.Table[Family]{
	attr.String(uapi.CTRL_ATTR_FAMILY_NAME, nameAttr, func(f *Family) *string { return &f.Name }),
	attr.U16(uapi.CTRL_ATTR_FAMILY_ID, "CTRL_ATTR_FAMILY_ID", func(f *Family) *uint16 { return &f.ID }),
	attr.U32(uapi.CTRL_ATTR_VERSION, "CTRL_ATTR_VERSION", func(f *Family) *int { return &f.Version }),
	attr.U32(uapi.CTRL_ATTR_HDRSIZE, "CTRL_ATTR_HDRSIZE", func(f *Family) *int { return &f.HeaderSize }),
	attr.U32(uapi.CTRL_ATTR_MAXATTR, "CTRL_ATTR_MAXATTR", func(f *Family) *int { return &f.MaxAttr }),
	attr.List(uapi.CTRL_ATTR_OPS, "CTRL_ATTR_OPS", operationAttrs, func(f *Family) *[]Operation { return &f.Operations }),
	attr.List(uapi.CTRL_ATTR_MCAST_GROUPS, "CTRL_ATTR_MCAST_GROUPS", groupAttrs, func(f *Family) *[]Group { return &f.Groups }),
}

var operationAttrs = attr.Table[Operation]{
	attr.U32(uapi.CTRL_ATTR_OP_ID, "CTRL_ATTR_OP_ID", func(o *Operation) *uint8 { return &o.Command }),
	attr.U32(uapi.CTRL_ATTR_OP_FLAGS, "CTRL_ATTR_OP_FLAGS", func(o *Operation) *OpFlags { return &o.Flags }),
}

var groupAttrs = attr.Table[Group]{
	attr.U32(uapi.CTRL_ATTR_MCAST_GRP_ID, "CTRL_ATTR_MCAST_GRP_ID", func(g *Group) *uint32 { return &g.ID }),
	attr.String(uapi.CTRL_ATTR_MCAST_GRP_NAME, "CTRL_ATTR_MCAST_GRP_NAME", func(g *Group) *string { return &g.Name }),
}

var getFamily = Call[familyRequest, Family]{
	Command:  uapi.CTRL_CMD_GETFAMILY,
	Request:  familyRequestAttrs,
	Reply:    familyAttrs,
	Describe: (*familyRequest).describe,
	answers:  true,
}

var listFamilies = Call[struct{}, Family]{
	Command: uapi.CTRL_CMD_GETFAMILY,
	Reply:   familyAttrs,
}

// announcements is where nlctrl tells of families.
var announcements = nlkit.Listen{Op: "genl.Name", Protocol: uapi.NETLINK_GENERIC, Groups: []uint32{uapi.GENL_ID_CTRL}}

var announcementAttrs = attr.Table[announcement]{
	attr.String(uapi.CTRL_ATTR_FAMILY_NAME, nameAttr, func(a *announcement) *string { return &a.Name }),
	attr.U16(uapi.CTRL_ATTR_FAMILY_ID, "CTRL_ATTR_FAMILY_ID", func(a *announcement) *uint16 { return &a.ID }),
}

// announced returns what nlctrl tells of a family that came or went, by
// CTRL_CMD_NEWFAMILY or CTRL_CMD_DELFAMILY. What it tells of groups, the announcement
// of their family repeats.
func announced(m nlkit.Message) (msg Message, ok bool, err error) {
	if m.Type != uapi.GENL_ID_CTRL {
		return Message{}, false, nil
	}
	msg, err = controller.Parse(m)
	ok = msg.Command == uapi.CTRL_CMD_NEWFAMILY || msg.Command == uapi.CTRL_CMD_DELFAMILY
	return msg, ok && err == nil, err
}

// decodeAnnouncement takes in a message to the group announcements.
func decodeAnnouncement(m nlkit.Message, a *announcement) (bool, error) {
	msg, ok, err := announced(m)
	if !ok || err != nil {
		return false, err
	}
	a.gone = msg.Command == uapi.CTRL_CMD_DELFAMILY
	return true, announcementAttrs.Decode(msg.Attrs, a)
}

// Message is a message of a family: what stands behind the netlink header.
type Message struct {
	// Command is what the message means (struct genlmsghdr, cmd).
	Command uint8
	// Version is the version of the command (struct genlmsghdr, version). In a
	// request 0 stands for the family's.
	Version uint8
	// Header is the family's own header, [Family.HeaderSize] bytes. In a request
	// nil stands for zeros.
	Header []byte
	// Attrs are the attributes, encoded.
	Attrs []byte
}

// Request returns the request of package nlkit that sends m to the family, for
// what a [Call] does not fit. op is the operation in errors, "family.command" if it
// is empty.
//
// Errors: [fs.ErrInvalid] for a family that was not resolved, and for a header of
// another length than the family's.
func (f Family) Request(op string, m Message) (nlkit.Request, error) {
	r, err := begin(op, f.Name, m.Command)
	if err == nil {
		own := len(m.Header)
		r.Data = append(append(r.Data, m.Header...), make([]byte, align(own)-own)...)
		r.Header = len(r.Data)
		err = f.fit(&r, own, m.Version)
	}
	if err != nil {
		return nlkit.Request{}, r.Fail(err)
	}
	r.Data = append(r.Data, m.Attrs...)
	return r, nil
}

// begin returns a request whose data ends where the family's own header begins.
func begin(op, family string, command uint8) (nlkit.Request, error) {
	if op == "" {
		op = fmt.Sprintf("%s.%d", family, command)
	}
	data, err := genetlink.Message{Header: genetlink.Header{Command: command}}.MarshalBinary()
	return nlkit.Request{Op: op, Protocol: uapi.NETLINK_GENERIC, Data: data}, err
}

// Parse returns the message of the family that m holds: what an answer to
// [Family.Request] is. It is valid as long as m is.
//
// Errors: [nlkit.ErrMalformed] if it is too short.
func (f Family) Parse(m nlkit.Message) (Message, error) {
	// Not by genetlink.Message, which takes a header whose reserved bytes are in
	// use for malformed: a newer kernel may give them a meaning.
	if f.HeaderSize < 0 || len(m.Data)-uapi.GENL_HDRLEN < f.HeaderSize {
		return Message{}, fmt.Errorf("%w: %d bytes, behind the first %d there is a header of %d", nlkit.ErrMalformed, len(m.Data), uapi.GENL_HDRLEN, f.HeaderSize)
	}
	rest := m.Data[uapi.GENL_HDRLEN:]
	return Message{
		Command: m.Data[0],
		Version: m.Data[1],
		Header:  rest[:f.HeaderSize:f.HeaderSize],
		Attrs:   rest[min(align(f.HeaderSize), len(rest)):],
	}, nil
}

func align(n int) int { return (n + 3) &^ 3 }
