package link

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

// vfInfo is IFLA_VF_INFO, both ways: a VF or a VFChange is made from or of it.
type vfInfo struct {
	index                       uint32 // stands in most attributes
	mac                         *vfAddress
	broadcast                   *vfAddress // without the index
	vlan                        *VFVLAN    // the only one, of type 802.1Q
	vlans                       []VFVLAN
	txRate                      *uint32 // rate.Max alone
	rate                        *VFRate
	state                       *VFState
	spoofCheck, rssQuery, trust *int32 // -1 if not known
	nodeGUID, portGUID          *GUID
	stats                       *VFStats
	unknown                     []attr.Raw
}

// vfAddress is an address in the length of the longest that there is.
type vfAddress [maxAddressLen]byte

var vfInfoAttrs = attr.Table[vfInfo]{
	vfRow(uapi.IFLA_VF_MAC, "IFLA_VF_MAC", addressForm, func(v *vfInfo) **vfAddress { return &v.mac }),
	vfRow(uapi.IFLA_VF_VLAN, "IFLA_VF_VLAN", vlanForm, func(v *vfInfo) **VFVLAN { return &v.vlan }),
	vfRow(uapi.IFLA_VF_TX_RATE, "IFLA_VF_TX_RATE", wordForm[uint32](), func(v *vfInfo) **uint32 { return &v.txRate }),
	vfRow(uapi.IFLA_VF_SPOOFCHK, "IFLA_VF_SPOOFCHK", wordForm[int32](), func(v *vfInfo) **int32 { return &v.spoofCheck }),
	vfRow(uapi.IFLA_VF_LINK_STATE, "IFLA_VF_LINK_STATE", wordForm[VFState](), func(v *vfInfo) **VFState { return &v.state }),
	vfRow(uapi.IFLA_VF_RATE, "IFLA_VF_RATE", rateForm, func(v *vfInfo) **VFRate { return &v.rate }),
	vfRow(uapi.IFLA_VF_RSS_QUERY_EN, "IFLA_VF_RSS_QUERY_EN", wordForm[int32](), func(v *vfInfo) **int32 { return &v.rssQuery }),
	attr.Nested(uapi.IFLA_VF_STATS, "IFLA_VF_STATS", vfStatsAttrs, func(v *vfInfo) **VFStats { return &v.stats }),
	vfRow(uapi.IFLA_VF_TRUST, "IFLA_VF_TRUST", wordForm[int32](), func(v *vfInfo) **int32 { return &v.trust }),
	vfRow(uapi.IFLA_VF_IB_NODE_GUID, "IFLA_VF_IB_NODE_GUID", guidForm, func(v *vfInfo) **GUID { return &v.nodeGUID }),
	vfRow(uapi.IFLA_VF_IB_PORT_GUID, "IFLA_VF_IB_PORT_GUID", guidForm, func(v *vfInfo) **GUID { return &v.portGUID }),
	attr.Custom(uapi.IFLA_VF_VLAN_LIST, "IFLA_VF_VLAN_LIST", putVFVLANs, getVFVLANs).
		Within(func([]byte) attr.Schema { return names{uapi.IFLA_VF_VLAN_INFO: {name: "IFLA_VF_VLAN_INFO"}} }).
		Sample(func(r *rand.Rand, v *vfInfo) {
			v.vlans = []VFVLAN{vlanForm.sample(r), {ID: 7, Protocol: VLAN8021AD}}
		}),
	attr.Custom(uapi.IFLA_VF_BROADCAST, "IFLA_VF_BROADCAST",
		func(b []byte, v *vfInfo) ([]byte, error) {
			if v.broadcast != nil {
				b = attr.AppendBytes(b, uapi.IFLA_VF_BROADCAST, v.broadcast[:])
			}
			return b, nil
		},
		func(p []byte, v *vfInfo) error {
			if len(p) < maxAddressLen {
				return short(p, maxAddressLen)
			}
			v.broadcast = new(vfAddress(p[:maxAddressLen]))
			return nil
		}).
		Sample(func(r *rand.Rand, v *vfInfo) { v.broadcast = new(addressForm.sample(r)) }),
	attr.Rest(func(v *vfInfo) *[]attr.Raw { return &v.unknown }),
}

