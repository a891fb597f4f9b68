package link

import (
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/nlkit/nlkit/attr"
)

// AddOption sets something of a link that [Add] makes.
type AddOption interface{ applyAdd(*change) }

// SetOption changes something of a link by [Set].
type SetOption interface{ applySet(*change) }

// PeerOption sets something of the other end of a pair: see [NewPeer].
type PeerOption interface{ applyPeer(*change) }

// Option is an option of [Add], [Set] and [NewPeer].
type Option interface {
	AddOption
	SetOption
	PeerOption
}

// AddSetOption is an option of [Add] and [Set].
type AddSetOption interface {
	AddOption
	SetOption
}

// AddPeerOption is an option of [Add] and [NewPeer].
type AddPeerOption interface {
	AddOption
	PeerOption
}

type (
	anyOption     func(*change)
	addSetOption  func(*change)
	addPeerOption func(*change)
	addOption     func(*change)
	setOption     func(*change)
)

func (o anyOption) applyAdd(c *change)      { o(c) }
func (o anyOption) applySet(c *change)      { o(c) }
func (o anyOption) applyPeer(c *change)     { o(c) }
func (o addSetOption) applyAdd(c *change)   { o(c) }
func (o addSetOption) applySet(c *change)   { o(c) }
func (o addPeerOption) applyAdd(c *change)  { o(c) }
func (o addPeerOption) applyPeer(c *change) { o(c) }
func (o addOption) applyAdd(c *change)      { o(c) }
func (o setOption) applySet(c *change)      { o(c) }

// change is what the options fill in: the link as it is to be. What is nil or
// zero is not sent.
type change struct {
	index       int // the new link's, not that of the link which is changed
	flags, mask Flags
	name        string

	mtu                      *int
	address, broadcast       net.HardwareAddr
	master                   *int
	alias                    *string
	txQueueLen, group        *uint32
	numTxQueues, numRxQueues uint32
	parent                   int
	parentNSID               *int
	parentDevice             string
	mode                     *Mode
	operState                *OperState
	carrier, protoDown       *bool
	protoDownReason          *protoDownReason
	newIndex                 int

	gsoMaxSize, gsoMaxSegs, groMaxSize *uint32
	gsoIPv4MaxSize, groIPv4MaxSize     *uint32

	netnsFD, netnsPID, netnsID *int
	netnsName                  *string
	netnsCount                 int

	families familyChange
	vfs      []vfChange
	xdp      *xdpChange

	info linkInfo
	raw  []attr.Raw
	into *Link

	err error // the first contradiction
}

// linkInfo is what stands in IFLA_LINKINFO.
type linkInfo struct {
	kind Kind
	port Port
}

func (c *change) refuse(err error) {
	if c.err == nil {
		c.err = err
	}
}

// setFlag notes a flag, which must not be set and cleared in one request.
func (c *change) setFlag(flag Flags, on bool) {
	if c.mask.Has(flag) && c.flags.Has(flag) != on {
		c.refuse(attr.Invalid("ifi_flags", "%v is both set and cleared", flag))
	}
	c.mask |= flag
	c.flags &^= flag
	if on {
		c.flags |= flag
	}
}

func (c *change) setMaster(index int) {
	if c.master != nil && *c.master != index {
		c.refuse(attr.Invalid("IFLA_MASTER", "two masters"))
	}
	c.master = &index
}

// Up brings the link up. It is no option of a peer: the kernel refuses to bring
// one up before the pair is complete. `ip link set NAME up`
func Up() AddSetOption { return addSetOption(func(c *change) { c.setFlag(FlagUp, true) }) }

// Down takes the link down, which a new link is anyway. `ip link set NAME down`
func Down() AddSetOption { return addSetOption(func(c *change) { c.setFlag(FlagUp, false) }) }

// WithPromisc makes the link receive all packets, or no longer. `ip link set NAME
// promisc on`
func WithPromisc(on bool) Option { return anyOption(func(c *change) { c.setFlag(FlagPromisc, on) }) }

// WithAllMulti makes the link receive all multicast packets, or no longer. `ip
// link set NAME allmulticast on`
func WithAllMulti(on bool) Option {
	return anyOption(func(c *change) { c.setFlag(FlagAllMulti, on) })
}

