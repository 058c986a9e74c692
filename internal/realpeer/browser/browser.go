// Package browser knows how tests look at web pages as people do: in Debian's chromium, one for a test and what is below it, with a tab for each. A
// tab finds things by what people see or hear of them (the text, the accessible name), and its test fails when the page wrote an
// error to the console or broke its content security policy.
package browser

import (
	"context"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/onbu/onbu/internal/realpeer"
)

// Browser is a chromium that runs.
type Browser struct{ ctx context.Context }

// Start starts a chromium without a window and with nothing remembered, and ends it with the test. Tests skip where there is none.
func Start(t testing.TB) *Browser {
	t.Helper()
	program := realpeer.Program(t, "chromium", "chromium")
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.UserDataDir(realpeer.Dir(t)),
		chromedp.NoSandbox, // it may run as root, and sees only pages of ours
		chromedp.DisableGPU, chromedp.WindowSize(1440, 900), chromedp.Flag("hide-scrollbars", true),
		// It talks to the pages and to nobody else.
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-domain-reliability", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"))
	alloc, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(alloc, chromedp.WithErrorf(t.Logf))
	t.Cleanup(func() {
		cancel()
		stop()
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("starting chromium: %v", err)
	}
	return &Browser{ctx}
}
