package linkstate

import (
	"slices"
	"testing"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

// The events of wireless drivers have a link's name, its flags and nothing else: they say
// nothing of its MTU, its address and its master.
func TestWirelessEvents(t *testing.T) {
	header := make([]byte, headerLen)
	header[4] = 3
	named := slices.Clip(attr.AppendString(header, uapi.IFLA_IFNAME, "wlan0"))
	whole := attr.AppendUint32(attr.AppendUint32(named, uapi.IFLA_MTU, 1500), uapi.IFLA_MASTER, 7)

	var links Links
	if _, now, ok := links.Take(uapi.RTM_NEWLINK, whole); !ok || now.MTU != 1500 || now.Master != 7 {
		t.Fatalf("got %+v, %v", now, ok)
	}
	if _, now, ok := links.Take(uapi.RTM_NEWLINK, attr.AppendBytes(named, uapi.IFLA_WIRELESS, make([]byte, 8))); ok {
		t.Errorf("a wireless event says %+v", now)
	}
	if old, now, ok := links.Take(uapi.RTM_NEWLINK, whole); !ok || old != now {
		t.Errorf("after it, %+v became %+v, %v", old, now, ok)
	}
}
