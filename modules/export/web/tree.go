package web

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/onbu/onbu/broker/outline"
	"github.com/onbu/onbu/modules/export/web/live"
	"github.com/onbu/onbu/modules/export/web/sign"
	"github.com/onbu/onbu/monitor"
)

// treeEvery is how often an open tree is looked at anew.
const treeEvery = 500 * time.Millisecond

// treeData adds what the dependency tree shows.
func (m *Module) treeData(mux *http.ServeMux) {
	m.suggestData(mux)
	mux.HandleFunc("GET /ui/data/tree", m.turns.bounded(m.allow(sign.Read, func(r *http.Request, _ sign.Person) (any, error) {
		return m.atlas.look().Draw(treeQuery(r.URL.Query())), nil
	})))
	mux.HandleFunc("GET /ui/data/tree/live", m.streamed(m.liveTree))
	mux.HandleFunc("GET /ui/data/tree/host", m.allow(sign.Read, m.treeHost))
	mux.HandleFunc("GET /ui/data/tree/nodes", m.passed(sign.Read, "/api/nodes"))
}

// treeQuery reads which picture is asked for: around=HOST, open=ID and shut=ID as often as needed.
func treeQuery(v url.Values) outline.Query {
	return outline.Query{Around: v.Get("around"), Open: v["open"], Shut: v["shut"]}
}

// liveTree is what keeps a page's picture up to date. Pages with the same query share it.
func (m *Module) liveTree(r *http.Request, _ sign.Person) (shown, error) {
	q := treeQuery(r.URL.Query())
	key := "tree?" + url.Values{"around": {q.Around}, "open": q.Open, "shut": q.Shut}.Encode()
	return shown{key: key, every: treeEvery, source: func() live.Source { return &tree{draw: m.drawing(), q: q} }}, nil
}

// drawing gives a function that draws what is asked for at that moment.
func (m *Module) drawing() func(outline.Query) *outline.Picture {
	return func(q outline.Query) *outline.Picture { return m.atlas.look().Draw(q) }
}

// tree is a picture that pages show: a live.Source. As long as the same nodes stand in it, only what changes of them is sent.
type tree struct {
	draw  func(outline.Query) *outline.Picture
	q     outline.Query
	last  *outline.Picture
	whole []byte
}

// Change implements live.Source.
func (t *tree) Change(context.Context) []byte {
	now := t.draw(t.q)
	was := t.last
	t.last = now
	t.q.Kept = t.q.Kept[:0]
	for i := range now.Nodes {
		if n := &now.Nodes[i]; n.Open {
			t.q.Kept = append(t.q.Kept, n.ID)
		}
	}
	var change []byte
	if was == nil || !sameShape(was, now) {
		change, _ = json.Marshal(map[string]any{"picture": now}) // cannot fail: there are only texts and numbers
	} else if looks := changed(was, now); len(looks) > 0 {
		change, _ = json.Marshal(map[string]any{"looks": looks})
	}
	if change != nil {
		t.whole, _ = json.Marshal(map[string]any{"picture": now})
	}
	return change
}

// Whole implements live.Source.
func (t *tree) Whole() []byte { return t.whole }

// sameShape says whether two pictures differ in nothing but states.
func sameShape(a, b *outline.Picture) bool {
	return a.Hosts == b.Hosts && a.Unknown == b.Unknown && a.Trees == b.Trees && a.Full == b.Full && slices.Equal(a.Edges, b.Edges) &&
		slices.EqualFunc(a.Nodes, b.Nodes, func(a, b outline.Node) bool {
			return a.Shape == b.Shape && slices.Equal(a.Causes, b.Causes)
		})
}

// changed gives what is new of nodes, by their ids.
func changed(was, now *outline.Picture) map[string]outline.Look {
	looks := map[string]outline.Look{}
	for i := range now.Nodes {
		if now.Nodes[i].Look != was.Nodes[i].Look {
			looks[now.Nodes[i].ID] = now.Nodes[i].Look
		}
	}
	return looks
}

// treeHost says of one host what its node has no room for.
func (m *Module) treeHost(r *http.Request, _ sign.Person) (any, error) {
	name := r.URL.Query().Get("host")
	p := m.atlas.look()
	at, ok := p.Index().Find(monitor.Ref{Host: name}) // of the same configuration: a reload may be under way
	if !ok {
		return nil, failure(http.StatusNotFound, "no host is called %q", name)
	}
	return p.Host(at), nil
}
