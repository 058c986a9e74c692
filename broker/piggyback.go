package broker

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/onbu/onbu/monitor/api"
)

// handlePiggyback adds what is about payloads to a server.
func (b *Broker) handlePiggyback(mux *http.ServeMux) {
	b.handleLinks(mux)
	mux.HandleFunc("GET /api/piggyback", b.payloads)
	mux.HandleFunc("GET /api/piggyback/data", b.payloadData)
	mux.HandleFunc("GET /api/piggyback/hosts", b.knownHosts)
	mux.HandleFunc("GET /api/piggyback/overlaps", b.overlaps)
	mux.HandleFunc("GET /api/piggyback/feeds", b.feeds)
	mux.HandleFunc("GET /api/piggyback/dynamic", b.dynamics)
}

// payloads answers with every payload that is asked for, one after the other while they are read.
func (b *Broker) payloads(w http.ResponseWriter, r *http.Request) {
	where, ok := wheres(r.URL.Query().Get("where"))
	if !ok {
		refuse(w, http.StatusBadRequest, "where= takes here, orphan, waiting or all")
		return
	}
	look, err := b.look(r.Context(), r.URL.Query().Get("host"))
	if err != nil {
		refuse(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	head(w)
	out := bufio.NewWriterSize(w, 1<<16)
	defer out.Flush()
	fmt.Fprintf(out, `{"now":%f,"sources":`, look.now.Unix())
	rows := json.NewEncoder(out)
	_ = rows.Encode(look.allSources()) // the reader is gone; there is nobody to tell
	fmt.Fprint(out, `,"payloads":[`)
	first := true
	for _, one := range where {
		err = look.each(r.Context(), one, func(p api.Payload, _ []byte) error {
			if !first {
				_ = out.WriteByte(',')
			}
			first = false
			return rows.Encode(p)
		})
		if err != nil {
			break
		}
	}
	why := ""
	if err != nil {
		why = err.Error()
	}
	fmt.Fprint(out, `],"error":`)
	_ = rows.Encode(why)
	fmt.Fprint(out, "}\n")
}

// wheres reads the filter of that name.
func wheres(text string) ([]string, bool) {
	all := []string{api.Here, api.Waiting, api.Orphan}
	switch {
	case text == "" || text == "all":
		return all, true
	case slices.Contains(all, text):
		return []string{text}, true
	}
	return nil, false
}

// allSources gives the sources, sorted by name and site; of one with several outputs what they say together.
func (r *reading) allSources() []api.Source {
	joined := map[outlet]api.Source{}
	for o, s := range r.sources {
		o.origin = ""
		one := api.Source{Name: s.Name, Site: s.Site, At: s.At.Unix(), Targets: s.Targets, Silent: s.Silent}
		if was, ok := joined[o]; ok {
			one.At, one.Silent = max(was.At, one.At), was.Silent && one.Silent
			one.Targets += was.Targets
		}
		joined[o] = one
	}
	return append(make([]api.Source, 0, len(joined)), slices.SortedFunc(maps.Values(joined), func(a, b api.Source) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Site, b.Site))
	})...)
}

// payloadData answers with the payloads for a host as they came, one behind the other, sorted by source; with those of one
// source if one is named. Of a host that is not here they are those of an orphan, or those that wait for the way to another site.
func (b *Broker) payloadData(w http.ResponseWriter, r *http.Request) {
	host, source := r.URL.Query().Get("host"), r.URL.Query().Get("source")
	if host == "" {
		refuse(w, http.StatusBadRequest, "name a host: ?host=HOST or ?host=HOST&source=SOURCE")
		return
	}
	look, err := b.look(r.Context(), host)
	if err != nil {
		refuse(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	found, others, err := look.data(r.Context(), source)
	switch {
	case err != nil:
		refuse(w, http.StatusServiceUnavailable, err.Error())
	case len(found) == 0 && len(others) > 0:
		refuse(w, http.StatusNotFound, fmt.Sprintf("%s has no payload of %s, but of %s", host, source, listed(others)))
	case len(found) == 0:
		refuse(w, http.StatusNotFound, "no payload is kept for "+host)
	default:
		writeRaw(w, found)
	}
}

// held is a payload with its data.
type held struct {
	from outlet // whichever of the outputs of its source
	at   float64
	data []byte
}

// data gives the payloads of a source, or of all, sorted by source; others has the sources that were not asked for.
func (r *reading) data(ctx context.Context, source string) (found []held, others []string, err error) {
	for _, where := range []string{api.Here, api.Orphan, api.Waiting} {
		err = r.each(ctx, where, func(p api.Payload, data []byte) error {
			if source != "" && p.Source != source {
				others = append(others, p.Source)
				return nil
			}
			from := outlet{source: p.Source, site: p.Site}
			found = slices.DeleteFunc(found, func(h held) bool { return h.from == from }) // an older one
			found = append(found, held{from, p.At, data})
			return nil
		})
		if err != nil || len(found) > 0 {
			break
		}
	}
	slices.SortFunc(found, func(a, b held) int {
		return cmp.Or(cmp.Compare(a.from.source, b.from.source), cmp.Compare(a.from.site, b.from.site))
	})
	slices.Sort(others)
	return found, slices.Compact(others), err
}

// Fetched is the header of raw data that says when they were fetched: the oldest of them, if there are several.
const Fetched = "X-Onbu-Fetched"

// writeRaw answers with data that nobody has looked at.
func writeRaw(w http.ResponseWriter, parts []held) {
	oldest := slices.MinFunc(parts, func(a, b held) int { return cmp.Compare(a.at, b.at) }).at
	rawHead(w, oldest)
	for _, p := range parts {
		if _, err := w.Write(p.data); err != nil {
			return // the reader is gone
		}
	}
}

func rawHead(w http.ResponseWriter, at float64) {
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set(Fetched, fmt.Sprintf("%.6f", at))
}

// knownHosts answers with the names of the hosts of this site and of each other one, as far as it told.
func (b *Broker) knownHosts(w http.ResponseWriter, r *http.Request) {
	b.mu.RLock()
	here := slices.Sorted(maps.Keys(b.directory.Hosts))
	b.mu.RUnlock()
	known := api.Known{Here: here, Sites: map[string][]string{}}
	sites, err := b.otherSites(r.Context())
	for _, site := range sites {
		if err == nil {
			known.Sites[site], err = b.hostsOf(r.Context(), site)
		}
	}
	if err != nil {
		refuse(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	answer(w, known)
}

// listed names a few.
func listed(names []string) string {
	const few = 5
	text := fmt.Sprint(names[:min(len(names), few)])
	if more := len(names) - few; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
