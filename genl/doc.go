// Package genl speaks generic netlink: it finds the families that the kernel has,
// calls their commands with typed attributes, and receives their events. What
// `genl ctrl` shows is its smallest part; families such as nl80211, ethtool,
// devlink or WireGuard's are programmed with it.
//
// # Families
//
// A family is known by its name. Its number, and the numbers of its multicast
// groups, are given out by the running kernel, so they are asked for:
//
//	fam, err := genl.Resolve(ctx, c, "nl80211")
//	if errors.Is(err, fs.ErrNotExist) {
//		return errors.New("this kernel has no Wi-Fi")
//	}
//
// [Resolve] and [ResolveID] give one [Family], [List] and [All] give those that the
// client's network namespace has, and [LookupGroup] tells whose a multicast group
// is. All this takes no privilege. A family keeps its numbers until its module is
// unloaded. Calls take a [Name] in place of a Family as well: the client then looks the
// family up by itself, once, and finds it again should its number change.
//
// # Commands
//
// A [Call] describes one command: its number and the attribute tables (see package
// attr) of what is sent and of what is answered. It is declared once and checked
// by the compiler; nothing looks at types while the program runs:
//
//	type wiphyQuery struct{ Index *uint32 }
//	type wiphy struct {
//		Index uint32
//		Name  string
//	}
//
//	var getWiphy = genl.Call[wiphyQuery, wiphy]{
//		Op:      "nl80211.GetWiphy",
//		Command: unix.NL80211_CMD_GET_WIPHY,
//		Request: attr.Table[wiphyQuery]{
//			attr.OptU32(unix.NL80211_ATTR_WIPHY, "NL80211_ATTR_WIPHY", func(q *wiphyQuery) **uint32 { return &q.Index }),
//		},
//		Reply: attr.Table[wiphy]{
//			attr.U32(unix.NL80211_ATTR_WIPHY, "NL80211_ATTR_WIPHY", func(w *wiphy) *uint32 { return &w.Index }),
//			attr.String(unix.NL80211_ATTR_WIPHY_NAME, "NL80211_ATTR_WIPHY_NAME", func(w *wiphy) *string { return &w.Name }),
//		},
//	}
//
//	one, err := getWiphy.Query(ctx, c, genl.Name("nl80211"), &wiphyQuery{Index: new(uint32(0))})
//	all, err := getWiphy.List(ctx, c, genl.Name("nl80211"), nil)
//
// [Call.Do] is for commands that are acknowledged, and takes a batch as well as a
// client; [Call.Query] for those that answer with one message; [Call.List] and
// [Call.All] for dumps. What the kernel refuses is a [nlkit.Error] that names the
// attribute at fault by the names in the request's table.
//
// A family whose messages begin with a header of its own (openvswitch) puts that
// header's fields into the same structs: see [Call.AppendHeader] and
// [Call.DecodeHeader]. What fits no table is built by hand as a [Message], and
// turned into a request of package nlkit by [Family.Request].
//
// # Policies
//
// [GetPolicy] tells what the kernel demands of each command's attributes: their forms,
// ranges and lengths, nests included. With [Call.Check] a call's requests are compared
// with that before they are sent, so that what this kernel does not take is refused with
// the attribute's name and the limit.
//
// # Events
//
// [Subscribe] joins multicast groups by name. Its events have the command, and a
// value that the caller's table or function decodes:
//
//	sub, err := genl.Subscribe(ctx, c, "nl80211", []string{"scan"}, genl.ByTable(wiphyAttrs))
//	if err != nil {
//		return err
//	}
//	defer sub.Close()
//	for e, err := range sub.All() {
//		…
//	}
//
// [Watch] follows the families themselves. [ObjectSource] makes a watch of what a family
// has, which lists, follows, and heals by itself when events were lost or the family's
// module was loaded again.
//
// The source is include/uapi/linux/genetlink.h.
package genl
