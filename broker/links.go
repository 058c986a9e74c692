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
)

// Links is the other sites that this one is joined with.
type Links struct {
	Site  string  `json:"site"` // what this one is called
	Now   float64 `json:"now"`
	Links []Link  `json:"links"`
}

// Link is another site, as it is reached from here. Moments are Unix time, 0 for never; lengths are seconds.
type Link struct {
	Site    string `json:"site"`
	There   bool   `json:"there"`
	Way     string `json:"way"` // dialled, dials, through another; empty while it is away
	Address string `json:"address,omitempty"`
	// Since is from when on it has been there, Seen when it answered last, and RTT how long that took.
	Since float64 `json:"since"`
	Seen  float64 `json:"seen"`
	RTT   float64 `json:"rtt"`
	Hosts uint32  `json:"hosts"`
	// In and Out are the payloads that came from there and went there since Onbu was started here.
	In  uint64 `json:"in"`
	Out uint64 `json:"out"`
	// Waiting is what it does not have yet, and Oldest since when the first of that waits.
	Waiting uint32  `json:"waiting"`
	Oldest  float64 `json:"oldest"`
	Trouble string  `json:"trouble,omitempty"` // why sending broke off last
}

// OrphansAt are the names that payloads came for at a site and that no host has there. Error says why they are not told, or not all.
type OrphansAt struct {
	Site  string   `json:"site"`
	Names []string `json:"names"`
	Error string   `json:"error,omitempty"`
}

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
	out := Links{Site: a.Site, Now: monitor.At(time.Now()).Unix(), Links: []Link{}}
	for _, l := range a.Links {
		out.Links = append(out.Links, Link{
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
	out := []OrphansAt{}
	for _, o := range a.Orphans {
		at := OrphansAt{Site: o.Site, Names: o.Names, Error: o.Trouble}
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
	err = look.each(ctx, Orphan, func(p Payload, _ []byte) error {
		here.Names = append(here.Names, p.Target)
		return nil
	})
	slices.Sort(here.Names)
	here.Names = slices.Compact(here.Names)
	a.Orphans = []wire.SiteOrphans{here}
	return a, err
}
