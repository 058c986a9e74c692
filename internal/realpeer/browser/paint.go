package browser

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/tracing"
	"github.com/chromedp/chromedp"
)

// Paint is when a page showed something, counted from when the browser began to go there.
type Paint struct {
	// First is the first text or picture: First Contentful Paint.
	First time.Duration
	// Marks are the moments that the page itself named with performance.mark, each for the first time.
	Marks map[string]time.Duration
}

// traced is an event of the browser's own trace: "Trace Event Format". TS is in microseconds.
type traced struct {
	Name string `json:"name"`
	Cat  string `json:"cat"`
	TS   int64  `json:"ts"`
	Args struct {
		Data struct {
			// NavigationID is the same of all that belongs to a page.
			NavigationID string `json:"navigationId"`
		} `json:"data"`
	} `json:"args"`
}

// Paints goes to an address and gives when the page was painted, as the trace of the browser has it. It waits until the page has
// set a mark, if one is named.
func (b *Tab) Paints(url, mark string) (p Paint) {
	b.t.Helper()
	b.try("tracing "+url, func(ctx context.Context) error {
		r := newRecording()
		if err := chromedp.Listen(ctx, r.hear); err != nil {
			return err
		}
		config := &tracing.TraceConfig{IncludedCategories: []string{"blink.user_timing", "loading"}}
		if _, err := chromedp.Call(ctx, tracing.Start, tracing.StartParams{TraceConfig: config}); err != nil {
			return err
		}
		if err := chromedp.Do(ctx, chromedp.Navigate(url)); err != nil {
			return err
		}
		b.Until("it is painted", "performance.getEntriesByName('first-contentful-paint').length")
		if mark != "" {
			b.Until("the mark "+mark+" is set", "performance.getEntriesByName("+quoted(mark)+").length")
		}
		if _, err := chromedp.Call(ctx, tracing.End, cdp.Empty{}); err != nil {
			return err
		}
		select {
		case <-r.over:
		case <-ctx.Done():
			return ctx.Err()
		}
		var err error
		p, err = r.paint()
		return err
	})
	return p
}

// recording is a trace that arrives.
type recording struct {
	over chan struct{} // closed once all of it is there
	once sync.Once

	mu     sync.Mutex // guards events
	events []traced
}

func newRecording() *recording { return &recording{over: make(chan struct{})} }

// hear takes what the browser sends. It blocks nobody.
func (r *recording) hear(event any) {
	switch e := event.(type) {
	case *tracing.EventTracingComplete:
		r.once.Do(func() { close(r.over) })
	case *tracing.EventDataCollected:
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, raw := range e.Value {
			var one traced
			if json.Unmarshal(raw, &one) == nil { // the trace has events of other forms
				r.events = append(r.events, one)
			}
		}
	}
}

// paint finds the moments of the page that was painted last.
func (r *recording) paint() (Paint, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var painted, began traced
	for _, e := range r.events {
		if e.Name == "firstContentfulPaint" && e.TS > painted.TS {
			painted = e
		}
	}
	for _, e := range r.events {
		if e.Name == "navigationStart" && e.TS <= painted.TS && (e.Args.Data.NavigationID == painted.Args.Data.NavigationID || began.TS == 0) {
			began = e
		}
	}
	if began.TS == 0 {
		return Paint{}, errors.New("the trace has no first paint, or does not say when the navigation began")
	}
	since := func(e traced) time.Duration { return time.Duration(e.TS-began.TS) * time.Microsecond }
	p := Paint{First: since(painted), Marks: map[string]time.Duration{}}
	for _, e := range r.events {
		if e.Cat == "blink.user_timing" && e.TS >= began.TS && p.Marks[e.Name] == 0 {
			p.Marks[e.Name] = since(e)
		}
	}
	return p, nil
}