// WithMulticast says whether the link can do multicast. `ip link set NAME
// multicast on`
func WithMulticast(on bool) Option {
	return anyOption(func(c *change) { c.setFlag(FlagMulticast, on) })
}

// WithARP says whether the link does ARP and neighbour discovery. `ip link set
// NAME arp on`
func WithARP(on bool) Option { return anyOption(func(c *change) { c.setFlag(FlagNoARP, !on) }) }

// WithMTU sets the largest packet, in bytes; the default is the kind's. It must
// be within [Link.MinMTU] and [Link.MaxMTU], or the error is [io/fs.ErrInvalid]. `ip
// link set NAME mtu BYTES`
func WithMTU(bytes int) Option { return anyOption(func(c *change) { c.mtu = &bytes }) }

// WithAddress sets the hardware address; the default is a random one. For most
// links it is 6 bytes long. The kernel cuts one that is longer than those of the link;
// [Set] asks for the link then, and refuses it ([io/fs.ErrInvalid]), which it cannot do
// in a batch. `ip link set NAME address MAC`
func WithAddress(mac net.HardwareAddr) Option {
	return anyOption(func(c *change) { c.address = copyMAC(mac) })
}

// WithBroadcast sets the hardware's broadcast address; the default is the kind's. Its
// length is that of [WithAddress]. `ip link set NAME broadcast MAC`
func WithBroadcast(mac net.HardwareAddr) Option {
	return anyOption(func(c *change) { c.broadcast = copyMAC(mac) })
}

// copyMAC never returns nil: an empty address that was asked for is refused.
func copyMAC(mac net.HardwareAddr) net.HardwareAddr {
	return append(make(net.HardwareAddr, 0, len(mac)), mac...)
}

// WithTxQueueLen sets the length of the transmit queue in packets; the default is
// the kind's, often 1000. `ip link set NAME txqueuelen N`
func WithTxQueueLen(packets uint32) Option {
	return anyOption(func(c *change) { c.txQueueLen = &packets })
}

// WithGroup puts the link into a group of links; the default is 0. `ip link set
// NAME group N`
func WithGroup(group uint32) Option { return anyOption(func(c *change) { c.group = &group }) }

// WithMode says which operational state the link gets with a carrier. `ip link set
// NAME mode dormant`
func WithMode(mode Mode) Option { return anyOption(func(c *change) { c.mode = &mode }) }

// WithGSOMaxSize sets [Link.GSOMaxSize], in bytes, which must not exceed
// [Link.TSOMaxSize]. `ip link set NAME gso_max_size BYTES`
func WithGSOMaxSize(bytes uint32) Option { return anyOption(func(c *change) { c.gsoMaxSize = &bytes }) }

// WithGSOMaxSegs sets [Link.GSOMaxSegs], which must not exceed [Link.TSOMaxSegs].
// `ip link set NAME gso_max_segs N`
func WithGSOMaxSegs(segments uint32) Option {
	return anyOption(func(c *change) { c.gsoMaxSegs = &segments })
}

// WithGROMaxSize sets [Link.GROMaxSize], in bytes. Linux 5.19; an older kernel
// ignores it. `ip link set NAME gro_max_size BYTES`
func WithGROMaxSize(bytes uint32) Option { return anyOption(func(c *change) { c.groMaxSize = &bytes }) }

// WithGSOIPv4MaxSize sets [Link.GSOIPv4MaxSize], in bytes. Linux 6.3; an older
// kernel ignores it. `ip link set NAME gso_ipv4_max_size BYTES`
func WithGSOIPv4MaxSize(bytes uint32) Option {
	return anyOption(func(c *change) { c.gsoIPv4MaxSize = &bytes })
}

// WithGROIPv4MaxSize sets [Link.GROIPv4MaxSize], in bytes. Linux 6.3; an older
// kernel ignores it. `ip link set NAME gro_ipv4_max_size BYTES`
func WithGROIPv4MaxSize(bytes uint32) Option {
	return anyOption(func(c *change) { c.groIPv4MaxSize = &bytes })
}

