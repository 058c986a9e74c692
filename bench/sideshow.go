package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// sideshow is what happens besides while an engine is measured.
type sideshow interface {
	// during does it, from when the engine listens until ctx ends, which is with the window and no error. begun is closed when
	// the window begins.
	during(ctx context.Context, begun <-chan struct{}) error
	// after says what came of it, in sentences for people, once during has ended and the figures are known, which it may
	// correct. The engine still runs.
	after(ctx context.Context, f *Figures) ([]string, error)
}

// with measures an engine that listens while something happens besides.
func (r *run) with(ctx context.Context, show sideshow, warmUp func(ctx context.Context) error, window func(ctx context.Context) (*Figures, error)) (*Figures, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	during, stop := context.WithCancel(ctx)
	begun, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		err := show.during(during, begun)
		if err != nil {
			cancel(err)
		}
		ended <- err
	}()
	err := warmUp(ctx)
	var f *Figures
	if err == nil {
		close(begun)
		f, err = window(ctx)
	}
	stop()
	if failed := <-ended; failed != nil {
		return nil, failed
	}
	if err != nil {
		return nil, err
	}
	after, end := context.WithTimeout(context.WithoutCancel(ctx), lastLook+5*r.o.Interval)
	defer end()
	f.notes, err = show.after(after, f)
	return f, err
}

// pause waits; false if ctx ended.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// command gives the engine an external command and waits until it is carried out.
func (e *engine) command(ctx context.Context, line string) error {
	return e.give(ctx, line, http.StatusOK)
}

// give gives the engine an external command, of which it may say one of these.
func (e *engine) give(ctx context.Context, line string, fine ...int) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url+"/api/command", strings.NewReader(line))
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req) // a reload of a million services takes longer than e.client waits
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
	if !slices.Contains(fine, resp.StatusCode) {
		return fmt.Errorf("%s: %s: %s", line, resp.Status, body)
	}
	return nil
}

// reloading changes one service in a hundred in the middle of the window and has the engine read its configuration again.
type reloading struct {
	r    *run
	e    *engine
	s    *site
	took time.Duration // 0 until it is done
}

// changedPart is how many services there are for one that is changed.
const changedPart = 100

func newReloading(r *run, e *engine, s *site) sideshow { return &reloading{r: r, e: e, s: s} }

func (l *reloading) during(ctx context.Context, begun <-chan struct{}) error {
	// Written before, so that writing it is not what is measured.
	l.s.changed = changedPart
	if err := l.s.write(); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return nil
	case <-begun:
	}
	if !pause(ctx, l.r.o.Window/4) {
		return nil
	}
	began := time.Now()
	err := l.e.command(ctx, "RELOAD_CONFIG")
	switch {
	case ctx.Err() != nil:
		return nil
	case err != nil:
		return err
	}
	l.took = time.Since(began)
	return nil
}

func (l *reloading) after(context.Context, *Figures) ([]string, error) {
	if l.took == 0 {
		if l.r.stopped {
			return nil, nil
		}
		return nil, errors.New("the reload did not end within the window; measure longer with --seconds")
	}
	return []string{fmt.Sprintf("The reload, with one service in %d changed, took %.1f s; the latest check of all began as late as the table's max.",
		changedPart, l.took.Seconds())}, nil
}
