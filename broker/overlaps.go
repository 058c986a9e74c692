package broker

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/modules/piggyback"
	"github.com/onbu/onbu/monitor/api"
)

// How many hosts one question reads the payloads of: so many unless it says, and at most.
const (
	usualLooked = 100
	mostLooked  = 500
)

// overlaps answers with the hosts that fit q= behind after=, limit= of them.
func (b *Broker) overlaps(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	limit := usualLooked
	if text := q.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > mostLooked {
			refuse(w, http.StatusBadRequest, fmt.Sprintf("limit= is 1 to %d", mostLooked))
			return
		}
		limit = n
	}
	out, err := b.overlapping(r.Context(), strings.ToLower(q.Get("q")), q.Get("after"), limit)
	if err != nil {
		refuse(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	answer(w, out)
}

func (b *Broker) overlapping(ctx context.Context, part, after string, limit int) (*api.Overlaps, error) {
	hosts, err := b.sharedHosts(ctx, part)
	if err != nil {
		return nil, err
	}
	look, err := b.look(ctx, "")
	if err != nil {
		return nil, err
	}
	look.whole = true
	out := &api.Overlaps{Now: look.now.Unix(), Shared: len(hosts), Hosts: []api.OverlapHost{}}
	at, found := slices.BinarySearch(hosts, after)
	if found {
		at++
	}
	for _, host := range hosts[at:] {
		if out.Looked == limit {
			break
		}
		one, err := look.overlap(ctx, host)
		if err != nil {
			return nil, err
		}
		if out.Looked++; len(one.Sections) > 0 {
			out.Hosts = append(out.Hosts, one)
		}
		out.Next = host
	}
	if at+out.Looked == len(hosts) {
		out.Next = ""
	}
	return out, nil
}

// sharedHosts gives the hosts with payloads of several sources, sorted, without reading any payload. A name of more than 100 bytes does
// not stand in its subject, and is left out.
func (b *Broker) sharedHosts(ctx context.Context, part string) ([]string, error) {
	subjects, err := b.o.Bus.Subjects(ctx, bus.PB, bus.AllPayloads())
	if err != nil {
		return nil, fmt.Errorf("looking for payloads: %w", err)
	}
	once, twice := make(map[string]bool, len(subjects)), map[string]bool{}
	for _, s := range subjects {
		_, target, _, _ := bus.PayloadNames(s)
		if target == "" || part != "" && !strings.Contains(strings.ToLower(target), part) {
			continue
		}
		if once[target] {
			twice[target] = true
		}
		once[target] = true
	}
	return slices.Sorted(maps.Keys(twice)), nil
}

// mostGivers bounds the sources of a host that are compared: as many as a host may have.
const mostGivers = 512

// overlap compares what the sources of a host bring.
func (r *reading) overlap(ctx context.Context, host string) (api.OverlapHost, error) {
	r.host = host
	out := api.OverlapHost{Host: host, From: []api.OverlapSource{}, Sections: []api.OverlapSection{}}
	var given []piggyback.Given
	err := r.each(ctx, api.Here, func(p api.Payload, _ []byte) error {
		if p.Target == host && len(given) < mostGivers {
			given = append(given, piggyback.Given{Source: p.Source, Site: p.Site, Usable: p.Usable, Text: p.Text, Sections: p.Sections})
			out.From = append(out.From, api.OverlapSource{Source: p.Source, Site: p.Site, At: p.At, Usable: p.Usable, Text: p.Text})
		}
		return nil
	})
	for _, o := range piggyback.Overlaps(given) {
		out.Sections = append(out.Sections, api.OverlapSection{Name: o.Section, Read: append([]int{}, o.Read...), Left: append([]int{}, o.Left...)})
	}
	return out, err
}