// WithNetNS makes the link in, or moves it to, the network namespace that `ip
// netns add` made under this name. It is opened when the request is made and
// closed when that is done. The error is [io/fs.ErrNotExist] if there is none, and
// [io/fs.ErrExist] if it has a link with this name. `ip link set NAME netns NETNS`
func WithNetNS(name string) Option {
	return anyOption(func(c *change) { c.netnsName = &name; c.netnsCount++ })
}

// WithNetNSFD makes the link in, or moves it to, the network namespace that the
// file descriptor fd is open on; it must stay open until the request is done, in
// a batch until that was sent. The error is [io/fs.ErrExist] if the namespace has a
// link with this name.
func WithNetNSFD(fd int) Option {
	return anyOption(func(c *change) { c.netnsFD = &fd; c.netnsCount++ })
}

// WithNetNSPID makes the link in, or moves it to, the network namespace of the
// process pid. The error is ESRCH if there is no such process, and [io/fs.ErrExist] if
// its namespace has a link with this name. `ip link set NAME netns PID`
func WithNetNSPID(pid int) Option {
	return anyOption(func(c *change) { c.netnsPID = &pid; c.netnsCount++ })
}

// WithNetNSID makes the link in, or moves it to, the network namespace that has this
// id here: see [Link.ParentNSID]. The error is [io/fs.ErrInvalid] if none has, and
// [io/fs.ErrExist] if it has a link with this name. It is no option of a peer: there
// the kernel does not look at it.
func WithNetNSID(id int) AddSetOption {
	return addSetOption(func(c *change) { c.netnsID = &id; c.netnsCount++ })
}

// WithRawAttr sends an attribute that has no option: its type (IFLA_*) and its
// payload as it is on the wire.
func WithRawAttr(typ uint16, data []byte) Option {
	data = append([]byte(nil), data...)
	return anyOption(func(c *change) { c.raw = append(c.raw, attr.Raw{Type: typ, Data: data}) })
}

// WithMaster makes the link a port of a bridge, bond, VRF, …, by its index. `ip
// link set NAME master BRIDGE`
func WithMaster(index int) AddSetOption {
	return addSetOption(func(c *change) {
		if err := checkIndex("IFLA_MASTER", index); err != nil {
			c.refuse(err)
		}
		c.setMaster(index)
	})
}

// WithPort changes settings of the link as a port of its master: those fields of port
// that are set. The link must be a port already: the kernel applies settings to the
// master that there is, before it changes that, so that WithPort goes without
// [WithMaster]. If there is none the error is [errors.ErrUnsupported]. The kernel does
// not look for which kind of master they are meant; [Set] does, at the cost of asking
// for the link, and the error is [io/fs.ErrInvalid] if it is not this one. In a batch it
// cannot, and settings for another kind of master do anything or nothing. `ip link set
// NAME type KIND_slave …`
func WithPort(port Port) SetOption {
	return setOption(func(c *change) {
		if err := checkPort(port); err != nil {
			c.refuse(err)
		}
		c.info.port = port
	})
}

// WithNumTxQueues sets the number of transmit queues, 1 to 4096; the default is
// the kind's. `ip link add NAME numtxqueues N`
func WithNumTxQueues(n uint32) AddPeerOption {
	return addPeerOption(func(c *change) {
		c.numTxQueues = n
		c.checkQueues("IFLA_NUM_TX_QUEUES", n)
	})
}

// WithNumRxQueues sets the number of receive queues, 1 to 4096; the default is
// the kind's. `ip link add NAME numrxqueues N`
func WithNumRxQueues(n uint32) AddPeerOption {
	return addPeerOption(func(c *change) {
		c.numRxQueues = n
		c.checkQueues("IFLA_NUM_RX_QUEUES", n)
	})
}

func (c *change) checkQueues(path string, n uint32) {
	if n == 0 || n > 4096 {
		c.refuse(attr.Invalid(path, "%d queues, from 1 to 4096 are possible", n))
	}
}

// WithIndex makes the link with this index. The error is [io/fs.ErrExist] if another
// link has it, EBUSY if the peer took it. Of a peer the kernel heeds it only if the first end has one too.
// `ip link add NAME index N`
func WithIndex(index int) AddPeerOption {
	return addPeerOption(func(c *change) {
		if err := checkIndex("ifi_index", index); err != nil {
			c.refuse(err)
		}
		c.index = index
	})
}

