package link

import "github.com/nlkit/nlkit/attr"

// VirtWifi is a simulated wireless client on top of the link that [WithParent]
// names, an Ethernet link that it cannot do without and takes for itself: it finds
// one open network, and packets pass once it is connected. It has no settings. `ip
// link add link PARENT NAME type virt_wifi`
//
// Source: drivers/net/wireless/virtual/virt_wifi.c.
type VirtWifi struct{}

// Kind returns "virt_wifi".
func (*VirtWifi) Kind() string { return "virt_wifi" }

func (v *VirtWifi) appendData(b []byte) ([]byte, error) { return virtWifiAttrs.Append(b, v) }

var virtWifiAttrs = attr.Table[VirtWifi]{}
