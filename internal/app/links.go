package app

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/link"
	"github.com/onbu/onbu/internal/courier"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/receiver"
	"github.com/onbu/onbu/receiver/sites"
)

// planEvery is how soon a changed file of links counts.
const planEvery = 5 * time.Second

// linkedReceiver is a receiver that shares payloads with other sites.
type linkedReceiver struct {
	*receiver.Receiver
	courier *carrier
	sites   *sites.Sites
	site    string
	file    string
	plan    link.Plan // as read last
	log     *slog.Logger
}

// linked gives a receiver its links, where there is a file of them.
func (a *part) linked(r *receiver.Receiver, log *slog.Logger) (Daemon, error) {
	if a.o.Links == "" {
		return r, nil
	}
	site := siteName(a.o.Site, a.o.Name)
	if err := bus.CheckSiteName(site); err != nil {
		return nil, errors.Join(errors.New("choose a name for this site with --site"), err)
	}
	plan, err := link.Read(a.o.Links)
	if err != nil {
		return nil, err
	}
	post := a.post()
	s := sites.New(sites.Options{Name: site, Boot: a.boot, Bus: a.bus, Keeper: keeper{post.Courier}, Log: log, Metrics: a.metrics})
	return &linkedReceiver{Receiver: r, courier: post, sites: s, site: site, file: a.o.Links, plan: plan, log: log}, nil
}

// siteName is the name that was given, or that of the daemon or machine up to its first dot.
func siteName(given, daemon string) string {
	short, _, _ := strings.Cut(daemon, ".")
	return cmp.Or(given, short)
}

// Run implements Daemon.
func (r *linkedReceiver) Run(ctx context.Context) error {
	return r.courier.beside(ctx, func(ctx context.Context) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		var links sync.WaitGroup
		var failed error
		links.Go(func() {
			failed = r.join(ctx)
			cancel()
		})
		err := r.Receiver.Run(ctx)
		cancel()
		links.Wait()
		return errors.Join(err, failed)
	})
}

// join keeps the links until ctx ends; when the file changes they are made anew.
func (r *linkedReceiver) join(ctx context.Context) error {
	for ctx.Err() == nil {
		l, err := link.Start(ctx, r.site, r.plan, r.log)
		if err != nil {
			return err
		}
		if at := l.Address(); at != "" {
			r.log.Info("other sites may dial", "site", r.site, "address", at)
		}
		err = r.share(ctx, l)
		if err := errors.Join(err, l.Close()); err != nil {
			return err
		}
	}
	return nil
}

// share talks over a link until ctx ends or the file has changed.
func (r *linkedReceiver) share(ctx context.Context, l bus.Link) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var watching sync.WaitGroup
	defer watching.Wait()
	defer cancel()
	watching.Go(func() {
		if r.changed(ctx) {
			cancel()
		}
	})
	return r.sites.Run(ctx, l)
}

// changed waits until the file says something else. One that is wrong is told of, and the links stay as they are.
func (r *linkedReceiver) changed(ctx context.Context) bool {
	ticker := time.NewTicker(planEvery)
	defer ticker.Stop()
	told := ""
	for {
		select {
		case <-ctx.Done():
			return false
		case <-ticker.C:
		}
		plan, err := link.Read(r.file)
		switch {
		case err != nil && err.Error() != told:
			told = err.Error()
			r.log.Error("the links stay as they are: their file has changed and is not usable", "error", err)
		case err == nil && plan.Sum != r.plan.Sum:
			r.log.Info("the file of links has changed: they are made anew", "file", r.file)
			r.plan = plan
			return true
		case err == nil:
			told = ""
		}
	}
}

// keeper lets a courier keep what other sites send.
type keeper struct{ c *courier.Courier }

// Keep implements sites.Keeper.
func (k keeper) Keep(ctx context.Context, payloads []monitor.Payload, sources []monitor.Source) (sites.Kept, error) {
	kept, err := k.c.Keep(ctx, payloads, sources)
	return sites.Kept(kept), err
}