var vfStatsAttrs = attr.Table[VFStats]{
	attr.U64(uapi.IFLA_VF_STATS_RX_PACKETS, "IFLA_VF_STATS_RX_PACKETS", func(s *VFStats) *uint64 { return &s.RxPackets }),
	attr.U64(uapi.IFLA_VF_STATS_TX_PACKETS, "IFLA_VF_STATS_TX_PACKETS", func(s *VFStats) *uint64 { return &s.TxPackets }),
	attr.U64(uapi.IFLA_VF_STATS_RX_BYTES, "IFLA_VF_STATS_RX_BYTES", func(s *VFStats) *uint64 { return &s.RxBytes }),
	attr.U64(uapi.IFLA_VF_STATS_TX_BYTES, "IFLA_VF_STATS_TX_BYTES", func(s *VFStats) *uint64 { return &s.TxBytes }),
	attr.U64(uapi.IFLA_VF_STATS_BROADCAST, "IFLA_VF_STATS_BROADCAST", func(s *VFStats) *uint64 { return &s.Broadcast }),
	attr.U64(uapi.IFLA_VF_STATS_MULTICAST, "IFLA_VF_STATS_MULTICAST", func(s *VFStats) *uint64 { return &s.Multicast }),
	named[VFStats](uapi.IFLA_VF_STATS_PAD, "IFLA_VF_STATS_PAD"),
	attr.U64(uapi.IFLA_VF_STATS_RX_DROPPED, "IFLA_VF_STATS_RX_DROPPED", func(s *VFStats) *uint64 { return &s.RxDropped }),
	attr.U64(uapi.IFLA_VF_STATS_TX_DROPPED, "IFLA_VF_STATS_TX_DROPPED", func(s *VFStats) *uint64 { return &s.TxDropped }),
}

// vfForm is the form of a value behind the number of the function.
type vfForm[V any] struct {
	size   int // with the number
	put    func(b []byte, v V) []byte
	get    func(p []byte) (V, error) // p begins with the number
	sample func(r *rand.Rand) V
}

// vfRow is a row of a struct that begins with the number of the function.
func vfRow[V any](typ uint16, name string, form vfForm[V], field func(*vfInfo) **V) attr.Row[vfInfo] {
	return attr.Custom(typ, name,
		func(b []byte, v *vfInfo) ([]byte, error) {
			value := *field(v)
			if value == nil {
				return b, nil
			}
			p := binary.NativeEndian.AppendUint32(make([]byte, 0, 4+maxAddressLen), v.index)
			return attr.AppendBytes(b, typ, form.put(p, *value)), nil
		},
		func(p []byte, v *vfInfo) error {
			if len(p) < form.size {
				return short(p, form.size)
			}
			value, err := form.get(p)
			v.index, *field(v) = binary.NativeEndian.Uint32(p), &value
			return err
		}).
		Sample(func(r *rand.Rand, v *vfInfo) { v.index, *field(v) = 5, new(form.sample(r)) })
}

var (
	addressForm = vfForm[vfAddress]{
		size: 4 + maxAddressLen,
		put:  func(b []byte, a vfAddress) []byte { return append(b, a[:]...) },
		get:  func(p []byte) (vfAddress, error) { return vfAddress(p[4:]), nil },
		sample: func(r *rand.Rand) (a vfAddress) {
			copy(a[:], randomMAC(r))
			return a
		},
	}
	vlanForm = vfForm[VFVLAN]{
		size: 12,
		put: func(b []byte, v VFVLAN) []byte {
			b = binary.NativeEndian.AppendUint32(b, uint32(v.ID))
			return binary.NativeEndian.AppendUint32(b, uint32(v.QoS))
		},
		get: func(p []byte) (VFVLAN, error) {
			id, qos := binary.NativeEndian.Uint32(p[4:]), binary.NativeEndian.Uint32(p[8:])
			if id > 1<<16-1 || qos > 1<<8-1 {
				return VFVLAN{}, fmt.Errorf("%w: VLAN %d with priority %d", attr.ErrMalformed, id, qos)
			}
			return VFVLAN{ID: uint16(id), QoS: uint8(qos), Protocol: VLAN8021Q}, nil
		},
		sample: func(r *rand.Rand) VFVLAN {
			return VFVLAN{ID: uint16(r.UintN(4096)), QoS: uint8(r.UintN(8)), Protocol: VLAN8021Q}
		},
	}
	rateForm = vfForm[VFRate]{
		size: 12,
		put: func(b []byte, v VFRate) []byte {
			b = binary.NativeEndian.AppendUint32(b, v.Min)
			return binary.NativeEndian.AppendUint32(b, v.Max)
		},
		get: func(p []byte) (VFRate, error) {
			return VFRate{Min: binary.NativeEndian.Uint32(p[4:]), Max: binary.NativeEndian.Uint32(p[8:])}, nil
		},
		sample: func(r *rand.Rand) VFRate { return VFRate{Min: r.Uint32(), Max: r.Uint32()} },
	}
	// struct ifla_vf_guid has a hole before the id, but for 32-bit x86.
	guidForm = vfForm[GUID]{
		size: 12,
		put: func(b []byte, g GUID) []byte {
			return binary.NativeEndian.AppendUint64(append(b, 0, 0, 0, 0), uint64(g))
		},
		get: func(p []byte) (GUID, error) {
			if len(p) < 16 {
				return GUID(binary.NativeEndian.Uint64(p[4:])), nil
			}
			return GUID(binary.NativeEndian.Uint64(p[8:])), nil
		},
		sample: func(r *rand.Rand) GUID { return GUID(r.Uint64()) },
	}
)

