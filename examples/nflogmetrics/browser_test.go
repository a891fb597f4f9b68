package main

import (
	"context"
	"net/netip"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/nlkit/nlkit/internal/nstest"
)

// browser returns a context that drives a browser.
func browser(t *testing.T) context.Context {
	t.Helper()
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if file, err := exec.LookPath(name); err == nil {
			program = file
			break
		}
	}
	if program == "" {
		nstest.Skip(t, "tool:chromium", "there is no Chromium")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program),
		chromedp.UserDataDir(t.TempDir()),
		chromedp.NoSandbox, // root has none
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("no-proxy-server", true),
		chromedp.WSURLReadTimeout(time.Minute),
	)...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	// Waits for the browser's end, and for its files to be gone.
	t.Cleanup(func() { _ = chromedp.Cancel(ctx) })
	return ctx
}

// TestPage follows the counts in a real browser.
func TestPage(t *testing.T) {
	ctx := browser(t)
	ns, url, stop := start(t)
	// until waits until an expression of the page is true.
	until := func(expr string) {
		t.Helper()
		deadline := time.Now().Add(30 * time.Second)
		for range time.Tick(20 * time.Millisecond) {
			ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](expr))
			if err != nil {
				t.Fatalf("%s: %v", expr, err)
			}
			if ok {
				return
			}
			if time.Now().After(deadline) {
				page, err := chromedp.Run(ctx, chromedp.Evaluate[string]("document.body.innerText"))
				t.Fatalf("not %s (%v)\n%s", expr, err, page)
			}
		}
	}
	const cells = `[...document.querySelectorAll("#rows tr")].map((tr) => [...tr.children].map((td) => td.textContent))`

	if _, err := chromedp.Run(ctx, chromedp.Navigate(url)); err != nil {
		t.Fatal(err)
	}
	until(`document.getElementById("state").textContent === "live"`)
	until(cells + `.length === 0`)

	ns.SendUDP(t, netip.AddrPort{}, dns, []byte("name?"), 3)
	until(cells + `.length === 1`)
	// The prefix is text, whatever is in it.
	until(`((r) => r[0] === '<b>dns</b> "quoted"' && r[1] === "output" && r[2] === "udp" && r[3] === "3" && r[5] === "99")(` + cells + `[0])`)
	until(`document.querySelectorAll("#rows b").length === 0`)

	ns.SendUDP(t, netip.AddrPort{}, web, []byte("page?"), 2)
	until(`((r) => r[0] === "web" && r[1] === "input" && r[3] === "2")(` + cells + `[1] ?? [])`)
	until(`document.getElementById("losses").textContent.startsWith("group 5: 3 received, 0 lost; group 6: 2 received, 0 lost; 0 overruns")`)

	// The rate shows while packets come.
	done := make(chan struct{})
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		for {
			select {
			case <-done:
				return
			case <-time.After(5 * time.Millisecond):
				ns.SendUDP(t, netip.AddrPort{}, dns, []byte("name?"), 1)
			}
		}
	}()
	until(`Number(` + cells + `[0][4]) > 0 && Number(` + cells + `[0][3]) > 3`)
	close(done)
	<-sent
	until(`Number(` + cells + `[0][4]) === 0`)

	if err := stop(); err != nil {
		t.Errorf("it ended with %v", err)
	}
	until(`document.getElementById("state").dataset.state === "ended"`)
}