// WithParent makes the link on top of another, by its index: a VLAN, a macvlan and
// such need it. `ip link add link PARENT NAME …`
func WithParent(index int) AddOption {
	return addOption(func(c *change) {
		if err := checkIndex("IFLA_LINK", index); err != nil {
			c.refuse(err)
		}
		c.parent = index
	})
}

// WithParentNSID says that the index of [WithParent] is one of the network
// namespace with this id. `ip link add link PARENT NAME link-netnsid ID …`
func WithParentNSID(id int) AddOption {
	return addOption(func(c *change) {
		if !isNSID(id) {
			c.refuse(attr.Invalid("IFLA_LINK_NETNSID", "%d is not the id of a network namespace", id))
		}
		c.parentNSID = &id
	})
}

// WithParentDevice makes the link on top of a device that is no link, by its name
// ([Device.ParentName]): what links of the kind [WWAN] need, and others ignore.
// Linux 5.14. `ip link add parentdev DEVICE NAME type wwan …`
func WithParentDevice(name string) AddOption {
	return addOption(func(c *change) {
		if name == "" {
			c.refuse(attr.Invalid("IFLA_PARENT_DEV_NAME", "the name is empty"))
		}
		c.parentDevice = name
	})
}

// Into makes [Add] store the new link, with its index, into l: the kernel tells
// it (Linux 6.2), or it is looked up by its name. In a batch that is done when the
// batch is sent. It cannot be had of a link that is made in another network
// namespace; nor, before Linux 6.2, of one whose name has a %d: that is made, but
// not found ([io/fs.ErrNotExist]).
func Into(l *Link) AddOption { return addOption(func(c *change) { c.into = l }) }

// WithName renames the link. The link must be selected by [Index] if the request
// goes into a batch; otherwise its index is looked up first. Before Linux 6.2 it
// must be down, or the error is EBUSY. `ip link set NAME name NEW`
func WithName(name string) SetOption {
	return setOption(func(c *change) {
		if err := checkName("IFLA_IFNAME", name); err != nil {
			c.refuse(err)
		}
		c.name = name
	})
}

// WithAlias sets the description of the link, at most 255 bytes; empty removes it.
// `ip link set NAME alias TEXT`
func WithAlias(text string) SetOption {
	return setOption(func(c *change) {
		switch {
		case len(text) > maxAlias:
			c.refuse(attr.Invalid("IFLA_IFALIAS", "%d bytes, an alias has at most %d", len(text), maxAlias))
		case strings.IndexByte(text, 0) >= 0: // where the kernel would end it
			c.refuse(attr.Invalid("IFLA_IFALIAS", "%q contains a NUL", text))
		}
		c.alias = &text
	})
}

const maxAlias = 255 // IFALIASZ less the terminating NUL

// WithNoMaster makes the link a port of nothing. `ip link set NAME nomaster`
func WithNoMaster() SetOption { return setOption(func(c *change) { c.setMaster(0) }) }

// WithAddrGenMode says how the link makes its link-local IPv6 addresses. `ip link
// set NAME addrgenmode MODE`
func WithAddrGenMode(mode AddrGenMode) SetOption {
	return setOption(func(c *change) { c.families.addrGen = &mode })
}

// WithInet6Token sets [Inet6.Token], of which the lower 64 bits count and the others
// are zero; [netip.IPv6Unspecified] takes it away, where the kernel is not too old
// for that. The link must do neighbour discovery and heed router advertisements, or
// the error is [io/fs.ErrInvalid]. `ip token set TOKEN dev NAME`
func WithInet6Token(token netip.Addr) SetOption {
	return setOption(func(c *change) {
		b := token.As16()
		if !token.Is6() || token.Zone() != "" || [8]byte(b[:8]) != [8]byte{} {
			c.refuse(attr.Invalid("IFLA_AF_SPEC.AF_INET6.IFLA_INET6_TOKEN", "%v is not an IPv6 address of the lower 64 bits", token))
		}
		c.families.token = token
	})
}

// WithInet changes how IPv4 is set up on the link: those fields of inet that are
// set. The error is [errors.ErrUnsupported] if the link has no IPv4. `ip link set
// NAME inet forwarding on …`, `sysctl net.ipv4.conf.NAME…`
func WithInet(inet InetChange) SetOption {
	return setOption(func(c *change) {
		if inet != (InetChange{}) {
			c.families.inet = &inet
		}
	})
}

