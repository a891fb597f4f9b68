package nlkit_test

import (
	"encoding/binary"
	"errors"
	"slices"
	"testing"

	"github.com/mdlayher/netlink"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/nlfake"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/link"
)

// card is an RTM_NEWLINK of a network card with n virtual functions, of which the
// kernel tells in one message and one attribute whatever their number. An attribute
// longer than 64 KiB gets a length modulo that from it.
func card(n int) []byte {
	info := func(i int) (b []byte) {
		vf := binary.NativeEndian.AppendUint32(nil, uint32(i))
		mac := append(slices.Clone(vf), 2, 0, 0, 0, byte(i>>8), byte(i))
		b = attr.AppendBytes(b, uapi.IFLA_VF_MAC, append(mac, make([]byte, 26)...))
		b = attr.AppendBytes(b, uapi.IFLA_VF_BROADCAST, make([]byte, 32))
		for _, typ := range []uint16{uapi.IFLA_VF_SPOOFCHK, uapi.IFLA_VF_LINK_STATE, uapi.IFLA_VF_RSS_QUERY_EN, uapi.IFLA_VF_TRUST} {
			b = attr.AppendBytes(b, typ, append(slices.Clone(vf), 1, 0, 0, 0))
		}
		for _, typ := range []uint16{uapi.IFLA_VF_VLAN, uapi.IFLA_VF_RATE} {
			b = attr.AppendBytes(b, typ, append(slices.Clone(vf), make([]byte, 8)...))
		}
		return b
	}
	var list []byte
	for i := range n {
		list = attr.AppendBytes(list, uapi.IFLA_VF_INFO, info(i))
	}
	b := make([]byte, 16) // struct ifinfomsg
	b[4] = 2
	b = attr.AppendString(b, uapi.IFLA_IFNAME, "eth0")
	b = attr.AppendUint32(b, uapi.IFLA_NUM_VF, uint32(n))
	b = binary.NativeEndian.AppendUint16(b, uint16(4+len(list)))
	b = append(binary.NativeEndian.AppendUint16(b, uapi.IFLA_VFINFO_LIST), list...)
	return attr.AppendString(b, uapi.IFLA_PARENT_DEV_NAME, "0000:03:00.0")
}

// A card with many virtual functions is read without loss: its message is longer than
// the 32 KiB that a kernel fills in a list elsewhere, then longer than the buffer for
// replies and than an attribute can say.
func TestCardWithManyVirtualFunctions(t *testing.T) {
	small := make([]byte, 16)
	small[4] = 1
	for _, tc := range []struct {
		vfs       int
		truncated bool
	}{{10, false}, {250, false}, {420, true}, {500, true}, {2000, true}} {
		message := card(tc.vfs)
		client := func() (*nlkit.Client, *nlfake.Kernel) {
			return fake(t, func(_ *nlfake.Socket, reqs []netlink.Message) [][]byte {
				r := reqs[0]
				if r.Header.Flags&netlink.Dump == 0 {
					return [][]byte{nlfake.Join(nlfake.Reply(r, uapi.RTM_NEWLINK, 0, message))}
				}
				item := func(data []byte) netlink.Message { return nlfake.Reply(r, uapi.RTM_NEWLINK, uapi.NLM_F_MULTI, data) }
				return [][]byte{nlfake.Join(item(small)), nlfake.Join(item(message)), nlfake.Join(item(small), nlfake.Done(r, 0, 0))}
			})
		}
		whole := func(how string, l link.Link) {
			t.Helper()
			if len(l.VFs) != tc.vfs || int(l.NumVFs) != tc.vfs || l.Device == nil || l.Device.ParentName != "0000:03:00.0" || len(l.Unknown) > 0 {
				t.Errorf("%s: %d functions of %d, %+v", how, len(l.VFs), tc.vfs, l.Device)
				return
			}
			for i, vf := range l.VFs {
				if vf.Index != i || int(vf.MAC[4])<<8|int(vf.MAC[5]) != i || vf.Trust == nil || !*vf.Trust {
					t.Fatalf("%s: function %d is %+v", how, i, vf)
				}
			}
		}
		ctx := t.Context()

		c, k := client()
		l, err := link.Get(ctx, c, link.Index(2), link.WithVFs())
		if err != nil {
			t.Errorf("%d: %v", tc.vfs, err)
		}
		whole("got", l)
		if n := k.Dials(); n != 1 && !tc.truncated {
			t.Errorf("%d: %d sockets", tc.vfs, n)
		}

		c, _ = client()
		links, err := link.List(ctx, c, link.WithVFs())
		if err != nil || len(links) != 3 {
			t.Fatalf("%d: %d links, %v", tc.vfs, len(links), err)
		}
		whole("listed", links[1])

		// What was yielded cannot be taken back: a stream says that it lost something,
		// and the next one does not.
		c, _ = client()
		for attempt := range 2 {
			n, last := 0, error(nil)
			for l, err := range link.All(ctx, c, link.WithVFs()) {
				if last = err; err == nil {
					if n++; n == 2 {
						whole("streamed", l)
					}
				}
			}
			if lost := tc.truncated && attempt == 0; lost != errors.Is(last, nlkit.ErrTruncated) || !lost && (last != nil || n != 3) {
				t.Errorf("%d, attempt %d: %d links, %v", tc.vfs, attempt, n, last)
			}
		}
	}
}
