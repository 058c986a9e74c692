package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/onbu/onbu/modules/export/web/live"
	"github.com/onbu/onbu/modules/export/web/sign"
)

const (
	// mostStreams bounds the open pages on the broker's local port, each of which holds one of its 1,024 connections: the others are
	// for those who sign in, act, or ask whether all is well.
	mostStreams = 640
	// mostOwnStreams bounds those on the own port, of whose connections they may have as large a part: with the others they are no
	// more than a Hub takes.
	mostOwnStreams = 1360
	// eachStreams bounds those of one person, or of an address from which people have not signed in.
	eachStreams = 256
	// comeAgain is after how long a page asks again that was refused.
	comeAgain = 15 * time.Second
)

// streams are the pages that are open and kept up to date, by door.
type streams struct{ local, own crowd }

func newStreams(connections int) *streams {
	const what = "pages open"
	return &streams{
		local: crowd{what: what, most: mostStreams, each: eachStreams},
		own:   crowd{what: what, most: min(connections*5/8, mostOwnStreams), each: eachStreams},
	}
}

// shown is what a page is kept up to date about, as Hub.Serve takes it. over is called when it is closed; nil for nothing.
type shown struct {
	key    string
	every  time.Duration
	source func() live.Source
	over   func()
}

// streamed keeps pages of those who may read up to date, while there is room for them.
func (m *Module) streamed(what func(r *http.Request, who sign.Person) (shown, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		who := m.gate.Who(r)
		if who.Role < sign.Read {
			refuseStream(w, r, denied(who, sign.Read))
			return
		}
		leave, err := m.streamsOf(r).enter(m.gate.Reader(r))
		if err != nil {
			refuseStream(w, r, err)
			return
		}
		defer leave()
		s, err := what(r, who)
		if err != nil {
			refuseStream(w, r, err)
			return
		}
		if s.over != nil {
			defer s.over()
		}
		m.hub.Serve(w, r, s.key, s.every, s.source)
	}
}

type ownKey struct{}

// onOwnPort notes that a request came by the module's own port.
func onOwnPort(r *http.Request) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), ownKey{}, true))
}

func (m *Module) streamsOf(r *http.Request) *crowd {
	if r.Context().Value(ownKey{}) != nil {
		return &m.streams.own
	}
	return &m.streams.local
}

// refuseStream says why there is nothing to be kept up to date. An EventSource is told by an event, "refused", with the status and the
// words: it shows no page what comes with another status than 200.
func refuseStream(w http.ResponseWriter, r *http.Request, err error) {
	if !strings.HasPrefix(r.Header.Get("Accept"), "text/event-stream") {
		refuse(w, err)
		return
	}
	s := statusOf(err)
	said, _ := json.Marshal(map[string]any{"status": s.code, "error": s.text}) // a number and a text have no error
	w.Header().Set("Content-Type", "text/event-stream")
	fmt.Fprintf(w, "retry: %d\nevent: refused\ndata: %s\n\n", comeAgain.Milliseconds(), said)
}
