// Package nstest runs tests against the real kernel, each in a network
// namespace of its own, as root or as an ordinary user.
//
//	func TestMain(m *testing.M) { nstest.Main(m) }
//
//	func TestAdd(t *testing.T) {
//		ns := nstest.New(t)
//		c, err := nlkit.New(nlkit.WithNetNSFD(ns.FD()))
//		…
//		ns.Run(t, "ip", "-j", "-d", "link", "show")
//	}
//
// [Main] gives an ordinary user's tests the privileges they need where the
// system allows it, and looks for leaks afterwards. What can't be tested on a
// system is skipped by [Skip] and by nothing else, so that skips can be counted
// and, by NLKIT_REQUIRE, forbidden.
package nstest
