package nlkit_test

import (
	"testing"

	"github.com/mdlayher/netlink"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/nlfake"
	"github.com/nlkit/nlkit/internal/uapi"
)

// The connector is a protocol apart: it acknowledges nothing, and its messages have
// the type that ends a dump elsewhere.
func TestConnector(t *testing.T) {
	for _, tt := range []struct {
		name     string
		protocol int
		want     uint32 // the first message that is received
	}{
		{"connector", uapi.NETLINK_CONNECTOR, 1},
		{"any other", uapi.NETLINK_GENERIC, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			requests := 0
			c, k := fake(t, func(_ *nlfake.Socket, reqs []netlink.Message) [][]byte {
				requests += len(reqs)
				if tt.protocol == uapi.NETLINK_CONNECTOR {
					return nil
				}
				return [][]byte{nlfake.Join(nlfake.Ack(reqs[0], 0, nil))}
			})
			sub, err := c.Listen(t.Context(), nlkit.Listen{Op: "number.Subscribe", Protocol: tt.protocol})
			if err != nil {
				t.Fatal(err)
			}
			defer sub.Close()
			if err := sub.Do(t.Context(), nlkit.Request{Op: "number.Bind", Protocol: tt.protocol, Type: uapi.NLMSG_DONE, Data: number(0)}); err != nil || requests != 1 {
				t.Fatalf("%d requests, %v", requests, err)
			}
			err = k.Last().Push(nlfake.Join(
				netlink.Message{Header: netlink.Header{Type: uapi.NLMSG_DONE}, Data: number(1)},
				netlink.Message{Header: netlink.Header{Type: typNumber}, Data: number(2)},
			))
			if err != nil {
				t.Fatal(err)
			}
			var m nlkit.Message
			if err := sub.ReadInto(&m); err != nil || string(m.Data) != string(number(tt.want)) {
				t.Errorf("received %+v, %v, want %d", m, err, tt.want)
			}
		})
	}
}