// WithMCTPNet puts the link into an MCTP network, from 1. Linux 5.15. `mctp link set
// NAME network NET`
func WithMCTPNet(net uint32) SetOption {
	return setOption(func(c *change) { c.families.mctpNet = &net })
}

// WithProtoDown holds the link down for a protocol, or no longer: without a carrier,
// though it is up. Few kinds know it, such as macvlan and vxlan; to others the error
// is [errors.ErrUnsupported]. EBUSY says that it cannot end while there are reasons.
// `ip link set NAME protodown on`
func WithProtoDown(on bool) SetOption { return setOption(func(c *change) { c.protoDown = &on }) }

// WithProtoDownReason changes those bits of [Link.ProtoDownReason] that are set in
// mask to what they are in value. It comes before [WithProtoDown] and does not do
// its work. Linux 5.9. `ip link set NAME protodown_reason BIT on`
func WithProtoDownReason(value, mask uint32) SetOption {
	return setOption(func(c *change) {
		if mask == 0 || value&^mask != 0 {
			c.refuse(attr.Invalid("IFLA_PROTO_DOWN_REASON", "the bits %#x of %#x", value, mask))
		}
		c.protoDownReason = &protoDownReason{mask: mask, value: value}
	})
}

// WithCarrier tells a link of software that it has a carrier, or none. A dummy and
// few others can do that; to others the error is [errors.ErrUnsupported]. `ip link
// set NAME carrier off`
func WithCarrier(on bool) SetOption { return setOption(func(c *change) { c.carrier = &on }) }

// WithOperState says what became of the wait for an event: that the link is
// [OperUp], [OperDormant] or [OperTesting]. The kernel ignores what does not fit the
// state that the link is in. `ip link set NAME state up`
func WithOperState(state OperState) SetOption {
	return setOption(func(c *change) { c.operState = &state })
}

// WithKind changes settings of the link's kind: those fields of kind that are set. A
// tunnel of IP, such as [GRE], takes the kernel's defaults for most of the others, and
// its comment tells for which. What the kernel cannot change later is an error:
// [errors.ErrUnsupported], [io/fs.ErrInvalid], or what the comment of the kind says.
// `ip link set NAME type KIND …`
func WithKind(kind Kind) SetOption {
	return setOption(func(c *change) {
		if err := checkKind(kind); err != nil {
			c.refuse(err)
		}
		c.info.kind = kind
	})
}

// WithNewIndex gives the link this index in the network namespace that it moves
// to. Linux 5.13; an older kernel ignores it.
func WithNewIndex(index int) SetOption {
	return setOption(func(c *change) {
		if err := checkIndex("IFLA_NEW_IFINDEX", index); err != nil {
			c.refuse(err)
		}
		c.newIndex = index
	})
}

const maxAddressLen = 32 // MAX_ADDR_LEN

// check refuses what the options say, before anything is sent.
func (c *change) check() error {
	switch {
	case c.err != nil:
		return c.err
	case c.mtu != nil && *c.mtu < 0:
		return attr.Invalid("IFLA_MTU", "%d is negative", *c.mtu)
	case c.netnsCount > 1:
		return attr.Invalid(c.netnsPath(), "more than one network namespace")
	case c.netnsFD != nil && *c.netnsFD < 0:
		return attr.Invalid("IFLA_NET_NS_FD", "%d is not a file descriptor", *c.netnsFD)
	case c.netnsPID != nil && *c.netnsPID < 1:
		return attr.Invalid("IFLA_NET_NS_PID", "%d is not the id of a process", *c.netnsPID)
	case c.netnsID != nil && !isNSID(*c.netnsID):
		return attr.Invalid("IFLA_TARGET_NETNSID", "%d is not the id of a network namespace", *c.netnsID)
	case c.newIndex != 0 && c.netnsCount == 0:
		return attr.Invalid("IFLA_NEW_IFINDEX", "the link does not move to another network namespace")
	case c.parentNSID != nil && c.parent == 0:
		return attr.Invalid("IFLA_LINK_NETNSID", "there is no parent link")
	case c.info.port != nil && c.master != nil:
		return attr.Invalid("IFLA_LINKINFO.IFLA_INFO_SLAVE_DATA", "settings of a port take a master already: change it in a request of its own")
	case c.into != nil && c.netnsCount > 0:
		return attr.Invalid(c.netnsPath(), "a link in another network namespace cannot be read back")
	}
	if n := c.netnsName; n != nil && (*n == "" || *n == "." || *n == ".." || strings.ContainsAny(*n, "/\x00")) {
		return attr.Invalid("IFLA_NET_NS_FD", "%q is not the name of a network namespace", *n)
	}
	if err := checkAddress("IFLA_ADDRESS", c.address); err != nil {
		return err
	}
	return checkAddress("IFLA_BROADCAST", c.broadcast)
}

