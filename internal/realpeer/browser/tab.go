package browser

import (
	"context"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// patience is how long anything may take that a page is to do.
const patience = 30 * time.Second

// Tab is a page that a test looks at, with cookies and storage of its own. Its methods end the test when they do not find what they are asked for.
type Tab struct {
	t   testing.TB
	ctx context.Context

	mu      sync.Mutex // guards everything that follows
	wrong   []string
	allowed []string
}

// Tab opens an empty tab as somebody whom no page knows. It is closed with the test, which fails if a page in it complained.
func (b *Browser) Tab(t testing.TB) *Tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	tab := &Tab{t: t, ctx: ctx}
	// Each tab believes that somebody looks at it and types into it, although there is one keyboard.
	if _, err := chromedp.Call(ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}); err != nil {
		cancel()
		t.Fatalf("opening a tab: %v", err)
	}
	said, heard := chromedp.Console(ctx), make(chan struct{})
	go func() {
		defer close(heard)
		tab.hear(said)
	}()
	t.Cleanup(func() {
		if t.Failed() {
			tab.leaveTrace()
		}
		tab.sayLast()
		select {
		case <-heard:
		case <-time.After(patience): // the browser is gone
		}
		cancel()
		tab.judge()
	})
	return tab
}

// lastWords are what the console says when a test is over: everything that the page said stands before it.
const lastWords = "this tab is being closed"

// sayLast puts the last words behind what the page said.
func (b *Tab) sayLast() {
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	_, _ = chromedp.Run(ctx, chromedp.Evaluate[bool]("console.debug("+quoted(lastWords)+"), true")) // a page that hangs says nothing more
}

// hear keeps the complaints of the console, up to the last words.
func (b *Tab) hear(said iter.Seq2[chromedp.ConsoleMessage, error]) {
	for m, err := range said {
		switch {
		case err != nil || m.Text == lastWords:
			return
		case m.IsException() || m.Type == "error" || m.Source == "security":
			b.complain(fmt.Sprintf("%s (%s)", m.String(), m.URL))
		}
	}
}

func (b *Tab) complain(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.wrong = append(b.wrong, text)
}

// Allow lets the console say something that has these words in it: a refusal that the test provokes.
func (b *Tab) Allow(words string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.allowed = append(b.allowed, words)
}

// judge fails the test for everything that the console said and nobody allowed.
func (b *Tab) judge() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, text := range b.wrong {
		fine := false
		for _, words := range b.allowed {
			fine = fine || strings.Contains(text, words)
		}
		if !fine {
			b.t.Errorf("the console says: %s", text)
		}
	}
}

// leaveTrace keeps a picture of a page whose test failed, where go test -artifacts says, and logs what it shows.
func (b *Tab) leaveTrace() {
	ctx, cancel := context.WithTimeout(b.ctx, 5*time.Second)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string]("location.href + '\\n' + document.body.innerText.slice(0, 3000)"))
	if err == nil {
		b.t.Logf("the page when the test failed: %s", text)
	}
	if png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot()); err == nil {
		_ = os.WriteFile(filepath.Join(b.t.ArtifactDir(), "page.png"), png, 0o644) // the text is logged in any case
	}
}

// try carries something out within the tab's patience.
func (b *Tab) try(what string, do func(ctx context.Context) error) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := do(ctx); err != nil {
		b.t.Fatalf("%s: %v", what, err)
	}
}

// until tries something again and again until it gives nil.
func (b *Tab) until(what string, do func(ctx context.Context) error) {
	b.t.Helper()
	b.try(what, func(ctx context.Context) error {
		for {
			err := do(ctx)
			if err == nil {
				return nil
			}
			select {
			case <-ctx.Done():
				return fmt.Errorf("not within %v: %w", patience, err)
			case <-time.After(20 * time.Millisecond):
			}
		}
	})
}

// Go goes to an address and waits until it is loaded.
func (b *Tab) Go(url string) {
	b.t.Helper()
	b.try("going to "+url, func(ctx context.Context) error { return chromedp.Do(ctx, chromedp.Navigate(url)) })
}

// Back goes back as the button of the browser does.
func (b *Tab) Back() {
	b.t.Helper()
	b.try("going back", func(ctx context.Context) error { return chromedp.Do(ctx, chromedp.NavigateBack()) })
}

// URL is the address that the browser shows.
func (b *Tab) URL() (url string) {
	b.t.Helper()
	b.try("asking for the address", func(ctx context.Context) (err error) {
		url, err = chromedp.Run(ctx, chromedp.Location())
		return err
	})
	return url
}

// Size makes the tab so large, in CSS pixels; a width below 600 is a phone with a touch screen.
func (b *Tab) Size(width, height int64) {
	b.t.Helper()
	var options []chromedp.EmulateViewportOption
	if width < 600 {
		options = append(options, chromedp.EmulateMobile, chromedp.EmulateTouch)
	}
	b.try("setting the size", func(ctx context.Context) error {
		return chromedp.Do(ctx, chromedp.EmulateViewport(width, height, options...))
	})
}

// Dark has the tab prefer dark or light pages.
func (b *Tab) Dark(dark bool) {
	b.t.Helper()
	scheme := map[bool]string{true: "dark", false: "light"}[dark]
	b.try("choosing the colours", func(ctx context.Context) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
		return err
	})
}

// Picture gives what the tab shows, as PNG.
func (b *Tab) Picture() (png []byte) {
	b.t.Helper()
	b.try("taking a picture", func(ctx context.Context) error {
		r, err := chromedp.Call(ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{Format: page.CaptureScreenshotFormatPng})
		png = r.Data
		return err
	})
	return png
}
