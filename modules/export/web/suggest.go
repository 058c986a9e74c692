package web

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/onbu/onbu/modules/export/web/sign"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/catalog"
)

const (
	// mostFound is how many suggestions are given, mostSought how long what somebody types may be.
	mostFound, mostSought = 12, 200
)

// suggestData adds the suggestions while somebody types the name of a host or service: the few that fit best, whatever their state. What /ui/data/find
// gives is counted in full, has states, and leaves out what is in trouble, which the page of problems shows above it.
func (m *Module) suggestData(mux *http.ServeMux) {
	mux.HandleFunc("GET /ui/data/suggest", m.turns.bounded(m.allow(sign.Read, func(r *http.Request, _ sign.Person) (any, error) {
		q := r.URL.Query()
		if len(q.Get("q")) > mostSought {
			return nil, failure(http.StatusBadRequest, "no name is longer than %d bytes", mostSought)
		}
		return suggest(m.names.now(), strings.ToLower(strings.TrimSpace(q.Get("q"))), q.Get("services") != ""), nil
	})))
}

// found is a suggestion.
type found struct {
	Host    string `json:"host"`
	Service string `json:"service,omitempty"`
	rank    int
}

// suggest gives the hosts whose name, alias or address has a text in it, the best first; behind a slash, or where no host fits, their services.
func suggest(x *catalog.Index, text string, services bool) []found {
	all := []found{}
	for _, p := range x.Hosts {
		h := x.Host(p)
		if rank := fits(h, text); rank >= 0 {
			all = append(all, found{Host: h.Name, rank: rank})
		}
	}
	if services && len(all) < mostFound {
		all = append(all, suggestServices(x, text)...)
	}
	slices.SortStableFunc(all, func(a, b found) int { return cmp.Compare(a.rank, b.rank) })
	return all[:min(len(all), mostFound)]
}

// fits says how well a host's name fits, 0 best; -1 for not at all.
func fits(h *monitor.Host, text string) int {
	switch name := strings.ToLower(h.Name); {
	case name == text:
		return 0
	case strings.HasPrefix(name, text):
		return 1
	case strings.Contains(name, text):
		return 2
	case strings.Contains(strings.ToLower(h.Alias), text), strings.HasPrefix(h.Address, text):
		return 3
	}
	return -1
}

// suggestServices finds HOST/SERVICE, as far as both are typed, or services by their own names.
func suggestServices(x *catalog.Index, text string) (all []found) {
	host, service, both := strings.Cut(text, "/")
	if !both {
		host, service = "", text
	}
	for _, p := range x.Hosts {
		name := x.Host(p).Name
		if !strings.Contains(strings.ToLower(name), host) {
			continue
		}
		x.Descriptions(p, func(_ monitor.ID, description string) bool {
			if strings.Contains(strings.ToLower(description), service) {
				all = append(all, found{Host: name, Service: description, rank: 4})
			}
			return len(all) < mostFound
		})
		if len(all) >= mostFound {
			break
		}
	}
	return all
}