// isNSID reports whether id can be that of a network namespace.
func isNSID(id int) bool { return id >= 0 && id <= maxIndex }

func (c *change) netnsPath() string {
	switch {
	case c.netnsFD != nil || c.netnsName != nil:
		return "IFLA_NET_NS_FD"
	case c.netnsPID != nil:
		return "IFLA_NET_NS_PID"
	}
	return "IFLA_TARGET_NETNSID"
}

func checkAddress(path string, a net.HardwareAddr) error {
	if a != nil && (len(a) == 0 || len(a) > maxAddressLen) {
		return attr.Invalid(path, "%d bytes are no hardware address", len(a))
	}
	return nil
}

// netnsDirs are where ip netns keeps namespaces; tests have a place of their own.
var netnsDirs = []string{"/run/netns", "/var/run/netns"}

// open opens the network namespace that is given by its name.
func (c *change) open() (release func(), err error) {
	if c.netnsName == nil {
		return func() {}, nil
	}
	for _, dir := range netnsDirs {
		var f *os.File
		if f, err = os.Open(filepath.Join(dir, *c.netnsName)); err == nil {
			c.netnsName, c.netnsFD = nil, new(int(f.Fd()))
			return func() { _ = f.Close() }, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return func() {}, &attr.Error{Path: "IFLA_NET_NS_FD", Err: err}
}

// openAll opens the network namespaces that the change refers to by name, of the
// link and of its peer.
func (c *change) openAll() (release func(), err error) {
	closeOwn, err := c.open()
	if err != nil {
		return closeOwn, err
	}
	o, ok := c.info.kind.(opener)
	if !ok {
		return closeOwn, nil
	}
	kind, closePeer, err := o.open()
	if err != nil {
		closeOwn()
		return func() {}, within("IFLA_LINKINFO", within("IFLA_INFO_DATA", err))
	}
	c.info.kind = kind
	return func() { closePeer(); closeOwn() }, nil
}

// checkKind refuses a kind that is not there.
func checkKind(k Kind) error {
	const path = "IFLA_LINKINFO.IFLA_INFO_KIND"
	if k == nil || reflect.ValueOf(k).IsNil() {
		return attr.Invalid(path, "no kind is given")
	}
	return nil
}

// checkPort refuses a port that is not there.
func checkPort(p Port) error {
	if p == nil || reflect.ValueOf(p).IsNil() {
		return attr.Invalid(slaveKind, "no port is given")
	}
	return nil
}

const slaveKind = "IFLA_LINKINFO.IFLA_INFO_SLAVE_KIND"

// checkEthernet refuses a hardware address that a link of this kind cannot have:
// the kernel takes any on creation.
func (c *change) checkEthernet(k Kind) error {
	if _, ok := k.(*Unknown); ok {
		return nil
	}
	if other, ok := k.(interface{ addressLen() int }); ok {
		return c.checkAddressLen(other.addressLen())
	}
	return c.checkAddressLen(ethernetLen)
}

const ethernetLen = 6 // ETH_ALEN

// checkAddressLen refuses an address that does not have want bytes.
func (c *change) checkAddressLen(want int) error {
	if c.address != nil && len(c.address) != want {
		return attr.Invalid("IFLA_ADDRESS", "%d bytes, an address of this link has %d", len(c.address), want)
	}
	if c.broadcast != nil && len(c.broadcast) != want {
		return attr.Invalid("IFLA_BROADCAST", "%d bytes, an address of this link has %d", len(c.broadcast), want)
	}
	return nil
}