func wordForm[V ~uint32 | ~int32]() vfForm[V] {
	return vfForm[V]{
		size:   8,
		put:    func(b []byte, v V) []byte { return binary.NativeEndian.AppendUint32(b, uint32(v)) },
		get:    func(p []byte) (V, error) { return V(binary.NativeEndian.Uint32(p[4:])), nil },
		sample: func(r *rand.Rand) V { return V(r.Uint32()) },
	}
}

// putVFVLANs appends IFLA_VF_VLAN_LIST, a nest of struct ifla_vf_vlan_info.
func putVFVLANs(b []byte, v *vfInfo) ([]byte, error) {
	if len(v.vlans) == 0 {
		return b, nil
	}
	b, start := attr.BeginNested(b, uapi.IFLA_VF_VLAN_LIST)
	for _, vlan := range v.vlans {
		p := vlanForm.put(binary.NativeEndian.AppendUint32(nil, v.index), vlan)
		p = append(binary.BigEndian.AppendUint16(p, uint16(vlan.Protocol)), 0, 0)
		b = attr.AppendBytes(b, uapi.IFLA_VF_VLAN_INFO, p)
	}
	return attr.EndNested(b, start)
}

func getVFVLANs(p []byte, v *vfInfo) error {
	v.vlans = nil
	s := attr.Scan(p)
	for s.Next() {
		if s.Type() != uapi.IFLA_VF_VLAN_INFO {
			continue
		}
		info := s.Bytes()
		if len(info) < 14 {
			return within("IFLA_VF_VLAN_INFO", short(info, 14))
		}
		vlan, err := vlanForm.get(info)
		if err != nil {
			return within("IFLA_VF_VLAN_INFO", err)
		}
		vlan.Protocol = VLANProtocol(binary.BigEndian.Uint16(info[12:]))
		v.index, v.vlans = binary.NativeEndian.Uint32(info), append(v.vlans, vlan)
	}
	return s.Err()
}

// vfListSchema names what stands in IFLA_VFINFO_LIST.
var vfListSchema = names{uapi.IFLA_VF_INFO: {"IFLA_VF_INFO", vfInfoAttrs}}

// readVFs reads IFLA_VFINFO_LIST.
func (l *Link) readVFs(p []byte) error {
	l.VFs = nil
	s := attr.Scan(p)
	for s.Next() {
		if s.Type() == uapi.IFLA_VF_INFO {
			s.Fail(within("IFLA_VF_INFO", l.readVF(s.Bytes())))
		}
	}
	return s.Err()
}

// readVF reads IFLA_VF_INFO. Addresses are cut to their length by trimVFs.
func (l *Link) readVF(p []byte) error {
	var info vfInfo
	if err := vfInfoAttrs.Decode(p, &info); err != nil {
		return err
	}
	vf := VF{
		Index: int(info.index), VLANs: info.vlans, Stats: info.stats, Unknown: info.unknown,
		SpoofCheck: known(info.spoofCheck), RSSQuery: known(info.rssQuery), Trust: known(info.trust),
		NodeGUID: valueOf(info.nodeGUID), PortGUID: valueOf(info.portGUID),
		State: valueOf(info.state), Rate: VFRate{Max: valueOf(info.txRate)},
	}
	if info.mac != nil {
		vf.MAC = info.mac[:]
	}
	if info.broadcast != nil {
		vf.Broadcast = info.broadcast[:]
	}
	if info.rate != nil {
		vf.Rate = *info.rate
	}
	if vf.VLANs == nil && info.vlan != nil {
		vf.VLANs = []VFVLAN{*info.vlan}
	}
	if len(vf.VLANs) == 1 && vf.VLANs[0].ID == 0 && vf.VLANs[0].QoS == 0 {
		vf.VLANs = nil // the kernel always tells of one
	}
	l.VFs = append(l.VFs, vf)
	return nil
}

// known turns a number of three values into one of two, or nil.
func known(n *int32) *bool {
	if n == nil || *n == -1 {
		return nil
	}
	return new(*n != 0)
}

func valueOf[V any](p *V) (v V) {
	if p != nil {
		v = *p
	}
	return v
}

// trimVFs cuts the addresses of functions to the length of the link's own.
func (l *Link) trimVFs() {
	n := len(l.Address)
	if n == 0 || n > maxAddressLen {
		n = 6
	}
	for i := range l.VFs {
		for _, a := range []*net.HardwareAddr{&l.VFs[i].MAC, &l.VFs[i].Broadcast} {
			if *a != nil {
				*a = (*a)[:n:n]
			}
		}
	}
}

