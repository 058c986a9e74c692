package broker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/api"
)

// handleLinks adds what is about other sites to a server.
func (b *Broker) handleLinks(mux *http.ServeMux) {
	mux.HandleFunc("GET /api/links", b.links)
	mux.HandleFunc("POST /api/links/forget", b.forgetSite)
	mux.HandleFunc("GET /api/piggyback/orphans", b.orphans)
}

const askSitesFor = 6 * time.Second

// askSites asks the receiver that has the links. bus.ErrNoResponders says that there are none.
func (b *Broker) askSites(ctx context.Context, q wire.SitesQuestion) (a wire.SitesAnswer, err error) {
	ctx, cancel := context.WithTimeout(ctx, askSitesFor)
	defer cancel()
	answer, err := b.o.Bus.Request(ctx, bus.AskSites(), wire.Marshal(q))
	if err == nil {
		err = wire.Unmarshal(answer, &a)
	}
	if err == nil && a.Refused != "" {
		err = errors.New(a.Refused)
	}
	return a, err
}

// refuseSites answers who asked for other sites in vain.
func refuseSites(w http.ResponseWriter, err error) {
	if errors.Is(err, bus.ErrNoResponders) {
		refuse(w, http.StatusNotFound, "this site is joined with no other: start `onbu run`, or the receiver, with --links")
		return
	}
	refuse(w, http.StatusServiceUnavailable, err.Error())
}

func (b *Broker) links(w http.ResponseWriter, r *http.Request) {
	a, err := b.askSites(r.Context(), wire.SitesQuestion{Kind: wire.AskLinks})
	if err != nil {
		refuseSites(w, err)
		return
	}
	out := api.Links{Site: a.Site, Now: monitor.At(time.Now()).Unix(), Links: []api.Link{}}
	for _, l := range a.Links {
		out.Links = append(out.Links, api.Link{
			Site: l.Site, There: l.There, Way: l.Way, Address: l.Address, Since: l.Since.Unix(), Seen: l.Seen.Unix(), RTT: l.RTT.Seconds(),
			Hosts: l.Hosts, In: l.In, Out: l.Out, Waiting: l.Waiting, Oldest: l.Oldest.Unix(), Trouble: l.Trouble,
		})
	}
	head(w)
	_ = json.NewEncoder(w).Encode(out) // the reader is gone; there is nobody to tell
}

func (b *Broker) forgetSite(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Origin") != "" {
		// A page of another site in somebody's browser must not give commands.
		refuse(w, http.StatusForbidden, "commands are not taken from web pages")
		return
	}
	if _, err := b.askSites(r.Context(), wire.SitesQuestion{Kind: wire.AskForget, Site: r.URL.Query().Get("site")}); err != nil {
		refuseSites(w, err)
		return
	}
	head(w)
	fmt.Fprintln(w, "{}")
}

// orphans answers with the names at all sites. Without links they are those that are stored here.
func (b *Broker) orphans(w http.ResponseWriter, r *http.Request) {
	a, err := b.askSites(r.Context(), wire.SitesQuestion{Kind: wire.AskOrphans})
	if errors.Is(err, bus.ErrNoResponders) {
		a, err = b.orphansHere(r.Context())
	}
	if err != nil {
		refuse(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	out := []api.OrphansAt{}
	for _, o := range a.Orphans {
		at := api.OrphansAt{Site: o.Site, Names: o.Names, Error: o.Trouble}
		if o.Cut {
			at.Error = fmt.Sprintf("more than these %d; ask there for all", len(o.Names))
		}
		out = append(out, at)
	}
	head(w)
	_ = json.NewEncoder(w).Encode(out) // the reader is gone; there is nobody to tell
}

func (b *Broker) orphansHere(ctx context.Context) (a wire.SitesAnswer, err error) {
	look, err := b.look(ctx, "")
	if err != nil {
		return a, err
	}
	here := wire.SiteOrphans{}
	err = look.each(ctx, api.Orphan, func(p api.Payload, _ []byte) error {
		here.Names = append(here.Names, p.Target)
		return nil
	})
	slices.Sort(here.Names)
	here.Names = slices.Compact(here.Names)
	a.Orphans = []wire.SiteOrphans{here}
	return a, err
}
