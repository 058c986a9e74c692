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
			DocumentLoaderURL string `json:"documentLoaderURL"`
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
		p, err = r.paint(url)
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

// paint finds the moments of the page in the trace.
func (r *recording) paint(url string) (Paint, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p, began := Paint{Marks: map[string]time.Duration{}}, int64(0)
	for _, e := range r.events {
		if e.Name == "navigationStart" && e.Args.Data.DocumentLoaderURL == url {
			began = e.TS
		}
	}
	if began == 0 {
		return p, errors.New("the trace does not say when the navigation began")
	}
	for _, e := range r.events {
		since := time.Duration(e.TS-began) * time.Microsecond
		switch {
		case since < 0:
		case e.Name == "firstContentfulPaint":
			p.First = since
		case e.Cat == "blink.user_timing" && p.Marks[e.Name] == 0:
			p.Marks[e.Name] = since
		}
	}
	if p.First == 0 {
		return p, errors.New("the trace has no first paint")
	}
	return p, nil
}