// vfChange is a VFChange of one function.
type vfChange struct {
	index  uint32
	change VFChange
}

// putVFs appends IFLA_VFINFO_LIST.
func putVFs(b []byte, c *change) ([]byte, error) {
	if len(c.vfs) == 0 {
		return b, nil
	}
	b, list := attr.BeginNested(b, uapi.IFLA_VFINFO_LIST)
	empty := len(b)
	for _, vf := range c.vfs {
		infos, err := vf.infos()
		for i := 0; i < len(infos) && err == nil; i++ {
			var start int
			b, start = attr.BeginNested(b, uapi.IFLA_VF_INFO)
			nothing := len(b)
			if b, err = vfInfoAttrs.Append(b, &infos[i]); err == nil {
				b, err = attr.EndNested(b, start)
			}
			if len(b) == nothing {
				b = b[:start] // which the kernel would refuse
			}
		}
		if err != nil {
			return b, within("IFLA_VF_INFO", err)
		}
	}
	if len(b) == empty {
		return b[:list], nil
	}
	return attr.EndNested(b, list)
}

// infos returns what is sent of a change: of a second GUID beside the first the
// kernel takes no notice, so it gets a nest of its own.
func (v vfChange) infos() ([]vfInfo, error) {
	c := &v.change
	info := vfInfo{
		index: v.index, state: c.State, rate: c.Rate,
		spoofCheck: switched(c.SpoofCheck), rssQuery: switched(c.RSSQuery), trust: switched(c.Trust),
		nodeGUID: c.NodeGUID, portGUID: c.PortGUID,
	}
	if n := len(c.MAC); n > maxAddressLen || n > 0 && n < ethernetLen { // a shorter one would be filled up with zeros
		return nil, attr.Invalid("IFLA_VF_MAC", "%d bytes are no hardware address", n)
	} else if n > 0 {
		info.mac = new(vfAddress)
		copy(info.mac[:], c.MAC)
	}
	if r := c.Rate; r != nil && r.Max != 0 && r.Min > r.Max {
		return nil, attr.Invalid("IFLA_VF_RATE", "at least %d Mbit/s is more than at most %d", r.Min, r.Max)
	}
	if c.VLAN != nil {
		vlan := *c.VLAN
		if vlan.ID > 4095 || vlan.QoS > 7 {
			return nil, attr.Invalid("IFLA_VF_VLAN", "VLAN %d with priority %d, the largest are 4095 and 7", vlan.ID, vlan.QoS)
		}
		if vlan.Protocol == 0 || vlan.Protocol == VLAN8021Q {
			info.vlan = &vlan
		} else {
			info.vlans = []VFVLAN{vlan}
		}
	}
	if info.nodeGUID == nil || info.portGUID == nil {
		return []vfInfo{info}, nil
	}
	second := vfInfo{index: v.index, portGUID: info.portGUID}
	info.portGUID = nil
	return []vfInfo{info, second}, nil
}

func switched(on *bool) *int32 {
	if on == nil {
		return nil
	}
	if *on {
		return new(int32(1))
	}
	return new(int32(0))
}

// takeLongVFs reads the functions of a message that is longer than an attribute can
// say that it is, and returns its attributes without them. Of a list that long the
// kernel writes the length modulo 64 KiB: it ends there, or 64 KiB further on, where
// no function follows.
func (l *Link) takeLongVFs(attrs []byte) ([]byte, error) {
	header := func(pos int) (n int, typ uint16, ok bool) {
		if pos+4 > len(attrs) {
			return 0, 0, false
		}
		n, typ = int(binary.NativeEndian.Uint16(attrs[pos:])), binary.NativeEndian.Uint16(attrs[pos+2:])
		return n, typ &^ (uapi.NLA_F_NESTED | uapi.NLA_F_NET_BYTEORDER), true
	}
	start, length := 0, 0
	for {
		n, typ, ok := header(start)
		if ok && typ == uapi.IFLA_VFINFO_LIST {
			length = n
			break
		}
		if !ok || n < 4 {
			return attrs, nil // there is no such list
		}
		start += align(n)
	}
	for pos := start + 4; ; {
		n, typ, ok := header(pos)
		isVF := ok && typ == uapi.IFLA_VF_INFO
		if !isVF && (pos-start)%(1<<16) == length {
			rest := attrs[min(pos, len(attrs)):]
			return append(attrs[:start:start], rest...), nil
		}
		if !isVF || n < 4 || pos+n > len(attrs) {
			return nil, fmt.Errorf("%w: no end of the list of virtual functions", attr.ErrMalformed)
		}
		if err := l.readVF(attrs[pos+4 : pos+n]); err != nil {
			return nil, within("IFLA_VF_INFO", err)
		}
		pos += align(n)
	}
}

// align returns the room that an attribute of n bytes takes.
func align(n int) int { return (n + 3) &^ 3 }
