package sites

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
)

func TestAListGoesInPagesAndComesBackWhole(t *testing.T) {
	var names []string
	for i := range 100_000 {
		names = append(names, fmt.Sprintf("a-host-with-a-long-name-%06d.example.org", i))
	}
	var got []string
	pages := 0
	for start := uint32(0); ; pages++ {
		p := newPage(7, names, start)
		if n := len(wire.Marshal(p)); n > 1<<20 {
			t.Fatalf("a page of %d bytes", n)
		}
		some, err := p.names()
		if err != nil {
			t.Fatal(err)
		}
		if got = append(got, some...); p.Next == 0 {
			break
		}
		start = p.Next
	}
	if !slices.Equal(got, names) || pages < 2 {
		t.Errorf("%d of %d names came in %d pages", len(got), len(names), pages)
	}
	if empty := newPage(7, names, 1<<31); empty.Next != 0 || empty.Size != 0 {
		t.Errorf("a page behind the end: %+v", empty)
	}
}

func FuzzMessagesOfAnotherSite(f *testing.F) {
	f.Add(wire.Marshal(message{Kind: aParcel, From: "paris", Boot: "b", Session: 1, Number: 2, Payloads: [][]byte{[]byte("x")}}))
	f.Add(wire.Marshal(hello{Site: "paris", Boot: "b", Hash: 5, Hosts: 6}))
	f.Add(wire.Marshal(newPage(7, []string{"a", "b"}, 0)))
	f.Fuzz(func(t *testing.T, data []byte) {
		if m, err := decodeMessage(data); err == nil && m.From == "" {
			t.Error("a message from nobody is taken")
		}
		if h, err := decodeHello(data); err == nil && h.Site == "" {
			t.Error("a hello of nobody is taken")
		}
		var p page
		if wire.Unmarshal(data, &p) != nil {
			return
		}
		if names, err := p.names(); err == nil {
			size := 0
			for _, n := range names {
				size += len(n) + 1
			}
			if size > int(p.Size) {
				t.Errorf("%d bytes of names out of %d", size, p.Size)
			}
		}
	})
}

func TestALongListOfOrphansIsCutToItsShareAndTheRestIsNotKept(t *testing.T) {
	o := wire.SiteOrphans{Names: []string{"vm1", "vm2", "vm3"}}
	cut(&o, 17)
	if len(o.Names) != 2 || !o.Cut || cap(o.Names) > 2 {
		t.Errorf("got %+v with room for %d", o, cap(o.Names))
	}
	o = wire.SiteOrphans{Names: []string{"vm1", "vm2"}}
	if cut(&o, 17); len(o.Names) != 2 || o.Cut {
		t.Errorf("a short list became %+v", o)
	}
}

func TestNoMoreSitesAreTalkedWithThanATenantMayHave(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // the talks end as they begin
	var log strings.Builder
	r := newRoom(New(Options{Name: "here", Log: slog.New(slog.NewTextHandler(&log, nil))}), bus.Tenant{}, nil)
	for i := range maxSites {
		r.remotes[fmt.Sprint("site", i)] = &remote{}
	}
	r.ctx = ctx
	if r.remote("one-more") != nil || r.remote("another") != nil || r.remote("site7") == nil {
		t.Error("a site too many is talked with, or a known one is not")
	}
	if n := strings.Count(log.String(), "too many sites"); n != 1 {
		t.Errorf("complained %d times, want once: %s", n, log.String())
	}
}
